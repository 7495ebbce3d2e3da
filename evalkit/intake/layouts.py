"""The person-level exports of the national registry: their headings in both layouts, and where in a sheet the headings stand."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from evalkit.codes import shown_headings
from evalkit.errors import FrameError
from evalkit.sheets import Grid

# own word → headings of the exports, without what stands in brackets
FIELDS: dict[str, tuple[str, ...]] = {
    "county": ("县", "区县", "县区"), "township": ("乡", "乡镇"), "village_code": ("村代码", "行政村代码", "行政村编码"),
    "village": ("行政村", "行政村名称", "村"), "hamlet": ("自然村", "村民小组"), "household": ("户编号",), "person": ("人编号",),
    "name": ("姓名",), "id_number": ("证件号码", "身份证号", "身份证号码", "公民身份号码"), "stated": ("人数", "家庭人口", "户人数"),
    "relation": ("与户主关系",), "people": ("民族",), "education": ("文化程度",), "school": ("在校生状况",), "health": ("健康状况",),
    "skill": ("劳动技能", "劳动能力"), "work": ("务工状况",), "work_months": ("务工时间",), "insured": ("参加大病医疗", "是否参加大病保险"),
    "exit_status": ("脱贫属性",), "exit_year": ("脱贫年度", "脱贫年份"), "attribute": ("贫困户属性",),
    "cause": ("主要致贫原因", "致贫原因1", "致贫原因"), "unsafe_house": ("危房户", "是否危房户"),
    "safe_water": ("饮水安全", "是否解决安全饮用水"), "water_short": ("饮水困难",), "income": ("人均纯收入",),
    "phone": ("联系电话", "户联系电话"), "person_phone": ("人联系电话",), "dated": ("数据日期",), "identified": ("首次识别时间",),
    "person_identified": ("人员识别时间",), "type": ("户类型",), "monitored": ("易返贫致贫户类型", "监测对象类型", "易返贫致贫户类别"),
    "risk_removed": ("风险是否消除",), "risk_found": ("风险识别时间",), "risk_gone": ("风险消除时间",),
}  # fmt: skip
WORDS = {heading: word for word, headings in FIELDS.items() for heading in headings}
NEEDED = ("household", "relation")
PERSONAL = ("name", "id_number", "health", "phone", "person_phone")
MONTHS = ("dated", "identified", "person_identified", "risk_found", "risk_gone")
OF_PERSON = ("person", "relation", "people", "education", "school", "skill", "work", "work_months", "insured", "person_identified")
LAYOUTS = {"2016": "2016–2020 年（脱贫属性、贫困户属性）", "2022": "2022 年（户类型、首次识别时间、监测对象类型）"}
MARKS = {"2016": ("exit_status", "attribute", "exit_year"), "2022": ("type", "identified", "monitored", "risk_removed")}
HEAD_ROWS = 10  # where the headings are looked for
LEAST_BELOW = 2  # known headings that make the row below a second row of headings


@dataclass(frozen=True)
class Headings:
    """Where the headings of a sheet stand, and what each column is.

    Attributes
    ----------
    last : int
        The row of the headings, the lower one of two; counted from 0.
    words : dict of int to str
        Column → own word; columns that are not known are left out.
    told : dict of str to str
        Own word → heading as the sheet writes it.
    """

    last: int
    words: dict[int, str]
    told: dict[str, str]


def plain_heading(heading: str) -> str:
    """Return a heading without blanks, marks and what stands in brackets.

    Examples
    --------
    >>> [plain_heading(h) for h in ("县（市、区、旗）", "务工时间 (月)", "（脱贫年度）", "*易返贫致贫户(监测对象)类型：")]
    ['县', '务工时间', '脱贫年度', '易返贫致贫户类型']
    """
    text = re.sub(r"\s+|^\*|[*:]$", "", unicodedata.normalize("NFKC", heading)) if heading else ""
    return re.sub(r"\([^()]*\)", "", text) or text.strip("()")


def find_headings(grid: Grid) -> Headings | None:
    """Find the headings of a person-level export in the first rows of a sheet; None where there are none.

    Merged cells of the headings are read as the workbook merged them; of two rows of headings, the lower one goes
    before the upper one, which names groups.
    """
    rows = grid.spread(0, HEAD_ROWS + 1, down=False).rows[: HEAD_ROWS + 1]
    for at, row in enumerate(rows[:HEAD_ROWS]):
        below = rows[at + 1] if at + 1 < len(rows) else []
        two = sum(_known(cell) for cell in below) >= LEAST_BELOW
        cells = [_lower(row, below, i) if two else cell for i, cell in enumerate(row + [""] * (len(below) - len(row)))]
        words = {i: WORDS[plain_heading(cell)] for i, cell in enumerate(cells) if _known(cell)}
        if set(NEEDED) <= set(words.values()):
            return Headings(at + two, words, {word: cells[i] for i, word in words.items()})
    return None


def recognised(words: set[str], layout: str | None) -> str:
    """Return the layout that headings belong to; one that is named is believed.

    Raises
    ------
    FrameError
        When the headings fit neither layout or both, or there is no such layout.
    """
    known = "；".join(f"layout=\"{name}\" {told}" for name, told in LAYOUTS.items())
    if layout is not None:
        if layout not in LAYOUTS:
            raise FrameError(f"layout = {layout!r}｜没有这种格式｜可用：{known}")
        return layout
    fitting = [name for name, marks in MARKS.items() if words & set(marks)]
    if len(fitting) != 1:
        found = "两种格式的列名都有" if fitting else "两种格式特有的列名都没有"
        raise FrameError(f"登记系统导出表：{found}｜不能确定是哪一种｜写明 {known}")
    return fitting[0]


def absent(name: str, grid: Grid) -> FrameError:
    """Return the refusal of a sheet that has no such headings."""
    first = next((row for row in grid.rows if any(row)), [])
    have = shown_headings([cell for cell in first if cell])
    return FrameError(f"{name}｜前 {HEAD_ROWS} 行中没有登记系统导出表的列名（户编号、与户主关系 等）｜核对文件；第一行内容的列名：{have}")


def _known(cell: str) -> bool:
    return plain_heading(cell) in WORDS


def _lower(row: list[str], below: list[str], at: int) -> str:
    lower, upper = (cells[at] if at < len(cells) else "" for cells in (below, row))
    return lower if _known(lower) or not _known(upper) else upper
