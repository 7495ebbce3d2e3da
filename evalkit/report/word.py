"""The Word file, the official copy: GB/T 9704 page, real styles, fonts of official documents by name."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any
from xml.sax.saxutils import escape

from evalkit.later import later
from evalkit.report.model import Block, Document, Heading, Paragraph, Picture
from evalkit.report.wordstyles import BODY_WIDTH, LEFT_LINE, RIGHT_LINE, make_styles, set_page
from evalkit.report.wordtables import table_xml

docx = later("docx")
shared = later("docx.shared")
oxml = later("docx.oxml")
ns = later("docx.oxml.ns")
enum_section = later("docx.enum.section")

STYLES = {
    "text": "报告正文", "closing": "报告结尾", "lead": "报告结论", "technical": "技术说明",
    "note": "表注", "placeholder": "待撰写", "enclosures": "附件说明", "enclosures-more": "附件说明续", "signing": "签字",
    "signature": "落款", "addressee": "主送机关",
}  # fmt: skip
LISTED = 2  # levels of headings in the 目录
CONTENTS = f'TOC \\o "1-{LISTED}" \\t "附件标题,1" \\n \\h \\z'  # without page numbers, which only a word processor knows
HIGHEST = 110.0  # mm: a picture of more than half a page leaves half a page white before it
RUNNING = frozenset({"text", "closing", "lead", "technical"})
BREAK = "\u200b"  # without width: a place where a line may end
EPOCH = (1980, 1, 1, 0, 0, 0)


def word_bytes(document: Document) -> bytes:
    """Return the report as a Word file whose inside holds no clock.

    Parameters
    ----------
    document : Document

    Returns
    -------
    bytes
    """
    word = docx.Document()
    make_styles(word)
    _properties(word, document)
    headings = {at: block for at, block in enumerate(document.blocks) if isinstance(block, Heading) and block.level <= LISTED}
    _heads(word, document)
    if document.letter:
        _letter_head(word, document)
        _number_pages(word, word.sections[0])
    else:
        _cover(word, document)
        _contents(word, headings, document.words.contents)
        _number_pages(word, word.add_section(enum_section.WD_SECTION.NEW_PAGE))
    for at, block in enumerate(document.blocks):
        _add(word, block)
        if at in headings:
            _bookmark(word.paragraphs[-1], at)
    return _settled(word)


def _properties(word: Any, document: Document) -> None:
    links = word.part.package.rels  # the template brings a picture of somebody else's first page
    for key in [key for key, link in links.items() if link.reltype.endswith("/thumbnail")]:
        del links[key]
    core, stamp = word.core_properties, document.stamp().replace(tzinfo=None)
    core.title, core.author, core.last_modified_by = document.title, document.fact("institute"), document.fact("institute")
    core.created = core.modified = stamp
    core.comments, core.subject = document.mark, document.fact("subject") or "第三方评估报告"
    core.language, core.revision = document.words.tag, 1


def _heads(word: Any, document: Document) -> None:
    """Set the first page, and the words above every page."""
    section = word.sections[0]
    set_page(section)
    word.settings.odd_and_even_pages_header_footer = True
    for header in (section.header, section.even_page_header):
        header.is_linked_to_previous = False
        header.paragraphs[0].style = word.styles["模拟标记"]
        header.paragraphs[0].text = document.mark


def _letter_head(word: Any, document: Document) -> None:
    head = {"发文字号": document.fact("number"), "公文标题": "\n".join(document.title_lines), "封面标记": document.title_mark}
    for style, text in head.items():
        if text:
            word.add_paragraph(text, style=style)


def _cover(word: Any, document: Document) -> None:
    word.add_paragraph(document.fact("number"), style="封面文号")
    word.add_paragraph("\n".join(document.title_lines), style="Title")
    word.add_paragraph(document.title_mark, style="封面标记")
    word.add_paragraph(document.fact("institute"), style="封面机构")
    word.add_paragraph(document.fact("date"), style="封面日期")


def _contents(word: Any, headings: dict[int, Heading], contents: str) -> None:
    """Write the 目录 as a field that Word can renew, its entries already in it."""
    if not headings:
        return
    word.add_paragraph(contents, style="目录标题")
    entries = [(word.add_paragraph(style=f"toc {heading.level}"), at, heading) for at, heading in headings.items()]
    _field_part(entries[0][0], "begin")
    entries[0][0]._p.append(_run(f'<w:instrText xml:space="preserve"> {CONTENTS} </w:instrText>'))
    _field_part(entries[0][0], "separate")
    for paragraph, at, heading in entries:
        words = f'<w:r><w:t xml:space="preserve">{escape(heading.text)}</w:t></w:r>'
        paragraph._p.append(oxml.parse_xml(f'<w:hyperlink {ns.nsdecls("w")} w:anchor="{_anchor(at)}" w:history="1">{words}</w:hyperlink>'))
    _field_part(entries[-1][0], "end")


def _run(inside: str) -> Any:
    return oxml.parse_xml(f"<w:r {ns.nsdecls('w')}>{inside}</w:r>")


def _field_part(paragraph: Any, part: str) -> None:
    paragraph._p.append(_run(f'<w:fldChar w:fldCharType="{part}"/>'))


def _anchor(at: int) -> str:
    return f"_Toc{at:09d}"


def _bookmark(paragraph: Any, at: int) -> None:
    start = oxml.parse_xml(f'<w:bookmarkStart {ns.nsdecls("w")} w:id="{at}" w:name="{_anchor(at)}"/>')
    paragraph._p.r_lst[0].addprevious(start)
    paragraph._p.append(oxml.parse_xml(f'<w:bookmarkEnd {ns.nsdecls("w")} w:id="{at}"/>'))


def _number_pages(word: Any, section: Any) -> None:
    """Number the pages of a section from 1, on the outer side."""
    set_page(section)
    numbers = oxml.parse_xml(f'<w:pgNumType {ns.nsdecls("w")} w:start="1"/>')
    section._sectPr.find(ns.qn("w:pgMar")).addnext(numbers)
    for footer, style in ((section.footer, RIGHT_LINE), (section.even_page_footer, LEFT_LINE)):
        footer.is_linked_to_previous = False
        paragraph = footer.paragraphs[0]
        paragraph.style = word.styles[style]
        paragraph.add_run("— ")
        paragraph._p.append(oxml.parse_xml(f'<w:fldSimple {ns.nsdecls("w")} w:instr="PAGE"><w:r><w:t>1</w:t></w:r></w:fldSimple>'))
        paragraph.add_run(" —")


def _add(word: Any, block: Block) -> None:
    if isinstance(block, Heading):
        if block.label:
            word.add_paragraph(block.label, style="附件标识")
        word.add_paragraph(block.text, style="附件标题" if block.label else f"Heading {block.level}")
    elif isinstance(block, Paragraph):
        # LibreOffice parts no line between a Chinese mark and a letter or digit unless it is told that it may
        text = re.sub("(?<=[，；：、])(?=[A-Za-z0-9])", BREAK, block.text) if block.kind in RUNNING else block.text
        word.add_paragraph(text, style=STYLES[block.kind])
    elif isinstance(block, Picture):
        _picture(word, block)
    else:
        word.add_paragraph(block.caption, style="Caption")
        if block.unit:
            word.add_paragraph(block.unit, style="单位")
        word.element.body.insert_element_before(oxml.parse_xml(table_xml(block)), "w:sectPr")
        for i, line in enumerate(block.endings or [""], 1):
            word.add_paragraph(line, style="表注").paragraph_format.keep_with_next = i < len(block.endings) or None


def _picture(word: Any, picture: Picture) -> None:
    paragraph = word.add_paragraph(style="图")
    shape = paragraph.add_run().add_picture(io.BytesIO(picture.chart.png()), width=shared.Mm(BODY_WIDTH))
    shrink = min(1.0, shared.Mm(HIGHEST) / shape.height)
    shape.width, shape.height = round(shape.width * shrink), round(shape.height * shrink)
    shape._inline.docPr.set("descr", picture.chart.alt)
    shape._inline.docPr.set("title", picture.chart.title)
    word.add_paragraph(picture.caption, style="图题")


def _settled(word: Any) -> bytes:
    """Return the bytes of the file with every date in the archive fixed."""
    loose, settled = io.BytesIO(), io.BytesIO()
    word.save(loose)
    with zipfile.ZipFile(loose) as source, zipfile.ZipFile(settled, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return settled.getvalue()
