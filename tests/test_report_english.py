"""The English report is the Chinese one in other words: every cell holds the same number."""

from __future__ import annotations

import io
import re

import docx
import openpyxl
import pytest
from click.testing import CliRunner

from evalkit.charts.layout import texts_of
from evalkit.cli import main
from evalkit.errors import ReportError
from evalkit.report import compose_english, write_report
from evalkit.report.english.dictionary import english
from evalkit.report.exhibits import make_exhibits, make_tables
from evalkit.report.model import Heading, Paragraph
from evalkit.report.page import page_bytes
from evalkit.report.pdf import pdf_bytes
from evalkit.report.word import word_bytes
from evalkit.report.workbook import workbook_bytes
from tests.specimens import made_up, with_tables

CHINESE = re.compile("[\u4e00-\u9fff]")
SAID = {
    "conclusion": "Every standard is met; the exit is recommended.",
    "gates": {"错退率": "错退率 under the rule is 0.45%: the standard is met."},
    "technical": {"错退率": "错退率: estimate 0.43%, p = 0.0004."},
}


@pytest.fixture(scope="module")
def results():
    facts = {"name_en": "Model County", "institute_en": "Model Institute", "title_en": "Third-party evaluation of exit: Model County, 2018"}
    return made_up(english=SAID, hashes={}, **facts)


@pytest.fixture(scope="module")
def document(results):
    return compose_english(results)


def numbers(text):
    return re.findall(r"[\d.]+", text)


def test_every_cell_holds_the_number_of_the_chinese_table(results, document):
    ours = make_tables(results)
    assert {table.key for table in document.tables()} == set(ours)
    for table in document.tables():
        theirs = ours[table.key]
        for row, other in zip(table.rows, theirs.rows, strict=True):
            assert [numbers(cell.text) for cell in row] == [numbers(cell.text) for cell in other], table.key
            for cell, there in zip(row, other, strict=True):
                assert cell.value == there.value or cell.value != cell.value or isinstance(there.value, str), (table.key, there)


def test_fixed_words_are_english(document):
    for table in document.tables():
        heads = [head.heading for head in table.columns] if table.key != "satisfaction" else []  # there the answers stand
        fixed = [table.caption, table.unit, *table.endings, *heads, *(text for text, _ in table.spans)]
        assert [text for text in fixed if CHINESE.search(text)] == [], table.key
    said = [block.text for block in document.blocks if isinstance(block, (Heading, Paragraph))]
    assert [text for text in said if CHINESE.search(text)] == []
    assert [word for word in ("合计", "达到", "充分", "错退率", "综合贫困发生率") if english(word) == word] == []


def test_sentences_are_made_from_the_numbers(document):
    main_part = document.main_text()
    assert "Confirmed: 18 of 4030 persons, a sample rate of 0.45%; weighted estimate 0.43%, 95% interval 0.18%–0.88%." in main_part
    assert "0.69%–1.996%" in main_part and "Confirmed: none found among 3391 persons;" in main_part
    assert "Wrong-exit rate under the rule is 0.45%" in main_part and "p = 0.0004" not in main_part
    assert "p = 0.0004" in document.text() and "5 November 2018 to 23 November" in main_part


def test_charts_are_those_of_the_chinese_report_with_english_words(results, document):
    ours = make_exhibits(results).pictures
    assert [picture.chart.key for picture in document.pictures()] == list(ours) and len(ours) > 3
    assert [picture.number for picture in document.pictures()] == [f"Figure {at}" for at in range(1, len(ours) + 1)]
    asked = set(results.table("satisfaction")[["item", "answer"]].to_numpy().ravel())
    for picture in document.pictures():
        chart, there = picture.chart, ours[picture.chart.key].chart
        told = [picture.caption, chart.alt, *(text.get_text().replace("\n", "") for text in texts_of(chart.figure))]
        for name in sorted(asked, key=len, reverse=True):  # questions and answers are the institute's own
            told = [text.replace(name, "") for text in told]
        assert [text for text in told if CHINESE.search(text)] == [] and chart.collisions() == [], chart.key
        shares = [set(re.findall(r"[\d.]+%", text)) for text in (chart.alt, there.alt)]
        assert shares[0] == shares[1], chart.key


def test_what_is_projected_is_not_told_as_counted():
    rates = made_up(3).table("rates")
    rates.loc[rates["rate"] == "综合贫困发生率", ["numerator", "denominator"]] = [5680, 384608]
    told = compose_english(with_tables(made_up(3, projected=["综合贫困发生率"], english={}), rates=rates)).main_text()
    assert "5680 persons as projected from the sample rates, 1.37% of the rural population of 384608" in told and "5680 of" not in told


def test_places_chosen_on_purpose_speak_for_nobody_else():
    told = compose_english(made_up(3, chosen="典型选点。", english={}))
    assert "chosen on purpose" in told.main_text() and "drawn at random" not in told.main_text()
    assert next(table.title for table in told.tables() if table.key == "gates") == "Counts by indicator"


def test_a_census_and_an_evaluation_without_gates_are_told_as_such():
    told = compose_english(with_tables(made_up(3, census=True, sought=[], english={}), gates=None)).main_text()
    assert "there is no sampling error" in told and "drawn" not in told and "All 3 townships" in told
    assert "have no thresholds" in told and "decides on no household" in told


def test_all_writers_speak_english(document):
    word = docx.Document(io.BytesIO(word_bytes(document)))
    assert {"Contents", "Annex 1"} <= {paragraph.text for paragraph in word.paragraphs}
    assert "SIMULATED DATA" in word.sections[0].header.paragraphs[0].text
    page = page_bytes(document).decode()
    outside = re.sub("<td.*?</td>|<th.*?</th>|font-family.*?;|<svg.*?>", "", page)  # in charts stand names of questions
    assert '<html lang="en">' in page and not CHINESE.search(outside)
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(document)))
    assert book.sheetnames[0] == "About" and book.worksheets[2]["D3"].value == "Numerator"
    assert pdf_bytes(document) == pdf_bytes(document)
    assert document.title_lines == ["Third-party evaluation of exit:", "Model County, 2018"]


def test_the_command_writes_it_beside_the_chinese_one(results, tmp_path):
    assert [path.name for path in write_report(results, tmp_path, "en")] == ["report.docx", "report.pdf", "report.html", "report.xlsx"]
    with pytest.raises(ReportError, match="没有这种语言的报告"):
        write_report(results, tmp_path, "fr")
    assert CliRunner().invoke(main, ["report", str(tmp_path), "--language", "fr"]).exit_code == 2
