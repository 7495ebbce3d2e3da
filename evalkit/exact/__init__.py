"""Bounds of a count in a finite population drawn by simple random sampling: no approximation at all.

`count_bounds` and `share_bounds` invert both tails, `admissible_bounds` draws the two-sided interval in as far as it goes,
`stratified_bounds` bounds the total of several strata by one of the ways of `STRATIFIED`.
"""

from evalkit.exact.counts import admissible_bounds, count_bounds, share_bounds
from evalkit.exact.strata import STRATIFIED, Way, stratified_bounds

__all__ = ["STRATIFIED", "Way", "admissible_bounds", "count_bounds", "share_bounds", "stratified_bounds"]
