"""A step that hands the weight of those who did not answer to those who did."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import linalg

from evalkit import calibration, nonresponse
from evalkit.errors import Faults, SurveyError
from evalkit.lists import as_list
from evalkit.showing import Shown
from evalkit.variances import Floats, Ints
from evalkit.weights.margins import by_code
from evalkit.weights.steps import Sets, Taken
from evalkit.weights.targets import crossed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.survey import Survey

    Bools = NDArray[np.bool_]

NAMES = {"R": "回答", "N": "未回答", "I": "不合格", "U": "未知"}
WORDS = {
    "R": "R", "N": "N", "I": "I", "U": "U",
    "respondent": "R", "nonrespondent": "N", "ineligible": "I", "unknown": "U",
    "complete": "R", "refusal": "N", "noncontact": "N",
}  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class Nonresponse(Shown):
    """Adjust the weights of respondents for sampled units that did not answer.

    Units whose eligibility is unknown give their weight to the known ones of their cell; eligible nonrespondents then give
    theirs to the respondents of their cell. Ineligible units keep theirs apart: they stand for ineligible units and leave the
    estimates. All sampled units stay in the design.

    Parameters
    ----------
    by : str or list of str, optional
        Columns, known for respondents and nonrespondents alike, whose values make the weighting cells, crossed.
    propensity : list of str, optional
        Instead: columns of a logistic model of response (numeric, or text with one 0/1 column a category).
    classes : int or None
        Number of classes that propensities are cut into; None divides each respondent's weight by its own propensity.
    status : str
        Column that says what became of each sampled unit; ``disposition`` for returns.
    words : mapping, optional
        From the words in that column to R (respondent), N (eligible nonrespondent), I (ineligible), U (unknown). Without it
        these letters, their English names, and ``complete``, ``refusal``, ``noncontact`` are known.

    Notes
    -----
    Cells: φ = (Σ_R w + Σ_N w)/Σ_R w; the scores are those of this ratio, over all sampled units (Särndal & Lundström 2005,
    Estimation in Surveys with Nonresponse, §11). Propensities are estimated by weighted logistic regression; without classes the
    scores carry their estimation (Kim & Kim 2007, Can. J. Statist. 35:501), with classes the classes are taken as given.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> table = pd.DataFrame({"kind": ["a"] * 3 + ["b"] * 3, "what": list("RRNRIN"), "y": [1.0, 0, None, 1, None, None], "w": 10.0})
    >>> survey = ev.weigh(ev.Survey.from_data(table, weights="w"), ev.Nonresponse(by="kind", status="what"))
    >>> survey.weights.tolist(), float(ev.mean(survey, "y"))
    ([15.0, 15.0, 0.0, 20.0, 0.0, 0.0], 0.7)
    """

    by: str | Sequence[str] | None = None
    propensity: Sequence[str] | None = None
    classes: int | None = 5
    status: str = "disposition"
    words: Mapping[Any, str] | None = None
    calibrates: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        if (self.by is None) == (self.propensity is None):
            raise SurveyError("Nonresponse｜by（加权单元）与 propensity（回答概率模型）应写一个｜例如 ev.Nonresponse(by=\"village_type\")")
        if self.propensity is not None and not self._terms:
            raise SurveyError('propensity｜没有列｜例如 propensity=["household_type", "persons"]')
        if self.classes is not None and self.classes < 1:
            raise SurveyError(f"classes={self.classes}｜应为不小于 1 的整数；None 为直接除以概率｜改正后重试")

    def __repr__(self) -> str:
        if self.by is not None:
            return f"Nonresponse 单元 {' × '.join(as_list(self.by))}"
        how = "倒数" if self.classes is None else f"{self.classes} 类"
        return f"Nonresponse 回答概率 {'、'.join(self._terms)}（{how}）"

    @property
    def _terms(self) -> list[str]:
        return as_list(self.propensity)

    def take(self, survey: Survey) -> Taken:
        """Take the step on a survey."""
        state = self.states(survey)
        if self.by is None and (state == "U").any():
            raise SurveyError(f"{self}｜有资格未知的单位，回答概率模型不知把权数给谁｜先用 ev.Nonresponse(by=…) 的单元调整")
        if self.by is None and self.classes is None:
            return _by_propensity(self, survey, state, self.model(survey))
        cell, names = self._cells(survey, state)
        called = np.array(names)[cell]  # the kernels name cells in their messages
        first = nonresponse.spread_unknown(survey.weights, state, called)
        second = nonresponse.cell_factors(first.weights, state == "R", state == "N", called)
        middle, last = np.array(first.weights), np.array(second.weights)
        givers = [state == "U", state == "N"]
        takers = [np.isin(state, ("R", "N", "I")), state == "R"]
        moves = [(survey.weights, middle), (middle, last)]
        projections: list[Any] = [
            calibration.Redistribution(cell, give, take, before, after)
            for give, take, (before, after) in zip(givers, takers, moves, strict=True)
        ]
        after = np.where(state == "R", last, 0.0)
        code = cell * 4 + np.searchsorted(["I", "N", "R", "U"], state)

        def again(sets: Sets) -> Floats:
            return _handed(sets.weights, cell[sets.first], state[sets.first])

        chance = _chance_in_cells(cell, state, middle, last, survey.reached())
        return Taken(self, survey.weights, after, projections, (code,), again, notes=_told(state, last, second.table), chance=chance)

    def states(self, survey: Survey) -> NDArray[np.str_]:
        """Return R, N, I or U for each sampled unit."""
        words = dict(self.words) if self.words is not None else WORDS
        series = survey.column(self.status)
        found = series.map(words)
        faults = Faults("Nonresponse")
        bad = ~found.isin(["R", "N", "I", "U"]).to_numpy()
        lost = series.isna().to_numpy()
        faults.add_rows(np.flatnonzero(lost), self.status, "缺少结果", "补上这一户的结果")
        for word, rows in series[bad & ~lost].astype(str).value_counts().head(20).items():
            rule = f"不知道这个词是回答（R）、未回答（N）、不合格（I）还是未知（U），{rows} 行"
            faults.add(None, self.status, word, rule, f'words={{"{word}": "N", …}}')
        faults.refuse(SurveyError)
        return found.to_numpy(dtype=str)

    def _cells(self, survey: Survey, state: NDArray[np.str_]) -> tuple[Ints, list[str]]:
        """Return the weighting cell of each row, and what the cells are called."""
        if self.by is None:
            x = self.model(survey)
            inside = np.isin(state, ("R", "N"))
            fitted = nonresponse.response_propensity(x[inside], state[inside] == "R", survey.weights[inside])
            cut = nonresponse.propensity_classes(fitted.propensities, survey.weights[inside], self.classes or 1)
            made = np.zeros(len(survey), dtype=np.int64)
            made[inside] = cut.classes - 1
            return made, [f"回答概率第 {at + 1} 类" for at in range(int(made.max()) + 1)]
        faults = Faults("Nonresponse")
        joint, keys = crossed(survey, as_list(self.by), faults, everyone=True)
        faults.refuse(SurveyError)
        held, cell = np.unique(joint, return_inverse=True)
        return cell.astype(np.int64), [" ".join(map(str, keys[at])) for at in held]

    def model(self, survey: Survey) -> Floats:
        """Return the columns of the response model: numbers as they are, categories but the first as 0 and 1."""
        faults, parts = Faults("Nonresponse"), []
        for name in self._terms:
            made, lost = _columns(survey, name)
            faults.add_rows(np.flatnonzero(lost), name, "回答者与未回答者都应有值", "补全，或换用抽样框中的变量")
            parts.append(made)
        faults.refuse(SurveyError)
        return np.column_stack(parts)


def _columns(survey: Survey, name: str) -> tuple[Floats, Bools]:
    """Return the columns that one variable makes in a model, and where it has no value."""
    series = survey.column(name)
    if pd.api.types.is_numeric_dtype(series):
        values = series.to_numpy(dtype=float, na_value=np.nan)
        return values[:, None], ~np.isfinite(values)
    code, levels = survey.levels(name)
    return (code[:, None] == np.arange(1, len(levels))).astype(float), code < 0


def _handed(weights: Floats, cell: Ints, state: NDArray[np.str_]) -> Floats:
    """Return the factors of cells: the unknown hand over to the known, then those who did not answer to those who did."""
    count = int(cell.max(initial=0)) + 1
    sums = {each: by_code(weights * (state == each), cell, count) for each in "RNIU"}
    known = sums["R"] + sums["N"] + sums["I"]
    lost = ((sums["R"] <= 0) & (sums["N"] > 0)) | ((known <= 0) & (sums["U"] > 0))
    if lost.any():
        raise SurveyError(f"{int(lost.any(axis=1).sum())} 套里有单元没有回答者，权数无处可去")
    with np.errstate(divide="ignore", invalid="ignore"):
        first = np.where(known > 0, (known + sums["U"]) / known, 1.0)
        second = np.where(sums["R"] > 0, (sums["R"] + sums["N"]) / sums["R"], 1.0)
    return np.where(state == "R", (first * second)[:, cell], 0.0)


def _chance_in_cells(cell: Ints, state: NDArray[np.str_], before: Floats, after: Floats, reached: Any) -> Callable[[Floats], Floats]:
    """Return what corrections for a finite population leave out of the variance of who answered: √(f φ(φ − 1))·d(u − m) of respondents.

    Who answers is as uncertain where all units are sampled as where few are (Särndal, Swensson & Wretman 1992, eq. 15.6.7).
    """
    responded = state == "R"
    factor = np.divide(after, before, out=np.ones(len(before)), where=before > 0)
    root = np.sqrt(reached * np.maximum(1 - 1 / np.where(factor > 0, factor, 1.0), 0.0))

    def left(score: Floats) -> Floats:
        held = np.bincount(cell, weights=after * responded)
        mean = np.divide(np.bincount(cell, weights=score * responded), held, out=np.zeros(len(held)), where=held > 0)
        return np.asarray((root * (score - after * mean[cell]))[responded])

    return left


def _told(state: NDArray[np.str_], weights: Floats, cells: nonresponse.CellTable) -> tuple[str, ...]:
    counts = "，".join(f"{name} {int((state == each).sum())}" for each, name in NAMES.items())
    notes = [counts]
    if (state == "I").any():
        notes.append(f"不合格单位代表 {weights[state == 'I'].sum():.6g}，不进入估计")
    weak = [f"{label}（{released} 户，倍数 {factor:.3g}）" for label, released, factor, small, large in zip(
        cells.cells, cells.released, cells.factor, cells.small, cells.large, strict=True) if small or large]  # fmt: skip
    if weak:
        notes.append(f"单元过小（不足 20 户）或倍数过大（超过 3）：{'、'.join(weak[:8])}{'……' if len(weak) > 8 else ''}")
    return tuple(notes)


@dataclass(frozen=True, eq=False)
class _Propensity:
    """The scores of weights divided by estimated chances to answer.

    With p = expit(xβ) and Σ d x (r − p) = 0, z = r d u/p − d (r − p) x'A⁻¹ Σ r d u (1 − p)/p x, A = Σ d p (1 − p) x x'.
    """

    x: Floats
    chance: Floats
    responded: Bools
    asked: Bools
    before: Floats

    def pull(self, scores: Floats) -> Floats:
        """Return scores of all sampled rows from scores of the weights after."""
        d = np.where(self.asked, self.before, 0.0)
        return np.asarray(scores - d * (self.responded - self.chance) * (self.x @ self.slope(scores)))

    def slope(self, scores: Floats) -> Floats:
        """Return A⁻¹ Σ r d u (1 − p)/p x."""
        d = np.where(self.asked, self.before, 0.0)
        information = (self.x * (d * self.chance * (1 - self.chance))[:, None]).T @ self.x
        return np.asarray(linalg.solve(information, self.x.T @ (scores * self.responded * (1 - self.chance)), assume_a="pos"))


def _by_propensity(step: Nonresponse, survey: Survey, state: NDArray[np.str_], x: Floats) -> Taken:
    """Divide each respondent's weight by its own propensity."""
    before, asked, responded = survey.weights, np.isin(state, ("R", "N")), state == "R"
    fitted = nonresponse.response_propensity(x[asked], responded[asked], before[asked])
    chance = np.ones(len(before))
    chance[asked] = fitted.propensities
    after = np.where(responded, before / chance, 0.0)
    full = np.column_stack([np.ones(len(x)), x])
    cell = np.unique(np.column_stack([full, np.searchsorted(["I", "N", "R"], state)]), axis=0, return_inverse=True)[1].ravel()

    def again(sets: Sets) -> Floats:
        rows, here = x[sets.first], np.flatnonzero(asked[sets.first])
        made = np.zeros_like(sets.weights)
        for at, weights in enumerate(sets.weights):
            chances = nonresponse.response_propensity(rows[here], responded[sets.first][here], weights[here]).propensities
            made[at, here] = np.where(responded[sets.first][here], 1 / chances, 0.0)
        return made

    def left(score: Floats) -> Floats:
        slope = projections[0].slope(score)
        departure = score - before * (full @ slope) * responded  # of one respondent's answering, over its root of p(1 − p)
        return np.asarray(np.sqrt(survey.reached() * (1 - chance))[responded] * departure[responded])

    notes = (f"回答概率 {chance[responded].min():.3g}–{chance[responded].max():.3g}",)
    projections = [_Propensity(full, chance, responded, asked, before)]
    return Taken(step, before, after, projections, (cell.astype(np.int64),), again, notes=notes, chance=left)
