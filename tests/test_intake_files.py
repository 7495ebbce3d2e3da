"""Files as institutes have them: too large, locked, damaged, of SPSS and Stata; each refused or read with its reason."""

import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import pytest

from evalkit.errors import EvalkitError, Faults
from evalkit.sheets import Limits, read_grids, read_sheet, refuse_floats, write_bytes
from evalkit.sheets.limits import COMPOUND, refuse_bomb


def refusal(path: Path, **options: Limits) -> str:
    with pytest.raises(EvalkitError) as refused:
        read_sheet(path, **options)
    return str(refused.value)


def book(path: Path, *cells: tuple[int, int]) -> Path:
    made = openpyxl.Workbook()
    assert made.active is not None
    made.active["A1"], made.active["A2"] = "户编号", "0001"
    for row, column in cells:
        made.active.cell(row, column).value = "x"
    made.save(path)
    return path


@pytest.mark.parametrize(
    ("cell", "says"), [((1_000_000, 1), "1000000 行 × 1 列"), ((30_000, 700), "30000 行 × 700 列"), ((1_048_576, 16_384), "16384 列")]
)
def test_two_cells_far_apart_are_refused_before_memory_is_asked_for(tmp_path: Path, cell: tuple[int, int], says: str) -> None:
    assert says in refusal(book(tmp_path / "a.xlsx", cell))


def test_limits_are_arguments(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", (500, 3))
    assert "500 行" in refusal(path, limits=Limits(rows=500))
    assert len(read_sheet(book(tmp_path / "b.xlsx", (499, 1)), limits=Limits(rows=500))) == 2
    assert "500 行 × 3 列" in refusal(path, limits=Limits(cells=1499))
    assert "上限为 0 MB" in refusal(path, limits=Limits(size=1000))


def test_rows_and_columns_are_found_whatever_the_order_of_the_cells(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", (3, 52), (40, 27), (7, 703), (9, 2))
    refuse_bomb(path, Limits(cells=40 * 703))
    with pytest.raises(EvalkitError, match="40 行 × 703 列"):
        refuse_bomb(path, Limits(cells=40 * 703 - 1))


def test_a_zip_bomb_is_refused_by_what_it_unpacks_to(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/media/zeros.bin", bytes(20_000_000))
    assert path.stat().st_size < 50_000
    says = refusal(path, limits=Limits(size=10_000_000))
    assert "解压后有 20 MB，上限为 10 MB" in says and "压缩炸弹" in says


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("locked.xlsx", COMPOUND + bytes(600), "打开密码"),
        ("old.xls", COMPOUND + bytes(600), "打不开"),
        ("a.xlsx", b"PK\x03\x04" + bytes(30), "打不开"),
        ("a.xlsx", b"<html><table></table></html>", "其实是网页"),
        ("a.sav", b"$FL2" + bytes(50), "打不开这个文件"),
        ("a.dta", b"", "打不开这个文件"),
    ],
)
def test_what_is_no_workbook_says_so(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    assert says in refusal(write_bytes(tmp_path / name, data))


def test_merged_cells_are_told_by_the_workbook(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    page = made.active
    assert page is not None
    for row in (["行政村", "户编号"], ["东关村", "1"], ["", "2"], ["", "3"]):
        page.append(row)
    page.merge_cells("A2:A3")
    made.save(tmp_path / "a.xlsx")
    grid = read_grids(tmp_path / "a.xlsx")["Sheet"]
    assert [row[0] for row in grid.spread(1, 9, down=True).rows] == ["行政村", "东关村", "东关村", ""]
    assert [row[0] for row in grid.rows] == ["行政村", "东关村", "", ""]


def test_spss_and_stata_are_read_with_their_labels(tmp_path: Path) -> None:
    table = pd.DataFrame({"village": ["411726101201", "411726101202"], "满意": [1.0, 9.0], "收入": [3535.5, None]})
    labels = {"满意": {1.0: "满意", 9.0: "不清楚"}}
    pyreadstat.write_sav(table, str(tmp_path / "a.sav"), variable_value_labels=labels, column_labels=["村", "问题一", "收入"])
    stata = table.rename(columns={"满意": "q1", "收入": "income"})
    pyreadstat.write_dta(stata.astype({"q1": int}), str(tmp_path / "a.dta"), variable_value_labels={"q1": {1: "满意", 9: "不清楚"}})
    for name in ("a.sav", "a.dta"):
        rows = read_sheet(tmp_path / name).to_numpy().tolist()
        assert rows == [["411726101201", "满意", "3535.5"], ["411726101202", "不清楚", ""]]


def test_identity_numbers_kept_as_doubles_are_found_in_spss(tmp_path: Path) -> None:
    pyreadstat.write_sav(pd.DataFrame({"id": [110105194912310021.0, 12.0]}), str(tmp_path / "a.sav"))
    faults = Faults("名册")
    refuse_floats(read_sheet(tmp_path / "a.sav"), "id", faults)
    assert [fault.row for fault in faults] == [2] and "110105" not in faults.text()


def test_without_pyreadstat_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Absent:
        def __getattr__(self, name: str) -> object:
            raise EvalkitError("缺少 pyreadstat｜这一步需要它｜键入 pip install 'evalkit[stata]'")

    monkeypatch.setattr("evalkit.sheets.statistical.pyreadstat", Absent())
    assert "evalkit[stata]" in refusal(write_bytes(tmp_path / "a.sav", b"x"))


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_cells_may_be_parted_by_semicolons_and_tabs(tmp_path: Path, mark: str) -> None:
    lines = (mark.join(row) for row in (["户编号", "结果", "备注"], ["0001", "完成", "甲，乙"]))
    assert read_sheet(write_bytes(tmp_path / "a.csv", "\n".join(lines).encode())).to_numpy().tolist() == [["0001", "完成", "甲，乙"]]
