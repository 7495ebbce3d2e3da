"""The verdicts of all gates of a design on the rates that were measured."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from evalkit.verdict.judging import Verdict, judge

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.rates import Rate


def gate_verdicts(design: Design, rates: Iterable[Rate], villages: int) -> list[Verdict]:
    """Judge each gate as the design says: its threshold, direction and strictness, on the number that the regulation reads.

    Parameters
    ----------
    design : Design
    rates : iterable of Rate
        As `measure` makes them.
    villages : int
        Villages drawn.

    Returns
    -------
    list of Verdict
        In the order of the gates.
    """
    named = {rate.name: rate for rate in rates}
    verdicts = []
    for gate in design.gates:
        found = named[gate.rate].confirmed
        verdicts.append(
            judge(
                found.estimate,
                gate.threshold,
                direction=gate.direction,
                strict=gate.strict,
                alpha=design.evaluation.alpha,
                legal_value=found.official if gate.legal_value == "unweighted" else None,
                name=gate.rate,
                icc=design.evaluation.icc,
                villages=villages,
                level=design.evaluation.confidence,
            )
        )
    return verdicts
