"""What the pages of docs type runs as typed, in order, and prints what the page says it prints."""

from __future__ import annotations

from functools import cache

import pytest

from tests import pages

NAMES = (
    "acceptance",
    "assignments",
    "cases",
    "charts",
    "engines",
    "estimation",
    "fieldwork",
    "indicators",
    "intake",
    "intervals",
    "ledger",
    "oversight",
    "problems",
    "programme",
    "quality",
    "satisfaction",
    "rates",
    "report",
    "screening",
    "simulation",
    "tutorial",
    "verdicts",
)
SETTING = {("intervals", 0)}  # blocks that make the data, and show nothing


def text(name: str) -> str:
    return (pages.ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


@cache
def said(name: str) -> list[tuple[list[str], list[str]]]:
    """What each block prints, and what stands behind its arrows; blocks share their names."""
    return pages.run(text(name), name)


@pytest.mark.parametrize(("name", "at"), [(name, at) for name in NAMES for at in range(len(pages.blocks(text(name))))])
def test_a_block_prints_what_the_page_says(name: str, at: int) -> None:
    printed, told = said(name)[at]
    assert told or (name, at) in SETTING, "a block without a result shows nothing"
    assert printed == told
