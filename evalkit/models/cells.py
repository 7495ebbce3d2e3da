"""Two-way tables: the rows of a survey by two columns, with weighted counts and shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.errors import EstimateError
from evalkit.estimates import Estimate
from evalkit.estimates.domains import Missing
from evalkit.estimates.statistics import share_block
from evalkit.models.rows import grouped, one_domain
from evalkit.variances import Floats, Ints

if TYPE_CHECKING:
    from evalkit.survey import Survey


@dataclass(frozen=True, eq=False)
class Cells:
    """Rows of a survey in the cells of a two-way table.

    Attributes
    ----------
    code : (rows,) int array
        Cell of each row, row levels first; negative outside the domain.
    names : (str, str)
        The two columns.
    rows, columns : tuple
        Levels that occur in the domain; a combination may be empty.
    """

    survey: Survey
    code: Ints
    names: tuple[str, str]
    rows: tuple[Any, ...]
    columns: tuple[Any, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of row and column levels."""
        return len(self.rows), len(self.columns)

    @property
    def count(self) -> int:
        """Number of cells."""
        return len(self.rows) * len(self.columns)

    @property
    def n(self) -> int:
        """Rows of the survey in the table."""
        return int((self.code >= 0).sum())

    @property
    def labels(self) -> list[tuple[Any, ...]]:
        """Row level and column level of each cell."""
        return [(row, column) for row in self.rows for column in self.columns]

    def sums(self, weights: Floats) -> Floats:
        """Sum weights by cell."""
        inside = self.code >= 0
        return np.bincount(self.code[inside], weights=weights[inside], minlength=self.count).astype(float)

    def marks(self) -> Floats:
        """One column a cell, 1 where the row is in it."""
        found = np.zeros((len(self.code), self.count))
        inside = np.flatnonzero(self.code >= 0)
        found[inside, self.code[inside]] = 1.0
        return found

    def estimate(self, values: Callable[[Floats], Floats], scores: Floats, kind: Any) -> Estimate:
        """Make an Estimate with a row a cell from what gives the values for a set of weights, and the scores."""
        inside = one_domain(self.survey, self.code >= 0)
        return Estimate.of_columns(self.survey, values(self.survey.weights), scores, self.labels, self.names, kind, values, inside)

    def totals(self) -> Estimate:
        """Estimate the weighted count of each cell: u = 1 in the cell."""
        return self.estimate(self.sums, self.marks(), "total")

    def shares(self, of: str = "all") -> Estimate:
        """Estimate the share of each cell in the table, its row or its column: a proportion of the rows there, with its interval."""
        whole = self._wholes(of)
        parts = [one_domain(self.survey, (self.code >= 0) & (whole[self.code] == part)) for part in range(int(whole.max()) + 1)]
        made = [share_block(self.survey, (self.code == cell).astype(float), parts[whole[cell]], None) for cell in range(self.count)]
        return Estimate.of_blocks(
            self.survey, [value for value, _ in made], self.labels, self.names, "proportion", [block for _, block in made]
        )

    def _wholes(self, of: str) -> Ints:
        """The whole that each cell is a share of."""
        row, column = np.divmod(np.arange(self.count), len(self.columns))
        known = {"all": np.zeros(self.count, dtype=np.int64), "row": row, "col": column}
        if of not in known:
            raise EstimateError(f"share={of!r}｜没有这种份额｜可用：\"all\"（全表）、\"row\"（行内）、\"col\"（列内），或 None（计数）")
        return known[of]


def in_cells(survey: Survey, row: str, col: str, where: Any, missing: Missing) -> Cells:
    """Sort the rows of a domain into the cells of two columns.

    Raises
    ------
    EstimateError
        The same column twice, missing values under "fail", missing="no", an empty domain.
    """
    if row == col:
        raise EstimateError(f"{row}｜行与列是同一列｜写两个不同的列名")
    code, keys = grouped(survey, [row, col], where, [], missing)
    held = [{key[at] for key in keys} for at in (0, 1)]
    rows, columns = (tuple(level for level in survey.levels(name)[1] if level in held[at]) for at, name in enumerate((row, col)))
    place = np.array([rows.index(first) * len(columns) + columns.index(second) for first, second in keys])
    return Cells(survey, np.where(code >= 0, place[code], -1), (row, col), rows, columns)


def crosstab(survey: Survey, row: str, col: str, *, share: str | None = None, where: Any = None, missing: Missing = "fail") -> Estimate:
    """Estimate a two-way table: weighted counts, or shares of the table, its rows or its columns.

    Parameters
    ----------
    survey : Survey
    row, col : str
        Columns whose values make the table.
    share : {"all", "row", "col"}, optional
        Shares of the whole table, within each row or within each column; counts without it.
    where : condition, column name or boolean array, optional
    missing : {"fail", "out"}

    Returns
    -------
    Estimate
        One row a cell, labelled (row level, column level); a combination that does not occur is 0.

    Raises
    ------
    EstimateError
        Missing values under "fail", the same column twice, an unknown share.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"team": ["a", "a", "b", "b"], "poor": [1, 0, 0, 0], "w": [2.0, 1, 1, 4]}), weights="w")
    >>> crosstab(survey, "team", "poor").value.tolist()
    [1.0, 2.0, 5.0, 0.0]
    >>> float(crosstab(survey, "team", "poor", share="col")["b", 0].value[0].round(6))
    0.833333
    """
    cells = in_cells(survey, row, col, where, missing)
    return cells.totals() if share is None else cells.shares(share)
