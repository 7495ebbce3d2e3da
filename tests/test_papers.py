"""The summary of a programme, the table of changes and the page of a draw."""

from __future__ import annotations

import pandas as pd
import pytest
from click.testing import CliRunner

from evalkit.casework import move_case, open_case
from evalkit.cli import main
from evalkit.errors import ReportError
from evalkit.evaluation import Evaluation, summing
from evalkit.evaluation.summing import stage_counts
from evalkit.report.edited import read_word
from evalkit.report.model import Heading, Paragraph
from evalkit.report.page import page_bytes
from evalkit.report.pdf import pdf_bytes
from evalkit.report.programmepaper import compose_summary
from evalkit.report.sheetpapers import compose_changes, compose_receipt
from evalkit.report.word import word_bytes
from tests.architecture_rules import ROOT
from tests.county import made
from tests.specimens import made_up, with_tables

FACTS = {"title": "某省2018年贫困县退出第三方评估汇总报告", "institute": "示例评估研究院", "date": "2018-12-28"}


def county(name, passed=True, value=0.0043, **facts):
    """Results of a county whose 错退率 has been changed."""
    gates, rates = made_up(2).table("gates"), made_up(2).table("rates")
    rates.loc[0, ["official", "estimate"]] = value
    gates.loc[gates["rate"] == "错退率", ["value_read", "legal"]] = [value, "达到" if passed else "未达到"]
    told = made_up(2, name=name, conclusion={"passed": passed, "sentence": f"{name}的结论。"}, **facts)
    return with_tables(told, gates=gates, rates=rates)


def words(document):
    return "\n".join(block.text for block in document.blocks if isinstance(block, (Heading, Paragraph)))


def test_a_summary_sets_counties_side_by_side_and_pools_nothing():
    counties = [county("甲县"), county("乙县", passed=False, value=0.0203), county("丙县", value=0.01996)]
    document = compose_summary(counties, FACTS)
    said, tables = words(document), {table.title: table for table in document.tables()}
    assert "共评估3个县，各道门槛按规则均达到的2个，有门槛未达到或未作结论的1个：乙县。" in said
    assert "共抽取12个村，完成调查699户，涉及2.44万人。" in said
    assert "设有这道门槛的3个县中，按规则达到2个，未达到1个（乙县）。" in said and "乙县：乙县的结论。" in said
    exits = tables["各县错退率"]
    assert [row[0].text for row in exits.rows] == ["甲县", "乙县", "丙县"]
    assert [row[3].text for row in exits.rows] == ["0.43%", "2.03%", "1.996%"]
    assert [row[2].text for row in exits.rows] == ["18/4030"] * 3 and not any(exits.is_total(row) for row in exits.rows)
    sizes = tables["各县样本与完成情况"]
    assert [cell.text for cell in sizes.rows[0]] == ["合计", "6", "12", "699", "24411"] and sizes.is_total(sizes.rows[0])
    assert document.simulated and not compose_summary([county("甲县", simulated=False)], FACTS).simulated
    assert all(write(document) for write in (word_bytes, pdf_bytes, page_bytes))


def test_a_summary_refuses_counties_it_cannot_tell_apart():
    with pytest.raises(ReportError, match="县名重复"):
        compose_summary([county("甲县"), county("甲县")], FACTS)
    with pytest.raises(ReportError, match="没有一个县"):
        compose_summary([], FACTS)


def test_three_hundred_counties_are_summed_up_in_one_document():
    one = county("县")
    many = [type(one)({**one.facts, "name": f"县{i:03d}"}, one.tables) for i in range(300)]
    document = compose_summary(many, FACTS)
    assert len(document.tables()[0].rows) == 301 and "共评估300个县" in words(document)


def test_the_commands_write_summary_and_receipt(tmp_path):
    folders = []
    for name in ("甲县", "乙县"):
        county(name).save(tmp_path / name / "results")
        folders.append(str(tmp_path / name))
    asked = ["summary", *folders, "--out", str(tmp_path / "汇总"), "--title", "汇总报告", "--by", "示例评估研究院", "--date", "2018-12-28"]
    made = CliRunner().invoke(main, asked)
    assert made.exit_code == 0, made.output
    assert "2 个县，各道门槛均达到的 2 个" in made.output and (tmp_path / "汇总" / "汇总报告.docx").exists()


def test_changes_are_told_in_points_and_in_numbers():
    rows = [
        ["错退率", "认定", "分子", 18, 15, "01/0038/错退 排除", "甲 2018-12-26", -3],
        ["错退率", "认定", "未加权", 18 / 4030, 15 / 4030, "01/0038/错退 排除", "甲 2018-12-26", -3 / 4030],
    ]
    columns = ["rate", "status", "number", "old", "new", "cases", "signatures", "difference"]
    document = compose_changes(pd.DataFrame(rows, columns=columns), made_up(2).facts)
    texts = [[cell.text for cell in row] for row in document.tables()[0].rows]
    assert texts[0][3:6] == ["18", "15", "-3"] and texts[1][3:6] == ["0.45%", "0.37%", "-0.07个百分点"]
    assert "下列2个数因案件终定而变更" in words(document) and "调查员：" in words(document)
    none = compose_changes(pd.DataFrame(columns=columns), made_up(2).facts)
    assert "没有数字变更。" in words(none) and none.tables() == []


def test_the_command_of_changes_writes_the_paper(tmp_path):
    (tmp_path / "design.toml").write_bytes((ROOT / "designs" / "biyang_2018.toml").read_bytes())
    before, rates = made_up(2), made_up(2).table("rates")
    rates.loc[0, ["numerator", "official"]] = [15, 15 / 4030]
    before.save(tmp_path / "以前")
    with_tables(before, rates=rates).save(tmp_path / "results")
    case = open_case(tmp_path, "411726101201", "0038", "错退", who="D1", day="2018-12-22", reason="住房")
    move_case(tmp_path, case, "排除", who="D1", day="2018-12-23", reason="证据成立")
    told = CliRunner().invoke(main, ["case", "changes", str(tmp_path), str(tmp_path / "以前"), "--since", "0"])
    assert told.exit_code == 0, told.output
    text = "\n".join(read_text(tmp_path / "report" / "数字变更对照表.docx"))
    assert "18" in text and "-0.07个百分点" in text and "411726101201/0038/错退 排除" in text and "D1 2018-12-23" in text


def read_text(path):
    content = read_word(path)
    return [*(said.text for said in content.paragraphs), *(cell for grid in content.tables for row in grid.rows for cell in row)]


def test_the_page_of_a_draw_bears_counts_and_hashes_only():
    county_sample = made()[2]
    saved = county_sample.certificate
    counts = stage_counts(saved)
    villages, households = county_sample.table("village"), county_sample.table("household")
    assert counts["drawn"].tolist() == [len(villages), int((households["role"] == "main").sum())]
    assert counts["listed"].tolist()[0] == villages.drop_duplicates("stratum")["N"].sum()
    document = compose_receipt(counts, [("名单", saved.fingerprint), ("抽样凭证", saved.sha256)], ["第一阶段抽村。"], FACTS)
    said = document.text()
    assert saved.sha256 in said and saved.seed not in said and not any(unit in said for unit in county_sample.villages)


def test_a_summary_names_every_folder_that_has_no_results(tmp_path):
    (tmp_path / "甲").mkdir()
    (tmp_path / "乙" / "results").mkdir(parents=True)
    folders, out = [str(tmp_path / name) for name in "甲乙丙"], tmp_path / "汇总"
    asked = ["summary", *folders, "--out", str(out), "--title", "题", "--by", "院", "--date"]
    told = CliRunner().invoke(main, [*asked, "2018-12-20"]).output.splitlines()
    assert told[0] == f"{folders[0]}｜还没有估计的结果｜先键入 evalkit estimate {folders[0]}"
    assert told[1].startswith(f"{folders[1]}：results｜缺少 facts.json") and told[2] == f"{folders[2]}｜没有这个文件夹｜检查路径"
    assert CliRunner().invoke(main, [*asked, "昨天"]).exit_code == 2
    asked[asked.index("题")] = " "
    assert CliRunner().invoke(main, [*asked, "2018-12-20"]).output == "--title｜空白｜写出汇总报告的题目与落款\n"
    assert not out.exists()


def test_a_summary_refuses_results_that_are_older_than_their_folder(tmp_path, monkeypatch):
    county("甲县").save(tmp_path / "甲" / "results")
    (tmp_path / "甲" / "design.toml").touch()
    monkeypatch.setattr(Evaluation, "saved", lambda self: None)
    monkeypatch.setattr(summing, "made_from", lambda folder, saved: {"returns/": "new"})
    asked = ["summary", str(tmp_path / "甲"), "--out", str(tmp_path / "汇总"), "--title", "题", "--by", "院", "--date", "2018-12-20"]
    told = CliRunner().invoke(main, asked)
    assert told.exit_code == 1 and told.output.startswith(f"{tmp_path / '甲'}：results/｜在估计之后改动过：returns/｜")
    monkeypatch.setattr(summing, "made_from", lambda folder, saved: {})
    assert CliRunner().invoke(main, asked).exit_code == 0
