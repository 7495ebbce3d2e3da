"""What institutes really have, as clean tables in evalkit's own words: registry exports and returns of every kind."""

from evalkit.intake.handing import read_handed
from evalkit.intake.places import village_codes
from evalkit.intake.registers import Register, read_registry
from evalkit.intake.returns import Returned, read_returns

__all__ = ["Register", "Returned", "read_handed", "read_registry", "read_returns", "village_codes"]
