"""Tables that stay where they are: lists and answers larger than memory, asked for sums and for a few rows."""

from evalkit.engines.decimals import refuse_wide
from evalkit.engines.opening import Far, opened
from evalkit.engines.paths import FILES
from evalkit.engines.rows import MOST, counted, of_villages
from evalkit.engines.sums import COUNT, SQUARE, WEIGHT, Profile, categories_of, dtype_of, gathered, profiled, repeated, value_of

__all__ = [
    "COUNT", "FILES", "MOST", "SQUARE", "WEIGHT", "Far", "Profile", "categories_of", "counted", "dtype_of", "gathered", "of_villages",
    "opened", "profiled", "refuse_wide", "repeated", "value_of",
]  # fmt: skip
