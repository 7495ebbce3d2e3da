"""群众认可度: from the answers of a household to whether it approves, by named rules, and how the answers are distributed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.errors import Faults, ResponsesError
from evalkit.estimates import proportion
from evalkit.responses.answers import ASK_AGAIN, DECLARE_DONT_KNOW, LACKING

if TYPE_CHECKING:
    from evalkit.design.judgement import ApprovalRate, PrevalenceRate
    from evalkit.survey import Survey

    Asked = ApprovalRate | PrevalenceRate


class JoiningRule(NamedTuple):
    """How the items of one household are joined.

    Attributes
    ----------
    text : str
        What the rule says, for messages and documents.
    join : callable
        From whether each item is approved (items, rows), its points 0 to 100 (items, rows) and the rate to whether the household
        approves (rows,).
    scored : bool
        Whether it reads the points, which are not made for the others.
    """

    text: str
    join: Callable[[NDArray[np.bool_], NDArray[np.float64], Asked], NDArray[np.bool_]]
    scored: bool = False


def _every(yes: NDArray[np.bool_], points: NDArray[np.float64], rate: Asked) -> NDArray[np.bool_]:
    return np.asarray(yes.all(axis=0))


def _most(yes: NDArray[np.bool_], points: NDArray[np.float64], rate: Asked) -> NDArray[np.bool_]:
    return np.asarray(2 * yes.sum(axis=0) > len(yes))


def _some(yes: NDArray[np.bool_], points: NDArray[np.float64], rate: Asked) -> NDArray[np.bool_]:
    return np.asarray(yes.sum(axis=0) >= (rate.at_least or len(yes)))


def _mean(yes: NDArray[np.bool_], points: NDArray[np.float64], rate: Asked) -> NDArray[np.bool_]:
    # points are multiples of 100/(K − 1): a sum a hair below its bound is on it
    return np.asarray(points.sum(axis=0) >= (rate.mean_score or 0.0) * len(points) - 1e-9)


RULES = {
    "all": JoiningRule("各题都认可", _every),
    "majority": JoiningRule("过半数的题认可", _most),
    "single": JoiningRule("只有一题，以它为准", _every),
    "at-least": JoiningRule("至少 at_least 题认可", _some),
    "mean-score": JoiningRule("各题得分（最好 100、最差 0，等距）的平均不低于 mean_score", _mean, scored=True),
}


@dataclass(frozen=True, eq=False)
class Approval:
    """Whether each household approves, one value a row of the table it was made from; arrays are read-only.

    Attributes
    ----------
    approve : ndarray of bool
        With every don't-know counted as not approving: the value of the rate.
    approve_if_dk_yes : ndarray of bool
        With every don't-know counted as approving: the upper end of the band.
    """

    approve: NDArray[np.bool_]
    approve_if_dk_yes: NDArray[np.bool_]


def approval(table: pd.DataFrame, rate: ApprovalRate | PrevalenceRate, *, missing: Literal["fail", "dont_know"] | None = None) -> Approval:
    """Say which households approve.

    Parameters
    ----------
    table : DataFrame
        One row a household, with the columns ``rate.items``; rows with ``complete`` False, or of a stratum
        outside ``rate.population``, are never approving and never at fault. Not changed.
    rate : ApprovalRate
        Its rule, of `RULES`, joins the items.
    missing : {"fail", "dont_know"}, optional
        Whether a missing answer is a fault or counts as a don't-know; by default what the rate says.

    Returns
    -------
    Approval

    Raises
    ------
    ResponsesError
        When an item's column is absent, an answer is missing under ``fail``, or a word is unknown.

    Examples
    --------
    >>> from evalkit.design.judgement import ApprovalRate, PrevalenceRate
    >>> rate = ApprovalRate(name="群众认可度", kind="approval", items=["政策", "干部", "退出"], scale=["认可", "不认可", "不清楚"],
    ...                     approve=["认可"], dont_know=["不清楚"], rule="majority")
    >>> table = pd.DataFrame({"政策": ["认可", "认可", "不认可"], "干部": ["认可", "不清楚", "不认可"],
    ...                       "退出": ["不认可", "不认可", "认可"]})
    >>> made = approval(table, rate)
    >>> made.approve.tolist(), made.approve_if_dk_yes.tolist()
    ([True, False, False], [True, True, False])
    """
    asked = _asked(table, rate)
    _check(table, rate, asked, (missing or rate.missing) == "dont_know")
    yes = np.array([table[item].isin(rate.approve) for item in rate.items], dtype=bool)
    unsure = np.array([table[item].isin((*rate.dont_know, "")) for item in rate.items], dtype=bool)
    join = RULES[rate.rule].join
    points = _points(table, rate) if RULES[rate.rule].scored else np.zeros(yes.shape)
    low, high = (np.where(unsure, end, points) for end in (0.0, 100.0))
    made = Approval(join(yes, low, rate) & asked, join(yes | unsure, high, rate) & asked)
    for array in (made.approve, made.approve_if_dk_yes):
        array.flags.writeable = False
    return made


def distribution(survey: Survey, rate: ApprovalRate | PrevalenceRate) -> pd.DataFrame:
    """Return how the households of the rate's population answered each item, design-based.

    Parameters
    ----------
    survey : Survey
        Of completed interviews.
    rate : ApprovalRate

    Returns
    -------
    DataFrame
        Columns item, answer, n (households that gave it) and share (weighted share of households, 0 to 1);
        answers in the order of the scale, those that nobody gave included.

    Notes
    -----
    The share of an answer is Σ w·1(answer) / Σ w over the households of the population, the Hájek
    estimator of a domain proportion (Särndal, Swensson & Wretman 1992, eq. 5.7.1 and section 5.8).
    """
    table = survey.table()
    asked = _asked(table, rate)
    _check(table, rate, asked, blanks=True)
    rows = []
    for item in rate.items:
        given = asked & (table[item] != "").to_numpy()
        found = proportion(survey, item, where=given) if given.any() else None
        shares = {} if found is None else {label[-1]: float(value) for label, value in zip(found.labels, found.value, strict=True)}
        counts = table.loc[given, item].value_counts()
        rows += [(item, answer, int(counts.get(answer, 0)), shares.get(answer, 0.0)) for answer in _answers(rate)]
    return pd.DataFrame(rows, columns=["item", "answer", "n", "share"])


def _answers(rate: ApprovalRate | PrevalenceRate) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*rate.scale, *rate.dont_know)))


def _asked(table: pd.DataFrame, rate: ApprovalRate | PrevalenceRate) -> NDArray[np.bool_]:
    asked = np.ones(len(table), dtype=bool)
    if "complete" in table:
        asked &= table["complete"].to_numpy(dtype=bool)
    if rate.population:
        asked &= table["stratum"].isin(rate.population).to_numpy()
    return asked


def _check(table: pd.DataFrame, rate: ApprovalRate | PrevalenceRate, asked: NDArray[np.bool_], blanks: bool) -> None:
    faults = Faults(rate.name)
    known = _answers(rate)
    for item in rate.items:
        if item not in table:
            faults.add(None, item, None, "没有这一列", "在回收表中补上，或改 [[rate]] 的 items")
            continue
        blank = (table[item] == "").to_numpy() & asked
        if blank.any() and not blanks:
            faults.add(None, item, f"{int(blank.sum())} 户", LACKING, f"{ASK_AGAIN}；{DECLARE_DONT_KNOW}")
        strange = int((asked & ~table[item].isin(("", *known)).to_numpy()).sum())
        if strange:
            faults.add(None, item, f"{strange} 户", "不在允许的答案中", f"改为：{'、'.join(known)}")
    faults.refuse(ResponsesError)


def _points(table: pd.DataFrame, rate: Asked) -> NDArray[np.float64]:
    """Return the points of each item and household: equal steps down the answers of the scale, don't-knows left out, from 100 to 0."""
    steps = [answer for answer in rate.scale if answer not in rate.dont_know]
    points = dict(zip(steps, np.linspace(100.0, 0.0, len(steps)), strict=True))
    return np.array([table[item].map(points).fillna(0.0) for item in rate.items], dtype=float)
