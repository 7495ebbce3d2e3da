"""What a step of weighting does to the loss from unequal weights, class by class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import EstimateError, Faults
from evalkit.intervals.effects import weight_effect
from evalkit.nonresponse.labels import ALL, Codes, Labels, Numbers, called, coded, locked


@dataclass(frozen=True, eq=False)
class WeightEffects:
    """Kish's design effect in each class before and after a step of weighting; rows of weight 0 do not count.

    Attributes
    ----------
    classes : tuple
        Labels in order.
    n_before, n_after : (classes,) int array
        Rows with a weight.
    before, after : (classes,) float array
        n Σw²/(Σw)².
    total_before, total_after : (classes,) float array
        Sum of the weights.
    overall_before, overall_after : float
        The same effect over all rows.
    """

    classes: tuple[Any, ...]
    n_before: Codes
    n_after: Codes
    before: Numbers
    after: Numbers
    total_before: Numbers
    total_after: Numbers
    overall_before: float
    overall_after: float

    def __post_init__(self) -> None:
        locked(self.n_before, self.n_after, self.before, self.after, self.total_before, self.total_after)


def design_effect_of_weights(before: ArrayLike, after: ArrayLike, classes: Labels | None = None) -> WeightEffects:
    """Return what a step of weighting (nonresponse, calibration, trimming) did to the loss from unequal weights.

    Parameters
    ----------
    before, after : array, shape (n,)
        Weights ≥ 0 of the same rows; 0 for rows that have none (nonrespondents after the step).
    classes : array, shape (n,), or tuple of such arrays, optional
        Class of each row; a tuple is crossed; one class of all rows without it.

    Raises
    ------
    EstimateError
        Arrays of unequal length, weights negative or not finite, a class without any weight before or after.

    References
    ----------
    Kish 1992, Journal of Official Statistics 8:183.

    Examples
    --------
    >>> seen = design_effect_of_weights([1, 1, 1, 1], [2, 2, 0, 1], ["a", "a", "a", "b"])
    >>> seen.classes, seen.before.tolist(), seen.after.tolist(), round(seen.overall_after, 4)
    (('a', 'b'), [1.0, 1.0], [1.0, 1.0], 1.08)
    """
    old, new = (np.asarray(each, dtype=float) for each in (before, after))
    rows = len(old) if old.ndim else 0
    faults = Faults("权数的前后比较")
    for name, given in (("before", old), ("after", new)):
        if given.shape != (rows,) or not rows or not np.isfinite(given).all() or (given < 0).any():
            faults.add(None, name, f"形状 {given.shape}", "应为等长的一维数组，各数有限、不为负", "检查权数")
    faults.refuse(EstimateError)
    labels, code = ((ALL,), np.zeros(rows, dtype=np.int64)) if classes is None else coded(classes, rows, "classes", EstimateError)
    (n0, t0, k0), (n1, t1, k1) = (_kish(each, code, labels, name) for name, each in (("before", old), ("after", new)))
    return WeightEffects(labels, n0, n1, k0, k1, t0, t1, weight_effect(old[old > 0]), weight_effect(new[new > 0]))


def _kish(w: Numbers, code: Codes, labels: tuple[Any, ...], name: str) -> tuple[Codes, Numbers, Numbers]:
    n, total, square = (np.bincount(code, each, len(labels)).astype(np.float64) for each in ((w > 0).astype(float), w, w**2))
    if (total <= 0).any():
        raise EstimateError(f"{name}：{called(labels, np.flatnonzero(total <= 0))}｜每类应有权数大于 0 的行｜合并类后重试")
    return n.astype(np.int64), total, n * square / total**2
