"""One or several, as people write them: a name alone is a list of one."""

from __future__ import annotations

from typing import Any


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
