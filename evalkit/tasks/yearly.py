"""Yearly tasks of units with targets by quarter: what is met, what is behind, scores and lights by declared rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from evalkit.design.scoring import LightRule
from evalkit.errors import Faults, FieldworkError, one_of
from evalkit.filledin import read_filled, save_book
from evalkit.given import takes
from evalkit.indicators import exposure
from evalkit.indicators.grading import LIGHTS, SAME, light_codes
from evalkit.problems import problem_rows
from evalkit.sheets import Page
from evalkit.showing import Rows, Shown

QUARTERS = ("一季度", "二季度", "三季度", "四季度")
TARGETS, PROGRESS = tuple(f"{q}目标" for q in QUARTERS), tuple(f"{q}进度" for q in QUARTERS)
RULES = {"proportional": "按完成比例计分，超过目标不加分", "whole": "达到目标计满分，未达到不计分"}
STATES = DONE, BEHIND, UNTOLD = "已达到", "滞后", "未报"
MISSING = {"fail": "没有未报的进度", "zero": "未报的按 0 计", "out": "未报的不计分，满分相应减少"}
SCORES, WIDTHS = {"得分": "0.00"}, {"得分": 9.0}
Missing = Literal["fail", "zero", "out"]
Scoring = Literal["proportional", "whole"]


@dataclass(frozen=True, eq=False, repr=False)
class TaskList(Shown):
    """Tasks of units, with targets and progress cumulated over the year.

    Parameters
    ----------
    _rows : DataFrame
        单位, 任务编号, 任务, 分值, a target and a progress for each quarter (not a number where there is none), 行.
    """

    _rows: pd.DataFrame

    @property
    def rows(self) -> pd.DataFrame:
        """Return one row a task, as it was filled in."""
        return self._rows.copy(deep=False)

    @takes(FieldworkError)
    def state(self, quarter: str, scoring: Scoring, *, missing: Missing = "fail") -> pd.DataFrame:
        """Return one row a task that has a target in the quarter: 目标, 进度, 状态 (已达到, 滞后, 未报), 得分 (of its 分值).

        Parameters
        ----------
        quarter : str
            一季度 … 四季度; targets and progress count from the beginning of the year, so 四季度 is the year.
        scoring : {"proportional", "whole"}
            分值 × min(进度/目标, 1), or all or nothing. No default.
        missing : {"fail", "zero", "out"}
            A progress that was not reported stops with its rows, counts as 0, or has no points and takes its 分值 out of the whole.
        """
        one_of("scoring", scoring, RULES, FieldworkError, "计分规则")
        one_of("missing", missing, MISSING, FieldworkError, "办法")
        rows = self._due(quarter)
        target, progress = rows[f"{quarter}目标"], rows[f"{quarter}进度"]
        if missing == "fail":
            _refuse_untold(rows.loc[progress.isna(), "行"], f"{quarter}进度")
        done = (progress.fillna(0.0) / target).clip(upper=1.0)
        met = done >= 1 - SAME
        state = np.select([progress.isna(), met], [UNTOLD, DONE], BEHIND)
        points = rows["分值"] * (done if scoring == "proportional" else met.astype(float))
        points = points.where(progress.notna() | (missing != "out"))
        kept = rows[["单位", "任务编号", "任务", "分值"]].assign(目标=target, 进度=progress, 状态=state, 得分=points, 行=rows["行"])
        return kept.reset_index(drop=True)

    @takes(FieldworkError)
    def units(self, quarter: str, scoring: Scoring, *, missing: Missing = "fail") -> pd.DataFrame:
        """Return one row a unit: 任务 (of the year), 应完成 (in the quarter), 已达到, 滞后, 未报, 得分 = 100 × Σ得分/Σ分值 of what is due.

        得分 is not a number, and blank in a workbook, for a unit to which nothing is due.
        """
        state = self.state(quarter, scoring, missing=missing)
        counts = self._rows.groupby("单位", sort=False).size().rename("任务").to_frame()
        counts["应完成"] = state.groupby("单位").size()
        for word in STATES:
            counts[word] = (state["状态"] == word).groupby(state["单位"]).sum()
        sums = state[state["得分"].notna()].groupby("单位")[["得分", "分值"]].sum()
        counts = counts.fillna(0).astype(int).assign(得分=100 * sums["得分"] / sums["分值"])
        return counts.reset_index()

    @takes(FieldworkError)
    def lights(
        self, quarter: str, scoring: Scoring, rule: LightRule | Mapping[str, Any], *, period: str = "", missing: Missing = "fail"
    ) -> pd.DataFrame:
        """Return red and yellow lights of a quarter by a declared rule, as `exposure` takes them.

        Parameters
        ----------
        quarter, scoring, missing
            As for `state`.
        rule : LightRule or mapping
            ``rule`` ("rank": so many units from below; "threshold": below a score), ``red``, ``yellow``, ``source``. No default.
        period : str
            What the quarter is called; else its own name.

        Returns
        -------
        DataFrame
            unit, period, score, light, share, firm. The tasks are counted, not sampled, so every light is firm. Units to which nothing
            is due have no light and no row.
        """
        declared = _rule(rule)
        units = self.units(quarter, scoring, missing=missing)
        units = units[units["得分"].notna()].reset_index(drop=True)
        codes = light_codes(units["得分"].to_numpy(dtype=float), declared)
        lit = {"light": [LIGHTS[code] for code in codes], "share": 1.0, "firm": True}
        return pd.DataFrame({"unit": units["单位"], "period": period or quarter, "score": units["得分"], **lit})

    @takes(FieldworkError)
    def exposure(self, quarter: str, scoring: Scoring, rule: LightRule | Mapping[str, Any], *, missing: Missing = "fail") -> pd.DataFrame:
        """Return the exposure list (曝光名单) of a quarter: units with a red or yellow light, and for how many quarters in a row.

        Returns
        -------
        DataFrame
            As `evalkit.exposure`: unit, period, score, light, share, firm, running, reds. Quarters in which nothing is due do not count.
        """
        one_of("quarter", quarter, dict.fromkeys(QUARTERS, ""), FieldworkError, "季度")
        past = [each for each in QUARTERS[: QUARTERS.index(quarter)] if self._rows[f"{each}目标"].notna().any()]
        return exposure([self.lights(each, scoring, rule, missing=missing) for each in (*past, quarter)])

    @takes(FieldworkError)
    def problems(self, quarter: str, *, day: str, source: str, code: str, level: str) -> pd.DataFrame:
        """Return the tasks that are behind or not reported as rows of a list of problems, as `list_problems` reads them.

        Parameters
        ----------
        quarter : str
        day, source : str
            Day of the finding, and who found it.
        code : str
            The code in the taxonomy for a task that is not done.
        level : {"村", "乡", "县"}
            What the units are.
        """
        state = self.state(quarter, "whole", missing="zero")
        late: list[Any] = list(state[state["状态"] != DONE].itertuples(index=False))
        told = [f"{row.任务}：目标 {row.目标:g}，{f'进度 {row.进度:g}' if row.状态 == BEHIND else '没有报进度'}" for row in late]
        numbers = [f"任务/{row.任务编号}/{quarter}" for row in late]
        rows = [(number, level, row.单位, "", code, text) for number, row, text in zip(numbers, late, told, strict=True)]
        return problem_rows(rows, day=day, source=source)

    @takes(FieldworkError)
    def save(
        self, path: str | Path, quarter: str, scoring: Scoring, rule: LightRule | Mapping[str, Any] | None = None, *,
        missing: Missing = "fail",
    ) -> Path:  # fmt: skip
        """Write a workbook: units with their scores, lights and exposure where there is a rule, the tasks behind, all tasks."""
        state = self.state(quarter, scoring, missing=missing)
        notes = [f"计分：{RULES[scoring]}；目标与进度从年初累计；{MISSING[missing]}"]
        units = self.units(quarter, scoring, missing=missing)
        pages = {"单位": Page(f"{quarter}任务考核", units, formats=SCORES, widths=WIDTHS, notes=notes)}
        if rule is not None:
            told = [f"亮灯规则：{_told(_rule(rule))}"]
            lit = self.lights(quarter, scoring, rule, missing=missing).sort_values("score", kind="stable")
            exposed = self.exposure(quarter, scoring, rule, missing=missing)
            pages["亮灯"] = Page(f"{quarter}亮灯", _named(lit), formats=SCORES, widths=WIDTHS, notes=told)
            pages["曝光"] = Page(f"{quarter}曝光名单", _named(exposed), formats=SCORES, widths=WIDTHS, notes=told)
        pages["滞后与未报"] = Page("", state[state["状态"] != DONE])
        return save_book(path, pages | {"任务": Page("", state)})

    def _due(self, quarter: str) -> pd.DataFrame:
        one_of("quarter", quarter, dict.fromkeys(QUARTERS, ""), FieldworkError, "季度")
        rows = self._rows[self._rows[f"{quarter}目标"].notna()]
        if rows.empty:
            raise FieldworkError(f"{quarter}｜没有一项任务有这个季度的目标｜换一个季度，或填写 {quarter}目标")
        return rows

    def _rows_shown(self) -> Rows:
        counts = self._rows.groupby("单位", sort=False).size()
        return Rows(("单位", "任务"), [(str(unit), str(count)) for unit, count in counts.items()], 1)

    def __repr__(self) -> str:
        return f"TaskList {self._rows['单位'].nunique()} 个单位，{len(self._rows)} 项任务"


def _refuse_untold(lines: pd.Series, column: str) -> None:
    faults = Faults("任务清单")
    remedy = '补报；或写明 missing="zero"（按 0 计）、missing="out"（不计分）；命令中写 --missing zero 之类'
    faults.add_rows([line - 2 for line in lines], column, "没有报进度", remedy)
    faults.refuse(FieldworkError)


def _told(rule: LightRule) -> str:
    if rule.rule == "rank":
        return f"末 {rule.red:g} 名红灯，其上 {rule.yellow:g} 名黄灯，同分从宽（{rule.source}）"
    return f"低于 {rule.red:g} 分红灯，低于 {rule.yellow:g} 分黄灯（{rule.source}）"


def _named(lit: pd.DataFrame) -> pd.DataFrame:
    words = {"unit": "单位", "period": "季度", "score": "得分", "light": "亮灯", "running": "连续亮灯季度", "reds": "红灯次数"}
    return lit[[name for name in words if name in lit.columns]].rename(columns=words)


def _rule(rule: LightRule | Mapping[str, Any]) -> LightRule:
    """Return a rule of lights, refused where it is not whole, or can never give a yellow light."""
    example = '{"rule": "rank", "red": 1, "yellow": 2, "source": "督查考核办法"}'
    try:
        made = rule if isinstance(rule, LightRule) else LightRule(**rule)
    except (TypeError, ValueError):  # pydantic's own is a ValueError
        remedy = f"写如 {example}；rule 为 rank（末几名）或 threshold（低于几分）"
        found = "，".join(f"{key} = {said!r}" for key, said in rule.items()) if isinstance(rule, Mapping) else ""
        needed = "rule、red、yellow、source 都要写；red、yellow 为不小于 0 的数，source 不空白"
        raise FieldworkError(f"rule{f'（{found}）' if found else ''}｜亮灯规则不全，或取值不对：{needed}｜{remedy}") from None
    found = f"rule：red = {made.red:g}，yellow = {made.yellow:g}"
    if made.rule == "threshold" and made.yellow <= made.red:
        raise FieldworkError(f"{found}｜黄灯的分数线应高于红灯｜低于 red 亮红灯，低于 yellow 亮黄灯")
    if made.rule == "rank" and (made.red % 1 or made.yellow % 1):
        raise FieldworkError(f"{found}｜名次应为整数｜写如 {example}")
    return made


@takes(FieldworkError)
def read_tasks(table: Any) -> TaskList:
    """Read a list of yearly tasks.

    Parameters
    ----------
    table : table or path
        One row a task: 单位, 任务编号, 任务, 分值, 一季度目标 … 四季度目标, 一季度进度 … 四季度进度. Targets and progress are numbers of
        one unit of measure, cumulated from the beginning of the year; a blank target is not due in that quarter, a blank progress has not
        been reported. Units are departments, districts or townships.

    Returns
    -------
    TaskList

    Raises
    ------
    FieldworkError
        With every fault and its row: missing headings, blanks, numbers that are none, a task number twice, 分值 or a target of 0, targets
        or progress that go down over the year, no target at all.

    Examples
    --------
    >>> empty = dict.fromkeys((*TARGETS, *PROGRESS), "")
    >>> row = {"单位": "市教育局", "任务编号": "1", "任务": "控辍保学", "分值": 10, "一季度目标": 50, "四季度目标": 100, "一季度进度": 40}
    >>> tasks = read_tasks(pd.DataFrame([empty | row]))
    >>> tasks, tasks.units("一季度", "proportional")["得分"].tolist(), tasks.units("一季度", "whole")["得分"].tolist()
    (TaskList 1 个单位，1 项任务, [80.0], [0.0])
    """
    filled = read_filled(table, "任务清单", ("单位", "任务编号", "任务", "分值", *TARGETS, *PROGRESS))
    filled.require("单位", "任务编号", "任务", "分值")
    filled.once("任务编号")
    numbers = {name: filled.numbers(name) for name in ("分值", *TARGETS, *PROGRESS)}
    for name in ("分值", *TARGETS):
        filled.note(numbers[name] == 0, name, "应大于 0", "没有目标的留空白")
    for names in (TARGETS, PROGRESS):
        known = pd.DataFrame({name: numbers[name] for name in names}).ffill(axis=1)
        for before, after in pairwise(names):
            filled.note(known[after] < known[before] - SAME, after, f"小于{before}；各季度从年初累计", "改为累计数")
    bare = pd.DataFrame({name: numbers[name].isna() for name in TARGETS}).all(axis=1)
    filled.note(bare, "目标", "四个季度都没有目标", "至少写四季度目标")
    filled.refuse()
    return TaskList(filled.rows[["单位", "任务编号", "任务"]].assign(**numbers, 行=filled.rows.index + 2).reset_index(drop=True))
