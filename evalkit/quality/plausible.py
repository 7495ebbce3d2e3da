"""The page of plausibility: every check with its rule, how many it looked at, how many it found, and whose they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.design.inspecting import Quality
from evalkit.errors import EstimateError, one_of
from evalkit.given import takes
from evalkit.later import later
from evalkit.quality.checks import CHECKS, Check
from evalkit.quality.paradata import Paradata
from evalkit.responses import Responses
from evalkit.sheets import Page, write_book, write_csv
from evalkit.showing import Rows, Shown, table_of

charts = later("evalkit.charts")

BY = {"interviewer": "调查员", "team": "组", "village": "村"}
FLAGGED = {"village": "村", "household": "户", "interviewer": "调查员", "team": "组", "value": "所见"}
NOTE = "列出的户、人是应再看一眼的，不等于有错；各项规则不同，不相加、不合成总分。"


@dataclass(frozen=True, eq=False, repr=False)
class Plausibility(Shown):
    """All checks of one set of returns.

    Attributes
    ----------
    checks : tuple of Check
        In one order; those that could not be made say why.
    interviews : int
        Completed interviews.
    """

    checks: tuple[Check, ...]
    interviews: int

    def __getitem__(self, name: str) -> Check:
        return one_of("核查", name, {check.name: check for check in self.checks}, EstimateError, "核查")

    def table(self, by: str | None = None) -> pd.DataFrame:
        """Return one row a check; with `by` (interviewer, team, village) one row a check and group.

        Returns
        -------
        DataFrame
            核查, 规则, 单位, 看了, 列出, 比例, 未做 (the reason); with `by` the group in place of rule and reason.

        Raises
        ------
        EstimateError
            For another `by`.
        """
        if by is not None:
            return self._grouped(by, str(one_of("by", by, BY, EstimateError, "分组")))
        rows = [(c.name, c.rule, c.unit, c.looked, c.flagged, c.flagged / c.looked if c.looked else None, c.undone) for c in self.checks]
        return pd.DataFrame(rows, columns=["核查", "规则", "单位", "看了", "列出", "比例", "未做"]).astype({"比例": float})

    def _grouped(self, by: str, title: str) -> pd.DataFrame:
        parts = []
        for check in self.checks:
            mine = check.units[check.units[by] != ""]
            counts = mine.groupby(by)["flagged"].agg(["size", "sum"]).reset_index()
            parts.append(counts.assign(check=check.name)[["check", by, "size", "sum"]])
        whole = pd.concat(parts, ignore_index=True).astype({"size": int, "sum": int})
        whole["share"] = whole["sum"] / whole["size"]
        return whole.set_axis(["核查", title, "看了", "列出", "比例"], axis=1)

    def flagged(self) -> pd.DataFrame:
        """Return one row for each unit that a check lists: 核查, 村, 户, 调查员, 组, 所见."""
        parts = [check.units[check.units["flagged"]].assign(核查=check.name) for check in self.checks]
        whole = pd.concat(parts, ignore_index=True)
        return whole[["核查", *FLAGGED]].rename(columns=FLAGGED)

    def pages(self) -> dict[str, Page]:
        """Return the sheets of the workbook."""
        share = {"比例": "0.0%"}
        made = {"核查": Page("合理性核查", self.table(), widths={"规则": 60, "未做": 40}, formats=share, notes=(NOTE,))}
        made |= {f"按{title}": Page(f"各核查，按{title}", self.table(by), formats=share) for by, title in BY.items()}
        return {**made, "列出": Page("列出的户与人", self.flagged())}

    def save(self, folder: str | Path) -> list[Path]:
        """Write 合理性核查.xlsx, and the tables of checks and of what they list as CSV; return the paths."""
        place = Path(folder)
        return [
            write_book(place / "合理性核查.xlsx", self.pages()),
            write_csv(self.table(), place / "核查.csv"),
            write_csv(self.flagged(), place / "列出.csv"),
        ]

    def plot(self, **options: Any) -> Any:
        """Draw the share that each check lists; `evalkit.charts.plausibility_plot` says what may be asked."""
        return charts.plausibility_plot(self, **options)

    def _rows_shown(self) -> Rows:
        return table_of(self.table(), {name: name for name in ("核查", "单位", "看了", "列出", "比例")})

    def __repr__(self) -> str:
        made = [check for check in self.checks if not check.undone]
        found = "，".join(f"{check.name} {check.flagged}/{check.looked}" for check in made if check.flagged)
        return f"合理性核查：{self.interviews} 户，做了 {len(made)} 项，未做 {len(self.checks) - len(made)} 项；{found or '没有列出的'}"


@takes(EstimateError)
def plausibility(
    given: Responses | Any, *, limits: Quality | Mapping[str, Any] | None = None, items: Sequence[str] = (),
    callbacks: Mapping[str, str] | None = None, centres: Mapping[str, tuple[float, float]] | None = None, **columns: str,
) -> Plausibility:  # fmt: skip
    """Look at the paradata of completed interviews.

    Parameters
    ----------
    given : Responses, or a table of completed interviews
        Of returns, columns and limits are those of the design (``[returns]``, ``[quality]``).
    limits : mapping, optional
        As the section ``[quality]`` of a design: shortest, longest (minutes), night (two times), digits, digit_p, straight, match,
        far (km), same_place. There are no defaults: a check without its limit is not made, and says so.
    items : list of str
        Columns of the items of satisfaction; of returns they are known.
    callbacks : mapping of str to {"confirmed", "denied", "unreached"}
        Words of the call back.
    centres : mapping of str to (latitude, longitude), optional
        Centres of villages in degrees; a village without one is taken to lie where the median of its own points lies.
    **columns : str
        For a table: village, household, interviewer, team, start, end, latitude, longitude, callback.

    Returns
    -------
    Plausibility

    Raises
    ------
    EstimateError
        Columns that are not there; limits that are none.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> table = pd.DataFrame({"村": "甲", "户": ["1", "2", "3"], "员": "张",
    ...     "始": ["2018-11-12 09:00", "2018-11-12 09:20", "2018-11-12 11:00"],
    ...     "终": ["2018-11-12 09:40", "2018-11-12 10:00", "2018-11-12 11:05"]})
    >>> columns = {"village": "村", "household": "户", "interviewer": "员", "start": "始", "end": "终"}
    >>> ev.plausibility(table, limits={"shortest": 15}, **columns)
    合理性核查：3 户，做了 3 项，未做 10 项；访问过短 1/3，访问重叠 2/3
    """
    if isinstance(given, Responses):
        if columns or items or callbacks:
            raise EstimateError(f"{'、'.join(columns) or 'items、callbacks'}｜回收表的列由设计文件的 [returns] 写明｜去掉这些参数")
        data, declared = Paradata.of(given), given.design.quality
    else:
        data, declared = Paradata.from_data(given, items, callbacks, **columns), None
    asked = declared or Quality() if limits is None else limits if isinstance(limits, Quality) else _limits(limits)
    data = replace(data, centres=dict(centres or {}))
    return Plausibility(tuple(check(data, asked) for check in CHECKS), len(data))


def _limits(given: Mapping[str, Any]) -> Quality:
    try:
        return Quality(**given)
    except ValueError as fault:
        raise EstimateError(f"limits｜写法不对：{fault}｜可用：{'、'.join(Quality.model_fields)}") from None
