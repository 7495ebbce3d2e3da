"""The form for the returns, with the drawn households already on it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.errors import DesignError, FieldworkError
from evalkit.fieldwork.templates import GUIDE, guide_page, refuse_filled, returns_parts, table_page
from evalkit.sheets import write_book

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.sample import Sample

RULES = (
    "第 1 行是列名，不要改动、合并单元格或在上方加标题；以下一户一行，主样本户已全部列出，不要增删。",
    "尚未入户的户各列留空即可交回，计为没有结果；入户之后无论成败都填写结果。",
    "未能完成的主样本户保留原行，填写原因。启用的备用户在表后空行另起一行，填写它的村代码与户编号；未启用的备用户不填。",
    "代码与编号所在列已设为文本格式；从别处粘贴时选择“只粘贴数值”，以免丢失开头的 0。",
    "可以增加其他列，也可以按村或按组拆成几份交回；不要写证件号码与电话。",
)
GIVEN = "已填好，不要改动"


def write_form(sample: Sample, path: str | Path) -> Path:
    """Write the returns of a sample as a form to fill: one row for each drawn main household.

    The headings are those of `[returns]`, `[criteria]` and the approval rates; coded columns offer their
    words, codes are text. Behind the mains stand as many blank rows as there are reserves: which households
    these are stays under seal until one is used. The filled form is what `collect` reads.

    Parameters
    ----------
    sample : Sample
        After `draw_next`. Villages whose roster has not arrived have no rows yet.
    path : str or pathlib.Path
        An ``.xlsx`` file; one that nobody has begun to fill is written anew.

    Returns
    -------
    pathlib.Path
        Sheet 1 is the form, sheet 2 填写说明. The bytes depend on the sample alone.

    Raises
    ------
    FieldworkError
        When no household has been drawn, or somebody has begun to fill the file that is there.
    """
    design, drawn = sample.design, sample.table("household")
    if design.returns is None:
        raise DesignError("returns｜缺｜待填的回收表需要列名｜写 [returns]")
    if drawn.empty:
        raise FieldworkError("待填的回收表：还没有抽户｜名册到达后才能抽户｜先键入 evalkit rosters")
    guide, codes, choices = returns_parts(design)
    given = _given(sample, drawn[drawn["role"] == "main"], design, guide)
    refuse_filled(Path(path), [str(heading) for heading in given])
    headings = list(dict.fromkeys([*given, *guide]))
    table = given.assign(**{name: "" for name in headings if name not in given.columns})[headings]
    reserves = pd.DataFrame("", index=range(int((drawn["role"] == "reserve").sum())), columns=headings)
    mark = "（模拟数据）" if design.simulated else ""
    told = {heading: GIVEN if heading in given else guide[heading] for heading in headings}
    pages = {
        f"回收表{mark}": table_page(pd.concat([table, reserves], ignore_index=True), codes, choices),
        GUIDE: guide_page(f"{design.evaluation.county}回收表填写说明{mark}", told, RULES),
    }
    return write_book(path, pages)


def _given(sample: Sample, mains: pd.DataFrame, design: Design, asked: Mapping[str, str]) -> pd.DataFrame:
    """Return what is known of the mains under the headings of the form; nothing stands under a heading to be filled."""
    columns, rosters = design.returns, design.rosters
    assert columns is not None
    mains = mains.sort_values(["village", "cell", "order"], kind="stable")
    villages = sample.table("village").set_index("unit")
    extra = {design.frame.name: mains["village"].map(villages["name"])} if "name" in villages else {}
    extra |= {(rosters.stratum if rosters else "") or "户类型": mains["stratum"]}
    if rosters and rosters.head and "head" in mains:
        extra[rosters.head] = mains["head"]
    known = {columns.village: mains["village"], **{h: cells for h, cells in extra.items() if h and h not in asked}}
    known[columns.household] = mains["household"]
    order = [columns.village, design.frame.name, columns.household]
    return pd.DataFrame({heading: known[heading] for heading in dict.fromkeys([*order, *known]) if heading in known}).reset_index(drop=True)
