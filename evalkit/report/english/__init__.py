"""The report in English: the same tables, cell by cell, under English headings, and sentences made from the same numbers."""

from evalkit.report.english.composing import compose_english

__all__ = ["compose_english"]
