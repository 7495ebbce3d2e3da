"""What values mean in each engine: the same as in memory, or refused with the column named."""

from __future__ import annotations

import datetime
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
from evalkit.errors import EvalkitWarning, SurveyError
from tests import county, engine_cases
from tests.engine_cases import same
from tests.refusals import refused

ROWS = 240
DESIGN = {"strata": "stratum", "clusters": "village"}


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvalkitWarning)
        yield


def plain() -> pd.DataFrame:
    draw = np.random.default_rng(5)
    made = pd.DataFrame({"stratum": np.repeat([0, 1], ROWS // 2), "village": np.repeat(np.arange(24), 10)})
    return made.assign(y=draw.integers(0, 2, ROWS), income=draw.gamma(2, 3, ROWS), kind=draw.choice(["甲", "乙", "丙"], ROWS))


def held(table: pd.DataFrame, folder: Path) -> dict[str, Any]:
    """Put a table where the engines of an ordinary installation find it."""
    table.to_parquet(folder / "a.parquet")
    return {
        "polars": pl.from_pandas(table).lazy(),
        "duckdb": duckdb.read_parquet(str(folder / "a.parquet")),
        "path": folder / "a.parquet",
    }


def test_whole_numbers_beside_a_missing_one_stay_apart(tmp_path: Path) -> None:
    table = plain().assign(code=pd.array(2**60 + np.arange(ROWS) % 3, "Int64"))
    table.loc[5, "code"] = pd.NA
    near = ev.proportion(ev.Survey.from_data(table, **DESIGN), "y", by="code", missing="out")
    assert len(near.table()) == 3
    for each in [*held(table, tmp_path).values(), pl.from_pandas(table), pl.from_pandas(table).to_arrow()]:
        same(near, ev.proportion(ev.Survey.from_data(each, **DESIGN), "y", by="code", missing="out"))


def test_tables_in_memory_of_other_libraries_are_taken_as_those_in_engines() -> None:
    """A truth value beside a missing one, and decimals: pandas holds both as objects."""
    table = plain().assign(found=lambda t: (t["y"] == 1).astype("boolean"))
    table.loc[3, "found"] = pd.NA
    near = ev.proportion(ev.Survey.from_data(table, **DESIGN), "found", missing="out")
    given = pl.from_pandas(table).with_columns(pl.col("income").cast(pl.Decimal(20, 4)))
    for each in (given, given.lazy()):
        far = ev.Survey.from_data(each, **DESIGN)
        same(near, ev.proportion(far, "found", missing="out"))
        exact = table.assign(income=given["income"].cast(pl.Float64).to_numpy())
        same(ev.mean(ev.Survey.from_data(exact, **DESIGN), "income"), ev.mean(far, "income"))


def test_conditions_choose_the_same_rows(tmp_path: Path) -> None:
    """Short decimals are compared as doubles, truth values as 0 and 1, dates that are written as text as dates."""
    table = plain().assign(short=np.float32(0.1) * (np.arange(ROWS) % 3).astype("float32"), true=lambda t: t["y"] == 1)
    table["day"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(ROWS) % 5, "D")
    table["lost"] = table["income"].mask(table.index % 7 == 0)
    asked = [
        ev.col("short") > 0.1, ev.col("short").isin([0.1]) | (ev.col("y") == 1), ev.col("true").isin([True]), ev.col("true") < True,
        ev.col("day") > "2024-01-03", (ev.col("lost") > 5) | ev.col("lost").isna(), ~(ev.col("lost") > 5) & ~ev.col("lost").isna(),
    ]  # fmt: skip
    surveys = [ev.Survey.from_data(each, **DESIGN) for each in [table, *held(table, tmp_path).values()]]
    for where in asked:
        near, *others = [ev.mean(each, "income", where=where) for each in surveys]
        for far in others:
            same(near, far)
    assert ev.mean(surveys[0], "y", where=asked[0]).n[0] == (table["short"] > 0).sum()  # 0.1 as a float32 is more than 0.1
    for survey in surveys[1:]:
        for where in (ev.col("lost") > 5, ~(ev.col("lost") > 5), ev.col("lost") != 1, ~ev.col("lost").isin([1.0])):
            assert "35 行的条件为缺失" in refused(lambda survey=survey, where=where: ev.mean(survey, "y", where=where))
        assert "所比的文字不是" in refused(lambda survey=survey: ev.mean(survey, "y", where=ev.col("day") > "去年"))


def test_moments_lists_and_missing_values_mean_the_same_in_memory(tmp_path: Path) -> None:
    """A date or its text is the first instant of the day; a list may mix whole numbers and decimals; nothing is compared with None."""
    at, day = pd.Timestamp("2024-01-02"), datetime.date(2024, 1, 2)
    table = plain().assign(at=pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(ROWS) % 5 * 12, "h"), code=np.arange(ROWS) % 4)
    table["day"], table["zoned"], table["x"] = table["at"].dt.date, table["at"].dt.tz_localize("Asia/Shanghai"), table["code"] / 2
    surveys = [ev.Survey.from_data(each, **DESIGN) for each in [table, *held(table, tmp_path).values()]]
    for name, hits in {"at": 48, "day": 96}.items():
        here = ev.col(name)
        assert [ev.mean(surveys[0], "y", where=here == value).n[0] for value in (day, "2024-01-02", at, at.to_datetime64())] == [hits] * 4
        for where, n in {here != day: ROWS - hits, here.isin(["2024-01-02", at, None]): hits, here < at.to_datetime64(): 96}.items():
            near, *others = [ev.mean(each, "income", where=where) for each in surveys]
            assert near.n[0] == n
            for far in others:
                same(near, far)
    for where in (ev.col("code").isin([1, 2.0]), ev.col("code").isin([1.5, 2]), ~ev.col("code").isin([1.5]), ev.col("x").isin([1, 1.5])):
        near, *others = [ev.mean(each, "income", where=where) for each in surveys]
        for far in others:
            same(near, far)
    for survey in surveys:
        for where in (ev.col("zoned") != day, ev.col("zoned").isin([at])):
            assert "zoned｜列带时区" in refused(lambda survey=survey, where=where: ev.mean(survey, "y", where=where))
        aware = ev.col("zoned") >= at.tz_localize("Asia/Shanghai")
        assert ev.mean(survey, "y", where=aware).n[0] == 144
        assert "列不带时区" in refused(lambda survey=survey: ev.mean(survey, "y", where=ev.col("at") != at.tz_localize("UTC")))
        for where in (ev.col("code") != "1", ev.col("kind").isin([1]), ev.col("kind") != ev.col("code"), ~ev.col("y").isin(["1"])):
            assert "列与所比的值不是同一类" in refused(lambda survey=survey, where=where: ev.mean(survey, "y", where=where))
        assert "所比的值不是（int）" in refused(lambda survey=survey: ev.mean(survey, "y", where=ev.col("at") != 3))
    for lost in (None, np.nan, pd.NaT):
        assert "ev.col('kind').isna()" in refused(lambda lost=lost: ev.col("kind") == lost)


def test_categories_are_not_compared_by_letters_and_are_all_there() -> None:
    words = ["丁", "乙", "甲", "丙"]
    table = plain().assign(kind=lambda t: pd.Categorical(t["kind"], words, ordered=True))
    near = ev.Survey.from_data(table, **DESIGN)
    enum = pl.from_pandas(table).with_columns(pl.col("kind").cast(pl.Enum(words))).lazy()
    for each in (enum, duckdb.from_df(table)):
        far = ev.Survey.from_data(each, **DESIGN)
        same(ev.proportion(near, "kind"), ev.proportion(far, "kind"))  # 丁 has nobody, and a row
        same(ev.mean(near, "y", by="kind"), ev.mean(far, "y", by="kind"))
        same(ev.mean(near, "y", where=ev.col("kind") == "甲"), ev.mean(far, "y", where=ev.col("kind") == "甲"))
        assert "isin" in refused(lambda far=far: ev.mean(far, "y", where=ev.col("kind") > "乙"))


def test_categories_of_a_parquet_file_are_not_compared_by_letters(tmp_path: Path) -> None:
    table = plain().assign(kind=lambda t: pd.Categorical(t["kind"], ["丁", "乙", "甲", "丙"], ordered=True))
    far = ev.Survey.from_data(held(table, tmp_path)["path"], **DESIGN)
    assert "isin" in refused(lambda: ev.mean(far, "y", where=ev.col("kind") > "乙"))
    same(*(ev.mean(each, "y", where=ev.col("kind").isin(["乙"])) for each in (ev.Survey.from_data(table, **DESIGN), far)))


def test_parquet_files_of_one_table_hold_the_same_moments_and_numbers(tmp_path: Path) -> None:
    """A time with a zone is another moment than one without; a whole number beyond 2⁵³ among decimals is another number."""
    at = pd.Timestamp("2024-01-01")
    pairs = {
        "带时区的时刻": (at.tz_localize("Asia/Shanghai"), at), "日期": (at.date(), at), "2 的 53 次方": (2**53 + 1, 0.5),
    }  # fmt: skip
    for told, pair in pairs.items():
        for name, value in zip("ab", pair, strict=True):
            plain().assign(x=value).to_parquet(tmp_path / f"{name}.parquet")
        assert told in refused(lambda: ev.Survey.from_data(tmp_path / "*.parquet", **DESIGN))
    plain().assign(x=7).to_parquet(tmp_path / "a.parquet")  # beside 0.5
    assert len(ev.mean(ev.Survey.from_data(tmp_path / "*.parquet", **DESIGN), "y", by="x").table()) == 2


def test_domains_of_truth_values_and_zoned_times_keep_their_names(tmp_path: Path) -> None:
    table = plain().assign(true=lambda t: t["y"] == 1, at=pd.Timestamp("2024-01-01", tz="Asia/Shanghai"))
    near = ev.Survey.from_data(table, **DESIGN)
    for engine, each in held(table, tmp_path).items():
        far = ev.Survey.from_data(each, **DESIGN)
        same(ev.mean(near, "income", by="true"), ev.mean(far, "income", by="true"))
        if engine == "polars":
            same(ev.mean(near, "income", by="at"), ev.mean(far, "income", by="at"))
        else:
            assert "at｜带时区的时刻" in refused(lambda far=far: ev.mean(far, "income", by="at"))


@pytest.mark.parametrize("weights", ["1.5", True, pd.Categorical(["1.5"] * ROWS), datetime.date(2024, 1, 1)])
def test_weights_that_are_no_numbers_are_refused(weights: Any, tmp_path: Path) -> None:
    table = plain().assign(w=weights)
    for each in [table, *held(table, tmp_path).values()]:
        assert "w｜应为数值" in refused(lambda each=each: ev.Survey.from_data(each, weights="w", **DESIGN))
        assert "w｜应为数值" in refused(lambda each=each: ev.Survey.from_data(each, fpc="w", **DESIGN))


def test_sums_of_duckdb_are_whole_numbers() -> None:
    counted = duckdb.from_df(plain()).aggregate("stratum, village, kind, sum(y) AS y, count(*) AS w")
    near = ev.mean(ev.Survey.from_data(counted.df().astype({"y": int}), weights="w", **DESIGN), "y")
    same(near, ev.mean(ev.Survey.from_data(counted, weights="w", **DESIGN), "y"))


@pytest.mark.parametrize("heading", ["错退 ", " 错退", "a.b", "y\n", 'a"b', "self"])
def test_headings_of_every_kind(heading: str, tmp_path: Path) -> None:
    table = plain().rename(columns={"y": heading})
    near, *others = [
        ev.mean(ev.Survey.from_data(each, **DESIGN), "income", by=heading, where=ev.col(heading) >= 0)
        for each in [table, *held(table, tmp_path).values()]
    ]
    for far in others:
        same(near, far)


def test_headings_that_are_patterns_are_refused(tmp_path: Path) -> None:
    for each in held(plain().rename(columns={"y": "*"}), tmp_path).values():
        assert "不能按这样的列名取列" in refused(lambda each=each: ev.mean(ev.Survey.from_data(each, **DESIGN), "*"))


def test_headings_that_collide_with_ours_are_refused(tmp_path: Path) -> None:
    for heading in ("evalkit_s0", "evalkit_inside", "evalkit_n"):
        for each in held(plain().rename(columns={"y": heading}), tmp_path).values():
            told = refused(lambda each=each, by=heading: ev.mean(ev.Survey.from_data(each, **DESIGN), "income", by=by))
            assert f"{heading}｜列名以 evalkit_ 开头" in told


def test_a_query_that_cannot_be_repeated_is_refused() -> None:
    times: list[int] = []

    def fewer(rows: pl.DataFrame) -> pl.DataFrame:
        times.append(len(rows))
        return rows.head(len(rows) - 7 * (len(times) - 1))

    survey = ev.Survey.from_data(pl.from_pandas(plain()).lazy().map_batches(fewer), **DESIGN)
    assert "一次 240 行，一次 233 行" in refused(lambda: ev.mean(survey, "income"))


def test_a_register_is_counted_without_sums_and_sums_do_not_wrap_around(tmp_path: Path) -> None:
    listed = pd.DataFrame({"村代码": np.repeat(["533124207001", "533124207002"], 3000), "分": 2**52 + 1})
    for each in [listed, *held(listed, tmp_path).values()]:
        frame = ev.Frame.from_data(each, id="村代码", rows="户数")
        assert frame.table()["户数"].tolist() == ["3000", "3000"]
        told = refused(lambda each=each: ev.Frame.from_data(each, id="村代码", rows="户数", sums=["分"]))
        assert "分：533124207001｜全村之和超过 2 的 53 次方" in told


def test_returns_from_an_engine_name_the_household() -> None:
    sample, back = engine_cases.from_memory(), engine_cases.returned().astype(str)
    village, household = (back[name].iat[0] for name in ("村代码", "户编号"))
    lost, strange = back.assign(村代码=back["村代码"].mask(back.index == back.index[1])), back.copy()
    strange.loc[strange.index[0], "户编号"] = "9999"
    twice = refused(lambda: ev.collect(sample, pl.from_pandas(pd.concat([back, back.iloc[:1]])).lazy()))
    assert f"村 {village} 户 {household}｜同一户重复，有两行" in twice
    assert f"村 {village} 户 9999｜这一户不在该村的样本" in refused(lambda: ev.collect(sample, pl.from_pandas(strange).lazy()))
    assert "村代码空白（1 行）" in refused(lambda: ev.collect(sample, pl.from_pandas(lost).lazy()))


def test_a_whole_register_in_memory_is_refused_with_the_way_out() -> None:
    first = ev.draw(engine_cases.framed(engine_cases.register()), engine_cases.declared(), seed=county.SEED)
    design = engine_cases.declared()
    words = design.rosters.strata if design.rosters else {}
    plain = engine_cases.register().drop(columns="village").rename(columns=engine_cases.OWN).replace({"stratum": words})
    assert 'isin(sample.villages)' in refused(lambda: ev.draw_next(first, plain))
    mine = plain[plain["village"].isin(first.villages)]
    assert ev.draw_next(first, mine).certificate.sha256 == engine_cases.from_memory().certificate.sha256


def test_codes_kept_as_decimals_stay_apart(tmp_path: Path) -> None:
    """Oracle and Spark keep codes of 18 digits as decimals without a scale: as doubles 24 villages would be one."""
    table = plain().assign(code=lambda t: 10**17 + t["village"])
    near = ev.proportion(ev.Survey.from_data(table, clusters="code"), "y", by="stratum", where=ev.col("code") != 10**17 + 1)
    engine = duckdb.connect()
    engine.register("given", table)
    made = engine.sql("SELECT * REPLACE (code::DECIMAL(18, 0) AS code), code::DECIMAL(20, 2) AS broken FROM given")
    made.write_parquet(str(tmp_path / "a.parquet"))
    eager = pl.read_parquet(tmp_path / "a.parquet")
    for each in (made, tmp_path / "a.parquet", eager.lazy(), eager, pd.read_parquet(tmp_path / "a.parquet")):
        far = ev.Survey.from_data(each, clusters="code")
        same(near, ev.proportion(far, "y", by="stratum", where=ev.col("code") != 10**17 + 1))
        assert len(ev.proportion(far, "y", by="code").table()) == 24
        assert ev.mean(far, "broken").value[0] == pytest.approx(1e17)
        try:
            assert len(ev.proportion(far, "y", by="broken").table()) == 24
        except SurveyError as found:
            assert "broken" in str(found) and "CAST(… AS VARCHAR)" in str(found)
    register = {"id": "code", "rows": "n"}
    frames = {
        ev.Frame.from_data(each, **register).fingerprint for each in (table, made, eager.lazy(), pd.read_parquet(tmp_path / "a.parquet"))
    }
    assert len(frames) == 1
    huge = engine.sql("SELECT * REPLACE ((code::HUGEINT * 1000)::DECIMAL(38, 0) AS code) FROM given")
    assert "CAST(… AS VARCHAR)" in refused(lambda: ev.proportion(ev.Survey.from_data(huge, clusters="code"), "y"))
    assert "CAST(… AS VARCHAR)" in refused(lambda: ev.proportion(ev.Survey.from_data(huge.pl().lazy(), clusters="code"), "y"))
    far = ev.Survey.from_data(huge.pl(), clusters="code")
    assert len(ev.proportion(far, "y", by="code").table()) == 24
    assert ev.proportion(far, "y", where=ev.col("code") == (10**17 + 1) * 1000).n[0] == 10
