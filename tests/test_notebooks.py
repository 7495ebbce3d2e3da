"""Notebooks are kept without outputs and use only the public names."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_has_no_outputs_and_only_public_names(path: Path) -> None:
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert cells
    assert not any(cell["outputs"] or cell["execution_count"] for cell in cells), "clear the outputs before committing"
    source = "\n".join("".join(cell["source"]) for cell in cells)
    assert "import evalkit as ev" in source
    assert not re.search(r"(from|import) evalkit\.", source)


def test_notebooks_are_numbered_in_river_order() -> None:
    assert all(re.match(r"\d\d_", path.name) for path in NOTEBOOKS)
