"""How far recorded answers can be trusted: misclassification, agreement of two codings, interviewers, digits, copies."""

from evalkit.reliability.codings import MEASURES, Measure, agreement_table, measures_of
from evalkit.reliability.copies import closest_match, digit_test
from evalkit.reliability.interviewers import InterviewerEffect, deff_int, interviewer_effect
from evalkit.reliability.misclassification import Corrected, melded, rogan_gladen

__all__ = [
    "MEASURES", "Corrected", "InterviewerEffect", "Measure", "agreement_table", "closest_match", "deff_int", "digit_test",
    "interviewer_effect", "measures_of", "melded", "rogan_gladen",
]  # fmt: skip
