"""The questionnaire compiles, cascades, and what it exports comes back through `collect`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from pyxform import xls2xform

import evalkit as ev
from evalkit.errors import DesignError
from evalkit.fieldwork.xlsform import form_field
from evalkit.sheets import read_sheet
from tests import county


@cache
def assignment() -> ev.Assignment:
    teams = pd.DataFrame({"组": ["甲组", "乙组", "丙组"], "人数": 4, "每人每日户数": 3, "回避": ""})
    return ev.assign(county.made()[2], teams, seed=county.SEED)


def compiled(path: Path) -> str:
    """The form as the XForm that ODK Collect loads; without Java."""
    return str(xls2xform.convert(xlsform=str(path), validate=False, pretty_print=False).xform)


def rows(path: Path, sheet: str) -> list[dict[str, Any]]:
    cells = list(openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True))
    return [{str(key): "" if cell is None else str(cell) for key, cell in zip(cells[0], row, strict=True)} for row in cells[1:]]


@pytest.mark.parametrize("options", [{}, {"audit": True, "gps": True}])
def test_the_form_compiles_without_java(tmp_path: Path, options: dict[str, bool]) -> None:
    form, *_ = ev.write_xlsform(assignment(), tmp_path / "问 卷", **options)
    made = compiled(form)
    assert 'lang="中文 (zh)"' in made and 'lang="English (en)"' in made
    assert "instance('households')" in made and "jr://file-csv/households.csv" in made
    assert ("geopoint" in made, "audit" in made) == (bool(options), bool(options))


def test_the_cascade_runs_from_team_to_household(tmp_path: Path) -> None:
    sample = assignment().sample
    form, households, _ = ev.write_xlsform(assignment(), tmp_path)
    survey = {row["name"]: row for row in rows(form, "survey")}
    assert survey["household_main"]["type"] == "select_one_from_file households.csv"
    assert survey["household_main"]["choice_filter"] == "village = ${村代码} and team = ${team}"
    table = read_sheet(households)
    assert len(table) == len(assignment().table()) and set(table["team"]) == {"甲组", "乙组", "丙组"}
    assert set(table) == {"name", "label", "village", "stratum", "persons", "team"}
    assert all(re.fullmatch(r"[0-9]{4} .\*\*", label) for label in table["label"])
    assert not set(sample.reserves()["household"] + sample.reserves()["village"]) & set(table["name"] + table["village"])


def test_townships_come_before_villages_where_the_design_names_them(tmp_path: Path) -> None:
    declared = county.design(frame={"place": "township", "columns": ["township_code", "township"]})
    _, made, _, _ = county.made()
    frame = ev.Frame.from_data(made.villages(), id="village_code", name="village", columns=["township_code", "township"])
    first = ev.draw(frame, declared, seed=county.SEED)
    rosters = pd.concat(list(made.rosters(first.villages).values())[:3], ignore_index=True)
    form, *_ = ev.write_xlsform(ev.draw_next(first, ev.read_rosters(rosters, declared)), tmp_path)
    survey = {row["name"]: row for row in rows(form, "survey")}
    assert survey["村代码"]["choice_filter"] == "township = ${township}" and "team" not in survey
    assert all(row["township"] for row in rows(form, "choices") if row["list_name"] == "village")
    compiled(form)


def test_questions_words_and_limits_are_those_of_the_design(tmp_path: Path) -> None:
    form, *_ = ev.write_xlsform(assignment(), tmp_path)
    survey = {row["name"]: row for row in rows(form, "survey")}
    assert {"人均纯收入", *county.GUARANTEES, *county.EXCLUSIONS, *county.ITEMS, "核实人数", "结果", "状态"} <= set(survey)
    assert survey["人均纯收入"]["relevant"] == "${结果} = '完成'" and survey["核实人数"]["constraint"] == ". >= 1 and . <= 30"
    words = [row["name"] for row in rows(form, "choices") if row["list_name"] == "disposition"]
    assert words == ["完成", "拒访", "无人", "迁出"]  # what was not visited has no form
    assert survey["reason"]["relevant"] == "${role} = 'reserve'"


def test_what_the_form_exports_is_read_by_collect(tmp_path: Path) -> None:
    declared, _, sample, returned = county.made()
    form, _, mapping = ev.write_xlsform(assignment(), tmp_path)
    fields = [row["name"] for row in rows(form, "survey")]
    columns = ev.form_columns(declared)
    assert dict(read_sheet(mapping).itertuples(index=False, name=None)) == columns and set(columns) <= set(fields)
    export = returned.rename(columns={heading: field for field, heading in columns.items()})
    export = export[[field for field in columns if field in export]].assign(start="2018-11-12T09:30:00.000+08:00", role="main", team="甲组")
    back = ev.collect(sample, export.rename(columns=columns))
    assert back.table()["complete"].tolist() == ev.collect(sample, returned).table()["complete"].tolist()


def test_headings_that_are_no_names_get_one() -> None:
    assert [form_field(heading, "q9") for heading in ("是否满意（总体）", "1、满意", "a b", "start", "人均纯收入")] == [
        "q9", "q9", "q9", "q9", "人均纯收入",
    ]  # fmt: skip
    renamed = county.plan()
    renamed["criteria"] = {**renamed["criteria"], "income": "1、人均 纯收入（元）"}
    columns = ev.form_columns(ev.read_design(renamed))
    assert "1、人均 纯收入（元）" in columns.values() and all(re.fullmatch(r"[^\W\d][\w.-]*", field) for field in columns)


def test_no_returns_no_form(tmp_path: Path) -> None:
    plan = {key: part for key, part in county.plan().items() if key not in ("returns", "criteria", "rate", "specimen")}
    declared = ev.read_design(plan)
    made = county.made()[1]
    frame = ev.Frame.from_data(made.villages(), id="village_code", name="village", columns=["township_code"])
    with pytest.raises(DesignError, match=r"写 \[returns\]"):
        ev.write_xlsform(ev.draw(frame, declared, seed=county.SEED), tmp_path)
