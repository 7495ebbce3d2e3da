"""Sampling plans: figures by hand, identities, what can be proved, published figures, the files, refusals."""

from __future__ import annotations

import io
import math
import re
import subprocess
from functools import cache
from pathlib import Path

import click.testing
import docx
import numpy as np
import openpyxl
import pandas as pd
import pytest

import evalkit as ev
from evalkit.cli import main
from evalkit.design.planning import Planning, Published
from evalkit.errors import DesignError, DrawError
from evalkit.plans.counting import cascaded, count
from evalkit.plans.precision import gate_row
from evalkit.plans.strengths import Strength, merged_strata, usual_population
from evalkit.plans.wording import stage_told
from evalkit.report import compose_plan
from evalkit.report.files import WRITERS
from evalkit.report.plancharts import plan_charts

ROOT = Path(__file__).resolve().parent.parent
DESIGNS = sorted(path for path in (ROOT / "designs").glob("*.toml") if "programme" not in path.stem)  # that one: test_programme
TABLES = (
    "stages", "strata", "interviews", "weights", "precision", "gates", "bounds", "acceptance", "curves", "work", "ceremony", "published",
    "assumptions",
)  # fmt: skip
MADE = ROOT / "designs" / "sichuan_exit_2020.toml"


@pytest.fixture(scope="module")
def design():
    return ev.read_design(ROOT / "designs" / "biyang_2018.toml")


@cache
def planned(stem):
    """The plan of a design of the repository, made once: plans are never written to."""
    return ev.plan(ev.read_design(ROOT / "designs" / f"{stem}.toml"))


@pytest.fixture(scope="module")
def made():
    return planned("biyang_2018")


@pytest.fixture(scope="module")
def lots(made):
    return count(made.design, made.frame).lots


@pytest.fixture(scope="module")
def document(made):
    return compose_plan(made)


@pytest.fixture(scope="module")
def files(document):
    return {ending: write(document) for ending, write in WRITERS.items()}


@pytest.fixture(scope="module")
def listed():
    """A plan whose list is made up."""
    return planned(MADE.stem)


def with_planning(design, **values):
    return design.model_copy(update={"planning": Planning(**{**design.planning.model_dump(), **values})})


# -- figures by hand --------------------------------------------------------------------------------------------------


def test_biyang_by_hand(made):
    takes = dict(zip(made.table("stages")["stage"], made.table("stages")["take"], strict=True))
    assert takes == {"village": 44, "household": 2640}
    total = made.table("interviews").set_index("stratum").loc["合计"]
    assert (total["villages"], total["issued"], total["quota"]) == (44, 2640, 44 * 60)
    assert total["ineligible"] == pytest.approx(26.4)  # 2640 × 1 %
    assert total["nonresponse"] == pytest.approx(2613.6 * 0.055)  # of the eligible ones, 94.5 % answer
    assert total["complete"] == pytest.approx(2640 * 0.99 * 0.945)


def test_days_and_money_by_hand(made):
    work = dict(zip(made.table("work")["key"], made.table("work")["value"], strict=True))
    assert work["team_days"] == 44 * 5  # 60 households at 12 a day: five days a village
    assert work["days"] == 25  # ten teams: the busiest has five villages
    assert work["cost"] == 44 * 600 + 2640 * 60


@pytest.mark.parametrize(
    ("values", "team_days", "days"),
    [
        ({"interviews_per_day": 60.0, "villages_per_day": 1.0, "teams": 0}, 44, math.nan),
        ({"interviews_per_day": 200.0, "villages_per_day": 2.0, "teams": 8}, 22, 3),  # two villages a day; the busiest team has six
        ({"interviews_per_day": 60.0, "villages_per_day": 0.5, "teams": 11}, 88, 8),
        ({"interviews_per_day": None}, math.nan, math.nan),
    ],
)
def test_days_follow_pace_reach_and_teams(design, values, team_days, days):
    work = ev.plan(with_planning(design, **values)).table("work").set_index("key")["value"]
    np.testing.assert_equal([work["team_days"], work["days"]], [team_days, days])


def test_design_effect_by_hand(made, lots):
    """deff_w and take of 错退率 from their definitions, one household after the other."""
    rows = lots[lots["stratum"] == "脱贫户"]
    weights, villages = [], {}
    for row in rows.itertuples():
        for _ in range(row.n):
            weights.append(1 / row.prob)
            villages[row.village] = villages.get(row.village, 0.0) + 1 / row.prob
    squares = math.fsum(w * w for w in weights)
    deff_w = len(weights) * squares / math.fsum(weights) ** 2
    take = math.fsum(w * w for w in villages.values()) / squares * 0.99 * 0.945
    found = made.table("precision").set_index("rate").loc["错退率"]
    assert [found["deff_w"], found["take"]] == pytest.approx([deff_w, take], rel=1e-9)
    deff = deff_w * (1 + (take - 1) * 0.05)
    assert found["deff"] == pytest.approx(deff, rel=1e-9)
    se = math.sqrt(0.006 * 0.994 * deff * (1 - found["f_eff"]) / found["complete"])
    assert found["se"] == pytest.approx(se, rel=1e-9)
    assert found["df"] == 22  # 44 villages less 22 townships


def test_incidence_is_registry_plus_share_of_the_union(made):
    totals = made.frame.table()[["未脱贫人口", "脱贫人口", "非建档立卡人口", "乡村人口"]].astype(float).sum()
    p = (totals["未脱贫人口"] + 0.006 * totals["脱贫人口"] + 0.003 * totals["非建档立卡人口"]) / totals["乡村人口"]
    found = made.table("precision").set_index("rate").loc["综合贫困发生率"]
    assert found["p"] == pytest.approx(p, rel=1e-9)
    assert totals["未脱贫人口"] / totals["乡村人口"] < found["low"] < p < found["high"]


# -- identities -------------------------------------------------------------------------------------------------------


def test_chance_times_listed_is_taken(made):
    rows = made.table("strata").query("stage == 'village'")
    assert (rows["prob_low"] * rows["population"]).to_numpy() == pytest.approx(rows["take"].to_numpy())
    assert rows["population"].sum() == len(made.frame) == made.table("weights").set_index("level").loc["village", "sum"]


def test_lots_carry_their_chances(lots):
    assert (lots["prob"] / lots["village_prob"] * lots["population"]).to_numpy() == pytest.approx(lots["n"].to_numpy())


@pytest.mark.parametrize("path", DESIGNS, ids=lambda path: path.stem)
def test_every_design_has_a_plan(path):
    made = planned(path.stem)
    tables = made.tables()
    assert tuple(tables) == TABLES
    for column in ("take", "population", "certain"):
        sums = tables["strata"].groupby("stage")[column].sum()
        assert sums.to_dict() == dict(zip(tables["stages"]["stage"], tables["stages"][column], strict=True))
    inner = tables["interviews"].iloc[:-1].drop(columns=["stratum", "villages"]).sum()
    assert inner.to_numpy() == pytest.approx(tables["interviews"].iloc[-1][inner.index].astype(float).to_numpy())
    assert (tables["strata"]["take"] <= tables["strata"]["population"]).all()
    assert made.agrees, tables["published"].query("not agrees").to_dict("records")
    assert made.design.published and len(made.lines()) <= 24
    assert ("模拟" in repr(made)) == made.design.simulated


def test_trial_counts_are_the_draws(made):
    seeds = ("31415926535897932384", "27182818284590452353")
    for seed in seeds:
        drawn = ev.draw(made.frame, made.design, seed=seed).table("village")
        takes = made.table("strata").set_index("stratum")["take"]
        assert drawn.groupby("stratum").size().to_dict() == takes[drawn["stratum"]].to_dict()


def test_cascaded_numbers_add_up():
    numbers = [cascaded(1346.377, at) for at in range(600)]
    assert sum(numbers) == round(600 * 1346.377) and set(numbers) == {1346, 1347}


# -- what can be proved -----------------------------------------------------------------------------------------------


def test_bounds_are_those_of_intervals(made):
    """KG-M with the planning of the plan, asked of the spring itself."""
    sizes, gates = made.table("precision").set_index("rate"), made.table("gates").set_index("rate")
    for rate, p, side in (("错退率", 0.006, "upper"), ("漏评率", 0.003, "upper"), ("群众认可度", 0.965, "lower")):
        row = sizes.loc[rate]
        se = math.sqrt(p * (1 - p) * row["deff"] / row["complete"])
        planning = ev.intervals.Planning(row["deff_w"], row["take"], 17, 0.05, row["f_eff"], se)  # any number of event villages
        asked = ev.intervals.proportion(p, row["complete"], se=se, df=22, planning=planning, level=0.95, side=side)
        limit = asked.high if side == "upper" else asked.low
        assert gates.loc[rate, "bound"] == pytest.approx(limit, rel=1e-9)
        none_asked = ev.intervals.proportion(0 if side == "upper" else 1, row["complete"], df=22, side=side, planning=planning)
        assert gates.loc[rate, "bound_none"] == pytest.approx(none_asked.high if side == "upper" else none_asked.low, rel=1e-9)


def test_allowed_events_are_the_last_below_the_gate(made):
    curve = made.table("bounds").query("rate == '错退率'").set_index("events")["bound"]
    allowed = made.table("gates").set_index("rate").loc["错退率", "allowed"]
    assert curve[allowed] < 0.02 <= curve[allowed + 1]
    assert curve.is_monotonic_increasing


def test_more_villages_than_needed_prove_and_fewer_do_not(made):
    gates = made.table("gates").set_index("rate")
    assert gates.loc["错退率", "proven"] is True and gates.loc["错退率", "villages_bound"] <= 44
    assert gates.loc["综合贫困发生率", "proven"] is False and gates.loc["综合贫困发生率", "villages_bound"] > 44
    assert (gates["legal_at_p"] > gates["legal_at_gate"]).all() and (gates["proof_at_p"] < gates["legal_at_p"] + 1e-9).all()


def test_a_larger_correlation_proves_less(design):
    looser = design.model_copy(update={"evaluation": design.evaluation.model_copy(update={"icc": 0.15})})
    gates = [each.table("gates").set_index("rate") for each in (planned("biyang_2018"), ev.plan(looser))]
    for rate in ("错退率", "漏评率"):
        assert gates[1].loc[rate, "bound"] > gates[0].loc[rate, "bound"]
        assert gates[1].loc[rate, "proof_at_p"] < gates[0].loc[rate, "proof_at_p"]


def test_legal_passing_by_simulation(made):
    """Monte Carlo under both models of clustering: the less favourable is the one that is told."""
    rng, draws = np.random.default_rng(7), 8000
    gates, take = made.table("gates").set_index("rate"), 25  # 1100 complete households of 44 villages
    p, rho = 0.006, 0.05
    rates = rng.beta(p * (1 - rho) / rho, (1 - p) * (1 - rho) / rho, size=(draws, 44))
    bad = p + rho * (1 - p)
    villages = np.where(rng.random((draws, 44)) < p / bad, bad, 0.0)
    most = math.ceil(0.02 * round(made.table("gates").set_index("rate").loc["错退率", "complete"])) - 1
    passed = [float((rng.binomial(take, chance).sum(axis=1) <= most).mean()) for chance in (rates, villages)]
    told = gates.loc["错退率", "legal_at_p"]
    assert min(passed) == pytest.approx(told, abs=3 * math.sqrt(told * (1 - told) / draws) + 1e-4)


def test_legal_passing_counts_the_households_that_the_gate_is_read_on():
    """Small takes do not divide evenly: 1.5 a village are neither 1 nor 2. Monte Carlo with takes that add up to them."""
    rng, draws, villages, complete, p, rho = np.random.default_rng(8), 8000, 40, 60, 0.1, 0.05
    strength = Strength("率", p, villages, complete, complete, 1.5, 1.0, 1.025, rho, 0.0, 39, 1, "户", 300.0)
    gate = ev.read_design(ROOT / "designs" / "biyang_2018.toml").gates[0].model_copy(update={"threshold": 0.15, "strict": True})
    rates = rng.beta(p * (1 - rho) / rho, (1 - p) * (1 - rho) / rho, size=(draws, villages))
    bad = p + rho * (1 - p)
    takes = np.repeat([1, 2], 20)
    models = (rates, np.where(rng.random((draws, villages)) < p / bad, bad, 0.0))
    passed = min(float((rng.binomial(takes, chance).sum(axis=1) < 9).mean()) for chance in models)
    told = gate_row(strength, gate, 0.05, 400)["legal_at_p"]
    assert passed == pytest.approx(told, abs=4 * math.sqrt(told * (1 - told) / draws))


def test_without_degrees_of_freedom_nothing_is_claimed(design):
    stages = (design.stages[0].model_copy(update={"n": 1}), *design.stages[1:])
    rules = design.evaluation.model_copy(update={"singleton": "fail"})
    alone = design.model_copy(update={"stages": stages, "evaluation": rules, "published": ()})
    made = ev.plan(alone)
    assert made.table("precision")["low"].isna().all() and made.table("gates")["proven"].isna().all()
    assert any("自由度为 0" in text for text in made.table("assumptions")["text"])
    assert compose_plan(made).tables()
    joined = ev.plan(alone.model_copy(update={"evaluation": design.evaluation}))  # collapse: each stratum joins its neighbour
    assert (joined.table("precision")["df"] > 0).all()


def test_single_villages_join_their_neighbours():
    lots = pd.DataFrame({"psu_stratum": list("abbcd"), "psu": list("12345")})
    assert merged_strata(lots, "collapse").tolist() == ["b", "b", "b", "b", "b"]
    assert merged_strata(lots, "fail").tolist() == list("abbcd")


def test_a_purposive_sample_claims_no_precision():
    made = planned("daofu_2016")
    assert made.table("precision").empty and made.table("gates").empty
    assert any("不作推断" in text for text in made.table("assumptions")["text"])


def test_a_rate_without_planning_value_has_its_bound_at_no_event_only(design):
    rates = {name: value for name, value in design.planning.rates.items() if name != "漏评率"}
    gates = ev.plan(with_planning(design, rates=rates)).table("gates").set_index("rate")
    assert math.isnan(gates.loc["漏评率", "bound"]) and gates.loc["漏评率", "bound_none"] < 0.02
    assert gates.loc["漏评率", "proven"] is None


def test_rates_that_are_not_declared_take_the_usual_households():
    strata = ["有劳力稳定脱贫户", "其他脱贫户", "监测对象", "未脱贫户", "非建档立卡户"]
    assert usual_population("返贫率", strata) == ("其他脱贫户", "有劳力稳定脱贫户")
    assert usual_population("漏评率", strata) == ("非建档立卡户",)
    assert usual_population("群众满意度", strata) == ()


# -- published figures, refusals --------------------------------------------------------------------------------------


def test_published_figures_are_checked(design):
    figures = (Published(what="household/village", value=60.4, within=0.5), Published(what="village", value=45))
    made = ev.plan(design.model_copy(update={"published": figures}))
    assert made.table("published")["agrees"].tolist() == [True, False] and not made.agrees
    assert any("不相符：village 公布45，方案44" in line for line in made.lines())


def test_a_figure_that_the_plan_does_not_have_is_refused(design):
    with pytest.raises(DesignError, match=r"village\.贫困镇.*方案中没有.*可用：village、household"):
        ev.plan(design.model_copy(update={"published": (Published(what="village.贫困镇", value=1),)}))


def test_without_planning_the_key_is_named(design):
    with pytest.raises(DesignError, match=r"planning｜缺少这一节.*写 \[planning\].*rates.*interviews_per_day"):
        ev.plan(design.model_copy(update={"planning": None}))


@pytest.mark.parametrize("values", [{"rates": {"错退率": 0.0}}, {"rates": {"群众认可度": 1.0}}, {"response": 0.0}, {"ineligible": 1.0}])
def test_planning_values_at_the_ends_are_refused(design, values):
    with pytest.raises(DesignError, match="planning"):
        ev.plan(with_planning(design, **values))


def test_impossible_totals_are_refused(design):
    many = (design.stages[0].model_copy(update={"n": 40}), *design.stages[1:])
    with pytest.raises(DrawError, match="应抽 40 个，只有"):
        ev.plan(design.model_copy(update={"stages": many}))
    read = ev.read_design(ROOT / "designs" / "national_exit_2018.toml")
    shared = read.stages[1].allocation.model_copy(update={"total": {**read.stages[1].allocation.total, "贫困村|偏远": 10**6}})
    stages = (read.stages[0], read.stages[1].model_copy(update={"allocation": shared}), *read.stages[2:])
    with pytest.raises(DrawError, match="village"):
        ev.plan(read.model_copy(update={"stages": stages}))


def test_tables_handed_out_are_copies(made):
    for mine in (made.tables()["stages"], made.table("stages")):
        mine.loc[:, "take"] = 0
    assert made.table("stages")["take"].tolist() == [44, 2640]


def test_the_plan_is_the_same_for_any_list_order(made, design):
    shuffled = ev.Frame.from_data(
        made.frame.table().sample(frac=1, random_state=3), id=made.frame.id, name=made.frame.name, columns=made.frame.columns
    )
    for name, table in ev.plan(design, shuffled).tables().items():
        pd.testing.assert_frame_equal(table, made.table(name))


# -- words ------------------------------------------------------------------------------------------------------------


def test_strata_that_end_in_digits_are_told_apart():
    design = ev.read_design(ROOT / "designs" / "chongqing_exit_2017.toml")
    assert "001为40、002为20" in stage_told(design, 0)


# -- the files --------------------------------------------------------------------------------------------------------


def test_word_and_workbook_say_what_the_tables_say(document, files):
    word = docx.Document(io.BytesIO(files["docx"]))
    assert len(word.tables) == len(document.tables())
    for table, written in zip(document.tables(), word.tables, strict=True):
        read = [[cell.text for cell in row.cells] for row in written.rows][2 if table.spans else 1 :]
        assert read == [[cell.text for cell in row] for row in table.rows], table.key
    book = openpyxl.load_workbook(io.BytesIO(files["xlsx"]))
    for table, name in zip(document.tables(), book.sheetnames[1:], strict=True):
        if any(column.form == "interval" for column in table.columns):
            continue
        read = list(book[name].iter_rows(min_row=4, max_row=3 + len(table.rows), max_col=len(table.columns), values_only=True))
        for row, wanted in zip(read, table.rows, strict=True):
            for cell, value in zip(row, [cell.value for cell in wanted], strict=True):
                assert cell == (value if isinstance(value, str) or value is None else pytest.approx(float(value), rel=1e-12)), table.key


def test_printed_numbers_are_the_plans(made, document):
    tables = {table.key: table for table in document.tables()}
    printed = [row[-1].value for row in tables["interviews"].rows]
    *strata, total = made.table("interviews")["complete"].tolist()
    assert printed == pytest.approx([total, *strata])  # in print the total stands first
    bounds = [row[3].value for row in tables["gates"].rows]
    assert bounds == made.table("gates")["bound"].tolist()
    assert "2470" in [row[-1].text for row in tables["interviews"].rows]


def test_every_chapter_is_there_and_numbered(document):
    heads = [block.text for block in document.blocks if type(block).__name__ == "Heading"]
    assert [head.partition("、")[0] for head in heads] == [*"一二三四五六七八九十", "十一"]
    assert [table.number for table in document.tables()] == [f"表{i}" for i in range(1, len(document.tables()) + 1)]
    assert [picture.number for picture in document.pictures()] == ["图1", "图2"]


def test_no_place_is_named_where_names_are_coded(made, document):
    text = document.text()
    table = made.frame.table()
    assert not [code for code in set(table["township_code"]) if code in text]
    assert not [name for name in set(table["township"]) if name in text]
    assert "乡镇22" in text


def test_no_drawn_unit_is_shown(made, document, lots):
    assert not set(lots["village"]) & set(re.findall(r"\d{12}", document.text()))
    names = made.frame.table().set_index("village_code").loc[sorted(set(lots["village"])), "village"]
    assert not [name for name in names if name in document.text()]


def test_files_are_the_same_bytes_every_time(made, files, tmp_path):
    paths = ev.write_plan(ev.plan(made.design), tmp_path)
    assert {path.suffix[1:]: path.read_bytes() for path in paths} == files
    assert [path.name for path in paths] == ["抽样方案.docx", "抽样方案.pdf", "抽样方案.html", "抽样方案.xlsx"]


def test_a_made_up_list_is_marked_on_every_page_and_sheet(listed, tmp_path):
    paths = {path.suffix[1:]: path for path in ev.write_plan(listed, tmp_path)}
    text = subprocess.run(["pdftotext", "-layout", paths["pdf"], "-"], capture_output=True, check=True).stdout.decode()
    pages = text.split("\f")[:-1]
    assert len(pages) > 4 and all("模拟名单" in page for page in pages)
    word = docx.Document(paths["docx"])
    assert all("模拟名单" in section.header.paragraphs[0].text for section in word.sections)
    book = openpyxl.load_workbook(paths["xlsx"])
    assert all("模拟名单" in sheet.oddHeader.center.text for sheet in book)
    assert "模拟名单" in paths["html"].read_text(encoding="utf-8")
    assert all("模拟名单" in path.read_text(encoding="utf-8") for path in listed.save(tmp_path / "tables") if len(listed.table(path.stem)))
    assert "模拟名单" in listed.lines()[0]


@pytest.mark.parametrize("name", ["biyang_2018", "guangdong_patrol_2016", "daofu_2016"])
def test_no_label_of_a_chart_meets_another(name):
    for chart in plan_charts(planned(name)):
        assert chart.collisions() == [], chart.key


def test_saved_tables_read_back(made, tmp_path):
    paths = {path.stem: path for path in made.save(tmp_path)}
    assert tuple(paths) == TABLES
    read = pd.read_csv(paths["gates"])
    assert read["bound"].tolist() == pytest.approx(made.table("gates")["bound"].tolist(), rel=1e-12)


def test_command_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = click.testing.CliRunner().invoke(main, ["plan", str(MADE)])
    assert said.exit_code == 0, said.output
    lines = said.output.strip().split("\n")
    assert len(lines) <= 25 and "模拟名单" in lines[0]
    assert sorted(path.suffix for path in (tmp_path / "plans" / "sichuan_exit_2020").iterdir()) == [".docx", ".html", ".pdf", ".xlsx"]


def test_command_line_refuses_without_planning(tmp_path):
    text = MADE.read_text(encoding="utf-8")
    text = re.sub(r"\[planning\].*?\n(?=\[|# ----)", "", text, flags=re.S)
    (tmp_path / "design.toml").write_text(text, encoding="utf-8")
    said = click.testing.CliRunner().invoke(main, ["plan", str(tmp_path / "design.toml"), "--out", str(tmp_path / "out")])
    assert said.exit_code == 1 and "写 [planning]" in said.output
    assert not (tmp_path / "out").exists()


def test_totals_stand_first_in_printed_tables(document) -> None:
    places = {table.key: [table.is_total(row) for row in table.rows] for table in document.tables()}
    assert {key: marks.index(True) for key, marks in places.items() if any(marks)} == {"interviews": 0, "reserves": 0}
