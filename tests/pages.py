"""Pages of docs that type code: their blocks run in order, and what they print stands behind the arrows."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def blocks(page: str) -> list[str]:
    """Return the Python blocks of a page."""
    return re.findall(r"^```python\n(.*?)^```", page, re.M | re.S)


def run(page: str, name: str) -> list[tuple[list[str], list[str]]]:
    """Return what each block prints, and what the page says it prints; blocks share their names.

    A table is told in the lines of comments that follow ``# →``.
    """
    names: dict[str, Any] = {"__name__": name}
    made = []
    for block in blocks(page):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(block, f"docs/{name}.md", "exec"), names)
        made.append(([line.strip() for line in out.getvalue().splitlines()], told(block)))
    return made


def told(block: str) -> list[str]:
    """Return the lines behind ``# →``, with the comment lines that go on after them."""
    lines, on = [], False
    for line in block.splitlines():
        arrow, more = re.search(r"# → ?(.*)$", line), re.match(r"# {3}(.*)$", line)
        if arrow or (on and more):
            lines.append((arrow or more).group(1).strip())
        on = bool(arrow or (on and more))
    return lines
