"""SmallAreas: shares of townships or village types, drawn towards each other. They describe, and are never judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit import smallareas
from evalkit.errors import EstimateError, Faults
from evalkit.estimates.limits import KINDS
from evalkit.later import later
from evalkit.showing import Rows, Shown, table_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from evalkit.estimates import Estimate
    from evalkit.smallareas import ShareFit, ShrunkenShares

    Array = NDArray[np.float64]

charts = later("evalkit.charts")

NEVER = "小区域估计把差的地方拉向平均，模拟中放过 24.8% 的不合格县（点规则 10.1%，证实规则 0.2%），不能用于判定"


@dataclass(frozen=True, eq=False, repr=False)
class SmallAreas(Shown):
    """Shares of areas in three ways: direct, shrunken to the common mean (beta-binomial), and by Fay–Herriot on the arcsine scale.

    Made for maps, for planning values and for where to look first next time; `judge` refuses it.

    Attributes
    ----------
    estimate : Estimate
        The direct shares, one row an area.
    n_eff : (areas,) float array
        Effective numbers of households, by KG-M's design effect.
    shrunken : evalkit.smallareas.ShrunkenShares
    angles : evalkit.smallareas.ShareFit
    level : float
        Of the limits in `table`.
    """

    estimate: Estimate
    n_eff: Array
    shrunken: ShrunkenShares
    angles: ShareFit
    level: float
    icc: Any = None

    def _rows_shown(self) -> Rows:
        return table_of(self.table())

    def __repr__(self) -> str:
        spread = "各区域的差别不超过抽样误差，全部收到平均" if np.isinf(self.shrunken.size) else f"平均值相当于 {self.shrunken.size:.0f} 户"
        return f"小区域 {len(self.estimate)} 个，平均 {self.shrunken.mean:.2%}（{spread}）；只作描述，不用于判定"

    def plot(self, **options: Any) -> Any:
        """Draw direct beside shrunken shares; `evalkit.charts.areas_plot` says what may be asked."""
        return charts.areas_plot(self, **options)

    def table(self) -> pd.DataFrame:
        """Return one row an area.

        Its label; ``n``, ``n_eff``; ``direct`` with KG-M limits ``low``, ``high``; ``shrunk`` with ``shrunk_low``, ``shrunk_high``
        (quantiles that take the common mean as known: too narrow for the worst areas) and ``weight`` of the area's own share;
        ``arcsine``, the Fay–Herriot share, with its weight ``gamma``.
        """
        found, parts = self.estimate, self.estimate.parts
        labels = {name: [label[at] for label in found.labels] for at, name in enumerate(parts) if name != "variable"}
        limits = found.interval(self.level, icc=self.icc)
        direct = {"n": found.n, "n_eff": self.n_eff, "direct": found.value, "low": limits["low"], "high": limits["high"]}
        s = self.shrunken
        drawn = {"shrunk": s.shares, "shrunk_low": s.low, "shrunk_high": s.high, "weight": s.weight}
        return pd.DataFrame({**labels, **direct, **drawn, "arcsine": self.angles.shares, "gamma": self.angles.angles.gamma})


def small_areas(estimate: Estimate, x: ArrayLike | None = None, *, level: float = 0.95, icc: Any = None) -> SmallAreas:
    """Describe areas of a county by shares that borrow strength from each other.

    Parameters
    ----------
    estimate : Estimate
        ``ev.proportion(survey, "wrong", by="township")``: one 0/1 variable, one row an area.
    x : array, shape (areas,) or (areas, k), optional
        Known figures of the areas for the Fay–Herriot line.
    level : float
        Of the limits, in (0, 1).
    icc : float or Clustering, optional
        As for `Estimate.interval`; it decides the effective number of households where no event was found.

    Returns
    -------
    SmallAreas

    Raises
    ------
    EstimateError
        Something else than a proportion by areas; fewer than two areas, an area that nobody is in; no event in any.

    Notes
    -----
    Effective counts x = p̂·n_eff, n_eff = n/deff* of KG-M. Beta-binomial: (x + Mμ)/(n_eff + M), M by moments (Kleinman 1973, JASA 68:46).
    Arcsine: θ = arcsin√p̂, D = 1/(4n_eff), REML, back-transformed with its bias (Hadam, Würz, Kreutzmann & Schmid 2020).

    Examples
    --------
    >>> import numpy as np, pandas as pd, evalkit as ev
    >>> at = np.arange(1200)
    >>> table = pd.DataFrame({"village": at // 60, "township": at // 240, "wrong": (at < 130) & (at % 10 == 0)})
    >>> survey = ev.Survey.from_data(table, clusters=["village"])
    >>> found = ev.small_areas(ev.proportion(survey, "wrong", by="township"))
    >>> found
    小区域 5 个，平均 1.17%（平均值相当于 25 户）；只作描述，不用于判定
    """
    _check(estimate)
    n_eff = estimate.interval(level, icc=icc)["n_eff"].to_numpy(dtype=float)
    shrunken = smallareas.shrunken_shares(estimate.value * n_eff, n_eff, level)
    return SmallAreas(estimate, n_eff, shrunken, smallareas.fay_herriot_arcsine(estimate.value, x, n_eff), level, icc)


def _check(estimate: Estimate) -> None:
    faults = Faults("小区域")
    kind = getattr(estimate, "kind", None)
    if kind != "proportion":
        told = KINDS.get(str(kind), type(estimate).__name__)
        faults.add(None, "estimate", told, "应为分区域的比例", 'ev.proportion(survey, "列", by="乡镇")')
    elif len(estimate.blocks) != 1 or len(estimate) < 2:
        faults.add(None, "estimate", f"{len(estimate)} 行", "应为一个 0/1 列、一个区域一行，至少两个区域", '写 by="乡镇"')
    elif np.isnan(estimate.value).any():
        nobody = [" ".join(map(str, label[:-1])) for label, value in zip(estimate.labels, estimate.value, strict=True) if np.isnan(value)]
        faults.add(None, "estimate", "、".join(nobody), "这些区域没有样本户", "用 where= 去掉，或合并区域")
    faults.refuse(EstimateError)
