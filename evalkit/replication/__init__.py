"""Replicates: factors by unit that imitate drawing the sample again, and the variance of what is computed from each."""

from evalkit.replication.balanced import brr, fay
from evalkit.replication.imports import KINDS, Kind, imported, rank_df
from evalkit.replication.jackknife import jk1, jkn
from evalkit.replication.methods import METHODS, Method, made
from evalkit.replication.multistage import beaumont_emond, preston
from evalkit.replication.plan import Replicates, lowest, softened, totals
from evalkit.replication.resampled import canty_davison, rwy
from evalkit.replication.spread import Centre, covariance, variance
from evalkit.replication.successive import sdr

__all__ = [
    "KINDS", "METHODS", "Centre", "Kind", "Method", "Replicates", "beaumont_emond", "brr", "canty_davison", "fay", "imported", "jk1", "jkn",
    "lowest", "made", "preston", "rank_df", "covariance", "totals", "variance", "rwy", "sdr", "softened",
]  # fmt: skip
