"""A short run of the fuzzer; ten minutes of it are ``python -m benchmarks fuzz``."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.fuzz import readers
from tests.county import ROOT

pytest.importorskip("atheris", reason="atheris has wheels for Linux only")


@pytest.mark.parametrize("name", readers())
def test_a_reader_refuses_and_neither_breaks_nor_writes(name: str) -> None:
    command = [sys.executable, "-m", "benchmarks", "fuzz", "--only", name, "--seconds", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
