"""Files read where they lie: the one that is named, by the rules of CSV and nothing guessed; what goes wrong is told by its kind."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

import evalkit as ev
from evalkit import engines
from evalkit.engines.paths import chosen
from evalkit.engines.refusals import refusal
from evalkit.errors import EvalkitError, SurveyError
from tests import engine_cases
from tests.engine_cases import same
from tests.refusals import refused

MANY = 25_000  # rows, more than an engine looks at before it guesses
REGISTER: dict[str, Any] = {"id": "村代码", "columns": ["乡镇"], "rows": "户数", "sums": ["人数"]}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return engine_cases.answers()[["village", "wrong", "income", "type"]]


def rate(path: Any, what: str = "wrong", **asked: Any) -> ev.Estimate:
    return ev.proportion(ev.Survey.from_data(path, clusters="village"), what, **asked)


def test_a_csv_is_read_by_its_rules_and_not_by_its_first_rows(tmp_path: Path) -> None:
    """Quotes, a comma, a line break and the other ends of lines come late, as in files of two tools put together."""
    rows = [f"53312420{k % 40:04d},甲乡,2" for k in range(MANY)]
    late = [f'"53312420{k % 40:04d}","甲乡",2' for k in range(MANY)]
    near = ev.Frame.from_data(pd.DataFrame([row.split(",") for row in rows], columns=["村代码", "乡镇", "人数"]), **REGISTER)
    path = tmp_path / "名册.csv"
    for body in (
        "".join(row + "\n" for row in [*rows[:22_000], *late[22_000:]]),
        "".join(row + "\n" for row in rows[:22_000]) + "".join(row + "\r\n" for row in late[22_000:]),
    ):
        path.write_bytes(f"村代码,乡镇,人数\n{body}".encode())
        assert ev.read_frame(path, **REGISTER).fingerprint == near.fingerprint
    head, body = "村代码,乡镇,人数,住址\n", "".join(f"{row},\n" for row in rows[:22_000])
    cell = '533124209999,"甲,""乡""",3,"一组\n533124209998,乙乡,4,二组"\n'
    path.write_text(head + body + cell * 2, encoding="utf-8")
    found = ev.read_frame(path, **REGISTER).table().iloc[-1]
    assert found.tolist() == ["533124209999", '甲,"乡"', "2", "6"]
    path.write_text(head + body + cell.replace(",3", ""), encoding="utf-8")
    said = refused(lambda: ev.read_frame(path, **REGISTER))
    assert "名册.csv，第 22002 行，应有 4 格，现有 3 格" in said and "一组" not in said
    path.write_text((head + body).replace(",", ";"), encoding="utf-8")
    assert len(ev.read_frame(path, **REGISTER)) == 40


def test_the_file_that_is_named_is_read(tmp_path: Path, table: pd.DataFrame) -> None:
    """``[ ] ?`` in a name are no pattern; a folder's name gives no column; a pattern passes over hidden files and meets no folder."""
    near = rate(table)
    for name, other in (("回答[1]", "回答1"), ("q?", "qa")):
        for kind, write in (("parquet", pd.DataFrame.to_parquet), ("csv", pd.DataFrame.to_csv)):
            write(table.assign(wrong=True), tmp_path / f"{other}.{kind}", index=False)
            write(table, tmp_path / f"{name}.{kind}", index=False)
            same(near, rate(tmp_path / f"{name}.{kind}"))
    parts = tmp_path / "wrong=1"
    parts.mkdir()
    for kind, write in (("parquet", pd.DataFrame.to_parquet), ("csv", pd.DataFrame.to_csv)):
        for at, part in enumerate((table.iloc[:700], table.iloc[700:])):
            write(part, parts / f"{at}.{kind}", index=False)
            write(part, parts / f".{at}.{kind}", index=False)
        far = ev.Survey.from_data(parts / f"*.{kind}", clusters="village")
        assert far.columns == tuple(table)
        same(near, ev.proportion(far, "wrong"))
    (parts / "sub.parquet").mkdir()
    assert "sub.parquet｜是文件夹" in refused(lambda: rate(parts / "*.parquet"))


def test_paths_that_are_none_say_why(tmp_path: Path) -> None:
    for path, told in {
        "": "是空的", tmp_path: "是文件夹", tmp_path / "无.parquet": "无.parquet｜没有这个文件",
        tmp_path / "无*.csv": "无*.csv｜没有这个文件",
        tmp_path / "*" / "a.parquet": "* 只能写在文件名中", "https://example.com/a.parquet": "只读本机", "s3://b/a.csv": "只读本机",
        tmp_path / "a.xlsx": "ev.read_returns",
    }.items():  # fmt: skip
        assert told in refused(lambda path=path: chosen(path, SurveyError), SurveyError)


def test_codes_in_a_csv_stay_as_they_are_written(tmp_path: Path) -> None:
    """The same groups as of the text in memory, however late the odd ones come; in one file or in two."""
    made = pd.DataFrame({"village": [f"{1000 + k // 100}" for k in range(MANY)], "y": [k % 97 < 9 for k in range(MANY)]})
    spelt = {"zeros": ("100", "0100"), "exponent": ("1E3", "1000"), "hex": ("0x10", "16"), "decimal": ("3.1", "3.10"), "truth": ("T", "F")}
    spelt |= {"date": ("01/02/2024", "2024-01-02"), "blank": (" 100", "100"), "long": ("1" * 42, "1" * 41 + "2"), "word": ("True", "False")}
    for name, (one, other) in spelt.items():
        made[name] = np.where(made.index < MANY - 500, one, other)
    made.loc[MANY - 100 :, "village"] = "01000"
    made.to_csv(tmp_path / "whole.csv", index=False)
    for at, part in enumerate((made.iloc[: MANY - 500], made.iloc[MANY - 500 :])):
        part.to_csv(tmp_path / f"part{at}.csv", index=False)
    near = ev.Survey.from_data(made.assign(word=made["word"] == "True"), clusters="village")
    for path in (tmp_path / "whole.csv", tmp_path / "part*.csv"):
        far = ev.Survey.from_data(path, clusters="village")
        for name in (None, *spelt):
            same(*(ev.proportion(each, "y", by=name) for each in (near, far)))
        assert set(ev.proportion(far, "y", by="decimal").table()["decimal"]) == {"3.1", "3.10"}


def test_numbers_of_a_csv_are_plain_ones_and_nothing_is_taken_for_one(tmp_path: Path, table: pd.DataFrame) -> None:
    path = tmp_path / "回答.csv"
    table.to_csv(path, index=False)
    near, far = (ev.Survey.from_data(each, clusters="village") for each in (table, path))
    same(*(ev.mean(each, "income", by="type", where=ev.col("income") > 5) for each in (near, far)))
    same(*(ev.proportion(each, "wrong", where="wrong") for each in (near, far)))
    for cell in ("张三 11010519491231002X", "NA", "1E3", "1,200.5", " 7", "0012"):
        table.assign(income=table["income"].astype(str).mask(table.index == 1500, cell)).to_csv(path, index=False)
        said = refused(lambda: ev.mean(ev.Survey.from_data(path, clusters="village"), "income"), SurveyError)
        assert "income｜有 1 格不是普通的十进制数，首格在第 1502 行" in said and "张三" not in said
        assert "weights" not in said and "首格在第 1502 行" in refused(lambda: rate_weighed(path))
    table.assign(income=np.where(table.index == 1500, "张三", "2")).to_csv(path, index=False)  # one slip among few numbers
    assert "首格在第 1502 行" in refused(lambda: ev.mean(ev.Survey.from_data(path, clusters="village"), "income"))
    table.assign(income=np.where(table.index == 1500, "", "2.5")).to_csv(path, index=False)
    assert "缺答案" in refused(lambda: ev.mean(ev.Survey.from_data(path, clusters="village"), "income"))
    same(rate(table, "type"), rate(path, "type"))


def rate_weighed(path: Path) -> ev.Estimate:
    return ev.proportion(ev.Survey.from_data(path, clusters="village", weights="income"), "wrong")


def test_headings_and_encodings_are_those_of_memory(tmp_path: Path, table: pd.DataFrame) -> None:
    path = tmp_path / "a.csv"
    for heading in ("村代码,人数,人数", "村代码,人数, 人数", "村代码,人数,人數".replace("數", "数 ")):
        path.write_text(heading + "\n533124207000,1,2\n", encoding="utf-8")
        assert "人数｜列名重复" in refused(lambda: ev.read_frame(path, id="村代码", rows="户数", sums=["人数"]))
    path.write_text("village,y,Y\n1,1,2\n", encoding="utf-8")
    assert "与 y 只差写法" in refused(lambda: ev.Survey.from_data(path))
    path.write_text("\n", encoding="utf-8")
    assert "第 1 行是空的" in refused(lambda: ev.Survey.from_data(path))
    words = table.assign(type=np.where(table["wrong"], "臺灣", "貧困戶"))
    words.to_csv(path, index=False, encoding="big5")
    assert "a.csv｜文字编码不是" in refused(lambda: ev.Survey.from_data(path))
    for encoding in ("utf-16", "gb18030", "utf-8-sig"):
        words.to_csv(path, index=False, encoding=encoding)
        same(rate(words, by="type"), rate(path, by="type"))


@pytest.mark.parametrize("engine", ["memory", "duckdb", "polars", "parquet", "csv"])
def test_a_drawn_village_has_rows_in_the_register_that_counted_it(engine: str, tmp_path: Path) -> None:
    """Village codes as decimals are found by their rows; a village of which the register has none is refused by name."""
    near, whole, design = engine_cases.from_memory(), engine_cases.register(), engine_cases.declared()
    gone = near.villages[0]
    for table, complete in ((whole.assign(村代码=whole["村代码"].astype(float)), True), (whole[whole["村代码"] != gone], False)):
        given: Any = table
        if engine == "duckdb":
            given = duckdb.from_df(table)
        elif engine == "polars":
            given = pl.from_pandas(table).lazy()
        elif engine != "memory":
            given = tmp_path / f"名册.{engine}"
            table.to_parquet(given) if engine == "parquet" else table.to_csv(given, index=False)
        if complete:
            assert engine_cases.drawn(engine_cases.framed(given), given).certificate.sha256 == near.certificate.sha256
        else:
            said = refused(lambda given=given: ev.read_rosters(given, design, villages=near.villages, register=True))
            assert f"村代码：{gone}｜按村计过户数的户名册中，这个村一行也没有" in said
            if engine in ("duckdb", "polars"):
                words = {**dict.fromkeys(design.rosters.strata, ""), **design.rosters.strata} if design.rosters else {}
                plain = pl.from_pandas(table.drop(columns="village").rename(columns=engine_cases.OWN).replace({"stratum": words})).lazy()
                first = ev.draw(near.frame, design, seed=near.seed)
                assert f"village：{gone}｜" in refused(lambda first=first, plain=plain: ev.draw_next(first, plain))


def test_nothing_of_a_row_is_shown_or_chained_to(tmp_path: Path) -> None:
    """A notebook shows what an exception is raised from: there stand a name and an identity number."""
    secret = "张三 11010519491231002X"
    path, rows = tmp_path / "a.csv", "".join(f"{k // 40},李四,{k}\n" for k in range(MANY))
    path.write_text(f"village,姓名,income\n{rows}750,{secret}\n", encoding="utf-8")

    def broken(_: Any) -> Any:
        raise ValueError(secret)

    frame = pl.DataFrame({"village": [1, 2], "income": ["1", "2"]}).lazy()
    relation = duckdb.sql(f"SELECT 1 AS village, CAST(cell AS INT) AS income FROM (VALUES ('{secret}')) held(cell)")
    for source in (path, frame.with_columns(pl.col("income").map_batches(broken)), relation):
        with pytest.raises(EvalkitError) as told:
            ev.mean(ev.Survey.from_data(source, clusters="village"), "income")
        assert secret not in "".join(traceback.format_exception(told.value)) and not told.value.__context__


def test_each_kind_of_failure_has_its_own_remedy(tmp_path: Path, table: pd.DataFrame) -> None:
    engine = duckdb.connect()
    engine.register("held", table)
    closed = ev.Survey.from_data(engine.sql("SELECT * FROM held"), clusters="village")
    engine.close()
    path = tmp_path / "interrupted.parquet"
    table.to_parquet(path)
    far, whole = ev.Survey.from_data(path, clusters="village"), path.read_bytes()
    path.unlink()
    assert "连接已经关闭" in refused(lambda: ev.proportion(closed, "wrong"))
    assert "文件已不在原处" in refused(lambda: ev.proportion(far, "wrong"))
    for content in (b"junk", b"PAR1" + b"junk" * 9, whole[: len(whole) // 2]):
        path.write_bytes(content)
        said = refused(lambda: rate(path))
        assert "不是 Parquet 文件，或文件不完整（interrupted.parquet）" in said
    (tmp_path / "a.csv").write_text('village,y\n1,"2\n3,4\n', encoding="utf-8")
    assert "引号不成对" in refused(lambda: rate(tmp_path / "a.csv", "y"))
    causes = {
        ModuleNotFoundError("pyarrow"): "没有装", MemoryError(): "内存不够", NotImplementedError("x"): "没有这一步所要的运算",
        RuntimeError("SparkContext was shut down"): "Spark 会话已经停止", OSError(28, "No space left on device"): "磁盘已满",
        duckdb.CatalogException("Table with name a does not exist"): "已不在引擎中",
        pl.exceptions.ColumnNotFoundError("张三"): "认不出一个列名", RuntimeError("张三"): "原因不明",
    }  # fmt: skip
    for found, told in causes.items():
        assert told in refusal(found) and "张三" not in refusal(found)
    lost = engines.opened(duckdb.connect().sql("SELECT 1 AS a"))
    assert lost is not None and lost.kinds == {"a": "whole"}


def test_long_codes_of_a_csv_are_text_and_numbers_of_other_programs_are_numbers(tmp_path: Path) -> None:
    """From 2⁵³ on doubles merge codes; Stata, SPSS and SAS write .5 and 5. for numbers."""
    path = tmp_path / "a.csv"
    for codes in ([10**19, 10**19 + 1, 10**19 + 2], [f"{2**53}.0", 2**53 + 1, 2**53 + 2]):
        rows = [f"{k % 20},{codes[k % 3]},{k % 2},{'.5' if k % 2 else '-.25'},{k}." for k in range(120)]
        path.write_text("village,code,wrong,share,whole\n" + "".join(row + "\n" for row in rows), encoding="utf-8")
        survey = ev.Survey.from_data(path, clusters="village")
        assert ev.proportion(survey, "wrong", where=ev.col("code") == str(codes[1])).n[0] == 40
        assert "数与文字" in refused(lambda survey=survey: ev.mean(survey, "wrong", where=ev.col("code") == 10**19 + 1))
        assert ev.mean(survey, "share").value[0] == pytest.approx(0.125)
        assert ev.mean(survey, "whole").value[0] == pytest.approx(59.5)


def test_a_blank_before_a_quote_is_refused_with_and_without_a_line_break(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for cell in ("x", '"x\ny"'):
        path.write_text(f'village,kind,wrong,at\n1,甲,1,\n1, "甲",0,\n2,乙,0,{cell}\n', encoding="utf-8")
        assert "第 3 行有引号前面是空格" in refused(lambda: rate(path))
    path.write_text('village,kind,wrong,at\n1,"a, ""b""",1,\n2,say "b",0,"1, ""2"""\n', encoding="utf-8")
    assert rate(path, by="kind").table()["kind"].tolist() == ['a, "b"', 'say "b"']
