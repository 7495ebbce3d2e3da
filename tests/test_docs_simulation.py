"""The page on simulation prints what it says it prints."""

from __future__ import annotations

from tests.pages import ROOT, run


def test_every_block_prints_what_stands_behind_it() -> None:
    for printed, told in run((ROOT / "docs" / "simulation.md").read_text(encoding="utf-8"), "simulation"):
        assert printed == told
