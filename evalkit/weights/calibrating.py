"""A step that makes weights reproduce totals of any variables, by one of several distances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from evalkit import calibration
from evalkit.errors import Faults, SurveyError
from evalkit.variances import Floats, Ints
from evalkit.weights.margins import regression
from evalkit.weights.steps import Sets, Taken
from evalkit.weights.targets import root_of, shifts, target

if TYPE_CHECKING:
    from evalkit.survey import Survey

SIZE = "1"
BOUNDED = (0.3, 3.0)  # for the logit distance where no bounds are stated


@dataclass(frozen=True, eq=False, repr=False)
class Calibrate:
    """Change the weights as little as may be so that they reproduce totals of several variables.

    Parameters
    ----------
    columns : list of str
        Numeric columns, text or categorical columns (each category then has a total), and ``"1"`` for the number of units.
    totals : mapping
        From each column to its total, or to the totals of its categories.
    distance : str
        A name of `evalkit.calibration.METHODS`: ``linear`` (the regression estimator), ``raking``, ``logit``, ``truncated``,
        ``sinh``.
    bounds : (float, float), optional
        What new weights over old lie between; (.3, 3) for ``logit`` when not given.
    unit_stage : int, optional
        Stage, from 1, whose sampled units keep one factor for all their rows (household weights that fit person totals).
    covariance : array, optional
        Covariance matrix of the totals, in the order of `columns` and their categories, when they are estimated.
    negative : {"fail", "keep"}
        What becomes of weights below 0, which the linear distance can give.
    tol : float
        Largest relative miss.

    Notes
    -----
    Deville & Särndal 1992, JASA 87:376. The variance is that of the residuals of a regression on the columns, with the weights
    before the step, whatever the distance; estimated totals add β'Vβ.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"x": [1.0, 2, 3], "y": [2.0, 3, 5], "w": 10.0}), weights="w")
    >>> fitted = ev.weigh(survey, ev.Calibrate(["1", "x"], {"1": 33, "x": 69}))
    >>> fitted.weights.round(6).tolist(), float(ev.total(fitted, "x").se[0].round(9))
    ([9.5, 11.0, 12.5], 0.0)
    """

    columns: Sequence[str]
    totals: Mapping[str, Any]
    distance: str = "linear"
    bounds: tuple[float, float] | None = None
    unit_stage: int | None = None
    covariance: Any = None
    negative: Literal["fail", "keep"] = "fail"
    tol: float = 1e-10
    calibrates: bool = field(default=True, init=False)

    def __repr__(self) -> str:
        bounds = f"，倍数 {self.bounds[0]:g}–{self.bounds[1]:g}" if self.bounds else ""
        return f"Calibrate {'、'.join(self.columns)}（{self.distance}{bounds}）"

    def take(self, survey: Survey) -> Taken:
        """Take the step on a survey."""
        x, total, names = self._matrix(survey)
        before = survey.weights
        units = self._units(survey)
        if units is not None:
            x = calibration.unit_means(x, before, units)
        bounds = self.bounds or (BOUNDED if self.distance == "logit" else None)
        asked: dict[str, Any] = {"method": self.distance, "bounds": bounds, "tol": self.tol, "names": names}
        made = calibration.fit(x, before, total, **asked)
        after = before * made.g
        self._refuse_negative(after)
        covariance = None if self.covariance is None else np.asarray(self.covariance, dtype=float)
        root = root_of(covariance)
        cell = np.unique(x, axis=0, return_inverse=True)[1].ravel()

        def again(sets: Sets) -> Floats:
            held, moved = x[sets.first], shifts(root, sets.start, len(sets.weights), sets.spread)
            if moved is None:
                return calibration.fit_many(held, sets.weights, total, start=made, **asked).rows()
            pairs = zip(sets.weights, total + moved, strict=True)
            return np.array([calibration.fit(held, weights, goal, **asked).g for weights, goal in pairs])

        beta = regression(x, before, after) if root is not None else None
        projections = [calibration.MatrixProjection(x, before, after)]
        return Taken(self, before, after, projections, (cell.astype(np.int64),), again, beta, root, (f"{made.steps} 步",))

    def _matrix(self, survey: Survey) -> tuple[Floats, Floats, list[str]]:
        faults = Faults("Calibrate")
        for name in self.columns:
            if name not in self.totals:
                faults.add(None, name, "", "没有写总数", f"在 totals 中写 {name!r}: …")
            if name != SIZE and name not in survey.columns:
                faults.add(None, name, "", "数据中没有这一列", f"可用：{'、'.join(map(str, survey.columns))}")
        for name in self.totals:
            if name not in self.columns:
                faults.add(None, str(name), "", "有总数而不在 columns 中", "补入 columns 或去掉")
        faults.refuse(SurveyError)
        parts = [self._columns(survey, name, faults) for name in self.columns]
        faults.refuse(SurveyError)
        x = np.column_stack([part for part, _, _ in parts])
        return x, np.concatenate([total for _, total, _ in parts]), [label for _, _, labels in parts for label in labels]

    def _columns(self, survey: Survey, name: str, faults: Faults) -> tuple[Floats, Floats, list[str]]:
        """Return the columns of the matrix that one variable makes, with their totals and names."""
        stated = self.totals[name]
        if name == SIZE:
            return np.ones((len(survey), 1)), np.array([float(stated)]), ["单位数"]
        series = survey.column(name)
        if isinstance(stated, (Mapping, pd.Series, pd.DataFrame)):
            found = target(survey, [name], stated)
            made = np.zeros((len(survey), len(found.total)))
            made[np.arange(len(survey)), found.code] = 1.0
            return made, found.total, [f"{name} {label}" for label in found.labels]
        if not pd.api.types.is_numeric_dtype(series):
            faults.add(None, name, type(stated).__name__, "是文字列，总数应按类写", f"{name!r}: {{类: 总数, …}}")
            return np.ones((len(survey), 1)), np.ones(1), [name]
        values = series.to_numpy(dtype=float, na_value=np.nan)
        bad = ~np.isfinite(values) if survey.answering is None else ~np.isfinite(values) & survey.answering
        for at in np.flatnonzero(bad):
            faults.add(int(at) + 2, name, "", "校准变量应为有限数", "补全后重试")
        return np.nan_to_num(values, posinf=0.0, neginf=0.0)[:, None], np.array([float(stated)]), [name]

    def _units(self, survey: Survey) -> Ints | None:
        if self.unit_stage is None:
            return None
        if not 1 <= self.unit_stage <= len(survey.stages):
            raise SurveyError(f"unit_stage={self.unit_stage}｜抽样有 {len(survey.stages)} 个阶段，从 1 数起｜改正后重试")
        return survey.stages[self.unit_stage - 1].row_unit

    def _refuse_negative(self, after: Floats) -> None:
        below = np.flatnonzero(after < 0)
        if len(below) and self.negative == "fail":
            rows = "、".join(str(at + 2) for at in below[:10]) + ("……" if len(below) > 10 else "")
            rule = f"{len(below)} 个权数小于 0（第 {rows} 行，最小 {after.min():.4g}）"
            raise SurveyError(f'{self}｜{rule}｜写 bounds=(0.3, 3) 或 distance="raking"；确要保留写 negative="keep"')
