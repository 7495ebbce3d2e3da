"""Three sources of the same households held against one another, field by field: 户档, 系统, 实际 (数据一致)."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.codes import mask_identity, shown, shown_headings, shown_label
from evalkit.errors import Faults, ScreeningError
from evalkit.given import takes
from evalkit.lists import as_list
from evalkit.patience import Progress, counted
from evalkit.privacy import kind_of, masked
from evalkit.screening.cells import Cells, Mask, Places
from evalkit.screening.finding import repeated
from evalkit.sheets import Page, day_of, numbered, text_numbers, write_book, write_csv
from evalkit.sheets.moments import DAY
from evalkit.showing import Rows, Shown, table_of

SOURCES = ("户档", "系统", "实际")
WHOLE = "（整户）"
ABSENT, BLANK, DIFFERENT, FORM = "缺户", "缺项", "不同", "仅写法不同"
KINDS = (ABSENT, BLANK, DIFFERENT, FORM)
COLUMNS = ("户", "字段", *SOURCES, "一致", "差别", "行")
COMMON = 5  # rows of a source that hold a word: then it is a word of the form, and no person's
UNSEEN = "（不显示）"
Households = Literal["all", "field"]


class _Source(NamedTuple):
    name: str
    cells: Cells
    rows: Places
    headings: tuple[str, ...]
    place: Places  # for each household its row here, -1 where it is absent


@dataclass(frozen=True, eq=False)
class Matching(Shown):
    """Where sources differ.

    Attributes
    ----------
    sources : tuple of str
        The sources that were given.
    fields : tuple of str
        What was compared.
    households : int
        How many households were compared.
    """

    sources: tuple[str, ...]
    fields: tuple[str, ...]
    households: int
    _table: pd.DataFrame

    @property
    def ok(self) -> bool:
        """Whether nothing differs but the way of writing."""
        return bool((self._table["差别"] == FORM).all())

    def table(self) -> pd.DataFrame:
        """Return a copy of the list of differences: 户, 字段, a column for each source, 一致, 差别, 行.

        一致 names the sources that agree where others do not; 行 says where to look. Personal values are masked.
        """
        return self._table.copy()

    def counts(self) -> pd.DataFrame:
        """Return one row for each field: households with each kind of difference, their sum, and its share of all households."""
        crossed = pd.crosstab(self._table["字段"], self._table["差别"])
        counts = crossed.reindex(index=[WHOLE, *self.fields], columns=list(KINDS), fill_value=0).rename_axis(None, axis=1)
        counts = counts.assign(合计=counts.sum(axis=1))
        return counts.assign(占比=counts["合计"] / max(self.households, 1)).rename_axis("字段").reset_index()

    def save(self, path: str | Path) -> Path:
        """Write the differences as CSV, or counts and differences as a workbook.

        Raises
        ------
        ScreeningError
            When the name of the file ends neither in ``.csv`` nor in ``.xlsx``.
        """
        ending = Path(path).suffix.lower()
        if ending == ".csv":
            return write_csv(self._table, path)
        if ending != ".xlsx":
            raise ScreeningError(f"{Path(path).name}｜写不成这种文件｜文件名以 .csv、.xlsx 结尾")
        pages = {"汇总": Page(f"{'、'.join(self.sources)}对照", self.counts(), formats={"占比": "0.00%"}), "差异": Page("", self._table)}
        return write_book(path, pages)

    def _rows_shown(self) -> Rows:
        return table_of(self.counts())

    def __repr__(self) -> str:
        told = "，".join(f"{kind} {int((self._table['差别'] == kind).sum())}" for kind in KINDS)
        return f"Matching {'、'.join(self.sources)}：{self.households} 户，{len(self.fields)} 个字段；{told}"


@takes(ScreeningError)
def match_sources(
    archive: Any, system: Any, field: Any = None, *, key: str | Sequence[str], fields: Sequence[str] | Mapping[str, Sequence[str]],
    households: Households, tolerance: Mapping[str, float] | None = None, missing: Sequence[str] = ("", "—"), personal: Iterable[str] = (),
    progress: Progress | None = None,
) -> Matching:  # fmt: skip
    """Hold two or three sources of the same households against one another.

    Parameters
    ----------
    archive, system, field : table
        户档 (the paper file), 系统 (the national registry) and 实际 (what was seen); pandas, polars, pyarrow, DuckDB or Spark.
        `field` may be left out.
    key : str or sequence of str
        Headings that name a household, the same in all sources; a household stands once in each.
    fields : sequence of str, or mapping of name to headings
        What is compared: headings that all sources share, or a name with its heading in each source.
    households : {"all", "field"}
        Whether all households are compared, or those of the last source alone, which may be a sample. No default.
    tolerance : mapping of field to float, optional
        How far numbers may be apart.
    missing : sequence of str
        Words that stand for a blank.
    personal : iterable of str
        Fields whose values are not shown, beside those whose names say so.
    progress : callable, optional
        Told a line a field.

    Returns
    -------
    Matching

    Raises
    ------
    ScreeningError
        With every missing heading, and every blank or repeated key with its row.

    Notes
    -----
    Numbers, dates and words are first compared as they are written, then as what they mean (1,200 and 1200.0; 2014-06-01 and
    2014年6月1日; with blanks and punctuation left out): what is then equal differs in writing only.

    Examples
    --------
    >>> one = pd.DataFrame({"户编号": ["1", "2"], "人数": ["3", "4"]})
    >>> two = pd.DataFrame({"户编号": ["2", "1"], "人数": ["4.0", "2"]})
    >>> match_sources(one, two, key="户编号", fields=["人数"], households="all").table()[["户", "字段", "户档", "系统", "差别"]]
       户  字段 户档   系统     差别
    0  1  人数  3    2     不同
    1  2  人数  4  4.0  仅写法不同
    """
    if households not in ("all", "field"):
        raise ScreeningError(f"households = {households!r}｜不认识｜写 all（全部户）或 field（只看最后一个来源中的户）")
    given = [table for table in (archive, system, field) if table is not None]
    names, keys = SOURCES[: len(given)], as_list(key)
    wanted = {name: [name] * len(given) for name in fields} if not isinstance(fields, Mapping) else {k: list(v) for k, v in fields.items()}
    sources, known = _read(given, names, keys, wanted, missing, households)
    hidden = {*personal, *(name for name in wanted if kind_of(name))}
    parts = [_absent(sources)]
    for at, name in enumerate(counted(wanted, "对照", progress)):
        parts.append(_field(sources, name, at, (tolerance or {}).get(name, 0.0), name in hidden))
    table = pd.concat(parts, ignore_index=True)
    table = table.sort_values("place", kind="stable", ignore_index=True)
    labels = {at: _covered(known[at], keys) for at in table["place"].unique()}  # of those alone that differ in something
    table.insert(0, "户", [labels[at] for at in table["place"]])
    return Matching(names, tuple(wanted), len(known), table[["户", "字段", *names, "一致", "差别", "行"]])


# -- reading ----------------------------------------------------------------------------------------------------------


def _read(
    given: Sequence[Any], names: Sequence[str], keys: list[str], wanted: Mapping[str, list[str]], missing: Sequence[str], of: Households
) -> tuple[list[_Source], list[str]]:
    """Return the sources with the place of every household, and the key of each household."""
    faults, read = Faults("三源对照"), []
    for at, (table, name) in enumerate(zip(given, names, strict=True)):
        made = numbered(table, ScreeningError).rename(columns=str)
        if made.empty:
            faults.add(None, name, None, "没有一行", "核对文件与工作表")
        headings = tuple(each[at] if at < len(each) else "" for each in wanted.values())
        for heading in dict.fromkeys([*keys, *headings]):
            if heading not in made.columns:
                faults.add(1, f"{name}：{heading}", None, "没有这一列", f"改正列名；现有：{shown_headings(made.columns)}")
        read.append((name, made, headings))
    faults.refuse(ScreeningError)
    cells = [Cells(made, missing) for _, made, _ in read]
    texts = [_keys(each, keys) for each in cells]
    for (name, made, _), each, those in zip(read, cells, texts, strict=True):
        rows = made.index.to_numpy(dtype=np.int64)
        blank = ~np.all([each[key].filled for key in keys], axis=0)
        faults.add_rows(rows[blank], f"{name}：{'、'.join(keys)}", "空白", "补上编号")
        twice = repeated(pd.factorize(np.array(those, dtype=object))[0].astype(np.int64)) & ~blank
        faults.add_rows(rows[twice], f"{name}：{'、'.join(keys)}", "一户有几行", "每户一行")
    faults.refuse(ScreeningError)
    known = list(dict.fromkeys(texts[-1] if of == "field" else (text for those in texts for text in those)))
    order = sorted(range(len(known)), key=known.__getitem__)
    known = [known[at] for at in order]
    sources = []
    for (name, made, headings), each, those in zip(read, cells, texts, strict=True):
        there = {text: row for row, text in enumerate(those)}
        place = np.array([there.get(text, -1) for text in known], dtype=np.int64)
        sources.append(_Source(name, each, made.index.to_numpy(dtype=np.int64) + 2, headings, place))
    return sources, known


def _covered(text: str, keys: Sequence[str]) -> str:
    """Return how a household is named: its key, with what is personal in it covered."""
    return "/".join((mask_identity if kind_of(key) else shown_label)(part) for key, part in zip(keys, text.split("\x1f"), strict=True))


def _keys(cells: Cells, keys: Sequence[str]) -> list[str]:
    every = np.arange(len(cells))
    return ["\x1f".join(parts) for parts in zip(*(cells[key].text_of(every) for key in keys), strict=True)]


# -- comparing --------------------------------------------------------------------------------------------------------


def _absent(sources: Sequence[_Source]) -> pd.DataFrame:
    """Return the households that a source lacks."""
    here = np.array([source.place >= 0 for source in sources])
    rows = np.flatnonzero(~here.all(axis=0))
    marks = {source.name: np.where(here[at][rows], "有", "无") for at, source in enumerate(sources)}
    agree = ["、".join(s.name for s, there in zip(sources, column, strict=True) if there) for column in here[:, rows].T]
    return pd.DataFrame({"place": rows, "字段": WHOLE, **marks, "一致": agree, "差别": ABSENT, "行": _where(sources, rows)})


class _Values(NamedTuple):
    here: Mask  # the household is there and its cell is filled
    there: Mask  # the household is there
    texts: NDArray[np.object_]
    meant: NDArray[np.int64]
    numbers: NDArray[np.float64]
    told: NDArray[np.object_]


def _field(sources: Sequence[_Source], name: str, at: int, tolerance: float, hidden: bool) -> pd.DataFrame:
    columns = [source.cells[source.headings[at]] for source in sources]
    dated = any(DAY.fullmatch(text) for column in columns for text in column.texts[:1000])
    known: dict[object, int] = {}
    values = [_values(source, column, dated, known, name, hidden) for source, column in zip(sources, columns, strict=True)]
    count = len(sources[0].place)
    differ, written, agreeing = np.zeros(count, bool), np.zeros(count, bool), np.full(count, "", dtype=object)
    for one, two in combinations(range(len(values)), 2):
        a, b = values[one], values[two]
        both, alike = a.here & b.here, (a.meant == b.meant) | (np.abs(a.numbers - b.numbers) <= tolerance)
        differ |= both & ~alike
        written |= both & alike & (a.texts != b.texts)
        agreeing[both & alike] += f"{sources[one].name}＝{sources[two].name}、"
    filled, there = (np.sum([getattr(value, part) for value in values], axis=0) for part in ("here", "there"))
    lacking = (filled > 0) & (filled < there)
    rows = np.flatnonzero(differ | written | lacking)
    kind = np.where(differ, DIFFERENT, np.where(lacking, BLANK, FORM))[rows]
    told = {source.name: value.told[rows] for source, value in zip(sources, values, strict=True)}
    agree = [text.rstrip("、") for text in agreeing[rows]]
    return pd.DataFrame({"place": rows, "字段": name, **told, "一致": agree, "差别": kind, "行": _where(sources, rows)})


def _values(source: _Source, column: Any, dated: bool, known: dict[object, int], name: str, hidden: bool) -> _Values:
    """Return the cells of one field, by household."""
    there = source.place >= 0
    codes = np.where(there, column.codes[source.place], 0)
    numbers = text_numbers(column.texts)
    meant = np.array([known.setdefault(_meaning(t, n, dated), len(known)) for t, n in zip(column.texts, numbers, strict=True)])
    told = np.array(_told(column.texts, column.codes, dated, name, hidden), dtype=object)
    texts = np.array(column.texts, dtype=object)
    return _Values((codes > 0) & there, there, texts[codes], meant[codes], numbers[codes], told[codes])


def _meaning(text: str, number: float, dated: bool) -> object:
    if dated and (day := day_of(text)) == day:
        return ("day", day)
    if number == number:
        return number
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text)).casefold() or text


def _told(texts: Sequence[str], codes: Places, dated: bool, name: str, hidden: bool) -> list[str]:
    """Return what each text may be shown as: numbers, dates and words that many rows hold; of persons only what a mask leaves."""
    if hidden:
        covered = masked(pd.DataFrame({name: list(texts)}))[name].tolist() if kind_of(name) else [UNSEEN] * len(texts)
        return [cover if text else "" for cover, text in zip(covered, texts, strict=True)]
    often = Counter(dict(enumerate(np.bincount(codes, minlength=len(texts)).tolist())))
    return [_open(text, often[at], dated) if text else "" for at, text in enumerate(texts)]


def _open(text: str, often: int, dated: bool) -> str:
    if often >= COMMON or (dated and day_of(text) == day_of(text)):
        return shown_label(text) if not dated else text
    return shown(text) or UNSEEN


def _where(sources: Sequence[_Source], rows: Places) -> list[str]:
    parts = [
        [f"{source.name} {source.rows[at]}" if at >= 0 else "" for at in source.place[rows].tolist()] for source in sources
    ]
    return ["、".join(filter(None, each)) for each in zip(*parts, strict=True)]
