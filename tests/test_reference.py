"""The pages about the design file and the methods say what the package does."""

from __future__ import annotations

import re

import pytest

from evalkit import intervals, selection
from tests import architecture_rules as law
from tests import reference


def test_every_section_and_key_has_one_meaning() -> None:
    wanted = reference.meanings_wanted()
    assert {key for key in wanted if not reference.MEANINGS.get(key)} == set(), "add what they mean to MEANINGS of tests/reference.py"
    assert set(reference.MEANINGS) - wanted == set(), "no section or key of the design bears these names"


def test_the_reference_is_current() -> None:
    assert reference.PAGE.read_text(encoding="utf-8") == reference.design_page(), "run: python -m tests.reference"


def test_the_reference_shows_types_limits_and_defaults() -> None:
    lines = {line.split(" | ")[0]: line for line in reference.design_page().split("\n") if line.startswith("| `")}
    assert "大于 0.5、小于 1 | `0.95`" in lines["| `confidence`"]
    assert '`"unweighted"`、`"weighted"` | 必填' in lines["| `legal_value`"]
    assert "整数，大于 0、不大于 1e+09；或对照表" in lines["| `n`"]
    assert all(f"| `{name}`" in lines for name in (*selection.METHODS, *intervals.METHODS))


@pytest.mark.parametrize("name", ["README.md", "docs/design.md", "docs/methods.md"])
def test_links_lead_somewhere(name: str) -> None:
    page = law.ROOT / name
    links = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    assert links and [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


def test_formulas_of_the_methods_page_are_numbered_in_order() -> None:
    text = (law.ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
    numbers = [int(number) for number in re.findall(r"\\tag\{(\d+)\}", text)]
    assert numbers == list(range(1, len(numbers) + 1)) and numbers
    assert {int(number) for number in re.findall(r"式（(\d+)）", text)} <= set(numbers)
