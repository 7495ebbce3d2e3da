"""`score`: from values and a system to a Scorecard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalkit.errors import EstimateError, Faults
from evalkit.indicators.drawing import joint_draws
from evalkit.indicators.scorecard import Scorecard
from evalkit.indicators.systems import read_system
from evalkit.indicators.tree import mark
from evalkit.indicators.values import Value, Values, gather
from evalkit.patience import Progress
from evalkit.verdict import Verdict, judge

if TYPE_CHECKING:
    from evalkit.design.scoring import System


def score(
    source: Any, system: Any, *, by: Any = None, other: Any = None, missing: str = "fail", draws: int = 1000, level: float = 0.9,
    alpha: float = 0.05, icc: Any = None, progress: Progress | None = None,
) -> Scorecard:  # fmt: skip
    """Score one or several units by a system of indicators, sampling errors included.

    Parameters
    ----------
    source : Survey, rates, verdicts, mapping or table
        A Survey gives the indicators that name a `column`, by the units of `by`; the rates of `measure` and verdicts go to the indicators
        that name them; a mapping goes from codes to numbers, Estimates, rates or verdicts, or from units to any of these (surveys drawn
        apart); a table has 对象, 代码, 值, 标准误, 来源, 日期, 提供单位.
    system : System, Design, path, mapping or table
        As `read_system` takes it.
    by : str or list of str, optional
        Columns of a Survey whose values are the units.
    other : table or path, optional
        Values from elsewhere (扶贫开发信息系统, 农村贫困监测, 资金绩效), each with source, date and who gave it.
    missing : {"fail", "out"}
        What is done with an indicator that has no value: refused, or out with its weight.
    draws : int
        Joint draws for the sampling error, at least 100.
    level : float
        Of the ranges of points, scores and places, in (0, 1).
    alpha, icc
        Of the verdicts on gates, as in `judge`.
    progress : callable, optional
        Told a line a hundredth of the values that are drawn.

    Returns
    -------
    Scorecard

    Raises
    ------
    EstimateError
        With every fault at once: indicators without value, or with two; codes, units and columns that there are not; a value from
        elsewhere without source, date or giver.
    DesignError
        As `read_system`.

    Examples
    --------
    The hundred points of Sichuan 2017, as far as they are published:

    >>> card = score({"1.1.1": 1.0, "1.1.2": .998, "1.1.3": 1, "1.1.4": .9995, "1.1.5": .997}, "designs/systems/sichuan_city_2017.toml")
    >>> float(card.scores[0]), float(card.reach[0]), card.open
    (21.0, 27.0, True)
    """
    made = read_system(system)
    _refuse(draws, level, alpha)
    values = gather(source, made, by, other, missing)
    count = draws if values.sampled else 1
    readings = joint_draws(values, made, count, icc, progress)
    return Scorecard(made, values, mark(made, values.read), mark(made, readings), readings, _verdicts(values, made, alpha, icc), level)


def _refuse(draws: Any, level: Any, alpha: Any) -> None:
    faults = Faults("记分")
    if faults.is_number("draws", draws) and (draws < 100 or draws != int(draws)):
        faults.add(None, "draws", draws, "应为不少于 100 的整数", "写 draws=1000")
    for name, given, ceiling in (("level", level, 1), ("alpha", alpha, 0.5)):
        if faults.is_number(name, given) and not 0 < given < ceiling:
            faults.add(None, name, given, f"应在 0 与 {ceiling:g} 之间", "90% 写 .9，5% 写 .05")
    faults.refuse(EstimateError)


def _verdicts(values: Values, system: System, alpha: float, icc: Any) -> dict[tuple[str, str], Verdict]:
    """Return the verdicts on gates that rest on an estimate: those that were given, and those that are made here."""
    gates = {leaf.code: leaf for leaf in system.leaves if leaf.rule == "gate"}
    return {
        (value.unit, value.code): value.verdict or _judged(value, gates[value.code], alpha, icc)
        for value in values.single
        if value.code in gates and (value.verdict is not None or value.estimate is not None)
    }


def _judged(value: Value, gate: Any, alpha: float, icc: Any) -> Verdict:
    assert value.estimate is not None
    return judge(
        value.estimate, gate.target, direction=gate.direction, strict=gate.strict, alpha=alpha, legal_value=value.read, name=gate.name,
        icc=icc,
    )  # fmt: skip
