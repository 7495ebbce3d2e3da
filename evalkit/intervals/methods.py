"""The table of ways to make an interval for a proportion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evalkit.intervals import forms
from evalkit.intervals.profile import on_r_grid

Numbers = NDArray[np.float64]
Needs = Literal["", "planning", "population", "fraction"]


@dataclass(frozen=True, eq=False)
class Case:
    """What the rules for an effective number of units read."""

    n: Numbers
    n_eff: Numbers
    end: NDArray[np.bool_]
    ratio: Numbers


def _effective(case: Case) -> Numbers:
    return case.n_eff


def _ignored(case: Case) -> Numbers:
    return case.n


def _adjusted(case: Case) -> Numbers:
    return case.n_eff * case.ratio


def _truncated(case: Case) -> Numbers:
    return np.minimum(case.n, case.n_eff) * case.ratio


def _nchs(case: Case) -> Numbers:
    return np.where(case.end, case.n, np.minimum(case.n, case.n_eff * case.ratio))


@dataclass(frozen=True)
class Method:
    """One way to make an interval for a proportion.

    Attributes
    ----------
    form : callable or None
        The formula, of proportion, units, quantile and tail; None where a table of `needs` says who makes the limits.
    quantile : {"z", "t"}
    units : callable
        The number of units that enters the formula.
    needs_df : bool
    text : str
    needs : {"", "planning", "population", "fraction"}
        What must be given beside estimate, units, standard error and degrees of freedom.
    midp : bool
        Whether the observed count can be given half its weight: where each limit inverts one binomial or hypergeometric tail.
    """

    form: Callable[..., forms.Limits] | None
    quantile: Literal["z", "t"]
    units: Callable[[Case], Numbers]
    needs_df: bool
    text: str
    needs: Needs = ""
    midp: bool = False


METHODS: dict[str, Method] = {
    "kg-m": Method(None, "t", _adjusted, True, "Clopper–Pearson，缓和的有效样本量（默认；需 planning）", "planning", midp=True),
    "kg": Method(forms.clopper_pearson, "t", _adjusted, True, "Korn–Graubard，n_eff 经自由度修正（R 的 beta）", midp=True),
    "kg-nchs": Method(forms.clopper_pearson, "t", _nchs, True, "Korn–Graubard，NCHS：修正后不超过 n；两端取 n", midp=True),
    "kg-truncated": Method(forms.clopper_pearson, "t", _truncated, True, "Korn–Graubard，先不超过 n 再修正", midp=True),
    "clopper-pearson": Method(forms.clopper_pearson, "z", _ignored, False, "Clopper–Pearson，不计设计", midp=True),
    "wise": Method(None, "z", _effective, False, "Wise：Clopper–Pearson 按有限总体收窄（需 f_eff 或 population）", "fraction", midp=True),
    "hypergeometric": Method(None, "z", _ignored, False, "超几何分布两尾精确界，简单随机不放回（需 population）", "population", midp=True),
    "wang": Method(None, "z", _ignored, False, "Wang 的可容许精确区间，简单随机不放回（需 population）", "population"),
    "kott-liu": Method(forms.kott_liu, "z", _effective, False, "Hall–Cai–Kott–Liu 单侧界，按偏度修正；双侧为两个单侧界"),
    "logit": Method(forms.logistic, "z", _effective, False, "对数比数尺度，正态分位数"),
    "logit-t": Method(forms.logistic, "t", _effective, True, "对数比数尺度，t 分位数"),
    "xlogit": Method(forms.logistic, "t", _effective, True, "同 logit-t（R 的 xlogit）"),
    "log": Method(forms.logarithmic, "z", _effective, False, "对数尺度，正态分位数"),
    "log-t": Method(forms.logarithmic, "t", _effective, True, "对数尺度，t 分位数"),
    "arcsine": Method(forms.arcsine, "z", _effective, False, "反正弦尺度，正态分位数"),
    "arcsine-t": Method(forms.arcsine, "t", _effective, True, "反正弦尺度，t 分位数"),
    "wilson": Method(forms.wilson, "z", _effective, False, "Wilson 得分，有效样本量，正态分位数"),
    "wilson-t": Method(forms.wilson, "t", _effective, True, "Wilson 得分，有效样本量，t 分位数"),
    "wilson-df": Method(forms.wilson, "z", _truncated, True, "Wilson 得分，自由度修正后的有效样本量"),
    "agresti-coull": Method(forms.agresti_coull, "z", _effective, False, "Agresti–Coull，正态分位数"),
    "agresti-coull-t": Method(forms.agresti_coull, "t", _effective, True, "Agresti–Coull，t 分位数"),
    "agresti-coull-df": Method(forms.agresti_coull, "z", _truncated, True, "Agresti–Coull，自由度修正后的有效样本量"),
    "jeffreys": Method(forms.jeffreys, "z", _effective, False, "Jeffreys 先验的后验分位数"),
    "jeffreys-df": Method(forms.jeffreys, "z", _truncated, True, "Jeffreys 先验，自由度修正后的有效样本量"),
    "uniform": Method(forms.uniform, "z", _effective, False, "均匀先验的后验分位数"),
    "likelihood": Method(forms.likelihood, "z", _effective, False, "Rao–Scott 似然，正态分位数"),
    "likelihood-t": Method(forms.likelihood, "t", _effective, True, "Rao–Scott 似然，t 分位数"),
    "likelihood-r": Method(on_r_grid, "t", _effective, True, "R 的 likelihood：粗网格、样条、线性内插，与精确解可差百分之几（仅供对照）"),
    "wald": Method(forms.wald, "z", _effective, False, "对称区间，正态分位数（仅供对照）"),
    "wald-t": Method(forms.wald, "t", _effective, True, "对称区间，t 分位数（仅供对照）"),
}
NEED_INSIDE = (forms.wald, forms.logistic, forms.logarithmic, on_r_grid)  # nothing at 0 and 1: Clopper–Pearson with n stands in
