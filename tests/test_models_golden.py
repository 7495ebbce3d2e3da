"""Models and tests give the numbers of R's survey on data of our own and, where it lies beside, on the reference."""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit import models
from tests.from_r import written

sys.path.insert(0, str(Path(__file__).resolve().parent / "golden"))

import case_models  # a script beside the cases, not a package
import case_statistics  # the same
import run_cases  # the same

HERE = Path(__file__).resolve().parent / "golden"
OWN = HERE / "own"
GOLD = json.loads((OWN / "models.json").read_text(encoding="utf-8"))["values"]
TIGHT = 1e-9
# R seeks the saddlepoint to 1e-8 and the top of an ordinal likelihood to the square root of a double, which is what these numbers hold.
LOOSE = {"chisq.saddlepoint": 1e-5, "olr.whole": 1e-7, "olr.domain": 1e-7}
TWO = {"weights": "w", "strata": "stratum", "clusters": ["village", "household"], "fpc": ["M", "N"], "nest": True}
REPLACED = {"weights": "w", "strata": "stratum", "clusters": "village"}
DESIGNS = {"two": TWO, "replaced": REPLACED}
KIND, NOTE = {"row": "kind", "col": "answer"}, {"row": "visited", "col": "note"}
INCOME = {"y": "income", "group": "visited"}

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "chisq.F": ("two", {"name": "chisq", **KIND, "test": "F"}),
    "chisq.Chisq": ("two", {"name": "chisq", **KIND, "test": "Chisq"}),
    "chisq.Wald": ("two", {"name": "chisq", **KIND, "test": "Wald"}),
    "chisq.adjWald": ("two", {"name": "chisq", **KIND, "test": "adjWald"}),
    "chisq.saddlepoint": ("two", {"name": "chisq", **KIND, "test": "saddlepoint"}),
    "chisq.domain": ("part", {"name": "chisq", "row": "visited", "col": "answer", "test": "F"}),
    "chisq.missing": ("replaced", {"name": "chisq", **NOTE, "test": "Chisq"}),
    "ttest.two": ("two", {"name": "ttest", **INCOME}),
    "ttest.domain": ("part", {"name": "ttest", **INCOME}),
    "ttest.replaced": ("replaced", {"name": "ttest", **INCOME}),
    "rank.wilcoxon": ("two", {"name": "ranktest", **INCOME, "test": "wilcoxon"}),
    "rank.median": ("two", {"name": "ranktest", **INCOME, "test": "median"}),
    "rank.normal": ("replaced", {"name": "ranktest", **INCOME, "test": "vanderWaerden"}),
    "rank.three": ("two", {"name": "ranktest", "y": "income", "group": "kind", "test": "KruskalWallis"}),
    "glm.gaussian": ("two", {"name": "glm", "formula": "income ~ age + visited * kind", "epsilon": None, "terms": ["kind"]}),
    "glm.binomial": ("two", {"name": "glm", "formula": "poor ~ age + kind", "family": "quasibinomial", "epsilon": None, "terms": ["kind"]}),
    "glm.poisson": (
        "replaced", {"name": "glm", "formula": "trips ~ age + visited + kind", "family": "quasipoisson", "epsilon": None, "terms": ["kind"]}
    ),
    "glm.domain": ("part", {"name": "glm", "formula": "poor ~ age + visited", "family": "quasibinomial", "epsilon": None}),
    "glm.functions": (
        "two", {"name": "glm", "formula": "np.log(income) ~ I(age * age) + visited:age", "epsilon": None, "terms": ["visited:age"]}
    ),
    "glm.stopped": ("two", {"name": "glm", "formula": "poor ~ age + kind", "family": "quasibinomial"}),
    "olr.whole": ("two", {"name": "olr", "formula": "answer ~ visited + age + kind", "terms": ["kind"]}),
    "olr.exact": ("two", {"name": "olr", "formula": "answer ~ visited + age + kind"}),
    "olr.domain": ("part", {"name": "olr", "formula": "answer ~ visited + age"}),
}  # fmt: skip
REPLICATED: dict[str, dict[str, Any]] = {
    "jkn.chisq": {"name": "chisq", **KIND, "test": "F"},
    "jkn.gaussian": {"name": "glm", "formula": "income ~ age + visited", "epsilon": None},
    "jkn.ttest": {"name": "ttest", **INCOME},
}


@cache
def built(design: str) -> ev.Survey:
    return ev.Survey.from_data(pd.read_csv(OWN / "models.csv"), **DESIGNS[design])


def asked(survey: ev.Survey, spec: dict[str, Any], where: Any = None) -> Any:
    df = float(ev.total(survey, "one" if "one" in survey.columns else "M", where=where).df[0])
    return case_models.STATISTICS[spec["name"]](case_statistics.Ask({**spec, "na_rm": True}, survey, where, df))


def departure(found: Any, stated: Any, rtol: float = TIGHT) -> str | None:
    scale = max((abs(part) for row in stated.get("vcov", [[0.0]]) for part in row), default=0.0)
    return run_cases.difference(run_cases.plain(found), stated, {"rtol": rtol, "atol": rtol * scale * 1e-3})


@pytest.mark.parametrize("name", CASES)
def test_numbers_of_r(name: str) -> None:
    design, spec = CASES[name]
    survey = built("two" if design == "part" else design)
    where = survey.column("band") != "60+" if design == "part" else None
    assert departure(asked(survey, spec, where), GOLD[name], LOOSE.get(name, TIGHT)) is None


@pytest.mark.parametrize("name", REPLICATED)
def test_numbers_of_r_by_replicates(name: str) -> None:
    survey = built("replaced").replicate("jkn")
    assert departure(asked(survey, REPLICATED[name]), GOLD[name]) is None


@pytest.mark.parametrize("each", [False, True])
def test_standardised_means_of_r(each: bool) -> None:
    found = models.standardize(built("two"), "income", "band", "kind", {"18-39": 5, "40-59": 4, "60+": 3}, each=each)
    stated, limits = GOLD["standard.each" if each else "standard.whole"]["rows"], found.interval(method="t", df=12)
    assert len(found) == len(stated)
    for at, row in enumerate(stated):
        assert found.value[at] == pytest.approx(row["estimate"], rel=TIGHT)
        assert found.se[at] == pytest.approx(row["se"], rel=TIGHT)
        assert [limits["low"].iloc[at], limits["high"].iloc[at]] == pytest.approx(row["ci_t"], rel=TIGHT)


def test_predictions_of_r() -> None:
    model, stated = models.glm(built("two"), "poor ~ age + kind", "binomial"), GOLD["predict.binomial"]
    new = pd.DataFrame({"age": [30, 70], "kind": ["watched", "general"]})
    mean, link = model.predict(new), model.predict(new, kind="link")
    for name, found in (("mean", mean["estimate"]), ("mean_se", mean["se"]), ("link", link["estimate"]), ("link_se", link["se"])):
        assert found.to_numpy() == pytest.approx(np.array(stated[name]), rel=TIGHT)


def test_a_wrong_number_is_seen() -> None:
    found = asked(built("two"), CASES["glm.binomial"][1])
    found["rows"][1]["se"] *= 1 + 1e-8
    assert departure(found, GOLD["glm.binomial"]) is not None


def test_every_value_of_r_is_held_against_something() -> None:
    assert set(GOLD) == {*CASES, *REPLICATED, "standard.whole", "standard.each", "predict.binomial"}


@pytest.mark.r
def test_r_still_gives_the_stated_values(tmp_path: Path) -> None:
    again = written("make_models.R", tmp_path)["values"]
    for name, stated in GOLD.items():
        assert departure(again[name], stated) is None, name


REFERENCE = HERE.parent.parent.parent / "shared" / "reference"


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference numbers do not lie beside this clone")
def test_reference_numbers() -> None:
    cases = json.loads((REFERENCE / "cases.json").read_text(encoding="utf-8"))["cases"]
    mine = [case for case in cases if (case.get("statistic") or {}).get("name") in case_models.STATISTICS and not case.get("adjust")]
    assert len(mine) >= 19
    for case in mine:
        survey, where = (part(case) for part in (_survey, _where))
        assert run_cases.difference(run_cases.plain(asked_as(case, survey, where)), stated(case), case) is None, case["id"]


def _survey(case: dict[str, Any]) -> ev.Survey:
    return case_statistics.case_input.survey(case, REFERENCE / "data")


def _where(case: dict[str, Any]) -> Any:
    return case_statistics.case_input.condition(case, _survey(case))


def asked_as(case: dict[str, Any], survey: ev.Survey, where: Any) -> Any:
    df = float(ev.total(survey, case_statistics.case_input.ONE, where=where).df[0])
    return case_models.STATISTICS[case["statistic"]["name"]](case_statistics.Ask(case["statistic"], survey, where, df))


def stated(case: dict[str, Any]) -> dict[str, Any]:
    """The keys of the test or the model; degrees of freedom of the design are those of every statistic."""
    return {key: part for key, part in case["result"].items() if key not in ("df", "df_full_design")}
