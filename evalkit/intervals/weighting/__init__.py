"""Design effects that unequal weights cause: Henry & Valliant, Spencer, Chen & Rust, and Kish before and after a step.

Kish's own is `intervals.weight_effect`. It supposes that the weights have nothing to do with the answers; Spencer's and
Henry's ask whether they have, Chen & Rust's splits the loss into weighting, clustering and stratification.
"""

from evalkit.intervals.weighting.components import ChenRust, chen_rust_effect
from evalkit.intervals.weighting.fitted import FORMS, Form, henry_effect, spencer_effect
from evalkit.intervals.weighting.steps import WeightEffects, design_effect_of_weights

__all__ = [
    "FORMS", "ChenRust", "Form", "WeightEffects", "chen_rust_effect", "design_effect_of_weights", "henry_effect", "spencer_effect",
]  # fmt: skip
