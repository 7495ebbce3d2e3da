"""Papers of rectification (整改): from a plain list of problems to the letter, the plan, the pledges, the progress and the closing."""

from evalkit.report.rectifying.papers import PAPERS, Occasion, compose_paper, write_paper
from evalkit.report.rectifying.problemlist import HEADINGS, read_problems

__all__ = ["HEADINGS", "PAPERS", "Occasion", "compose_paper", "read_problems", "write_paper"]
