"""Libraries bound later load at first use, and a missing one says what to type."""

from __future__ import annotations

import subprocess
import sys

import pytest

from evalkit.errors import EvalkitError
from evalkit.later import later


def test_nothing_loads_before_first_use() -> None:
    code = "import sys; from evalkit.later import later; f = later('fractions'); "
    code += "before = 'fractions' in sys.modules; f.Fraction(1, 2); print(before, 'fractions' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_it_stands_for_the_module() -> None:
    assert later("os.path").join("a", "b").endswith("b")


def test_inspecting_it_loads_nothing() -> None:
    module = later("no_such_library", extra="big")
    assert not hasattr(module, "__wrapped__")
    assert repr(module)


def test_a_missing_library_names_the_extra() -> None:
    with pytest.raises(EvalkitError, match=r"缺少 no_such_library｜.*pip install 'evalkit\[big\]'"):
        later("no_such_library.part", extra="big").connect()


def test_a_missing_library_without_extra_is_a_plain_import_error() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        later("no_such_library").connect()


def test_a_missing_attribute_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        _ = later("json").no_such_name
