"""Agreement of two codings of the same units, as statistics of a Survey: the standard errors are those of its design."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.errors import EstimateError
from evalkit.estimates import Estimate
from evalkit.estimates.blocks import Block
from evalkit.estimates.domains import Variable, domain
from evalkit.estimates.smooth import Smooth
from evalkit.given import takes
from evalkit.reliability import Measure, measures_of

if TYPE_CHECKING:
    from evalkit.estimates.domains import Domain, Missing
    from evalkit.survey import Survey
    from evalkit.variances import Floats, Ints


@takes(EstimateError)
def agreement(
    survey: Survey, first: str, second: str, *, by: str | list[str] | None = None, where: Any = None, missing: Missing = "fail"
) -> Estimate:
    """Estimate how far two codings of the same units agree.

    Parameters
    ----------
    survey : Survey
        One row a unit that was coded twice (re-interviewed households, calls back); its weights and villages make value and
        standard error. With `survey.replicate("jk1")` (or "jkn") the standard error is the jackknife's over villages.
    first, second : str
        Columns of both codings: 0/1, boolean, or the same words, blanks around them left out. Of two categories the second in order
        is the positive one.
    by, where, missing
        As for `mean`.

    Returns
    -------
    Estimate
        Rows ``agreement``, ``kappa``, ``ac1``, ``pabak``, ``positive`` (for more than two categories ``specific <category>``).

    Raises
    ------
    EstimateError
        Fewer than two categories; nobody or everybody in one category, so that κ or the positive agreement has no value.

    Notes
    -----
    Formulas: `evalkit.reliability.agreement_table`. Each is a smooth function of the totals of the cells, so that its linearised
    score is Σ slope × (the row is in the cell). At an error rate of 1 % κ and the positive agreement rest on a few households:
    read them with their intervals, and AC1 beside them.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> cells = [(0, 0)] * 1180 + [(0, 1)] * 8 + [(1, 0)] * 6 + [(1, 1)] * 6
    >>> table = pd.DataFrame(cells, columns=["first", "second"]).assign(village=[at % 40 for at in range(1200)])
    >>> found = ev.agreement(ev.Survey.from_data(table, clusters="village"), "first", "second")
    >>> found.table()[["estimate", "se"]].round(4).values.tolist()[1]
    [0.4557, 0.1237]
    """
    levels, codes, lost = _coded(survey, first, second)
    count = len(levels)
    inside = domain(survey, by, where, [Variable((f"{first}、{second}",), np.zeros(len(survey)), lost if lost.any() else None)], missing)
    cell = codes[0] * count + codes[1]
    terms = tuple((cell == at).astype(float) for at in range(count**2))
    named = {name.replace(f"specific {at + 1}", f"specific {levels[at]}") if name.startswith("specific") else name: measure
             for at, (name, measure) in _numbered(measures_of(count))}  # fmt: skip
    made = [Block.of_totals(survey, inside, terms, _smooth(measure, count)) for measure in named.values()]
    values, blocks = [value for value, _ in made], [block for _, block in made]
    _refuse_empty(inside, dict(zip(named, values, strict=True)))
    return Estimate.of_blocks(survey, values, [(name,) for name in named], (*inside.by, "measure"), "index", blocks)


def _numbered(measures: dict[str, Measure]) -> list[tuple[int, tuple[str, Measure]]]:
    """Number the measures of one category by that category."""
    return [(int(name.rpartition(" ")[2]) - 1 if name.startswith("specific") else -1, (name, each)) for name, each in measures.items()]


def _smooth(measure: Measure, count: int) -> Smooth:
    def shaped(t: Floats) -> Floats:
        return t.reshape(count, count, *t.shape[1:])

    return Smooth(lambda t: measure.of(shaped(t))[0], lambda t: measure.of(shaped(t))[1].reshape(t.shape))


def _coded(survey: Survey, first: str, second: str) -> tuple[list[Any], tuple[Ints, Ints], Any]:
    """Return the categories of both columns together, the codes of each, 0 where missing, and where either is missing."""
    (a, of_a), (b, of_b) = (_trimmed(*survey.levels(name)) for name in (first, second))
    words = {type(level) is str for level in (*of_a, *of_b)}
    if len(words) > 1:
        raise EstimateError(f"{first}、{second}｜一列是文字，一列是数｜两次编码用同样的写法")
    levels = sorted({*of_a, *of_b} - {""})
    if len(levels) < 2:
        raise EstimateError(f"{first}、{second}｜两次都只有一个答案 {levels}，无从比较｜κ 等至少要有两类；只报一致的户数")
    place = {"": 0} | {level: at for at, level in enumerate(levels)}
    codes = [np.append([place[level] for level in known], 0)[own] for own, known in ((a, of_a), (b, of_b))]
    return levels, (codes[0].astype(np.int64), codes[1].astype(np.int64)), (a < 0) | (b < 0)


def _trimmed(codes: Ints, levels: list[Any]) -> tuple[Ints, list[Any]]:
    """Return codes and levels without the blanks around words; what was nothing but blanks is no answer."""
    words = [level.strip() if isinstance(level, str) else level for level in levels]
    if "" not in words:
        return codes, words
    blank = np.append([word == "" for word in words], False)  # the last for rows that are missing already
    return np.where(blank[codes], -1, codes), words


def _refuse_empty(inside: Domain, values: dict[str, Floats]) -> None:
    """Refuse a domain in which a measure has no value, by name; domains without rows have been told of already."""
    lacking = [
        f"{' '.join(map(str, key)) or '全部'}：{name}"
        for name, found in values.items()
        for key, value, size in zip(inside.keys, found, inside.sizes, strict=True)
        if size and np.isnan(value)
    ]
    if lacking:
        raise EstimateError(f"{'；'.join(lacking)}｜域中有一类没有人，这个量没有值｜合并域，或只报一致的户数")
