"""Intervals from plain numbers, and the design effects they need.

`proportion` and `student` give limits; `METHODS` lists the ways; `Planning` is what KG-M needs beside the
estimate, and `weight_effect`, `weighted_take`, `event_df`, `reach`, `anova` and `pooled_icc` make its parts.
`fay_feuer` bounds weighted rare events, `mover` combinations of rates, `joint_level` several intervals at once;
`presentation` says which numbers a statistical office would print.
"""

from evalkit.intervals.bounds import NO_DF, Interval, proportion, student
from evalkit.intervals.combining import JOINT, Joint, joint_level, mover
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
from evalkit.intervals.gammas import fay_feuer
from evalkit.intervals.methods import METHODS, Method
from evalkit.intervals.moderated import Planning, correlation_of
from evalkit.intervals.profile import r_stretch
from evalkit.intervals.standards import FLAGS, Flag, Presentation, presentation

__all__ = [
    "FLAGS", "JOINT", "METHODS", "NO_DF", "PLANNING_ICC", "Anova", "Flag", "Interval", "Joint", "Method", "Planning", "Presentation",
    "Reach", "anova", "correlation_of", "event_df", "fay_feuer", "joint_level", "mover", "planning_effect", "pooled_icc", "presentation",
    "proportion", "r_stretch", "reach", "student", "village_bound", "weight_effect", "weighted_take",
]
