"""Page and styles of the Word file, after GB/T 9704-2012.

A4; 37 mm above and 28 mm left of a type area of 156 × 225 mm; 22 lines of 28 characters; title 2号 小标宋, text
3号 仿宋, 一、in 黑体, （一）in 楷体. Where a font is missing, the font table names a substitute.
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
RIGHT_LINE, LEFT_LINE = "页码右", "页码左"


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


LOOKS = {
    "Normal": Look(),
    "Title": Look(TITLE, TWO, "CENTER", line=34, before=130, after=20),
    "Heading 1": Look(BLACK, THREE, "LEFT", 2, keep=True, before=6),
    "Heading 2": Look(SCRIPT, THREE, "LEFT", 2, keep=True),
    "Heading 3": Look(BODY, THREE, "LEFT", 2, keep=True, bold=True),
    "报告正文": Look(indent=2),
    "报告结尾": Look(indent=2, keep=True),
    "报告结论": Look(indent=2, bold=True),
    "技术说明": Look(side="LEFT", indent=2),  # symbols and numbers part badly in justified lines
    "目录标题": Look(BLACK, THREE, "CENTER", line=None, after=10, keep=True),
    "toc 1": Look(BLACK, 12, "LEFT", line=18, before=3),
    "toc 2": Look(BODY, 12, "LEFT", 2, line=16.5),
    "表题": Look(BLACK, 12, "CENTER", line=None, before=12, after=4, keep=True),
    "单位": Look(SONG, SMALL_FIVE, "RIGHT", line=None, after=2, keep=True),
    "表内文字": Look(SONG, FIVE, "LEFT", line=None, before=1.5, after=1.5),
    "表内小字": Look(SONG, SMALL_FIVE, "LEFT", line=None, before=1.5, after=1.5),
    "表内密字": Look(SONG, 7.5, "LEFT", line=None, before=1.5, after=1.5),
    "表注": Look(SONG, SMALL_FIVE, "LEFT", line=None, before=2, after=3),
    "图": Look(SONG, FIVE, "CENTER", line=None, before=10, keep=True),
    "图题": Look(BLACK, 12, "CENTER", line=None, before=2, after=12),
    "待撰写": Look(SCRIPT, colour="7A7A7A", before=6, after=6),
    "落款": Look(side="RIGHT", before=10, keep=True),
    "封面文号": Look(side="RIGHT", before=20),
    "封面标记": Look(BLACK, THREE, "CENTER", colour="B84600"),
    "封面机构": Look(side="CENTER", before=230),
    "封面日期": Look(side="CENTER"),
    "模拟标记": Look(BLACK, FIVE, "CENTER", line=None, colour="B84600", bold=True),
    RIGHT_LINE: Look(SONG, FOUR, "RIGHT", line=None),
    LEFT_LINE: Look(SONG, FOUR, "LEFT", line=None),
}


def make_styles(word: Any) -> None:
    """Set the styles of an empty Word file, and the substitutes of its fonts."""
    _defaults(word)
    for name, look in LOOKS.items():
        known = name in [style.name for style in word.styles]
        style = word.styles[name] if known else word.styles.add_style(name, enum_style.WD_STYLE_TYPE.PARAGRAPH, name.startswith("toc"))
        if not known:
            style.base_style, style.quick_style = word.styles["Normal"], True
        _dress(style, look)
    _box(word.styles["待撰写"])
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
    _name_fonts(style.element.get_or_add_rPr(), look.font)
    form = style.paragraph_format
    form.alignment = getattr(enum_text.WD_ALIGN_PARAGRAPH, look.side)
    form.space_before, form.space_after, form.keep_with_next = shared.Pt(look.before), shared.Pt(look.after), look.keep
    form.line_spacing = shared.Pt(look.line) if look.line else 1.0
    form.left_indent = form.first_line_indent = shared.Pt(0)
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
