"""Whose a row of a form is: persons of households, forms of villages and townships; who is nobody's, and who has none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.codes import shown_label
from evalkit.errors import Fault, Faults, ScreeningError
from evalkit.fieldwork.handed import Handed, named
from evalkit.given import needs
from evalkit.sheets import plain_numbers

if TYPE_CHECKING:
    from evalkit.design.linking import LinkedForm

TOWNSHIP = 9  # digits of a township in a village code of 12


def households_of(parts: Iterable[tuple[LinkedForm, Handed]], given: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return the households that persons hang on: village, household, persons; those of the household form, else those given."""
    for form, handed in parts:
        if form.kind == "household":
            persons = plain_numbers(handed.table[form.persons]) if form.persons else float("nan")
            table = handed.table[[form.village, form.household]].set_axis(["village", "household"], axis=1)
            return table.assign(persons=persons).drop_duplicates(["village", "household"], ignore_index=True)
    if given is None:
        return None
    needs(given, ("village", "household", "persons"), "户表", ScreeningError)
    return given[["village", "household", "persons"]].drop_duplicates(["village", "household"], ignore_index=True)


def attach_persons(form: LinkedForm, handed: Handed, known: pd.DataFrame) -> Faults:
    """Return persons whose household is not there, households without persons, and households of another number of persons."""
    faults = Faults(form.name)
    place = [form.village, form.household]
    whose = pd.MultiIndex.from_frame(handed.table[place])
    households = pd.MultiIndex.from_frame(known[["village", "household"]].astype(str))
    filled = (handed.table[place] != "").all(axis=1).to_numpy()
    orphans = ~whose.isin(households) & filled
    handed.note(faults, orphans, form.household, "户表中没有这一户", "改正编号，或补交户表", whose=(form.village, form.household))
    rows = whose[filled].value_counts().reindex(households, fill_value=0).to_numpy()
    for village, household, said, here in zip(known["village"], known["household"], known["persons"], rows, strict=True):
        who = named(str(village), str(household))
        if not here:
            faults.add(None, "", who, "没有人口行", "补交这一户的人口表")
        elif said == said and int(said) != here:
            faults.add(None, "", who, f"户表写 {said:g} 人，人口表有 {here} 行", "核对人数与人员")
    return faults


def attach_places(form: LinkedForm, handed: Handed, villages: Sequence[str]) -> Faults:
    """Return forms of places that were not drawn, and drawn places without a form."""
    faults = Faults(form.name)
    column = form.village if form.link == "village" else form.township
    places = list(dict.fromkeys(villages if form.link == "village" else (village[:TOWNSHIP] for village in villages)))
    cells = handed.table[column]
    handed.note(faults, ~cells.isin(places) & (cells != ""), column, "不在抽中的村（乡镇）中", "改正代码，或移走这份表")
    if form.kind in ("village", "township"):
        faults.extend(Fault(None, column, shown_label(place), "没有交回", "补交这份表") for place in places if not (cells == place).any())
    return faults
