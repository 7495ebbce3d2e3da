"""Findings: the households with what was found in each, counted by finding, group and item."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.design.judgement import FINDINGS
from evalkit.design.standards import words_of
from evalkit.errors import Fault
from evalkit.findings.testing import against
from evalkit.later import later
from evalkit.lists import as_list
from evalkit.showing import Rows, Shown, table_of

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.design.criteria import Criteria, CriterionRule
    from evalkit.responses import Responses
    from evalkit.sample import Sample

charts = later("evalkit.charts")

UPHELD = ("confirmed", "final")
NOT_HELD_AGAINST = ("clue", "dismissed")
SEPARATOR = "；"
COUNTED = ("households", "persons", "confirmed_households", "confirmed_persons")
CASE_COLUMNS = ("village", "household", "stratum", "finding", "items", "affected", "status")
WHOLE, WITHIN = "整户", "户内"
OMITTED = "户内有人未纳入"


@dataclass(frozen=True, eq=False)
class Findings(Shown):
    """The responses with what was found in each household.

    Attributes
    ----------
    responses : Responses
    rules : Criteria
    faults : tuple of Fault
        Those of the responses, and what is doubtful about the status of cases; nothing here stops a step.
    """

    responses: Responses
    rules: Criteria
    faults: tuple[Fault, ...]
    _table: pd.DataFrame

    @property
    def design(self) -> Design:
        """The design of the sample."""
        return self.responses.design

    @property
    def sample(self) -> Sample:
        """The sample."""
        return self.responses.sample

    def table(self) -> pd.DataFrame:
        """Return a copy of the responses' table with more columns.

        finding (a code or ""), items (what was not met, joined by ；), affected (persons, 0 without a
        finding), wrong_exit, missed, misidentified, overstayed (raised: at least suspected and not dismissed) and
        ``…_confirmed`` (confirmed or final, which are raised too). Where the criteria name a column of members left
        out of a household, missed_affected holds the persons missed, those of a household with another finding too.
        """
        return self._table.copy()

    @property
    def sought(self) -> tuple[str, ...]:
        """The findings that the criteria look for, of the household types that were visited."""
        rules, met = self.rules, set(self._table["stratum"])
        whose = {"wrong_exit": rules.exited, "missed": rules.outside, "misidentified": rules.registered}
        whose["overstayed"] = rules.registered if rules.overstay else ()
        found = {code for code, types in whose.items() if types and (not met or met & set(types))}
        return tuple(code for code in FINDINGS if code in found or (code == "missed" and rules.omitted))

    def named(self, finding: str) -> str:
        """Return what a finding is called here: 漏评, or as the era or the criteria say: 应纳未纳, 该进未进."""
        own = {str(code): name for code, name in self.rules.names.items()}
        return {**FINDINGS, **words_of(self.design.evaluation.era)["findings"], **own}[finding]

    def affected(self, finding: str) -> pd.Series:
        """Return the persons that a finding affects in each household."""
        return self._table["missed_affected" if finding == "missed" and "missed_affected" in self._table else "affected"].copy()

    def cases(self) -> pd.DataFrame:
        """Return one row for each household and finding, clues and dismissed cases included, without any personal data.

        Returns
        -------
        DataFrame
            village, household, stratum, finding, items, affected, status, scope (整户, or 户内 where members were left out of a
            household of the registry), persons.
        """
        table = self._table.assign(scope=WHOLE)
        mine = table[table["finding"] != ""]
        if "missed_affected" in table:
            within = table[(table["missed_affected"] > 0) & (table["finding"] != "missed")]
            within = within.assign(finding="missed", items=OMITTED, affected=within["missed_affected"], status=within["missed_status"])
            both: list[pd.DataFrame] = [mine, within.assign(scope=WITHIN)]
            mine = pd.concat(both).sort_index(kind="stable")
        return mine.loc[:, [*CASE_COLUMNS, "scope", "persons"]].reset_index(drop=True)

    def evidence(self) -> pd.DataFrame:
        """Return one row for each item that speaks against a household with a finding.

        Returns
        -------
        DataFrame
            village, household, finding, item, clause (of the standard), answer (as returned), standard.
        """
        mine = self._table[self._table["finding"] != ""]
        rules = {rule.name: rule for rule in self.rules.rules()}
        low = mine[~mine["finding"].isin(("misidentified", "overstayed"))]
        income = pd.to_numeric(low[self.rules.income], errors="coerce")
        low = low[(income < self.rules.line).to_numpy()]
        rows = [_told(low, self.rules.income, self.rules.income, f"不低于 {self.rules.line:g} 元", self.rules.line_source)]
        for name, rule in rules.items():
            whose = mine["finding"].isin(("misidentified",) if rule.kind == "exclusion" else ("wrong_exit", "missed"))
            hit = mine[against(mine, rule) & whose.to_numpy()]
            rows.append(_told(hit, name, rule.heading, standard_of(rule), rule.clause))
        return pd.concat(rows).sort_index(kind="stable").reset_index(drop=True)

    def counts(self, by: str | Iterable[str] = ()) -> pd.DataFrame:
        """Return raised and confirmed households and affected persons of each finding, in each group of `by`.

        Returns
        -------
        DataFrame
            The columns of `by`, then finding, households, persons, confirmed_households, confirmed_persons;
            every group has a row for every finding.
        """
        keys = as_list(by)
        groups = self._table[keys].apply(tuple, axis=1) if keys else pd.Series([()] * len(self._table), index=self._table.index)
        rows = []
        for group in sorted(set(groups)) if keys else [()]:
            mine = self._table[groups == group]
            rows += [(*group, finding, *self._counted(finding, mine)) for finding in self.sought]
        return pd.DataFrame(rows, columns=[*keys, "finding", *COUNTED])

    def items(self) -> pd.DataFrame:
        """Return the same counts for each finding and each item that was not met; a household counts under all its items."""
        rows = []
        for finding in self.sought:
            mine = self._table[self._table[finding]]
            lists = mine["items"].where(mine["finding"] == finding, OMITTED).str.split(SEPARATOR)
            for item in dict.fromkeys(item for items in lists for item in items):
                has = mine[[item in items for items in lists]]
                rows.append((finding, item, *self._counted(finding, has)))
        return pd.DataFrame(rows, columns=["finding", "item", *COUNTED])

    def plot(self, **options: Any) -> Any:
        """Draw the causes; `evalkit.charts.causes_plot` says what may be asked."""
        return charts.causes_plot(self, **options)

    def _counted(self, finding: str, mine: pd.DataFrame) -> tuple[int, int, int, int]:
        affected, raised, upheld = self.affected(finding)[mine.index], mine[finding], mine[f"{finding}_confirmed"]
        return int(raised.sum()), int(affected[raised].sum()), int(upheld.sum()), int(affected[upheld].sum())

    def _rows_shown(self) -> Rows:
        table = self.counts()
        return table_of(table.assign(finding=[self.named(str(code)) for code in table["finding"]]))

    def __repr__(self) -> str:
        counts = self.counts().set_index("finding")[["households", "confirmed_households"]]
        parts = [f"{self.named(str(code))} {raised} 户（认定 {upheld}）" for code, raised, upheld in counts.itertuples()]
        return f"Findings {int(self._table['complete'].sum())} 户完成调查：{'，'.join(parts)}"


def _told(rows: pd.DataFrame, item: str, heading: str, standard: str, clause: str) -> pd.DataFrame:
    told = rows[["village", "household", "finding"]].assign(item=item, clause=clause)
    return told.assign(answer=[str(cell) for cell in rows[heading]], standard=standard)


def standard_of(rule: CriterionRule) -> str:
    """Return what an answer should have been, in words."""
    if not rule.numeric:
        return f"应为{'、'.join(rule.allowed)}"
    limits = ((rule.below, "不低于"), (rule.above, "不高于"), (rule.at_least, "低于"))
    return "，".join(f"{word} {limit:g}" for limit, word in limits if limit is not None)
