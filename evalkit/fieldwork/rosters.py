"""Household rosters as villages hand them in: checked, in the words of the design, one table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.codes import Directory, division_fault, is_identity, mask_identity, mask_name, shown
from evalkit.errors import DesignError, Faults, FieldworkError, FrameError
from evalkit.fieldwork.handed import Handed, Source, Within, hand_in, placed
from evalkit.given import takes
from evalkit.intake import village_codes
from evalkit.intake.layouts import FIELDS, plain_heading
from evalkit.patience import Progress
from evalkit.sample.households import note_absent
from evalkit.sheets import plain_numbers, write_csv
from evalkit.tickets import sound_id

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.design.sections import Rosters

MOST_PERSONS = 50  # a row with more is no household: a village total, a telephone number, an income
VILLAGES, TOWNSHIPS = (*FIELDS["village"], "村名", "村名称"), (*FIELDS["township"], "乡镇名称", "街道")
COVERS = {"head": mask_name, "id_number": mask_identity}
COLUMNS = ("village", "household", "stratum", "persons", "head", "id_number", "address")


@takes(FrameError)
def read_rosters(
    source: Source, design: Design, *, villages: Iterable[str] | None = None, known: Directory | None = None, register: bool = False,
    progress: Progress | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Read household rosters under the column mapping of the design.

    Parameters
    ----------
    source : path, folder, several paths, or table
        Rosters of any villages, in any order; one file may hold several villages. A polars LazyFrame, a DuckDB relation, a Spark
        or Dask table stays in its engine and is taken for a register.
    design : Design
        With `[rosters]`.
    villages : iterable of str, optional
        The villages that may appear; others are refused. By default any village may. Of a register, whose villages are
        brought: those that were drawn; no row of another one leaves its engine.
    known : Directory, optional
        Villages by name, as ``frame.directory("township")`` gives them: rosters that name a village in place of its code
        are then read, by the name of the township where there is a column 乡（镇）; and codes that are not in the list,
        where the columns 行政村 and 乡（镇） beside them agree with it.
    register : bool
        Whether the source is the register of all villages, of which the others are passed over; in Parquet or CSV it may be
        larger than memory.
    progress : callable, optional
        Told a line a file.

    Returns
    -------
    DataFrame
        Columns village, household, stratum (the design's words), persons (int), head, id_number, address
        (the last three ``""`` where not mapped) and the further columns of `[rosters]`, sorted by village and household.
        Heads and identity numbers are covered unless `[privacy] keep` names their columns.

    Raises
    ------
    FieldworkError
        With every fault of all files: absent columns, ids turned into numbers, blank, unsound or repeated
        household numbers, unknown household types, persons that are no positive integer; a drawn village without a row in a
        register from which the villages were counted (`[frame] rows`).

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
    within = _within(source, design, villages, register)
    handed, faults = _handed(source, design, within, progress)
    if within is not None and (register or handed.others is not None):
        _note_absent(handed, faults, design, within)
    return _checked(handed, faults, design, villages, known)


def write_rosters(register: str | Path, design: Design, villages: Iterable[str], path: Path) -> int:
    """Write the rows of some villages as a roster under the headings of the register, which stays where it is.

    Parameters
    ----------
    register : str or pathlib.Path
        Parquet or CSV, however large.
    design : Design
        With `[rosters]`; only its columns are written.
    villages : iterable of str
        A village that the register does not hold is not written, its roster is still to come; it is refused where the list of
        villages was counted from a register.
    path : pathlib.Path
        CSV, by village and household; nothing is written without a row.

    Returns
    -------
    int
        How many rows were written.
    """
    columns, mapped, more = _mapped(design)
    within = Within(columns.village, frozenset(villages), needed=True, register=True)
    handed, faults = _handed(register, design, within)
    _note_absent(handed, faults, design, within)
    _checked(handed, faults, design, villages, None)
    table = handed.table[[*mapped.values(), *more]].sort_values([columns.village, columns.household], kind="stable")
    if len(table):
        write_csv(table, path)
    return len(table)


def _mapped(design: Design) -> tuple[Rosters, dict[str, str], list[str]]:
    """Return the section, the headings of what it maps, and the further columns."""
    columns = design.rosters
    if columns is None:
        raise DesignError("rosters｜缺｜读名册需要列名｜写 [rosters]")
    mapped = {name: getattr(columns, name) for name in COLUMNS if getattr(columns, name)}
    return columns, mapped, [column for column in columns.columns if column not in mapped.values()]


def _handed(source: Source, design: Design, within: Within | None, progress: Progress | None = None) -> tuple[Handed, Faults]:
    _, mapped, more = _mapped(design)
    ids = [mapped[name] for name in ("village", "household", "id_number") if name in mapped]
    hidden = [mapped[name] for name in ("household", "head", "id_number", "address") if name in mapped]
    return hand_in(source, "名册", [*mapped.values(), *more], ids, FieldworkError, hidden, within, progress)


def _checked(
    handed: Handed, faults: Faults, design: Design, villages: Iterable[str] | None, known: Directory | None
) -> pd.DataFrame:
    """Return rosters in the words of the design, or refuse them with every fault."""
    columns, mapped, more = _mapped(design)
    if known is not None:
        handed = _with_codes(handed, faults, columns.village, known)
    _check_ids(handed, faults, columns, design, villages)
    strata, persons = _strata(handed, faults, columns, design), _persons(handed, faults, columns)
    handed.placed(faults, columns.village).refuse(FieldworkError)
    table = pd.DataFrame({name: handed.table[mapped[name]] if name in mapped else "" for name in COLUMNS}, index=handed.table.index)
    table = table.assign(stratum=strata, persons=persons, **{column: handed.table[column] for column in more})
    table = table.assign(**{name: table[name].map(COVERS[name]) for name in COVERS if mapped.get(name) not in design.privacy.keep})
    return table.sort_values(["village", "household"], kind="stable", ignore_index=True)


def _note_absent(handed: Handed, faults: Faults, design: Design, within: Within) -> None:
    if design.frame.rows:
        note_absent(faults, within.village, within.villages, handed.table[within.village])


def _within(source: Source, design: Design, villages: Iterable[str] | None, register: bool) -> Within | None:
    """Return which rows of a register are brought; one whose villages are not named is refused, it would fill the memory."""
    column = _mapped(design)[0].village
    if villages is not None:
        return Within(column, frozenset(villages), needed=True, register=register)
    if register or Within(column, ()).far(source, FieldworkError) is not None:
        raise FieldworkError("villages｜名册留在原处，没有写要哪些村｜写 villages=sample.villages，只取回抽中的村")
    return None


def known_strata(design: Design) -> tuple[str, ...]:
    """Return the household strata of the design, in its order; empty when it names none.

    Where the quotas name them these are all there are: a household of another stratum could not be drawn.
    """
    named: list[str] = []
    for stage in design.roster_stages[-1:]:
        own = [name for name in stage.strata if design.rosters is None or name not in design.rosters.columns]
        named += stage.named_strata if len(own) == len(stage.strata) == 1 else ()
    if named:
        return tuple(dict.fromkeys(named))
    if design.criteria is not None:
        named += [*design.criteria.exited, *design.criteria.registered, *design.criteria.outside]
    if design.rosters is not None:
        named += list(design.rosters.strata.values())
    return tuple(dict.fromkeys(named))


def _with_codes(handed: Handed, faults: Faults, column: str, known: Directory) -> Handed:
    """Return the rosters with names of villages replaced by their codes; names that are not certain are refused at once.

    A code that is not in the list, as those of an older edition are, gives way to the name beside it where name and township
    agree with the list; else it stays, and is refused as a code.
    """
    cells, codes = handed.table[column], {code for code, _, _ in known.villages}
    township, village = _beside(handed, column, TOWNSHIPS), _beside(handed, column, VILLAGES)
    strange = ~cells.isin(codes) & (cells != "")
    is_code = cells.str.fullmatch("[0-9A-Za-z_.-]+")
    old = strange & is_code & (village != "") & (township != "")
    renewed = village_codes(_asked(handed, village, township)[old], known, Faults(""))
    named = strange & ~is_code
    found = village_codes(_asked(handed, cells, township)[named], known, faults)
    faults.refuse(FieldworkError)
    made = pd.concat([renewed[renewed != ""], found]).reindex(cells.index)
    return replace(handed, table=handed.table.assign(**{column: made.where(made.notna(), cells)}))


def _asked(handed: Handed, village: pd.Series, township: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"village": village, "township": township, "row": handed.rows})


def _beside(handed: Handed, column: str, headings: tuple[str, ...]) -> pd.Series:
    """Return the other column that has one of some headings, brackets and blanks passed over; blanks where there is none."""
    name = next((name for name in map(str, handed.table) if name != column and plain_heading(name) in headings), None)
    return handed.table[name] if name is not None else pd.Series("", index=handed.table.index)


def _check_ids(handed: Handed, faults: Faults, columns: Rosters, design: Design, villages: Iterable[str] | None) -> None:
    village, household = handed.table[columns.village], handed.table[columns.household]
    for column, cells in ((columns.village, village), (columns.household, household)):
        handed.note(faults, cells == "", column, "空白", "补上代码或编号")
        unsound = [cell != "" and not sound_id(cell) for cell in cells]
        handed.note(faults, unsound, column, "代码与编号中不能有 |、/、空格或控制字符", "去掉这些字符")
    handed.note(faults, household.map(is_identity), columns.household, "户编号是身份证号，不能用来抽样", "改用名册中的户编号")
    _check_villages(handed, faults, columns.village, design.frame.code == "division", None if villages is None else set(villages))
    repeated = pd.DataFrame({"v": village, "h": household}).duplicated(keep=False) & (household != "")
    handed.note(faults, repeated, columns.household, "同一村中户编号重复", "每户一行、一个编号；人员名册先并成户")
    rule = "看来丢了开头的 0（同村其他编号更长，以 0 开头）"
    handed.note(faults, _lost_zeros(village, household), columns.household, rule, "把该列设为文本格式，补足位数")


def _lost_zeros(village: pd.Series, household: pd.Series) -> pd.Series:
    """Say which numbers a spreadsheet has shortened: in a village whose numbers start with 0 and have one length."""
    digits = household.str.fullmatch(r"[0-9]+")
    length = household.str.len().where(digits & household.str.startswith("0")).groupby(village)
    same = length.transform("min") == length.transform("max")
    return digits & same & (household.str.len() < length.transform("max"))


def _check_villages(handed: Handed, faults: Faults, column: str, division: bool, drawn: set[str] | None) -> None:
    """Note one fault for each file and code: a whole roster stands under a wrong code, not one row of it."""
    village = handed.table[column]
    faulty = village.map({code: division_fault(code) if division else "" for code in village.unique()})
    if drawn is not None:
        faulty = faulty.where((faulty != "") | village.isin(drawn), "不是抽中的村")
    faulty = faulty.where(village != "", "")
    wrong = (faulty != "").to_numpy()
    wrong = wrong & ~handed.note_names(faults, wrong, column, drawn or ())
    told = pd.DataFrame({"file": handed.files, "village": village, "fault": faulty})[wrong]
    for group, rows in told.groupby(["file", "village", "fault"], sort=False):
        file, code, fault = (str(part) for part in group)
        remedy = "移走这个村的名册，或改正村代码" if fault == "不是抽中的村" else "改为名单中的 12 位村代码"
        count = f"（{len(rows)} 行）" if len(rows) > 1 else ""
        faults.add(int(handed.rows[rows.index[0]]), placed(file, column), shown(code), f"{fault}{count}", remedy)


def _strata(handed: Handed, faults: Faults, columns: Rosters, design: Design) -> pd.Series:
    strata = handed.table[columns.stratum].replace(columns.strata)
    known = known_strata(design)
    handed.note(faults, strata == "", columns.stratum, "空白", "补上户类型")
    if known:
        strange = ~strata.isin(known) & (strata != "")
        remedy = f"改为 {'、'.join(known)}，或在 [rosters.strata] 中写明对应"
        handed.note(faults, strange, columns.stratum, "不认识的户类型", remedy, known=known)
    return strata


def _persons(handed: Handed, faults: Faults, columns: Rosters) -> pd.Series:
    whole, persons = whole_numbers(handed.table[columns.persons])
    handed.note(faults, ~(whole & (persons >= 1)), columns.persons, "应为不小于 1 的整数", "填写户内人数")
    handed.note(faults, whole & (persons > MOST_PERSONS), columns.persons, f"人数多于 {MOST_PERSONS}", "一户一行；核对人数")
    return persons


def whole_numbers(cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return which cells are whole numbers, and the numbers (0 where they are not).

    Examples
    --------
    >>> whole_numbers(pd.Series(["3", "2.0", "2.5", "", "三"]))[1].tolist()
    [3, 2, 0, 0, 0]
    """
    numbers = plain_numbers(cells)
    whole = numbers.notna() & (numbers == np.floor(numbers)) & (numbers.abs() < 10**9)
    return whole, numbers.where(whole, 0).astype(np.int64)

