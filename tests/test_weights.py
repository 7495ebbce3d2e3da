"""Weights of many stages: by size, with replacement, under groups; sums, degrees of freedom, corrections."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit.errors import SurveyError
from tests.draws import listed, people, province, staged

SEED = "31415926535897932384"
RETURNS = {"village": "村", "household": "户", "disposition": "结果", "dispositions": {"完成": "complete", "拒访": "refusal"}}
VILLAGE = {"name": "village", "method": "srs", "n": 4}
HOUSEHOLD = {"name": "household", "method": "srs", "n": 3, "shortfall": "take-all"}
BY_SIZE = {"method": "sampford", "size": "people"}
ROSTER = ("group", "focus", "income")


def came_back(sample: ev.Sample, refused: tuple[str, ...] = ()) -> ev.Responses:
    """Return the answers of all mains but those refused, given as village/household."""
    table = sample.table("household").query("role == 'main'")
    names = table["village"] + "/" + table["household"]
    given = {"村": table["village"], "户": table["household"], "结果": np.where(names.isin(refused), "拒访", "完成")}
    return ev.collect(sample, pd.DataFrame(given))


def weighed(*stages: dict[str, Any], seed: str = SEED, table: pd.DataFrame | None = None, refused: int = 0, **returns: Any) -> ev.Survey:
    plan = staged(
        *stages, roster=ROSTER, returns=RETURNS | returns, evaluation={"title": "x", "county": "y", "year": 2018, "singleton": "remove"}
    )
    start = ev.draw(listed(table), plan, seed=seed)
    sample = ev.draw_next(start, people(start.villages, 12))
    mains = sample.table().query("role == 'main'")
    return ev.weigh(came_back(sample, tuple((mains["village"] + "/" + mains["household"]).head(refused))))


def test_weights_multiply_over_five_stages_and_the_first_gives_the_degrees_of_freedom() -> None:
    county = {"name": "county", "unit": "county", "method": "srs", "strata": ["city"], "n": 2}
    town = {"name": "town", "unit": "town", "from": "frame", "method": "srs", "n": 2, "shortfall": "fail"}
    village = {"name": "village", "from": "frame", "method": "srs", "n": 3, "shortfall": "fail"}
    group = {"name": "group", "unit": "group", "method": "srs", "n": 2, "shortfall": "fail"}
    survey = weighed(county, town, village, group, HOUSEHOLD | {"n": 2})
    assert len(survey) == 6 * 2 * 3 * 2 * 2 and survey.weights == pytest.approx(3 / 2 * 3 / 2 * 5 / 3 * 4 / 2 * 3 / 2)
    assert len(survey.stages) == 5 and survey.df == 6 - 3
    fractions = [sorted(set(stage.fraction.tolist())) for stage in survey.stages]
    assert fractions == [[pytest.approx(share)] for share in (2 / 3, 2 / 3, 3 / 5, 1 / 2, 2 / 3)]


def test_a_census_of_counties_leaves_the_degrees_of_freedom_to_the_villages() -> None:
    """Counties that are all there are strata: the same numbers as with the county named as stratum of the villages."""
    county = {"name": "county", "unit": "county", "method": "take-all"}
    village = {"name": "village", "from": "frame", "method": "srs", "n": 3, "shortfall": "fail"}
    table = province(cities=1)
    survey = weighed(county, village, HOUSEHOLD, table=table)
    assert len(survey.stages) == 2 and survey.df == 3 * (3 - 1)
    assert survey.stages[0].fraction.tolist() == [pytest.approx(3 / 15)] * 3
    rows = survey.table()
    strata, clusters, sizes = ["county_unit", "cell"], ["village", "household"], ["village_N", "N"]
    by_hand = ev.Survey.from_data(rows, weights="base_weight", strata=strata, clusters=clusters, fpc=sizes, singleton="remove")
    assert ev.total(survey, "persons").se == pytest.approx(ev.total(by_hand, "persons").se, rel=1e-12)


def test_a_first_stage_by_size_has_the_variance_of_its_chances() -> None:
    """Hájek's: Σ c (z − m)², c = (1 − π) n/(n − 1), m the c-weighted mean; the stage below counts with the chance of its village."""
    survey = weighed(VILLAGE | BY_SIZE | {"n": 8}, HOUSEHOLD)
    table = survey.table().assign(z=survey.weights * survey.table()["persons"])
    villages = table.groupby("village").agg(z=("z", "sum"), chance=("village_chance", "first"))
    c = (1 - villages["chance"]) * 8 / 7
    between = (c * (villages["z"] - (c * villages["z"]).sum() / c.sum()) ** 2).sum()
    cells = table.groupby(["village", "cell"]).agg(n=("z", "size"), s2=("z", lambda z: z.var(ddof=1)), N=("N", "first"))
    within = (1 - cells["n"] / cells["N"]) * cells["n"] * cells["s2"]
    expected = between + (villages["chance"] * within.groupby("village").sum()).sum()
    assert survey.df == 7 and ev.total(survey, "persons").variances[0] == pytest.approx(expected, rel=1e-12)


def test_villages_certain_by_size_are_a_stratum_taken_whole() -> None:
    table = province()
    table.loc[[0, 20], "people"] = ["90000", "80000"]
    survey = weighed(VILLAGE | BY_SIZE | {"n": 8}, HOUSEHOLD, table=table)
    first = survey.stages[0]
    sure = survey.column("village").isin(["11101", "12201"]).to_numpy()
    assert set(first.fraction[first.unit_stratum[first.row_unit]][sure]) == {1.0}
    assert 0 < first.fraction[first.unit_stratum[first.row_unit]][~sure].max() < 1
    assert survey.weights[sure] == pytest.approx(12 / 3) and survey.df == 8 - 2


def test_a_dot_in_the_name_of_a_stratum_makes_nothing_certain() -> None:
    """Names such as 阿克·苏乡 are no certainty strata."""
    table = province().replace({"city": {"S1": "阿克·苏"}})
    survey = weighed(VILLAGE | BY_SIZE | {"strata": ["city"]}, HOUSEHOLD, table=table)
    assert survey.stages[0].fraction.max() < 1


def test_strata_by_size_that_are_taken_whole_have_no_variance_of_their_own() -> None:
    survey = weighed(VILLAGE | BY_SIZE | {"n": 10}, HOUSEHOLD | {"n": 12}, table=province(1, 1, 2, 5))
    assert set(survey.stages[0].fraction) == {1.0} and ev.total(survey, "persons").se == 0


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (BY_SIZE, {}),
        ({}, {"method": "pareto", "size": "income"}),
        ({"method": "pps-systematic", "size": "people", "sort": ["people"]}, {"method": "poisson", "size": "income", "n": 6}),
        ({"method": "pps-wr", "size": "people"}, {"strata": ["focus"], "n": 2}),
    ],
)
def test_weights_add_up_to_the_households_listed_in_expectation(first: dict[str, Any], last: dict[str, Any]) -> None:
    """Twenty villages of twelve households; means over 30 seeds within 3 standard errors, of households and of persons."""
    table = province(1, 2, 2, 5)
    persons = people(tuple(table["village_code"]), 12)["persons"].sum()
    counts, sums = [], []
    for i in range(30):
        survey = weighed(VILLAGE | first | {"n": 6}, HOUSEHOLD | last, seed=f"mc {i}", table=table, empty_cell="spread")
        counts.append(float(survey.weights.sum()))
        sums.append(float((survey.weights * survey.column("persons")).sum()))
    for values, truth in ((counts, 240), (sums, persons)):
        mean = math.fsum(values) / 30
        error = (math.fsum((value - mean) ** 2 for value in values) / 29 / 30) ** 0.5
        assert abs(mean - truth) <= 3 * error + 1e-9 * truth and error < 0.12 * truth


def test_a_village_drawn_twice_weighs_twice() -> None:
    table = province(1, 1, 1, 4)
    for i in range(20):
        plan = staged(VILLAGE | {"method": "pps-wr", "size": "people"}, HOUSEHOLD, roster=ROSTER, returns=RETURNS)
        start = ev.draw(listed(table), plan, seed=str(i))
        sample = ev.draw_next(start, people(start.villages, 12))
        hits = start.table("village").set_index("unit")["hits"]
        drawn = ev.weigh(came_back(sample)).table()
        assert drawn["design_weight"].to_numpy() == pytest.approx((drawn["village"].map(hits) / drawn["prob"]).to_numpy())
        if hits.max() > 1:
            return
    raise AssertionError("no village was drawn twice")


def test_refusals_are_made_up_for_in_their_own_cell() -> None:
    """Unequal chances: each answer keeps its design weight times drawn over completed."""
    survey = weighed(VILLAGE, HOUSEHOLD | {"method": "pareto", "size": "income", "n": 6}, refused=2)
    table = survey.table()
    counts = table.groupby(["village", "cell"])["household"].transform("size")
    assert table["base_weight"].to_numpy() == pytest.approx((table["design_weight"] * table["n"] / counts).to_numpy())
    assert (table["n"] > counts).any() and table["design_weight"].to_numpy() == pytest.approx((1 / table["prob"]).to_numpy())


def test_the_weight_of_an_empty_cell_is_the_sum_of_its_unequal_weights() -> None:
    plan = staged(VILLAGE, HOUSEHOLD | {"method": "pareto", "size": "income"}, roster=ROSTER, returns=RETURNS | {"empty_cell": "spread"})
    start = ev.draw(listed(), plan, seed="5")
    sample = ev.draw_next(start, people(start.villages, 12))
    mains = sample.table().query("role == 'main'")
    lost = mains[(mains["village"] == start.villages[0]) & (mains["cell"] == "全部")]
    survey = ev.weigh(came_back(sample, tuple(lost["village"] + "/" + lost["household"])))
    assert survey.weights.sum() == pytest.approx((1 / mains["prob"]).sum()) and "没有完成户" in survey.notes[0]


def test_places_chosen_on_purpose_have_no_weights() -> None:
    village = {"name": "village", "selection": "典型", "mandatory": {"units": ["11101", "23205"], "how": "within"}}
    with pytest.raises(SurveyError, match="典型选点｜所选单位不代表其他单位"):
        weighed(village, HOUSEHOLD)
