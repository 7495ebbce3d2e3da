"""What a table is held by, and the one place where rows of it are brought into memory.

Everything asked of an engine is written in the dialect that all of them speak the same way (plain expressions, sums and counts by
columns, semi-joins), through narwhals; a product is made as a column before it is summed.
"""

from __future__ import annotations

import json
import tempfile
import threading
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.codes import shown_headings, shown_label
from evalkit.engines import parts
from evalkit.engines.decimals import kept_whole
from evalkit.engines.delimited import read_texts, refuse_other_headings, spoilt, text_file, typed
from evalkit.engines.paths import chosen, escaped
from evalkit.engines.refusals import refusal, stopped
from evalkit.errors import EvalkitError, Faults
from evalkit.later import installed, later
from evalkit.patience import waiting
from evalkit.sheets import exactly

duckdb = later("duckdb", extra="big")
nw = later("narwhals.stable.v2")

NAMES = {"duckdb": "DuckDB", "polars": "polars", "pyspark": "Spark", "pyspark_connect": "Spark", "dask": "Dask", "sqlframe": "sqlframe"}
IDLE = "64MB"  # what DuckDB holds between questions with large answers
PART = 1 << 20  # rows of an answer that are taken together
QUOTE = '"'
ONE_BY_ONE = threading.RLock()  # relations share their connection, which answers one question at a time; it uses all cores for it
NUMBER = {"whole": "number"}  # kinds that count as one where files are compared
KINDS = {"whole": "数", "number": "数", "text": "文字", "truth": "真假", "other": "其他类型"}
WHOLE = ("pandas", "numpy", "builtins")  # modules of tables that are in memory already, so that narwhals need not be loaded


@dataclass(frozen=True, eq=False, repr=False)
class Far:
    """A table that stays in its engine.

    Attributes
    ----------
    lazy : narwhals LazyFrame
    engine : str
        What holds it, for messages.
    error : type of EvalkitError
        What is raised when the engine refuses.
    kept : tuple
        What has to live as long as the table: a connection, a temporary folder.
    written : mapping of str to str
        Of columns of a CSV file that are read as broken numbers, under which heading their cells stand as they are written, for
        groups: 3.1 and 3.10 are two codes.
    files : int
        Of how many CSV files; 0 where the table is no such.
    classes : frozenset of str
        Columns of a Parquet file that were categories when it was written, which are read as text.
    wide : frozenset of str
        Columns of decimals of more digits than a double has, which make no groups.
    """

    lazy: Any
    engine: str
    error: type[EvalkitError] = EvalkitError
    kept: tuple[Any, ...] = field(default=())
    written: Mapping[str, str] = field(default_factory=dict)
    files: int = 0
    classes: frozenset[str] = frozenset()
    wide: frozenset[str] = frozenset()

    @property
    def kinds(self) -> dict[str, str]:
        """Return of each column whether it holds "truth", "whole" or "number" values, "text", or something "other"."""
        schema = self.tried("读列名", self.lazy.collect_schema)
        hidden = set(self.written.values())
        return {name: _kind(dtype) for name, dtype in schema.items() if name not in hidden}

    def known(self, columns: Sequence[str]) -> None:
        """Refuse columns that are not there, all at once.

        Raises
        ------
        EvalkitError
        """
        have = self.kinds
        strange = [name for name in dict.fromkeys(columns) if name not in have]
        if strange:
            raise self.error(f"{'、'.join(map(str, strange))}｜{self.engine} 表中没有这一列｜改正列名；现有：{shown_headings(have)}")
        unspoken = [name for name in columns if _unspoken(self.engine, name)]
        if unspoken:
            rule = f"{self.engine} 不能按这样的列名取列"
            raise self.error(f"{shown_headings(unspoken)}｜{rule}｜在引擎中改名，列名不用 *、点、反引号，不以 ^ 开头")

    def tried(self, what: str, ask: Any) -> Any:
        """Ask the engine for something, and tell a refusal in evalkit's words.

        What the engine itself says may hold the cells of a row, a name, a number: it is neither shown nor chained to.
        """
        try:
            with ONE_BY_ONE if self.engine == "DuckDB" else nullcontext(), waiting(f"{self.engine}｜{what}", self._share):
                return ask()
        except EvalkitError:
            raise
        except Exception as found:  # engines raise errors of dozens of kinds of their own
            told = None if stopped(found) else refusal(found)
        if told is None:
            raise KeyboardInterrupt
        raise self.error(f"{self.engine}｜{what}时拒绝了{told}")

    def brought(self, what: str, ask: Callable[[Any], Any]) -> pd.DataFrame:
        """Bring rows into memory: all that ever crosses goes through here. Some engines refuse while a question is put together."""
        made: pd.DataFrame = self.tried(what, lambda: _in_memory(ask(self.lazy)))
        if self.kept and len(made) > PART:
            self._give_back()
        return made

    def _give_back(self) -> None:
        """Let DuckDB give its working memory back, which it keeps for the next question, while the answer is worked on."""
        engine, _, memory = self.kept
        for limit in (IDLE, memory):
            engine.execute("SET memory_limit = " + _quoted(limit, "'"))

    def only(self, columns: Sequence[str]) -> Far:
        """Return the table with these columns alone; a heading in full-width letters is the same heading.

        Raises
        ------
        EvalkitError
            Naming the columns that are not there.
        """
        have = {folded(name): name for name in self.kinds}
        headings = {name: name if name in self.kinds else have.get(folded(name), name) for name in dict.fromkeys(columns)}
        self.known(list(headings.values()))
        return replace(self, lazy=self.lazy.select(*(nw.col(heading).alias(name) for name, heading in headings.items())))

    def among(self, lazy: Any, column: str, values: Sequence[Any]) -> Any:
        """Return the rows whose cell is one of these values: a semi-join, which DuckDB makes of a list in SQL alone."""
        if not values:
            return lazy.head(0)
        native = nw.to_native(lazy)
        if self.engine == "DuckDB" and {type(value) for value in values} <= {str, int}:
            return nw.from_native(native.filter(f"{_quoted(column, QUOTE)} IN ({', '.join(map(_literal, values))})"))
        return lazy.filter(nw.col(column).is_in(values))

    def _share(self) -> float | None:
        """Return how much of a question DuckDB has answered, in per cent, where it is asked through a connection of our own."""
        share: float = self.kept[0].query_progress() if self.kept else -1.0
        return share if share >= 0 else None

    def refuse_spoilt(self, answers: Iterable[str], numbers: Iterable[str] = ()) -> None:
        """Refuse columns of a CSV file that are text because some of their cells are no plain numbers.

        Parameters
        ----------
        answers : iterable of str
            Columns that may hold words: refused where they evidently hold numbers.
        numbers : iterable of str
            Columns that must hold numbers.

        Raises
        ------
        EvalkitError
            With how many cells of each, and the row of the first, where it is one file.
        """
        kinds, faults = self.kinds, Faults(f"{self.engine}｜CSV 中应为数的列")
        for name in dict.fromkeys([*numbers, *answers]) if self.files else ():
            if kinds[name] != "text":
                continue
            native = nw.to_native(self.lazy)
            found = self.tried("找不是数的格", partial(spoilt, native, name, name in {*numbers}))
            if found is not None:
                row = f"，首格在第 {found[1] + 1} 行" if self.files == 1 else ""
                rule = f"有 {found[0]} 格不是普通的十进制数{row}，整列按文字读"
                way = "改正这些格：不写千分号、科学计数、开头的 0、空格与 NA，缺失留空；是代码的，前面加字母，或另存为 Parquet"
                faults.add(None, name, None, rule, way)
        faults.refuse(self.error)

    def refuse_mixed(self, name: str, others: Iterable[str], told: str) -> None:
        """Refuse to compare a column of text with numbers or the reverse: engines turn one into the other, each in its way.

        Parameters
        ----------
        name : str
            The column.
        others : iterable of str
            Kinds of what it is compared with.
        told : str
            The comparison, for the message.

        Raises
        ------
        EvalkitError
        """
        kind = self.kinds[name]
        if any((kind == "text") != (other == "text") for other in others if "other" not in (kind, other)):
            raise self.error(f"{told}｜列与所比的值不是同一类（数与文字）｜先转换，或改写比较的值")

    def __reduce__(self) -> Any:
        raise self.error(f"{self.engine} 表｜行留在原处，不随对象存盘或复制｜存下表的路径与写法，用时再打开；或先把所需的行、列读入内存")

    def __repr__(self) -> str:
        return f"{self.engine} 表：{len(self.kinds)} 列，行留在原处"


def opened(table: Any, error: type[EvalkitError] = EvalkitError, memory: str = "500MB", text: bool = False) -> Far | None:
    """Return a table that stays where it is; None for one that is in memory.

    Parameters
    ----------
    table : str or pathlib.Path to Parquet or CSV, polars LazyFrame, DuckDB relation, Spark or Dask table
        The name of a file may hold ``*``. Parquet and CSV files are read by DuckDB; a CSV in GB 18030 or UTF-16 is turned into
        UTF-8 once, in a temporary file.
    error : type of EvalkitError
        What to raise.
    memory : str
        How much DuckDB may use for files before it writes to a temporary folder.
    text : bool
        Whether all cells of a CSV file are text; else columns all of whose cells are plain numbers, or true and false, are that.

    Returns
    -------
    Far or None

    Examples
    --------
    >>> import pandas as pd, polars as pl
    >>> opened(pl.LazyFrame({"n": [2, 3]})), opened(pd.DataFrame({"n": [2, 3]}))
    (polars 表：1 列，行留在原处, None)
    """
    if isinstance(table, (str, Path)):
        return _file(table, error, memory, text)
    if type(table).__module__.partition(".")[0] in WHOLE:
        return None
    try:
        found = nw.from_native(table)
    except TypeError:
        return None
    if not isinstance(found, nw.LazyFrame):
        return None
    name = found.implementation.value
    if name == "duckdb":
        found = nw.from_native(_without_nan(nw.to_native(found)))
    elif name == "dask":
        found = nw.from_native(parts.checked(nw.to_native(found), error))
    far = Far(found, NAMES.get(name, name), error)
    found, wide = far.tried("读列名", lambda: kept_whole(found))
    return replace(far, lazy=found, wide=wide)


def _file(given: str | Path, error: type[EvalkitError], memory: str, text: bool) -> Far:
    files = chosen(given, error)
    folder = tempfile.TemporaryDirectory(prefix="evalkit-")
    engine = duckdb.connect(config={"memory_limit": memory, "temp_directory": folder.name})
    far = Far(None, "DuckDB", error, (engine, folder, memory))
    if files[0].suffix.lower() == ".csv":
        return _texts(far, files, Path(folder.name), text)
    read = partial(engine.read_parquet, union_by_name=True, hive_partitioning=False)
    if len(files) > 1:
        _refuse_torn({each.name: far.tried("读列名", partial(read, [escaped(each)])) for each in files}, error)
    relation = far.tried("读文件", partial(read, list(map(escaped, files))))
    classes = far.tried("读列名", lambda: _classed(far.kept[0], files[0]))
    lazy, wide = kept_whole(nw.from_native(_without_nan(relation)))
    return replace(far, lazy=lazy, classes=classes, wide=wide)


def _texts(far: Far, files: Sequence[Path], folder: Path, text: bool) -> Far:
    """Return CSV files as one table, its cells as text, or those columns as numbers that are nothing else."""
    texts = far.tried("读文件", lambda: [text_file(each, folder / str(at), far.error) for at, each in enumerate(files)])
    refuse_other_headings(texts, far.error)
    relation = far.tried("读文件", lambda: read_texts(far.kept[0], texts))
    relation, written = (relation, dict[str, str]()) if text else far.tried("看各列的格", lambda: typed(relation))
    return replace(far, lazy=nw.from_native(relation), written=written, files=len(files))


def _refuse_torn(parts: dict[str, Any], error: type[EvalkitError]) -> None:
    """Refuse files of one table with other columns than the first, or text where it has numbers: DuckDB would fit them to each other.

    Whole numbers beside broken ones are numbers.
    """
    kinds = {file: {name: _told(dtype) for name, dtype in nw.from_native(part).collect_schema().items()} for file, part in parts.items()}
    (first, known), *others = kinds.items()
    faults = Faults("DuckDB｜读列名")
    for file, found in others:
        strange = sorted(known.keys() ^ found.keys())
        if strange:
            rule = f"与 {shown_label(first)} 的列不同：{shown_headings(strange)}"
            faults.add(None, shown_label(file), None, rule, "各文件应有同样的列；补全或改正后重试")
        for name in known.keys() & found.keys():
            pair = known[name], found[name]
            if NUMBER.get(pair[0], pair[0]) != NUMBER.get(pair[1], pair[1]):
                one, other = (KINDS.get(kind, kind) for kind in pair)
                rule = f"在 {shown_label(first)} 中是{one}，在 {shown_label(file)} 中是{other}"
                faults.add(None, name, None, rule, "各文件的同名列应为同一类型；改正该列，重新存成 Parquet")
    for name in known:
        if {found.get(name) for found in kinds.values()} == {"whole", "number"} and any(_beyond(part, name) for part in parts.values()):
            rule = "有的文件中是整数，有的是小数，而有不小于 2 的 53 次方的数，合成小数会变成同一个数"
            faults.add(None, name, None, rule, "各文件都存成整数，或都存成文字")
    faults.refuse(error)


def _told(dtype: Any) -> str:
    """Return what a column holds, dates and times told apart: with a zone they are other moments than without."""
    if dtype == nw.Datetime:
        return "带时区的时刻" if dtype.time_zone else "不带时区的时刻"
    return "日期" if dtype == nw.Date else _kind(dtype)


def _beyond(part: Any, name: str) -> bool:
    """Say whether a column of numbers holds any that a double cannot tell from its neighbour."""
    ((largest,),) = part.aggregate(f"max(abs({_quoted(name, QUOTE)}::DOUBLE))").fetchall()
    return largest is not None and largest >= 2.0**53


def _classed(engine: Any, file: Path) -> frozenset[str]:
    """Return the columns of a Parquet file that pandas kept as categories: DuckDB reads them as text, their order is lost."""
    asked = "SELECT decode(value) FROM parquet_kv_metadata(?) WHERE decode(key) = 'pandas'"
    found = [column for (told,) in engine.execute(asked, [escaped(file)]).fetchall() for column in json.loads(told)["columns"]]
    return frozenset(str(column["name"]) for column in found if column["pandas_type"] == "categorical")


def _without_nan(relation: Any) -> Any:
    """Return a relation of DuckDB whose NaN is NULL.

    Statistics of Parquet files leave NaN out, and DuckDB believes them: ``isnan`` of such a column is false without a look at its
    values. Their hash is looked at.
    """
    kinds = {name: str(kind) for name, kind in zip(relation.columns, relation.types, strict=True) if str(kind) in ("DOUBLE", "FLOAT")}
    held = {_quoted(name, QUOTE): f"hash('nan'::{kind})" for name, kind in kinds.items()}
    parts = [f"CASE WHEN hash({name}) <> {none} THEN {name} END AS {name}" for name, none in held.items()]
    return relation.project(f"* REPLACE ({', '.join(parts)})") if parts else relation


def _in_memory(lazy: Any) -> pd.DataFrame:
    """Collect through Arrow where it is installed: columns of numbers are then handed over and not copied.

    The rows are counted anew: those of Dask bring the numbers they had in their partitions.
    """
    if not installed("pyarrow"):
        made: pd.DataFrame = lazy.collect(backend="pandas").to_native()
        return made.reset_index(drop=True)
    native = nw.to_native(lazy)
    if type(native).__module__.partition(".")[0].strip("_") == "duckdb":
        return _streamed(native)
    made = exactly(lazy.collect(backend="pyarrow").to_native(), split_blocks=True, self_destruct=True)
    return made.reset_index(drop=True)


def _streamed(relation: Any) -> pd.DataFrame:
    """Take what DuckDB answers part by part: a whole answer would be held twice while it is handed over."""
    stream = getattr(relation, "to_arrow_reader", None) or relation.fetch_record_batch
    reader = stream(PART)
    parts = [exactly(batch).copy() for batch in reader] or [reader.schema.empty_table().to_pandas()]
    return pd.DataFrame({name: pd.concat([part.pop(name) for part in parts], ignore_index=True) for name in reader.schema.names})


def _unspoken(engine: str, name: str) -> bool:
    """Say whether an engine takes a heading for a pattern, or for a path into a column, whoever asks."""
    return name == "*" or (engine == "polars" and name.startswith("^")) or (engine == "Spark" and ("." in name or "`" in name))


def folded(heading: str) -> str:
    """Return a heading as all its spellings are compared: half-width, without blanks around it."""
    return unicodedata.normalize("NFKC", str(heading)).strip()


def _quoted(text: str, mark: str) -> str:
    return f"{mark}{text.replace(mark, 2 * mark)}{mark}"


def _literal(value: str | int) -> str:
    return _quoted(value, "'") if isinstance(value, str) else str(int(value))


def _kind(dtype: Any) -> str:
    if dtype == nw.Boolean:
        return "truth"
    if dtype.is_integer():
        return "whole"
    if dtype.is_numeric():
        return "number"
    return "text" if dtype in (nw.String, nw.Categorical) or isinstance(dtype, nw.Enum) else "other"
