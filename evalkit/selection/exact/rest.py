"""What the exact methods share: units taken for certain, the rest by a rule, the order of release."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evalkit.inclusion.first import whole_sizes
from evalkit.selection.methods import Units
from evalkit.selection.ranked import chances, sizes_of

Rule = Callable[[Units, Sequence[int], list[float], int], list[int]]


def drawn(units: Units, n: int, rule: Rule) -> list[int]:
    """Take the units with π = 1, then as many as are wanting by the rule; each part in the order of tickets.

    Parameters
    ----------
    units : Units
        Tickets and sizes.
    n : int
        How many to choose, 0 ≤ n ≤ N.
    rule : callable
        ``rule(units, sizes, probs, n)`` for the units with π < 1, n of which are wanted.

    Returns
    -------
    list of int

    Raises
    ------
    ValueError
        When n is not between 0 and N, or a size is not positive.

    Examples
    --------
    >>> drawn(Units([b"c", b"a", b"d", b"b"], sizes=[1, 1, 2, 16]), 2, lambda units, sizes, probs, n: [0])
    [3, 0]
    """
    sizes, probs = sizes_of(units), chances(units, n)
    sure = [i for i, chance in enumerate(probs) if chance == 1]
    rest = [i for i, chance in enumerate(probs) if chance < 1]
    wanted = n - len(sure)
    chosen: list[int] = []
    if wanted:
        left = Units([units.tickets[i] for i in rest], units.start)
        chosen = [rest[j] for j in rule(left, whole_sizes([sizes[i] for i in rest]), [probs[i] for i in rest], wanted)]
    return _released(units, sure) + _released(units, chosen)


def _released(units: Units, chosen: list[int]) -> list[int]:
    return sorted(chosen, key=lambda i: (units.tickets[i], i))
