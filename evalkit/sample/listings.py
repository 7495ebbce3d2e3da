"""A list as one stage reads it: its units by id, each with its stratum, size, place in the order, and whether it must be taken."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit import inclusion, tickets
from evalkit.codes import is_identity, shown
from evalkit.errors import Faults
from evalkit.frame.rules import after_rules
from evalkit.sheets import plain_numbers, refuse_floats

if TYPE_CHECKING:
    from evalkit.design.stages import Stage

ALL = "全部"
COUNT = "rows"
DECIMALS = 9  # of a size


def read(column: str) -> str:
    """Return the name under which a listing keeps a column of the list, apart from the columns of its own."""
    return f"={column}"


@dataclass(frozen=True)
class Source:
    """A checked table of text that a stage draws from.

    Parameters
    ----------
    table : pandas.DataFrame
        One row an entry of the list; the index holds the rows of the spreadsheet, counted from 1.
    unit, above : str
        Columns with the units of the stage and of the stage above; `above` is empty in the first stage of a list.
    where : str
        Place for messages, such as ``411726101201 `` or empty.
    type_column : str
        The column that stands for strata that are no columns of the list, the type of a household; empty for a frame.
    """

    table: pd.DataFrame
    unit: str
    above: str = ""
    where: str = ""
    type_column: str = ""

    def column(self, name: str) -> str:
        """Return the column that a name of the design stands for."""
        return name if name in self.table.columns or not self.type_column else self.type_column


def listing(source: Source, stage: Stage, earlier: Collection[str], faults: Faults) -> pd.DataFrame:
    """Return one row for each unit that a stage may draw.

    Parameters
    ----------
    source : Source
    stage : Stage
    earlier : collection of str
        Units that earlier rounds took and that may not be taken again.
    faults : Faults
        Where every blank, unsound or contradictory cell is noted, with its row.

    Returns
    -------
    pandas.DataFrame
        By unit: ``unit above stratum size must row`` and, named by `read`, the columns that the stage reads, of which each
        unit has one value. Of use only when no fault was noted.
    """
    strata = list(dict.fromkeys(source.column(name) for name in stage.strata))
    others = [*stage.sort, *stage.balance, *stage.places, *stage.groups, *(must.column for must in stage.mandatory)]
    columns = list(dict.fromkeys(column for column in (*strata, *others, *(wave.column for wave in stage.wave)) if column))
    sizes = [stage.size] if stage.size not in ("", COUNT) else []
    _check_present(source.table, [source.unit, *columns, *sizes, *(rule.column for rule in stage.rule)], source.where, faults)
    if faults:
        return pd.DataFrame()
    table, _ = after_rules(source.table, stage.rule)
    _check_strata(table, strata, source.where, faults)
    rows = _by_unit(table, source, stage, columns, faults)
    _check_numbers(rows, (*stage.balance, *stage.places), source.where, faults)
    size: Any = _sizes(table, source, stage, faults).reindex(rows[source.unit]).tolist() if stage.size else 1
    own: dict[str, Any] = {"unit": rows[source.unit], "above": rows[source.above] if source.above else "", "row": rows.index}
    own |= {"stratum": _labels(rows, strata), "size": size, "must": ""}
    told = {read(column): rows[column] for column in columns} | own
    # objects, as cells ask for them one by one
    units = pd.DataFrame({name: getattr(cells, "array", cells) for name, cells in told.items()}, index=range(len(rows)), dtype=object)
    if stage.mandatory:
        units["must"] = _must(units, stage, source.where, faults)
    for wave in stage.wave:
        if wave.column and not source.above and not units[read(wave.column)].isin(wave.values).any():
            remedy = f"改正轮次 {wave.name} 的 values，或删去该轮次"
            faults.add(None, wave.column, "、".join(wave.values), "名单中没有一个单位取这些值", remedy)
    return units[~units["unit"].isin(earlier)].reset_index(drop=True) if earlier else units


def plain_objects(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose columns of text hold their cells as Python's own, for those who go through many parts of it one by one."""
    return table.astype(dict.fromkeys(table.select_dtypes("str").columns, object))


def _check_strata(table: pd.DataFrame, strata: Sequence[str], where: str, faults: Faults) -> None:
    for column in strata:
        cells = table[column]
        if all(map(_plain_stratum, set(cells.tolist()))):
            continue
        refuse_floats(table.set_axis(table.index - 2), column, faults)
        for row in table.index[(cells == "").to_numpy(dtype=bool)]:
            faults.add(int(row), f"{where}{column}", None, "分层列空白", "补全该格")
        marked = cells[cells.str.contains("|", regex=False).to_numpy(dtype=bool)]
        for row, cell in marked.items():
            faults.add(int(str(row)), f"{where}{column}", shown(cell), "分层列的值中不能有 |", "改写该值")
        personal = {cell for cell in set(cells) if is_identity(cell)}  # the certificate, which is public, states the strata
        for row in table.index[cells.isin(personal).to_numpy()]:
            faults.add(int(row), f"{where}{column}", None, "是身份证号，不能用来分层", "改用不含个人信息的列")


def _plain_stratum(cell: object) -> bool:
    """Say whether nothing can be wrong with a value; the drawn villages hold the same few, thousands of times.

    A blank, and a number in which a spreadsheet has lost digits, are ASCII: such values are looked at one by one.
    """
    return isinstance(cell, str) and not cell.isascii() and "|" not in cell and not is_identity(cell)


def _check_present(table: pd.DataFrame, columns: Sequence[str], where: str, faults: Faults) -> None:
    for column in dict.fromkeys(columns):
        if column not in table.columns:
            faults.add(None, f"{where}{column}", None, "抽样要用的列不在名单保留的列中", "写入 [frame] 或 [rosters] 的 columns")


def _check_numbers(rows: pd.DataFrame, columns: Sequence[str], where: str, faults: Faults) -> None:
    for column in columns:
        for row in rows.index[plain_numbers(rows[column]).isna()].tolist():
            faults.add(row, f"{where}{column}", None, "应为数值", "改正该格")


def _by_unit(table: pd.DataFrame, source: Source, stage: Stage, columns: Sequence[str], faults: Faults) -> pd.DataFrame:
    """Return the first row of each unit, by id; a column whose value differs within a unit is a fault."""
    if stage.unit:  # the ids of the rows themselves were checked with their list
        check_units(table, source, faults)
    for column in columns if stage.unit else ():
        _check_same(table, source, column, faults)
    names = table[source.unit].tolist()
    if len(set(names)) < len(names):
        table = table.drop_duplicates(source.unit)
        names = table[source.unit].tolist()
    return table if names == sorted(names) else table.sort_values(source.unit, kind="stable")


def check_units(table: pd.DataFrame, source: Source, faults: Faults) -> None:
    """Note the units whose name is none, and those that stand under two units above."""
    names = table[source.unit]
    unsound = {unit for unit in set(names) if not tickets.sound_id(unit)}
    for row in table.index[names.isin(unsound).to_numpy()]:
        faults.add(int(row), f"{source.where}{source.unit}", None, "空白，或含 | / 空格、不可见字符", "改正该格")
    personal = {unit for unit in set(names) if is_identity(unit)}  # the certificate, which is public, states these ids
    for row in table.index[names.isin(personal).to_numpy()]:
        faults.add(int(row), f"{source.where}{source.unit}", None, "是身份证号，不能用来抽样", "改用单位自己的编号")
    if source.above:
        _check_same(table[~names.isin(unsound)], source, source.above, faults)


def _check_same(table: pd.DataFrame, source: Source, column: str, faults: Faults) -> None:
    """Note the rows in which a unit has another value than in its first row."""
    first = table.drop_duplicates(source.unit).set_index(source.unit, drop=False)[column]
    differs = (table[column] != table[source.unit].map(first)).to_numpy()
    for row, unit in zip(table.index[differs], table.loc[differs, source.unit], strict=True):
        faults.add(int(row), f"{source.where}{source.unit}", shown(unit), f"同一{source.unit}的{column}不一致", "改正其中一处")


def _labels(units: pd.DataFrame, strata: Sequence[str]) -> list[str]:
    if not strata:
        return [ALL] * len(units)
    return list(map("|".join, zip(*(units[column].tolist() for column in strata), strict=True)))


def _sizes(table: pd.DataFrame, source: Source, stage: Stage, faults: Faults) -> pd.Series:
    """Return the size of each unit as a whole number, all to one scale; a size that is not above 0 is a fault."""
    if stage.size == COUNT:
        return table.groupby(source.unit).size()
    numbers = plain_numbers(table[stage.size])
    for row in table.index[~(numbers > 0).to_numpy(dtype=bool)]:
        rule = "规模空白" if not table.at[row, stage.size] else "规模应大于 0" if numbers[row] <= 0 else "规模应为数值，不带单位与文字"
        faults.add(int(row), f"{source.where}{stage.size}", None, rule, "改正该格，或用 [[stage.rule]] 剔除该单位并写明理由")
    if faults:
        return pd.Series(dtype=object)
    for row, size in numbers.items():
        if round(size, DECIMALS) != size:
            faults.add(int(str(row)), f"{source.where}{stage.size}", None, f"规模的小数多于 {DECIMALS} 位", "先把规模四舍五入")
    if faults:
        return pd.Series(dtype=object)
    sizes = inclusion.whole_sizes(numbers.tolist(), DECIMALS)
    whole = pd.Series(sizes, index=table.index, dtype=object)
    return whole.groupby(table[source.unit].to_numpy()).sum()


def _named(units: Sequence[str], where: str) -> list[str]:
    """Return the units that a rule names in this list; those of a roster are written village/unit."""
    village = where.split(" ")[0]
    return [unit.removeprefix(f"{village}/") for unit in units if not where or unit.startswith(f"{village}/")]


def _must(units: pd.DataFrame, stage: Stage, where: str, faults: Faults) -> list[str]:
    """Return for each unit the purpose of the first rule that takes it, empty where none does."""
    purposes = pd.Series("", index=units.index)
    for rule in stage.mandatory:
        named = _named(rule.units, where)
        taken = units["unit"].isin(named) if rule.units else units[read(rule.column)].isin(rule.values)
        absent = sorted(set(named) - set(units["unit"]))
        if absent:
            fact, remedy = "名单中没有点名的单位，或其上一阶段的单位没有抽中", "改正 mandatory 的 units，或把上一阶段的单位也列为必访"
            faults.add(None, f"{where}mandatory", "、".join(map(shown, absent)), fact, remedy)
        elif not taken.any() and not where:
            faults.add(None, rule.column, "、".join(rule.values), "名单中没有一个单位取这些值", "改正 mandatory 的 values，或删去该规则")
        purposes = purposes.where(~taken | (purposes != ""), rule.purpose)
    return purposes.tolist()
