"""What goes out to the field and what villages hand in: templates, rosters, household lists."""

from evalkit.fieldwork.assignment import Assignment, assign
from evalkit.fieldwork.books import write_books, write_days
from evalkit.fieldwork.forms import write_form
from evalkit.fieldwork.lists import write_lists
from evalkit.fieldwork.rosters import read_rosters
from evalkit.fieldwork.templates import write_templates

__all__ = ["Assignment", "assign", "read_rosters", "write_books", "write_days", "write_form", "write_lists", "write_templates"]
