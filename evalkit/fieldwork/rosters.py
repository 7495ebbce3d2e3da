"""Household rosters as villages hand them in: checked, in the words of the design, one table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.codes import division_fault
from evalkit.errors import DesignError, Faults, FieldworkError
from evalkit.fieldwork.handed import Handed, Source, hand_in
from evalkit.tickets import sound_id

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.design.sections import Rosters

COLUMNS = ("village", "household", "stratum", "persons", "head", "id_number", "address")
OPTIONAL = ("head", "id_number", "address")


def read_rosters(source: Source, design: Design, *, villages: Iterable[str] | None = None) -> pd.DataFrame:
    """Read household rosters under the column mapping of the design.

    Parameters
    ----------
    source : path, folder, several paths, or DataFrame
        Rosters of any villages, in any order; one file may hold several villages.
    design : Design
        With `[rosters]`.
    villages : iterable of str, optional
        The villages that may appear; others are refused. By default any village may.

    Returns
    -------
    DataFrame
        Columns village, household, stratum (the design's words), persons (int), head, id_number, address
        (the last three ``""`` where not mapped), sorted by village and household.

    Raises
    ------
    FieldworkError
        With every fault of all files: absent columns, ids turned into numbers, blank, unsound or repeated
        household numbers, unknown household types, persons that are no positive integer.

    Examples
    --------
    >>> import evalkit as ev
    >>> design = ev.read_design("designs/biyang_2018.toml")
    >>> roster = pd.DataFrame({"行政村代码": ["411726101201"], "户编号": ["0001"], "户类型": ["脱贫户"], "人数": [3],
    ...                        "户主": ["张某某"], "证件号码": [""], "自然村": ["1组"]})
    >>> read_rosters(roster, design)[["village", "household", "stratum", "persons"]]
            village household stratum  persons
    0  411726101201      0001     脱贫户        3
    """
    columns = design.rosters
    if columns is None:
        raise DesignError("rosters｜缺｜读名册需要列名｜写 [rosters]")
    mapped = {name: getattr(columns, name) for name in COLUMNS if getattr(columns, name)}
    ids = [mapped[name] for name in ("village", "household", "id_number") if name in mapped]
    handed, faults = hand_in(source, "名册", mapped.values(), ids, FieldworkError)
    _check_ids(handed, faults, columns, design, villages)
    strata, persons = _strata(handed, faults, columns, design), _persons(handed, faults, columns)
    faults.refuse(FieldworkError)
    table = pd.DataFrame({name: handed.table[mapped[name]] if name in mapped else "" for name in COLUMNS}, index=handed.table.index)
    table = table.assign(stratum=strata, persons=persons)
    return table.sort_values(["village", "household"], kind="stable", ignore_index=True)


def known_strata(design: Design) -> tuple[str, ...]:
    """Return every household stratum that the design names, in its order; empty when it names none."""
    named: list[str] = []
    for stage in design.stages[1:]:
        named += list(stage.n) if isinstance(stage.n, dict) else []
    if design.criteria is not None:
        named += [*design.criteria.exited, *design.criteria.registered, *design.criteria.outside]
    if design.rosters is not None:
        named += list(design.rosters.strata.values())
    return tuple(dict.fromkeys(named))


def _check_ids(handed: Handed, faults: Faults, columns: Rosters, design: Design, villages: Iterable[str] | None) -> None:
    village, household = handed.table[columns.village], handed.table[columns.household]
    for column, cells in ((columns.village, village), (columns.household, household)):
        handed.note(faults, cells == "", column, "空白", "补上代码或编号")
        unsound = [cell != "" and not sound_id(cell) for cell in cells]
        handed.note(faults, unsound, column, "代码与编号中不能有 |、/、空格或控制字符", "去掉这些字符")
    if design.frame.code == "division":
        wrong = {code: division_fault(code) for code in village.unique() if code}
        for code, reason in wrong.items():
            if reason:
                handed.note(faults, village == code, columns.village, reason, "改为名单中的 12 位村代码")
    if villages is not None:
        strange = ~village.isin(list(villages)) & (village != "")
        handed.note(faults, strange, columns.village, "不是抽中的村", "移走这个村的名册，或改正村代码")
    repeated = pd.DataFrame({"v": village, "h": household}).duplicated(keep=False) & (household != "")
    handed.note(faults, repeated, columns.household, "同一村中户编号重复", "每户一行、一个编号；人员名册先并成户")


def _strata(handed: Handed, faults: Faults, columns: Rosters, design: Design) -> pd.Series:
    strata = handed.table[columns.stratum].replace(columns.strata)
    known = known_strata(design)
    handed.note(faults, strata == "", columns.stratum, "空白", "补上户类型")
    if known:
        strange = ~strata.isin(known) & (strata != "")
        handed.note(faults, strange, columns.stratum, "不认识的户类型", f"改为 {'、'.join(known)}，或在 [rosters.strata] 中写明对应")
    return strata


def _persons(handed: Handed, faults: Faults, columns: Rosters) -> pd.Series:
    whole, persons = whole_numbers(handed.table[columns.persons])
    handed.note(faults, ~(whole & (persons >= 1)), columns.persons, "应为不小于 1 的整数", "填写户内人数")
    return persons


def whole_numbers(cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return which cells are whole numbers, and the numbers (0 where they are not).

    Examples
    --------
    >>> whole_numbers(pd.Series(["3", "2.0", "2.5", "", "三"]))[1].tolist()
    [3, 2, 0, 0, 0]
    """
    numbers = pd.to_numeric(cells, errors="coerce").astype(np.float64)
    whole = numbers.notna() & np.isfinite(numbers) & (numbers == np.floor(numbers)) & (numbers.abs() < 10**9)
    return whole, numbers.where(whole, 0).astype(np.int64)

