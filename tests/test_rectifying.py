"""Papers of rectification: every count is that of the rows, and a faulty list is refused with all its faults."""

from __future__ import annotations

import io
from dataclasses import replace

import docx
import pandas as pd
import pytest
from click.testing import CliRunner

from evalkit.cli import main
from evalkit.errors import ReportError
from evalkit.report.model import Heading, Paragraph
from evalkit.report.pdf import pdf_bytes
from evalkit.report.rectifying import HEADINGS, PAPERS, Occasion, compose_paper, read_problems
from evalkit.report.word import word_bytes
from tests.architecture_rules import ROOT

OCCASION = Occasion(
    "示例县", "2018年贫困县退出第三方评估", "示例评估研究院", "2018-12-28", due="2019-01-05", number="示评〔2018〕9号", simulated=True
)
ROWS = [
    dict(编号="W02", 级别="村", 地点="乡镇03-村1", 问题="村级光伏电站未并网", 责任单位="乡镇03政府", 整改时限="2018-12-25", 状态="整改中"),
    dict(编号="W03", 级别="户", 地点="乡镇15-村1-0038", 问题="住房有裂缝", 依据="住房安全有保障", 整改时限="2019-06-10"),
    dict(编号="W04", 级别="户", 地点="乡镇15-村1-0040", 问题="饮水不稳定", 整改时限="长期坚持", 状态="长期坚持"),
    dict(
        编号="W01", 级别="县", 地点="县", 问题="台账不全", 整改时限="2018-12-30", 状态="已销号", 完成日期="2018-12-26", 核验人="H01",
        销号日期="2018-12-28",
    ),
]  # fmt: skip


@pytest.fixture
def problems():
    return pd.DataFrame(ROWS)


def words(document):
    return [block.text for block in document.blocks if isinstance(block, (Heading, Paragraph))]


def test_a_list_is_read_in_order_with_every_heading(problems, tmp_path):
    table = read_problems(problems)
    assert table["编号"].tolist() == ["W01", "W02", "W03", "W04"]
    assert tuple(table.columns) == HEADINGS and table["备注"].tolist() == [""] * 4
    problems.to_csv(tmp_path / "清单.csv", index=False)
    pd.testing.assert_frame_equal(read_problems(tmp_path / "清单.csv"), table)
    dated = problems.assign(整改时限=[pd.Timestamp("2018-12-25"), *problems["整改时限"][1:]])
    pd.testing.assert_frame_equal(read_problems(dated), table)


def test_every_fault_is_told_at_once_with_its_row(problems):
    problems.loc[0, ["级别", "状态"]] = ["组", "好"]
    problems.loc[1, ["编号", "整改时限"]] = ["W04", "2019-02-30"]
    problems.loc[3, ["完成日期", "核验人"]] = [None, None]
    with pytest.raises(ReportError) as refused:
        read_problems(problems)
    assert [(fault.row, fault.column) for fault in refused.value.faults] == [
        (2, "级别"), (2, "状态"), (3, "整改时限"), (4, "编号"), (5, "完成日期"), (5, "核验人"),
    ]  # fmt: skip
    with pytest.raises(ReportError, match="缺少 问题"):
        read_problems(problems.drop(columns="问题"))
    with pytest.raises(ReportError, match="没有一行"):
        read_problems(problems.head(0))


def test_the_letter_names_counts_and_days(problems):
    document = compose_paper("notice", problems, OCCASION)
    said = "\n".join(words(document))
    assert document.title.startswith("关于交办示例县2018年贫困县退出第三方评估发现问题的通知")
    assert "示例县人民政府：" in said and "发现4个问题，其中县级1个、村级1个、户级2个" in said and "请于2019年1月5日前上报整改方案" in said
    assert "2018年12月25日前完成1个，2018年12月30日前完成1个，2019年6月10日前完成1个，长期坚持1个。" in said
    assert "异议" not in said and "附件：问题清单" in said
    later = replace(OCCASION, appeal="2019-01-03")
    assert "请于2019年1月3日前书面说明" in "\n".join(words(compose_paper("notice", problems, later)))
    with pytest.raises(ReportError, match="没有写上报整改方案的期限"):
        compose_paper("notice", problems, replace(OCCASION, due=""))
    with pytest.raises(ReportError, match="没有这种文件"):
        compose_paper("letter", problems, OCCASION)


def test_progress_counts_what_is_done_open_and_overdue(problems):
    document = compose_paper("progress", problems, OCCASION)
    said = "\n".join(words(document))
    assert "已完成1个（1/4，25.00%），其中已销号1个，未完成3个，其中长期坚持1个；超过时限未完成的1个。" in said
    done, left = document.tables()
    assert [row[0].text for row in done.rows] == ["W01"] and [row[0].text for row in left.rows] == ["W02", "W03", "W04"]
    assert [row[5].text for row in left.rows] == ["整改中（超期）", "未开始", "长期坚持"]
    problems[["状态", "完成日期"]] = ["已完成", "2018-12-20"]
    whole = compose_paper("progress", problems, OCCASION)
    assert "问题均已完成整改。" in words(whole) and "（4/4，100%）" in "".join(words(whole)) and len(whole.tables()) == 1


def test_a_pledge_a_problem_on_a_page_of_its_own(problems):
    document = compose_paper("pledge", problems, OCCASION)
    labels = [block.label for block in document.blocks if isinstance(block, Heading)]
    assert labels == ["编号：W01", "编号：W02", "编号：W03", "编号：W04"] and len(document.tables()) == 4
    assert sum("责任单位（盖章）" in text for text in words(document)) == sum("审核组长（签字）" in text for text in words(document)) == 4
    assert "乡镇03政府负责，责任人　　　　　　，于2018年12月25日前完成整改" in "".join(words(document))


@pytest.mark.parametrize("kind", PAPERS)
def test_every_paper_is_written_with_its_mark_and_signature(kind, problems):
    document = compose_paper(kind, problems, OCCASION)
    word = docx.Document(io.BytesIO(word_bytes(document)))
    styles = [paragraph.style.name for paragraph in word.paragraphs]
    assert ("公文标题" in styles) == document.letter == (kind != "pledge") and "落款" in styles
    assert "模拟数据" in word.sections[0].header.paragraphs[0].text and len(word.tables) == len(document.tables())
    footer = word.sections[-1].footer._element.xml
    assert 'w:instr="PAGE"' in footer and len(word.sections) == 1 + (kind == "pledge")
    assert pdf_bytes(document) == pdf_bytes(document)


def test_the_command_writes_four_files(problems, tmp_path):
    (tmp_path / "design.toml").write_bytes((ROOT / "designs" / "biyang_2018.toml").read_bytes())
    problems.to_excel(tmp_path / "清单.xlsx", index=False)
    asked = ["paper", "notice", str(tmp_path / "清单.xlsx"), str(tmp_path), "--date", "2018-12-20", "--due"]
    made = CliRunner().invoke(main, [*asked, "2018-12-25"])
    assert made.exit_code == 0, made.output
    files = sorted(path.name for path in (tmp_path / "report").iterdir())
    assert files == [f"问题清单及交办通知.{ending}" for ending in ("docx", "html", "pdf", "xlsx")]
    refused = CliRunner().invoke(main, [*asked, "下周"])
    assert refused.exit_code == 1 and "--due = 下周｜应为日期" in refused.output
    early = CliRunner().invoke(main, [*asked, "2018-12-9"])
    assert early.exit_code == 1 and early.output == "--due = 2018-12-9｜早于文件的日期 2018-12-20｜改正其中一个\n"
