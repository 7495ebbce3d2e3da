"""Empty tables of tasks, duties, records, closed matters, attendance and problems, to be filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from evalkit.errors import FieldworkError
from evalkit.fieldwork.templates import write_blanks
from evalkit.given import takes
from evalkit.tasks.duties import EVERY
from evalkit.tasks.inspectors import DAY, NUMBER, PRESENCE, PROOFS, TABLES
from evalkit.tasks.yearly import PROGRESS, QUARTERS, TARGETS

RULES = ("第 1 行是列名，不要改动、合并单元格或在上方加标题。", "可以增加其他列，读取时不影响；不写姓名、证件、电话。")


class Form(NamedTuple):
    """An empty table: how each column is filled, which hold codes, which offer words."""

    guide: Mapping[str, str]
    codes: Sequence[str] = ()
    words: Mapping[str, Sequence[str]] = {}


UNIT = {"单位": "必填。部门、区、乡镇，或干部的代号；各表写法相同"}
TASKS = UNIT | {"任务编号": "必填。不重复", "任务": "必填。做什么", "分值": "必填。大于 0 的数"}
TASKS |= {name: f"到{each}末应完成的累计数；不考核的留空；只论完成与否的写 1" for name, each in zip(TARGETS, QUARTERS, strict=True)}
TASKS |= {name: f"到{each}末已完成的累计数，与目标同一单位；没有报的留空" for name, each in zip(PROGRESS, QUARTERS, strict=True)}
DUTIES = UNIT | {
    "职责": "必填。如 研究扶贫工作",
    "频次": f"必填。{'、'.join(EVERY)}",
    "次数": "必填。每个时段至少几次，不小于 1 的整数",
    "所属": "可空。单位是干部的，写所在的镇（街），汇总用",
}
RECORDS = UNIT | {"职责": "必填。与职责表相同", "日期": "必填。如 2018-01-03，一天一行", "次数": "必填。这一天几次，通常为 1"}
CLOSED = {"编号": "必填。不重复；农户写 村代码/户编号", "类别": "必填。如 2017年脱贫户、危房改造；不分类的都写同一个词"}
FORMS = {
    "任务清单": Form(TASKS, ["任务编号"]),
    "职责表": Form(DUTIES, words={"频次": tuple(EVERY)}),
    "履职记录": Form(RECORDS, ["日期"]),
    "已办结清单": Form(CLOSED, ["编号"]),
    "出勤表": Form(TABLES["出勤表"], [DAY], {"出勤": PRESENCE}),
    "督查问题": Form(TABLES["督查问题"], [NUMBER, DAY], {"举证": PROOFS}),
}


@takes(FieldworkError)
def write_task_forms(folder: str | Path) -> list[Path]:
    """Write empty tables to fill, as `read_tasks`, `check_duties`, `revisit` and `inspector_points` read them.

    Parameters
    ----------
    folder : str or Path
        Made when absent.

    Returns
    -------
    list of Path
        任务清单模板.xlsx, 职责表模板.xlsx, 履职记录模板.xlsx, 已办结清单模板.xlsx, 出勤表模板.xlsx, 督查问题模板.xlsx.

    Raises
    ------
    FieldworkError
        When one of them is there and somebody has begun to fill it; none is written then.
    """
    return write_blanks(folder, FORMS, RULES)
