"""Operating characteristics: the probability of accepting, by the true rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.acceptance.doubles import Double
from evalkit.acceptance.numbers import Chances, Rule, events_at
from evalkit.sizing.demands import Demands

Numbers = NDArray[np.float64]
POINTS = 61
REACH = 2.5  # gates of events that a curve shows


@dataclass(frozen=True, eq=False)
class Curve:
    """P(accept | rate) of a rule, by model; the arrays are read-only and as long as `rates`."""

    rates: Numbers
    accept: Chances

    def rows(self) -> Iterator[tuple[str, float, float]]:
        """Yield model, rate and probability, as the rows of a table with columns ``model p accept``."""
        for model, chances in self.accept.items():
            yield from ((model, float(p), float(chance)) for p, chance in zip(self.rates, chances, strict=True))


def curve(rule: Rule | Double, rates: Any = None) -> Curve:
    """Return the operating characteristic of a rule.

    Parameters
    ----------
    rule : Rule or Double
    rates : array of float, optional
        True rates in [0, 1]; without them 61 from a rate without events to two and a half times the events of the gate.

    Returns
    -------
    Curve

    Raises
    ------
    EstimateError
        A rate outside [0, 1].

    Examples
    --------
    >>> from evalkit.acceptance.layouts import Layout
    >>> made = curve(Rule(Layout(20, 60, .05), .02, 8), [0, .005, .02])
    >>> {model: chances.round(3).tolist() for model, chances in made.accept.items()}
    {'beta-binomial': [1.0, 0.754, 0.027], 'bad-village': [1.0, 0.73, 0.04]}
    """
    asked = Demands()
    asked.need(isinstance(rule, Rule | Double), f"rule = {type(rule).__name__}", "应为接收规则", "写 acceptance.number(…)")
    asked.refuse()
    if rates is None:
        events = np.linspace(0, min(1.0, REACH * events_at(rule.gate, rule.direction)), POINTS)
        rates = np.clip(events if rule.direction == "below" else 1 - events, 0, 1)
    accept = rule.accepts(list(rates) if np.ndim(rates) else [rates])
    rates = np.array(rates, dtype=float, ndmin=1)
    for array in (rates, *accept.values()):
        array.flags.writeable = False
    return Curve(rates, accept)
