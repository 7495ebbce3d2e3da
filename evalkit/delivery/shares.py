"""Shares of what did not arrive, estimated through a Survey: a miss is a 0/1 of the household, several policies make a ratio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from evalkit.delivery.columns import HOUSEHOLD, KINDS, OWED, POLICY, SHORT, VILLAGE
from evalkit.errors import EstimateError, one_of
from evalkit.estimates import Estimate, proportion, ratio
from evalkit.lists import as_list

if TYPE_CHECKING:
    from evalkit.survey import Survey

Unlisted = Literal["fail", "none"]
Per = Literal["item", "household"]
UNLISTED = {"fail": "报错", "none": "视为没有应享的政策"}
PER = {"item": "应享的每一项算一次", "household": "有一项就算，一户算一次"}
WHOLE = {"item": "全部政策（项）", "household": "全部政策（户）"}
HIT, BASE = "_hit", "_base"
MONEY = {SHORT: "应发金额中没有发到的"}
HEADS = {"estimate": "估计值", "se": "标准误", "low": "下限", "high": "上限"}
ESTIMATES = ("政策", "应核", "其中", "样本比率", "估计值", "标准误", "下限", "上限", "说明")


@dataclass(frozen=True, eq=False)
class Held:
    """The rows of a Delivery held against the households of a survey: for each household how much is counted, and among how much.

    Attributes
    ----------
    survey : Survey
        With the columns ``_hit`` and ``_base``.
    once : bool
        Whether no household has more than one row, so that the share is a proportion of households.
    whole : bool
        Whether rows are counted, and not money.
    """

    survey: Survey
    once: bool
    whole: bool

    @property
    def inside(self) -> Any:
        """Return which households have anything to be counted among."""
        return self.survey.column(BASE).to_numpy() > 0

    def estimate(self, by: Any) -> Estimate:
        """Return the share, by columns of the survey; groups in which nobody is counted are left out."""
        names = as_list(by)
        blank = {name: self.survey.column(name).where(self.inside) for name in names}
        held = replace(self.survey, _table=self.survey.table().assign(**blank), _known={})
        asked: dict[str, Any] = {"by": names or None, "where": self.inside, "missing": "out"}
        return proportion(held, HIT, **asked) if self.once else ratio(held, HIT, BASE, **asked)


def hold(rows: pd.DataFrame, policy: str | None, survey: Survey, *, kind: str, per: Per, unlisted: Unlisted, names: Sequence[str]) -> Held:
    """Hold the rows of one policy, or of all, against the households of a survey.

    Raises
    ------
    EstimateError
        For households of either side that the other does not know, a policy that there is not, and when no row can be counted.
    """
    one_of("kind", kind, {**{name: rule.text for name, rule in KINDS.items()}, **MONEY}, EstimateError, "问题")
    one_of("per", per, PER, EstimateError, "单位")
    one_of("unlisted", unlisted, UNLISTED, EstimateError, "处理")
    keys = _households(survey, names)
    _refuse_strangers(rows, keys, survey, unlisted)
    mine = _of_policy(rows, policy)
    hit, base = _counted(mine, kind)
    sums = pd.DataFrame({HIT: hit, BASE: base}).groupby([mine[VILLAGE], mine[HOUSEHOLD]]).sum().reindex(keys, fill_value=0.0)
    if per == "household":
        sums = (sums > 0).astype(float)
    once = kind not in MONEY and bool((sums[BASE] <= 1).all())
    added = {name: sums[name].to_numpy(dtype=float) for name in (HIT, BASE)}
    return Held(replace(survey, _table=survey.table().assign(**added), _known={}), once, kind not in MONEY)


def _of_policy(rows: pd.DataFrame, policy: str | None) -> pd.DataFrame:
    known = list(dict.fromkeys(rows[POLICY]))
    if policy is not None and policy not in known:
        raise EstimateError(f"policy = {policy!r}｜表中没有这项政策｜可用：{'、'.join(known)}")
    return rows if policy is None else rows[rows[POLICY] == policy]


def _counted(rows: pd.DataFrame, kind: str) -> tuple[pd.Series, pd.Series]:
    """Return what is counted in each row, and among how much."""
    if kind in MONEY:
        known = rows[SHORT].notna()
        hit, base = rows[SHORT].where(known, 0.0), rows[OWED].where(known, 0.0)
    else:
        base = rows[KINDS[kind].base].astype(float)
        hit = (rows[kind] & rows[KINDS[kind].base]).astype(float)
    if not base.to_numpy().sum() > 0:
        raise EstimateError(f"{kind}｜没有一行可核：它只在{MONEY.get(kind) or KINDS[kind].text}中计算｜改正政策名，或补上所需的列")
    return hit, base


def _households(survey: Survey, names: Sequence[str]) -> pd.MultiIndex:
    keys = pd.MultiIndex.from_frame(pd.DataFrame({name: survey.column(name).astype(str).str.strip() for name in names}))
    if not keys.is_unique:
        raise EstimateError(f"{'、'.join(names)}｜调查数据中一户有几行｜应一户一行；用户一级的 Survey，或写明 village=、household=")
    return keys


def _refuse_strangers(rows: pd.DataFrame, keys: pd.MultiIndex, survey: Survey, unlisted: Unlisted) -> None:
    mine = pd.MultiIndex.from_frame(rows[[VILLAGE, HOUSEHOLD]]).unique()
    answering = np.ones(len(keys), dtype=bool) if survey.answering is None else survey.answering
    strange, lacking = int((~mine.isin(keys)).sum()), int((answering & ~keys.isin(mine)).sum())
    if strange:
        raise EstimateError(f"政策到户表｜{strange} 户不在调查数据中｜只核查样本户，或改正村代码、户编号（含前面的 0）")
    if lacking and unlisted == "fail":
        raise EstimateError(f'政策到户表｜调查数据中 {lacking} 户没有写｜补上；确实没有应享政策的，写 unlisted="none"')


def estimate_rows(held: Mapping[str, Held], by: Any, level: float) -> pd.DataFrame:
    """Return one row for each of several shares and each group: counts of the sample beside the design-based estimate.

    A ratio of which the sample has no case has no interval of its own: its standard error would be 0. The bound is read from the
    households, 全部政策（户）.
    """
    groups, parts = as_list(by), []
    for name, mine in held.items():
        table = mine.estimate(by).table(level=level).rename(columns=HEADS)[[*groups, *HEADS.values()]]
        counted = _sample_counts(mine, groups)
        table = table.merge(counted, on=groups) if groups else pd.concat([table, counted], axis=1)
        none = (table["其中"] == 0) & (not mine.once)
        table = table.assign(**{name: table[name].mask(none) for name in ("标准误", "下限", "上限")})
        told = np.where(none, f"样本中没有一例，几项合计的比率没有区间；上限看“{WHOLE['household']}”", "")
        parts.append(table.assign(政策=name, 说明=told))
    return pd.concat(parts, ignore_index=True)[[*groups, *ESTIMATES]]


def _sample_counts(mine: Held, groups: Sequence[str]) -> pd.DataFrame:
    """Return the unweighted counts of the households that answered."""
    table = mine.survey.table()
    table = table[mine.inside] if mine.survey.answering is None else table[mine.inside & mine.survey.answering]
    sums = table.groupby(groups or np.zeros(len(table), dtype=int), observed=True)[[BASE, HIT]].sum().set_axis(["应核", "其中"], axis=1)
    counted: pd.DataFrame = sums.assign(样本比率=sums["其中"] / sums["应核"]).reset_index(drop=not groups)
    return counted.astype({"应核": int, "其中": int}) if mine.whole else counted
