"""Findings: which households were wrongly exited (错退), missed (漏评) or wrongly identified (错评), and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.design.judgement import FINDINGS
from evalkit.errors import DesignError, Fault, Faults, ResponsesError
from evalkit.fieldwork.handed import named
from evalkit.lists import as_list
from evalkit.responses.answers import AS_MET, ASK_AGAIN, DECLARE_MET, LACKING

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.design.judgement import Criteria
    from evalkit.responses import Responses
    from evalkit.sample import Sample

UPHELD = ("confirmed", "final")
NOT_HELD_AGAINST = ("clue", "dismissed")
SEPARATOR = "；"
COUNTED = ("households", "persons", "confirmed_households", "confirmed_persons")
CASE_COLUMNS = ("village", "household", "stratum", "finding", "items", "affected", "status")


@dataclass(frozen=True, eq=False)
class Findings:
    """The responses with what was found in each household.

    Attributes
    ----------
    responses : Responses
    rules : Criteria
    faults : tuple of Fault
        Those of the responses, and what is doubtful about the status of cases; nothing here stops a step.
    """

    responses: Responses
    rules: Criteria
    faults: tuple[Fault, ...]
    _table: pd.DataFrame

    @property
    def design(self) -> Design:
        """The design of the sample."""
        return self.responses.design

    @property
    def sample(self) -> Sample:
        """The sample."""
        return self.responses.sample

    def table(self) -> pd.DataFrame:
        """Return a copy of the responses' table with more columns.

        finding (a code or ""), items (what was not met, joined by ；), affected (persons, 0 without a
        finding), wrong_exit, missed, misidentified (raised: at least suspected and not dismissed) and
        ``…_confirmed`` (confirmed or final, which are raised too).
        """
        return self._table.copy()

    def cases(self) -> pd.DataFrame:
        """Return one row for each household with a finding, clues and dismissed cases included, without any personal data."""
        mine = self._table["finding"] != ""
        return self._table.loc[mine, list(CASE_COLUMNS)].reset_index(drop=True)

    def counts(self, by: str | Iterable[str] = ()) -> pd.DataFrame:
        """Return raised and confirmed households and affected persons of each finding, in each group of `by`.

        Returns
        -------
        DataFrame
            The columns of `by`, then finding, households, persons, confirmed_households, confirmed_persons;
            every group has a row for every finding.
        """
        keys = as_list(by)
        groups = self._table[keys].apply(tuple, axis=1) if keys else pd.Series([()] * len(self._table), index=self._table.index)
        rows = []
        for group in sorted(set(groups)) if keys else [()]:
            mine = self._table[groups == group]
            rows += [(*group, finding, *_counted(mine, mine[finding], mine[f"{finding}_confirmed"])) for finding in FINDINGS]
        return pd.DataFrame(rows, columns=[*keys, "finding", *COUNTED])

    def items(self) -> pd.DataFrame:
        """Return the same counts for each finding and each item that was not met; a household counts under all its items."""
        rows = []
        for finding in FINDINGS:
            mine = self._table[self._table[finding]]
            lists = mine["items"].str.split(SEPARATOR)
            for item in dict.fromkeys(item for items in lists for item in items):
                has = mine[[item in items for items in lists]]
                rows.append((finding, item, *_counted(has, has[finding], has[f"{finding}_confirmed"])))
        return pd.DataFrame(rows, columns=["finding", "item", *COUNTED])

    def __repr__(self) -> str:
        counts = self.counts().set_index("finding")[["households", "confirmed_households"]]
        parts = [f"{FINDINGS[str(code)]} {raised} 户（认定 {upheld}）" for code, raised, upheld in counts.itertuples()]
        return f"Findings {int(self._table['complete'].sum())} 户完成调查：{'，'.join(parts)}"


def determine(responses: Responses, rules: Criteria | None = None, *, missing: Literal["fail", "met"] | None = None) -> Findings:
    """Judge every completed interview by the criteria.

    Parameters
    ----------
    responses : Responses
    rules : Criteria, optional
        Default: the design's `[criteria]`.
    missing : {"fail", "met"}, optional
        ``fail``: a completed interview without a needed answer is a fault. ``met``: a missing answer speaks
        for the household (income above the line, guarantee met) and hits no exclusion, and is listed in
        ``faults``. By default what the criteria say.

    Returns
    -------
    Findings

    Raises
    ------
    ResponsesError
        When an answer that the rules need is absent, missing under ``fail``, or not in their words; when a
        case that stands affects 0 persons.

    Notes
    -----
    A household falls short when its income a person is below the line or a guarantee is not met (两不愁三保障).
    错退: exited and falls short. 漏评: never in the registry, falls short, and no exclusion fact. 错评:
    in the registry and an exclusion fact. A case counts whole (its persons) unless the criteria name a column
    of affected persons. Status: a case without one is suspected; a clue is not yet raised; a dismissed case
    is raised no more; confirmed and final cases are upheld, and raised too. Where the design maps no status
    column, every case counts as confirmed.

    Examples
    --------
    >>> import evalkit as ev
    >>> from evalkit.synthetic import registry, returns
    >>> design = ev.read_design("designs/biyang_2018.toml")
    >>> table = pd.DataFrame({"village_code": ["411726001001", "411726001002", "411726001003"], "township_code": "411726001"})
    >>> frame, made = ev.Frame.from_data(table, id="village_code", columns=["township_code"]), registry(table, design)
    >>> sample = ev.draw(frame, design, seed="31415926535897932384")
    >>> sample = ev.draw_next(sample, ev.read_rosters(pd.concat(made.rosters(sample.villages).values()), design))
    >>> answers = returns(sample, made.households(sample.villages), design)
    >>> drawn = sample.table().set_index(["village", "household"])["stratum"]
    >>> exited = drawn.loc[pd.MultiIndex.from_frame(answers[["行政村代码", "户编号"]])].to_numpy() == "脱贫户"
    >>> answers.loc[(exited & (answers["调查结果"] == "完成")).idxmax(), ["住房安全有保障", "核查状态"]] = ["否", "认定"]
    >>> determine(ev.collect(sample, answers))
    Findings 119 户完成调查：错退 1 户（认定 1），漏评 0 户（认定 0），错评 0 户（认定 0）
    """
    rules = rules or responses.design.criteria
    if rules is None:
        raise DesignError("criteria｜缺｜认定需要标准｜写 [criteria]")
    table = responses.table()
    spared = _check(table, rules, (missing or rules.missing) == "met")
    short, excluded, items = _tests(table, rules)
    finding = _finding(table, rules, short, excluded)
    case = finding != ""
    heading = responses.design.returns.status if responses.design.returns else ""
    status = _status(table["status"], case, mapped=bool(heading))
    affected = _affected(table, rules, case, status)
    listed = rules is responses.design.criteria and rules.missing == "met"  # collecting listed these answers with their rows
    faults = (*responses.faults, *(() if listed else spared), *(_status_faults(table, case, heading) if heading else ()))
    table = table.assign(finding=finding, items=np.where(case, items, ""), affected=affected, status=status)
    for code in FINDINGS:
        raised = (finding == code) & ~np.isin(status, NOT_HELD_AGAINST)
        table[code] = raised
        table[f"{code}_confirmed"] = raised & np.isin(status, UPHELD)
    return Findings(responses, rules, faults, table)


def _check(table: pd.DataFrame, rules: Criteria, spare: bool) -> list[Fault]:
    """Refuse what cannot be judged; return the missing answers that are spared."""
    faults, spared = Faults("认定"), Faults("认定")
    words = {column: (*rules.yes, *rules.no) for column in (*rules.guarantees, *rules.exclusions)}
    for column in (rules.income, *words):
        if column not in table:
            faults.add(None, column, None, "回收表中没有这一列", "在回收表中补上，或改 [criteria]")
    faults.refuse(ResponsesError)
    complete = table["complete"]
    blanks = {column: complete & (table[column] == "") for column in words}
    blanks = {rules.income: complete & pd.to_numeric(table[rules.income], errors="coerce").isna(), **blanks}
    for column, blank in blanks.items():
        for i in np.flatnonzero(blank):
            if spare:
                spared.add(None, column, _where(table, i), AS_MET, ASK_AGAIN)
            else:
                faults.add(None, column, _where(table, i), f"{LACKING}，无法认定", f"{ASK_AGAIN}；{DECLARE_MET}")
    for column, known in words.items():
        strange = complete & ~table[column].isin(("", *known))
        for i in np.flatnonzero(strange):
            faults.add(None, column, _where(table, i), "不在允许的答案中", f"改为：{'、'.join(known)}")
    faults.refuse(ResponsesError)
    return list(spared)


def _tests(table: pd.DataFrame, rules: Criteria) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.object_]]:
    """Return who falls short, who meets an exclusion fact, and the names of what was not met or was met."""
    low = (pd.to_numeric(table[rules.income], errors="coerce") < rules.line).to_numpy()
    unmet = {f"{rules.income}低于标准": low}
    unmet |= {f"{item}：{rules.no[0]}": table[item].isin(rules.no).to_numpy() for item in rules.guarantees}
    facts = {item: table[item].isin(rules.yes).to_numpy() for item in rules.exclusions}
    nobody = np.zeros(len(table), dtype=bool)
    registered = table["stratum"].isin(rules.registered).to_numpy()
    named = [
        SEPARATOR.join(item for item, hit in (facts if mine else unmet).items() if hit[i]) for i, mine in enumerate(registered)
    ]
    short, excluded = (np.logical_or.reduce([nobody, *hits.values()]) for hits in (unmet, facts))
    return short, excluded, np.array(named, dtype=object)


def _finding(table: pd.DataFrame, rules: Criteria, short: NDArray[np.bool_], excluded: NDArray[np.bool_]) -> NDArray[np.object_]:
    complete, stratum = table["complete"].to_numpy(dtype=bool), table["stratum"]
    finding = np.full(len(table), "", dtype=object)
    finding[complete & stratum.isin(rules.exited).to_numpy() & short] = "wrong_exit"
    finding[complete & stratum.isin(rules.outside).to_numpy() & short & ~excluded] = "missed"
    finding[complete & stratum.isin(rules.registered).to_numpy() & excluded] = "misidentified"
    return finding


def _status(said: pd.Series, case: NDArray[np.bool_], mapped: bool) -> NDArray[np.object_]:
    status = said.to_numpy(dtype=object).copy()
    status[case & (status == "")] = "suspected" if mapped else "confirmed"
    return status


def _affected(table: pd.DataFrame, rules: Criteria, case: NDArray[np.bool_], status: NDArray[np.object_]) -> NDArray[np.int64]:
    persons = table["persons"].to_numpy(dtype=np.int64)
    if not rules.affected:
        return np.where(case, persons, 0)
    said = pd.to_numeric(table[rules.affected], errors="coerce").fillna(-1).to_numpy().astype(np.int64)
    faults = Faults("认定")
    for i in np.flatnonzero(case & (said == 0) & ~np.isin(status, NOT_HELD_AGAINST)):
        remedy = "填写涉及人数；全户涉及时填户内人数；没有问题的把状态改为排除"
        faults.add(None, rules.affected, _where(table, i), "有问题的户，涉及人数为 0", remedy)
    faults.refuse(ResponsesError)
    return np.where(case, np.where(said > 0, said, persons), 0)


def _status_faults(table: pd.DataFrame, case: NDArray[np.bool_], heading: str) -> list[Fault]:
    found = Faults("回收表")
    blank = (table["status"] == "").to_numpy()
    for i in np.flatnonzero(~case & ~blank):
        found.add(None, heading, _where(table, i), "写了状态，而答案未显示问题", "核对答案与状态；按答案不计入")
    for i in np.flatnonzero(case & blank):
        found.add(None, heading, _where(table, i), "答案显示问题，而没有状态", "补上状态；暂按疑似计")
    return list(found)


def _where(table: pd.DataFrame, row: np.int64) -> str:
    return named(*table[["village", "household"]].iloc[int(row)])


def _counted(table: pd.DataFrame, raised: pd.Series, confirmed: pd.Series) -> tuple[int, int, int, int]:
    affected = table["affected"]
    return int(raised.sum()), int(affected[raised].sum()), int(confirmed.sum()), int(affected[confirmed].sum())
