"""`[[form]]`: the forms that come back beside the household form: persons, villages, townships, the county, interviews, papers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from evalkit.design.judgement import FOLDER_NAME
from evalkit.design.sections import Count, Section, Texts, Word, Words
from evalkit.privacy import personal

EVERY = "全部"
NEEDED = {"household": ("village", "household"), "village": ("village",), "township": ("township",), "none": ()}


class LinkedForm(Section):
    """`[[form]]`: one form: what its rows are, what they hang on, what is counted and what is a finding.

    The rows of a form are counted and their findings listed; nothing of it is an estimate.
    """

    name: Annotated[str, Field(pattern=FOLDER_NAME)]
    kind: Literal["household", "person", "village", "township", "county", "interview", "document"]
    link: Literal["household", "village", "township", "none"]
    village: str = ""
    household: str = ""
    township: str = ""
    key: Texts = ()
    persons: str = ""
    by: str = ""
    expected: dict[Word, Count] = {}
    counts: Texts = ()
    findings: dict[Word, Words] = {}
    missing: Texts = ("", "—", "无")

    @model_validator(mode="after")
    def _linked(self) -> LinkedForm:
        lacking = [key for key in NEEDED[self.link] if not getattr(self, key)]
        if lacking:
            raise ValueError(f"link = \"{self.link}\" 要有 {'、'.join(lacking)}｜写出这些列名")
        if (self.kind in ("household", "person")) != (self.link == "household"):
            raise ValueError("户表与人口表，且只有它们，写 link = \"household\"｜改 kind 或 link")
        if self.persons and self.kind != "household":
            raise ValueError("persons 是户表的人数列｜只在 kind = \"household\" 中写")
        if self.expected and not self.by and set(self.expected) != {EVERY}:
            raise ValueError(f"没有 by，expected 只能写 {EVERY} 一项｜写 by，或 expected = {{ \"{EVERY}\" = 份数 }}")
        if private := personal([*self.counts, *([self.by] if self.by else [])]):
            raise ValueError(f"{'、'.join(private)} 是个人信息，不能计数｜从 counts、by 中删去")
        return self

    @property
    def place(self) -> tuple[str, ...]:
        """The columns that say what a row hangs on."""
        return tuple(getattr(self, key) for key in NEEDED[self.link])

    @property
    def headings(self) -> tuple[str, ...]:
        """Every column that the form is read by, once."""
        named = [*self.place, *self.key, self.persons, self.by, *self.counts, *self.findings]
        return tuple(dict.fromkeys(heading for heading in named if heading))
