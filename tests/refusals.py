"""What is said to a user who asks for something that is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evalkit.errors import EvalkitError


def refused(ask: Callable[[], object], error: type[EvalkitError] = EvalkitError) -> str:
    """Return the message of the refusal."""
    with pytest.raises(error) as told:
        ask()
    return str(told.value)
