"""Tables: what `estimate` found, kept and named. Nothing here computes a statistic."""

from evalkit.tables.columns import COLUMNS, TOTAL, Column, finding_heads
from evalkit.tables.results import Results, records
from evalkit.tables.withholding import withhold

__all__ = ["COLUMNS", "TOTAL", "Column", "Results", "finding_heads", "records", "withhold"]
