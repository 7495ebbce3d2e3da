"""Numbers that carry their derivatives: a formula written with them is differentiated exactly, by the rules of its own operations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from evalkit.errors import EstimateError
from evalkit.variances import Floats

Slope = Callable[[Floats, Floats], Floats]

# The derivative of each function of one number, given the argument x and the value y.
ONE: dict[Any, Slope] = {
    np.sqrt: lambda x, y: 0.5 / y,
    np.square: lambda x, y: 2 * x,
    np.cbrt: lambda x, y: y / (3 * x),
    np.log: lambda x, y: 1 / x,
    np.log2: lambda x, y: 1 / (x * np.log(2)),
    np.log10: lambda x, y: 1 / (x * np.log(10)),
    np.log1p: lambda x, y: 1 / (1 + x),
    np.exp: lambda x, y: y,
    np.exp2: lambda x, y: y * np.log(2),
    np.expm1: lambda x, y: y + 1,
    np.reciprocal: lambda x, y: -(y**2),
    np.negative: lambda x, y: -np.ones_like(x),
    np.positive: lambda x, y: np.ones_like(x),
    np.sin: lambda x, y: np.cos(x),
    np.cos: lambda x, y: -np.sin(x),
    np.tan: lambda x, y: 1 + y**2,
    np.arcsin: lambda x, y: 1 / np.sqrt(1 - x**2),
    np.arccos: lambda x, y: -1 / np.sqrt(1 - x**2),
    np.arctan: lambda x, y: 1 / (1 + x**2),
    np.sinh: lambda x, y: np.cosh(x),
    np.cosh: lambda x, y: np.sinh(x),
    np.tanh: lambda x, y: 1 - y**2,
    np.absolute: lambda x, y: np.sign(x),
    special.expit: lambda x, y: y * (1 - y),
    special.logit: lambda x, y: 1 / (x * (1 - x)),
    special.ndtr: lambda x, y: np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi),
    special.ndtri: lambda x, y: np.sqrt(2 * np.pi) * np.exp(y**2 / 2),
}
# The derivatives of each function of two numbers, in the first and in the second.
TWO: dict[Any, tuple[Slope, Slope]] = {
    np.add: (lambda a, b: np.ones_like(a), lambda a, b: np.ones_like(b)),
    np.subtract: (lambda a, b: np.ones_like(a), lambda a, b: -np.ones_like(b)),
    np.multiply: (lambda a, b: b, lambda a, b: a),
    np.divide: (lambda a, b: 1 / b, lambda a, b: -a / b**2),
    np.power: (lambda a, b: b * a ** (b - 1), lambda a, b: a**b * np.log(a)),
}


def refuse(function: Any) -> EstimateError:
    """Return the error for a function whose derivative is not known, with those that are."""
    known = "、".join(sorted(f.__name__ for f in (*ONE, *TWO)))
    return EstimateError(f"{getattr(function, '__name__', function)}｜没有它的导数｜可用：{known}；或 ev.combine(…, slopes=导数)")


@dataclass(frozen=True, eq=False)
class Dual(np.lib.mixins.NDArrayOperatorsMixin):
    """Values with their derivatives in all inputs.

    Attributes
    ----------
    value : (k,) float array or number
    slope : (k, inputs) or (inputs,) float array
    """

    value: Any
    slope: Floats

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method == "reduce" and ufunc is np.add and not options.get("axis"):
            return self.sum()
        if ufunc is np.matmul and method == "__call__" and not options:
            return _product(*inputs)
        if method != "__call__" or options:
            raise refuse(ufunc)
        if ufunc in ONE:
            value = ufunc(self.value)
            return Dual(value, np.asarray(ONE[ufunc](np.asarray(self.value), np.asarray(value)))[..., None] * self.slope)
        if ufunc not in TWO:
            raise refuse(ufunc)
        values = (np.asarray(each.value if isinstance(each, Dual) else each, dtype=float) for each in inputs)
        a, b = np.broadcast_arrays(*values)
        # a constant brings nothing, also where the function has no derivative in it, as x² in the 2 where x < 0
        varying = [(slope, each) for slope, each in zip(TWO[ufunc], inputs, strict=True) if isinstance(each, Dual)]
        return Dual(ufunc(a, b), np.asarray(sum(np.asarray(slope(a, b))[..., None] * each.slope for slope, each in varying)))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        plain = len(args) == 1 and kwargs.get("axis") in (None, 0)
        if function is np.sum and plain:
            return self.sum()
        if function is np.mean and plain:
            return self.mean()
        if function is np.dot and len(args) == 2 and not kwargs:
            return _product(*args)
        raise refuse(function)

    def __len__(self) -> int:
        return len(self.value)

    def __getitem__(self, at: Any) -> Dual:
        return Dual(self.value[at], self.slope[at])

    def sum(self) -> Dual:
        """Add up the values."""
        return Dual(self.value.sum(), self.slope.sum(axis=0))

    def mean(self) -> Any:
        """Return the plain mean of the values."""
        return self.sum() / len(self)


def _product(left: Any, right: Any) -> Dual:
    """Return the matrix product: of two vectors of values, or of one with a vector or matrix of numbers."""
    if isinstance(left, Dual) and isinstance(right, Dual):
        found: Dual = (left * right).sum()
        return found
    if isinstance(left, Dual):
        matrix = np.asarray(right, dtype=float)
        return Dual(left.value @ matrix, np.asarray(matrix.T @ left.slope))
    matrix = np.asarray(left, dtype=float)
    return Dual(matrix @ right.value, np.asarray(matrix @ right.slope))


def seeded(parts: list[Floats]) -> list[Dual]:
    """Return the inputs of a formula, each with derivative 1 in itself.

    Examples
    --------
    >>> a, b = seeded([np.array([3.0]), np.array([4.0])])
    >>> found = np.sqrt(a**2 + b**2)
    >>> found.value.tolist(), found.slope.round(9).tolist()
    ([5.0], [[0.6, 0.8]])
    """
    sizes = [len(part) for part in parts]
    unit, starts = np.eye(sum(sizes)), np.cumsum([0, *sizes])
    cut = zip(parts, starts, sizes, strict=False)
    return [Dual(np.asarray(part, dtype=float), unit[start : start + size]) for part, start, size in cut]
