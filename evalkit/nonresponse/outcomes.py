"""Outcome rates of AAPOR: response, cooperation, refusal and contact rates from counts of final outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.errors import EstimateError

# the design's codes and the letters of AAPOR
OUTCOMES = MappingProxyType(
    {
        "complete": "I", "partial": "P", "refusal": "R", "noncontact": "NC", "other": "O", "unknown_household": "UH",
        "unknown_other": "UO", "ineligible": "NE",
    }
)  # fmt: skip
# numerator and denominator, each a sum of letters; eU is e (UH + UO)
RATES = MappingProxyType(
    {
        "RR1": ("I", "I P R NC O UH UO"), "RR2": ("I P", "I P R NC O UH UO"),
        "RR3": ("I", "I P R NC O eU"), "RR4": ("I P", "I P R NC O eU"),
        "RR5": ("I", "I P R NC O"), "RR6": ("I P", "I P R NC O"),
        "COOP1": ("I", "I P R O"), "COOP2": ("I P", "I P R O"), "COOP3": ("I", "I P R"), "COOP4": ("I P", "I P R"),
        "REF1": ("R", "I P R NC O UH UO"), "REF2": ("R", "I P R NC O eU"), "REF3": ("R", "I P R NC O"),
        "CON1": ("I P R O", "I P R NC O UH UO"), "CON2": ("I P R O", "I P R NC O eU"), "CON3": ("I P R O", "I P R NC O"),
    }
)  # fmt: skip
KNOWN = ("complete", "partial", "refusal", "noncontact", "other")


def eligible_share(counts: Mapping[str, ArrayLike]) -> NDArray[np.float64]:
    """Return e, the share of units of unknown eligibility that are taken to be eligible.

    Proportional allocation (CASRO 1982): among the units whose eligibility is known,
    ``e = (I + P + R + NC + O) / (I + P + R + NC + O + NE)``.

    Parameters
    ----------
    counts : mapping
        Keys of ``OUTCOMES``; each a number or an array, shape (G,), counts or sums of weights.

    Returns
    -------
    ndarray, shape (G,) or ()
        Between 0 and 1; 1 where no unit's eligibility is known, so that nothing is left out of a denominator unseen.

    Examples
    --------
    >>> float(eligible_share({"complete": 9, "ineligible": 1, "unknown_other": 5}))
    0.9
    """
    held = _counts(counts)
    eligible = sum((held[code] for code in KNOWN), np.zeros(()))
    known = eligible + held["ineligible"]
    return np.asarray(np.divide(eligible, known, out=np.ones(np.shape(known)), where=known > 0))


def outcome_rates(counts: Mapping[str, ArrayLike], e: ArrayLike | None = None) -> dict[str, NDArray[np.float64]]:
    """Return the outcome rates of AAPOR.

    Parameters
    ----------
    counts : mapping
        Keys of ``OUTCOMES``, those left out are 0; each a number or an array, shape (G,), counts or sums of weights, at least 0.
    e : float or array of float, shape (G,), optional
        Share of the units of unknown eligibility that are eligible, 0 to 1; `eligible_share` by default.

    Returns
    -------
    dict of str to ndarray
        RR1–RR6, COOP1–COOP4, REF1–REF3, CON1–CON3, and ``e``. Not a number where a denominator is 0.

    Raises
    ------
    EstimateError
        For an outcome that is none, counts below 0, or an `e` outside 0 to 1.

    Notes
    -----
    RR1 counts every unknown as eligible, RR5 none, RR3 the share e; RR2, RR4 and RR6 count partial interviews as answered.
    With all outcomes known the six are two.

    References
    ----------
    AAPOR, Standard Definitions: Final Dispositions of Case Codes and Outcome Rates for Surveys, 10th edition, 2023, chapter
    on calculating outcome rates.

    Examples
    --------
    >>> rates = outcome_rates({"complete": 80, "refusal": 5, "noncontact": 5, "ineligible": 5, "unknown_other": 10})
    >>> [round(float(rates[name]), 4) for name in ("RR1", "RR3", "RR5", "e")]
    [0.8, 0.8042, 0.8889, 0.9474]
    """
    held = _counts(counts)
    share = eligible_share(counts) if e is None else np.asarray(e, dtype=float)
    if not np.all((share >= 0) & (share <= 1)):
        raise EstimateError("e｜不明单位中合格的份额应在 0 与 1 之间｜写成小数，如 e=0.9；不写则按已知单位的比例推算")
    letters = {letter: held[code] for code, letter in OUTCOMES.items()}
    letters["eU"] = share * (letters["UH"] + letters["UO"])
    rates = {name: _share(_sum(letters, above), _sum(letters, below)) for name, (above, below) in RATES.items()}
    return {**rates, "e": share}


def _counts(counts: Mapping[str, ArrayLike]) -> dict[str, NDArray[np.float64]]:
    strange = [str(code) for code in counts if code not in OUTCOMES]
    if strange:
        raise EstimateError(f"counts｜没有这种结果：{'、'.join(strange)}｜可用：{'、'.join(OUTCOMES)}")
    held = {code: np.asarray(counts.get(code, 0), dtype=float) for code in OUTCOMES}
    wrong = [code for code, numbers in held.items() if not np.all(np.isfinite(numbers) & (numbers >= 0))]
    if wrong:
        raise EstimateError(f"counts｜{'、'.join(wrong)} 中有负数或不是数的｜个数或权数之和应不小于 0")
    return held


def _sum(letters: Mapping[str, NDArray[np.float64]], names: str) -> NDArray[np.float64]:
    return np.asarray(sum((letters[name] for name in names.split()), np.zeros(())))


def _share(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    shape = np.broadcast_shapes(above.shape, below.shape)
    return np.asarray(np.divide(above, below, out=np.full(shape, np.nan), where=below > 0))
