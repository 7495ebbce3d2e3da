"""Calibration: weights that reproduce known totals, weights within bounds, and what either does to weighted scores."""

from evalkit.calibration.cells import Cells, collapse
from evalkit.calibration.distances import METHODS, Distance, distance
from evalkit.calibration.fitting import Fit, fit, unit_means
from evalkit.calibration.margins import Names
from evalkit.calibration.raking import Raked, poststratify, poststratify_cells, rake, rake_cells
from evalkit.calibration.replicated import Fits, fit_many
from evalkit.calibration.residual import CellProjection, MatrixProjection, Projection, RakedProjection, Redistribution
from evalkit.calibration.trimming import CAPS, RULES, cap, trim

__all__ = [
    "METHODS", "Distance", "distance",
    "Fit", "fit", "unit_means", "Fits", "fit_many",
    "Raked", "rake", "rake_cells", "poststratify", "poststratify_cells", "Cells", "collapse", "Names",
    "Projection", "CellProjection", "MatrixProjection", "RakedProjection", "Redistribution",
    "RULES", "trim", "CAPS", "cap",
]  # fmt: skip
