"""Acceptance numbers and operating characteristics for clustered samples; two-phase plans.

For gates of rates near zero: a number fixed in the protocol, and its risks, exact under two models of how events cluster.
"""

from evalkit.acceptance.curves import Curve, curve
from evalkit.acceptance.doubles import Double, double
from evalkit.acceptance.layouts import SELF_WEIGHTING, Layout
from evalkit.acceptance.looks import METHODS, Looks, two_looks
from evalkit.acceptance.numbers import Rule, number
from evalkit.acceptance.searching import Choice, cheapest, smallest

__all__ = [
    "METHODS", "SELF_WEIGHTING", "Choice", "Curve", "Double", "Layout", "Looks", "Rule", "cheapest", "curve", "double", "number",
    "smallest", "two_looks",
]  # fmt: skip
