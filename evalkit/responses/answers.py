"""The answers of completed interviews: words and numbers under the design's headings, checked before anything reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd

from evalkit.design.judgement import ANSWERED
from evalkit.errors import Faults
from evalkit.fieldwork.handed import Handed
from evalkit.fieldwork.rosters import MOST_PERSONS, whole_numbers
from evalkit.sheets import plain_numbers

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.design.criteria import Criteria, CriterionRule
    from evalkit.design.judgement import ApprovalRate, PrevalenceRate


def needed(design: Design) -> tuple[str, ...]:
    """Return every heading of the returns that the design reads."""
    columns, criteria = design.returns, design.criteria
    assert columns is not None
    headings = [columns.village, columns.household, columns.disposition, columns.persons, columns.status, columns.interviewer]
    if criteria is not None:
        headings += criteria.headings()
    headings += [item for rate in approvals(design) for item in rate.items]
    return tuple(dict.fromkeys(heading for heading in headings if heading))


def filled(table: pd.DataFrame, design: Design) -> pd.Series:
    """Return which rows say anything of a visit; a row of a form that nobody has filled yet does not.

    Who is to visit may be written before the visit, so the interviewer alone says nothing.
    """
    columns = design.returns
    assert columns is not None
    said = [column for column in needed(design) if column not in (columns.village, columns.household, columns.interviewer)]
    return (table[said] != "").any(axis=1)


def approvals(design: Design) -> list[ApprovalRate | PrevalenceRate]:
    """Return the rates that read answers to questions of their own."""
    return [rate for rate in design.rates if isinstance(rate, ANSWERED)]


class Policy(NamedTuple):
    """What the design says of a missing answer: whether it is kept, as what it counts, and how to declare it."""

    kept: bool
    counted: str
    declare: str


Missing = Literal["fail", "keep"]
Asked = list[tuple[Policy, pd.Series]]
INCOMES = (-1e6, 1e7)  # yuan a person and year: beyond them stands a total, a wrong unit or a telephone number
LACKING = "完成调查的户缺答案"
ASK_AGAIN = "补问这一户"
DECLARE_MET = '确无回答的，在设计中写 [criteria] missing = "met"'
DECLARE_DONT_KNOW = '确无回答的，在设计中写该指标 missing = "dont_know"'
AS_MET, AS_DONT_KNOW, AS_BLANK = "缺答案，按达标（无否决情形）计", "缺答案，按不清楚计", "缺答案，暂留空白"
OF_PERSONS = Policy(False, "缺人数，按名册人数计", "仍无法核实的，填名册人数")


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
    missing : {"fail", "keep"}, optional
        What a missing answer is; by default what the design says of it.

    Attributes
    ----------
    noted : Faults
        The missing answers that are no fault.
    """

    def __init__(
        self, handed: Handed, faults: Faults, complete: pd.Series, stratum: pd.Series, design: Design, missing: Missing | None
    ) -> None:
        assert design.returns is not None
        self.handed, self.faults, self.complete, self.stratum = handed, faults, complete, stratum
        self.blanks, self.missing, self.noted = {"", *design.returns.missing}, missing, Faults("回收表")
        self.whose = (design.returns.village, design.returns.household)
        self.columns: dict[str, pd.Series] = {}

    def number(self, column: str, whole: bool, least: float, rule: str, policy: Policy | None) -> pd.Series:
        """Take a column of numbers; not-a-number where the row is no completed interview or the answer is missing."""
        cells = self.handed.table[column]
        given = self._given(column, cells, [(policy, self.complete)] if policy else [])
        numbers = plain_numbers(cells)
        sound = numbers >= least
        if whole:
            sound &= whole_numbers(cells)[0]
        remedy = f"核对后改为不小于 {least:g} 的整数，如 4" if whole else "改为数值，如 6444.67；不带单位、文字与小数逗号"
        self.handed.note(self.faults, given & ~sound, column, rule, remedy)
        self.columns[column] = numbers.where(given & sound)
        return self.columns[column]

    def coded(self, column: str, known: tuple[str, ...], policies: Asked) -> None:
        """Take a column of words; ``""`` where the row is no completed interview or the answer is missing."""
        cells = self.handed.table[column]
        given = self._given(column, cells, policies, known)
        self.handed.note(self.faults, given & ~cells.isin(known), column, "不在允许的答案中", f"改为：{'、'.join(known)}", known=known)
        self.columns[column] = cells.where(given, "")

    def _given(self, column: str, cells: pd.Series, policies: Asked, known: tuple[str, ...] = ()) -> pd.Series:
        given = ~cells.isin(self.blanks - set(known))  # where 无 is an answer, it is no missing one
        blank = self.complete & ~given
        for policy, asked in policies:
            self.missed(blank & asked, column, policy)
            blank &= ~asked
        return self.complete & given

    def missed(self, blank: pd.Series, column: str, policy: Policy) -> None:
        """Note the missing answers of a column as the policy says."""
        kept = self.missing == "keep" or (self.missing is None and policy.kept)
        rule, remedy = (policy.counted, ASK_AGAIN) if kept else (LACKING, f"{ASK_AGAIN}；{policy.declare}")
        self.handed.note(self.noted if kept else self.faults, blank, column, rule, remedy, whose=self.whose)


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
        said = answers.number(design.returns.persons, True, 1, "人数应为不小于 1 的整数", OF_PERSONS)
        answers.handed.note(answers.faults, said > MOST_PERSONS, design.returns.persons, f"人数多于 {MOST_PERSONS}", "一户一行；核对人数")
        persons = said.fillna(listed).astype(np.int64)
    if design.criteria is not None:
        _criteria(answers, persons, design.criteria)
    _items(answers, approvals(design))
    return persons


def _items(answers: Answers, rates: list[ApprovalRate | PrevalenceRate]) -> None:
    """Take the items of all rates; an item of several rates must be there for each that does not spare it."""
    everyone = pd.Series(True, index=answers.stratum.index)
    for item in dict.fromkeys(item for rate in rates for item in rate.items):
        mine = sorted((rate for rate in rates if item in rate.items), key=lambda rate: rate.missing != "fail")
        known = tuple(dict.fromkeys(word for rate in mine for word in (*rate.scale, *rate.dont_know)))
        asked = [(_of_rate(rate), answers.stratum.isin(rate.population) if rate.population else everyone) for rate in mine]
        if item not in answers.columns:
            answers.coded(item, known, asked)


def _of_rate(rate: ApprovalRate | PrevalenceRate) -> Policy:
    spared = rate.missing == "dont_know"
    return Policy(spared, AS_DONT_KNOW if spared else AS_BLANK, DECLARE_DONT_KNOW)


def _criteria(answers: Answers, persons: pd.Series, criteria: Criteria) -> None:
    met = criteria.missing == "met"
    policy = Policy(met, AS_MET if met else AS_BLANK, DECLARE_MET)
    incomes = answers.number(criteria.income, False, -np.inf, "应为数值（元/人·年）", policy)
    far = (incomes < INCOMES[0]) | (incomes > INCOMES[1])
    answers.handed.note(answers.faults, far, criteria.income, "收入超出 -100 万元至 1000 万元", "核对单位应为元")
    for rule in criteria.rules():
        _rule(answers, rule, policy)
    for column in (criteria.affected, criteria.omitted):
        if column:
            affected = answers.number(column, True, 0, "涉及人数应为不小于 0 的整数", None)
            answers.handed.note(answers.faults, affected > persons, column, "涉及人数多于户内人数", "核对两个人数")


def _rule(answers: Answers, rule: CriterionRule, policy: Policy) -> None:
    """Take the answers to one item; of households that it does not concern no answer is missed."""
    asked = pd.Series(True, index=answers.stratum.index)
    for column, words in rule.when.items():
        cells = answers.handed.table[column]
        answers.columns.setdefault(column, cells.where(answers.complete, ""))
        asked &= cells.isin(words)
    if rule.heading in answers.columns:
        return  # another item reads the same column
    if rule.numeric:
        answers.number(rule.heading, False, -np.inf, "应为数值", None)
        blank = answers.complete & asked & answers.handed.table[rule.heading].isin(answers.blanks)
        answers.missed(blank, rule.heading, policy)
    else:
        answers.coded(rule.heading, rule.words, [(policy, asked)])
