"""Looking again (回头看): which of the closed cases, households or problems are looked at once more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pandas as pd

from evalkit import tickets
from evalkit.errors import FieldworkError
from evalkit.filledin import Filled, read_filled
from evalkit.given import takes
from evalkit.lists import as_list

STAGE, KIND, EVERYTHING = "revisit", "类别", "全部"


@takes(FieldworkError)
def revisit(closed: Any, *, share: float, seed: str, by: str | None = None, every: Sequence[str] = (), code: str = "编号") -> pd.DataFrame:
    """Return what of the closed is looked at again: drawn by ticket, or all of a kind.

    Parameters
    ----------
    closed : table or path
        One row a case, household or problem that was closed: its code, and the column of `by`.
    share : float
        Share to draw in each kind, in [0, 1]; rounded up to whole ones.
    seed : str
        The draw can be made again by anyone who has the list and the seed; the order of the rows does not matter.
    by : str, optional
        Column of the kinds; each is drawn by itself.
    every : sequence of str
        Kinds of which all are looked at again, such as 2017年脱贫户.
    code : str
        Column of the codes; those of households are village/household.

    Returns
    -------
    DataFrame
        In order of kind and ticket: code, 类别, 件数 (of the kind), 抽取 (how many of them), 概率, 序号 (within the kind). What is found
        then is estimated with 类别 as strata and 件数 as fpc.

    Raises
    ------
    FieldworkError
        With every fault: missing columns, blanks, a code twice or one that cannot stand in a ticket, a share outside [0, 1], a kind of
        `every` that does not occur, no seed or one that cannot stand in a ticket.

    Notes
    -----
    Ticket: SHA-256 of ``seed|revisit|code`` (`evalkit.tickets`); the smallest are taken. Every kind with a share above 0 has at least
    one drawn.

    Examples
    --------
    >>> closed = pd.DataFrame({"编号": [f"P{i}" for i in range(1, 8)], "类别": ["饮水"] * 5 + ["住房"] * 2})
    >>> revisit(closed, share=.2, seed="31415926535897932384", by="类别", every=["住房"])["编号"].tolist()
    ['P6', 'P7', 'P1']
    """
    whole = as_list(every)
    filled = read_filled(closed, "已办结清单", dict.fromkeys([code, *as_list(by)]))
    ids, kinds = _checked(filled, code, by, whole)
    _note_policy(filled, share, seed, by, whole)
    filled.refuse()
    drawn = pd.DataFrame({code: ids, KIND: kinds, "_ticket": tickets.digests(seed, STAGE, ids.tolist())})
    drawn = drawn.sort_values([KIND, "_ticket"], kind="stable")
    size = drawn.groupby(KIND)[code].transform("size")
    take = size.map(lambda many: math.ceil(Fraction(str(share)) * many)).where(~drawn[KIND].isin(whole), size)
    drawn = drawn.assign(件数=size, 抽取=take, 概率=take / size, 序号=drawn.groupby(KIND).cumcount() + 1)
    return drawn[drawn["序号"] <= drawn["抽取"]].drop(columns="_ticket").reset_index(drop=True)


def _checked(filled: Filled, code: str, by: str | None, whole: Sequence[str]) -> tuple[pd.Series, pd.Series]:
    """Return codes and kinds; note blanks, codes twice or that cannot stand in a ticket, and kinds that do not occur."""
    filled.require(code, *as_list(by))
    filled.once(code)
    ids = filled.rows[code]
    sound = ids.map(lambda each: all(tickets.sound_id(part) for part in str(each).split("/")))
    filled.note((ids != "") & ~sound, code, "编号中不能有 |、空格，/ 的两边不能空", "改写编号")
    kinds = filled.rows[by] if by else pd.Series(EVERYTHING, index=ids.index)
    unknown = [kind for kind in whole if kind not in set(kinds)]
    if unknown and by:
        filled.faults.add(None, "every", "、".join(unknown), "清单中没有这一类", f"可用：{'、'.join(dict.fromkeys(kinds))}")
    return ids, kinds


def _note_policy(filled: Filled, share: float, seed: str, by: str | None, whole: Sequence[str]) -> None:
    if not 0 <= share <= 1:
        filled.faults.add(None, "share", repr(share), "应为 0 至 1 的数", "20% 写 .2")
    if not seed.strip():
        filled.faults.add(None, "seed", None, "没有种子", "写出种子，并与名单一同保存")
    if "|" in seed:
        filled.faults.add(None, "seed", None, "种子中不能有 |", "改写种子")
    if whole and by is None:
        filled.faults.add(None, "by", None, "没有写按哪一列分类，而 every 写了类别", '写如 by="类别"；命令中写 --by 类别')
