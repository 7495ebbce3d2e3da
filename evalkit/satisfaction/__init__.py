"""Satisfaction: approval of households, scales and scores, composites, their reliability and drivers, and samples by telephone."""

from evalkit.satisfaction.approving import RULES, Approval, JoiningRule, approval, distribution

__all__ = ["RULES", "Approval", "JoiningRule", "approval", "distribution"]
