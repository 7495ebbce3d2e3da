"""The quality of fieldwork: two codings held against each other, re-interviews, interviewers, paradata, and who did not answer."""

from evalkit.quality.codings import agreement

__all__ = ["agreement"]
