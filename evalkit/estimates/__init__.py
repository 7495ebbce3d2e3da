"""Estimate: how much, and how sure. A statistic gives its value and its linearised scores; the Survey gives the variance."""

from evalkit.estimates.combining import combine
from evalkit.estimates.conditions import col
from evalkit.estimates.distribution import quantile
from evalkit.estimates.estimate import Estimate
from evalkit.estimates.poverty import disparity, fgt, gini
from evalkit.estimates.relations import correlation, covariance
from evalkit.estimates.statistics import mean, proportion, ratio, total, variance

__all__ = [
    "Estimate", "col", "combine", "correlation", "covariance", "disparity", "fgt", "gini", "mean", "proportion", "quantile", "ratio",
    "total", "variance",
]  # fmt: skip
