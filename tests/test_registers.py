"""Registers of households larger than memory: the same frame, sample and certificate as from memory, and what crosses is counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest

import evalkit as ev
from evalkit import engines
from evalkit.cli import main
from evalkit.design import Design
from evalkit.evaluation import Evaluation
from evalkit.sample import Sample
from evalkit.verification import verify
from tests import county, engine_cases
from tests.engine_cases import OWN, drawn, framed
from tests.refusals import refused

ENGINES = ("duckdb", "polars", "parquet", "csv")

@pytest.fixture(scope="module")
def design() -> Design:
    return engine_cases.declared()


@pytest.fixture(scope="module")
def register() -> pd.DataFrame:
    return engine_cases.register()


@pytest.fixture(scope="module")
def near() -> Sample:
    return engine_cases.from_memory()


@pytest.fixture(scope="module")
def returned() -> pd.DataFrame:
    return engine_cases.returned()


@pytest.fixture(scope="module")
def sources(register: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("register")
    half = len(register) // 2
    for at, part in enumerate((register.iloc[:half], register.iloc[half:])):
        part.to_parquet(folder / f"part-{at}.parquet")
    register.to_csv(folder / "旧.csv", index=False, encoding="gb18030")
    with duckdb.connect() as engine:
        engine.register("listed", register)
        yield {
            "duckdb": engine.sql("SELECT * FROM listed"),
            "polars": pl.from_pandas(register).lazy(),
            "parquet": folder / "part-*.parquet",
            "csv": str(folder / "旧.csv"),
        }


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_draw_as_from_memory(
    engine: str, sources: dict[str, Any], register: pd.DataFrame, design: Design, near: Sample, returned: pd.DataFrame
) -> None:
    frame = framed(sources[engine])
    here = register[register["township_code"] != "533124207"]
    assert frame.fingerprint == near.frame.fingerprint and frame.dropped == (("园区", len(register) - len(here)),)
    assert frame.table()["户数"].astype(int).tolist() == here.groupby("村代码").size().tolist()
    assert frame.table()["人数"].astype(int).tolist() == here.groupby("村代码")["人数"].sum().tolist()
    far = drawn(frame, sources[engine])
    assert far.certificate.sha256 == near.certificate.sha256
    for stage in ("village", "household"):
        pd.testing.assert_frame_equal(far.table(stage), near.table(stage))
    pd.testing.assert_frame_equal(far.reserves(), near.reserves())
    collected = ev.collect(far, lazily(engine, returned))
    pd.testing.assert_frame_equal(collected.table(), ev.collect(near, returned).table())


def lazily(engine: str, table: pd.DataFrame) -> Any:
    return pl.from_pandas(table.astype(str)).lazy() if engine == "polars" else duckdb.from_df(table)


def test_a_register_in_our_own_words_is_drawn_from_and_verified(sources: dict[str, Any], design: Design, near: Sample) -> None:
    first = ev.draw(framed(sources["polars"]), design, seed=county.SEED)
    words = {**dict.fromkeys(design.rosters.strata, ""), **design.rosters.strata} if design.rosters else {}
    plain = sources["polars"].drop("village").rename(OWN).with_columns(pl.col("stratum").replace(words))
    far = ev.draw_next(first, plain)
    assert far.certificate.sha256 == near.certificate.sha256
    assert verify(far.certificate, framed(sources["parquet"]), plain).ok
    gone = plain.filter(~((pl.col("village") == first.villages[0]) & (pl.col("household") == "0001")))
    assert not verify(far.certificate, framed(sources["parquet"]), gone).ok


def test_what_crosses(sources: dict[str, Any], register: pd.DataFrame, design: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    crossed: list[tuple[int, int]] = []
    plain = engines.Far.brought

    def counted(self: Any, what: str, ask: Any) -> pd.DataFrame:
        made = plain(self, what, ask)
        crossed.append(made.shape)
        return made

    monkeypatch.setattr(engines.Far, "brought", counted)
    sample = drawn(framed(sources["duckdb"]), sources["duckdb"])
    villages = register["村代码"].nunique()
    rows = int(register["村代码"].isin(sample.villages).sum())
    # villages with their township, count, sum and how many cells were none; their counts again; the drawn villages' households
    assert crossed == [(villages, 6), (villages, 2), (rows, 7)] and 10 * rows < 3 * len(register)


def test_faults_are_told_by_village(register: pd.DataFrame, design: Design, near: Sample) -> None:
    table, village = register.reset_index(drop=True), near.villages[0]
    mine = table.index[table["村代码"] == village]
    torn = table.assign(township_code=table["township_code"].mask(table.index == mine[0], "别处"))
    spoilt = table.assign(人数=table["人数"].astype(float).mask(table.index == mine[1], 2.5))
    for far in (False, True):
        made = [pl.from_pandas(each).lazy() if far else each for each in (torn, spoilt)]
        assert f"township_code：{village}｜同一村有 2 种写法" in refused(lambda made=made: framed(made[0]))
        said = refused(lambda made=made: framed(made[1]))
        assert f"人数：村 {village}｜1 行不是" in said if far else f"第 {mine[1] + 2} 行，人数" in said
    worded = table.assign(人数=table["人数"].astype(str).mask(table.index == mine[1], "两人"))
    for each in (pl.from_pandas(worded).lazy(), duckdb.from_df(worded)):
        assert f"人数：村 {village}｜1 行不是" in refused(lambda each=each: framed(each))
    blank = pl.from_pandas(table.assign(户类型=table["户类型"].mask(table.index == mine[2], ""))).lazy()
    assert f"户类型：村 {village}｜空白" in refused(lambda: ev.read_rosters(blank, design, villages=near.villages))
    assert "没有写要哪些村" in refused(lambda: ev.read_rosters(blank, design))
    assert "没有这一列" in refused(lambda: framed(blank.drop("人数")))
    assert "已作他用" in refused(lambda: ev.Frame.from_data(blank, id="村代码", columns=["人数"], rows="户数", sums=["人数"]))
    assert "rows" in refused(lambda: ev.Frame.from_data(blank, id="村代码", sums=["人数"]))


def test_rows_of_other_villages_among_the_returns_are_told(returned: pd.DataFrame, near: Sample) -> None:
    strange = returned.assign(村代码=returned["村代码"].mask(returned.index < 3, "533124999999"))
    said = refused(lambda: ev.collect(near, duckdb.from_df(strange)))
    assert "村代码：533124999999｜这个村没有被抽中（3 行）" in said


def test_a_code_is_found_however_it_is_written(register: pd.DataFrame, design: Design, near: Sample) -> None:
    written = register.assign(村代码=register["村代码"].astype("int64"))
    far = framed(duckdb.from_df(written))
    assert drawn(far, duckdb.from_df(written)).certificate.sha256 == near.certificate.sha256
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    cells = register["村代码"].where(register.index % 2 == 0, " " + register["村代码"].str.translate(wide))
    mixed = pl.from_pandas(register.assign(村代码=cells)).lazy()
    assert drawn(framed(mixed), mixed).certificate.sha256 == near.certificate.sha256


def test_a_register_in_a_workbook_or_in_memory_is_one_too(tmp_path: Path, register: pd.DataFrame, near: Sample) -> None:
    register.to_excel(tmp_path / "户名册.xlsx", index=False)
    for rosters in (register, tmp_path / "户名册.xlsx"):
        assert drawn(near.frame, rosters).certificate.sha256 == near.certificate.sha256


def test_a_plain_list_in_an_engine_is_no_register() -> None:
    table = pl.LazyFrame({"code": ["2", "1", "2"], "town": ["a", "b", "a"], "more": [1, 2, 3]})
    assert "编号重复" in refused(lambda: ev.Frame.from_data(table, id="code", columns=["town"]))
    assert ev.Frame.from_data(table.head(2), id="code", columns=["town"]).units == ("1", "2")


def test_a_folder_draws_from_a_register_beside_its_design(tmp_path: Path, register: pd.DataFrame, design: Design, near: Sample) -> None:
    folder = tmp_path / "某县"
    folder.mkdir()
    register.to_parquet(folder / "户名册.parquet")
    (folder / "design.toml").write_text(PLAN, encoding="utf-8")
    evaluation = Evaluation(folder)
    assert evaluation.design.hash == design.hash
    evaluation.draw(seed=county.SEED)
    told = main.main(["rosters", str(folder)], standalone_mode=False)
    assert told is None and [path.name for path in (folder / "rosters").iterdir()] == ["取自户名册-1.csv"]
    assert Evaluation(folder).saved().content["stages"] == near.certificate.content["stages"]
    assert not (folder / "frame").exists() and Evaluation(folder).verify()[1]
    assert "名册已齐" in Evaluation(folder).rosters()[0] and len(list((folder / "rosters").iterdir())) == 1


PLAN = """
format = 1
[evaluation]
title = "试验评估"
county = "示例县"
year = 2018
[frame]
file = "户名册.parquet"
id = "村代码"
name = "village"
columns = ["township_code"]
rows = "户数"
sums = ["人数"]
code = "division"
rule = [{column = "township_code", drop = ["533124207"], reason = "园区"}]
[[stage]]
name = "village"
method = "pareto"
size = "人数"
strata = ["township_code"]
n = 2
[[stage]]
name = "household"
method = "srs"
strata = ["户类型"]
n = {"脱贫户" = 8, "未脱贫户" = 2, "非建档立卡户" = 10}
shortfall = "take-all"
[reserves]
n = {"脱贫户" = 3, "未脱贫户" = 1, "非建档立卡户" = 3}
[rosters]
file = "户名册.parquet"
village = "村代码"
household = "户编号"
stratum = "户类型"
persons = "人数"
head = "户主"
id_number = "证件号码"
address = "自然村"
strata = {"已脱贫" = "脱贫户", "一般农户" = "非建档立卡户"}
[report]
name = "示例县"
title = "报告"
institute = "某院"
date = "2018-12-10"
fieldwork = "2018-11-10"
"""
