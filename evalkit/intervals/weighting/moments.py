"""Weighted covariances and a weighted regression, and the checks of what they are given."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import EstimateError, Faults
from evalkit.nonresponse.labels import Numbers


def columns(w: ArrayLike, **more: ArrayLike) -> tuple[Numbers, Numbers, Numbers]:
    """Return weights, the first column and the others as checked arrays of shapes (n,), (n, 1) and (n, k)."""
    weights, faults = np.asarray(w, dtype=float), Faults("加权的设计效应")
    rows = len(weights) if weights.ndim else 0
    if weights.shape != (rows,) or rows < 2 or not np.isfinite(weights).all() or (weights <= 0).any():
        faults.add(None, "w", f"形状 {weights.shape}", "应为至少 2 个有限正数的一维数组", "检查权数")
    made = [np.asarray(given, dtype=float) for given in more.values()]
    made = [each[:, None] if each.ndim == 1 else each for each in made]
    for name, each in zip(more, made, strict=True):
        if each.ndim != 2 or len(each) != rows or not np.isfinite(each).all() or (name in "yp" and each.shape[1:] != (1,)):
            faults.add(None, name, f"形状 {each.shape}", f"应与 w 同为 {rows} 行，各数有限", "补全或去掉缺失的行")
        elif name == "y" and np.ptp(each) == 0:
            faults.add(None, name, f"都是 {each[0, 0]:g}", "应有不同的数，否则设计效应没有定义", "换一个指标")
    faults.refuse(EstimateError)
    return weights, made[0], made[1] if len(made) > 1 else np.empty((rows, 0))


def regress(x: Numbers, y: Numbers, w: Numbers) -> Numbers:
    root = np.sqrt(w)
    design = np.column_stack([np.ones(len(y)), x])
    scale = np.abs(design).max(axis=0)
    solved, _, rank, _ = np.linalg.lstsq(design / np.where(scale > 0, scale, 1) * root[:, None], y * root, rcond=1e-12)
    if rank < design.shape[1]:
        raise EstimateError(f"自变量 {x.shape[1]} 列，连常数项秩为 {rank}｜各列应线性无关｜去掉常数列与重复的列")
    coefficients: Numbers = solved / scale
    return coefficients


def covariance(a: Numbers, b: Numbers, w: Numbers) -> float:
    total = w.sum()
    return float(w @ ((a - w @ a / total) * (b - w @ b / total)) / total)
