"""Three sources held against one another: every planted difference is found, of its kind, and nothing else; nobody's data are shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit.errors import ScreeningError
from evalkit.sheets import read_sheet
from tests.test_evaluation import say

FIELDS = ["人数", "户类型", "识别", "姓名", "证件号码"]


def source(rows: int = 30) -> pd.DataFrame:
    at = np.arange(rows)
    return pd.DataFrame(
        {
            "村": [f"4117261012{h % 3:02d}" for h in at], "户": [f"{h:04d}" for h in at], "人数": (1 + at % 5).astype(str),
            "户类型": np.where(at % 2, "脱贫户", "未脱贫户"), "识别": "2014-06-01", "姓名": "张三丰", "证件号码": "11010519491231002X",
        }
    )  # fmt: skip


def match(*tables: pd.DataFrame, **options: Any) -> ev.Matching:
    return ev.match_sources(*tables, **{"key": ["村", "户"], "fields": FIELDS, "households": "all", **options})


def test_equal_sources_have_no_difference() -> None:
    found = match(source(), source(), source())
    assert found.ok and found.table().empty and (found.counts()["合计"] == 0).all() and found.households == 30


@settings(max_examples=25, deadline=None)
@given(
    planted=st.dictionaries(
        st.tuples(st.integers(0, 29), st.sampled_from(["人数", "识别"])), st.sampled_from(["不同", "缺项", "仅写法不同"]), max_size=8
    ),
    where=st.integers(0, 2), chance=st.randoms(use_true_random=False),
)  # fmt: skip
def test_each_planted_difference_is_found_of_its_kind(planted: dict[tuple[int, str], str], where: int, chance: Any) -> None:
    tables = [source(), source(), source()]
    for (row, field), kind in planted.items():
        same = {"人数": f"{tables[where].at[row, '人数']}.0", "识别": "2014年6月1日"}[field]
        tables[where].loc[row, field] = {"不同": {"人数": "9", "识别": "2015-01-01"}[field], "缺项": "—", "仅写法不同": same}[kind]
    shuffled = []
    for table in tables:
        order = list(table.index)
        chance.shuffle(order)
        shuffled.append(table.loc[order])
    found = match(*shuffled).table()
    by = source()
    told = {(int(by.index[by["户"] == row["户"].split("/")[1]][0]), row["字段"]): row["差别"] for _, row in found.iterrows()}
    assert told == planted
    others = "＝".join(name for at, name in enumerate(("户档", "系统", "实际")) if at != where)
    assert all(row["一致"] == others for _, row in found.iterrows() if row["差别"] != "仅写法不同")


def test_absent_households_and_samples() -> None:
    sampled = source().iloc[:10]
    all_of_them, of_the_sample = match(source(), source(), sampled), match(source(), source().iloc[1:], sampled, households="field")
    assert len(all_of_them.table()) == 20 and set(all_of_them.table()["差别"]) == {"缺户"}
    assert set(all_of_them.table()["一致"]) == {"户档、系统"} and all_of_them.table()["行"][0] == "户档 14、系统 14"
    assert of_the_sample.households == 10 and of_the_sample.table()[["户", "系统"]].to_numpy().tolist() == [["411726101200/0000", "无"]]


def test_tolerance_and_headings_of_each_source() -> None:
    other = source().rename(columns={"人数": "家庭人口"}).assign(家庭人口="3.4")
    found = match(source().assign(人数="3"), other, fields={"人数": ["人数", "家庭人口"]}, tolerance={"人数": 0.5})
    assert set(found.table()["差别"]) == {"仅写法不同"} and len(found.table()) == 30
    assert set(match(source().assign(人数="3"), other, fields={"人数": ["人数", "家庭人口"]}).table()["差别"]) == {"不同"}


def test_nobody_is_shown() -> None:
    other = source()
    other.loc[0, ["姓名", "证件号码", "户类型"]] = ["李四光", "440524188001010014", "王五住院"]
    found = match(source(), other)
    text = found.table().to_string() + repr(found) + found._repr_html_()
    assert not any(secret in text for secret in ("三丰", "四光", "19491231", "18800101", "王五"))
    assert found.table()["系统"].tolist()[0] == "（不显示）" and found.table()["户档"].tolist()[0] == "未脱贫户"


def test_unsound_sources_are_refused_with_rows() -> None:
    twice = source()
    twice.loc[3, ["村", "户"]] = twice.loc[2, ["村", "户"]]
    twice.loc[5, "户"] = ""
    with pytest.raises(ScreeningError, match=r"第 7 行，系统：村、户｜空白[\s\S]*第 4 行，系统：村、户｜一户有几行"):
        match(source(), twice)
    with pytest.raises(ScreeningError, match=r"户档：收入｜没有这一列[\s\S]*系统：收入｜没有这一列"):
        match(source(), source(), fields=["收入"])
    with pytest.raises(ScreeningError, match="households"):
        match(source(), source(), households="some")


def test_the_command_matches_files(tmp_path: Path) -> None:
    for name, table in (("户档", source()), ("系统", source()), ("实际", source().iloc[:5].assign(人数="7"))):
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    files = [str(tmp_path / f"{name}.csv") for name in ("户档", "系统", "实际")]
    words = ["--key", "村", "--key", "户", "--field", "人数", "--field", "识别", "--households", "field"]
    said = say("match", *files, *words, "--out", str(tmp_path / "对照.xlsx"))
    assert said.startswith("1\n") and "5 户，2 个字段；缺户 0，缺项 0，不同 5" in said
    assert len(read_sheet(tmp_path / "对照.xlsx", "差异")) == 5
