"""Findings: which households were wrongly exited (错退), missed (漏评), wrongly identified (错评) or kept too long (漏退)."""

from evalkit.findings.checklists import Checklist, checklist
from evalkit.findings.determining import determine, unjudged
from evalkit.findings.found import NOT_HELD_AGAINST, UPHELD, Findings

__all__ = ["NOT_HELD_AGAINST", "UPHELD", "Checklist", "Findings", "checklist", "determine", "unjudged"]
