"""The distance to the gates: what each pending case would change, and how many more cases each gate can bear."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from evalkit.design.judgement import FINDINGS
from evalkit.errors import EstimateError
from evalkit.rates import assumed
from evalkit.satisfaction import approval
from evalkit.showing import Rows, Shown, table_of
from evalkit.verdict.deciding import ZONES, satisfies, zone_codes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.design import Design
    from evalkit.design.judgement import Gate
    from evalkit.frame import Frame
    from evalkit.rates import Measure
    from evalkit.survey import Survey

    Array = NDArray[np.float64]
    Found = dict[str, Array]
    Asked = Callable[[Found], dict[str, Measure]]

CASES = (
    "case", "finding", "status", "persons", "rate", "now", "if_confirmed", "if_dismissed", "legal_now", "legal_if_confirmed",
    "legal_if_dismissed", "zone_now", "zone_if_confirmed", "zone_if_dismissed", "sentence",
)  # fmt: skip
BEARING = (
    "rate", "event", "threshold", "value", "met", "smallest", "smallest_persons", "typical", "typical_persons", "candidates", "sentence",
)  # fmt: skip
STEPS = 33  # numbers of cases that one pass looks at
SIDES: tuple[tuple[Literal["lower", "upper"], str], ...] = (("lower", "low"), ("upper", "high"))


@dataclass(frozen=True, eq=False)
class Distance(Shown):
    """How far the rates lie from their gates.

    Attributes
    ----------
    pending : int
        Cases raised and not decided.
    """

    pending: int
    _cases: pd.DataFrame
    _bearing: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return one row for each case and each rate that it moves.

        Returns
        -------
        DataFrame
            case (village/household/finding), finding, status, persons, rate; now, if_confirmed, if_dismissed: the value that the legal
            rule reads (the unweighted one where no gate is set); ``legal_…`` whether the gate is cleared, None without a gate;
            ``zone_…`` what the sample proves; sentence. Under the case 全部待定 all pending cases are taken at once.
        """
        return self._cases.copy()

    def bearing(self) -> pd.DataFrame:
        """Return one row for each gate and each event that moves its rate.

        Returns
        -------
        DataFrame
            rate, event, threshold, value (that the legal rule reads), met; smallest, typical: more households that the gate can bear,
            the smallest first or of the usual size, with their persons; candidates: households that could still be events.
        """
        return self._bearing.copy()

    def sentences(self) -> list[str]:
        """Return the sentences: of each gate first, then of each case."""
        return [*self._bearing["sentence"], *self._cases["sentence"]]

    def __repr__(self) -> str:
        return "\n".join([f"Distance 待定 {self.pending} 件", *self._bearing["sentence"]])

    def _rows_shown(self) -> Rows:
        words = {"rate": "指标", "event": "事件", "threshold": "门槛", "value": "值", "met": "达到", "smallest": "还能承受的户"}
        return table_of(self._bearing, words)


def distance(survey: Survey, design: Design, frame: Frame, rosters: pd.DataFrame | None = None) -> Distance:
    """Reckon what each case would change and how many more cases each gate can bear.

    Parameters
    ----------
    survey : Survey
        Of findings, as `weigh` makes it.
    design, frame, rosters
        As in `measure`.

    Returns
    -------
    Distance

    Raises
    ------
    EstimateError
        When the survey is not one of findings; as `measure`.

    Notes
    -----
    Every value comes from `evalkit.rates.assumed`, the rates under a set of confirmed findings: those of now with one case more or
    less. A case that is pending does not count now, so that dismissing it changes nothing; a case that is confirmed counts. The legal
    rule, its value and the zones are those of `judge`. Bearing: the most households that may be added to the confirmed ones
    before the legal rule is broken, taking those first that move the rate least; a typical household is the mean of all that could
    be added.
    """
    table = survey.table()
    if "finding" not in table or not design.rates:
        raise EstimateError("survey｜不是由认定结果加权而来，或设计没有指标｜用 ev.weigh(ev.determine(responses))")

    def asked(found: Found) -> dict[str, Measure]:
        return assumed(survey, design, frame, {**base, **found}, rosters)

    base = {rate.name: column[:, None] for rate, column in _base(table, design)}
    raised = list(_raised(table))
    cases = pd.DataFrame(list(_case_rows(table, design, asked, base, raised)), columns=list(CASES))
    bearing = pd.DataFrame(list(_bearing_rows(survey, design, asked, base)), columns=list(BEARING))
    return Distance(sum(pending for _, _, pending in raised), cases, bearing)


def _base(table: pd.DataFrame, design: Design) -> Iterator[tuple[Any, Array]]:
    """Yield each rate of households with the part of each household that counts now."""
    for rate in design.rates:
        if rate.kind == "finding":
            yield rate, _share(table, rate) * table[f"{rate.finding}_confirmed"].to_numpy(dtype=float)
        elif rate.kind in ("approval", "prevalence"):
            yield rate, np.asarray(approval(table, rate).approve, dtype=float)


def _share(table: pd.DataFrame, rate: Any) -> Array:
    """Return the part of a household that a finding affects, in the unit of the rate."""
    persons: Array = table["persons"].to_numpy(dtype=float)
    return np.ones(len(table)) if rate.count == "households" else np.asarray(_affected(table, rate.finding) / persons)


def _affected(table: pd.DataFrame, finding: str) -> Array:
    column = "missed_affected" if finding == "missed" and "missed_affected" in table else "affected"
    persons: Array = table[column].to_numpy(dtype=float)
    return persons


def _raised(table: pd.DataFrame) -> Iterator[tuple[int, str, bool]]:
    """Yield the row, the finding and whether it is pending of each case that is raised."""
    for code in FINDINGS:
        if code in table:
            for at in np.flatnonzero(table[code].to_numpy(dtype=bool)):
                yield int(at), code, not table[f"{code}_confirmed"].iloc[at]


def _case_rows(
    table: pd.DataFrame, design: Design, asked: Asked, base: Found, raised: list[tuple[int, str, bool]]
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the table of cases; column 0 of every set is now, column 1 all pending cases confirmed."""
    if not raised:
        return
    sets: Found = {}
    for rate in design.rates:
        if rate.kind == "finding":
            sets[rate.name] = _sets(base[rate.name], _share(table, rate), rate.finding, raised)
    made = asked(sets)
    for rate in design.rates:
        if rate.name not in made or np.size(made[rate.name].official) < len(raised) + 2:
            continue
        gate = next((gate for gate in design.gates if gate.rate == rate.name), None)
        moving = {part.finding for name, _ in _events(design, rate.name) for part in [design.rate(name)] if part and part.kind == "finding"}
        read, legal, zone = _read(made[rate.name], gate, design)
        for j, (at, code, pending) in enumerate([(-1, "", True), *raised], 1):
            if abs(read[j] - read[0]) > 0 and (at >= 0 or sum(p for _, _, p in raised) > 1):
                order = (0, j, 0) if pending else (0, 0, j)  # now, if confirmed, if dismissed
                who = _who(table, at, code, [part for part in raised if part[1] in moving])
                told = _case_sentence(who, pending, rate.name, gate, read[[0, j]], [legal[0], legal[j]])
                yield (*who, rate.name, *(part[i] for part in (read, legal, zone) for i in order), told)


def _sets(base: Array, share: Array, finding: str, raised: list[tuple[int, str, bool]]) -> Array:
    sets = np.repeat(base, len(raised) + 2, axis=1)
    for j, (at, code, pending) in enumerate(raised, 2):
        if code == finding:
            sets[at, j] = share[at] if pending else 0.0
            if pending:
                sets[at, 1] = share[at]
    return sets


def _who(table: pd.DataFrame, at: int, code: str, raised: list[tuple[int, str, bool]]) -> tuple[str, str, str, float]:
    if at < 0:
        waiting = [(row, finding) for row, finding, pending in raised if pending]
        return "全部待定", "", "", sum(_affected(table, finding)[row] for row, finding in waiting)
    status = "missed_status" if code == "missed" and "missed_status" in table else "status"
    row = table.iloc[at]
    return f"{row['village']}/{row['household']}/{FINDINGS[code]}", code, str(row[status]), float(_affected(table, code)[at])


def _read(found: Measure, gate: Gate | None, design: Design) -> tuple[Array, list[Any], list[Any]]:
    """Return the value that the legal rule reads in each set, whether it is satisfied, and what the sample proves."""
    official, estimate = np.atleast_1d(np.asarray(found.official, dtype=float)), found.estimate
    if gate is None:
        return official, [None] * len(official), [None] * len(official)
    read, legal = _legal(found, gate)
    level, icc = 1 - design.evaluation.alpha, design.evaluation.icc
    low, high = (estimate.interval(level=level, side=side, icc=icc)[column].to_numpy() for side, column in SIDES)
    zones = [ZONES[code] for code in np.atleast_1d(zone_codes(low, high, gate.threshold, gate.direction))]
    return read, [bool(each) for each in legal], zones


def _case_sentence(who: tuple[str, str, str, float], pending: bool, name: str, gate: Gate | None, read: Array, legal: list[Any]) -> str:
    case, _, _, persons = who
    more = "升至" if read[1] > read[0] else "降至"
    what = f"再认定全部待定案件（{persons:g}人）" if case == "全部待定" else f"{'再认定' if pending else '排除'}1户{persons:g}人"
    told = f"{what}，{name}由{read[0]:.2%}{more}{read[1]:.2%}"
    if gate is not None and legal[0] != legal[1]:
        told += f"，由{'达到' if legal[0] else '未达到'}变为{'达到' if legal[1] else '未达到'}{_percent(gate.threshold)}的门槛"
    return told if case == "全部待定" else f"{case}：{told}"


def _bearing_rows(survey: Survey, design: Design, asked: Asked, base: Found) -> Iterator[tuple[Any, ...]]:
    for gate in design.gates:
        for name, event in _events(design, gate.rate):
            yield _bearing_row(survey, design, asked, base, gate, name, event)


def _events(design: Design, name: str) -> list[tuple[str, str]]:
    """Return the rates of households that move a rate, each with what is counted."""
    rate = design.rate(name)
    assert rate is not None  # the design checked the name
    if rate.kind == "incidence":
        return [(rate.wrong_exit, "错退"), (rate.missed, "漏评")]
    if rate.kind == "accuracy":
        return [event for part in rate.errors for event in _events(design, part)]
    return [(name, FINDINGS[rate.finding] if rate.kind == "finding" else "不再认可" if rate.kind == "approval" else "由是变为否")]


@dataclass(frozen=True)
class Candidates:
    """The households that could still become events of one rate.

    Attributes
    ----------
    now : (rows,) array
        What of each household counts now.
    rows : array of int
        Those that could change, in the order in which they move the rate least.
    persons : (rows,) array
    goal : float
        What a household counts as once it is an event.
    """

    now: Array
    rows: NDArray[np.int64]
    persons: Array
    goal: float

    def smallest(self, many: Array) -> Array:
        """Return a set for each number of events, those first that move the rate least."""
        sets = np.repeat(self.now[:, None], len(many), axis=1)
        for j, m in enumerate(many):
            sets[self.rows[: int(m)], j] = self.goal
        return sets

    def typical(self, many: Array) -> Array:
        """Return a set for each number of events of the mean size: every candidate is one in part."""
        sets = np.repeat(self.now[:, None], len(many), axis=1)
        sets[self.rows] += (self.goal - self.now[self.rows])[:, None] * many / max(1, len(self.rows))
        return sets


def _candidates(survey: Survey, rate: Any, now: Array, weighted: bool) -> Candidates:
    table, goal = survey.table(), float(rate.kind == "finding")
    free = now == 1 - goal
    free &= table["stratum"].isin(rate.population).to_numpy() if rate.population else True
    free &= survey.answering if survey.answering is not None else True
    persons = table["persons"].to_numpy(dtype=float)
    effect = (persons if rate.count == "persons" else np.ones(len(table))) * (survey.weights if weighted else 1.0)
    rows = np.flatnonzero(free)
    return Candidates(now, rows[np.argsort(effect[rows], kind="stable")], persons, goal)


def _bearing_row(survey: Survey, design: Design, asked: Asked, base: Found, gate: Gate, name: str, event: str) -> tuple[Any, ...]:
    """Return how many more events of one rate a gate bears."""
    whom = _candidates(survey, design.rate(name), base[name][:, 0], gate.legal_value == "weighted")

    def cleared(sets: Array) -> tuple[Array, Array]:
        wide = {other: np.repeat(column, sets.shape[1], axis=1) for other, column in base.items()}
        return _legal(asked({**wide, name: sets})[gate.rate], gate)

    least = _most(len(whom.rows), lambda many: cleared(whom.smallest(many))[1])
    usual = _most(len(whom.rows), lambda many: cleared(whom.typical(many))[1])
    read, met = cleared(whom.smallest(np.zeros(1)))
    mean = float(whom.persons[whom.rows].mean()) if len(whom.rows) else 0.0
    few = float(whom.persons[whom.rows[: max(least, 0)]].sum())
    told = _bearing_sentence(gate, event, bool(met[0]), float(read[0]), (least, few), (usual, mean), len(whom.rows))
    counted = (max(least, 0), few, max(usual, 0), mean, len(whom.rows))
    return gate.rate, event, gate.threshold, float(read[0]), bool(met[0]), *counted, told


def _legal(found: Measure, gate: Gate) -> tuple[Array, Array]:
    """Return the value that the legal rule reads in each set, and whether it is satisfied."""
    read = np.atleast_1d(np.asarray(found.official if gate.legal_value == "unweighted" else found.estimate.value, dtype=float))
    return read, np.atleast_1d(satisfies(read, gate.threshold, gate.direction, gate.strict))


def _most(largest: int, holds: Callable[[Array], Any]) -> int:
    """Return the largest number of cases that a gate bears, −1 when it is broken already; more cases never mend it."""
    low, high = -1, largest + 1
    while high - low > 1:
        many = np.unique(np.linspace(low + 1, high - 1, min(STEPS, high - low - 1)).astype(int))
        good = np.asarray(holds(many.astype(float)), dtype=bool)
        kept = int(good.sum())
        low, high = (int(many[kept - 1]) if kept else low), (int(many[kept]) if kept < len(many) else high)
    return low


def _percent(share: float) -> str:
    return f"{100 * share:.6g}%"


def _bearing_sentence(
    gate: Gate, event: str, met: bool, value: float, least: tuple[int, float], usual: tuple[int, float], candidates: int
) -> str:
    head = f"{gate.rate}现为{value:.2%}，门槛{_percent(gate.threshold)}"
    if not met:
        return f"{head}：已未达到，再有{event}只会更远"
    if usual[0] >= candidates:
        return f"{head}：被访的 {candidates} 户全部{event}也不会越过"
    return f"{head}：还能承受{event} {usual[0]} 户（每户 {usual[1]:.1f} 人）；都是影响最小的户，则 {least[0]} 户（{least[1]:g} 人）"
