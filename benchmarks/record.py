"""What one run of all benchmarks measured, kept in ``benchmarks/runs.json``, from which ``docs/benchmarks.md`` is written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.pages import table

FORMAT = 1
FLOOR, OWN, SVY, R = "仅 numpy", "evalkit", "svy", "R survey"
PARTS = {
    "import": "载入",
    "draw": "抽样",
    "estimate": "估计",
    "scale": "留在文件中的名册与回答",
    "coverage": "区间的覆盖率（短）",
    "operating": "判定的操作特性（短）",
}
HEADS = ("途径", "行", "秒", "处理器秒", f"比{FLOOR}", f"比 {SVY}", f"比 {R}", "MB", "得到")
GOALS = ("任务", "百万行", "秒", "处理器秒", "峰值 MB", "目标秒", "目标 MB", "达到")


@dataclass(frozen=True)
class Line:
    """What one way of a task cost at one size; `cpu` and `peak` (MB) where they are known."""

    part: str
    task: str
    way: str
    rows: int
    seconds: float
    cpu: float | None = None
    peak: float | None = None
    told: str = ""


@dataclass(frozen=True)
class Goal:
    """A large job, what it cost on a quiet machine, and what it may cost."""

    task: str
    rows: int
    seconds: float
    cpu: float
    peak: float
    most_seconds: float
    most_peak: float

    @property
    def met(self) -> bool:
        """Whether both time and memory are within the goal."""
        return self.seconds <= self.most_seconds and self.peak <= self.most_peak


@dataclass(frozen=True)
class Record:
    """One run: when, on what and with what; its lines; and the large jobs, which are measured by themselves."""

    date: str
    machine: str
    versions: str
    note: str
    lines: tuple[Line, ...]
    large_date: str
    large_machine: str
    large: tuple[Goal, ...]
    format: int = FORMAT


def load(path: Path) -> Record:
    """Read a record."""
    held = json.loads(path.read_text(encoding="utf-8"))
    if held.get("format") != FORMAT:
        raise SystemExit(f"{path}：格式 {held.get('format')}｜此版本读格式 {FORMAT}｜python -m benchmarks all --date 日期")
    lines, large = (Line(**line) for line in held.pop("lines")), (Goal(**goal) for goal in held.pop("large"))
    return Record(**held, lines=tuple(lines), large=tuple(large))


def save(record: Record, path: Path) -> None:
    """Write a record."""
    path.write_text(json.dumps(asdict(record), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def slope(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Return the slope of log cost on log size by least squares: 1 where twice the rows take twice the time.

    Examples
    --------
    >>> round(slope([1, 10, 100], [2.0, 20.0, 200.0]), 6)
    1.0
    """
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def slopes(lines: Sequence[Line]) -> dict[str, float]:
    """Return the slope of each way of one task that was measured at three sizes or more; processor time where it is known."""
    found = {}
    for way in dict.fromkeys(line.way for line in lines):
        seen = [line for line in lines if line.way == way]
        if len({line.rows for line in seen}) >= 3:
            found[way] = slope([line.rows for line in seen], [line.cpu or line.seconds for line in seen])
    return found


def ratios(line: Line, others: Sequence[Line]) -> dict[str, float]:
    """Return the seconds of a line over those of the floor and of each peer at the same rows."""
    return {other.way: line.seconds / other.seconds for other in others if other.rows == line.rows and other.way in (FLOOR, SVY, R)}


def page(record: Record, head: str) -> str:
    """Return docs/benchmarks.md: the head, the large jobs with their goals, and a section for each part."""
    text = head.format(**{name: getattr(record, name) for name in ("date", "machine", "versions", "note")})
    text += f"\n## 大名单：目标与达到\n\n{record.large_date}，{record.large_machine}。\n\n{table(GOALS, map(_goal, record.large))}"
    for part, title in PARTS.items():
        own = [line for line in record.lines if line.part == part]
        text += f"\n## {title}\n" if own else ""
        for task in dict.fromkeys(line.task for line in own):
            text += _task(task, [line for line in own if line.task == task])
    return text


def _task(task: str, lines: Sequence[Line]) -> str:
    grown = slopes(lines)
    told = "，".join(f"{way} {value:.2f}" for way, value in grown.items())
    return f"\n### {task}\n\n{table(HEADS, (_cells(line, lines) for line in lines))}" + (f"\n斜率：{told}。\n" if grown else "")


def _cells(line: Line, others: Sequence[Line]) -> tuple[str, ...]:
    to: Mapping[str, float] = ratios(line, others)
    shown = [f"{to[way]:.3g}" if way in to else "—" for way in (FLOOR, SVY, R)]
    cpu, peak = (("—" if number is None else form.format(number)) for number, form in ((line.cpu, "{:.3f}"), (line.peak, "{:,.0f}")))
    return (line.way, f"{line.rows:,}" if line.rows else "—", f"{line.seconds:.3f}", cpu, *shown, peak, line.told)


def _goal(goal: Goal) -> tuple[str, ...]:
    costs = f"{goal.seconds:.1f}", f"{goal.cpu:.1f}", f"{goal.peak:,.0f}", f"{goal.most_seconds:g}", f"{goal.most_peak:,.0f}"
    return (goal.task, f"{goal.rows / 1e6:,.0f}", *costs, "是" if goal.met else "否")
