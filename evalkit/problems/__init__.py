"""Problems: the list of problems with its taxonomy and sources, and the rectification kept in the ledger: signed, closed, overdue."""

from evalkit.problems.deadlines import due_day, stage_table
from evalkit.problems.entry import Problem
from evalkit.problems.listing import HEADINGS, LEVELS, list_problems
from evalkit.problems.log import close_problem, follow_problems, note_problem, note_problems, record_problems, sign_problem
from evalkit.problems.rectification import Problems
from evalkit.problems.steps import STATES, STEPS
from evalkit.problems.taxonomies import charge_table, read_taxonomy

__all__ = [
    "HEADINGS", "LEVELS", "STATES", "STEPS", "Problem", "Problems", "charge_table", "close_problem", "due_day", "follow_problems",
    "list_problems", "note_problem", "note_problems", "read_taxonomy", "record_problems", "sign_problem", "stage_table",
]  # fmt: skip
