"""A step that cuts off extreme weights and gives the excess to the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit import calibration
from evalkit.errors import Faults, SurveyError
from evalkit.lists import as_list
from evalkit.showing import Shown
from evalkit.variances import Floats, Ints
from evalkit.weights.steps import Sets, Taken
from evalkit.weights.targets import crossed

if TYPE_CHECKING:
    from evalkit.survey import Survey


@dataclass(frozen=True, eq=False, repr=False)
class Trim(Shown):
    """Cut weights off at bounds, and give the excess to the rows that were not cut, so that totals stay.

    Parameters
    ----------
    upper : float or str, optional
        Cap; ``"median-iqr"`` (median + 5 IQR) or ``"median"`` with `k` (k × median).
    lower : float
    k : float, optional
        Factor of a named cap.
    keep : str or list of str, optional
        Columns, crossed, each of whose classes keeps its total weight; the whole keeps its own without.
    rule : {"equal", "proportional"}
        How the excess is spread: equally (R survey's `trimWeights`), or in proportion to the weights.
    strict : bool
        Repeat until no weight passes a bound; False: once, as R does by default.
    undo : bool
        Whether the step may come after a calibration that nothing restores; refused otherwise.

    Notes
    -----
    Potter 1990. The variance takes the factors of the trimming as they are; so do replicates, whose weights are multiples of
    the sample's and would be cut for being multiples.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"w": [1.0] * 8 + [6, 9]}), weights="w")
    >>> ev.weigh(survey, ev.Trim(upper=3, rule="proportional")).weights.tolist()[-3:]
    [2.125, 3.0, 3.0]
    """

    upper: float | str = math.inf
    lower: float = 0.0
    k: float | None = None
    keep: str | Sequence[str] | None = None
    rule: str = "equal"
    strict: bool = True
    undo: bool = False
    calibrates: bool = field(default=False, init=False)

    def __repr__(self) -> str:
        return f"Trim {self.lower:g}–{self.upper if isinstance(self.upper, str) else f'{self.upper:g}'}"

    def take(self, survey: Survey) -> Taken:
        """Take the step on a survey."""
        before = survey.weights
        if bool((before < 0).any()):
            raise SurveyError("Trim｜有小于 0 的权数｜先用有界的校准（bounds=）再截尾")
        upper = calibration.cap(before, self.upper, self.k) if isinstance(self.upper, str) else self.upper
        keep = self._classes(survey)
        asked: dict[str, Any] = {"rule": self.rule, "strict": self.strict}
        after = calibration.trim(before, self.lower, upper, keep=keep, **asked)
        cell = np.unique(before, return_inverse=True)[1].astype(np.int64)
        factor = np.divide(after, before, out=np.ones(len(before)), where=before != 0)

        def again(sets: Sets) -> Floats:
            return np.broadcast_to(factor[sets.first], sets.weights.shape)

        cut = int(((before > upper) | ((before < self.lower) & (before > 0))).sum())
        cells = (cell,) if keep is None else (cell, keep)
        return Taken(self, before, after, [], cells, again, notes=(f"截 {cut} 行",))

    def _classes(self, survey: Survey) -> Ints | None:
        if self.keep is None:
            return None
        faults = Faults("Trim")
        code, _ = crossed(survey, as_list(self.keep), faults)
        faults.refuse(SurveyError)
        return np.unique(code, return_inverse=True)[1].astype(np.int64)
