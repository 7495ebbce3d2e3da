"""Tiers of checking compared item by item (自评 × 乡级自查 × 县级普查 × 复核; 正阳, 泌阳)."""

from evalkit.tiers.compared import Tiers
from evalkit.tiers.reading import compare_tiers, write_tier_form

__all__ = ["Tiers", "compare_tiers", "write_tier_form"]
