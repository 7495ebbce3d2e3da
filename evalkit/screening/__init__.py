"""Screening: which rows break which rule, found by whole columns, told in one table (行, 列, 值, 规则, 处理)."""

from evalkit.screening.checks import ACTIONS, FENCES, KINDS, Check
from evalkit.screening.matching import Matching, match_sources
from evalkit.screening.outcome import Screening, annex_pages
from evalkit.screening.running import screen, screen_rows

__all__ = ["ACTIONS", "FENCES", "KINDS", "Check", "Matching", "Screening", "annex_pages", "match_sources", "screen", "screen_rows"]
