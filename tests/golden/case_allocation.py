"""Allocation and stratum boundaries: the names of R's packages, answered by evalkit's functions."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from evalkit import allocation


def stralloc(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    args = case["args"]
    sizes, kind = args["Nh"], args["alloc"]
    told: dict[str, Any] = {"allocation": kind, "Nh": sizes}
    spreads = args.get("Sh", [1.0] * len(sizes))
    if kind == "prop":
        n = allocation.proportional(args["n.tot"], sizes).n
    elif kind == "neyman":
        n = allocation.neyman(args["n.tot"], sizes, spreads).n
    elif kind == "totcost":
        n = allocation.fixed_cost(args["cost"], sizes, spreads, args["ch"]).n
    else:
        n = allocation.fixed_variance(args["V0"] * sum(sizes) ** 2, sizes, spreads, costs=args["ch"]).n
    told |= {"nh": n, "nh/n": [each / sum(n) for each in n]}
    if "Sh" in args:
        square = [s**2 for s in spreads]
        error = allocation.standard_errors(n, sizes, [square])[0, 0] / sum(sizes)
        told |= {"Sh": spreads, "anticipated SE of estimated mean": error}
    return told


def opt(case: dict[str, Any], folder: Path) -> list[float]:
    args = case["args"]
    return list(allocation.neyman(args["n"], args["A"], [1.0] * len(args["A"]), low=args.get("m"), high=args.get("M")).n)


def optcost(case: dict[str, Any], folder: Path) -> list[float]:
    args = case["args"]
    sizes, costs = args["A"], args["unit_costs"]
    target = args["V"] + args["A0"]
    return list(allocation.fixed_variance(target, sizes, [1.0] * len(sizes), costs=costs, high=args["M"], fpc=False).n)


def dopt(case: dict[str, Any], folder: Path) -> list[float]:
    args = case["args"]
    domains = np.repeat(np.arange(len(args["H_counts"])), args["H_counts"]).tolist()
    return list(allocation.same_precision(args["n"], args["N"], args["S"], domains, args["total"], args["kappa"]).n)


def round_oric(case: dict[str, Any], folder: Path) -> list[int]:
    return list(allocation.largest_remainders(case["args"]["x"]))


def bth(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    strata, aims = case["args"]["S"], case["args"]["T"]
    variances = [strata[name] for name in sorted(strata) if name.startswith("v")]
    errors = np.multiply(aims["cv"], aims["tot"])
    low = np.maximum(strata["min"], np.multiply(strata["rate"], strata["N"])).tolist()
    rows = allocation.demands(strata["N"], variances, errors)
    up = list(allocation.bethel(rows, strata["cost"], low=low, high=strata["N"]).rounded_up)
    return {"strata": strata["h"], "numBethel": up, "numBethel2": up}


def bethel_continuous(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    args = case["args"]
    variances = np.transpose(args["V"])
    n, share = allocation.chromy(allocation.demands(args["Nh"], variances, np.multiply(args["cv"], args["tot"])), args["cost"])
    return {"n": n, "lambda": share, "cv": allocation.standard_errors(n, args["Nh"], variances)[:, 0] / args["tot"]}


def beat_1st(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    strata, aims = case["args"]["stratif"], case["args"]["errors"]
    sizes, names = strata["N"], [name for name in strata if name.startswith("M")]
    variances = np.array([strata["S" + name[1:]] for name in names]) ** 2
    rows, label, planned, parts = [], [], [], []
    for at, kind in enumerate(aims["DOM"]):
        where = np.unique(strata[kind], return_inverse=True)[1]
        cv = np.array([aims["CV" + name[1:]][at] for name in names])
        total = np.array([np.bincount(where, np.multiply(sizes, strata[name])) for name in names])
        rows.append(_by_domain(allocation.demands(sizes, variances, cv[:, None] * total, domains=where), len(names)))
        label += [(kind, str(domain + 1), "V" + name[1:]) for domain in range(total.shape[1]) for name in names]
        planned += cv.tolist() * total.shape[1]
        parts.append((where, total))
    found = allocation.bethel(np.vstack(rows), strata["COST"], low=2, high=sizes)
    n = found.rounded_up
    actual = np.concatenate([(allocation.standard_errors(n, sizes, variances, domains=w) / t).T.ravel() for w, t in parts])
    kinds, domains, variables = zip(*label, strict=True)
    table = {
        "Type": kinds, "Dom": domains, "Var": variables, "Planned CV": planned, "Actual CV": actual.round(4),
        "Sensitivity 10%": [max(1, math.ceil(saved)) for saved in found.sensitivity()],
    }  # fmt: skip
    return {"n": n, "sensitivity": table, "expected": None, "alloc": _beside(n, strata)}


def _by_domain(rows: Any, variables: int) -> Any:
    return rows.reshape(variables, -1, rows.shape[1]).swapaxes(0, 1).reshape(rows.shape)


def _beside(n: tuple[int, ...], strata: dict[str, Any]) -> dict[str, Any]:
    total = sum(n)
    prop, even = allocation.proportional(total, strata["N"]).n, allocation.equal(total, len(n)).n
    names = [*map(str, strata["STRATUM"]), "Total"]
    return {"STRATUM": names, "ALLOC": [*n, total], "PROP": [*prop, sum(prop)], "EQUAL": [*even, sum(even)]}


def _values(case: dict[str, Any], folder: Path) -> list[float]:
    name, column = case["args"]["x"]["ref"].split(".")
    with open(folder / f"{name}.csv", encoding="utf-8") as lines:
        return [float(row[column]) for row in csv.DictReader(lines)]


def _cut(values: list[float], bounds: tuple[float, ...], n: int) -> dict[str, Any]:
    found = allocation.cut(values, bounds, n)
    return {"bounds": found.bounds, "Nh": found.counts, "nh": found.n, "RRMSE": None}


def cumrootf(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    args, values = case["args"], _values(case, folder)
    return _cut(values, allocation.cumulative_root(values, args["Ls"], args["nclass"]), args["n"])


def geo(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    args, values = case["args"], _values(case, folder)
    return _cut(values, allocation.geometric(values, args["Ls"]), args["n"])


def lavallee_hidiroglou(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    values, count = _values(case, folder), case["args"]["Ls"]
    # the search has more than one place of rest, and R's is reached from these bounds
    found = allocation.lavallee_hidiroglou(values, count, case["args"]["CV"], start=allocation.geometric(values, count))
    told = {"bounds": found.bounds, "Nh": found.counts, "nh": found.n}
    return told | {"n": sum(found.n), "RRMSE": found.cv, "converge": found.settled}


ANSWERS: dict[str, Callable[[dict[str, Any], Path], Any]] = {
    "strAlloc": stralloc,
    "opt": opt,
    "optcost": optcost,
    "dopt": dopt,
    "round_oric": round_oric,
    "bth": bth,
    "bethel_continuous": bethel_continuous,
    "beat.1st": beat_1st,
    "strata.cumrootf": cumrootf,
    "strata.geo": geo,
    "strata.LH": lavallee_hidiroglou,
}
