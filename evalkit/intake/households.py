"""Persons to households: one row each, checked for heads, counts and values that differ within a household."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from evalkit.errors import Faults
from evalkit.intake.layouts import OF_PERSON

HEAD = "_head"
HEADS = ("户主", "本人或户主", "本人")
OWN = ("name", "id_number", "health", "person_phone")  # of the head, where they are kept
NUMBERS = ("stated", "income")
SPLIT = ("village", "village_code", "township", "county")


def one_row_each(persons: pd.DataFrame, told: Mapping[str, str], faults: Faults) -> pd.DataFrame:
    """Return one row for each household: what its head's row says, persons counted.

    Parameters
    ----------
    persons : DataFrame
        After `check_persons`; rows without a household number are left out.
    told : mapping of str to str
        Own word → heading of the file.
    """
    persons = persons[persons["household"] != ""]
    persons = persons.assign(**{HEAD: persons["relation"].isin(HEADS)})
    groups = persons.groupby("household", sort=False)
    counted, heads = groups.size(), groups[HEAD].sum()
    rows = pd.Series(persons.index + 2, index=persons.index).groupby(persons["household"], sort=False).first()
    kept = [str(word) for word in persons if word not in (*OF_PERSON, HEAD, "household")]
    said = persons.assign(row=persons.index + 2).sort_values(HEAD, ascending=False, kind="stable")
    lead = _blank(said, kept).groupby("household", sort=False)[[*kept, "row"]].first().reindex(counted.index)
    _note_heads(faults, heads, rows, told["relation"])
    _note_counts(faults, lead, counted, rows, told)
    _note_differences(faults, persons, told)
    texts = [word for word in kept if word not in NUMBERS]
    table = lead.assign(**{word: lead[word].fillna("").astype(str) for word in texts})
    table = table.assign(persons=counted, heads=heads.astype(int), row=lead["row"].astype(int))
    return table[[*kept, "persons", "heads", "row"]].reset_index()


def _blank(persons: pd.DataFrame, words: list[str]) -> pd.DataFrame:
    """Return the rows with blanks missing, so that what only one row of a household says stands for all."""
    return persons.assign(**{word: persons[word].replace("", None) for word in words if word not in NUMBERS})


def _note_heads(faults: Faults, heads: pd.Series, rows: pd.Series, heading: str) -> None:
    for count, rule in ((0, "这一户没有户主"), (2, "这一户有两个以上户主")):
        wrong = heads == 0 if count == 0 else heads >= count
        faults.add_rows(rows[wrong] - 2, heading, rule, "核实户主，每户恰有一行写户主")


def _note_counts(faults: Faults, lead: pd.DataFrame, counted: pd.Series, rows: pd.Series, told: Mapping[str, str]) -> None:
    if "stated" not in lead:
        return
    differ = (lead["stated"].notna() & (lead["stated"] != counted)).fillna(False).astype(bool)
    for said, found, row in zip(lead["stated"][differ], counted[differ], rows[differ], strict=True):
        faults.add(int(row), told["stated"], f"{said}（实有 {found} 行）", "人数与该户的行数不同", "补上缺的人，删去多的人，或改正人数")


def _note_differences(faults: Faults, persons: pd.DataFrame, told: Mapping[str, str]) -> None:
    """Note the first row of a household that says something else of it than the rows before; a blank says nothing."""
    common = [str(word) for word in persons if word not in (*OF_PERSON, *OWN, HEAD, "household", "phone")]
    blank = _blank(persons, common)
    first = blank.groupby("household", sort=False)[common].transform("first")
    for word in common:
        differ = (blank[word].notna() & (blank[word] != first[word])).fillna(False).to_numpy(dtype=bool)
        where = persons.index[differ]
        where = where[~persons.loc[where, "household"].duplicated().to_numpy()]
        rule = "同一户编号分在不同的村" if word in SPLIT else "同一户各行不一致"
        faults.add_rows(where, told[word], rule, "核实后改成一致")
