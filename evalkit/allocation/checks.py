"""What the functions of this folder refuse: every fault of one call at once, with the positions of the strata."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from numbers import Integral, Real
from typing import Any

Bound = int | float | Sequence[int] | Sequence[float] | None


def finite(value: Any) -> bool:
    """Return whether `value` is a number, not NaN and not infinite."""
    return isinstance(value, Real) and math.isfinite(value)


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, Integral) and int(value) >= least


def _no_less_than_0(value: Any) -> bool:
    return isinstance(value, Real) and float(value) >= 0


RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "positive": (lambda value: finite(value) and value > 0, "应为大于 0 的有限数"),
    "nonnegative": (lambda value: finite(value) and value >= 0, "应为不小于 0 的有限数"),
    "whole": (lambda value: _whole(value, 0), "应为不小于 0 的整数"),
    "size": (lambda value: _whole(value, 1), "应为不小于 1 的整数"),
    "share": (lambda value: finite(value) and 0 < value <= 1, "应大于 0 且不超过 1"),
    "bound": (_no_less_than_0, "应为不小于 0 的数"),
}


def places(positions: Iterable[int]) -> str:
    """Return positions as people count them: 第 1、3 层.

    Examples
    --------
    >>> places([0, 2])
    '第 1、3 层'
    """
    return f"第 {'、'.join(str(at + 1) for at in positions)} 层"


def entries(rule: str, **lists: Iterable[Any] | None) -> list[str]:
    """Return one line for each list with entries that break `rule`; a list that is None is passed over."""
    right, text = RULES[rule]
    found = []
    for name, values in lists.items():
        wrong = [(at, value) for at, value in enumerate(values if values is not None else ()) if not right(value)]
        if wrong:
            shown = "、".join(str(value) for _, value in wrong)
            found.append(f"{places(at for at, _ in wrong)} {name} = {shown}｜{text}｜改正这些层的 {name}")
    return found


def cells(rule: str, **tables: Iterable[Iterable[Any]]) -> list[str]:
    """Return one line for each table, a row a limit and a column a stratum or domain, with entries that break `rule`."""
    right, text = RULES[rule]
    found = []
    for name, rows in tables.items():
        every = ((row, at, value) for row, values in enumerate(rows) for at, value in enumerate(values))
        wrong = [f"第 {row + 1} 行第 {at + 1} 列 = {value}" for row, at, value in every if not right(value)]
        if wrong:
            found.append(f"{name} {'、'.join(wrong)}｜{text}｜改正 {name}")
    return found


def single(rule: str, **values: Any) -> list[str]:
    """Return one line for each number that breaks `rule`."""
    right, text = RULES[rule]
    return [f"{name} = {value}｜{text}｜改正 {name}" for name, value in values.items() if not right(value)]


def lengths(count: int, **lists: Any) -> list[str]:
    """Return one line for each list that does not have `count` entries, and one when `count` is 0."""
    empty = ["没有一层｜至少应有一层｜给出各层的数"] if count == 0 else []
    wrong = [(name, len(values)) for name, values in lists.items() if values is not None and len(values) != count]
    return empty + [f"{name} 有 {found} 个数｜应与层数 {count} 相同｜补齐或删去" for name, found in wrong]


def refuse(*faults: list[str]) -> None:
    """Raise ValueError with all the lines, if there are any."""
    lines = [line for group in faults for line in group]
    if lines:
        raise ValueError("\n".join(lines))


def limits(count: int, low: Bound, high: Bound) -> tuple[list[Any], list[Any]]:
    """Return the bounds as two lists: one number stands for all strata, None for 0 or for no bound."""
    return _listed(count, 0 if low is None else low), _listed(count, math.inf if high is None else high)


def _listed(count: int, bound: Any) -> list[Any]:
    return list(bound) if hasattr(bound, "__len__") else [bound] * count


def box(total: Any, low: list[Any], high: list[Any], count: int, rule: str = "bound") -> list[str]:
    """Return the faults of bounds and of a total that they must leave room for."""
    found = lengths(count, low=low, high=high) + entries(rule, low=low) + entries("bound", high=high)
    found += single("whole" if rule == "whole" else "nonnegative", total=total)
    if found:
        return found
    crossed = [at for at in range(count) if low[at] > high[at]]
    if crossed:
        return [f"{places(crossed)} low 大于 high｜下限不应超过上限｜改正这些层的上下限"]
    least, most = sum(low), sum(high)
    if least * (1 - 1e-12) <= total <= most * (1 + 1e-12):
        return []
    return [f"total = {total}｜应在下限之和 {least:g} 与上限之和 {most:g} 之间｜改正 total 或各层的上下限"]


def no_spread(spreads: Sequence[float], low: Sequence[float], high: Sequence[float]) -> list[str]:
    """Return a line for strata whose spread 0 would leave them without a unit."""
    bare = [at for at, spread in enumerate(spreads) if spread == 0 and low[at] < 1 and high[at] > 0]
    if not bare:
        return []
    return [f"{places(bare)}标准差为 0｜这些层将一户不抽，罕见事件的层尤其不可｜用 planning_spread(p, n) 给出规划值，或令 low 不小于 1"]
