"""Responses: what came back from the field, held against the sample."""

from evalkit.responses.collecting import Responses, collect, handed_returns
from evalkit.responses.evenings import nightly, write_nightly
from evalkit.responses.repeats import side_by_side

__all__ = ["Responses", "collect", "handed_returns", "nightly", "side_by_side", "write_nightly"]
