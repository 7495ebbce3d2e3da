"""An edited report is read back, and every number that was touched is found in its place."""

from __future__ import annotations

import copy
import io
import re

import docx
import pytest
from click.testing import CliRunner
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

import evalkit as ev
from evalkit.cli import main
from evalkit.errors import ReportError
from evalkit.report import compose_report
from evalkit.report.edited import read_word
from evalkit.report.model import Document
from evalkit.report.proofs import numbers_in
from evalkit.report.word import word_bytes
from tests.specimens import made_up, with_tables


@pytest.fixture(scope="module")
def results():
    return with_tables(made_up(3), groups=None)


@pytest.fixture(scope="module")
def original(results):
    document = compose_report(results)
    return word_bytes(Document(document.facts, tuple(block for block in document.blocks if block not in document.pictures())))


@pytest.fixture
def edit(original):
    """A function that hands the Word file to an editor and returns what is found afterwards."""

    def edited(change):
        word = docx.Document(io.BytesIO(original))
        change(word)
        out = io.BytesIO()
        word.save(out)
        return ev.proofread(out.getvalue(), original)

    return edited


def replaced(paragraph, old, new):
    assert old in paragraph.text
    paragraph.runs[0].text = paragraph.text.replace(old, new)
    for run in paragraph.runs[1:]:
        run.text = ""


def found(word, text):
    return next(paragraph for paragraph in word.paragraphs if text in paragraph.text)


def table(word, title):
    return next(t for t in word.tables if title in t._tbl.tblPr.find(qn("w:tblCaption")).get(qn("w:val")))


def told(proof):
    return [(d.kind, d.old, d.new) for d in proof.differences]


def test_a_report_nobody_touched_has_no_differences(results, original):
    proof = ev.proofread(original, original)
    assert proof.ok and proof.checked > 400 and "全部相符" in repr(proof) and len(proof.table()) == 0
    whole = word_bytes(compose_report(results))
    assert ev.proofread(whole, results).ok


def test_a_number_in_a_sentence_and_in_a_cell_is_found_in_its_place(edit):
    def change(word):
        replaced(found(word, "认定口径：分子18人"), "0.45%", "0.35%")
        cell = table(word, "主要指标与门槛").rows[2].cells[4].paragraphs[0]
        replaced(cell, "0.45%", "0.46%")

    proof = edit(change)
    assert told(proof) == [("改动", "0.45%", "0.35%"), ("改动", "0.45%", "0.46%")]
    sentence, cell = proof.differences
    assert sentence.place == "（三）错退率 第2段" and "样本比率为0.35%" in sentence.context
    assert cell.place == "表2 主要指标与门槛 “错退率”行“样本比率”列"
    assert proof.lines()[0].endswith("改动 2 处，删去 0 处，新增 0 处")
    assert proof.table().columns.tolist() == ["位置", "情况", "原", "现", "上下文"]


def test_columns_under_two_rows_of_headings_are_named_by_both(edit):
    proof = edit(lambda word: replaced(table(word, "两种口径").rows[3].cells[6].paragraphs[0], "47", "48"))
    assert told(proof) == [("改动", "47", "48")] and "“疑似 分子”列" in proof.differences[0].place


def test_words_may_change_and_paragraphs_may_move(edit):
    def change(word):
        replaced(found(word, "认定口径：分子18人"), "按抽样设计加权的估计值", "加权以后的估计值")
        moved = found(word, "共启用")
        found(word, "调查中发现")._p.addnext(moved._p)
        found(word, "【此处由评估组撰写：主要成效").runs[0].text = "产业到户，群众受益。"
        replaced(found(word, "4030人"), "4030人", "４,０３０ 人")

    assert told(edit(change)) == []


def test_what_is_struck_out_or_put_in_is_told(edit):
    def change(word):
        gone = found(word, "共启用")
        numbers.extend(f.text for f in numbers_in(gone.text))
        gone._p.getparent().remove(gone._p)
        found(word, "调查中发现").insert_paragraph_before("另有12户正在核查。")
        rows = table(word, "各户类型调查完成情况")._tbl
        lost.extend(f.text for node in rows.tr_lst[2].iter(qn("w:t")) for f in numbers_in(node.text))
        rows.remove(rows.tr_lst[2])

    numbers, lost = [], []
    proof = edit(change)
    assert [d.new for d in proof.differences if d.kind == "新增"] == ["12"]
    assert sorted(d.old for d in proof.differences if d.kind == "删去") == sorted(numbers + lost)
    assert any("删去的行“脱贫户”" in d.place for d in proof.differences)


def test_tracked_changes_count_as_accepted(edit):
    def change(word):
        paragraph = found(word, "认定口径：分子18人")
        before, after = paragraph.text.split("0.45%", 1)
        paragraph.runs[0].text = before
        struck = f'<w:del {nsdecls("w")} w:id="1" w:author="a"><w:r><w:delText>0.45%</w:delText></w:r></w:del>'
        put_in = f'<w:ins {nsdecls("w")} w:id="2" w:author="a"><w:r><w:t>0.54%</w:t></w:r></w:ins>'
        moved = f'<w:moveFrom {nsdecls("w")} w:id="3" w:author="a"><w:r><w:t>9.99%</w:t></w:r></w:moveFrom>'
        for mark in (struck, put_in, moved):
            paragraph._p.append(parse_xml(mark))
        paragraph.add_run(after)

    assert told(edit(change)) == [("改动", "0.45%", "0.54%")]


def test_tables_may_move_or_go(edit):
    def change(word):
        moved, gone = table(word, "权数")._tbl, table(word, "抽样凭证")._tbl
        word.element.body.insert(3, moved)
        gone.getparent().remove(gone)
        copied = copy.deepcopy(table(word, "满意度各题回答的构成")._tbl)
        copied.tblPr.find(qn("w:tblCaption")).set(qn("w:val"), "表9")
        word.element.body.insert(4, copied)

    proof = edit(change)
    assert {d.kind for d in proof.differences} == {"删去", "新增"}
    assert all(("整表删去" in d.place) == (d.kind == "删去") for d in proof.differences)
    assert all("新增的表" in d.place for d in proof.differences if d.kind == "新增")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("0.12%～1.05%", ["0.12%", "1.05%"]),
        ("2018-12-05", ["2018", "12", "05"]),
        ("降低-0.3个百分点", ["-0.3个百分点"]),
        ("1\u2009250\u2009000元", ["1250000"]),
        ("1.2万人，第3表", ["1.2万", "3"]),
        ("没有", []),
    ],
)
def test_numbers_are_read_with_their_units(text, numbers):
    assert [figure.text for figure in numbers_in(text)] == numbers


def test_a_number_is_its_value_and_its_unit(edit):
    same = edit(lambda word: replaced(found(word, "认定口径：分子18人"), "0.45%", "0.450%"))
    other = edit(lambda word: replaced(found(word, "认定口径：分子18人"), "0.45%", "0.45个百分点"))
    assert same.ok and told(other) == [("改动", "0.45%", "0.45个百分点")]


def test_what_is_no_word_file_is_refused(tmp_path, original):
    (tmp_path / "报告.docx").write_bytes(b"PK\x03\x04 nothing")
    for wrong in (tmp_path / "报告.docx", tmp_path / "没有.docx", b"text", original[:2000]):
        with pytest.raises(ReportError, match=r"｜.*｜.*docx"):
            ev.proofread(wrong, original)


def test_the_command_lists_and_leaves_with_one(tmp_path, results, original):
    results.save(tmp_path / "results")
    (tmp_path / "design.toml").write_text("", encoding="utf-8")
    word = docx.Document(io.BytesIO(word_bytes(compose_report(results))))
    same = CliRunner().invoke(main, ["proofread", _saved(word, tmp_path / "同.docx"), str(tmp_path)])
    assert same.exit_code == 0 and "全部相符" in same.output
    replaced(found(word, "认定口径：分子18人"), "4030人", "4300人")
    changed = CliRunner().invoke(main, ["proofread", _saved(word, tmp_path / "改.docx"), str(tmp_path)])
    assert changed.exit_code == 1 and "4030 → 4300" in changed.output
    assert "4300" in (tmp_path / "results" / "数字核对.csv").read_text(encoding="utf-8-sig")


def _saved(word, path):
    word.save(path)
    return str(path)


def test_paragraphs_are_read_with_their_headings(original):
    content = read_word(original)
    assert content.paragraphs[0].under == "" and any(said.under == "（一）任务与时间" for said in content.paragraphs)
    assert not any(re.fullmatch("目录.*表.*", said.text) for said in content.paragraphs)
    assert len({grid.caption for grid in content.tables}) == len(content.tables)


def test_numbers_in_chinese_characters_are_read_and_found(edit):
    text = "三万二千零五户、十二个村，占百分之零点四五，提高一点五个百分点，三十万元"
    assert [(f.text, str(f.value), f.unit) for f in numbers_in(text)] == [
        ("三万二千零五", "32005", ""), ("十二", "12", ""), ("百分之零点四五", "0.45", "%"), ("一点五个百分点", "1.5", "个百分点"),
        ("三十万", "30", "万"),
    ]  # fmt: skip
    assert numbers_in("第三方对两不愁三保障一一核实，一个村三五户，几十次，十分重视，一、二、（三）") == []

    def change(word):
        replaced(found(word, "认定口径：分子18人"), "0.45%", "百分之零点四五")
        found(word, "【此处由评估组撰写：主要成效").runs[0].text = "其中三十二户已经脱贫。"
        replaced(found(word, "四项指标均达到"), "四项指标", "五项指标")

    assert told(edit(change)) == [("改动", "四", "五"), ("新增", "", "三十二")]
