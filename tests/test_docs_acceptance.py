"""What docs/acceptance.md types runs as typed, in order, and prints what the page says it prints."""

from __future__ import annotations

import contextlib
import io
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import evalkit as ev
from tests import county

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "acceptance.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)


@pytest.fixture(scope="module")
def said() -> list[tuple[list[str], list[str]]]:
    """What each block prints, and what stands behind its arrows; blocks share their names."""
    names: dict[str, Any] = {"__name__": "acceptance"}
    made = []
    for block in BLOCKS:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(block, "docs/acceptance.md", "exec"), names)
        made.append((out.getvalue().splitlines(), re.findall(r"# → (.*)$", block, re.M)))
    return made


@pytest.mark.parametrize("at", range(len(BLOCKS)))
def test_a_block_prints_what_the_page_says(said: list[tuple[list[str], list[str]]], at: int) -> None:
    printed, told = said[at]
    assert told, "a block without a result shows nothing"
    assert printed == told


def test_the_gate_of_the_page_reads() -> None:
    (block,) = re.findall(r"^```toml\n(.*?)^```", PAGE, re.M | re.S)
    design = ev.read_design(county.plan(gate=tomllib.loads(block)["gate"]))
    assert design.gates[0].acceptance is not None


def test_every_name_of_the_page_exists_and_links_lead_somewhere() -> None:
    assert set(re.findall(r"\bev\.(\w+)", PAGE)) <= set(dir(ev))
    assert set(re.findall(r"\bacceptance\.(\w+)\(", PAGE)) <= set(ev.acceptance.__all__)
    links = re.findall(r"\]\((?!http)([^)#]+)\)", PAGE)
    assert links and all((ROOT / "docs" / link).exists() for link in links)
