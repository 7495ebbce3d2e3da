"""Selection: tickets and numbers in, positions of the chosen units out; one file for each family of methods."""

from evalkit.selection.balanced import BALANCED
from evalkit.selection.equal import EQUAL
from evalkit.selection.exact import EXACT
from evalkit.selection.methods import Method, Units
from evalkit.selection.ordered import ORDERED, nested, serpentine
from evalkit.selection.ranked import RANKED, below, pareto_ranks, sequential_ranks, smallest, turned
from evalkit.selection.spatial import SPATIAL
from evalkit.selection.spread import imbalance, local_balance, voronoi_balance
from evalkit.selection.strata import draw_strata

METHODS: dict[str, Method] = {method.name: method for method in (*EQUAL, *RANKED, *ORDERED, *EXACT, *BALANCED, *SPATIAL)}

__all__ = [
    "METHODS", "Method", "Units", "draw_strata",
    "nested", "serpentine",
    "below", "pareto_ranks", "sequential_ranks", "smallest", "turned",
    "imbalance", "local_balance", "voronoi_balance",
]  # fmt: skip
