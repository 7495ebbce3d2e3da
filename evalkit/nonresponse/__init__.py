"""Nonresponse in numbers: weighting cells and eligibility, response propensities, and how far the answers stand for all.

The usual order: `spread_unknown` (weight of units of unknown eligibility), then `cell_factors` (weight of eligible
nonrespondents), in cells of at least 20 released units and with factors of at most 3; then calibration.
"""

from evalkit.nonresponse.cells import STATUS, CellFactors, CellTable, ResponseGroups, cell_factors, response_groups, spread_unknown
from evalkit.nonresponse.outcomes import OUTCOMES, RATES, eligible_share, outcome_rates
from evalkit.nonresponse.propensities import Propensity, PropensityClasses, propensity_classes, response_propensity
from evalkit.nonresponse.representativity import (
    SCALES,
    PartialIndicators,
    RIndicator,
    StandardisedDifferences,
    WorstCase,
    partial_indicators,
    r_indicator,
    standardised_differences,
    worst_case,
)

__all__ = [
    "OUTCOMES", "RATES", "SCALES", "STATUS", "CellFactors", "CellTable", "PartialIndicators", "Propensity", "PropensityClasses",
    "RIndicator", "ResponseGroups", "StandardisedDifferences", "WorstCase", "cell_factors", "eligible_share", "outcome_rates",
    "partial_indicators", "propensity_classes", "r_indicator", "response_groups", "response_propensity", "spread_unknown",
    "standardised_differences", "worst_case",
]  # fmt: skip
