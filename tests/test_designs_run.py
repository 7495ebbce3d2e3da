"""One complete evaluation for each seed system: from registry to report, with rates that come out as they were put in."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit.design import Design
from evalkit.design.reading import standing_alone
from evalkit.evaluation import marking
from evalkit.evaluation.assembly import Drawing
from evalkit.evaluation.chosen import gather
from evalkit.evaluation.specimen import run
from evalkit.findings import unjudged
from evalkit.frame import Frame
from evalkit.report.compose import compose_report
from evalkit.survey import Survey
from evalkit.tables import Results
from tests.reports import collected

FOLDER = Path(__file__).resolve().parent.parent / "designs"
SMALLER = {"ningshan_2019": 60.0}  # households of a village, where a census of all would take too long here
COMPLETE = (
    "biyang_2018", "biyang_2018_second_wave", "national_exit_county_2018", "provincial_assessment_2016", "longchuan_2017", "ningshan_2019",
    "guangdong_patrol_2016", "guangdong_discipline_2016", "gansu_post_2021", "yingde_2019",
)  # fmt: skip
HERE = tuple(name for name in COMPLETE if name != "biyang_2018_second_wave")  # whose rates are those of biyang_2018


@cache
def declared(name: str) -> Design:
    design = ev.read_design(FOLDER / f"{name}.toml")
    assert design.specimen is not None
    if name not in SMALLER:
        return design
    return design.model_copy(update={"specimen": design.specimen.model_copy(update={"households": SMALLER[name]})})


@cache
def evaluated(name: str) -> tuple[Frame, Results, Survey | None]:
    return evaluate(declared(name))


def evaluate(design: Design) -> tuple[Frame, Results, Survey | None]:
    frame, rosters, sample, responses = collected(design)
    findings = ev.determine(responses) if design.criteria else unjudged(responses)
    results = gather(findings, rosters, Drawing(sample.certificate, (), {}))
    return frame, results, ev.weigh(findings) if sample.inference else None


def test_the_complete_designs_are_those_with_a_specimen() -> None:
    read = {path.stem: ev.read_design(path) for path in FOLDER.glob("*.toml")}
    with_specimen = [name for name, design in read.items() if design.specimen is not None and design.programme is None]
    assert sorted(with_specimen) == sorted(COMPLETE)


def truth(design: Design, name: str) -> float:
    """The share that was put in: for findings those that are confirmed or still open, as the suspected rate counts them."""
    rate, specimen = design.rate(name), design.specimen
    assert rate is not None and specimen is not None
    if rate.kind == "finding":
        return float(getattr(specimen, rate.finding)) * (1 + specimen.confirmed) / 2
    return float(specimen.shares.get(name, specimen.approval if rate.kind == "approval" else 0.01))


@pytest.mark.parametrize("name", [name for name in HERE if name != "guangdong_discipline_2016"])
def test_rates_are_near_what_was_put_in(name: str) -> None:
    design, (_, results, _) = declared(name), evaluated(name)
    rates = results.table("rates")
    assert set(rates["rate"]) == {rate.name for rate in design.rates}
    shown = rates[rates["status"] != "认定"].set_index("rate")
    plain = [rate.name for rate in design.rates if rate.kind in ("finding", "approval", "prevalence")]
    for each in plain:
        row, put_in = shown.loc[each], truth(design, each)
        # clustering makes the spread some times that of a simple sample; a rate that is not measured at all would be far off
        assert abs(row["estimate"] - put_in) < 6 * np.sqrt(put_in * (1 - put_in) / row["denominator"] * max(3.0, row["deff"])), each
    assert shown.loc[plain, "numerator"].gt(0).sum() >= min(2, len(plain)), "indicators must be exercised"


@pytest.mark.parametrize("name", HERE)
def test_the_report_is_written_of_each(name: str) -> None:
    text = compose_report(evaluated(name)[1]).text()
    said = {
        "ningshan_2019": ["6个乡镇、56个村全部走访", "普查没有抽样误差", "该进未进", "该退未退"],
        "guangdong_discipline_2016": ["不推断总体", "发现", "典型选点不作判定"],
        "yingde_2019": ["不对户作认定", "未设门槛"],
        "gansu_post_2021": ["应纳未纳", "风险消除不准", "体外循环"],
        "provincial_assessment_2016": ["“两率一度”指", "识别准确率", "未设门槛"],
        "longchuan_2017": ["未享受先诊疗后付费率", "以人计"],
        "national_exit_county_2018": ["“三率一度”指", "低于3%"],
    }  # fmt: skip
    for words in said.get(name, ["模拟数据"]):
        assert words in text, words
    if name in ("yingde_2019", "guangdong_patrol_2016"):
        assert "错退" not in text
    if name in ("ningshan_2019", "guangdong_discipline_2016"):
        assert "样本按设计随机抽取" not in text


def test_places_chosen_on_purpose_have_counts_only() -> None:
    _, results, survey = evaluated("guangdong_discipline_2016")
    rates = results.table("rates")
    assert survey is None and rates[["official", "estimate", "low", "high"]].isna().all(axis=None)
    assert (rates["denominator"] > 0).all() and (rates["numerator"] > 0).sum() >= 5


def test_a_census_has_no_error_where_everybody_answered() -> None:
    """All villages and all households are taken: what error there is comes from those that were not reached."""
    _, results, _ = evaluated("ningshan_2019")
    counts = results.facts["counts"]
    assert counts["villages_drawn"] == counts["villages_frame"] == 56 and results.facts["census"]
    assert results.table("rates")["se"].max() > 0 and 0.9 < counts["households_complete"] / counts["households_planned"] < 1
    reached = {"households": 15.0, "refusal": 0.0, "noncontact": 0.0, "ineligible": 0.0, "missed": 0.05}
    whole = declared("ningshan_2019")
    assert whole.specimen is not None
    rates = evaluate(whole.model_copy(update={"specimen": whole.specimen.model_copy(update=reached)}))[1].table("rates")
    assert (rates["se"] == 0).all() and rates["estimate"].to_list() == pytest.approx(rates["official"].to_list())
    assert (rates["numerator"] > 0).any()


SCORED = ("biyang_2018", "national_exit_county_2018", "provincial_assessment_2016", "gansu_post_2021", "yingde_2019")


@pytest.mark.parametrize("name", SCORED)
def test_systems_named_by_file_are_scored(name: str) -> None:
    design, (frame, _, survey) = declared(name), evaluated(name)
    assert design.specimen is not None and design.indicators is not None and survey is not None
    values = [("示例", code, value, "模拟", "2018", "模拟") for code, value in design.specimen.values.items()]
    other = pd.DataFrame(values, columns=["对象", "代码", "值", "来源", "日期", "提供单位"]) if values else None
    rates = [rate for rate in ev.measure(survey, design, frame)]
    card = ev.score({"示例": tuple(rates)}, design, other=other)
    told = card.units().iloc[0]
    if design.indicators.full:
        assert 60 < told["score"] < told["low"] + 20 and told["low"] < told["score"] < told["high"]
    elif name == "provincial_assessment_2016":
        states = card.circumstances().set_index("code")["state"].to_dict()
        assert states["（一）"] == "未见" and states["（二）"] == "无资料" and states["（五）"] in ("未见", "提示")
    else:
        assert told["conclusion"] in (design.indicators.passed, design.indicators.failed)


def test_a_run_on_a_made_up_list_leaves_a_folder_that_stands_alone(tmp_path: Path) -> None:
    """Satisfaction alone, a system of indicators named by file, no criteria and no gate: the whole river, on a smaller list."""
    text = (FOLDER / "yingde_2019.toml").read_text(encoding="utf-8")
    inline = text.index("[indicators]")
    system = text[inline : text.index("# ---- 规划值")]
    small = text.replace(system, '[indicators]\nfile = "体系.toml"\n\n').replace("total = 400", "total = 30").replace("n = 100", "n = 6")
    (tmp_path / "体系.toml").write_text(f"format = 1\n\n{system}", encoding="utf-8")
    (tmp_path / "small_2019.toml").write_text(small, encoding="utf-8")
    said = run(tmp_path / "small_2019.toml", tmp_path / "out")
    assert any("得 " in line and "分" in line for line in said) and "未设门槛" in "".join(said)
    alone = (tmp_path / "out" / "design.toml").read_text(encoding="utf-8")
    assert 'file = "体系.toml"' not in alone and ev.read_design(tmp_path / "out" / "design.toml").indicators is not None
    assert standing_alone(tmp_path / "out" / "design.toml") == (tmp_path / "out" / "design.toml").read_bytes()
    results = Results.load(tmp_path / "out" / "results")
    assert results.table("marks")["item"].str.contains("综合得分").any() and results.table("findings").empty
    assert sorted(path.suffix for path in (tmp_path / "out" / "report").iterdir()) == [".docx", ".html", ".pdf", ".xlsx"]


# -- tables of values -------------------------------------------------------------------------------------------------


def test_quarterly_lights_of_laiwu(tmp_path: Path) -> None:
    """Two quarters of townships: the light by the declared rule, and who is shown for a light twice running."""
    system = FOLDER / "systems" / "laiwu_quarterly_2018.toml"
    cards = [ev.score(FOLDER / "data" / f"laiwu_2018_{quarter}.csv", system) for quarter in ("q1", "q2")]
    lights = [card.lights(period) for card, period in zip(cards, ("一季度", "二季度"), strict=True)]
    for card, table in zip(cards, lights, strict=True):
        assert table["light"].value_counts().to_dict() == {"绿灯": 7, "黄灯": 2, "红灯": 1}
        assert table.loc[table["light"] == "红灯", "unit"].iloc[0] == card.units().sort_values("score")["unit"].iloc[0]
    shown = ev.exposure(lights)
    assert set(shown["unit"]) == set(lights[1].loc[lights[1]["light"] != "绿灯", "unit"])
    said = marking.mark_table(str(FOLDER / "data" / "laiwu_2018_q1.csv"), str(system), str(tmp_path))
    assert "  红灯：镇街05" in said and (tmp_path / "lights.csv").exists()


def test_village_exit_of_yunnan_has_self_and_exam_scores() -> None:
    """Below 3 % are 20 points, else none; the self-score stands beside that of the exam, as the sheet has it."""
    system = FOLDER / "systems" / "village_exit_yunnan_2016.toml"
    own, exam = (ev.score(FOLDER / "data" / f"yunnan_villages_2016_{kind}.csv", system) for kind in ("own", "exam"))
    pairs = exam.beside(own)
    values = pd.read_csv(FOLDER / "data" / "yunnan_villages_2016_exam.csv").set_index("对象")["值"]
    points = pairs.set_index("unit")["考核分"]
    assert (points == np.where(values[points.index] < 0.03, 20.0, 0.0)).all() and {0.0, 20.0} == set(points)
    assert (pairs["差"] <= 0).all()
