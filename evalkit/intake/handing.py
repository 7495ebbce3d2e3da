"""What was handed in under the headings of a design, whatever it was made with: so that lists and returns go in as they are."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from evalkit.errors import EvalkitError, Faults
from evalkit.intake.dialects import Page, certain, read_pages
from evalkit.intake.layouts import find_headings
from evalkit.intake.registers import under_headings
from evalkit.intake.returns import settled
from evalkit.sheets import Limits
from evalkit.sheets.books import first_page
from evalkit.sheets.grids import folded

LIMITS = Limits()


def read_handed(path: str | Path, subject: str, needed: Iterable[str], error: type[EvalkitError]) -> pd.DataFrame:
    """Read a table under the headings that are needed.

    A table that has them is read as it stands, also below a title. One that lacks some is tried as an export of a phone or
    web form, or of the national registry, whose persons become households; where it is none of these, it comes back as it
    is, and who asked for the headings says which are absent.

    Parameters
    ----------
    path : str or pathlib.Path
    subject : str
        What it is, for messages.
    needed : iterable of str
        Headings of the design.
    error : type of EvalkitError

    Returns
    -------
    pandas.DataFrame
        Text; ``index + 2`` is the row in the spreadsheet.
    """
    wanted = [folded(heading) for heading in needed]
    try:
        pages, questions, told = read_pages(path, "", LIMITS)
        plain = not pages or set(wanted) <= set(pages[0].headings)
        if not plain and (found := [page for page in pages if find_headings(page.grid)]):
            return under_headings(Path(path).name, found[0].grid, wanted)
        if not plain and certain(Path(path).name, pages) != "plain":
            made = settled(path, pages, None, None, {}, (), (), (), questions, told, always=wanted)
            return made.table()
        return _as_it_stands(Path(path).name, pages, subject, error)
    except EvalkitError as refusal:
        raised = error(str(refusal))
        raised.faults = refusal.faults
        raise raised from None


def _as_it_stands(name: str, pages: list[Page], subject: str, error: type[EvalkitError]) -> pd.DataFrame:
    grids = {page.name: page.grid for page in pages}
    first = first_page(name, grids)
    head = next(page.head for page in pages if page.grid is first)
    return first.table(Faults(f"{subject}（{name}）"), error, head)
