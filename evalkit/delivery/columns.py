"""The columns of a table of deliveries, what is looked for in them, and among which rows it is counted."""

from __future__ import annotations

from typing import NamedTuple

VILLAGE, HOUSEHOLD, POLICY, BATCH = "村代码", "户编号", "政策", "批次"
DUE, HAD = "应享", "实享"
OWED, PAID, OWED_ON, PAID_ON, VOUCHER = "应发金额", "实发金额", "应发日期", "到账日期", "凭证"
KEYS = (VILLAGE, HOUSEHOLD, POLICY, BATCH)
NEEDED = (VILLAGE, HOUSEHOLD, POLICY, DUE, HAD)
OPTIONAL = (BATCH, OWED, PAID, OWED_ON, PAID_ON, VOUCHER)
SHORT = "差额"


class Kind(NamedTuple):
    """Something that may be wrong with a row.

    Parameters
    ----------
    base : str
        The column of the rows among which it is counted.
    needs : tuple of str
        The columns without which it cannot be looked at.
    text : str
        What it is a share of, for tables and messages.
    """

    base: str
    needs: tuple[str, ...]
    text: str


LOST, LATE = "未到户", "迟发"
KINDS = {
    LOST: Kind("应到", (), "应享且已到期的"),
    "金额不足": Kind("可核金额", (OWED, PAID), "应享、实享且两个金额都有的"),
    "多发": Kind("可核金额", (OWED, PAID), "应享、实享且两个金额都有的"),
    LATE: Kind("可核日期", (OWED_ON, PAID_ON), "应享、实享且两个日期都有的"),
    "缺凭证": Kind(HAD, (VOUCHER,), "实享的"),
    "不应享而享": Kind("不应享", (), "表中不应享的"),
}
