"""Plan: what a design will take, prove and cost, before anything has been drawn; made by `plan`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.errors import DesignError
from evalkit.lists import fixed
from evalkit.plans.accepting import acceptance_tables
from evalkit.plans.counting import Trial, count, planned_frame
from evalkit.plans.precision import bound_curve, gate_row, precision_row
from evalkit.plans.reckoning import published, work
from evalkit.plans.remarks import CEREMONY, assumptions
from evalkit.plans.strengths import Strength, rate_strengths
from evalkit.plans.tabulating import interview_table, stage_table, strata_table, weight_table
from evalkit.plans.telling import told_lines
from evalkit.sheets import plain_numbers, write_csv
from evalkit.showing import Rows, Shown, table_of

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.design.judgement import Total
    from evalkit.frame import Frame

MADE, SIMULATED = "模拟名单", "模拟数据"
PRECISION = (
    "rate", "population", "p", "villages", "issued", "complete", "take", "deff_w", "icc", "icc_source", "deff", "n_eff", "f_eff", "df",
    "se", "low", "high", "half", "confidence",
)  # fmt: skip
GATES = (
    "rate", "threshold", "direction", "strict", "quote", "p", "complete", "level", "bound", "proven", "bound_none", "proven_none",
    "allowed", "expected", "legal_at_p", "legal_at_gate", "proof_at_p", "villages", "villages_bound", "villages_power",
)  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class Plan(Shown):
    """The sampling plan of an evaluation.

    Parameters
    ----------
    design : Design
    frame : Frame
        The list, made up or real.

    Notes
    -----
    The counts are those of a trial with a seed of its own, drawn by the same code as the draw; its units are not part of the
    plan. Rosters that have not come are expected from the list and `[planning]`.
    """

    design: Design
    frame: Frame
    _tables: Mapping[str, pd.DataFrame]

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return copies of all tables.

        Returns
        -------
        dict of str to pandas.DataFrame
            ``stages``, ``strata``, ``interviews``, ``weights``, ``precision``, ``gates``, ``bounds`` (the deciding bound by number
            of events), ``acceptance`` (the rules that gates state, by model), ``curves`` (the chance of acceptance by true rate),
            ``work``, ``ceremony``, ``published`` and ``assumptions``. Shares lie in 0 to 1; a missing number is one
            that the design does not determine.
        """
        return {name: table.copy() for name, table in self._tables.items()}

    def table(self, name: str) -> pd.DataFrame:
        """Return a copy of one table."""
        return self._tables[name].copy()

    @property
    def mark(self) -> str:
        """The words that every output bears where the list or the registry is made up, else nothing."""
        return MADE if self.design.frame.made is not None else SIMULATED if self.design.simulated else ""

    @property
    def agrees(self) -> bool:
        """Whether the plan reproduces every published figure."""
        return bool(self._tables["published"]["agrees"].all())

    def lines(self) -> list[str]:
        """Return the plan in at most 24 lines."""
        return told_lines(self)

    def save(self, folder: str | Path) -> tuple[Path, ...]:
        """Write every table as a CSV file.

        Parameters
        ----------
        folder : str or pathlib.Path
            Made when it is missing.

        Returns
        -------
        tuple of pathlib.Path
        """
        folder = Path(folder)
        marked = {name: table.assign(**({"mark": self.mark} if self.mark else {})) for name, table in self._tables.items()}
        return tuple(write_csv(table, folder / f"{name}.csv") for name, table in marked.items())

    def _rows_shown(self) -> Rows:
        return table_of(self._tables["stages"], {"unit": "单位", "population": "总数", "take": "抽取", "method": "抽法"})

    def __repr__(self) -> str:
        stages = self._tables["stages"]
        parts = [f"{unit}{take}/{size}" for unit, take, size in zip(stages["unit"], stages["take"], stages["population"], strict=True)]
        gates = self._tables["gates"]
        can = sum(says is True for says in gates["proven"])  # None is neither
        proven = f"，{len(gates)} 道门槛中按规划值可证实 {can} 道" if len(gates) else ""
        mark = f"（{self.mark}）" if self.mark else ""
        return f"Plan {self.design.evaluation.title}{mark}：{' → '.join(parts)}{proven}，设计指纹 {self.design.hash[:12]}"


def plan(design: Design, frame: Frame | None = None) -> Plan:
    """Make the sampling plan of a design: counts, chances, expected precision, work, and the check of published figures.

    Parameters
    ----------
    design : Design
        With a `[planning]` section.
    frame : Frame, optional
        The list; without it that of the design, made up where the design says so.

    Returns
    -------
    Plan

    Raises
    ------
    DesignError
        Without `[planning]`; when a published figure is none of the plan's; an acceptance rule that the planned sample cannot keep.
    DrawError, FrameError
        Where the real draw would refuse: strata that are missing or short, totals that do not fit.

    Notes
    -----
    For each rate deff = deff_w·(1 + (take − 1)·icc) with Kish's deff_w and the weighted take of Gabler, Häder & Lahiri (1999);
    se = √(p(1 − p)·deff·(1 − f_eff)/n), n the complete households without replacement. Intervals and one-sided bounds are KG-M
    (`evalkit.intervals.proportion`). A gate can be proved when the one-sided bound at the planning rate lies beyond it.

    Examples
    --------
    >>> import evalkit as ev
    >>> made = plan(ev.read_design("designs/biyang_2018.toml"))
    >>> made.table("stages")[["stage", "take"]].values.tolist()
    [['village', 44], ['household', 2640]]
    >>> made.agrees
    True
    """
    if design.planning is None:
        remedy = "写 [planning]，至少写 rates = { \"指标名\" = 规划的率 }、response、ineligible、interviews_per_day"
        raise DesignError(f"planning｜缺少这一节：抽样方案要用规划值｜{remedy}")
    _check_rates(design)
    frame = planned_frame(design) if frame is None else frame
    trial = count(design, frame)
    inference = all(stage.inference for stage in design.stages)
    found = list(rate_strengths(design, trial.lots, _totals(design, frame))) if inference else []
    strata = strata_table(design, trial)
    tables = {
        "stages": stage_table(design, trial, strata),
        "strata": strata,
        "interviews": interview_table(design, trial.lots),
        "weights": weight_table(design, trial),
        **_expected(design, trial, found),
        "work": pd.DataFrame(work(design, trial.lots), columns=["key", "item", "value", "unit"]).astype({"value": float}),
        "ceremony": pd.DataFrame(CEREMONY, columns=["when", "step", "published"]),
        "published": published(design, trial, strata),
        "assumptions": pd.DataFrame({"text": list(assumptions(design, trial, found))}),
    }
    return Plan(design, frame, fixed(tables))


def _check_rates(design: Design) -> None:
    """Refuse planning values of 0 or 1, at which nothing can be planned."""
    assert design.planning is not None
    ends = [name for name, value in design.planning.rates.items() if value in (0, 1)]
    if ends:
        raise DesignError(f"planning.rates：{'、'.join(ends)}｜规划的率应大于 0、小于 1｜改正该值")
    if design.planning.response == 0 or design.planning.ineligible == 1:
        raise DesignError("planning｜response 为 0 或 ineligible 为 1 时没有一户完成｜改正 response、ineligible")


def _totals(design: Design, frame: Frame) -> dict[str, dict[str, float]]:
    """Return the registry totals of the incidence rates."""
    keys = ("remaining", "exited", "non_registry", "rural")
    rates = [rate for rate in design.rates if rate.kind == "incidence"]
    return {rate.name: {key: _total(getattr(rate.totals, key), frame) for key in keys} for rate in rates}


def _total(total: Total, frame: Frame) -> float:
    if total.value is not None:
        return float(total.value)
    numbers = plain_numbers(frame.table()[total.column])
    if numbers.isna().any():
        raise DesignError(f"rate.totals：{total.column}｜名单的这一列应为数值｜改正名单，或写 value = 数值")
    return float(numbers.sum())


def _expected(design: Design, trial: Trial, found: list[Strength]) -> dict[str, pd.DataFrame]:
    rules, by_name = design.evaluation, {strength.rate: strength for strength in found}
    gates: list[dict[str, Any]] = []
    curves = []
    for gate in design.gates:
        strength = by_name.get(gate.rate)
        if strength is not None:
            gates.append(gate_row(strength, gate, rules.alpha, len(trial.frame)))
            curves.append(bound_curve(strength, gate, rules.alpha))
    rows = [precision_row(strength, rules.confidence, rules.icc_source) for strength in found]
    empty = pd.DataFrame(columns=["rate", "events", "bound"])
    return {
        "precision": pd.DataFrame(rows, columns=list(PRECISION)),
        "gates": pd.DataFrame(gates, columns=list(GATES)).astype({"proven": object, "proven_none": object}),  # None: not known
        "bounds": pd.concat(curves, ignore_index=True) if curves else empty,
        **acceptance_tables(design, by_name),
    }
