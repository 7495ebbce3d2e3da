"""Which households the returns speak of, what became of each visit, and whether reserves were used as the rules say."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.errors import Fault, Faults
from evalkit.fieldwork.handed import Handed, named, placed

if TYPE_CHECKING:
    from evalkit.design.sections import Returns

NOBODY = -1
TWICE = "每户只留一行；两份不同的，键入 evalkit conflicts 并列对照，用 evalkit resolve 裁定"
FAILED = ("refusal", "partial", "other", "noncontact", "unknown_household", "unknown_other", "ineligible")  # each releases a reserve


def match(handed: Handed, faults: Faults, columns: Returns, drawn: pd.DataFrame) -> NDArray[np.int64]:
    """Return for each row its place in the drawn households; note rows of nobody and rows of the same household."""
    keys = pd.MultiIndex.from_arrays([handed.table[columns.village], handed.table[columns.household]])
    places = pd.MultiIndex.from_frame(drawn[["village", "household"]]).get_indexer(keys).astype(np.int64)
    if (places == NOBODY).any():
        _note_nobody(handed, faults, columns, drawn, places)
    _note_repeats(handed, faults, columns, places)
    return places


def words(handed: Handed, faults: Faults, column: str, known: dict[str, str], required: bool) -> pd.Series:
    """Return the codes of a column's words; unknown words are noted, blanks only where an outcome is required."""
    cells = handed.table[column]
    codes = cells.map(known)
    strange = codes.isna() & ((cells != "") | required)
    handed.note(faults, strange, column, "不在设计文件的用词中", f"改为：{'、'.join(known)}", known=known)
    return codes.fillna("")


def check_reserves(handed: Handed, faults: Faults, columns: Returns, drawn: pd.DataFrame, visits: pd.DataFrame) -> None:
    """Note mains called unused, and reserves used out of order or without a failed visit before them.

    Within a village and cell every failed main releases one reserve, the next in order, and a reserve
    that fails releases one more; so the k-th reserve may be used when the failed mains and the failed
    reserves before it number at least k, and no earlier reserve was passed over.

    Parameters
    ----------
    visits : DataFrame
        Columns place (in `drawn`), code (outcome), row (in `handed`), one row a household.
    """
    wrong = visits[(visits["role"] == "main") & (visits["code"] == "unused")]
    _note_rows(handed, faults, wrong["row"], columns.disposition, "主样本户不能是“未使用”", "填写实际结果；尚未入户的暂不填报")
    used = visits[(visits["role"] == "reserve") & (visits["code"] != "unused")]
    if used.empty:
        return
    failed = visits[(visits["role"] == "main") & visits["code"].isin(FAILED)].groupby(["village", "cell"]).size()
    ranks = _reserve_ranks(drawn)
    used = used.assign(rank=ranks[used["place"].to_numpy()]).sort_values(["village", "cell", "rank"])
    rows = zip(*(used[name].tolist() for name in ("village", "cell", "rank", "code", "row")), strict=True)
    known = failed.to_dict()
    for cell, mine in groupby(rows, itemgetter(0, 1)):
        _check_cell(handed, faults, columns, [row[2:] for row in mine], known.get(cell, 0))


def oddities(handed: Handed, columns: Returns, drawn: pd.DataFrame, visits: pd.DataFrame) -> list[Fault]:
    """Return what is not wrong enough to refuse: pending mains, blank interviewers, persons unlike the roster's."""
    found = Faults("回收表")
    complete = visits[visits["code"] == "complete"]
    if columns.interviewer:
        blank = complete[(handed.table[columns.interviewer].to_numpy()[complete["row"]] == "")]
        _note_rows(handed, found, blank["row"], columns.interviewer, "调查员空白", "向组长核实后补上", (columns.village, columns.household))
    if columns.persons:
        differ = complete[(complete["persons"] != complete["listed"]) & (complete["persons"] > 0)]
        for row, said, listed in zip(differ["row"], differ["persons"], differ["listed"], strict=True):
            where = placed(handed.files[row], columns.persons)
            whose = named(*(str(handed.table[heading].iat[row]) for heading in (columns.village, columns.household)))
            value = f"{whose}：{said}（名册 {listed}）"
            found.add(int(handed.rows[row]), where, value, "人数与名册不同", "核实；计算以核实人数为准")
    return [*found, *_pending(drawn, visits)]


def _pending(drawn: pd.DataFrame, visits: pd.DataFrame) -> list[Fault]:
    found = Faults("回收表")
    waiting = drawn[(drawn["role"] == "main") & ~np.isin(np.arange(len(drawn)), visits["place"])]
    for village, count in waiting.groupby("village", sort=True).size().items():
        found.add(None, "主样本户", f"村 {village}：{count} 户", "主样本户没有结果", "补报结果；确未入户的按实际原因填写")
    return list(found)


def _note_nobody(handed: Handed, faults: Faults, columns: Returns, drawn: pd.DataFrame, places: NDArray[np.int64]) -> None:
    """Note rows that name no household, a village that is not in the sample, or a household that is not."""
    village, household = handed.table[columns.village], handed.table[columns.household]
    blank = (village == "") | (household == "")
    handed.note(faults, blank, columns.household, "村代码或户编号空白", "补上代码与编号", show=False)
    known = village.isin(drawn["village"].unique()).to_numpy()
    remedy = "核对村代码；未抽中的村不能进入回收表"
    unknown = ~known & ~blank.to_numpy()
    unknown = unknown & ~handed.note_names(faults, unknown, columns.village, drawn["village"].unique())
    handed.note(faults, unknown, columns.village, "不是抽中的村，或该村尚未抽户", remedy)
    strange = (places == NOBODY) & known & ~blank.to_numpy()
    handed.note(faults, strange, columns.household, "这一户不在该村的样本与备用户中", "核对户编号（开头的 0 须保留）；样本外的户须删去")


def _note_repeats(handed: Handed, faults: Faults, columns: Returns, places: NDArray[np.int64]) -> None:
    seen: dict[int, int] = {}
    for i, place in enumerate(places.tolist()):
        if place != NOBODY and place in seen:
            first = seen[place]
            told = "有两行" if handed.others is not None else f"先见于{handed.place(first, columns.village, columns.household)}"
            faults.add(int(handed.rows[i]), placed(handed.files[i], columns.household), None, f"同一户重复，{told}", TWICE)
        elif place != NOBODY:
            seen[place] = i


def _reserve_ranks(drawn: pd.DataFrame) -> NDArray[np.int64]:
    """Return 1, 2, … for the reserves of each village and stratum in their order, 0 for mains."""
    reserve = (drawn["role"] == "reserve").to_numpy()
    order = drawn["order"].where(reserve)
    ranks = order.groupby([drawn["village"], drawn["cell"]]).rank(method="first")
    return ranks.fillna(0).to_numpy().astype(np.int64)


def _check_cell(handed: Handed, faults: Faults, columns: Returns, used: Iterable[tuple[int, str, int]], failed_mains: int) -> None:
    released, expected = failed_mains, 1
    for rank, code, row in used:
        column = columns.household
        if rank != expected:
            rule = f"备用户未按顺序启用：这是第 {rank} 户，前面的第 {expected} 户没有结果"
            _note_rows(handed, faults, [row], column, rule, "补报前面备用户的结果，或删去这户")
        elif rank > released:
            rule = f"没有对应的未完成户：第 {rank} 户备用，而该村该类户只有 {released} 户未完成"
            _note_rows(handed, faults, [row], column, rule, "补报未完成的主样本户，或删去这户备用")
        expected = int(rank) + 1
        released += code in FAILED


def _note_rows(
    handed: Handed, faults: Faults, rows: pd.Series | list[int], column: str, rule: str, remedy: str, whose: tuple[str, ...] = ()
) -> None:
    mask = np.zeros(len(handed.rows), dtype=bool)
    mask[np.asarray(rows, dtype=np.int64)] = True
    handed.note(faults, mask, column, rule, remedy, whose=whose)
