"""What raking and post-stratification refuse, in words: margins, categories and replicates by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evalkit.calibration.distances import Floats
from evalkit.errors import Faults, SurveyError

REPLICATES = 6  # replicates named in one line


@dataclass(frozen=True, eq=False)
class Names:
    """What messages call margins and their categories; numbers where nothing is given.

    Examples
    --------
    >>> Names().category(0, 2)
    '第 1 个边际，第 3 类'
    >>> Names(["村类型"], [["贫困村", "非贫困村"]]).category(0, 1)
    '村类型，非贫困村'
    """

    margins: Sequence[str] | None = None
    categories: Sequence[Sequence[Any]] | None = None

    def margin(self, at: int) -> str:
        """Return the name of a margin."""
        return str(self.margins[at]) if self.margins is not None else f"第 {at + 1} 个边际"

    def category(self, at: int, level: int) -> str:
        """Return the name of a category of a margin."""
        told = self.categories[at][level] if self.categories is not None else f"第 {level + 1} 类"
        return f"{self.margin(at)}，{told}"


NUMBERED = Names()


def check_totals(totals: Sequence[Floats], tol: float, names: Names) -> None:
    """Refuse totals that are negative or no numbers, and margins with different sums."""
    faults = Faults("边际总数")
    for at, total in enumerate(totals):
        if total.ndim != 1 or not len(total):
            faults.add(None, names.margin(at), f"形状 {total.shape}", "应为一列总数，每类一个", "给出各类的总数")
            continue
        for level in np.flatnonzero(~(np.isfinite(total) & (total >= 0))):
            faults.add(None, names.category(at, int(level)), f"总数 {total[level]:g}", "应为不小于 0 的有限数", "改正总数")
    if not faults:
        _check_sums(faults, [float(total.sum()) for total in totals], tol, names)
    faults.refuse(SurveyError)


def _check_sums(faults: Faults, sums: Sequence[float], tol: float, names: Names) -> None:
    if max(sums) - min(sums) <= tol * max(sums):
        return
    for at, each in enumerate(sums):
        faults.add(None, names.margin(at), f"合计 {each:.15g}", "各边际的合计应相同", "核对总数，或都按同一合计折算")


def check_weighted(sums: Sequence[Floats], totals: Sequence[Floats], names: Names) -> None:
    """Refuse categories with a total and no weight, and with weight and a total of 0.

    Parameters
    ----------
    sums : sequence of (R, levels) float arrays
        Weights by replicate and category; R = 1 for the sample itself.
    totals : sequence of (levels,) float arrays
    names : Names
    """
    faults = Faults("样本与总数")
    for at, (found, total) in enumerate(zip(sums, totals, strict=True)):
        for level in np.flatnonzero(((found > 0) != (total > 0)).any(axis=0)):
            name, several = names.category(at, int(level)), len(found) > 1
            if total[level] > 0:
                where = _replicates(np.flatnonzero(found[:, level] <= 0)) if several else "样本中"
                faults.add(None, name, f"总数 {total[level]:.10g}", f"{where}没有一行有权数，总数无从放置", "与相近的类合并，或补样本")
            else:
                faults.add(None, name, "总数 0", "样本中却有这一类", "核对总数，或与相近的类合并")
    faults.refuse(SurveyError)


def _replicates(which: Iterable[int]) -> str:
    numbers = [str(int(at) + 1) for at in which]
    return f"第 {'、'.join(numbers[:REPLICATES])}{'……' if len(numbers) > REPLICATES else ''} 组复制权数（共 {len(numbers)} 组）中"


def refuse_miss(sums: Sequence[Floats], totals: Sequence[Floats], sweeps: int, names: Names) -> None:
    """Raise, naming the category that misses its total most.

    Parameters
    ----------
    sums : sequence of (R, levels) float arrays
        Where the sweeps ended.
    totals : sequence of (levels,) float arrays
    sweeps : int
    names : Names
    """
    gaps = [np.abs(found - total) / np.where(total > 0, total, 1.0) for found, total in zip(sums, totals, strict=True)]
    worst = int(np.argmax([gap.max() for gap in gaps]))
    replicate, level = (int(each) for each in np.unravel_index(int(gaps[worst].argmax()), gaps[worst].shape))
    lead = f"第 {replicate + 1} 组复制权数，" if len(gaps[worst]) > 1 else ""
    found = f"{sums[worst][replicate, level]:.8g}，总数 {totals[worst][level]:.8g}"
    faults = Faults(f"{sweeps} 遍后边际仍不能满足")
    rule = f"偏差最大，相对 {gaps[worst].max():.2g}；样本中没有的交叉格可能使各边际互相矛盾"
    faults.add(None, f"{lead}{names.category(worst, level)}", found, rule, "合并类别，或加大 max_sweeps")
    faults.refuse(SurveyError)
