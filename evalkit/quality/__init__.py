"""The quality of fieldwork: two codings held against each other, re-interviews, interviewers, paradata, and who did not answer."""

from evalkit.quality.askers import Interviewers, LeftOut, interviewers, leave_out
from evalkit.quality.codings import agreement
from evalkit.quality.nonrespondents import registry_bias, without_reserves, worst_case
from evalkit.quality.plausible import Plausibility, plausibility
from evalkit.quality.rechecking import Recheck, recheck
from evalkit.quality.reinterviews import Reinterview, reinterview
from evalkit.quality.twophase import two_phase

__all__ = [
    "Interviewers", "LeftOut", "Plausibility", "Recheck", "Reinterview", "agreement", "interviewers", "leave_out", "plausibility",
    "recheck", "registry_bias", "reinterview", "two_phase", "without_reserves", "worst_case",
]  # fmt: skip
