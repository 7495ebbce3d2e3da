"""Lists in files, drawn by DuckDB: the same tickets, the same units and the same order as from memory."""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from evalkit import tickets
from evalkit.errors import DrawError
from evalkit.sample import large
from evalkit.sample.large import draw_large
from evalkit.selection import METHODS, draw_strata

SEED = "20260101-314159265358979"
CHINESE = ["村甲", "éa", "e\u0301b", "岩", "𠀀村", "가", "x-1", "'引'", "%s", "0007"]


def table(count: int, kinds: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    units = [f"{CHINESE[k % len(CHINESE)]}{k}" for k in range(count)]
    return pd.DataFrame({"code": units, "kind": [f"层{k}" for k in rng.integers(0, kinds, count)], "more": range(count)})


def written(folder: Path, made: pd.DataFrame, kind: str) -> Path:
    path = folder / f"list{kind}"
    if kind == ".csv":
        made.to_csv(path, index=False)
    else:
        made.to_parquet(path)
    return path


@pytest.mark.parametrize("kind", [".csv", ".parquet"])
@pytest.mark.parametrize("slack", [5.0, -50.0])  # with the second too few tickets are let through, and all are asked for again
def test_same_units_as_from_memory(tmp_path: Path, kind: str, slack: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "SLACK", slack)
    monkeypatch.setattr(large, "PART", 300)
    made = table(2000)
    drawn = draw_large(written(tmp_path, made, kind), 40, seed=SEED, stage="village", unit="code", strata=["kind"])
    plain = draw_strata(METHODS["srs"], made["code"].tolist(), made["kind"].tolist(), 40, seed=SEED, stage="village")
    assert drawn["code"].tolist() == [made["code"][k] for chosen in plain.values() for k in chosen]
    assert drawn["ticket"].tolist() == [*range(1, 41)] * 3
    assert drawn["N"].tolist() == drawn["kind"].map(made["kind"].value_counts()).tolist()
    assert np.allclose(drawn["prob"], 40 / drawn["N"])
    assert list(drawn) == ["code", "kind", "more", "stratum", "N", "n", "prob", "ticket"]


def test_engine_hashes_as_the_tickets_do() -> None:
    units = table(500)["code"].tolist()
    made = pd.DataFrame({"unit": units})
    question = f"SELECT sha256(nfc_normalize('{SEED}|village|' || unit)) FROM made"
    assert [row[0] for row in duckdb.sql(question).fetchall()] == [each.hex() for each in tickets.digests(SEED, "village", units)]
    assert any(unit != unicodedata.normalize("NFC", unit) for unit in units)
    assert len(made) == len(units)


def test_households_of_the_drawn_villages(tmp_path: Path) -> None:
    villages = [f"V{k:03d}" for k in range(30)]
    rows = pd.DataFrame({"v": np.repeat(villages, 12), "h": [f"{k:02d}" for k in range(12)] * 30, "t": ["甲", "乙", "乙"] * 120})
    rows.iloc[:180].to_parquet(tmp_path / "a.parquet")
    rows.iloc[180:].to_parquet(tmp_path / "b.parquet")
    asked = {"seed": SEED, "stage": "household", "unit": "h", "strata": ["t"], "above": "v", "within": {"V003", "V020"}}
    drawn = draw_large(tmp_path / "*.parquet", {"甲": 9, "乙": 3}, shortfall="take-all", **asked)
    for village, part in drawn.groupby("v"):
        for kind, chosen in part.groupby("t"):
            mine = rows[(rows["v"] == village) & (rows["t"] == kind)]["h"].tolist()
            order = sorted(mine, key=lambda unit: hashlib.sha256(f"{SEED}|household|{village}/{unit}".encode()).digest())
            assert chosen["h"].tolist() == order[: 9 if kind == "甲" else 3]
    assert set(drawn["v"]) == {"V003", "V020"} and len(drawn) == 2 * (4 + 3)
    with pytest.raises(DrawError, match="V003 层 甲｜要 9 个，名单 4 个"):
        draw_large(tmp_path / "*.parquet", {"甲": 9, "乙": 3}, **asked)
    with pytest.raises(DrawError, match="V999｜1 个单位在名单中没有一行"):
        draw_large(tmp_path / "*.parquet", 1, **asked | {"within": {"V003", "V999"}})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"code": ["a", "b", "b", "c"]}, "代码重复"),
        ({"code": ["a", "b", "e\u0301", "é"]}, "代码重复"),
        ({"code": ["a", "", None, "c"]}, "2 行代码空白"),
        ({"code": ["a", "b|c", "d/e", "f g"]}, "3 行代码空白"),
        ({"code": ["a", "b\u200b", "\u3000d", "f\u00a0"]}, "3 行代码空白"),
        ({"code": [1.0, 2.0, 3.0, 4.0]}, "小数会改写代码"),
        ({"kind": ["x", None, "x", "x"]}, "1 行分层列空白"),
        ({"kind": ["x", "x|y", "x", "x"]}, "1 行分层列空白"),
        ({"kind": ["x", "x", "x", "z"]}, "名单中的层不在 n 中"),
        ({"kind": ["z", "z", "z", "z"]}, "n 中的层不在名单中"),
        ({"N": [1, 2, 3, 4]}, "与样本表的列名相同"),
        ({"_top": [1, 2, 3, 4]}, "与样本表的列名相同"),
    ],
)
def test_a_bad_list_is_refused(tmp_path: Path, change: dict[str, list[object]], said: str) -> None:
    made = pd.DataFrame({"code": ["a", "b", "c", "d"], "kind": ["x"] * 4} | change)
    with pytest.raises(DrawError, match=said):
        draw_large(written(tmp_path, made, ".parquet"), {"x": 2}, seed=SEED, stage="village", unit="code", strata=["kind"])


def test_a_bad_question_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, table(10, 1), ".parquet")
    keys = {"seed": SEED, "stage": "village"}
    for n, said in ((11, "要 11 个，名单 10 个"), (-1, "不小于 0 的整数"), (2.5, "不小于 0 的整数")):
        with pytest.raises(DrawError, match=said):
            draw_large(path, {"全部": n}, unit="code", **keys)
    with pytest.raises(DrawError, match="没有这一列"):
        draw_large(path, 1, unit="村", **keys)
    with pytest.raises(DrawError, match="没有这个文件"):
        draw_large(tmp_path / "none.parquet", 1, unit="code", **keys)
    with pytest.raises(DrawError, match=r"\.xlsx"):
        draw_large(tmp_path / "none.xlsx", 1, unit="code", **keys)
    assert draw_large(path, 0, unit="code", **keys).empty
    assert len(draw_large(path, 10, unit="code", **keys)) == 10


def test_identity_numbers_are_no_ids(tmp_path: Path) -> None:
    path = written(tmp_path, pd.DataFrame({"code": ["11010519491231002X", "a", "b"]}), ".csv")
    with pytest.raises(DrawError, match=r"1 个编号是身份证号") as refused:
        draw_large(path, 3, seed=SEED, stage="household", unit="code")
    assert "19491231" not in str(refused.value)


def test_the_file_that_is_named_is_read_by_its_rules(tmp_path: Path) -> None:
    """The way of quoting is not guessed from the first rows, a bracket is no pattern, and the name of a folder is no column."""
    units = [f"V{number:05d}" for number in range(30_000)]
    rows = [unit if number < 25_000 else f'"{unit}"' for number, unit in enumerate(units)]
    asked = {"seed": "31415926535897932384", "stage": "village", "unit": "code"}
    folder = tmp_path / "code=1"
    folder.mkdir()
    (folder / "list[1].csv").write_text("code,name\n" + "".join(f"{row},x\n" for row in rows), encoding="utf-8")
    (folder / "list1.csv").write_text("code,name\nV1,x\n", encoding="utf-8")
    drawn = draw_large(folder / "list[1].csv", 20, **asked)
    assert drawn["code"].tolist() == tickets.order(asked["seed"], "village", units)[:20]
    assert set(drawn["N"]) == {30_000}
