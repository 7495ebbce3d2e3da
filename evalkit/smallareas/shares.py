"""Area shares: Fay–Herriot on the arcsine scale, and beta-binomial shrinkage. Description of areas, never a verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

from evalkit import streams
from evalkit.errors import EstimateError, Faults, places
from evalkit.patience import Progress, counted
from evalkit.smallareas.means import AreaFit, checked, fay_herriot
from evalkit.smallareas.methods import Numbers


@dataclass(frozen=True, eq=False)
class ShareFit:
    """Shares of areas by Fay–Herriot on the arcsine scale: description of areas, never a verdict.

    Attributes
    ----------
    shares : (areas,) float array
        E[sin²θ] = ½(1 − exp(−2g)·cos 2θ̂), g = A(1 − γ): the share that the model expects.
    naive : (areas,) float array
        sin²θ̂, too small where the share is small.
    angles : AreaFit
        The model of θ = arcsin √p with D = 1/(4·n_eff).
    """

    shares: Numbers
    naive: Numbers
    angles: AreaFit

    def __post_init__(self) -> None:
        for array in (self.shares, self.naive):
            array.flags.writeable = False


def fay_herriot_arcsine(
    shares: ArrayLike, x: ArrayLike | None, n_eff: ArrayLike, method: str = "reml", *, constant: bool = True
) -> ShareFit:
    """Return empirical best shares of areas, 0 events included. They must never feed a county's verdict.

    Parameters
    ----------
    shares : array, shape (areas,)
        Direct estimates, in [0, 1].
    x, method, constant
        As `fay_herriot`.
    n_eff : array, shape (areas,)
        Effective numbers of units, n/deff, > 0; at 0 events with the design effect that a plan expects.

    Raises
    ------
    EstimateError
        As `fay_herriot`; shares outside [0, 1], n_eff not positive.

    References
    ----------
    Hadam, Würz, Kreutzmann & Schmid 2020 (R emdi, back-transformation "bc").

    Examples
    --------
    >>> seen = fay_herriot_arcsine([.004, .03, 0, .01, .006], None, [300, 300, 150, 400, 250])
    >>> seen.shares.round(6).tolist()
    [0.005366, 0.023849, 0.002144, 0.009985, 0.007108]
    """
    p, n = np.asarray(shares, dtype=float), np.asarray(n_eff, dtype=float)
    faults = Faults("小区域比例")
    _note(faults, "shares", ~((p >= 0) & (p <= 1)), "比例应在 0 与 1 之间", "百分数先除以 100")
    _sized(faults, n)
    faults.refuse(EstimateError)
    return _to_shares(fay_herriot(np.arcsin(np.sqrt(p)), x, 1 / (4 * n), method, constant=constant))


def _note(faults: Faults, name: str, bad: NDArray[np.bool_], rule: str, remedy: str) -> None:
    if bad.any():
        faults.add(None, name, places(bad.ravel()), rule, remedy)


def _sized(faults: Faults, n: Numbers) -> None:
    _note(faults, "n_eff", ~((n > 0) & np.isfinite(n)), "有效样本量应为大于 0 的有限数", "没有样本的区域用 synthetic")


def _to_shares(angles: AreaFit) -> ShareFit:
    theta = np.clip(angles.eblup, 0, math.pi / 2)
    g = angles.refvar * (1 - angles.gamma)
    return ShareFit((1 - np.exp(-2 * g) * np.cos(2 * theta)) / 2, np.sin(theta) ** 2, angles)


def arcsine_mse(
    fit: ShareFit, x: ArrayLike | None, n_eff: ArrayLike, *, seed: str, replicates: int = 200, progress: Progress | None = None
) -> Numbers:
    """Return the mean squared error of the shares by parametric bootstrap.

    Parameters
    ----------
    fit : ShareFit
    x, n_eff
        As they were given to the fit.
    seed : str
        Names the stream of random numbers; the first replicates stay the same when more are asked for.
    replicates : int
        ≥ 1; 200 give each root mean squared error to about 5 %.
    progress : callable, optional
        Told a line a hundredth of the replicates.

    Raises
    ------
    EstimateError
        As `fay_herriot_arcsine`; replicates below 1.

    References
    ----------
    González-Manteiga, Lombardía, Molina, Morales & Santamaría 2008, J. Statist. Comput. Simul. 78:443 (from memory).

    Examples
    --------
    >>> p, n = [.004, .03, 0, .01, .006], [300, 300, 150, 400, 250]
    >>> mse = arcsine_mse(fay_herriot_arcsine(p, None, n), None, n, seed="42", replicates=50)
    >>> bool((mse > 0).all())
    True
    """
    if replicates < 1:
        raise EstimateError(f"replicates = {replicates}｜应不小于 1｜写 replicates=200")
    model, areas, n, faults = fit.angles, len(fit.shares), np.asarray(n_eff, dtype=float), Faults("小区域比例")
    _sized(faults, n)
    faults.refuse(EstimateError)
    _, columns, d = checked(model.eblup, x, 1 / (4 * n), model.constant)
    squares = np.zeros(areas)
    for at in counted(range(replicates), "自助法", progress):
        between, within = streams.normal(streams.numbers(seed, "smallareas", str(at), 2 * areas)).reshape(2, areas)
        truth = np.clip(columns @ model.beta + model.refvar**0.5 * between, 0, math.pi / 2)
        seen = np.clip(truth + np.sqrt(d) * within, 0, math.pi / 2)
        again = fay_herriot(seen, columns, d, model.method, constant=False)
        squares += (_to_shares(replace(again, constant=model.constant)).shares - np.sin(truth) ** 2) ** 2
    return squares / replicates


@dataclass(frozen=True, eq=False)
class ShrunkenShares:
    """Shares drawn towards their common mean: description of areas, never a verdict.

    Attributes
    ----------
    shares : (areas,) float array
        (x + M·μ)/(n + M), the mean of the beta posterior.
    low, high : (areas,) float array
        Its quantiles with μ and M taken as known: too narrow, most of all for the worst areas.
    weight : (areas,) float array
        Weight of the area's own share, n/(n + M).
    mean : float
        μ, the common mean.
    size : float
        M, the units that the common mean counts for; inf when areas do not differ beyond chance.
    """

    shares: Numbers
    low: Numbers
    high: Numbers
    weight: Numbers
    mean: float
    size: float

    def __post_init__(self) -> None:
        for array in (self.shares, self.low, self.high, self.weight):
            array.flags.writeable = False


def shrunken_shares(x: ArrayLike, n_eff: ArrayLike, level: float = 0.95) -> ShrunkenShares:
    """Return empirical Bayes shares under the beta-binomial model. They must never feed a county's verdict.

    Parameters
    ----------
    x : array, shape (areas,)
        Effective events, p̂·n_eff (events × n_eff/n), in [0, n_eff]; need not be whole numbers.
    n_eff : array, shape (areas,)
        Effective numbers of units, > 0, and above 1 as a rule: areas of one unit say nothing of how areas differ.
    level : float
        Of `low` and `high`, in (0, 1).

    Raises
    ------
    EstimateError
        Fewer than two areas, x outside [0, n_eff], no event at all or nothing but events, level outside (0, 1);
        Σ(n − 1)(1 − n/Σn) not above 0, as where no area has more than one effective unit.

    Notes
    -----
    μ = Σx/Σn and, with s² = Σn(p − μ)²/Σn over m areas, 1/(M + 1) = [Σn·s² − μ(1 − μ)(m − 1)] / [μ(1 − μ)(Σn − Σn²/Σn − (m − 1))],
    where the last bracket is Σ(n − 1)(1 − n/Σn).

    References
    ----------
    Kleinman 1973, JASA 68:46; Rao & Molina 2015, Small Area Estimation, section 9.5 (from memory).

    Examples
    --------
    >>> seen = shrunken_shares([0, 1, 9, 2, 0], [120, 150, 160, 140, 90])
    >>> round(seen.size, 2), seen.shares.round(5).tolist()
    (35.8, [0.00418, 0.00889, 0.04929, 0.01508, 0.00517])
    """
    events, n = _counts(x, n_eff, level)
    total, m = float(n.sum()), len(n)
    mean = float(events.sum()) / total
    rest = mean * (1 - mean)
    spread = float((n * (events / n - mean) ** 2).sum())
    correlation = (spread - rest * (m - 1)) / (rest * (total - float((n**2).sum()) / total - (m - 1)))
    if correlation <= 0:
        flat = [np.full(m, mean) for _ in range(3)]
        return ShrunkenShares(flat[0], flat[1], flat[2], np.zeros(m), mean, math.inf)
    size = max(1 / min(correlation, 1.0) - 1, 1e-9)
    a, b = events + size * mean, n - events + size * (1 - mean)
    low, high = (np.asarray(betaincinv(a, b, tail), dtype=float) for tail in ((1 - level) / 2, (1 + level) / 2))
    return ShrunkenShares(a / (a + b), low, high, n / (n + size), mean, size)


def _counts(x: ArrayLike, n_eff: ArrayLike, level: float) -> tuple[Numbers, Numbers]:
    events, n, faults = np.asarray(x, dtype=float), np.asarray(n_eff, dtype=float), Faults("比例的收缩")
    if events.ndim != 1 or events.shape != n.shape or len(events) < 2:
        faults.add(None, "x、n_eff", f"形状 {events.shape}、{n.shape}", "应为等长的一维数组，至少两个区域", "检查输入")
    else:
        _sized(faults, n)
        _note(faults, "x", ~((events >= 0) & (events <= n * (1 + 1e-12))), "应有 0 ≤ x ≤ n_eff", "x 写有效事件数：比例 × n_eff")
        if not len(faults):
            _comparable(faults, events, n)
    if not 0 < level < 1:
        faults.add(None, "level", level, "应在 0 与 1 之间", "95% 写 level=.95")
    faults.refuse(EstimateError)
    return np.minimum(events, n), n


def _comparable(faults: Faults, events: Numbers, n: Numbers) -> None:
    """Note counts from which it cannot be told how areas differ."""
    total = float(n.sum())
    if not 0 < events.sum() < total * (1 - 1e-12):
        faults.add(None, "x", f"合计 {events.sum():g}", "应有事件，也应有非事件，否则无从估计区域间的差异", "上界改用 intervals.proportion")
    if not ((n - 1) * (1 - n / total)).sum() > 1e-9 * (len(n) - 1):
        rule = "应有区域的有效样本量大于 1，否则无从估计区域间的差异"
        faults.add(None, "n_eff", f"最大 {n.max():g}", rule, "合并区域，或核对设计效应：n_eff = n/deff")
