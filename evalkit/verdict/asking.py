"""What may be judged: faults of a question put to `judge`, all at once, and what looks like a slip."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from evalkit.areas import NEVER, SmallAreas
from evalkit.errors import EstimateError, EvalkitWarning, Faults
from evalkit.estimates.limits import KINDS
from evalkit.figures import gate_text
from evalkit.intervals.asking import check_icc
from evalkit.smallareas import AreaFit, ShareFit, ShrunkenShares

OWN = "判定用该县自己的估计：ev.judge(ev.proportion(…), …)"
SYMMETRIC = "它的区间左右对称，一例未见时宽度为 0，不能用来判定比例"
INSTEAD = (
    "比例写 ev.proportion(survey, \"列\")，按人计加 count=\"人数列\"；综合贫困发生率写 ev.incidence(…)；"
    "几个率的和差看 .interval(method=\"mover\")"
)
DIRECTIONS = ("below", "above")


def refuse_unjudged(estimate: Any) -> None:
    """Refuse what is no estimate of a survey.

    Raises
    ------
    EstimateError
        Small areas and their fits; a table of limits, of which nobody knows how they were made (a mid-p interval
        is for description only); plain numbers; means, totals, ratios and combinations, whose symmetric interval has no
        width where nothing was found; the only level of a column of text.
    """
    kind = type(estimate).__name__
    if isinstance(estimate, SmallAreas | ShareFit | ShrunkenShares | AreaFit):
        raise EstimateError(f"{kind}｜{NEVER}｜{OWN}")
    if not hasattr(estimate, "interval"):
        rule = "判定要自己问单侧界限，区间的表、mid-p 区间和单个的数都不能用来判定"
        raise EstimateError(f"{kind}｜{rule}｜给出 Estimate，如 {OWN}")
    if getattr(estimate, "kind", "proportion") != "proportion":
        raise EstimateError(f"这是{KINDS[estimate.kind]}｜{SYMMETRIC}｜{INSTEAD}")
    labels: Any = getattr(estimate, "labels", ())
    if len(labels) == 1 and "level" in getattr(estimate, "parts", ()) and len(labels[0]) > 1 and float(estimate) == 1:
        said = f"该列只有“{labels[0][-1]}”一种回答，一例未见的那一类没有行"
        raise EstimateError(f"{labels[0][0]}｜{said}｜改为 0/1 列；或声明全部类别：pd.Categorical(…, [\"否\", \"是\"])，再取其中一行")


def check_question(
    threshold: Any, direction: Any, strict: Any, alpha: Any, legal_value: Any, level: Any, villages: Any = None, icc: Any = None
) -> None:
    """Refuse a question without an answer, with all its faults.

    Raises
    ------
    EstimateError
    """
    faults = Faults("判定")
    if direction not in DIRECTIONS:
        faults.add(None, "direction", repr(direction), "没有这个方向", '可用："below"（越低越好）、"above"（越高越好）')
    if not isinstance(strict, bool | np.bool_):
        faults.add(None, "strict", repr(strict), "应为 True（须越过门槛）或 False（可等于门槛）", "按文件原文写")
    if faults.is_number("alpha", alpha) and not 0 < alpha <= 0.5:
        faults.add(None, "alpha", alpha, "判错的风险应大于 0、不大于 0.5", "95% 的把握写 alpha=.05")
    if faults.is_number("level", level) and not 0 < level < 1:
        faults.add(None, "level", level, "应在 0 与 1 之间", "95% 写 level=.95")
    for name, number in (("threshold", threshold), ("legal_value", 0 if legal_value is None else legal_value)):
        if faults.is_number(name, number) and not 0 <= number <= 1:
            faults.add(None, name, number, "比例应在 0 与 1 之间", _as_share(number))
    if villages is not None and not (isinstance(villages, int | np.integer) and villages >= 1):
        faults.add(None, "villages", repr(villages), "应为不小于 1 的整数", "写抽中的村数，或不写")
    if (threshold, direction) in ((1, "below"), (0, "above")) or (threshold, direction, strict) in ((0, "below", True), (1, "above", True)):
        faults.add(None, "threshold", threshold, "这样的门槛任何率都达到，或都达不到", "1% 写 .01；核对 direction 与 strict")
    check_icc(icc, faults)
    faults.refuse(EstimateError)


def _as_share(number: float) -> str:
    return f"{number:g}% 写 {number / 100:g}" if 1 < number <= 100 else "2% 写 .02"


def check_value(value: float) -> None:
    """Refuse an estimate that is no number.

    Raises
    ------
    EstimateError
    """
    if not math.isfinite(value):
        raise EstimateError(f"estimate = {value}｜估计不是数（域中没有完成的户，或分母为 0），无从判定｜核对 where、by 与 missing")


def check_fact(icc: Any, name: str, labels: list[str]) -> None:
    """Refuse the correlation of another rate, and warn of one that the county itself helped to make.

    Parameters
    ----------
    icc : object
        As it was given; numbers pass.
    name : str
        Of the rate that is judged; without one nothing can be compared.
    labels : list of str
        Of the estimate, by which its county may be known.

    Raises
    ------
    EstimateError

    Warns
    -----
    EvalkitWarning
    """
    indicator = getattr(icc, "indicator", "")
    if name and indicator and indicator not in name and indicator not in labels:
        remedy = f'用 {name} 自己的：ev.icc(…, name="{name}")；有意借用写 icc=float(…)'
        raise EstimateError(f"icc｜是{indicator}的村内相关，判定的是{name}｜{remedy}")
    for row in getattr(icc, "rows", ()):
        if row.name and (row.name in labels or row.name in name):
            _warn(f"icc｜合并的各县中有{row.name}自己：它的错误影响了判它的村内相关｜写 icc=….without(\"{row.name}\")")
            return


def say_slips(threshold: float, direction: str, shift: float, whole: float) -> None:
    """Warn of a threshold on the side where its direction seldom has one, or beyond what the registry leaves open.

    Parameters
    ----------
    threshold : float
    direction : {"below", "above"}
    shift, whole : float
        Smallest and largest value that the rate can have whatever the sample shows (registry totals added to a proportion).
    """
    if (direction == "below") == (threshold > 0.5) and threshold != 0.5:
        usual = "认可度一类越高越好的率写 direction=\"above\"" if direction == "below" else "差错率一类越低越好的率写 direction=\"below\""
        _warn(f"threshold = {gate_text(threshold)}、direction={direction!r}｜门槛与方向少见地相配｜{usual}；如确实如此，可不理会")
    if not shift <= threshold <= whole:
        rule = f"登记的人数已把这个率限在 {shift:.3%}～{whole:.3%}，抽样不改变结论"
        _warn(f"threshold = {gate_text(threshold)}｜{rule}｜核对 remaining 等登记数")


def _warn(told: str) -> None:
    warnings.warn(told, EvalkitWarning, stacklevel=4)
