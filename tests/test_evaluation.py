"""The steps of an evaluation on an institute's own files, and the specimen's whole run."""

from __future__ import annotations

import hashlib
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import evalkit as ev
from evalkit.cli import main
from evalkit.evaluation.folder import PARTS
from evalkit.sheets import Page, write_book
from evalkit.tables import Results
from tests.county import ROOT

SEED = "31415926535897932384"
TEMPLATE = ROOT / "evalkit" / "design" / "template.toml"
ANSWERS = ["吃不愁", "穿不愁", "义务教育有保障", "基本医疗有保障", "住房安全有保障", "饮水安全有保障"]
EXCLUSIONS = ["有财政供养人员", "有村干部", "有小汽车", "有商品房或商铺", "有经营实体"]
ITEMS = ["扶贫政策", "帮扶措施及成效", "脱贫退出", "干部帮扶"]


def say(*words: str) -> str:
    """Type a command; return what it printed."""
    done = CliRunner().invoke(main, list(words))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return f"{done.exit_code}\n{done.output}"


def village_list() -> pd.DataFrame:
    """Four townships of five villages, as an institute types them."""
    rows = [
        {
            "行政村代码": f"4117261{town:02d}2{i:02d}", "行政村": f"第{i}村",
            "乡镇代码": f"4117261{town:02d}", "乡镇": f"{'甲乙丙丁'[town - 1]}镇",
            "贫困村": "是" if i == 1 else "否", "乡村人口": 300, "脱贫人口": 90, "未脱贫人口": 9, "非建档立卡人口": 201,
        }
        for town in range(1, 5)
        for i in range(1, 6)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def roster(village: str) -> pd.DataFrame:
    """Thirty exited, three poor and sixty-seven other households of three persons each."""
    kinds = ["脱贫户"] * 30 + ["未脱贫户"] * 3 + ["非建档立卡户"] * 67
    random.Random(village).shuffle(kinds)
    return pd.DataFrame(
        {
            "行政村代码": village,
            "户编号": [f"{i:04d}" for i in range(1, 101)],
            "户类型": kinds,
            "人数": 3,
            "户主": "张某",
            "证件号码": "11010519491231002X",
            "自然村": "一组",
        }
    )


def returned(sample: ev.Sample) -> pd.DataFrame:
    """Everybody answers; one exited household in the first drawn village has an unsafe house and is upheld."""
    drawn = sample.table("household")
    mains = drawn[drawn["role"] == "main"].sort_values(["village", "household"])
    table = pd.DataFrame(
        {
            "行政村代码": mains["village"], "户编号": mains["household"], "调查结果": "完成", "核实人数": 3,
            "核查状态": "", "调查员": "甲1", "人均纯收入": 6000, **dict.fromkeys(ANSWERS, "是"), **dict.fromkeys(EXCLUSIONS, "否"),
            **dict.fromkeys(ITEMS, "认可"),
        }
    ).reset_index(drop=True)  # fmt: skip
    first = mains["stratum"].reset_index(drop=True).eq("脱贫户").idxmax()
    table.loc[first, ["住房安全有保障", "核查状态"]] = ["否", "认定"]
    return table


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file but the ledger, by its place in the folder."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".sqlite")
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="module")
def commission(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole commission on own files, in a folder with Chinese characters and blanks in its name."""
    root = tmp_path_factory.mktemp("委托 一") / "某某 县"
    assert "design.toml" in say("init", str(root))
    write_book(root / "frame" / "村名单.xlsx", {"村名单": Page("", village_list())})
    assert say("check", str(root)).startswith("0\n检查：0 处须改正")
    assert "抽取 8 个" in say("draw", str(root), "--seed", SEED)
    villages = ev.Evaluation(root).sample().villages
    outside = root.parent / "到达"
    outside.mkdir()
    for village in villages:
        write_book(outside / f"{village}.xlsx", {"名册": Page("", roster(village))})
    # one village is written as villages write themselves, by its name and that of its township
    listed = village_list().set_index("行政村代码").loc[villages[-1]]
    named = roster(villages[-1]).assign(行政村代码=f"{listed['行政村']}民委员会", **{"乡（镇）": f"{listed['乡镇'][0]}回族镇"})
    write_book(outside / f"{villages[-1]}.xlsx", {"名册": Page("", named)})
    late, early = villages[:3], villages[3:]
    assert "尚缺 3 村" in say("rosters", str(root), *(str(outside / f"{v}.xlsx") for v in early))
    assert "名册已齐" in say("rosters", str(root), *(str(outside / f"{v}.xlsx") for v in reversed(late)))
    assert "10 份文件" in say("lists", str(root))
    form = pd.read_excel(root / "lists" / "回收表（待填）.xlsx", dtype=str, engine="calamine")
    assert len(form.dropna(subset="户编号")) == 480 and {"行政村代码", "调查结果", *ANSWERS, *ITEMS} <= set(form.columns)
    write_book(outside / "回收表.xlsx", {"回收表": Page("", returned(ev.Evaluation(root).sample()))})
    assert "完成 480 户" in say("collect", str(root), str(outside / "回收表.xlsx"))
    assert "结论" in say("estimate", str(root))
    assert "报告.docx" in say("report", str(root))
    return root


def test_the_steps_lead_to_a_report_without_any_simulated_word(commission: Path) -> None:
    rates = pd.read_csv(commission / "results" / "rates.csv")
    wrong = rates[(rates["rate"] == "错退率") & (rates["status"] == "认定")].iloc[0]
    assert (wrong["numerator"], wrong["denominator"]) == (3, 3 * 28 * 8)
    assert wrong["low"] < wrong["estimate"] < wrong["high"]
    page = (commission / "report" / "报告.html").read_text(encoding="utf-8")
    assert "模拟" not in page
    assert "某某县" in page


def test_no_identity_number_leaves_the_rosters(commission: Path) -> None:
    written = [p for part in ("draw", "lists", "results", "report") for p in (commission / part).rglob("*") if p.is_file()]
    for path in written:
        assert b"11010519491231002X" not in path.read_bytes()
        if path.suffix == ".xlsx":
            sheets = pd.read_excel(path, sheet_name=None, header=None, dtype=str, engine="calamine")
            assert not any(table.astype(str).apply(lambda c: c.str.contains("11010519491231002X")).any().any() for table in sheets.values())


def test_every_step_can_be_repeated_without_harm(commission: Path) -> None:
    before = hashes(commission)
    for step in ("draw", "rosters", "lists", "collect", "estimate", "report"):
        words = [step, str(commission), *(["--seed", SEED] if step == "draw" else [])]
        assert say(*words).startswith("0\n"), step
    assert hashes(commission) == before


def test_verify_says_yes_and_says_where_it_differs(commission: Path, tmp_path: Path) -> None:
    assert say("verify", str(commission)).startswith("0\n")
    copy = tmp_path / "改过"
    shutil.copytree(commission, copy)
    frame = village_list()
    frame.loc[7, "脱贫人口"] = 91
    write_book(copy / "frame" / "村名单.xlsx", {"村名单": Page("", frame)})
    said = say("verify", str(copy))
    assert said.startswith("1\n")
    assert "411726102" in said
    assert "改动过" in say("estimate", str(copy))


def test_a_second_draw_needs_a_reason_and_no_returns(commission: Path, tmp_path: Path) -> None:
    copy = tmp_path / "重抽"
    shutil.copytree(commission, copy)
    other = ("--seed", "27182818284590452353")
    assert "已经抽过" in say("draw", str(copy), *other)
    assert "已有回收表" in say("draw", str(copy), *other, "--reason", "仪式有误")
    shutil.rmtree(copy / "returns")
    shutil.rmtree(copy / "rosters")
    assert "抽取 8 个" in say("draw", str(copy), *other, "--reason", "仪式有误")


def test_a_changed_roster_is_refused(commission: Path, tmp_path: Path) -> None:
    copy = tmp_path / "名册改动"
    shutil.copytree(commission, copy)
    village = ev.Evaluation(copy).sample().villages[0]
    write_book(copy / "rosters" / f"{village}.xlsx", {"名册": Page("", roster(village).iloc[:-1])})
    for step in ("rosters", "lists", "estimate"):
        said = say(step, str(copy))
        assert said.startswith("1\n"), step
        assert village in said or "不一致" in said


def test_check_lists_the_faults_of_all_tables_with_rows(tmp_path: Path) -> None:
    root = tmp_path / "错误"
    say("init", str(root))
    frame = village_list()
    frame.loc[3, "行政村代码"] = frame.loc[2, "行政村代码"]
    frame.loc[5, "乡镇代码"] = ""
    write_book(root / "frame" / "村名单.xlsx", {"村名单": Page("", frame)})
    said = say("check", str(root))
    assert said.startswith("1\n")
    assert "第 5 行" in said and "第 7 行" in said
    table = pd.read_csv(root / "results" / "check.csv")
    assert list(table.columns) == ["表", "行", "列", "值", "规则", "处理"]
    assert len(table) >= 2


@pytest.mark.parametrize("step", ["draw", "rosters", "lists", "collect", "estimate", "report", "verify"])
def test_a_step_out_of_order_says_what_to_type(step: str, tmp_path: Path) -> None:
    root = tmp_path / "未开始"
    say("init", str(root))
    write_book(root / "frame" / "村名单.xlsx", {"村名单": Page("", village_list())})
    said = say(step, str(root))
    assert said.startswith("1\n")
    assert "键入" in said or "--seed" in said
    assert not list((root / "results").glob("*.csv"))


def test_a_folder_without_a_design_and_a_folder_with_one_are_refused(tmp_path: Path) -> None:
    assert "没有这个文件" in say("check", str(tmp_path))
    say("init", str(tmp_path / "甲"))
    assert "已经有设计文件" in say("init", str(tmp_path / "甲"))


def test_the_ceremony_gives_the_seed(tmp_path: Path) -> None:
    root = tmp_path / "仪式"
    say("init", str(root))
    write_book(root / "frame" / "村名单.xlsx", {"村名单": Page("", village_list())})
    (root / "draw" / "ceremony.toml").write_text('seed = "16180339887498948482"\nhow = "四方各掷骰子五次"\n', encoding="utf-8")
    assert "抽取 8 个" in say("draw", str(root))
    certificate = ev.Certificate.load(root / "draw" / "certificate.json")
    assert (certificate.seed, certificate.seed_origin) == ("16180339887498948482", "公开仪式：四方各掷骰子五次")
    (root / "draw" / "ceremony.toml").write_text("seed = 5\n", encoding="utf-8")
    assert "缺 seed 或 how" in say("draw", str(root))


@pytest.fixture(scope="module")
def small_design(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The specimen's design with fewer and smaller villages, for speed."""
    folder = tmp_path_factory.mktemp("设计")
    shutil.copytree(ROOT / "designs" / "data", folder / "data")
    text = (ROOT / "designs" / "biyang_2018.toml").read_text(encoding="utf-8")
    text = text.replace("households = 350", "households = 150").replace('keep = ["411726"]', 'keep = ["533124"]')
    text = text.replace("poor_villages = 102", "poor_villages = 20").replace('"411726400", "411726401"', '"533124400"')
    (folder / "小.toml").write_text(text, encoding="utf-8")
    return folder / "小.toml"


@pytest.fixture(scope="module")
def ran(small_design: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole run, which is only read."""
    folder = tmp_path_factory.mktemp("样例") / "一"
    ev.run(small_design, folder)
    return folder


def test_two_runs_are_identical_to_the_byte(small_design: Path, ran: Path, tmp_path: Path) -> None:
    said = say("run", str(small_design), "--out", str(tmp_path / "二" / "深"))
    assert said.startswith("0\n"), said
    first, second = hashes(ran), hashes(tmp_path / "二" / "深")
    assert first == second
    unused = {"earlier", "quality", "assignments", "released", "restricted", "public"}
    assert {p.partition("/")[0] for p in first} == {*PARTS, "design.toml"} - unused
    assert sum(p.startswith("report/") for p in first) == 4


def test_a_run_prints_no_real_place_beside_simulated_results(ran: Path) -> None:
    frame = pd.read_csv(ran / "frame" / "villages_five_counties.csv", dtype=str)
    mine = frame[frame["county_code"] == "533124"]
    names = {*mine["village"], *mine["township"], *mine["village_code"], *mine["township_code"], "陇川", "泌阳"}
    for path in [*(ran / "results").iterdir(), ran / "report" / "报告.html"]:
        if path.name == "responses.csv":
            continue
        text = path.read_text(encoding="utf-8")
        assert not [name for name in names if name in text], path.name


def test_a_run_replaces_a_specimen_and_nothing_else(small_design: Path, commission: Path, tmp_path: Path) -> None:
    assert "自己的评估" in say("run", str(small_design), "--out", str(commission))
    strange = tmp_path / "别的"
    strange.mkdir()
    (strange / "论文.docx").write_text("x")
    assert "论文.docx" in say("run", str(small_design), "--out", str(strange))
    assert (strange / "论文.docx").exists()
    assert "没有 [specimen]" in say("run", str(TEMPLATE), "--out", str(tmp_path / "模板"))


def test_an_interrupted_run_leaves_nothing_half_written(
    small_design: Path, ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = shutil.copytree(ran, tmp_path / "中断")
    before = hashes(target)

    def broken(*_: object) -> None:
        raise ev.EvalkitError("断电")

    monkeypatch.setattr("evalkit.evaluation.steps.write_report", broken)
    with pytest.raises(ev.EvalkitError, match="断电"):
        ev.run(small_design, target, seed="99999999999999999999")
    assert hashes(target) == before


def test_a_blank_seed_is_refused_and_not_read_as_none(small_design: Path, tmp_path: Path) -> None:
    for blank in ("", "  "):
        told = say("run", str(small_design), "--out", str(tmp_path / "空"), "--seed", blank)
        assert "--seed｜写了空白，应为至少 20 位数字｜键入 --seed 加" in told
    assert not list(tmp_path.iterdir())


def test_a_run_keeps_the_ceremony_of_its_folder(small_design: Path, tmp_path: Path) -> None:
    target = tmp_path / "仪式后"
    (target / "draw").mkdir(parents=True)
    (target / "draw" / "ceremony.toml").write_text('seed = "16180339887498948482"\nhow = "掷骰子"\n', encoding="utf-8")
    ev.run(small_design, target)
    assert ev.Certificate.load(target / "draw" / "certificate.json").seed_origin == "公开仪式：掷骰子"
    assert (target / "draw" / "ceremony.toml").exists()


def test_the_report_tells_how_it_sampled_and_what_stands_behind_the_rates(commission: Path) -> None:
    page = (commission / "report" / "报告.html").read_text(encoding="utf-8")
    assert "每层2个村" in page
    assert "脱贫户28、未脱贫户5、非建档立卡户27户" in page
    assert "剩余贫困人口180人、脱贫人口1800人、非建档立卡人口4020人、乡村人口6000人" in page
    assert "若全部计为认可，样本比率为100%" in page
    assert "由操作者给定" in page


# -- what the steps refuse ------------------------------------------------------------------------------------------


def copied(commission: Path, place: Path) -> Path:
    """A copy of the whole commission, to be spoilt."""
    shutil.copytree(commission, place / "副本")
    return place / "副本"


@pytest.mark.parametrize("seed", ["12345", "abcdefghijklmnopqrstuvwxyz", "3141592653589793238"])
def test_a_seed_needs_twenty_digits(seed: str, tmp_path: Path) -> None:
    root = tmp_path / "种子"
    say("init", str(root))
    write_book(root / "frame" / "村名单.xlsx", {"村名单": Page("", village_list())})
    assert "至少 20 位数字" in say("draw", str(root), "--seed", seed)
    assert not (root / "draw" / "certificate.json").exists()


def test_a_removed_certificate_does_not_undo_its_draw(commission: Path, tmp_path: Path) -> None:
    root = copied(commission, tmp_path)
    (root / "draw" / "certificate.json").unlink()
    assert "已经抽过" in say("draw", str(root), "--seed", "27182818284590452353")


def test_an_edited_certificate_is_used_by_no_step(commission: Path, tmp_path: Path) -> None:
    root = copied(commission, tmp_path)
    path = root / "draw" / "certificate.json"
    path.write_text(path.read_text(encoding="utf-8").replace(SEED, SEED[::-1]), encoding="utf-8")
    for step in ("rosters", "lists", "collect", "estimate", "report", "verify"):
        assert say(step, str(root)).startswith("1\n"), step


def test_a_certificate_that_the_ledger_does_not_know_is_refused(commission: Path, tmp_path: Path) -> None:
    root = copied(commission, tmp_path)
    evaluation = ev.Evaluation(root)
    ev.draw(evaluation.frame, evaluation.design, seed="27182818284590452353").certificate.save(root / "draw" / "certificate.json")
    assert "台账最后记下" in say("rosters", str(root))


def test_an_edited_ledger_is_noticed(commission: Path, tmp_path: Path) -> None:
    root = copied(commission, tmp_path)
    with closing(sqlite3.connect(root / "ledger.sqlite")) as base, base:
        base.execute("DROP TRIGGER no_update")
        base.execute("UPDATE entry SET detail = '{}' WHERE number = 1")
    assert say("estimate", str(root)).startswith("1\n")


def test_a_redraw_sets_the_old_papers_aside_and_the_report_will_tell(commission: Path, tmp_path: Path) -> None:
    root = copied(commission, tmp_path)
    shutil.rmtree(root / "returns")
    say("draw", str(root), "--seed", "27182818284590452353", "--reason", "仪式有误")
    assert not list((root / "lists").glob("*")) and not list((root / "rosters").glob("*"))
    assert len(list((root / "lists-旧1").glob("*.xlsx"))) >= 9
    assert [entry.detail["reason"] for entry in ev.Evaluation(root).ledger.entries("draw")] == ["", "仪式有误"]


def test_a_refused_file_is_not_kept(commission: Path, tmp_path: Path) -> None:
    root = copied(commission, tmp_path)
    for part, step in (("rosters", "rosters"), ("returns", "collect")):
        before = hashes(root / part)
        bad = tmp_path / "坏.csv"
        bad.write_text("随便,什么\n1,2\n", encoding="utf-8")
        assert say(step, str(root), str(bad)).startswith("1\n")
        assert hashes(root / part) == before


def test_stale_results_are_not_reported(commission: Path, tmp_path: Path) -> None:
    root = copied(commission, tmp_path)
    design = root / "design.toml"
    design.write_text(design.read_text(encoding="utf-8").replace("threshold = 0.02", "threshold = 0.01"), encoding="utf-8")
    assert "先键入 evalkit estimate" in say("report", str(root))
    assert say("estimate", str(root)).startswith("0\n")
    assert say("report", str(root)).startswith("0\n")


def test_a_list_that_was_filled_in_is_left_alone(commission: Path, tmp_path: Path) -> None:
    root = copied(commission, tmp_path)
    village = ev.Evaluation(root).sample().villages[0]
    filled = next((root / "lists").glob(f"{village}_*.xlsx"))
    filled.write_bytes(b"filled in by hand")
    (root / "lists" / "自己的.xlsx").write_bytes(b"mine")
    assert "1 份已填写" in say("lists", str(root))
    assert filled.read_bytes() == b"filled in by hand"
    assert (root / "lists" / "自己的.xlsx").exists()


def test_check_knows_what_a_draw_would_refuse(tmp_path: Path) -> None:
    root = tmp_path / "独村"
    say("init", str(root))
    write_book(root / "frame" / "村名单.xlsx", {"村名单": Page("", village_list().iloc[:16])})
    said = say("check", str(root))
    assert said.startswith("1\n")
    assert "411726104" in said


def test_registry_totals_are_checked_before_the_field(tmp_path: Path) -> None:
    root = tmp_path / "总数"
    say("init", str(root))
    frame = village_list().astype({"乡村人口": object})
    frame.loc[3, "乡村人口"] = "三百"
    write_book(root / "frame" / "村名单.xlsx", {"村名单": Page("", frame)})
    for words in (("check", str(root)), ("draw", str(root), "--seed", SEED)):
        said = say(*words)
        assert said.startswith("1\n") and "第 5 行" in said


def test_a_design_changed_after_the_draw_is_named(commission: Path, tmp_path: Path) -> None:
    root = copied(commission, tmp_path)
    design = root / "design.toml"
    design.write_text(design.read_text(encoding="utf-8").replace('"脱贫户" = 28', '"脱贫户" = 10'), encoding="utf-8")
    for step in ("estimate", "verify"):
        said = say(step, str(root))
        assert said.startswith("1\n")
        assert "stage[2].n.脱贫户：凭证为 28，现为 10" in said


def test_check_makes_no_folder_and_trouble_with_files_is_told(tmp_path: Path) -> None:
    assert say("check", str(tmp_path / "没有")).startswith("1\n")
    assert not (tmp_path / "没有").exists()
    (tmp_path / "文件").write_text("x")
    assert say("init", str(tmp_path / "文件")).startswith("1\n")


def test_a_run_spares_an_own_evaluation_that_kept_its_specimen_section(small_design: Path, tmp_path: Path) -> None:
    own = tmp_path / "自己"
    (own / "returns").mkdir(parents=True)
    (own / "returns" / "真实.csv").write_text("x")
    shutil.copy(small_design, own / "design.toml")
    assert "自己的评估" in say("run", str(small_design), "--out", str(own))
    assert (own / "returns" / "真实.csv").exists()


def test_the_facts_of_a_report_agree_with_its_tables(ran: Path) -> None:
    results = Results.load(ran / "results")
    counts, whole = results.facts["counts"], results.table("response").iloc[0]
    stated = {"households_planned": "planned", "households_released": "released", "households_complete": "complete", "replaced": "replaced"}
    assert {name: counts[name] for name in stated} == {name: whole[column] for name, column in stated.items()}
    assert counts["villages_drawn"] == results.table("sample").iloc[0]["drawn"]
    places = results.table("places")
    found = results.table("findings").query("item == '合计'")["households"].sum()
    assert places.loc[0, "households"] == places.loc[1:, "households"].sum() == found and places.loc[0, "place"] == "合计"


def test_a_step_cut_off_between_ledger_and_certificate_is_finished_by_its_repetition(
    commission: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "断电"
    say("init", str(root))
    write_book(root / "frame" / "村名单.xlsx", {"村名单": Page("", village_list())})

    def broken(*_: object) -> None:
        raise ev.EvalkitError("断电")

    def cut_off(*words: str) -> None:
        with monkeypatch.context() as power:
            power.setattr("evalkit.evaluation.steps.Evaluation._save", broken)
            assert "断电" in say(*words)
        assert say(*words).startswith("0\n")

    cut_off("draw", str(root), "--seed", SEED)
    cut_off("rosters", str(root), *map(str, sorted((commission / "rosters").glob("*.xlsx"))))
    assert say("lists", str(root)).startswith("0\n")
    assert (root / "draw" / "certificate.json").read_bytes() == (commission / "draw" / "certificate.json").read_bytes()


def test_a_redraw_keeps_the_ceremony_and_can_be_repeated(commission: Path, tmp_path: Path) -> None:
    root = copied(commission, tmp_path)
    shutil.rmtree(root / "returns")
    (root / "draw" / "ceremony.toml").write_text('seed = "16180339887498948482"\nhow = "掷骰子"\n', encoding="utf-8")
    assert say("draw", str(root), "--reason", "仪式有误").startswith("0\n")
    assert say("draw", str(root)).startswith("0\n")
    assert len(ev.Evaluation(root).ledger.entries("draw")) == 2


def test_the_quality_of_the_fieldwork_is_written_and_what_cannot_be_done_is_told(commission: Path, tmp_path: Path) -> None:
    root = copied(commission, tmp_path)
    said = say("quality", str(root))
    assert said.startswith("0\n") and "合理性核查：480 户" in said and "没有答的 0 户" in said and "未做 组效应" in said, said
    written = {path.name for path in (root / "quality").iterdir()}
    assert {"调查质量.xlsx", "合理性核查.xlsx", "合理性核查.png", "核查.csv", "最坏情形.csv", "登记特征.csv", "调查员效应.csv"} <= written
    effects = pd.read_csv(root / "quality" / "调查员效应.csv")
    assert effects["说明"].str.contains("不能估计").all()  # one interviewer asked everybody
    first = hashes(root / "quality")
    assert say("quality", str(root), "--quick").startswith("0\n") and first.items() <= hashes(root / "quality").items() | first.items()


def test_a_reinterview_is_drawn_once_and_its_answers_are_read(commission: Path, tmp_path: Path) -> None:
    root = copied(commission, tmp_path)
    seed = ("--share", "0.1", "--seed", SEED)
    assert "已报差错 1 户全部复访" in say("reinterview", str(root), *seed)
    assert "只抽一次" in say("reinterview", str(root), "--share", "0.2", "--seed", SEED)
    table = pd.read_csv(root / "quality" / "复访名单.csv", dtype=str).fillna("")
    assert not {"核查状态", "认定"} & set(table)
    sample = returned(ev.Evaluation(root).sample()).astype(str).set_index(["行政村代码", "户编号"])
    asked = ["调查结果", "人均纯收入", *ANSWERS, *EXCLUSIONS]
    table[asked] = sample.loc[pd.MultiIndex.from_frame(table[["行政村代码", "户编号"]]), asked].to_numpy()
    table.to_csv(tmp_path / "填好.csv", index=False)
    said = say("reinterview", str(root), str(tmp_path / "填好.csv"), *seed)
    assert said.startswith("0\n复访") and "错退率 首访" in said, said
    assert pd.read_csv(root / "quality" / "复访对照.csv").set_index("指标").loc["错退率", "两次都是"] == 1


def test_cases_decided_in_the_returns_are_not_set_back_unasked(commission: Path) -> None:
    said = say("case", "open", str(commission), "--who", "D1", "--day", "2018-11-12")
    assert said.startswith("1\n1 件在回收表中已认定或排除") and "--reopen" in said


def test_a_reinterview_needs_a_public_seed_and_a_second_draw_a_reason(commission: Path, tmp_path: Path) -> None:
    root = copied(commission, tmp_path)
    assert "至少 20 位数字" in say("reinterview", str(root), "--share", "0.1", "--seed", "123")
    assert say("reinterview", str(root), "--share", "0.1", "--seed", SEED).startswith("0\n")
    other = ("--share", "0.1", "--seed", SEED[::-1])
    assert "加 --reason 说明理由" in say("reinterview", str(root), *other)
    assert say("reinterview", str(root), *other, "--reason", "首次抽签无人见证").startswith("0\n")
    assert len(ev.Evaluation(root).ledger.entries("reinterview")) == 2


def test_tables_are_not_published_when_cases_have_moved_since(commission: Path, tmp_path: Path) -> None:
    root = copied(commission, tmp_path)
    assert say("estimate", str(root)).startswith("0\n") and say("publish", str(root), "--tables").startswith("0\n")
    assert say("case", "open", str(root), "--who", "D1", "--day", "2018-11-12", "--reopen").startswith("0\n")
    for step in (["publish", str(root), "--tables"], ["report", str(root)]):
        assert "在估计之后改动过：台账（案件）" in say(*step)
    assert "密钥放在评估文件夹里" in say("key", str(root / "密钥"))


def test_the_quality_of_the_fieldwork_counts_the_cases_that_the_ledger_counts(commission: Path, tmp_path: Path) -> None:
    root, shares = copied(commission, tmp_path), []
    for step in (None, ["case", "open", str(root), "--who", "D1", "--day", "2018-11-12", "--reopen"]):
        assert step is None or say(*step).startswith("0\n")
        assert say("quality", str(root), "--quick").startswith("0\n")
        shares.append(pd.read_csv(root / "quality" / "最坏情形.csv").set_index("指标")["样本值"]["错退率"])
    assert shares[0] > 0 == shares[1]
