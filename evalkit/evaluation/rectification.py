"""The papers of rectification, with the names and dates of an evaluation's folder."""

from __future__ import annotations

import re

from evalkit.errors import ReportError
from evalkit.evaluation.steps import Evaluation, Said
from evalkit.report.rectifying import PAPERS, Occasion, write_paper

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
        A table with one problem a row.
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
    if wrong:
        raise ReportError("\n".join(wrong))
    design = evaluation.design
    report, simulated = design.report, design.simulated
    county = kind in PAPERS and PAPERS[kind].by_county
    signer = by or (f"{report.name}人民政府" if county else report.institute)
    occasion = Occasion(report.name, design.evaluation.title, signer, date, due, appeal, number, simulated)
    paths = write_paper(kind, problems, occasion, evaluation.folder.part("report"))
    names = "、".join(path.name for path in paths)
    return f"{PAPERS[kind].file}：{names}", f"在 {paths[0].parent}；Word 为正式文本，空白与虚线框处由人填写"
