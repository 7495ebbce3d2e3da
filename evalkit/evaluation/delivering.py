"""Whether policies reached the households of an evaluation: the form, the workbook, and rows for the list of problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.delivery import KINDS, Delivery, check_delivery, write_delivery_form
from evalkit.errors import FieldworkError
from evalkit.figures import percent
from evalkit.problems.turning import Level
from evalkit.sheets import Page, write_book
from evalkit.survey import weigh

if TYPE_CHECKING:
    from evalkit.evaluation.steps import Evaluation, Said

FORM, BOOK, PROBLEMS = "政策到户表.xlsx", "政策到户核查.xlsx", "到户问题.xlsx"
HOUSEHOLDS = {"sample": "抽中的户，用本次评估的权数与抽样设计估计全部户", "all": "全部户，或点名的户：只列计数，不推断"}


def write_form(evaluation: Evaluation, policies: Sequence[str]) -> Said:
    """Write the table to fill into ``lists/``: for the drawn households where there are any, else empty."""
    homes = _drawn(evaluation)
    place = evaluation.folder.part("lists") / FORM
    write_delivery_form(place, households=homes, policies=policies)
    told = f"，已写入 {len(homes)} 户" if homes is not None else ""
    return (f"表在 lists/{FORM}{told}；填好后键入 evalkit delivery check",)


def check_households(
    evaluation: Evaluation, file: str, rules: Mapping[str, Any], *, households: str, unlisted: str, codes: Mapping[str, str], level: Level
) -> Said:
    """Check a filled table; write the workbook, and rows of problems where codes were given, into ``results/``."""
    strange = [kind for kind in codes if kind not in KINDS]
    if strange:
        raise FieldworkError(f"--code {'、'.join(strange)}｜没有这种问题｜可用：{'、'.join(KINDS)}")
    found = check_delivery(file, **rules)
    survey = weigh(evaluation.findings()) if households == "sample" else None
    options: dict[str, Any] = {"unlisted": unlisted} if survey is not None else {}
    rows = found.problems(codes=codes, level=level) if codes else None
    told = () if survey is None else tuple(_told(found, survey, options))
    found.save(evaluation.folder.part("results") / BOOK, survey, **options)
    return (repr(found), *told, f"写入 results/{BOOK}", *_write_problems(evaluation, rows))


def _told(found: Delivery, survey: Any, options: Mapping[str, Any]) -> list[str]:
    table = found.estimates(survey, **options)
    return [
        f"  {row['政策']}：应核 {row['应核']}，未到户 {row['其中']}，估计 {percent(row['估计值'])}"
        + ("" if pd.isna(row["上限"]) else f"（95% 区间 {percent(row['下限'])}～{percent(row['上限'])}）")
        for row in table.to_dict("records")
    ]


def _write_problems(evaluation: Evaluation, rows: pd.DataFrame | None) -> Said:
    if rows is None:
        return ("要写成问题清单，加 --code 未到户=问题代码 与 --level",)
    write_book(evaluation.folder.part("results") / PROBLEMS, {"问题清单": Page("", rows, formats={"地点": "@", "户编号": "@"})})
    if rows.empty:  # written all the same: what an earlier check wrote must not stay
        return (f"没有查出问题，results/{PROBLEMS} 中没有一行，不必收入",)
    return (f"{len(rows)} 个问题写入 results/{PROBLEMS}；键入 evalkit problems import 收入",)


def _drawn(evaluation: Evaluation) -> pd.DataFrame | None:
    """Return the households that were interviewed, before that the main households of the sample; None before they are drawn."""
    if not evaluation.folder.certificate.exists() or not evaluation.folder.tables("rosters"):
        return None
    if evaluation.folder.tables("returns"):
        table = evaluation.responses().table()
        table = table[table["complete"]]
    else:
        table = evaluation.sample().table()
        table = table[table["role"] == "main"]
    return table[["village", "household"]]
