"""The Delivery: what was found household by household, counted by policy and village, estimated through a Survey."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from evalkit.delivery.columns import BATCH, HOUSEHOLD, KEYS, KINDS, LATE, LOST, OWED, OWED_ON, PAID, PAID_ON, POLICY, SHORT, VILLAGE
from evalkit.delivery.shares import WHOLE, Per, Unlisted, estimate_rows, hold
from evalkit.errors import FieldworkError, one_of
from evalkit.estimates import Estimate
from evalkit.figures import percent
from evalkit.lists import as_list
from evalkit.problems import problem_rows, refuse_uncoded
from evalkit.sheets import Page, write_book
from evalkit.showing import Rows, Shown, table_of

if TYPE_CHECKING:
    from evalkit.survey import Survey

TOWNSHIP = "乡镇代码"
GROUPS = {POLICY: "政策", BATCH: "批次", VILLAGE: "村", TOWNSHIP: "乡镇（村代码的前九位）"}
SOURCE = "政策资金到户核查"
RATES = {LOST: "未到户率", "金额不足": "金额不足率", LATE: "迟发率", "缺凭证": "缺凭证率"}


@dataclass(frozen=True, eq=False, repr=False)
class Delivery(Shown):
    """Policies held against households.

    Attributes
    ----------
    rows : DataFrame
        One row a household and policy: what the table said, and 应到 (entitled and fallen due), 未到期, 未到户, 不应享而享, 差额, 金额不足,
        多发, 迟发天数, 迟发, 缺凭证, 可核金额, 金额不明, 可核日期, 日期不明, 行 (as a spreadsheet shows it).
    looked : tuple of str
        Which of 未到户, 金额不足, 多发, 迟发, 缺凭证, 不应享而享 could be looked at.
    day : str
        The day of the check.
    late_after : int or None
    tolerance : float
    """

    rows: pd.DataFrame
    looked: tuple[str, ...]
    day: str
    late_after: int | None
    tolerance: float

    def counts(self, by: str | Sequence[str] | None = POLICY) -> pd.DataFrame:
        """Return unweighted counts of what was checked; they stand for nobody else.

        Parameters
        ----------
        by : str or list of str, optional
            政策, 批次, 村代码, 乡镇代码; None: all together.

        Returns
        -------
        DataFrame
            户数, 应到, 未到期, each kind that was looked at and its share of the rows in which it could be seen (not a number where
            there are none), 应发金额, 差额 and 未到位率 over entitlements whose amounts are known, 金额不明, 日期不明.
        """
        keys = as_list(by)
        for key in keys:
            one_of("by", key, GROUPS, FieldworkError, "分组")
        rows = self.rows.assign(**({TOWNSHIP: _townships(self.rows[VILLAGE])} if TOWNSHIP in keys else {}))
        parts = {"应到": rows["应到"], "未到期": rows["未到期"], **{kind: rows[kind] for kind in self.looked}}
        parts |= {KINDS[kind].base: rows[KINDS[kind].base] for kind in self.looked}
        if "金额不足" in self.looked:
            known = rows[SHORT].notna()
            parts |= {OWED: rows[OWED].where(known, 0.0), SHORT: rows[SHORT].fillna(0.0), "金额不明": rows["金额不明"]}
        if LATE in self.looked:
            parts["日期不明"] = rows["日期不明"]
        groups = [rows[key] for key in keys] or [pd.Series(0, index=rows.index)]
        sums = pd.DataFrame(parts).groupby(groups).sum()
        households = (rows[VILLAGE] + "/" + rows[HOUSEHOLD]).groupby(groups).nunique()
        return self._told(sums.assign(户数=households)).reset_index(drop=not keys)

    def _told(self, sums: pd.DataFrame) -> pd.DataFrame:
        """Return the sums with their shares, in the order in which they are read."""
        columns = ["户数", "应到", "未到期"]
        for kind in self.looked:
            columns.append(kind)
            if kind in RATES:
                base = sums[KINDS[kind].base]
                sums = sums.assign(**{RATES[kind]: sums[kind] / base.where(base > 0)})
                columns += [KINDS[kind].base, RATES[kind]] if kind != LOST else [RATES[kind]]
        if OWED in sums:
            sums = sums.assign(未到位率=sums[SHORT] / sums[OWED].where(sums[OWED] > 0))
            columns += [OWED, SHORT, "未到位率", "金额不明"]
        columns += ["日期不明"] if "日期不明" in sums else []
        return sums[list(dict.fromkeys(columns))]

    def listed(self, kind: str) -> pd.DataFrame:
        """Return the rows of one kind, with what it was seen from and the row of the table."""
        one_of("kind", kind, {name: KINDS[name].text for name in self.looked}, FieldworkError, "问题")
        columns = self._keys()
        columns += [OWED, PAID, SHORT] if "金额" in KINDS[kind].base or (kind == LOST and "金额不足" in self.looked) else []
        columns += [OWED_ON, PAID_ON, "迟发天数"] if kind == LATE else []
        return self.rows.loc[self.rows[kind], [*columns, "行"]].astype({"迟发天数": int} if kind == LATE else {}).reset_index(drop=True)

    def _keys(self) -> list[str]:
        return [key for key in KEYS if key != BATCH or bool((self.rows[BATCH] != "").any())]

    def share(
        self, survey: Survey, kind: str = LOST, policy: str | None = None, *, by: Any = None, per: Per = "item",
        unlisted: Unlisted = "fail", village: str = "village", household: str = "household",
    ) -> Estimate:  # fmt: skip
        """Estimate a share of what is due to all households that the survey stands for.

        Parameters
        ----------
        survey : Survey
            One row a household.
        kind : str
            未到户, 金额不足, 多发, 迟发, 缺凭证, 不应享而享: among the rows in which it could be seen. 差额: the part of 应发金额 that is
            lacking.
        policy : str, optional
            One policy; left out, all of them.
        by : str or list of str, optional
            Columns of the survey; groups in which nobody is entitled are left out.
        per : {"item", "household"}
            Each entitlement counts once; or a household counts once, as soon as one of its entitlements is at fault.
        unlisted : {"fail", "none"}
            Households of the survey that the table does not name: refused, or entitled to nothing. A household that is named is
            entitled to no other policies than those in its rows.
        village, household : str
            Columns of the survey that name a household.

        Returns
        -------
        Estimate
            Of kind "proportion" where a household counts once at most, so that its interval is one for proportions even when nobody
            was found; else of kind "ratio", whose interval says nothing then.

        Raises
        ------
        EstimateError
            For households of either side that the other does not know, and a policy to which nobody is entitled.

        Notes
        -----
        Σ w·(items at fault) / Σ w·(items), linearised as u = (y − R x) / X (Särndal, Swensson & Wretman 1992, eq. 5.6.10): a
        household's items are answers of one unit, and its village is the first stage, so no independence of items is assumed.
        """
        held = hold(self.rows, policy, survey, kind=kind, per=per, unlisted=unlisted, names=(village, household))
        return held.estimate(by)

    def estimates(
        self, survey: Survey, kind: str = LOST, *, by: Any = None, level: float = 0.95, unlisted: Unlisted = "fail",
        village: str = "village", household: str = "household",
    ) -> pd.DataFrame:  # fmt: skip
        """Return for each policy, and for all, the unweighted share of the sample beside the design-based one with its interval.

        Parameters
        ----------
        survey, kind, by, unlisted, village, household
            As for `share`.
        level : float
            Of the interval.

        Returns
        -------
        DataFrame
            The columns of `by`, 政策, 应核 and 其中 (counts of the sample), 样本比率, 估计值, 标准误, 下限, 上限, 说明. All policies
            stand twice: by item and by household.
        """
        base = KINDS[kind].base if kind in KINDS else "应到"
        names = [name for name in dict.fromkeys(self.rows[POLICY]) if bool(self.rows.loc[self.rows[POLICY] == name, base].any())]
        asked: list[tuple[str, str | None, Per]] = [*((name, name, "item") for name in names), (WHOLE["item"], None, "item")]
        asked += [(WHOLE["household"], None, "household")] if kind in KINDS else []
        options: dict[str, Any] = {"kind": kind, "unlisted": unlisted, "names": (village, household)}
        return estimate_rows({title: hold(self.rows, policy, survey, per=per, **options) for title, policy, per in asked}, by, level)

    def problems(self, *, source: str = SOURCE, codes: Mapping[str, str], level: Literal["户", "村"]) -> pd.DataFrame:
        """Return what was found as rows that `list_problems` reads.

        Parameters
        ----------
        source : str
        codes : mapping of kind to code
            The code of the taxonomy for 未到户, 金额不足 …; a kind without a case needs none.
        level : {"户", "村"}
            One row a household, policy and kind; or one a village, policy and kind, with how many households. No default.

        Raises
        ------
        LedgerError
            When a kind has no code.
        """
        one_of("level", level, {"户": "一户一行", "村": "一村一行"}, FieldworkError, "级")
        found = [kind for kind in self.looked if self.rows[kind].any()]
        refuse_uncoded(found, codes)
        rows = [row for kind in found for row in (self._of_households if level == "户" else self._of_villages)(kind, codes[kind])]
        return problem_rows(rows, day=self.day, source=source)

    def _of_households(self, kind: str, code: str) -> Iterable[tuple[str, ...]]:
        made = []
        for row in self.rows[self.rows[kind]].to_dict("records"):
            village, household, policy, batch = (str(row[key]) for key in KEYS)
            more = f"，差 {row[SHORT]:,.2f} 元" if kind == "金额不足" else f"，晚 {row['迟发天数']:.0f} 天" if kind == LATE else ""
            at = "/".join(part for part in ("到户", village, household, policy, batch, kind) if part)
            made.append((at, "户", village, household, code, f"{policy}{f'（{batch}）' if batch else ''}{kind}{more}"))
        return made

    def _of_villages(self, kind: str, code: str) -> Iterable[tuple[str, ...]]:
        counts = self.rows[self.rows[kind]].groupby([VILLAGE, POLICY], sort=False)[HOUSEHOLD].nunique().reset_index()
        places = zip(counts[VILLAGE].astype(str), counts[POLICY].astype(str), counts[HOUSEHOLD], strict=True)
        return [(f"到户/{at}/{policy}/{kind}", "村", at, "", code, f"{policy}{kind} {count} 户") for at, policy, count in places]

    def save(self, path: str | Path, survey: Survey | None = None, **options: Any) -> Path:
        """Write a workbook: counts by policy and by village, estimates where a survey is given, and a list for each kind.

        Parameters
        ----------
        path : path
        survey : Survey, optional
            Of the households, when they are a sample; without it there are counts and no inference.
        **options
            As for `estimates`.
        """
        late = "日期未核" if self.late_after is None else f"到账晚于应发日期 {self.late_after} 天以上为迟发"
        notes = [f"核查日期 {self.day}；{late}；实发与应发相差超过 {self.tolerance:g} 元为金额不足或多发", "核查所见，未加权，不推断其他户"]
        shares = {name: "0.00%" for name in (*RATES.values(), "未到位率", "样本比率", "估计值", "标准误", "下限", "上限")}
        pages = {"按政策": Page(f"{SOURCE}（按政策）", self.counts(POLICY), formats=shares, notes=notes)}
        if survey is not None:
            for kind in (LOST, *(each for each in self.looked if each in RATES and each != LOST)):
                if self.rows[KINDS[kind].base].any():
                    told = [f"在{KINDS[kind].text}各项中；样本比率未加权，估计值及其区间按抽样设计"]
                    pages[f"估计{kind}"] = Page(RATES[kind], self.estimates(survey, kind, **options), formats=shares, notes=told)
        pages["按村"] = Page(f"{SOURCE}（按村）", self.counts([VILLAGE, POLICY]), formats=shares, notes=notes)
        pages |= {kind: Page("", self.listed(kind)) for kind in self.looked if self.rows[kind].any()}
        return write_book(path, pages)

    def _rows_shown(self) -> Rows:
        return table_of(self.counts())

    def __repr__(self) -> str:
        whole = self.counts(None).iloc[0]
        lost = f"{whole[LOST]:.0f}" + (f"（{percent(whole['未到户率'])}）" if whole["应到"] else "")
        more = "".join(f"，{kind} {whole[kind]:.0f}" for kind in self.looked if kind != LOST and whole[kind])
        waiting = f"，未到期 {whole['未到期']:.0f}" if whole["未到期"] else ""
        head = f"Delivery {whole['户数']:.0f} 户 {self.rows[POLICY].nunique()} 项政策"
        return f"{head}：应到 {whole['应到']:.0f}，未到户 {lost}{more}{waiting}"


def _townships(villages: pd.Series) -> pd.Series:
    if not villages.str.fullmatch("[0-9]{12}").all():
        raise FieldworkError(f"{VILLAGE}｜不全是 12 位代码，分不出乡镇｜按 {VILLAGE} 分，或改用 12 位代码")
    return villages.str[:9]
