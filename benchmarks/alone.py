"""A job in a process of its own, so that its peak is its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def alone(name: str, asked: Sequence[str], most: float | None = None) -> dict[str, Any]:
    """Run a command that tells what it cost as JSON on its last line; it is broken off after `most` seconds.

    Raises
    ------
    SystemExit
        Where it fails, with what it said.
    subprocess.TimeoutExpired
        Where it was broken off.
    """
    run = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False, timeout=most)
    if run.returncode:
        raise SystemExit(f"{name}：\n{run.stderr}")
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found
