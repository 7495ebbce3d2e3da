"""Weights: from the chances of the draw to the weight of each completed interview, and the steps that adjust it."""

from evalkit.weights.answering import Nonresponse
from evalkit.weights.base import base_weights, levels, released_weights
from evalkit.weights.calibrating import Calibrate
from evalkit.weights.margins import PostStratify, Rake
from evalkit.weights.reached import response_rates
from evalkit.weights.recipe import declared
from evalkit.weights.steps import Applied, Sets, Step
from evalkit.weights.trimming import Trim

__all__ = [
    "Applied", "Calibrate", "Nonresponse", "PostStratify", "Rake", "Sets", "Step", "Trim", "base_weights", "declared", "levels",
    "released_weights", "response_rates",
]  # fmt: skip
