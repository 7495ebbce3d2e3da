"""Samples filled by quota, as on the telephone: what was planned, dialled and completed; weights by cell; no sampling error by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evalkit.errors import Faults, ResponsesError
from evalkit.lists import as_list
from evalkit.satisfaction.scales import Missing, Scales
from evalkit.satisfaction.scoring import answers
from evalkit.showing import Rows, Shown, table_of
from evalkit.survey import Survey

NO_ERROR = "配额样本不是概率样本，不作抽样误差推断"
CELL, WEIGHT = "_cell", "_weight"


@dataclass(frozen=True, eq=False, repr=False)
class QuotaSample(Shown):
    """Completed interviews filled by quota.

    Attributes
    ----------
    cells : tuple of str
        Columns whose values make a quota cell.
    """

    cells: tuple[str, ...]
    _plan: pd.DataFrame
    _answers: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return one row a cell: planned, dialled, completed, ``reached`` (completed over dialled), ``short``, population and weight.

        Columns that the plan does not have are left out.
        """
        return self._plan.copy()

    @property
    def completed(self) -> int:
        """Completed interviews."""
        return int(self._plan["completed"].sum())

    @property
    def reached(self) -> float:
        """Completed over dialled, in [0, 1]; NaN where the plan does not say how many were dialled."""
        return float(self._plan["completed"].sum() / self._plan["dialled"].sum()) if "dialled" in self._plan else float("nan")

    def sentence(self) -> str:
        """Return what a report must say of the sample."""
        planned, short = int(self._plan["planned"].sum()), int((self._plan["short"] > 0).sum())
        dialled = f"，拨打 {int(self._plan['dialled'].sum())}，完成率 {self.reached:.1%}" if "dialled" in self._plan else ""
        weighted = "按配额单元加权" if "weight" in self._plan else "未加权"
        missed = f"{short} 个单元未完成配额；" if short else ""
        return f"按配额计划 {planned}，完成 {self.completed}{dialled}；{missed}{weighted}；{NO_ERROR}。"

    def _rows_shown(self) -> Rows:
        return table_of(self.table())

    def __repr__(self) -> str:
        return f"QuotaSample：{len(self._plan)} 个单元，{self.sentence()}"

    def shares(self, items: str | Sequence[str], scale: Scales, *, missing: Missing = "fail") -> pd.DataFrame:
        """Return how each question was answered: ``variable``, ``level``, ``n``, ``share``, weighted where there are weights.

        There are no intervals: see `survey` for the model that would give them.
        """
        return answers(self._made(singleton="remove"), items, scale, missing=missing).drop(columns=["low", "high"])

    def survey(self, *, model: str) -> Survey:
        """Return the sample as if it had been drawn, under a model that is named and noted.

        Parameters
        ----------
        model : str
            The assumption, in words: "配额单元内视同简单随机抽样". It stands in the notes of the survey. There is no default.

        Raises
        ------
        ResponsesError
            Without a model, or without the population of the cells.
        """
        if not model.strip():
            raise ResponsesError(f"model｜{NO_ERROR}，要作推断须写明所用的模型｜写 model=\"配额单元内视同简单随机抽样\"")
        if "weight" not in self._plan:
            raise ResponsesError("population｜没有各单元的总体数，无从加权｜在配额表中补上，写 population=列名")
        made = self._made()
        return replace(made, notes=(*made.notes, f"配额样本，推断依模型：{model.strip()}"))

    def _made(self, **options: Any) -> Survey:
        return Survey.from_data(self._answers, weights=WEIGHT, strata=CELL, **options)


def quota_sample(
    plan: pd.DataFrame, completed: pd.DataFrame, cells: str | Sequence[str], *, planned: str, dialled: str | None = None,
    population: str | None = None,
) -> QuotaSample:  # fmt: skip
    """Set completed interviews beside the quotas they were to fill.

    Parameters
    ----------
    plan : DataFrame
        One row a quota cell, with `cells` and the columns named below.
    completed : DataFrame
        One row a completed interview, with `cells` and the questions.
    cells : str or list of str
        Columns that make a cell (区县, 对象).
    planned : str
        Column of the plan with the quota.
    dialled : str, optional
        Column with the numbers dialled.
    population : str, optional
        Column with the people of the cell; the weight is population over completed.

    Returns
    -------
    QuotaSample

    Raises
    ------
    ResponsesError
        With every fault: columns that are absent, a cell twice, counts that are no whole numbers, more completed than dialled,
        interviews of a cell without a quota, a cell with people and no interview.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> plan = pd.DataFrame({"区县": ["汉滨", "宁陕"], "计划": [4, 2], "拨打": [9, 3], "人口": [800, 100]})
    >>> done = pd.DataFrame({"区县": ["汉滨"] * 4 + ["宁陕"] * 2, "q": ["满意"] * 3 + ["不满意"] * 3})
    >>> made = ev.quota_sample(plan, done, "区县", planned="计划", dialled="拨打", population="人口")
    >>> made
    QuotaSample：2 个单元，按配额计划 6，完成 6，拨打 12，完成率 50.0%；按配额单元加权；配额样本不是概率样本，不作抽样误差推断。
    >>> made.shares("q", ev.Scale(("满意", "不满意"), top=("满意",)))["share"].round(4).tolist()
    [0.6667, 0.3333]
    """
    names = as_list(cells)
    numbers = {"planned": planned, "dialled": dialled, "population": population}
    wanted = {key: column for key, column in numbers.items() if column is not None}
    faults = Faults("配额样本")
    for table, columns in ((plan, [*names, *wanted.values()]), (completed, names)):
        for column in columns:
            if column not in table.columns:
                faults.add(None, column, None, "没有这一列", "核对配额表与完成表的列名")
    faults.refuse(ResponsesError)
    made = plan[names].assign(**{key: pd.to_numeric(plan[column], errors="coerce") for key, column in wanted.items()})
    labels, own = (table[names].astype(str).agg("｜".join, axis=1) for table in (made, completed))
    made["completed"] = labels.map(own.value_counts()).fillna(0).astype(np.int64)
    _check(made, labels, own, wanted, faults)
    faults.refuse(ResponsesError)
    made["short"] = (made["planned"] - made["completed"]).clip(lower=0)
    if dialled is not None:
        made["reached"] = made["completed"] / made["dialled"]
    weight = pd.Series(1.0, index=labels)
    if population is not None:
        made["weight"] = made["population"] / made["completed"].where(made["completed"] > 0)
        weight = pd.Series(made["weight"].to_numpy(), index=labels)
    held = completed.assign(**{CELL: own, WEIGHT: own.map(weight)})
    return QuotaSample(tuple(names), made.reset_index(drop=True), held)


def _check(made: pd.DataFrame, labels: pd.Series, own: pd.Series, wanted: dict[str, Any], faults: Faults) -> None:
    faults.add_rows(np.flatnonzero(labels.duplicated()), "配额单元", "同一单元占了两行", "合并为一行")
    for key, column in wanted.items():
        wrong = ~((made[key] >= 0) & (made[key] % 1 == 0))
        faults.add_rows(np.flatnonzero(wrong), str(column), "应为不小于 0 的整数", "改正后重试")
    if "dialled" in wanted:
        faults.add_rows(np.flatnonzero(made["completed"] > made["dialled"]), str(wanted["dialled"]), "完成多于拨打", "核对两个数")
    if "population" in wanted:
        empty = (made["population"] > 0) & (made["completed"] == 0)
        faults.add_rows(np.flatnonzero(empty), str(wanted["population"]), "有总体而无一份完成，无人可代表", "补访，或与相近单元合并")
        nobody = (made["population"] == 0) & (made["completed"] > 0)
        faults.add_rows(np.flatnonzero(nobody), str(wanted["population"]), "有完成而总体为 0", "核对总体数")
    faults.add_rows(np.flatnonzero(~own.isin(set(labels))), "配额单元", "配额表中没有这一单元", "补上配额，或改正这一行")
