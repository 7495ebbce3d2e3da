"""A check of the rows of a table: data, not code, so that a design file can declare it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, NamedTuple

from evalkit.errors import Faults, ScreeningError, one_of
from evalkit.given import takes
from evalkit.lists import as_list, fixed
from evalkit.screening.conditions import said
from evalkit.showing import Rows, Shown, pairs

ACTIONS = {"stop": "须改正", "ask": "须核实", "note": "留意"}
FENCES = {
    "iqr": "四分位数外 factor 倍四分位距（Tukey 1977）", "log-iqr": "同 iqr，先取对数；只看正数",
    "mad": "离中位数 factor 倍的 1.4826 × 绝对离差中位数",
}  # fmt: skip
MOST_WORDS = 8


class Kind(NamedTuple):
    """A kind of check.

    Attributes
    ----------
    text : str
        What it says.
    single : bool
        Whether each column stands for itself.
    least, most : int
        How many columns it takes; `most` 0: any number.
    needs : tuple of str
        What else must be stated; ``a|b``: one of the two.
    remedy : str
        What to do about a row that breaks it.
    """

    text: str
    single: bool
    least: int
    most: int
    needs: tuple[str, ...]
    remedy: str


KINDS: dict[str, Kind] = {
    "required": Kind("不得空白", True, 1, 0, (), "补上"),
    "unique": Kind("各列合起来不得重复（within：在同一组内）", False, 1, 0, (), "删去多余的行，或改正编号"),
    "range": Kind("数值在 low 与 high 之间", True, 1, 0, ("low|high",), "改正，或核实确有其事"),
    "whole": Kind("整数", True, 1, 0, (), "改为整数，不带单位与文字"),
    "one-of": Kind("values 中的一个", True, 1, 0, ("values",), "改为所列的写法"),
    "pattern": Kind("整格合于正则式 pattern", True, 1, 0, ("pattern",), "改正写法"),
    "date": Kind("日期", True, 1, 0, (), "写成 2018-11-12"),
    "order": Kind("各列日期依次不早于前一列", False, 2, 0, (), "核对各个日期"),
    "sum": Kind("第一列等于其余各列之和", False, 2, 0, ("tolerance",), "核对各项"),
    "difference": Kind("第一列等于第二列减去其余各列", False, 3, 0, ("tolerance",), "核对各项"),
    "quotient": Kind("第一列等于第二列除以第三列", False, 3, 3, ("tolerance",), "核对三项"),
    "if-then": Kind("合于 when 的行也合于 then", False, 0, 0, ("when", "then"), "核对各项"),
    "equal": Kind("各列相同", False, 2, 0, (), "核对各列"),
    "near-duplicate": Kind("两行在各列中至多 differ 列不同", False, 3, 0, ("differ",), "核对是否同一份，或抄录"),
    "identity": Kind("证件号码 18、20 或 22 位，校验位正确（GB 11643）", True, 1, 0, (), "对照证件改正"),
    "members": Kind("这一列等于同一 within 的行数", False, 1, 1, ("within",), "核对人数与人员"),
    "count": Kind("同一 within 中合于 when 的行数在 low 与 high 之间", False, 0, 0, ("within", "when", "low|high"), "核对这一组的各行"),
    "outlier": Kind("不在 fence 之外（within：各组自比）", True, 1, 0, ("fence", "factor"), "核实"),
}  # fmt: skip


@takes(ScreeningError)
@dataclass(frozen=True)
class Check(Shown):
    """One rule that the rows of a table must meet.

    Parameters
    ----------
    kind : str
        One of ``KINDS``.
    columns : str or sequence of str
        Headings; their order matters for ``order``, ``sum``, ``difference`` and ``quotient``.
    action : {"stop", "ask", "note"}
        What a row that breaks the rule means: it must be put right, asked about, or only be known of. No default: it is policy.
    rule, remedy : str
        The rule in the words of the people who work with the table, and what to do; by default made from the rest.
    within : str or sequence of str
        Headings of the groups.
    low, high : float, optional
        Limits, themselves allowed.
    values : sequence of str
        The words that are allowed.
    pattern : str
        A regular expression that the whole cell must match.
    tolerance, relative : float
        How far a sum may be off: ``tolerance + relative · |first column|``.
    when, then : mapping of heading to words
        See `evalkit.screening.conditions.meets`.
    differ : int
        In how many columns near-duplicates may differ: 0, 1 or 2.
    fence, factor : str, float
        One of ``FENCES``, and its multiple.

    Raises
    ------
    ScreeningError
        With everything that is missing or contradictory.

    Notes
    -----
    A blank cell breaks no rule but ``required`` (and ``if-then`` where it says so). A cell that is filled and is no number
    breaks every rule on numbers, one that is no date every rule on dates.

    Examples
    --------
    >>> Check("range", "人数", low=1, high=20, action="ask").rule
    '应在 1 至 20 之间'
    >>> Check("quotient", ["人均纯收入", "纯收入", "人数"], tolerance=0.01, action="ask").rule
    '人均纯收入应等于纯收入 ÷ 人数（容许差 0.01）'
    """

    kind: str
    columns: Sequence[str] = ()
    action: str = field(default="", kw_only=True)  # a policy: what is not written is refused, with the choices
    rule: str = field(default="", kw_only=True)
    remedy: str = field(default="", kw_only=True)
    within: Sequence[str] = field(default=(), kw_only=True)
    low: float | None = field(default=None, kw_only=True)
    high: float | None = field(default=None, kw_only=True)
    values: Sequence[str] = field(default=(), kw_only=True)
    pattern: str = field(default="", kw_only=True)
    tolerance: float | None = field(default=None, kw_only=True)
    relative: float = field(default=0.0, kw_only=True)
    when: Mapping[str, Sequence[str]] = field(default_factory=dict, kw_only=True)
    then: Mapping[str, Sequence[str]] = field(default_factory=dict, kw_only=True)
    differ: int | None = field(default=None, kw_only=True)
    fence: str = field(default="", kw_only=True)
    factor: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        for name in ("columns", "within", "values"):
            object.__setattr__(self, name, tuple(as_list(getattr(self, name))))
        for name in ("when", "then"):
            given = {heading: tuple(as_list(words)) for heading, words in dict(getattr(self, name)).items()}
            object.__setattr__(self, name, fixed(given))
        kind = one_of("kind", self.kind, KINDS, ScreeningError, "检查")
        faults = Faults(f"检查 {self.kind}")
        for fault in _unsound(self, kind):
            faults.add(None, *fault)
        faults.refuse(ScreeningError)
        object.__setattr__(self, "rule", self.rule or RULES[self.kind](self))
        object.__setattr__(self, "remedy", self.remedy or kind.remedy)

    @property
    def headings(self) -> tuple[str, ...]:
        """Every heading that the check reads, once."""
        return tuple(dict.fromkeys([*self.columns, *self.within, *self.when, *self.then]))

    @property
    def told(self) -> str:
        """What to do about a row that breaks the rule, as the table of findings says it."""
        return f"{ACTIONS[self.action]}：{self.remedy}"

    @property
    def places(self) -> tuple[str, ...]:
        """Where findings are told: each column where the rule is of one column, all together where it joins them."""
        return tuple(self.columns) if KINDS[self.kind].single else (self.place,)

    @property
    def place(self) -> str:
        """The columns that the rule is about, as the table of findings names them."""
        return "、".join(self.columns or [*self.then] or [*self.when])

    def __repr__(self) -> str:
        return f"Check {self.kind}（{ACTIONS[self.action]}）：{self.rule}"

    def _rows_shown(self) -> Rows:
        return pairs({"种类": self.kind, "列": self.places, "处理": ACTIONS[self.action], "规则": self.rule, "改正": self.told})


def _unsound(check: Check, kind: Kind) -> Iterator[tuple[str, str, str, str]]:
    """Yield what is wrong with the statement of a check, as column, value, rule and remedy."""
    if not kind.least <= len(check.columns) or (kind.most and len(check.columns) > kind.most):
        wanted = f"{kind.least} 列" if kind.least == kind.most else f"至少 {kind.least} 列"
        yield "columns", str(len(check.columns)), f"应写{wanted}", f"{check.kind}：{kind.text}"
    for need in kind.needs:
        if all(getattr(check, name) in (None, "", (), {}) for name in need.split("|")):
            yield need.replace("|", " 或 "), "", "缺少", f"{check.kind}：{kind.text}"
    if check.action not in ACTIONS:
        choices = "、".join(f"{key}（{text}）" for key, text in ACTIONS.items())
        yield "action", str(check.action), "不认识" if check.action else "没有写", f"写 {choices}"
    if check.fence and check.fence not in FENCES:
        yield "fence", check.fence, "没有这种界", "写 " + "；".join(f"{key}：{text}" for key, text in FENCES.items())
    yield from _unsound_numbers(check)


def _unsound_numbers(check: Check) -> Iterator[tuple[str, str, str, str]]:
    numbers = {name: getattr(check, name) for name in ("low", "high", "tolerance", "relative", "factor")}
    texts = [name for name, value in numbers.items() if value is not None and (isinstance(value, bool) or not isinstance(value, Real))]
    if texts:
        yield "、".join(texts), "", "应为数值", "写不带引号的数"
        return
    if check.low is not None and check.high is not None and check.low > check.high:
        yield "low", str(check.low), f"大于 high = {check.high}", "改正两个界"
    for name, value in (("tolerance", check.tolerance), ("relative", check.relative), ("factor", check.factor)):
        if value is not None and not value >= 0:
            yield name, str(value), "应不小于 0", "改正"
    if check.differ is not None and check.differ not in (0, 1, 2):
        yield "differ", str(check.differ), "应为 0、1 或 2", "改正"
    try:
        re.compile(check.pattern)
    except re.error as fault:
        yield "pattern", check.pattern, f"不是正则式：{fault}", "改正"


def _number(value: Any) -> str:
    return f"{value:.12g}"


def _limits(check: Check) -> str:
    if check.low is None:
        return f"应不大于 {_number(check.high)}"
    return f"应不小于 {_number(check.low)}" if check.high is None else f"应在 {_number(check.low)} 至 {_number(check.high)} 之间"


def _within(check: Check) -> str:
    return f"同一{'＋'.join(check.within)}中" if check.within else ""


def _words(values: Sequence[str]) -> str:
    return "、".join(values[:MOST_WORDS]) + (f"等 {len(values)} 种" if len(values) > MOST_WORDS else "")


def _tolerance(check: Check) -> str:
    parts = [_number(check.tolerance)] if check.tolerance else []
    parts += [f"{_number(check.relative * 100)}%"] if check.relative else []
    return f"（容许差 {' + '.join(parts)}）" if parts else ""


RULES: dict[str, Callable[[Check], str]] = {
    "required": lambda check: "不得空白",
    "unique": lambda check: f"{_within(check)}{'合起来' if len(check.columns) > 1 else ''}不得重复",
    "range": _limits,
    "whole": lambda check: "应为整数",
    "one-of": lambda check: f"应为：{_words(check.values)}",
    "pattern": lambda check: f"写法应合 {check.pattern}",
    "date": lambda check: "应为日期",
    "order": lambda check: f"日期应依次：{' ≤ '.join(check.columns)}",
    "sum": lambda check: f"{check.columns[0]}应等于{' + '.join(check.columns[1:])}{_tolerance(check)}",
    "difference": lambda check: f"{check.columns[0]}应等于{' − '.join(check.columns[1:])}{_tolerance(check)}",
    "quotient": lambda check: f"{check.columns[0]}应等于{' ÷ '.join(check.columns[1:])}{_tolerance(check)}",
    "if-then": lambda check: f"{said(check.when)}时，应有 {said(check.then)}",
    "equal": lambda check: f"{'、'.join(check.columns)}应相同",
    "near-duplicate": lambda check: f"与另一行在 {len(check.columns)} 列中至多 {check.differ} 列不同",
    "identity": lambda check: "应为 18、20 或 22 位证件号码，校验位正确",
    "members": lambda check: f"应等于{_within(check)}的行数",
    "count": lambda check: f"{_within(check)}{said(check.when)}的行数{_limits(check)}",
    "outlier": lambda check: f"{_within(check)}离群（{check.fence}，{_number(check.factor)} 倍）",
}
