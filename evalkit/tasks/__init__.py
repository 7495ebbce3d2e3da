"""Tasks of units over a year, duties by frequency, what is looked at again (莱芜), points of inspectors (泌阳)."""

from evalkit.tasks.again import revisit
from evalkit.tasks.blanks import write_task_forms
from evalkit.tasks.duties import EVERY, FIVE_CHECKS, Duties, check_duties, five_checks
from evalkit.tasks.inspectors import Inspectors, inspector_points
from evalkit.tasks.yearly import MISSING, QUARTERS, RULES, TaskList, read_tasks

__all__ = [
    "EVERY", "FIVE_CHECKS", "MISSING", "QUARTERS", "RULES", "Duties", "Inspectors", "TaskList", "check_duties", "five_checks",
    "inspector_points", "read_tasks", "revisit", "write_task_forms",
]  # fmt: skip
