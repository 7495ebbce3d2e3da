"""The second answers held against the first: agreement, and each rate as two-phase estimate and as a corrected rate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.errors import EvalkitError, Faults, FieldworkError
from evalkit.fieldwork.handed import Source, hand_in
from evalkit.findings import determine
from evalkit.given import takes
from evalkit.quality.codings import agreement
from evalkit.quality.reinterviews import Reinterview, asked_columns, finding_rules
from evalkit.quality.twophase import open_ended, two_phase
from evalkit.reliability import melded
from evalkit.sheets import plain_numbers
from evalkit.showing import Rows, Shown, table_of
from evalkit.survey import weigh

if TYPE_CHECKING:
    from evalkit.design.judgement import FindingRate
    from evalkit.estimates import Estimate
    from evalkit.findings import Findings
    from evalkit.survey import Survey

KEY = ["village", "household"]
NOBODY = "复访中没有一户{}，灵敏度{}不能估计"


@dataclass(frozen=True, eq=False, repr=False)
class Recheck(Shown):
    """First and second findings of the households that were visited again.

    Attributes
    ----------
    plan : Reinterview
    """

    plan: Reinterview
    _second: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return one row a household visited again: village, household, stratum, persons, first, second (findings or ""), chance."""
        return self._second.copy()

    @property
    def rates(self) -> tuple[FindingRate, ...]:
        """The declared rates of findings."""
        return tuple(rate for rate in self.plan.design.rates if rate.kind == "finding")

    def counts(self) -> pd.DataFrame:
        """Return, for each rate, how many households both, the first, the second or neither visit found in error (unweighted)."""
        rows = []
        for rate in self.rates:
            first, second = self._both(rate)
            pairs = [(1, 1), (1, 0), (0, 1), (0, 0)]
            rows.append((rate.name, *(int(((first == a) & (second == b)).sum()) for a, b in pairs)))
        return pd.DataFrame(rows, columns=["指标", "两次都是", "只有首访", "只有复访", "两次都不是"])

    def agreement(self, rate: str) -> Estimate:
        """Return the agreement of both findings, weighted by both chances, with standard errors by villages.

        Raises
        ------
        EstimateError
            No such rate, or nobody found in error by either.
        """
        declared = next((each for each in self.rates if each.name == rate), None)
        if declared is None:
            raise FieldworkError(f"{rate}｜没有这个指标｜可用：{'、'.join(each.name for each in self.rates)}")
        first, second = self._both(declared)
        survey = self._survey()
        both = self._second[KEY].assign(_first=first, _second=second)
        coded = survey.table()[KEY].merge(both, on=KEY, how="left")
        twice = coded["_first"].notna().to_numpy()
        weights = np.where(twice, survey.weights / np.where(twice, survey.column("_chance"), 1.0), 0.0)
        weights.flags.writeable = False
        table = survey.table().assign(_first=coded["_first"].to_numpy(), _second=coded["_second"].to_numpy())
        return agreement(replace(open_ended(survey), _table=table, weights=weights, steps=(), _known={}), "_first", "_second")

    def _both(self, rate: FindingRate) -> tuple[Any, Any]:
        """Return whether first and second visit found the error of a rate, missing outside its population."""
        inside = self._second["stratum"].isin(rate.population).to_numpy()
        found = (np.where(inside, (self._second[which] == rate.finding).to_numpy(dtype=float), np.nan) for which in ("first", "second"))
        first, second = found
        return first, second

    def _survey(self) -> Survey:
        """Return the survey of the first visits with the chance of the second, and the second's finding."""
        survey = weigh(self.plan.findings)
        table = survey.table()[KEY].merge(self._second[[*KEY, "second", "chance"]], on=KEY, how="left")
        added = {"_chance": table["chance"].to_numpy(), "_found": table["second"].to_numpy()}
        return replace(survey, _table=survey.table().assign(**added), _known={})

    def two_phase(self, rate: FindingRate) -> Estimate:
        """Return the two-phase estimate of a rate, on the definition of the second visit."""
        survey = self._survey()
        found = survey.column("_found")
        status = np.where(found.isna(), np.nan, (found == rate.finding).to_numpy(dtype=float))
        inside = survey.column("stratum").isin(rate.population).to_numpy()
        held = replace(survey, _table=survey.table().assign(**{rate.name: status, "_inside": inside}), _known={})
        return two_phase(held, rate.name, chance="_chance", count="persons" if rate.count == "persons" else None, where="_inside")

    def first(self, rate: FindingRate) -> Estimate:
        """Return the rate as the first visits found it: every answer that shows an error, whatever became of the case."""
        survey = weigh(self.plan.findings)
        status = (survey.column("finding") == rate.finding).to_numpy(dtype=float)
        inside = survey.column("stratum").isin(rate.population).to_numpy()
        held = replace(survey, _table=survey.table().assign(**{rate.name: status, "_inside": inside}, _all=1.0), _known={})
        return two_phase(held, rate.name, chance="_all", count="persons" if rate.count == "persons" else None, where="_inside")

    def corrected(self) -> pd.DataFrame:
        """Return one row a rate: as found at first, by two phases, and corrected by sensitivity and specificity.

        Columns: 指标, 首访, 两阶段, 低, 高, 灵敏度, 特异度, 校正, 校正低, 校正高, 说明. Sensitivity and specificity are weighted
        by the second chance; the melded interval takes them from as many households as were visited again, the found rate at its effective
        size. It stands beside the two-phase estimate, which needs neither.
        """
        return pd.DataFrame([self._corrected(rate) for rate in self.rates])

    def _corrected(self, rate: FindingRate) -> dict[str, Any]:
        first, both = self.first(rate), self.two_phase(rate)
        limits = both.interval()
        row: dict[str, Any] = {"指标": rate.name, "首访": float(first), "两阶段": float(both)}
        row |= {"低": float(limits["low"].iloc[0]), "高": float(limits["high"].iloc[0])}
        se, sp, note = self._rates_of(rate)
        nothing = {"灵敏度": np.nan, "特异度": np.nan, "校正": np.nan, "校正低": np.nan, "校正高": np.nan}
        if note:
            return {**row, **nothing, "说明": note}
        told = {"灵敏度": se[0] / se[1], "特异度": 1 - sp[0] / sp[1]}
        n_eff = float(first.interval()["n_eff"].iloc[0])
        try:
            seen = melded(float(first) * n_eff, n_eff, false_positives=sp[0], sound=sp[1], found_affected=se[0], affected=se[1])
        except EvalkitError as refused:
            return {**row, **nothing, **told, "说明": str(refused).splitlines()[-1].strip()}
        return {**row, **told, "校正": seen.value, "校正低": seen.low, "校正高": seen.high, "说明": ""}

    def _rates_of(self, rate: FindingRate) -> tuple[tuple[float, float], tuple[float, float], str]:
        """Return found among affected, and falsely found among sound, scaled to as many households as were seen twice."""
        first, second = self._both(rate)
        a = 1 / self._second["chance"].to_numpy(dtype=float)
        made = []
        for truth in (1.0, 0.0):
            mine = second == truth
            share = float(a[mine & (first == 1)].sum()) / float(a[mine].sum()) if mine.any() else np.nan
            made.append((share * int(mine.sum()), float(mine.sum())))
        lacking = "有差错" if not made[0][1] else "无差错" if not made[1][1] else ""
        return made[0], made[1], NOBODY.format(lacking, "与特异度") if lacking else ""

    def _rows_shown(self) -> Rows:
        return table_of(self.counts())

    def __repr__(self) -> str:
        told = [f"{row.指标} 首访 {row.首访:.2%}，两阶段 {row.两阶段:.2%}（{row.低:.2%}–{row.高:.2%}）"
                for row in self.corrected().itertuples()]  # fmt: skip
        return f"复访 {len(self._second)} 户：{'；'.join(told)}"


@takes(FieldworkError)
def recheck(plan: Reinterview, returns: Source) -> Recheck:
    """Read the filled list of a re-interview and determine its findings by the same criteria.

    Parameters
    ----------
    plan : Reinterview
    returns : DataFrame, path, folder, or several paths
        The blind list, filled in.

    Returns
    -------
    Recheck

    Raises
    ------
    FieldworkError
        Households that were not to be visited again, or twice; unknown outcomes; a cell whose errors, or whose others, nobody could
        visit again (name it to whoever decides: draw others, or merge cells with `by`).
    ResponsesError
        Answers missing, or not in the words of the criteria.

    Notes
    -----
    A cell's chance of a second visit is that of the draw times the share of the drawn that were met. A case counts the whole household.
    """
    design = plan.design
    columns = design.returns
    assert columns is not None
    needed = (columns.village, columns.household, columns.disposition, *asked_columns(design))
    handed, faults = hand_in(returns, "复访表", needed, (columns.village, columns.household), FieldworkError, (columns.household,))
    table = handed.table
    keys = pd.MultiIndex.from_frame(table[[columns.village, columns.household]].set_axis(["village", "household"], axis=1))
    chosen = plan.table().query("chosen")
    known = keys.isin(pd.MultiIndex.from_frame(chosen[["village", "household"]]))
    handed.note(faults, ~known, columns.household, "不在复访名单中", "只填名单上的户", show=False)
    handed.note(faults, keys.duplicated(), columns.household, "同一户出现两次", "核对后只留一行", show=False)
    said = table[columns.disposition] != ""
    strange = said & ~table[columns.disposition].isin(list(columns.dispositions))
    outcomes = tuple(columns.dispositions)
    handed.note(faults, strange, columns.disposition, "不在允许的结果中", f"改为：{'、'.join(outcomes)}", known=outcomes)
    faults.refuse(FieldworkError)
    met = (table[columns.disposition].map(dict(columns.dispositions)) == "complete").to_numpy()
    return Recheck(plan, _determined(plan, table[met], keys[met]))


def _determined(plan: Reinterview, table: pd.DataFrame, keys: pd.MultiIndex) -> pd.DataFrame:
    """Return the households met again with first and second finding, and the chance that they were."""
    findings: Findings = plan.findings
    first = findings.table()
    index = pd.MultiIndex.from_frame(first[["village", "household"]])
    rows = index.get_indexer(keys)
    again = first.iloc[rows].reset_index(drop=True)
    rules = finding_rules(plan.design).model_copy(update={"affected": ""})
    answers = {name: table[name].to_numpy() for name in asked_columns(plan.design)}
    answers[rules.income] = plain_numbers(table[rules.income]).to_numpy()
    plain = findings.responses.table().iloc[rows].reset_index(drop=True).assign(**answers, status="", complete=True)
    second = determine(replace(findings.responses, _table=plain), rules).table()
    made = again[["village", "household", "stratum", "persons"]].assign(first=again["finding"], second=second["finding"])
    return made.assign(chance=_chances(plan, keys))


def _chances(plan: Reinterview, keys: pd.MultiIndex) -> Any:
    """Return met/eligible for each cell of found and of others: the chance of a second visit that took place."""
    table = plan.table()
    index = pd.MultiIndex.from_frame(table[["village", "household"]])
    table = table.assign(met=index.isin(keys), n=1)
    cells = table.groupby(["cell", "found"])[["met", "n"]].sum()
    faults = Faults("复访")
    for cell, found in cells.index[cells["met"] == 0]:
        where = "、".join(str(part) for part in table.loc[table["cell"] == cell, list(plan.by)].iloc[0])
        faults.add(None, where, "已报差错的户" if found else "其余的户", "一户都没有复访成功，权数无处可放", "补复访，或重抽时用较粗的 by")
    faults.refuse(FieldworkError)
    place = table.set_index(index).loc[keys, ["cell", "found"]]
    return (cells["met"] / cells["n"]).reindex(pd.MultiIndex.from_frame(place)).to_numpy()
