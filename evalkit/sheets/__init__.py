"""Tables from files and from other libraries, and tables to files: CSV, Excel and Parquet in; CSV and Excel out."""

from evalkit.sheets.memory import as_pandas, as_text, numbered
from evalkit.sheets.numbers import plain_numbers
from evalkit.sheets.reading import SUFFIXES, cell_text, read_sheet, refuse_floats
from evalkit.sheets.writing import Page, write_book, write_bytes, write_csv

__all__ = [
    "SUFFIXES", "Page", "as_pandas", "as_text", "cell_text", "numbered", "plain_numbers", "read_sheet", "refuse_floats",
    "write_book", "write_bytes", "write_csv",
]  # fmt: skip
