"""How n units are divided among strata: real shares, whole numbers, several limits at once, and where to cut strata."""

from evalkit.allocation.boundaries import Strata, cumulative_root, cut, geometric, lavallee_hidiroglou
from evalkit.allocation.domains import same_precision
from evalkit.allocation.fitting import Shares
from evalkit.allocation.methods import METHODS, Allocation
from evalkit.allocation.optimum import Quotas, affordable, enough, optimal
from evalkit.allocation.precision import demands, standard_errors
from evalkit.allocation.rounding import equal_integers, integers, largest_remainders, proportional_integers
from evalkit.allocation.several import Several, bethel, chromy
from evalkit.allocation.shares import equal, fixed_cost, fixed_variance, kish, neyman, planning_spread, power, proportional, rate
from evalkit.allocation.stages import TwoStageQuotas, bethel_two_stage

__all__ = [
    "METHODS",
    "Allocation",
    "Quotas",
    "Several",
    "Shares",
    "Strata",
    "TwoStageQuotas",
    "affordable",
    "bethel",
    "chromy",
    "cumulative_root",
    "cut",
    "demands",
    "enough",
    "equal",
    "equal_integers",
    "fixed_cost",
    "fixed_variance",
    "geometric",
    "integers",
    "kish",
    "largest_remainders",
    "lavallee_hidiroglou",
    "neyman",
    "optimal",
    "planning_spread",
    "power",
    "proportional",
    "proportional_integers",
    "rate",
    "same_precision",
    "standard_errors",
    "bethel_two_stage",
]
