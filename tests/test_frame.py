"""Frames: what is refused and where, and a fingerprint that depends on content alone."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from evalkit.errors import FrameError
from evalkit.frame import Frame, Rule, read_frame
from evalkit.sheets import read_sheet, write_book, write_bytes, write_csv
from tests.draws import BIYANG, PARKS, VILLAGES, biyang, design, small

KEYS = {"id": "village_code", "name": "village", "columns": ["township_code", "township"], "code": "division"}


class Contains:
    column, contains, text = "village", "居民委员会", "村改居"


def test_the_real_villages() -> None:
    frame = read_frame(VILLAGES, **KEYS, rules=[BIYANG, PARKS], notes=[Contains()])
    assert len(frame) == 355 and len(frame.fingerprints("township_code")) == 22
    assert frame.dropped == (("只评估泌阳县", 739), ("园区代码", 2))
    assert frame.notes == ((60, "村改居"),)
    assert "355 个单位" in repr(frame)


def test_fingerprint_is_that_of_plain_json_lines() -> None:
    """Recomputed from the rows by hand, as a stranger would."""
    import hashlib
    import json

    rows = read_sheet(VILLAGES)
    kept = sorted(
        [r.village_code, r.village, r.township_code, r.township]
        for r in rows.itertuples()
        if r.county == "泌阳县" and r.township_code not in PARKS.drop
    )
    lines = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in kept)
    assert biyang().fingerprint == hashlib.sha256(lines.encode()).hexdigest()


def test_the_same_content_in_every_form(tmp_path: Path) -> None:
    table = small({"城关镇": 5, "马谷田镇": 4}).assign(人口=[1200, 900.5, 12, 7, 8, 9, 10, 11, 12])
    keys = KEYS | {"columns": ["township", "人口"]}
    folder = tmp_path / "泌阳 名单"
    write_csv(table, folder / "a.csv")
    write_bytes(folder / "gb.csv", table.to_csv(index=False).encode("gb18030"))
    write_book(folder / "a.xlsx", {"名单": ("", table.sample(frac=1, random_state=1))})
    table.to_parquet(folder / "a.parquet")
    as_numbers = table.assign(village_code=table["village_code"].astype("int64"))
    frames = [read_frame(folder / name, **keys) for name in ("a.csv", "gb.csv", "a.xlsx", "a.parquet")]
    frames += [Frame.from_data(form, **keys) for form in (table, as_numbers, pa.Table.from_pandas(table))]
    assert len({frame.fingerprint for frame in frames}) == 1
    assert frames[0].total("人口") == pytest.approx(2169.5)


@pytest.mark.parametrize("seed", range(3))
def test_row_order_changes_nothing(seed: int) -> None:
    table = read_sheet(VILLAGES)
    assert biyang(table.iloc[np.random.default_rng(seed).permutation(len(table))]).fingerprint == biyang().fingerprint


def test_one_changed_character_shows_in_its_stratum_only() -> None:
    table = small({"城关镇": 5, "马谷田镇": 4})
    frame = Frame.from_data(table, **KEYS)
    table.loc[6, "village"] = "改名村"
    changed = Frame.from_data(table, **KEYS)
    before, after = frame.fingerprints("township"), changed.fingerprints("township")
    assert [town for town in before if before[town] != after[town]] == ["马谷田镇"] and frame.fingerprint != changed.fingerprint


def test_every_fault_at_once_with_its_row() -> None:
    table = small({"城关镇": 8})
    table["village_code"] = table["village_code"].astype(object)
    for row, code in enumerate(["411726101201", "411726101201", "", "4117261", "4.11726E+11", "411726101000", "11010519491231002X"]):
        table.loc[row, "village_code"] = code
    table.loc[7, "village"] = " "
    with pytest.raises(FrameError) as refusal:
        Frame.from_data(table, **KEYS)
    text = str(refusal.value)
    expected = [
        "第 2 行，village_code：411726101201｜编号重复",
        "第 3 行，village_code：411726101201｜编号重复",
        "第 4 行，village_code｜编号空白",
        "第 5 行，village_code：*******｜村代码应为 12 位数字，现为 7 位",
        "第 6 行，village_code｜应为文字，现为科学计数",
        "乡镇代码",
        "第 8 行，village_code：110105************｜编号是身份证号",
        "第 9 行，village｜空白",
    ]
    assert [says for says in expected if says not in text] == []
    assert "11010519" not in text


@pytest.mark.parametrize("code", ["3|8", "3/8", "3 8", "3\u200b8"])
def test_separators_in_an_id_are_refused(code: str) -> None:
    with pytest.raises(FrameError, match="第 2 行"):
        Frame.from_data(pd.DataFrame({"id": [code, "x"]}), id="id")


def test_missing_columns_name_those_there_are() -> None:
    with pytest.raises(FrameError, match=r"乡镇｜没有这一列｜改正列名；现有：.*township"):
        Frame.from_data(small({"城关镇": 2}), **(KEYS | {"columns": ["乡镇"]}))


def test_rules_that_leave_nothing() -> None:
    with pytest.raises(FrameError, match="没有一行"):
        Frame.from_data(small({"城关镇": 2}), **KEYS, rules=[Rule("township", keep=("别的镇",), reason="r")])


def test_a_design_declares_its_frame(tmp_path: Path) -> None:
    table = small({"城关镇": 3, "马谷田镇": 3})
    table.loc[4, "township_code"] = ""
    with pytest.raises(FrameError, match="第 6 行，township_code｜空白"):
        Frame.from_design(design(), write_csv(table, tmp_path / "villages.csv"))


def test_totals_need_numbers() -> None:
    frame = Frame.from_data(small({"城关镇": 3}, 人口=["10", "约20", ""]), **(KEYS | {"columns": ["人口"]}))
    with pytest.raises(FrameError, match=r"第 3 行，人口｜应为不小于 0 的数值[\s\S]*第 4 行"):
        frame.total("人口")


def test_the_caller_cannot_reach_the_frame() -> None:
    table = small({"城关镇": 3})
    before = table.copy()
    frame = Frame.from_data(table, **KEYS)
    handed = frame.table()
    handed.loc[0, "village"] = "x"
    table.loc[0, "village"] = "y"
    assert frame.table().loc[0, "village"] == before.loc[0, "village"] and frame.fingerprint == Frame.from_data(before, **KEYS).fingerprint


def test_a_column_of_names_for_codes_is_told_once(tmp_path: Path) -> None:
    write_csv(pd.DataFrame({"村": ["东关", "西关", "411726101201"], "名": ["a", "b", "c"]}), tmp_path / "名单.csv")
    with pytest.raises(FrameError, match=r"1 处错误\n.*村｜这一列应为村代码，看来写的是村名（3 行）"):
        read_frame(tmp_path / "名单.csv", id="村", name="名", code="division")


def test_a_frame_of_persons_shows_nobody() -> None:
    ids = ["11010519491231002X"] * 2 + ["110105194912310021", "13900001111", "李四", "411726101201"]
    for code in ("division", "free"):
        with pytest.raises(FrameError) as refusal:
            Frame.from_data(pd.DataFrame({"id": ids, "n": ""}), id="id", name="n", code=code)
        text = str(refusal.value)
        assert not [seen for seen in ("1101051949", "1390000", "李四") if seen in text]
    with pytest.raises(FrameError) as refusal:
        Frame.from_data(pd.DataFrame([["411726101201", "0001", "李四"]], columns=["411726101202", "0002", "王五"]), id="村代码")
    assert "王五" not in str(refusal.value) and "看来是数据" in str(refusal.value)


@pytest.mark.parametrize(
    ("table", "keys", "says"),
    [
        (pd.DataFrame({0: ["a"]}), {"id": 0}, "列名应为文字"),
        (pd.DataFrame({"c": ["a"]}), {"id": "c", "code": "zz"}, "division"),
        (pd.DataFrame([["a", "b"]], columns=["c", "c"]), {"id": "c"}, "列名重复"),
        (pd.DataFrame([["a"]], columns=pd.MultiIndex.from_tuples([("c", "d")])), {"id": "c"}, "多层"),
        (pd.DataFrame({"c": ["a", "b"], "d": [np.array([1, 2]), 1]}), {"id": "c", "columns": ["d"]}, "第 2 行，d｜一格中有多个值"),
        (pd.DataFrame({"c": ["a", "\udcff"]}, dtype=object), {"id": "c"}, "第 3 行，c｜文字的编码已损坏"),
        (pd.DataFrame({"c": ["a", "b"], "t": ["甲", "甲\u200b"]}), {"id": "c", "columns": ["t"]}, "第 3 行，t｜有不可见字符"),
        (pd.DataFrame({"c": ["a"], "t": ["5.33E+8"]}), {"id": "c", "columns": ["t"], "filled": ["t"]}, "科学计数"),
    ],
)
def test_tables_that_are_no_frame(table: pd.DataFrame, keys: dict[str, object], says: str) -> None:
    with pytest.raises(FrameError, match=says):
        Frame.from_data(table, **keys)


def test_full_width_digits_make_no_stratum_of_their_own() -> None:
    frame = Frame.from_data(pd.DataFrame({"c": ["a", "b"], "t": ["４１１", "411"]}), id="c", columns=["t"])
    assert set(frame.labels(["t"]).values()) == {"411"}


def test_totals_name_every_cell_that_is_no_count() -> None:
    cells = ["10", "-5", "1,234", "1e5", "nan", "0x5", "13900001111人"]
    frame = Frame.from_data(small({"城关镇": 7}, 人口=cells), **(KEYS | {"columns": ["人口"]}))
    with pytest.raises(FrameError) as refusal:
        frame.total("人口")
    assert [fault.row for fault in refusal.value.faults] == [3, 4, 5, 6, 7, 8] and "1390000" not in str(refusal.value)
