"""What values and weights must be before anything is computed of them; all faults at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.errors import EstimateError, Faults, places

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def checked(values: ArrayLike, weights: ArrayLike, subject: str, *, negative: bool = True) -> tuple[Floats, Floats]:
    """Return values and weights as float arrays, or refuse them with every fault named.

    Parameters
    ----------
    values : (n,) array
        Finite numbers.
    weights : (n,) array
        Finite, ≥ 0, not all 0.
    subject : str
        What they are wanted for; stands before the faults.
    negative : bool
        Whether values below 0 are allowed.

    Raises
    ------
    EstimateError
        Anything else than n numbers and n weights of this kind, n ≥ 1.

    Examples
    --------
    >>> checked([1, np.nan], [1, -1], "基尼系数")
    Traceback (most recent call last):
        ...
    evalkit.errors.EstimateError: 基尼系数：2 处错误
      values：第 2 个｜应为有限的数｜去掉或补全缺失值
      weights：第 2 个｜应为不小于 0 的有限数｜核对权数
    """
    faults = Faults(subject)
    y, w = _vector(values, "values", faults), _vector(weights, "weights", faults)
    if y is not None and w is not None and len(y) != len(w):
        faults.add(None, "weights", f"{len(w)} 个", f"应与 values 同长（{len(y)} 个）", "每个值给一个权数")
    if y is not None:
        _note(faults, "values", ~np.isfinite(y), "应为有限的数", "去掉或补全缺失值")
        if not negative:
            _note(faults, "values", np.isfinite(y) & (y < 0), "不能为负", "此指标对负收入无定义：先按规则处理负值")
    if w is not None:
        _weigh(w, faults)
    faults.refuse(EstimateError)
    assert y is not None and w is not None
    return y, w


def _weigh(weights: Floats, faults: Faults) -> None:
    bad = ~(np.isfinite(weights) & (weights >= 0))
    _note(faults, "weights", bad, "应为不小于 0 的有限数", "核对权数")
    if not bool(bad.any()) and len(weights) and not bool((weights > 0).any()):
        faults.add(None, "weights", "全部为 0", "至少有一个大于 0", "空的域不能估计，先去掉")


def _vector(given: ArrayLike, name: str, faults: Faults) -> Floats | None:
    try:
        found = np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        faults.add(None, name, "不是数", "应为一列数", "先转换为数")
        return None
    if found.ndim != 1:
        faults.add(None, name, f"{found.ndim} 维", "应为一维数组", "一次给一个变量")
        return None
    if len(found) == 0:
        faults.add(None, name, "没有数", "至少有一个", "空的域不能估计，先去掉")
    return found


def _note(faults: Faults, name: str, bad: Bools, rule: str, remedy: str) -> None:
    if bool(bad.any()):
        faults.add(None, name, places(bad), rule, remedy)


def probabilities(given: ArrayLike, name: str = "probs") -> Floats:
    """Return probabilities as a (k,) float array, each in [0, 1].

    Raises
    ------
    EstimateError

    Examples
    --------
    >>> probabilities(.5).tolist()
    [0.5]
    """
    found = np.atleast_1d(np.asarray(given, dtype=float))
    if found.ndim != 1 or not bool(((found >= 0) & (found <= 1)).all()):
        shown = "、".join(f"{p:g}" for p in found.ravel() if not 0 <= p <= 1) or f"{found.ndim} 维"
        raise EstimateError(f"{name}：{shown}｜应为 0 与 1 之间的数｜中位数写 .5")
    return found
