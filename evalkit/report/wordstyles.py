"""Page and styles of the Word file, after GB/T 9704-2012.

A4; 37 mm above and 28 mm left of a type area of 156 × 225 mm; 22 lines of 28 characters; title 2号 小标宋, text
3号 仿宋, 一、in 黑体, （一）in 楷体, 1. and （1）in 仿宋; page numbers — 1 — in 4号 宋体, one character in from the outer
side. 附件1 stands in 黑体 at the left edge of a fresh page, its title below in the middle. Everything is a style; where a font
is missing, the font table names a substitute.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from evalkit.later import later

oxml = later("docx.oxml")
ns = later("docx.oxml.ns")
shared = later("docx.shared")
enum_text = later("docx.enum.text")
enum_style = later("docx.enum.style")

BODY_WIDTH = 156.0  # mm
POINTS = BODY_WIDTH * 72 / 25.4
LATIN = "Times New Roman"
TITLE, BODY, BLACK, SCRIPT, SONG = "方正小标宋简体", "仿宋_GB2312", "黑体", "楷体_GB2312", "宋体"
SUBSTITUTES = {TITLE: "宋体", BODY: "仿宋", BLACK: "SimHei", SCRIPT: "楷体", SONG: "SimSun"}
TWO, THREE, FOUR, FIVE, SMALL_FIVE = 22.0, 16.0, 14.0, 10.5, 9.0  # 2号, 3号, 4号, 5号, 小五, in points
LINE = 28.95  # points: 225 mm in 22 lines
CLOSER = -5  # twentieths of a point: 28 characters of 16 points are 5.8 points wider than 156 mm; a grid of characters, the other
# way to fit them, is read differently by every word processor
RIGHT_LINE, LEFT_LINE = "页码右", "页码左"
CELL_SIZES = {FIVE: "", SMALL_FIVE: "小五", 7.5: "六号"}  # sizes of the words in cells, with the ending of their styles' names
CELL_SIDES = {"LEFT": "表内文字", "RIGHT": "表内数字", "CENTER": "表内居中"}
TABLE, STRONG = "三线表", "Strong"
THICK, THIN = 12, 6  # eighths of a point


class Look(NamedTuple):
    """How the paragraphs of one style look; sizes and distances in points, indent in characters."""

    font: str = BODY
    size: float = THREE
    side: str = "JUSTIFY"
    indent: int = 0
    line: float | None = LINE
    before: float = 0
    after: float = 0
    bold: bool = False
    keep: bool = False
    colour: str = ""
    base: str = "Normal"
    fresh: bool = False  # begins a page
    left: float = 0  # characters of 3号 in from the edges of the type area
    right: float = 0


LOOKS = {
    "Normal": Look(),
    "Title": Look(TITLE, TWO, "CENTER", line=34, before=130, after=20),
    "Heading 1": Look(BLACK, THREE, "LEFT", 2, keep=True, before=6),
    "Heading 2": Look(SCRIPT, THREE, "LEFT", 2, keep=True),
    "Heading 3": Look(BODY, THREE, "LEFT", 2, keep=True),
    "Heading 4": Look(BODY, THREE, "LEFT", 2, keep=True),
    "附件标识": Look(BLACK, THREE, "LEFT", keep=True, fresh=True),
    "附件标题": Look(TITLE, TWO, "CENTER", line=34, before=LINE, after=LINE, keep=True, base="Heading 1"),
    "报告正文": Look(indent=2),
    "报告结尾": Look(indent=2, keep=True),
    "报告结论": Look(indent=2, bold=True),
    "技术说明": Look(side="LEFT", indent=2),  # symbols and numbers part badly in justified lines
    "目录标题": Look(BLACK, THREE, "CENTER", line=None, after=10, keep=True, fresh=True),
    "toc 1": Look(BLACK, 12, "LEFT", line=18, before=3),
    "toc 2": Look(BODY, 12, "LEFT", 2, line=16.5),
    "Caption": Look(BLACK, 12, "CENTER", line=None, before=12, after=4, keep=True),
    "单位": Look(SONG, SMALL_FIVE, "RIGHT", line=None, after=2, keep=True),
    **{
        f"{name}{word}": Look(SONG, size, side, line=None, before=1.5, after=1.5)
        for size, word in CELL_SIZES.items()
        for side, name in CELL_SIDES.items()
    },
    "表注": Look(SONG, SMALL_FIVE, "LEFT", line=None, before=2, after=3),
    "图": Look(SONG, FIVE, "CENTER", line=None, before=10, keep=True),
    "图题": Look(BLACK, 12, "CENTER", line=None, before=2, after=12, base="Caption"),
    "待撰写": Look(SCRIPT, colour="666666", before=6, after=6, keep=True, left=0.5, right=0.5),
    "附件说明": Look(side="LEFT", indent=2, before=LINE, keep=True),
    "附件说明续": Look(side="LEFT", indent=2, keep=True),
    "签字": Look(side="LEFT", indent=2, before=LINE, after=LINE, keep=True),
    "落款": Look(side="CENTER", keep=True, left=13, right=3),  # institute and date share their middle, where the seal is put
    "主送机关": Look(side="LEFT"),
    "发文字号": Look(side="CENTER", after=LINE),
    "公文标题": Look(TITLE, TWO, "CENTER", line=34, after=LINE, keep=True, base="Title"),
    "封面文号": Look(side="RIGHT", before=20),
    "封面标记": Look(BLACK, THREE, "CENTER", colour="B84600"),
    "封面机构": Look(side="CENTER", before=230),
    "封面日期": Look(side="CENTER"),
    "模拟标记": Look(BLACK, FIVE, "CENTER", line=None, colour="B84600", bold=True),
    RIGHT_LINE: Look(SONG, FOUR, "RIGHT", line=None, right=1),
    LEFT_LINE: Look(SONG, FOUR, "LEFT", line=None, left=1),
}


def make_styles(word: Any) -> None:
    """Set the styles of an empty Word file, and the substitutes of its fonts."""
    _defaults(word)
    for name, look in LOOKS.items():
        known = name in [style.name for style in word.styles]
        style = word.styles[name] if known else word.styles.add_style(name, enum_style.WD_STYLE_TYPE.PARAGRAPH, name.startswith("toc"))
        if not known:
            style.quick_style = True
        if name != "Normal":
            style.base_style = word.styles[look.base]
        _dress(style, look)
    _box(word.styles["待撰写"])
    word.styles.element.append(oxml.parse_xml(_three_lines()))
    _font_table(word)
    for setting in word.settings.element.iter(ns.qn("w:compatSetting")):
        if setting.get(ns.qn("w:name")) == "compatibilityMode":
            setting.set(ns.qn("w:val"), "15")  # else Word opens the file in compatibility mode


def set_page(section: Any) -> None:
    """Set paper, margins and the grid of 22 lines by 28 characters."""
    section.page_width, section.page_height = shared.Mm(210), shared.Mm(297)
    section.top_margin, section.bottom_margin = shared.Mm(37), shared.Mm(35)
    section.left_margin, section.right_margin = shared.Mm(28), shared.Mm(26)
    section.header_distance, section.footer_distance = shared.Mm(20), shared.Mm(25)
    grid = section._sectPr.find(ns.qn("w:docGrid"))
    if grid is None:
        grid = oxml.OxmlElement("w:docGrid")
        section._sectPr.append(grid)
    for name, value in (("type", "lines"), ("linePitch", round(LINE * 20))):
        grid.set(ns.qn(f"w:{name}"), str(value))


def _dress(style: Any, look: Look) -> None:
    style.font.size, style.font.bold, style.font.italic = shared.Pt(look.size), look.bold, False
    style.font.color.rgb = shared.RGBColor.from_string(look.colour or "000000")
    properties = style.element.get_or_add_rPr()
    _name_fonts(properties, look.font)
    if look.size == THREE and look.line == LINE:
        properties.find(ns.qn("w:sz")).addprevious(oxml.parse_xml(f'<w:spacing {ns.nsdecls("w")} w:val="{CLOSER}"/>'))
    form = style.paragraph_format
    form.alignment = getattr(enum_text.WD_ALIGN_PARAGRAPH, look.side)
    form.space_before, form.space_after, form.keep_with_next = shared.Pt(look.before), shared.Pt(look.after), look.keep
    form.line_spacing = shared.Pt(look.line) if look.line else 1.0
    form.page_break_before = look.fresh
    form.left_indent, form.right_indent, form.first_line_indent = shared.Pt(look.left * THREE), shared.Pt(look.right * THREE), shared.Pt(0)
    _paragraph(style.element.get_or_add_pPr(), look)


def _paragraph(properties: Any, look: Look) -> None:
    indent = properties.find(ns.qn("w:ind"))
    if look.indent:
        indent.set(ns.qn("w:firstLineChars"), str(look.indent * 100))
        indent.set(ns.qn("w:firstLine"), str(round(look.indent * look.size * 20)))
    for border in properties.findall(ns.qn("w:pBdr")):
        properties.remove(border)
    if look.line is None or look.line < LINE:
        snap = properties.find(ns.qn("w:snapToGrid"))
        if snap is None:
            spacing = properties.find(ns.qn("w:spacing"))
            spacing.addprevious(oxml.parse_xml(f'<w:snapToGrid {ns.nsdecls("w")} w:val="0"/>'))


def _name_fonts(properties: Any, name: str) -> None:
    fonts = properties.get_or_add_rFonts()
    for attribute in list(fonts.attrib):
        del fonts.attrib[attribute]  # theme attributes would win over names
    for script, font in (("ascii", LATIN), ("hAnsi", LATIN), ("cs", LATIN), ("eastAsia", name)):
        fonts.set(ns.qn(f"w:{script}"), font)
    fonts.set(ns.qn("w:hint"), "eastAsia")


def _defaults(word: Any) -> None:
    properties = word.styles.element.find(ns.qn("w:docDefaults")).find(ns.qn("w:rPrDefault")).find(ns.qn("w:rPr"))
    _name_fonts(properties, BODY)
    language = properties.find(ns.qn("w:lang"))
    language.set(ns.qn("w:eastAsia"), "zh-CN")


def _three_lines() -> str:
    """Return the table style 三线表: thick rules above and below, a thin one under the row of headings."""
    rules = "".join(f'<w:{side} w:val="single" w:sz="{THICK}" w:space="0" w:color="auto"/>' for side in ("top", "bottom"))
    under = f'<w:tcBorders><w:bottom w:val="single" w:sz="{THIN}" w:space="0" w:color="auto"/></w:tcBorders>'
    margins = '<w:left w:w="40" w:type="dxa"/><w:right w:w="40" w:type="dxa"/>'
    return (
        f'<w:style {ns.nsdecls("w")} w:type="table" w:customStyle="1" w:styleId="{TABLE}"><w:name w:val="{TABLE}"/>'
        f'<w:basedOn w:val="TableNormal"/><w:qFormat/><w:tblPr><w:jc w:val="center"/><w:tblBorders>{rules}</w:tblBorders>'
        f"<w:tblCellMar>{margins}</w:tblCellMar></w:tblPr><w:tcPr><w:vAlign w:val=\"center\"/></w:tcPr>"
        f'<w:tblStylePr w:type="firstRow"><w:rPr><w:b/></w:rPr><w:tcPr>{under}</w:tcPr></w:tblStylePr></w:style>'
    )


def _box(style: Any) -> None:
    sides = "".join(f'<w:{side} w:val="dashed" w:sz="6" w:space="6" w:color="7A7A7A"/>' for side in ("top", "left", "bottom", "right"))
    spacing = style.element.get_or_add_pPr().find(ns.qn("w:spacing"))
    spacing.addprevious(oxml.parse_xml(f"<w:pBdr {ns.nsdecls('w')}>{sides}</w:pBdr>"))


def _font_table(word: Any) -> None:
    entries = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{other}"/><w:charset w:val="86"/><w:family w:val="auto"/></w:font>'
        for name, other in SUBSTITUTES.items()
    )
    part = next(part for part in word.part.package.iter_parts() if part.partname == "/word/fontTable.xml")
    part._blob = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:fonts {ns.nsdecls("w")}>{entries}</w:fonts>'.encode()
