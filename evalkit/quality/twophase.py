"""The rate behind a fallible first look: a second, sound look at a sample of the first, weighted by both chances."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.errors import EstimateError, Faults
from evalkit.estimates import Estimate
from evalkit.given import takes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.survey import Survey

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]


@takes(EstimateError)
def two_phase(survey: Survey, status: str, *, chance: str, count: str | None = None, where: str | None = None) -> Estimate:
    """Estimate a rate from a second look at part of a survey.

    Parameters
    ----------
    survey : Survey
        Of the first look, all of its rows.
    status : str
        Column of the second look: 1 where the row has the property, 0 where not, missing where it was not looked at.
    chance : str
        Column of the chance of a second look given the first, in (0, 1]: 1 for every reported error, the share drawn for the others.
    count : str, optional
        What a row counts (persons).
    where : str, optional
        Boolean column: the rows of the population of the rate.

    Returns
    -------
    Estimate
        Of kind "proportion", so that it can be judged; n is the number of second looks.

    Raises
    ------
    EstimateError
        Chances outside (0, 1], a status that is neither 0 nor 1, nobody looked at in the population.

    Notes
    -----
    R = Σ w a x y / Σ w a x over the second looks, a = 1/chance: unbiased up to the bias of a ratio whatever the first look gets wrong,
    so neither sensitivity nor specificity is needed (Särndal, Swensson & Wretman 1992, ch. 9; Cochran 1977, ch. 12).
    Variance: that of the total of the expanded scores w a x (y − R)/Σwax, 0 where nobody looked again, under the design of the survey.
    Between villages it contains the second phase whole; the correction for the finite last stage is left out, since with it the share
    f₁f₂ of the second phase would be lost. So it is unbiased for small sampling fractions and else errs on the safe side. Draw the
    second looks within villages.

    Examples
    --------
    >>> import numpy as np, pandas as pd, evalkit as ev
    >>> seen = [1, 0, np.nan, np.nan, np.nan, 0] * 2
    >>> table = pd.DataFrame({"village": [1] * 6 + [2] * 6, "seen": seen, "p": [1, .4, .4, .4, .4, .4] * 2})
    >>> found = ev.two_phase(ev.Survey.from_data(table, clusters="village"), "seen", chance="p")
    >>> round(float(found), 4), int(found.n[0])
    (0.1667, 6)
    """
    seen = survey.column(status).to_numpy(dtype=float, na_value=np.nan)
    chances = survey.column(chance).to_numpy(dtype=float, na_value=np.nan)
    inside = np.ones(len(survey), dtype=bool) if where is None else survey.column(where).to_numpy(dtype=bool)
    if survey.answering is not None:
        inside = inside & survey.answering
    looked = inside & np.isfinite(seen)
    _check(status, chance, seen, chances, looked)
    unit = np.ones(len(survey)) if count is None else survey.column(count).to_numpy(dtype=float)
    expanded = np.where(looked, unit / np.where(looked, chances, 1.0), 0.0)
    y = np.where(looked, seen, 0.0)
    whole = float(survey.weights @ expanded)
    value = float(survey.weights @ (expanded * y)) / whole
    scores = expanded * (y - value) / whole
    return Estimate.of_scores(open_ended(survey), value, scores, event=y, weight=survey.weights * expanded, label=status)


def _check(status: str, chance: str, seen: Floats, chances: Floats, looked: Mask) -> None:
    faults = Faults("两阶段估计")
    faults.add_rows(np.flatnonzero(looked & ~np.isin(seen, (0.0, 1.0))), status, "应为 0 或 1，没有再看的为缺失", "改正后重试")
    with np.errstate(invalid="ignore"):
        faults.add_rows(np.flatnonzero(looked & ~((chances > 0) & (chances <= 1))), chance, "再看的概率应大于 0、不超过 1", "补全后重试")
    if not looked.any():
        faults.add(None, status, None, "总体中没有一户再看过", "核对 where 与复访表")
    faults.refuse(EstimateError)


def open_ended(survey: Survey) -> Survey:
    """Return the survey without the correction for the finite last stage."""
    last: Any = survey.stages[-1]
    if not (last.fraction > 0).any() or len(survey.stages) == 1:
        return survey
    return replace(survey, stages=(*survey.stages[:-1], replace(last, fraction=np.zeros_like(last.fraction))), _known={})
