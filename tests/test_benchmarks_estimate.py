"""The estimate benchmark runs end to end on small surveys, and its floors make the numbers that evalkit makes."""

from __future__ import annotations

import importlib.metadata
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import evalkit as ev
from benchmarks import estimate, floors, jobs
from benchmarks.jobs import Cost
from benchmarks.surveys import made_survey

ROWS = 3000


def here(name: str, rows: int, repeats: int, python: str = "", module: str = "", most: float | None = None) -> Cost:
    """Stand in for `measure` without a process for each job."""
    if name.startswith("import"):
        return Cost(0.5, 1.0, {})
    return jobs.cost_of(name, ROWS, 1)


@pytest.mark.parametrize("stages", [1, 2])
@pytest.mark.parametrize("domains", [0, 10, 100, 1000])
def test_the_floor_makes_the_table_of_evalkit(domains: int, stages: int) -> None:
    own, floor = jobs.share(ROWS, domains, stages)(), jobs.share_floor(ROWS, domains, stages)()
    for name in jobs.COLUMNS:
        np.testing.assert_allclose(floor[name], own[name], rtol=1e-9, atol=1e-15, err_msg=name)


def test_the_floor_takes_uneven_fractions() -> None:
    raw = made_survey(ROWS)
    raw = replace(raw, drawn=np.linspace(0.1, 0.9, len(raw.n)).round(1), asked=np.linspace(0.2, 1, len(raw.stratum)).round(1))
    table = jobs.answers(raw, 10).assign(villages=raw.drawn[raw.stratum[raw.unit]], households=raw.asked[raw.unit])
    own = ev.proportion(jobs.surveyed(table, 2), "y", by="domain").table()
    floor = floors.table(raw, raw.domain(10), 10, 2)
    for name in jobs.COLUMNS:
        np.testing.assert_allclose(floor[name], own[name], rtol=1e-9, err_msg=name)


@pytest.mark.parametrize("stages", [1, 2])
def test_rows_may_stand_in_any_order(stages: int) -> None:
    raw, order = made_survey(ROWS), np.random.default_rng(5).permutation(ROWS)
    mixed, domain = replace(raw, unit=raw.unit[order], weight=raw.weight[order], y=raw.y[order]), raw.domain(10)
    floor = floors.table(mixed, domain[order], 10, stages)
    own = ev.proportion(jobs.surveyed(jobs.answers(mixed).assign(domain=domain[order]), stages), "y", by="domain").table()
    for name, column in floors.table(raw, domain, 10, stages).items():
        np.testing.assert_allclose(floor[name], column, rtol=1e-12)
        np.testing.assert_allclose(floor[name], own[name], rtol=1e-9)


def test_building_and_its_floor_see_the_same_design() -> None:
    assert jobs.build(ROWS)() == jobs.build_floor(ROWS)()


def test_the_raked_floor_meets_its_margins() -> None:
    raw = made_survey(ROWS)
    weights = floors.raked(raw.margins(), raw.targets(), raw.weight)
    for codes, target in zip(raw.margins(), raw.targets(), strict=True):
        np.testing.assert_allclose(np.bincount(codes, weights), target, rtol=1e-9)


@pytest.mark.parametrize(("own", "floor"), [("rake", "rake-floor"), ("rake-text", "rake-floor")])
def test_raking_makes_the_weights_of_its_floor(own: str, floor: str) -> None:
    np.testing.assert_allclose(jobs.JOBS[own](ROWS)()["weights"], jobs.JOBS[floor](ROWS)()["weights"], rtol=1e-8)


def test_replicates_estimate_what_the_linearised_variance_estimates() -> None:
    linear, raw = jobs.share(20_000, 10, 1)(), made_survey(20_000)
    floor = floors.bootstrapped(raw, raw.domain(10), 10, floors.drawn(raw, 2000, 1))
    np.testing.assert_allclose(floor["estimate"], linear["estimate"], rtol=1e-9)
    np.testing.assert_allclose(floor["random_se"], linear["se"], rtol=0.1)


def test_replicates_are_those_of_their_floor_given_the_same_factors() -> None:
    raw = made_survey(20_000)
    own = jobs.bootstrap(20_000, 100)()
    replicated = jobs.surveyed(jobs.answers(raw), 1).replicate("rwy", replicates=100, seed=jobs.SEED).replicated
    floor = floors.bootstrapped(raw, raw.domain(100), 100, iter([replicated.plan.factors()]))
    for name, column in floor.items():
        np.testing.assert_allclose(own[name], column, rtol=1e-9)


def test_a_job_is_measured_in_a_process_of_its_own() -> None:
    told = estimate.measure("share-0-1-floor", ROWS, 1)
    assert told.seconds > 0 and told.numbers == jobs.cost_of("share-0-1-floor", ROWS, 1).numbers
    with pytest.raises(SystemExit, match="nothing"):
        estimate.measure("nothing", ROWS, 1)


def test_an_import_says_its_own_seconds() -> None:
    told = jobs.timed(jobs.imported(ROWS, "import json"), 2)
    assert 0 < told.seconds < 1 and not told.numbers


def test_the_benchmark_runs_and_writes_its_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimate, "measure", here)
    page = tmp_path / "page.md"
    estimate.main(["--date", "2026-01-01", "--share", "0.003", "--repeats", "1", "--out", str(page)])
    text = page.read_text(encoding="utf-8")
    assert all(f"## {case.title}" in text for case in estimate.CASES)
    assert "2026-01-01" in text and importlib.metadata.version("numpy") in text and "数不同" not in text
    assert str(page) in capsys.readouterr().out


def test_a_row_keeps_to_its_goal() -> None:
    case = estimate.Case("share-0-1", "", times=1.5, megabytes=100)
    floor, peer = Cost(0.01, 5, {"se": 1.0}), Cost(0.02, 5, {"se": 1.0}, version="0.35.0")
    rows = estimate.rows_of(case, 1.0, floor, peer, Cost(0.014, 50, {"se": 1.0}))
    assert rows[-1] == ("evalkit", "1,000,000", "14.0", "1.40", "0.7", "50", "≤ 15.0 毫秒，≤ 100 MB", "是")
    assert estimate.rows_of(case, 1.0, floor, peer, Cost(0.014, 150, {"se": 1.0}))[-1][-1] == "否"
    assert estimate.rows_of(case, 1.0, floor, peer, Cost(0.014, 50, {"se": 1.1, "n": 1}))[-1][-1] == "数不同"
    slow = estimate.rows_of(case, 1.0, floor, Cost(300.0, np.nan, {}, broken_off=True), Cost(0.014, 50, {"se": 1.0}))
    assert slow[1] == ("svy", "1,000,000", "> 300000.0", "> 30000.00", "—", "—", "", "未跑完")
    assert slow[2][4] == "< 4.7e-05"
