"""A step that makes weights reproduce totals of any variables, by one of several distances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from evalkit import calibration
from evalkit.errors import Faults, SurveyError
from evalkit.lists import as_list
from evalkit.showing import Shown
from evalkit.variances import Floats, Ints
from evalkit.weights.margins import regression
from evalkit.weights.steps import Sets, Taken
from evalkit.weights.targets import root_of, shifts, target

if TYPE_CHECKING:
    from evalkit.survey import Survey

SIZE = "1"
BOUNDED = (0.3, 3.0)  # for the logit distance where no bounds are stated


@dataclass(frozen=True, eq=False, repr=False)
class Calibrate(Shown):
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
        return f"Calibrate {'、'.join(self._names)}（{self.distance}{bounds}）"

    def take(self, survey: Survey) -> Taken:
        """Take the step on a survey."""
        self._sound()
        rows, total, names, covariance = self._matrix(survey)
        before, units = survey.weights, self._units(survey)
        x = rows if units is None else calibration.unit_means(rows, before, units)
        bounds = self.bounds or (BOUNDED if self.distance == "logit" else None)
        asked: dict[str, Any] = {"method": self.distance, "bounds": bounds, "tol": self.tol, "names": names}
        made = calibration.fit(x, before, total, **asked)
        after = before * made.g
        self._refuse_negative(after)
        root = root_of(covariance)
        coded = rows if units is None else np.column_stack([rows, units])
        cell = np.unique(coded, axis=0, return_inverse=True)[1].ravel()

        def again(sets: Sets) -> Floats:
            held, moved = rows[sets.first], shifts(root, sets)
            if moved is None and units is None:
                return calibration.fit_many(held, sets.weights, total, start=made, **asked).rows()
            goals = np.broadcast_to(total if moved is None else total + moved, (len(sets.weights), len(total)))
            own = None if units is None else units[sets.first]
            return np.array([_fitted(held, weights, goal, own, asked) for weights, goal in zip(sets.weights, goals, strict=True)])

        beta = regression(x, before, after) if root is not None else None
        projections = [calibration.MatrixProjection(x, before, after)]
        return Taken(self, before, after, projections, (cell.astype(np.int64),), again, beta, root, (f"{made.steps} 步",))

    def _sound(self) -> None:
        if self.negative not in ("fail", "keep"):
            raise SurveyError(f'negative={self.negative}｜没有这种处理｜可用："fail"（报错）、"keep"（保留）')

    def _matrix(self, survey: Survey) -> tuple[Floats, Floats, list[str], Floats | None]:
        """Return the columns, their totals and names, and the covariance of the totals where they are estimated."""
        faults = Faults("Calibrate")
        if not isinstance(self.totals, Mapping):
            raise SurveyError(f"totals：{type(self.totals).__name__}｜应为 {{列: 总数}}｜改正后重试")
        for name in self._names:
            if name not in self.totals:
                faults.add(None, name, "", "没有写总数", f"在 totals 中写 {name!r}: …")
            if name != SIZE and name not in survey.columns:
                faults.add(None, name, "", "数据中没有这一列", f"可用：{'、'.join(map(str, survey.columns))}")
        for name in self.totals:
            if name not in self._names:
                faults.add(None, str(name), "", "有总数而不在 columns 中", "补入 columns 或去掉")
        faults.refuse(SurveyError)
        parts = [self._columns(survey, name, faults) for name in self._names]
        faults.refuse(SurveyError)
        x, total = np.column_stack([part for part, _, _ in parts]), np.concatenate([total for _, total, _ in parts])
        return x, total, [label for _, _, labels in parts for label in labels], self._spread(len(total))

    @property
    def _names(self) -> list[str]:
        return as_list(self.columns)

    def _spread(self, count: int) -> Floats | None:
        """Return the covariance matrix of the totals."""
        estimated = [name for name in self._names if hasattr(self.totals[name], "cov")]
        if self.covariance is None and not estimated:
            return None
        if self.covariance is None:
            if len(estimated) > 1 or len(self._names) > 1:
                raise SurveyError(f"{'、'.join(estimated)}｜总数是估计值，与其余总数的协方差未知｜写 covariance=（已知的总数处为 0）")
            return np.asarray(self.totals[estimated[0]].cov(), dtype=float)
        given = np.atleast_2d(np.asarray(self.covariance, dtype=float))
        sound = given.shape == (count, count) and bool(np.isfinite(given).all()) and np.allclose(given, given.T)
        if not sound or bool(np.linalg.eigvalsh(given).min() < -1e-9 * np.abs(given).max()):
            raise SurveyError(f"covariance：{given.shape}｜应为 {count} × {count} 的对称、非负定矩阵，次序同各列与各类｜改正后重试")
        return given

    def _columns(self, survey: Survey, name: str, faults: Faults) -> tuple[Floats, Floats, list[str]]:
        """Return the columns of the matrix that one variable makes, with their totals and names."""
        stated = self.totals[name]
        if name == SIZE:
            return np.ones((len(survey), 1)), self._total(name, stated, faults), ["单位数"]
        series = survey.column(name)
        many = hasattr(stated, "cov") and len(stated) > 1
        if many or isinstance(stated, (Mapping, pd.Series, pd.DataFrame)):
            found = target(survey, [name], stated)
            made = np.zeros((len(survey), len(found.total)))
            made[np.arange(len(survey)), found.code] = 1.0
            return made, found.total, [f"{name} {label}" for label in found.labels]
        if not pd.api.types.is_numeric_dtype(series):
            faults.add(None, name, type(stated).__name__, "是文字列，总数应按类写", f"{name!r}: {{类: 总数, …}}")
            return np.ones((len(survey), 1)), np.ones(1), [name]
        values = series.to_numpy(dtype=float, na_value=np.nan)
        bad = ~np.isfinite(values) if survey.answering is None else ~np.isfinite(values) & survey.answering
        faults.add_rows(np.flatnonzero(bad), name, "校准变量应为有限数", "补全后重试")
        return np.nan_to_num(values, posinf=0.0, neginf=0.0)[:, None], self._total(name, stated, faults), [name]

    def _total(self, name: str, stated: Any, faults: Faults) -> Floats:
        try:
            made = np.array([float(stated)])
        except (TypeError, ValueError):
            made = np.array([np.nan])
        if not np.isfinite(made[0]):
            faults.add(None, name, type(stated).__name__, "总数应为有限数", "改正后重试")
        return made

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


def _fitted(x: Floats, weights: Floats, total: Floats, units: Ints | None, asked: dict[str, Any]) -> Floats:
    """Return the factors of one replicate; rows without weight in it keep 1."""
    held = weights > 0
    rows = x[held]
    if units is not None:
        rows = calibration.unit_means(rows, weights[held], np.unique(units[held], return_inverse=True)[1].astype(np.int64))
    made = np.ones(len(weights))
    made[held] = calibration.fit(rows, weights[held], total, **asked).g
    return made
