"""Interviewers: how far answers depend on who asked, and whether a verdict hangs on one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from evalkit.design.judgement import DERIVED
from evalkit.errors import EstimateError, Faults, one_of
from evalkit.findings import Findings
from evalkit.given import takes
from evalkit.later import later
from evalkit.patience import Progress
from evalkit.quality.rejudging import Again
from evalkit.reliability import InterviewerEffect, interviewer_effect
from evalkit.satisfaction import approval
from evalkit.sheets import as_pandas
from evalkit.showing import Rows, Shown, table_of

if TYPE_CHECKING:
    from evalkit.frame import Frame

charts = later("evalkit.charts")

Who = Literal["interviewer", "team"]
TITLES = {"interviewer": "调查员", "team": "组"}
Z = 1.959963984540054
CONFOUNDED = "没有一个村由两名以上{}调查，与村的差别分不开，不能估计；应交叉分派（每村至少两名）"
PARTLY = "{} 个村中 {} 个由两名以上{}调查，只有这些村说明问题"


@dataclass(frozen=True, eq=False, repr=False)
class Interviewers(Shown):
    """The effects of those who asked, variable by variable.

    Attributes
    ----------
    title : str
        Who they are: 调查员 or 组.
    effects : dict of str to (InterviewerEffect, labels)
    """

    title: str
    effects: dict[str, tuple[InterviewerEffect, tuple[str, ...]]]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the variables."""
        return tuple(self.effects)

    def __getitem__(self, name: str) -> InterviewerEffect:
        return one_of("指标", name, {each: effect for each, (effect, _) in self.effects.items()}, EstimateError, "指标")

    def table(self) -> pd.DataFrame:
        """Return one row a variable: 指标, 户数, 人数, 村数, 共访村数, rho, 平均户数, deff_int, p, 说明."""
        rows = []
        for name, (effect, labels) in self.effects.items():
            counts = (int(effect.count.sum()), len(labels), effect.villages, effect.shared)
            rows.append((name, *counts, effect.rho, effect.workload, effect.deff, effect.p_value, self._said(effect)))
        return pd.DataFrame(rows, columns=["指标", "户数", "人数", "村数", "共访村数", "rho", "平均户数", "deff_int", "p", "说明"])

    def _said(self, effect: InterviewerEffect) -> str:
        if effect.confounded:
            return CONFOUNDED.format(self.title)
        return "" if effect.shared == effect.villages else PARTLY.format(effect.villages, effect.shared, self.title)

    def differences(self, name: str) -> pd.DataFrame:
        """Return one row an interviewer: label, n, difference from the means of their villages, and the 95 % limits of that.

        The limits are those of chance if interviewers did not differ; missing for those who shared no village.
        """
        effect, labels = self[name], self.effects[name][1]
        made = pd.DataFrame({"label": labels, "n": effect.count, "difference": effect.difference})
        return made.assign(low=effect.difference - Z * effect.error, high=effect.difference + Z * effect.error)

    def plot(self, name: str | None = None, **options: Any) -> Any:
        """Draw a caterpillar; `evalkit.charts.interviewer_plot` says what may be asked."""
        return charts.interviewer_plot(self, name, **options)

    def _rows_shown(self) -> Rows:
        return table_of(self.table())

    def __repr__(self) -> str:
        told = [f"{name} ρ = {effect.rho:.4f}、设计效应 {effect.deff:.2f}" if not effect.confounded else f"{name} 与村混淆，不能估计"
                for name, (effect, _) in self.effects.items()]  # fmt: skip
        return f"{self.title}效应：{'；'.join(told)}"


@takes(EstimateError)
def interviewers(
    given: Findings | Any, who: Who | str = "interviewer", *, village: str = "village", variables: Sequence[str] = ()
) -> Interviewers:
    """Estimate how far answers depend on who asked, within the villages where several asked.

    Parameters
    ----------
    given : Findings, or a table of completed interviews
    who : {"interviewer", "team"}, or a column of the table
    village : str
        Column of the villages of a table.
    variables : list of str
        Columns of numbers or 0/1; of findings also those beside the declared rates, whose households found and approving
        are looked at without being asked.

    Returns
    -------
    Interviewers
        ``ρ_int`` and 1 + (m̄ − 1)ρ_int. Where no village was shared by two interviewers nothing can be said, and the table says so.

    Raises
    ------
    EstimateError
        No column of who asked, or blanks in it; a variable that is no column of numbers.

    Notes
    -----
    Households of one village are compared with each other, so a poor village is not laid at the door of who worked there; this needs
    interpenetration (households of a village dealt to interviewers by lot). See `evalkit.reliability.interviewer_effect`.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> table = pd.DataFrame({"village": ["甲"] * 8 + ["乙"] * 8, "员": ["张", "李"] * 8, "y": [1, 0] * 4 + [1, 0, 1, 1] * 2})
    >>> ev.interviewers(table, "员", variables=["y"])
    调查员效应：y ρ = 0.7368、设计效应 6.16
    """
    table, asked = _table(given, who, village, variables)
    title = TITLES.get(who, "调查员")
    made = {}
    for name, (values, inside) in asked.items():
        labels, codes = np.unique(table.loc[inside, "who"].to_numpy(dtype=str), return_inverse=True)
        villages = pd.factorize(table.loc[inside, "where"])[0]
        made[name] = (interviewer_effect(values[inside], codes, villages), tuple(map(str, labels)))
    return Interviewers(title, made)


def _table(given: Any, who: str, village: str, variables: Sequence[str]) -> tuple[pd.DataFrame, dict[str, tuple[Any, Any]]]:
    """Return who asked where, and each variable with the rows it is about."""
    own = isinstance(given, Findings)
    table = given.table() if own else as_pandas(given, EstimateError).reset_index(drop=True)
    if own:
        table = table[table["complete"].to_numpy(dtype=bool)].reset_index(drop=True)
    _check(table, who, village, variables)
    asked: dict[str, tuple[Any, Any]] = _declared(given, table) if own else {}
    for name in variables:
        values = table[name].to_numpy(dtype=float, na_value=np.nan)
        asked[name] = (values, np.isfinite(values))
    if not asked:
        raise EstimateError("variables｜没有要看的列｜写 variables=[…]；或在设计中写 [[rate]]")
    return pd.DataFrame({"who": table[who].astype(str), "where": table[village].astype(str)}), asked


def _check(table: pd.DataFrame, who: str, village: str, variables: Sequence[str]) -> None:
    faults = Faults("调查员效应")
    for name in (who, village, *variables):
        if name not in table:
            faults.add(None, name, None, "没有这一列", "在 [returns] 写 interviewer、team 的列名；或改列名")
        elif name in variables and not (pd.api.types.is_numeric_dtype(table[name]) or pd.api.types.is_bool_dtype(table[name])):
            faults.add(None, name, None, "应为数值或真假列", "先转换为数值")
    faults.refuse(EstimateError)
    blank = table[who].isna() | (table[who].astype(str).str.strip() == "")
    faults.add_rows(np.flatnonzero(blank), who, "完成的户没有写谁调查的", "补全；确不可知的先去掉这些行")
    faults.refuse(EstimateError)


def _declared(findings: Findings, table: pd.DataFrame) -> dict[str, tuple[Any, Any]]:
    """Return what interviewers bring home: households found in error (suspected counts), households that approve."""
    made = {}
    for rate in findings.design.rates:
        if isinstance(rate, DERIVED):
            continue
        inside = table["stratum"].isin(rate.population).to_numpy() if rate.population else np.ones(len(table), dtype=bool)
        values = table[rate.finding] if rate.kind == "finding" else approval(table, rate).approve
        if inside.any():
            made[rate.name] = (np.asarray(values, dtype=float), inside)
    return made


@dataclass(frozen=True, eq=False, repr=False)
class LeftOut(Shown):
    """Every verdict with the interviews of one interviewer, or team, left out.

    Attributes
    ----------
    title : str
    whole : DataFrame
        The verdicts from all interviews: rate, official, estimate, low, high, legal, zone.
    refused : dict of str to str
        Without whom nothing can be judged, and why.
    """

    title: str
    whole: pd.DataFrame
    refused: dict[str, str]
    _rows: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return one row a gate and interviewer: rate, left_out, n, the columns of `whole`, legal_changes, zone_changes."""
        return self._rows.copy()

    def ranges(self) -> pd.DataFrame:
        """Return one row a gate: the rate, its lowest and highest without one interviewer, and without how many the verdict is another.

        Columns: rate, official, official_low, official_high, estimate, estimate_low, estimate_high, legal_changes, zone_changes.
        """
        made = self.whole[["rate", "official", "estimate"]].set_index("rate")
        groups = self._rows.groupby("rate")
        for name in ("official", "estimate"):
            made[f"{name}_low"], made[f"{name}_high"] = groups[name].min(), groups[name].max()
        made = made.join(groups[["legal_changes", "zone_changes"]].sum())
        ends = [f"{name}{end}" for name in ("official", "estimate") for end in ("", "_low", "_high")]
        return made[[*ends, "legal_changes", "zone_changes"]].reset_index()

    def _rows_shown(self) -> Rows:
        return table_of(self.ranges())

    def __repr__(self) -> str:
        told = [f"{row.rate} {row.official_low:.2%}–{row.official_high:.2%}（全部 {row.official:.2%}），判定改变 {row.legal_changes} 次"
                for row in self.ranges().itertuples()]  # fmt: skip
        more = f"；{len(self.refused)} 名去掉后无法判定" if self.refused else ""
        return f"逐一去掉{self.title}：{'；'.join(told)}{more}"


@takes(EstimateError)
def leave_out(
    findings: Findings, frame: Frame, rosters: pd.DataFrame | None = None, *, who: Who = "interviewer", progress: Progress | None = None
) -> LeftOut:
    """Judge every gate again without the interviews of each interviewer, or team, in turn.

    Parameters
    ----------
    findings : Findings
    frame : Frame
    rosters : DataFrame, optional
        As for `measure`.
    who : {"interviewer", "team"}
    progress : callable, optional
        Told before each of them how far it has got: half a second each.

    Returns
    -------
    LeftOut
        By the same weights, rates and verdicts as the evaluation itself; the weight of those left out goes to the other interviews
        of their village and stratum, and of an emptied cell to the same stratum of other villages.

    Raises
    ------
    EstimateError
        No gates in the design, or nobody named who asked.
    """
    again, table = Again(findings, frame, rosters), findings.table()
    _check(table[table["complete"].to_numpy(dtype=bool)].reset_index(drop=True), who, "village", ())
    if not findings.design.gates:
        raise EstimateError("[[gate]]｜设计没有门槛，没有可看的判定｜写 [[gate]]")
    whole, rows, refused = again.rows(), [], {}
    asked = table[who].astype(str).to_numpy()
    complete = table["complete"].to_numpy(dtype=bool)
    everyone = sorted(set(asked[complete]))
    for done, each in enumerate(everyone, 1):
        if progress is not None:
            progress(f"逐一去掉{TITLES[who]} {done}/{len(everyone)}")
        found, why = again.told(again.without, asked == each)
        if found is None:
            refused[each] = why
            continue
        changed = {f"{part}_changes": found[part].to_numpy() != whole[part].to_numpy() for part in ("legal", "zone")}
        rows.append(found.assign(left_out=each, n=int((complete & (asked == each)).sum()), **changed))
    columns = ["rate", "left_out", "n", *whole.columns[1:], "legal_changes", "zone_changes"]
    made = pd.concat(rows, ignore_index=True)[columns] if rows else pd.DataFrame(columns=columns)
    return LeftOut(TITLES[who], whole, refused, made)
