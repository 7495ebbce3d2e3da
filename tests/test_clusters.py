"""Spark in a local session and Dask with its threads: the same draws and estimates as from memory; what differs between parts is told."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit.survey import RemoteSurvey
from evalkit.verification import verify
from tests.engine_cases import ASKED, DESIGNS, LARGE, OWN, agree, answers, declared, drawn, framed, from_memory, register, returned, same
from tests.refusals import refused

pytestmark = pytest.mark.java
Put = Callable[[pd.DataFrame], Any]


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has not heard of pandas 3 yet
        quiet = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.sql.shuffle.partitions": "1"}
        quiet |= {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}  # small tables: quicker so
        home = dict.fromkeys(("spark.driver.host", "spark.driver.bindAddress"), "127.0.0.1")
        session = SparkSession.builder.master("local[2]").config(map=quiet | home).getOrCreate()
        session.sparkContext.setLogLevel("OFF")
        yield session
        session.stop()


@pytest.fixture(params=["spark", "dask"])
def put(request: pytest.FixtureRequest) -> Iterator[Put]:
    """Hand a table to an engine; NaN stays NaN there, and is no NULL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if request.param == "spark":
            yield request.getfixturevalue("session").createDataFrame
        else:
            import dask
            import dask.dataframe

            with dask.config.set(scheduler="threads"):
                yield lambda table: dask.dataframe.from_pandas(table, npartitions=3)
            return


def test_the_same_numbers_as_in_memory(put: Put) -> None:
    table = answers()
    held = put(table)
    near, far = (ev.Survey.from_data(each, **DESIGNS["two stages"]) for each in (table, held))
    assert isinstance(far, RemoteSurvey)
    if "dask" in type(held).__module__:
        agree(near, far, "two stages", ASKED[2])
    same(*(ev.proportion(each, "wrong", count="persons", **ASKED[2]) for each in (near, far)))
    near, far = (ev.Survey.from_data(each, **DESIGNS["villages"]) for each in (table, held))
    same(*(ev.ratio(each, "income", "persons", **ASKED[1]) for each in (near, far)))
    same(*(ev.mean(each.replicate("jkn"), ["large", "lost"], missing="out") for each in (near, far)), rtol=LARGE)


def test_the_same_draw_as_from_memory(put: Put) -> None:
    held, near = put(register()), from_memory()
    far = drawn(framed(held), held)
    assert far.certificate.sha256 == near.certificate.sha256
    pd.testing.assert_frame_equal(far.table("household"), near.table("household"))
    back = put(returned().astype(str))
    pd.testing.assert_frame_equal(ev.collect(far, back).table(), ev.collect(near, returned()).table())
    design = declared()
    words = design.rosters.strata if design.rosters else {}
    plain = put(register().drop(columns="village").rename(columns=OWN).replace({"stratum": words}))
    assert verify(far.certificate, near.frame, plain).ok


def test_what_is_told(put: Put) -> None:
    table = answers()
    spoilt = table.assign(weight=np.where(table.index == 3, -1.0, np.where(table.index == 5, np.nan, table["weight"])))
    far = ev.Survey.from_data(put(spoilt), weights="weight", clusters="village")
    told = refused(lambda: ev.mean(far, "income"))
    assert "1 行缺失" in told and "最小 -1" in told
    assert "缺答案" in refused(lambda: ev.mean(ev.Survey.from_data(put(table), clusters="village"), "lost"))
    held = put(table)
    assert "没有这一列" in refused(lambda: ev.Frame.from_data(held, id="村", rows="户数"))
    assert "行留在原处" in refused(lambda: ev.quantile(ev.Survey.from_data(held, clusters="village"), "income", [0.5]))


def test_a_condition_on_a_missing_value_has_no_answer(put: Put) -> None:
    """Dask takes it for false; a condition that says where missing answers belong keeps its rows."""
    table = answers().assign(word=lambda t: t["type"].mask(t.index % 9 == 0), yes=lambda t: t["wrong"].astype("boolean"))
    table["yes"] = table["yes"].mask(table.index % 9 == 0)
    near, far = (ev.Survey.from_data(each, clusters="village") for each in (table, put(table)))
    told = [ev.col("lost") > 5, ~(ev.col("lost") != 1) | ~(ev.col("word") == "脱贫户"), "yes"]
    for where in told if "Dask" in repr(far) else told[:1]:
        assert "条件为缺失" in refused(lambda where=where: ev.mean(far, "income", where=where))
    asked = (ev.col("word").isin(["脱贫户"]) | ev.col("word").isna()) & ((ev.col("yes") < True) | ev.col("yes").isna())
    same(*(ev.mean(each, "income", where=asked) for each in (near, far)))


def test_parts_of_several_types_are_told() -> None:
    import dask.dataframe

    parts = [pd.DataFrame({"village": ["a", "b"], "y": [0, 1]}), pd.DataFrame({"village": ["a", "c"], "y": ["有", "无"]})]
    table = dask.dataframe.from_map(lambda at: parts[at], [0, 1], meta=parts[0])
    told = refused(lambda: ev.mean(ev.Survey.from_data(table, clusters="village"), "y"))
    assert "Dask｜列 y：表头所记是数，有的分区中是文字" in told and "同一类型" in told
    codes = [part.assign(village=[1, 2] if at else part["village"], y=1) for at, part in enumerate(parts)]
    torn = dask.dataframe.from_map(lambda at: codes[at], [0, 1], meta=codes[0])
    assert "列 village：表头所记是文字，有的分区中是数" in refused(lambda: ev.mean(ev.Survey.from_data(torn, clusters="village"), "y"))


def test_headings_that_spark_takes_for_paths_are_refused(session: Any) -> None:
    table = session.createDataFrame(answers()[["village", "income"]].rename(columns={"income": "收入.元"}))
    assert "Spark 不能按这样的列名取列" in refused(lambda: ev.mean(ev.Survey.from_data(table, clusters="village"), "收入.元"))


def test_an_engine_that_is_lost_is_told(session: Any) -> None:
    table = session.createDataFrame(answers()[["village", "income"]]).selectExpr("village", "assert_true(income < 0) AS y", "income")
    told = refused(lambda: ev.mean(ev.Survey.from_data(table, clusters="village"), "income", where=ev.col("y").isna()))
    assert told.startswith("Spark｜")
