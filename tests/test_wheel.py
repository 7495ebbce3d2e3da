"""The source distribution and the wheel made from it: whole, without what is not for users, and at work where nothing else is."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import evalkit
from tests.architecture_rules import PACKAGE, ROOT

Built = tuple[list[str], zipfile.ZipFile, Path]
NAME = f"evalkit-{evalkit.__version__}"
NEEDED = {
    "py.typed", "report/fonts/OFL.txt", "report/fonts/EvalkitSansSC-Regular.otf", "report/fonts/EvalkitSansSC-Bold.ttf", 
    "report/report.typ", "report/booklet.typ", "report/page.html", "design/lines.csv", "design/standards.toml", "design/template.toml",
    "design/rules/两不愁三保障.toml", "verifiers/verify_draw.py", "verifiers/verify_draw.html",
}  # fmt: skip
# in another folder, without this one: the command, files of the package, a whole draw
PROGRAM = """
import sys, tempfile
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import pandas as pd, evalkit as ev
from click.testing import CliRunner
from evalkit.cli import main
assert Path(ev.__file__).is_relative_to(sys.argv[1]), ev.__file__
said = CliRunner().invoke(main, ["--version"], prog_name="evalkit").output
ev.begin(Path(tempfile.mkdtemp()) / "某县")
table = pd.DataFrame({"village": [1, 1, 2, 2], "y": [1.0, 0, 0, 1]})
survey = ev.Survey.from_data(table, clusters="village")
print(said.strip(), round(float(ev.mean(survey, "y")), 3), Path(ev.__file__).with_name("py.typed").exists())
"""


def run(*words: object, where: Path) -> str:
    done = subprocess.run([sys.executable, *map(str, words)], cwd=where, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The names in the source distribution, and the wheel that is built from it alone."""
    place = tmp_path_factory.mktemp("dist")
    run("-m", "hatchling", "build", "-t", "sdist", "-d", place, where=ROOT)
    with tarfile.open(place / f"{NAME}.tar.gz") as held:
        names = [name.removeprefix(f"{NAME}/") for name in held.getnames()]
        held.extractall(place, filter="data")
    run("-m", "hatchling", "build", "-t", "wheel", "-d", place, where=place / NAME)
    return names, zipfile.ZipFile(place / f"{NAME}-py3-none-any.whl"), place


def test_the_wheel_is_the_package_and_nothing_else(built: Built) -> None:
    wheel = built[1]
    names = {name for name in wheel.namelist() if not name.startswith(f"{NAME}.dist-info/")}
    files = (path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    source = {f"evalkit/{path.relative_to(PACKAGE).as_posix()}" for path in files}
    assert names == source and {f"evalkit/{name}" for name in NEEDED} <= names
    assert all(wheel.read(name) == (ROOT / name).read_bytes() for name in names)
    kept = {name.partition("/")[2] for name in wheel.namelist() if name.startswith(f"{NAME}.dist-info/")}
    assert kept == {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE", "licenses/evalkit/report/fonts/OFL.txt"}
    told = wheel.read(f"{NAME}.dist-info/METADATA").decode()
    assert re.search(r"^License-Expression: BSD-3-Clause AND OFL-1\.1$", told, re.MULTILINE) and "Requires-Python: >=3.11" in told
    assert "Root-Is-Purelib: true" in wheel.read(f"{NAME}.dist-info/WHEEL").decode()


def test_the_source_can_be_tested_and_has_no_litter(built: Built) -> None:
    names = set(built[0])
    papers = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "CITATION.cff", "SECURITY.md", "LICENSE", "VISION.md", "pyproject.toml")
    assert {*papers, "PKG-INFO", "tests/test_wheel.py", "docs/licences.md", "designs/biyang_2018.toml"} <= names
    litter = re.compile(r"(^|/)(__pycache__|\.git|\.venv|\.\w+_cache|\.hypothesis|reports|\.ci)(/|$)|\.pyc$|\.sqlite$")
    assert not [name for name in names if litter.search(name)]


def test_the_installed_wheel_works_away_from_its_source(built: Built, tmp_path: Path) -> None:
    target = tmp_path / "装 在 这里"
    pip = ("-m", "pip", "--disable-pip-version-check", "-q", "install", "--no-deps", "--no-index", "--no-compile", "--target", target)
    run(*pip, built[2] / f"{NAME}-py3-none-any.whl", where=tmp_path)
    assert run("-I", "-c", PROGRAM, target, where=tmp_path).split() == ["evalkit", evalkit.__version__, "0.5", "True"]
    assert "evalkit = evalkit.cli:main" in built[1].read(f"{NAME}.dist-info/entry_points.txt").decode()
