"""Simple random samples from lists larger than memory: Parquet and CSV files, read by DuckDB, drawn by the same tickets."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from evalkit import tickets
from evalkit.codes import is_identity, shown, shown_headings, shown_label
from evalkit.engines import opened
from evalkit.engines.delimited import quoted
from evalkit.errors import DrawError, Faults
from evalkit.later import later
from evalkit.sample.listings import ALL

nw = later("narwhals.stable.v2")

OWN = ("stratum", "N", "n", "prob", "ticket")
HIDDEN = ("_above", "_stratum", "_place", "_top", "_ticket", "_first", "_second")
UNSOUND = r"[|/\s\p{Z}\p{C}]"  # what `tickets.sound_id` refuses
SLACK = 5.0  # standard deviations; tickets above this many are never sorted
PART = 20_000_000  # hashes that are held at once
TOP = "g"  # after every hexadecimal digit: no ticket lies above it


@dataclass(frozen=True)
class _List:
    """Where the units stand and how they are called."""

    unit: str
    strata: tuple[str, ...]
    above: str
    within: tuple[str, ...] | None


def draw_large(
    path: str | Path,
    n: int | Mapping[str, int],
    *,
    seed: str,
    stage: str,
    unit: str,
    strata: Sequence[str] = (),
    above: str = "",
    within: Collection[str] | None = None,
    shortfall: Literal["fail", "take-all"] = "fail",
    memory: str = "1GB",
) -> pd.DataFrame:
    """Draw a simple random sample in every stratum of a list in files, without reading the list into memory.

    The tickets are SHA-256 of ``seed|stage|unit``, or ``seed|stage|<above>/<unit>`` where the list holds the units of many
    villages, so who is chosen, and in which order, is what `draw` and `draw_next` choose with ``method = "srs"`` from the
    same lists. DuckDB makes and compares the tickets; in each stratum it sorts only those that are small enough to have a part.

    Parameters
    ----------
    path : str or pathlib.Path
        A Parquet or CSV file (first row headings), or several: ``households/*.parquet``; read as `Frame.from_data` reads them.
    n : int or mapping of str to int
        How many in each stratum, or for each label; a label that is not drawn is given 0.
    seed, stage : str
        What the tickets are made of.
    unit : str
        Column with the ids.
    strata : sequence of str
        Columns whose values, joined by ``|``, are the label of the stratum.
    above : str
        Column of the village when the list holds households: each village is drawn by itself.
    within : collection of str, optional
        The villages drawn before; no row of another is read further.
    shortfall : {"fail", "take-all"}
        What to do where a stratum has fewer units than asked for.
    memory : str
        How much DuckDB may use before it writes to a temporary folder.

    Returns
    -------
    pandas.DataFrame
        The rows of the chosen units with all columns of the list, by village, stratum and order of release, and
        ``stratum N n prob ticket``: its units, how many were chosen, n/N, and the rank of the ticket in the stratum.

    Raises
    ------
    DrawError
        With everything that is wrong with the list, or every kind of stratum that cannot be drawn.
    """
    listed = _List(unit, tuple(strata), above, None if within is None else tuple(sorted(set(within))))
    far = opened(path, DrawError, memory=memory, text=True)
    assert far is not None  # files are always far
    with far.kept[0] as engine:
        engine.execute("SET enable_progress_bar_print = false")  # its bar would go to where the sample is printed
        nw.to_native(far.lazy).create_view("source")
        _open(engine, listed)
        sizes = _sizes(engine, listed, n, shortfall)
        chosen = _chosen(engine, listed, sizes, f"{tickets.clean(seed)}|{tickets.clean(stage)}|")
    named = int(chosen[unit].map(is_identity).sum())
    if named:
        raise DrawError(f"{unit}｜抽中的单位有 {named} 个编号是身份证号，不能用来抽样｜改用名单中的单位编号")
    return chosen


def _open(engine: Any, listed: _List) -> None:
    """Give the engine the list, with its key columns as text, and refuse columns that are absent, taken or not text."""
    kinds = {name: kind for name, kind, *_ in engine.execute("DESCRIBE source").fetchall()}
    keys = [listed.unit, *listed.strata, *([listed.above] if listed.above else [])]
    _check_columns(kinds, keys)
    columns = ", ".join(f"{quoted(each)}::VARCHAR AS {quoted(each)}" if each in keys else quoted(each) for each in kinds)
    label = f"concat_ws('|', {', '.join(map(quoted, listed.strata))})" if listed.strata else _text(ALL)
    above = quoted(listed.above) if listed.above else "''"
    everything = f"SELECT {columns}, {above}::VARCHAR AS _above, {label} AS _stratum FROM source"
    if listed.within is None:
        engine.execute(f"CREATE VIEW list AS {everything}")
        return
    engine.register("wanted", pd.DataFrame({"village": pd.Series(listed.within, dtype=object)}))
    engine.execute(f"CREATE TABLE list AS {everything} WHERE {above}::VARCHAR IN (SELECT village FROM wanted)")


def _check_columns(kinds: Mapping[str, str], keys: Sequence[str]) -> None:
    faults = Faults("名单")
    for name in dict.fromkeys(keys):
        if name not in kinds:
            faults.add(None, name, None, f"名单中没有这一列；列名：{shown_headings(kinds)}", "改正列名")
        elif kinds[name].startswith(("FLOAT", "DOUBLE", "DECIMAL")):
            faults.add(None, name, None, "代码和层应为文本或整数，小数会改写代码", "把这一列存为文本")
    for name in sorted(set(kinds) & {*OWN, *HIDDEN}):
        faults.add(None, name, None, "名单列名与样本表的列名相同", "在名单中给这些列改名")
    faults.refuse(DrawError)


def _sizes(engine: Any, listed: _List, n: int | Mapping[str, int], shortfall: str) -> pd.DataFrame:
    """Return ``_above _stratum _size _asked`` for every stratum, after all checks of the list."""
    faults = Faults("名单")
    blank = " OR ".join(f"coalesce({quoted(each)}, '') = '' OR contains({quoted(each)}, '|')" for each in listed.strata)
    for columns, wrong, rule in (
        ((listed.unit,), _unsound(listed.unit), "代码空白，或含 | / 空格、不可见字符"),
        ((listed.above,), _unsound(listed.above) if listed.above else "", "代码空白，或含 | / 空格、不可见字符"),
        (listed.strata, blank, "分层列空白，或值中有 |"),
    ):
        count = _number(engine, f"SELECT count_if({wrong}) FROM list") if wrong else 0
        if count:
            faults.add(None, "、".join(columns), None, f"{count} 行{rule}", "改正这些格")
    repeated = _repeated(engine, listed)
    if repeated:
        faults.add(None, listed.unit, "、".join(map(shown, repeated)), "代码重复", "删去重复的行")
    table = engine.execute("SELECT _above, _stratum, count(*) AS _size FROM list GROUP BY ALL ORDER BY ALL").df()
    missing = sorted(set(listed.within or ()) - set(table["_above"]))
    if missing:
        faults.add(None, listed.above, "、".join(map(shown_label, missing[:5])), f"{len(missing)} 个单位在名单中没有一行", "补齐名单")
    faults.refuse(DrawError)
    return _asked(table, n, shortfall)


def _repeated(engine: Any, listed: _List) -> list[str]:
    """Return some ids that stand twice under one unit above, whatever their strata.

    Hashes of 64 bits are compared part by part; where two are equal, the ids themselves are.
    """
    whole = f"nfc_normalize({quoted(listed.unit)})"
    parts = _number(engine, "SELECT count(*) FROM list") // PART + 1
    for part in range(parts):
        made = f"SELECT hash(_above, {whole}) AS made FROM list"
        some = engine.execute(f"SELECT made FROM ({made}) WHERE made % {parts} = {part}" if parts > 1 else made).fetchnumpy()["made"]
        some.sort()
        if (some[1:] == some[:-1]).any():
            twice = f"SELECT {whole} FROM list GROUP BY _above, {whole} HAVING count(*) > 1 ORDER BY ALL LIMIT 5"
            return [row[0] for row in engine.execute(twice).fetchall()]
    return []


def _number(engine: Any, question: str) -> int:
    return int(engine.execute(question).fetchall()[0][0])


def _asked(table: pd.DataFrame, n: int | Mapping[str, int], shortfall: str) -> pd.DataFrame:
    """Add how many are drawn in each stratum."""
    faults, present = Faults("抽样"), set(table["_stratum"])
    wanted = dict.fromkeys(present, n) if isinstance(n, int) else dict(n)
    for label in sorted(present ^ set(wanted)):
        named = label in wanted
        rule = "n 中的层不在名单中" if named else "名单中的层不在 n 中"
        faults.add(None, "n", shown_label(label), rule, "改正层名，或删去" if named else f"写 \"{shown_label(label)}\" = 数；不抽则写 0")
    for label, count in wanted.items():
        if not isinstance(count, int) or count < 0:
            faults.add(None, "n", shown_label(label), f"n = {count}，应为不小于 0 的整数", "改正 n")
    faults.refuse(DrawError)
    asked = table["_stratum"].map(wanted)
    short = table[asked > table["_size"]] if shortfall == "fail" else table.iloc[:0]
    for above, label, size in short.itertuples(index=False, name=None):
        where = shown_label(f"{above} 层 {label}".strip())
        faults.add(None, where, None, f"要 {wanted[label]} 个，名单 {size} 个", "减小 n，或写 shortfall = \"take-all\"")
    faults.refuse(DrawError)
    return table.assign(_asked=asked.clip(upper=table["_size"]).astype("int64"))


def _chosen(engine: Any, listed: _List, sizes: pd.DataFrame, begin: str) -> pd.DataFrame:
    asked, held = sizes["_asked"].to_numpy(), sizes["_size"].to_numpy()
    for slack in (SLACK, math.inf):
        tops = [_top(n, size, slack) for n, size in zip(asked, held, strict=True)]
        wanted = sizes[["_above", "_stratum"]].assign(_place=range(len(sizes)), _top=pd.Series(tops, index=sizes.index, dtype=object))
        engine.register("sizes", wanted)
        few: pd.DataFrame = engine.execute(_query(listed), [begin]).df()
        counts = np.bincount(few["_place"], minlength=len(sizes))
        if (counts >= asked).all():  # else some of the smallest tickets of a stratum lay above its top
            break
    ranks = np.arange(len(few)) - np.repeat(counts.cumsum() - counts, counts) + 1
    first = ranks <= asked[few["_place"].to_numpy()]
    place = few["_place"].to_numpy()[first]
    label, size, n = sizes["_stratum"].to_numpy()[place], held[place], asked[place]
    kept: pd.DataFrame = few[first].drop(columns=["_place", "_first", "_second"]).reset_index(drop=True)
    return kept.assign(stratum=label, N=size, n=n, prob=n / size, ticket=ranks[first])


def _query(listed: _List) -> str:
    """Return the one question of a draw: the units below the top of their stratum, by ticket.

    Tickets are sorted by their first 128 bits, as two whole numbers, which is faster than as text.
    """
    message = f"? || {'_above || chr(47) || ' if listed.above else ''}{quoted(listed.unit)}"
    return f"""
        WITH made AS (
            SELECT list.*, _place, _top, sha256(nfc_normalize({message})) AS _ticket FROM list JOIN sizes USING (_above, _stratum))
        SELECT * EXCLUDE (_above, _stratum, _top, _ticket),
            ('0x' || _ticket[1:16])::UBIGINT AS _first, ('0x' || _ticket[17:32])::UBIGINT AS _second
        FROM made WHERE _ticket < _top ORDER BY _place, _first, _second"""


def _top(n: int, size: int, slack: float) -> str:
    """Return the first hexadecimal digits of a ticket above which the n smallest of a stratum hardly ever lie."""
    share = (n + slack * (math.sqrt(n) + 1.0)) / size if size else 0.0
    return TOP if share >= 1 else "" if n == 0 else format(int(share * 2**52), "013x")


def _unsound(column: str) -> str:
    return f"coalesce({quoted(column)}, '') = '' OR regexp_matches({quoted(column)}, {_text(UNSOUND)})"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
