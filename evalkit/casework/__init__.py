"""Casework: each suspected case from clue to final decision."""

from evalkit.casework.ladder import MOVES, OUTCOMES, STATUS
from evalkit.casework.log import Cases, case_number, cases, move_case, move_cases, open_case, open_cases

__all__ = ["MOVES", "OUTCOMES", "STATUS", "Cases", "case_number", "cases", "move_case", "move_cases", "open_case", "open_cases"]
