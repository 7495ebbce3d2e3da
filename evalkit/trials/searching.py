"""Which of several designs is the cheapest that keeps the risks it is asked to keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.design import Design
from evalkit.errors import DesignError, Faults
from evalkit.showing import Rows, Shown, table_of
from evalkit.trials.outcomes import Trials
from evalkit.trials.simulating import simulate

if TYPE_CHECKING:
    from evalkit.design.judgement import Gate

SURE = 2.0  # Monte-Carlo standard errors by which a risk must be kept, or missed, to be called so


@dataclass(frozen=True, eq=False, repr=False)
class Search(Shown):
    """What a search found.

    Attributes
    ----------
    best : Design or None
        The cheapest design that keeps both risks; None when none of those that were tried does.
    tried : pandas.DataFrame
        One row a design, in the order of cost: ``design cost villages households consumer consumer_se power power_se keeps``;
        `keeps` is "yes", "no", or "unclear" where a risk lies within two Monte-Carlo standard errors of its limit.
    trials : tuple of Trials
        In the same order.
    """

    best: Design | None
    tried: pd.DataFrame
    trials: tuple[Trials, ...]

    def _rows_shown(self) -> Rows:
        return table_of(self.tried)

    def __repr__(self) -> str:
        found = f"最省的是 {self.best.evaluation.title}" if self.best is not None else "所试的设计都达不到"
        return f"Search {len(self.tried)} 个设计：{found}\n{self.tried.round(4).to_string(index=False)}"


def cheapest(
    designs: Iterable[Design], *, better: float, consumer: float = 0.05, producer: float = 0.2, everything: bool = False, **asked: Any
) -> Search:
    """Simulate designs from the cheapest on until one keeps both risks.

    Parameters
    ----------
    designs : iterable of Design
        Each with one gate on the same rate and with costs in `[planning]`.
    better : float
        A true rate on the good side of the gate, at which the design should prove that the gate is met.
    consumer : float
        Highest chance of a wrong proof when the true rate lies on the gate, in (0, 1).
    producer : float
        Highest chance of no proof at `better`, in (0, 1).
    everything : bool
        Whether to go on after the first design that keeps them.
    **asked
        Handed to `simulate`: ``seed`` (needed), ``replicates``, ``icc``, ``model``, ``workers`` …; with several correlations or
        models the worst of them counts.

    Returns
    -------
    Search

    Raises
    ------
    DesignError
        A design without a cost or with several gates, a rate on the wrong side of a gate, a risk outside (0, 1).

    Examples
    --------
    >>> import evalkit as ev
    >>> designs = [ev.plain_design(m, 20, frame=60, households=80, cost_village=500, cost_household=50) for m in (10, 30)]
    >>> cheapest(designs, better=.002, seed="1", replicates=4, workers=1, producer=.5).tried["cost"].tolist()
    [15000.0, 45000.0]
    """
    listed = list(designs) if isinstance(designs, Iterable) else [designs]
    _check(listed, better, consumer, producer, asked)
    waiting = sorted(((_cost(design), at, design) for at, design in enumerate(listed)), key=lambda each: each[:2])
    rows, held, best = [], [], None
    for cost, _, design in waiting:
        gate = design.gates[0]
        trials = simulate(design, {gate.rate: [gate.threshold, better]}, **asked)
        rows.append({"design": design.evaluation.title, "cost": cost, **_judged(trials, gate.threshold, better, consumer, producer)})
        held.append(trials)
        if rows[-1]["keeps"] == "yes":
            best = best or design
            if not everything:
                break
    return Search(best, pd.DataFrame(rows), tuple(held))


def _cost(design: Design) -> float:
    """Return what a design of plain quotas costs by its own plan."""
    plan = design.planning
    numbers = [stage.n for stage in design.stages if isinstance(stage.n, int)]
    if plan is None or not plan.cost_village + plan.cost_household or len(numbers) < len(design.stages):
        raise DesignError(f"{design.evaluation.title}｜没有费用，或抽样个数不是一个数｜写 [planning] cost_village、cost_household")
    villages, take = numbers[0], numbers[-1]
    return plan.cost_village * villages + plan.cost_household * villages * take


def _check(designs: list[Any], better: Any, consumer: Any, producer: Any, asked: Mapping[str, Any]) -> None:
    faults = Faults("最省的设计")
    for name, risk in (("consumer", consumer), ("producer", producer)):
        if faults.is_number(name, risk, "5% 写 .05") and not 0 < risk < 1:
            faults.add(None, name, f"{risk:g}", "应在 0 与 1 之间", "5% 写 .05")
    if "rates" in asked:
        faults.add(None, "rates", None, "真值由门槛与 better 定：在门槛上看误判，在 better 看证实", "去掉 rates，较好的率写 better=")
    if "seed" not in asked:
        faults.add(None, "seed", None, "没有种子", 'seed="20181110"')
    if not designs:
        faults.add(None, "designs", None, "没有设计", "给出至少一个")
    good = faults.is_number("better", better, "写小数，如 better=.005")
    for at, design in enumerate(designs, 1):
        if not isinstance(design, Design):
            remedy = "给出 ev.read_design 读出的设计，或 ev.plain_design(…)；只有每村户数时用 ev.acceptance.cheapest"
            faults.add(None, f"designs 第 {at} 个", type(design).__name__, "不是设计", remedy)
        elif len(design.gates) != 1:
            faults.add(None, design.evaluation.title, None, f"有 {len(design.gates)} 道门槛", "这里一次只看一道")
        elif good and not _on_the_good_side(design.gates[0], better):
            faults.add(None, "better", f"{better:g}", f"应在门槛 {design.gates[0].threshold:g} 达标的一侧", "改 better")
    faults.refuse(DesignError)


def _on_the_good_side(gate: Gate, rate: float) -> bool:
    return rate < gate.threshold if gate.direction == "below" else rate > gate.threshold


def _judged(trials: Trials, threshold: float, better: float, consumer: float, producer: float) -> dict[str, Any]:
    table = trials.table()
    at_gate = table[table["p"] == threshold].sort_values("met").iloc[-1]
    at_better = table[table["p"] == better].sort_values("met").iloc[0]
    risk, risk_se, power, power_se = at_gate["met"], at_gate["met_se"], at_better["met"], at_better["met_se"]
    kept = risk <= consumer + SURE * risk_se and power >= 1 - producer + SURE * power_se
    lost = risk > consumer + SURE * risk_se or power < 1 - producer - SURE * power_se
    work = trials.work[:, 0].mean(axis=0)
    return {
        "villages": work[0], "households": work[1], "consumer": risk, "consumer_se": risk_se, "power": power, "power_se": power_se,
        "keeps": "yes" if kept else "no" if lost else "unclear",
    }  # fmt: skip
