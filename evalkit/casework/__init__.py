"""Casework: each suspected case from clue to final decision, its evidence, and the procedure of exits."""

from evalkit.casework.changes import changed
from evalkit.casework.evidence import add_exhibit, changed_files, exhibits, rule_exhibit
from evalkit.casework.ladder import MOVES, OUTCOMES, STATUS
from evalkit.casework.log import Cases, case_number, cases, decided_anew, move_case, move_cases, open_case, open_cases
from evalkit.casework.packs import write_pack, write_sheet
from evalkit.casework.steps import STEPS, Procedure, procedure, status_changes

__all__ = [
    "MOVES", "OUTCOMES", "STATUS", "STEPS", "Cases", "Procedure", "add_exhibit", "case_number", "cases", "changed", "changed_files",
    "decided_anew", "exhibits", "move_case", "move_cases", "open_case", "open_cases", "procedure", "rule_exhibit", "status_changes",
    "write_pack", "write_sheet",
]  # fmt: skip
