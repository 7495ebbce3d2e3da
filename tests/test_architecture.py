"""The laws hold for every file of evalkit, and each law is seen to catch a file that breaks it."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests import architecture_rules as law
from tests import modules

FILES = law.files()
SOURCES = sorted({*law.PACKAGE.rglob("*.py"), *(law.ROOT / "tests").rglob("*.py")})


@cache
def trees() -> dict[str, ast.Module]:
    """Return every file of the package as a tree: read by the first test that asks, not by every worker that collects."""
    return {name: law.tree(path) for name, path in FILES.items()}


def shown(path: Path) -> str:
    return path.relative_to(law.ROOT).as_posix()


@pytest.mark.parametrize("rule", law.RULES)
def test_law_holds(rule: str) -> None:
    broken = [f"{shown(FILES[name])} {fault}" for name, module in trees().items() for fault in law.RULES[rule](module, name)]
    assert not broken, "\n".join(broken)


def test_no_circle_of_imports() -> None:
    assert law.circles(trees(), FILES) == []


def test_public_names_are_names_only_and_all_exist() -> None:
    module = trees()[""]
    faults = [*law.names_only(module, ""), *law.public_names_disagree(module, ""), *law.public_names_undefined(module, "")]
    assert not faults, "\n".join(faults)


def test_every_library_is_declared() -> None:
    plain, testing = law.declared_libraries(*law.extras()), law.declared_libraries(*law.extras(), "test")
    own = {path.stem for path in (law.ROOT / "tests").rglob("*.py")} | {"no_such_library"}
    faults = [f"{shown(FILES[name])} {fault}" for name, module in trees().items() for fault in law.undeclared(module, name, plain)]
    for path in (law.ROOT / "tests").rglob("*.py"):
        faults += [f"{shown(path)} {fault}" for fault in law.undeclared(law.tree(path), "tests.x", testing | own)]
    assert not faults, "\n".join(faults)


def test_an_undeclared_library_is_caught() -> None:
    assert law.undeclared(ast.parse("import polars"), "frame", {"pandas"}) == ["line 1: polars is not declared in pyproject.toml"]
    assert law.undeclared(ast.parse("x = later('duckdb')"), "frame", {"pandas"})
    assert law.undeclared(ast.parse("import os, docx, pandas.api"), "frame", {"pandas", "python-docx"}) == []


def test_files_are_short() -> None:
    kept = [path for name, path in FILES.items() if name not in law.HANDED_OUT]
    long = [f"{shown(path)}: {fault}" for path in kept for fault in law.long_file(path.read_text(encoding="utf-8"))]
    assert not long, "\n".join(long)


def test_median_function_is_short() -> None:
    assert law.median_function(list(trees().values())) <= law.MAX_MEDIAN


def test_no_check_is_silenced_without_reason() -> None:
    found = [f"{shown(path)} {fault}" for path in SOURCES for fault in law.silenced_without_reason(path.read_text(encoding="utf-8"))]
    assert not found, "\n".join(found)


def test_nothing_is_silenced_where_mypy_does_not_look() -> None:
    tests = [path for path in SOURCES if not path.is_relative_to(law.PACKAGE)]
    found = [f"{shown(path)} {fault}" for path in tests for fault in law.silenced_for_nobody(path.read_text(encoding="utf-8"))]
    assert not found, "\n".join(found)


def test_no_machine_paths() -> None:
    found = [f"{shown(path)} {fault}" for path in written_files() for fault in law.machine_paths(text_of(path))]
    assert not found, "\n".join(found)


def written_files() -> list[Path]:
    """Return the files people wrote: those git tracks or would track, or all of them where there is no git."""
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=law.ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode == 0 and listing.stdout:
        return [path for name in listing.stdout.split("\0") if name and (path := law.ROOT / name).is_file()]
    return [path for path in law.ROOT.rglob("*.*") if path.is_file() and not {".venv", ".git", "build"} & set(path.parts)]


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_module_map_is_current() -> None:
    """`ls evalkit` reads as docs/modules.md does, in the order of the river."""
    assert modules.MAP.read_text(encoding="utf-8") == modules.module_map(), "run: python -m tests.modules"
    listed = {*(path.stem for path in law.PACKAGE.glob("*.py")), *(path.parent.name for path in law.PACKAGE.glob("*/__init__.py"))}
    assert listed - {"__init__"} <= set(law.ORDER)


# -- each law catches what it forbids -----------------------------------------------------------------------------

BROKEN = [
    ("unlisted", "helpers", "x = 1"),
    ("upstream_imports", "frame", "from evalkit.sample import draw"),
    ("upstream_imports", "frame", "from evalkit import sample"),
    ("upstream_imports", "frame", "import evalkit.cli"),
    ("upstream_imports", "frame", "from .sample import draw"),
    ("upstream_imports", "design.reading", "from ..sample import draw"),
    ("upstream_imports", "tickets", "from evalkit.frame import Frame"),
    ("upstream_imports", "errors", "from evalkit.tickets import order"),
    ("upstream_imports", "evaluation", "from evalkit.cli import main"),
    ("upstream_imports", "report.word", "from evalkit import read_design"),
    ("upstream_imports", "frame", "if TYPE_CHECKING:\n    pass\nelse:\n    from evalkit.sample import Sample"),
    ("upstream_later", "estimates", "charts = later('evalkit.charts')\ndef plot(e):\n    return charts.rate(e)"),
    ("hidden_imports", "frame", "def f():\n    import json"),
    ("hidden_imports", "frame", "class A:\n    def f(self):\n        if True:\n            from evalkit.errors import Faults"),
    ("import_machinery", "frame", "import importlib"),
    ("import_machinery", "frame", "from importlib import import_module"),
    ("import_machinery", "frame", "json = __import__('json')"),
    ("import_machinery", "frame", "exec('import json')"),
    ("heavy_imports", "estimates", "from scipy import stats"),
    ("heavy_imports", "estimates", "import scipy.optimize as so"),
    ("heavy_imports", "estimates", "import scipy"),
    ("heavy_imports", "charts", "import matplotlib.pyplot as plt"),
    ("heavy_imports", "survey", "import statsmodels.api as sm"),
    ("heavy_imports", "frame", "from pydantic import BaseModel"),
    ("heavy_imports", "report.word", "import docx"),
    ("tables_in_springs", "intervals", "import pandas as pd"),
    ("tables_in_springs", "selection.equal", "import narwhals.stable.v2 as nw"),
    ("tables_in_springs", "variances", "pd = later('pandas')"),
    ("printing", "intervals", "print('done')"),
    ("functions_named_as_files", "rates", "def rates():\n    pass"),
    ("functions_named_as_files", "sample", "def frame():\n    pass"),
    ("functions_named_as_files", "design.sections", "def reading():\n    pass"),
    ("default_seeds", "sample", "def draw(frame, design, *, seed='1'):\n    pass"),
    ("default_seeds", "sample", "def draw(frame, seed=None):\n    pass"),
    ("default_seeds", "synthetic", "class A:\n    seed: str = ''"),
    ("writable_values", "sample", "@dataclass\nclass Sample:\n    x: int"),
    ("writable_values", "sample", "@dataclasses.dataclass(frozen=False)\nclass Sample:\n    x: int"),
    ("clock_and_chance", "sample", "import random"),
    ("clock_and_chance", "ledger", "from time import perf_counter"),
    ("clock_and_chance", "sample", "x = np.random.default_rng(1)"),
    ("clock_and_chance", "sample", "from numpy.random import default_rng"),
    ("clock_and_chance", "report.word", "x = datetime.datetime.now()"),
    ("clock_and_chance", "report.word", "x = date.today()"),
    ("rounded_sums", "sample", "x = np.sum(p)"),
    ("rounded_sums", "selection.equal", "x = a @ b"),
    ("rounded_sums", "tickets", "x = np.add.reduce(p)"),
    ("variances_elsewhere", "estimates", "v = np.var(x, ddof=1)"),
    ("shared_state", "charts", "plt.rcParams['font.family'] = 'x'"),
    ("shared_state", "sheets", "pd.set_option('display.width', 9)"),
    ("shared_state", "codes", "def f():\n    global seen\n    seen = 1"),
    ("long_functions", "frame", "def f():\n" + "    x = 1\n" * 40),
]
FINE = [
    ("upstream_imports", "frame", "if TYPE_CHECKING:\n    from evalkit.sample import Sample"),
    ("upstream_imports", "sample", "from evalkit.frame import Frame\nfrom evalkit import tickets"),
    ("upstream_imports", "variances", "from evalkit.selection import METHODS"),
    ("upstream_imports", "certificate", "from evalkit import __version__"),
    ("heavy_imports", "intervals", "from scipy import special\nstats = later('scipy.stats')"),
    ("heavy_imports", "design.sections", "from pydantic import Field"),
    ("import_machinery", "report.fonts", "from importlib import resources"),
    ("clock_and_chance", "report.word", "stamp = datetime.datetime(2018, 1, 1)"),
    ("default_seeds", "sample", "def draw(frame, design, *, seed, seed_origin='given'):\n    pass"),
    ("writable_values", "sample", "@dataclass(frozen=True, eq=False)\nclass Sample:\n    x: int"),
    ("rounded_sums", "estimates", "x = np.sum(p)"),
    ("long_functions", "frame", 'def f():\n    """' + "\n    told\n" * 40 + '    """\n    return 1'),
]


@pytest.mark.parametrize(("rule", "name", "source"), BROKEN)
def test_law_catches(rule: str, name: str, source: str) -> None:
    assert law.RULES[rule](ast.parse(source), name)


@pytest.mark.parametrize(("rule", "name", "source"), FINE)
def test_law_lets_pass(rule: str, name: str, source: str) -> None:
    assert law.RULES[rule](ast.parse(source), name) == []


def test_every_law_was_seen_to_catch_something() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(law.RULES)


def test_a_listed_one_line_method_may_reach_downstream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(law, "UPSTREAM", frozenset({"estimates.Estimate.plot"}))
    line = "charts = later('evalkit.charts')\nclass Estimate:\n    def plot(self):\n        return charts.rate(self)"
    assert law.upstream_later(ast.parse(line), "estimates") == []
    assert law.upstream_later(ast.parse(line.replace("return", "x = 1\n        return")), "estimates")


def test_circles_are_caught() -> None:
    sources = {"tickets": "from evalkit import streams", "streams": "from evalkit import intervals", "intervals": "import evalkit.tickets"}
    trees = {name: ast.parse(source) for name, source in sources.items()}
    assert law.circles(trees, {name: Path(f"{name}.py") for name in sources}) == ["intervals → tickets → streams → intervals"]


INIT = '''
if TYPE_CHECKING:
    from evalkit import intervals as intervals
    from evalkit.frame import Frame as Frame
_FILES = {"frame": ("Frame",)}
_SPRINGS = ("intervals",)
'''


def test_public_names_are_caught(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert law.public_names_disagree(ast.parse(INIT), "") == []
    assert law.public_names_disagree(ast.parse(INIT.replace('("Frame",)', '("Frame", "read_frame")')), "")
    assert law.public_names_disagree(ast.parse(INIT.replace('("intervals",)', "()")), "")
    assert law.names_only(ast.parse(INIT + "def helper():\n    pass"), "")
    empty = tmp_path / "frame.py"
    empty.write_text("")
    monkeypatch.setattr(law, "files", lambda: {"frame": empty})
    assert law.public_names_undefined(ast.parse(INIT), "") == [
        "evalkit/frame does not define Frame",
        "the table names evalkit/intervals.py, which does not exist",
    ]


def test_long_files_and_long_medians_are_caught() -> None:
    assert law.long_file("x = 1\n" * 401)
    assert law.long_file("x = 1\n" * 400) == []
    assert law.median_function([ast.parse("def f():\n" + "    x = 1\n" * 11)]) > law.MAX_MEDIAN


@pytest.mark.parametrize("comment", ["# noqa", "# noqa: E501", "# type: ignore", "# type: ignore[arg-type]", "#noqa:E501"])
def test_silence_without_reason_is_caught(comment: str) -> None:
    assert law.silenced_without_reason(f"x = 1  {comment}\n")
    assert law.silenced_without_reason(f'x = "{comment}"\n') == []


def test_silence_with_a_reason_passes() -> None:
    assert law.silenced_without_reason("x = 1  # noqa: E501  # one address, one line\n") == []
    assert law.silenced_without_reason("x = 1  # type: ignore[attr-defined]  # read by check\n") == []


def test_silence_for_nobody_is_caught() -> None:
    assert law.silenced_for_nobody("x = 1  # type: ignore[attr-defined]  # read by check\n")
    assert law.silenced_for_nobody('x = "# type: ignore"  # noqa: E501  # one address, one line\n') == []


@pytest.mark.parametrize("folder", ["home", "tmp", "root", "work", "Users"])
def test_machine_paths_are_caught(folder: str) -> None:
    assert law.machine_paths(f'open("/{folder}/a.csv")')
    assert law.machine_paths(f"https://example.org/{folder}/a") == []
