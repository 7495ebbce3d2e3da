"""How a table of answers was sampled, as it was told, and the stages and weights that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from evalkit import variances
from evalkit.errors import Faults, SurveyError
from evalkit.lists import as_list
from evalkit.survey import reading
from evalkit.survey.unequal import PPS
from evalkit.variances import Alike, Floats, Policy, Stage


@dataclass(frozen=True, eq=False)
class Declared:
    """The columns and rules of a design; `Survey.from_data` says what they mean."""

    weights: str | None
    probs: list[Any]
    strata: list[Any]
    clusters: list[Any]
    fpc: list[Any]
    nest: bool
    pps: PPS | None
    singleton: str
    singleton_domain: bool
    stages: str

    @staticmethod
    def of(
        weights: str | None, columns: tuple[Any, Any, Any, Any], nest: bool, pps: PPS | str | None, rules: tuple[str, bool, str]
    ) -> Declared:
        """Take what the caller wrote: probs, strata, clusters and fpc as one name, several or none."""
        reading.refuse_unknown(rules[0], rules[2])
        probs, strata, clusters, fpc = map(as_list, columns)
        return Declared(weights, probs, strata, clusters, fpc, nest, PPS(pps) if isinstance(pps, str) else pps, *rules)

    @property
    def columns(self) -> list[str]:
        """The columns that tell rows of the sample apart, without the weights."""
        return [name for name in dict.fromkeys([*self.strata, *self.clusters, *self.fpc, *self.probs]) if name is not None]

    @property
    def by_rows(self) -> bool:
        """Whether the last stage drew the rows themselves, so that its variance is that among rows."""
        return not self.clusters or self.clusters[-1] is None

    def build(self, table: pd.DataFrame, alike: Alike | None = None) -> tuple[Floats, tuple[Stage, ...], Policy, tuple[str, ...]]:
        """Return weights, stages, the rule for single units, and notes.

        Parameters
        ----------
        table : pandas.DataFrame
            One row an answer; with `alike`, several.
        alike : Alike, optional
            The weights are then those of all answers of a row together.

        Raises
        ------
        SurveyError
            With every fault of the table at once.
        """
        read = reading.Reading(table, Faults("调查数据"), None if alike is None else alike.held)
        levels = read.levels(self.strata, self.clusters, self.fpc, self.pps is not None)
        stated = read.weights(self.weights, self.probs)
        read.faults.refuse(SurveyError)
        strata, clusters, sizes, names = levels
        rows = alike if self.by_rows else None
        built = variances.structure(strata, clusters, sizes, names, rows) if self.pps is None else self.pps.structure(levels, rows)
        read.sizes(built, self.fpc, sizes if self.pps is None else [None, *sizes[1:]])
        if not self.nest and self.clusters:
            read.nested(self.clusters[0], built[0], levels)
        read.agreement(built, self.probs, self.fpc)
        read.faults.refuse(SurveyError)
        each = stated if stated is not None else reading.from_fractions(built)
        value = each if alike is None else each * alike.held
        value.flags.writeable = False
        built, notes = variances.collapse(built) if self.singleton == "collapse" else (built, ())
        built = built if self.pps is None else (self.pps.ruled(built[0], self.singleton), *built[1:])
        policy = Policy("fail" if self.singleton == "collapse" else self.singleton, self.singleton_domain)
        return value, built, policy, (*notes, *reading.departure(each, built, self.fpc)) if stated is not None else notes
