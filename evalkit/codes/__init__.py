"""Division codes, names of places and identity numbers: check, normalise, match, mask; and what of them a message may show."""

from evalkit.codes.divisions import HALF_WIDTH, PROVINCES, division_fault, normalise, renewed, seem_names
from evalkit.codes.identities import CHECKS, STARS, WEIGHTS, day_exists, identity_fault, is_identity, mask_identity, mask_name
from evalkit.codes.names import Directory, Found, plain_township, plain_village
from evalkit.codes.showing import invisible, seem_data, shown, shown_headings, shown_label, shown_word

__all__ = [
    "CHECKS", "HALF_WIDTH", "PROVINCES", "STARS", "WEIGHTS", "Directory", "Found", "day_exists", "division_fault", "identity_fault",
    "invisible", "is_identity", "mask_identity", "mask_name", "normalise", "plain_township", "plain_village", "renewed", "seem_data",
    "seem_names", "shown", "shown_headings", "shown_label", "shown_word",
]  # fmt: skip
