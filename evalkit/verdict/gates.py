"""The verdicts of all gates of a design on the rates that were measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from evalkit.verdict.judging import Standing, Verdict, judge, standing

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.design.judgement import Gate
    from evalkit.rates import Rate
    from evalkit.rates.nouns import Measure


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
    planned = design.evaluation
    return [
        judge(found.estimate, gate.threshold, name=gate.rate, icc=planned.icc, villages=villages, level=planned.confidence, **rule)
        for gate, found, rule in _gates(design, rates)
    ]


def gate_standings(design: Design, rates: Iterable[Rate]) -> list[tuple[Measure, Standing]]:
    """Return of each gate the rate and where it stands: what `gate_verdicts` says of both, without p-values and words.

    Parameters
    ----------
    design, rates
        As for `gate_verdicts`.

    Returns
    -------
    list of (Measure, Standing)
        In the order of the gates.
    """
    asking = {} if design.evaluation.icc is None else {"icc": design.evaluation.icc}
    return [(found, standing(found.estimate, gate.threshold, asking=asking, **rule)) for gate, found, rule in _gates(design, rates)]


def _gates(design: Design, rates: Iterable[Rate]) -> Iterator[tuple[Gate, Measure, dict[str, Any]]]:
    """Yield each gate with its rate and the rule that it is judged by."""
    named = {rate.name: rate.confirmed for rate in rates}
    for gate in design.gates:
        found = named[gate.rate]
        read = found.official if gate.legal_value == "unweighted" else None
        yield gate, found, {"direction": gate.direction, "strict": gate.strict, "alpha": design.evaluation.alpha, "legal_value": read}
