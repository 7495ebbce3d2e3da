"""Unequal probabilities that hold exactly: fixed size, π proportional to size, and no draw that may fail to end."""

from evalkit.selection.exact.table import EXACT

__all__ = ["EXACT"]
