"""Problems: the list of problems with its taxonomy and sources, and the rectification kept in the ledger: signed, closed, overdue."""

from evalkit.problems.books import write_problem_form, write_problem_lists, write_register, write_step_form
from evalkit.problems.deadlines import due_day, stage_table
from evalkit.problems.entry import Problem
from evalkit.problems.listing import HEADINGS, LEVELS, list_problems
from evalkit.problems.log import close_problem, follow_problems, note_problem, note_problems, record_problems, sign_problem
from evalkit.problems.rectification import Problems
from evalkit.problems.statements import check_statements
from evalkit.problems.steps import STATES, STEPS
from evalkit.problems.taxonomies import charge_table, read_taxonomy
from evalkit.problems.turning import case_problems, form_problems, problem_rows, procedure_problems, refuse_uncoded

__all__ = [
    "HEADINGS", "LEVELS", "STATES", "STEPS", "Problem", "Problems", "case_problems", "charge_table", "check_statements",
    "close_problem", "due_day", "follow_problems", "form_problems", "list_problems", "note_problem", "note_problems",
    "problem_rows", "procedure_problems", "read_taxonomy", "record_problems", "refuse_uncoded", "sign_problem", "stage_table",
    "write_problem_form", "write_problem_lists", "write_register", "write_step_form",
]  # fmt: skip
