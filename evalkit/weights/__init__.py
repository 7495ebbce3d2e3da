"""Weights: from the chances of the draw to the weight of each completed interview, and the steps that adjust it."""

from evalkit.weights.base import base_weights, levels

__all__ = ["base_weights", "levels"]
