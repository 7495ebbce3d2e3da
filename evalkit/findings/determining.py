"""Every completed interview judged by the criteria."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.design.criteria import Criteria
from evalkit.design.judgement import FINDINGS
from evalkit.errors import DesignError, EstimateError, Fault, Faults, ResponsesError
from evalkit.fieldwork.handed import named
from evalkit.findings.found import NOT_HELD_AGAINST, SEPARATOR, UPHELD, Findings
from evalkit.findings.testing import against, blank, strange
from evalkit.given import takes
from evalkit.responses.answers import AS_MET, ASK_AGAIN, DECLARE_MET, LACKING

if TYPE_CHECKING:
    from evalkit.design.criteria import CriterionRule
    from evalkit.responses import Responses

    Mask = NDArray[np.bool_]

OVERSTAYED = "收入与各项保障均达标"
NOTHING = "不作认定"
Statuses = Mapping[tuple[str, str, str], str]


@takes(EstimateError)
def determine(
    responses: Responses,
    rules: Criteria | None = None,
    *,
    missing: Literal["fail", "met"] | None = None,
    statuses: Statuses | None = None,
) -> Findings:
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
    statuses : mapping of (village, household, finding) to status, optional
        From the log of cases (`evalkit.cases`); a status there stands for the one of the returns.

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
    in the registry and an exclusion fact. 漏退, where the criteria look for it: in the registry, nothing that
    falls short and no exclusion fact. Members left out of a household of the registry are 漏评 of those members.
    A case counts whole (its persons) unless the criteria name a column of affected persons. Status: a case
    without one is suspected; a clue is not yet raised; a dismissed case is raised no more; confirmed and final
    cases are upheld, and raised too. Where the design maps no status column, every case counts as confirmed.

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
    logged = statuses or {}
    status = _logged(table, finding, _status(table["status"], case, mapped=bool(heading)), logged)
    affected = _affected(table, rules, case, status)
    listed = rules is responses.design.criteria and rules.missing == "met"  # collecting listed these answers with their rows
    omitted = _omitted(table, rules, finding)
    told = _status_faults(table, case | (omitted > 0), heading, logged) if heading else ()
    faults = (*responses.faults, *(() if listed else spared), *told, *_without_finding(table, finding, omitted, logged))
    table = table.assign(finding=finding, items=np.where(case, items, ""), affected=affected, status=status)
    for code in FINDINGS:
        raised = (finding == code) & ~np.isin(status, NOT_HELD_AGAINST)
        table[code] = raised
        table[f"{code}_confirmed"] = raised & np.isin(status, UPHELD)
    return Findings(responses, rules, faults, _with_omitted(table, omitted, heading, logged) if rules.omitted else table)


def unjudged(responses: Responses) -> Findings:
    """Return the responses of an evaluation that judges no household, such as one of satisfaction alone: nothing was looked for."""
    rules = Criteria(income=NOTHING, line=1.0, line_source=NOTHING, guarantees=(NOTHING,), exited=(), registered=(), outside=())
    table = responses.table().assign(finding="", items="", affected=0)
    for code in FINDINGS:
        table[code] = table[f"{code}_confirmed"] = False
    return Findings(responses, rules, responses.faults, table)


def _check(table: pd.DataFrame, rules: Criteria, spare: bool) -> list[Fault]:
    """Refuse what cannot be judged; return the missing answers that are spared."""
    faults, spared = Faults("认定"), Faults("认定")
    for column in rules.headings():
        if column not in table and column not in (rules.affected, rules.omitted):
            faults.add(None, column, None, "回收表中没有这一列", "在回收表中补上，或改 [criteria]")
    faults.refuse(ResponsesError)
    complete = table["complete"].to_numpy(dtype=bool)
    blanks = {rules.income: complete & pd.to_numeric(table[rules.income], errors="coerce").isna().to_numpy()}
    for rule in rules.rules():
        blanks[rule.heading] = blanks.get(rule.heading, False) | (complete & blank(table, rule))
    for column, lacking in blanks.items():
        for i in np.flatnonzero(lacking):
            if spare:
                spared.add(None, column, _where(table, i), AS_MET, ASK_AGAIN)
            else:
                faults.add(None, column, _where(table, i), f"{LACKING}，无法认定", f"{ASK_AGAIN}；{DECLARE_MET}")
    for rule in rules.rules():
        for i in np.flatnonzero(complete & strange(table, rule)):
            faults.add(None, rule.heading, _where(table, i), "不在允许的答案中", f"改为：{'、'.join(rule.words) or '数值'}")
    faults.refuse(ResponsesError)
    return list(spared)


def _tests(table: pd.DataFrame, rules: Criteria) -> tuple[Mask, Mask, NDArray[np.object_]]:
    """Return who falls short, who meets an exclusion fact, and the names of what was not met or was met."""
    low = (pd.to_numeric(table[rules.income], errors="coerce") < rules.line).to_numpy()
    unmet: dict[str, Mask] = {f"{rules.income}低于标准": low}
    facts: dict[str, Mask] = {}
    for rule in rules.rules():
        held = facts if rule.kind == "exclusion" else unmet
        held[_label(rule, rules)] = against(table, rule)
    nobody = np.zeros(len(table), dtype=bool)
    registered = table["stratum"].isin(rules.registered).to_numpy()
    named = [
        SEPARATOR.join(item for item, hit in (facts if mine else unmet).items() if hit[i]) for i, mine in enumerate(registered)
    ]
    short, excluded = (np.logical_or.reduce([nobody, *hits.values()]) for hits in (unmet, facts))
    if rules.overstay:
        named = [OVERSTAYED if fair else item for item, fair in zip(named, registered & ~short & ~excluded, strict=True)]
    return short, excluded, np.array(named, dtype=object)


def _label(rule: CriterionRule, rules: Criteria) -> str:
    """Return the name under which an item is listed where it speaks against a household."""
    if rule.numeric:
        limits = ((rule.below, "低于"), (rule.above, "高于"), (rule.at_least, "不低于"))
        return rule.name + "或".join(f"{word} {limit:g}" for limit, word in limits if limit is not None)
    if rule.kind == "exclusion":
        return rule.name
    return f"{rule.name}：{rule.against[0] if rule.against == rules.no else '或'.join(rule.against)}"


def _finding(table: pd.DataFrame, rules: Criteria, short: Mask, excluded: Mask) -> NDArray[np.object_]:
    complete, stratum = table["complete"].to_numpy(dtype=bool), table["stratum"]
    registered = complete & stratum.isin(rules.registered).to_numpy()
    finding = np.full(len(table), "", dtype=object)
    finding[complete & stratum.isin(rules.exited).to_numpy() & short] = "wrong_exit"
    finding[complete & stratum.isin(rules.outside).to_numpy() & short & ~excluded] = "missed"
    if rules.overstay:
        finding[registered & ~short] = "overstayed"
    finding[registered & excluded] = "misidentified"
    return finding


def _omitted(table: pd.DataFrame, rules: Criteria, finding: NDArray[np.object_]) -> NDArray[np.int64]:
    """Return the members left out of each completed household of the registry."""
    if not rules.omitted:
        return np.zeros(len(table), dtype=np.int64)
    said = pd.to_numeric(table[rules.omitted], errors="coerce").fillna(0).to_numpy().astype(np.int64)
    inside = table["complete"].to_numpy(dtype=bool) & table["stratum"].isin((*rules.exited, *rules.registered)).to_numpy()
    return np.where(inside, said, 0)


def _with_omitted(table: pd.DataFrame, omitted: NDArray[np.int64], heading: str, logged: Statuses) -> pd.DataFrame:
    """Add the members left out to the households that are missed."""
    within = omitted > 0
    status = _status(table["status"], within, mapped=bool(heading))
    status = _logged(table, np.where(within, "missed", ""), status, logged)
    raised = within & ~np.isin(status, NOT_HELD_AGAINST)
    whole = (table["finding"] == "missed").to_numpy()
    return table.assign(
        missed_affected=np.where(whole, table["affected"], omitted),
        missed_status=np.where(whole | within, np.where(whole, table["status"], status), ""),
        missed=table["missed"] | raised,
        missed_confirmed=table["missed_confirmed"] | (raised & np.isin(status, UPHELD)),
    )


def _logged(table: pd.DataFrame, finding: NDArray[np.object_], status: NDArray[np.object_], logged: Statuses) -> NDArray[np.object_]:
    """Return the statuses, those of the log in place of the others."""
    if not logged:
        return status
    keys = zip(table["village"], table["household"], finding, strict=True)
    return np.array([logged.get(key, old) for key, old in zip(keys, status, strict=True)], dtype=object)


def _without_finding(
    table: pd.DataFrame, finding: NDArray[np.object_], omitted: NDArray[np.int64], logged: Statuses
) -> Iterator[Fault]:
    """Yield the cases of the log that stand and that the answers do not show: they count nowhere."""
    if not logged:
        return
    households = list(zip(table["village"], table["household"], strict=True))
    shown = {(*whose, code) for whose, code in zip(households, finding, strict=True)}
    shown |= {(*whose, "missed") for whose, n in zip(households, omitted, strict=True) if n}
    for village, household, code in sorted(set(logged) - shown):
        if logged[village, household, code] not in NOT_HELD_AGAINST:
            rule = f"台账有{FINDINGS.get(code, code)}案件，而答案未显示问题"
            yield Fault(None, "台账", named(village, household), rule, "核对答案与台账；按答案不计入")


def _status(said: pd.Series, case: Mask, mapped: bool) -> NDArray[np.object_]:
    status = said.to_numpy(dtype=object).copy()
    status[case & (status == "")] = "suspected" if mapped else "confirmed"
    return status


def _affected(table: pd.DataFrame, rules: Criteria, case: Mask, status: NDArray[np.object_]) -> NDArray[np.int64]:
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


def _status_faults(table: pd.DataFrame, case: Mask, heading: str, logged: Statuses) -> list[Fault]:
    found = Faults("回收表")
    unsaid = (table["status"] == "").to_numpy()
    known = {key[:2] for key in logged}
    unlogged = np.array([key not in known for key in zip(table["village"], table["household"], strict=True)], dtype=bool)
    unsaid_case = case & unsaid & unlogged
    for i in np.flatnonzero(~case & ~unsaid):
        found.add(None, heading, _where(table, i), "写了状态，而答案未显示问题", "核对答案与状态；按答案不计入")
    for i in np.flatnonzero(unsaid_case):
        found.add(None, heading, _where(table, i), "答案显示问题，而没有状态", "补上状态；暂按疑似计")
    return list(found)


def _where(table: pd.DataFrame, row: np.int64) -> str:
    return named(*table[["village", "household"]].iloc[int(row)])
