"""Results keep their numbers through files, and numbers are written as official tables write them."""

from __future__ import annotations

import hashlib
import json
import math
import re
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import ReportError
from evalkit.figures import FORMS, gate_text, interval, number, percent, points
from evalkit.sheets import write_csv
from evalkit.tables import COLUMNS, Results
from evalkit.tables import results as results_file
from tests.specimens import made_up, with_tables


def test_results_come_back_as_they_were_saved(tmp_path):
    results = made_up()
    written = results.save(tmp_path)
    again = Results.load(tmp_path)
    assert [path.name for path in written] == ["facts.json", *(f"{name}.csv" for name in COLUMNS)]
    assert again.facts == results.facts
    for name in COLUMNS:
        pd.testing.assert_frame_equal(again.table(name), results.table(name), check_dtype=False)


def test_the_same_results_give_the_same_bytes(tmp_path):
    first = {path.name: path.read_bytes() for path in made_up().save(tmp_path / "a")}
    again = {path.name: path.read_bytes() for path in Results.load(tmp_path / "a").save(tmp_path / "b")}
    assert first == again


def test_tables_are_snapshots():
    table = made_up().table("sample")
    results = with_tables(made_up(), sample=table)
    table.loc[0, "planned"] = -1
    handed_out = results.table("sample")
    handed_out.loc[0, "planned"] = -2
    assert results.table("sample").loc[0, "planned"] > 0


def test_a_table_that_lacks_a_column_is_refused_by_name():
    with pytest.raises(ReportError, match=r"sample\.planned"):
        with_tables(made_up(), sample=made_up().table("sample").drop(columns="planned"))
    with pytest.raises(ReportError, match="多出 strange"):
        Results({}, {"strange": pd.DataFrame()})


def test_loading_an_empty_folder_says_what_to_do(tmp_path):
    with pytest.raises(ReportError, match="evalkit estimate"):
        Results.load(tmp_path)


# -- files that are not what was written -----------------------------------------------------------------------------


def test_the_facts_are_written_last_and_seal_every_table(tmp_path, monkeypatch):
    order = []

    def noting(write):
        def noted(*given, **named):
            order.append(write(*given, **named).name)
            return tmp_path / order[-1]

        return noted

    for name in ("write_csv", "write_bytes"):
        monkeypatch.setattr(results_file, name, noting(getattr(results_file, name)))
    made_up().save(tmp_path)
    assert order == [*(f"{name}.csv" for name in COLUMNS), "facts.json"]
    sealed = json.loads((tmp_path / "facts.json").read_text(encoding="utf-8"))["tables"]
    assert sealed == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.glob("*.csv")}


def test_a_save_that_was_cut_short_is_refused(tmp_path, monkeypatch):
    made_up().save(tmp_path)

    def full(*_):
        raise ReportError("磁盘已满")

    monkeypatch.setattr(results_file, "write_bytes", full)
    with pytest.raises(ReportError, match="磁盘已满"):
        made_up(townships=9).save(tmp_path)
    with pytest.raises(ReportError, match=r"^sample\.csv、groups\.csv、places\.csv｜与 facts\.json 不是同一次.*evalkit estimate"):
        Results.load(tmp_path)


@pytest.mark.parametrize("name", ["facts.json", *(f"{name}.csv" for name in COLUMNS)])
def test_each_file_that_is_missing_edited_or_of_another_run_is_named(tmp_path, name):
    made_up().save(tmp_path)
    path = tmp_path / name
    true = path.read_bytes()
    other = true.replace("率".encode(), "数".encode()).replace(b"6", b"7") + b"\n"
    for data in (other, b"", true.decode("utf-8-sig").encode("gb18030") + b"\xb0"):
        path.write_bytes(data)
        with pytest.raises(ReportError, match=rf"^{re.escape(name)}｜.*evalkit estimate"):
            Results.load(tmp_path)
    path.unlink()
    with pytest.raises(ReportError, match=rf"缺少 {re.escape(name)}｜先运行 evalkit estimate"):
        Results.load(tmp_path)


LONG = b'{"tables": {}, "x": ' + b"9" * 5000 + b"}"
HALF = b'{"tables": {}, "x": "\\ud800"}'
JUNK = [b"", b"{", b"[]", b"null", b"5", b"{}", b'{"tables": []}', b"[" * 100000, LONG, HALF, b'{"tables": {}}', b'{"x": 1e999}']


@pytest.mark.parametrize("data", JUNK, ids=[str(data[:24]) for data in JUNK])
def test_junk_in_place_of_the_facts(tmp_path, data):
    made_up().save(tmp_path)
    (tmp_path / "facts.json").write_bytes(data)
    with pytest.raises(ReportError, match=r"^facts\.json｜.*evalkit estimate"):
        Results.load(tmp_path)


@pytest.mark.parametrize(
    ("table", "column", "cell", "says"),
    [
        ("sample", "planned", "很多", "planned｜应为数值"),
        ("gates", "strict", "大概", "strict｜应为 是 或 否"),
        ("rates", "low", "1,5", "low｜应为数值"),
    ],
)
def test_text_where_numbers_stand_is_told_even_when_sealed_anew(tmp_path, table, column, cell, says):
    made_up().save(tmp_path)
    write_csv(made_up().table(table).astype({column: object}).assign(**{column: cell}), tmp_path / f"{table}.csv")
    facts = json.loads((tmp_path / "facts.json").read_text(encoding="utf-8"))
    facts.pop("sha256")
    facts["tables"][f"{table}.csv"] = hashlib.sha256((tmp_path / f"{table}.csv").read_bytes()).hexdigest()
    text = json.dumps(facts, ensure_ascii=False, sort_keys=True, indent=2) + "\n"
    facts["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    (tmp_path / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(ReportError, match=says):
        Results.load(tmp_path)


@pytest.mark.parametrize("facts", [{"x": math.inf}, {"x": object()}, None, []])
def test_facts_that_no_file_can_hold(facts):
    with pytest.raises(ReportError, match="facts"):
        Results(facts, {})


@pytest.mark.parametrize("folder", [None, 5])
def test_a_folder_that_is_none(folder):
    with pytest.raises(ReportError, match="文件夹路径"):
        Results.load(folder)


@given(st.floats(0, 1), st.sampled_from([0.02, 0.03, 0.9]))
def test_a_rate_never_reads_as_the_gate_unless_it_is_the_gate(value, gate):
    text = percent(value, gate=gate)
    exact = Decimal(f"{value:.15g}") * 100
    shown = Decimal(text.removesuffix("%")) if text.endswith("%") else None
    if shown is not None:
        assert abs(shown - exact) <= Decimal("0.005")
        if abs(exact - Decimal(f"{gate}") * 100) > Decimal("1e-6"):
            assert shown != Decimal(f"{gate}") * 100
        assert (shown == 0) == (exact == 0)


def test_written_forms():
    assert percent(0.0043) == "0.43%"
    assert percent(0.01996, gate=0.02) == "1.996%"
    assert percent(0.0200001, gate=0.02) == "2.00001%"
    assert percent(0.02, gate=0.02) == "2.00%"
    assert percent(0.89998, gate=0.9) == "89.998%"
    assert (percent(0), percent(math.nan), percent(None), percent(4e-12)) == ("0%", "", "", "…")
    assert interval(0.0012, 0.0105) == "0.12%～1.05%"
    assert interval(math.nan, 0.1) == ""
    assert points(0.0157) == "1.57个百分点"
    assert (gate_text(0.02), gate_text(0.005), gate_text(1.0)) == ("2%", "0.5%", "100%")
    assert (number(12), number(1.005), number(math.inf), number(math.nan)) == ("12", "1.01", "∞", "")


def test_every_column_has_a_heading_and_a_known_form():
    for name, columns in COLUMNS.items():
        headings = [column.heading for column in columns.values()]
        assert len(set(headings)) == len(headings), name
        assert {column.form for column in columns.values()} <= set(FORMS)
