"""A made-up registry of one county: villages with totals, and the rosters of those that are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit import streams
from evalkit.errors import DesignError
from evalkit.synthetic import households
from evalkit.synthetic.dice import MARK_COLUMN, Dice, villages_numbers

if TYPE_CHECKING:
    from evalkit.design import Design

KIND_NAMES = ("脱贫", "未脱贫", "非建档立卡")
POOR_FACTOR = 1.5  # registry households of a poor village against another village
SMALLEST_VILLAGE = 40
SIZE_SPREAD = 0.35  # standard deviation of the logarithm of a village's number of households


@dataclass(frozen=True, eq=False)
class Registry:
    """A made-up registry; households are made when asked for, and always the same ones.

    Attributes
    ----------
    design : Design
        Its column words and its `[specimen]`.
    factors : ndarray of float
        How many times the mean share of registry households each village has.
    """

    design: Design
    _list: pd.DataFrame
    _dice: Dice
    factors: NDArray[np.float64]

    def villages(self) -> pd.DataFrame:
        """Return the village list with 贫困村, households and persons by kind (a copy)."""
        return self._list.copy()

    def households(self, villages: Iterable[str] | None = None) -> pd.DataFrame:
        """Return the households of these villages (default: all) with their true state, one row each."""
        chosen = self._positions(villages)
        dice = Dice(self._dice.seed, tuple(self._dice.villages[i] for i in chosen), self._dice.sizes[chosen])
        return households.details(dice, self.factors[chosen], self.design)

    def rosters(self, villages: Iterable[str] | None = None) -> dict[str, pd.DataFrame]:
        """Return for each village its household list, under the headings and words of `[rosters]`."""
        people = self.households(villages)
        table = _roster_table(people, self.design)
        return {str(village): rows.reset_index(drop=True) for village, rows in table.groupby(people["village"], sort=False)}

    def _positions(self, villages: Iterable[str] | None) -> NDArray[np.int64]:
        places = {village: i for i, village in enumerate(self._dice.villages)}
        if villages is None:
            return np.arange(len(places))
        wanted = list(dict.fromkeys(villages))
        strange = [village for village in wanted if village not in places]
        if strange:
            raise DesignError(f"模拟名单：没有村 {'、'.join(strange[:5])}｜村代码应在名单中｜检查代码")
        return np.array([places[village] for village in wanted], dtype=np.int64)

    def __repr__(self) -> str:
        return f"Registry 模拟数据：{len(self._list)} 个村，{int(self._dice.sizes.sum())} 户，种子 {self._dice.seed}"


def registry(table: pd.DataFrame, design: Design) -> Registry:
    """Make up a registry for a list of villages, under the design's `[specimen]`.

    Parameters
    ----------
    table : DataFrame
        The villages, one row each, after the rules of the frame; the id stands in the column that
        ``design.frame.id`` names. Not changed.
    design : Design
        With `[specimen]` and `[rosters]`.

    Returns
    -------
    Registry

    Raises
    ------
    DesignError
        When one of these sections or the id column is missing.

    Notes
    -----
    Sizes are log-normal, persons binomial, shares of registry households uneven between villages; the
    errors (错退, 漏评, 错评) are beta-binomial over villages with correlation ``specimen.icc``. Every number
    comes from a SHAKE-256 stream keyed by the village's code (`evalkit.streams`).

    Examples
    --------
    >>> import evalkit as ev
    >>> from evalkit.synthetic import registry
    >>> design = ev.read_design("designs/biyang_2018.toml")
    >>> list_ = pd.DataFrame({"village_code": ["411726001001", "411726001002"]})
    >>> made = registry(list_, design)
    >>> made.villages().columns.tolist()[1:4]
    ['贫困村', '户数', '乡村人口']
    >>> len(made.households(["411726001002"])) == int(made.villages()["户数"][1])
    True
    """
    _check(table, design)
    specimen = design.specimen
    assert specimen is not None
    villages = tuple(table[design.frame.id].astype(str))
    z = streams.normal(villages_numbers(specimen.seed, "size", villages))
    sizes = np.rint(specimen.households * np.exp(SIZE_SPREAD * z - SIZE_SPREAD**2 / 2)).astype(np.int64)
    dice = Dice(specimen.seed, villages, np.maximum(sizes, min(SMALLEST_VILLAGE, round(specimen.households))))
    poor = _poor(dice, specimen.poor_villages)
    factors = np.where(poor, POOR_FACTOR, 1.0)
    factors = factors / (factors.mean() if len(factors) else 1.0)
    totals = _totals(dice, factors, design)
    made = table.reset_index(drop=True).assign(贫困村=np.where(poor, "是", "否"), **totals)
    return Registry(design, made, dice, factors)


def _check(table: pd.DataFrame, design: Design) -> None:
    for section in ("specimen", "rosters"):
        if getattr(design, section) is None:
            raise DesignError(f"{section}｜缺｜生成模拟数据需要这一节｜写 [{section}]")
    if design.frame.id not in table.columns:
        raise DesignError(f"frame.id：{design.frame.id}｜名单中没有这一列｜改为名单中村代码的列名")


def _poor(dice: Dice, count: int) -> NDArray[np.bool_]:
    """Choose the poor villages: those with the smallest numbers of their own streams."""
    order = np.argsort(dice.per_village("poor"), kind="stable")
    poor = np.zeros(len(dice.villages), dtype=bool)
    poor[order[:count]] = True
    return poor


def _totals(dice: Dice, factors: NDArray[np.float64], design: Design) -> dict[str, NDArray[np.int64]]:
    assert design.specimen is not None
    kind, size = households.kinds(dice, factors, design.specimen), households.persons(dice, design.specimen)
    village = np.repeat(np.arange(len(dice.villages)), dice.sizes)
    cell, cells = village * 3 + kind, 3 * len(dice.villages)
    people = np.bincount(cell, weights=size, minlength=cells).astype(np.int64).reshape(-1, 3)
    count = np.bincount(cell, minlength=cells).reshape(-1, 3)
    totals = {"户数": dice.sizes.copy(), "乡村人口": people.sum(axis=1)}
    for i, name in enumerate(KIND_NAMES):
        totals |= {f"{name}户数": count[:, i], f"{name}人口": people[:, i]}
    return totals


def _roster_table(people: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Return households as a village would hand them in: the design's headings, its words for strata, no truth."""
    columns = design.rosters
    assert columns is not None
    words = {stratum: word for word, stratum in reversed(columns.strata.items())}
    headings = {
        "village": columns.village,
        "household": columns.household,
        "stratum": columns.stratum,
        "persons": columns.persons,
        "head": columns.head or "户主",
        "id_number": columns.id_number or "证件号码",
        "address": columns.address or "自然村",
    }
    kept = [*headings, "脱贫年度", *households.FLAGS, MARK_COLUMN]
    table = people[kept].rename(columns=headings)
    table[columns.stratum] = [words.get(stratum, stratum) for stratum in people["stratum"]]
    return table
