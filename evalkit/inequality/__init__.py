"""Measures of inequality and poverty: each gives its value and its linearised scores, nothing else."""

from __future__ import annotations

from evalkit.inequality.curve import ZENGA_FORMS, zenga
from evalkit.inequality.entropy import atkinson, generalised_entropy
from evalkit.inequality.lorenz import FORMS, SHARE_FORMS, gini, quintile_share_ratio
from evalkit.inequality.poverty import CENTRES, Relative, fgt, poverty_line, quantile_alpha

__all__ = [
    "CENTRES", "FORMS", "SHARE_FORMS", "ZENGA_FORMS", "Relative",
    "atkinson", "fgt", "generalised_entropy", "gini", "poverty_line", "quantile_alpha", "quintile_share_ratio", "zenga",
]  # fmt: skip
