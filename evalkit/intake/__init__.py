"""What institutes really have, as clean tables in evalkit's own words: registry exports and returns of every kind."""

from evalkit.intake.personal import is_personal
from evalkit.intake.places import village_codes
from evalkit.intake.registers import Register, read_registry

__all__ = ["Register", "is_personal", "read_registry", "village_codes"]
