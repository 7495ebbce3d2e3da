"""Variance of totals under stratified multi-stage designs: numbers in, numbers out."""

from evalkit.variances.neighbours import local_mean
from evalkit.variances.partition import Grouping, Partition
from evalkit.variances.stages import (
    FULL,
    Alike,
    Floats,
    Form,
    Ints,
    Spread,
    Stage,
    add_up,
    collapse,
    group,
    multipliers,
    structure,
    without_fpc,
)
from evalkit.variances.totals import SINGLETON_RULES, Policy, Scores, covariance_of_totals, variances_of_totals

__all__ = [
    "FULL", "Alike", "SINGLETON_RULES", "Floats", "Form", "Grouping", "Ints", "Partition", "Policy", "Scores", "Spread", "Stage", "add_up",
    "collapse", "covariance_of_totals", "group", "local_mean", "multipliers", "structure", "variances_of_totals", "without_fpc",
]  # fmt: skip
