"""Exports of Kobo, ODK and SurveyCTO: groups out of headings, choices of several into one cell, places into four columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from evalkit.errors import Faults, ResponsesError
from evalkit.sheets import read_grids

SEVERAL = "┋"  # between the answers of a question that takes several, in every dialect
MARKS = (
    "_uuid", "_submission_time", "_index", "_id", "_validation_status", "KEY", "SubmissionDate", "instanceID", "meta/instanceID",
    "meta-instanceID", "__version__", "formdef_version", "_xform_id_string", "_submission__id",
)  # fmt: skip
MOMENTS = ("start", "end", "starttime", "endtime", "_submission_time", "SubmissionDate")
PLACE = re.compile(r"-?[0-9]{1,3}\.[0-9]+ -?[0-9]{1,3}\.[0-9]+( -?[0-9.]+){0,2}")
PLACE_PARTS = ("latitude", "longitude", "altitude", "precision")
DEVICES = ("username", "deviceid", "device_id", "subscriberid", "simid", "simserial", "phonenumber", "email", "_submitted_by")
YES, NO = ("1", "TRUE", "True", "1.0"), ("0", "FALSE", "False", "0.0", "")


def plain_answers(table: pd.DataFrame, faults: Faults) -> pd.DataFrame:
    """Return the answers under the names of the questions.

    ``group/question`` becomes ``question`` where no other group has one of that name. The 0/1 columns ``question/option``
    beside a column ``question`` are held against it, and against each other where it is blank, and left out.

    Parameters
    ----------
    table : DataFrame of str
        As exported.
    faults : Faults
        Where rows are noted in which both forms of an answer differ.
    """
    several = {name: options for name in table if (options := _options(table, str(name)))}
    for name, options in several.items():
        table = table.assign(**{str(name): _several(table, str(name), options, faults)})
    table = table.drop(columns=[column for options in several.values() for column in options.values()])
    cut = re.compile(r"[/-]" if "KEY" in table and not any("/" in str(name) for name in table) else "/")
    last = [cut.split(str(name))[-1] for name in table]
    names = [short if short and last.count(short) == 1 else str(name) for short, name in zip(last, table, strict=True)]
    return table.set_axis(names, axis=1)


def located(table: pd.DataFrame) -> dict[str, list[str]]:
    """Return the columns of each question that was answered with a place: one cell ``lat lon alt acc``, or four columns."""
    found: dict[str, list[str]] = {}
    for name in map(str, table):
        part = re.fullmatch(rf"_?(.+)_({'|'.join(PLACE_PARTS)})", name)
        if part:
            found.setdefault(part.group(1), []).append(name)
        elif pd.api.types.is_string_dtype(table[name]) and _all_places(table[name][table[name] != ""]):
            found.setdefault(name, []).append(name)
    return found


def in_four(table: pd.DataFrame, name: str, columns: list[str]) -> pd.DataFrame:
    """Return the place of a question as four columns ``name_latitude`` … ``name_precision``."""
    if name in columns:
        parts = table[name].str.split(" ", expand=True).reindex(columns=range(len(PLACE_PARTS))).fillna("")
        made = {f"{name}_{part}": parts[at] for at, part in enumerate(PLACE_PARTS)}
    else:
        made = {f"{name}_{column.rpartition('_')[2]}": table[column] for column in columns}
    return table.drop(columns=columns).assign(**made)


def repeats(pages: Mapping[str, pd.DataFrame], main: pd.DataFrame, faults: Faults) -> dict[str, pd.DataFrame]:
    """Return the tables of repeated questions, each row knowing the row of the interview it belongs to.

    Parameters
    ----------
    pages : mapping of str to DataFrame
        Sheets with ``_parent_index`` (Kobo) or ``PARENT_KEY`` (ODK, SurveyCTO).
    main : DataFrame
        With ``_index`` or ``KEY``.

    Returns
    -------
    dict of str to DataFrame
        With the column ``_row``: the row of the interview in the spreadsheet.
    """
    made = {}
    for name, page in pages.items():
        child, parent = next((pair for pair in (("_parent_index", "_index"), ("PARENT_KEY", "KEY")) if pair[0] in page), ("", ""))
        if not child or parent not in main:
            continue
        row = page[child].map(dict(zip(main[parent], main.index + 2, strict=True)))
        orphans = page.index[row.isna().to_numpy(dtype=bool)]
        faults.add_rows(orphans, f"{name}：{child}", "主表中没有这一份问卷", "重新导出主表与重复组，或删去这一行")
        made[name] = page[row.notna()].assign(_row=row[row.notna()].astype(int))
    return made


def form_labels(path: str | Path) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Return the headings and the value labels of an XLSForm: label → name of each question, name → value → label.

    Raises
    ------
    ResponsesError
        When it has no sheets ``survey`` and ``choices``.
    """
    pages = read_grids(path)
    if not {"survey", "choices"} <= set(pages):
        raise ResponsesError(f"{Path(path).name}｜不是 XLSForm（没有 survey 与 choices 两张表）｜labels= 写表单的 xlsx 文件")
    survey, choices = (pages[name].table(Faults(name), ResponsesError) for name in ("survey", "choices"))
    lists: dict[str, dict[str, str]] = {}
    told = _label(choices)
    listed = next((name for name in ("list_name", "list name") if name in choices), None)
    if listed is None or "name" not in choices or not {"type", "name"} <= set(survey):
        raise ResponsesError(f"{Path(path).name}｜survey 缺 type、name，或 choices 缺 list_name、name｜核对表单")
    for which, value, label in zip(choices[listed], choices["name"], choices[told], strict=True):
        lists.setdefault(which, {})[value] = label or value
    names, labels = {}, {}
    for kind, name, label in zip(survey["type"], survey["name"], survey[_label(survey)], strict=True):
        asked = kind.split()
        names.update({label: name} if label else {})
        if len(asked) > 1 and asked[0].startswith("select") and asked[1] in lists:
            labels[name] = lists[asked[1]]
    return names, labels


def labelled_answers(table: pd.DataFrame, labels: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """Return the answers with values told as their labels; a value without a label stays as it is."""
    made = {}
    for name in (each for each in labels if each in table):
        told = {cell: _told(cell, labels[name]) for cell in table[name].unique()}
        made[name] = table[name].map(told)
    return table.assign(**made)


def _told(cell: str, known: Mapping[str, str]) -> str:
    return known[cell] if cell in known else SEVERAL.join(known.get(part, part) for part in cell.split(SEVERAL))


def _all_places(cells: pd.Series) -> bool:
    return bool(len(cells)) and bool(cells.str.fullmatch(PLACE.pattern).all())


def _label(table: pd.DataFrame) -> str:
    """Return the heading of the labels: Chinese ones go before those of another language."""
    found = sorted((str(name) for name in table if str(name).startswith("label")), key=lambda name: "zh" not in name and "中文" not in name)
    return found[0] if found else "name"


def _options(table: pd.DataFrame, name: str) -> dict[str, str]:
    """Return option → heading of the 0/1 columns beside a question."""
    columns = {str(each).removeprefix(f"{name}/"): str(each) for each in table if str(each).startswith(f"{name}/")}
    return {option: column for option, column in columns.items() if set(table[column].unique()) <= {*YES, *NO}}


def _several(table: pd.DataFrame, name: str, options: Mapping[str, str], faults: Faults) -> pd.Series:
    marks = pd.DataFrame({option: table[column].isin(YES) for option, column in options.items()})
    marked = [SEVERAL.join(marks.columns[row]) for row in marks.to_numpy()]
    cells = table[name]
    parts = [_parts(cell, options) for cell in cells]
    differ = [bool(said) and bool(mark) and set(said) != set(mark.split(SEVERAL)) for said, mark in zip(parts, marked, strict=True)]
    faults.add_rows(table.index[differ], name, "多选题的文字与各选项的 0/1 列不一致", "重新导出")
    return pd.Series([SEVERAL.join(said) or mark for said, mark in zip(parts, marked, strict=True)], index=table.index, dtype=str)


def _parts(cell: str, options: Iterable[str]) -> list[str]:
    """Return the options that a cell names, parted by blanks; options that hold blanks themselves are looked for first."""
    found, rest = [], f" {cell} "
    for option in sorted(options, key=len, reverse=True):
        if f" {option} " in rest:
            found.append((cell.find(option), option))
            rest = rest.replace(f" {option} ", "  ")
    return [option for _, option in sorted(found)] + rest.split()
