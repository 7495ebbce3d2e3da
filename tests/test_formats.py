"""Every file that is read back states its format: a later one, one without, one of another kind is refused by name, or migrated."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import evalkit as ev
from evalkit import tickets
from evalkit.ceremony import Ceremony, new_secret, read_secret
from evalkit.certificate import read_annex
from evalkit.clustering import Counted
from evalkit.errors import LedgerError
from evalkit.ledger import SCHEMA, Ledger, export_book, import_book
from evalkit.sheets import Page, read_sheet, write_book
from evalkit.tables import Results
from tests import county
from tests.specimens import made_up

ROOT = county.ROOT


def _toml(name: str) -> Callable[[Path], Path]:
    def made(folder: Path) -> Path:
        path = folder / Path(name).name
        path.write_bytes((ROOT / name).read_bytes())
        return path

    return made


def _certificate(folder: Path) -> Path:
    return county.made()[2].certificate.save(folder / "certificate.json")


def _annex(folder: Path) -> Path:
    return county.made()[2].certificate.save_annex(folder / "annex.json")


def _ceremony(folder: Path) -> Path:
    return Ceremony("f" * 64, "d" * 64).save(folder / "ceremony.json")


def _secret(folder: Path) -> Path:
    path = folder / "秘密.json"
    path.write_text(json.dumps(new_secret("甲方")), encoding="utf-8")
    return path


def _icc(folder: Path) -> Path:
    fact = ev.Clustering("错退率", (Counted("2018", "甲", 5, 50, 4, 0.17, 2 / 30, 10, 1),), "county")
    return fact.save(folder / "icc.json")


def _results(folder: Path) -> Path:
    return made_up(3).save(folder / "results")[0]


def _trials(folder: Path) -> Path:
    plain = ev.plain_design(20, 60, frame=300, households=100)
    return ev.simulate(plain, {"差错率": [0.02]}, seed="1", replicates=2, workers=1).save(folder / "模拟.npz")


# how it is made, how it is read, and the words of a file that states no format: "" where such a file is read
FILES: dict[str, tuple[Callable[[Path], Path], Callable[[Path], Any], str]] = {
    "design": (_toml("designs/biyang_2018.toml"), ev.read_design, "format｜缺少这一项｜补上"),
    "system": (_toml("designs/systems/yingde_2019.toml"), ev.read_system, "format｜缺少这一项｜补上"),
    "taxonomy": (_toml("designs/taxonomies/longchuan_2018.toml"), ev.read_taxonomy, "format｜缺少这一项｜补上"),
    "certificate": (_certificate, ev.Certificate.load, "缺少 format"),
    "annex": (_annex, read_annex, "缺少 format"),
    "ceremony": (_ceremony, Ceremony.load, "缺少 format"),
    "secret": (_secret, read_secret, ""),
    "icc": (_icc, ev.read_icc, "没有写 format"),
    "results": (_results, lambda path: Results.load(path.parent), ""),
    "trials": (_trials, ev.Trials.load, "不是 evalkit 写出的模拟结果"),
}


def restated(path: Path, stated: int | None) -> Path:
    """Write the file again with another format, its own hash made to fit; without one for None."""
    if path.suffix == ".toml":
        text = path.read_text(encoding="utf-8")
        assert re.search(r"^format = 1$", text, re.MULTILINE)
        line = "" if stated is None else f"format = {stated}"
        path.write_text(re.sub(r"^format = 1$", line, text, flags=re.MULTILINE), encoding="utf-8")
    elif path.suffix == ".npz":
        with np.load(path) as held:
            parts = dict(held)
        told = _changed(json.loads(str(parts["told"])), stated)
        np.savez_compressed(path, **{**parts, "told": np.array(json.dumps(told, ensure_ascii=False))})
    else:
        data = _changed(json.loads(path.read_text(encoding="utf-8")), stated)
        path.write_text(json.dumps(_sealed(path.name, data), ensure_ascii=False, sort_keys=True, indent=2) + "\n", encoding="utf-8")
    return path


def _changed(data: dict[str, Any], stated: int | None) -> dict[str, Any]:
    kept = {key: part for key, part in data.items() if key != "format"}
    return kept if stated is None else {**kept, "format": stated}


def _sealed(name: str, data: dict[str, Any]) -> dict[str, Any]:
    """A hash that fits, so that the format alone is at fault."""
    core = {key: part for key, part in data.items() if key not in ("sha256", "made_with", "source", "value")}
    if name == "facts.json":
        text = json.dumps(core, ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False) + "\n"
        return {**core, "sha256": hashlib.sha256(text.encode()).hexdigest()}
    return {**data, "sha256": tickets.seal(core)} if "sha256" in data else data


@pytest.mark.parametrize("name", FILES)
def test_a_later_format_is_refused_by_name_and_the_own_one_read(tmp_path: Path, name: str) -> None:
    make, read, _ = FILES[name]
    read(path := make(tmp_path))
    stated = 2 + (name in ("certificate", "annex", "trials"))
    told = f"{path.name}｜format = {stated}，本版本只识 {stated - 1}｜由较新的 evalkit 写出：升级"
    with pytest.raises(ev.EvalkitError, match=f"^{re.escape(told)}"):
        read(restated(path, stated))


@pytest.mark.parametrize("name", FILES)
def test_an_older_format_and_none_are_told_or_read(tmp_path: Path, name: str) -> None:
    make, read, told = FILES[name]
    with pytest.raises(ev.EvalkitError, match=r"format = 0，本版本只识 [12]｜由较旧的 evalkit 写出：用当时的版本读"):
        read(restated(make(tmp_path), 0))
    bare = restated(make(tmp_path), None)
    if not told:
        read(bare)
        return
    with pytest.raises(ev.EvalkitError, match=told):
        read(bare)


def test_the_format_is_that_of_the_file_and_not_of_a_fact(tmp_path: Path) -> None:
    results = made_up(3)
    results.save(tmp_path)
    assert dict(Results.load(tmp_path).facts) == dict(results.facts)
    assert json.loads((tmp_path / "facts.json").read_text(encoding="utf-8"))["format"] == 1


def test_a_later_ledger_is_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    """Older ones are migrated: `tests/test_ledger.py` has them."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.append("draw", "", {"villages": 44})
    head = ledger.head
    with closing(sqlite3.connect(ledger.path)) as base:
        base.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    with pytest.raises(LedgerError, match=f"ledger.sqlite｜台账格式 {SCHEMA + 1} 比本版本所识 {SCHEMA} 新｜升级 evalkit"):
        ledger.entries()
    with closing(sqlite3.connect(ledger.path)) as base:
        base.execute(f"PRAGMA user_version = {SCHEMA}")
    assert ledger.head == head and ledger.check() is None


def test_a_workbook_of_the_ledger_without_a_column_is_refused_by_name(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.append("draw", "", {"villages": 44})
    path = export_book(ledger, tmp_path / "台账.xlsx")
    table = read_sheet(path, sheet="台账").drop(columns="前一条指纹")
    with pytest.raises(LedgerError, match="前一条指纹"):
        import_book(ledger, write_book(tmp_path / "缺列.xlsx", {"台账": Page("", table)}))


def test_the_page_lists_every_file_with_its_format() -> None:
    said = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    for name in ("design.toml", "certificate.json", "annex.json", "ceremony.json", "announcement.json", "hashes.json", "ledger.sqlite",
                 "results/facts.json", "read_system", "read_taxonomy", "read_icc", "Trials.load", "秘密文件"):  # fmt: skip
        row = next(line for line in said.splitlines() if line.startswith("| ") and name in line)
        assert re.search(r"\| [12][ （|]", row), row
    assert SCHEMA == 2
