"""The table of allocation methods that design files name: whole numbers in, whole numbers out, the same on every machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Any, Literal

from evalkit.allocation.checks import Bound, box, entries, finite, lengths, limits, no_spread, refuse, single
from evalkit.allocation.optimum import greedy
from evalkit.allocation.rounding import equal_integers, proportional_integers

Floats = Sequence[float]
BITS = 64
FINEST = 100


@dataclass(frozen=True)
class Allocation:
    """One way to divide a number of units among strata.

    Parameters
    ----------
    name : str
        The word of the design file.
    title : str
        The name in reports.
    allocate : callable
        ``allocate(total, sizes, spreads=…, costs=…, cvs=…, low=…, high=…, **options)`` gives the whole number of each stratum.
    needs : tuple of {"spreads", "costs", "cvs"}
        What the method cannot do without, beside the sizes.
    options : tuple of str
        Further words it understands.
    criterion : str
        What the result minimises among whole numbers that keep the bounds; for a rule of rounding, the rule.
    """

    name: str
    title: str
    allocate: Callable[..., tuple[int, ...]]
    needs: tuple[Literal["spreads", "costs", "cvs"], ...] = ()
    options: tuple[str, ...] = ()
    criterion: str = ""

    def __call__(
        self,
        total: int,
        sizes: Sequence[int],
        *,
        spreads: Floats | None = None,
        costs: Floats | None = None,
        cvs: Floats | None = None,
        low: Bound = None,
        high: Bound = None,
        **options: Any,
    ) -> tuple[int, ...]:
        """Check what is given against what the method needs, and allocate.

        Parameters
        ----------
        total : int
            Units to allocate.
        sizes : sequence of int, shape (strata,)
            Units of each stratum, ≥ 1.
        spreads, costs, cvs : sequence of float, shape (strata,), optional
            Standard deviation of a unit, its cost, its coefficient of variation; read where the method needs them.
        low, high : int or sequence of int, optional
            Bounds of each stratum; the upper bound never exceeds the size.
        **options
            Words in `options`.

        Returns
        -------
        tuple of int
            Sums to `total`.

        Raises
        ------
        ValueError
            With every fault of the input.

        Examples
        --------
        >>> METHODS["neyman"](1000, [10000, 2500, 400], spreads=[.14, .2, .1], low=30)
        (715, 255, 30)
        """
        given = {"spreads": spreads, "costs": costs, "cvs": cvs}
        missing = [f"缺少 {word}｜{self.title}需要各层的 {word}｜给出 {word}" for word in self.needs if given[word] is None]
        strange = [f"{word} 不是{self.title}的选项｜可用的有：{self._known()}｜删去 {word}" for word in options if word not in self.options]
        least, most = limits(len(sizes), low, high)
        wrong = lengths(len(sizes), low=least, high=most, **given) + entries("size", sizes=sizes) + missing + strange
        refuse(wrong + entries("whole", low=least) + entries("bound", high=most))
        most = [min(bound, size) for bound, size in zip(most, sizes, strict=True)]
        refuse(box(total, least, most, len(sizes), "whole"))
        used = {word: given[word] for word in self.needs}
        return self.allocate(total, sizes, low=least, high=most, **used, **options)

    def _known(self) -> str:
        return "、".join(self.options) or "无"


def _equal(total: int, sizes: Sequence[int], *, low: Bound, high: Bound, order: Sequence[int] | None = None) -> tuple[int, ...]:
    return equal_integers(total, len(sizes), low, high, order)


def _proportional(total: int, sizes: Sequence[int], *, low: Bound, high: Bound) -> tuple[int, ...]:
    return proportional_integers(total, sizes, low, high)


def _neyman(total: int, sizes: Sequence[int], *, spreads: Floats, low: list[int], high: list[int]) -> tuple[int, ...]:
    refuse(entries("nonnegative", spreads=spreads))
    refuse(no_spread(spreads, low, high))
    return tuple(greedy(total, [_square(float(x) * float(s)) for x, s in zip(sizes, spreads, strict=True)], low, high))


def _cost(total: int, sizes: Sequence[int], *, spreads: Floats, costs: Floats, low: list[int], high: list[int]) -> tuple[int, ...]:
    refuse(entries("nonnegative", spreads=spreads), entries("positive", costs=costs))
    refuse(no_spread(spreads, low, high))
    squares = [_square(float(x) * float(s)) / float(c) for x, s, c in zip(sizes, spreads, costs, strict=True)]
    return tuple(greedy(total, squares, low, high))


def _power(
    total: int, sizes: Sequence[int], *, cvs: Floats, low: list[int], high: list[int], exponent: float = 0.5
) -> tuple[int, ...]:
    rough = not (finite(exponent) and 0 <= exponent <= 1 and abs(exponent * FINEST - round(exponent * FINEST)) < 1e-9)
    refuse(
        entries("positive", cvs=cvs),
        [f"exponent = {exponent}｜应在 0 与 1 之间，至多两位小数｜改正 exponent"] if rough else [],
    )
    twice = Fraction(2 * round(exponent * FINEST), FINEST)
    return tuple(greedy(total, [_raised(int(x), twice) * _square(float(cv)) for x, cv in zip(sizes, cvs, strict=True)], low, high))


def _kish(total: int, sizes: Sequence[int], *, low: list[int], high: list[int], importance: float = 1.0) -> tuple[int, ...]:
    refuse(single("nonnegative", importance=importance))
    whole, count = sum(int(x) for x in sizes), len(sizes)
    weight = Fraction(float(importance)) ** 2
    squares = [float(weight * Fraction(int(x), whole) ** 2 + Fraction(1, count**2)) for x in sizes]
    return tuple(greedy(total, squares, low, high))


def _square(value: float) -> float:
    return value * value


def _raised(size: int, exponent: Fraction) -> float:
    """Return size^(a/b) cut to 64 binary places: the whole b-th root of size^a·2^(64b), since powers of doubles differ by machine."""
    power, root = exponent.numerator, exponent.denominator
    return float(Fraction(_whole_root(size**power << (BITS * root), root), 1 << BITS))


def _whole_root(value: int, root: int) -> int:
    """Return ⌊value^(1/root)⌋ by Newton's method from above."""
    if root == 1:
        return value
    if root == 2:
        return isqrt(value)
    guess = 1 << -(-value.bit_length() // root)
    while True:
        better = ((root - 1) * guess + value // guess ** (root - 1)) // root
        if better >= guess:
            return guess
        guess = better


METHODS = {
    method.name: method
    for method in (
        Allocation("equal", "等额分配", _equal, options=("order",), criterion="各层相等，余数依次"),
        Allocation("proportional", "按比例分配", _proportional, criterion="n·N/ΣN，最大余数"),
        Allocation("neyman", "奈曼分配", _neyman, needs=("spreads",), criterion="Σ(N·S)²/n"),
        Allocation("cost", "费用最优分配", _cost, needs=("spreads", "costs"), criterion="Σ(N·S)²/(c·n)"),
        Allocation("power", "幂分配", _power, needs=("cvs",), options=("exponent",), criterion="Σ(X^q·CV)²/n"),
        Allocation("kish", "基什折中分配", _kish, options=("importance",), criterion="Σ(I²W²+1/H²)/n"),
    )
}
