"""What becomes of problems outside the ledger: statements held against estimates, findings turned into rows, workbooks, commands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import evalkit as ev
from evalkit.cli import main
from evalkit.errors import EstimateError, FieldworkError, LedgerError
from evalkit.problems.statements import FAILS, HOLDS, OPEN, UNSEEN
from evalkit.sheets import read_grids
from tests.architecture_rules import ROOT

PART = """[problems]
taxonomy = "longchuan_2018.toml"
merge = ["level", "place", "household", "code"]
chain = ["包帮干部", "审核组长"]
gates = true
"""
LONGCHUAN = ROOT / "designs" / "taxonomies" / "longchuan_2018.toml"


def share(hits: int, of: int = 600, villages: int = 30) -> ev.Estimate:
    """The share of households with something, the same number in each village but for what is left over."""
    rows = pd.DataFrame({"village": np.arange(of) % villages, "hit": np.arange(of) < hits})
    return ev.proportion(ev.Survey.from_data(rows, clusters="village"), "hit")


# -- statements ------------------------------------------------------------------------------------------------------------------


def test_the_six_statements_of_longchuan_beside_estimates_of_their_units() -> None:
    estimates = {
        "1.2": (share(120), "贫困户"), "1.5": (share(292), "贫困人口"), "3.1": (share(150), "脱贫户"), "3.2-1": (share(60), "脱贫户"),
        "3.2-2": (share(15), "脱贫户"),
    }  # fmt: skip
    made = ev.check_statements(ev.read_taxonomy(LONGCHUAN), estimates, tolerance=0.05).set_index("code")
    assert made["conclusion"].to_dict() == {
        "1.2": HOLDS, "1.5": OPEN, "3.1": OPEN, "3.2-1": FAILS, "3.2-2": OPEN, "4.2": UNSEEN,
    }  # fmt: skip
    assert made.loc["1.2", "sentence"].startswith("“贫困户致贫原因分析不准确的比例高于10%”：以贫困户计，估计为20.00%（单侧95%下限1")
    assert "在2%两边" in made.loc["3.2-2", "sentence"] and made.loc["3.2-1", "sentence"].endswith("，不成立。")


@pytest.mark.filterwarnings("ignore::evalkit.errors.EvalkitWarning")  # `judge` finds a low threshold for "above" unusual
@pytest.mark.parametrize("hits", [12, 20, 33, 48, 60, 75, 90, 120])
def test_a_statement_holds_where_a_verdict_is_met_and_fails_where_it_is_not(hits: int) -> None:
    """`judge` and the statement read the same one-sided bounds."""
    said = {"code": "a", "text": "高于10%", "relation": ">", "value": 0.1, "unit": "户"}
    taxonomy = ev.read_taxonomy({
        "format": 1, "title": "例", "source": "自拟", "group": [{"code": "1", "name": "一"}],
        "problem": [{"code": "1.1", "group": "1", "name": "甲", "statement": [said]}],
    })  # fmt: skip
    estimate = share(hits)
    row = ev.check_statements(taxonomy, {"a": (estimate, "户")}).iloc[0]
    verdict = ev.judge(estimate, 0.1, direction="above", strict=True)
    assert row["conclusion"] == {"met": HOLDS, "not met": FAILS, "not proven": OPEN}[verdict.zone]
    assert (row["low"], row["high"]) == pytest.approx((verdict.low, verdict.high))


def test_statements_refuse_other_units_and_an_unstated_nearness() -> None:
    known = ev.read_taxonomy(LONGCHUAN)
    with pytest.raises(EstimateError) as refused:
        ev.check_statements(known, {"1.2": (share(9), "贫困人口"), "1.5": (share(9), "贫困人口"), "7": (share(9), "户")})
    told = str(refused.value)
    assert "3 处" in told and "单位不同的比例不能相比" in told and "须写明多近算近" in told and "清单中没有这个说法" in told
    near = ev.check_statements(known, {"1.5": (share(300), "贫困人口")}, tolerance=0.1).set_index("code").loc["1.5"]
    far = ev.check_statements(known, {"1.5": (share(120), "贫困人口")}, tolerance=0.1).set_index("code").loc["1.5"]
    assert (near["conclusion"], far["conclusion"]) == (HOLDS, FAILS)


# -- findings as problems --------------------------------------------------------------------------------------------------------


def test_faults_of_procedure_become_problems_of_households_or_villages() -> None:
    table = pd.DataFrame(
        {"村": ["A1", "A1", "A2"], "户": ["1", "2", "1"], "评议": ["2018-09-10", "2018-09-10", "2018-09-01"], "核实": "2018-09-03",
         "起": "2018-09-05", "止": "2018-09-12"}
    )  # fmt: skip
    dates = {"评议": "评议", "核实": "核实", "公示": "起"}
    found = ev.procedure(table, village="村", household="户", dates=dates, notice=("起", "止"), notice_days=7)
    said = {"day": "2018-11-12", "source": "第三方评估", "codes": {"核实": "退出.2", "公示": "退出.2"}}
    rows = ev.procedure_problems(found, level="户", **said)
    assert rows["问题"].tolist() == ["核实应不早于评议（评议 2018-09-10，核实 2018-09-03）"] * 2
    rows = ev.procedure_problems(found, level="村", **said)
    assert rows[["级", "地点", "问题"]].values.tolist() == [["村", "A1", "核实应不早于评议：2 户不合"]]
    taxonomy = ev.read_taxonomy(LONGCHUAN.parent / "ningshan_2019.toml")
    assert len(ev.list_problems(rows, merge=["level", "place", "code", "text"], taxonomy=taxonomy).problems) == 1
    with pytest.raises(LedgerError, match="核实｜没有写对应的问题代码"):
        ev.procedure_problems(found, level="村", day="2018-11-12", source="第三方评估", codes={})


def test_confirmed_cases_alone_become_problems(tmp_path: Path) -> None:
    for household in ("0001", "0002", "0003"):
        case = ev.open_case(tmp_path, "411726101201", household, "错退", who="D1", day="2018-11-12", reason="住房为D级")
        ev.move_case(tmp_path, case, "已反馈", who="D1", day="2018-11-13", reason="反馈会", deadline="2018-11-20")
        if household != "0003":
            step = "认定" if household == "0001" else "排除"
            ev.move_case(tmp_path, case, step, who="D1", day="2018-11-21", reason="见卷")
    case = "411726101201/0001/错退"
    rows = ev.case_problems(ev.cases(tmp_path).table(), day="2018-11-21", source="第三方评估", codes={"错退": "3.1"})
    assert rows["问题编号"].tolist() == [f"案件/{case}"] and rows["问题代码"].tolist() == ["3.1"]
    for number, told in ((case, "不成立"), ("411726101201/0002/错退", "成立")):
        ev.move_case(tmp_path, number, "终定", who="D1", day="2018-11-25", reason="终定", outcome=told)
    rows = ev.case_problems(ev.cases(tmp_path).table(), day="2018-11-25", source="第三方评估", codes={"错退": "3.1"})
    assert rows["户编号"].tolist() == ["0002"]


# -- the folder ------------------------------------------------------------------------------------------------------------------


def typed(*words: str) -> str:
    made = CliRunner().invoke(main, ["problems", *words])
    return f"{made.exit_code}\n{made.output}"


def test_the_commands_from_an_empty_form_to_the_four_lists(tmp_path: Path) -> None:
    design = (ROOT / "designs" / "biyang_2018.toml").read_text(encoding="utf-8")
    (tmp_path / "design.toml").write_text(f"{design}\n{PART}", encoding="utf-8")
    (tmp_path / "longchuan_2018.toml").write_bytes(LONGCHUAN.read_bytes())
    root = str(tmp_path)
    assert typed("form", root).startswith("0\n空表在 lists/")
    form = tmp_path / "lists" / "问题清单.xlsx"
    assert list(read_grids(form)) == ["问题清单", "填写说明", "分类说明"]
    filled = pd.DataFrame({
        "问题编号": ["A1", "A2"], "级": "村", "地点": "411726101201", "问题代码": ["6.3", "4.2"], "问题": ["明白卡不规范", "不常到户"],
        "来源": "第三方评估", "发现日期": "2018-05-03",
    })  # fmt: skip
    filled.to_csv(tmp_path / "list.csv", index=False)
    assert "台账新记 2 条" in typed("import", root, str(tmp_path / "list.csv"), "--who", "D1", "--day", "2018-05-10")
    step = ("--who", "C1", "--day", "2018-05-20")
    assert typed("note", root, "A1", "反馈", *step, "--text", "发文") == "0\nA1：反馈 已记\n"
    assert typed("note", root, "A1", "整改", *step, "--text", "已更新") == "0\nA1：整改 已记\n"
    assert "包帮干部还没有签字，次序不对" in typed("sign", root, "A1", "审核组长", *step)
    assert typed("sign", root, "A1", "包帮干部", *step) == "0\nA1：包帮干部 已签字\n"
    (tmp_path / "照片.jpg").write_bytes(b"x")
    pd.DataFrame({"问题编号": ["A1", "A1"], "步骤": ["签字", "销号"], "人": "L1", "日期": "2018-05-22", "职务": ["审核组长", ""],
                  "佐证": ["", "照片.jpg"]}).to_csv(tmp_path / "steps.csv", index=False)  # fmt: skip
    assert "新记 2 步" in typed("steps", root, str(tmp_path / "steps.csv"))
    late = ("--who", "L1", "--day", "2018-05-30", "--evidence", str(tmp_path / "照片.jpg"))
    assert "已于 2018-05-22 销号" in typed("close", root, "A1", *late)
    assert "A2  2018-06-10  逾期 10 天" in typed("overdue", root, "--day", "2018-06-20")
    assert "共2项，已销号1项，未完成1项，其中逾期1项。" in typed("progress", root, "--day", "2018-06-20", "--by", "lead")
    assert typed("export", root, "--day", "2018-06-20").startswith("0\n问题清单、责任清单、整改清单、整改时限清单 写入")
    books = {name: read_grids(tmp_path / "results" / name) for name in ("四清单.xlsx", "销号登记表.xlsx")}
    assert list(books["四清单.xlsx"]) == ["问题清单", "责任清单", "整改清单", "整改时限清单", "来源", "进度", "阶段", "措施"]
    paper = CliRunner().invoke(main, ["paper", "progress", "台账", root, "--date", "2018-06-20"])
    assert paper.exit_code == 0, paper.output
    page = (tmp_path / "report" / "整改情况报告.html").read_text(encoding="utf-8")
    assert "已完成1个" in page and "超过时限未完成的1个" in page and "明白卡不规范" in page
    assert "集中整改" in typed("stages", root) and "签字包帮干部" in typed("list", root, "--number", "A1")
    assert "A2  待整改  2018-06-10" in typed("list", root)
    with pytest.raises(FieldworkError, match="已有人填写"):
        filled.to_excel(form, index=False)
        ev.write_problem_form(form)
