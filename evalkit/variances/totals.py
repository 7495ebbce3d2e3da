"""Variance of totals of weighted scores under stratified multi-stage designs.

The structure of a design is a list of `Stage`: integer codes of units and strata, sample sizes and
sampling fractions. Rows are touched once, to sum scores by unit; everything after that is small.

Convention: with f the sampling fraction and n the sample size of a stratum, z the sum of weighted
scores of a unit, and the outer sums over strata and units,

    v = sum_h (1 - f_h) n_h/(n_h - 1) sum_i (z_hi - mean_h)^2
        + sum_h f_h sum_i [the same expression for the units inside unit i] + ...

Source: Särndal, Swensson & Wretman 1992, Model Assisted Survey Sampling, result 4.3.1, applied stage
by stage as in R survey's `svyrecvar`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import SurveyError
from evalkit.variances.partition import Partition
from evalkit.variances.stages import FULL, Floats, Ints, Stage, add_up, group, multipliers, stage_name

SINGLETON_RULES = {
    "fail": "报错",
    "certainty": "视为必入，方差贡献为 0",
    "adjust": "以全部单元的均值为中心",
    "average": "取其余各层的平均",
    "remove": "略去该层",
    "collapse": "并入设计次序中相邻的层",
}
CHUNK = 2_000_000  # numbers in a dense block of centred scores


@dataclass(frozen=True)
class Policy:
    """What is done with a stratum of one unit; `domains` extends adjust and average to strata with one unit in a domain."""

    rule: str = "fail"
    domains: bool = False


@dataclass(frozen=True, eq=False)
class Scores:
    """Weighted scores that are linear in a few numbers of the row: in domain d, row j has Σ_t slopes[t, d]·terms[t][j].

    Parameters
    ----------
    terms : tuple of (rows,) float arrays
        Already multiplied by the weights.
    slopes : (terms, columns) float array
        One column a domain.
    partition : Partition
        The domains.
    """

    terms: tuple[Floats, ...]
    slopes: Floats
    partition: Partition = field(default_factory=Partition)

    @property
    def columns(self) -> int:
        """Number of domains."""
        return self.partition.columns

    def rows(self) -> Floats:
        """Return the score of each row in its own domain, 0 outside all."""
        code = self.partition.code
        if code is None:
            return _linear(self.terms, self.slopes[:, 0])
        slopes = np.pad(self.slopes, ((0, 0), (0, 1)))  # rows outside all take the last, 0
        return _linear(self.terms, [slope[code] for slope in slopes])

    def only(self, column: int) -> Floats:
        """Return the score of each row in one domain, 0 outside it."""
        made, code = _linear(self.terms, self.slopes[:, column]), self.partition.code
        return made if code is None else np.where(code == column, made, 0.0)


def _linear(parts: Sequence[Floats], slopes: Sequence[Floats] | Floats) -> Floats:
    made: Floats = slopes[0] * parts[0]
    for slope, part in zip(slopes[1:], parts[1:], strict=True):
        made += slope * part
    return made


@dataclass(frozen=True, eq=False)
class Pairs:
    """Sums of scores by (unit, column); a pair exists when a row of the unit belongs to the column's domain."""

    unit: Ints
    column: Ints
    total: Floats


@dataclass(frozen=True, eq=False)
class _Cells:
    """(stratum, column) cells of one stage: where they are centred, and how much their squares count.

    Squares of units in the cell count `scale` times the unit's own share; `absent` is what the units of the stratum without
    a row in the domain, whose totals are 0, count together.
    """

    stratum: Ints
    column: Ints
    of_pair: Ints
    absent: Floats
    centre: Floats
    scale: Floats


def _pair_sums(stage: Stage, scores: Scores) -> Pairs:
    """Sum scores by (unit, domain)."""
    found = scores.partition.grouping(stage)
    sums = [found.sums(term) for term in scores.terms]
    slopes = scores.slopes[:, 0] if scores.columns == 1 else [slope[found.column] for slope in scores.slopes]
    return Pairs(found.unit, found.column, _linear(sums, slopes))


def variances_of_totals(stages: Sequence[Stage], scores: Scores, policy: Policy) -> Floats:
    """Variance of the total of weighted scores in each of disjoint domains.

    Parameters
    ----------
    stages : sequence of Stage
        The stages that count; pass the first alone for the ultimate cluster.
    scores : Scores
    policy : Policy
        The rule for strata with a single unit.

    Returns
    -------
    (columns,) float array

    Raises
    ------
    SurveyError
        A stratum has a single unit and the rule is "fail".

    Examples
    --------
    >>> from evalkit.variances import structure
    >>> village = np.array([0, 0, 1, 1, 2, 2])
    >>> stages = structure([None, None], [village, np.arange(6)], [np.full(6, 10.0), np.array([20.0, 20, 30, 30, 25, 25])])
    >>> weighted = np.array([100 / 3, 0, 0, 0, 125 / 3, 125 / 3])
    >>> variances_of_totals(stages, Scores((weighted,), np.ones((1, 1))), Policy()).round(2).tolist()
    [3994.44]
    """
    columns = scores.columns
    result = np.zeros(columns)
    for stage, pairs, cells in _levels(stages, [scores], policy):
        if stage.form is not None:
            result += _by_form(stage, pairs, columns)
        else:
            spread = _squares(stage, pairs, cells) + cells.absent * cells.centre**2
            result += add_up(cells.column, cells.scale * spread, columns)
    return result


def _squares(stage: Stage, pairs: Pairs, cells: _Cells) -> Floats:
    """Sum the squares of centred totals by cell."""
    spread = pairs.total - cells.centre[cells.of_pair]
    spread *= spread
    if stage.spread is not None:
        spread *= stage.spread.share[pairs.unit]
    return add_up(cells.of_pair, spread, len(cells.centre))


def covariance_of_totals(stages: Sequence[Stage], blocks: Sequence[Scores], policy: Policy) -> Floats:
    """Covariance of the totals of several weighted scores, each in its own disjoint domains.

    Parameters
    ----------
    stages, policy
        As for `variances_of_totals`.
    blocks : sequence of Scores
        The columns of the result are those of the blocks, one after the other.

    Returns
    -------
    (all columns, all columns) float array
    """
    width = sum(block.columns for block in blocks)
    result = np.zeros((width, width))
    for stage, pairs, cells in _levels(stages, blocks, policy):
        result += _cross(pairs, stage, cells, width) if stage.form is None else stage.form.covariance(_dense(pairs, stage.units, width))
    return result


def _dense(pairs: Pairs, units: int, columns: int) -> Floats:
    dense = np.zeros((units, columns))
    dense[pairs.unit, pairs.column] = pairs.total
    return dense


def _by_form(stage: Stage, pairs: Pairs, columns: int) -> Floats:
    """Variances by a quadratic form, a block of columns at a time."""
    assert stage.form is not None
    result = np.zeros(columns)
    step = max(1, CHUNK // stage.units)
    order = np.argsort(pairs.column, kind="stable")
    unit, column, total = pairs.unit[order], pairs.column[order], pairs.total[order]
    for start in range(0, columns, step):
        here = slice(*np.searchsorted(column, (start, start + step)))
        width = min(step, columns - start)
        block = _dense(Pairs(unit[here], column[here] - start, total[here]), stage.units, width)
        result[start : start + width] = stage.form.variances(block)
    return result


def _cross(pairs: Pairs, stage: Stage, cells: _Cells, width: int) -> Floats:
    """Sum the products of centred scores, a block of units at a time."""
    shape = (len(stage.n), width)
    centre, scale = np.zeros(shape), np.zeros(shape)
    centre[cells.stratum, cells.column] = cells.centre
    scale[cells.stratum, cells.column] = np.sqrt(cells.scale)
    order = np.argsort(pairs.unit, kind="stable")
    unit, column, total = pairs.unit[order], pairs.column[order], pairs.total[order]
    result = np.zeros((width, width))
    step = max(1, CHUNK // width)
    for start in range(0, stage.units, step):
        stop = min(start + step, stage.units)
        here = slice(*np.searchsorted(unit, (start, stop)))
        dense = _dense(Pairs(unit[here] - start, column[here], total[here]), stop - start, width)
        strata = stage.unit_stratum[start:stop]
        dense = (dense - centre[strata]) * scale[strata]
        if stage.spread is not None:
            dense *= np.sqrt(stage.spread.share[start:stop, None])
        result += dense.T @ dense
    return result


def _levels(stages: Sequence[Stage], blocks: Sequence[Scores], policy: Policy) -> list[tuple[Stage, Pairs, _Cells]]:
    """Return pairs and cells of every stage that can contribute."""
    levels = []
    for at, (stage, above) in enumerate(zip(stages, multipliers(stages), strict=True), 1):
        if bool((above > 0).any()):
            pairs, found = _beside([(_pair_sums(stage, block), block.partition.cells(stage), block.columns) for block in blocks])
            levels.append((stage, pairs, _cells(stage, pairs, found, above, policy, at)))
    return levels


def _beside(parts: Sequence[tuple[Pairs, Grouping, int]]) -> tuple[Pairs, Grouping]:
    """Put the pairs and cells of several blocks one after the other, their columns too."""
    if len(parts) == 1:
        return parts[0][:2]
    columns = np.cumsum([0, *(count for _, _, count in parts)])
    places = np.cumsum([0, *(len(cells.unit) for _, cells, _ in parts)])
    unit, column, total, stratum, held, place = (np.concatenate(each) for each in zip(*(
        (pairs.unit, pairs.column + at, pairs.total, cells.unit, cells.column + at, cells.place + first)
        for (pairs, cells, _), at, first in zip(parts, columns, places, strict=False)
    ), strict=True))  # fmt: skip
    return Pairs(unit, column, total), Grouping(stratum, held, None, place)


def _cells(stage: Stage, pairs: Pairs, found: Grouping, above: Floats, policy: Policy, level: int) -> _Cells:
    stratum, column, of_pair = found.unit, found.column, found.place
    if stage.form is not None:
        return _Cells(stratum, column, of_pair, *(np.zeros(len(stratum)) for _ in range(3)))
    total, n = found.sums(pairs.total), stage.n[stratum]
    weight = (above * (1 - stage.fraction))[stratum]
    counts = (1 - stage.fraction > FULL)[stratum] & ...
    single = counts & (above[stratum] > 0) & (n == 1)
    if policy.rule == "fail" and bool(single.any()):
        _refuse(stage, np.unique(stratum[single]), level)
    lonely = single | (counts & (present == 1)) if policy.domains and policy.rule in ("adjust", "average") else single
    if stage.spread is not None:
        cells = _unequal(stage, pairs, stratum, column, of_pair, np.where(counts & ~single, above[stratum], 0.0))
    else:
        scale = np.where(counts & ~single, weight * n / np.maximum(n - 1, 1), 0.0)
        cells = _Cells(stratum, column, of_pair, (n - present).astype(float), total / n, scale)
    if policy.rule in ("adjust", "average") and bool(lonely.any()):
        return _settle(stage, cells, total, weight, lonely, columns, policy.rule)
    return cells


def _unequal(stage: Stage, pairs: Pairs, stratum: Ints, column: Ints, of_pair: Ints, scale: Floats) -> _Cells:
    """Cells of a stage whose units have shares of their own; units without a row in the domain count with total 0."""
    assert stage.spread is not None
    share, pull, strata = stage.spread.share, stage.spread.pull, len(stage.n)
    whole, weight = add_up(stage.unit_stratum, share, strata)[stratum], add_up(stage.unit_stratum, pull, strata)[stratum]
    pulled = add_up(of_pair, pull[pairs.unit] * pairs.total, len(stratum))
    centre = np.divide(pulled, weight, out=np.zeros(len(stratum)), where=weight > 0)
    absent = whole - add_up(of_pair, share[pairs.unit], len(stratum))
    return _Cells(stratum, column, of_pair, absent, centre, scale)


def _refuse(stage: Stage, strata: Ints, level: int) -> None:
    named = "、".join(stage_name(stage, int(h)) for h in strata[:10]) + ("……" if len(strata) > 10 else "")
    choices = "、".join(f"{rule}（{text}）" for rule, text in SINGLETON_RULES.items() if rule != "fail")
    found = f"第 {level} 阶段，层 {named}｜只有 1 个抽中单元，方差无定义"
    raise SurveyError(f"{found}｜选定规则（设计文件 [evaluation] 的 singleton，或参数 singleton=）：{choices}")


def _settle(stage: Stage, cells: _Cells, total: Floats, weight: Floats, lonely: NDArray[np.bool_], columns: int, rule: str) -> _Cells:
    """Apply adjust or average to lonely cells, over the strata present in the same unit above and column."""
    _, family = group(stage.stratum_parent[cells.stratum] * columns + cells.column, int(stage.stratum_parent.max() + 1) * columns)
    n = stage.n[cells.stratum]
    if rule == "adjust":
        mean = np.bincount(family, weights=total) / np.bincount(family, weights=n)
        scale = np.where(lonely & (n == 1), weight, cells.scale)
        return replace(cells, centre=np.where(lonely, mean[family], cells.centre), scale=scale)
    sound = np.bincount(family, weights=~lonely)
    if bool((sound == 0).any()):
        raise SurveyError("singleton=average｜没有多于 1 个单元的层可取平均｜改用 adjust、collapse 或 certainty")
    return replace(cells, scale=np.where(lonely, 0.0, cells.scale * (np.bincount(family) / sound)[family]))
