"""A register of households read as a list of villages: one unit a village, with its number of households and sums of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evalkit import codes, engines
from evalkit.engines import COUNT, Far
from evalkit.errors import Faults, FrameError
from evalkit.frame.checks import Code, check_rows, plain_rows
from evalkit.sheets import plain_numbers, refuse_floats


@dataclass(frozen=True)
class Register:
    """What is counted and summed of the rows of a village.

    Parameters
    ----------
    rows : str
        Heading that the number of rows gets; empty for a list with one row a unit.
    sums : tuple of str
        Columns of whole numbers whose sums are kept under their own headings.
    """

    rows: str
    sums: tuple[str, ...]

    @property
    def headings(self) -> tuple[str, ...]:
        """Return the headings of what is counted and summed."""
        return (*([self.rows] if self.rows else []), *self.sums)

    def check(self, others: Iterable[str]) -> None:
        """Refuse sums of a list that is no register, and headings that are taken."""
        if self.sums and not self.rows:
            raise FrameError(f"sums = {list(self.sums)}｜只有户名册才按村求和｜写 rows = \"户数\"，各村的行数记在这一列")
        taken = sorted({*self.headings} & {*others}) or [name for name in self.headings if self.headings.count(name) > 1]
        if taken:
            raise FrameError(f"{'、'.join(dict.fromkeys(taken))}｜rows、sums 的列名已作他用｜rows 另取一个名，sums 的列不写在 columns 中")


@dataclass(frozen=True)
class Entries:
    """Rows of a list as text, each standing for `held` rows that are alike; `sums` holds their sums."""

    text: pd.DataFrame
    held: pd.Series
    sums: pd.DataFrame
    far: bool = False  # rows of an engine have no number of their own

    def placed(self, faults: Faults, id: str) -> Faults:
        """Return the faults, told by village where rows have no number."""
        if self.far and faults:
            faults.by_place(dict(enumerate(map(codes.shown, self.text[id]), 2)), "村")
        return faults


def entries(table: Any, far: Far | None, register: Register, read: Sequence[str], id: str, faults: Faults) -> Entries:
    """Read what is asked of a register, row by row from memory and counted from an engine; sums that are none are refused.

    Parameters
    ----------
    table : table in memory
    far : Far or None
        The table, where it stays in its engine.
    register : Register
    read : sequence of str
        Columns that are kept, or that rules read.
    id : str
        The column of the villages, for messages.
    faults : Faults

    Returns
    -------
    Entries
    """
    if far is not None and not register.rows:
        named = far.only(read)
        table = named.brought("取名单的列", lambda lazy: lazy.select(*read))
    elif far is not None:
        found = engines.counted(far, read, register.sums)
        text = plain_rows(found[list(read)], faults, read)
        sums = pd.DataFrame({name: found[f"evalkit_sum{at}"] for at, name in enumerate(register.sums)}, index=found.index)
        for at, name in enumerate(register.sums):
            wrong = found[f"evalkit_wrong{at}"]
            for row, many in wrong[wrong > 0].items():
                faults.add(int(str(row)) + 2, name, None, f"{many} 行不是不小于 0 的整数", "改正这些格")
        listed = Entries(text, found[COUNT], sums, far=True)
        listed.placed(faults, id).refuse(FrameError)
        return listed
    text = plain_rows(table, faults, [*read, *register.sums])
    made = {name: plain_numbers(text[name]) for name in register.sums}
    for name, numbers in made.items():
        for row in text.index[~((numbers >= 0) & (numbers < engines.MOST) & (numbers % 1 == 0)).to_numpy(dtype=bool)]:
            faults.add(int(row) + 2, name, None, "应为不小于 0 的整数", "改正该格")
    faults.refuse(FrameError)
    return Entries(text, pd.Series(1, index=text.index), pd.DataFrame(made, index=text.index).astype(float))


def by_village(
    kept: pd.DataFrame, read: Entries, register: Register, wanted: Sequence[str], filled: Sequence[str], code: Code, faults: Faults
) -> pd.DataFrame:
    """Return one row a village, with its counts and sums.

    Parameters
    ----------
    kept : pandas.DataFrame
        The text that the rules have left, ids in one spelling.
    read : Entries
    register : Register
    wanted : sequence of str
        The heading of the id, then the others that are kept; a village has one value of each.
    filled : sequence of str
        Headings whose cells may not be blank.
    code : {"free", "division"}
    faults : Faults
        Told by village: a register has too many rows to look for one.
    """
    id, found = wanted[0], Faults(faults.subject)
    for column in dict.fromkeys([id, *filled]):
        refuse_floats(kept, column, found)
    known = kept[kept[id] != ""]
    if len(known) < len(kept):
        found.add(None, id, None, f"{read.held[kept.index][kept[id] == ''].sum()} 行的编号空白", "补全这些格")
    for column in wanted[1:]:
        _check_same(known, id, column, column in filled, found)
    units = known.drop_duplicates(id)
    if len(units) or not found:
        check_rows(units, id, "", (), code, found)
    faults.extend(read.placed(found, id))
    numbers = read.sums.assign(**{register.rows: read.held}).loc[known.index]
    totals = numbers.groupby(known[id].to_numpy()).sum()
    for column in register.sums:
        for unit in totals.index[totals[column] >= engines.MOST]:
            faults.add(None, column, codes.shown(str(unit)), "全村之和超过 2 的 53 次方，不能精确求和", "核对该列：看来不是人数、户数")
    totals = totals.clip(upper=engines.MOST).loc[units[id]].astype("int64").astype(str)
    return units.assign(**{each: totals[each].to_numpy() for each in register.headings})


def _check_same(known: pd.DataFrame, id: str, column: str, filled: bool, faults: Faults) -> None:
    """Note the villages that have several values in a column, or none where there must be one."""
    values = known[[id, column]].drop_duplicates()
    for unit, many in values[id].value_counts(sort=False).items():
        if many > 1:
            faults.add(None, column, codes.shown(str(unit)), f"同一村有 {many} 种写法", "改成一种；逐户不同的列不写在 columns 中")
    for unit in values.loc[(values[column] == "") & filled, id]:
        faults.add(None, column, codes.shown(str(unit)), "空白", "补全这些格")
