"""What a step of weighting is, and what it leaves behind: new weights, how scores are pulled back, how it is taken again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from evalkit.calibration import Projection
from evalkit.intervals import weight_effect
from evalkit.variances import Floats, Ints

if TYPE_CHECKING:
    from evalkit.survey import Survey


@dataclass(frozen=True, eq=False)
class Sets:
    """Replicate weights as a step sees them: summed by cell, never by row.

    Attributes
    ----------
    weights : (replicates, cells) float array
        Sum of the weights of the rows of each cell, in each replicate.
    rows : (cells,) int array
        Number of rows of each cell.
    first : (cells,) int array
        The first row of each cell.
    start : int
        Which replicate the first one is.
    spread : (all replicates,) float array
        What the square of each replicate's departure counts in the variance: scale × rscales.
    """

    weights: Floats
    rows: Ints
    first: Ints
    start: int
    spread: Floats


class Applied(Protocol):
    """A step that was taken on a survey.

    Attributes
    ----------
    step : Step
        As declared.
    before, after : (rows,) float array
        Weights before and after the step.
    cells : tuple of (rows,) int arrays
        Rows with the same codes have the same factor whatever the weights.
    """

    @property
    def step(self) -> Any: ...
    @property
    def before(self) -> Floats: ...
    @property
    def after(self) -> Floats: ...
    @property
    def cells(self) -> tuple[Ints, ...]: ...

    def note(self) -> str:
        """Return what was done, in a line."""

    def pull(self, score: Floats) -> Floats:
        """Return weighted scores of the survey before the step whose total varies as that of `score` after it."""

    def outer(self, score: Floats) -> Floats:
        """Return numbers whose squares add up to the variance that estimated totals bring; none where totals are known."""

    def replay(self, sets: Sets) -> Floats:
        """Return the factors of cells in each replicate, (replicates, cells)."""


class Step(Protocol):
    """A declared step, not yet taken: data that can be shown, and taken on any survey."""

    @property
    def calibrates(self) -> bool:
        """Whether the step makes weights add up to totals."""

    def take(self, survey: Survey) -> Applied:
        """Take the step on a survey."""


@dataclass(frozen=True, eq=False, repr=False)
class Taken:
    """A step as taken on one survey.

    Attributes
    ----------
    step : Step
    before, after : (rows,) float array, read-only
    projections : sequence of Projection
        In the order in which the weights were changed.
    cells : tuple of (rows,) int arrays
    again : callable
        From `Sets` to factors (replicates, cells).
    beta : callable, optional
        From scores to the slopes in the totals, where these are estimated; `root` is the root of their covariance matrix.
    notes : tuple of str
    """

    step: Any
    before: Floats
    after: Floats
    projections: Sequence[Projection]
    cells: tuple[Ints, ...]
    again: Callable[[Sets], Floats]
    beta: Callable[[Floats], Floats] | None = None
    root: Floats | None = None
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        self.before.flags.writeable = self.after.flags.writeable = False

    def pull(self, score: Floats) -> Floats:
        """Pull weighted scores back, the last change of the weights first."""
        for projection in reversed(self.projections):
            score = projection.pull(score)
        return score

    def outer(self, score: Floats) -> Floats:
        """Return L'β with LL' the covariance matrix of the estimated totals."""
        if self.beta is None or self.root is None:
            return np.empty(0)
        return np.asarray(self.root.T @ self.beta(score))

    def replay(self, sets: Sets) -> Floats:
        """Take the step again."""
        return self.again(sets)

    def note(self) -> str:
        """Return what was done, without looking at the weights again."""
        return "；".join([str(self.step), *self.notes])

    def __repr__(self) -> str:
        held = self.after[self.after != 0]
        factor = held / self.before[self.after != 0]
        told = f"权数 {held.min():.4g}–{held.max():.4g}，倍数 {factor.min():.4g}–{factor.max():.4g}"
        told = f"{told}，deff_w {weight_effect(np.abs(held)):.4g}"
        return "；".join([f"{self.step}：{told}", *self.notes])
