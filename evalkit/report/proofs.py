"""数字核对: the numbers of an edited report held against those that were written, each difference with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from evalkit.report.compose import compose_report
from evalkit.report.edited import Content, Grid, Said, read_word
from evalkit.report.numerals import NUMERAL, numerals_in
from evalkit.report.word import word_bytes
from evalkit.showing import Rows, Shown, table_of
from evalkit.tables import Results

NUMBER = re.compile(r"(?<![\d.])(?:(?<![A-Za-z0-9)%])-)?\d+(?:\.\d+)?(?:个百分点|[%‰万亿])?")
THOUSANDS = re.compile("(?<=\\d)[,\u2009\u00a0](?=\\d{3}(?!\\d))")
WIDE = str.maketrans("０１２３４５６７８９．％－−", "0123456789.%--")
ALIKE = 0.5  # paragraphs less alike than this, numbers aside, are not the same paragraph
NEAR = 12  # letters of context
HEADINGS = ("位置", "情况", "原", "现", "上下文")
Pair = tuple[int | None, int | None]


class Figure(NamedTuple):
    """A number in a text: as it is written, and what it says."""

    text: str
    value: Decimal
    unit: str
    start: int


@dataclass(frozen=True)
class Difference:
    """A number that is not as it was written.

    Parameters
    ----------
    place : str
        The heading and paragraph, or the table with row and column.
    kind : str
        改动, 删去 or 新增.
    old, new : str
        The number as it was written and as it stands now; one is empty where it was struck out or put in.
    context : str
        The words around it.
    """

    place: str
    kind: str
    old: str
    new: str
    context: str


@dataclass(frozen=True)
class Proof(Shown):
    """What became of the numbers of a report in the hands of its editors.

    Parameters
    ----------
    differences : tuple of Difference
        In the order of the file: paragraphs first, then tables.
    checked : int
        How many numbers were held against each other.
    """

    differences: tuple[Difference, ...]
    checked: int

    @property
    def ok(self) -> bool:
        """Whether every number stands as it was written."""
        return not self.differences

    def table(self) -> pd.DataFrame:
        """Return the differences, one a row."""
        rows = [(d.place, d.kind, d.old, d.new, d.context) for d in self.differences]
        return pd.DataFrame(rows, columns=list(HEADINGS))

    def lines(self) -> list[str]:
        """Return the differences in one line each, under a line that counts them."""
        counts = "，".join(f"{kind} {sum(d.kind == kind for d in self.differences)} 处" for kind in ("改动", "删去", "新增"))
        head = f"数字核对：{self.checked} 个数，{'全部相符' if self.ok else counts}"
        return [head, *(f"  {d.place}｜{d.kind}：{d.old or '无'} → {d.new or '无'}｜{d.context}" for d in self.differences)]

    def _rows_shown(self) -> Rows:
        return table_of(self.table())

    def __repr__(self) -> str:
        return self.lines()[0]


def proofread(edited: str | Path | bytes, original: Results | str | Path | bytes) -> Proof:
    """Hold the numbers of an edited Word report against the results, or against the Word file it was made from.

    Words may change freely; numbers may not. Tracked changes count as accepted. A number is the same when its value and its unit
    (%, ‰, 万, 亿, 个百分点) are: 0.50% is 0.5%, and full-width digits, marks of thousands and Chinese characters (百分之二, 三十户)
    make no difference.

    Parameters
    ----------
    edited : str, path or bytes
        The .docx as it came back.
    original : Results, or path or bytes of a .docx
        What the numbers ought to be; a folder is read as the results that `estimate` wrote there.

    Returns
    -------
    Proof

    Raises
    ------
    ReportError
        For a file that is no .docx.

    Examples
    --------
    >>> results = Results({"title": "示例", "date": "2018年12月20日", "counts": {"households_complete": 2623, "persons": 8177}}, {})
    >>> proofread(word_bytes(compose_report(results)), results).ok
    True
    """
    if isinstance(original, (str, Path)) and Path(original).is_dir():
        original = Results.load(original)
    before = read_word(word_bytes(compose_report(original)) if isinstance(original, Results) else original)
    after = read_word(edited)
    found = [*_paragraphs(before.paragraphs, after.paragraphs), *_tables(before, after)]
    return Proof(tuple(found), sum(len(numbers_in(text)) for text in _texts(before)))


def numbers_in(text: str) -> list[Figure]:
    """Return the numbers of a text, in order.

    Examples
    --------
    >>> [(f.text, str(f.value), f.unit) for f in numbers_in("共１,２００户，占0.50％，提高1.5个百分点")]
    [('1200', '1200', ''), ('0.50%', '0.50', '%'), ('1.5个百分点', '1.5', '个百分点')]
    """
    plain = _plain(text)
    found = [
        Figure(found[0], Decimal(re.sub(r"[^\d.-]", "", found[0])), re.sub(r"[\d.-]", "", found[0]), found.start())
        for found in NUMBER.finditer(plain)
    ]
    return sorted([*found, *(Figure(*numeral) for numeral in numerals_in(plain))], key=lambda figure: figure.start)


def _worded(text: str) -> str:
    """Return a text with its numbers put out of sight."""
    return NUMERAL.sub("#", NUMBER.sub("#", _plain(text)))


def _plain(text: str) -> str:
    return THOUSANDS.sub("", text).translate(WIDE)


def _texts(content: Content) -> Iterator[str]:
    yield from (said.text for said in content.paragraphs)
    yield from (text for grid in content.tables for row in grid.rows for text in row)


# -- two texts ----------------------------------------------------------------------------------------------


def _compared(place: str, old: str, new: str) -> list[Difference]:
    """Return the differences between the numbers of two texts that stand in the same place."""
    before, after = numbers_in(old), numbers_in(new)
    keys = [[(f.value, f.unit) for f in each] for each in (before, after)]
    found = []
    for tag, i, j, k, m in SequenceMatcher(None, keys[0], keys[1], autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        both = min(j - i, m - k)
        found += [_difference(place, "改动", a, b, new) for a, b in zip(before[i : i + both], after[k : k + both], strict=True)]
        found += [_difference(place, "删去", a, None, old) for a in before[i + both : j]]
        found += [_difference(place, "新增", None, b, new) for b in after[k + both : m]]
    return found


def _difference(place: str, kind: str, old: Figure | None, new: Figure | None, text: str) -> Difference:
    here, plain = new or old, _plain(text)
    assert here is not None
    start, end = max(0, here.start - NEAR), here.start + len(here.text) + NEAR
    context = f"{'…' if start else ''}{plain[start:end]}{'…' if end < len(plain) else ''}".replace("\n", " ")
    return Difference(place, kind, old.text if old else "", new.text if new else "", context)


def _gone(place: str, kind: str, text: str) -> list[Difference]:
    return _compared(place, text, "") if kind == "删去" else _compared(place, "", text)


# -- paragraphs ---------------------------------------------------------------------------------------------


def _paragraphs(before: Sequence[Said], after: Sequence[Said]) -> list[Difference]:
    found = []
    for one, other in _aligned([said.text for said in before], [said.text for said in after]):
        if one is None and other is not None:
            found += _gone(after[other].place, "新增", after[other].text)
        elif one is not None and other is None:
            found += _gone(f"{before[one].place}（原文）", "删去", before[one].text)
        elif one is not None and other is not None:
            found += _compared(after[other].place, before[one].text, after[other].text)
    return found


def _aligned(old: Sequence[str], new: Sequence[str]) -> list[Pair]:
    """Return which text became which: equal ones in order first, then the likest of those between, then what was moved."""
    pairs: list[Pair] = []
    loose_old, loose_new = list[int](), list[int]()
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pairs += zip(range(i, j), range(k, m), strict=True)
            continue
        taken = _likest(old, new, range(i, j), range(k, m))
        pairs += taken.items()
        loose_old += [at for at in range(i, j) if at not in taken]
        loose_new += [at for at in range(k, m) if at not in taken.values()]
    moved = _likest(old, new, loose_old, loose_new)
    pairs += moved.items()
    pairs += [(at, None) for at in loose_old if at not in moved]
    pairs += [(None, at) for at in loose_new if at not in moved.values()]
    return sorted(pairs, key=lambda pair: pair[1] if pair[1] is not None else _after(pairs, pair[0]))


def _after(pairs: Sequence[Pair], at: int | None) -> float:
    """Return where in the new file a struck text would stand: behind the nearest earlier one that is still there."""
    kept = [(one, other) for one, other in pairs if one is not None and other is not None and at is not None and one < at]
    return max(kept)[1] + 0.5 if kept else -0.5


def _likest(old: Sequence[str], new: Sequence[str], ones: Sequence[int], others: Sequence[int]) -> dict[int, int]:
    """Return pairs of texts that are alike, numbers aside, the likest first."""
    bare = {at: _worded(new[at]) for at in others}
    alike = []
    for one in ones:
        matcher = SequenceMatcher(None, autojunk=False)
        matcher.set_seq2(_worded(old[one]))
        for other in others:
            matcher.set_seq1(bare[other])
            if matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE and (ratio := matcher.ratio()) >= ALIKE:
                alike.append((-ratio, abs(one - other), one, other))
    taken: dict[int, int] = {}
    for _, _, one, other in sorted(alike):
        if one not in taken and other not in taken.values():
            taken[one] = other
    return taken


# -- tables -------------------------------------------------------------------------------------------------


def _tables(before: Content, after: Content) -> list[Difference]:
    left = list(after.tables)
    found = []
    for grid in before.tables:
        other = next((each for each in left if each.caption == grid.caption), None) or _likest_grid(grid, left)
        if other is None:
            found += [each for row in grid.rows for text in row for each in _gone(f"{_named(grid)}（整表删去）", "删去", text)]
            continue
        left.remove(other)
        found += _grids(grid, other)
    for grid in left:
        found += [each for row in grid.rows for text in row for each in _gone(f"{_named(grid)}（新增的表）", "新增", text)]
    return found


def _likest_grid(grid: Grid, others: Sequence[Grid]) -> Grid | None:
    """Return the table with most of the same row labels, when it has half of them."""
    labels = {_label(row) for row in grid.rows}
    shared = [(len(labels & {_label(row) for row in other.rows}) / len(labels), -at) for at, other in enumerate(others)] if labels else []
    best = max(shared, default=(0.0, 0))
    return others[-int(best[1])] if best[0] >= ALIKE else None


def _named(grid: Grid) -> str:
    return grid.caption.replace("\u3000", " ") or "没有表题的表"


def _label(row: Sequence[str]) -> str:
    """Return what a row is called: the words of its first cells up to the first number."""
    words: list[str] = []
    for text in row:
        if numbers_in(text) and words:
            break
        words.append(_plain(text).strip())
    return " ".join(word for word in words if word)


def _grids(before: Grid, after: Grid) -> list[Difference]:
    name, heads = _named(after), _heads(after)
    found = []
    rows = [[_label(row) for row in grid.rows] for grid in (before, after)]
    for one, other in _rows(rows[0], rows[1]):
        label = rows[1][other] if other is not None else rows[0][one or 0]
        if one is None and other is not None:
            found += [each for text in after.rows[other] for each in _gone(f"{name} 新增的行“{label}”", "新增", text)]
        elif one is not None and other is None:
            found += [each for text in before.rows[one] for each in _gone(f"{name} 删去的行“{label}”", "删去", text)]
        elif one is not None and other is not None:
            found += _cells(f"{name} “{label}”行", heads, before.rows[one], after.rows[other])
    return found


def _rows(old: Sequence[str], new: Sequence[str]) -> Iterator[Pair]:
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        both = min(j - i, m - k) if tag != "equal" else j - i
        yield from zip(range(i, i + both), range(k, k + both), strict=True)
        yield from ((at, None) for at in range(i + both, j))
        yield from ((None, at) for at in range(k + both, m))


def _heads(grid: Grid) -> list[str]:
    """Return the headings of the columns, each behind the one that spans it."""
    rows = grid.rows[: grid.heads]
    if not rows:
        return []
    above, spans = "", list[str]()
    for text in rows[0] if len(rows) > 1 else ():
        above = text or above
        spans.append(above)
    last = rows[-1]
    return [f"{spans[at] if at < len(spans) else ''} {text}".strip() for at, text in enumerate(last)]


def _cells(place: str, heads: Sequence[str], before: Sequence[str], after: Sequence[str]) -> list[Difference]:
    found = []
    for at in range(max(len(before), len(after))):
        old, new = (row[at] if at < len(row) else "" for row in (before, after))
        where = f"{place}“{heads[at] if at < len(heads) and heads[at] else at + 1}”列"
        found += _compared(where, old, new)
    return found
