"""The four files say the same, in full, the same way each time, and nothing in them runs."""

from __future__ import annotations

import html.parser
import io
import re
import subprocess
import time
import zipfile
from dataclasses import replace

import docx
import openpyxl
import pandas as pd
import pytest
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml as oxml_of
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from evalkit.charts import MARK, missing_characters
from evalkit.design.judgement import Report
from evalkit.figures import KEY, percent
from evalkit.report import compose_report, write_report
from evalkit.report.model import Document, Heading, Paragraph, Picture
from evalkit.report.page import page_bytes
from evalkit.report.pdf import pdf_bytes
from evalkit.report.word import BREAK, CONTENTS, word_bytes
from evalkit.report.workbook import workbook_bytes
from tests.specimens import made_up, with_tables

WRITERS = {"docx": word_bytes, "pdf": pdf_bytes, "html": page_bytes, "xlsx": workbook_bytes}
METHOD_WORDS = ["p 值", "p值", "p =", "自由度", "设计效应", "deff", "kg-m", "标准误", "显著性", "方差", "not proven", "met"]
SCRIPT = '<script>alert("x")</script>&=HYPERLINK("http://a")$x^2$#eval'


@pytest.fixture(scope="module")
def document():
    return compose_report(made_up())


@pytest.fixture(scope="module")
def files(document):
    return {ending: write(document) for ending, write in WRITERS.items()}


def word_of(data):
    return docx.Document(io.BytesIO(data))


def book_of(data):
    return openpyxl.load_workbook(io.BytesIO(data))


class Reader(html.parser.HTMLParser):
    """Collects the tables, the words and the tags of a page."""

    def __init__(self, data):
        super().__init__()
        self.tables, self.words, self.tags, self.cell, self.hidden = [], [], [], None, 0
        self.feed(data.decode())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.hidden += tag == "style"
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.cell = ""

    def handle_endtag(self, tag):
        self.hidden -= tag == "style"
        if tag in ("td", "th"):
            self.tables[-1][-1].append(self.cell)
            self.cell = None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data
        elif not self.hidden:
            self.words.append(data)


def pdf_text(data, tmp_path):
    (tmp_path / "a.pdf").write_bytes(data)
    return subprocess.run(["pdftotext", "-layout", tmp_path / "a.pdf", "-"], capture_output=True, check=True).stdout.decode()


# -- the same numbers ---------------------------------------------------------------------------------------


def test_word_tables_are_the_documents_cell_by_cell(document, files):
    tables = word_of(files["docx"]).tables
    assert len(tables) == len(document.tables())
    for table, written in zip(document.tables(), tables, strict=True):
        heads = 2 if table.spans else 1
        read = [[cell.text for cell in row.cells] for row in written.rows]
        assert read[heads - 1] == [column.heading for column in table.columns], table.key
        assert read[heads:] == [[cell.text for cell in row] for row in table.rows], table.key


def test_page_tables_are_the_documents_cell_by_cell(document, files):
    page = Reader(files["html"])
    assert len(page.tables) == len(document.tables())
    for table, written in zip(document.tables(), page.tables, strict=True):
        heads = 2 if table.spans else 1
        assert written[heads - 1] == [column.heading for column in table.columns]
        assert written[heads:] == [[cell.text for cell in row] for row in table.rows]


def shown(cell):
    """What Excel shows of a number, from its value and its number format."""
    if cell.value is None or isinstance(cell.value, str):
        return cell.value or ""
    if cell.number_format.startswith('"'):
        return cell.number_format.strip('"')
    decimals = len(cell.number_format.rstrip("%").partition(".")[2])
    if cell.number_format.endswith("%"):
        return f"{cell.value:.{decimals}%}" if cell.value in (0, 1) else percent(cell.value, decimals)
    return f"{cell.value:.{decimals}f}"


def printed(text, form):
    """The one or two texts that a printed cell becomes in the workbook."""
    if form not in ("interval", "fraction"):
        return [text]
    parts = re.split("[～/]", text)
    return parts if len(parts) == 2 else parts * 2


def test_workbook_shows_what_the_others_print_and_holds_numbers(document, files):
    book = book_of(files["xlsx"])
    assert len(book.sheetnames) == 1 + len(document.tables())
    for table, sheet in zip(document.tables(), book.worksheets[1:], strict=True):
        assert sheet["A1"].value == table.caption
        for line, row in enumerate(table.rows, 4):
            wide = [text for cell, column in zip(row, table.columns, strict=True) for text in printed(cell.text, column.form)]
            assert [shown(cell) for cell in sheet[line]] == wide, (table.key, line)


def test_shares_and_counts_are_native_numbers(files):
    book = book_of(files["xlsx"])
    sheet = next(sheet for sheet in book.worksheets if sheet["A1"].value.endswith("主要指标与门槛"))
    row = next(row for row in sheet.iter_rows(min_row=4) if row[0].value == "错退率")
    assert [cell.value for cell in row[3:9]] == [18, 4030, 18 / 4030, 0.0043, 0.0018, 0.0088]
    assert not any(cell.data_type == "f" for sheet in book.worksheets for row in sheet.iter_rows() for cell in row)


def tagged_tables(data, tmp_path):
    """The tables of a tagged PDF as rows of texts, read from its structure by poppler."""
    (tmp_path / "a.pdf").write_bytes(data)
    lines = subprocess.run(["pdfinfo", "-struct-text", tmp_path / "a.pdf"], capture_output=True, check=True).stdout
    lines = lines.decode(errors="replace").splitlines()  # descriptions of pictures are in another code
    tables, depth = [], None
    for line in lines:
        word, indent = line.strip(), len(line) - len(line.lstrip())
        if word == "Table (block)":
            tables.append([])
            depth = indent
        elif depth is not None and indent <= depth:
            depth = None
        elif depth is not None and word.startswith("TR"):
            tables[-1].append([])
        elif depth is not None and re.match("T[HD]", word) and not word.startswith("THead"):
            tables[-1][-1].append("")
        elif depth is not None and word.startswith('"'):
            tables[-1][-1][-1] += word[1:-1]
    return tables


def bare(text):
    """A text without the places where its lines may be parted."""
    return re.sub(r"\s", "", text)


@pytest.mark.libreoffice
def test_pdf_tables_are_the_documents_cell_by_cell(document, tmp_path):
    tables = [replace(table, rows=table.rows[:5]) for table in document.tables()]  # without the rest: poppler is slow
    untitled = {**document.facts, "title": "", "simulated": False}  # poppler reads no tags of PDF/UA-1, which asks for a title
    read_back = tagged_tables(pdf_bytes(Document(untitled, tuple(tables))), tmp_path)
    assert len(tables) == len(read_back)
    for table, written in zip(tables, read_back, strict=True):
        heads = 2 if table.spans else 1
        read = [[bare(text) for text in row] for row in written]
        assert read[heads - 1] == [bare(column.heading) for column in table.columns], table.key
        assert read[heads:] == [[bare(cell.text) for cell in row] for row in table.rows], table.key


def test_all_paragraphs_are_in_word_and_page(document, files):
    told = [block.text for block in document.blocks if isinstance(block, (Heading, Paragraph))]
    word = {paragraph.text.replace(BREAK, "") for paragraph in word_of(files["docx"]).paragraphs}
    page = {text.strip() for text in Reader(files["html"]).words}
    assert [text for text in told if text not in word] == []
    assert [text for text in told if text.strip() not in page] == []


# -- form ---------------------------------------------------------------------------------------------------


def test_a_report_is_written_in_time_with_the_same_bytes(files, tmp_path):
    start = time.process_time()
    written = write_report(made_up(), tmp_path / "报告 输出")
    assert time.process_time() - start < 6
    assert [path.name for path in written] == ["报告.docx", "报告.pdf", "报告.html", "报告.xlsx"]
    assert [path.suffix for path in written if path.read_bytes() != files[path.suffix[1:]]] == []


def test_word_has_the_official_page_and_fonts(files):
    word = word_of(files["docx"])
    section = word.sections[-1]
    assert [round(length / Mm(1)) for length in (section.page_width, section.top_margin, section.left_margin)] == [210, 37, 28]
    assert round((section.page_width - section.left_margin - section.right_margin) / Mm(1)) == 156
    assert round((section.page_height - section.top_margin - section.bottom_margin) / Mm(1)) == 225
    used = {paragraph.style.name for paragraph in word.paragraphs}
    assert {"Title", "Heading 1", "Heading 2", "报告正文", "Caption", "图题", "附件标识", "附件标题", "附件说明", "签字", "落款"} <= used
    asked = {
        "Title": ("方正小标宋简体", 22), "报告正文": ("仿宋_GB2312", 16), "Heading 1": ("黑体", 16), "Heading 2": ("楷体_GB2312", 16),
        "Heading 3": ("仿宋_GB2312", 16), "Heading 4": ("仿宋_GB2312", 16), "附件标识": ("黑体", 16), "附件标题": ("方正小标宋简体", 22),
        "页码右": ("宋体", 14), "页码左": ("宋体", 14),
    }  # fmt: skip
    looks = {name: word.styles[name] for name in asked}
    assert {name: (look.element.rPr.rFonts.get(qn("w:eastAsia")), look.font.size.pt) for name, look in looks.items()} == asked
    fonts = [word.styles[name].element.rPr.rFonts for name in used]
    assert not any("Theme" in attribute for font in fonts for attribute in font.attrib)
    table = zipfile.ZipFile(io.BytesIO(files["docx"])).read("word/fontTable.xml").decode()
    assert all(f'w:name="{name}"><w:altName' in table for name in ("方正小标宋简体", "仿宋_GB2312", "黑体", "楷体_GB2312", "宋体"))


def test_twenty_two_lines_of_twenty_eight_characters(files):
    word = word_of(files["docx"])
    section, body = word.sections[-1], word.styles["报告正文"]
    line, size = body.paragraph_format.line_spacing.pt, body.font.size.pt
    closer = int(body.element.rPr.find(qn("w:spacing")).get(qn("w:val"))) / 20
    high = (section.page_height - section.top_margin - section.bottom_margin) / Pt(1)
    wide = (section.page_width - section.left_margin - section.right_margin) / Pt(1)
    assert int(high / line) == 22 and int(wide / (size + closer)) == 28


def test_tables_are_dressed_by_styles_alone(files):
    word = word_of(files["docx"])
    assert {table.style.name for table in word.tables} == {"三线表"}
    body = word.element.body.xml
    for direct in ("<w:jc ", "<w:b/>", "<w:sz ", "<w:rFonts", "<w:color", "<w:tblBorders", "<w:ind "):
        assert body.count(direct) == (len(word.tables) if direct == "<w:jc " else 0), direct
    named = {paragraph.style.name for table in word.tables for row in table.rows for cell in row.cells for paragraph in cell.paragraphs}
    assert named <= {f"表内{kind}{size}" for kind in ("文字", "数字", "居中") for size in ("", "小五", "六号")}


ORDERS = {  # of ISO/IEC 29500-1, for the elements that are used: Word offers to repair a file whose elements stand otherwise
    "pPr": "pStyle keepNext keepLines pageBreakBefore framePr widowControl numPr suppressLineNumbers pBdr shd tabs suppressAutoHyphens "
    "kinsoku wordWrap overflowPunct topLinePunct autoSpaceDE autoSpaceDN bidi adjustRightInd snapToGrid spacing ind contextualSpacing "
    "mirrorIndents suppressOverlap jc textDirection textAlignment outlineLvl divId cnfStyle rPr sectPr pPrChange",
    "rPr": "rStyle rFonts b bCs i iCs caps smallCaps strike dstrike outline shadow emboss imprint noProof snapToGrid vanish webHidden "
    "color spacing w kern position sz szCs highlight u effect bdr shd fitText vertAlign rtl cs em lang eastAsianLayout specVanish oMath",
    "tblPr": "tblStyle tblpPr tblOverlap bidiVisual tblStyleRowBandSize tblStyleColBandSize tblW jc tblCellSpacing tblInd tblBorders shd "
    "tblLayout tblCellMar tblLook tblCaption tblDescription",
    "tcPr": "cnfStyle tcW gridSpan hMerge vMerge tcBorders shd noWrap tcMar textDirection tcFitText vAlign hideMark",
    "sectPr": "headerReference footerReference footnotePr endnotePr type pgSz pgMar paperSrc pgBorders lnNumType pgNumType cols formProt "
    "vAlign noEndnote titlePg textDirection bidi rtlGutter docGrid printerSettings",
    "style": "name aliases basedOn next link autoRedefine hidden uiPriority semiHidden unhideWhenUsed qFormat locked personal "
    "personalCompose personalReply rsid pPr rPr tblPr trPr tcPr tblStylePr",
    "font": "altName panose1 charset family notTrueType pitch sig embedRegular",
    "tblCellMar": "top left start bottom right end",
    "tblBorders": "top left start bottom right end insideH insideV",
}


def test_elements_stand_in_the_order_of_the_standard(files):
    archive = zipfile.ZipFile(io.BytesIO(files["docx"]))
    parts = [name for name in archive.namelist() if re.match(r"word/(document|styles|fontTable|header\d|footer\d)\.xml", name)]
    assert len(parts) >= 6
    wrong = set()
    for part in parts:
        for node in oxml_of(archive.read(part)).iter():
            local = str(node.tag).rpartition("}")[2]
            children = [str(child.tag).rpartition("}")[2] for child in node]
            order = ORDERS.get(local, "").split()
            known = [order.index(name) if name in order else -1 for name in children] if order else []
            if known != sorted(known) or -1 in known:
                wrong.add((part, local, tuple(children)))
    assert wrong == set()
    ids = re.findall(r'w:pStyle w:val="([^"]+)"', archive.read("word/document.xml").decode())
    styles = set(re.findall(r'w:styleId="([^"]+)"', archive.read("word/styles.xml").decode()))
    assert set(ids) <= styles


def test_annexes_are_listed_before_the_signature_and_begin_a_page(document, files):
    paragraphs = word_of(files["docx"]).paragraphs
    texts = [paragraph.text for paragraph in paragraphs]
    at = texts.index("附件：1. 附表")
    assert texts[at : at + 4] == ["附件：1. 附表", "　　　2. 技术附录", "　　　3. 抽样凭证", "调查员：　　　　　组长：　　　　　审核人："]
    assert texts[at + 4 : at + 6] == ["示例评估研究院（盖章）", "2018年12月20日"]
    marks = [(p.text, texts[i + 1]) for i, p in enumerate(paragraphs) if p.style.name == "附件标识"]
    assert marks == [("附件1", "附表"), ("附件2", "技术附录"), ("附件3", "抽样凭证")]
    assert word_of(files["docx"]).styles["附件标识"].paragraph_format.page_break_before
    assert all(mark in "".join(Reader(files["html"]).words) for mark, _ in marks)


def test_word_footer_and_archive_dates(files):
    archive = zipfile.ZipFile(io.BytesIO(files["docx"]))
    assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
    assert "2018-12-20" in archive.read("docProps/core.xml").decode()
    footers = [archive.read(name).decode() for name in archive.namelist() if "footer" in name]
    assert sum("— " in footer and 'instr="PAGE"' in footer for footer in footers) == 2


def test_word_contents_are_a_field_with_every_heading_and_its_place(document, files):
    word = word_of(files["docx"])
    field = "".join(node.text or "" for node in word.element.body.iter(qn("w:instrText")))
    assert field.strip() == CONTENTS and "\\n" in field  # entries without page numbers cannot grow stale
    assert '"附件标题,1"' in field
    assert [node.get(qn("w:fldCharType")) for node in word.element.body.iter(qn("w:fldChar"))] == ["begin", "separate", "end"]
    places = {mark.get(qn("w:name")): mark.getparent() for mark in word.element.body.iter(qn("w:bookmarkStart"))}
    links = [paragraph.hyperlinks[0] for paragraph in word.paragraphs if paragraph.style.name in ("toc 1", "toc 2")]
    headings = [block.text for block in document.blocks if isinstance(block, Heading) and block.level <= 2]
    assert [link.text for link in links] == headings
    assert ["".join(text.text for text in places[link.fragment].iter(qn("w:t"))) for link in links] == headings
    before = next(paragraph for paragraph in word.paragraphs if paragraph.text == "目录")
    assert before.style.paragraph_format.page_break_before


def test_lines_of_symbols_are_not_stretched(document, files):
    technical = [block.text for block in document.blocks if isinstance(block, Paragraph) and block.kind == "technical"]
    assert any("p = " in text for text in technical)
    styles = {paragraph.text.replace(BREAK, ""): paragraph.style for paragraph in word_of(files["docx"]).paragraphs}
    assert {styles[text].paragraph_format.alignment for text in technical} == {WD_ALIGN_PARAGRAPH.LEFT}


def test_no_picture_takes_more_than_half_a_page(files):
    shapes = word_of(files["docx"]).inline_shapes
    assert max(shape.height for shape in shapes) <= Mm(110) and max(shape.width for shape in shapes) <= Mm(156)
    assert len({round(shape.width / shape.height, 1) for shape in shapes}) > 1


def test_headers_of_tables_repeat_and_rows_stay_whole(files):
    body = word_of(files["docx"]).element.body.xml
    assert body.count("<w:tblHeader/>") >= len(word_of(files["docx"]).tables)
    assert body.count("<w:cantSplit/>") == body.count("<w:tr>")


def test_exhibits_are_numbered_in_reading_order(document):
    for series in ("表", "附表", "技术表", "图"):
        blocks = [*document.tables(), *document.pictures()]
        numbers = [int(b.number.removeprefix(series)) for b in blocks if re.fullmatch(rf"{series}\d+", b.number)]
        assert numbers == list(range(1, len(numbers) + 1)) and numbers
    known = {block.number for block in [*document.tables(), *document.pictures()]}
    referred = set(re.findall(r"(?:附表|技术表|表|图)\d+", " ".join(b.text for b in document.blocks if isinstance(b, Paragraph))))
    assert referred <= known


def test_every_picture_has_alt_text(document, files):
    described = re.findall(r'descr="([^"]+)"', word_of(files["docx"]).element.body.xml)
    assert len(described) == len(document.pictures()) == 5
    labels = [attrs.get("aria-label") for tag, attrs in Reader(files["html"]).tags if tag == "svg"]
    assert labels == [picture.chart.alt for picture in document.pictures()]


def test_the_bundled_font_has_every_character(document):
    assert missing_characters(document.text()) == ""


def test_characters_without_glyph_are_named_once(tmp_path):
    with pytest.warns(UserWarning, match="字体缺 1 个字：\U00020000") as told:
        write_report(with_tables(made_up(name="示例\U00020000县"), **dict.fromkeys(made_up().tables)), tmp_path)
    assert len([w for w in told if "字体缺" in str(w.message)]) == 1


# -- what stands where --------------------------------------------------------------------------------------


def test_method_stays_out_of_the_main_text(document):
    main = document.main_text()
    assert [word for word in METHOD_WORDS if word in main] == []
    assert all(word in document.text() for word in ("设计效应", "自由度", "p 值", "kg-m"))


def test_chapters_stand_in_official_order(document):
    chapters = [block.text for block in document.blocks if isinstance(block, Heading) and block.level == 1]
    assert chapters == [
        "摘要",
        "一、评估工作概况",
        "二、抽样与调查完成情况",
        "三、指标分析",
        "四、主要成效与经验",
        "五、存在问题",
        "六、评估结论与工作建议",
        "附表",
        "技术附录",
        "抽样凭证",
    ]


def test_an_assessment_appraises_and_proposes_and_a_third_party_does_not():
    facts = {"kind": "assessment", "appraisal": ["综合评价为较好。"], "experience": ["产业到户。"]}
    document = compose_report(made_up(3, **facts))
    titles = [block.text for block in document.blocks if isinstance(block, Heading) and block.level == 1 and block.main]
    assert titles == ["摘要", "一、基本情况", "二、指标分析", "三、存在问题", "四、综合评价", "五、处理建议"]
    main = document.main_text()
    assert "综合评价为较好。" in main and "【此处由考核单位撰写：处理建议】" in main and "产业到户" not in main
    said = {"name": "示例县", "title": "报告", "institute": "甲", "date": "2018-12-10", "fieldwork": "2018-11-10"}
    with pytest.raises(ValueError, match="由考核单位作出，第三方报告不写"):
        Report(**said, appraisal=["好"])
    assert Report(**said, kind="assessment", appraisal=["好"]).appraisal == ("好",)


def displayed(cell):
    return cell.number_format.strip('"') if cell.number_format.startswith('"') else percent(cell.value)


def test_halves_are_rounded_as_the_design_says():
    rates = made_up().table("rates")
    rates.loc[0, "estimate"] = 0.00445
    shown = {}
    for rule in ("half-up", "half-even"):
        changed = with_tables(made_up(3, rounding=rule), rates=rates, groups=None, places=None, satisfaction=None)
        tables = {table.key: table for table in compose_report(changed).tables()}
        sheet = book_of(workbook_bytes(Document(changed.facts, (tables["precision"],)))).worksheets[1]
        assert sheet["C4"].value == 0.00445  # not rounded
        shown[rule] = tables["gates"].rows[1][5].text, displayed(sheet["C4"])
    assert shown == {"half-up": ("0.45%",) * 2, "half-even": ("0.44%",) * 2}


def test_parts_that_do_not_add_up_say_so(document):
    def note(shares):
        table = pd.DataFrame({"item": "帮扶", "answer": ["认可", "一般", "不认可"], "n": [4, 4, 4], "share": shares})
        changed = with_tables(made_up(3), satisfaction=table, groups=None, places=None, gates=None)
        return next(table.note for table in compose_report(changed).tables() if table.key == "satisfaction")

    assert "因舍入，帮扶的各项之和不等于100%。" in note([1 / 3] * 3) and "因舍入" not in note([0.5, 0.3, 0.2])
    items = [row[1].text for table in document.tables() if table.key == "findings" for row in table.rows]
    assert not any(text.startswith("其中") for text in items)  # no 合计 above them
    rows = [["错退", "合计", 2, 5, 1, 3], ["错退", "收入", 2, 5, 1, 3], ["错退", "住房", 1, 2, 0, 0]]
    findings = pd.DataFrame(rows, columns=made_up().table("findings").columns)
    table = next(t for t in compose_report(with_tables(made_up(3), findings=findings)).tables() if t.key == "findings")
    assert [row[1].text for row in table.rows] == ["合计", "其中：收入", "住房"] and table.is_total(table.rows[0])


def test_numbers_are_said_from_the_tables(document):
    main = document.main_text()
    assert "认定口径：分子18人，分母4030人，样本比率为0.45%；按抽样设计加权的估计值为0.43%，95%区间为0.18%～0.88%。" in main
    assert "0.69%～1.996%" in main  # it would round onto the gate
    assert "认定口径：分母3391人，未发现应计入分子的情形；" in main
    assert "不存在" not in main
    assert KEY in document.text()


def test_a_value_beside_the_gate_keeps_its_distance_in_every_table():
    rates = made_up().table("rates")
    rates.loc[(rates["rate"] == "错退率") & (rates["status"] == "认定"), ["official", "estimate"]] = [0.01996, 0.020004]
    for table in compose_report(with_tables(made_up(), rates=rates)).tables():
        for row in table.rows:
            if row[0].text == "错退率" and table.key in ("gates", "statuses", "precision"):
                assert "2.00%" not in [cell.text for cell in row]
                assert table.key == "precision" or "1.996%" in [cell.text for cell in row]


def test_cases_are_counted_and_their_commonest_item_named():
    findings = made_up().table("findings")
    findings.loc[len(findings)] = ["错退", "合计", 9, 27, 0, 0]
    main = compose_report(with_tables(made_up(), findings=findings)).main_text()
    assert "错退：疑似9户27人，均未认定；涉及5个事项，以“收入低于标准”最多。" in main


def test_dates_are_written_as_official_papers_do():
    document = compose_report(made_up(date="2018-12-05", fieldwork="2018-11-05 至 2018-11-23"))
    assert document.fact("date") == "2018年12月5日" and "2018年11月5日 至 2018年11月23日" in document.main_text()
    assert document.stamp().isoformat() == "2018-12-05T00:00:00+00:00"
    dates = ("", "2018年12月", "5 December 2018", "2018-13-40")
    stamps = [Document({"date": text, "year": 2017}, ()).stamp().date().isoformat() for text in dates]
    assert stamps == ["2017-01-01", "2018-01-01", "2018-01-01", "2018-01-01"] and Document({}, ()).stamp().year == 2000


def test_a_long_title_parts_where_its_sense_parts():
    document = compose_report(made_up(title="示例县2018年贫困县退出第三方评估报告"))
    assert document.title_lines == ["示例县2018年贫困县退出", "第三方评估报告"]
    assert word_of(word_bytes(document)).paragraphs[1].text == "示例县2018年贫困县退出\n第三方评估报告"


def test_small_groups_are_not_published(document):
    table = next(table for table in document.tables() if table.key == "small_groups")
    for row in table.rows:
        withheld = row[3].value < 30
        assert all((cell.text == "—") == withheld for cell in row[4:])


def test_sampling_errors_of_every_estimate_stand_in_the_technical_annex(document):
    table = next(table for table in document.tables() if table.key == "errors")
    assert table.number.startswith("技术表") and "DEFT" not in document.main_text()
    rate, none, few = ([cell.text for cell in row] for row in table.rows)
    assert rate[4:] == ["0.43%", "0.15%", "4030", "1.18", "35.12%", "0.13%", "0.73%"]
    assert none[7:9] == ["", ""] and few[4:] == ["—", "—", "12", "—", "—", "—", "—"]


def test_receipt_prints_every_hash(document):
    text = document.text()
    assert all(value in text for value in made_up().facts["hashes"].values())


def test_authors_find_a_place_for_their_words():
    empty = compose_report(made_up(experience=[], advice=[])).main_text()
    assert empty.count("【此处由评估组撰写") == 2
    full = compose_report(made_up(experience=["产业到户。"], advice=["逐户整改。", "建立台账。"])).main_text()
    assert "【此处由评估组撰写" not in full and "2. 建立台账。" in full


@pytest.mark.parametrize("simulated", [True, False])
def test_simulated_data_say_so_everywhere(simulated, document, files):
    document = document if simulated else compose_report(made_up(simulated=False))
    data = files if simulated else {ending: WRITERS[ending](document) for ending in ("docx", "html", "xlsx")}
    word, book, page = word_of(data["docx"]), book_of(data["xlsx"]), Reader(data["html"])
    headers = [part for s in word.sections for part in (s.header, s.even_page_header)]
    assert all((MARK in header.paragraphs[0].text) == simulated for header in headers)
    assert (MARK in document.title) == simulated
    assert all((MARK in (sheet.oddHeader.center.text or "")) == simulated for sheet in book.worksheets)
    assert all((MARK in str(sheet["A2"].value or "")) == simulated for sheet in book.worksheets[1:])
    assert any(MARK in text for text in page.words) == simulated
    assert all((MARK in table.source) == simulated for table in document.tables() if table.key not in ("rules", "receipt"))


@pytest.mark.libreoffice
def test_every_pdf_page_says_simulated(files, tmp_path):
    pages = pdf_text(files["pdf"], tmp_path).split("\f")[:-1]
    assert len(pages) > 8 and all(MARK in page for page in pages)
    assert "Word" in pages[0]
    for i, page in enumerate(pages[2:], 1):  # cover and contents bear no number; odd ones stand on the right
        last = page.rstrip().rpartition("\n")[2]
        assert re.sub(" ", "", last) == f"—{i}—" and (last.index("—") > 20) == (i % 2 == 1), i


# -- bad and bare input -------------------------------------------------------------------------------------


def test_words_from_data_do_not_run():
    sample = made_up().table("sample")
    sample.loc[1, "place"] = SCRIPT
    findings = made_up().table("findings")
    findings.loc[0, "item"] = SCRIPT
    others = dict.fromkeys(["response", "gates", "satisfaction", "places"])
    facts = made_up(name=SCRIPT, advice=[SCRIPT], notes=["甲\x00\x1b乙"])
    results = with_tables(facts, sample=sample, findings=findings, **others)
    document = compose_report(results)
    data = {ending: write(document) for ending, write in WRITERS.items()}
    page = Reader(data["html"])
    assert not {tag for tag, _ in page.tags} & {"script", "iframe", "object", "link", "img"}
    assert not [attrs for _, attrs in page.tags for name in attrs if name.startswith("on")]
    outside = [attrs[name] for _, attrs in page.tags for name in ("href", "src", "xlink:href") if attrs.get(name, "#")[0] != "#"]
    assert outside == []
    assert {0, 1} <= {row.index(SCRIPT) for table in page.tables for row in table if SCRIPT in row}
    assert SCRIPT in {row.cells[0].text for table in word_of(data["docx"]).tables for row in table.rows}
    book = book_of(data["xlsx"])
    assert SCRIPT in {cell.value for sheet in book.worksheets for cell in sheet["A"]}
    assert not any(cell.data_type == "f" or cell.hyperlink for sheet in book.worksheets for row in sheet.iter_rows() for cell in row)
    assert "甲乙" in document.text()


def test_a_report_without_findings_reads_well():
    places = made_up().table("places")
    places[["households", "wrong_exit", "missed", "misidentified", "confirmed"]] = 0
    findings = made_up().table("findings")
    findings.loc[:, findings.columns[2:]] = 0
    document = compose_report(with_tables(made_up(), findings=findings, places=places, quality=None))
    main = document.main_text()
    assert "未发现错退、漏评、错评情形" in main and "（一）按事项" not in main
    assert "未发现需要说明的数据质量问题" in document.text()
    assert "places" not in [picture.chart.key for picture in document.pictures()]


def test_a_report_of_nothing_is_still_a_report():
    bare = with_tables(made_up(counts={}, hashes={}, notes=[], background=[], conclusion={}), **dict.fromkeys(made_up().tables))
    document = compose_report(bare)
    assert all(write(document) for write in WRITERS.values())
    assert "本次评估未计算指标。" in document.main_text() and document.tables() == []
    assert not any(isinstance(block, Picture) for block in document.blocks)


def test_a_county_without_gates_or_suspected_cases():
    rates = made_up().table("rates")
    document = compose_report(with_tables(made_up(), gates=None, rates=rates[rates["status"] != "疑似"]))
    assert "本指标未设门槛" in document.main_text() and "statuses" not in [table.key for table in document.tables()]


@pytest.mark.libreoffice
def test_a_long_table_is_not_clipped(tmp_path):
    document = compose_report(made_up(300))
    text = pdf_text(pdf_bytes(document), tmp_path)
    names = [row[0].text for row in next(table for table in document.tables() if table.key == "sample").rows]
    assert len(names) == 301 and [name for name in names if name not in text] == []
    word = next(table for table in word_of(word_bytes(document)).tables if len(table.rows) == 302)
    assert word._tbl.xml.count("<w:tblHeader/>") == 1


def test_table_widths_keep_numbers_whole(document):
    for table in document.tables():
        size, shares = table.fit(442.0, [10.5, 9.0, 7.5])
        assert sum(shares) == pytest.approx(1)
        room = [share * 442.0 / (size / 2) for share in shares]
        for i, column in enumerate(table.columns):
            longest = max(len(row[i].text) for row in table.rows)
            assert column.form == "text" or longest <= room[i], (table.key, column.heading)
