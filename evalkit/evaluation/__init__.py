"""Evaluation: the whole river in one folder, step by step or at once."""

from evalkit.evaluation.beginning import begin
from evalkit.evaluation.specimen import run
from evalkit.evaluation.steps import Evaluation

__all__ = ["Evaluation", "begin", "run"]
