"""A declared rate and its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalkit.design.judgement import Rate as Declared
    from evalkit.estimates import Estimate


@dataclass(frozen=True, eq=False)
class Measure:
    """One rate at one status; or, from `assumed`, under each of k sets of findings.

    Parameters
    ----------
    numerator : float or (k,) array
    denominator : float
        Unweighted sums in the unit of counting; for 综合贫困发生率 persons by the statutory formula, and for
        the denominator ``villages`` the finds blown up to the drawn villages.
    estimate : Estimate
        The design-based rate, one row (or k), kind ``proportion``.
    counted : bool
        Whether numerator and denominator are counts to print; not for 1 − 错评率 − 漏评率, which is no fraction of anybody.
    """

    numerator: Any
    denominator: float
    estimate: Estimate
    counted: bool = True

    @property
    def official(self) -> Any:
        """The unweighted rate, in [0, 1]."""
        return self.numerator / self.denominator


@dataclass(frozen=True, eq=False)
class Rate:
    """A declared rate and its values: `suspected` counts every case raised and not dismissed, `confirmed` those upheld.

    `band` is, for 群众认可度, the pair of unweighted rates when all don't-knows disapprove or approve;
    `totals` are, for 综合贫困发生率, the registry's numbers of persons.
    """

    declared: Declared
    confirmed: Measure
    suspected: Measure | None = None
    band: tuple[float, float] | None = None
    totals: Mapping[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the rate in the design."""
        return self.declared.name

    def __repr__(self) -> str:
        found = self.confirmed
        counts = f"（{found.numerator:g}/{found.denominator:g}）" if found.counted else ""
        return f"{self.name} {found.official:.3%}{counts}，加权估计 {float(found.estimate):.3%}"
