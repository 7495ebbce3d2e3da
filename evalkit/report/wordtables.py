"""A table as WordprocessingML: three lines, repeated header, widths by content.

Written as XML in one piece, because cell by cell a table of 300 townships takes python-docx many seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from evalkit.report.model import Cell, Table
from evalkit.report.wordstyles import BODY_WIDTH, CELL_SIDES, CELL_SIZES, POINTS, STRONG, TABLE, THIN

NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TWIPS = 1440 / 25.4  # a millimetre
TOGETHER = 16  # a table with so few rows is not parted over two pages
COMPANY = 3  # the last rows of a longer table go to the next page together
HAIR = 4  # eighths of a point


def table_xml(table: Table) -> str:
    """Return a `w:tbl` element.

    Parameters
    ----------
    table : Table

    Returns
    -------
    str
    """
    size, shares = table.fit(POINTS, list(CELL_SIZES))
    widths, style = [round(share * BODY_WIDTH * TWIPS) for share in shares], CELL_SIZES[size]
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    rows = "".join([*_head_rows(table, widths, style), *_body_rows(table, widths, style)])
    return f'<w:tbl xmlns:w="{NAMESPACE}">{_properties(table, sum(widths))}<w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>'


def _properties(table: Table, width: int) -> str:
    title = escape(table.caption, {'"': "&quot;"})
    return (
        f'<w:tblPr><w:tblStyle w:val="{TABLE}"/><w:tblW w:w="{width}" w:type="dxa"/><w:jc w:val="center"/><w:tblLayout w:type="fixed"/>'
        f'<w:tblLook w:val="0020" w:firstRow="1" w:lastRow="0" w:firstColumn="0" w:lastColumn="0" w:noHBand="1" w:noVBand="1"/>'
        f'<w:tblCaption w:val="{title}"/></w:tblPr>'
    )


def _head_rows(table: Table, widths: list[int], style: str) -> Iterator[str]:
    if table.spans:
        at, cells = 0, []
        for text, count in table.spans:
            width = sum(widths[at : at + count])
            cells.append(_cell(text, width, "center", style, span=count, line=HAIR if text else 0, keep=True, bold=True))
            at += count
        yield _row(cells, head=True)
    heads = [column.heading for column in table.columns]
    yield _row([_cell(h, w, "center", style, line=THIN, keep=True, bold=True) for h, w in zip(heads, widths, strict=True)], head=True)


def _body_rows(table: Table, widths: list[int], style: str) -> Iterator[str]:
    short, last = len(table.rows) <= TOGETHER, len(table.rows) - 1
    sides = table.sides
    for i, row in enumerate(table.rows):
        cells = zip(row, widths, sides, strict=True)
        yield _row([_body_cell(cell, width, side, style, short or i > last - COMPANY, table.is_total(row)) for cell, width, side in cells])


def _body_cell(cell: Cell, width: int, side: str, style: str, keep: bool, bold: bool) -> str:
    return _cell(cell.text, width, side, style, keep=keep, bold=bold)


def _row(cells: list[str], head: bool = False) -> str:
    repeated = "<w:tblHeader/>" if head else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{repeated}</w:trPr>{''.join(cells)}</w:tr>"


def _cell(text: str, width: int, side: str, style: str, span: int = 1, line: int = 0, keep: bool = False, bold: bool = False) -> str:
    spans = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    border = f'<w:tcBorders><w:bottom w:val="single" w:sz="{line}" w:space="0" w:color="auto"/></w:tcBorders>' if line else ""
    stay = "<w:keepNext/>" if keep else ""
    strong = f'<w:rPr><w:rStyle w:val="{STRONG}"/></w:rPr>' if bold else ""
    run = f'<w:r>{strong}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>' if text else ""
    named = f"{CELL_SIDES[side.upper()]}{style}"
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{spans}{border}<w:vAlign w:val="center"/></w:tcPr>'
        f'<w:p><w:pPr><w:pStyle w:val="{named}"/>{stay}</w:pPr>{run}</w:p></w:tc>'
    )
