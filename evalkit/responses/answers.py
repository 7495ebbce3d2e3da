"""The answers of completed interviews: words and numbers under the design's headings, checked before anything reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.errors import Faults
from evalkit.fieldwork.handed import Handed
from evalkit.fieldwork.rosters import whole_numbers

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.design.judgement import ApprovalRate, Criteria


def needed(design: Design) -> tuple[str, ...]:
    """Return every heading of the returns that the design reads."""
    columns, criteria = design.returns, design.criteria
    assert columns is not None
    headings = [columns.village, columns.household, columns.disposition, columns.persons, columns.status, columns.interviewer]
    if criteria is not None:
        headings += [criteria.income, *criteria.guarantees, *criteria.exclusions, criteria.affected]
    headings += [item for rate in approvals(design) for item in rate.items]
    return tuple(dict.fromkeys(heading for heading in headings if heading))


def approvals(design: Design) -> list[ApprovalRate]:
    """Return the approval rates of a design."""
    return [rate for rate in design.rates if rate.kind == "approval"]


class Answers:
    """The answer columns of the returns while they are being checked.

    Parameters
    ----------
    handed : Handed
        The returns.
    complete : Series of bool
        Whether the row is a completed interview of a household of the sample: only those are checked.
    stratum : Series of str
        The household's stratum; blank where it is not in the sample.
    """

    def __init__(self, handed: Handed, faults: Faults, complete: pd.Series, stratum: pd.Series, design: Design, blanks: bool) -> None:
        assert design.returns is not None
        self.handed, self.faults, self.complete, self.stratum = handed, faults, complete, stratum
        self.missing, self.blanks_allowed = {"", *design.returns.missing}, blanks
        self.columns: dict[str, pd.Series] = {}

    def number(self, column: str, whole: bool, least: float, rule: str, required: bool = True) -> pd.Series:
        """Take a column of numbers; not-a-number where the row is no completed interview or the answer is missing."""
        cells = self.handed.table[column].str.replace(",", "", regex=False)
        given = self._given(column, cells, required)
        numbers = pd.to_numeric(cells, errors="coerce").astype(np.float64)
        sound = numbers.notna() & np.isfinite(numbers) & (numbers >= least)
        if whole:
            sound &= whole_numbers(cells)[0]
        self.handed.note(self.faults, given & ~sound, column, rule, "改为数值，不带单位与文字")
        self.columns[column] = numbers.where(given & sound)
        return self.columns[column]

    def coded(self, column: str, known: tuple[str, ...], where: pd.Series | None = None) -> None:
        """Take a column of words; ``""`` where the row is no completed interview or the answer is missing."""
        cells = self.handed.table[column]
        given = self._given(column, cells, True, where, known)
        self.handed.note(self.faults, given & ~cells.isin(known), column, "不在允许的答案中", f"改为：{'、'.join(known)}")
        self.columns[column] = cells.where(given, "")

    def _given(
        self, column: str, cells: pd.Series, required: bool, where: pd.Series | None = None, known: tuple[str, ...] = ()
    ) -> pd.Series:
        asked = self.complete if where is None else self.complete & where
        given = ~cells.isin(self.missing - set(known))  # where 无 is an answer, it is no missing one
        if required and not self.blanks_allowed:
            remedy = "补上答案；确实无法补答的，把这一户改为未完成"
            self.handed.note(self.faults, asked & ~given, column, "完成调查的户缺答案", remedy, show=False)
        return self.complete & given


def take(answers: Answers, listed: pd.Series, design: Design) -> pd.Series:
    """Check every answer column of the design; return the persons of each household.

    Parameters
    ----------
    listed : Series of int
        Persons by the roster, which stand where the returns map none or say none.
    """
    assert design.returns is not None
    persons = listed
    if design.returns.persons:
        said = answers.number(design.returns.persons, True, 1, "人数应为不小于 1 的整数")
        persons = said.fillna(listed).astype(np.int64)
    if design.criteria is not None:
        _criteria(answers, persons, design.criteria)
    for rate in approvals(design):
        where = answers.stratum.isin(rate.population) if rate.population else None
        for item in rate.items:
            if item not in answers.columns:
                answers.coded(item, tuple(dict.fromkeys((*rate.scale, *rate.dont_know))), where)
    return persons


def _criteria(answers: Answers, persons: pd.Series, criteria: Criteria) -> None:
    answers.number(criteria.income, False, -np.inf, "应为数值（元/人·年）")
    for column in (*criteria.guarantees, *criteria.exclusions):
        answers.coded(column, (*criteria.yes, *criteria.no))
    if criteria.affected:
        affected = answers.number(criteria.affected, True, 0, "涉及人数应为不小于 0 的整数", required=False)
        answers.handed.note(answers.faults, affected > persons, criteria.affected, "涉及人数多于户内人数", "核对两个人数")
