"""Results keep their numbers through files, and numbers are written as official tables write them."""

from __future__ import annotations

import math
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import ReportError
from evalkit.figures import FORMS, gate_text, interval, number, percent, points
from evalkit.tables import COLUMNS, Results
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
