"""One or several, as people write them; mappings that nobody can write to."""

from __future__ import annotations

import copyreg
from collections.abc import Mapping
from numbers import Real
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Key = TypeVar("Key")
Value = TypeVar("Value")


def as_list(given: Any) -> list[Any]:
    """Return a name as a list of one, nothing as an empty list, and several as a list.

    Examples
    --------
    >>> as_list("village"), as_list(["county", "village"]), as_list(None)
    (['village'], ['county', 'village'], [])
    """
    if given is None:
        return []
    return [given] if isinstance(given, str) else list(given)


def as_numbers(given: Any) -> NDArray[np.float64] | None:
    """Return numbers as an array of their shape; None for what is no number, text that looks like one included.

    Examples
    --------
    >>> as_numbers([1, .5]).tolist(), as_numbers("0.5"), as_numbers([1, "x"]), as_numbers(None)
    ([1.0, 0.5], None, None, None)
    """
    try:
        found = np.asarray(given)
        good = found.dtype.kind in "biuf" or (found.dtype.kind == "O" and all(isinstance(each, Real) for each in found.flat))
        return np.asarray(found, dtype=float) if good else None
    except (TypeError, ValueError):  # ragged lists, tables of pieces of another kind
        return None


def seen_in(shape: tuple[int, ...], given: Any) -> NDArray[np.float64]:
    """Return numbers as a read-only array of a shape, without a copy: `numpy.broadcast_to`, at once where they have the shape already.

    Examples
    --------
    >>> seen_in((2,), 3).tolist(), seen_in((2,), np.array([1.0, 2.0])).flags.writeable
    ([3.0, 3.0], False)
    """
    numbers = np.asarray(given, dtype=float)
    if numbers.shape != shape:
        return np.broadcast_to(numbers, shape)
    seen = numbers.view()
    seen.flags.writeable = False
    return seen


def fixed(given: Mapping[Key, Value]) -> Mapping[Key, Value]:
    """Return a mapping that nobody can write to.

    Examples
    --------
    >>> import pickle
    >>> type(pickle.loads(pickle.dumps(fixed({"a": 1})))).__name__
    'mappingproxy'
    """
    return MappingProxyType(dict(given))


def _stored(given: Any) -> tuple[Any, tuple[dict[Any, Any]]]:
    return fixed, (dict(given),)


copyreg.pickle(MappingProxyType, _stored)  # Python itself has no way of storing it
