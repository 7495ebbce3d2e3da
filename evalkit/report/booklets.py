"""Assignment books on paper: one PDF for each team and village, the sealed reserves on a sheet of their own."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evalkit.charts import absent_told, missing_characters
from evalkit.errors import FieldworkError
from evalkit.fieldwork import Assignment
from evalkit.fieldwork.books import Book, assignment_books
from evalkit.fieldwork.lists import SEALED
from evalkit.given import takes
from evalkit.patience import Progress, counted
from evalkit.report.typeset import typeset_pdf
from evalkit.sheets import Page, write_bytes

LAYOUT = Path(__file__).with_name("booklet.typ")
STAMP = datetime(2000, 1, 1, tzinfo=UTC)  # no clock in a file that has to be the same bytes every time
SMALLEST, LARGEST = 5.0, 26.0  # shares of the width of a page


@takes(FieldworkError)
def write_booklets(assignment: Assignment, folder: str | Path, *, progress: Progress | None = None) -> list[Path]:
    """Write the assignment books as PDFs to print.

    Parameters
    ----------
    assignment : Assignment
    folder : str or pathlib.Path
        Made when absent; in it there is a folder for each team.
    progress : callable, optional
        Told a line a book.

    Returns
    -------
    list of pathlib.Path
        ``<team>/<village code>_<village name>.pdf``, A4 across, with the bundled font: the list with room to write; in the book of
        the reserves' keeper also the sealed list, which begins on a fresh sheet even when both sides are printed.

    Warns
    -----
    UserWarning
        Once, with the characters that the bundled font cannot draw.
    """
    books = list(assignment_books(assignment))
    absent = missing_characters("".join(_text(book) for book in books))
    if absent:
        warnings.warn(absent_told(absent), stacklevel=2)
    simulated = assignment.sample.design.simulated
    return [write_bytes(book.place(folder, ".pdf"), _bytes(book, simulated)) for book in counted(books, "写册子（PDF）", progress)]


def _bytes(book: Book, simulated: bool) -> bytes:
    mark = "模拟数据" if simulated else ""
    data = {"title": f"{book.team} {book.village.name}", "mark": mark, "pages": [_page(name, page) for name, page in book.pages.items()]}
    return typeset_pdf(LAYOUT, "book", data, STAMP)


def _page(name: str, page: Page) -> dict[str, Any]:
    widths = page.widths if isinstance(page.widths, dict) else {}
    return {
        "title": page.title,
        "sealed": name == SEALED,
        "heads": [str(heading) for heading in page.table.columns],
        "shares": [min(max(float(widths.get(heading, 10.0)), SMALLEST), LARGEST) for heading in page.table.columns],
        "rows": [[str(cell) for cell in row] for row in page.table.itertuples(index=False, name=None)],
        "notes": list(page.notes),
        "choices": [f"{heading}：{'、'.join(words)}" for heading, words in page.choices.items()],
        "footer": page.footer,
    }


def _text(book: Book) -> str:
    return "".join(f"{page.title}{''.join(page.table.astype(str).to_numpy().ravel())}" for page in book.pages.values())
