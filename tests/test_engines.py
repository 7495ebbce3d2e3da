"""Answers that stay in their engine: the same numbers as in memory, nothing but sums crosses, faults are told."""

from __future__ import annotations

import io
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

import evalkit as ev
from evalkit import engines, patience
from evalkit.engines import opening
from evalkit.errors import EvalkitWarning
from evalkit.later import later
from evalkit.survey import RemoteSurvey
from tests.engine_cases import ASKED, DESIGNS, agree, answers, limited, same
from tests.refusals import refused


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return answers()


@pytest.fixture(scope="module")
def relation(table: pd.DataFrame) -> Iterator[Any]:
    with duckdb.connect() as engine:
        engine.register("answers", table)
        yield engine.sql("SELECT * FROM answers")


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvalkitWarning)  # domains that nobody is in, the same both ways
        yield


@pytest.mark.parametrize(("engine", "design"), [*(("duckdb", each) for each in DESIGNS), ("polars", "villages"), ("polars", "two stages")])
def test_the_same_numbers_as_in_memory(table: pd.DataFrame, relation: Any, design: str, engine: str) -> None:
    near = ev.Survey.from_data(table, **DESIGNS[design])
    far = ev.Survey.from_data(relation if engine == "duckdb" else pl.from_pandas(table).lazy(), **DESIGNS[design])
    assert isinstance(far, RemoteSurvey)
    for asked in ASKED:
        agree(near, far, design, asked)
    same(*(ev.proportion(each, "type") for each in (near, far)))
    same(*(ev.total(each, "persons", where="wrong") for each in (near, far)))


@pytest.mark.parametrize("design", [{"clusters": "village"}, {"clusters": ["village", None]}])
def test_a_village_that_gives_one_answer_stays_a_village(table: pd.DataFrame, design: dict[str, Any]) -> None:
    """Nothing found anywhere: one row a village comes back, and the bound is that of villages, not that of households."""
    for answer in ("none", "twin"):
        near, far = (ev.proportion(ev.Survey.from_data(each, **design), answer) for each in (table, pl.from_pandas(table).lazy()))
        assert far.df.tolist() == near.df.tolist() == [39]
        same(near, far)
        limited(near, far)
    villages = [ev.mean(ev.Survey.from_data(each, **design), "village") for each in (table, pl.from_pandas(table).lazy())]
    same(*villages)


def test_replicates_are_the_same(table: pd.DataFrame, relation: Any) -> None:
    near, far = (ev.Survey.from_data(each, **DESIGNS["villages"]) for each in (table, relation))
    for asked in ({"method": "jkn"}, {"method": "bootstrap", "replicates": 40, "seed": "7"}):
        same(*(ev.mean(each.replicate(**asked), "income", by="type") for each in (near, far)))


def test_only_sums_cross(table: pd.DataFrame, relation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    crossed: list[int] = []
    plain = engines.Far.brought

    def counted(self: Any, what: str, ask: Any) -> pd.DataFrame:
        made = plain(self, what, ask)
        crossed.append(len(made))
        return made

    monkeypatch.setattr(engines.Far, "brought", counted)
    far = ev.Survey.from_data(relation, **DESIGNS["villages"])
    ev.proportion(far, "wrong")
    assert crossed == [1, table.groupby(["stratum", "village", "wrong"]).ngroups]
    crossed.clear()
    ev.mean(far, "income")
    assert crossed == [1, table.groupby(["stratum", "village"]).ngroups]


def test_files_are_read_where_they_lie(table: pd.DataFrame, tmp_path: Path) -> None:
    parquet, text, old = tmp_path / "回答.parquet", tmp_path / "回答.csv", tmp_path / "旧 回答.csv"
    table.to_parquet(parquet)
    table.to_csv(text, index=False, encoding="utf-8")
    table.to_csv(old, index=False, encoding="gb18030")
    near = ev.proportion(ev.Survey.from_data(table, **DESIGNS["villages"]), "wrong", by="type")
    for path in (parquet, str(text), old):
        same(near, ev.proportion(ev.Survey.from_data(path, **DESIGNS["villages"]), "wrong", by="type"))


def test_what_needs_rows_says_so(relation: Any) -> None:
    far = ev.Survey.from_data(relation, **DESIGNS["villages"])
    assert "行留在原处" in refused(lambda: ev.quantile(far, "income", [0.5]))
    assert "四次方" in refused(lambda: ev.variance(ev.Survey.from_data(relation), "income"))
    assert "没有行号" in refused(lambda: ev.mean(far, "income", where=np.ones(1600, dtype=bool)))
    assert "次序" in refused(lambda: ev.Survey.from_data(relation, fpc="chance", clusters="village", pps="successive"))
    assert "每行自成" in refused(lambda: ev.Survey.from_data(relation).replicate("jk1"))


def test_faults_of_a_table_far_away(table: pd.DataFrame, tmp_path: Path) -> None:
    spoilt = table.assign(weight=np.where(table.index == 3, -1.0, np.where(table.index == 5, np.nan, table["weight"])))
    far = ev.Survey.from_data(pl.from_pandas(spoilt, nan_to_null=False).lazy(), weights="weight", clusters="village")
    told = refused(lambda: ev.mean(far, "income"))
    assert "1 行缺失" in told and "最小 -1" in told
    assert "没有这一列" in refused(lambda: ev.Survey.from_data(pl.from_pandas(table).lazy(), clusters="村"))
    lost = ev.Survey.from_data(pl.from_pandas(table).lazy(), clusters="village")
    assert "条件为缺失" in refused(lambda: ev.mean(lost, "income", where=ev.col("lost") > 5))
    assert "缺答案" in refused(lambda: ev.mean(lost, "lost"))
    endless = pl.from_pandas(table.assign(income=np.where(table.index == 2, np.inf, table["income"]))).lazy()
    assert "1 行不是有限数" in refused(lambda: ev.mean(ev.Survey.from_data(endless, clusters="village"), "income"))
    assert "同一判定单位占多行" in refused(lambda: ev.proportion(lost, "wrong", decided_by="stratum"))
    same(
        ev.proportion(lost, "wrong", decided_by="id"),
        ev.proportion(ev.Survey.from_data(table, clusters="village"), "wrong", decided_by="id"),
    )
    assert "没有这个文件" in refused(lambda: ev.Survey.from_data(tmp_path / "无.parquet"))
    assert "另存为 Parquet" in refused(lambda: ev.Survey.from_data(tmp_path / "无.xlsx"))


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_conditions_of_another_kind_are_told(table: pd.DataFrame, relation: Any, engine: str) -> None:
    far = ev.Survey.from_data(relation if engine == "duckdb" else pl.from_pandas(table).lazy(), clusters="village")
    for where in (ev.col("type") > 2, ev.col("persons") == "5", ev.col("persons").isin(["5"]), ev.col("type") > ev.col("persons")):
        assert "不是同一类" in refused(lambda where=where: ev.proportion(far, "wrong", where=where))
    assert "应为真假列" in refused(lambda: ev.proportion(far, "wrong", where="persons"))
    for survey in (far, ev.Survey.from_data(table)):
        assert "一列也没有给" in refused(lambda survey=survey: ev.mean(survey, []))


def test_types_that_change_between_parts_are_told(tmp_path: Path) -> None:
    pd.DataFrame({"village": [1, 2], "y": [0, 1]}).to_parquet(tmp_path / "a.parquet")
    pd.DataFrame({"village": [3, 4], "y": ["有", "无"]}).to_parquet(tmp_path / "b.parquet")
    for table in (tmp_path / "*.parquet", pl.scan_parquet(tmp_path / "*.parquet")):
        told = refused(lambda table=table: ev.mean(ev.Survey.from_data(table, clusters="village"), "y"))
        assert "同一类型" in told and ("DuckDB" in told or "polars" in told)


def test_files_of_one_table_are_one_kind(tmp_path: Path) -> None:
    """By name and not by place; whole numbers beside broken ones are not rounded; text beside numbers, and other columns, are refused."""
    first, second = pd.DataFrame({"village": [1, 2], "y": [0, 1]}), pd.DataFrame({"y": [0.5, 0.75], "village": [3, 4]})
    whole = ev.mean(ev.Survey.from_data(pd.concat([first, second]), clusters="village"), "y")
    for kind, write in (("parquet", pd.DataFrame.to_parquet), ("csv", pd.DataFrame.to_csv)):
        for name, part in (("a", first), ("b", second)):
            write(part, tmp_path / f"{name}.{kind}", index=False)
        table = tmp_path / f"*.{kind}"
        same(whole, ev.mean(ev.Survey.from_data(table, clusters="village"), "y"))
        write(pd.DataFrame({"village": [3], "y": ["有"]}), tmp_path / f"b.{kind}", index=False)
        if kind == "parquet":  # cells of CSV files are text, of which those columns are numbers that hold nothing else
            told = refused(lambda table=table: ev.Survey.from_data(table, clusters="village"))
            assert told.startswith("DuckDB｜读列名") and "y｜在 a.parquet 中是数，在 b.parquet 中是文字" in told
        else:
            told = refused(lambda table=table: ev.Survey.from_data(table, clusters="village", weights="y"))
            assert "y｜有 1 格不是普通的十进制数，" in told
        write(pd.DataFrame({"village": [3], "z": [1]}), tmp_path / f"b.{kind}", index=False)
        assert f"b.{kind}｜与 a.{kind} 的列不同：y、z" in refused(lambda table=table: ev.Survey.from_data(table, clusters="village"))
    assert "没有这个文件" in refused(lambda: ev.Survey.from_data(tmp_path / "无*.csv"))
    assert "是文件夹" in refused(lambda: ev.Survey.from_data(tmp_path))


def test_nan_in_a_parquet_file_is_a_missing_value(tmp_path: Path) -> None:
    """DuckDB takes a column without NaN in its statistics for one without NaN: ``y > 0`` would hold for it."""
    given = {"village": [1, 1, 2, 2, 3], "y": [0.0, 1.0, float("nan"), 1.0, 2.5]}
    pl.DataFrame(given, nan_to_null=False).write_parquet(tmp_path / "a.parquet")
    relation = duckdb.connect().read_parquet(str(tmp_path / "a.parquet"))
    near = ev.mean(ev.Survey.from_data(pd.DataFrame(given), clusters="village"), "y", missing="out")
    for table in (tmp_path / "a.parquet", relation, pl.scan_parquet(tmp_path / "a.parquet")):
        far = ev.Survey.from_data(table, clusters="village")
        same(near, ev.mean(far, "y", missing="out"))
        assert "缺答案" in refused(lambda far=far: ev.mean(far, "y"))
        for where in (ev.col("y") > 0, ~(ev.col("y") < 1), ev.col("y") != 1):
            assert "1 行的条件为缺失" in refused(lambda far=far, where=where: ev.mean(far, "village", where=where))
        weighed = ev.Survey.from_data(table, clusters="village", weights="y")
        assert "1 行缺失" in refused(lambda weighed=weighed: ev.mean(weighed, "village"))


def test_an_engine_without_an_operation_is_told(relation: Any) -> None:
    def missing(lazy: Any) -> Any:
        raise NotImplementedError("DuckDB knows no such thing")

    far = engines.opened(relation)
    assert far is not None
    told = refused(lambda: far.brought("按列求和", missing))
    assert told.startswith("DuckDB｜按列求和时拒绝了（NotImplementedError）：引擎没有") and "先存成 Parquet" in told


def test_a_unit_in_two_strata_is_found(table: pd.DataFrame) -> None:
    torn = pl.from_pandas(table.assign(stratum=table["id"] % 2)).lazy()
    assert "两个层" in refused(lambda: ev.mean(ev.Survey.from_data(torn, strata="stratum", clusters="village"), "income"))


def test_a_long_question_is_told_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(patience, "SECOND", 0.01)
    with patience.waiting("DuckDB｜按村计数", lambda: 40.0):
        threading.Event().wait(0.5)
    assert "DuckDB｜按村计数……已 1 秒" not in screen.getvalue()
    assert "DuckDB｜按村计数……已 2 秒，40%" in screen.getvalue() and screen.getvalue().endswith(patience.WIPE)


def test_a_question_that_is_stopped_stays_stopped_and_is_no_refusal(relation: Any) -> None:
    def raised(found: BaseException) -> Any:
        raise found

    far = engines.opened(relation)
    assert far is not None
    for found in (KeyboardInterrupt(), RuntimeError("Query interrupted")):  # the second is how DuckDB tells Ctrl-C
        with pytest.raises(KeyboardInterrupt):
            far.brought("按列求和", lambda lazy, found=found: raised(found))


def test_an_engine_that_is_not_installed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n", encoding="utf-8")
    monkeypatch.setattr(opening, "duckdb", later("duckdb", extra="big"))
    monkeypatch.setitem(sys.modules, "duckdb", None)
    said = refused(lambda: engines.opened(tmp_path / "a.csv"))
    assert "duckdb" in said and "evalkit[big]" in said
