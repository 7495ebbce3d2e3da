"""One of each public noun, made of a county in which every head of a household has the same name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import evalkit as ev
from evalkit.ceremony import commitment
from evalkit.ledger import Ledger
from evalkit.privacy import Key
from evalkit.report import compose_report
from evalkit.report.word import word_bytes
from evalkit.sheets import write_csv
from evalkit.synthetic import registry, returns
from tests import county
from tests.specimens import made_up
from tests.test_intake_registry import OLD, export
from tests.test_leeway import GATES, RATES
from tests.test_problems import listed

HEAD, ODD = "欧阳秦始皇", "<b>&\"'"
ASKED = {"evaluation": {"singleton": "adjust"}, "returns": {"empty_cell": "spread"}, "rate": RATES, "gate": GATES}
PEOPLE = pd.DataFrame({"户编号": ["0001", "0001"], "姓名": HEAD, "证件号码": ["11010519491231002X", "110105194912310021"], "人数": "2"})


def everything(folder: Path) -> dict[str, Any]:
    """Return the name of each public class with one of its kind."""
    return {**_drawn(folder), **_estimated(), **_told(folder), **_overseen(), **_steps()}


def _drawn(folder: Path) -> dict[str, Any]:
    """From the list to the verdicts, and what stands beside."""
    design = county.design(**ASKED)
    made = registry(county.villages(), design)
    frame = ev.Frame.from_data(
        made.villages().assign(village=lambda table: table["village"] + "<b>"), id="village_code", name="village", columns=["township_code"]
    )
    sample = ev.draw(frame, design, seed=county.SEED)
    rosters = pd.concat(made.rosters(sample.villages).values(), ignore_index=True).assign(户主=HEAD)
    sample = ev.draw_next(sample, ev.read_rosters(rosters, design))
    answers = returns(sample, made.households(sample.villages), design)
    responses = ev.collect(sample, answers.assign(调查员=[f"员{at % 2}" for at in range(len(answers))]))
    findings = ev.determine(responses)
    second = ev.reinterview(findings, share=0.1, seed=county.SEED)
    filled = second.blind().astype(object).assign(结果="完成", 人均纯收入="4000")
    filled[[*county.GUARANTEES]], filled[[*county.EXCLUSIONS]] = "是", "否"
    teams = pd.DataFrame({"组": [f"{name}组&" for name in "甲乙丙"], "人数": 4, "每人每日户数": 3, "回避": ""})
    folder.mkdir(exist_ok=True)
    return {
        "Design": design, "Frame": frame, "Sample": sample, "Certificate": sample.certificate, "Responses": responses, "Findings": findings,
        "Survey": ev.weigh(findings), "Distance": ev.distance(ev.weigh(findings), design, frame), "Reinterview": second,
        "Recheck": ev.recheck(second, filled), "LeftOut": ev.leave_out(findings, frame), "Interviewers": ev.interviewers(findings),
        "Plausibility": ev.plausibility(responses), "Assignment": ev.assign(sample, teams, seed=county.SEED),
        "Verification": ev.verify(sample.certificate, frame), "Directory": frame.directory(), "Evaluation": _evaluation(folder),
        "Plan": ev.plan(ev.read_design(county.ROOT / "designs" / "biyang_2018.toml")),
        "Ceremony": _ceremony(frame, design), "Rule": ev.Rule("county", keep=("泌阳县",), reason=ODD),
        "Cases": _cases(folder), "Ledger": Ledger(folder / "ledger.sqlite"),
    }  # fmt: skip


def _evaluation(folder: Path) -> ev.Evaluation:
    ev.begin(folder / "某县")
    return ev.Evaluation(folder / "某县")


def _ceremony(frame: ev.Frame, design: ev.Design) -> ev.Ceremony:
    ceremony = ev.Ceremony.announce(frame, design)
    for party, secret in (("甲方<b>", "3" * 32), ("乙方", "5" * 32)):
        ceremony = ceremony.commit(party, commitment(party, secret, "salt"))
    return ceremony.reveal("乙方", "5" * 32, "salt")


def _cases(folder: Path) -> ev.Cases:
    ev.open_case(folder, "411726101201", "0038", "错退", who="D1", day="2018-11-12", reason=f"{HEAD}住房为D级")
    return ev.cases(folder)


def _estimated() -> dict[str, Any]:
    """Any survey, and what is asked of it."""
    at = np.arange(1200)
    table = pd.DataFrame({
        "village": at // 30, "town": at // 300, "county": at // 600, "wrong": at % 97 == 0, "missed": at % 89 == 0, "exited": at % 2 == 0,
        "other": at % 2 == 1, "persons": 1 + at % 5, "kind": np.where(at % 3, ODD, "贫困户"), "income": 2000.0 + (at * 13 % 101) * 40,
        "甲题": np.where(at * 7 % 5 > 0, "满意", "不满意"), "乙题": np.where(at * 11 % 7 > 1, "满意", "不满意"),
        "总体": np.where(at * 3 % 4 > 0, "满意", "不满意"),
    })  # fmt: skip
    survey, scale = ev.Survey.from_data(table, clusters="village"), ev.Scale(("满意", "不满意"), top=("满意",), dont_know=(ODD,))
    rate = ev.proportion(survey, "wrong", by="kind")
    gate = ev.judge(ev.proportion(survey, "wrong"), 0.02, strict=True, name=ODD)
    totals = {"remaining": 1200, "exited": 38000, "non_registry": 260000, "rural": 300000}
    asked = {**totals, "wrong_exit": "wrong", "missed": "missed", "among_exited": "exited", "among_others": "other", "count": "persons"}
    rule = ev.acceptance.number(ev.acceptance.Layout(villages=20, take=60, icc=0.05), 0.02)
    plain = ev.plain_design(20, 60, frame=300, households=100)
    card = ev.score(_values(), _system())
    phone = ev.quota_sample(
        pd.DataFrame({"区县": ["甲", ODD], "计划": [2, 2], "拨打": [9, 8], "人口": [100, 300]}),
        pd.DataFrame({"区县": ["甲", "甲", ODD, ODD], "总体": "满意"}), "区县", planned="计划", dialled="拨打", population="人口",
    )  # fmt: skip
    return {
        "Estimate": rate, "SmallAreas": ev.small_areas(ev.proportion(survey, "wrong", by="town")),
        "Incidence": ev.incidence(survey, **asked),
        "Clustering": ev.icc(survey, "wrong", by="county"), "Model": ev.glm(survey, "income ~ kind"),
        "Test": ev.ttest(survey, "income", "kind"),
        "Scale": scale, "Priorities": ev.prioritize(survey, "总体", ["甲题", "乙题"], ev.Scale(("满意", "不满意"), top=("满意",))),
        "QuotaSample": phone, "Verdict": gate, "Decision": ev.accept(3, rule, name=ODD), "Programme": ev.programme([gate, gate]),
        "Trials": ev.simulate(plain, {"差错率": [0.02]}, seed="1", replicates=2, workers=1), "PPS": ev.PPS("joint", np.eye(3)),
        "Scorecard": card, "Sensitivity": card.sensitivity(),
    }  # fmt: skip


def _system() -> dict[str, Any]:
    item = {"weight": 50.0, "rule": "percent", "maximum": 1.0, "direction": "above", "source": "台账"}
    items = [{"code": code, "name": code + ODD, **item} for code in "AB"]
    return {"format": 1, "indicators": {"title": ODD, "source": "自拟", "full": 100.0, "item": items}}


def _values() -> pd.DataFrame:
    rows = [("甲" + ODD, "A", 1.0), ("甲" + ODD, "B", 0.2), ("乙", "A", 0.6), ("乙", "B", 0.62)]
    return pd.DataFrame(rows, columns=["对象", "代码", "值"]).assign(来源="台账", 日期="2018", 提供单位="某办")


def _told(folder: Path) -> dict[str, Any]:
    """Tables that came in, and what was found in them."""
    checks = [ev.Check("unique", "证件号码", action="ask", rule=ODD), ev.Check("identity", "证件号码", action="ask")]
    source = pd.DataFrame({"户": ["1", "2"], "姓名": [HEAD, "甲"], "人数": ["1", ODD]})
    answers = write_csv(pd.DataFrame({"村": ["1"], "姓名": [HEAD], "题<b>": ["是"]}), folder / "答卷.csv")
    villages = pd.DataFrame({
        "村": ["甲", "乙"], "贫困发生率": [0.021, 0.034], "人均可支配收入占比提高": "是",
        "有集体经济或合作组织、互助资金组织": ["是", "否"],
        "通沥青路或水泥路": "是", "有安全饮水": "是", "电力入户率": [1, 1], "有标准化村卫生室": "是",
    })  # fmt: skip
    write_csv(PEOPLE, folder / "out" / "人.csv")
    items = [("甲" + ODD, "村", "责任落实", f"手册{word}", "x", word, HEAD) for word in ("是", "否")]
    problems = listed(2, 问题=HEAD)
    return {
        "Check": checks[0], "Screening": ev.screen(PEOPLE, checks, subject="人口表" + ODD), "Shed": ev.shed(PEOPLE, keep="姓名"),
        "Matching": ev.match_sources(source, source.assign(人数="3"), key="户", fields=["姓名", "人数"], households="all"),
        "Register": ev.read_registry(write_csv(export(OLD, {"人数": "9"}), folder / "户.csv"), faults="list"),
        "Returned": ev.read_returns(answers), "Checklist": ev.checklist(villages, "陕西村7条", unit="村"), "Leaks": ev.scan(folder / "out"),
        "Tally": ev.tally(pd.DataFrame(items, columns=["对象", "层级", "清单", "项目", "依据", "结果", "典型事例"])),
        "Procedure": _procedure(), "Problem": problems.problems[0], "Problems": problems,
        "Key": Key(bytes(range(32))), "Forms": _forms(), "Proof": _proof(),
    }  # fmt: skip


def _overseen() -> dict[str, Any]:
    """What the tiers above look at again."""
    paid = pd.DataFrame({"村代码": "411726101201", "户编号": ["001", "002"], "政策": "低保" + ODD, "应享": "是", "实享": ["是", "否"]})
    looked = pd.DataFrame({"村代码": ["01", "02"], "项目": "饮水" + ODD, "乡级自查": ["达标", "不达标"], "县级普查": "达标"})
    quarters = {f"{name}季度{what}": 25 * at for at, name in enumerate("一二三四", 1) for what in ("目标", "进度")}
    duties = pd.DataFrame({"单位": [HEAD, "乙"], "职责": "走访" + ODD, "频次": "每月", "所属": "甲镇"})
    required = ev.must_visit(pd.DataFrame({"村代码": ["411727100200", "411727100201"], "边缘村": "是"}), {"边缘" + ODD: ("边缘村", ["是"])})
    return {
        "Delivery": ev.check_delivery(paid, day="2018-06-30", late_after=None),
        "Tiers": ev.compare_tiers(looked, tiers=["乡级自查", "县级普查"], unit="村代码"),
        "TaskList": ev.read_tasks(pd.DataFrame([{"单位": "甲镇", "任务编号": "1", "任务": "危房" + ODD, "分值": 10, **quarters}])),
        "Duties": ev.check_duties(
            duties, pd.DataFrame({"单位": [HEAD], "职责": "走访" + ODD, "日期": "2018-01-20"}), first="2018-01-01", last="2018-01-31"
        ),
        "ClueList": ev.read_clues(pd.DataFrame({
            "线索编号": ["X1"], "级": "村", "地点": "411726101201", "线索内容": f"{HEAD}冒领补助三千元", "涉及人员": HEAD, "来源": "访谈",
            "发现日期": "2018-05-03",
        })),
        "Clues": ev.Clues([f"{HEAD}冒领低保金三千元，群众反映强烈"], [HEAD], ["低保金"]),
        "Inspectors": ev.inspector_points(
            pd.DataFrame({"督查员": [HEAD, "D2"], "日期": "2018-11-15", "出勤": ["出勤", "缺勤"]}),
            pd.DataFrame({"问题编号": ["P1"], "督查员": [HEAD], "日期": "2018-11-15", "举证": "无效"}),
        ),
        "Coverage": ev.check_coverage(required, pd.DataFrame({"单位代码": ["411727100200"]})),
    }  # fmt: skip


def _procedure() -> ev.Procedure:
    days = {"评议": ["2018-09-01", "2018-09-10"], "核实": "2018-09-03", "签字": ["是", ""]}
    table = pd.DataFrame({"村": "甲", "户": ["1", "2"], **days})
    dates = {"评议": "评议", "核实": "核实"}
    return ev.procedure(table, village="村", household="户", dates=dates, notice=("评议", "核实"), notice_days=7, signatures={ODD: "签字"})


def _forms() -> ev.Forms:
    form = {"name": "访谈表", "kind": "interview", "link": "none", "by": "对象", "counts": ["知晓<b>"], "expected": {"驻村": 3}}
    answers = pd.DataFrame({"对象": ["驻村", "帮扶"], "知晓<b>": ["是", "否"], "姓名": HEAD})
    return ev.read_forms(county.design(form=[form]), {"访谈表": answers})


def _proof() -> ev.Proof:
    original = word_bytes(compose_report(made_up(3)))
    return ev.proofread(original, original)


def _steps() -> dict[str, Any]:
    return {
        "Calibrate": ev.Calibrate(["x"], {"x": 3}), "Nonresponse": ev.Nonresponse(by="x"), "PostStratify": ev.PostStratify("x", {"a": 1}),
        "Rake": ev.Rake({"x": {"a": 1}}), "Trim": ev.Trim(upper=3),
    }  # fmt: skip
