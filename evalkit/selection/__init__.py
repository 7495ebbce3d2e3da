"""Selection: tickets and numbers in, positions of the chosen units out; one file for each family of methods."""

from evalkit.selection.equal import EQUAL
from evalkit.selection.methods import Method

METHODS: dict[str, Method] = {method.name: method for method in EQUAL}

__all__ = ["METHODS", "Method"]
