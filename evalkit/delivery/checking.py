"""From a table of households and policies to a Delivery: every row checked, every rule stated by the caller."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from evalkit.codes import shown_label
from evalkit.delivery.columns import BATCH, DUE, HAD, KEYS, KINDS, LATE, NEEDED, OPTIONAL, OWED, OWED_ON, PAID, PAID_ON, SHORT, VOUCHER
from evalkit.delivery.found import Delivery
from evalkit.errors import FieldworkError, one_of
from evalkit.filledin import NO, YES, Filled, read_filled
from evalkit.given import takes
from evalkit.ledger import is_day
from evalkit.privacy import kind_of, personal_cells

NO_VOUCHER = ("", "无", "否", "没有", "缺")
CENT = 0.005  # yuan: amounts are told to the cent
MISSING = {"fail": "报错，逐行列出", "out": "这一行的金额（日期）不核，单独计数"}
CLUES_APART = "移到线索登记表（evalkit clues form）"
LONGEST_WAIT, LARGEST_TOLERANCE = 3650, 100.0


@takes(FieldworkError)
def check_delivery(
    table: Any, *, day: str, late_after: int | None, tolerance: float = 0.0, missing: Literal["fail", "out"] = "fail"
) -> Delivery:
    """Check whether policies reached the households that they are due to.

    Parameters
    ----------
    table : table or path
        One row a household and policy (and 批次, where a policy is paid several times): 村代码, 户编号, 政策, 应享 (是, 否), 实享 (是, 否);
        and as far as they are known 应发金额, 实发金额 (yuan), 应发日期, 到账日期, 凭证 (a number or 有; blank, 无 or 否: none). Other
        columns are left out.
    day : str
        The day of the check, ``2018-05-03``: what is due only later is no miss.
    late_after : int or None
        A payment is late when it comes more than so many days after 应发日期. None: dates are not looked at. No default, since rules
        differ between policies.
    tolerance : float
        Yuan that a payment may differ by, in [0, 100].
    missing : {"fail", "out"}
        Rows that were received and lack an amount or a date although the other one is there: refused, or not judged and counted apart.

    Returns
    -------
    Delivery

    Raises
    ------
    FieldworkError
        With every fault and its row: missing headings, blanks, other words than 是 and 否, amounts and dates that are none, a policy
        twice in one household, money without 实享, clues to breaches of discipline, which have a table of their own.

    Notes
    -----
    未到户: 应享, not 实享, and 应发日期 not after `day`. 不应享而享: 实享, not 应享. 金额不足: 应享, 实享 and 实发 < 应发 − tolerance;
    多发: 实发 > 应发 + tolerance. 迟发: 到账日期 − 应发日期 > late_after days. 缺凭证: 实享 without 凭证. 差额: what is lacking
    of 应发金额, all of it where nothing came. What the table has no column for is not looked at.

    Examples
    --------
    >>> rows = [("411726101201", "001", "低保", "是", "是", 3000, 2800), ("411726101201", "002", "低保", "是", "否", 3000, "")]
    >>> table = pd.DataFrame(rows, columns=["村代码", "户编号", "政策", "应享", "实享", "应发金额", "实发金额"])
    >>> check_delivery(table, day="2018-05-03", late_after=None)
    Delivery 2 户 1 项政策：应到 2，未到户 1（50.00%），金额不足 1
    """
    _refuse_rules(day, late_after, tolerance, missing)
    filled = read_filled(table, "政策到户表", NEEDED, OPTIONAL)
    _note_columns(filled, late_after)
    filled.codes("村代码", "户编号")
    filled.require("政策")
    _note_personal(filled)
    _note_repeated(filled)
    rows = _typed(filled)
    _note_contradictions(filled, rows, day)
    if missing == "fail":
        _note_unknown(filled, rows, late_after)
    filled.refuse()
    judged = rows.assign(**_judged(filled, rows, day, late_after, tolerance), 行=filled.rows.index + 2)
    looked = tuple(kind for kind, rule in KINDS.items() if filled.given >= set(rule.needs) and (kind != LATE or late_after is not None))
    return Delivery(judged.reset_index(drop=True), looked, day, late_after, float(tolerance))


def _typed(filled: Filled) -> pd.DataFrame:
    words = {name: filled.word(name, (YES, NO)) == YES for name in (DUE, HAD)}
    numbers = {name: filled.numbers(name) for name in (OWED, PAID)}
    days = {name: filled.days(name) for name in (OWED_ON, PAID_ON)}
    return filled.rows[list(KEYS)].assign(**words, **numbers, **days)


def _judged(filled: Filled, rows: pd.DataFrame, day: str, late_after: int | None, tolerance: float) -> dict[str, Any]:
    due, had, owed = rows[DUE], rows[HAD], rows[OWED]
    both, waiting = due & had, due & ~had & (rows[OWED_ON] > day)
    paid = rows[PAID].where(had, 0.0)
    waited = (pd.to_datetime(rows[PAID_ON]) - pd.to_datetime(rows[OWED_ON])).dt.days.where(both)
    known = both & owed.notna() & rows[PAID].notna()
    return {
        "应到": due & ~waiting, "未到期": waiting, "不应享": ~due,
        "未到户": due & ~had & ~waiting,
        "不应享而享": ~due & had,
        "可核金额": known, "金额不明": both & (owed.notna() != rows[PAID].notna()),
        SHORT: (owed - paid).clip(lower=0.0).where(due & ~waiting).round(2),
        "金额不足": known & (owed - paid > tolerance + CENT), "多发": known & (paid - owed > tolerance + CENT),
        "可核日期": both & waited.notna(), "日期不明": both & (rows[OWED_ON] != "") & (rows[PAID_ON] == ""),
        "迟发天数": waited, LATE: waited > (np.inf if late_after is None else late_after),
        "缺凭证": had & filled.rows[VOUCHER].isin(NO_VOUCHER),
    }  # fmt: skip


def _note_columns(filled: Filled, late_after: int | None) -> None:
    """Note columns that come in pairs and stand alone, and rules on columns that are not there."""
    for heading in (OWED_ON, PAID_ON) if late_after is not None else ():
        if heading not in filled.given:
            filled.faults.add(None, heading, None, "规定了迟发的天数，表中却没有这一列", "补上这一列，或写 late_after=None 不核日期")
    for heading in filled.others:
        if kind_of(heading) == "clue":
            filled.faults.add(None, shown_label(heading), None, "线索不写在这张表里", f"{CLUES_APART}，这张表中删去这一列")
    for one, other in ((OWED, PAID), (PAID, OWED)):
        if one in filled.given and other not in filled.given:
            filled.faults.add(None, other, None, f"有 {one} 而没有这一列", "补上这一列")


def _note_personal(filled: Filled) -> None:
    for column in KEYS:
        found = filled.rows[column].map({cell: bool(personal_cells(cell)) for cell in filled.rows[column].unique()})
        filled.note(found, column, "不得写证件号码、电话、账号", "改写编号或名称")


def _note_repeated(filled: Filled) -> None:
    """Note a policy twice in a household; a blank 批次 is one too."""
    keys = filled.rows[list(KEYS)]
    twice = keys.duplicated() & (keys[list(KEYS[:3])] != "").all(axis=1)
    remedy = f"只留一行；分几次发的加一列 {BATCH}" if BATCH not in filled.given else f"只留一行，或改正 {BATCH}"
    filled.note(twice, "、".join(KEYS[:3]), "与前面一行重复", remedy)


def _note_contradictions(filled: Filled, rows: pd.DataFrame, day: str) -> None:
    due, had = rows[DUE], rows[HAD]
    said, refused = filled.rows[HAD] == NO, filled.rows[DUE] == NO
    filled.note(said & (rows[PAID] > 0), PAID, "实享为否而有实发金额", "改实享为是，或清去金额")
    filled.note(said & (rows[PAID_ON] != ""), PAID_ON, "实享为否而有到账日期", "改实享为是，或清去日期")
    filled.note(had & (rows[PAID] == 0) & (rows[OWED] > 0), PAID, "实享为是而实发为 0", "没有发到的，改实享为否")
    filled.note(refused & (rows[OWED] > 0), OWED, "应享为否而有应发金额", "改应享为是，或清去金额")
    filled.note(due & (rows[OWED] == 0), OWED, "应享为是而应发为 0", "不是发钱的政策留空白")
    filled.note(rows[PAID_ON] > day, PAID_ON, f"晚于核查日期 {day}", "改正日期")


def _note_unknown(filled: Filled, rows: pd.DataFrame, late_after: int | None) -> None:
    """Note what was received and cannot be judged for want of an amount or a date."""
    both = rows[DUE] & rows[HAD]
    way = '填写；确实查不到的，写 missing="out"：不核这些行，单独计数'
    if {OWED, PAID} <= filled.given:
        filled.note(both & rows[OWED].notna() & (filled.rows[PAID] == ""), PAID, "有应发金额而空白", way)
        filled.note(both & rows[PAID].notna() & (filled.rows[OWED] == ""), OWED, "有实发金额而空白", way)
    if late_after is not None:
        filled.note(both & (rows[OWED_ON] != "") & (filled.rows[PAID_ON] == ""), PAID_ON, "有应发日期而空白", way)


def _refuse_rules(day: str, late_after: int | None, tolerance: float, missing: str) -> None:
    if not day or not is_day(day):
        raise FieldworkError(f'day = {day!r}｜应为核查的日期｜写如 day="2018-05-03"')
    if late_after is not None and not 0 <= late_after <= LONGEST_WAIT:
        raise FieldworkError(f"late_after = {late_after!r}｜应为 0 至 {LONGEST_WAIT} 的整数（天），或 None 不核日期｜写如 late_after=30")
    if not 0 <= tolerance <= LARGEST_TOLERANCE:
        raise FieldworkError(f"tolerance = {tolerance!r}｜应为 0 至 {LARGEST_TOLERANCE:g} 元｜写如 tolerance=0")
    one_of("missing", missing, MISSING, FieldworkError, "处理")
