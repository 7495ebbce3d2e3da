"""The methods of this family as the table of methods lists them."""

from __future__ import annotations

from evalkit.inclusion import exact
from evalkit.selection.exact.sequential import cps_draw, sampford_draw
from evalkit.selection.exact.stepwise import brewer_draw, midzuno_draw, tille_draw
from evalkit.selection.methods import Method
from evalkit.selection.ranked import chances

EXACT = (
    Method(
        name="sampford",
        title="Sampford 抽样",
        draw=sampford_draw,
        probs=chances,
        reads="tickets",
        fixed_size=True,
        exact_pi=True,
        joint="exact",
        coordinates=True,
        variance="pps-joint",
        needs=("sizes",),
        pairs=exact.sampford,
    ),
    Method(
        name="cps",
        title="条件泊松抽样（最大熵）",
        draw=cps_draw,
        probs=chances,
        reads="tickets",
        fixed_size=True,
        exact_pi=True,
        joint="exact",
        coordinates=True,
        variance="pps-joint",
        needs=("sizes",),
        pairs=exact.cps,
    ),
    Method(
        name="brewer",
        title="Brewer 抽样",
        draw=brewer_draw,
        probs=chances,
        reads="start",
        fixed_size=True,
        exact_pi=True,
        joint="approximate",
        coordinates=False,
        variance="hajek",
        needs=("sizes",),
        pairs=exact.sampford,
        approximation="sampford",
    ),
    Method(
        name="tille",
        title="Tillé 淘汰抽样",
        draw=tille_draw,
        probs=chances,
        reads="start",
        fixed_size=True,
        exact_pi=True,
        joint="some-zero",
        coordinates=False,
        variance="hajek",
        needs=("sizes",),
        pairs=exact.tille,
    ),
    Method(
        name="midzuno",
        title="广义 Midzuno 抽样",
        draw=midzuno_draw,
        probs=chances,
        reads="start",
        fixed_size=True,
        exact_pi=True,
        joint="some-zero",
        coordinates=False,
        variance="hajek",
        needs=("sizes",),
        pairs=exact.midzuno,
    ),
)
