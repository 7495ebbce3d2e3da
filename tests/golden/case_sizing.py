"""How many: cases of PracTools, samplesize4surveys, surveyplanning and R's own power functions, answered by `evalkit.sizing`.

Names of R are mapped to names of evalkit, and numbers rounded only as the source prints them: ss4*, nDep2sam and nProp2sam
round up, ss4HHSp rounds, clusOpt* print sizes to one digit and CVs to four, nContOpt.n and NRFUopt to three or four, dub its ratio to two.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from case_input import dataset

from evalkit import intervals, sizing

Case = dict[str, Any]
SIDES = {"one.sided": 1, "two.sided": 2}


def _args(case: Case, folder: Path) -> dict[str, Any]:
    return {name: _read(value, folder) for name, value in case["args"].items()}


def _read(value: Any, folder: Path) -> Any:
    if not (isinstance(value, dict) and "ref" in value):
        return value
    table, column = value["ref"].rsplit(".", 1)
    read = dataset(folder, table)[column].to_numpy()
    return read[np.asarray(value["rows"]) - 1] if "rows" in value else read


def _moe(a: dict[str, Any]) -> dict[str, float]:
    return {"margin" if a["moe.sw"] == 1 else "relative": a["e"]}


def _error(a: dict[str, Any]) -> dict[str, Any]:
    target = {"cve": "cv", "rme": "relative", "me": "margin"}[a.get("error", "cve")]
    return {target: a.get("delta", 0.03), "level": a.get("conf", 0.95), "deff": a.get("DEFF", 1), "population": a["N"]}


def _test(a: dict[str, Any]) -> dict[str, Any]:
    return {"level": a.get("conf", 0.95), "deff": a.get("DEFF", 1), "population": a["N"]}


def n_cont(a: dict[str, Any]) -> Any:
    return sizing.for_mean(a["CVpop"], mean=1, cv=a["CV0"], population=a.get("N"))


def n_cont_moe(a: dict[str, Any]) -> Any:
    return sizing.for_mean(math.sqrt(a["S2"]), **_moe(a), population=a.get("N"))


def n_prop(a: dict[str, Any]) -> Any:
    return sizing.for_proportion(a["pU"], cv=a["CV0"], population=a.get("N"), finite="S2")


def n_prop_moe(a: dict[str, Any]) -> Any:
    return sizing.for_proportion(a["pU"], **_moe(a), population=a.get("N"), finite="S2")


def n_wilson(a: dict[str, Any]) -> Any:
    n = sizing.for_proportion(a["pU"], **_moe(a), method="wilson")
    seen = intervals.proportion(a["pU"], n, method="wilson")
    return {"n.sam": n, "CI lower limit": seen.low, "CI upper limit": seen.high, "length of CI": seen.high - seen.low}


def n_log_odds(a: dict[str, Any]) -> Any:
    return sizing.for_proportion(a["pU"], **_moe(a), population=a.get("N"), method="logit", finite="inverse")


def n_domain(a: dict[str, Any]) -> Any:
    given = {"mean": 1.0, "cv": a["CV0d"], "share": a["Pd"], "population": a["N"]}
    return (sizing.for_mean if a["est.type"] == "mean" else sizing.for_total)(a["CVpopd"], **given)


def n_pps(a: dict[str, Any]) -> Any:
    found = {"V1": sizing.pps_variance(a["X"], a["Y"]), "n": sizing.for_pps(a["X"], a["Y"], cv=a["CV0"])}
    return {"N": len(a["X"]), "ybarU": float(np.mean(a["Y"])), **found}


def n_cont_opt(a: dict[str, Any]) -> Any:
    cut = sizing.certainty_cut(a["X"], cv=a["CV0"], outcomes=a.get("Y") if a["design"] == "PPS" else None)
    return {
        "nContOpt.Curve": cut.curve, "Take.alls": cut.taken, "nContOpt.n": round(cut.n, 4), "Min.Takeall.Val": cut.least,
        "n.Take.all": cut.certain,
    }  # fmt: skip


def n_audit_attr(a: dict[str, Any]) -> Any:
    given = {"gate": a["TolRate"], "events": a["AccDev"], "level": a["CL"]}
    sizes = sizing.for_bound(**given, population=a["N"]), sizing.for_bound(**given)
    names = ("Pop.Size", "Tol.Dev.Rate", "Acceptable.Errors", "Sample.Size.Hypergeometric", "Sample.Size.Binomial")
    return dict(zip(names, (a["N"], a["TolRate"], a["AccDev"], *sizes), strict=True))


def ss4p(a: dict[str, Any]) -> Any:
    return sizing.round_up(sizing.for_proportion(a["P"], **_error(a)))


def ss4m(a: dict[str, Any]) -> Any:
    return sizing.round_up(sizing.for_mean(a["sigma"], mean=a["mu"], **_error(a)))


def _both(a: dict[str, Any]) -> float:
    return sizing.change_variance(a["P1"] * (1 - a["P1"]), a["P2"] * (1 - a["P2"]), overlap=a.get("T", 0), correlation=a.get("R", 1))


def ss4dp(a: dict[str, Any]) -> Any:
    given = {"mean": a["P1"] - a["P2"], **_test(a)}
    sizes = {"n.cve": {"cv": a["cve"]}, "n.me": {"margin": a["me"]}}
    return {name: sizing.round_up(sizing.for_mean(math.sqrt(_both(a)), **target, **given)) for name, target in sizes.items()}


def ss4dp_h(a: dict[str, Any]) -> Any:
    return sizing.round_up(sizing.for_distance(a["D"], _both(a), power=a.get("power", 0.8), **_test(a)))


def ss4p_h(a: dict[str, Any]) -> Any:
    return sizing.round_up(sizing.for_distance(a["p"] - a["p0"], a["p"] * (1 - a["p"]), power=a.get("power", 0.8), **_test(a)))


def ss4m_h(a: dict[str, Any]) -> Any:
    return sizing.round_up(sizing.for_distance(a["mu"] - a["mu0"], a["sigma"] ** 2, power=a.get("power", 0.8), **_test(a)))


def ss4dm_h(a: dict[str, Any]) -> Any:
    variance = sizing.change_variance(a["sigma1"] ** 2, a["sigma2"] ** 2, overlap=a.get("T", 0), correlation=a.get("R", 1))
    return sizing.round_up(sizing.for_distance(a["D"], variance, power=a.get("power", 0.8), **_test(a)))


def ss4hhsp(a: dict[str, Any]) -> Any:
    columns: dict[str, list[float]] = {
        name: [] for name in ("HouseholdsPerPSU", "PersonsPerPSU", "DEFF", "PSUinSample", "HouseholdsInSample", "PersonsInSample")
    }
    for take in a["m"]:
        persons = take * a["r"] * a["b"]
        deff = float(intervals.planning_effect(1.0, persons, a["rho"]))
        n = ss4p({"N": a["N"], "P": a["P"], "DEFF": deff, "conf": a["conf"], "error": "rme", "delta": a["delta"]})
        row = (take, round(persons), round(deff, 2), round(n / persons), round(n / (a["r"] * a["b"])), n)
        for column, value in zip(columns.values(), row, strict=True):
            column.append(value)
    return columns


def ss4stm(a: dict[str, Any]) -> Any:
    mean = float(np.average(a["muh"], weights=a["Nh"]))
    given = {"mean": mean, "relative": a["rme"], "level": a["conf"], "df": sum(a["Nh"]) - len(a["Nh"]), "deffs": a["DEFFh"]}
    n = sizing.for_strata(a["Nh"], a["sigmah"], **given)
    return {"n.rme": sizing.round_up(float(n.sum())), "nh": [sizing.round_up(float(x)) for x in n]}


def expsize(a: dict[str, Any]) -> Any:
    rows = zip(a["Yh"], a["s2h"], a["poph"], a["deffh"], a["CVh"], a["Rh"], strict=True)
    # R divides by the response rate without rounding up, as `issue` would
    sizes = [sizing.for_total(math.sqrt(s2), size, mean=total / size, cv=cv / 100, deff=deff) / r for total, s2, size, deff, cv, r in rows]
    same = {name: a[name] for name in ("H", "deffh", "s2h", "CVh", "Rh", "poph")}
    return {**same, "variable": ["Yh"] * len(sizes), "estim": a["Yh"], "nh": sizes}


def _surveyplanning(a: dict[str, Any]) -> dict[str, Any]:
    deff = a.get("deff_sam", 1) * a.get("deff_est", 1)
    return {"level": a.get("confidence", 0.95), "deff": deff, "population": a["pop"], "finite": "S2"}


def moe_p(a: dict[str, Any]) -> Any:
    return sizing.precision_of_proportion(a["n"] * a.get("R", 1), a.get("P", 0.5), **_surveyplanning(a)).margin


def min_prop(a: dict[str, Any]) -> Any:
    return sizing.smallest_proportion(a["n"] * a.get("R", 1), a["RMoE"], **_surveyplanning(a))


def e4p(a: dict[str, Any]) -> Any:
    seen = sizing.precision_of_proportion(a["n"], a["P"], **_test(a))
    return {"cve": 100 * seen.cv, "Margin_of_error": 100 * seen.margin, "Relative_Margin_of_error": 100 * seen.relative}


def n_prop2sam(a: dict[str, Any]) -> Any:
    given = {"overlap": a["g"], "joint": a["pxy"], "ratio": a["r"], "sides": SIDES[a["alt"]]}
    n = sizing.for_two_proportions(a["px"], a["py"], **given)
    return {"n1": sizing.round_up(n), "n2": sizing.round_up(n / a["r"])}


def n_dep2sam(a: dict[str, Any]) -> Any:
    variance = sizing.change_variance(a["S2x"], a["S2y"], overlap=a["g"], correlation=a["rho"], ratio=a["r"])
    n = sizing.for_distance(a["del"], variance, sides=SIDES[a["alt"]])
    return {"n1": sizing.round_up(n), "n2": sizing.round_up(n / a["r"])}


def _power(a: dict[str, Any], distance: float, variance: float) -> Any:
    return {"Power": 100 * sizing.power_at(a["n"], distance, variance, **_test(a))}


def b4p(a: dict[str, Any]) -> Any:
    return _power(a, a["D"] - a["P"], a["P"] * (1 - a["P"]))


def b4dp(a: dict[str, Any]) -> Any:
    return _power(a, a["D"] - (a["P1"] - a["P2"]), _both(a))


def b4m(a: dict[str, Any]) -> Any:
    return _power(a, a["D"] - a["mu"], a["sigma"] ** 2)


def b4dm(a: dict[str, Any]) -> Any:
    return _power(a, a["D"] - (a["mu1"] - a["mu2"]), sizing.change_variance(a["sigma1"] ** 2, a["sigma2"] ** 2))


def prop_test(a: dict[str, Any]) -> Any:
    return sizing.for_two_proportions(a["p1"], a["p2"], power=a["power"], pooled=True)


def t_test(a: dict[str, Any]) -> Any:
    return sizing.for_two_means(a["delta"], a["sd"], power=a["power"])


def _goal(a: dict[str, Any]) -> dict[str, Any]:
    return {"budget": a.get("tot.cost"), "cv": a.get("CV0"), "clusters": a.get("m"), "unit_variance": a["unit.rv"]}


def clus_opt2(a: dict[str, Any]) -> Any:
    plan = sizing.two_stage((a["C1"], a["C2"]), a["delta"], k=a.get("k", 1), **_goal(a))
    found = {"cost": plan.cost, "CV": round(plan.cv, 4), "unit relvar": a["unit.rv"]}
    take = round(plan.take, 1)
    sizes = {"m": a["m"], "n": take} if "m" in a else {"m.opt": round(plan.clusters, 1), "n.opt": take}
    return {**{name: a[name] for name in ("C1", "C2", "delta", "k")}, **found, **sizes}


def clus_opt3(a: dict[str, Any]) -> Any:
    k = a.get("k1", 1), a.get("k2", 1)
    plan = sizing.three_stage(tuple(a["unit.cost"]), (a["delta1"], a["delta2"]), k=k, **_goal(a))
    same = dict(zip(("C1", "C2", "C3"), a["unit.cost"], strict=True))
    same |= {"delta1": a["delta1"], "delta2": a["delta2"], "k1": k[0], "k2": k[1]}
    groups, take = round(plan.groups, 1), round(plan.take, 1)
    if "m" not in a:
        found = {"cost": plan.cost, "m.opt": round(plan.clusters, 1), "n.opt": groups, "q.opt": take}
    else:
        variable = plan.cost - a["unit.cost"][0] * a["m"]
        found = {"m": a["m"], "variable budget": variable, "total cost": plan.cost, "n": groups, "q": take}
    return {**same, "unit relvar": a["unit.rv"], "CV": round(plan.cv, 4), **found}


def cv_calc2(a: dict[str, Any]) -> Any:
    return sizing.two_stage_cv(a["m"], a["nbar"], a["delta"], unit_variance=a["V"], k=a["k"])


def cv_calc3(a: dict[str, Any]) -> Any:
    iccs, k = (a["delta1"], a["delta2"]), (a["k1"], a["k2"])
    return sizing.three_stage_cv(a["m"], a["nbar"], a["qbar"], iccs, unit_variance=a["V"], k=k)


def bw2(a: dict[str, Any]) -> Any:
    seen = sizing.two_stage_components(a["X"], a["psuID"], a.get("pp"))
    found = {"B2": seen.between, "W2": seen.within, "unit relvar": seen.unit, "B2+W2": seen.between + seen.within}
    return {**found, "k": seen.k, "delta": seen.icc}


def bw3(a: dict[str, Any]) -> Any:
    seen = sizing.three_stage_components(a["X"], a["psuID"], a["ssuID"], a["pp"], as_r=True)
    one, two = seen.first, seen.second
    found = {"B": one.between, "W": one.within, "W2": two.between, "W3": two.within, "unit relvar": one.unit}
    return {**found, "k1": one.k, "k2": two.k, "delta1": one.icc, "delta2": two.icc}


def icc(a: dict[str, Any]) -> Any:
    seen = sizing.sums_of_squares(a["y"], a["cl"])
    return {"TSS": seen.total, "BSS": seen.between, "WSS": seen.within, "ICC": seen.icc}


def dub(a: dict[str, Any]) -> Any:
    plan = sizing.double_sample(a["Nh"], a["Yh.bar"], a["Sh"], first_cost=a["c1"], second_cost=a["c2"], budget=a["Ctot"])
    return {
        "V1": plan.between, "V2": plan.within, "n1": plan.n1, "n2": plan.n2, "n2/n1": plan.n2 / plan.n1, "ney.alloc": plan.allocation,
        "Vopt": plan.variance, "nsrs": plan.single, "Vsrs": plan.single_variance, "Ctot": a["Ctot"],
        "Vratio": round(plan.variance / plan.single_variance, 2), "cost.chk": a["c1"] * plan.n1 + a["c2"] * plan.n2,
    }  # fmt: skip


def nrfu(a: dict[str, Any]) -> Any:
    given = {"budget": a.get("Ctot"), "cv": a.get("CV0"), "unit_cv": a["CVpop"], "population": a.get("N")}
    plan = sizing.follow_up(a["theta"], first_cost=a["c1"], second_cost=a["c2"], **given)
    return {
        "allocation": "fixed cost" if a["type.sw"] == "cost" else "fixed CV", "Total variable cost": plan.cost, "Response rate": a["theta"],
        "CV": round(plan.cv, 4), "v.opt": round(plan.rate, 4), "n1.opt": plan.n1,
        "Expected number of phase-1 nonrespondents sampled for phase-2, n2": plan.n2,
        "srs sample for same cv": plan.single, "Cost Ratio: Two phase to srs": round(plan.cost_ratio, 3),
    }  # fmt: skip


def _answer(how: Callable[[dict[str, Any]], Any]) -> Callable[[Case, Path], Any]:
    return lambda case, folder: how(_args(case, folder))


ANSWERS: dict[str, Callable[[Case, Path], Any]] = {
    name: _answer(how)
    for name, how in {
        "nCont": n_cont, "nContMoe": n_cont_moe, "nProp": n_prop, "nPropMoe": n_prop_moe, "nWilson": n_wilson, "nLogOdds": n_log_odds,
        "nDomain": n_domain, "nPPS": n_pps, "nContOpt": n_cont_opt, "nAuditAttr": n_audit_attr, "ss4p": ss4p, "ss4m": ss4m,
        "ss4dp": ss4dp, "ss4dpH": ss4dp_h, "ss4pH": ss4p_h, "ss4mH": ss4m_h, "ss4dmH": ss4dm_h, "ss4HHSp": ss4hhsp, "ss4stm": ss4stm,
        "expsize": expsize, "MoE_P": moe_p, "min_prop": min_prop, "e4p": e4p, "nProp2sam": n_prop2sam, "nDep2sam": n_dep2sam,
        "b4p": b4p, "b4dp": b4dp, "b4m": b4m, "b4dm": b4dm, "power.prop.test": prop_test, "power.t.test": t_test,
        "clusOpt2": clus_opt2, "clusOpt2fixedPSU": clus_opt2, "clusOpt3": clus_opt3, "clusOpt3fixedPSU": clus_opt3,
        "CVcalc2": cv_calc2, "CVcalc3": cv_calc3, "BW2stageSRS": bw2, "BW2stagePPS": bw2, "BW3stagePPS": bw3, "ICC": icc,
        "dub": dub, "NRFUopt": nrfu,
    }.items()
}  # fmt: skip
