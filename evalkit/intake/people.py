"""What is asked of the rows of a registry export, one a person: numbers, months, years; each fault with its row."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from evalkit.codes import identity_fault, is_identity, normalise
from evalkit.errors import Faults
from evalkit.intake.layouts import MONTHS
from evalkit.sheets import Known, plain_numbers
from evalkit.sheets.moments import month, year

BLANKS = ("—", "-", "--", "/", "无")
MOST_PERSONS = 50


def check_persons(persons: pd.DataFrame, told: Mapping[str, str], faults: Faults) -> pd.DataFrame:
    """Return the rows with digits half-width, months, years and numbers in one form; note what is none.

    Parameters
    ----------
    persons : DataFrame
        Text under own words; ``index + 2`` is the row in the spreadsheet.
    told : mapping of str to str
        Own word → heading of the file.
    """
    plain = Known(lambda cell: normalise(cell))
    table = pd.DataFrame({word: [plain[cell] for cell in persons[word]] for word in persons}, index=persons.index, dtype=str)
    table = table.replace({word: dict.fromkeys(BLANKS, "") for word in table if word not in ("household", "id_number")})
    _note(faults, table, table["household"] == "", told["household"], "户编号空白", "补上户编号；表尾的合计与说明行应删去")
    identities = table["household"].map({number: is_identity(number) for number in table["household"].unique()}).astype(bool)
    _note(faults, table, identities, told["household"], "户编号是证件号码", "改用登记系统的户编号；证件号码不能作户编号")
    if "id_number" in table:
        _check_numbers(table, told["id_number"], faults)
    for word in (each for each in MONTHS if each in table):
        table[word] = _told_as(table, word, told, faults, month, "应为年月，如 201412")
    if "exit_year" in table:
        table["exit_year"] = _told_as(table, "exit_year", told, faults, year, "应为年份，如 2018")
    for word in (each for each in ("stated", "income") if each in table):
        table[word] = _numbers(table, word, told, faults)
    return table


def _check_numbers(table: pd.DataFrame, heading: str, faults: Faults) -> None:
    numbers = table["id_number"].str.upper()
    spoilt = {fault.row for fault in faults if fault.column == heading}
    rules = numbers.map({number: identity_fault(number) if number else "证件号码空白" for number in numbers.unique()})
    for at, rule in zip(table.index, rules, strict=True):
        if rule and int(at) + 2 not in spoilt:
            faults.add(int(at) + 2, heading, None, rule, "按证件原件改正")
    citizen = numbers.str[:18].where(rules == "", "")
    first: dict[str, int] = {}
    for at, number in zip(table.index, citizen, strict=True):
        if number and number in first:
            faults.add(int(at) + 2, heading, None, f"证件号码重复，先见于第 {first[number]} 行", "一人一行；核实后删去或改正其一")
        elif number:
            first[number] = int(at) + 2


def _told_as(table: pd.DataFrame, word: str, told: Mapping[str, str], faults: Faults, read: object, rule: str) -> pd.Series:
    assert callable(read)
    cells = table[word]
    made = cells.map({cell: read(cell) for cell in cells.unique()})
    _note(faults, table, (made == "") & (cells != ""), told[word], rule, "改为这种写法")
    return made


def _numbers(table: pd.DataFrame, word: str, told: Mapping[str, str], faults: Faults) -> pd.Series:
    cells = table[word]
    numbers = plain_numbers(cells)
    if word == "income":
        _note(faults, table, numbers.isna() & (cells != ""), told[word], "应为数值（元/人·年）", "改为数值，如 6444.67；不带单位与文字")
        return numbers
    sound = numbers.between(1, MOST_PERSONS) & (numbers % 1 == 0)
    _note(faults, table, ~sound, told[word], f"应为 1 至 {MOST_PERSONS} 的整数", "填写户内人数")
    return numbers.where(sound).astype("Int64")


def _note(faults: Faults, table: pd.DataFrame, mask: pd.Series, column: str, rule: str, remedy: str) -> None:
    faults.add_rows(table.index[mask.to_numpy(dtype=bool)], column, rule, remedy)
