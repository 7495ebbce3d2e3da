"""A report of strange, long, few, many and withheld things still reads well."""

from __future__ import annotations

import io
import re
import subprocess
import time
import warnings

import docx
import pytest

from evalkit.charts import MARK, drawable
from evalkit.errors import EvalkitError
from evalkit.later import later
from evalkit.report import compose_english, compose_report, write_report
from evalkit.report.model import Document
from evalkit.report.page import page_bytes
from evalkit.report.pdf import pdf_bytes
from evalkit.report.programmepaper import compose_summary, write_summary
from evalkit.report.word import word_bytes
from evalkit.report.workbook import workbook_bytes
from tests.specimens import made_up, with_tables

FACTS = {"title": "示例省2018年汇总报告", "institute": "示例评估研究院", "date": "2018-12-20"}
ODD = re.compile(r"nan|None|inf\\b|。。|，，|，。|；。|（）|为，|为；|为。")  # what a sentence without its number leaves behind


def told(document):
    return document.text()


@pytest.mark.libreoffice
def test_characters_of_no_bundled_font_are_lent_or_marked(tmp_path):
    places = made_up(3).table("sample")
    places.loc[1, "place"] = "甲😀\U00020000乡"
    results = with_tables(made_up(3, name="示例😀县"), sample=places)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        files = write_report(results, tmp_path)
    said = [str(each.message) for each in caught]
    assert len(said) == 1 and "随附字体缺 2 个字" in said[0] and "由 DejaVu Sans 代画" in said[0] and "画成 □" in said[0], said
    text = subprocess.run(["pdftotext", files[1], "-"], capture_output=True, check=True).stdout.decode()
    assert "甲😀□乡" in text and "\U00020000" not in text
    assert "甲😀\U00020000乡" in files[2].read_text(encoding="utf-8")
    assert any("甲😀\U00020000乡" in cell.text for table in docx.Document(files[0]).tables for cell in table.columns[0].cells)
    assert drawable("鄠邑区\u200d") == "鄠邑区\u200d"


def test_very_long_names_are_written_in_full_and_keep_the_tables_in_the_page():
    name = "示例很长的少数民族自治示范管理区名称" * 4
    sample, groups = made_up(3).table("sample"), made_up(3).table("groups")
    sample.loc[1, "place"], groups["group"] = name, [f"{name}{i}" for i in range(len(groups))]
    document = compose_report(with_tables(made_up(3, name=name, title=f"{name}报告", institute=name * 2), sample=sample, groups=groups))
    word = docx.Document(io.BytesIO(word_bytes(document)))
    assert any(name == cell.text for table in word.tables for cell in table.columns[0].cells)
    for table in document.tables():
        size, shares = table.fit(442.0, (10.5, 9.0, 7.5))
        assert sum(shares) == pytest.approx(1) and min(shares) * 442 > size, table.key
    assert pdf_bytes(document) and name in page_bytes(document).decode()


def test_one_county_and_three_hundred():
    one = compose_summary([made_up(3)], FACTS)
    assert "共评估1个县" in one.main_text() and one.tables()[0].rows[1][0].text == "示例县" and not ODD.search(told(one))
    many = [made_up(3, name=f"示例{i:03d}县") for i in range(300)]
    document = compose_summary(many, FACTS)
    assert all(len(table.rows) >= 300 for table in document.tables()) and "共评估300个县" in document.main_text()
    assert len(docx.Document(io.BytesIO(word_bytes(document))).tables) == len(document.tables())


def test_a_programme_of_a_hundred_counties_is_written_in_time(tmp_path):
    counties = [made_up(3, name=f"示例{i:03d}县") for i in range(100)]
    start = time.process_time()
    files = write_summary(counties, FACTS, tmp_path)
    assert len(files) == 4 and time.process_time() - start < 20  # of 60 s


def test_nothing_found_and_nothing_published():
    results = made_up(3)
    groups, rates, findings = (results.table(name) for name in ("groups", "rates", "findings"))
    groups["n"] = 12
    rates[["numerator", "denominator", "official", "estimate", "se", "low", "high"]] = float("nan")
    findings.loc[:, findings.columns[2:]] = 0
    bare = with_tables(results, groups=groups, rates=rates, findings=findings, places=None, satisfaction=None, gates=None)
    for document in (compose_report(bare), compose_english(bare)):
        assert not ODD.search(told(document)), ODD.search(told(document))
        assert all(row[4].text == "—" for table in document.tables() if table.key == "groups" for row in table.rows)
        assert pdf_bytes(document) and workbook_bytes(document) and word_bytes(document)
    assert "未发现" in compose_report(bare).main_text()


def test_without_gates_no_column_and_no_title_speaks_of_them():
    tables = {table.key: table for table in compose_report(with_tables(made_up(3), gates=None)).tables()}
    assert tables["gates"].title == "主要指标" and "按规则" not in [column.heading for column in tables["gates"].columns]
    assert tables["distance"].title == "待定案件对指标的影响" and len(tables["distance"].columns) == 5
    whole = with_tables(made_up(3, place="县", sought=[]), sample=made_up(1).table("sample"), gates=None)
    document = compose_report(whole)
    sample = next(table for table in document.tables() if table.key == "sample")
    assert sample.title == "样本与完成情况" and [row[0].text for row in sample.rows] == ["合计"]
    assert "sample" not in [picture.chart.key for picture in document.pictures()] and "“疑似”和“认定”以" not in document.main_text()


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("示例西省2021年巩固脱贫成果后评估报告", ["示例西省2021年", "巩固脱贫成果后评估报告"]),
        ("示例县2018年贫困县退出第三方评估报告", ["示例县2018年贫困县退出", "第三方评估报告"]),
        ("示例市2019年群众满意度调查报告", ["示例市2019年群众满意度调查报告"]),
    ],
)
def test_a_title_parts_where_its_sense_does(title, lines):
    assert Document({"title": title}, ()).title_lines == lines


def test_a_missing_library_names_what_to_install():
    with pytest.raises(EvalkitError, match=r"缺少 no_such_library.*pip install 'evalkit\[maps\]'"):
        later("no_such_library.shapes", extra="maps").read_file()


def test_every_page_of_a_summary_says_simulated():
    document = compose_summary([made_up(3)], FACTS)
    assert MARK in document.mark and document.title.count(MARK) == 1
