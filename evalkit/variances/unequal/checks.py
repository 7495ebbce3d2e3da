"""What is asked of the numbers of a sample before a variance is made of them: all faults at once, by position."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.errors import Faults, SurveyError
from evalkit.variances.stages import Floats, Ints

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
    faults = Faults("样本")
    pi, *columns = numbers(faults, probs=probs, **values)
    wide = None if table is None else numbers(faults, x=table)[0]
    if pi.ndim != 1:
        faults.add(None, "probs", f"{pi.ndim} 维", "应为一列数", "每个单元给一个概率")
    note(faults, "probs", pi, ~((pi > 0) & (pi <= 1)), "应大于 0、不大于 1", "改正这些概率")
    made = [pi, *(_column(faults, name, given, pi.size) for name, given in zip(values, columns, strict=True))]
    if wide is not None:
        made.append(_column(faults, "x", wide[:, None] if wide.ndim == 1 else wide, pi.size, 2))
    faults.refuse(SurveyError)
    return made


def numbers(faults: Faults, **given: ArrayLike) -> list[Floats]:
    """Return arrays of numbers, each given under its name, or refuse those that are none.

    Examples
    --------
    >>> numbers(Faults("样本"), values=[1, "二"])
    Traceback (most recent call last):
        ...
    evalkit.errors.SurveyError: 样本：1 处错误
      values：不是数｜应为数｜先转换为数
    """
    made = []
    for name, each in given.items():
        try:
            made.append(np.asarray(each, dtype=float))
        except (TypeError, ValueError):
            faults.add(None, name, "不是数", "应为数", "先转换为数")
    faults.refuse(SurveyError)
    return made


def strata(faults: Faults, codes: Floats, units: int) -> Ints:
    """Return the strata of units as numbers from 0; what is wrong with them is noted, and they are then all one stratum."""
    known = np.isfinite(codes) & (codes >= 0) & (codes == np.floor(codes))
    if codes.shape != (units,):
        faults.add(None, "stratum", f"形状 {codes.shape}", f"应为一列数，{units} 个单元各一个", "对齐两者")
    elif not known.all():
        note(faults, "stratum", codes, ~known, "应为 0、1、2……的层号", "层先编成从 0 起的整数")
    else:
        return codes.astype(np.int64)
    return np.zeros(units, dtype=np.int64)


def shares(faults: Faults, fraction: Floats, count: int) -> Floats:
    """Return the sampling fraction of each stratum, or note what is wrong with them."""
    share = np.atleast_1d(fraction)
    note(faults, "fraction", share, ~((share >= 0) & (share <= 1)), "应在 0 与 1 之间", "改正抽样比")
    if share.ndim > 1 or 1 != len(share) < count:
        faults.add(None, "fraction", f"形状 {share.shape}", f"应为一个数，或每层一个，共 {count} 层", "按层的次序写抽样比")
    return np.repeat(share, count) if share.shape == (1,) else share


def positions(sample: ArrayLike, n: int, size: int) -> Ints:
    """Return the positions of all sampled units, or refuse what they cannot be."""
    faults = Faults("样本在总体中的位置")
    at = numbers(faults, sample=sample)[0]
    if at.shape != (n,):
        faults.add(None, "sample", f"形状 {at.shape}", f"应为一列位置，样本的 {n} 个单元各一个", "必入的单元也要写")
    else:
        note(faults, "sample", at, ~((at >= 0) & (at < size) & (at == np.floor(at))), f"应为 0 与 {size - 1} 之间的整数", "从 0 数起")
    faults.refuse(SurveyError)
    return at.astype(np.int64)


def _column(faults: Faults, name: str, given: Floats, size: int, dimensions: int = 1) -> Floats:
    if given.ndim != dimensions or len(given) != size:
        found = f"{len(given)} 个" if given.ndim == dimensions else f"{given.ndim} 维"
        faults.add(None, name, found, f"应与 probs 同为 {size} 个单元", "对齐两者")
    else:
        note(faults, name, given, ~np.isfinite(given), "应为数", "改正或去掉这些单元")
    return given


def note(faults: Faults, name: str, values: Floats, wrong: Flags, rule: str, remedy: str) -> None:
    """Note which entries of an array are wrong, by position from 1, in one fault."""
    values, where = np.atleast_1d(values), np.argwhere(np.atleast_1d(wrong))
    if not len(where):
        return
    listed = "、".join(f"({','.join(str(i + 1) for i in at)})" if len(at) > 1 else str(at[0] + 1) for at in where[:NAMED])
    found = "、".join(f"{values[tuple(at)]:g}" for at in where[:NAMED])
    more = f"……（共 {len(where)} 个）" if len(where) > NAMED else ""
    faults.add(None, f"{name} 第 {listed}{more} 个", found, rule, remedy)
