"""Verdicts on rates against thresholds, the conclusion drawn from all of them, and what they amount to over a programme."""

from evalkit.verdict.accepting import Decision, accept
from evalkit.verdict.chances import other_verdict
from evalkit.verdict.conclusion import Conclusion, conclude
from evalkit.verdict.deciding import satisfies
from evalkit.verdict.gates import gate_standings, gate_verdicts
from evalkit.verdict.judging import Judged, Verdict, judge
from evalkit.verdict.needing import Needed, Tipping
from evalkit.verdict.programmes import Programme, programme, violators

__all__ = [
    "Conclusion", "Decision", "Judged", "Needed", "Programme", "Tipping", "Verdict", "accept", "conclude", "gate_standings",
    "gate_verdicts", "judge", "other_verdict", "programme", "satisfies", "violators",
]  # fmt: skip
