"""Trials: the same numbers whoever computes them, the numbers of the real river, and the risks that methods.md states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit import streams
from evalkit.errors import DesignError, EvalkitError, Faults
from evalkit.plans.counting import planned_frame
from evalkit.rates import assumed
from evalkit.responses import collect
from evalkit.sample import draw, draw_next
from evalkit.sizing.chances import county_counts, village_counts
from evalkit.survey import weigh
from evalkit.trials.outcomes import Trials
from evalkit.trials.population import populate
from evalkit.trials.simulating import _check_design, _setting
from evalkit.trials.trial import FIELDS, _drawn, _found, _places, _recorded, _rows, run_trial
from evalkit.trials.truths import interviewer_rates, village_rates
from evalkit.trials.visits import interviewers, visit
from tests.pages import ROOT

NAME = "差错率"
SMALL = ev.plain_design(10, 20, frame=40, households=60)


def simulated(design: ev.Design = SMALL, **asked: object) -> Trials:
    known: dict[str, object] = {"seed": "7", "replicates": 6, "workers": 1} | asked
    return ev.simulate(design, {NAME: [0.005, 0.03]}, **known)


def test_the_number_of_workers_changes_nothing() -> None:
    one, other = simulated(replicates=21), simulated(replicates=21, workers=2)
    assert np.array_equal(one.results, other.results, equal_nan=True)
    assert np.array_equal(one.work, other.work, equal_nan=True)


def test_the_first_trials_are_those_of_fewer() -> None:
    assert np.array_equal(simulated(replicates=3).results, simulated(replicates=6).results[:3])


def test_an_interrupted_simulation_goes_on(tmp_path: Path) -> None:
    whole = simulated(replicates=41, folder=tmp_path)
    gone = sorted(tmp_path.glob("batch_*.npz"))
    gone[1].unlink()
    gone[2].write_bytes(b"half")  # written when the machine went down
    said: list[str] = []
    again = simulated(replicates=41, folder=tmp_path, progress=said.append)
    assert np.array_equal(whole.results, again.results)
    assert said == ["接着上次的：20 次已有", "模拟 40/41", "模拟 41/41"]
    with pytest.raises(EvalkitError, match="另一次模拟"):
        simulated(replicates=41, folder=tmp_path, seed="8")
    (tmp_path / "trials.txt").unlink()  # without the receipt the batches still know whose they are
    assert np.array_equal(simulated(replicates=20, folder=tmp_path, seed="8").results, simulated(replicates=20, seed="8").results)


def test_what_is_saved_is_read_back(tmp_path: Path) -> None:
    made = simulated()
    held = Trials.load(made.save(tmp_path / "trials.npz"))
    pd.testing.assert_frame_equal(held.table(), made.table())
    assert repr(held) == repr(made) and held.settings == made.settings
    (tmp_path / "no.npz").write_text("x")
    with pytest.raises(EvalkitError, match="不是 evalkit 写出的"):
        Trials.load(tmp_path / "no.npz")


def biyang() -> ev.Design:
    return ev.read_design("designs/biyang_2018.toml")


def test_a_trial_is_the_river_step_by_step() -> None:
    """The draw by `draw_next`, and rates and bounds one point at a time by the estimates themselves."""
    design = biyang()
    setting = _setting(design, {"错退率": [0.01, 0.05]}, "3", 1, None, "beta-binomial", "design", 0.0, None)
    results, work = run_trial(setting, 0)
    sample = draw(setting.frame, setting.lean, seed="3-0")
    roster, again = _drawn(setting, "3-0")
    sample = draw_next(sample, roster)
    assert sample.certificate.sha256 == again.certificate.sha256
    households = sample.table("household")
    survey = weigh(collect(sample, visit(sample, design, "3-0", _places(households))))
    table = survey.table()
    rows = _rows(setting.population, sample.villages, table)
    found = {name: _found(setting, "3-0", name, roster, rows) for name in setting.rates}
    columns = {name: each.recorded[:, [1]].astype(float) for name, each in found.items()}
    alone = assumed(survey, design, setting.frame, columns)
    for at, gate in enumerate(design.gates):
        measure = alone[gate.rate]
        verdict = ev.judge(
            measure.estimate, gate.threshold, direction=gate.direction, strict=gate.strict, legal_value=float(measure.official[0]),
            icc=design.evaluation.icc, alpha=design.evaluation.alpha, level=design.evaluation.confidence,
        )  # fmt: skip
        seen = dict(zip(FIELDS, results[at, 1], strict=True))
        expected = (verdict.value, verdict.value_read, verdict.low, verdict.high, verdict.interval_low, verdict.interval_high, verdict.df)
        told = [seen[name] for name in ("value", "read", "low", "high", "interval_low", "interval_high", "df")]
        np.testing.assert_allclose(told, expected, rtol=1e-12)
    assert work[0] == 44 and work[2] == table["complete"].sum()


def test_findings_under_one_set_are_the_rates_of_the_findings() -> None:
    """`assumed` on what was found is `measure`."""
    design = biyang()
    setting = _setting(design, {}, "5", 1, None, "beta-binomial", "design", 0.0, None)
    sample = _drawn(setting, "5-0")[1]
    survey = weigh(collect(sample, visit(sample, design, "5-0", _places(sample.table("household")))))
    rng = np.random.default_rng(1)
    events = {name: (rng.random((len(survey), 1)) < 0.03).astype(float) for name in setting.rates}
    columns = {"wrong_exit": "错退率", "missed": "漏评率", "misidentified": "漏评率"}
    findings = {name: events[rate][:, 0] for name, rate in columns.items()}
    table = survey.table()
    held = {f"{name}{end}": value for name, value in findings.items() for end in ("", "_confirmed")}
    answers = {item: np.where(events["群众认可度"][:, 0] > 0, "认可", "不认可") for item in design.rate("群众认可度").items}
    from_table = ev.Survey.from_data(
        table.assign(**held, **answers, affected=table["persons"]), weights="base_weight", clusters=["village", "household"],
        strata=["village_stratum", "cell"], fpc=["village_N", "N"], singleton="collapse",
    )  # fmt: skip
    rates = {rate.name: rate.confirmed for rate in ev.measure(from_table, design, setting.frame)}
    for name, measure in assumed(from_table, design, setting.frame, events).items():
        assert measure.official[0] == pytest.approx(rates[name].official, rel=1e-12)
        assert float(measure.estimate) == pytest.approx(float(rates[name].estimate), rel=1e-12)
        assert measure.estimate.se[0] == pytest.approx(rates[name].estimate.se[0], rel=1e-9)


@pytest.fixture(scope="module")
def many() -> Trials:
    design = ev.plain_design(10, 20, frame=400, households=60)
    rates = {NAME: [0.02, 0.04]}
    return ev.simulate(design, rates, seed="mc", replicates=160, icc=0.1, model=["beta-binomial", "bad-village"], judged_icc="true")


def test_the_legal_rule_passes_as_often_as_the_exact_distribution_says(many: Trials) -> None:
    """200 households in 10 villages: fewer than 4 events; the finite list of 400 villages moves it by less than the error."""
    table = many.table()
    for row in table.to_dict("records"):
        exact = float(county_counts(village_counts(20, row["p"], 0.1, row["model"], 3), 10).sum())
        assert abs(row["legal"] - exact) < 3 * np.sqrt(exact * (1 - exact) / 160), row["model"]


def test_estimates_and_truths_are_what_was_stated(many: Trials) -> None:
    table = many.table()
    assert (abs(table["estimate"] - table["truth"]) < 3 * table["estimate_se"]).all()
    assert (abs(table["truth"] - table["p"]) < 3.3 * table["truth_se"]).all()
    assert (table["met"] + table["not_proven"] + table["not_met"]).to_numpy() == pytest.approx(1)
    assert (table["coverage"] + table["too_low"] + table["too_high"]).to_numpy() == pytest.approx(1)
    assert (table["coverage"] > 0.9).all()
    assert (many.effort().set_index("item").loc["complete", "mean"]) == 200


@pytest.mark.parametrize("model", ["beta-binomial", "bad-village"])
@pytest.mark.parametrize("p", [0.005, 0.02, 0.95])
def test_village_rates_have_the_stated_mean_and_correlation(model: str, p: float) -> None:
    table = village_rates(np.array([p]), np.array([0.05]), [model]).table[0]
    assert table.mean() == pytest.approx(p, rel=2e-3)
    assert table.var() == pytest.approx(0.05 * p * (1 - p), rel=2e-2)


def test_interviewers_leave_the_mean_and_add_their_correlation() -> None:
    u = (np.arange(20000) + 0.5) / 20000
    said = interviewer_rates(np.full((20000, 1), 0.1), 0.03, u)[:, 0]
    assert said.mean() == pytest.approx(0.1, rel=1e-3)
    assert said.var() == pytest.approx(0.03 * 0.1 * 0.9, rel=1e-2)
    assert (interviewer_rates(np.array([[0.0, 1.0]]), 0.03, np.array([0.7])) == [[0.0, 1.0]]).all()


def test_interviewers_make_estimates_vary_more() -> None:
    """10 villages of 20 households, 4 interviewers in each: deff 1 + 15·.05 + 4·(.05 + .95·.5) = 3.85 and not 1.95."""
    rng, village = np.random.default_rng(1), np.repeat(np.arange(10), 20)
    who, shares = interviewers(village, np.tile(np.arange(20), 10) + 1), []
    for _ in range(1500):
        said = _recorded(streams.beta(rng.random(10), 0.03, 0.05)[:, None], village, who, 0.5, rng.random)
        shares.append((rng.random((200, 1)) < said).mean())
    assert np.mean(shares) == pytest.approx(0.03, abs=3 * np.std(shares) / np.sqrt(1500))
    assert np.std(shares) == pytest.approx(np.sqrt(0.03 * 0.97 * 3.85 / 200), rel=0.15)


def test_an_interviewer_of_two_villages_of_one_rate_records_each_by_itself() -> None:
    """At the first point nothing is wrong in either village of the team; at the second one of them is bad."""
    village, rates = np.array([0, 0, 1, 1]), np.array([[0.0, 0.0], [0.0, 0.5]])
    who = interviewers(village, np.array([1, 2, 1, 2]))
    assert who.tolist() == [0, 1, 0, 1]
    said = _recorded(rates, village, who, 0.2, lambda count: np.full(count, 0.6))
    assert (said[:, 0] == 0).all() and (said[:2, 1] == 0).all() and (said[2:, 1] > 0).all()


def test_interviewers_change_what_is_recorded_and_not_what_is_true() -> None:
    plain, spread = simulated(replicates=3), simulated(replicates=3, interviewer=0.5)
    assert (plain.field("truth") == spread.field("truth")).all()
    assert (plain.field("value") != spread.field("value")).any()


def test_more_villages_by_the_same_seed_hold_the_sample(many: Trials) -> None:
    """Two phases: the second decides where the first proves nothing, and only there."""
    first = ev.simulate(ev.plain_design(10, 20, frame=40, households=60), {NAME: 0.002}, seed="7", replicates=12, workers=1)
    second = ev.simulate(ev.plain_design(20, 20, frame=40, households=60), {NAME: 0.002}, seed="7", replicates=12, workers=1)
    both = first.then(second)
    unproven = first.zones() == 1
    assert unproven.any() and (both.zones()[unproven] == second.zones()[unproven]).all()
    assert (both.zones()[~unproven] == first.zones()[~unproven]).all()
    assert both.effort().set_index("item").loc["complete", "mean"] == 200 + 200 * unproven.mean()
    assert (abs(first.field("truth") - second.field("truth")) < 0.01).all()
    with pytest.raises(EvalkitError, match="两阶段"):
        first.then(many)
    with pytest.raises(EvalkitError, match="村不多于"):
        second.then(first)


def test_further_risks_give_the_bounds_of_a_design_with_that_risk() -> None:
    strict = ev.plain_design(10, 20, frame=40, households=60, alpha=0.03)
    other, made = simulated(strict), simulated(alphas=[0.03]).at(0.03)
    assert (other.field("low") == made.field("low")).all() and (other.field("high") == made.field("high")).all()


def test_nonresponse_and_cost_are_counted() -> None:
    design = ev.plain_design(
        10, 20, frame=40, households=60, response=0.8, cost_village=500, cost_household=50, interviews_per_day=10, teams=2
    )
    effort = simulated(design, replicates=20).effort().set_index("item")
    assert effort.loc["issued", "mean"] == 200
    assert abs(effort.loc["complete", "mean"] - 160) < 4 * np.sqrt(200 * 0.16 / 20)
    assert effort.loc["cost", "mean"] == 500 * 10 + 50 * 200
    assert effort.loc["team_days", "mean"] == 20


def test_the_cheapest_design_keeps_both_risks() -> None:
    designs = [ev.plain_design(m, 20, frame=60, households=60, cost_village=500, cost_household=50, threshold=0.1) for m in (30, 5)]
    found = ev.cheapest(designs, better=0.02, seed="1", replicates=20, workers=1)
    assert found.tried["cost"].tolist() == [7500, 45000]
    assert found.tried["keeps"].tolist()[0] == "no"
    assert found.best is designs[0] or found.best is None
    with pytest.raises(DesignError, match="达标的一侧"):
        ev.cheapest(designs, better=0.2, seed="1")
    with pytest.raises(DesignError, match="没有费用"):
        ev.cheapest([SMALL], better=0.001, seed="1")


def test_a_plan_that_fails_in_a_county_is_counted() -> None:
    """Half of the households answer and three are asked of a village: in some villages nobody does, and the design says fail."""
    made = simulated(ev.plain_design(10, 3, frame=40, households=60, response=0.5), replicates=12)
    row = made.table().iloc[0]
    assert 0 < row["failed"] <= 1
    assert "做不下去" in repr(made)
    assert row["met"] + row["not_proven"] + row["not_met"] == 1 and row["not_proven"] >= row["failed"] and row["legal"] <= 1 - row["failed"]


def test_faults_are_told_all_at_once() -> None:
    with pytest.raises(DesignError) as found:
        simulated(icc=1.0, model="normal", replicates=0, seed="a|b", interviewer=2.0, judged_icc="mine")
    for word in ("icc", "model", "replicates", "seed", "interviewer", "judged_icc"):
        assert f"  {word}" in str(found.value) or f"\n  {word}｜" in str(found.value), word
    for wrong in ({"icc": "0.05"}, {"icc": []}, {"alphas": "x"}, {"frame": "x.csv"}):
        with pytest.raises(DesignError):
            simulated(**wrong)
    with pytest.raises(DesignError, match="不是设计"):
        ev.simulate("design.toml", seed="1")
    with pytest.raises(DesignError, match="真值应在"):
        ev.simulate(SMALL, {NAME: 2}, seed="1")
    with pytest.raises(DesignError, match="没有门槛读这个率"):
        ev.simulate(SMALL, {"错退率": 0.01}, seed="1")
    with pytest.raises(DesignError, match="个数不同"):
        ev.simulate(biyang(), {"错退率": [0.01, 0.02], "漏评率": [0.01, 0.02, 0.03]}, seed="1")
    with pytest.raises(DesignError, match="alphas"):
        simulated(alphas=[0.7])
    with pytest.raises(EvalkitError, match="没有要这个风险"):
        simulated(replicates=1).at(0.03)
    with pytest.raises(DesignError, match="模拟需要这一节"):
        ev.simulate(biyang().model_copy(update={"planning": None}), seed="1")


def test_a_population_follows_the_list() -> None:
    design = biyang()
    frame = planned_frame(design)
    people = populate(design, frame, "1")
    listed = frame.table().set_index("village_code")["乡村人口"].astype(float)
    counted = people.counted["persons"][0].sum(axis=1)
    assert counted.sum() == pytest.approx(listed.sum(), rel=0.1)
    roster = people.roster(people.villages[:2])
    assert roster["household"].tolist()[0] == "0001" and roster["persons"].min() >= 1


def test_the_pages_name_the_designs_that_can_be_simulated() -> None:
    able = []
    for path in sorted((ROOT / "designs").glob("*.toml")):
        faults = Faults(path.stem)
        _check_design(ev.read_design(path), faults)
        able += [] if faults else [f"`{path.stem}`"]
    for page, count in (("designs", "三个"), ("simulation", "")):
        assert f"[[gate]]` 的{count}：{'、'.join(able)}；" in (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
