"""`import evalkit` is quick: it loads no library, and each name loads only what it needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import evalkit

HEAVY = ("statsmodels", "matplotlib", "docx", "typst", "xlsxwriter", "jinja2", "duckdb", "scipy.stats", "scipy.optimize")
TABLES = ("pandas", "pydantic", "narwhals", "pyarrow")


def loaded(statement: str, of: tuple[str, ...]) -> list[str]:
    """Return which of the libraries a fresh Python has loaded after the statement."""
    code = f"import sys; {statement}; print(*[name for name in {of!r} if name in sys.modules])"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def test_import_loads_no_library() -> None:
    assert loaded("import evalkit; dir(evalkit)", (*HEAVY, *TABLES, "numpy", "scipy")) == []


@pytest.mark.parametrize("spring", ["selection", "intervals"])
def test_springs_load_no_tables(spring: str) -> None:
    assert loaded(f"import evalkit; evalkit.{spring}.METHODS", (*HEAVY, *TABLES)) == []


def test_what_a_draw_needs_and_no_more() -> None:
    names = "ev.read_frame; ev.read_design; ev.draw; ev.draw_next; ev.verify; ev.Certificate"
    assert loaded(f"import evalkit as ev; {names}", HEAVY) == []


def test_what_an_estimate_needs_and_no_more() -> None:
    names = "ev.collect; ev.determine; ev.weigh; ev.ratio; ev.judge"
    assert loaded(f"import evalkit as ev; {names}", HEAVY) == []


@pytest.mark.parametrize("name", evalkit.__all__)
def test_every_public_name_is_there_and_told(name: str) -> None:
    assert getattr(evalkit, name).__doc__


def test_names_are_listed_and_strangers_refused() -> None:
    assert dir(evalkit) == sorted(evalkit.__all__)
    with pytest.raises(AttributeError, match="no public name 'nothing'"):
        _ = evalkit.nothing
