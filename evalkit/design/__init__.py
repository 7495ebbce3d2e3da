"""Design: one text file that declares an evaluation. It knows column names, never data."""

from evalkit.design.declarations import Design
from evalkit.design.reading import read_design

__all__ = ["Design", "read_design"]
