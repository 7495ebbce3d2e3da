"""What calibration refuses before it begins: every fault of one call at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from evalkit.calibration.distances import Floats
from evalkit.errors import Faults, SurveyError


def column_name(names: Sequence[str] | None, at: int) -> str:
    """Return what messages call a column of x.

    Examples
    --------
    >>> column_name(None, 0), column_name(["户", "人"], 1)
    ('第 1 列', '第 2 列（人）')
    """
    return f"第 {at + 1} 列（{names[at]}）" if names is not None and at < len(names) else f"第 {at + 1} 列"


def floats(values: ArrayLike) -> Floats:
    """Return a float array; text and tables of unequal rows are refused."""
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError) as wrong:
        raise SurveyError("输入不是数｜应为数值数组｜先把类别换成 0/1 列") from wrong


def design_matrix(x: ArrayLike) -> Floats:
    """Return x as (n, p); a single column may come as (n,)."""
    made = floats(x)
    return made[:, None] if made.ndim == 1 else made


def calibration_input(
    x: Floats, weights: Floats, totals: Floats, q: Floats | None, instruments: Floats | None, names: Sequence[str] | None
) -> None:
    """Refuse what cannot be calibrated: shapes that do not fit, numbers that are none, weights below 0.

    Raises
    ------
    SurveyError
        With all faults found.
    """
    faults = Faults("校准的输入")
    _shapes(faults, x, weights, totals, q, instruments)
    faults.refuse(SurveyError)
    with np.errstate(over="ignore", invalid="ignore"):
        whole = bool(np.isfinite(x.sum()))  # one pass: a single number that is none shows in the sum
    for at in () if whole else np.flatnonzero(~np.isfinite(x).all(axis=0)):
        rows = np.flatnonzero(~np.isfinite(x[:, at]))
        found = f"{len(rows)} 行缺失，首行为第 {rows[0] + 1} 行"
        faults.add(None, column_name(names, int(at)), found, "辅助变量应完整", "先补齐或去掉这些行")
    for at in np.flatnonzero(~np.isfinite(totals)):
        faults.add(None, column_name(names, int(at)), f"总数 {totals[at]:g}", "总数应为有限数", "改正总数")
    _row_numbers(faults, weights, q, instruments)
    faults.refuse(SurveyError)


def _shapes(faults: Faults, x: Floats, weights: Floats, totals: Floats, q: Floats | None, instruments: Floats | None) -> None:
    if x.ndim != 2 or x.shape[1] == 0 or x.shape[0] == 0:
        faults.add(None, "x", f"形状 {x.shape}", "应为 (行数, 列数)", "每行一个单元，每列一个辅助变量")
        return
    n, p = x.shape
    if weights.shape != (n,):
        faults.add(None, "权数", f"形状 {weights.shape}", f"应有 {n} 行", "与 x 逐行对应")
    if totals.shape != (p,):
        faults.add(None, "总数", f"形状 {totals.shape}", f"应有 {p} 个", "与 x 逐列对应")
    if q is not None and q.shape != (n,):
        faults.add(None, "q", f"形状 {q.shape}", f"应有 {n} 行", "与 x 逐行对应")
    if instruments is not None and instruments.shape != (n, p):
        faults.add(None, "instruments", f"形状 {instruments.shape}", f"应与 x 相同，为 {(n, p)}", "每个辅助变量配一个工具变量")


def _row_numbers(faults: Faults, weights: Floats, q: Floats | None, instruments: Floats | None) -> None:
    bad_weights(faults, weights)
    if q is not None and not bool((np.isfinite(q) & (q > 0)).all()):
        faults.add(None, "q", f"{int((~(np.isfinite(q) & (q > 0))).sum())} 行", "应为大于 0 的有限数", "q 与模型方差成反比")
    if instruments is not None and not bool(np.isfinite(instruments).all()):
        faults.add(None, "instruments", f"{int((~np.isfinite(instruments)).sum())} 处缺失", "工具变量应完整", "先补齐或去掉这些行")


def bad_weights(faults: Faults, weights: Floats) -> None:
    """Note weights that are negative or no numbers, and weights that are all 0."""
    least, most = (float(weights.min()), float(weights.max())) if weights.size else (0.0, 0.0)
    if not (least >= 0 and np.isfinite(most)):
        wrong = int((~(np.isfinite(weights) & (weights >= 0))).sum())
        faults.add(None, "权数", f"{wrong} 个为负、缺失或无穷", "应为不小于 0 的有限数", "检查上一步的权数")
    elif most == 0:
        faults.add(None, "权数", "全为 0", "至少一行应大于 0", "检查上一步的权数")
