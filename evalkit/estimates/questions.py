"""The questions one puts to an Estimate: how sure, by which way, and whether it is fit to print."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from evalkit import intervals
from evalkit.errors import EstimateError, Faults
from evalkit.estimates import algebra, limits, planning, presenting
from evalkit.estimates.limits import KINDS, Side
from evalkit.intervals.asking import check_icc
from evalkit.variances import Floats


class Questions:
    """Intervals, table and flags of an Estimate."""

    def planning(self: Any, icc: Any = None) -> tuple[intervals.Planning, Floats]:
        """Return what KG-M needs beside value and n, and the degrees of freedom it counts, one entry a row.

        Parameters
        ----------
        icc : float, or an object with `value` and `source`, optional
            Correlation within first-stage units; the planning value .05 when not given.
        """
        if self.kind != "proportion":
            raise EstimateError(f"kg-m｜这是{KINDS[self.kind]}，不是比例｜改用 method=\"t\"")
        faults = Faults("kg-m")
        check_icc(icc, faults)
        faults.refuse(EstimateError)
        rho, source = intervals.correlation_of(icc)
        if ("plan", rho, source) not in self._known:
            found, freedom = algebra.planned(self, float(rho), planning.plan)
            self._known["plan", rho, source] = replace(found, icc_source=source), freedom
        made: tuple[intervals.Planning, Floats] = self._known["plan", rho, source]
        return made

    def share(self: Any) -> Floats:
        """Return the proportion behind each row, before any shift and scale."""
        return np.asarray(np.clip((self.value - self.shift) / self.scale, 0.0, 1.0))

    def interval(
        self: Any, level: float = 0.95, method: str | None = None, side: Side = "two", df: Any = None, icc: Any = None,
        joint: str | None = None, midp: bool = False,
    ) -> pd.DataFrame:  # fmt: skip
        """Return the interval of each row.

        Parameters
        ----------
        level : float
            Confidence level in (0, 1).
        method : str, optional
            "t" or "z"; for a proportion a method of `evalkit.intervals.METHODS` or "fay-feuer"; for a combination of
            proportions "mover". Without it "kg-m" for proportions ("kg" on imported replicates, whose villages are unknown)
            and "t" otherwise.
        side : {"two", "lower", "upper"}
        df : float or array, optional
            Instead of the degrees of freedom by row.
        icc : float, or an object with `value` and `source`, optional
            For "kg-m": correlation within first-stage units, .05 when not given; never the survey's own by itself.
        joint : {"bonferroni", "sidak"}, optional
            Make the intervals of all rows hold together at `level` (`evalkit.intervals.joint_level`).
        midp : bool
            Half the weight for the observed count: for descriptive tables only, a verdict refuses it.

        Returns
        -------
        pandas.DataFrame
            One row a row of the estimate: ``low``, ``high``, then what the interval was made of: ``n`` units of decision,
            ``n_eff`` and ``n_star`` (with the adjustment for df), ``deff`` as estimated, ``deff0`` as planned, ``deff_star`` as used,
            ``df``, ``d_e`` (of the villages with events), ``event_villages``, ``icc`` and ``icc_source`` as planned with, ``f_eff``,
            ``level`` of the row by itself, ``reason`` (why there are no limits, or special ones), ``method``. A number that a
            method does not have is NaN.

        Raises
        ------
        EstimateError
            For an unknown method, or a method for proportions asked of something else.
        """
        return limits.ask(self, level, method, side, df, icc, joint, midp)

    def bound(self: Any, side: Side, level: float = 0.95, method: str | None = None, df: Any = None, icc: Any = None) -> Floats:
        """Return the one-sided bound of each row: that of `interval`, without the table around it, for those who ask many times.

        Parameters
        ----------
        side : {"lower", "upper"}
        level, method, df, icc
            As for `interval`.
        """
        found = limits.answer(self, level, method or limits.usual(self), side, df, icc)
        return np.broadcast_to(found["high" if side == "upper" else "low"], len(self))

    def table(self: Any, level: float = 0.95, icc: Any = None) -> pd.DataFrame:
        """Return one row a domain, variable and level: its label, estimate, se, low, high, df, deff, n.

        Parameters
        ----------
        level : float
            Confidence level of ``low`` and ``high``, made by the default method of the kind.
        icc : float, or an object with `value` and `source`, optional
            As for `interval`.
        """
        return limits.tabulate(self, level, icc)

    def flags(self: Any, icc: Any = None) -> pd.DataFrame:
        """Return which rows a statistical office would print (NCHS 2017 for proportions, 2023 for ratios); no number is taken away.

        Parameters
        ----------
        icc : float, or an object with `value` and `source`, optional
            As for `interval`: at none or all events the width is that of KG-M.

        Returns
        -------
        pandas.DataFrame
            Label, ``estimate``, ``low``, ``high`` (95 %, NCHS's Korn–Graubard, KG-M at the ends), ``n``, ``n_eff``, ``df``,
            ``status`` ("show", "footnote", "review", "suppress"), ``codes`` of `evalkit.intervals.FLAGS`, ``reason_zh``, ``reason_en``.

        Raises
        ------
        EstimateError
            For anything but proportions and ratios: there is no standard for it.
        """
        return presenting.flag_table(self, icc)
