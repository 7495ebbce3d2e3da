"""Notebooks are kept without outputs and use only the public names."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from unicodedata import east_asian_width

import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.ipynb"))
WIDTH = 116  # half-width characters of code in the column of a page


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_has_no_outputs_and_only_public_names(path: Path) -> None:
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert cells
    assert not any(cell["outputs"] or cell["execution_count"] for cell in cells), "clear the outputs before committing"
    source = "\n".join("".join(cell["source"]) for cell in cells)
    assert "import evalkit as ev" in source
    assert not re.search(r"(from|import) evalkit\.", source)
    packages = set(re.findall(r"^(?:import|from) (\w+)", source, re.M)) - sys.stdlib_module_names
    assert packages <= {"evalkit", "numpy", "pandas"}
    assert not re.search(r"\.plot\(.*\);", source), "a chart shows itself; a semicolon hides it"
    wide = [line for line in source.splitlines() if sum(2 if east_asian_width(sign) in "WF" else 1 for sign in line) > WIDTH]
    assert not wide, "a line of code is cut off at the right of the page"


def test_notebooks_are_numbered_in_river_order() -> None:
    assert [path.name[:3] for path in NOTEBOOKS] == [f"{number:02d}_" for number in range(len(NOTEBOOKS))]


def _of_r() -> list[tuple[str, str]]:
    """Return each block of R of notebook 09 with the cell of Python below it, which holds the numbers that R gave."""
    (path,) = [path for path in NOTEBOOKS if path.stem.startswith("09_")]
    texts = ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
    return [(re.findall(r"```r\n(.*?)```", text, re.S)[0], below) for text, below in pairwise(texts) if "```r\n" in text]


@pytest.mark.r
def test_what_notebook_09_says_of_r_is_what_r_says() -> None:
    blocks = _of_r()
    script = "\n".join(f'{block}\ncat("next\\n")' for block, _ in blocks)
    done = subprocess.run(["Rscript", "-"], input=script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for said, (_, below) in zip(done.stdout.split("next\n"), blocks, strict=False):
        written = ast.literal_eval(re.findall(r"^in_r = (\[.*?\])", below, re.M | re.S)[0])
        assert [float(number) for number in said.split()] == pytest.approx(written, rel=1e-9), below
