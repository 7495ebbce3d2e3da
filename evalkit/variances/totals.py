"""Variance of totals of weighted scores under stratified multi-stage designs.

The structure of a design is a list of `Stage`: integer codes of units and strata, sample sizes and
sampling fractions. Rows are touched once, to sum scores by unit; everything after that is small.

Convention: with f the sampling fraction and n the sample size of a stratum, z the sum of weighted
scores of a unit, and the outer sums over strata and units,

    v = sum_h (1 - f_h) n_h/(n_h - 1) sum_i (z_hi - mean_h)^2
        + sum_h f_h sum_i [the same expression for the units inside unit i] + ...

Source: Särndal, Swensson & Wretman 1992, Model Assisted Survey Sampling, result 4.3.1, applied stage
by stage as in R survey's `svyrecvar`; formula (4) of docs/methods.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import SurveyError
from evalkit.variances.partition import Grouping, Partition
from evalkit.variances.stages import FULL, Alike, Floats, Ints, Stage, add_up, group, multipliers, stage_name

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
    _known: dict[int, tuple[Grouping, Floats]] = field(default_factory=dict)

    @property
    def columns(self) -> int:
        """Number of domains."""
        return self.partition.columns

    def sums(self, found: Grouping) -> Floats:
        """Sum the scores by pair; where that makes fewer numbers of them it is remembered."""
        if id(found) in self._known:
            return self._known[id(found)][1]
        made = _linear([found.sums(term) for term in self.terms], self.slopes, None if self.columns == 1 else found.column)
        if found.place is not None:
            self._known[id(found)] = found, made  # the grouping is kept, so that its id stays its own
        return made

    def by_cell(self, cells: Grouping, total: Floats) -> Floats:
        """Sum totals of pairs by cell, which is known where cells are the pairs of the stage above."""
        return self._known[id(cells)][1] if id(cells) in self._known else cells.sums(total)

    def rows(self) -> Floats:
        """Return the score of each row in its own domain, 0 outside all."""
        slopes = np.pad(self.slopes, ((0, 0), (0, 1)))  # rows outside all take the last, 0
        return _linear(self.terms, slopes, self.partition.code)

    def only(self, column: int) -> Floats:
        """Return the score of each row in one domain, 0 outside it."""
        made, code = _linear(self.terms, self.slopes[:, [column]], None), self.partition.code
        return made if code is None else np.where(code == column, made, 0.0)


def _linear(parts: Sequence[Floats], slopes: Floats, column: Ints | None) -> Floats:
    """Return Σ_t slopes[t, column]·parts[t], with the first column everywhere when none are given."""
    made, *others = (_times(part, slope, column) for part, slope in zip(parts, slopes, strict=True))
    for other in others:
        made += other
    return made


def _times(part: Floats, slope: Floats, column: Ints | None) -> Floats:
    if column is None:
        return np.asarray(slope[0] * part)
    made: Floats = slope.take(column)
    made *= part
    return made


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums of scores at one stage, by (unit, column) pair and by (stratum, column) cell; a pair exists when a row of the unit
    belongs to the column's domain, a cell when a pair of the stratum does.

    Attributes
    ----------
    unit, column, total : (pairs,) arrays
    cells : Grouping
        The cells, and the cell of each pair.
    by_cell : (cells,) float array
    """

    unit: Ints
    column: Ints
    total: Floats
    cells: Grouping
    by_cell: Floats

    @property
    def place(self) -> Ints:
        """Cell of each pair."""
        assert self.cells.place is not None
        return self.cells.place


@dataclass(frozen=True, eq=False)
class _Cells:
    """Where the cells of one stage are centred, and how much their squares count.

    Squares of units in the cell count `scale` times the unit's own share; `absent` is what the units of the stratum without
    a row in the domain, whose totals are 0, count together.
    """

    centre: Floats
    scale: Floats
    absent: Floats | Ints


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
    for stage, sums, cells in _levels(stages, [scores], policy):
        if stage.form is not None:
            result += _by_form(stage, sums, columns)
        else:
            result += add_up(sums.cells.column, _squares(stage, sums, cells), columns)
    return result


def _squares(stage: Stage, sums: _Sums, cells: _Cells) -> Floats:
    """Sum the squares of centred totals by cell, those of absent units too, as much as they count."""
    away = cells.centre.take(sums.place)
    away -= sums.total if stage.alike is None else sums.total / stage.alike.held[sums.unit]
    away *= away
    if stage.spread is not None:
        away *= stage.spread.share[sums.unit]
    if stage.alike is not None:
        away *= stage.alike.held[sums.unit]
        away += sums.total**2 * _uneven(stage.alike)[sums.unit]
    squares = cells.centre**2
    squares *= cells.absent
    squares += sums.cells.sums(away)
    squares *= cells.scale
    return squares


def _uneven(alike: Alike) -> Floats:
    """Return what the square of the total of alike rows counts beside that of its mean, for their weights that differ."""
    return np.asarray(np.maximum(1 / alike.like - 1 / alike.held, 0.0))


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
    for stage, sums, cells in _levels(stages, blocks, policy):
        if stage.form is not None:
            result += stage.form.covariance(_dense(sums.unit, sums.column, sums.total, stage.units, width))
        else:
            result += _cross(stage, sums, cells, width)
    return result


def _dense(unit: Ints, column: Ints, total: Floats, units: int, columns: int) -> Floats:
    dense = np.zeros((units, columns))
    dense[unit, column] = total
    return dense


def _by_form(stage: Stage, sums: _Sums, columns: int) -> Floats:
    """Variances by a quadratic form, a block of columns at a time."""
    assert stage.form is not None
    result = np.zeros(columns)
    step = max(1, CHUNK // stage.units)
    order = np.argsort(sums.column, kind="stable")
    unit, column, total = sums.unit[order], sums.column[order], sums.total[order]
    for start in range(0, columns, step):
        here = slice(*np.searchsorted(column, (start, start + step)))
        width = min(step, columns - start)
        block = _dense(unit[here], column[here] - start, total[here], stage.units, width)
        result[start : start + width] = stage.form.variances(block)
    return result


def _cross(stage: Stage, sums: _Sums, cells: _Cells, width: int) -> Floats:
    """Sum the products of centred scores, a block of units at a time."""
    shape, held = (len(stage.n), width), sums.cells
    centre, scale = (_dense(held.unit, held.column, part, *shape) for part in (cells.centre, np.sqrt(cells.scale)))
    order = np.argsort(sums.unit, kind="stable")
    unit, column, total = sums.unit[order], sums.column[order], sums.total[order]
    result = np.zeros((width, width))
    step = max(1, CHUNK // width)
    for start in range(0, stage.units, step):
        stop = min(start + step, stage.units)
        here = slice(*np.searchsorted(unit, (start, stop)))
        dense = _dense(unit[here] - start, column[here], total[here], stop - start, width)
        strata, alike = stage.unit_stratum[start:stop], stage.alike
        if alike is not None:
            uneven = dense * np.sqrt(_uneven(alike)[start:stop, None]) * scale[strata]
            result += uneven.T @ uneven
            dense /= alike.held[start:stop, None]
        dense = (dense - centre[strata]) * scale[strata]
        dense *= 1.0 if alike is None else np.sqrt(alike.held[start:stop, None])
        if stage.spread is not None:
            dense *= np.sqrt(stage.spread.share[start:stop, None])
        result += dense.T @ dense
    return result


def _levels(stages: Sequence[Stage], blocks: Sequence[Scores], policy: Policy) -> list[tuple[Stage, _Sums, _Cells]]:
    """Return sums and cells of every stage that can contribute, the first stage first."""
    levels, columns = [], sum(block.columns for block in blocks)
    for at, (stage, above) in enumerate(zip(stages, multipliers(stages), strict=True), 1):
        if bool((above > 0).any()):
            sums = _beside([_sums(stage, block) for block in blocks], blocks)
            levels.append((stage, sums, _cells(stage, sums, columns, above, policy, at)))
    return levels


def _sums(stage: Stage, scores: Scores) -> _Sums:
    pairs, cells = scores.partition.grouping(stage), scores.partition.cells(stage)
    total = scores.sums(pairs)
    return _Sums(pairs.unit, pairs.column, total, cells, scores.by_cell(cells, total))


def _beside(parts: Sequence[_Sums], blocks: Sequence[Scores]) -> _Sums:
    """Put the sums of several blocks one after the other, and number their columns so."""
    if len(parts) == 1:
        return parts[0]
    columns = np.cumsum([0, *(block.columns for block in blocks)])
    places = np.cumsum([0, *(len(part.by_cell) for part in parts)])
    strata, held = [part.cells.unit for part in parts], [part.cells.column for part in parts]
    cells = Grouping(np.concatenate(strata), _moved(held, columns), None, _moved([part.place for part in parts], places))
    unit, total, by_cell = (np.concatenate([getattr(part, name) for part in parts]) for name in ("unit", "total", "by_cell"))
    return _Sums(unit, _moved([part.column for part in parts], columns), total, cells, by_cell)


def _moved(parts: Sequence[Ints], by: Ints) -> Ints:
    return np.concatenate([part + at for part, at in zip(parts, by, strict=False)])


def _cells(stage: Stage, sums: _Sums, columns: int, above: Floats, policy: Policy, level: int) -> _Cells:
    stratum, sizes = sums.cells.unit, sums.cells.sizes
    weight = above * (1 - stage.fraction)
    counts = weight > FULL * above
    single = counts & (stage.n == 1)
    if stage.spread is not None and not stage.spread.pull.any():
        single = np.zeros_like(single)  # units drawn one by one need no other to compare with
    lonely = single[stratum]
    if policy.rule == "fail" and bool(lonely.any()):
        _refuse(stage, np.unique(stratum[lonely]), level)
    if stage.form is not None:
        return _Cells(*(np.zeros(len(stratum)) for _ in range(3)))
    if policy.domains and policy.rule in ("adjust", "average"):
        lonely |= counts[stratum] & (sizes == 1)
    varies, n = counts & ~single, stage.n.take(stratum)
    if stage.spread is not None:
        cells = _unequal(stage, sums, np.where(varies, above, 0.0)[stratum])
    else:
        scale = np.where(varies, weight * stage.n / np.maximum(stage.n - 1, 1), 0.0)
        cells = _Cells(sums.by_cell / n, scale.take(stratum), n - sizes)
    if policy.rule in ("adjust", "average") and bool(lonely.any()):
        return _settle(stage, sums, cells, weight[stratum], lonely, columns, policy.rule)
    return cells


def _unequal(stage: Stage, sums: _Sums, scale: Floats) -> _Cells:
    """Cells of a stage whose units have shares of their own; units without a row in the domain count with total 0."""
    assert stage.spread is not None
    share, pull, stratum = stage.spread.share, stage.spread.pull, sums.cells.unit
    whole, weight = (add_up(stage.unit_stratum, part, len(stage.n))[stratum] for part in (share, pull))
    pulled = sums.cells.sums(pull[sums.unit] * sums.total)
    centre = np.divide(pulled, weight, out=np.zeros(len(stratum)), where=weight > 0)
    return _Cells(centre, scale, whole - sums.cells.sums(share[sums.unit]))


def _refuse(stage: Stage, strata: Ints, level: int) -> None:
    named = "、".join(stage_name(stage, int(h)) for h in strata[:10]) + ("……" if len(strata) > 10 else "")
    choices = "、".join(f"{rule}（{text}）" for rule, text in SINGLETON_RULES.items() if rule != "fail")
    found = f"第 {level} 阶段，层 {named}｜只有 1 个抽中单元，方差无定义"
    raise SurveyError(f"{found}｜选定规则（设计文件 [evaluation] 的 singleton，或参数 singleton=）：{choices}")


def _settle(stage: Stage, sums: _Sums, cells: _Cells, weight: Floats, lonely: NDArray[np.bool_], columns: int, rule: str) -> _Cells:
    """Apply adjust or average to lonely cells, over the strata present in the same unit above and column."""
    stratum = sums.cells.unit
    _, family = group(stage.stratum_parent[stratum] * columns + sums.cells.column, int(stage.stratum_parent.max() + 1) * columns)
    n = stage.n[stratum]
    if rule == "adjust":
        mean = np.bincount(family, weights=sums.by_cell) / np.bincount(family, weights=n)
        scale = np.where(lonely & (n == 1), weight, cells.scale)
        return replace(cells, centre=np.where(lonely, mean[family], cells.centre), scale=scale)
    sound = np.bincount(family, weights=~lonely)
    if bool((sound == 0).any()):
        raise SurveyError("singleton=average｜没有多于 1 个单元的层可取平均｜改用 adjust、collapse 或 certainty")
    return replace(cells, scale=np.where(lonely, 0.0, cells.scale * (np.bincount(family) / sound)[family]))
