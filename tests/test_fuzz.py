"""A short run of the fuzzer; ten minutes of it are ``python -m benchmarks fuzz``."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.fuzz import readers
from tests.county import ROOT

pytest.importorskip("atheris", reason="atheris has wheels for Linux only")


def test_readers_refuse_and_neither_break_nor_write() -> None:
    count = len(readers())
    command = [sys.executable, "-m", "benchmarks", "fuzz", "--seconds", str(count)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout
    assert f"{count} of {count} readers hold" in done.stdout
