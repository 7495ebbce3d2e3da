"""Quantiles of weighted values: twelve rules, intervals in terms of the distribution function, and scores."""

from __future__ import annotations

from evalkit.quantiles.densities import DENSITIES, density, scores
from evalkit.quantiles.limits import score_limits, woodruff
from evalkit.quantiles.ordered import Ordered, grouped, quantile
from evalkit.quantiles.rules import RULES, Rule

__all__ = [
    "DENSITIES", "RULES", "Ordered", "Rule",
    "density", "grouped", "quantile", "score_limits", "scores", "woodruff",
]  # fmt: skip
