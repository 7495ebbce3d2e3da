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
    first : (cells,) int array
        The first row of each cell.
    start : int
        Which replicate the first one is.
    spread : (all replicates,) float array
        What the square of each replicate's departure counts in the variance: scale × rscales.
    used : int
        Replicates that carry the errors of the totals of earlier steps.
    """

    weights: Floats
    first: Ints
    start: int
    spread: Floats
    used: int = 0


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

    @property
    def errors(self) -> int:
        """Number of independent errors that estimated totals bring."""

    def outer(self, score: Floats, fpc: bool) -> Floats:
        """Return numbers whose squares add up to variance that is not one of sampling.

        That of estimated totals, and that of who answered, as far as corrections for a finite population would leave it out.
        """

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
    chance : callable, optional
        From scores to numbers whose squares add up to the variance of who answered that `fpc` leaves out.
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
    chance: Callable[[Floats], Floats] | None = None

    def __post_init__(self) -> None:
        self.before.flags.writeable = self.after.flags.writeable = False

    def pull(self, score: Floats) -> Floats:
        """Pull weighted scores back, the last change of the weights first."""
        for projection in reversed(self.projections):
            score = projection.pull(score)
        return score

    @property
    def errors(self) -> int:
        """Number of independent errors that estimated totals bring."""
        return 0 if self.root is None else int(self.root.shape[1])

    def outer(self, score: Floats, fpc: bool) -> Floats:
        """Return L'β with LL' the covariance matrix of the estimated totals, and what is left of the chance to answer."""
        parts = [np.empty(0)]
        if self.beta is not None and self.root is not None:
            parts.append(np.asarray(self.root.T @ self.beta(score)))
        if self.chance is not None and fpc:
            parts.append(self.chance(score))
        return np.concatenate(parts)

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
