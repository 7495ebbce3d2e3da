"""What is asked of the rows of a list before anything is drawn from them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import pandas as pd

from evalkit import codes, tickets
from evalkit.errors import Faults, FrameError
from evalkit.sheets import as_text, numbered, refuse_floats
from evalkit.sheets.cells import trimmed

Code = Literal["division", "free"]


def plain_rows(table: Any, faults: Faults, wanted: Iterable[str]) -> pd.DataFrame:
    """Return the wanted columns of a table as text in one spelling; a missing column or a cell that is no text is refused."""
    whole = numbered(table, FrameError)
    missing = sorted(set(wanted) - set(whole.columns))
    for column in missing:
        faults.add(1, column, None, "没有这一列", f"改正列名；现有：{codes.shown_headings(whole.columns)}")
    faults.refuse(FrameError)
    text = as_text(whole[sorted(set(wanted))], faults)
    faults.refuse(FrameError)
    return text.map(_folded)


def check_choices(code: str, id: str, name: str, columns: Sequence[str]) -> None:
    """Refuse choices that no list could be read by, before it is read."""
    if code not in ("division", "free"):
        raise FrameError(f"code = {code!r}｜不认识｜写 division（12 位区划代码）或 free（任意编号）")
    if isinstance(columns, str):
        raise FrameError(f"columns = {columns!r}｜应为一列名字｜写 [\"{columns}\"]")
    for heading in (id, name, *columns):
        if not isinstance(heading, str):
            raise FrameError(f"列名 {heading!r}｜列名应为文字｜先给表加上文字列名")


def check_rows(table: pd.DataFrame, id: str, name: str, filled: Sequence[str], code: Code, faults: Faults) -> None:
    """Note every row whose id is unsound or stands twice, and every blank that would have to be filled."""
    if table.empty:
        faults.add(None, "名单", None, "没有一行", "检查文件与 [[frame.rule]] 的 keep、drop 取值")
        return
    for column in dict.fromkeys([id, *filled]):
        refuse_floats(table, column, faults)
    marked = {fault.row for fault in faults}
    if code == "division" and codes.seem_names(table[id]):
        remedy = "把 [frame] id 改为村代码所在的列名，村名所在的列写在 name"
        faults.add(None, id, None, f"这一列应为村代码，看来写的是村名（{len(table)} 行）", remedy)
        return
    for row, unit in zip(table.index, table[id], strict=True):
        if int(row) + 2 not in marked and (rule := _id_fault(unit, code)):
            faults.add(int(row) + 2, id, codes.shown(unit), rule, "改正后重试")
    for row in table.index[table[id].duplicated(keep=False) & (table[id] != "")]:
        faults.add(int(row) + 2, id, codes.shown(str(table.at[row, id])), "编号重复", "每个单位一行，删去多余的行")
    for column in dict.fromkeys([*([name] if name else []), *filled]):
        for row in table.index[table[column] == ""]:
            faults.add(int(row) + 2, column, None, "空白", "补全该格")


def check_visible(table: pd.DataFrame, kept: Sequence[str], faults: Faults) -> None:
    """Two strata that look the same must not differ by a character that nobody sees."""
    for column in kept[1:]:
        for row in table.index[table[column].map(codes.invisible).to_numpy(dtype=bool)]:
            faults.add(int(row) + 2, column, None, "有不可见字符（零宽字符、换行等）", "重新键入该格")


def _id_fault(unit: str, code: Code) -> str:
    if not unit:
        return "编号空白"
    if not tickets.sound_id(unit):
        return "编号中不能有 | / 空格或不可见字符"
    if codes.is_identity(unit):
        return "编号是身份证号，不能用来抽样"
    return codes.division_fault(unit) if code == "division" else ""


def _folded(cell: str) -> str:
    text = (cell if cell.isascii() else unicodedata.normalize("NFC", cell).translate(codes.HALF_WIDTH)).strip()
    return trimmed(text)
