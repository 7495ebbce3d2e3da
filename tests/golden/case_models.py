"""Models and tests: from a case's statistic to evalkit's functions, and back to the names that R prints."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit import models

if TYPE_CHECKING:
    from case_statistics import Ask

# R without the package CompQuadForm answers lincom with the saddlepoint, and says so in a warning.
TESTS = {
    "F": "f", "Chisq": "chi2", "Wald": "wald", "adjWald": "adjusted-wald", "lincom": "saddlepoint-r", "saddlepoint": "saddlepoint-r",
}  # fmt: skip
EPSILON = 1e-8  # R's glm.control(), which svyglm leaves as it is: its standard errors keep what is missing to the end
SCORES = {"vanderWaerden": "van-der-waerden", "KruskalWallis": "wilcoxon"}


def chisq(ask: Ask) -> dict[str, Any]:
    name = ask.spec["test"]
    found = models.independence(ask.survey, ask.spec["row"], ask.spec["col"], method=TESTS[name], where=ask.where, missing="out")
    parameter: Any = {"ndf": found.ndf, "ddf": found.ddf} if found.symbol == "F" else {"df": found.ndf} if found.symbol == "χ²" else []
    statistic = found.statistic if found.symbol == "F" else found.detail("pearson") * _asked(ask) / found.n
    return {"statistic": statistic, "p_value": found.p_value, "parameter": parameter}


def _asked(ask: Ask) -> int:
    """Rows of the domain: R's n counts rows without an answer too, which leaves p-values as they are."""
    return len(ask.survey) if ask.where is None else int(np.sum(ask.where))


def ttest(ask: Ask) -> dict[str, Any]:
    found = models.ttest(ask.survey, ask.spec["y"], ask.spec["group"], **ask.options)
    return {**_difference(found), "ci": list(found.interval())}


def ranktest(ask: Ask) -> dict[str, Any]:
    score = ask.spec.get("test", "wilcoxon")
    found = models.ranktest(ask.survey, ask.spec["y"], ask.spec["group"], score=SCORES.get(score, score), **ask.options)
    if found.symbol == "F":  # R's statistic is the χ² before it is divided by its degrees of freedom
        return {"statistic": found.statistic * found.ndf, "parameter": found.ndf, "ddf": found.ddf, "p_value": found.p_value}
    return _difference(found)


def _difference(found: models.Test) -> dict[str, Any]:
    assert found.estimate is not None
    return {"statistic": found.statistic, "parameter": found.ddf, "p_value": found.p_value, "estimate": float(found.estimate)}


def glm(ask: Ask) -> dict[str, Any]:
    family = ask.spec.get("family", "gaussian").removeprefix("quasi")
    tolerance = ask.spec.get("epsilon", EPSILON)
    found = models.glm(ask.survey, ask.spec["formula"], family, where=ask.where, missing="out", tolerance=tolerance)
    return _regression(ask, found) | {"rows": _coefficients(ask, found)}


def olr(ask: Ask) -> dict[str, Any]:
    """Proportional odds; thresholds bear the two categories, as in R."""
    found = models.ordinal(ask.survey, ask.spec["formula"], where=ask.where, missing="out")
    rows = [{key: row[key] for key in ("variable", "estimate", "se", "t")} for row in _coefficients(ask, found)]
    return _regression(ask, found) | {"rows": rows}


def _regression(ask: Ask, found: models.Model) -> dict[str, Any]:
    made: dict[str, Any] = {"df_residual": found.df, "vcov": found.cov()}
    for term in ask.spec.get("terms", []):
        test = found.wald(term)
        made["wald"] = {"F": test.statistic, "ndf": test.ndf, "ddf": test.ddf, "p": test.p_value}
    return made


def _coefficients(ask: Ask, found: models.Model) -> list[dict[str, Any]]:
    table, limits = found.table(), found.estimate.interval(method="t", df=ask.df)
    return [
        {
            "variable": _name(label, ask), "estimate": row.coef, "se": row.se, "t": row.t, "p": row.p,
            "ci_t_degf": [float(limits["low"].iloc[at]), float(limits["high"].iloc[at])],
        }
        for at, (label, row) in enumerate(zip(found.estimate.labels, table.itertuples(), strict=True))
    ]  # fmt: skip


def _name(label: tuple[Any, ...], ask: Ask) -> str:
    """Return the name of a coefficient in R: levels follow their columns, the intercept stands in parentheses."""
    term, *level = map(str, label)
    if term in ("Intercept", "threshold"):
        return level[0] if level else "(Intercept)"
    levels = level[0].split(":") if level else []
    return ":".join(part + levels.pop(0) if levels and not _is_number(part, ask) else part for part in term.split(":"))


def _is_number(part: str, ask: Ask) -> bool:
    return part in ask.survey.columns and pd.api.types.is_numeric_dtype(ask.survey.column(part))


def standardize(ask: Ask) -> dict[str, Any]:
    spec = ask.spec
    found = models.standardize(ask.survey, spec["vars"], spec["by"], spec.get("over"), spec["population"], where=ask.where, missing="out")
    t, z = found.interval(method="t", df=ask.df), found.interval(method="z")
    made = [
        {
            "variable": str(label[-1]), "estimate": found.value[at], "se": found.se[at],
            "ci_t": [t["low"].iloc[at], t["high"].iloc[at]], "ci_z": [z["low"].iloc[at], z["high"].iloc[at]],
        }
        for at, label in enumerate(found.labels)
    ]  # fmt: skip
    return {"rows": made}


STATISTICS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "chisq": chisq, "ttest": ttest, "ranktest": ranktest, "glm": glm, "olr": olr, "standardize": standardize,
}  # fmt: skip
