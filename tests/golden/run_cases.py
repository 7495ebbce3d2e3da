"""Run a file of cases through evalkit and compare with the results it states.

    python tests/golden/run_cases.py CASES.json DATA_DIR [--values OUT.json]

Each case names a data set, a design and a statistic (or a function and its arguments), and may state a
`result`. The last line of the output counts: N agree, M differ, K not covered, J without result or not
targets; the ids of M and K stand above it. `--values` writes {id: the keys that `result` would have}.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import case_allocation
import case_calibration
import case_inclusion
import case_inequality
import case_selection
import case_sizing
import case_spatial
import case_statistics
import case_unequal
import case_weighting
import numpy as np
from case_input import Jittered, NotCovered

import evalkit as ev

FUNCTIONS = (
    case_inclusion.ANSWERS | case_selection.ANSWERS | case_allocation.ANSWERS | case_sizing.ANSWERS | case_spatial.ANSWERS
    | case_inequality.ANSWERS | case_calibration.ANSWERS | case_unequal.ANSWERS | case_weighting.ANSWERS
)  # fmt: skip


@dataclass
class Tally:
    """What became of the cases."""

    agree: list[str] = field(default_factory=list)
    differ: list[str] = field(default_factory=list)
    uncovered: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        counts = len(self.agree), len(self.differ), len(self.uncovered), len(self.without)
        return "{} agree, {} differ, {} not covered, {} without result or not targets".format(*counts)


def plain(value: Any) -> Any:
    """Return numbers as JSON can hold them; NaN and infinities as text."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, Jittered):
        return value
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(part) for part in value]
    if isinstance(value, (float, np.floating)):
        number = float(value)
        return number if math.isfinite(number) else "NaN" if math.isnan(number) else "Inf" if number > 0 else "-Inf"
    return value.item() if isinstance(value, np.generic) else value


def difference(found: Any, stated: Any, case: dict[str, Any], path: str = "") -> str | None:
    """Return where `found` departs from `stated`; every key that is stated counts."""
    if isinstance(stated, dict):
        if not isinstance(found, dict):
            return f"{path}: no table"
        return _first(difference(found.get(key), part, case, f"{path}.{key}") for key, part in stated.items())
    if isinstance(stated, list):
        if not isinstance(found, list) or len(found) != len(stated):
            return f"{path}: {len(found) if isinstance(found, list) else found} instead of {len(stated)} entries"
        if isinstance(found, Jittered):
            case = {**case, "atol": case.get("atol", 0.0) + found.amount}
        return _first(difference(a, b, case, f"{path}[{at}]") for at, (a, b) in enumerate(zip(found, stated, strict=True)))
    return None if _same(found, stated, case) else f"{path}: {found} instead of {stated}"


def _first(found: Any) -> str | None:
    return next((text for text in found if text is not None), None)


def _same(found: Any, stated: Any, case: dict[str, Any]) -> bool:
    a, b = _number(found), _number(stated)
    if a is None or b is None:
        return found == stated or str(found) == str(stated)
    if math.isnan(b) or math.isinf(b):
        return (math.isnan(a) and math.isnan(b)) or a == b
    return abs(a - b) <= case.get("atol", 0.0) + case.get("rtol", 1e-9) * abs(b)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        return {"NaN": math.nan, "NA": math.nan, "Inf": math.inf, "-Inf": -math.inf}.get(value)
    return float(value) if isinstance(value, (int, float)) else None


def run(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the result of a case; a refusal is its result too, a crash never is."""
    try:
        if case.get("function") in FUNCTIONS:
            return {"value": plain(FUNCTIONS[case["function"]](case, folder))}
        return plain(case_statistics.answer(case, folder))
    except NotCovered:
        raise
    except ev.EvalkitError as refusal:
        return {"error": str(refusal)}
    except Exception as crash:
        return {"crash": f"{type(crash).__name__}: {crash}"}


def judge(case: dict[str, Any], found: dict[str, Any]) -> str | None:
    """Return how `found` departs from the stated result; a refusal is right where one is stated."""
    stated = case["result"]
    if "crash" in found:
        return f"crashed: {found['crash']}"
    if "error" in stated or "error" in found:
        return None if "error" in stated and "error" in found else f"refused: {found['error']}" if "error" in found else "not refused"
    return difference(found, stated, case)


def tally(cases: list[dict[str, Any]], folder: Path) -> Tally:
    """Run all cases."""
    counted = Tally()
    for case in cases:
        judged = case.get("result") is not None and case.get("target", True)
        try:
            found = run(case, folder)
        except NotCovered as reason:
            (counted.uncovered if judged else counted.without).append(case["id"] if judged else f"{case['id']} ({reason})")
            continue
        counted.values[case["id"]] = found
        if not judged:
            counted.without.append(case["id"])
            continue
        fault = judge(case, found)
        counted.agree.append(case["id"]) if fault is None else counted.differ.append(f"{case['id']}  {fault}")
    return counted


def main() -> int:
    """Read the command line, run, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--values", type=Path)
    given = parser.parse_args()
    content = json.loads(given.cases.read_text(encoding="utf-8"))
    counted = tally(content["cases"] if isinstance(content, dict) else content, given.data)
    if given.values:
        given.values.write_text(json.dumps(counted.values, ensure_ascii=False, indent=1), encoding="utf-8")
    for title, listed in (("differ", counted.differ), ("not covered", counted.uncovered)):
        if listed:
            print(f"{title}:", *listed, sep="\n  ")
    print(counted.line())
    return 1 if counted.differ else 0


if __name__ == "__main__":
    sys.exit(main())
