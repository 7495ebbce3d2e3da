"""What every engine is asked: the same answers and the same register of households, from memory and from where they lie."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

import evalkit as ev
from evalkit.design import Design
from evalkit.sample import Sample
from evalkit.synthetic import returns
from tests import county

DESIGNS: dict[str, dict[str, Any]] = {
    "villages": {"weights": "uneven", "strata": "stratum", "clusters": "village"},
    "finite villages": {"weights": "weight", "strata": "stratum", "clusters": "village", "fpc": "villages"},
    "two stages": {"strata": ["stratum", None], "clusters": ["village", None], "fpc": ["villages", "households"]},
    "weights beside": {"weights": "uneven", "strata": ["stratum", None], "clusters": ["village", None], "fpc": ["villages", "households"]},
    "strata taken whole": {"strata": ["stratum", None], "clusters": ["village", None], "fpc": ["some", "households"]},
    "by size": {"strata": ["stratum", None], "clusters": ["village", None], "fpc": ["chance", "households"], "pps": "hajek"},
    "rows": {"weights": "weight", "strata": "stratum"},
    "rows of a finite list": {"strata": "stratum", "fpc": "share"},
}
BY_ROWS = ("two stages", "weights beside", "strata taken whole", "by size", "rows", "rows of a finite list")
FRAME = {
    "file": "户名册.parquet", "id": "村代码", "name": "village", "columns": ["township_code"], "code": "division",
    "rows": "户数", "sums": ["人数"],
    "rule": [{"column": "township_code", "drop": ["533124207"], "reason": "园区"}],
}  # fmt: skip
OWN = {"村代码": "village", "户编号": "household", "户类型": "stratum", "人数": "persons"}
ASKED: list[dict[str, Any]] = [
    {},
    {"by": "type", "where": ev.col("income") > 5},
    {"by": ["type", "stratum"], "where": ~ev.col("type").isin(["脱贫户"]) & (ev.col("persons") >= 2)},
]


@cache
def answers() -> pd.DataFrame:
    """Return a survey table of 1,600 rows, not to be written to."""
    draw, n = np.random.default_rng(11), 1600
    village = draw.integers(0, 40, n)
    made = pd.DataFrame({"village": village, "stratum": village % 4, "type": draw.choice(["脱贫户", "贫困户", "一般户"], n)})
    made = made.assign(wrong=draw.random(n) < 0.1, income=draw.gamma(2, 3, n), large=draw.normal(1e6, 50, n))
    made = made.assign(persons=draw.integers(1, 8, n), weight=draw.choice([1.5, 2.5, 4.0], n), uneven=draw.gamma(3, 1, n) + 0.1)
    made = made.assign(villages=25, some=np.where(made["stratum"] < 2, 10, 30), share=np.where(made["stratum"] == 1, 1.0, 0.25))
    made["households"] = made.groupby("village")["village"].transform("size") * 3
    made["chance"] = np.where(village < 5, 1.0, 0.1 + village / 100)
    made["lost"] = np.where(draw.random(n) < 0.05, np.nan, made["large"])
    return made.assign(id=np.arange(n), none=0, twin=village % 3 == 0)  # nobody, and all of a village or none of it


# the columns large and lost hold a million with a spread of 50: the last digit of their mean is 2e-12 of the spread
FINE, LARGE = 1e-12, 1e-10


def same(near: ev.Estimate, far: ev.Estimate, deff: bool = True, rtol: float = FINE) -> None:
    one, other = near.table(), far.table()
    for name in one.columns:
        if one[name].dtype.kind in "fi" and (deff or name != "deff"):
            np.testing.assert_allclose(one[name], other[name], rtol=rtol, err_msg=name)
    assert near.labels == far.labels and near.n.tolist() == far.n.tolist()
    np.testing.assert_allclose(near.cov(), far.cov(), rtol=10 * rtol, atol=1e-15 * float(np.nanmax(np.abs(near.cov()), initial=0.0)))


def limited(near: ev.Estimate, far: ev.Estimate) -> None:
    """Hold the intervals of two estimates against each other, with degrees of freedom and effective sizes."""
    np.testing.assert_allclose(*(each.interval().select_dtypes("number") for each in (near, far)), rtol=1e-11)


def agree(near: Any, far: Any, design: str, asked: dict[str, Any]) -> None:
    """Hold the statistics of a survey whose rows stay in their engine against those of the same rows in memory."""
    shares = [ev.proportion(each, "wrong", count="persons", **asked) for each in (near, far)]
    same(*shares)
    limited(*shares)
    for constant in ("none", "twin"):  # one row a village comes back, which is a village and not a row
        found = [ev.proportion(each, constant, **asked) for each in (near, far)]
        same(*found)
        limited(*found)
    same(*(ev.mean(each, ["income", "large"], **asked) for each in (near, far)), rtol=LARGE)
    same(*(ev.mean(each, "lost", missing="out", **asked) for each in (near, far)), rtol=LARGE)
    same(*(ev.ratio(each, "income", "persons", **asked) for each in (near, far)))
    if design not in BY_ROWS:
        same(*(ev.correlation(each, "income", "large", **asked) for each in (near, far)), rtol=LARGE)
        same(*(ev.variance(each, "income", **asked) for each in (near, far)), deff=False)


@cache
def declared() -> Design:
    """Return a design whose frame and rosters are one register."""
    whole = county.plan(rosters={"file": "户名册.parquet"}, specimen={"households": 40})
    whole["frame"] = FRAME
    whole["stage"][0] |= {"method": "pareto", "size": "人数"}
    return ev.read_design(whole)


@cache
def register() -> pd.DataFrame:
    """All households of a county with the township of each, in no order."""
    listed = county.villages()
    made = county.registry(listed, county.design(specimen={"households": 40}))
    rows = pd.concat(made.rosters(listed["village_code"].tolist()).values(), ignore_index=True)
    places = listed[["village_code", "village", "township_code"]].rename(columns={"village_code": "村代码"})
    return rows.merge(places, on="村代码").sample(frac=1, random_state=3)


def framed(table: Any) -> ev.Frame:
    """Return the frame of a register."""
    part = declared().frame
    asked: dict[str, Any] = {name: getattr(part, name) for name in ("id", "name", "columns", "rows", "sums")}
    return ev.Frame.from_data(table, code="division", rules=part.rule, **asked)


def drawn(frame: ev.Frame, rosters: Any) -> Sample:
    """Draw villages and their households from a register."""
    first = ev.draw(frame, declared(), seed=county.SEED)
    listed = ev.read_rosters(rosters, declared(), villages=first.villages, register=True)
    return ev.draw_next(first, listed)


@cache
def from_memory() -> Sample:
    """Return the draw from memory."""
    first = ev.draw(framed(register()), declared(), seed=county.SEED)
    rows = register()[register()["村代码"].isin(first.villages)]
    return ev.draw_next(first, ev.read_rosters(rows, declared(), villages=first.villages))


@cache
def returned() -> pd.DataFrame:
    """Return what came back from the sample."""
    plan = county.design(specimen={"households": 40})
    made = county.registry(county.villages(), plan)
    return returns(from_memory(), made.households(from_memory().villages), plan)
