"""Estimate: how much, and how sure. A statistic gives its value and its linearised scores; the Survey gives the variance."""

from evalkit.estimates.conditions import col
from evalkit.estimates.estimate import Estimate
from evalkit.estimates.statistics import mean, proportion, ratio, total, variance

__all__ = ["Estimate", "col", "mean", "proportion", "ratio", "total", "variance"]
