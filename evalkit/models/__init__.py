"""Models and tests on a survey: each gives estimates with their scores, and the Survey gives the variance."""

from evalkit.models.association import independence
from evalkit.models.cells import crosstab
from evalkit.models.comparison import ranktest, ttest
from evalkit.models.contrast import wald
from evalkit.models.ordered import ordinal
from evalkit.models.outcome import Test
from evalkit.models.regression import Model, glm
from evalkit.models.standards import standardize

__all__ = ["Model", "Test", "crosstab", "glm", "independence", "ordinal", "ranktest", "standardize", "ttest", "wald"]
