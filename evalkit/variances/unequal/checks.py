"""What is asked of the numbers of a sample before a variance is made of them: all faults at once, by position."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.errors import Faults, SurveyError
from evalkit.variances.stages import Floats

NAMED = 6  # positions that one message names

Flags = NDArray[np.bool_]


def together(probs: ArrayLike, table: ArrayLike | None = None, **values: ArrayLike) -> list[Floats]:
    """Return the chances of sampled units and columns of numbers of the same units as arrays, or refuse them with all their faults.

    Parameters
    ----------
    probs : array, shape (n,)
        In (0, 1].
    table : array, shape (n,) or (n, k), optional
        Auxiliary variables; returned last, as (n, k).
    **values : array, shape (n,)
        Numbers, each under the name of its argument.

    Examples
    --------
    >>> together([0.5, 0.0, 1.2], values=[1, 2])
    Traceback (most recent call last):
        ...
    evalkit.errors.SurveyError: 样本：2 处错误
      probs 第 2、3 个：0、1.2｜应大于 0、不大于 1｜改正这些概率
      values：2 个｜应与 probs 同为 3 个单元｜对齐两者
    """
    faults, pi = Faults("样本"), np.asarray(probs, dtype=float)
    if pi.ndim != 1:
        faults.add(None, "probs", f"{pi.ndim} 维", "应为一列数", "每个单元给一个概率")
    note(faults, "probs", pi, ~((pi > 0) & (pi <= 1)), "应大于 0、不大于 1", "改正这些概率")
    made = [pi, *(_column(faults, name, np.asarray(given, dtype=float), pi.size) for name, given in values.items())]
    if table is not None:
        wide = np.asarray(table, dtype=float)
        made.append(_column(faults, "x", wide[:, None] if wide.ndim == 1 else wide, pi.size, 2))
    faults.refuse(SurveyError)
    return made


def _column(faults: Faults, name: str, given: Floats, size: int, dimensions: int = 1) -> Floats:
    if given.ndim != dimensions or len(given) != size:
        found = f"{len(given)} 个" if given.ndim == dimensions else f"{given.ndim} 维"
        faults.add(None, name, found, f"应与 probs 同为 {size} 个单元", "对齐两者")
    else:
        note(faults, name, given, ~np.isfinite(given), "应为数", "改正或去掉这些单元")
    return given


def note(faults: Faults, name: str, values: Floats, wrong: Flags, rule: str, remedy: str) -> None:
    """Note which entries of an array are wrong, by position from 1, in one fault."""
    where = np.argwhere(wrong)
    if not len(where):
        return
    listed = "、".join(f"({','.join(str(i + 1) for i in at)})" if len(at) > 1 else str(at[0] + 1) for at in where[:NAMED])
    found = "、".join(f"{values[tuple(at)]:g}" for at in where[:NAMED])
    more = f"……（共 {len(where)} 个）" if len(where) > NAMED else ""
    faults.add(None, f"{name} 第 {listed}{more} 个", found, rule, remedy)
