"""Many counties together: which of them violate, and how many wrong verdicts a programme has to expect."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from evalkit.errors import EstimateError, one_of
from evalkit.figures import gate_text
from evalkit.showing import Rows, Shown, pairs
from evalkit.verdict.judging import Verdict, listed_verdicts
from evalkit.verdict.words import Language, programme_sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

METHODS = {
    "holm": "名单中有一个列错的概率不超过 alpha",
    "bh": "Benjamini–Hochberg，名单中列错者的平均份额不超过 alpha",
}
Verdicts = Mapping[Any, Verdict] | Iterable[Verdict]


def violators(verdicts: Verdicts, *, method: Literal["holm", "bh"], alpha: float = 0.05) -> pd.DataFrame:
    """List the counties (or rates) that are proven to violate, corrected for how many were looked at.

    Each verdict on its own keeps its risk; a list picked out of many does not, so its p-values are adjusted. A county
    that is not listed has not been shown to comply.

    Parameters
    ----------
    verdicts : mapping of label to Verdict, or iterable of Verdict
        All that were looked at, not the worst of them.
    method : {"holm", "bh"}
        No default: "holm" keeps the chance of any wrong name, "bh" the expected share of wrong names at alpha.
    alpha : float
        In (0, .5].

    Returns
    -------
    pandas.DataFrame
        One row a verdict, in their order: ``label``, ``name``, ``value``, ``threshold``, ``p`` for "the rate meets the standard"
        (`Verdict.p_violation`), ``p_adjusted``, ``violator``, ``reason``. A verdict without p-value counts as one more look and is
        never listed.

    Raises
    ------
    EstimateError
        No verdict, an unknown method, alpha outside (0, .5].

    References
    ----------
    Holm 1979, Scand. J. Statist. 6:65; Benjamini & Hochberg 1995, JRSS-B 57:289.

    Examples
    --------
    >>> import numpy as np, pandas as pd, evalkit as ev
    >>> at = np.arange(1200)
    >>> county = {"甲": 40, "乙": 6, "丙": 0}
    >>> surveys = {k: ev.Survey.from_data(pd.DataFrame({"v": at % 40, "wrong": at < x}), clusters=["v"]) for k, x in county.items()}
    >>> verdicts = {k: ev.judge(ev.proportion(s, "wrong"), .02, strict=True) for k, s in surveys.items()}
    >>> ev.violators(verdicts, method="holm")[["label", "p_adjusted", "violator"]].round(4)
      label  p_adjusted  violator
    0     甲      0.0142      True
    1     乙      1.0000     False
    2     丙      1.0000     False
    """
    one_of("method", method, METHODS, EstimateError, "校正")
    if not 0 < alpha <= 0.5:
        raise EstimateError(f"alpha = {alpha}｜应大于 0、不大于 0.5｜5% 写 alpha=.05")
    labels, known = _listed(verdicts)
    p = np.array([verdict.p_violation for verdict in known])
    adjusted = np.where(np.isnan(p), np.nan, _adjusted(np.where(np.isnan(p), 1.0, p), method))
    return pd.DataFrame({
        "label": labels, "name": [v.name for v in known], "value": [v.value for v in known], "threshold": [v.threshold for v in known],
        "p": p, "p_adjusted": adjusted, "violator": adjusted <= alpha, "reason": [v.p_reason for v in known],
    })  # fmt: skip


def _adjusted(p: Numbers, method: str) -> Numbers:
    """Return adjusted p-values: Holm's running maximum of (m − i + 1)·p₍ᵢ₎, or the running minimum from above of m·p₍ᵢ₎/i."""
    order, m = np.argsort(p), len(p)
    rank = np.arange(1, m + 1)
    if method == "holm":
        found = np.maximum.accumulate((m - rank + 1) * p[order])
    else:
        found = np.minimum.accumulate((m * p[order] / rank)[::-1])[::-1]
    back = np.empty(m)
    back[order] = np.minimum(found, 1.0)
    return back


@dataclass(frozen=True, repr=False)
class Programme(Shown):
    """The verdicts of many counties, and the wrong ones to be expected among them.

    Attributes
    ----------
    counties, passed, met, not_met : int
        In all; whose legal rule is satisfied; proven to meet the standard; proven not to.
    passed_at_gate : float
        Counties that the legal rule would pass, were every true rate exactly on its threshold.
    proven_at_gate : float
        Counties that would be called proven then: at most this, Σ alpha, while correlations are what was planned.
    other_at_value : float
        Counties for which a new sample would give the other legal verdict, were every true rate its estimate.
    unknown : int
        Counties without these chances (effective size unknown); left out of the sums.
    """

    counties: int
    passed: int
    met: int
    not_met: int
    passed_at_gate: float
    proven_at_gate: float
    other_at_value: float
    unknown: int = 0

    def sentence(self, language: Language = "zh") -> str:
        """Return what to expect in words.

        Raises
        ------
        EstimateError
            For an unknown language.
        """
        return programme_sentence(self, language)

    def _rows_shown(self) -> Rows:
        return pairs({
            "县": self.counties, "按法定规则达到": self.passed, "已证实达到": self.met, "已证实未达到": self.not_met,
            "都恰在门槛时按规则达到": self.passed_at_gate, "都恰在门槛时证实达到（至多）": self.proven_at_gate, "机会不明": self.unknown,
        })  # fmt: skip

    def __repr__(self) -> str:
        return self.sentence("zh")


def programme(verdicts: Verdicts) -> Programme:
    """Count the verdicts of a programme and the wrong ones to be expected.

    Every county is its own lot and keeps its own risk, so nothing is corrected; what they amount to is added up instead.

    Parameters
    ----------
    verdicts : mapping of label to Verdict, or iterable of Verdict
        One a county.

    Returns
    -------
    Programme

    Raises
    ------
    EstimateError
        When there is no verdict; verdicts of more than one gate (name, threshold, direction, strictness), all of which are listed.

    Notes
    -----
    Σ P(legal rule passes | p = threshold), Σ alpha, and Σ P(other legal verdict | p = estimate), the chances those of
    `other_verdict`. On the threshold they are a coin toss: of 280 counties there the legal rule passes about half, proof at most 14.

    Examples
    --------
    >>> import numpy as np, pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"v": np.arange(2000) // 40, "wrong": np.arange(2000) % 400 == 0}), clusters=["v"])
    >>> ev.programme([ev.judge(ev.proportion(survey, "wrong"), .02, strict=True, name="错退率")] * 280)
    280 个县（项）：按规则达到 280 个，其中已证实达到 280 个；已证实未达到 0 个。若各县真值都恰在门槛，按规则平均仍有约 148 个达到，\
而已证实达到的平均不超过 14 个；若各县真值都等于估计，重抽一次平均约有 0.0 个得出相反的结论。
    """
    _, known = _listed(verdicts)
    _refuse_mixed(known)
    passing = [1 - v.risk_at_threshold if v.legal else v.risk_at_threshold for v in known]
    chances = np.array([passing, [v.risk_at_value for v in known]])
    missing = np.isnan(chances).any(axis=0)
    at_gate, at_value = chances[:, ~missing].sum(axis=1)
    zones = [v.zone for v in known]
    return Programme(
        len(known), sum(v.legal for v in known), zones.count("met"), zones.count("not met"),
        float(at_gate), math.fsum(v.alpha for v in known), float(at_value), int(missing.sum()),
    )  # fmt: skip


def _refuse_mixed(known: list[Verdict]) -> None:
    """Refuse verdicts of several gates: their sum would be the number of nothing."""
    gates = Counter((v.name, v.threshold, v.direction, v.strict) for v in known)
    if len(gates) > 1:
        told = "；".join(f"{_gate(*gate)} {count} 个" for gate, count in gates.items())
        remedy = "一道门槛一次 ev.programme({县名: 判定})；一个县几项都要达到用 ev.conclude"
        raise EstimateError(f"verdicts｜混有 {len(gates)} 道门槛的判定，不能合计：{told}｜{remedy}")


def _gate(name: str, threshold: float, direction: str, strict: bool) -> str:
    words = {("below", True): "低于", ("below", False): "不高于", ("above", True): "高于", ("above", False): "不低于"}
    return f"{name or '（未写 name）'}{words[direction, strict]}{gate_text(threshold)}"


def _listed(verdicts: Verdicts) -> tuple[list[str], list[Verdict]]:
    """Return labels and verdicts, told apart by their place where no label was given."""
    known = listed_verdicts(verdicts, "各县先 ev.judge(…)，写成 {县名: 判定}")
    if isinstance(verdicts, Mapping):
        return [str(label) for label in verdicts], known
    return [str(at) for at in range(1, len(known) + 1)], known
