"""Withheld cells cannot be reckoned back: an auditor solves for each of them by linear programming."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from evalkit.errors import EstimateError
from evalkit.suppression import small, withheld_line, withheld_table

COUNTS = st.integers(2, 4).flatmap(
    lambda rows: st.integers(2, 4).flatmap(
        lambda columns: st.lists(st.lists(st.integers(0, 30), min_size=columns, max_size=columns), min_size=rows, max_size=rows)
    )
)


def ranges(counts: np.ndarray, cells: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> list[tuple[float, float]]:
    """Return the least and the largest value that each withheld cell can have, from all that is published."""
    r, c = counts.shape
    kept, values = [], []
    for i in range(r):
        if not rows[i]:
            kept.append([int(k // c == i) for k in range(r * c)])
            values.append(counts[i].sum())
    for j in range(c):
        if not columns[j]:
            kept.append([int(k % c == j) for k in range(r * c)])
            values.append(counts[:, j].sum())
    kept.append([1] * (r * c))
    values.append(counts.sum())
    bounds = [(0, None) if cells.flat[k] else (counts.flat[k], counts.flat[k]) for k in range(r * c)]
    found = []
    for k in np.flatnonzero(cells):
        unit = np.eye(r * c)[k]
        low = linprog(unit, A_eq=kept, b_eq=values, bounds=bounds).fun
        found.append((low, -linprog(-unit, A_eq=kept, b_eq=values, bounds=bounds).fun))
    return found


@settings(max_examples=60, deadline=None)
@given(COUNTS)
def test_no_withheld_cell_can_be_reckoned_back(table: list[list[int]]) -> None:
    counts = np.array(table)
    cells, rows, columns = withheld_table(counts)
    assert cells[small(counts)].all() and not cells[counts == 0].any()
    if np.count_nonzero(counts) < 2:
        return  # one cell that is the whole table: told in the docstring
    for low, high in ranges(counts, cells, rows, columns):
        assert high - low > 0.99


@given(st.lists(st.integers(0, 60), min_size=2, max_size=8))
def test_a_line_hides_two_or_none(counts: list[int]) -> None:
    hidden = withheld_line(counts)
    nonzero = np.count_nonzero(counts)
    assert hidden[small(counts)].all() and not hidden[np.array(counts) == 0].any()
    assert hidden.sum() != 1 or nonzero == 1
    assert hidden.sum() <= max(2, small(counts).sum())  # no more than it takes


def test_totals_go_only_where_nothing_else_helps() -> None:
    cells, rows, columns = withheld_table([[2, 0, 0], [0, 20, 30], [0, 40, 50]])
    assert cells[0, 0] and rows[0] and columns[0]
    cells, rows, columns = withheld_table([[2, 20], [30, 40]])
    assert cells.all() and not rows.any() and not columns.any()


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: small([1, -1]), "不小于 0 的整数"),
        (lambda: small([0.5]), "不小于 0 的整数"),
        (lambda: small([np.nan]), "不小于 0 的整数"),
        (lambda: small([1], most=0), "不小于 1 的整数"),
        (lambda: small([1], most=True), "不小于 1 的整数"),
        (lambda: withheld_table([1, 2]), "二维的计数"),
    ],
)
def test_what_is_no_table_of_counts_is_refused(ask, says) -> None:
    with pytest.raises(EstimateError, match=says):
        ask()
