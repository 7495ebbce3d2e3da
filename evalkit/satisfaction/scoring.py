"""What a survey says of its questions: scores, top boxes with the band of the don't-knows, whole distributions, promoters, composites."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from evalkit import intervals
from evalkit.errors import EstimateError, one_of
from evalkit.estimates import Estimate, combine
from evalkit.estimates.blocks import Block
from evalkit.estimates.domains import Domain, Variable, domain
from evalkit.estimates.estimate import Kind
from evalkit.estimates.limits import label_columns
from evalkit.estimates.statistics import By, Names, mean_block, share_block
from evalkit.satisfaction.limits import score_limits
from evalkit.satisfaction.scales import UNSURE, Floats, Item, Missing, Scales, read_items

if TYPE_CHECKING:
    from evalkit.survey import Survey

WAYS = {"auto": "90 分以上、10 分以下用 logit，其余用 t", "t": "估计 ± t 分位数 × 标准误", "logit": "分数 ÷ 100 的 logit 上的 t 区间"}
UNSURES = {"no": "不清楚算不满意（法定口径：分母为全部被访户）", "out": "不清楚不计入分母", "yes": "不清楚算满意（上限）"}
Build = Callable[["Survey", Floats, Domain], tuple[Floats, Block]]


def scores(
    survey: Survey, items: Names, scale: Scales, *, by: By = None, where: Any = None, missing: Missing = "fail",
    interval: Literal["auto", "t", "logit"] = "auto",
) -> Estimate:  # fmt: skip
    """Estimate the mean scores of questions, from 0 to 100.

    Parameters
    ----------
    survey : Survey
    items : str or list of str
        Columns with the answers.
    scale : Scale, or mapping of item to Scale
    by, where
        As for `ev.mean`.
    missing : {"fail", "out", "dont_know"}
        A missing answer raises, or leaves the question out for this row. A don't-know has no score and is always left out of it.
    interval : {"auto", "t", "logit"}
        How limits are made: near the ends, above 90 and below 10, on the logit (auto), or everywhere one way.

    Returns
    -------
    Estimate
        Rows by domain, then item; n counts those with a score.

    Notes
    -----
    Σw·s/Σw with s = 100(x − 1)/(K − 1), linearised as a domain mean. Where everybody gives the best answer, the limit is 100 times
    the KG-M limit of its share.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"工作队": ["满意", "满意", "基本满意", "不满意"]}))
    >>> float(ev.scores(survey, "工作队", ev.Scale(("满意", "基本满意", "不满意"), top=("满意",))))
    62.5
    """
    one_of("interval", interval, WAYS, EstimateError, "区间")
    found = read_items(survey, items, scale, by, where, missing)
    variables = [Variable((item.name,), item.points, item.code < 0) for item in found]
    return together(survey, variables, by, where, "score", partial(_of_points, interval))


def _of_points(interval: str, survey: Survey, values: Floats, inside: Domain) -> tuple[Floats, Block]:
    """Return the mean of points, whose limits are asked for in a way of their own."""
    value, block = mean_block(survey, values, inside)
    return value, replace(block, bounds=partial(score_limits, interval, values, value, block))


def together(survey: Survey, variables: list[Variable], by: By, where: Any, kind: Kind, build: Build) -> Estimate:
    """Estimate variables, each over the rows that answered it."""
    domains = [domain(survey, by, where, [variable], "out") for variable in variables]
    made = [build(survey, variable.values, inside) for variable, inside in zip(variables, domains, strict=True)]
    labels = [variable.label for variable in variables]
    parts = (*domains[0].by, "variable", *(("level",) if any(len(label) > 1 for label in labels) else ()))
    return Estimate.of_blocks(survey, [value for value, _ in made], labels, parts, kind, [block for _, block in made])


def top_box(
    survey: Survey, items: Names, scale: Scales, *, dont_know: Literal["no", "out", "yes"], by: By = None, where: Any = None,
    missing: Missing = "fail",
) -> Estimate:  # fmt: skip
    """Estimate the share of answers in the top box of the scale.

    Parameters
    ----------
    survey, items, scale, by, where, missing
        As for `scores`.
    dont_know : {"no", "out", "yes"}
        Whether a don't-know counts as not satisfied, is out of the denominator, or counts as satisfied. No default.

    Returns
    -------
    Estimate
        Of kind "proportion".

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"q": ["满意"] * 6 + ["不满意"] * 2 + ["不清楚"] * 2}))
    >>> scale = ev.Scale(("满意", "不满意"), top=("满意",), dont_know=("不清楚",))
    >>> [float(ev.top_box(survey, "q", scale, dont_know=rule)) for rule in ("no", "out", "yes")]
    [0.6, 0.75, 0.8]
    """
    one_of("dont_know", dont_know, UNSURES, EstimateError, "口径")
    found = read_items(survey, items, scale, by, where, missing)
    return together(survey, [_boxed(item, dont_know) for item in found], by, where, "proportion", _share)


def _share(survey: Survey, values: Floats, inside: Domain) -> tuple[Floats, Block]:
    return share_block(survey, values, inside, None)


def _boxed(item: Item, dont_know: str) -> Variable:
    unsure = item.code == UNSURE
    places = [item.scale.answers.index(answer) for answer in item.scale.top]
    inside = np.isin(item.code, places) | (unsure & (dont_know == "yes"))
    return Variable((item.name,), inside.astype(float), (item.code < UNSURE) | (unsure & (dont_know == "out")))


def top_box_table(
    survey: Survey, items: Names, scale: Scales, *, by: By = None, where: Any = None, missing: Missing = "fail", level: float = 0.95
) -> pd.DataFrame:
    """Return the top box of each question with its don't-knows on every side.

    Parameters
    ----------
    survey, items, scale, by, where, missing
        As for `scores`.
    level : float

    Returns
    -------
    DataFrame
        The labels, then n (all interviewed), ``estimate``, ``low`` and ``high`` with don't-knows as not satisfied, ``excluding``
        them, and the band ``if_no`` to ``if_yes``.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"q": ["满意"] * 6 + ["不满意"] * 2 + ["不清楚"] * 2}))
    >>> scale = ev.Scale(("满意", "不满意"), top=("满意",), dont_know=("不清楚",))
    >>> ev.top_box_table(survey, "q", scale)[["estimate", "excluding", "if_no", "if_yes"]].to_numpy().round(2).tolist()
    [[0.6, 0.75, 0.6, 0.8]]
    """
    no, out, yes = (top_box(survey, items, scale, dont_know=rule, by=by, where=where, missing=missing) for rule in ("no", "out", "yes"))
    limits = no.interval(level)
    columns = {"n": no.n, "estimate": no.value, "low": limits["low"].to_numpy(), "high": limits["high"].to_numpy()}
    return pd.DataFrame({**label_columns(no), **columns, "excluding": out.value, "if_no": no.value, "if_yes": yes.value})


def answers(
    survey: Survey, items: Names, scale: Scales, *, by: By = None, where: Any = None, missing: Missing = "fail", level: float = 0.95
) -> pd.DataFrame:
    """Return how each question was answered: every answer of its scale with a share and limits that hold together.

    Parameters
    ----------
    survey, items, scale, by, where, missing
        As for `scores`; shares are of all that answered, don't-knows included.
    level : float
        At which the limits of all answers to one question in one domain hold together (Bonferroni over KG-M).

    Returns
    -------
    DataFrame
        Labels of the domain, ``variable``, ``level`` (the answer), ``n`` that gave it, ``share``, ``low``, ``high``; answers that
        nobody gave included.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"q": ["满意"] * 6 + ["不满意"] * 2 + ["不清楚"] * 2}))
    >>> scale = ev.Scale(("满意", "基本满意", "不满意"), top=("满意",), dont_know=("不清楚",))
    >>> ev.answers(survey, "q", scale)[["level", "n", "share"]].to_numpy().tolist()
    [['满意', 6, 0.6], ['基本满意', 0, 0.0], ['不满意', 2, 0.2], ['不清楚', 2, 0.2]]
    """
    parts = [_answered(survey, item, by, where, level) for item in read_items(survey, items, scale, by, where, missing)]
    return pd.concat(parts, ignore_index=True)


def _answered(survey: Survey, item: Item, by: By, where: Any, level: float) -> pd.DataFrame:
    known = [*enumerate(item.scale.answers), *([(UNSURE, "、".join(map(str, item.scale.dont_know)))] if item.scale.dont_know else [])]
    lost = item.code < (UNSURE if item.scale.dont_know else 0)
    given = [Variable((item.name, answer), (item.code == at).astype(float), lost) for at, answer in known]
    made = together(survey, given, by, where, "proportion", _share)
    limits = made.interval(intervals.joint_level(level, len(given), "bonferroni"))
    inside = domain(survey, by, where, given[:1], "out")
    counts = np.stack([inside.sums(variable.values) for variable in given], axis=1).ravel()
    both = {end: limits[end].to_numpy() for end in ("low", "high")}
    return pd.DataFrame({**label_columns(made), "n": counts.round().astype(np.int64), "share": made.value, **both})


def nps(
    survey: Survey, items: Names, scale: Scales, *, promoters: Sequence[Any], detractors: Sequence[Any], by: By = None, where: Any = None,
    missing: Missing = "fail",
) -> Estimate:  # fmt: skip
    """Estimate the net share of promoters, that of the promoters less that of the detractors.

    Parameters
    ----------
    survey, items, scale, by, where, missing
        As for `scores`; don't-knows are left out.
    promoters, detractors : sequence
        Answers of the scale; the others count 0. On 0 to 10 Reichheld (2003) has 9–10 and 0–6.

    Returns
    -------
    Estimate
        From -1 to 1.

    Raises
    ------
    EstimateError
        An answer that the scale does not have, or in both groups.

    Notes
    -----
    The mean of 1, 0 and -1; under n_eff independent answers its variance is (p₊ + p₋ − NPS²)/n_eff.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"推荐": [10] * 248 + [8] * 120 + [3] * 32}))
    >>> found = ev.nps(survey, "推荐", ev.Scale.numbered(0, 10, top=(9, 10)), promoters=(9, 10), detractors=range(7))
    >>> round(float(found), 2), round(float(found.se[0]), 4)
    (0.54, 0.032)
    """
    found = read_items(survey, items, scale, by, where, missing)
    for item in found:
        strange = (set(promoters) | set(detractors)) - set(item.scale.answers)
        if strange or set(promoters) & set(detractors) or not promoters or not detractors:
            raise EstimateError(f"{item.name}｜promoters、detractors 各写几个答案，不重复｜量表：{'、'.join(map(str, item.scale.answers))}")
    return together(survey, [_net(item, promoters, detractors) for item in found], by, where, "mean", mean_block)


def _net(item: Item, promoters: Sequence[Any], detractors: Sequence[Any]) -> Variable:
    up, down = ([item.scale.answers.index(answer) for answer in group] for group in (promoters, detractors))
    return Variable((item.name,), np.isin(item.code, up).astype(float) - np.isin(item.code, down), item.code < 0)


def composite(
    survey: Survey, items: Sequence[str], scale: Scales, *, weights: Mapping[str, float] | Literal["equal"], by: By = None,
    where: Any = None, missing: Missing = "fail", least: float = 0.5, label: str = "综合得分",
    interval: Literal["auto", "t", "logit"] = "auto",
) -> Estimate:  # fmt: skip
    """Estimate the mean of a person's weighted score over several questions, from 0 to 100.

    Parameters
    ----------
    survey, items, scale, by, where, missing, interval
        As for `scores`.
    weights : mapping of item to weight, or "equal"
        Stated, not assumed; they are divided by their sum.
    least : float
        Share of the questions that a person must have answered, in (0, 1]; below it the person has no score.
    label : str
        Name of the result.

    Returns
    -------
    Estimate
        One row a domain; n counts the persons with a score.

    Raises
    ------
    EstimateError
        Weights for other items, below 0 or all 0.

    Notes
    -----
    c = Σ_i a_i s_i/Σ_i a_i over the questions the person answered. The person's composite is linearised, so the covariance of the
    questions enters by itself. This is no ACSI: that is a partial-least-squares model and bears another name.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"甲": ["满意", "不满意", "满意"], "乙": ["满意", "满意", "不清楚"]}))
    >>> scale = ev.Scale(("满意", "不满意"), top=("满意",), dont_know=("不清楚",))
    >>> round(float(ev.composite(survey, ["甲", "乙"], scale, weights={"甲": 3, "乙": 1})), 2)
    75.0
    """
    one_of("interval", interval, WAYS, EstimateError, "区间")
    found = read_items(survey, items, scale, by, where, missing)
    variable = Variable((label,), *person_scores(found, weights, least))
    return together(survey, [variable], by, where, "score", partial(_of_points, interval))


def person_scores(items: list[Item], weights: Mapping[str, float] | str, least: float) -> tuple[Floats, Any]:
    """Return the composite of each row, and which rows have none."""
    names = [item.name for item in items]
    own = dict.fromkeys(names, 1.0) if weights == "equal" else weights
    if not isinstance(own, Mapping) or set(own) != set(names) or min(own.values()) < 0 or sum(own.values()) <= 0:
        rule = "每题一个不小于 0 的比重，不全为 0，没有默认"
        raise EstimateError(f"weights｜{rule}｜写 {{题目: 比重}} 或 \"equal\"；题目：{'、'.join(names)}")
    if not 0 < least <= 1:
        raise EstimateError(f"least = {least}｜至少答了多少题才计分，在 0（不含）至 1 之间｜写 least=0.5")
    answered = np.array([item.code >= 0 for item in items])
    weight = np.array([float(own[name]) for name in names])[:, None] * answered
    whole = weight.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        made = (weight * np.array([item.points for item in items])).sum(axis=0) / whole
    none = (answered.mean(axis=0) < least - 1e-12) | (whole == 0)
    return np.where(none, 0.0, made), none


def mode_effect(
    survey: Survey, items: Names, scale: Scales, *, mode: str, against: str, where: Any = None, missing: Missing = "fail"
) -> Estimate:
    """Estimate how much the mean scores of each mode of interview differ from those of one of them.

    Parameters
    ----------
    survey, items, scale, where, missing
        As for `scores`. Two samples are put together first: ``ev.join(入户=a, 电话=b, shared=None)`` and ``mode="wave"``.
    mode : str
        Column with the mode (入户, 电话).
    against : str
        The mode that the others are compared with.

    Returns
    -------
    Estimate
        Points, labelled (mode, item); with t intervals. Modes are not assigned at random unless the design says so: the difference
        is that of those asked and of the asking together.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> table = pd.DataFrame({"q": ["满意", "不满意"] * 4 + ["满意"] * 4, "方式": ["入户"] * 8 + ["电话"] * 4})
    >>> scale = ev.Scale(("满意", "不满意"), top=("满意",))
    >>> found = ev.mode_effect(ev.Survey.from_data(table), "q", scale, mode="方式", against="入户")
    >>> found.labels, float(found)
    ((('电话', 'q'),), 50.0)
    """
    by_mode = scores(survey, items, scale, by=mode, where=where, missing=missing)
    place = {label: at for at, label in enumerate(by_mode.labels)}
    pairs = [(label, (against, *label[1:])) for label in by_mode.labels if label[0] != against]
    if not pairs or any(base not in place for _, base in pairs):
        known = "、".join(dict.fromkeys(str(label[0]) for label in by_mode.labels))
        raise EstimateError(f"against = {against!r}｜应为 {mode} 的一个值，且另有别的值｜现有：{known}")
    slopes = np.zeros((len(pairs), len(by_mode)))
    for row, (label, base) in enumerate(pairs):
        slopes[row, place[label]], slopes[row, place[base]] = 1.0, -1.0
    made = combine(lambda value: slopes @ value, by_mode, slopes=lambda value: [slopes])
    return replace(made, labels=tuple(label for label, _ in pairs), parts=by_mode.parts)
