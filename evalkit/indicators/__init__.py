"""Indicator systems."""

from evalkit.indicators.systems import HEADINGS, read_system, system_table

__all__ = ["HEADINGS", "read_system", "system_table"]
