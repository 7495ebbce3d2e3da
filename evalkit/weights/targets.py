"""Totals that weights are to reproduce, as people write them: numbers by category, a table, or an estimate of another survey."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.errors import Faults, SurveyError
from evalkit.variances import Floats, Ints

if TYPE_CHECKING:
    from evalkit.survey import Survey
    from evalkit.weights.steps import Sets


@dataclass(frozen=True, eq=False)
class Target:
    """Totals of the categories of one margin.

    Attributes
    ----------
    columns : tuple of str
        What the categories are made of; several are crossed.
    code : (rows,) int array
        Category of each row.
    labels : tuple of str
    total : (categories,) float array
    covariance : (categories, categories) float array or None
        Where the totals are estimated.
    """

    columns: tuple[str, ...]
    code: Ints
    labels: tuple[str, ...]
    total: Floats
    covariance: Floats | None = None

    @property
    def name(self) -> str:
        """What messages call the margin."""
        return " × ".join(self.columns)


def target(survey: Survey, columns: Sequence[str], totals: Any) -> Target:
    """Read the totals of a margin and hold them against the rows of a survey.

    Parameters
    ----------
    survey : Survey
    columns : sequence of str
        Columns that make the categories, crossed.
    totals : mapping, pandas.Series, pandas.DataFrame, or an Estimate
        By category (a tuple of values where several columns are crossed); a DataFrame has the columns and one more with the
        totals; an Estimate of a table ``by=columns`` of another survey brings its covariance.

    Raises
    ------
    SurveyError
        With all faults: rows without a value; categories of the survey without a total, totals without finite number ≥ 0.
    """
    stated, covariance = _stated(columns, totals)
    faults = Faults("权数的目标总数")
    code, keys = crossed(survey, columns, faults)
    faults.refuse(SurveyError)
    known = {_text(key): at for at, key in enumerate(stated)}
    place = np.array([known.get(_text(key), -1) for key in keys], dtype=np.int64)
    name, total = " × ".join(columns), np.array(list(stated.values()), dtype=float)
    if bool((place < 0).any()):
        held = np.bincount(code if survey.answering is None else code[survey.answering], minlength=len(keys)) > 0
        for at in np.flatnonzero(held & (place < 0)):
            faults.add(None, name, " ".join(_text(keys[at])), "数据中有这一类，目标总数中没有", "补上该类的总数，或并入别的类")
        code, place = _renumbered(code, place)
    for at in np.flatnonzero(~(np.isfinite(total) & (total >= 0))):
        faults.add(None, name, " ".join(_text(list(stated)[at])), "总数应为不小于 0 的有限数", "改正后重试")
    faults.refuse(SurveyError)
    order = np.append(place, np.setdiff1d(np.arange(len(total)), place))  # as the rows are coded; categories nobody has come last
    labels = [" ".join(_text(key)) for key in stated]
    spread = None if covariance is None else covariance[np.ix_(order, order)]
    return Target(tuple(columns), code, tuple(labels[at] for at in order), total[order], spread)


def _renumbered(code: Ints, place: Ints) -> tuple[Ints, Ints]:
    """Leave out combinations without a total, which no row that stands for somebody has."""
    kept = place >= 0
    return np.where(kept, np.cumsum(kept) - 1, 0)[code], place[kept]


def _stated(columns: Sequence[str], totals: Any) -> tuple[dict[tuple[Any, ...], float], Floats | None]:
    """Return totals by key, and their covariance when they are estimated."""
    if hasattr(totals, "cov") and hasattr(totals, "labels"):
        order = _order(columns, list(getattr(totals, "parts", columns))[: len(columns)])
        keys = [tuple(label[at] for at in order) for label in totals.labels]
        return _numbers(zip(keys, totals.value, strict=True)), np.asarray(totals.cov(), dtype=float)
    if isinstance(totals, pd.DataFrame):
        rest = [name for name in totals.columns if name not in columns]
        if len(rest) != 1 or any(name not in totals.columns for name in columns):
            raise SurveyError(f"总数表的列：{'、'.join(map(str, totals.columns))}｜应为 {'、'.join(columns)} 与一列总数｜改正后重试")
        return _numbers((tuple(row[:-1]), row[-1]) for row in totals[[*columns, rest[0]]].itertuples(index=False)), None
    if isinstance(totals, (Mapping, pd.Series)):
        order = _order(columns, list(totals.index.names) if isinstance(totals, pd.Series) else [])
        split = ((key if isinstance(key, tuple) else (key,), number) for key, number in totals.items())
        return _numbers((tuple(key[at] for at in order) if len(key) == len(order) else key, number) for key, number in split), None
    raise SurveyError(f"总数：{type(totals).__name__}｜应为 {{类: 总数}}、Series、DataFrame 或 Estimate｜改正后重试")


def _order(columns: Sequence[str], named: list[Any]) -> list[int]:
    """Return where each column stands in a key whose parts are named; in the order of the columns where names do not say."""
    return [named.index(name) for name in columns] if sorted(map(str, named)) == sorted(columns) else list(range(len(columns)))


def _numbers(pairs: Iterable[tuple[tuple[Any, ...], Any]]) -> dict[tuple[Any, ...], float]:
    """Return totals by key; a key that stands twice, and a total that is no number, are refused."""
    faults, made, seen = Faults("权数的目标总数"), {}, set()
    for key, number in pairs:
        told = " ".join(_text(key))
        if _text(key) in seen:
            faults.add(None, told, "", "这一类写了两次", "每类一个总数")
        seen.add(_text(key))
        try:
            made[key] = float(number)
        except (TypeError, ValueError):
            faults.add(None, told, type(number).__name__, "总数应为数", "改正后重试")
    faults.refuse(SurveyError)
    return made


def crossed(survey: Survey, columns: Sequence[str], faults: Faults, *, everyone: bool = False) -> tuple[Ints, list[tuple[Any, ...]]]:
    """Return one code a row for the combination of its values, and the combinations; rows that lack a value are noted.

    Unless `everyone` must have one, a row without weight may lack a value, and counts as having the first.
    """
    joint: Ints | None = None
    keys: list[tuple[Any, ...]] = [()]
    for name in columns:
        code, levels = survey.levels(name)
        lost = code < 0
        if bool(lost.any()):
            refused = lost if everyone or survey.answering is None else lost & survey.answering
            faults.add_rows(np.flatnonzero(refused), name, "缺失的值不属于任何一类", "补全后重试")
            code = np.maximum(code, 0)
        joint = code if joint is None else joint * len(levels) + code
        keys = [(*key, level) for key in keys for level in levels]
    assert joint is not None
    return joint, keys


def _text(key: Any) -> tuple[str, ...]:
    """Return a key in one spelling, so that 1, 1.0 and "1" are the same category."""
    return tuple(str(int(part)) if isinstance(part, float) and part.is_integer() else str(part) for part in key)


def root_of(covariance: Floats | None) -> Floats | None:
    """Return L with LL' = V, from the eigenvectors of V."""
    if covariance is None:
        return None
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def shifts(root: Floats | None, sets: Sets) -> Floats | None:
    """Return how far the totals move in each replicate, (count, totals), so that replicates carry the variance of the totals.

    Each eigenvector of the covariance moves the totals of one replicate (Fuller 1998, Surv. Meth. 24:153; Opsomer & Erciulescu
    2021, Surv. Meth. 47:265); those of each step come after those of the steps before, so that errors of different totals
    are not correlated.
    """
    if root is None:
        return None
    first, last = sets.used, sets.used + root.shape[1]
    moved = np.zeros((len(sets.spread), len(root)))
    moved[first:last] = root.T / np.sqrt(sets.spread[first:last, None])
    return moved[sets.start : sets.start + len(sets.weights)]
