"""The data-quality annex: the declared checks of frame and rosters, and every fault of every table in one workbook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.errors import HEADER, EvalkitError, Fault
from evalkit.fieldwork.handed import hand_in
from evalkit.frame.rules import after_rules
from evalkit.screening import ACTIONS
from evalkit.sheets import Page, write_book, write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from evalkit.design import Design
    from evalkit.evaluation.folder import Folder
    from evalkit.screening import Check, Screening

TABLES = {"frame": "名单", "rosters": "名册", "returns": "回收表"}
MOST_ROWS = 100_000  # of one sheet; the csv has all
Told = tuple[str, Fault]


def screened(design: Design, folder: Folder) -> list[Screening]:
    """Hold frame and rosters against the checks that the design declares for them.

    The returns are held against theirs by `evalkit.collect`. Rows that a rule of the frame sets aside are not looked at.

    Raises
    ------
    EvalkitError
        When a file cannot be read, or lacks a column that a check reads.
    """
    found = []
    part, path = design.frame, folder.frame(design.frame.file)
    if design.checks_on("frame") and part.rows:
        raise EvalkitError('check.on = "frame"｜名单由户名册按村合计而来，没有可逐行检查的名单｜写 on = "rosters"')
    if design.checks_on("frame") and part.made is None and path.exists():
        checks = design.checks_on("frame")
        handed, _ = hand_in(path, TABLES["frame"], [*_headings(checks), *(rule.column for rule in part.rule)], (), EvalkitError)
        kept = handed.table.index.isin(after_rules(handed.table, part.rule)[0].index)
        found.append(handed.screen(checks, TABLES["frame"], rows=kept))
    files, columns = folder.tables("rosters"), design.rosters
    if design.checks_on("rosters") and files and columns is not None:
        hidden = [heading for heading in (columns.household, columns.head, columns.id_number, columns.address) if heading]
        handed, _ = hand_in(files, TABLES["rosters"], _headings(design.checks_on("rosters")), (), EvalkitError, hidden)
        found.append(handed.screen(design.checks_on("rosters"), TABLES["rosters"]))
    return found


def write_annex(folder: Path, found: Iterable[Told], noted: Iterable[Told], design: Design) -> tuple[Path, Path]:
    """Write all faults as ``check.csv`` and as a workbook whose first sheet counts them by table and rule.

    Parameters
    ----------
    found, noted : iterable of (table, fault)
        What must be put right, and what is to be looked at.
    """
    found, noted = list(found), list(noted)
    table = pd.DataFrame([(name, *fault.cells()) for name, fault in [*found, *noted]], columns=["表", *HEADER])
    counts = _counts(table.assign(轻重=["须改正"] * len(found) + ["须留意"] * len(noted)), design)
    more = [f"只列前 {MOST_ROWS} 处，共 {len(table)} 处；全部在 check.csv 中。"] if len(table) > MOST_ROWS else []
    told = ["行号是表格软件所示的行，第 1 行为列名；涉及个人信息的格不显示。", *more]
    pages = {
        "汇总": Page("数据质量检查汇总", counts, widths={"规则": 48, "列": 24}, notes=told),
        "逐行": Page("", table.head(MOST_ROWS), widths={"规则": 40, "处理": 36}),
    }
    return write_csv(table, folder / "check.csv"), write_book(folder / "check.xlsx", pages)


def _counts(table: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Count faults by table, rule and column; a declared check that found nothing is told too: it was made."""
    keys = ["表", "规则", "列", "轻重"]
    counts = table.groupby(keys, sort=False).size().rename("处数").reset_index()
    made = {(name, rule) for name, rule in zip(counts["表"], counts["规则"], strict=True)}
    clean = [
        (TABLES.get(rule.on, rule.on), check.rule, check.place, ACTIONS[check.action], 0)
        for rule in design.checks
        for check in [rule.check()]
        if (TABLES.get(rule.on, rule.on), check.rule) not in made
    ]
    return pd.concat([counts, pd.DataFrame(clean, columns=[*keys, "处数"])], ignore_index=True)


def _headings(checks: Sequence[Check]) -> list[str]:
    return [heading for check in checks for heading in check.headings]
