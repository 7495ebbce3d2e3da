"""What docs/acceptance.md names, tabulates and links to is there; `test_docs.py` runs its blocks."""

from __future__ import annotations

import re
import tomllib

import evalkit as ev
from tests import county, pages

PAGE = (pages.ROOT / "docs" / "acceptance.md").read_text(encoding="utf-8")


def test_the_gate_of_the_page_reads() -> None:
    (block,) = re.findall(r"^```toml\n(.*?)^```", PAGE, re.M | re.S)
    design = ev.read_design(county.plan(gate=tomllib.loads(block)["gate"]))
    assert design.gates[0].acceptance is not None


def test_every_name_of_the_page_exists_and_links_lead_somewhere() -> None:
    assert set(re.findall(r"\bev\.(\w+)", PAGE)) <= set(dir(ev))
    assert set(re.findall(r"\bacceptance\.(\w+)\(", PAGE)) <= set(ev.acceptance.__all__)
    links = re.findall(r"\]\((?!http)([^)#]+)\)", PAGE)
    assert links and all((pages.ROOT / "docs" / link).exists() for link in links)
