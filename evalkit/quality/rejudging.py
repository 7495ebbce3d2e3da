"""The same evaluation once more with some interviews left out: weights, rates and verdicts by the same code."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.design.judgement import Total
from evalkit.errors import EstimateError, EvalkitError
from evalkit.given import needs
from evalkit.rates import measure
from evalkit.rates.measuring import registry_totals
from evalkit.survey import weigh
from evalkit.verdict import gate_standings

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from evalkit.design import Design
    from evalkit.design.judgement import IncidenceRate
    from evalkit.findings import Findings
    from evalkit.frame import Frame
    from evalkit.sample import Sample

    Mask = NDArray[np.bool_]

COLUMNS = ("rate", "official", "estimate", "low", "high", "legal", "zone")
LEFT_OUT = "noncontact"


@dataclass(frozen=True, eq=False)
class Again:
    """An evaluation that can be done again without some interviews.

    Attributes
    ----------
    findings : Findings
    frame : Frame
    rosters : DataFrame, optional
        Needed where a rate's denominator is ``villages``.
    """

    findings: Findings
    frame: Frame
    rosters: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        if self.rosters is not None and not self.rosters.empty:
            needs(self.rosters, ("village", "household", "stratum", "persons"), "名册（用 ev.read_rosters 读入）", EstimateError)

    @property
    def design(self) -> Design:
        """The design of the evaluation."""
        return self.findings.design

    def rows(self) -> pd.DataFrame:
        """Return one row a gate (a rate without a gate has no verdict): `COLUMNS`, from all interviews."""
        return self._rows(self.findings)

    def without(self, out: Mask) -> pd.DataFrame:
        """Return the same with the interviews of `out` left out; their weight goes to the others of their village and stratum.

        An emptied cell's weight goes to the same stratum of other villages, and a stratum left with one unit is centred at the mean
        of all, whatever the design says of cells that were lost in the field: this is a comparison, and its result is not used.

        Raises
        ------
        EvalkitError
            When too little is left to be judged.
        """
        table = self.findings.table()
        complete = table["complete"].to_numpy(dtype=bool) & ~out
        gone = table["complete"].to_numpy(dtype=bool) & out
        table = table.assign(complete=complete, disposition=table["disposition"].astype(object).where(~gone, LEFT_OUT))
        return self._rows(self._spreading(table))

    def keeping(self, kept: Mask) -> pd.DataFrame:
        """Return the same from some rows only, as if the others had never been visited."""
        return self._rows(self._spreading(self.findings.table()[kept].reset_index(drop=True)))

    def told(self, how: Callable[[Mask], pd.DataFrame], mask: Mask) -> tuple[pd.DataFrame | None, str]:
        """Return the rows, or None and why there are none."""
        try:
            return how(mask), ""
        except EvalkitError as refused:
            return None, str(refused).splitlines()[0]

    def _spreading(self, table: pd.DataFrame) -> Findings:
        """Return findings of another table, whose design spreads the weight of empty cells, and centres single units at all units."""
        return replace(self.findings, responses=replace(self.findings.responses, sample=self._sample), _table=table)

    @cached_property
    def _sample(self) -> Sample:
        """The sample under that design: one for all times, because its tables are made once."""
        design = self.design
        assert design.returns is not None
        rule = "adjust" if design.evaluation.singleton == "fail" else design.evaluation.singleton
        changed = {
            "returns": design.returns.model_copy(update={"empty_cell": "spread"}),
            "evaluation": design.evaluation.model_copy(update={"singleton": rule}),
            "rates": tuple(self._added_up(rate) if rate.kind == "incidence" else rate for rate in design.rates),
        }
        return replace(self.findings.sample, design=design.model_copy(update=changed))

    def _added_up(self, rate: IncidenceRate) -> IncidenceRate:
        """Return an incidence with its registry totals as numbers: the columns of the frame stay as they are, whoever is left out."""
        numbers = {key: Total(value=value) for key, value in registry_totals(rate, self.frame).items()}
        return rate.model_copy(update={"totals": rate.totals.model_copy(update=numbers)})

    def _rows(self, findings: Findings) -> pd.DataFrame:
        survey = weigh(findings)
        rates = measure(survey, findings.design, self.frame, self.rosters, bare=True)
        judged = zip(findings.design.gates, gate_standings(findings.design, rates), strict=True)
        rows: list[tuple[Any, ...]] = [
            (gate.rate, float(found.official), float(found.estimate), at.low, at.high, at.legal, at.zone) for gate, (found, at) in judged
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS))
