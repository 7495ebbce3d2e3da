"""Errors by stage, and the table of faults they carry.

Every message says what was found, what was expected and what to type. All faults of one input are
collected first and raised once. A message names the row and the column of a cell, never its content
when the column holds personal data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any, TypeVar

Entry = TypeVar("Entry")

HEADER = ("行", "列", "值", "规则", "处理")
MANY = 4  # rows with the same fault that are told in one line
NAMED = 6  # runs of rows, or values, that one line names


class EvalkitError(Exception):
    """Any refusal by evalkit; one child for each stage of the river.

    Attributes
    ----------
    faults : tuple of Fault
        The single faults behind the message; empty when the message is all there is.
    """

    faults: tuple[Fault, ...] = ()

    def told(self) -> tuple[Fault, ...]:
        """Return the single faults; a message that is all there is comes back as one, in its parts found, expected, what to do."""
        column, rule, remedy = parts if len(parts := str(self).split("｜")) == 3 else ("", str(self), "改正后重试")
        return self.faults or (Fault(None, column, "", rule, remedy),)


class EvalkitWarning(UserWarning):
    """A result is given, but a number in it is not to be trusted, or is none."""


class DesignError(EvalkitError):
    """The design file does not say what it must."""


class FrameError(EvalkitError):
    """The list of villages or a household roster cannot be drawn from."""


class DrawError(EvalkitError):
    """The draw that was asked for cannot be made."""


class CeremonyError(EvalkitError):
    """A step of the making of a seed is out of order, or does not fit what was promised."""


class CertificateError(EvalkitError):
    """A certificate cannot be read or is not the one expected."""


class FieldworkError(EvalkitError):
    """Lists, rosters or dispositions of the fieldwork do not fit the sample."""


class ScreeningError(EvalkitError):
    """Checks, linked forms or sources that cannot be held against a table, or against one another."""


class ResponsesError(EvalkitError):
    """The returns do not fit the sample or the column mapping."""


class SurveyError(EvalkitError):
    """A survey cannot be built, or its variance is not defined under the stated policy."""


class EstimateError(EvalkitError):
    """A statistic, an interval or a verdict was asked for in a way that has no answer."""


class ReportError(EvalkitError):
    """A report cannot be written from these results."""


class PrivacyError(EvalkitError):
    """A key is absent or unsafe, or personal data are asked for in a way that cannot be granted."""


class LedgerError(EvalkitError):
    """The ledger refuses an entry or no longer agrees with its own hashes."""


@dataclass(frozen=True)
class Fault:
    """One fault of one input.

    Parameters
    ----------
    row : int or None
        Row as the spreadsheet shows it (the header is row 1), None when the fault is not in one row.
    column : str
        Column heading, or path in a design file.
    value : str
        What was found; left empty for columns with personal data.
    rule : str
        What was expected.
    remedy : str
        What to type or to do.
    """

    row: int | None
    column: str
    value: str
    rule: str
    remedy: str

    def line(self) -> str:
        """Return the fault as one line of text."""
        where = f"第 {self.row} 行，" if self.row is not None else ""
        found = f"：{self.value}" if self.value else ""
        return f"{where}{self.column}{found}｜{self.rule}｜{self.remedy}"

    def cells(self) -> tuple[int | None, str, str, str, str]:
        """Return the fault as one row of the table of faults, in the order of ``HEADER``."""
        return (self.row, self.column, self.value, self.rule, self.remedy)


def one_of(name: str, value: Any, table: Mapping[str, Entry], error: type[EvalkitError], what: str = "选择") -> Entry:
    """Return the entry of a table of methods, or refuse an unknown name with the choices.

    Parameters
    ----------
    name : str
        Of the argument.
    value : str
    table : mapping
        From names to entries; an entry is told by its ``text`` or ``title``, or as it is when it is a text.
    error : type of EvalkitError
    what : str
        What there is none of, in the message.

    Examples
    --------
    >>> one_of("form", "pairs", {"pairs": "两两之差"}, EstimateError)
    '两两之差'
    >>> one_of("form", "pair", {"pairs": "两两之差"}, EstimateError, "写法")
    Traceback (most recent call last):
        ...
    evalkit.errors.EstimateError: form = 'pair'｜没有这种写法｜可用：
      pairs  两两之差
    """
    if isinstance(value, str) and value in table:
        return table[value]
    wide = max(map(len, table)) + 2
    shown = "\n".join(f"  {key:<{wide}}{_told(entry)}".rstrip() for key, entry in table.items())
    raise error(f"{name} = {value!r}｜没有这种{what}｜可用：\n{shown}")


def _told(entry: Any) -> str:
    """Return what an entry says of itself, in Chinese where it has two languages."""
    words = entry if isinstance(entry, str) else getattr(entry, "text", getattr(entry, "title", entry))
    words = getattr(words, "zh", words)
    return words if isinstance(words, str) else ""


def places(bad: Iterable[Any]) -> str:
    """Return where an array is at fault, counted from 1; never what stands there, which may be somebody's income.

    Examples
    --------
    >>> places([False, True, True])
    '第 2、3 个'
    """
    found = [str(at) for at, wrong in enumerate(bad, 1) if wrong]
    more = f"等 {len(found)} 个" if len(found) > NAMED else " 个"
    return f"第 {'、'.join(found[:NAMED])}{more}"


def grouped_lines(faults: Sequence[Fault], shown: int = 20) -> list[str]:
    """Return faults as lines of text, the same fault in many rows as one line.

    Parameters
    ----------
    faults : sequence of Fault
    shown : int
        Most lines to return.

    Returns
    -------
    list of str

    Examples
    --------
    >>> grouped_lines([Fault(row, "村代码", "东关", "应为 12 位数字", "改为代码") for row in (2, 3, 4, 9)])
    ['第 2–4、9 行（4 处），村代码：东关｜应为 12 位数字｜改为代码']
    """
    groups: dict[tuple[str, str, str], list[Fault]] = {}
    for fault in faults:
        groups.setdefault((fault.column, fault.rule, fault.remedy), []).append(fault)
    lines = [line for group in groups.values() for line in _group_lines(group)]
    rest = [f"……另有 {len(lines) - shown} 条，evalkit check 写出的 results/check.csv 逐行列出"] if len(lines) > shown else []
    return lines[:shown] + rest


def _group_lines(group: list[Fault]) -> list[str]:
    if len(group) < MANY:
        return [fault.line() for fault in group]
    rows = row_ranges(sorted({fault.row for fault in group if fault.row is not None}))
    where = f"第 {rows} 行（{len(group)} 处），" if rows else f"{len(group)} 处，"
    values = list(dict.fromkeys(fault.value for fault in group if fault.value))
    found = f"：{'、'.join(values[:NAMED])}{'……' if len(values) > NAMED else ''}" if values else ""
    return [f"{where}{group[0].column}{found}｜{group[0].rule}｜{group[0].remedy}"]


def row_ranges(rows: Iterable[int]) -> str:
    """Return rows in their order as a sentence names them.

    Examples
    --------
    >>> row_ranges([2, 3, 4, 9])
    '2–4、9'
    """
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    shown = [str(first) if first == last else f"{first}–{last}" for first, last in runs[:NAMED]]
    return "、".join(shown) + ("……" if len(runs) > NAMED else "")


@dataclass
class Faults:
    """The faults of one input, gathered before any of them is raised.

    Examples
    --------
    >>> faults = Faults("名单")
    >>> faults.add(3, "村代码", "41172", "应为 12 位数字", "补全代码后重试")
    >>> len(faults)
    1
    >>> faults.refuse(FrameError)
    Traceback (most recent call last):
        ...
    evalkit.errors.FrameError: 名单：1 处错误
      第 3 行，村代码：41172｜应为 12 位数字｜补全代码后重试
    """

    subject: str
    faults: list[Fault] = field(default_factory=list)
    shown: int = 20

    def add(self, row: int | None, column: str, value: object, rule: str, remedy: str) -> None:
        """Note one fault."""
        self.faults.append(Fault(row, column, "" if value is None else str(value), rule, remedy))

    def is_number(self, column: str, given: Any, remedy: str = "去掉引号与括号，2% 写 .02") -> bool:
        """Note what is no number, so that it is not compared, and say whether it is one.

        Examples
        --------
        >>> faults = Faults("判定")
        >>> faults.is_number("level", .95), faults.is_number("level", "95%")
        (True, False)
        """
        if isinstance(given, Real):
            return True
        self.add(None, column, repr(given), "应为一个数", remedy)
        return False

    def add_rows(self, places: Iterable[Any], column: str, rule: str, remedy: str) -> None:
        """Note the same fault in several rows, given by their places from 0, without what stands there."""
        self.extend(Fault(int(at) + 2, column, "", rule, remedy) for at in places)

    def extend(self, faults: Iterable[Fault]) -> None:
        """Note the faults of another check."""
        self.faults.extend(faults)

    def by_place(self, places: Mapping[int, str], what: str) -> None:
        """Tell where the faults are by places rather than by rows, which mean nothing in a table that has no order.

        Parameters
        ----------
        places : mapping of int to str
            Row → its place, such as its village.
        what : str
            What a place is called.

        Examples
        --------
        >>> faults = Faults("名册")
        >>> faults.add(3, "户类型", None, "空白", "补全该格")
        >>> faults.by_place({2: "V01", 3: "V02"}, "村")
        >>> print(faults.faults[0].line())
        户类型：村 V02｜空白｜补全该格
        """
        for at, fault in enumerate(self.faults):
            if fault.row is not None and fault.row in places:
                place = places[fault.row]
                told = "" if not place or place in fault.value else f"{what} {place}".strip()
                self.faults[at] = replace(fault, row=None, value=" ".join(part for part in (told, fault.value) if part))

    def __len__(self) -> int:
        return len(self.faults)

    def __iter__(self) -> Iterator[Fault]:
        return iter(self.faults)

    def rows(self) -> list[tuple[object, ...]]:
        """Return the table of faults, one tuple for each in the order of ``HEADER``."""
        return [fault.cells() for fault in self.faults]

    def text(self) -> str:
        """Return all faults as text, at most ``shown`` of them in full."""
        return "\n".join([f"{self.subject}：{len(self)} 处错误", *(f"  {line}" for line in grouped_lines(self.faults, self.shown))])

    def refuse(self, error: type[EvalkitError]) -> None:
        """Raise `error` with all faults when there is at least one."""
        if self.faults:
            raised = error(self.text())
            raised.faults = tuple(self.faults)
            raise raised
