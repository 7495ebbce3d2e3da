"""The papers of rectification, with the names and dates of an evaluation's folder."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.errors import ReportError
from evalkit.evaluation.rectifying import known_problems
from evalkit.evaluation.steps import Evaluation, Said
from evalkit.report.rectifying import PAPERS, Occasion, write_paper

if TYPE_CHECKING:
    from evalkit.problems import Problems

LEDGER = "台账"  # stands for the list that the ledger holds, where a file could be named
STATES = {"待整改": "未开始", "整改中": "整改中", "签字中": "整改中", "已销号": "已销号"}
DAY = re.compile(r"20\d{2}-(0?[1-9]|1[0-2])-(0?[1-9]|[12]\d|3[01])")


def write_rectification(
    evaluation: Evaluation, kind: str, problems: str, *, date: str, due: str = "", appeal: str = "", by: str = "", number: str = ""
) -> Said:
    """Write one paper of rectification from a list of problems into ``report/``.

    Parameters
    ----------
    evaluation : Evaluation
    kind : str
        A name of ``PAPERS``.
    problems : str
        A table with one problem a row, or 台账: the problems that ``evalkit problems`` keeps, as they stand on `date`.
    date : str
        Of the paper; what is not done by then although it was due is overdue.
    due, appeal : str
        Last days in the letter to the county: for the plan, for objections.
    by : str
        Who signs; else the institute of the design for the letter, and the county's government for the rest.
    number : str
        文号.
    """
    asked = {"--date": date, "--due": due, "--appeal": appeal}
    wrong = [f"{name} = {day}｜应为日期｜写如 2018-12-25" for name, day in asked.items() if day and not DAY.fullmatch(day)]
    early = {name: day for name, day in asked.items() if day and not wrong and _ordered(day) < _ordered(date)}
    wrong += [f"{name} = {day}｜早于文件的日期 {date}｜改正其中一个" for name, day in early.items()]
    if wrong:
        raise ReportError("\n".join(wrong))
    design = evaluation.design
    report, simulated = design.report, design.simulated
    county = kind in PAPERS and PAPERS[kind].by_county
    signer = by or (f"{report.name}人民政府" if county else report.institute)
    occasion = Occasion(report.name, design.evaluation.title, signer, date, due, appeal, number, simulated)
    listed = paper_table(known_problems(evaluation), date) if problems == LEDGER else problems
    paths = write_paper(kind, listed, occasion, evaluation.folder.part("report"))
    names = "、".join(path.name for path in paths)
    return f"{PAPERS[kind].file}：{names}", f"在 {paths[0].parent}；Word 为正式文本，空白与虚线框处由人填写"


def _ordered(day: str) -> tuple[int, ...]:
    return tuple(map(int, day.split("-")))


def paper_table(problems: Problems, day: str) -> pd.DataFrame:
    """Return the problems of the ledger as papers read them: done is what all have signed and closed."""
    table = problems.table(day)
    places = zip(table["place"], table["household"], strict=True)
    closed = table["status"] == "已销号"
    return pd.DataFrame({
        "编号": table["number"],
        "级别": table["level"].replace({"乡": "乡镇"}),
        "地点": [f"{place}/{household}" if household else place for place, household in places],
        "问题": table["text"],
        "依据": table["sources"],
        "牵头单位": table["lead"],
        "责任单位": table["units"],
        "整改措施": table["measure"],
        "整改时限": table["deadline"],
        "状态": table["status"].map(STATES),
        "完成日期": table["closed"],
        "核验人": table["signed"].where(closed, ""),
        "销号日期": table["closed"],
        "备注": table["progress"],
    })  # fmt: skip
