"""The report of an evaluation: one model, four files with the same numbers."""

from __future__ import annotations

import warnings
from pathlib import Path

from evalkit.charts import missing_characters
from evalkit.report.compose import compose_report
from evalkit.report.model import Document
from evalkit.report.page import page_bytes
from evalkit.report.pdf import pdf_bytes
from evalkit.report.planpaper import compose_plan, write_plan
from evalkit.report.word import word_bytes
from evalkit.report.workbook import workbook_bytes
from evalkit.sheets import write_bytes
from evalkit.tables import Results

__all__ = ["Document", "compose_plan", "compose_report", "write_plan", "write_report"]

WRITERS = {"docx": word_bytes, "pdf": pdf_bytes, "html": page_bytes, "xlsx": workbook_bytes}


def write_report(results: Results, folder: str | Path) -> list[Path]:
    """Write the report of an evaluation: Word (the official copy), PDF, web page and workbook.

    Parameters
    ----------
    results : Results
        What `estimate` found.
    folder : str or pathlib.Path
        Where 报告.docx, 报告.pdf, 报告.html and 报告.xlsx go; made when it is missing.

    Returns
    -------
    list of pathlib.Path
        The four files. The same results give the same bytes.

    Warns
    -----
    UserWarning
        Once, with the characters that the bundled font cannot draw.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [file.name for file in write_report(Results({"title": "示例", "date": "2018年12月20日"}, {}), folder)]
    ['报告.docx', '报告.pdf', '报告.html', '报告.xlsx']
    """
    document = compose_report(results)
    absent = missing_characters(document.text())
    if absent:
        warnings.warn(f"随附字体缺 {len(absent)} 个字：{absent}｜图和 PDF 中显示为方框，Word 和网页不受影响", stacklevel=2)
    made = {ending: write(document) for ending, write in WRITERS.items()}
    return [write_bytes(Path(folder) / f"报告.{ending}", data) for ending, data in made.items()]
