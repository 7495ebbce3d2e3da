"""Evidence, evidence sheets, the appeal pack, changed numbers, and the procedure of exits."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pytest

import evalkit as ev
from evalkit.casework import changed, changed_files
from evalkit.errors import LedgerError, ResponsesError
from evalkit.ledger import Ledger
from tests import county

SAID = {"who": "D1", "reason": "见卷"}


def notified(folder: Path) -> str:
    case = ev.open_case(folder, "411726101201", "0038", "错退", who="D1", day="2018-11-12", reason="住房为D级")
    ev.move_case(folder, case, "已反馈", day="2018-11-13", deadline="2018-11-20", **SAID)
    return case


def handed(folder: Path, case: str, number: str, received: str, **more: Any) -> Any:
    return ev.add_exhibit(folder, case, number, "住房鉴定表", who="X1", received=received, page="3–5", issuer="县住建局", **more)


def test_evidence_is_hashed_and_referenced_not_stored(tmp_path: Path) -> None:
    case, paper = notified(tmp_path), tmp_path / "鉴定表.pdf"
    paper.write_bytes(b"%PDF sealed")
    handed(tmp_path, case, "1", "2018-11-18", file=paper, issued="2018-06-01")
    row = ev.exhibits(tmp_path, case).iloc[0]
    assert row["seal"] == hashlib.sha256(b"%PDF sealed").hexdigest() and row["file"] == "鉴定表.pdf" and not row["late"]
    assert b"%PDF sealed" not in (tmp_path / "ledger.sqlite").read_bytes()
    assert changed_files(tmp_path, tmp_path) == []
    paper.write_bytes(b"%PDF other")
    assert changed_files(tmp_path, tmp_path) == [f"{case}，证据 1：鉴定表.pdf 与登记时的指纹不符"]
    paper.unlink()
    assert "不在文件夹中" in changed_files(tmp_path, tmp_path)[0]


def test_bad_evidence_is_refused(tmp_path: Path) -> None:
    case = notified(tmp_path)
    handed(tmp_path, case, "1", "2018-11-18")
    assert len(ev.exhibits(tmp_path)) == len([handed(tmp_path, case, "1", "2018-11-18")])
    with pytest.raises(LedgerError, match="这个编号已有证据"):
        handed(tmp_path, case, "1", "2018-11-19")
    with pytest.raises(LedgerError, match="没有这个文件"):
        handed(tmp_path, case, "2", "2018-11-19", file=tmp_path / "无.pdf")
    with pytest.raises(LedgerError, match="没有这个案件"):
        handed(tmp_path, "a/1/错退", "2", "2018-11-19")
    with pytest.raises(LedgerError, match="没有这件证据｜先登记；已有：1"):
        ev.rule_exhibit(tmp_path, case, "9", "采信", day="2018-11-19", **SAID)


@pytest.mark.parametrize(
    ("late", "good", "bad"), [("refuse", "不采信", "采信"), ("accept", "采信", "随卷上报"), ("refer", "随卷上报", "不采信")]
)
def test_late_evidence_follows_a_named_rule_and_never_a_default(
    tmp_path: Path, late: Literal["refuse", "accept", "refer"], good: str, bad: str
) -> None:
    case = notified(tmp_path)
    handed(tmp_path, case, "1", "2018-11-20")
    handed(tmp_path, case, "2", "2018-11-21")
    assert ev.exhibits(tmp_path)["late"].tolist() == [False, True]
    ev.rule_exhibit(tmp_path, case, "1", "采信", day="2018-11-22", **SAID)
    with pytest.raises(LedgerError, match="在举证截止之后收到，须写明按哪条规则｜late = 之一：refuse 逾期的证据不采信"):
        ev.rule_exhibit(tmp_path, case, "2", "采信", day="2018-11-22", **SAID)
    with pytest.raises(LedgerError, match=f"不能记为{bad}"):
        ev.rule_exhibit(tmp_path, case, "2", bad, day="2018-11-22", late=late, **SAID)
    ev.rule_exhibit(tmp_path, case, "2", good, day="2018-11-22", late=late, **SAID)
    assert ev.exhibits(tmp_path)["admitted"].tolist() == ["采信", good]


def test_the_sheet_and_the_pack_say_everything_and_are_the_same_every_time(tmp_path: Path) -> None:
    found = ev.determine(county.collected())
    ev.open_cases(tmp_path, found, who="D1", day="2018-11-12", reopen=True)
    case = ev.cases(tmp_path).table()["case"][0]
    ev.move_case(tmp_path, case, "已反馈", day="2018-11-13", deadline="2018-11-20", **SAID)
    handed(tmp_path, case, "1", "2018-11-21")
    sheet = ev.write_sheet(tmp_path, case, tmp_path / "举证表.xlsx", findings=found)
    told = pd.read_excel(sheet, header=None, dtype=str, engine="openpyxl").fillna("")
    text = told.to_csv(index=False)
    item = found.evidence().iloc[0]["item"]
    for word in (case, item, "2018-11-13", "2018-11-20", "住房鉴定表", "3–5", "县住建局", "2018-11-21（逾期）", "待定", "调查组", "总控组"):
        assert word in text, word
    one, two = (ev.write_pack(tmp_path, tmp_path / name, findings=found) for name in ("a.zip", "b.zip"))
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as pack:
        names = pack.namelist()
        assert len([name for name in names if name.startswith("举证表/")]) == len(found.cases())
        seals = pack.read("指纹.txt").decode().splitlines()
        assert seals[-1] == f"台账末条指纹 {Ledger(tmp_path / 'ledger.sqlite').head}"
        for line in seals[:-1]:
            seal, name = line.split("  ")
            assert hashlib.sha256(pack.read(name)).hexdigest() == seal
    with pytest.raises(LedgerError, match="台账中没有案件"):
        ev.write_pack(tmp_path / "none", tmp_path / "c.zip")


def test_changed_numbers_name_the_case_and_the_signature(tmp_path: Path) -> None:
    case = notified(tmp_path)
    before = pd.DataFrame({"rate": ["错退率", "漏评率"], "status": ["认定", "认定"], "numerator": [5, 2], "official": [0.01, 0.002]})
    before = before.assign(denominator=500, estimate=0.01, low=0.0, high=0.02)
    after = before.assign(numerator=[8, 2], official=[0.016, 0.002])
    known = len(ev.cases(tmp_path).entries)
    with pytest.raises(LedgerError, match="错退率 等 2 个数不同，而其间没有案件认定"):
        changed(before, after, ev.cases(tmp_path), since=known)
    ev.move_case(tmp_path, case, "认定", day="2018-11-22", who="Z9", reason="复核")
    table = changed(before, after, ev.cases(tmp_path), since=known)
    assert table[["rate", "number", "old", "new"]].to_numpy().tolist() == [["错退率", "分子", 5, 8], ["错退率", "未加权", 0.01, 0.016]]
    assert table["cases"].tolist() == [f"{case} 认定"] * 2 and table["signatures"][0] == "Z9 2018-11-22"
    assert changed(before, before, ev.cases(tmp_path), since=known).empty


STEPS = {"评议": "评议日", "核实": "核实日", "认可": "认可日", "公示": "公示起", "公告": "公告日", "销号": "销号日"}
GOOD = {"村": "甲", "评议日": "2018-09-01", "核实日": "2018-09-03", "认可日": "2018-09-04", "公示起": "2018-09-05", "公示止": "2018-09-11",
        "公告日": "2018-09-12", "销号日": "2018-09-30", "签字": "是"}  # fmt: skip


def run(*rows: dict[str, str], days: int = 7) -> Any:
    table = pd.DataFrame([{**GOOD, "户": str(i), **row} for i, row in enumerate(rows)])
    return ev.procedure(
        table, village="村", household="户", dates=STEPS, notice=("公示起", "公示止"), notice_days=days, signatures={"退出确认书": "签字"}
    )


@pytest.mark.parametrize(
    ("row", "rules"),
    [
        ({}, []),
        ({"核实日": "2018-08-31"}, ["核实应不早于评议"]),
        ({"核实日": "", "认可日": "2018-08-31"}, ["核实应有日期", "认可应不早于评议"]),
        ({"公示止": "2018-09-10"}, ["公示应不少于 7 天"]),
        ({"公告日": "2018-09-11"}, ["公告应在公示期满之后"]),
        ({"销号日": "2018/9/30"}, ["销号日期应写成 年-月-日"]),
        ({"签字": ""}, ["退出确认书应有签字"]),
        ({"核实日": "2018-09-01"}, []),
    ],
)
def test_each_rule_of_the_procedure(row: dict[str, str], rules: list[str]) -> None:
    assert run(row).problems()["rule"].tolist() == rules


def test_faults_of_procedure_are_problems_with_their_place_and_evidence() -> None:
    made = run({}, {"核实日": "2018-08-31"}, {"公示止": "2018-09-10", "签字": "否"})
    assert made.problems()[["village", "household", "item"]].to_numpy().tolist() == [
        ["甲", "1", "核实"], ["甲", "2", "公示"], ["甲", "2", "退出确认书"],
    ]  # fmt: skip
    assert made.problems()["evidence"][0] == "评议 2018-09-01，核实 2018-08-31"
    assert repr(made) == "Procedure 3 户：1 户程序齐全，2 户共 3 处程序问题（不计错退）"
    assert run({"公示止": "2018-09-10"}, days=5).problems().empty
    with pytest.raises(ResponsesError, match="公示天数应为不小于 1 的整数"):
        run({}, days=0)
    with pytest.raises(ResponsesError, match="评议｜表中没有这一列"):
        bare = pd.DataFrame({"村": [], "户": []})
        ev.procedure(bare, village="村", household="户", dates={"评议": "评议"}, notice=("村", "村"), notice_days=7)


def test_households_whose_status_changed_are_listed_not_recoded() -> None:
    _, _, sample, _ = county.made()
    now = sample.table("household")[["village", "household", "stratum"]].reset_index(drop=True).set_axis(["村", "户", "类型"], axis=1)
    now.loc[0, "类型"] = "别的户"
    made = ev.status_changes(sample, now, village="村", household="户", stratum="类型", date="2018-12-01")
    assert made[["drawn_as", "now"]].to_numpy().tolist() == [[sample.table("household")["stratum"].iloc[0], "别的户"]]
    assert ev.determine(county.collected()).table()["stratum"].isin(("脱贫户", "未脱贫户", "非建档立卡户")).all()
