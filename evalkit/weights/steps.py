"""What a step of weighting leaves behind: new weights, how scores are pulled back through it, and how it is taken again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from evalkit.variances import Floats, Ints

if TYPE_CHECKING:
    from evalkit.survey import Survey


class Applied(Protocol):
    """A step that was taken on a survey.

    Attributes
    ----------
    before, after : (rows,) float array
        Weights before and after the step.
    cells : tuple of (rows,) int arrays
        Rows with the same codes have the same factor whatever the weights.
    """

    @property
    def before(self) -> Floats: ...
    @property
    def after(self) -> Floats: ...
    @property
    def cells(self) -> tuple[Ints, ...]: ...

    def pull(self, score: Floats) -> Floats:
        """Return weighted scores of the survey before the step whose total varies as that of `score` after it."""

    def replay(self, weights: Floats, rows: Ints, first: Ints) -> Floats:
        """Return the factors of cells, given their weights in each replicate.

        Parameters
        ----------
        weights : (replicates, cells) float array
            Sum of the weights of the rows of each cell.
        rows : (cells,) int array
            Number of rows of each cell.
        first : (cells,) int array
            The first row of each cell.
        """


class Step(Protocol):
    """A declared step, not yet taken: data that can be shown, and taken on any survey."""

    def take(self, survey: Survey) -> Applied:
        """Take the step on a survey."""
