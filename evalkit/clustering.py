"""Clustering: how alike the households of a village are, measured once and handed on as a fact of a programme.

The correlation within villages decides the interval of a rate with few events, and one county has too few events to know it.
So the counties of a programme are put together, and the figures they are made of are kept: the next evaluation adds its own.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit import __version__, tickets
from evalkit.errors import EstimateError
from evalkit.estimates import Estimate, proportion
from evalkit.formats import check_format
from evalkit.intervals import Anova, anova, pooled_icc
from evalkit.intervals.effects import PRIOR_WEIGHT
from evalkit.lists import as_list
from evalkit.sheets import write_bytes
from evalkit.showing import Rows, Shown, table_of
from evalkit.survey import rows_behind
from evalkit.variances import FULL

if TYPE_CHECKING:
    from evalkit.estimates.domains import Missing
    from evalkit.survey import Survey

FORMAT, KIND = 1, "icc"
TAKEN = "各村全部抽中，村间没有抽样"
NO_VILLAGES = "没有一层有两个村，或村内都只有一户"
UNITS = {"county": "县"}
MOST_LOST = 0.25  # share of events in counties of weight 0 beyond which it is said


@dataclass(frozen=True)
class Counted:
    """One county: its counts and mean squares.

    `between`, `within`, `take` and `event_df` are those of `evalkit.intervals.Anova`; with a `reason` they are 0 and unused.
    """

    programme: str
    name: str
    villages: int
    households: int
    events: int
    between: float = 0.0
    within: float = 0.0
    take: float = 0.0
    event_df: float = 0.0
    reason: str = ""

    @property
    def anova(self) -> Anova:
        """The mean squares as the springs take them."""
        return Anova(self.between, self.within, self.take, self.event_df)


@dataclass(frozen=True, repr=False)
class Clustering(Shown):
    """The correlation within villages of one indicator over the counties of one or more programmes.

    Wherever an interval or a verdict asks for ``icc`` it may be given as it is.

    Attributes
    ----------
    indicator : str
    rows : tuple of Counted
        One a county and programme.
    by : str
        What a row is.
    left_out : tuple of str
        Counties that `without` dropped.
    """

    indicator: str
    rows: tuple[Counted, ...]
    by: str = ""
    left_out: tuple[str, ...] = ()

    @property
    def used(self) -> tuple[Anova, ...]:
        """The mean squares of the rows that have some."""
        return tuple(row.anova for row in self.rows if not row.reason)

    @property
    def value(self) -> float:
        """ρ₀ = (E·ρ_pool + 10·.05)/(E + 10), the correlation to plan with; .05 without any event."""
        return pooled_icc(self.used)

    @property
    def weight(self) -> float:
        """E, the villages with events less one a stratum, over all counties: what the programme itself knows."""
        return float(sum(seen.event_df for seen in self.used))

    @property
    def pooled(self) -> float:
        """ρ_pool = Σ(MSB − MSW)/Σ(MSB + (n₀ − 1)MSW), not clipped; NaN while E = 0."""
        if self.weight == 0:
            return math.nan
        bottom = sum(seen.between + (seen.take - 1) * seen.within for seen in self.used)
        return float(sum(seen.between - seen.within for seen in self.used) / bottom)

    @property
    def lost(self) -> float:
        """Share of the events that lie in counties where one village holds all of them, and whose weight is 0; NaN without events."""
        counted = [(min(row.events, row.households - row.events), row.event_df) for row in self.rows if not row.reason]
        whole = sum(events for events, _ in counted)
        return sum(events for events, weight in counted if weight == 0) / whole if whole else math.nan

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know before the value is used: that errors which lie in one village each draw it towards .05."""
        if not self.lost > MOST_LOST:
            return ()
        told = f"{self.lost:.0%} 的事件所在的县只有一个村有事件，权为 0；相关很强时正是如此，混合值偏向 .05"
        return (f"{told}，合并值 {self.pooled:.4g} 没有这种偏差" if self.weight else told,)

    @property
    def source(self) -> str:
        """Where the value comes from, to be printed beside it."""
        programmes = "、".join(dict.fromkeys(row.programme for row in self.rows if row.programme))
        unit = UNITS.get(self.by, self.by)
        over = f"{len(self.used)} {unit}合并" if self.by else f"{sum(row.villages for row in self.rows)} 村"
        dropped = f"不含{'、'.join(self.left_out)}" if self.left_out else ""
        return "，".join(part for part in (self.indicator, over, programmes, dropped) if part)

    def __float__(self) -> float:
        return self.value

    def _rows_shown(self) -> Rows:
        return table_of(self.table())

    def __repr__(self) -> str:
        blend = f"与规划值 .05（权 {PRIOR_WEIGHT:g}）混合"
        known = "有事件的村不足两个，定不出相关，即规划值" if self.weight == 0 else f"合并值 {self.pooled:.4g}，权 {self.weight:g}，{blend}"
        return "".join([f"村内相关 {self.value:.4g}（{self.source}；{known}）", *(f"\n注意：{note}" for note in self.notes)])

    def table(self) -> pd.DataFrame:
        """Return one row a county: counts, MSB, MSW, n0, icc, E, and why it gives none."""
        return pd.DataFrame([_cells(row) for row in self.rows], columns=list(COLUMNS))

    def without(self, name: str) -> Clustering:
        """Leave one county out, so that no county is judged by a correlation that its own errors made.

        Raises
        ------
        EstimateError
            When no row has this name, or none would be left.

        Examples
        --------
        >>> fact = Clustering("错退率", (Counted("", "甲", 5, 50, 4, .17, 2 / 30, 10, 1), Counted("", "乙", 5, 50, 0)), "county")
        >>> round(fact.value, 6), fact.without("甲").value, fact.without("甲").source
        (0.057654, 0.05, '错退率，1 县合并，不含甲')
        """
        kept = tuple(row for row in self.rows if row.name != str(name))
        if len(kept) == len(self.rows) or not kept:
            found = "、".join(dict.fromkeys(row.name for row in self.rows))
            raise EstimateError(f"without({name!r})｜没有这一行，或去掉后一行不剩｜可用：{found}")
        return replace(self, rows=kept, left_out=(*self.left_out, str(name)))

    def __add__(self, other: Any) -> Clustering:
        """Put two programmes together; every county counts with its own mean squares."""
        if not isinstance(other, Clustering):
            return NotImplemented
        if self.indicator != other.indicator:
            told = f"{self.indicator} + {other.indicator}"
            raise EstimateError(f"{told}｜不是同一指标，村内相关不能合并｜同一指标用同一个 name=")
        rows = self.rows + other.rows
        twice = [row.name for row in other.rows if (row.programme, row.name) in {(mine.programme, mine.name) for mine in self.rows}]
        if twice:
            raise EstimateError(f"{'、'.join(twice) or '同一次调查'}｜两边都有，会算两遍｜用 programme= 写明年份，或先 without(…)")
        return Clustering(self.indicator, rows, self.by or other.by, tuple(dict.fromkeys(self.left_out + other.left_out)))

    def __radd__(self, other: Any) -> Clustering:
        return self if other == 0 else NotImplemented

    def save(self, path: str | Path) -> Path:
        """Write the fact to a JSON file that `read_icc` reads: counts, mean squares, value, and a SHA-256 over them."""
        core = self._core()
        whole = {**core, "made_with": f"evalkit {__version__}", "sha256": tickets.seal(core), "source": self.source, "value": self.value}
        return write_bytes(Path(path), f"{json.dumps(whole, ensure_ascii=False, sort_keys=True, indent=1)}\n".encode())

    def _core(self) -> dict[str, Any]:
        named = {"format": FORMAT, "kind": KIND, "indicator": self.indicator, "by": self.by, "left_out": list(self.left_out)}
        return {**named, "rows": [asdict(row) for row in self.rows]}


COLUMNS = ("programme", "name", "villages", "households", "events", "MSB", "MSW", "n0", "icc", "E", "reason")


def _cells(row: Counted) -> tuple[Any, ...]:
    counts = (row.programme, row.name, row.villages, row.households, row.events)
    if row.reason:
        return (*counts, *[math.nan] * 4, 0.0, row.reason)
    return (*counts, row.between, row.within, row.take, row.anova.icc, row.event_df, "")


def icc(
    survey: Survey,
    variable: str,
    *,
    by: str | None = None,
    where: Any = None,
    missing: Missing = "fail",
    decided_by: str | None = None,
    name: str = "",
    programme: str = "",
) -> Clustering:
    """Measure the correlation within villages of a 0/1 indicator, county by county, and pool it.

    Parameters
    ----------
    survey : Survey
        With villages as its first stage. Weights are not used: the correlation is one of households as they were found.
    variable : str
        0/1 or boolean column, one row a household (the unit of decision), also where a rate counts persons.
    by : str, optional
        Column of counties; without it the survey is one county.
    where, missing, decided_by
        As in `proportion`.
    name : str
        Of the indicator; the column's when left out. Facts of one name can be added.
    programme : str
        Such as a year; it stands in the source and keeps the counties of two years apart.

    Returns
    -------
    Clustering

    Raises
    ------
    EstimateError
        As `proportion`; when no county has two sampled villages in a stratum with two households in one.

    Notes
    -----
    MSB = Σ nᵢ(pᵢ − p_h)²/(m − H) within first-stage strata, MSW = Σ nᵢpᵢ(1 − pᵢ)/(n − m), n₀ the average take, pooled as a
    ratio of sums and blended with .05 of weight 10 (Donner 1986, Int. Stat. Rev. 54:67; Ridout, Demétrio & Firth 1999,
    Biometrics 55:137). Villages that were certain (strata taken whole) are left out: nothing was sampled among them. E counts the villages
    with the rarer class, as KG-M does. A county without events adds nothing to either sum.

    The ratio of sums has next to no bias, the blend has: where all errors of a county lie in one village its weight is 0, so that the
    stronger the clustering the nearer the value is to .05. Ten counties of 20 villages × 60 at p = .5 / 1 / 2 %, 400 replicates, mean
    value: true .02: .03/.03/.02; .1: .07/.08/.09 (beta-binomial), .06/.07/.09 (bad villages); .2: .09/.13/.16, .06/.09/.12;
    .4: .08/.14/.24, .06/.08/.13, while the ratio itself has a mean of .31/.35/.38, .40/.40/.40. `Clustering.notes` says so where more
    than a quarter of the events lie in such counties.

    Examples
    --------
    >>> import numpy as np, pandas as pd, evalkit as ev
    >>> wrong = np.zeros(50)
    >>> wrong[[30, 40, 41, 42]] = 1
    >>> survey = ev.Survey.from_data(pd.DataFrame({"village": np.repeat(range(5), 10), "wrong": wrong}), clusters=["village"])
    >>> ev.icc(survey, "wrong", name="错退率", programme="2018")
    村内相关 0.05765（错退率，5 村，2018；合并值 0.1342，权 1，与规划值 .05（权 10）混合）
    """
    found = proportion(survey, variable, by=by, where=where, missing=missing, decided_by=decided_by)
    if len(found.blocks) != 1:
        raise EstimateError(f"{variable}｜是文字列，有 {len(found.blocks)} 类｜一次一个 0/1 列，如 survey 中先写 列 == 某类")
    if found.blocks[0].survey.stages[0].alike is not None:  # rows in an engine, each a unit of its own and counted with others alike
        raise EstimateError(f"{variable}｜{NO_VILLAGES}，无从估计村内相关｜clusters= 写村")
    rows = _counted(found, programme)
    if all(row.reason for row in rows):
        raise EstimateError(f"{variable}｜{rows[0].reason}，无从估计村内相关｜clusters= 写村，或合并层")
    return Clustering(name or variable, rows, "、".join(as_list(by)))


def _counted(found: Estimate, programme: str) -> tuple[Counted, ...]:
    """Count every domain by its sampled villages."""
    block, held = found.blocks[0], found.blocks[0].proportion
    assert held is not None
    first = block.survey.stages[0]
    pairs = block.domain.partition.grouping(first)
    sampled = first.through[pairs.unit] < 1 - FULL
    rows = rows_behind(block.survey)
    events, takes = pairs.sums(rows * held.event), pairs.sums(rows)
    made = []
    for at, key in enumerate(block.domain.keys):
        mine = (pairs.column == at) & sampled
        label = " ".join(map(str, key))
        whole = TAKEN if not mine.any() and (pairs.column == at).any() else ""
        made.append(_row(programme, label, events[mine], takes[mine], first.unit_stratum[pairs.unit[mine]], whole))
    return tuple(made)


def _row(programme: str, name: str, events: Any, takes: Any, strata: Any, reason: str) -> Counted:
    counts = (programme, name, len(takes), round(float(takes.sum())), round(float(events.sum())))
    if len(takes) - len(np.unique(strata)) < 1 or takes.sum() <= len(takes):
        return Counted(*counts, reason=reason or NO_VILLAGES)
    rarer = events if 2 * events.sum() <= takes.sum() else takes - events  # the analysis is the same, the event villages are not
    seen = anova(rarer, takes, strata)
    return Counted(*counts, seen.between, seen.within, seen.take, seen.event_df)


def read_icc(path: str | Path) -> Clustering:
    """Read a fact that `Clustering.save` wrote.

    Parameters
    ----------
    path : str or pathlib.Path

    Returns
    -------
    Clustering
        The value is made anew from the counts, not read.

    Raises
    ------
    EstimateError
        No such file, another kind of file or format, or a file that was changed since it was written.

    Examples
    --------
    >>> import tempfile
    >>> fact = Clustering("错退率", (Counted("2018", "甲", 5, 50, 4, .17, 2 / 30, 10, 1),), "county")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read_icc(fact.save(Path(folder) / "icc.json")) == fact
    True
    """
    file = Path(path)
    try:
        data = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        raise EstimateError(f"{file.name}｜不是能读的 JSON 文件｜给出 Clustering.save 写的文件") from None
    if not isinstance(data, dict) or data.get("kind") != KIND:
        raise EstimateError(f"{file.name}｜不是村内相关的文件｜给出 Clustering.save 写的文件")
    check_format(file.name, data.get("format"), FORMAT, EstimateError)
    core = {name: part for name, part in data.items() if name not in ("made_with", "sha256", "source", "value")}
    if tickets.seal(core) != data.get("sha256"):
        raise EstimateError(f"{file.name}｜内容与文件所记的 SHA-256 不符，写出后被改动｜向发布方索取原件")
    if set(core) != {"format", "kind", "indicator", "by", "left_out", "rows"}:
        raise EstimateError(f"{file.name}｜缺项或多项｜给出 Clustering.save 写的文件")
    names = {part.name for part in fields(Counted)}
    if any(set(row) != names for row in core["rows"]):
        raise EstimateError(f"{file.name}｜rows 应各有 {'、'.join(sorted(names))}｜给出 Clustering.save 写的文件")
    return Clustering(core["indicator"], tuple(Counted(**row) for row in core["rows"]), core["by"], tuple(core["left_out"]))
