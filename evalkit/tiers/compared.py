"""Tiers of checking compared item by item (自评 × 乡级自查 × 县级普查 × 复核): where they agree, and what the lower one missed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalkit.errors import EstimateError, Faults, FieldworkError, one_of
from evalkit.estimates import Estimate, proportion
from evalkit.filledin import save_book
from evalkit.given import takes
from evalkit.lists import as_list
from evalkit.problems import LEVELS, problem_rows, refuse_uncoded
from evalkit.reliability import agreement_table
from evalkit.sheets import Page, as_pandas, cell_text
from evalkit.showing import Rows, Shown, table_of
from evalkit.survey import Survey

PASS, FAIL, UNSEEN = "达标", "不达标", "未查"
ITEM, LOWER_ROW, UPPER_ROW = "项目", "下级行", "上级行"
ALL = "全部项目"
WIDTHS = {"一致率": 10.0, "kappa": 8.0, "ac1": 8.0, "漏查率": 10.0, "误报率": 10.0}
FORMS = {"一致率": "0.00%", "漏查率": "0.00%", "误报率": "0.00%", "kappa": "0.000", "ac1": "0.000"}
COLUMNED, OTHERS = ("weights", "probs", "strata", "clusters", "fpc"), ("nest", "pps", "singleton", "singleton_domain", "stages")
EVENTS = {"一致率": ("_agree", None), "漏查率": ("_missed", "_upper"), "误报率": ("_false", "_lower")}


@dataclass(frozen=True, eq=False, repr=False)
class Tiers(Shown):
    """The answers of several tiers to the same items.

    Parameters
    ----------
    _rows, _lines : DataFrame
        As `rows` gives it; and as long, for each tier the row of its table, 0 where the unit and item are not in it.
    unit : tuple of str
    tiers : tuple of str
        Lowest first.
    """

    _rows: pd.DataFrame
    _lines: pd.DataFrame
    unit: tuple[str, ...]
    tiers: tuple[str, ...]

    @property
    def rows(self) -> pd.DataFrame:
        """Return one row a unit and item: columns of the unit, 项目, one column a tier (达标, 不达标, "" where it did not look)."""
        return self._rows.copy(deep=False)

    @takes(FieldworkError)
    def compare(self, lower: str, upper: str) -> pd.DataFrame:
        """Return counts of two tiers for each item, and for all of them.

        Parameters
        ----------
        lower, upper : str
            Two tiers; the upper one is taken for right.

        Returns
        -------
        DataFrame
            项目, 双方都查, 都达标, 下级漏查 (only the upper tier found the problem), 误报 (only the lower one), 都不达标, 一致率,
            kappa, ac1, 漏查率 = 下级漏查/(problems of the upper tier), 误报率 = 误报/(problems of the lower tier), 只有下级查, 只有上级查.
            What has no value (no problem at all) is not a number, and blank in a workbook.
        """
        self._ordered(lower, upper)
        parts = [(item, group) for item, group in self._rows.groupby(ITEM, sort=False)]
        return pd.DataFrame([_counted(item, group[lower], group[upper]) for item, group in [*parts, (ALL, self._rows)]])

    def table(self) -> pd.DataFrame:
        """Return the comparison over all items for each pair of tiers, lower first."""
        made = [self.compare(a, b).iloc[[-1]].drop(columns=ITEM).assign(下级=a, 上级=b) for a, b in combinations(self.tiers, 2)]
        table = pd.concat(made, ignore_index=True)
        return table[["下级", "上级", *(name for name in table.columns if name not in ("下级", "上级"))]]

    @takes(FieldworkError)
    def crosstab(self, lower: str, upper: str) -> pd.DataFrame:
        """Return the cross table of two tiers, with what only one of them looked at as 未查."""
        self._ordered(lower, upper)
        words = [PASS, FAIL, UNSEEN]
        counts = pd.crosstab(self._rows[lower].replace("", UNSEEN).to_numpy(), self._rows[upper].replace("", UNSEEN).to_numpy())
        return counts.reindex(index=words, columns=words, fill_value=0).rename_axis(index=lower, columns=upper)

    @takes(FieldworkError)
    def missed(self, lower: str, upper: str) -> pd.DataFrame:
        """Return what the upper tier found and the lower one had passed: columns of the unit, 项目, 下级行, 上级行."""
        return self._differing(lower, upper, PASS, FAIL)

    @takes(FieldworkError)
    def false_alarms(self, lower: str, upper: str) -> pd.DataFrame:
        """Return what the lower tier called a problem and the upper one passed, as `missed` does."""
        return self._differing(lower, upper, FAIL, PASS)

    @takes(EstimateError)
    def sampled(self, lower: str, upper: str, design: Any, *, level: float = 0.95, **how: Any) -> pd.DataFrame:
        """Return agreement, missed problems and false alarms with intervals, where the upper tier looked at a sample of the units.

        Parameters
        ----------
        lower, upper : str
        design : table
            One row a unit of the upper tier's sample: the columns of the unit and those that `how` names. A unit without one is a fault.
        level : float
        **how
            ``weights=``, ``strata=``, ``clusters=``, ``fpc=`` … as for `Survey.from_data`. Without ``clusters`` the units themselves are
            the clusters: the items of one unit are not independent.

        Returns
        -------
        DataFrame
            项目, 指标 (一致率, 漏查率, 误报率), 分子, 分母 (unweighted), 样本比率, 估计值, 标准误, 下限, 上限. Without a
            denominator there is no row; 下限 and 上限 are blank where all of it lies in one cluster.
        """
        survey = self._survey(lower, upper, as_pandas(design, EstimateError), how)
        table = survey.table()
        lines = []
        for item in [*dict.fromkeys(table[ITEM]), ALL]:
            mine = np.ones(len(table), dtype=bool) if item == ALL else (table[ITEM] == item).to_numpy()
            for name, (event, inside) in EVENTS.items():
                where = mine & (True if inside is None else table[inside].to_numpy() == 1)
                if where.any():
                    lines.append((item, name, *_line(proportion(survey, event, where=where), table.loc[where, event], level)))
        return pd.DataFrame(lines, columns=[ITEM, "指标", "分子", "分母", "样本比率", "估计值", "标准误", "下限", "上限"])

    @takes(FieldworkError)
    def problems(self, lower: str, upper: str, *, day: str, source: str, codes: Mapping[str, str], level: str) -> pd.DataFrame:
        """Return what the lower tier missed as rows of a list of problems, as `list_problems` reads them.

        Parameters
        ----------
        lower, upper : str
        day, source : str
            Day of the finding, and who found it.
        codes : mapping of item to code
            The code in the taxonomy for each item with something missed.
        level : {"户", "村", "乡", "县"}
            What a unit is. A household has two columns, the village and its own number.
        """
        one_of("level", level, dict.fromkeys(LEVELS, ""), FieldworkError, "级")
        if len(self.unit) != (2 if level == "户" else 1):
            wanted = "户级应为两列：村代码、户编号" if level == "户" else f"{level}级应为一列"
            raise FieldworkError(f"level = {level!r}，unit = {list(self.unit)}｜{wanted}｜compare_tiers 时写对应的 unit")
        found = self.missed(lower, upper)
        refuse_uncoded(found[ITEM], codes)
        places = found[self.unit[0]]
        homes = found[self.unit[-1]] if level == "户" else [""] * len(found)
        told = [f"{item}：{lower}为{PASS}，{upper}为{FAIL}" for item in found[ITEM]]
        numbers = [f"核查/{'/'.join(key)}/{upper}" for key in found[[*self.unit, ITEM]].itertuples(index=False, name=None)]
        rows = [(n, level, p, h, codes[item], t) for n, p, h, item, t in zip(numbers, places, homes, found[ITEM], told, strict=True)]
        return problem_rows(rows, day=day, source=source)

    @takes(FieldworkError)
    def save(self, path: str | Path) -> Path:
        """Write a workbook: all pairs of tiers, then for each pair of neighbours the items, the missed problems and the false alarms."""
        pages = {"各级对照": Page("各级核查对照（个数，未加权；漏查、误报以上级为准）", self.table(), formats=FORMS, widths=WIDTHS)}
        pairs = list(pairwise(self.tiers))
        for at, (a, b) in enumerate(pairs, 1):
            mark = str(at) if len(pairs) > 1 else ""  # names of tiers may be longer than those of sheets
            pages[f"按项目{mark}"] = Page(f"{a}与{b}，按项目", self.compare(a, b), formats=FORMS, widths=WIDTHS)
            cross = self.crosstab(a, b).rename_axis(None, axis=1).reset_index()
            pages[f"交叉表{mark}"] = Page(f"行：{a}；列：{b}", cross)
            pages[f"漏查{mark}"] = Page(f"{b}查出、{a}没有查出", self.missed(a, b))
            pages[f"误报{mark}"] = Page(f"{a}报为问题、{b}认为达标", self.false_alarms(a, b))
        return save_book(path, pages)

    def _survey(self, lower: str, upper: str, design: pd.DataFrame, how: dict[str, Any]) -> Survey:
        self._ordered(lower, upper)
        lacking = [name for name in self.unit if name not in design.columns]
        if lacking:
            raise EstimateError(f"design｜没有 {'、'.join(lacking)} 列｜上级样本表每个单位一行，列名与核查表相同")
        keyed = design.assign(**{name: [cell_text(cell) for cell in design[name]] for name in self.unit})
        if keyed.duplicated(list(self.unit)).any():
            raise EstimateError("design｜有单位写了两次｜每个单位一行")
        both = self._rows.assign(_row=self._lines[upper])[(self._rows[lower] != "") & (self._rows[upper] != "")]
        if both.empty:
            raise EstimateError(f"{lower}×{upper}｜没有两级都查过的｜换两级，或核对单位的代码")
        merged = both.merge(keyed, on=list(self.unit), how="left", indicator="_from", suffixes=("", "_design"))
        _refuse_columns(how, keyed)
        strange = merged.loc[merged["_from"] == "left_only", "_row"]
        if len(strange):
            named = "、".join(str(row) for row in strange[:6])
            raise EstimateError(f"design｜核查表第 {named}{'……' if len(strange) > 6 else ''} 行的单位不在上级的样本中｜补上，或改正代码")
        a, b = merged[lower] == FAIL, merged[upper] == FAIL
        marks = {"_agree": a == b, "_missed": ~a & b, "_false": a & ~b, "_lower": a, "_upper": b}
        table = merged.drop(columns="_from").assign(**{name: mark.astype(float) for name, mark in marks.items()})
        rest: list[Any] = [table[name] for name in self.unit[1:]]
        table = table.assign(_unit=table[self.unit[0]].str.cat(rest, sep="/"))
        return Survey.from_data(table, **{"clusters": "_unit", **how})

    def _differing(self, lower: str, upper: str, said: str, found: str) -> pd.DataFrame:
        self._ordered(lower, upper)
        mine = ((self._rows[lower] == said) & (self._rows[upper] == found)).to_numpy()
        lines = {LOWER_ROW: self._lines.loc[mine, lower], UPPER_ROW: self._lines.loc[mine, upper]}
        return self._rows.loc[mine, [*self.unit, ITEM]].assign(**lines).reset_index(drop=True)

    def _ordered(self, lower: str, upper: str) -> None:
        for name, given in (("lower", lower), ("upper", upper)):
            one_of(name, given, dict.fromkeys(self.tiers, ""), FieldworkError, "核查")
        if self.tiers.index(lower) >= self.tiers.index(upper):
            raise FieldworkError(f"lower = {lower!r}, upper = {upper!r}｜下级在前、上级在后｜顺序为 {'、'.join(self.tiers)}")

    def _rows_shown(self) -> Rows:
        return table_of(self.table())

    def __repr__(self) -> str:
        units = len(self._rows[list(self.unit)].drop_duplicates())
        rows: list[Any] = list(self.table().itertuples(index=False))
        told = "；".join(f"{row.下级}×{row.上级} 都查 {row.双方都查}，漏查 {row.下级漏查}，误报 {row.误报}" for row in rows)
        return f"Tiers {units} 个单位 {self._rows[ITEM].nunique()} 个项目：{told}"


def _refuse_columns(how: Mapping[str, Any], design: pd.DataFrame) -> None:
    """Refuse what `Survey.from_data` does not take, and columns that the table of the sample does not have."""
    faults = Faults("sampled")
    for name, given in how.items():
        if name not in COLUMNED + OTHERS:
            faults.add(None, name, None, "没有这个参数", f"可用：{'、'.join(COLUMNED + OTHERS)}")
        elif name in COLUMNED:
            for column in as_list(given):
                if column is not None and column not in design.columns:
                    faults.add(None, name, str(column), "上级样本表中没有这一列", f"可用：{'、'.join(map(str, design.columns))}")
    faults.refuse(EstimateError)


def _line(found: Estimate, events: pd.Series, level: float) -> tuple[Any, ...]:
    row = found.table(level=level).iloc[0]
    return int(events.sum()), len(events), float(events.mean()), row["estimate"], row["se"], row["low"], row["high"]


def _counted(item: Any, lower: pd.Series, upper: pd.Series) -> dict[str, Any]:
    a, b = lower == FAIL, upper == FAIL
    both = (lower != "") & (upper != "")
    cells = [[int((both & ~a & ~b).sum()), int((both & ~a & b).sum())], [int((both & a & ~b).sum()), int((both & a & b).sum())]]
    (passed, missed), (false, found) = cells
    told = agreement_table(cells) if both.any() else dict.fromkeys(("agreement", "kappa", "ac1"), float("nan"))
    return {
        ITEM: item, "双方都查": int(both.sum()), "都达标": passed, "下级漏查": missed, "误报": false, "都不达标": found,
        "一致率": told["agreement"], "kappa": told["kappa"], "ac1": told["ac1"], "漏查率": _share(missed, missed + found),
        "误报率": _share(false, false + found), "只有下级查": int(((lower != "") & (upper == "")).sum()),
        "只有上级查": int(((lower == "") & (upper != "")).sum()),
    }  # fmt: skip


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
