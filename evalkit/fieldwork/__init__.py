"""What goes out to the field and what villages hand in: templates, rosters, household lists."""

from evalkit.fieldwork.assignment import Assignment, assign
from evalkit.fieldwork.boards import award, close_village, gate_fault, mark_step, score_table, team_days, village_board
from evalkit.fieldwork.books import write_books, write_days
from evalkit.fieldwork.forms import write_form
from evalkit.fieldwork.lists import write_lists
from evalkit.fieldwork.reserves import draw_number, release_reserve, replacements
from evalkit.fieldwork.rosters import read_rosters, write_rosters
from evalkit.fieldwork.templates import write_templates
from evalkit.fieldwork.xlsform import form_columns, write_xlsform

__all__ = [
    "Assignment", "assign", "award", "close_village", "draw_number", "form_columns", "gate_fault", "mark_step", "read_rosters",
    "release_reserve", "replacements", "score_table", "team_days", "village_board", "write_books", "write_days", "write_form",
    "write_lists", "write_rosters", "write_templates", "write_xlsform",
]  # fmt: skip
