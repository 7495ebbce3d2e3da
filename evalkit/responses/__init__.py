"""Responses: what came back from the field, held against the sample."""

from evalkit.responses.collecting import Responses, collect

__all__ = ["Responses", "collect"]
