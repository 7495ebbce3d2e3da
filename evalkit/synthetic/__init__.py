"""Registries, household rosters and interviews made up from a village list and stated rates.

Everything made here is simulated and says so (模拟数据). Identity numbers carry the code of a whole
province, which no real number does, and heads of household are called 张某某 or the like.
"""

from evalkit.synthetic.interviews import returns
from evalkit.synthetic.registries import Registry, registry

__all__ = ["Registry", "registry", "returns"]
