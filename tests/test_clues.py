"""Clues to breaches of discipline: registered, handed over, and found wherever else their words stand, without being shown."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import evalkit as ev
from evalkit.clues import RESTRICTED
from evalkit.errors import FieldworkError, PrivacyError
from evalkit.privacy import Clues, clues_in
from evalkit.sheets import Page, read_sheet, write_book, write_bytes
from tests.test_evaluation import say

TEXT = "村会计欧阳春在二〇一七年冬天用他人名义领走养老保险补助三千元，群众反映强烈"
ROWS = pd.DataFrame(
    [("X1", "村", "411726101201", "", "养老保险补助", TEXT, "欧阳春、王平", "信访", "2018-05-03", "M1"),
     ("X2", "户", "411726101202", "003", "", "公示栏中的名单与实际领取的人不是同一批人", "", "查阅资料", "2018年5月4日", "")],
    columns=["线索编号", "级", "地点", "户编号", "政策", "线索内容", "涉及人员", "来源", "发现日期", "材料"],
)  # fmt: skip
TO = ("--to", "县纪委监委", "--who", "D1", "--day", "2018-06-30")
SECRET = ("欧阳春", "王平", "二〇一七", "三千元", "同一批人")


def refused(ask: object, error: type[Exception] = PrivacyError) -> str:
    with pytest.raises(error) as told:
        ask()
    assert not any(word in str(told.value) for word in SECRET)
    return str(told.value)


def silent(said: str) -> str:
    assert not any(word in said for word in SECRET)
    return said


# -- the register ----------------------------------------------------------------------------------------------------


def test_the_register_is_read_and_shows_nothing() -> None:
    found = ev.read_clues(ROWS)
    assert found.count == 2 and repr(found) == "ClueList 2 条，内容不显示" and found._repr_html_().endswith(f">{found!r}</p>")
    assert not any(word in str(vars(found).keys()) + repr(found) for word in SECRET)


def test_everything_wrong_is_told_at_once_and_nothing_of_it_is_shown() -> None:
    wrong = pd.concat([ROWS, ROWS]).reset_index(drop=True)
    wrong.loc[0, ["级", "发现日期"]] = ["欧阳春", "欧阳春三月"]
    wrong.loc[1, ["户编号", "线索内容", "来源"]] = ""
    wrong.loc[2, ["地点", "发现日期"]] = ""
    with pytest.raises(FieldworkError) as told:
        ev.read_clues(wrong)
    found = sorted((fault.row, fault.column) for fault in told.value.faults)
    assert found == [
        (2, "发现日期"), (2, "级"), (3, "户编号"), (3, "来源"), (3, "线索内容"), (4, "发现日期"), (4, "地点"), (4, "线索编号"),
        (5, "线索编号"),
    ]  # fmt: skip
    silent(str(told.value))
    assert "有一列“涉及的人员”" in refused(lambda: ev.read_clues(ROWS.rename(columns={"涉及人员": "涉及的人员"})), FieldworkError)


def test_the_table_is_handed_over_in_a_folder_that_is_shut(tmp_path: Path) -> None:
    found, place = ev.read_clues(ROWS), tmp_path / "移交"
    path = found.hand_over(place, to="县纪委监委", day="2018-06-30")
    assert path.name == "线索移交表-2018-06-30.xlsx" and sorted(p.name for p in place.iterdir()) == ["保密说明.txt", path.name]
    table = read_sheet(path, "线索移交表")
    assert table["线索内容"][0] == TEXT and table["发现日期"][1] == "2018-05-04"
    assert "接收单位 县纪委监委；共 2 条" in table["线索编号"].str.cat()
    assert path.read_bytes() == found.hand_over(place, to="县纪委监委", day="2018-06-30").read_bytes() and len(list(place.iterdir())) == 2
    assert ev.read_clues(ROWS[:1]).hand_over(place, to="县纪委监委", day="2018-06-30").name == "线索移交表-2018-06-30-2.xlsx"
    assert "to、day" in refused(lambda: found.hand_over(place, to=" ", day="2018-06-30"))
    if os.name == "posix":
        assert place.stat().st_mode & 0o777 == 0o700 and path.stat().st_mode & 0o777 == 0o600
        place.chmod(0o755)
        assert "chmod 700" in refused(lambda: found.hand_over(place, to="县纪委监委", day="2018-07-01"))
        assert place.stat().st_mode & 0o777 == 0o755  # its rights are its owner's to change


# -- words of clues in other texts -----------------------------------------------------------------------------------------


@given(st.integers(0, len(TEXT) - 20), st.integers(20, 30), st.sampled_from(["", "\n", " ", "，"]))
def test_a_stretch_of_a_clue_is_found_however_it_is_broken(begin: int, length: int, mark: str) -> None:
    part = TEXT[begin : begin + length]
    clues = Clues([TEXT], [], ())
    assert clues.said(f"查得：{mark.join(part)}。") >= 1 and clues.said(f"{TEXT[:6]}，{TEXT[20:26]}") == 0


def test_ordinary_words_and_short_names_are_left_alone() -> None:
    clues = Clues([TEXT], ["欧阳春", "王平"], ["养老保险补助"])
    assert clues.said("养老保险补助未到户") == 0 and Clues(["吃拿卡要"], []).said("有没有吃拿卡要") == 0
    assert [clues.named(text) for text in ("会计欧阳春说", "王平，男", "王平村", "无")] == [1, 1, 0, 0]
    assert not Clues((), ()) and not any(word in repr(clues) for word in SECRET)


def test_clues_are_known_from_the_register_and_from_the_table(tmp_path: Path) -> None:
    book = write_book(tmp_path / "登记.xlsx", {"线索登记表": Page("", ROWS)})
    table = ev.read_clues(ROWS).hand_over(tmp_path / "移交", to="县纪委监委", day="2018-06-30")
    for path in (book, table):
        found = clues_in(path)
        assert found.texts == tuple(ROWS["线索内容"]) and found.names == ("欧阳春", "王平") and "养老保险补助" in found.ordinary


# -- an evaluation's folder ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new evaluation with a register that was handed over."""
    root = tmp_path_factory.mktemp("clues") / "某县"
    say("init", str(root))
    assert say("clues", "form", str(root)).startswith("0\n")
    form = root / RESTRICTED / "线索登记表.xlsx"
    assert "没有一行" in say("clues", "handover", str(root), *TO)
    write_book(form, {"线索登记表": Page("", ROWS)})
    form.chmod(0o600)
    assert "已有人填写" in say("clues", "form", str(root))
    said = say("clues", "handover", str(root), *TO)
    assert said.startswith("0\n") and "2 条线索写入 restricted/线索移交表-2018-06-30.xlsx" in silent(said)
    return root


def table_of(root: Path) -> Path:
    return next((root / RESTRICTED).glob("线索移交表-*.xlsx"))


def test_the_ledger_keeps_a_count_and_a_fingerprint(root: Path) -> None:
    said = silent(say("log", str(root)))
    assert "移交线索" in said and "县纪委监委" in said
    assert not any(word.encode() in (root / "ledger.sqlite").read_bytes() for word in SECRET)


@pytest.mark.parametrize("part", ["results", "public", "report"])
def test_nothing_is_published_while_words_of_a_clue_lie_about(root: Path, part: str) -> None:
    untouched = say("publish", str(root))
    assert "线索" not in untouched  # what it says is that nothing has been drawn yet
    for text, kind in ((f"据查，{TEXT[:20]}。", "违规违纪线索"), ("会计欧阳春一案", "线索所涉的人")):
        planted = write_bytes(root / part / "附注.txt", text.encode())
        for step in (["publish"], ["publish", "--tables"]):
            said = silent(say(step[0], str(root), *step[1:]))
            assert said.startswith("1\n") and f"{part}/附注.txt：{kind} 1 处" in said
        told = silent(say("privacy", str(root)))
        assert told.startswith("1\n") and f"{part}/附注.txt" in told
        planted.unlink()
    copied = write_bytes(root / part / "表.xlsx", table_of(root).read_bytes())
    assert f"{part}/ 中有 1 个文件是 restricted/ 的" in say("publish", str(root))
    copied.unlink()
    assert say("publish", str(root)) == untouched and say("privacy", str(root)).startswith("0\n")


def test_words_of_clues_are_found_in_what_came_in_and_in_what_is_handed_on(root: Path, tmp_path: Path) -> None:
    came = write_bytes(root / "returns" / "附" / "抄.txt", TEXT.encode())
    listed = write_bytes(root / "lists" / "名单.txt", "欧阳春，低保户".encode())  # a household of the village like others
    said = silent(say("privacy", str(root)))
    assert said.startswith("1\n") and "returns/附/抄.txt" in said and "lists/名单.txt" not in said
    came.unlink()
    assert say("privacy", str(root)).startswith("0\n")
    write_bytes(tmp_path / "一包" / "说明.txt", TEXT.encode())
    assert "违规违纪线索 2 处" in silent(say("privacy", str(root), "--path", str(tmp_path / "一包")))
    assert silent(say("privacy", str(root), "--path", str(root / RESTRICTED))).startswith("1\n")
    listed.unlink()
    lying = write_book(root / "lists" / "线索.xlsx", {"甲": Page("", ROWS)})
    assert "移到 restricted/ 或评估文件夹之外" in silent(say("clues", "handover", str(root), str(lying), *TO))
    lying.unlink()


def test_what_is_wrong_with_the_restricted_folder_is_told(root: Path) -> None:
    place, table = root / RESTRICTED, table_of(root)
    kept = table.read_bytes()
    for path in (place / "欧阳春.docx", place / "材料" / "信.txt", place / "线索移交表-2018-07-02.xlsx"):
        write_bytes(path, b"x").chmod(0o600)
    table.write_bytes(kept + b"0")
    said = silent(say("privacy", str(root)))
    assert said.startswith("1\n") and "有 1 个文件不是登记表、移交表或材料" in said and "与台账记下的指纹不符" in said
    assert "线索移交表-2018-07-02.xlsx：台账没有记过" in said and "restricted/ 有 1 个表读不出" in said
    (place / "欧阳春.docx").unlink()
    (place / "线索移交表-2018-07-02.xlsx").unlink()
    table.unlink()
    assert "台账记下的移交表不在" in say("privacy", str(root))
    table.write_bytes(kept)
    table.chmod(0o600)
    assert say("privacy", str(root)).startswith("0\n")


@pytest.mark.skipif(os.name != "posix", reason="rights of another kind")
def test_a_folder_that_others_may_enter_is_told(root: Path) -> None:
    assert (root / RESTRICTED).stat().st_mode & 0o777 == 0o700
    table_of(root).chmod(0o640)
    (root / RESTRICTED).chmod(0o750)
    said = say("privacy", str(root))
    assert said.startswith("1\n") and "别的用户也能进" in said and "有 1 个文件别的用户也能读" in said
    assert "chmod 700 restricted" in silent(say("clues", "handover", str(root), *TO[:-1], "2018-07-01"))
    (root / RESTRICTED).chmod(0o700)
    table_of(root).chmod(0o600)
    assert say("privacy", str(root)).startswith("0\n")
