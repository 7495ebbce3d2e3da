"""CSV files as DuckDB is to read them: by RFC 4180, with the delimiter of the heading; nothing is guessed from some of the rows."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.codes import shown_headings, shown_label
from evalkit.engines.paths import escaped
from evalkit.errors import EvalkitError, Faults
from evalkit.sheets.reading import PRIVATE, mark_of

PIECE = 1 << 24  # characters of a file that are looked at together
ENDS = ("\r\n", "\n", "\r")
QUOTE, LINE = ord('"'), ord("\n")
HEADING = 1 << 20  # characters within which the heading ends
FEW = 64  # different numbers in a column of words that may be codes of answers
RARE = 100  # among so many numbers one word is a slip
FIRST = 1000  # rows that show most columns of text to be no numbers
WHOLE = "CAST(TRY_CAST({0} AS BIGINT) AS VARCHAR) = {0}"
DECIMAL = "regexp_full_match({0}, '[+-]?((0|[1-9][0-9]*)([.][0-9]*)?|[.][0-9]+)')"
BROKEN = f"{DECIMAL} AND abs(TRY_CAST({{0}} AS DOUBLE)) < 9007199254740992"  # from 2 to the 53 on doubles merge codes
TRUTH = "lower({0}) IN ('true', 'false')"
FORMS = (("BIGINT", WHOLE), ("DOUBLE", BROKEN), ("BOOLEAN", TRUTH))  # the first that all cells of a column have


@dataclass(frozen=True)
class Text:
    """A CSV file: where it lies in UTF-8, one line a row, its name, what parts its cells, and its headings."""

    path: Path
    name: str
    mark: str
    headings: tuple[str, ...]

    @property
    def named(self) -> tuple[str, ...]:
        """The headings that are not blank: a column without one cannot be asked for."""
        return tuple(heading for heading in self.headings if heading)


def text_file(path: Path, folder: Path, error: type[EvalkitError]) -> Text:
    """Look at a whole CSV file, as text: its encoding, its headings, its ends of lines.

    Parameters
    ----------
    path : pathlib.Path
        In UTF-8, UTF-16 with its mark, or GB 18030.
    folder : pathlib.Path
        Where a copy in UTF-8, one line a row, is put when the file is not in that form. An end of a line within a cell becomes a
        blank in it: engines read such files in several parts at once, each beginning where they think that a row begins.
    error : type of EvalkitError

    Raises
    ------
    EvalkitError
        When its encoding is none of these, or its headings are absent or repeated.
    """
    for encoding in _encodings(path):
        try:
            start, ends, folded, blank = _looked(path, encoding)
        except UnicodeError:
            continue
        if blank:
            rule = f"第 {blank} 行有引号前面是空格，这样的引号不算引号，格中的逗号会把一格分成两格"
            raise error(f"{shown_label(path.name)}｜CSV 写法有误：{rule}｜去掉引号前的空格，或用表格软件另存为“CSV UTF-8”")
        mark = mark_of(start)
        headings = _headings(path, start, mark, error)
        if encoding == "utf-8-sig" and len(ends) < 2 and not folded:
            return Text(path, path.name, mark, headings)
        folder.mkdir(parents=True, exist_ok=True)
        copy = folder / path.name
        if folded:
            _unfold(path, encoding, mark, copy, error)
        else:
            _copy(path, encoding, copy)
        return Text(copy, path.name, mark, headings)
    told = "文字编码不是 UTF-8 或 GB 18030（可能是 Big5 或 UTF-16）"
    raise error(f"{shown_label(path.name)}｜{told}｜用表格软件另存为“CSV UTF-8”")


def read_texts(engine: Any, texts: Sequence[Text]) -> Any:
    """Return the rows of CSV files as one relation of text, columns by their headings in the order of the first file."""
    alike: dict[tuple[Any, ...], list[Text]] = {}
    for text in texts:
        alike.setdefault((text.headings, text.mark), []).append(text)
    parts = [_relation(engine, some).project(", ".join(map(quoted, texts[0].named))) for some in alike.values()]
    made = parts[0]
    for part in parts[1:]:
        made = made.union(part)
    return made


def typed(relation: Any) -> tuple[Any, dict[str, str]]:
    """Return a relation of text with those columns as numbers or truth values whose every cell is one, without a doubt.

    A plain decimal is a number: a sign, no zero before other digits, a point (``.5`` and ``5.`` too, as Stata, SPSS and SAS write
    them), nothing else. Codes beyond 64 bits, and those from 2⁵³ on beside a decimal, are text: as doubles some would be one. True
    and false are truth values. What only looks like a number to some (``0012``, ``1E3``, ``0x10``, ``1,200``, a blank before it,
    ``NA``, a date, ``T``) is text, and so is its whole column. A blank cell has no value.

    Parameters
    ----------
    relation : DuckDB relation of text

    Returns
    -------
    relation : DuckDB relation
    written : dict of str to str
        Of the columns of broken numbers, under which heading their text stands: 3.1 and 3.10 are one number and two groups. Whole
        numbers and their text are one to one.
    """
    forms = _forms(relation.limit(FIRST), {name: FORMS for name in relation.columns})
    found = _forms(relation, forms)
    kinds = {name: left[0][0] for name, left in found.items() if left}
    written = {name: f"evalkit_text {name}" for name, kind in kinds.items() if kind == "DOUBLE"}
    casts = [f"CAST({quoted(name)} AS {kinds[name]}) AS {quoted(name)}" if name in kinds else quoted(name) for name in relation.columns]
    texts = [f"{quoted(name)} AS {quoted(hidden)}" for name, hidden in written.items()]
    return relation.project(", ".join([*casts, *texts])), written


def spoilt(relation: Any, name: str, needed: bool) -> tuple[int, int] | None:
    """Say whether a column of text is one of numbers in which some cells are none.

    Parameters
    ----------
    relation : DuckDB relation
        The rows of CSV files in their order.
    name : str
    needed : bool
        Whether the column must hold numbers; else it is one of words, unless it holds many different numbers, or hardly anything but
        numbers.

    Returns
    -------
    cells, first : int
        How many cells are no plain decimals, and the row of the first, counted from 1 through all files; None for words.
    """
    like = "TRY_CAST(replace(cell, ',', '') AS DOUBLE)"
    plain = DECIMAL.format("cell")
    cells = relation.project(f"{quoted(name)} AS cell, row_number() OVER () AS place").filter("cell IS NOT NULL")
    asked = f"count(*), count({like}), count(DISTINCT {like}), count(*) FILTER (NOT {plain}), min(place) FILTER (NOT {plain})"
    ((held, numbers, many, wrong, first),) = cells.aggregate(asked).fetchall()
    slips = many > FEW or numbers == held or RARE * wrong < held
    return (int(wrong), int(first)) if wrong and (needed or slips) else None


def _forms(relation: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """Return of each column those of some forms which all of its cells have, in one look at the rows."""
    pairs = [(name, form) for name, forms in asked.items() for form in forms]
    if not pairs:
        return {}
    every = ", ".join(f"bool_and({quoted(name)} IS NULL OR coalesce({test.format(quoted(name))}, false))" for name, (_, test) in pairs)
    (have,) = relation.aggregate(every).fetchall()
    found: dict[str, Any] = {name: [] for name in asked}
    for (name, form), held in zip(pairs, have, strict=True):
        found[name] += [form] if held is not False else []
    return found


def _relation(engine: Any, texts: Sequence[Text]) -> Any:
    columns = {f"c{at}": "VARCHAR" for at in range(len(texts[0].headings))}
    rows = engine.read_csv(
        [escaped(text.path) for text in texts], header=True, delimiter=texts[0].mark, quotechar='"', escapechar='"',
        auto_detect=False, columns=columns, hive_partitioning=False,
    )  # fmt: skip
    named = zip(columns, texts[0].headings, strict=True)
    return rows.project(", ".join(f"{column} AS {quoted(heading)}" for column, heading in named if heading))


def _encodings(path: Path) -> tuple[str, ...]:
    with path.open("rb") as source:
        start = source.read(2)
    return ("utf-16",) if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else ("utf-8-sig", "gb18030")


def _pieces(path: Path, encoding: str) -> Iterator[str]:
    """Yield the text of a file piece by piece, no end of a line parted; a file that is none in this encoding raises UnicodeError."""
    with path.open(encoding=encoding, newline="") as source:
        while piece := source.read(PIECE):
            while piece.endswith("\r") and (more := source.read(1)):
                piece += more
            if "\0" in piece or (encoding == "gb18030" and PRIVATE.search(piece)):
                raise UnicodeError("no text in this encoding")
            yield piece


def _looked(path: Path, encoding: str) -> tuple[str, set[str], bool, int]:
    """Return how a file starts, which ends of lines it has, whether one of them, or the end of the file, stands between quotes, and
    the first line where blanks stand before a cell in quotes; 0 where there is none.
    """
    start, ends, folded, inside, blank, lines, tail = "", set[str](), False, 0, 0, 1, b"\n"
    for piece in _pieces(path, encoding):
        start = start or piece[:HEADING]
        counts = dict(zip(ENDS, map(piece.count, ENDS), strict=True))
        counts["\n"] -= counts["\r\n"]
        counts["\r"] -= counts["\r\n"]
        ends |= {end for end, many in counts.items() if many}
        text = piece.encode()
        if inside or '"' in piece:
            letters = np.frombuffer(text, np.uint8)
            quoted = np.bitwise_xor.accumulate((letters == QUOTE).astype(np.uint8)) ^ np.uint8(inside)
            folded = folded or bool(quoted[(letters == LINE) | (letters == ord("\r"))].any())
            blank = blank or _blank(tail + text, quoted, len(tail), mark_of(start), lines)
            inside = int(quoted[-1])
        lines += sum(counts.values())
        tail = text[len(text.rstrip(b" ")) - 1 :]
    return start, ends, folded or bool(inside), blank


def _blank(text: bytes, quoted: NDArray[np.uint8], before: int, mark: str, lines: int) -> int:
    """Return the line of the first quote that opens a cell behind blanks: readers of CSV differ in whether it is a quote at all."""
    if b' "' not in text:
        return 0
    for found in re.finditer(b"[\r\n" + re.escape(mark.encode()) + b'] +"', text):
        if quoted[found.end() - 1 - before]:
            head = text[before : found.end()]
            return lines + max(head.count(b"\n"), head.count(b"\r"))
    return 0


def _copy(path: Path, encoding: str, made: Path) -> None:
    """Write a file anew in UTF-8 with one kind of line end."""
    with made.open("w", encoding="utf-8", newline="") as copy:
        for piece in _pieces(path, encoding):
            copy.write(piece.replace("\r\n", "\n").replace("\r", "\n"))


def _unfold(path: Path, encoding: str, mark: str, made: Path, error: type[EvalkitError]) -> None:
    """Write a file anew in UTF-8, one line a row, its rows told apart as a file that is read into memory is."""
    with path.open(encoding=encoding, newline="") as source, made.open("w", encoding="utf-8", newline="") as copy:
        rows, place = csv.reader(source, delimiter=mark, strict=True), 0
        write = csv.writer(copy, delimiter=mark, lineterminator="\n").writerow
        try:
            for row in rows:
                write([" ".join(cell.splitlines()) for cell in row])
                place += 1
        except csv.Error:
            told = f"第 {place + 1} 行前后的引号不成对，或一格过长"
            raise error(f"{shown_label(path.name)}｜CSV 写法有误：{told}｜改正该行，或用表格软件另存为“CSV UTF-8”") from None


def _headings(path: Path, start: str, mark: str, error: type[EvalkitError]) -> tuple[str, ...]:
    """Return the headings, or refuse such as cannot be told apart: in full-width letters, or in capitals, they are the same."""
    faults = Faults(shown_label(path.name))
    try:
        headings = tuple(heading.strip() for heading in next(csv.reader(io.StringIO(start, newline=""), delimiter=mark), []))
    except csv.Error:
        raise error(f"{shown_label(path.name)}｜列名中的引号不成对，或一格过长｜用表格软件另存为“CSV UTF-8”") from None
    seen: dict[str, str] = {}
    for heading in filter(None, headings):
        spelt = unicodedata.normalize("NFKC", heading).casefold()
        if spelt in seen:
            both = "列名重复" if seen[spelt] == heading else f"与 {shown_label(seen[spelt])} 只差写法（全角半角、大小写）"
            faults.add(1, shown_label(heading), None, both, "改名，使每列的名字不同")
        seen[spelt] = heading
    if not seen:
        faults.add(1, "列名", None, "第 1 行是空的", "第 1 行写列名，以下每行一条")
    faults.refuse(error)
    return headings


def refuse_other_headings(texts: Sequence[Text], error: type[EvalkitError]) -> None:
    """Refuse files with other columns than the first."""
    faults = Faults("DuckDB｜读列名")
    for text in texts[1:]:
        strange = sorted({*texts[0].named} ^ {*text.named})
        if strange:
            rule = f"与 {shown_label(texts[0].name)} 的列不同：{shown_headings(strange)}"
            faults.add(None, shown_label(text.name), None, rule, "各文件应有同样的列；补全或改正后重试")
    faults.refuse(error)


def quoted(heading: str) -> str:
    """Return a heading as DuckDB reads it in a question.

    Examples
    --------
    >>> print(quoted('户"主'))
    "户""主"
    """
    return '"' + heading.replace('"', '""') + '"'
