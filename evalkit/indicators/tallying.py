"""Three checklists by level (责任落实, 政策落实, 工作落实): items with the evidence that was seen, answers and telling cases, tallied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.errors import Faults, ResponsesError
from evalkit.figures import is_blank, percent
from evalkit.sheets import as_pandas, numbered, read_sheet
from evalkit.showing import Rows, Shown, table_of

AREAS = ("责任落实", "政策落实", "工作落实")
LEVELS = ("省", "市", "县", "乡", "村")
YES, NO, NOT_CONCERNED = "是", "否", "不适用"
HEADINGS = {"对象": "unit", "层级": "level", "清单": "area", "项目": "item", "依据": "evidence", "结果": "answer", "典型事例": "example"}


@dataclass(frozen=True, eq=False, repr=False)
class Tally(Shown):
    """Checklists of one or several units, checked and counted.

    Attributes
    ----------
    rows : DataFrame
        One row an item: unit, level, area, item, evidence, answer, example.
    """

    rows: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return one row for each unit, level and area: yes, no, not_concerned, items, score = yes/(yes + no)."""
        counted = self.rows[["unit", "level", "area"]].assign(**{name: self.rows["answer"] == word for name, word in _COUNTS.items()})
        counts = counted.groupby(["unit", "level", "area"], sort=False).sum().astype(int)
        asked = counts["yes"] + counts["no"]
        counts = counts.assign(items=counts.sum(axis=1), score=(counts["yes"] / asked.where(asked > 0)).astype(float))
        return counts.reset_index()

    def scores(self) -> pd.DataFrame:
        """Return one row for each unit and area, its levels together: yes, no, score; NaN where nothing concerned it."""
        counts = self.table().groupby(["unit", "area"], sort=False)[["yes", "no"]].sum()
        asked = counts["yes"] + counts["no"]
        return counts.assign(score=(counts["yes"] / asked.where(asked > 0)).astype(float)).reset_index()

    def failed(self) -> pd.DataFrame:
        """Return the items answered 否, with evidence and telling case."""
        return self.rows[self.rows["answer"] == NO].reset_index(drop=True)

    def values(self, codes: Mapping[str, str], *, date: str, who: str) -> pd.DataFrame:
        """Return the scores as a table for `evalkit.score`.

        Parameters
        ----------
        codes : mapping of str to str
            From areas to codes of indicators.
        date, who : str
            When, and who checked.

        Raises
        ------
        ResponsesError
            For an area that was not checked, or that concerned nobody.
        """
        table, faults = self.scores(), Faults("核查清单")
        for area in codes:
            if area not in set(table["area"]):
                faults.add(None, "codes", area, "没有核查这一类", f"可用：{'、'.join(dict.fromkeys(table['area']))}")
        lacking: list[Any] = list(table[table["area"].isin(list(codes)) & table["score"].isna()].itertuples(index=False))
        for row in lacking:
            faults.add(None, row.area, row.unit, "各项都不适用，没有得分", "从 codes 中去掉，或补上项目")
        faults.refuse(ResponsesError)
        kept = table[table["area"].isin(list(codes))]
        told = {"对象": kept["unit"], "代码": kept["area"].map(codes), "值": kept["score"]}
        return pd.DataFrame(told | {"来源": "核查清单：" + kept["area"], "日期": date, "提供单位": who}).reset_index(drop=True)

    def sentences(self) -> list[str]:
        """Return what was found, in Chinese, one sentence a unit and area."""
        rows: list[Any] = list(self.scores().itertuples(index=False))
        return [f"{row.unit}{row.area}：{_counted(row)}。" for row in rows]

    def _rows_shown(self) -> Rows:
        return table_of(self.scores())

    def __repr__(self) -> str:
        return f"Tally {len(self.rows)} 项\n" + "\n".join(self.sentences())


def _counted(row: Any) -> str:
    if is_blank(row.score):
        return "没有适用的项目"
    return f"核查 {row.yes + row.no} 项，{row.yes} 项落实（{percent(row.score, 1)}），{row.no} 项未落实"


_COUNTS = {"yes": YES, "no": NO, "not_concerned": NOT_CONCERNED}


def tally(table: Any) -> Tally:
    """Check and count filled-in checklists.

    Parameters
    ----------
    table : table or path
        One row an item: 对象, 层级 (省, 市, 县, 乡, 村), 清单 (责任落实, 政策落实, 工作落实), 项目, 依据 (the evidence that was seen), 结果
        (是, 否, 不适用), 典型事例.

    Returns
    -------
    Tally

    Raises
    ------
    ResponsesError
        With every fault and its row: a column that is absent, another word than 是, 否, 不适用, another level or list, 是 or 否 without
        evidence, an item that stands twice.

    Examples
    --------
    >>> rows = [("甲县", "县", "责任落实", "主要负责人遍访", "台账", "是", ""),
    ...         ("甲县", "乡", "责任落实", "包村干部到位", "签到表", "否", "某村缺6天")]
    >>> tally(pd.DataFrame(rows, columns=list(HEADINGS)))
    Tally 2 项
    甲县责任落实：核查 2 项，1 项落实（50.0%），1 项未落实。
    """
    if isinstance(table, str | Path):
        table = read_sheet(table, subject="核查清单", error=ResponsesError)
    rows = numbered(as_pandas(table, ResponsesError), ResponsesError).rename(columns=HEADINGS)
    faults = Faults("核查清单")
    for heading, name in HEADINGS.items():
        if name not in rows.columns:
            faults.add(None, heading, None, "表中没有这一列", "补上这一列")
    faults.refuse(ResponsesError)
    rows = rows[list(HEADINGS.values())].map(lambda cell: "" if is_blank(cell) else str(cell).strip()).reset_index(drop=True)
    _refuse(rows, faults)
    return Tally(rows)


def _refuse(rows: pd.DataFrame, faults: Faults) -> None:
    words = {"level": ("层级", LEVELS), "area": ("清单", AREAS), "answer": ("结果", (YES, NO, NOT_CONCERNED))}
    for name, (heading, allowed) in words.items():
        faults.add_rows((~rows[name].isin(allowed)).to_numpy().nonzero()[0], heading, "不在允许的取值中", f"改为：{'、'.join(allowed)}")
    bare = rows["answer"].isin([YES, NO]) & (rows["evidence"] == "")
    faults.add_rows(bare.to_numpy().nonzero()[0], "依据", "判是或否要写看到的依据", "填写所见的文件、台账或访谈")
    for name, heading in (("unit", "对象"), ("item", "项目")):
        faults.add_rows((rows[name] == "").to_numpy().nonzero()[0], heading, "不能为空", "填写")
    twice = rows.duplicated(["unit", "level", "area", "item"]).to_numpy()
    faults.add_rows(twice.nonzero()[0], "项目", "同一对象、层级、清单中写了两次", "只留一行")
    faults.refuse(ResponsesError)
