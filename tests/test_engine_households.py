"""Answers that stay in their engine are counted as households by everything that takes a survey, or refused by name."""

from __future__ import annotations

import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

import evalkit as ev
from evalkit.estimates.villages import by_unit
from evalkit.survey import RemoteSurvey, Survey
from evalkit.survey.remote import ROWS
from tests.engine_cases import DESIGNS, answers, same
from tests.refusals import refused

VILLAGES = DESIGNS["villages"]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return answers()


@pytest.fixture(scope="module")
def pair(table: pd.DataFrame) -> tuple[Any, Any]:
    """The same answers in memory and in an engine."""
    return tuple(ev.Survey.from_data(each, **VILLAGES) for each in (table, pl.from_pandas(table).lazy()))


@pytest.mark.parametrize("asked", [{}, {"by": "stratum"}, {"where": ev.col("persons") > 3}])
def test_the_correlation_within_villages_counts_households(pair: tuple[Any, Any], asked: dict[str, Any]) -> None:
    near, far = (ev.icc(each, "wrong", **asked) for each in pair)
    pd.testing.assert_frame_equal(near.table(), far.table(), rtol=1e-12)
    assert near.value == pytest.approx(far.value, rel=1e-12)


def test_the_picture_of_villages_counts_households(pair: tuple[Any, Any]) -> None:
    rates = [ev.proportion(each, "wrong", by="stratum") for each in pair]
    near, far = (by_unit(each).drop(columns="first") for each in rates)
    pd.testing.assert_frame_equal(near, far)
    near, far = (each.plot("villages").get_label() for each in rates)
    assert near == far and "户中" in near


def test_a_saved_result_says_how_many_were_asked(pair: tuple[Any, Any], table: pd.DataFrame, tmp_path: Path) -> None:
    ev.proportion(pair[1], "wrong").save(tmp_path / "a.json")
    told = json.loads((tmp_path / "a.json").read_text(encoding="utf-8-sig"))["notes"]["抽样设计"]
    assert told.startswith(f"Survey：1600 行（留在原处），代表 {table['uneven'].sum():.6g}，1 阶段")  # of unequal weights
    alike = ev.Survey.from_data(pl.from_pandas(table.assign(w=1.0 + table["village"] % 2)).lazy(), weights="w", clusters="village")
    assert "权数 1–2，" in repr(ev.mean(alike, "wrong").survey)


def test_a_test_counts_households(pair: tuple[Any, Any]) -> None:
    near, far = (ev.wald(ev.mean(each, ["income", "large", "persons"], by="type")) for each in pair)
    assert near.n == far.n == 1600
    assert ev.mean(pair[1], ["income", "large", "uneven"]).n.tolist() == [1600] * 3  # three numbers: six points a cell, a sixth each


def test_weights_may_be_asked_for(pair: tuple[Any, Any]) -> None:
    same(*(ev.mean(each, "uneven") for each in pair))
    same(*(ev.mean(each, ["income", "uneven"], by="type") for each in pair))


def test_successive_differences_need_an_order(pair: tuple[Any, Any]) -> None:
    near, far = pair
    assert "次序" in refused(lambda: far.replicate("sdr"))
    order = np.argsort(np.random.default_rng(1).random(40))
    found = [ev.mean(each.replicate("sdr", order=order), "income").se[0] for each in (near, far)]
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_a_register_without_sums_is_counted() -> None:
    rows = pd.DataFrame({"村代码": [f"5331242070{k // 100:02d}" for k in range(4000)], "乡镇": "甲乡"})
    with duckdb.connect() as engine:
        frames = [
            ev.Frame.from_data(each, id="村代码", columns=["乡镇"], rows="户数")
            for each in (rows, pl.from_pandas(rows).lazy(), engine.from_df(rows))
        ]
    assert len({each.fingerprint for each in frames}) == 1


def test_missing_answers_are_counted_without_rows(table: pd.DataFrame) -> None:
    lost = table.assign(few=table["persons"].where(table.index % 50 > 0), many=table["income"].where(table.index % 50 > 0))
    lost["kind"] = table["type"].where(~table.index.isin([3, 4, 5]))
    far = ev.Survey.from_data(pl.from_pandas(lost).lazy(), **VILLAGES)
    for ask in (lambda: ev.mean(far, "many"), lambda: ev.mean(far, ["few", "income"]), lambda: ev.mean(far, ["many", "income"], by="type")):
        told = refused(ask)
        assert "｜32 行缺答案" in told and "第" not in told
    told = refused(lambda: ev.mean(far, "income", by="kind"))
    assert "kind｜3 行分组的值缺失" in told and "第" not in told


def test_what_a_survey_has_is_there_or_refused_by_name(pair: tuple[Any, Any], tmp_path: Path) -> None:
    far = pair[1]
    has = {name for name in dir(Survey) if not name.startswith("_")} | {part.name for part in dataclasses.fields(Survey)}
    own = {*dir(RemoteSurvey), *(part.name for part in dataclasses.fields(RemoteSurvey))}
    assert has <= own | set(ROWS)
    for name in sorted(has - own):
        assert "行留在原处" in refused(lambda name=name: getattr(far, name))
    assert "行留在原处" in refused(lambda: len(far))
    (tmp_path / "a.csv").write_text("stratum,village,uneven,y\n", encoding="utf-8")
    assert "没有行" in refused(lambda: ev.proportion(ev.Survey.from_data(tmp_path / "a.csv", clusters="village"), "y"))


def test_one_survey_is_asked_from_several_threads(table: pd.DataFrame, tmp_path: Path) -> None:
    large = pd.concat([table] * 20, ignore_index=True)
    large.to_parquet(tmp_path / "a.parquet")
    far = ev.Survey.from_data(tmp_path / "a.parquet", **VILLAGES)
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: float(ev.mean(far, "income", where=ev.col("type") == "脱贫户")), range(8)))
    assert max(found) - min(found) < 1e-12
