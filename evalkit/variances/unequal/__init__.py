"""Variance of totals of samples drawn with unequal chances: from single chances, from those of pairs, and from residuals."""

from evalkit.variances.unequal.estimators import balanced_variance, hajek_mean, horvitz_thompson_total, regression_variance
from evalkit.variances.unequal.pairs import (
    FORMS,
    KINDS,
    design_variance,
    form,
    horvitz_thompson_variance,
    joint_chances,
    ratio_variance,
    successive,
)
from evalkit.variances.unequal.population import POPULATION_RULES, TRUE_METHODS, approximate, true_variance
from evalkit.variances.unequal.squares import RULES, SAMPLE_METHODS, coefficients, fixed_point

__all__ = [
    "FORMS", "KINDS", "POPULATION_RULES", "RULES", "SAMPLE_METHODS", "TRUE_METHODS",
    "coefficients", "fixed_point", "approximate", "true_variance",
    "form", "joint_chances", "horvitz_thompson_variance", "ratio_variance", "design_variance", "successive",
    "horvitz_thompson_total", "hajek_mean", "regression_variance", "balanced_variance",
]  # fmt: skip
