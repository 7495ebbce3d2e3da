"""Re-interviews: who is visited again by ticket, a blind list for the senior team, and what the second answers say of the first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit import tickets
from evalkit.errors import Faults, FieldworkError
from evalkit.findings import Findings, determine
from evalkit.given import takes
from evalkit.lists import as_list
from evalkit.responses import Responses
from evalkit.sheets import Page, write_book, write_csv
from evalkit.showing import Rows, Shown

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.design.criteria import Criteria

STAGE, ORDER_STAGE = "reinterview", "reinterview-order"
FIRST = "首访调查员（不得由本人复访）"
NOTES = (
    "本表不含首访的答案，也不说明哪一户有疑似问题；复访人员不得向首访人员打听。",
    "逐户重问，结果与答案用下拉的词填写；没有见到的户只填结果。",
)


@dataclass(frozen=True, eq=False, repr=False)
class Reinterview(Shown):
    """Who is visited again.

    Attributes
    ----------
    findings : Findings
        Of the first visits.
    seed : str
    share : float
    by : tuple of str
        The cells in which the others are drawn.
    """

    findings: Findings
    seed: str
    share: float
    by: tuple[str, ...]
    _table: pd.DataFrame

    @property
    def design(self) -> Design:
        """The design of the evaluation."""
        return self.findings.design

    def table(self) -> pd.DataFrame:
        """Return one row for each completed interview, for the office only: it shows who was found in error.

        Columns: village, household, stratum, the columns of `by`,
        ``found``, ``chosen``, ``chance`` (of a second visit), ``cell``.
        """
        return self._table.copy()

    def counts(self) -> pd.DataFrame:
        """Return, for each cell: interviews, found (all visited again), others, drawn (of the others)."""
        table = self._table.assign(others=~self._table["found"], drawn=self._table["chosen"] & ~self._table["found"], interviews=1)
        return table.groupby(list(self.by))[["interviews", "found", "others", "drawn"]].sum().reset_index()

    def blind(self) -> pd.DataFrame:
        """Return the list for the senior team, under the headings of the design: who, and blanks for the answers; nothing of the first.

        Within a village in an order of its own by ticket, so that the order says nothing.
        """
        columns, rosters = self.design.returns, self.design.rosters
        assert columns is not None
        chosen = self._table[self._table["chosen"]]
        ids = (chosen["village"] + "/" + chosen["household"]).tolist()
        digests = tickets.digests(self.seed, ORDER_STAGE, ids)
        chosen = chosen.assign(ticket=digests).sort_values(["village", "ticket"], kind="stable")
        made = pd.DataFrame({columns.village: chosen["village"], columns.household: chosen["household"]})
        made[rosters.stratum if rosters else "户类型"] = chosen["stratum"]
        if columns.interviewer:
            made[FIRST] = chosen["interviewer"]
        for heading in (columns.disposition, *asked_columns(self.design)):
            made[heading] = ""
        return made.reset_index(drop=True)

    def save(self, folder: str | Path) -> list[Path]:
        """Write the blind list as 复访名单.xlsx, with drop-downs, and as CSV; return the paths."""
        table, columns, rules = self.blind(), self.design.returns, finding_rules(self.design)
        assert columns is not None
        words = [word for word, code in columns.dispositions.items() if code != "unused"]
        choices = {columns.disposition: words, **{rule.heading: list(rule.words) for rule in rules.rules() if rule.words}}
        page = Page("", table, choices=choices)
        told = Page("复访说明", pd.DataFrame({"说明": NOTES}))
        return [
            write_book(Path(folder) / "复访名单.xlsx", {"复访": page, "说明": told}),
            write_csv(table, Path(folder) / "复访名单.csv"),
        ]

    def _rows_shown(self) -> Rows:
        sums = self.counts()[["interviews", "found", "others", "drawn"]].sum()
        words = ("完成", "已报差错", "其余", "其余抽中")
        return Rows(("项", "户"), [(word, str(int(count))) for word, count in zip(words, sums, strict=True)], 1)

    def __repr__(self) -> str:
        found, chosen = int(self._table["found"].sum()), int(self._table["chosen"].sum())
        others = f"其余抽 {chosen - found} 户（{self.share:.0%}）"
        return f"复访：{len(self._table)} 户完成，已报差错 {found} 户全部复访，{others}，共 {chosen} 户"


@takes(FieldworkError)
def reinterview(
    given: Findings | Responses, *, share: float, seed: str, by: str | list[str] = "village", least: int = 1
) -> Reinterview:
    """Draw who is visited again: all reported errors, and a share of the others by ticket.

    Parameters
    ----------
    given : Findings, or Responses (then determined by the criteria of the design)
        A reported error is an answer that shows one, whatever became of the case since.
    share : float
        In (0, 1]: of the others, in each cell, rounded up; 5–10 % is usual.
    seed : str
        Made in public after the first visits; tickets are those of ``seed|reinterview|village/household``.
    by : str or list of str
        Cells: ``village`` (the variance of `two_phase` is then right), also with ``interviewer`` or ``team``.
    least : int
        Fewest others in each cell.

    Returns
    -------
    Reinterview

    Raises
    ------
    FieldworkError
        A share outside (0, 1], no seed, a cell's column that is not there, criteria not declared, nobody interviewed.
    """
    findings = determine(given) if isinstance(given, Responses) else given
    table = findings.table()
    table = table[table["complete"].to_numpy(dtype=bool)].reset_index(drop=True)
    keys = as_list(by)
    _check(table, share, seed, keys, least)
    found = (table["finding"] != "").to_numpy()
    ids = (table["village"] + "/" + table["household"]).tolist()
    order = pd.Series(tickets.digests(seed, STAGE, ids), dtype=object)
    cell = table.groupby(keys, sort=True).ngroup().to_numpy()
    drawn = pd.DataFrame({"cell": cell, "ticket": order})[~found].sort_values(["cell", "ticket"], kind="stable")
    place, size = drawn.groupby("cell").cumcount(), drawn.groupby("cell")["ticket"].transform("size")
    take = np.minimum(np.maximum([math.ceil(share * n - 1e-9) for n in size], least), size)
    chosen, chance = found.copy(), np.ones(len(table))
    chosen[drawn.index] = (place < take).to_numpy()
    chance[drawn.index] = (take / size).to_numpy()
    kept = table[list(dict.fromkeys(["village", "household", "stratum", "interviewer", *keys]))]
    return Reinterview(findings, seed, share, tuple(keys), kept.assign(found=found, chosen=chosen, chance=chance, cell=cell))


def _check(table: pd.DataFrame, share: float, seed: str, keys: list[str], least: int) -> None:
    faults = Faults("复访抽样")
    if not 0 < share <= 1:
        faults.add(None, "share", share, "应大于 0、不超过 1", "10% 写 share=0.1")
    if not tickets.clean(seed):
        faults.add(None, "seed", None, "没有种子", "首访结束后当众产生，如掷骰 20 位")
    if least < 0:
        faults.add(None, "least", least, "应不小于 0", "每格至少一户写 least=1")
    if not keys:
        faults.add(None, "by", None, "没有写在什么范围内抽", 'by="village"')
    for name in keys:
        if name not in table:
            faults.add(None, name, None, "回收表中没有这一列", "by 可用 village、interviewer、stratum，或在 [returns] 写明的 team")
    if table.empty:
        faults.add(None, "complete", None, "没有完成的访问", "核对回收表")
    faults.refuse(FieldworkError)


def finding_rules(design: Design) -> Criteria:
    if design.criteria is None:
        raise FieldworkError("criteria｜缺｜复访按同一标准认定｜写 [criteria]")
    return design.criteria


def asked_columns(design: Design) -> tuple[str, ...]:
    """Return the headings of the answers that are asked again."""
    rules = finding_rules(design)
    return tuple(name for name in rules.headings() if name not in (rules.affected, rules.omitted))
