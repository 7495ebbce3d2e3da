"""Inclusion: the chances of single units and of pairs, from sizes or from the single chances."""

from evalkit.inclusion.approximate import APPROXIMATIONS
from evalkit.inclusion.exact import cps, cps_as_r, midzuno, poisson, sampford, srs, systematic, tille
from evalkit.inclusion.first import by_strata, certain, proportional, whole_sizes
from evalkit.inclusion.pareto import order_sampling
from evalkit.inclusion.working import cps_working

__all__ = [
    "proportional", "certain", "by_strata", "whole_sizes", "order_sampling",
    "srs", "poisson", "cps", "cps_as_r", "sampford", "tille", "midzuno", "systematic", "cps_working",
    "APPROXIMATIONS",
]  # fmt: skip
