"""Sample: who was chosen, with what chance, and the reserves in order."""

from evalkit.sample.large import draw_large
from evalkit.sample.rounds import overlap
from evalkit.sample.samples import Sample, draw, draw_next, extend

__all__ = ["Sample", "draw", "draw_large", "draw_next", "extend", "overlap"]
