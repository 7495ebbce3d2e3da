"""The report before it is a file: sections of paragraphs, tables and charts, numbered once.

Every writer walks the same `Document`, so the Word file, the PDF, the web page and the workbook cannot
differ in a number. A cell keeps its value beside its text: the text is printed, the value goes to Excel.
"""

from __future__ import annotations

import datetime
import re
import textwrap
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from evalkit.charts import Chart
from evalkit.figures import FORMS, NOT_PUBLISHED, interval, is_blank, number, percent
from evalkit.report.wording import WORDS, Words
from evalkit.tables import COLUMNS, TOTAL, Column

LONG, PADDING, WIDER = 20.0, 2.0, 1.15  # half-width letters: columns beyond LONG may break; digits and % are wider than half
CENTRED = 8  # half-width letters: words no longer than this stand in the middle of their column
ONE_LINE = 34  # half-width letters of a cover title in one line
SENSE = "第三方"  # a long title parts before it
BOLD = 1.1  # headings are bold
CAPITAL = 1.5  # half-width letters: a capital is wider than a digit


@dataclass(frozen=True)
class Cell:
    """One cell of a table: what is printed, and the value behind it (a pair for intervals and fractions)."""

    text: str
    value: Any = None


@dataclass(frozen=True, eq=False)
class Table:
    """A table of a report.

    Parameters
    ----------
    key : str
        Short name, unique in a report.
    title : str
        What stands above it, without its number.
    columns : tuple of Column
        Headings with the form of their numbers.
    rows : tuple of tuples of Cell
    unit : str
        The unit of counts, printed at the top right.
    note, source : str
        Printed below.
    spans : tuple of (str, int)
        A second heading row above the first: texts with the number of columns under each; empty for none.
    number : str
        表1, 附表1 …, given once by the composer.
    """

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    unit: str = ""
    note: str = ""
    source: str = ""
    spans: tuple[tuple[str, int], ...] = ()
    number: str = ""
    language: str = "zh"

    @property
    def caption(self) -> str:
        """The title with its number."""
        return f"{self.number}{WORDS[self.language].gap}{self.title}"

    @property
    def endings(self) -> list[str]:
        """The lines below the table."""
        words = WORDS[self.language]
        return [f"{word}{text}" for word, text in ((words.note, self.note), (words.source, self.source)) if text]

    def is_total(self, row: Sequence[Cell]) -> bool:
        """Say whether a row is the 合计."""
        return bool({TOTAL, "Total"} & {cell.text for cell in row[:2]})

    @cached_property
    def sides(self) -> tuple[str, ...]:
        """Where the cells of each column stand: numbers right, the first column and longer words left, short words centred."""
        return tuple(map(self._side, range(len(self.columns))))

    def _side(self, column: int) -> str:
        if self.columns[column].form not in ("text", "flag"):
            return "right"
        longest = max((breadth(row[column].text) for row in self.rows), default=0)
        return "left" if column == 0 or longest > CENTRED else "center"

    def fit(self, points: float, sizes: Sequence[float]) -> tuple[float, list[float]]:
        """Return the largest of the font sizes that fits a page, and the columns' shares of its width.

        Numbers and short words are never broken; columns of long words share what is left.

        Parameters
        ----------
        points : float
            Width of the type area.
        sizes : sequence of float
            Font sizes to choose from in points, the largest first; the last is taken when none fits.
        """
        needs = [self._need(i) for i in range(len(self.columns))]
        short = sum(need for need in needs if need <= LONG)
        long = [need for need in needs if need > LONG]
        size = next((size for size in sizes if short + LONG * len(long) <= 2 * points / size), sizes[-1])
        left = max(2 * points / size - short, LONG * len(long))
        widths = [need if need <= LONG else max(LONG, left * need / sum(long)) for need in needs]
        return size, [width / sum(widths) for width in widths]

    def _need(self, column: int) -> float:
        cells = max((_room(row[column].text) for row in self.rows), default=0)
        heading = self.columns[column].heading
        word = BOLD * max((_room(part) for part in re.findall("[!-~]+", heading.replace("/", "/ "))), default=0)
        least = 0 if heading.isascii() else min(_room(heading), 12)  # Chinese may part anywhere, English between its words
        return min(max(cells, least, word, 4), 4 * LONG) + PADDING


@dataclass(frozen=True)
class Paragraph:
    """One paragraph.

    `kind` is ``text``, ``lead``, ``closing`` (stays with what follows), ``technical`` (symbols and numbers among
    the words, so its lines are not stretched), ``note``, ``placeholder``, ``enclosures`` and ``enclosures-more`` (the
    list 附件：1. … before the signature), ``signing`` (names to be signed), ``signature`` (institute and date) or
    ``addressee`` (whom a letter is to).
    """

    text: str
    kind: str = "text"

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", legible(self.text))


@dataclass(frozen=True, eq=False)
class Picture:
    """A chart in its place, with its number."""

    chart: Chart
    number: str
    language: str = "zh"

    @property
    def caption(self) -> str:
        """The title with its number."""
        return f"{self.number}{WORDS[self.language].gap}{self.chart.title}"

    @cached_property
    def svg(self) -> str:
        """The chart as SVG, drawn once for all writers."""
        return self.chart.svg()


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 (一、), 2 (（一）), 3 (1.) or 4 (（1）).

    `main` is false in the annexes; `label` is 附件1 … over the title of one, which begins on a fresh page.
    """

    text: str
    level: int
    main: bool = True
    label: str = ""


Block = Heading | Paragraph | Table | Picture


@dataclass(frozen=True, eq=False)
class Document:
    """A whole report.

    Parameters
    ----------
    facts : mapping
        Names, dates and texts of the cover.
    blocks : tuple of Block
        Headings, paragraphs, tables and pictures in reading order.
    """

    facts: Mapping[str, Any]
    blocks: tuple[Block, ...]

    @property
    def simulated(self) -> bool:
        """Whether every page must say 模拟数据, or what else is made up."""
        return bool(self.facts.get("simulated"))

    @property
    def language(self) -> str:
        """The language of the words that the writers put in: zh or en."""
        return str(self.facts.get("language") or "zh")

    @property
    def words(self) -> Words:
        """The words that the writers put in."""
        return WORDS[self.language]

    @property
    def letter(self) -> bool:
        """Whether the title stands over the text itself, as in a letter, without cover and contents."""
        return bool(self.facts.get("letter"))

    @property
    def made_up(self) -> str:
        """The words for what is made up: 模拟数据, or 模拟名单 in a sampling plan."""
        return (self.fact("made_up") or self.words.mark) if self.simulated else ""

    @property
    def mark(self) -> str:
        """The words that every page of a simulated report bears, or nothing."""
        return f"{self.made_up}{self.words.real}" if self.simulated else ""

    @property
    def title_lines(self) -> list[str]:
        """The title for the cover, parted where its sense parts when it is long."""
        title, kind = self.fact("title"), self.fact("subject")
        if self.language == "en" and breadth(title) > ONE_LINE:
            head, colon, rest = title.partition(": ")
            return [head + colon.strip(), rest] if rest else textwrap.wrap(title, ONE_LINE)
        if breadth(title) <= ONE_LINE:
            return [title]
        ends = [len(title) - len(kind)] if kind and title.endswith(kind) else []
        at = title.find(SENSE) if title.find(SENSE) > 0 else _parting(title, ends)
        return [title[:at], title[at:]]

    @property
    def title_mark(self) -> str:
        """What stands under the title: 模拟数据 when they are."""
        return self.made_up.join(self.words.brackets) if self.simulated and self.made_up not in self.fact("title") else ""

    @property
    def title(self) -> str:
        """The title in one line."""
        return self.fact("title") + self.title_mark

    def fact(self, name: str) -> str:
        """Return one fact as text, empty when it is not known."""
        value = self.facts.get(name)
        return "" if is_blank(value) else legible(str(value))

    def tables(self) -> list[Table]:
        """Return the tables in reading order."""
        return [block for block in self.blocks if isinstance(block, Table)]

    def pictures(self) -> list[Picture]:
        """Return the charts in reading order."""
        return [block for block in self.blocks if isinstance(block, Picture)]

    def main_text(self) -> str:
        """Return every word of the main part: cover, summary and chapters 一 to 六."""
        return "\n".join([self.title, *_words(_until_annex(self.blocks))])

    def text(self) -> str:
        """Return every word of the report."""
        return "\n".join([self.title, *(self.fact(name) for name in ("institute", "date", "number")), *_words(self.blocks)])

    def stamp(self) -> datetime.datetime:
        """Return the date of the report for the insides of files: never the clock."""
        text = self.fact("date")
        whole, bare = re.search(r"(\d{4})\D+(\d{1,2})\D+(\d{1,2})", text), re.search(r"\d{4}", text)
        try:
            year, month, day = (int(part) for part in whole.groups()) if whole else (0, 0, 0)
            return datetime.datetime(year, month, day, tzinfo=datetime.UTC)
        except ValueError:  # undated, or a month alone: the first day of its year, or of the year of the evaluation
            return datetime.datetime(int(bare[0] if bare else self.fact("year") or 2000), 1, 1, tzinfo=datetime.UTC)


def _parting(title: str, ends: Sequence[int]) -> int:
    """Return where a title parts: behind its year or before its kind, whichever is nearer the middle; in the middle without either."""
    places = [found.end() for found in re.finditer(r"\d{4}年", title)] + list(ends)
    middle = (len(title) + 1) // 2
    return min((at for at in places if 0 < at < len(title)), key=lambda at: abs(at - middle), default=middle)


def _until_annex(blocks: Sequence[Block]) -> Iterator[Block]:
    for block in blocks:
        if isinstance(block, Heading) and not block.main:
            return
        yield block


def _words(blocks: Iterator[Block] | Sequence[Block]) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Table):
            yield from (block.caption, *(text for text, _ in block.spans), *(c.heading for c in block.columns))
            yield from (cell.text for row in block.rows for cell in row)
            yield from block.endings
        elif isinstance(block, Picture):
            yield from (block.caption, block.chart.alt)
        elif isinstance(block, Heading):
            yield from (block.label, block.text)
        else:
            yield block.text


def legible(text: str) -> str:
    """Return a text without control characters, which no file format of the report can hold.

    Examples
    --------
    >>> legible("甲\\x00乡")
    '甲乡'
    """
    return "".join(letter for letter in text if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs"))


def breadth(text: str) -> int:
    """Return the width of a text in half-width letters, its longest line.

    Examples
    --------
    >>> breadth("错退率"), breadth("0.43%")
    (6, 5)
    """
    return max(sum(2 if unicodedata.east_asian_width(letter) in "WFA" else 1 for letter in line) for line in text.split("\n"))


def _room(text: str) -> float:
    wide = breadth(text) - len(text)
    capitals = sum("A" <= letter <= "Z" for letter in text)
    return 2 * wide + WIDER * (len(text) - wide - capitals) + CAPITAL * capitals


# -- from the tables of Results to cells --------------------------------------------------------------------


def cell(value: Any, form: str, gate: float | None = None) -> Cell:
    """Return a cell with its value written in one of the forms of `evalkit.tables`.

    Examples
    --------
    >>> cell(0.01996, "percent", gate=0.02)
    Cell(text='1.996%', value=0.01996)
    """
    if is_blank(value):
        return Cell("")
    text = percent(value, gate=gate) if form == "percent" else legible(FORMS[form](value))
    return Cell(text, text if form in ("text", "flag") else value)


def interval_cell(low: Any, high: Any, gate: float | None = None) -> Cell:
    """Return a cell with an interval."""
    return Cell("") if is_blank(low) or is_blank(high) else Cell(interval(low, high, gate), (low, high))


def fraction_cell(numerator: Any, denominator: Any) -> Cell:
    """Return a cell with 分子/分母."""
    blank = is_blank(numerator) or is_blank(denominator)
    return Cell("") if blank else Cell(f"{number(numerator)}/{number(denominator)}", (numerator, denominator))


WITHHELD = Cell(NOT_PUBLISHED, NOT_PUBLISHED)


def plain_table(
    key: str,
    title: str,
    name: str,
    table: pd.DataFrame,
    columns: Sequence[str] = (),
    gates: Mapping[str, float] | None = None,
    unit: str = "",
    note: str = "",
) -> Table:
    """Return a table of Results as it stands, with some of its columns; `gates` maps rates to thresholds."""
    chosen = list(columns or COLUMNS[name])
    heads = tuple(COLUMNS[name][column] for column in chosen)
    near = [(gates or {}).get(str(rate)) for rate in table["rate"]] if "rate" in table else [None] * len(table)
    lines = zip(table[chosen].itertuples(index=False, name=None), near, strict=True)
    rows = tuple(tuple(cell(value, head.form, gate) for value, head in zip(line, heads, strict=True)) for line, gate in lines)
    return Table(key, title, heads, rows, unit=unit, note=note)
