"""Chances of pairs: the names of R's sampling and jipApprox, and what evalkit calls them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import case_input

from evalkit.inclusion import APPROXIMATIONS, cps_working, exact

NAMES = {
    "Hajek": "hajek", "HartleyRao": "hartley_rao", "Tille": "tille",
    "Brewer1": "brewer1", "Brewer2": "brewer2", "Brewer3": "brewer3", "Brewer4": "brewer4",
}  # fmt: skip


def _probs(case: dict[str, Any], folder: Path) -> Any:
    return case_input.argument(case["args"]["pik"], folder)


ANSWERS: dict[str, Callable[[dict[str, Any], Path], Any]] = {
    "UPmaxentropypi2": lambda case, folder: exact.cps_as_r(_probs(case, folder)).tolist(),
    "UPsampfordpi2": lambda case, folder: exact.sampford(_probs(case, folder)).tolist(),
    "UPtillepi2": lambda case, folder: exact.tille(_probs(case, folder)).tolist(),
    "UPsystematicpi2": lambda case, folder: exact.systematic(_probs(case, folder)).tolist(),
    "UPmidzunopi2": lambda case, folder: exact.midzuno(_probs(case, folder)).tolist(),
    "UPMEpik2frompikw": lambda case, folder: exact.cps(_probs(case, folder)).tolist(),
    "UPMEpiktildefrompik": lambda case, folder: cps_working(_probs(case, folder)),
    "jip_approx": lambda case, folder: APPROXIMATIONS[NAMES[case["args"]["method"]]](_probs(case, folder)).tolist(),
}
