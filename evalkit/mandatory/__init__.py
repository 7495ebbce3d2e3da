"""Units that must be reached (三类村必走访, 地毯式普查, strata taken whole): which they are, and which of them were reached."""

from evalkit.mandatory.reaching import Coverage, check_coverage
from evalkit.mandatory.required import must_visit, take_all, write_visit_forms

__all__ = ["Coverage", "check_coverage", "must_visit", "take_all", "write_visit_forms"]
