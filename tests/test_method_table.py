"""The table of all ways: whole, with a source and a test for each, and current where the code has changed."""

from __future__ import annotations

import re

import pytest

from tests import architecture_rules as law
from tests import method_table
from tests.method_sources import DEFINITION, SOURCES

COMMITTED = method_table.PAGE.read_text(encoding="utf-8")
RENEW = "run: python -m tests.method_table"


def rows(page: str) -> set[tuple[str, ...]]:
    """Return the rows of a page without the column of tests, which grows with every test."""
    return {tuple(re.split(r" (?<!\\)\| ", line.strip("| "))[:3]) for line in page.splitlines() if line.startswith("| `")}


@pytest.mark.parametrize("ways", method_table.TABLES, ids=lambda ways: ways.key)
def test_every_way_has_a_source_and_a_test(ways: method_table.Ways) -> None:
    assert set(ways.table()) == set(SOURCES[ways.key])
    assert not [name for name, files in method_table.tried_in(ways).items() if not files]


def test_every_source_stands_in_the_code_or_on_the_page_of_methods() -> None:
    files = [*(law.ROOT / "evalkit").rglob("*.py"), law.ROOT / "docs" / "methods.md", law.ROOT / "docs" / "intervals.md"]
    text = re.sub(r"\s+", " ", " ".join(path.read_text(encoding="utf-8") for path in files))
    cited = {each for sources in SOURCES.values() for source in sources.values() for each in source.split("；")}
    surnames = [each for each in cited if each != DEFINITION and re.search(r"\d{4}$", each)]
    assert len(surnames) > 50
    first = {each: re.escape(re.split(r"[, ]", each)[0]) for each in surnames}
    assert not [each for each in surnames if not re.search(rf"{first[each]}.{{0,60}}?{each[-4:]}", text)]


def test_the_committed_page_is_current() -> None:
    assert rows("\n".join(method_table._ways(ways) for ways in method_table.TABLES)) <= rows(COMMITTED), RENEW
    assert "## 二、" in COMMITTED and COMMITTED.startswith(method_table.HEAD), RENEW


def test_every_formula_is_cited_by_the_code_and_every_citation_has_its_formula() -> None:
    numbers = method_table.formulas()
    assert numbers == list(range(1, len(numbers) + 1))
    assert set(method_table.citing()) == set(numbers)
    assert method_table._formulas() in COMMITTED, RENEW
