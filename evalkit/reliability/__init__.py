"""How far recorded answers can be trusted: misclassification, agreement, interviewers, digits, copies; and what several items measure."""

from evalkit.reliability.codings import MEASURES, Measure, agreement_table, measures_of
from evalkit.reliability.copies import closest_match, digit_test
from evalkit.reliability.drivers import relative_weights
from evalkit.reliability.interviewers import InterviewerEffect, deff_int, interviewer_effect
from evalkit.reliability.misclassification import Corrected, melded, rogan_gladen
from evalkit.reliability.scales import correlations, cronbach, mcdonald, one_factor

__all__ = [
    "MEASURES", "Corrected", "InterviewerEffect", "Measure", "agreement_table", "closest_match", "correlations", "cronbach", "deff_int",
    "digit_test", "interviewer_effect", "mcdonald", "measures_of", "melded", "one_factor", "relative_weights", "rogan_gladen",
]  # fmt: skip
