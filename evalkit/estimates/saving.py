"""Results to files: a CSV, a workbook that says how its numbers were made, or plain JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalkit import __version__
from evalkit.errors import EstimateError
from evalkit.estimates.limits import KINDS
from evalkit.estimates.showing import is_share, way_text
from evalkit.sheets import Page, write_book, write_bytes, write_csv
from evalkit.survey import Survey
from evalkit.variances import SINGLETON_RULES

MEANINGS = {
    "estimate": "估计值", "coef": "系数", "se": "标准误", "low": "区间下限", "high": "区间上限", "t": "系数除以标准误", "p": "p 值",
    "statistic": "统计量", "ndf": "分子自由度", "ddf": "分母自由度", "p_value": "p 值", "df": "自由度", "deff": "设计效应", "n": "样本行数",
}  # fmt: skip
ONE_SIDED = "interval_low、interval_high 为双侧区间；low、high 各为 1 − alpha 的单侧界"
BLANK = "域中没有行，或该数不存在"
SAME_UNIT = ("estimate", "coef", "se", "low", "high")
FORMATS = {"deff": "0.00", "n": "#,##0", "t": "0.000", "statistic": "0.0000", "p": "0.0000", "p_value": "0.0000"}
MOST_DECIMALS = 8


@dataclass(frozen=True, eq=False)
class Record:
    """A result as it is written: its rows, how a spreadsheet shows them, and what is to be said of them."""

    name: str
    table: pd.DataFrame
    formats: dict[str, str]
    notes: dict[str, str]


def save(result: Any, path: str | Path, *, level: float = 0.95) -> Path:
    """Write a result to a file, whole or not at all.

    Parameters
    ----------
    result : Estimate, Test, Model or Verdict
        Only its rows and their labels are written, never an answer.
    path : str or pathlib.Path
        ``.csv`` (UTF-8 with a mark, so that Excel shows Chinese), ``.xlsx`` (sheets 估计 and 说明: interval, level, design, degrees
        of freedom, design effect, version) or ``.json`` (the same as plain data; null where a number does not exist).
    level : float
        Confidence level of ``low`` and ``high``, in (0, 1).

    Returns
    -------
    pathlib.Path

    Raises
    ------
    EstimateError
        Another suffix, or something that is no result: a Survey holds answers of persons.

    Examples
    --------
    >>> import tempfile, pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"y": [1.0, 2, 3, 4, 6, 8], "g": list("aaabbb")}))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = save(ev.mean(survey, "y", by="g"), Path(folder) / "均值.csv")
    ...     print(made.name, made.read_text(encoding="utf-8-sig").splitlines()[0])
    均值.csv g,variable,estimate,se,low,high,df,deff,n
    """
    target = Path(path)
    write = WRITERS.get(target.suffix.lower())
    if write is None:
        choices = "、".join(WRITERS)
        raise EstimateError(f"{target.name}｜不能写这种文件，可写 {choices}｜改用其中一种后缀，如 {target.stem or '结果'}.xlsx")
    return write(recorded(result, level), target)


def recorded(result: Any, level: float = 0.95) -> Record:
    """Return the rows of a result and what is to be said of them.

    Raises
    ------
    EstimateError
        For something that is no result.
    """
    if isinstance(result, Survey) or not any(hasattr(result, part) for part in ("interval", "sentence")):
        rule = "应为 Estimate、Test、Model 或 Verdict；答卷含个人信息，不由此写出"
        raise EstimateError(f"{type(result).__name__}｜不是可存的结果：{rule}｜先写 ev.mean、ev.proportion 等")
    if hasattr(result, "gradient"):
        return _estimate(result, level)
    if not hasattr(result, "table"):
        return _value(result, result.sentence())
    table, held = result.table(level), getattr(result, "estimate", None)
    notes = {"结果": result.sentence(), "置信水平": f"{level * 100:g}%，双侧", **({} if held is None else _design(held.survey))}
    return Record("结果", table, _formats(table, False), {**notes, **_ending(table)})


def _estimate(estimate: Any, level: float) -> Record:
    table = estimate.table(level)
    method = str(estimate.interval(level)["method"].iloc[0]) if len(estimate) else ""
    notes = {
        "内容": f"{KINDS[estimate.kind]}，{len(estimate)} 行，按 {'、'.join(estimate.parts)} 标注",
        "区间": f"双侧，{way_text(method)}",
        "置信水平": f"{level * 100:g}%",
        **_design(estimate.survey),
        "设计效应": "deff 以行数相同的有放回简单随机抽样为参照",
    }
    return Record("估计", table, _formats(table, is_share(estimate)), {**notes, **_ending(table)})


def _design(survey: Survey) -> dict[str, str]:
    rule = SINGLETON_RULES.get(survey.policy.rule, survey.policy.rule)
    freedom = f"设计的自由度 {survey.df:g}；df 列为各行的自由度"
    return {"抽样设计": repr(survey), "只有一个抽中单元的层": rule, "自由度": freedom}


def _ending(table: pd.DataFrame) -> dict[str, str]:
    told = "；".join(f"{name} {meaning}" for name, meaning in MEANINGS.items() if name in table.columns)
    return {"列": told, "空格": BLANK, "软件": f"evalkit {__version__}"}


def _value(result: Any, sentence: str) -> Record:
    """Record a plain value, such as a Verdict, as a table of one row with its fields as columns."""
    if not is_dataclass(result) or isinstance(result, type):
        raise EstimateError(f"{type(result).__name__}｜没有可写的表｜存它所出自的 Estimate")
    cells = {part.name: getattr(result, part.name) for part in fields(result)}
    table = pd.DataFrame([{name: cell for name, cell in cells.items() if isinstance(cell, (str, bool, int, float))}])
    notes = {"结果": sentence, "列": ONE_SIDED if "interval_low" in cells else ""}
    return Record("结果", table, {}, {**notes, "空格": BLANK, "软件": f"evalkit {__version__}"})


def _formats(table: pd.DataFrame, share: bool) -> dict[str, str]:
    """Return number formats that show two significant digits of the standard errors."""
    here = {name: form for name, form in FORMATS.items() if name in table.columns}
    here |= {name: "0" if _whole(table[name]) else "0.0" for name in ("df", "ndf", "ddf") if name in table.columns}
    decimals = _decimals(table["se"] * (100 if share else 1)) if "se" in table.columns else None
    if decimals is None:
        return here
    point = f".{'0' * decimals}" if decimals else ""
    form = f"0{'.00' if decimals < 2 else point}%" if share else f"#,##0{point}"
    return {**here, **{name: form for name in SAME_UNIT if name in table.columns}}


def _decimals(se: pd.Series) -> int | None:
    known = se[np.isfinite(se) & (se > 0)]
    return None if known.empty else min(MOST_DECIMALS, max(0, 1 - math.floor(math.log10(float(known.min())))))


def _whole(column: pd.Series) -> bool:
    known = column[np.isfinite(column)]
    return bool((known == known.round()).all())


def _to_csv(record: Record, path: Path) -> Path:
    return write_csv(record.table, path)


def _to_book(record: Record, path: Path) -> Path:
    notes = pd.DataFrame({"项": list(record.notes), "说明": list(record.notes.values())})
    pages = {record.name: Page("", record.table, formats=record.formats), "说明": Page("", notes, widths={"项": 20, "说明": 100})}
    return write_book(path, pages)


def _to_json(record: Record, path: Path) -> Path:
    rows = [{str(name): _plain(cell) for name, cell in row.items()} for row in record.table.to_dict("records")]
    text = json.dumps({"rows": rows, "notes": record.notes}, ensure_ascii=False, indent=1, allow_nan=False)
    return write_bytes(path, f"{text}\n".encode())


def _plain(cell: Any) -> Any:
    """Return a cell as JSON has it."""
    value = cell.item() if hasattr(cell, "item") else cell
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value if isinstance(value, (str, bool, int, float)) else str(value)


WRITERS: dict[str, Callable[[Record, Path], Path]] = {".csv": _to_csv, ".xlsx": _to_book, ".json": _to_json}
