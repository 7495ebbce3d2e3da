"""The daily board: five steps a village, one village a team and day at least, points, and what must be complete before a close."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import pandas as pd

from evalkit.errors import FieldworkError
from evalkit.ledger import Draft, Entry, Ledger
from evalkit.ledger.kinds import FIVE, GATES

# 泌阳: absence costs two points, a problem that the county did not rebut earns one
PER_PROBLEM = frozenset({"问题未被反驳"})
MOST_POINTS = 1000  # a longer number is a slip, and spreadsheets would not give it back
POINTS = MappingProxyType({"缺勤": -2, "问题未被反驳": 1})
LEAST = 1  # villages that a team finishes a day


def mark_step(ledger: Ledger, village: str, step: str, *, team: str, day: str, draw: int, who: str = "", note: str = "") -> Entry:
    """Note one of the five steps of a village: 汇总, 反馈, 通报, 交办, 验收, in this order.

    Raises
    ------
    FieldworkError
        For a step that is none, before whose turn another is due, that was noted otherwise, or whose day is before the step before.
    """
    if step not in FIVE:
        raise FieldworkError(f"--step {step}｜没有这一步｜五步依次为：{'、'.join(FIVE)}")

    def decision(known: tuple[Entry, ...]) -> list[Draft]:
        mine = [entry for entry in known if entry.subject == village and entry.detail.get("draw", 0) == draw]
        done = {entry.detail["step"]: entry for entry in mine}
        skipped = [each for each in FIVE[: FIVE.index(step)] if each not in done]
        if skipped:
            raise FieldworkError(f"村 {village}｜{step} 之前还没有 {'、'.join(skipped)}｜五步依次进行，先记前面的步骤")
        told = done.get(step)
        if told and (told.day, told.detail["team"]) != (day, team):
            raise FieldworkError(f"村 {village}｜{step} 已记：{told.detail['team']}，{told.day}｜一步只记一次")
        latest = max((entry.day for entry in mine), default="")
        if day < latest and not told:
            raise FieldworkError(f"村 {village}｜{step} 的日期 {day} 早于前面的步骤（{latest}）｜改正 --day")
        return [Draft("board", village, {"step": step, "team": team, "note": note, "draw": draw}, who, day)]

    return ledger.decide("board", decision)[0]


def village_board(ledger: Ledger, villages: Iterable[str], draw: int) -> pd.DataFrame:
    """Return the board, one row a village: its team, the day its list was given out, the day of each of the five steps.

    Parameters
    ----------
    draw : int
        Number of the draw in the ledger.

    Returns
    -------
    pandas.DataFrame
        Columns village, team, released, then 汇总 … 验收 (days, empty where not done) and next (the step that is due).
    """
    given = {e.subject: e for e in ledger.entries("release") if e.detail.get("draw", 0) == draw}
    steps: dict[str, dict[str, str]] = {}
    for entry in ledger.entries("board"):
        if entry.detail.get("draw", 0) == draw:
            steps.setdefault(entry.subject, {}).setdefault(entry.detail["step"], entry.day or "已记")
    rows = []
    for village in villages:
        mine, release = steps.get(village, {}), given.get(village)
        lead = {"village": village, "team": release.detail["team"] if release else "", "released": release.detail["day"] if release else ""}
        due = next((step for step in FIVE if step not in mine), "")
        rows.append({**lead, **{step: mine.get(step, "") for step in FIVE}, "next": due})
    return pd.DataFrame(rows, columns=["village", "team", "released", *FIVE, "next"])


def team_days(board: pd.DataFrame, days: Iterable[str]) -> pd.DataFrame:
    """Return how many villages each team has summed up (汇总) on each day, and where that is fewer than one.

    Parameters
    ----------
    board : pandas.DataFrame
        As `village_board` gives it.
    days : iterable of str
        The working days.

    Returns
    -------
    pandas.DataFrame
        team, day, villages, short (whether fewer than one village).

    Examples
    --------
    >>> board = pd.DataFrame({"team": ["一组", "一组", "二组"], "汇总": ["2018-11-12", "2018-11-12", ""]})
    >>> team_days(board, ["2018-11-12"]).to_dict("list")
    {'team': ['一组', '二组'], 'day': ['2018-11-12', '2018-11-12'], 'villages': [2, 0], 'short': [False, True]}
    """
    rows = [
        (team, day, int(((board["team"] == team) & (board["汇总"] == day)).sum()))
        for team in dict.fromkeys(team for team in board["team"] if team)
        for day in days
    ]
    table = pd.DataFrame(rows, columns=["team", "day", "villages"])
    return table.assign(short=table["villages"] < LEAST)


def award(
    ledger: Ledger, whose: str, rule: str, *, day: str, points: int | None = None, problem: str = "", village: str = "", who: str = "",
    inspector: bool = False,
) -> Entry:  # fmt: skip
    """Note points of a team or an inspector.

    Parameters
    ----------
    whose : str
        A team that the ledger knows (assigned, or given a list), or anybody while it knows none.
    rule : str
        A rule of ``POINTS``, or any other with its `points`.
    problem : str
        Number of the problem; one that was not rebutted earns points only once.
    inspector : bool
        Whether `whose` is an inspector, who is no team.

    Raises
    ------
    FieldworkError
        For a team that the ledger does not know, a rule that is none and has no points, points beyond 1,000, or a problem that
        has earned before.
    """
    known_teams = teams_of(ledger)
    if known_teams and not inspector and whose not in known_teams:
        raise FieldworkError(f"{whose}｜台账中没有这个组｜已知的组：{'、'.join(known_teams)}；督查员加 --inspector（inspector=True）")
    if points is None and rule not in POINTS:
        told = "、".join(f"{name} {value:+d}" for name, value in POINTS.items())
        raise FieldworkError(f"--rule {rule}｜没有这条积分规则｜可用：{told}；其他规则写明 --points")
    if rule in PER_PROBLEM and not problem.strip():
        raise FieldworkError(f"--rule {rule}｜没有写是哪个问题，无从保证一个问题只记一次｜加 --problem 编号")
    worth = POINTS[rule] if points is None else points
    if abs(worth) > MOST_POINTS:
        raise FieldworkError(f"--points {worth:.3g}｜积分过大｜写 −{MOST_POINTS} 至 {MOST_POINTS} 之间的整数")

    def decision(known: tuple[Entry, ...]) -> list[Draft]:
        again = [entry for entry in known if problem and entry.detail.get("problem") == problem and entry.detail["rule"] == rule]
        if again:
            raise FieldworkError(f"问题 {problem}｜已为 {again[0].subject} 记过“{rule}”｜一个问题只记一次")
        return [Draft("points", whose, {"points": worth, "rule": rule, "problem": problem, "village": village}, who, day)]

    return ledger.decide("points", decision)[0]


def teams_of(ledger: Ledger) -> list[str]:
    """Return the teams that the ledger knows: those of the last assignment, and those that were given lists or noted a step."""
    assigned = ledger.entries("assign")
    given = [entry.detail.get("team", "") for step in ("release", "board", "reserve") for entry in ledger.entries(step)]
    return list(dict.fromkeys(team for team in [*(assigned[-1].detail.get("teams", []) if assigned else []), *given] if team))


def score_table(ledger: Ledger) -> pd.DataFrame:
    """Return the points so far: whose, points, and one column for each rule with how often it was applied."""
    entries = ledger.entries("points")
    rules = list(dict.fromkeys([*POINTS, *(entry.detail["rule"] for entry in entries)]))
    rows = []
    for whose in sorted({entry.subject for entry in entries}):
        mine = [entry.detail for entry in entries if entry.subject == whose]
        counts = {rule: sum(detail["rule"] == rule for detail in mine) for rule in rules}
        rows.append({"whose": whose, "points": sum(detail["points"] for detail in mine), **counts})
    return pd.DataFrame(rows, columns=["whose", "points", *rules])


def close_village(ledger: Ledger, village: str, lacks: Mapping[str, str], *, day: str, draw: int, who: str = "") -> Entry:
    """Close a village when nothing is lacking: 三个不放过.

    Parameters
    ----------
    lacks : mapping
        信息, 指标, 反馈 → what is lacking, empty where it is complete.

    Raises
    ------
    FieldworkError
        With everything that is lacking.
    """
    if told := gate_fault(lacks):
        raise FieldworkError(f"村 {village}｜{told}")
    return ledger.append("close", village, {"gates": list(GATES), "draw": draw}, who=who, day=day)


def gate_fault(lacks: Mapping[str, str]) -> str:
    """Return which of the three gates (三个不放过) is open and what to do, empty when all are shut.

    Parameters
    ----------
    lacks : mapping
        As for `close_village`; a gate that is not named was not looked at.

    Examples
    --------
    >>> gate_fault({"信息": "", "指标": "2 项未核", "反馈": ""})
    '指标：2 项未核｜三个不放过：信息、指标、反馈都完整才能销号'
    """
    states = {gate: lacks.get(gate, "未核对") for gate in GATES}
    open_gates = [f"{gate}：{lack}" for gate, lack in states.items() if lack]
    return f"{'；'.join(open_gates)}｜三个不放过：信息、指标、反馈都完整才能销号" if open_gates else ""
