"""What docs/intervals.md names, tabulates and links to is there; `test_docs.py` runs its blocks."""

from __future__ import annotations

import re

import pandas as pd

import evalkit as ev
from tests import pages

PAGE = (pages.ROOT / "docs" / "intervals.md").read_text(encoding="utf-8")
STATUS = {"suppress": "不发", "review": "复核", "footnote": "加注"}


def test_the_table_of_methods_is_that_of_the_package() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.*?) \| (要|不要) \|$", PAGE, re.M)
    assert rows == [(name, m.text, "要" if m.needs_df else "不要") for name, m in ev.intervals.METHODS.items()]


def test_the_table_of_codes_is_that_of_the_package() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (不发|复核|加注) \| (.*?) \|$", PAGE, re.M)
    assert rows == [(name, STATUS[flag.status], flag.zh) for name, flag in ev.intervals.FLAGS.items()]


def test_the_columns_that_are_explained_are_those_of_an_interval() -> None:
    told = PAGE[PAGE.index("| 列 | 意思 |") : PAGE.index("一种方法没有的数")]
    named = {name for row in re.findall(r"^\| (`.*?) \|", told, re.M) for name in re.findall(r"`(\w+)`", row)}
    survey = ev.Survey.from_data(pd.DataFrame({"y": [0, 1, 0, 0]}))
    assert named == set(ev.proportion(survey, "y").interval().columns)


def test_names_of_the_page_exist() -> None:
    assert set(re.findall(r"\bev\.(\w+)", PAGE)) <= set(dir(ev))
    assert set(re.findall(r"\bev\.intervals\.(\w+)", PAGE)) <= set(ev.intervals.__all__)
    assert set(re.findall(r"\bev\.exact\.(\w+)", PAGE)) <= set(ev.exact.__all__)
    chosen = PAGE[PAGE.index("| 情形 | 用 | 备用 |") : PAGE.index("单侧：")]
    ways = set(re.findall(r"`([a-z-]+)`", chosen))
    assert ways <= {*ev.intervals.METHODS, "t", "z", "mover", "fay-feuer"}


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", PAGE)
    assert links and all((pages.ROOT / "docs" / link).exists() for link in links)
