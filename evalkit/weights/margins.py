"""Steps that make weights add up to counts: post-stratification, and raking over several margins."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg

from evalkit import calibration
from evalkit.calibration import Names
from evalkit.errors import SurveyError
from evalkit.lists import as_list
from evalkit.showing import Shown
from evalkit.variances import Floats, Ints, add_up
from evalkit.weights.steps import Sets, Taken
from evalkit.weights.targets import Target, root_of, shifts, target

if TYPE_CHECKING:
    from evalkit.survey import Survey


@dataclass(frozen=True, eq=False, repr=False)
class PostStratify(Shown):
    """Scale the weights of each post-stratum to its total.

    Parameters
    ----------
    by : str or list of str
        Columns whose values make the post-strata, crossed.
    totals : mapping, pandas.Series, pandas.DataFrame or Estimate
        Population of each post-stratum, ≥ 0; keys are values, tuples of values where columns are crossed. An Estimate (of
        another, independent survey: anything with ``.value``, ``.labels`` and ``.cov()``) brings its own uncertainty.

    Notes
    -----
    The variance is that of the residuals from the post-stratum means, weighted as before the step (Särndal, Swensson & Wretman
    1992, §7.6); with estimated totals plus β'Vβ, β the post-stratum means (Dever & Valliant 2010, Surv. Meth. 36:45).

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"kind": ["a", "a", "b"], "y": [1.0, 3, 5], "w": 10.0}), weights="w")
    >>> adjusted = ev.weigh(survey, ev.PostStratify("kind", {"a": 30, "b": 10}))
    >>> adjusted.weights.tolist(), float(ev.mean(adjusted, "y"))
    ([15.0, 15.0, 10.0], 2.75)
    """

    by: str | Sequence[str]
    totals: Any
    calibrates = True

    def __repr__(self) -> str:
        return f"PostStratify {' × '.join(as_list(self.by))}"

    def take(self, survey: Survey) -> Taken:
        """Take the step on a survey."""
        found = target(survey, as_list(self.by), self.totals)
        before = survey.weights
        names = Names([found.name], [found.labels])
        after = before * calibration.poststratify(found.code, before, found.total, names=names).g
        root = root_of(found.covariance)

        def again(sets: Sets) -> Floats:
            code, count = found.code[sets.first], len(found.total)
            sums = by_code(sets.weights, code, count)
            moved = shifts(root, sets)
            factors = calibration.poststratify_cells(sums, found.total, names=names)
            if moved is not None:
                factors = factors + np.divide(moved, sums, out=np.zeros_like(sums), where=sums > 0)
            return factors[:, code]

        projections = [calibration.CellProjection(found.code, before, after)]
        return Taken(self, before, after, projections, (found.code,), again, _slopes([found], before, after), root)


@dataclass(frozen=True, eq=False, repr=False)
class Rake(Shown):
    """Make weights reproduce several margins at once, by iterative proportional fitting.

    Parameters
    ----------
    margins : mapping
        From a column (or a tuple of columns, crossed) to the totals of its categories, as for `PostStratify`.
    tol : float
        Largest relative miss of any total.
    sweeps : int, optional
        None: the variance is that of the residuals from a regression on all margins, weighted as before the step. 10 reproduces
        R survey's `rake`, which takes away the plain means of each margin in turn, ten times.
    max_sweeps : int
        Rounds after which margins count as impossible to meet together.

    Notes
    -----
    Deming & Stephan 1940; the linearisation is that of calibration by the raking distance (Deville & Särndal 1992, JASA 87:376;
    Deville, Särndal & Sautory 1993, JASA 88:1013). Totals of all margins must have the same sum.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> table = pd.DataFrame({"a": [1, 1, 2, 2], "b": ["x", "y", "x", "y"], "w": [40.0, 30, 20, 10]})
    >>> raked = ev.weigh(ev.Survey.from_data(table, weights="w"), ev.Rake({"a": {1: 60, 2: 50}, "b": {"x": 70, "y": 40}}))
    >>> raked.weights.round(4).tolist()
    [35.6466, 24.3534, 34.3534, 15.6466]
    """

    margins: Mapping[Any, Any]
    tol: float = 1e-10
    sweeps: int | None = None
    max_sweeps: int = 1000
    calibrates = True

    def __repr__(self) -> str:
        return f"Rake {'；'.join(' × '.join(as_list(key)) for key in self.margins)}"

    def take(self, survey: Survey) -> Taken:
        """Take the step on a survey."""
        if not self.margins:
            raise SurveyError("Rake｜没有边际｜写 ev.Rake({列: {类: 总数}, …})")
        found = [target(survey, as_list(key), totals) for key, totals in self.margins.items()]
        before, codes, totals = survey.weights, [each.code for each in found], [each.total for each in found]
        names = Names([each.name for each in found], [each.labels for each in found])
        asked: dict[str, Any] = {"tol": self.tol, "max_sweeps": self.max_sweeps, "names": names}
        made = calibration.rake(codes, before, totals, **asked)
        after = before * made.g
        if any(each.covariance is not None for each in found):
            raise SurveyError("Rake｜边际总数是估计值，各边际的协方差未知｜把各边际交叉成一个 ev.PostStratify，或先写成一个 ev.Calibrate")

        def again(sets: Sets) -> Floats:
            return calibration.rake_cells(sets.weights, [code[sets.first] for code in codes], totals, **asked)

        projections = [calibration.RakedProjection(codes, before, after, self.sweeps)]
        return Taken(self, before, after, projections, tuple(codes), again, notes=(f"{made.sweeps} 轮",))


def by_code(weights: Floats, code: Ints, count: int) -> Floats:
    """Sum the columns of (replicates, cells) by code."""
    sets = len(weights)
    key = code + count * np.arange(sets)[:, None]
    return add_up(key.ravel(), weights.ravel(), sets * count).reshape(sets, count)


def _slopes(found: Sequence[Target], before: Floats, after: Floats) -> Callable[[Floats], Floats]:
    """Return the function from scores to their regression on the categories of all margins."""
    ends = np.cumsum([0, *(len(each.total) for each in found)])
    x = np.zeros((len(before), int(ends[-1])))
    for each, start in zip(found, ends, strict=False):
        x[np.arange(len(before)), start + each.code] = 1.0
    return regression(x, before, after)


def regression(x: Floats, before: Floats, after: Floats) -> Callable[[Floats], Floats]:
    """Return the function from weighted scores s = w·u to β of the regression of u on x with weights d."""
    inverse = linalg.pinvh((x * before[:, None]).T @ x)
    share = np.divide(before, after, out=np.zeros_like(before), where=after != 0)
    return lambda score: np.asarray(inverse @ (x.T @ (share * score)))
