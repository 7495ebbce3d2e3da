"""The table of deliveries, empty or with the households of a sample, to be filled in."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import pandas as pd

from evalkit.delivery.columns import BATCH, DUE, HAD, HOUSEHOLD, NEEDED, OPTIONAL, OWED_ON, PAID_ON, POLICY, VILLAGE, VOUCHER
from evalkit.fieldwork.templates import GUIDE, guide_page, refuse_filled, table_page
from evalkit.filledin import NO, YES
from evalkit.sheets import Page, write_book

BLANK_ROWS = 500
HOW = {
    VILLAGE: "必填。与入户名单一致的村代码，文本",
    HOUSEHOLD: "必填。与入户名单一致的户编号，文本，开头的 0 须保留；不写姓名、证件号码",
    POLICY: "必填。一户一项政策一行，名称前后一致：低保、教育补助、生态补偿……",
    BATCH: "一项政策分几次发的，每次一行，写 2018年1季度 之类；一次发的留空",
    DUE: f"必填。按政策这一户该不该享受：{YES}、{NO}",
    HAD: f"必填。这一户实际享受到没有：{YES}、{NO}",
    "应发金额": "元，只写数字；不是发钱的政策留空",
    "实发金额": "元，只写数字；以存折、一卡通流水为准",
    OWED_ON: "如 2018-03-31；到这一天还没有轮到发的不算未到户",
    PAID_ON: "如 2018-04-12；以流水为准",
    VOUCHER: "看到了凭证的写编号或“有”；没有的写“无”",
}
RULES = (
    "第 1 行是列名，不要改动、合并单元格或在上方加标题；以下每行一户一项政策。",
    "没有核的整列删去：没有金额两列就不核金额，没有日期两列就不核日期，没有凭证一列就不核凭证。",
    "违规违纪线索不写在这张表里，另用线索登记表（evalkit clues form）。",
)


def write_delivery_form(path: str | Path, *, households: pd.DataFrame | None = None, policies: Sequence[str] = ()) -> Path:
    """Write a table of deliveries to fill, as `check_delivery` reads it.

    Parameters
    ----------
    path : path
        An ``.xlsx`` file.
    households : DataFrame, optional
        With columns ``village`` and ``household``: a row is written for each of them and each policy.
    policies : sequence of str
        Offered as a drop-down list.

    Raises
    ------
    FieldworkError
        When the file is there and somebody has begun to fill it.
    """
    given = [VILLAGE, HOUSEHOLD, POLICY] if households is not None else []
    refuse_filled(Path(path), given)
    wanted = list(dict.fromkeys(policies))
    headings = [name for name in (*NEEDED[:3], BATCH, DUE, HAD, *OPTIONAL[1:])]
    if households is None:
        table = pd.DataFrame("", index=range(BLANK_ROWS), columns=headings)
    else:
        homes = households[["village", "household"]].astype(str).itertuples(index=False, name=None)
        pairs = product(homes, wanted or ("",))
        rows = [(village, household, policy) for (village, household), policy in pairs]
        table = pd.DataFrame(rows, columns=given)
        table = table.assign(**{heading: "" for heading in headings if heading not in table.columns})[list(headings)]
    page = table_page(table, [VILLAGE, HOUSEHOLD, VOUCHER], {POLICY: wanted, DUE: (YES, NO), HAD: (YES, NO)})
    guide: dict[str, str] = {heading: HOW[heading] for heading in headings}
    pages: dict[str, Page] = {"政策到户表": page, GUIDE: guide_page("政策到户表填写说明", guide, RULES)}
    return write_book(path, pages)
