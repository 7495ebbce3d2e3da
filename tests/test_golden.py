"""evalkit gives the numbers that R's survey gives, on data of its own and, where it lies beside, on the reference."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import scipy

from tests.from_r import written

sys.path.insert(0, str(Path(__file__).resolve().parent / "golden"))

import run_cases  # a script beside the cases, not a package

OLD_SCIPY = tuple(map(int, scipy.__version__.split(".")[:2])) < (1, 15)
HERE = Path(__file__).resolve().parent / "golden"
OWN = HERE / "own"
CASES = json.loads((OWN / "cases.json").read_text(encoding="utf-8"))["cases"]
STATED = json.loads((OWN / "values.json").read_text(encoding="utf-8"))


def stated(case: dict[str, Any], values: dict[str, Any] = STATED) -> dict[str, Any]:
    return {**case, "result": values["values"][case["id"]]}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_own_golden_values(case: dict[str, Any]) -> None:
    assert run_cases.judge(stated(case), run_cases.run(case, OWN)) is None


def test_every_case_has_a_value_and_the_versions_are_told() -> None:
    assert set(STATED["values"]) == {case["id"] for case in CASES}
    assert set(STATED["versions"]) == {"R", "survey"}


@pytest.mark.r
def test_r_still_gives_the_stated_values(tmp_path: Path) -> None:
    again = written("make_values.R", tmp_path)
    for case in CASES:
        assert run_cases.judge(stated(case), again["values"][case["id"]]) is None, case["id"]


def test_a_wrong_value_is_seen() -> None:
    case = stated(CASES[0])
    found = run_cases.run(CASES[0], OWN)
    found["rows"][0]["se"] *= 1 + 1e-8
    assert run_cases.judge(case, found) is not None


def test_command_line_counts_and_writes_values(tmp_path: Path) -> None:
    bare = [{key: part for key, part in case.items()} for case in CASES[:2]]
    strange = {"id": "strange", "dataset": "villages", "design": {"weights": "w"}, "statistic": {"name": "oracle"}, "result": {"df": 1}}
    wrong = {**stated(CASES[0]), "id": "wrong", "result": {"df": 99}}
    file, values = tmp_path / "cases.json", tmp_path / "values.json"
    file.write_text(json.dumps({"cases": [*bare, stated(CASES[2]), strange, wrong]}), encoding="utf-8")
    command = [sys.executable, str(HERE / "run_cases.py"), str(file), str(OWN), "--values", str(values)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE.parent.parent)
    lines = done.stdout.strip().split("\n")
    assert lines[-1] == "1 agree, 1 differ, 1 not covered, 2 without result or not targets"
    assert any("wrong" in line for line in lines[:-1])
    assert any("strange" in line for line in lines[:-1])
    written = json.loads(values.read_text(encoding="utf-8"))
    assert set(written[CASES[0]["id"]]) == {"df", "rows", "vcov"}


def test_no_expected_value_or_id_in_the_adapter() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in HERE.glob("*.py"))
    assert not [case["id"] for case in CASES if case["id"] in source]


REFERENCE = HERE.parent.parent.parent / "shared" / "reference"


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference numbers do not lie beside this clone")
def test_every_reference_number_that_is_a_target_agrees() -> None:
    cases = json.loads((REFERENCE / "cases.json").read_text(encoding="utf-8"))["cases"]
    noncentral = OLD_SCIPY and {"power"}  # scipy 1.14 holds the noncentral t to eight digits
    counted = run_cases.tally([case for case in cases if case["family"] not in (noncentral or ())], REFERENCE / "data")
    assert not counted.differ
    assert not counted.uncovered
