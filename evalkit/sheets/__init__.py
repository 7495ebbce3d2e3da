"""Tables from files and from other libraries, and tables to files: CSV, Excel, Parquet, SPSS and Stata in; CSV and Excel out."""

from evalkit.sheets.cells import Known, cell_text
from evalkit.sheets.grids import Grid
from evalkit.sheets.limits import Limits
from evalkit.sheets.memory import as_pandas, as_text, exactly, is_decimal, numbered
from evalkit.sheets.moments import day_of
from evalkit.sheets.numbers import character_table, plain_numbers, text_numbers
from evalkit.sheets.reading import SUFFIXES, read_grids, read_named, read_sheet, refuse_floats
from evalkit.sheets.whole import being_made, sweep, sweep_folder, write_bytes
from evalkit.sheets.writing import Page, write_book, write_csv

__all__ = [
    "SUFFIXES", "Grid", "Known", "Limits", "Page", "as_pandas", "as_text", "being_made", "cell_text", "character_table",
    "day_of", "exactly", "is_decimal", "numbered", "plain_numbers", "read_grids", "read_named", "read_sheet", "refuse_floats", "sweep",
    "sweep_folder",
    "text_numbers", "write_book", "write_bytes", "write_csv",
]  # fmt: skip
