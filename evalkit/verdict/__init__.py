"""Verdicts on rates against thresholds, and the conclusion drawn from all of them."""

from evalkit.verdict.conclusion import Conclusion, conclude
from evalkit.verdict.judging import Judged, Verdict, judge, other_verdict

__all__ = ["Conclusion", "Judged", "Verdict", "conclude", "judge", "other_verdict"]
