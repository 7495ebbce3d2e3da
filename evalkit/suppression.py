"""Small cells of published tables: which counts to withhold, and which others, so that no withheld count can be reckoned back.

Numbers in, numbers out. A count of one to `most` is withheld (primary suppression). Where a row, a column or
the whole lets a reader subtract his way to it, further cells are withheld (complementary suppression).
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.errors import EstimateError
from evalkit.later import later

csgraph = later("scipy.sparse.csgraph")
sparse = later("scipy.sparse")

FREE = 1e-9  # a cell that is withheld already costs nothing; csgraph takes 0 for no edge
MARGIN = 1e12  # a total is given up only where nothing else helps


def small(counts: ArrayLike, most: int = 4) -> NDArray[np.bool_]:
    """Return which counts are small: from 1 to `most`.

    Parameters
    ----------
    counts : array of float
        Numbers of units, of any shape.
    most : int
        The largest count that is withheld, ≥ 1.

    Returns
    -------
    ndarray of bool
        Of the same shape; a true zero is not small.

    Raises
    ------
    EstimateError
        When a count is negative or not whole, or `most` is less than 1.

    Examples
    --------
    >>> small([0, 1, 4, 5]).tolist()
    [False, True, True, False]
    """
    numbers = _counts(counts, most)
    return (numbers >= 1) & (numbers <= most)


def withheld_line(counts: ArrayLike, most: int = 4) -> NDArray[np.bool_]:
    """Return which cells of one line with a published total are withheld.

    One withheld cell alone is the total less the others: the smallest other cell that is not zero goes with it.

    Parameters
    ----------
    counts : array of float, shape (k,)
        The cells, which add up to the published total.
    most : int

    Returns
    -------
    ndarray of bool, shape (k,)

    Examples
    --------
    >>> withheld_line([30, 2, 9, 0]).tolist()
    [False, True, True, False]
    >>> withheld_line([30, 2, 3]).tolist()
    [False, True, True]

    Alone in its line, a small cell is the total: the total has to go as well, which is the caller's to do.

    >>> withheld_line([0, 2, 0]).tolist()
    [False, True, False]
    """
    numbers = _counts(counts, most)
    hidden = small(numbers, most)
    others = np.flatnonzero(~hidden & (numbers > 0))
    if hidden.sum() == 1 and len(others):
        hidden[others[np.argmin(numbers[others])]] = True
    return hidden


def withheld_table(counts: ArrayLike, most: int = 4) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which cells and which totals of a table of rows and columns with published totals are withheld.

    Rows and columns are the nodes of a graph, withheld cells its edges. A withheld cell can be reckoned from the
    published ones if and only if its edge is a bridge (Gusfield 1988, A graph theoretic approach to statistical data
    security, SIAM J. Comput. 17(3), 552-571). Each bridge is closed to a circle along the path of least total
    count; zeros are never withheld, totals of rows and columns only where there is no other path, the grand total never: a
    table whose grand total is one small cell gives that cell away, and only the caller can leave such a table out.

    Parameters
    ----------
    counts : array of float, shape (r, c)
        The cells; row totals, column totals and the grand total are published beside them.
    most : int

    Returns
    -------
    cells : ndarray of bool, shape (r, c)
    rows : ndarray of bool, shape (r,)
        Row totals that are withheld.
    columns : ndarray of bool, shape (c,)

    Examples
    --------
    >>> cells, rows, columns = withheld_table([[2, 20, 30], [9, 8, 40], [50, 60, 7]])
    >>> cells.astype(int).tolist(), rows.tolist(), columns.tolist()
    ([[1, 1, 0], [1, 1, 0], [0, 0, 0]], [False, False, False], [False, False, False])
    """
    numbers = _counts(counts, most)
    if numbers.ndim != 2 or not numbers.size:
        raise EstimateError(f"counts｜应为有行有列的表，现为 {numbers.shape}｜给出二维的计数；一行的表用 withheld_line")
    whole = _with_totals(numbers)
    hidden = np.zeros(whole.shape, dtype=bool)
    hidden[:-1, :-1] = small(numbers, most)
    price = _prices(whole)
    open_ended: set[tuple[int, int]] = set()
    while (bridge := _bridge(hidden, open_ended)) is not None:
        path = _circle(hidden, price, bridge)
        if path is None:
            open_ended.add(bridge)
            path = [(bridge[0], whole.shape[1] - 1), (whole.shape[0] - 1, bridge[1])]
        for row, column in path:
            hidden[row, column] = True
    return hidden[:-1, :-1], hidden[:-1, -1], hidden[-1, :-1]


def _counts(counts: ArrayLike, most: int) -> NDArray[np.float64]:
    numbers = np.asarray(counts, dtype=np.float64)
    if isinstance(most, bool) or not isinstance(most, (int, np.integer)) or most < 1:
        raise EstimateError(f"most = {most!r}｜应为不小于 1 的整数｜如 most=4：1 至 4 不公布")
    if not np.isfinite(numbers).all() or (numbers < 0).any() or (numbers != np.floor(numbers)).any():
        raise EstimateError("counts｜有不是计数的数｜计数为不小于 0 的整数")
    return numbers


def _with_totals(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    rows = np.hstack([numbers, numbers.sum(axis=1, keepdims=True)])
    return np.vstack([rows, rows.sum(axis=0, keepdims=True)])


def _prices(whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what it costs to withhold each cell: its count, far more for a total, never for a zero and the grand total."""
    price = np.where(whole > 0, whole, np.inf)
    price[-1, :] += MARGIN
    price[:, -1] += MARGIN
    price[-1, -1] = np.inf
    return price


def _graph(shape: tuple[int, int], price: NDArray[np.float64]) -> object:
    """Return the graph of rows and columns; `price` is infinite where there is no edge."""
    rows, columns = (places.astype(np.int32) for places in np.nonzero(np.isfinite(price)))  # older csgraph takes no longer ones
    size = sum(shape)
    return sparse.csr_array((price[rows, columns], (rows, columns + shape[0])), shape=(size, size))


def _bridge(hidden: NDArray[np.bool_], done: set[tuple[int, int]]) -> tuple[int, int] | None:
    """Return the first withheld cell that can be reckoned back: without its edge its row and its column lie apart."""
    for row, column in zip(*np.nonzero(hidden), strict=True):
        if (row, column) in done or row == len(hidden) - 1 or column == hidden.shape[1] - 1:
            continue  # a total that can be reckoned back is the sum of published cells
        without = hidden.copy()
        without[row, column] = False
        _, part = csgraph.connected_components(_graph(hidden.shape, np.where(without, 1.0, np.inf)), directed=False)
        if part[row] != part[hidden.shape[0] + column]:
            return int(row), int(column)
    return None


def _circle(hidden: NDArray[np.bool_], price: NDArray[np.float64], bridge: tuple[int, int]) -> list[tuple[int, int]] | None:
    """Return the cells of the cheapest path that joins the row and the column of a bridge without it."""
    toll = np.where(hidden, FREE, price)
    toll[bridge] = np.inf
    start, end = bridge[0], hidden.shape[0] + bridge[1]
    _, before = csgraph.dijkstra(_graph(hidden.shape, toll), directed=False, indices=start, return_predecessors=True)
    nodes = [end]
    while nodes[-1] != start:
        if before[nodes[-1]] < 0:
            return None
        nodes.append(int(before[nodes[-1]]))
    pairs = itertools.pairwise(nodes)
    return [(min(pair), max(pair) - hidden.shape[0]) for pair in pairs]
