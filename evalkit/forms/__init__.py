"""Linked forms: persons, villages, townships, county, interviews, papers; counted and listed, never estimated."""

from evalkit.forms.linked import Forms, read_forms

__all__ = ["Forms", "read_forms"]
