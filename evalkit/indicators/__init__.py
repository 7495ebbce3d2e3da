"""Indicator systems: a tree of indicators as data, its points, gates, grades, places and lights, with what the sample leaves open."""

from evalkit.indicators.choices import Sensitivity, sensitivity
from evalkit.indicators.circumstances import circumstance_table
from evalkit.indicators.grading import LIGHTS
from evalkit.indicators.lamps import exposure
from evalkit.indicators.scorecard import Scorecard
from evalkit.indicators.scoring import score
from evalkit.indicators.systems import HEADINGS, read_system, system_table
from evalkit.indicators.tallying import Tally, tally
from evalkit.indicators.values import Value, Values

__all__ = [
    "HEADINGS", "LIGHTS", "Scorecard", "Sensitivity", "Tally", "Value", "Values", "circumstance_table", "exposure", "read_system", "score",
    "sensitivity", "system_table", "tally",
]  # fmt: skip
