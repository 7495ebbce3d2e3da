"""The ledger: appends once, keeps its chain, notices every kind of change."""

import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from evalkit import tickets
from evalkit.errors import EvalkitWarning, LedgerError
from evalkit.ledger import SCHEMA, Draft, Ledger, export_book, files, import_book
from evalkit.sheets import being_made, sweep, sweep_folder


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger(tmp_path / "评估 2018" / "ledger.sqlite")
    made.append("draw", "", {"villages": 44, "seed": "2718"})
    made.append("rosters", "411726101201", {"households": 350})
    made.append("rosters", "411726101202", {"households": 410})
    return made


def test_entries_are_numbered_and_chained(ledger: Ledger) -> None:
    entries = ledger.entries()
    assert [entry.number for entry in entries] == [1, 2, 3] and ledger.check() is None
    assert [entry.previous for entry in entries[1:]] == [entry.hash for entry in entries[:-1]]
    assert ledger.head == entries[-1].hash


def test_an_identical_repeat_adds_nothing(ledger: Ledger) -> None:
    again = ledger.append("rosters", "411726101201", {"households": 350})
    assert again.number == 2 and len(ledger.entries()) == 3


def test_a_change_back_is_a_new_entry(ledger: Ledger) -> None:
    ledger.append("rosters", "411726101201", {"households": 351})
    ledger.append("rosters", "411726101201", {"households": 350})
    assert len(ledger.entries()) == 5 and ledger.check() is None
    newest = ledger.last("rosters", "411726101201")
    assert newest is not None and newest.detail == {"households": 350}


def test_same_content_gives_the_same_hashes(ledger: Ledger, tmp_path: Path) -> None:
    twin = Ledger(tmp_path / "other.sqlite")
    for entry in ledger.entries():
        twin.append(entry.step, entry.subject, entry.detail)
    assert twin.head == ledger.head


def test_rows_cannot_be_changed_or_deleted(ledger: Ledger) -> None:
    with sqlite3.connect(ledger.path) as base, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        base.execute("UPDATE entry SET detail = '{}' WHERE number = 1")
    with sqlite3.connect(ledger.path) as base, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        base.execute("DELETE FROM entry WHERE number = 3")


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ("UPDATE entry SET detail = '{\"villages\":45}' WHERE number = 1", 1),
        ("DELETE FROM entry WHERE number = 2", 2),
        ("UPDATE entry SET subject = 'x' WHERE number = 3", 3),
        ("UPDATE entry SET detail = '没有 JSON' WHERE number = 2", 2),
        ("UPDATE entry SET detail = '{\"households\": 350}' WHERE number = 2", 2),
        ("UPDATE entry SET detail = x'FF' WHERE number = 2", 2),
        ("UPDATE entry SET number = 9 WHERE number = 3", 3),
        ("INSERT INTO entry SELECT 4, step, subject, detail, previous, 'x', who, day FROM entry WHERE number = 3", 4),
    ],
)
def test_a_forced_change_is_found(ledger: Ledger, change: str, number: int) -> None:
    with sqlite3.connect(ledger.path) as base:
        base.executescript(f"DROP TRIGGER no_update; DROP TRIGGER no_delete; {change};")
    assert ledger.check() == number
    with pytest.raises(LedgerError, match=f"第 {number} 条"):
        ledger.refuse_if_edited()


def test_an_untouched_ledger_goes_on(ledger: Ledger) -> None:
    ledger.refuse_if_edited()
    Ledger(ledger.path.parent / "none.sqlite").refuse_if_edited()


def test_a_check_agrees_with_the_hash_of_each_entry(ledger: Ledger) -> None:
    ledger.append("draw", '引号"与\\', {"理由": "名单\n更正", "share": 0.1, "list": [None, True, {"a": 1}]})
    assert ledger.check() is None and all(entry.hash == entry.expected() for entry in ledger.entries())


@pytest.mark.parametrize("detail", [{"villages": 44, "seed": "2719"}, {"villages": 44}, {"villages": 44.0, "seed": "2718"}, {}])
def test_another_draw_is_another_entry(ledger: Ledger, detail: dict[str, object]) -> None:
    assert ledger.append("draw", "", detail).number == 4
    assert ledger.append("draw", "", {"villages": 44, "seed": "2718"}).number == 5
    assert len(ledger.entries("draw")) == 3 and ledger.check() is None


@pytest.mark.parametrize("detail", ["'没有 JSON'", "7", f"'{'[' * 100000}'"])
def test_entries_that_cannot_be_read_are_named(ledger: Ledger, detail: str) -> None:
    with sqlite3.connect(ledger.path) as base:
        base.executescript(f"DROP TRIGGER no_update; UPDATE entry SET detail = {detail} WHERE number = 2;")
    with pytest.raises(LedgerError, match="第 2 条记录"):
        ledger.entries()


def test_entries_from_several_threads_make_one_chain(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: ledger.append("rosters", f"{i}", {"households": i}), range(12)))
    assert len(ledger.entries()) == 12 and ledger.check() is None


def test_a_file_that_is_no_ledger(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_text("不是台账，只是一段文字。" * 50, encoding="utf-8")
    with pytest.raises(LedgerError, match="打不开"):
        Ledger(tmp_path / "ledger.sqlite").append("draw", "", {})


def test_a_later_format_is_refused(ledger: Ledger) -> None:
    with sqlite3.connect(ledger.path) as base:
        base.execute("PRAGMA user_version = 9")
    with pytest.raises(LedgerError, match="升级 evalkit"):
        ledger.entries()


def test_a_ledger_not_yet_begun_is_empty(tmp_path: Path) -> None:
    assert Ledger(tmp_path / "none.sqlite").check() is None and not (tmp_path / "none.sqlite").exists()


FIRST_FORMAT = """
CREATE TABLE IF NOT EXISTS entry (
    number INTEGER PRIMARY KEY, step TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL,
    previous TEXT NOT NULL, hash TEXT NOT NULL UNIQUE);
CREATE INDEX IF NOT EXISTS entry_of ON entry (step, subject, number);
CREATE TRIGGER IF NOT EXISTS no_update BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS no_delete BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'append-only'); END;
PRAGMA user_version = 1;
"""


def of_first_format(path: Path) -> list[str]:
    """A ledger as the first release wrote it: its hashes were made of five parts."""
    previous, hashes = "0" * 64, []
    with closing(sqlite3.connect(path)) as base, base:
        base.executescript(FIRST_FORMAT)
        for number, detail in enumerate(({"villages": 44}, {"seed": "2718", "理由": "名单更正"}), 1):
            own = tickets.seal([number, "draw", "", detail, previous])
            base.execute("INSERT INTO entry VALUES (?, 'draw', '', ?, ?, ?)", (number, tickets.canonical(detail), previous, own))
            previous = own
            hashes.append(own)
    return hashes


def test_a_ledger_of_the_first_format_is_migrated_and_keeps_its_chain(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    hashes = of_first_format(path)
    ledger = Ledger(path)
    assert [entry.hash for entry in ledger.entries()] == hashes and ledger.check() is None
    added = ledger.append("board", "411726101201", {"step": "汇总"}, who="甲1", day="2018-11-12")
    assert added.number == 3 and added.previous == hashes[-1] and ledger.check() is None
    with closing(sqlite3.connect(path)) as base:
        assert base.execute("PRAGMA user_version").fetchone() == (SCHEMA,)
        assert base.execute("SELECT who, day FROM entry").fetchall() == [("", ""), ("", ""), ("甲1", "2018-11-12")]


def test_an_edited_ledger_of_the_first_format_is_found_out_after_its_migration(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    of_first_format(path)
    with sqlite3.connect(path) as base:
        base.executescript("DROP TRIGGER no_update; UPDATE entry SET detail = '{\"villages\":45}' WHERE number = 1;")
    assert Ledger(path).check() == 1


def test_a_migration_that_fails_leaves_the_first_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.sqlite"
    of_first_format(path)
    with monkeypatch.context() as patch:
        patch.setitem(files.MIGRATIONS, 1, files.MIGRATIONS[1] + " ALTER TABLE nothing ADD COLUMN x TEXT;")
        with pytest.raises(LedgerError, match="打不开或写不进"):
            Ledger(path).entries()
    with closing(sqlite3.connect(path)) as base:
        assert base.execute("PRAGMA user_version").fetchone() == (1,) and len(base.execute("SELECT * FROM entry").fetchone()) == 6
    assert Ledger(path).check() is None


@pytest.mark.parametrize(
    ("script", "told"),
    [("CREATE TABLE other (x);", "别的程序的数据库"), ("CREATE TABLE entry (number); PRAGMA user_version = 2;", "列不符")],
)
def test_another_database_is_refused_and_left_alone(tmp_path: Path, script: str, told: str) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as base:
        base.executescript(script)
    with pytest.raises(LedgerError, match=told):
        Ledger(path).append("draw", "", {})
    with closing(sqlite3.connect(path)) as base:
        assert base.execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)


def test_who_and_when_are_part_of_the_hash(ledger: Ledger) -> None:
    one = ledger.append("board", "411726101201", {"step": "汇总"}, who="甲1", day="2018-11-12")
    same = ledger.append("board", "411726101201", {"step": "汇总"}, who="甲1", day="2018-11-12")
    other = ledger.append("board", "411726101201", {"step": "汇总"}, who="甲1", day="2018-11-13")
    assert (one.number, same.number, other.number) == (4, 4, 5)
    with sqlite3.connect(ledger.path) as base:
        base.executescript("DROP TRIGGER no_update; UPDATE entry SET day = '2018-11-11' WHERE number = 4;")
    assert ledger.check() == 4


@pytest.mark.parametrize(
    ("step", "subject", "detail", "more", "told"),
    [
        ("note", "11010519491231002X", {}, {}, "对象｜含有证件号码"),
        ("note", "", {"x": ["户 110105194912310021"]}, {}, "内容.x｜含有证件号码"),
        ("note", "", {"x": {"y": "139-0000-1111"}}, {}, "内容.x.y｜含有证件号码或电话"),
        ("note", "", {"x": 13900001111}, {}, "电话号码"),
        ("note", "", {"户主姓名": "张三"}, {}, "像是姓名"),
        ("note", "", {"x": {"phone": ""}}, {}, "像是姓名"),
        ("note", "", {}, {"who": "13900001111"}, "人｜含有"),
        ("note", "", {}, {"day": "2018-2-30"}, "年-月-日"),
        ("note", "", {}, {"day": "2018-02-30"}, "年-月-日"),
        (" ", "", {}, {}, "步骤空白"),
        ("note", "", {"x": "长" * 30001}, {}, "超过 30000"),
        ("board", "411726101201", {"step": "总结"}, {}, "应为 汇总、反馈、通报、交办、验收 之一"),
        ("points", "甲1", {"points": "-2"}, {}, "分（points）：应为整数；规则（rule）：空白"),
        ("points", "甲1", {"points": True, "rule": "x"}, {}, "应为整数"),
        ("reserve", "a/1", {"stratum": "x", "rank": 1, "replaces": "b", "reason": " ", "team": "x", "z": 1}, {}, "理由（reason）：空白；z"),
    ],
)
def test_entries_that_are_unfit_are_refused(ledger: Ledger, step: str, subject: str, detail: Any, more: Any, told: str) -> None:
    with pytest.raises(LedgerError, match=re.escape(told)) as refused:
        ledger.append(step, subject, detail, **more)
    assert len(ledger.entries()) == 3 and not re.search(r"张三|1390000|11010519", str(refused.value))


def test_several_entries_are_added_all_or_none(ledger: Ledger) -> None:
    good, bad = Draft("note", "1", {"x": 1}), Draft("note", "2", {"x": "13900001111"})
    with pytest.raises(LedgerError):
        ledger.extend([good, bad])
    assert len(ledger.entries()) == 3
    assert [entry.number for entry in ledger.extend([good, good, Draft("note", "2", {})])] == [4, 4, 5]


def test_what_a_decision_raises_leaves_the_ledger_as_it_was(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError):
        ledger.decide("", lambda known: [Draft("note", "", {"x": 1 // 0})])
    assert len(ledger.entries()) == 3 and ledger.append("note", "", {}).number == 4


def test_write_ahead_log_here_and_rollback_journal_on_a_network_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def mode(path: Path) -> str:
        with closing(sqlite3.connect(path)) as base:
            return str(base.execute("PRAGMA journal_mode").fetchone()[0])

    here = Ledger(tmp_path / "ledger.sqlite")
    here.append("note", "", {})
    assert (here.keeping, here.notice, mode(here.path)) == ("wal", "", "wal")
    monkeypatch.setattr(files, "network_disk", lambda path: "nfs4")
    with pytest.warns(EvalkitWarning, match=r"网络文件夹（nfs4）上，预写日志（WAL）不安全，已拒用并改用回滚日志"):
        here.append("note", "", {"x": 1})
        assert (here.keeping, mode(here.path)) == ("rollback", "delete") and here.check() is None
    assert Ledger(here.path, "wal").append("note", "", {"x": 2}).number == 3 and mode(here.path) == "wal"
    monkeypatch.setenv("EVALKIT_JOURNAL", "rollback")
    here.append("note", "", {"x": 3})
    assert mode(here.path) == "delete" and not here.notice
    monkeypatch.setenv("EVALKIT_JOURNAL", "fast")
    with pytest.raises(LedgerError, match="可用：wal、rollback"):
        here.entries()


def filled(ledger: Ledger) -> Ledger:
    ledger.append("board", "411726101201", {"step": "汇总", "team": "一组"}, who="甲1", day="2018-11-12")
    ledger.append("close", "411726101201", {"gates": ["信息", "指标"]})
    return ledger


def edited(path: Path, change: Callable[[Any], None]) -> Path:
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)
    return path


def test_a_ledger_goes_to_a_workbook_and_into_an_empty_one(ledger: Ledger, tmp_path: Path) -> None:
    book = export_book(filled(ledger), tmp_path / "台账.xlsx")
    twin = Ledger(tmp_path / "twin.sqlite")
    assert import_book(twin, book) == (5, 0) and twin.head == ledger.head and twin.check() is None
    assert import_book(twin, book) == (0, 5)
    assert book.read_bytes() == export_book(twin, tmp_path / "又.xlsx").read_bytes()


def test_new_rows_of_a_workbook_are_added_once(ledger: Ledger, tmp_path: Path) -> None:
    def add(book: Any) -> None:
        book["五步"].append([None, "2018-11-12", "甲1", "411726101202", "反馈", "一组"])
        book["积分"].append([None, "2018-11-12", "督导1", "一组", -2, "缺勤"])
        book["台账"].insert_rows(7)
        for column, cell in enumerate(["", "其他", "411726101202", '{"x": 1}'], 1):
            book["台账"].cell(7, column, cell or None)

    book = edited(export_book(filled(ledger), tmp_path / "台账.xlsx"), add)
    assert import_book(ledger, book) == (3, 5) and ledger.check() is None
    assert [(e.step, e.subject, e.detail) for e in ledger.entries()[5:]] == [
        ("其他", "411726101202", {"x": 1}),
        ("board", "411726101202", {"step": "反馈", "team": "一组"}),
        ("points", "一组", {"points": -2, "rule": "缺勤"}),
    ]
    assert import_book(ledger, book)[0] == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda book: book["台账"].cell(2, 4, '{"villages":45}'), "第 2 行，指纹｜第 1 条与它自己的指纹不符，这一行被改动"),
        (lambda book: book["台账"].cell(2, 8).__setattr__("value", None), "第 2 行，指纹｜有序号而没有指纹"),
        (lambda book: book["五步"].cell(2, 5, "验收"), "五步：第 4 条与台账中的不同"),
        (lambda book: book["五步"].append([None, "", "", "411726101202", "总结"]), "步骤（step）：应为 汇总"),
        (lambda book: book["积分"].append([None, "", "", "一组", "两分", "x"]), "分｜读不成这一列应有的样子"),
        (lambda book: book["积分"].append([None, "", "", "13900001111", 1, "x"]), "积分"),
        (lambda book: [book.remove(book[name]) for name in book.sheetnames[1:]] and book["台账"].__setattr__("title", "x"), "没有“台账”"),
    ],
)
def test_a_changed_workbook_is_refused_whole(ledger: Ledger, tmp_path: Path, change: Callable[[Any], None], told: str) -> None:
    book = edited(export_book(filled(ledger), tmp_path / "台账.xlsx"), change)
    before = ledger.head
    with pytest.raises(LedgerError, match=re.escape(told) if told != "积分" else "含有证件号码") as refused:
        import_book(ledger, book)
    assert ledger.head == before and "13900001111" not in str(refused.value)


def test_two_copies_that_both_went_on_are_conflicts(ledger: Ledger, tmp_path: Path) -> None:
    twin = Ledger(tmp_path / "twin.sqlite")
    import_book(twin, export_book(ledger, tmp_path / "台账.xlsx"))
    twin.append("note", "", {"x": 1})
    twin.append("note", "", {"x": 2})
    ledger.append("note", "", {"x": 3})
    with pytest.raises(LedgerError, match=r"第 5 行，note｜第 4 条与台账中的不同：两边各自记过") as refused:
        import_book(ledger, export_book(twin, tmp_path / "双.xlsx"))
    assert "第 6 行，note｜第 5 条接不上台账的第 4 条" in str(refused.value) and len(ledger.entries()) == 4


WRITER = "import sys\nfrom pathlib import Path\nfrom evalkit.ledger import Ledger\nledger = Ledger(Path(sys.argv[1]))\n" + (
    "for i in range(200): ledger.append('note', sys.argv[2], {'i': i})\n"
)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: what is tested are the locks, not the disk."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if os.access(shared, os.W_OK) else tmp_path) as place:
        yield Path(place)


def test_entries_of_several_processes_make_one_chain(memory: Path) -> None:
    path = memory / "ledger.sqlite"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), f"组{i}"]) for i in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    entries = Ledger(path).entries()
    assert len(entries) == 600 and Ledger(path).check() is None
    for i in range(3):
        assert [entry.detail["i"] for entry in entries if entry.subject == f"组{i}"] == list(range(200))


def test_a_killed_writer_leaves_no_file_and_a_living_one_is_left_alone(tmp_path: Path) -> None:
    left = tmp_path / "results" / ".facts.json.1-1.part"
    left.parent.mkdir()
    left.write_bytes(b"{")
    made = tmp_path / ".县.abc.part"
    made.mkdir()
    (made / "design.toml").write_text("x")
    with being_made(made):
        if os.name != "nt":
            assert not sweep_folder(made) and (made / "design.toml").exists()
    assert sweep(tmp_path) == 1 and not left.exists()
    assert sweep_folder(made) and not made.exists()
