"""The report of an evaluation: one model, four files with the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from evalkit.errors import ReportError, one_of
from evalkit.patience import Progress
from evalkit.report.booklets import write_booklets
from evalkit.report.compose import compose_report
from evalkit.report.english import compose_english
from evalkit.report.files import write_document
from evalkit.report.model import Document
from evalkit.report.planpaper import compose_plan, write_plan
from evalkit.report.proofs import Proof, proofread
from evalkit.tables import Results

__all__ = [
    "Document", "Proof", "compose_english", "compose_plan", "compose_report", "proofread", "write_booklets", "write_plan", "write_report",
]  # fmt: skip
LANGUAGES: dict[str, tuple[Callable[[Results], Document], str]] = {"zh": (compose_report, "报告"), "en": (compose_english, "report")}


def write_report(results: Results, folder: str | Path, language: str = "zh", progress: Progress | None = None) -> list[Path]:
    """Write the report of an evaluation: Word (the official copy), PDF, web page and workbook.

    Parameters
    ----------
    results : Results
        What `estimate` found.
    folder : str or pathlib.Path
        Where 报告.docx, 报告.pdf, 报告.html and 报告.xlsx go (report.docx … in English); made when it is missing.
    language : {"zh", "en"}
        The English report holds the same tables and charts.
    progress : callable, optional
        Told a line a form.

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
    compose, name = one_of("language", language, LANGUAGES, ReportError, "语言的报告")
    return write_document(compose(results), folder, name, progress)
