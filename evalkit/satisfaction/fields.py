"""A household survey and an enumerator's field score put together: 70/30 and its like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from evalkit.errors import EstimateError, Faults
from evalkit.estimates import Estimate
from evalkit.estimates.blocks import Block
from evalkit.estimates.domains import Domain, Variable
from evalkit.estimates.statistics import By, Names, mean_block
from evalkit.lists import as_list
from evalkit.satisfaction.limits import score_limits
from evalkit.satisfaction.scales import Floats, Missing, Scales, read_items
from evalkit.satisfaction.scoring import person_scores, together

if TYPE_CHECKING:
    from evalkit.survey import Survey


def field_composite(
    survey: Survey, items: Names, scale: Scales, *, field: pd.DataFrame, area: str, score: str, each: int, shares: tuple[float, float],
    weights: Mapping[str, float] | Literal["equal"] = "equal", by: By = None, where: Any = None, missing: Missing = "fail",
) -> Estimate:  # fmt: skip
    """Estimate a composite of the households' scores and the field scores of their areas.

    Parameters
    ----------
    survey : Survey
        Of households, with the column `area`.
    items, scale, weights, by, where, missing
        The household's score: one question, or several as for `composite`.
    field : DataFrame
        One row a field score, with columns `area` and `score` (0 to 100).
    area, score : str
    each : int
        Field scores that an area must have; their plain mean is that of the area.
    shares : (float, float)
        Of the household survey and the field score, above 0, adding up to 1 (or 100).

    Returns
    -------
    Estimate
        Rows by domain, then 综合, 入户, 现场. The field score of an area stands beside each of its households, so areas weigh as
        their households do and the variance between areas is that of both parts together.

    Raises
    ------
    EstimateError
        Areas without their field scores, scores outside 0 to 100, shares that do not add up; all at once.

    Notes
    -----
    英德 2019 (国家统计局广东调查队): 70 % for 2,000 households in 100 areas, 30 % for the mean of 5 field scores an area.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> households = pd.DataFrame({"片区": ["A"] * 4 + ["B"] * 4, "q": ["满意"] * 6 + ["不满意"] * 2})
    >>> field = pd.DataFrame({"片区": ["A", "A", "B", "B"], "分": [90, 80, 70, 80]})
    >>> survey = ev.Survey.from_data(households, clusters="片区")
    >>> scale = ev.Scale(("满意", "基本满意", "不满意"), top=("满意", "基本满意"))
    >>> ev.field_composite(survey, "q", scale, field=field, area="片区", score="分", each=2, shares=(70, 30)).value.tolist()
    [76.5, 75.0, 80.0]
    """
    mine, theirs = _shares(shares)
    values = _field_scores(survey, field, area, score, each)
    home, none = person_scores(read_items(survey, as_list(items), scale, by, where, missing), weights, 0.5)
    parts = {"综合": mine * home + theirs * values, "入户": home, "现场": values}
    return together(survey, [Variable((name,), part, none) for name, part in parts.items()], by, where, "score", _scored)


def _scored(survey: Survey, values: Floats, inside: Domain) -> tuple[Floats, Block]:
    value, block = mean_block(survey, values, inside)
    return value, replace(block, bounds=partial(score_limits, "auto", values, value, block))


def _shares(shares: Sequence[float]) -> tuple[float, float]:
    if len(shares) != 2 or min(shares) <= 0 or not any(abs(sum(shares) - whole) < 1e-9 for whole in (1, 100)):
        raise EstimateError(f"shares = {tuple(shares)}｜入户与现场各占多少，都大于 0，合计 1 或 100｜写 shares=(70, 30)")
    return shares[0] / sum(shares), shares[1] / sum(shares)


def _field_scores(survey: Survey, field: pd.DataFrame, area: str, score: str, each: int) -> Floats:
    """Return the mean field score of each row's area."""
    faults = Faults("现场评分")
    for name in (area, score):
        if name not in field.columns:
            faults.add(None, name, None, "没有这一列", "核对现场评分表的列名")
    faults.refuse(EstimateError)
    given = pd.to_numeric(field[score], errors="coerce")
    faults.add_rows(np.flatnonzero(~given.between(0, 100)), score, "应为 0 至 100 的数", "改正后重试")
    counts, own = field[area].value_counts(), survey.column(area)
    short = [str(name) for name in own.dropna().unique() if counts.get(name, 0) != each]
    if short:
        faults.add(None, area, "、".join(short[:6]), f"{len(short)} 个片区的现场评分不是 {each} 个", "补齐评分，或改 each")
    if bool(own.isna().any()):
        faults.add_rows(np.flatnonzero(own.isna()), area, "缺片区", "补上片区")
    strange = sorted(set(map(str, field[area].dropna())) - set(map(str, own.dropna())))
    if strange:
        faults.add(None, area, "、".join(strange[:6]), "入户调查中没有这些片区", "核对片区名")
    faults.refuse(EstimateError)
    return own.map(given.groupby(field[area]).mean()).to_numpy(dtype=float)
