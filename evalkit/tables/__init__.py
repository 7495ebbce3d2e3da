"""Tables: what `estimate` found, kept and named. Nothing here computes a statistic."""

from evalkit.tables.columns import COLUMNS, TOTAL, Column
from evalkit.tables.results import Results, records
from evalkit.tables.withholding import withhold

__all__ = ["COLUMNS", "TOTAL", "Column", "Results", "records", "withhold"]
