"""Tables that stay where they are: lists and answers larger than memory, asked for sums and for a few rows."""

from evalkit.engines.opening import Far, opened
from evalkit.engines.sums import COUNT, SQUARE, WEIGHT, Profile, gathered, profiled, repeated, value_of

__all__ = ["COUNT", "SQUARE", "WEIGHT", "Far", "Profile", "gathered", "opened", "profiled", "repeated", "value_of"]
