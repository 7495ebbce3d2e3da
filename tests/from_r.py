"""What the R scripts beside the golden values write today; tests that ask are marked ``r``, and conftest sees to it that R is there."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

OWN = Path(__file__).resolve().parent / "golden" / "own"


def written(script: str, folder: Path) -> Any:
    """Run a script of ``golden/own`` and return the JSON that it wrote into the folder."""
    made = folder / "values.json"
    done = subprocess.run(["Rscript", script, str(made)], cwd=OWN, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(made.read_text(encoding="utf-8"))
