"""Satisfaction: approval of households, scales and scores, composites, their reliability and drivers, and samples by telephone."""

from evalkit.satisfaction.approving import RULES, Approval, JoiningRule, approval, distribution
from evalkit.satisfaction.fields import field_composite
from evalkit.satisfaction.moments import alpha, drivers, omega
from evalkit.satisfaction.priorities import Priorities, prioritize
from evalkit.satisfaction.quotas import QuotaSample, quota_sample
from evalkit.satisfaction.scales import Scale
from evalkit.satisfaction.scoring import answers, composite, mode_effect, nps, scores, top_box, top_box_table

__all__ = [
    "RULES", "Approval", "JoiningRule", "Priorities", "QuotaSample", "Scale", "alpha", "answers", "approval", "composite", "distribution",
    "drivers", "field_composite", "mode_effect", "nps", "omega", "prioritize", "quota_sample", "scores", "top_box", "top_box_table",
]  # fmt: skip
