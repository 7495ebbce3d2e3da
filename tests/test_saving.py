"""Results to files: the numbers in full, how they were made beside them, nothing of persons, nothing half-written."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

import evalkit as ev
from evalkit.errors import EstimateError, EvalkitWarning
from evalkit.estimates.saving import save
from evalkit.models import glm, ttest


def survey() -> ev.Survey:
    at = np.arange(600)
    answers = {
        "village": at % 30,
        "name": [f"张{i}" for i in at],
        "poor": (at % 43 == 0).astype(int),
        "income": 2000.0 + (at * 13 % 101) * 40,
        "kind": pd.Categorical(np.where(at % 2, "=一般户", "贫困户"), categories=["贫困户", "=一般户", "无人"]),
    }
    return ev.Survey.from_data(pd.DataFrame(answers), clusters="village")


@pytest.fixture
def found() -> Any:
    with pytest.warns(EvalkitWarning):
        return ev.proportion(survey(), "poor", by="kind")


def test_a_csv_has_the_table_in_full(found: Any, tmp_path: Path) -> None:
    path = save(found, tmp_path / "新" / "估计.csv", level=0.9)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf") and path == tmp_path / "新" / "估计.csv"
    read, shown = pd.read_csv(path, encoding="utf-8-sig", float_precision="round_trip"), found.table(0.9)
    assert read["kind"].tolist() == ["贫困户", "'=一般户", "无人"]  # no formula for a spreadsheet
    numbers = ["estimate", "se", "low", "high", "df", "deff", "n"]
    pd.testing.assert_frame_equal(read[numbers], shown[numbers], check_dtype=False, rtol=0, atol=0)


def test_a_book_says_how_its_numbers_were_made(found: Any, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(save(found, tmp_path / "估计.xlsx", level=0.9))
    assert book.sheetnames == ["估计", "说明"]
    rows = list(book["估计"].iter_rows())
    heads = [cell.value for cell in rows[0]]
    assert heads == list(found.table().columns)
    first = dict(zip(heads, rows[1], strict=True))
    assert first["estimate"].value == pytest.approx(found.value[0], rel=1e-15) and first["estimate"].number_format == "0.00%"
    assert first["n"].number_format == "#,##0" and first["deff"].number_format == "0.00"
    assert rows[3][heads.index("estimate")].value is None
    notes = {row[0]: row[1] for row in book["说明"].iter_rows(values_only=True)}
    assert notes["置信水平"] == "90%" and "kg-m" in notes["区间"] and notes["抽样设计"] == repr(found.survey)
    assert "有放回" in notes["设计效应"] and "29" in notes["自由度"] and notes["软件"] == f"evalkit {ev.__version__}"


def test_json_is_plain_data(found: Any, tmp_path: Path) -> None:
    said = json.loads(save(found, tmp_path / "估计.JSON").read_text(encoding="utf-8"))
    assert [row["kind"] for row in said["rows"]] == ["贫困户", "=一般户", "无人"]
    assert said["rows"][0]["low"] == found.table()["low"][0] and said["rows"][2]["estimate"] is None and said["rows"][2]["n"] == 0
    assert said["notes"]["置信水平"] == "95%"


def test_the_same_result_gives_the_same_bytes_and_no_name_is_in_them(found: Any, tmp_path: Path) -> None:
    for suffix in (".csv", ".xlsx", ".json"):
        data = save(found, tmp_path / f"a{suffix}").read_bytes()
        assert save(found, tmp_path / f"b{suffix}").read_bytes() == data
        assert "张".encode() not in data
    strings = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert not any("张" in str(cell) for sheet in strings for row in sheet.iter_rows(values_only=True) for cell in row)


def test_numbers_show_two_digits_of_their_standard_error(tmp_path: Path) -> None:
    mean = ev.mean(survey(), "income")
    cell = openpyxl.load_workbook(save(mean, tmp_path / "a.xlsx"))["估计"]["B2"]
    assert 10 <= mean.se[0] < 100 and cell.number_format == "#,##0"
    cell = openpyxl.load_workbook(save(mean / 1000, tmp_path / "a.xlsx"))["估计"]["B2"]
    assert cell.number_format == "#,##0.000"


def test_tests_models_and_verdicts_are_saved_too(tmp_path: Path) -> None:
    s = survey()
    made: dict[str, Any] = {"test": ttest(s, "income", "poor"), "model": glm(s, "income ~ poor")}
    for name, result in made.items():
        said = json.loads(save(result, tmp_path / f"{name}.json").read_text(encoding="utf-8"))
        assert len(said["rows"]) == len(result.table()) and said["notes"]["结果"] == result.sentence()
        assert said["notes"]["抽样设计"] == repr(s)
    book = openpyxl.load_workbook(save(made["model"], tmp_path / "model.xlsx"))
    assert book.sheetnames == ["结果", "说明"] and book["结果"]["C2"].value == pytest.approx(made["model"].table()["coef"][0], rel=1e-15)
    verdict = ev.judge(ev.proportion(s, "poor"), 0.02, strict=True, name="错退率")
    row = json.loads(save(verdict, tmp_path / "verdict.json").read_text(encoding="utf-8"))["rows"][0]
    assert row["zone"] == verdict.zone and row["legal"] is verdict.legal and row["interval_high"] == verdict.interval_high
    assert row["village_bound"] is None


@pytest.mark.parametrize("name", ["估计.docx", "估计", "估计.csv.gz"])
def test_another_suffix_is_refused_by_name(found: Any, tmp_path: Path, name: str) -> None:
    with pytest.raises(EstimateError, match=f"{name}｜不能写这种文件，可写 .csv、.xlsx、.json"):
        save(found, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("what", [survey(), 3.0, pd.DataFrame({"a": [1]})])
def test_answers_are_no_result(what: Any, tmp_path: Path) -> None:
    with pytest.raises(EstimateError, match="不是可存的结果"):
        save(what, tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_whole_or_the_old_one(found: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(found, tmp_path / "a.xlsx")
    old = path.read_bytes()
    monkeypatch.setattr("evalkit.sheets.whole.os.replace", lambda *_: (_ for _ in ()).throw(PermissionError()))
    with pytest.raises(ev.EvalkitError, match="写不进"):
        save(found, path)
    assert path.read_bytes() == old and [each.name for each in tmp_path.iterdir()] == ["a.xlsx"]
