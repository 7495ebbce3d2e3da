"""What docs/verdicts.md names, tabulates and links to is there; `test_docs.py` runs its blocks."""

from __future__ import annotations

import re

import pytest

import evalkit as ev
from tests import pages

PAGE = (pages.ROOT / "docs" / "verdicts.md").read_text(encoding="utf-8")


def test_every_name_of_the_page_exists() -> None:
    assert set(re.findall(r"\bev\.(\w+)", PAGE)) <= set(dir(ev))


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", PAGE)
    assert links and all((pages.ROOT / "docs" / link).exists() for link in links)


@pytest.mark.parametrize(
    ("typed", "words"),
    [("ev.judge(rate, 2, strict=True)", "2% 写 0.02"), ("ev.judge(rate, 1, strict=True)", "都达到"),
     ("ev.judge(rate.interval(), .02, strict=True)", "mid-p")],
)  # fmt: skip
def test_what_the_last_table_says_is_refused(typed: str, words: str) -> None:
    names: dict[str, object] = {}
    exec(compile(pages.blocks(PAGE)[0], "docs/verdicts.md", "exec"), names)
    with pytest.raises(ev.EvalkitError, match=re.escape(words)):
        eval(typed, names)
