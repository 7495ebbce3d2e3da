"""Workbooks of the rectification: the four lists (四清单), the register of closes (销号登记表), and an empty list to fill."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.design.rectifying import STANDING
from evalkit.fieldwork.templates import blank_pages, refuse_filled
from evalkit.problems.listing import LEVELS
from evalkit.problems.steps import CLOSE, PAPER, STATES, STEPS, signed
from evalkit.problems.taxonomies import charge_table
from evalkit.sheets import Page, write_book

if TYPE_CHECKING:
    from evalkit.design.rectifying import Taxonomy
    from evalkit.problems.rectification import Problems

WIDTHS = {
    "问题编号": 16.0, "地点": 16.0, "问题": 44.0, "组别": 20.0, "来源": 24.0, "整改措施": 40.0, "整改情况": 32.0, "下步打算": 24.0,
    "责任单位": 40.0, "牵头部门": 20.0, "佐证指纹": 24.0, "佐证": 18.0, "任务": 44.0, "措施": 40.0, "对应问题": 14.0, "内容": 30.0,
    "发现日期": 12.0, "整改时限": 12.0, "原时限": 12.0, "销号日期": 12.0, "状态": 9.0, "级": 5.0,
}  # fmt: skip
STAGES = {"stage": "阶段", "begin": "开始", "end": "截止", "task": "任务"}
CHARGES = {
    "measure": "代码", "name": "措施", "problems": "对应问题", "lead": "牵头部门", "units": "责任单位", "deadline": "整改时限",
    "text": "内容",
}  # fmt: skip
BLANK_ROWS = 200
GUIDE = {
    "问题编号": "必填。自编的号，不重复；不写姓名、证件号码",
    "级": f"必填。{'、'.join(LEVELS)}",
    "地点": "村、乡镇的代码或名称；县级的可空",
    "户编号": "户级的问题必填。写户编号，不写姓名",
    "问题代码": "必填。分类中的代码，见“分类”一页",
    "问题": "必填。写事实，不写姓名、证件、电话",
    "来源": "必填。第三方评估、民主监督、督查、暗访、审计、自查……",
    "来源文号": "文件号或清单中的序号",
    "发现日期": "必填。如 2018-05-03",
    "牵头部门": "几个用、隔开；空白的取分类中的措施",
    "责任单位": "几个用、隔开；空白的取分类中的措施",
    "整改措施": "空白的取分类中的措施",
    "整改时限": f"日期、5天内、3个工作日，或{STANDING}",
}
STEP_GUIDE = {
    "问题编号": "必填。清单中的编号",
    "步骤": f"必填。{'、'.join(STEPS)}",
    "人": "必填。代号，不写姓名",
    "日期": "必填。如 2018-05-20",
    "职务": "签字时必填。签字各级之一",
    "情况": "反馈、整改、延期、退回必填",
    "下步打算": "未完成的写下一步",
    "新时限": "延期时必填",
    "佐证": "销号时必填。文件名；只记文件名与指纹，不存文件",
    "佐证指纹": "文件在所给文件夹中的不必写",
}
RULES = ("同一个问题由几个来源查出的，各写一行：合并以后各来源都保留。", "不要改动列名；可以加列，加的列不读。")


def write_problem_lists(problems: Problems, path: str | Path, *, day: str, stages: pd.DataFrame | None = None) -> Path:
    """Write the four lists as a workbook: a sheet each, then the sources, the progress, and where there are any stages and measures.

    Parameters
    ----------
    path : str or pathlib.Path
        An ``.xlsx`` file.
    day : str
        The day whose state is shown.
    stages : DataFrame, optional
        As `stage_table` gives it.
    """
    pages = {name: Page(f"{name}（截至{day}）", table, widths=WIDTHS) for name, table in problems.four_lists(day).items()}
    known = problems.sources().set_axis(["问题编号", "来源", "来源文号", "发现日期", "来源中的编号", "问题"], axis=1)
    pages["来源"] = Page("各问题的来源", known, widths=WIDTHS)
    counts = problems.progress(day, by=["group", "level", "unit"])
    counts = counts.set_axis(["分法", "类别", "合计", "已销号", "未完成", "逾期", "未定时限", "完成率"], axis=1)
    note = ("满 30 项才写完成率；几个单位共同负责的，在每个单位各算一项。",)
    pages["进度"] = Page(f"整改进度（截至{day}）", counts, widths={"类别": 30.0}, formats={"完成率": "0.00%"}, notes=note)
    if stages is not None and len(stages):
        pages["阶段"] = Page("整改的各个阶段", stages.rename(columns=STAGES), widths=WIDTHS | {"阶段": 14.0, "开始": 12.0, "截止": 12.0})
    if problems.taxonomy is not None and problems.taxonomy.measure:
        pages["措施"] = Page(problems.taxonomy.title, charge_table(problems.taxonomy).rename(columns=CHARGES), widths=WIDTHS)
    return write_book(path, pages)


def write_register(problems: Problems, path: str | Path, *, chain: Sequence[str], day: str) -> Path:
    """Write the register of closes (销号登记表): each problem with what was done, evidence, and one column a role of the chain.

    Cells of signatures that are not there yet are left blank, to be signed on paper.
    """
    table = problems.table(day)
    wanted = ["number", "level", "place", "text", "units", "deadline", "progress", "evidence", "seal"]
    named = ["问题编号", "级", "地点", "问题", "责任单位", "整改时限", "整改情况", "佐证", "佐证指纹"]
    sheet = table[wanted].set_axis(named, axis=1)
    for role in chain:
        cells = []
        for number in table["number"]:
            known = signed([step for step in problems.steps.get(str(number), ()) if step.day <= day])
            cells.append(next((f"{step.who} {step.day}" for step in known if step.role == role), ""))
        sheet[f"{role}签字"] = cells
    sheet["销号日期"] = table["closed"]
    done = int((table["status"] == STATES[3]).sum())
    widths = WIDTHS | {f"{role}签字": 16.0 for role in chain}
    notes = (f"签字依次为：{'、'.join(chain)}；各级都签字、有佐证及其指纹，才能{CLOSE}。",)
    return write_book(path, {PAPER: Page(f"{PAPER}（截至{day}，已销号 {done} 项，共 {len(table)} 项）", sheet, widths=widths, notes=notes)})


def write_problem_form(path: str | Path, *, taxonomy: Taxonomy | None = None) -> Path:
    """Write an empty list of problems to fill, with how to fill each column and the codes of the taxonomy.

    Raises
    ------
    FieldworkError
        When the file is there and somebody has begun to fill it.
    """
    place = Path(path)
    refuse_filled(place)
    kinds = () if taxonomy is None else taxonomy.problem
    choices = {"级": LEVELS, "问题代码": [kind.code for kind in kinds]}
    codes = ["问题编号", "地点", "户编号", "发现日期", "整改时限"]
    pages = blank_pages("问题清单", GUIDE, codes, choices, RULES, BLANK_ROWS)
    if taxonomy is not None:
        listed = [(kind.code, taxonomy.group_name(kind.code), kind.name) for kind in kinds]
        pages["分类说明"] = Page(taxonomy.title, pd.DataFrame(listed, columns=["代码", "组", "问题"]), widths=(10, 30, 70))
    return write_book(place, pages)


def write_step_form(path: str | Path, *, chain: Sequence[str]) -> Path:
    """Write an empty table of steps to fill, as `note_problems` reads it."""
    place = Path(path)
    refuse_filled(place)
    choices, rules = {"步骤": STEPS, "职务": tuple(chain)}, ("一行一步；全收或全不收。",)
    return write_book(place, blank_pages("整改步骤", STEP_GUIDE, ["问题编号", "日期", "新时限"], choices, rules, BLANK_ROWS))
