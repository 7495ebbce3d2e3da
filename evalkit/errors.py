"""Errors by stage, and the table of faults they carry.

Every message says what was found, what was expected and what to type. All faults of one input are
collected first and raised once. A message names the row and the column of a cell, never its content
when the column holds personal data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

HEADER = ("行", "列", "值", "规则", "处理")


class EvalkitError(Exception):
    """Any refusal by evalkit; one child for each stage of the river."""


class DesignError(EvalkitError):
    """The design file does not say what it must."""


class FrameError(EvalkitError):
    """The list of villages or a household roster cannot be drawn from."""


class DrawError(EvalkitError):
    """The draw that was asked for cannot be made."""


class CertificateError(EvalkitError):
    """A certificate cannot be read or is not the one expected."""


class FieldworkError(EvalkitError):
    """Lists, rosters or dispositions of the fieldwork do not fit the sample."""


class ResponsesError(EvalkitError):
    """The returns do not fit the sample or the column mapping."""


class SurveyError(EvalkitError):
    """A survey cannot be built, or its variance is not defined under the stated policy."""


class EstimateError(EvalkitError):
    """A statistic, an interval or a verdict was asked for in a way that has no answer."""


class ReportError(EvalkitError):
    """A report cannot be written from these results."""


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

    def extend(self, faults: Iterable[Fault]) -> None:
        """Note the faults of another check."""
        self.faults.extend(faults)

    def __len__(self) -> int:
        return len(self.faults)

    def __iter__(self) -> Iterator[Fault]:
        return iter(self.faults)

    def rows(self) -> list[tuple[object, ...]]:
        """Return the table of faults, one tuple for each in the order of ``HEADER``."""
        return [(f.row, f.column, f.value, f.rule, f.remedy) for f in self.faults]

    def text(self) -> str:
        """Return all faults as text, at most ``shown`` of them in full."""
        lines = [f"{self.subject}：{len(self)} 处错误"]
        lines += [f"  {fault.line()}" for fault in self.faults[: self.shown]]
        if len(self) > self.shown:
            lines.append(f"  ……另有 {len(self) - self.shown} 处，evalkit check 列出全部")
        return "\n".join(lines)

    def refuse(self, error: type[EvalkitError]) -> None:
        """Raise `error` with all faults when there is at least one."""
        if self.faults:
            raised = error(self.text())
            raised.faults = tuple(self.faults)  # type: ignore[attr-defined]  # read by `evalkit check`
            raise raised
