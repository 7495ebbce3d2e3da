"""Scales of answers: words or numbers from best to worst, which of them are the top box, and their points from 0 to 100."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.errors import EstimateError, Faults
from evalkit.estimates.domains import domain
from evalkit.figures import significant
from evalkit.lists import as_list
from evalkit.showing import Rows, Shown

if TYPE_CHECKING:
    from evalkit.survey import Survey

Floats = NDArray[np.float64]
Missing = Literal["fail", "out", "dont_know"]
UNSURE, BLANK, STRANGE = -1, -2, -3  # codes of what is no answer of the scale


@dataclass(frozen=True)
class Scale(Shown):
    """The answers to a question, from best to worst.

    Parameters
    ----------
    answers : tuple
        Words or numbers, from best to worst; at least 2.
    top : tuple
        The answers that count as satisfied. There is no default: 满意 + 基本满意 and 满意 alone are two rates.
    dont_know : tuple
        Answers that are none (不清楚); they have no points.
    points : tuple of float, optional
        Points of each answer, 0 to 100, when they are not equal steps; 100/80/60 is stated, not assumed.

    Raises
    ------
    EstimateError
        Fewer than 2 answers, an answer twice, a top box outside the answers, points that are not as many or do not fall.

    Notes
    -----
    Without `points` the x-th of K answers counted from the worst has 100(x − 1)/(K − 1).

    Examples
    --------
    >>> Scale(("满意", "基本满意", "不满意"), top=("满意", "基本满意"), dont_know=("不清楚",)).score.tolist()
    [100.0, 50.0, 0.0]
    >>> Scale.numbered(0, 10, top=range(8, 11)).score[:3].tolist()
    [100.0, 90.0, 80.0]
    """

    answers: tuple[Any, ...]
    top: tuple[Any, ...]
    dont_know: tuple[Any, ...] = ()
    points: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        for name in ("answers", "top", "dont_know", *(("points",) if self.points is not None else ())):
            given = getattr(self, name)
            object.__setattr__(self, name, tuple(as_list(given)))
        faults = Faults("量表")
        known = (*self.answers, *self.dont_know)
        if len(self.answers) < 2 or len(set(map(str, known))) != len(known):
            rule = "从最好到最差至少 2 个答案，不重复，不含不清楚"
            faults.add(None, "answers", f"{len(self.answers)} 个", rule, "写 Scale((\"满意\", …), top=…)")
        if not self.top or not set(self.top) <= set(self.answers):
            rule = "算满意的答案，要在 answers 中，没有默认"
            faults.add(None, "top", "、".join(map(str, self.top)), rule, "写 top=(\"满意\", \"基本满意\")")
        if self.points is not None and not _falls(self.points, len(self.answers)):
            faults.add(None, "points", f"{len(self.points)} 个", "与 answers 一样多，由高到低，在 0 至 100 之间", "或不写，即等距计分")
        faults.refuse(EstimateError)

    @staticmethod
    def numbered(low: int, high: int, *, top: Sequence[int], dont_know: Sequence[Any] = ()) -> Scale:
        """Return a scale of whole numbers, the highest the best: ``Scale.numbered(0, 10, top=range(8, 11))``."""
        return Scale(tuple(range(high, low - 1, -1)), tuple(top), tuple(dont_know))

    @property
    def score(self) -> Floats:
        """Points of the answers, (answers,)."""
        return np.linspace(100.0, 0.0, len(self.answers)) if self.points is None else np.asarray(self.points, dtype=float)

    def codes(self, column: pd.Series) -> NDArray[np.int64]:
        """Return the place of each answer in the scale; -1 for don't-know, -2 for none, -3 for what the scale does not know."""
        places: dict[Any, int] = {}
        for at, answer in [*((UNSURE, each) for each in self.dont_know), *enumerate(self.answers)]:
            places |= {answer: at, str(answer): at}
        plain = column.astype(object)
        found = plain.map(places).fillna(STRANGE).to_numpy(dtype=np.int64)
        blank = (plain.isna() | (plain == "")).to_numpy(dtype=bool)
        return np.where(blank, BLANK, found)

    def __repr__(self) -> str:
        least = f"；不计 {'、'.join(map(str, self.dont_know))}" if self.dont_know else ""
        return f"Scale {' > '.join(map(str, self.answers))}；满意：{'、'.join(map(str, self.top))}{least}"

    def _rows_shown(self) -> Rows:
        graded = zip(self.answers, self.score.tolist(), strict=True)
        rows = [(str(answer), significant(points), "是" if answer in self.top else "否") for answer, points in graded]
        return Rows(("答案", "分", "满意"), [*rows, *((str(answer), "", "不计") for answer in self.dont_know)], 1)


def _falls(points: tuple[float, ...], count: int) -> bool:
    falling = all(before > after for before, after in pairwise(points))
    return len(points) == count and falling and min(points) >= 0 and max(points) <= 100


class Item(NamedTuple):
    """One question: its column, its scale, and the code of each row."""

    name: str
    scale: Scale
    code: NDArray[np.int64]

    @property
    def points(self) -> Floats:
        """Points of each row; 0 where there is no answer."""
        return np.where(self.code >= 0, self.scale.score[np.maximum(self.code, 0)], 0.0)


Scales = Scale | Mapping[str, Scale]


def read_items(survey: Survey, items: str | Sequence[str], scale: Scales, by: Any, where: Any, missing: Missing) -> list[Item]:
    """Read questions of a survey.

    Raises
    ------
    EstimateError
        With every fault: an item without a column or scale, an answer outside its scale (rows as the sheet shows them), a
        missing answer inside the domain under ``fail``.
    """
    if missing not in ("fail", "out", "dont_know"):
        raise EstimateError(f"missing = {missing!r}｜没有这种处理｜可用：fail（报错）、out（该题不计）、dont_know（按不清楚）")
    code = domain(survey, by, where, [], "fail").code
    inside = np.ones(len(survey), dtype=bool) if code is None else code >= 0
    faults, found = Faults("满意度题目"), []
    for name in as_list(items):
        own = scale if isinstance(scale, Scale) else scale.get(name)
        if own is None or name not in survey.columns:
            faults.add(None, name, None, "没有这一列" if own else "没有写量表", "核对题目的列名与 scale")
            continue
        codes = own.codes(survey.column(name))
        faults.add_rows(np.flatnonzero(inside & (codes == STRANGE)), name, "答案不在量表中", f"改为：{'、'.join(map(str, own.answers))}")
        if missing == "fail":
            rule = 'missing="out"（该题不计）或 missing="dont_know"（按不清楚）'
            faults.add_rows(np.flatnonzero(inside & (codes == BLANK)), name, "缺答案", rule)
        found.append(Item(name, own, np.where((codes == BLANK) & (missing == "dont_know"), UNSURE, codes)))
    faults.refuse(EstimateError)
    return found
