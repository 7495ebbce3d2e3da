"""Coverage of the units that must be reached: required, reached, missing, by kind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.errors import FieldworkError, row_ranges
from evalkit.figures import percent
from evalkit.filledin import Filled, read_several, refuse_several, save_book
from evalkit.given import takes
from evalkit.mandatory.required import CODE, KIND
from evalkit.problems import problem_rows
from evalkit.responses import Responses
from evalkit.sheets import Page
from evalkit.showing import Rows, Shown, table_of

REACHED, ALL = "已到", "合计（不重复）"
SHARES, WIDTHS = {"到达率": "0.00%"}, {"到达率": 10.0}


@dataclass(frozen=True, eq=False, repr=False)
class Coverage(Shown):
    """Which of the units that must be reached were reached.

    Parameters
    ----------
    _rows : DataFrame
        One row a unit and kind: 单位代码, 类别, 已到.
    beyond : tuple of str
        Units that were reached and need not have been.
    blank : tuple of str
        Where the tables have blank rows among the filled ones, which stand for no unit.
    """

    _rows: pd.DataFrame
    beyond: tuple[str, ...]
    blank: tuple[str, ...] = ()

    @property
    def rows(self) -> pd.DataFrame:
        """Return one row a unit and kind: 单位代码, 类别, 已到."""
        return self._rows.copy(deep=False)

    @property
    def complete(self) -> bool:
        """Whether every unit was reached."""
        return bool(self._rows[REACHED].all())

    def table(self) -> pd.DataFrame:
        """Return 类别, 应到, 实到, 未到, 到达率; a unit of several kinds counts in each, and once in the last row."""
        once = self._rows.drop_duplicates(CODE).assign(**{KIND: ALL})
        return _counted(pd.concat([self._rows, once]), KIND)

    def villages(self) -> pd.DataFrame:
        """Return 村代码, 应到, 实到, 未到, 到达率 of households (村代码/户编号), each once; what is no household has no row.

        A census (地毯式、全覆盖) is whole where no village lacks a household.
        """
        homes = self._rows[self._rows[CODE].str.contains("/")].drop_duplicates(CODE)
        return _counted(homes.assign(村代码=homes[CODE].str.partition("/")[0]) if len(homes) else homes.assign(村代码=""), "村代码")

    def missing(self) -> pd.DataFrame:
        """Return the units that were not reached, each once, with all its kinds: 单位代码, 类别."""
        left = self._rows[~self._rows[REACHED]]
        return left.groupby(CODE, sort=False)[KIND].agg("、".join).reset_index()

    @takes(FieldworkError)
    def problems(self, *, day: str, source: str, code: str) -> pd.DataFrame:
        """Return one problem for each unit that was not reached, as `list_problems` reads them; 村代码/户编号 is a household.

        Parameters
        ----------
        day, source : str
            Day of the finding, and who found it.
        code : str
            The code in the taxonomy.
        """
        rows = []
        for unit, kinds in self.missing().itertuples(index=False):
            village, _, household = unit.partition("/")
            rows.append((f"必访/{unit}", "户" if household else "村", village, household, code, f"必访单位没有走访（{kinds}）"))
        return problem_rows(rows, day=day, source=source)

    @takes(FieldworkError)
    def save(self, path: str | Path, *, note: str = "") -> Path:
        """Write a workbook: counts by kind, counts by village, units that were not reached, all units; `note` under the counts."""
        beyond = [f"另走访 {len(self.beyond)} 个不在必访名单中的单位"] if self.beyond else []
        notes = [*([note] if note else []), *beyond, *self.blank]
        pages = {"汇总": Page("必访单位走访情况", self.table(), formats=SHARES, widths=WIDTHS, notes=notes)}
        villages = self.villages()
        if len(villages):
            pages["各村"] = Page("各村农户走访情况", villages, formats=SHARES, widths=WIDTHS)
        return save_book(path, pages | {"未到": Page("", self.missing()), "名单": Page("", self._rows)})

    def _rows_shown(self) -> Rows:
        return table_of(self.table())

    def __repr__(self) -> str:
        rows: list[Any] = list(self.table().itertuples(index=False))
        told = "；".join(f"{row.类别} {row.实到}/{row.应到}" for row in rows)
        whole = rows[-1]
        more = f"；名单外另到 {len(self.beyond)}" if self.beyond else ""
        more += "".join(f"；{each}" for each in self.blank)
        return f"Coverage {told}（{percent(whole.到达率)}）{'' if self.complete else f'，未到 {whole.未到}'}{more}"


def _counted(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    counts = rows.groupby(by, sort=False)[REACHED].agg(["size", "sum"])
    need, got = counts["size"].astype(int).to_numpy(), counts["sum"].astype(int).to_numpy()
    return pd.DataFrame({by: counts.index.astype(str), "应到": need, "实到": got, "未到": need - got, "到达率": got / need})


@takes(FieldworkError)
def check_coverage(required: Any, reached: Any) -> Coverage:
    """Hold the units that must be reached against those that were.

    Parameters
    ----------
    required : table or path
        单位代码, 类别; a unit may stand in several kinds. As `must_visit` and `take_all` make it.
    reached : table, path or Responses
        单位代码 of the units that were visited (several visits are one). Of Responses: villages with a completed interview, and
        households (village/household) that completed theirs.

    Returns
    -------
    Coverage

    Raises
    ------
    FieldworkError
        With every fault of both tables: missing columns, blanks, a unit twice in one kind; when none of the units that must be reached
        is in the records, which is a slip of the codes.

    Examples
    --------
    >>> required = pd.DataFrame({"单位代码": ["01", "02", "02"], "类别": ["已脱贫村", "已脱贫村", "边缘村"]})
    >>> check_coverage(required, pd.DataFrame({"单位代码": ["01", "09"]}))
    Coverage 已脱贫村 1/2；边缘村 0/1；合计（不重复） 1/2（50.00%），未到 1；名单外另到 1
    """
    found = isinstance(reached, Responses)
    asked = [(required, "必访名单", (CODE, KIND), ()), *([] if found else [(reached, "走访记录", (CODE,), ())])]
    needed, *seen = read_several(*asked)
    needed.require(KIND)
    needed.once(CODE, KIND)
    for each in (needed, *seen):
        each.codes(CODE)
    refuse_several([needed, *seen])
    visited = list(dict.fromkeys(seen[0].rows[CODE])) if seen else _completed(reached)
    rows = needed.rows[[CODE, KIND]].assign(**{REACHED: needed.rows[CODE].isin(set(visited))}).reset_index(drop=True)
    known = set(rows[CODE])
    beyond = () if found else tuple(unit for unit in visited if unit not in known)
    if beyond and not rows[REACHED].any():
        raise FieldworkError("走访记录｜没有一个单位在必访名单中，多半是代码写法不同｜两张表用同样的代码（文本，开头的 0 保留）")
    blank = tuple(told for each, (_, name, *_) in zip((needed, *seen), asked, strict=True) if (told := _blank_rows(each, name)))
    return Coverage(rows, beyond, blank)


def _blank_rows(filled: Filled, name: str) -> str:
    """Say how many rows above the last filled one are blank, and which: where a code was forgotten, nothing else may stand there."""
    given = filled.rows.index
    gone = sorted(set(range(int(given[0]), int(given[-1]))) - set(given))
    return f"{name}中间有 {len(gone)} 行空白，未计：第 {row_ranges(at + 2 for at in gone)} 行" if gone else ""


def _completed(responses: Responses) -> list[str]:
    done = responses.table()
    done = done[done["complete"].astype(bool)]
    villages = done["village"].astype(str)
    return [*dict.fromkeys(villages), *(villages + "/" + done["household"].astype(str))]
