"""How many are chosen in each stratum: numbers, rates, rules by the unit above, shared totals; and what is done where a list is short."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from evalkit import allocation, inclusion
from evalkit.codes import shown_label
from evalkit.errors import Faults
from evalkit.sheets import plain_numbers

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.design.stages import Allocation, Quota, Stage

Counts = Mapping[str, int]
Key = tuple[str, str]  # unit above, stratum


def asked(stage: Stage, counts: Counts, above: Mapping[str, str], shared: Mapping[str, int]) -> dict[str, int]:
    """Return how many a design asks for in each stratum under one unit above, before any shortfall.

    Parameters
    ----------
    stage : Stage
    counts : mapping of str to int
        Stratum → number of units listed.
    above : mapping of str to str
        Column → value of the unit above, for rules that ask what it is like.
    shared : mapping of str to int
        The part of a shared total that each stratum got, where the stage has an allocation.

    Returns
    -------
    dict of str to int
    """
    if stage.takes_all:
        return dict(counts)
    if not stage.inference:
        return dict.fromkeys(counts, 0)
    if stage.allocation is not None:
        return {stratum: shared.get(stratum, 0) for stratum in counts}
    rule = _fitting(stage.quota, counts, above) if stage.quota else stage
    if rule is None:
        return dict.fromkeys(counts, 0)
    if rule.n is not None:
        return {stratum: number(rule.n, stratum) for stratum in counts}
    return {stratum: _by_rate(rule.rate, stratum, size, stage) for stratum, size in counts.items()}


def number(sizes: int | Mapping[str, int], stratum: str) -> int:
    """Return the number of one stratum; one that a table leaves out has 0."""
    return sizes if isinstance(sizes, int) else sizes.get(stratum, 0)


def share_out(plan: Allocation, cells: Mapping[Key, int], limits: Mapping[Key, int] | None = None) -> dict[Key, int]:
    """Share the total of a stage out to its cells.

    Parameters
    ----------
    plan : Allocation
    cells : mapping of (unit above, stratum) to int
        Size of each cell: number of units, or the sum of the column that the plan names.
    limits : mapping of (unit above, stratum) to int, optional
        Number of units of each cell, where it is known; no cell gets more.

    Returns
    -------
    dict of (unit above, stratum) to int

    Raises
    ------
    ValueError
        Where the total does not fit between the bounds.
    """
    groups: dict[str, list[Key]] = {}
    for key in sorted(key for key, size in cells.items() if size):
        groups.setdefault(key[1] if isinstance(plan.total, dict) else "", []).append(key)
    if not groups:
        raise ValueError("各层的规模全为 0，总数无处可分｜核对 by 所指的列")
    shares: dict[Key, int] = dict.fromkeys(cells, 0)
    for stratum, keys in groups.items():
        total = number(plan.total, stratum)
        high = [min(plan.most, limits[key]) if limits else plan.most for key in keys]
        low = [min(plan.least, most) for most in high]
        values = {name: [_value(name, table, key[1]) for key in keys] for name, table in _tables(plan).items()}
        options: dict[str, Any] = {"exponent": plan.exponent} if plan.rule == "power" else {}
        options |= {"importance": plan.importance} if plan.rule == "kish" else {}
        sizes = [cells[key] for key in keys]
        shares |= zip(keys, allocation.METHODS[plan.rule](total, sizes, low=low, high=high, **values, **options), strict=True)
    return shares


def village_shares(plan: Allocation, villages: pd.DataFrame, strata: tuple[str, ...]) -> dict[Key, int]:
    """Share a total of households out to the drawn villages, before their rosters are there.

    Parameters
    ----------
    plan : Allocation
        `by` names a column of the frame; without it the villages share alike.
    villages : pandas.DataFrame
        The drawn villages, by their ids, with the columns of the frame.
    strata : tuple of str
        Strata of the stage; one for each table of totals.

    Returns
    -------
    dict of (village, stratum) to int
    """
    alike = [sum(plan.total.values()) if isinstance(plan.total, dict) else plan.total] * len(villages)
    sizes = _sizes(villages[plan.by], plan.by) if plan.by else alike
    cells = {(str(village), stratum): size for village, size in zip(villages.index, sizes, strict=True) for stratum in strata}
    return share_out(plan, cells)


def _sizes(column: pd.Series, name: str) -> list[int]:
    numbers = plain_numbers(column)
    wrong = [str(village) for village, size in numbers.items() if not size > 0]
    if wrong:
        raise ValueError(f"村 {'、'.join(wrong[:10])} 的{name}空白，或不大于 0｜改正名单")
    return inclusion.whole_sizes(numbers.tolist())


def fitted(counts: Counts, wanted: Counts, stage: Stage, where: str, faults: Faults) -> dict[str, int]:
    """Return how many to choose in each stratum, after the rule for strata that hold fewer than asked for.

    Parameters
    ----------
    counts, wanted : mapping of str to int
        Stratum → number of units that can be chosen at random, and the number asked for.
    stage : Stage
        Gives the shortfall rule.
    where : str
        Place for messages.
    faults : Faults
        Where a shortfall without a remedy is noted.

    Returns
    -------
    dict of str to int
        Of use only when no fault was noted.
    """
    short = {stratum: wanted[stratum] - size for stratum, size in counts.items() if wanted[stratum] > size}
    if stage.shortfall == "fail":
        remedy = "改小 n，或在 [[stage]] 写 shortfall = \"take-all\"（有多少抽多少）"
        for stratum in sorted(short):
            _note(faults, where, stratum, counts[stratum], wanted[stratum], remedy)
        return dict(wanted)
    taken = {stratum: min(wanted[stratum], size) for stratum, size in counts.items()}
    target = stage.shortfall.removeprefix("fill:")
    if not short or stage.shortfall == "take-all":
        return taken
    missing = sum(short.values()) - short.get(target, 0)
    filled = wanted.get(target, 0) + missing
    if filled > counts.get(target, 0):
        remedy = f"改小 n，或把 shortfall 改为 \"take-all\"（其中 {missing} 个是替别的层补的）"
        _note(faults, where, target, counts.get(target, 0), filled, remedy)
    return {**taken, target: filled}


def _fitting(rules: tuple[Quota, ...], counts: Counts, above: Mapping[str, str]) -> Quota | None:
    for rule in rules:
        alike = all(above.get(column) in values for column, values in rule.where.items())
        if alike and all(counts.get(stratum, 0) >= least for stratum, least in rule.holds.items()):
            return rule
    return None


def _by_rate(rate: Any, stratum: str, size: int, stage: Stage) -> int:
    stated = float(rate.get(stratum, 0) if isinstance(rate, dict) else rate)
    if not stated:
        return 0  # what a table leaves out is not drawn, whatever `least` says
    # the decimal that was written, not the double next to it: 0.1 of 30 is 3 and not 4
    wanted = -(-Fraction(repr(stated)) * size // 1)
    least = stage.least.get(stratum, 0) if isinstance(stage.least, dict) else stage.least
    most = stage.most.get(stratum, size) if isinstance(stage.most, dict) else stage.most
    return min(size, max(least, min(most, int(wanted))))


def _value(name: str, table: Mapping[str, float], stratum: str) -> float:
    if stratum not in table:
        raise ValueError(f"allocation.{name} 中没有层 {stratum}｜补上该层")
    return table[stratum]


def _tables(plan: Allocation) -> dict[str, dict[str, float]]:
    return {name: table for name in ("spreads", "costs", "cvs") if (table := getattr(plan, name))}


def _note(faults: Faults, where: str, stratum: str, size: int, wanted: int, remedy: str) -> None:
    faults.add(None, f"{where}层 {shown_label(stratum)}", None, f"应抽 {wanted} 个，只有 {size} 个", remedy)
