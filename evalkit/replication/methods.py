"""The methods of replication by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evalkit.errors import SurveyError, one_of
from evalkit.patience import Progress
from evalkit.replication.balanced import brr, fay
from evalkit.replication.jackknife import jk1, jkn
from evalkit.replication.multistage import beaumont_emond, preston
from evalkit.replication.plan import Replicates, softened
from evalkit.replication.resampled import canty_davison, rwy
from evalkit.replication.successive import sdr
from evalkit.variances import Stage, collapse


@dataclass(frozen=True)
class Method:
    """One method: what it is, what makes it, what it must be told and may be told.

    Attributes
    ----------
    text : str
        One line for messages and documents.
    make : callable
        From stages and the options to `Replicates`.
    needs, takes : tuple of str
        Names of options.
    """

    text: str
    make: Callable[..., Replicates]
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ("singleton",)


DRAWN = ("replicates", "seed")

METHODS: dict[str, Method] = {
    "jk1": Method("刀切法，不分层，每套去掉一个首阶段单元", jk1, takes=()),
    "jkn": Method("刀切法，分层，每套去掉一个首阶段单元", jkn),
    "brr": Method("平衡半样本，每层两个单元", brr),
    "fay": Method("Fay 的平衡半样本，须给 rho", fay, ("rho",)),
    "sdr": Method("逐次差分，用于按次序等距抽取的样本", sdr, takes=("replicates", "order", "singleton")),
    "bootstrap": Method("自助法，每层有放回抽 n 个（Canty–Davison，R 的 bootstrap）", canty_davison, DRAWN),
    "rwy": Method("Rao–Wu–Yue 自助法，每层有放回抽 n−1 个，带有限总体校正", rwy, DRAWN),
    "preston": Method("Preston 多阶段自助法，每阶段每层无放回抽一半", preston, DRAWN),
    "beaumont-emond": Method("Beaumont–Émond 自助法，各阶段等概率或不等概率无放回", beaumont_emond, DRAWN),
}


def made(
    method: str, stages: Sequence[Stage], *, seed: str | None, replicates: int | None = None, progress: Progress | None = None,
    **options: Any,
) -> Replicates:  # fmt: skip
    """Return the replicates of a design by the name of the method.

    Parameters
    ----------
    method : str
        A name of `METHODS`.
    stages : sequence of Stage
        As `variances.structure` makes them.
    seed : str or None
        For the bootstraps; None for the others.
    replicates : int, optional
        R, for the bootstraps and "sdr"; the first 500 of 10,000 are those of 500.
    progress : callable, optional
        Told a line a hundredth of the replicates, whenever they are gone through.
    **options
        ``rho`` of "fay"; ``order`` of "sdr"; ``singleton``, "fail" when not given, "collapse" for all methods, the others as each method
        says; ``tau``, at least 1, for all methods (see `softened`).

    Returns
    -------
    Replicates

    Raises
    ------
    SurveyError
        An unknown method; an option that is missing or that the method does not know; a design that it is not made for.

    Examples
    --------
    >>> from evalkit.variances import structure
    >>> import numpy as np
    >>> made("jkn", structure([np.array([0, 0, 1, 1])], [np.arange(4)], [None]), seed=None)
    重复权数：jkn，4 套，每套第 1 阶段 4 个单元，自由度 2
    """
    how = one_of("method", method, METHODS, SurveyError, "重复方法")
    given = {name: value for name, value in ({"seed": seed, "replicates": replicates} | options).items() if value is not None}
    tau = float(given.pop("tau", 1.0))
    if given.get("singleton") == "collapse":
        stages = collapse(tuple(stages))[0]
        del given["singleton"]
    _agree(method, how, set(given))
    plan = replace(how.make(stages, **given), progress=progress)
    return plan if tau == 1 else softened(plan, tau)


def _agree(method: str, how: Method, given: set[str]) -> None:
    """Refuse options that are missing or unknown."""
    needs, known = set(how.needs), {*how.needs, *how.takes}
    if needs - given:
        lacking = "、".join(sorted(needs - given))
        raise SurveyError(f"{method} 缺 {lacking}｜{how.text}｜例如 replicates=500, seed=\"…\"，fay 写 rho=.3")
    if given - known:
        known_names = "、".join(sorted(known)) or "没有"
        raise SurveyError(f"{method} 不用 {'、'.join(sorted(given - known))}｜它的选项：{known_names}｜去掉多余的选项")
