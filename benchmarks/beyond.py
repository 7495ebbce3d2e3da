"""Where the grid of methods §1.3 ends: strata of two villages, strata taken whole, finite populations, rates of persons.

Every setting makes raw samples; `as_samples` turns all replicates of any of them into numbers at once, `as_table` one
replicate into rows for a Survey, so that both ways can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.counts import MODELS, Cell, Ints, Numbers, village_rates
from benchmarks.covering import MAIN, Limits, Samples, Way
from evalkit.intervals import Planning, reach

NCHS = Way("KG-NCHS", "kg-nchs")
HOUSEHOLDS = 300  # of a village with an end
PERSONS = np.arange(1, 8)
SHARES = np.array([0.12, 0.24, 0.28, 0.20, 0.10, 0.04, 0.02])  # of households by persons: mean 3.12, CV² .20


@dataclass(frozen=True, eq=False)
class Raw:
    """Replicated samples in counts by village and class of household.

    Attributes
    ----------
    events, units : (replicates, villages, classes) int arrays
    counted : (classes,) float array
        What a household counts beside its weight: its persons, or 1.
    weight, village_fraction, unit_fraction : (villages,) float arrays
        Of a household; of the villages of its stratum and of the households of its village that were drawn, 0 without end.
    stratum : (villages,) int array
    truth : float or (replicates,) array
    """

    events: Ints
    units: Ints
    counted: Numbers
    weight: Numbers
    village_fraction: Numbers
    unit_fraction: Numbers
    stratum: Ints
    truth: float | Numbers


def as_samples(raw: Raw) -> Samples:
    """Return value, standard errors and planning of every replicate, by the formulas of methods §1.5, §2.5 and §6.2."""
    omega = raw.weight[:, None] * raw.counted
    whole = raw.village_fraction >= 1
    by_village, squares = (raw.units * omega).sum(2), (raw.units * omega**2).sum(2)
    total, n = by_village.sum(1), raw.units.sum((1, 2))
    value = (raw.events * omega).sum((1, 2)) / total
    score, inner = _scores(raw, omega, value, total)
    take = (np.where(whole, squares, by_village**2).sum(1)) / squares.sum(1)
    hit = raw.events.sum(2) > 0
    events_df = sum(np.maximum(hit[:, raw.stratum == h].sum(1) - 1, 0) for h in np.unique(raw.stratum[~whole]))
    f_eff, df_m = _reached(raw)
    se, free = (np.sqrt(_variance(raw, score, inner, fpc)) for fpc in (True, False))
    plan = Planning(n * squares.sum(1) / total**2, take, events_df, 0.05, f_eff, free)
    return Samples(value, se, n.astype(float), float(len(raw.stratum) - len(np.unique(raw.stratum))), plan, df_m)


def _scores(raw: Raw, omega: Numbers, value: Numbers, total: Numbers) -> tuple[Numbers, Numbers]:
    """Return the score of each village, and the squares of the scores of its households about their mean."""
    p = value[:, None, None]
    part = omega / total[:, None, None]
    score = (part * (raw.events - raw.units * p)).sum(2)
    squares = (part**2 * (raw.events * (1 - p) ** 2 + (raw.units - raw.events) * p**2)).sum(2)
    return score, np.maximum(squares - score**2 / raw.units.sum(2), 0.0)


def _variance(raw: Raw, score: Numbers, inner: Numbers, fpc: bool) -> Numbers:
    """Sum both stages; without fpc the first counts as drawn with replacement, except where all villages were taken."""
    first, second = raw.village_fraction, raw.unit_fraction
    if not fpc:
        first, second = np.where(first >= 1, 1.0, 0.0), np.zeros_like(second)
    found = np.zeros(len(score))
    for h in np.unique(raw.stratum):
        own, f = raw.stratum == h, first[raw.stratum == h][0]
        m, away = int(own.sum()), score[:, own] - score[:, own].mean(1, keepdims=True)
        b = raw.units[:, own].sum(2)
        found += (1 - f) * m / (m - 1) * (away**2).sum(1) + f * ((1 - second[own]) * b / (b - 1) * inner[:, own]).sum(1)
    return found


def _reached(raw: Raw) -> tuple[float, float]:
    """Return the effective fraction and the degrees of freedom that KG-M counts; takes are those of the first replicate."""
    villages = np.arange(len(raw.stratum))
    sampled = raw.stratum[raw.village_fraction < 1]
    least = float(len(sampled) - len(np.unique(sampled)))
    if not raw.village_fraction.any():
        return 0.0, least
    row = np.repeat(villages, raw.units[0].sum(1))
    fraction = (raw.village_fraction * raw.unit_fraction)[row]
    seen = reach(raw.weight[row], row, raw.stratum[row], raw.village_fraction[row], fraction, 0.05)
    return seen.f_eff, max(seen.df, least) if bool((raw.village_fraction >= 1).any()) else least


def as_table(raw: Raw, at: int) -> pd.DataFrame:
    """Return one replicate as rows: stratum, village, weight, M, N (fractions), persons, y."""
    villages, classes = raw.units.shape[1:]
    village, size = (each.ravel() for each in np.indices((villages, classes)))
    units, events = raw.units[at].ravel(), raw.events[at].ravel()
    row = np.repeat(np.arange(len(units)), units)
    first = np.arange(len(row)) - np.repeat(np.cumsum(units) - units, units)
    of = village[row]
    return pd.DataFrame({
        "stratum": raw.stratum[of], "village": of, "weight": raw.weight[of], "M": raw.village_fraction[of], "N": raw.unit_fraction[of],
        "persons": raw.counted[size[row]], "y": (first < events[row]).astype(int),
    })  # fmt: skip


# -- settings ---------------------------------------------------------------------------------------------------


def _plain(events: Ints, take: int, stratum: Ints, truth: float | Numbers, **more: Numbers) -> Raw:
    """Return raw samples of equal takes of households that count 1."""
    ones, none = np.ones(events.shape[1]), np.zeros(events.shape[1])
    known = {"weight": ones, "village_fraction": none, "unit_fraction": none, **more}
    return Raw(events[:, :, None], np.full((*events.shape, 1), take), np.ones(1), stratum=stratum, truth=truth, **known)


def pairs(cell: Cell, replicates: int, spread: float = 0.0) -> Raw:
    """Strata of two villages; `spread` makes rates of strata run from (1 − spread)p to (1 + spread)p."""
    rng, stratum = cell.stream(2, round(100 * spread)), np.arange(cell.villages) // 2
    ramp = cell.rate * np.linspace(1 - spread, 1 + spread, cell.villages // 2)
    rates = [village_rates(rng, p, cell.icc, cell.model, (replicates, 2)) for p in ramp]
    return _plain(rng.binomial(cell.take, np.concatenate(rates, axis=1)), cell.take, stratum, cell.rate)


def _ended(rng: np.random.Generator, cell: Cell, replicates: int, villages: int) -> tuple[Ints, Numbers]:
    """Return what is found in drawn villages of a population with an end, and the rate of that population."""
    rates = village_rates(rng, cell.rate, cell.icc, cell.model, (replicates, villages))
    held = rng.binomial(HOUSEHOLDS, rates)
    return rng.hypergeometric(held, HOUSEHOLDS - held, cell.take), held.mean(1) / HOUSEHOLDS


def finite(cell: Cell, replicates: int, fraction: float = 0.5) -> Raw:
    """Villages drawn at a fraction of all, households at take/300."""
    found, truth = _ended(cell.stream(3, round(100 * fraction)), cell, replicates, round(cell.villages / fraction))
    m = cell.villages
    return _plain(
        found[:, :m], cell.take, np.zeros(m, dtype=np.int64), truth, weight=np.full(m, HOUSEHOLDS / cell.take / fraction),
        village_fraction=np.full(m, fraction), unit_fraction=np.full(m, cell.take / HOUSEHOLDS),
    )  # fmt: skip


def taken_whole(cell: Cell, replicates: int, whole: int = 8) -> Raw:
    """A stratum of so many villages, all taken, and one of which the rest of the villages are a fifth."""
    rest = cell.villages - whole
    rng, inside = cell.stream(4, whole), np.arange(cell.villages) < whole
    found, first = _ended(rng, cell, replicates, whole)
    more, second = _ended(rng, cell, replicates, 5 * rest)
    truth = (whole * first + 5 * rest * second) / (whole + 5 * rest)
    part = HOUSEHOLDS / cell.take
    return _plain(
        np.concatenate([found, more[:, :rest]], axis=1), cell.take, (~inside).astype(np.int64), truth,
        weight=np.where(inside, part, 5 * part),
        village_fraction=np.where(inside, 1.0, 0.2), unit_fraction=np.full(cell.villages, 1 / part),
    )  # fmt: skip


def persons(cell: Cell, replicates: int, pull: float = 0.0) -> Raw:
    """A rate of persons decided by household; `pull` makes larger households have the event more often, at the same rate of persons."""
    rng, m = cell.stream(5, round(100 * pull)), cell.villages
    units = rng.multinomial(cell.take, SHARES, (replicates, m))
    tilt = 1 - pull + pull * PERSONS / (SHARES @ PERSONS)
    tilt /= SHARES * PERSONS @ tilt / (SHARES @ PERSONS)
    rates = village_rates(rng, cell.rate, cell.icc, cell.model, (replicates, m, 1))
    events = rng.binomial(units, np.minimum(1.0, rates * tilt))
    none = np.zeros(m)
    return Raw(events, units, PERSONS.astype(float), np.ones(m), none, none, np.zeros(m, dtype=np.int64), cell.rate)


@dataclass(frozen=True)
class Setting:
    """One design beyond the grid: what it is called, how it is drawn, and its villages and take."""

    title: str
    draw: Callable[[Cell, int], Raw]
    villages: int
    take: int


SETTINGS = (
    Setting("每层两村：10 层 × 2 村 × 60 户", pairs, 20, 60),
    Setting("10 层 × 2 村 × 60 户，各层的率由 0.2p 到 1.8p", partial(pairs, spread=0.8), 20, 60),
    Setting("每层两村：22 层 × 2 村 × 30 户", pairs, 44, 30),
    Setting("22 层 × 2 村 × 30 户，各层的率由 0.2p 到 1.8p", partial(pairs, spread=0.8), 44, 30),
    Setting("一层 8 村全取，另一层 60 村抽 12，每村 300 户抽 60", taken_whole, 20, 60),
    Setting("一层 8 村全取，另一层 10 村抽 2，每村 300 户抽 60", taken_whole, 10, 60),
    Setting("100 村抽 20（20%），每村 300 户抽 60", partial(finite, fraction=0.2), 20, 60),
    Setting("40 村抽 20（50%），每村 300 户抽 60", finite, 20, 60),
    Setting("20 村抽 10（50%），每村 300 户抽 100", finite, 10, 100),
    Setting("人数率，户规模 1–7 人，20×60", persons, 20, 60),
    Setting("人数率，大户更常有事件，20×60", partial(persons, pull=0.6), 20, 60),
    Setting("人数率，大户更常有事件，44×30", partial(persons, pull=0.6), 44, 30),
)
RATES, ICCS = (0.005, 0.01, 0.02), (0.05, 0.1, 0.2)


def told(setting: Setting, replicates: int, rates: Sequence[float] = RATES, iccs: Sequence[float] = ICCS) -> list[dict[str, object]]:
    """Tally a setting: one row a rate, correlation, model and way."""
    rows = []
    for cell in (Cell(setting.villages, setting.take, p, rho, model) for p in rates for rho in iccs for model in MODELS):
        raw = setting.draw(cell, replicates)
        samples = as_samples(raw)
        for way in (MAIN, NCHS):
            tally = Limits.of(samples, way).tally(raw.truth)
            rows.append({"setting": setting.title, **vars(cell), "way": way.title, **tally})
    return rows


def table(replicates: int, jobs: int = 1, settings: Sequence[Setting] = SETTINGS) -> pd.DataFrame:
    """Tally all settings, in so many processes; the numbers do not depend on how many."""
    work = partial(told, replicates=replicates)
    if jobs == 1:
        return pd.DataFrame([row for setting in settings for row in work(setting)])
    with ProcessPoolExecutor(jobs) as pool:
        return pd.DataFrame([row for rows in pool.map(work, settings) for row in rows])
