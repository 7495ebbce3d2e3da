"""The ledger: appends once, keeps its chain, notices every kind of change."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evalkit.errors import LedgerError
from evalkit.ledger import Ledger


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
        ("INSERT INTO entry SELECT 4, step, subject, detail, previous, 'x' FROM entry WHERE number = 3", 4),
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
    ledger.append("draw", "引号\"与\\", {"理由": "名单\n更正", "share": 0.1, "list": [None, True, {"a": 1}]})
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
