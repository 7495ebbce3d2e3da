"""Tables as files: CSV, Excel and Parquet in; CSV and Excel out."""

from evalkit.sheets.reading import cell_text, read_sheet, refuse_floats
from evalkit.sheets.writing import Page, write_book, write_bytes, write_csv

__all__ = ["Page", "cell_text", "read_sheet", "refuse_floats", "write_book", "write_bytes", "write_csv"]
