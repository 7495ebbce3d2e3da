"""What docs/estimation.md names, tabulates and links to is there; `test_docs.py` runs its blocks."""

from __future__ import annotations

import re

import evalkit as ev
from evalkit.estimates.distribution import INTERVALS
from evalkit.replication import METHODS
from tests import pages

PAGE = (pages.ROOT / "docs" / "estimation.md").read_text(encoding="utf-8")


def test_every_name_of_the_page_exists() -> None:
    named = set(re.findall(r"\bev\.(\w+)", PAGE))
    assert {"mean", "weigh", "join", "glm", "quantile"} <= named
    assert named <= set(dir(ev))
    assert set(re.findall(r'\.replicate\("([\w-]+)"', PAGE)) <= set(METHODS)


def test_methods_of_replicates_and_named_options_are_those_of_the_package() -> None:
    table = PAGE[PAGE.index("## 五") : PAGE.index("## 六")]
    typed = {name for row in re.findall(r"^\| (`.*?) \|", table, re.M) for name in re.findall(r"`([\w-]+)`", row)}
    assert typed == set(METHODS)
    asked = set(re.findall(r'interval\(method="([\w-]+)"', PAGE))
    assert asked <= {*ev.intervals.METHODS, "t", "z"}
    assert set(re.findall(r'interval="([\w-]+)"', PAGE)) <= set(INTERVALS)


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", PAGE)
    assert links
    assert all((pages.ROOT / "docs" / link).exists() for link in links)
