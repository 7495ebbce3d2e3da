"""Moving chances to 0 or 1 without changing them on average, and without changing what is to be held: the steps of the cube method.

Only + − × ÷ and comparisons in a stated order, sums correctly rounded: the same steps on every machine. A chance within 1e-9 of
0 or 1 counts as decided, so that a chance is kept up to 1e-9.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

DECIDED = 1e-9  # this close to 0 or 1 a chance is decided
DEPENDENT = 1e-9  # entries below it, in rows scaled to at most 1, are rounding and no pivot
CONSTANT = 1e-12  # a variable that varies less, relative to its size, says nothing beyond the size of the sample


def undecided(chance: float) -> bool:
    """Say whether a chance still has to move.

    Examples
    --------
    >>> undecided(0.5), undecided(1 - 1e-12)
    (True, False)
    """
    return DECIDED < chance < 1 - DECIDED


def standard(values: Sequence[float]) -> list[float] | None:
    """Return values minus their mean, scaled to at most 1 in absolute value; None when they do not vary.

    Neither changes what a set of balancing variables says as long as the size is one of them.

    Examples
    --------
    >>> standard([1.0, 2.0, 3.0]), standard([2.0, 2.0])
    ([-1.0, 0.0, 1.0], None)
    """
    mean = math.fsum(values) / max(len(values), 1)
    centred = [value - mean for value in values]
    width = max(map(abs, centred), default=0.0)
    return None if width <= CONSTANT * max(map(abs, values), default=0.0) else [value / width for value in centred]


def held_columns(balance: Sequence[Sequence[float]], probs: Sequence[float]) -> list[list[float]]:
    """Return for each balancing variable the numbers x_k/π_k that a direction must not change, standardised over undecided units.

    Variables proportional to π are left out, the fixed size holds them already; a decided unit has 0.

    Examples
    --------
    >>> held_columns([[1, 0.5], [2, 0.5], [3, 0.5]], [0.5, 0.5, 0.5])
    [[-1.0, 0.0, 1.0]]
    """
    moving = [i for i, chance in enumerate(probs) if undecided(chance)]
    held = []
    for j in range(len(balance[0]) if balance else 0):
        values = standard([balance[i][j] / probs[i] for i in moving])
        if values is not None:
            column = [0.0] * len(probs)
            for i, value in zip(moving, values, strict=True):
                column[i] = value
            held.append(column)
    return held


def walk(
    probs: list[float], order: Sequence[int], held: Sequence[Sequence[float]], groups: Sequence[int], numbers: Iterator[float], land: bool
) -> None:
    """Move chances until no direction keeps the number of each group and the held columns.

    With `land` held columns are then given up from the last, until at most one unit of each group is undecided.

    Parameters
    ----------
    probs : list of float
        Chances of all units; changed in place.
    order : sequence of int
        Positions of the units that may move, in the order in which they enter; those of one group together.
    held : sequence of sequence of float
        One column a balancing variable, a number for each unit.
    groups : sequence of int
        Group of each unit.
    numbers : iterator of float
        One is used at each step.
    land : bool
        Whether held columns may be given up.

    Examples
    --------
    >>> probs = [0.5, 0.5, 0.5, 0.5]
    >>> walk(probs, range(4), [[-1.0, -1.0, 1.0, 1.0]], [0] * 4, iter([0.2, 0.9, 0.4]), land=True)
    >>> probs
    [0.0, 1.0, 1.0, 0.0]
    """
    waiting = [i for i in reversed(order) if undecided(probs[i])]
    left, kept, window = Counter(groups[i] for i in waiting), list(held), list[int]()
    while waiting or window:
        while waiting and len(window) <= len(kept) + len({groups[i] for i in window}):
            window.append(waiting.pop())
        # the last undecided unit of a group cannot move without changing the number of the group
        window = [i for i in window if undecided(probs[i]) and left[groups[i]] > 1]
        rows = _rows(window, kept, groups)
        if waiting and len(window) <= len(rows):
            continue
        direction = kernel(rows, len(window))
        if direction is not None:
            move(probs, window, direction, next(numbers))
            left.subtract(groups[i] for i in window if not undecided(probs[i]))
        elif land and kept:
            kept.pop()
        else:
            return


def kernel(rows: Sequence[Sequence[float]], width: int) -> list[float] | None:
    """Return a vector whose product with every row is 0, its first free entry 1; None when there is only the zero vector.

    Parameters
    ----------
    rows : sequence of sequence of float
        Scaled to at most about 1, each of `width` numbers.
    width : int
        Length of the vector.

    Examples
    --------
    >>> kernel([[1.0, 1.0, 1.0], [0.0, 1.0, 2.0]], 3)
    [-0.5, 1.0, -0.5]
    >>> kernel([[1.0, 1.0], [0.0, 1.0]], 2) is None
    True
    """
    work = [list(row) for row in rows]
    pivots = eliminate(work, width)
    bound = {column for _, column in pivots}
    free = next((column for column in range(width) if column not in bound), None)
    if free is None:
        return None
    vector = [0.0] * width
    vector[free] = 1.0
    for row, column in pivots:
        vector[column] = -work[row][free] / work[row][column]
    return vector


def eliminate(rows: list[list[float]], width: int) -> list[tuple[int, int]]:
    """Solve rows for as many of their first `width` columns as they determine, by Gauss–Jordan elimination with full pivoting.

    The pivot is the largest number left, the first of equals row by row; numbers up to 1e-9 are taken for 0. Columns behind
    `width` are carried along, as right-hand sides.

    Parameters
    ----------
    rows : list of list of float
        Changed in place; afterwards each pivot stands alone in its column.
    width : int
        Columns in which a pivot may stand.

    Returns
    -------
    list of (int, int)
        Row and column of each pivot.

    Examples
    --------
    >>> rows = [[2.0, 0.0, 4.0], [1.0, 1.0, 5.0]]
    >>> eliminate(rows, 2), rows
    ([(0, 0), (1, 1)], [[2.0, 0.0, 4.0], [0.0, 1.0, 3.0]])
    """
    pivots: list[tuple[int, int]] = []
    open_rows, open_columns = list(range(len(rows))), list(range(width))
    while open_rows and open_columns:
        size, pivot, column = DEPENDENT, -1, -1
        for r in open_rows:
            for c in open_columns:
                if abs(rows[r][c]) > size:
                    size, pivot, column = abs(rows[r][c]), r, c
        if pivot < 0:
            break
        _clear(rows, pivot, column)
        open_rows.remove(pivot)
        open_columns.remove(column)
        pivots.append((pivot, column))
    return pivots


def move(probs: list[float], units: Sequence[int], direction: Sequence[float], number: float) -> None:
    """Move the chances of some units forward or back along a direction until one is 0 or 1, so that none changes on average.

    With a and b the longest steps forward and back, forward has the chance b/(a + b).

    Parameters
    ----------
    probs : list of float
        Chances of all units; changed in place.
    units : sequence of int
        Positions of the units that move.
    direction : sequence of float
        For each of them, not all 0.
    number : float
        Between 0 and 1.

    Examples
    --------
    >>> probs = [0.25, 0.5, 0.25]
    >>> move(probs, [0, 1], [1.0, -1.0], 0.9)
    >>> probs
    [0.0, 0.75, 0.25]
    """
    moving = [(i, d) for i, d in zip(units, direction, strict=True) if d != 0]
    forward = min((1 - probs[i]) / d if d > 0 else probs[i] / -d for i, d in moving)
    back = min(probs[i] / d if d > 0 else (1 - probs[i]) / -d for i, d in moving)
    length = forward if number * (forward + back) < back else -back
    for i, d in moving:
        chance = probs[i] + length * d
        probs[i] = chance if undecided(chance) else float(chance > 0.5)


def finished(probs: list[float], order: Sequence[int], n: int) -> list[int]:
    """Return the n chosen units in order; the one unit that may be left undecided, by rounding, completes the number or not.

    Examples
    --------
    >>> finished([1.0, 0.0, 1 - 1e-8], [2, 0, 1], 2)
    [2, 0]
    """
    for i in order:
        if undecided(probs[i]):
            probs[i] = float(math.fsum(chance for chance in probs if not undecided(chance)) < n)
    return [i for i in order if probs[i] > 0.5]


def _clear(rows: list[list[float]], pivot: int, column: int) -> None:
    top = rows[pivot]
    for r, row in enumerate(rows):
        if r != pivot and row[column] != 0:
            factor = row[column] / top[column]
            rows[r] = [a - factor * b for a, b in zip(row, top, strict=True)]
            rows[r][column] = 0.0


def _rows(window: Sequence[int], held: Sequence[Sequence[float]], groups: Sequence[int]) -> list[list[float]]:
    """What a direction must keep: the number in each group of the window, and the held columns."""
    present = dict.fromkeys(groups[i] for i in window)
    numbers = [[float(groups[i] == group) for i in window] for group in present]
    return numbers + [[column[i] for i in window] for column in held]
