"""How far the weights go, and how far the respondents resemble the registry, before the steps and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evalkit import intervals, nonresponse
from evalkit.errors import EstimateError
from evalkit.survey import reading
from evalkit.survey.surveys import Survey
from evalkit.variances import Floats
from evalkit.weights import Nonresponse


def weight_table(survey: Survey) -> pd.DataFrame:
    """Return one row a step of the weights: how many rows stand for somebody, the span of their weights, and what they cost.

    Returns
    -------
    pandas.DataFrame
        ``step`` (the first is the weights before any), ``n``, ``total`` (Σw), ``low``, ``high``, ``cv`` (coefficient of variation),
        ``deff_w`` (Kish's loss from unequal weights, 1 + cv²).

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"kind": ["a", "a", "b"], "w": 10.0}), weights="w")
    >>> ev.weight_table(ev.weigh(survey, ev.PostStratify("kind", {"a": 30, "b": 10})))[["step", "total", "deff_w"]].round(4).values.tolist()
    [['设计权数', 30.0, 1.0], ['PostStratify kind', 40.0, 1.0312]]
    """
    reading.refuse_brought(survey)
    before = survey.steps[0].before if survey.steps else survey.weights
    named = [("设计权数", before), *((str(getattr(step, "step", step)), step.after) for step in survey.steps)]
    rows = []
    for name, weights in named:
        held = weights[weights != 0]
        deff = intervals.weight_effect(np.abs(held))
        rows.append((name, len(held), held.sum(), held.min(), held.max(), float(np.sqrt(max(deff - 1, 0.0))), deff))
    return pd.DataFrame(rows, columns=["step", "n", "total", "low", "high", "cv", "deff_w"])


def balance(survey: Survey, registry: Any) -> pd.DataFrame:
    """Compare the respondents with the registry, with the weights before the steps and after.

    Parameters
    ----------
    survey : Survey
        Of the respondents (or of all released units, after a `Nonresponse` step).
    registry : mapping or pandas.DataFrame
        By column, the totals of its categories: ``{"household_type": {"脱贫户": 3000, …}}``; or the registry itself, one row a
        unit, whose numeric columns are compared by their means, and text columns category by category.

    Returns
    -------
    pandas.DataFrame
        ``variable``, ``category``, ``registry`` (share or mean), ``before``, ``after``, and the differences from the registry in its
        standard deviations (absolute standardised mean differences): ``asmd_before``, ``asmd_after``. Above .1 is commonly called
        out of balance.

    Raises
    ------
    EstimateError
        A column that the survey lacks, or in which rows have no value.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"kind": ["a", "a", "b"], "w": 10.0}), weights="w")
    >>> adjusted = ev.weigh(survey, ev.PostStratify("kind", {"a": 30, "b": 10}))
    >>> ev.balance(adjusted, {"kind": {"a": 30, "b": 10}})[["asmd_before", "asmd_after"]].round(4).values.tolist()
    [[0.1925, 0.0], [0.1925, 0.0]]
    """
    reading.refuse_brought(survey)
    inside = np.ones(len(survey), dtype=bool) if survey.answering is None else survey.answering
    before = (survey.steps[0].before if survey.steps else survey.weights)[inside]
    after = survey.weights[inside]
    made = []
    for name in registry:
        stated = registry[name]
        if isinstance(stated, pd.Series) and pd.api.types.is_numeric_dtype(stated):
            made.append(_numeric(survey, name, stated.to_numpy(dtype=float), inside, before, after))
        else:
            counts = stated.value_counts() if isinstance(stated, pd.Series) else stated
            made += _categories(survey, name, dict(counts.items()), inside, before, after)
    heads = ["variable", "category", "registry", "before", "after", "asmd_before", "asmd_after"]
    return pd.DataFrame(made, columns=heads)


def _numeric(survey: Survey, name: str, registry: Floats, inside: Any, before: Floats, after: Floats) -> tuple[Any, ...]:
    values = survey.column(name).to_numpy(dtype=float, na_value=np.nan)[inside]
    _whole(name, np.isfinite(values))
    found = [nonresponse.standardised_differences(values, registry, weights) for weights in (before, after)]
    means = [float(values @ weights / weights.sum()) for weights in (before, after)]
    return (name, "", float(registry.mean()), *means, *(float(abs(each.difference[0])) for each in found))


def _categories(
    survey: Survey, name: str, counts: Mapping[Any, float], inside: Any, before: Floats, after: Floats
) -> list[tuple[Any, ...]]:
    codes, levels = survey.levels(name)
    _whole(name, codes[inside] >= 0)
    whole, rows = float(sum(counts.values())), []
    known = {str(level): at for at, level in enumerate(levels)}
    for category, count in counts.items():
        share = count / whole
        here = codes[inside] == known.get(str(category), -1)
        shares = [float(weights @ here / weights.sum()) for weights in (before, after)]
        unit = np.sqrt(share * (1 - share))
        gaps = [abs(each - share) / unit if unit > 0 else float(each != share) for each in shares]
        rows.append((name, str(category), share, *shares, *map(float, gaps)))
    return rows


def _whole(name: str, known: Any) -> None:
    if not bool(np.all(known)):
        raise EstimateError(f"{name}｜{int((~known).sum())} 个回答单位没有值，无法与登记库比较｜补全，或去掉这一列")


@dataclass(frozen=True, eq=False, repr=False)
class Representativity:
    """How evenly the released units answered.

    Attributes
    ----------
    indicator : nonresponse.RIndicator
        1 − 2·S(ρ), ρ the propensities: 1 when all answer alike.
    partial : pandas.DataFrame
        One row a column of the model: how much of the unevenness goes with it, alone and beside the others.
    columns : tuple of str
    """

    indicator: nonresponse.RIndicator
    partial: pd.DataFrame
    columns: tuple[str, ...]

    def __repr__(self) -> str:
        r = self.indicator
        head = f"R 指标 {r.value:.4f}（未修正 {r.unadjusted:.4f}），回答率 {r.mean:.2%}，最大偏差 {r.cv:.3f} 个标准差"
        return f"{head}，按 {'、'.join(self.columns)}"


def representativity(
    survey: Survey, columns: Sequence[str], *, status: str = "disposition", words: Mapping[Any, str] | None = None
) -> Representativity:
    """Return the R-indicator of a response, from a logistic model of who answered.

    Parameters
    ----------
    survey : Survey
        Of all released units, with weights by design.
    columns : list of str
        Known for all released units: numeric, or text with one 0/1 column a category.
    status, words
        As for `Nonresponse`; ineligible units and those of unknown eligibility are left aside.

    Returns
    -------
    Representativity

    Notes
    -----
    Schouten, Cobben & Bethlehem 2009, Surv. Meth. 35:101.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> table = pd.DataFrame({"kind": ["a"] * 40 + ["b"] * 40, "what": ["R"] * 36 + ["N"] * 4 + ["R"] * 28 + ["N"] * 12, "w": 50.0})
    >>> ev.representativity(ev.Survey.from_data(table, weights="w"), ["kind"], status="what")
    R 指标 0.8403（未修正 0.8000），回答率 80.00%，最大偏差 0.100 个标准差，按 kind
    """
    step = Nonresponse(propensity=columns, status=status, words=words)
    state, x = step.states(survey), step.model(survey)
    asked = np.isin(state, ("R", "N"))
    weights = (survey.steps[0].before if survey.steps else survey.weights)[asked]
    fitted = nonresponse.response_propensity(x[asked], state[asked] == "R", weights)
    indicator = nonresponse.r_indicator(fitted.propensities, weights, x[asked])
    rows = []
    for name in columns:
        labels = survey.column(name).astype(str).to_numpy()[asked]
        others = tuple(survey.column(each).astype(str).to_numpy()[asked] for each in columns if each != name)
        found = nonresponse.partial_indicators(fitted.propensities, labels, weights, others or None)
        rows.append((name, found.unconditional_total, found.conditional_total))
    return Representativity(indicator, pd.DataFrame(rows, columns=["variable", "unconditional", "conditional"]), tuple(columns))
