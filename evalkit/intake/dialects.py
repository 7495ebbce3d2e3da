"""Where returns come from, told by their headings: only where it is certain."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from evalkit.codes import seem_data, shown_label
from evalkit.errors import ResponsesError
from evalkit.intake import kobo, wjx
from evalkit.sheets import Grid, Limits, read_grids
from evalkit.sheets.books import first_page
from evalkit.sheets.grids import folded
from evalkit.sheets.reading import sound_file
from evalkit.sheets.statistical import READERS, labelled

DIALECTS = {
    "plain": "一行列名、以下一户一行的表（Excel、CSV、Parquet、SPSS、Stata）",
    "kobo": "Kobo、ODK、SurveyCTO 的导出",
    "wjx": "问卷星的导出（可另给文本文件 labels=）",
}
MARKS = {"kobo": kobo.MARKS, "wjx": wjx.MARKS}
CERTAIN = 2  # marks of a dialect that are no accident
TITLE_ROWS = 10


class Page(NamedTuple):
    """A sheet and the row of its headings, counted from 0."""

    name: str
    grid: Grid
    head: int

    @property
    def headings(self) -> list[str]:
        """The headings in one spelling."""
        return [folded(cell) for cell in self.grid.rows[self.head]] if len(self.grid.rows) > self.head else []


def read_pages(path: str | Path, sheet: str, limits: Limits) -> tuple[list[Page], dict[str, str], dict[str, dict[str, str]]]:
    """Read the sheets of a file, titles passed over and cells filled that were merged downwards; and what it tells of questions."""
    questions: dict[str, str] = {}
    told: dict[str, dict[str, str]] = {}
    if sound_file(path).suffix.lower() in READERS:
        grid, questions, told = labelled(Path(path))
        grids = {"": grid}
    else:
        grids = read_grids(path, sheet, limits)
    pages = [_one_row(Page(name, grid, _head(grid))) for name, grid in grids.items()]
    filled = [Page(page.name, page.grid.spread(page.head + 1, len(page.grid.rows), down=True), page.head) for page in pages]
    return filled, questions, told


def recognised(name: str, pages: list[Page], dialect: str | None) -> tuple[str, Page, list[Page]]:
    """Return the dialect, the sheet of the interviews and the other sheets.

    Raises
    ------
    ResponsesError
        When the headings bear marks of several dialects, or too few of one to be certain; or when several sheets hold tables
        of which none is a repeated group.
    """
    if not pages:
        raise ResponsesError(f"{name}｜没有可见的工作表｜核对文件")
    made = dialect or certain(name, pages)
    if made == "kobo":
        main = next((page for page in pages if not {"_parent_index", "PARENT_KEY"} & set(page.headings)), pages[0])
        return made, main, [page for page in pages if page is not main]
    first = first_page(name, {page.name: page.grid for page in pages})
    return made, next(page for page in pages if page.grid is first), []


def certain(name: str, pages: list[Page]) -> str:
    """Return the dialect of which the headings bear marks; ``plain`` where they bear none."""
    headings = set(pages[0].headings)
    found = {dialect: sorted(headings & set(marks)) for dialect, marks in MARKS.items()}
    some = [dialect for dialect, marks in found.items() if marks]
    if not some:
        return "plain"
    if len(some) > 1 or len(found[some[0]]) < CERTAIN:
        seen = "、".join(shown_label(mark) for marks in found.values() for mark in marks)
        known = "；".join(f'dialect="{key}" {told}' for key, told in DIALECTS.items())
        raise ResponsesError(f"{name}｜看不准出自哪里（列名中有 {seen}）｜写明 {known}")
    return some[0]


def _one_row(page: Page) -> Page:
    """Return the page with two rows of headings made one: under cells merged sideways, which name groups, the lower row names columns."""
    grid, head = page.grid, page.head
    groups = [(left, right) for (top, left), (bottom, right) in grid.merged if top == bottom == head and right > left]
    lower = grid.rows[head + 1] if len(grid.rows) > head + 1 else []
    named = [cell for cell in lower if cell]
    if not groups or not all(any(lower[left : right + 1]) for left, right in groups) or seem_data(named):
        return page
    rows = grid.spread(head, head + 2, down=False).rows
    upper, under = (rows[at] + [""] * (grid.width - len(rows[at])) for at in (head, head + 1))
    heads = [below or above for above, below in zip(upper, under, strict=True)]
    return Page(page.name, Grid([*rows[: head + 1], heads, *rows[head + 2 :]], grid.merged), head + 1)


def _head(grid: Grid) -> int:
    """Return the row of the headings: the first one with more than one cell, a title above has one."""
    for at, row in enumerate(grid.rows[:TITLE_ROWS]):
        if len({cell for cell in row if cell}) > 1:
            return at
    return 0
