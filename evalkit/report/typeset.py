"""Typesetting: data to a PDF through a layout of typst, with the bundled fonts only, so that it looks the same everywhere.

Only where the data hold a character that the bundled fonts lack are the fonts of the machine looked at.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from evalkit.charts import FONTS, drawable, missing_characters
from evalkit.later import later

typst = later("typst")


def typeset_pdf(layout: Path, name: str, data: Any, stamp: datetime, standards: Sequence[str] = ()) -> bytes:
    """Return a PDF.

    Parameters
    ----------
    layout : Path
        A typst file, which reads the data from ``sys.inputs``.
    name : str
        Under which name it finds them.
    data : dict
        Words and numbers, handed over as JSON and never as code.
    stamp : datetime
        The date inside the file.
    standards : sequence of str
        That the file keeps, as typst names them.

    Returns
    -------
    bytes
    """
    text = json.dumps(data, ensure_ascii=False)
    absent = missing_characters(text)
    made = typst.compile(
        str(layout),
        font_paths=[str(FONTS)],
        ignore_system_fonts=not absent,
        format="pdf",
        sys_inputs={name: drawable(text)},
        timestamp=stamp,
        pdf_standards=list(standards),
    )
    return bytes(made)
