"""One small function a statistic: it reads the specification and asks evalkit's public functions."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import case_input
import case_models
import case_steps
import numpy as np
from case_input import ONE, NotCovered
from scipy.special import expit, logit, ndtri, stdtr, stdtrit

import evalkit as ev

INTERVALS = {
    "logit": "logit-t", "likelihood": "likelihood-r", "asin": "arcsine-t", "beta": "kg", "mean": "t", "xlogit": "xlogit",
    "wilson": "wilson-t", "kg_nchs": "kg-nchs", "kg_trunc": "kg-truncated", "jeffreys_df": "jeffreys-df", "wilson_df": "wilson-df",
    "agresti_df": "agresti-coull-df", "logit_t": "logit-t",
}  # fmt: skip
VECTORS = {"mean": ev.mean, "total": ev.total, "var": ev.variance}


@dataclass(frozen=True)
class Ask:
    """A case with its survey and domain, ready to be answered."""

    spec: dict[str, Any]
    survey: ev.Survey
    where: Any
    df: float

    @property
    def missing(self) -> str:
        return "out" if self.spec.get("na_rm") else "fail"

    @property
    def options(self) -> dict[str, Any]:
        return {"where": self.where, "missing": self.missing}


def answer(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the keys that the result of a case has."""
    if "function" in case:
        return _function(case, folder)
    spec = case["statistic"]
    if spec["name"] not in STATISTICS:
        raise NotCovered(f"statistic {spec['name']}")
    survey = case_input.survey(case, folder)
    for step in case.get("adjust", []):
        survey = case_steps.taken(survey, step)
    where = case_input.condition(case, survey)
    df = float(ev.total(survey, ONE, where=where).df[0])
    found = {"df": df, **STATISTICS[spec["name"]](Ask(spec, survey, where, df))}
    weights = _weights(survey) if case.get("adjust") else {}
    return found | _replicates(survey) | weights | ({"df_full_design": survey.df} if case.get("domain") else {})


def _replicates(survey: ev.Survey) -> dict[str, Any]:
    if survey.replicated is None:
        return {}
    plan = survey.replicated.plan
    rscales = plan.rscales.tolist()
    same = len(set(rscales)) == 1
    return {"n_replicates": plan.count, "scale": plan.scale, "rscales": rscales[0] if same else rscales}


def _weights(survey: ev.Survey) -> dict[str, Any]:
    w = survey.weights
    told = {"n": len(w), "sum": w.sum(), "sumsq": (w**2).sum(), "min": w.min(), "max": w.max()}
    return {"weights": {**{name: float(number) for name, number in told.items()}, "all": w.tolist(), "first10": w[:10].tolist()}}


def _name(label: tuple[Any, ...]) -> str:
    return "".join(str(part) for part in label)


def rows(ask: Ask, found: ev.Estimate, groups: int = 0) -> list[dict[str, Any]]:
    """Return the rows of an estimate; the first `groups` parts of a label are values of `by`."""
    t, z = found.interval(method="t", df=ask.df), found.interval(method="z")
    effect = _deff(ask, found)
    made = []
    for at, label in enumerate(found.labels):
        row = {"group": _group(ask, label[:groups])} if groups else {}
        row |= {"variable": _name(label[groups:]), "estimate": found.value[at], "se": found.se[at]}
        row |= {"ci_t": _pair(t, at), "ci_z": _pair(z, at)}
        made.append(row | ({"deff": effect[at]} if effect is not None else {}))
    return made


def _pair(interval: Any, at: int) -> list[float]:
    return [float(interval["low"].iloc[at]), float(interval["high"].iloc[at])]


def _deff(ask: Ask, found: ev.Estimate) -> Any:
    asked = ask.spec.get("deff", False)
    if not asked:
        return None
    return found.deff("replace" if asked == "replace" else "without")


def _group(ask: Ask, parts: tuple[Any, ...]) -> dict[str, str]:
    return {name: str(part) for name, part in zip(ask.spec["by"], parts, strict=True)}


def vector(ask: Ask) -> dict[str, Any]:
    found = VECTORS[ask.spec["name"]](ask.survey, ask.spec["vars"], **ask.options)
    return {"rows": rows(ask, found), "vcov": found.cov()}


def spread(ask: Ask) -> dict[str, Any]:
    return {"rows": vector(ask)["rows"]}


def ratio(ask: Ask) -> dict[str, Any]:
    found = ev.ratio(ask.survey, ask.spec["numerator"], ask.spec["denominator"], **ask.options)
    return {"rows": rows(ask, found)}


def by(ask: Ask) -> dict[str, Any]:
    inner, groups = ask.spec["inner"], ask.spec["by"]
    if inner == "ratio":
        found = ev.ratio(ask.survey, ask.spec["numerator"], ask.spec["denominator"], by=groups, **ask.options)
    elif inner in VECTORS:
        found = VECTORS[inner](ask.survey, ask.spec["vars"], by=groups, **ask.options)
    elif inner == "prop_ci":
        return _intervals_by(ask, groups)
    elif inner == "quantile":
        return _quantiles_by(ask, groups)
    else:
        raise NotCovered(f"by {inner}")
    return {"rows": _sorted(rows(ask, found, len(groups)), found, len(groups))}


def _sorted(made: list[dict[str, Any]], found: ev.Estimate, groups: int) -> list[dict[str, Any]]:
    """Put rows by variable, then by group with the first `by` column fastest."""
    variables = list(dict.fromkeys(row["variable"] for row in made))

    def place(at: int) -> tuple[Any, ...]:
        return variables.index(made[at]["variable"]), *found.labels[at][:groups][::-1]

    return [made[at] for at in sorted(range(len(made)), key=place)]


def _intervals_by(ask: Ask, groups: list[str]) -> dict[str, Any]:
    """Intervals by group, each with the degrees of freedom of its own sub-design."""
    found = ev.proportion(ask.survey, ask.spec["vars"], by=groups, **ask.options)
    shown = found.interval(ask.spec.get("level", 0.95), method=INTERVALS[ask.spec["method"]])
    numbers = zip(found.labels, found.value, found.se, strict=True)
    made = [
        {"group": _group(ask, label[: len(groups)]), "estimate": value, "se": se, "ci": _pair(shown, at)}
        for at, (label, value, se) in enumerate(numbers)
    ]
    return {"rows": made}


def _on_log_odds(ask: Ask, found: ev.Estimate) -> dict[str, Any]:
    """R's "logit" on replicates: log odds by a fit that sets out from the estimate and stops as R's glm does, a t interval, and back."""
    event, start = ask.survey.column(ask.spec["var"]).to_numpy(dtype=float), float(logit(found.value[0]))

    def again(weights: Any) -> list[float]:
        w, at, before = weights / ask.survey.weights.mean(), start, np.inf
        while True:
            p = expit(at)
            deviance = -2 * float(w @ np.where(event == 1, np.log(p), np.log1p(-p)))
            if abs(deviance - before) / (abs(deviance) + 0.1) < 1e-8:
                return [at]
            at, before = at + float(w @ (event - p)) / (w.sum() * p * (1 - p)), deviance

    scores = (event - found.value[0])[:, None] / (ask.survey.weights.sum() * found.value[0] * (1 - found.value[0]))
    odds = ev.Estimate.of_columns(ask.survey, [start], scores, [("odds",)], again=again)
    ci = [float(expit(limit)) for limit in _pair(odds.interval(ask.spec.get("level", 0.95), method="t", df=ask.df), 0)]
    return {"rows": [{"variable": ask.spec["var"], "estimate": found.value[0], "se": found.se[0], "ci": ci}]}


def prop_ci(ask: Ask) -> dict[str, Any]:
    if ask.spec["method"] == "logit" and ask.survey.replicated is not None:
        return _on_log_odds(ask, _proportion(ask))
    found, method = _proportion(ask), INTERVALS[ask.spec["method"]]
    stated = ask.spec.get("df")
    df = np.inf if str(stated).lower() == "inf" and method != "kg" else ask.df if stated is None or method == "kg" else float(stated)
    shown = found.interval(_level(ask, method, df), method=method, df=df)
    return {"rows": [{"variable": ask.spec["var"], "estimate": found.value[0], "se": found.se[0], "ci": _pair(shown, 0)}]}


def _level(ask: Ask, method: str, df: float) -> float:
    """Return the level to ask for: as stated, but longer for R's likelihood by what weights and missing answers do to it."""
    level = ask.spec.get("level", 0.95)
    if method != "likelihood-r":
        return float(level)
    event, inside = ask.survey.table()[ask.spec["var"]].to_numpy(dtype=float), slice(None) if ask.where is None else ask.where.to_numpy()
    stretch = ev.intervals.r_stretch(event[inside], ask.survey.weights[inside])
    return float(1 - 2 * stdtr(df, stretch * stdtrit(df, (1 - level) / 2)))


def prop_ci_eff_n(ask: Ask) -> dict[str, Any]:
    found, method = _proportion(ask), INTERVALS[ask.spec["method"]]
    shown = found.interval(method=method, df=ask.df)
    effective = found.interval(method=method if method == "kg-nchs" else "kg-truncated", df=ask.df)["n_star"].iloc[0]
    row = {"variable": ask.spec["var"], "estimate": found.value[0], "se": found.se[0], "n": int(found.n[0]), "n_eff": float(effective)}
    return {"rows": [row | {"ci": _pair(shown, 0)}]}


def _proportion(ask: Ask) -> ev.Estimate:
    return ev.proportion(ask.survey, ask.spec["var"], **ask.options)


QUANTILES = {"mean": "wald", "xlogit": "logit", "asin": "arcsine", "beta": "kg", "score": "score", "quantile": "replicate"}


def _quantiles(ask: Ask, groups: Any = None) -> tuple[ev.Estimate, Any, Any]:
    """Return quantiles, their limits and standard errors at the level and degrees of freedom of the case."""
    probs = np.atleast_1d(ask.spec["probs"]).tolist()
    interval, rule = QUANTILES[ask.spec["interval"]], ask.spec.get("qrule", "math")
    found = ev.quantile(ask.survey, ask.spec["vars"], probs, rule=rule, interval=interval, by=groups, **ask.options)
    level, df = 1 - ask.spec.get("alpha", 0.05), np.inf if str(ask.spec.get("df", "")).lower() == "inf" else found.df if groups else ask.df
    shown = found.interval(level, df=df)
    t = -stdtrit(df, (1 - level) / 2) if np.isfinite(df).all() else -ndtri((1 - level) / 2)
    return found, shown, (shown["high"] - shown["low"]).to_numpy() / (2 * t)


def quantile(ask: Ask) -> dict[str, Any]:
    found, shown, se = _quantiles(ask)
    made = [
        {"variable": label[0], "prob": label[1], "estimate": found.value[at], "ci": _pair(shown, at), "se": se[at]}
        for at, label in enumerate(found.labels)
    ]
    return {"rows": made}


def _quantiles_by(ask: Ask, groups: list[str]) -> dict[str, Any]:
    found, shown, se = _quantiles(ask, groups)
    made = [
        {"group": _group(ask, label[: len(groups)]), "estimate": found.value[at], "se": se[at], "ci": _pair(shown, at)}
        for at, label in enumerate(found.labels)
    ]
    return {"rows": made}


def degf(ask: Ask) -> dict[str, Any]:
    return {"rows": []}


def table(ask: Ask) -> dict[str, Any]:
    """Weighted counts; the first variable varies fastest."""
    names = ask.spec["vars"]
    found = ev.total(ask.survey, ONE, by=names, where=ask.where, missing="out")
    counts = {tuple(map(str, label[:-1])): value for label, value in zip(found.labels, found.value, strict=True)}
    levels = [sorted({label[at] for label in counts}) for at in range(len(names))]
    cells = [tuple(reversed(cell)) for cell in _product(levels[::-1])]
    return {
        "table": {
            "dim": [len(level) for level in levels],
            "dimnames": dict(zip(names, levels, strict=True)),
            "values": [float(counts.get(cell, 0.0)) for cell in cells],
        }
    }


def _product(levels: list[list[str]]) -> list[tuple[str, ...]]:
    return [(head, *tail) for head in levels[0] for tail in _product(levels[1:])] if levels else [()]


def contrast(ask: Ask) -> dict[str, Any]:
    base = ask.spec["base"]
    kind = base["name"].removeprefix("by_")
    if kind not in VECTORS:
        raise NotCovered(f"contrast of {base['name']}")
    options = {"where": ask.where, "missing": "out" if base.get("na_rm") or ask.spec.get("na_rm") else "fail"}
    found = VECTORS[kind](ask.survey, base["vars"], by=base.get("by"), **options)
    if "coef" in ask.spec:
        made = sum(weight * found[label] for label, weight in ask.spec["coef"].items())
    else:
        made = _formula(ask.spec["expr"], found)
    return {"rows": [{**rows(ask, made)[0], "variable": "contrast"}]}


def _formula(text: str, found: ev.Estimate) -> Any:
    """Evaluate an expression whose names are labels of `found`; names in backticks may be anything."""
    names: list[str] = []

    def keep(match: re.Match[str]) -> str:
        names.append(match.group(1))
        return f"_label{len(names) - 1}_"

    tree = ast.parse(re.sub(r"`([^`]*)`", keep, text).replace("^", "**"), mode="eval")
    return _evaluate(tree.body, found, names)


BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b, ast.Sub: lambda a, b: a - b, ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b, ast.Pow: lambda a, b: a**b,
}  # fmt: skip


def _evaluate(node: ast.expr, found: ev.Estimate, names: list[str]) -> Any:
    if isinstance(node, ast.BinOp) and type(node.op) in BINARY:
        return BINARY[type(node.op)](_evaluate(node.left, found, names), _evaluate(node.right, found, names))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_evaluate(node.operand, found, names)
    if isinstance(node, ast.Constant):
        return float(str(node.value))
    if isinstance(node, ast.Name):
        place = re.fullmatch(r"_label(\d+)_", node.id)
        return found[names[int(place.group(1))] if place else node.id]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("log", "exp", "sqrt"):
        return getattr(np, node.func.id)(_evaluate(node.args[0], found, names))
    raise NotCovered(f"expression {ast.dump(node)}")


STATISTICS: dict[str, Callable[[Ask], dict[str, Any]]] = case_models.STATISTICS | {
    "mean": vector, "total": vector, "var": spread, "ratio": ratio, "by": by, "prop_ci": prop_ci, "prop_ci_eff_n": prop_ci_eff_n,
    "degf": degf, "table": table, "contrast": contrast, "quantile": quantile,
}  # fmt: skip


def _function(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    if case["function"] not in FUNCTIONS:
        raise NotCovered(f"function {case['function']}")
    arguments = {name: case_input.argument(value, folder) for name, value in case["args"].items()}
    return {"value": FUNCTIONS[case["function"]](arguments)}


FUNCTIONS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "deffK": lambda given: ev.intervals.weight_effect(given["w"]),
}
