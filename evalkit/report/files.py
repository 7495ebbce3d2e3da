"""A Document as files: Word, PDF, web page and workbook, all or none of them."""

from __future__ import annotations

import warnings
from pathlib import Path

from evalkit.charts import absent_told, missing_characters
from evalkit.patience import Progress, counted
from evalkit.report.model import Document
from evalkit.report.page import page_bytes
from evalkit.report.pdf import pdf_bytes
from evalkit.report.word import word_bytes
from evalkit.report.workbook import workbook_bytes
from evalkit.sheets import write_bytes

WRITERS = {"docx": word_bytes, "pdf": pdf_bytes, "html": page_bytes, "xlsx": workbook_bytes}


def write_document(document: Document, folder: str | Path, name: str, progress: Progress | None = None) -> list[Path]:
    """Write a document in every form, under one name; no file is written before all are made.

    Parameters
    ----------
    document : Document
    folder : str or pathlib.Path
        Made when it is missing.
    name : str
        Of the files, without an ending.
    progress : callable, optional
        Told a line a form.

    Returns
    -------
    list of pathlib.Path

    Warns
    -----
    UserWarning
        Once, with the characters that the bundled font cannot draw.
    """
    absent = missing_characters(document.text())
    if absent:  # told of the line that called `write_report` or `write_plan`
        warnings.warn(absent_told(absent), stacklevel=3)
    made = {ending: write(document) for ending, write in counted(WRITERS.items(), f"写{name}", progress)}
    return [write_bytes(Path(folder) / f"{name}.{ending}", data) for ending, data in made.items()]
