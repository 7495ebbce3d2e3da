"""What a question for an interval says, read and checked: every fault of one question is told at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.errors import EstimateError, Faults, one_of
from evalkit.intervals.methods import METHODS, Method
from evalkit.intervals.moderated import Planning, correlation_of
from evalkit.intervals.tails import SIDES, tail_of
from evalkit.lists import as_numbers, seen_in

Numbers = NDArray[np.float64]
SNAP = 1e-12  # a weighted share of all events may miss 1 by rounding
KEPT = ("n", "df")
WHOLE = 1e-6  # a count made of a share may miss its whole number by rounding


@dataclass(frozen=True, eq=False)
class Question:
    """Arrays of one shape, read-only, and how the interval is to be made."""

    method: str
    how: Method
    p: Numbers
    n: Numbers
    se: Numbers
    df: Numbers
    planning: Planning | None
    population: Numbers
    f_eff: Numbers
    level: float
    side: str
    midp: bool

    @property
    def tail(self) -> float:
        """Probability left in one tail."""
        return tail_of(self.level, self.side)

    @property
    def end(self) -> NDArray[np.bool_]:
        """Where none or all have the property."""
        return np.asarray((self.p == 0) | (self.p == 1))

    def at(self, level: float, side: str) -> Question:
        """Return the question at another level and side, all else as it was read."""
        faults = Faults("区间")
        check_level(level, side, faults)
        faults.refuse(EstimateError)
        return replace(self, level=level, side=side)


def read_question(
    value: ArrayLike, n: ArrayLike, se: ArrayLike | None, df: ArrayLike | None, method: str, level: float, side: str,
    planning: Planning | None, population: ArrayLike | None, f_eff: ArrayLike | None, midp: bool,
) -> Question:  # fmt: skip
    """Return the question, or raise with everything that is wrong with it."""
    faults = Faults("区间")
    how = _method(method, faults)
    check_level(level, side, faults)
    given = {"value": value, "n": n, "se": se, "df": df, "population": population, "f_eff": f_eff}
    # n and df are handed on, so they are copied; the rest is only read
    told = {name: found for name, part in given.items() if part is not None and (found := _numbers(name, part, faults)) is not None}
    if len(told) < sum(part is not None for part in given.values()):
        faults.refuse(EstimateError)  # what is missing and what fits together is told of numbers
    _ranges(told, faults)
    if how is not None:
        _complete(how, method, told, planning, midp, faults)
    shape = _shape(told, planning, faults)
    faults.refuse(EstimateError)
    assert how is not None
    parts = {name: seen_in(shape, told.get(name, np.nan)) for name in given}
    p = parts.pop("value")
    p = np.where(p < SNAP, 0.0, np.where(p > 1 - SNAP, 1.0, p))
    if "f_eff" not in told:
        parts["f_eff"] = parts["n"] / parts["population"]
    return Question(method, how, p, planning=planning, level=level, side=side, midp=midp, **parts)


def _numbers(name: str, given: ArrayLike, faults: Faults) -> Numbers | None:
    found = as_numbers(given)
    if found is None:
        shown = repr(given) if isinstance(given, str) else type(given).__name__
        faults.add(None, name, shown, "应为数，或数的数组", "去掉引号，缺的先去掉")
        return None
    return np.array(found, copy=True if name in KEPT else None)


def check_level(level: float, side: str, faults: Faults) -> None:
    """Note a level outside (0, 1) and a side that there is not."""
    if faults.is_number("level", level, "95% 写 level=.95") and not 0 < level < 1:
        faults.add(None, "level", level, "置信水平应在 0 与 1 之间", "95% 写 level=.95")
    if side not in SIDES:
        faults.add(None, "side", repr(side), "没有这种界", '可用："two"、"lower"、"upper"')


def check_icc(icc: Any, faults: Faults) -> None:
    """Note a correlation within villages that is no number in [0, 1], nor the fact of a programme."""
    rho = correlation_of(icc)[0]
    if not isinstance(rho, Real):
        faults.add(None, "icc", repr(icc), "应为一个数，或带 value 与 source 的相关系数", "如 icc=.02 或 ev.icc(…)")
    elif not 0 <= float(rho) <= 1:
        faults.add(None, "icc", f"{float(rho):g}", "村内相关应在 0 与 1 之间", "写成小数，如 icc=.05；或 ev.icc(…)")


def _method(method: str, faults: Faults) -> Method | None:
    try:
        return one_of("method", method, METHODS, EstimateError, "区间")
    except EstimateError as unknown:
        _, rule, choices = str(unknown).split("｜", 2)
        faults.add(None, "method", repr(method), rule, choices)
        return None


_Good = Callable[[Numbers], NDArray[np.bool_]]
_RANGES: dict[str, tuple[_Good, str, str]] = {
    "value": (lambda x: (x >= -SNAP) & (x <= 1 + SNAP), "比例应在 0 与 1 之间", "百分数先除以 100"),
    "n": (lambda x: (x > 0) & np.isfinite(x), "单位数应大于 0 且有限", "空的分组不能给区间，先去掉"),
    "se": (lambda x: (x >= 0) & np.isfinite(x), "标准误应为不小于 0 的数", "检查方差"),
    "population": (lambda x: x >= 1, "总体单位数应不小于 1", "不知总体大小时不写 population"),
    "f_eff": (lambda x: (x >= 0) & (x <= 1), "有效抽样比应在 0 与 1 之间", "写成小数，如 .2"),
}


def _ranges(told: dict[str, Numbers], faults: Faults) -> None:
    for name, (good, rule, remedy) in _RANGES.items():
        part = told.get(name)
        if part is not None and not (fine := good(part)).all():
            faults.add(None, name, f"{float(part[~fine].flat[0] if part.ndim else part):g}", rule, remedy)


def _complete(how: Method, method: str, told: dict[str, Numbers], planning: Planning | None, midp: bool, faults: Faults) -> None:
    """Note what a method needs and was not given."""
    if how.needs_df and "df" not in told:
        faults.add(None, f"method = {method!r} 缺 df", None, "没有自由度就不能代以正态分位数", "写 df=（村数 − 层数）")
    if midp and not how.midp:
        able = "、".join(name for name, each in METHODS.items() if each.midp)
        faults.add(None, f"method = {method!r}", "midp=True", "这种区间没有折半的计数", f"可用：{able}")
    if how.needs == "planning":
        _planned(told, planning, faults)
    if how.needs == "fraction" and ("population" in told) == ("f_eff" in told):
        faults.add(None, f"method = {method!r}", None, "须写 population 与 f_eff 中的一个", "成群写 f_eff=（intervals.reach）")
    if how.needs != "fraction" and "f_eff" in told:
        faults.add(None, "f_eff", None, f"{method} 不读 f_eff", '用 method="wise"，或写在 planning 中')
    if how.needs == "population" and "population" not in told:
        faults.add(None, f"method = {method!r} 缺 population", None, "超几何分布要知道总体单位数", "写 population=")
    if how.needs not in ("population", "fraction") and "population" in told:
        faults.add(None, "population", None, f"{method} 不读 population", '有限总体用 "wise"、"hypergeometric"、"wang"')
    if "population" in told:
        _counted(told, whole=how.needs == "population", faults=faults)


def _planned(told: dict[str, Numbers], planning: Planning | None, faults: Faults) -> None:
    if planning is None:
        rule = "罕见比例的设计效应不能只靠自身估计"
        faults.add(None, 'method = "kg-m" 缺 planning', None, rule, "写 planning=Planning(deff_w, take, events_df, icc)")
        return
    inside = bool(((told["value"] > 0) & (told["value"] < 1)).any())
    if inside and planning.se_wr is None and "se" not in told:
        faults.add(None, 'method = "kg-m" 缺 se', None, "有事件时需要标准误", "写 se=")
    if inside and planning.se_wr is None and bool((np.asarray(planning.f_eff) > 0).any()):
        faults.add(None, "f_eff > 0 而缺 se_wr", None, "有限总体修正只能计一次", "在 planning 中写不含该修正的标准误 se_wr=")


def _counted(told: dict[str, Numbers], whole: bool, faults: Faults) -> None:
    """Note populations smaller than the sample, and for exact methods counts that are no whole numbers."""
    try:
        value, n, size = np.broadcast_arrays(told["value"], told["n"], told["population"])
    except ValueError:
        return  # told as a fault of shape
    if bool((n > size).any()):
        faults.add(None, "population", f"{float(size[n > size].flat[0]):g}", "总体不能少于样本", "核对 n 与 population")
    if whole:
        counts: dict[str, Any] = {"n": n, "population": size, "value·n": value * n}
        for name, count in counts.items():
            off = np.abs(count - np.rint(count)) > WHOLE * np.maximum(1, count)
            if bool(off.any()):
                faults.add(None, name, f"{float(count[off].flat[0]):g}", "精确界要整数的户数", "加权的率用 kg-m 或 wise")


def _shape(told: dict[str, Numbers], planning: Planning | None, faults: Faults) -> tuple[int, ...]:
    parts = [*told.values(), *(planning.numbers().values() if planning is not None else ())]
    try:
        return np.broadcast_shapes(*(np.shape(part) for part in parts))
    except ValueError:
        shapes = "、".join(f"{name} {part.shape}" for name, part in told.items() if part.ndim)
        faults.add(None, "数组", shapes, "各数组的形状应相同，或是一个数", "改正后重试")
        return ()
