"""Intervals from plain numbers, and the design effects they need.

`proportion` and `student` give limits; `METHODS` lists the ways; `Planning` is what KG-M needs beside the
estimate, and `weight_effect`, `weighted_take`, `event_df`, `reach`, `anova` and `pooled_icc` make its parts.
"""

from evalkit.intervals.bounds import NO_DF, Interval, proportion, student
from evalkit.intervals.effects import (
    PLANNING_ICC,
    Anova,
    Reach,
    anova,
    event_df,
    planning_effect,
    pooled_icc,
    reach,
    village_bound,
    weight_effect,
    weighted_take,
)
from evalkit.intervals.methods import METHODS, Method
from evalkit.intervals.moderated import Planning, correlation_of
from evalkit.intervals.profile import r_stretch
from evalkit.intervals.recovered import mover

__all__ = [
    "METHODS", "NO_DF", "PLANNING_ICC", "Anova", "Interval", "Method", "Planning", "Reach", "anova", "correlation_of", "event_df", "mover",
    "planning_effect",
    "pooled_icc", "proportion", "r_stretch", "reach", "student", "village_bound", "weight_effect", "weighted_take",
]
