"""Clues to breaches of discipline: read from a register of their own, handed over in a restricted folder, shown nowhere else."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.errors import FieldworkError, PrivacyError
from evalkit.fieldwork.templates import blank_pages, refuse_filled
from evalkit.filledin import read_filled
from evalkit.given import takes
from evalkit.ledger import is_day
from evalkit.sheets import Page, write_book, write_bytes
from evalkit.showing import Shown

RESTRICTED, FORM, TABLE, NOTICE = "restricted", "线索登记表.xlsx", "线索移交表", "保密说明.txt"
PAPERS = "材料"  # a folder for the papers that belong to the clues; nobody looks into it
LEVELS = ("户", "村", "乡", "县")
HOW = {
    "线索编号": "必填。自编的号，不重复；不写姓名、证件号码",
    "级": f"必填。{'、'.join(LEVELS)}",
    "地点": "村、乡镇的代码或名称；县级的可空",
    "户编号": "户级的写户编号",
    "政策": "涉及哪项政策、哪笔资金",
    "线索内容": "必填。反映了什么：时间、事情、金额，照原话写，不加判断",
    "涉及人员": "反映了谁；几个人用、隔开，职务另写在线索内容中",
    "来源": "必填。信访、访谈、查阅资料、来电……，不写反映人的姓名",
    "发现日期": "必填。如 2018-05-03",
    "材料": "材料的编号或文件名；材料放在 restricted/材料/",
}
NEEDED = ("线索编号", "级", "线索内容", "来源", "发现日期")
RULES = (
    "只在这一张表里写线索；政策到户表、问题清单、调查问卷的备注里都不写。",
    "这张表放在 restricted/ 或评估文件夹之外；填好后键入 evalkit clues handover。",
    "第三方只移交，不核实、不定性、不提处理意见。",
)
WIDTHS = {"线索编号": 12.0, "级": 5.0, "地点": 16.0, "户编号": 10.0, "政策": 16.0, "线索内容": 60.0, "涉及人员": 16.0, "材料": 24.0}
SHUT = (
    "本文件夹限制接触，只有本人可读。\n\n线索未经核实，只移交有权处理的机关，双方签字；不得复制到结果、报告、问题清单与公开文件，不得转发。\n"
    "evalkit privacy 查本文件夹的权限、其中有没有别的文件、线索的文字有没有出现在别处；evalkit publish 发现线索的文字就停下。\n"
)
BLANK_ROWS = 100


@dataclass(frozen=True, eq=False, repr=False)
class ClueList(Shown):
    """Clues to breaches of discipline. What they say is in no repr, message, table, report or list of problems.

    Attributes
    ----------
    count : int
    """

    count: int
    _rows: pd.DataFrame = field(repr=False)

    def hand_over(self, folder: str | Path, *, to: str, day: str) -> Path:
        """Write the table for the body that may act on the clues, and what the folder is; both readable by their owner alone.

        Parameters
        ----------
        folder : path
            Made when absent. One that is there already must be shut to others; its rights are not changed.
        to : str
            The body that receives the table.
        day : str
            The day of the hand-over.

        Returns
        -------
        Path
            ``线索移交表-<day>.xlsx``; a number is added when that day has a table of other clues.

        Raises
        ------
        PrivacyError
            When others may read the folder.
        """
        if not to.strip() or not day or not is_day(day):
            raise PrivacyError("to、day｜应写明接收单位与移交日期｜写如 to=\"县纪委监委\", day=\"2018-06-30\"")
        place = shut_folder(folder)
        notes = (
            f"移交日期 {day}；接收单位 {to}；共 {self.count} 条",
            "线索未经核实，第三方不作判断；只移交有权处理的机关，不得复制、转发",
            "移交单位（签字）：　　　　　　　　接收单位（签字）：　　　　　　　　日期：　　　　　　",
        )
        page = Page("", self._rows, widths=WIDTHS, formats={"地点": "@", "户编号": "@"}, notes=notes)
        made = write_book(place / f".{TABLE}.xlsx", {TABLE: page})
        target = next(each for each in _names(place, day) if not each.exists() or each.read_bytes() == made.read_bytes())
        os.replace(made, target)
        if not (place / NOTICE).exists():
            write_bytes(place / NOTICE, SHUT.encode())
        for file in (target, place / NOTICE):
            file.chmod(0o600)
        return target

    def __repr__(self) -> str:
        return f"ClueList {self.count} 条，内容不显示"


@takes(FieldworkError)
def read_clues(table: Any) -> ClueList:
    """Read a register of clues (线索登记表).

    Parameters
    ----------
    table : table or path
        线索编号, 级 (户, 村, 乡, 县), 线索内容, 来源, 发现日期, and as far as they are known 地点, 户编号, 政策, 涉及人员, 材料.

    Returns
    -------
    ClueList

    Raises
    ------
    FieldworkError
        With every fault and its row, and nothing of what stands there.

    Examples
    --------
    >>> row = {"线索编号": ["X1"], "级": "村", "地点": "411726101201", "线索内容": "……", "来源": "访谈", "发现日期": "2018-05-03"}
    >>> read_clues(pd.DataFrame(row))
    ClueList 1 条，内容不显示
    """
    filled = read_filled(table, "线索登记表", NEEDED, [heading for heading in HOW if heading not in NEEDED])
    filled.require(*NEEDED)
    filled.word("级", LEVELS, blank=True)  # a blank is told once
    days = filled.days("发现日期")
    filled.once("线索编号")
    level = filled.rows["级"]
    filled.note(level.isin(LEVELS[:3]) & (filled.rows["地点"] == ""), "地点", "户、村、乡级的线索没有写地点", "写村、乡镇的代码或名称")
    filled.note((level == "户") & (filled.rows["户编号"] == ""), "户编号", "户级的线索没有写户编号", "写户编号")
    filled.refuse()
    rows = filled.rows.assign(发现日期=days)[list(HOW)].reset_index(drop=True)
    return ClueList(len(rows), rows)


def write_clue_form(path: str | Path) -> Path:
    """Write an empty register of clues, readable by its owner alone.

    Raises
    ------
    FieldworkError
        When the file is there and somebody has begun to fill it.
    """
    place = Path(path)
    refuse_filled(place)
    codes = ["线索编号", "地点", "户编号", "发现日期"]
    made = write_book(place, blank_pages("线索登记表", HOW, codes, {"级": LEVELS}, RULES, BLANK_ROWS))
    made.chmod(0o600)
    return made


def shut_folder(folder: str | Path) -> Path:
    """Return a folder that its owner alone may enter, made when absent.

    Raises
    ------
    PrivacyError
        When it is there and others may enter it: its rights are its owner's to change.
    """
    place = Path(folder)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    if open_to_others(place):
        raise PrivacyError(f"{place.name}/｜别的用户也能进这个文件夹｜键入 chmod 700 {place.name}，或换一个只有本人可进的文件夹")
    return place


def open_to_others(path: Path) -> bool:
    """Say whether others than the owner may read or enter; where rights are of another kind (Windows), nothing is known."""
    return os.name == "posix" and bool(path.stat().st_mode & 0o077)


def belongs(file: str) -> bool:
    """Say whether a file of the restricted folder, by its path within, is one that belongs there.

    Examples
    --------
    >>> [belongs(file) for file in ("线索移交表-2018-06-30.xlsx", "线索登记表.xlsx", "材料/1.jpg", "报告.docx")]
    [True, True, True, False]
    """
    if file.startswith(f"{PAPERS}/") or file in (FORM, NOTICE):
        return True
    return bool(re.fullmatch(rf"(~\$)?{TABLE}-[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(-[0-9]+)?\.xlsx|线索登记表[^/]*\.(xlsx|csv)", file))


def is_table(file: str) -> bool:
    """Say whether a file is called as tables that were handed over are."""
    return file.startswith(f"{TABLE}-")


def is_restricted(file: str) -> bool:
    """Say whether a file, by its path, comes from a restricted folder."""
    return RESTRICTED in Path(file).parts or is_table(Path(file).name)


def _names(place: Path, day: str) -> Iterator[Path]:
    yield place / f"{TABLE}-{day}.xlsx"
    for number in range(2, 1000):
        yield place / f"{TABLE}-{day}-{number}.xlsx"
