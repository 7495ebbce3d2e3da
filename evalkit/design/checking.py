"""`[[check]]`: the rules that the rows of a table must meet, declared beside the design and no part of its hash."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from evalkit.design.sections import Count, Number, Section, Texts, Word, Words
from evalkit.errors import EvalkitError
from evalkit.screening import Check


class CheckRule(Section):
    """`[[check]]`: one rule; `on` names the table, and the other keys are those of `evalkit.screening.Check`."""

    on: Word
    kind: Literal[
        "required", "unique", "range", "whole", "one-of", "pattern", "date", "order", "sum", "difference", "quotient", "if-then", "equal",
        "near-duplicate", "identity", "members", "count", "outlier",
    ]  # fmt: skip
    columns: Texts = ()
    action: Literal["stop", "ask", "note"]
    rule: str = ""
    remedy: str = ""
    within: Texts = ()
    low: Number | None = None
    high: Number | None = None
    values: Texts = ()
    pattern: str = ""
    tolerance: Number | None = None
    relative: Number = Field(default=0.0)  # older pydantic gives a plain default to every Number without one
    when: dict[str, Words] = {}
    then: dict[str, Words] = {}
    differ: Count | None = None
    fence: Literal["", "iqr", "log-iqr", "mad"] = ""
    factor: Number | None = None

    @model_validator(mode="after")
    def _whole(self) -> CheckRule:
        try:
            self.check()
        except EvalkitError as found:
            said = "；".join(f"{fault.column} {fault.rule}" for fault in found.faults)
            raise ValueError(f"{said}｜{found.faults[0].remedy}") from None
        return self

    def check(self) -> Check:
        """Return the rule as a check."""
        return Check(**{name: value for name, value in self if name != "on"})
