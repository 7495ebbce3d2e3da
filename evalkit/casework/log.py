"""The log of cases: kept in the ledger, append-only and chained; every step says who, when and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from evalkit.casework.ladder import MOVES, NEEDS, OUTCOMES, PENDING, STATUS, status_code, step_fault
from evalkit.design.judgement import FINDINGS
from evalkit.errors import Faults, LedgerError
from evalkit.given import takes
from evalkit.later import later
from evalkit.ledger import Draft, Entry, Ledger
from evalkit.sheets import read_named
from evalkit.showing import Rows, Shown

if TYPE_CHECKING:
    from evalkit.findings import Findings

charts = later("evalkit.charts")

STEP = "case"
DECIDED = ("confirmed", "final", "dismissed")
COLUMNS = ("case", "village", "household", "finding", "status", "day", "who", "reason", "deadline", "outcome", "steps")
HEADINGS = {
    "案件编号": "case", "状态": "status", "人": "who", "日期": "day", "理由": "reason", "举证截止": "deadline", "终定结果": "outcome",
}  # fmt: skip
NEEDED = ("案件编号", "状态", "人", "日期", "理由")
FINDING_CODES = {name: code for code, name in FINDINGS.items()}


@dataclass(frozen=True)
class Cases(Shown):
    """The cases of one evaluation, as the ledger tells them.

    Attributes
    ----------
    entries : tuple of Entry
        Every step of every case, in order.
    """

    entries: tuple[Entry, ...]
    _last: Mapping[str, tuple[Entry, ...]] = field(repr=False)

    def table(self) -> pd.DataFrame:
        """Return one row a case.

        Returns
        -------
        DataFrame
            case (its number), village, household, finding, status (codes), day, who, reason (of the last step), deadline, outcome, steps.
        """
        return pd.DataFrame([_row(case, steps) for case, steps in self._last.items()], columns=list(COLUMNS))

    def history(self, case: str) -> pd.DataFrame:
        """Return the steps of one case: number in the ledger, day, who, status in words, reason, hash.

        Raises
        ------
        LedgerError
            When there is no such case.
        """
        rows = [(e.number, e.day, e.who, STATUS[e.detail["status"]], e.detail.get("reason", ""), e.hash) for e in self._steps(case)]
        return pd.DataFrame(rows, columns=["number", "day", "who", "status", "reason", "hash"])

    def status(self, case: str) -> str:
        """Return the status of a case."""
        return str(self._steps(case)[-1].detail["status"])

    def pending(self) -> pd.DataFrame:
        """Return the cases that are neither confirmed nor dismissed, or are under appeal."""
        table = self.table()
        return table[table["status"].isin(PENDING)].reset_index(drop=True)

    def ways(self) -> list[tuple[str, ...]]:
        """Return the statuses that each case went through, in order; the final one with its outcome, as ``final:成立``."""
        found = [[(step.detail["status"], step.detail.get("outcome", "")) for step in steps] for steps in self._last.values()]
        return [tuple(f"{status}:{outcome}" if status == "final" else status for status, outcome in steps) for steps in found]

    def plot(self, **options: Any) -> Any:
        """Draw the way of the cases; `evalkit.charts.flow_plot` says what may be asked."""
        return charts.flow_plot(self, **options)

    def statuses(self, *, appealed: Literal["decided", "pending"] | None = None) -> dict[tuple[str, str, str], str]:
        """Return what each case is for the rates, for `evalkit.determine`.

        Parameters
        ----------
        appealed : {"decided", "pending"}, optional
            A case under appeal counts as it was decided before, or is suspected again until it is final. No default.

        Raises
        ------
        LedgerError
            When a case is under appeal and nothing is said of it.

        Notes
        -----
        A final case counts as confirmed (终定) when it stands (成立), as dismissed when it does not (不成立).
        """
        rows = self.table()
        open_appeals = rows.loc[rows["status"] == "appealed", "case"].tolist()
        if open_appeals and appealed not in ("decided", "pending"):
            told = "在设计中写 [cases] appealed = \"decided\"（复议期间按原认定）或 \"pending\"（按疑似）"
            raise LedgerError(f"{'、'.join(open_appeals[:6])}｜正在复议，是否计入须由规则写明｜{told}")
        found = {}
        for case, village, household, finding, *_ in rows.itertuples(index=False):
            found[village, household, finding] = self._counted(case, appealed)
        return found

    def _counted(self, case: str, appealed: str | None) -> str:
        steps = self._steps(case)
        last = steps[-1].detail
        if last["status"] == "final":
            return OUTCOMES[last["outcome"]]
        if last["status"] == "appealed":
            return str(steps[-2].detail["status"]) if appealed == "decided" else "suspected"
        return str(last["status"])

    def _steps(self, case: str) -> tuple[Entry, ...]:
        if case not in self._last:
            raise LedgerError(f"{case}｜没有这个案件｜键入 evalkit case list 列出")
        return self._last[case]

    def _rows_shown(self) -> Rows:
        counts = self.table()["status"].value_counts()
        return Rows(("状态", "件"), [(word, str(counts[code])) for code, word in STATUS.items() if code in counts], 1)

    def __repr__(self) -> str:
        counts = self.table()["status"].value_counts()
        told = "，".join(f"{word} {counts[code]}" for code, word in STATUS.items() if code in counts)
        return f"Cases {len(self._last)} 件，{len(self.entries)} 步{'：' + told if told else ''}"


@takes(LedgerError)
def cases(ledger: Ledger | str | Path, *, moves: Mapping[str, tuple[str, ...]] = MOVES) -> Cases:
    """Read the cases of an evaluation and check every step of them.

    Parameters
    ----------
    ledger : Ledger or path
        A ledger, its file, or the folder of the evaluation.
    moves : mapping of status to statuses
        Which may follow which.

    Returns
    -------
    Cases

    Raises
    ------
    LedgerError
        When the ledger was edited, or a step in it is out of order (one that came in by another way).

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     case = open_case(folder, "411726101201", "0038", "错退", who="D1", day="2018-11-12", reason="住房为D级")
    ...     _ = move_case(folder, case, "已反馈", who="D1", day="2018-11-13", reason="县级反馈会", deadline="2018-11-20")
    ...     print(case, cases(folder))
    411726101201/0038/错退 Cases 1 件，2 步：已反馈 1
    """
    book = ledger_of(ledger)
    book.refuse_if_edited()
    return _read(book.entries(STEP), moves)


@takes(LedgerError)
def open_case(
    ledger: Ledger | str | Path, village: str, household: str, finding: str, *, who: str, day: str, reason: str, status: str = "疑似"
) -> str:
    """Open a case and return its number: village/household/finding.

    Parameters
    ----------
    finding : str
        错退, 漏评, 错评 or 漏退, or its code.
    who : str
        Code of the person, never a name.
    status : str
        线索 or 疑似.
    """
    case = case_number(village, household, finding)
    _moved(ledger, [{"case": case, "status": status, "who": who, "day": day, "reason": reason}], MOVES)
    return case


@takes(LedgerError)
def move_case(
    ledger: Ledger | str | Path,
    case: str,
    status: str,
    *,
    who: str,
    day: str,
    reason: str,
    deadline: str = "",
    outcome: str = "",
    moves: Mapping[str, tuple[str, ...]] = MOVES,
) -> Entry:
    """Take one step of a case.

    Parameters
    ----------
    status : str
        The status it comes to, in Chinese or as a code.
    deadline : str
        Day until which evidence may be handed in; needed for 已反馈.
    outcome : str
        成立 or 不成立; needed for 终定.

    Raises
    ------
    LedgerError
        When the step is out of order, lacks who, when or why, or lies before the last one.
    """
    step = {"case": case, "status": status, "who": who, "day": day, "reason": reason, "deadline": deadline, "outcome": outcome}
    made = _moved(ledger, [step], moves)
    return made[0] if made else cases(ledger, moves=moves)._steps(case)[-1]  # a step that was taken already


@takes(LedgerError)
def move_cases(ledger: Ledger | str | Path, steps: pd.DataFrame | str | Path, *, moves: Mapping[str, tuple[str, ...]] = MOVES) -> int:
    """Take many steps from a table, all or none; return how many are new.

    Parameters
    ----------
    steps : DataFrame or path
        Under 案件编号, 状态, 人, 日期, 理由, and where needed 举证截止, 终定结果; a case that is not there yet is opened.

    Raises
    ------
    LedgerError
        With every row at fault.
    """
    rows = list(read_named(steps, HEADINGS, NEEDED, "案件表", LedgerError).values())
    before = len(ledger_of(ledger).entries(STEP))
    _moved(ledger, rows, moves)
    return len(ledger_of(ledger).entries(STEP)) - before


@takes(LedgerError)
def open_cases(ledger: Ledger | str | Path, findings: Findings, *, who: str, day: str, reopen: bool = False) -> int:
    """Open a case for every finding that has none, as 疑似, with the items that speak against it as the reason; return how many.

    Parameters
    ----------
    reopen : bool
        Findings that the returns call confirmed or dismissed begin anew as well: they count nowhere until they are decided again.

    Raises
    ------
    LedgerError
        When there are such findings and `reopen` is not set.
    """
    known, found = set(cases(ledger).table()["case"]), findings.cases()
    numbers = [case_number(*whose) for whose in found[["village", "household", "finding"]].itertuples(index=False)]
    anew = len(decided_anew(ledger, findings))
    if anew and not reopen:
        rule = "立案后以台账为准，从疑似走起，在走完之前不计入分子"
        remedy = "用 evalkit case import（ev.move_cases）逐步收入各件的经过；确要重走的加 --reopen（reopen=True）"
        raise LedgerError(f"{anew} 件在回收表中已认定或排除｜{rule}｜{remedy}")
    told = {"status": "疑似", "who": who, "day": day}
    rows = [{"case": number, "reason": items, **told} for number, items in zip(numbers, found["items"], strict=True) if number not in known]
    return len(_moved(ledger, rows, MOVES)) if rows else 0


def decided_anew(ledger: Ledger | str | Path, findings: Findings) -> list[str]:
    """Return the cases that the returns call confirmed or dismissed, and that the ledger does not know yet."""
    known, found = set(cases(ledger).table()["case"]), findings.cases()
    decided = found[found["status"].isin(DECIDED)]
    numbers = [case_number(*whose) for whose in decided[["village", "household", "finding"]].itertuples(index=False)]
    return [number for number in numbers if number not in known]


def case_number(village: str, household: str, finding: str) -> str:
    """Return the number of a case.

    Examples
    --------
    >>> case_number("411726101201", "0038", "wrong_exit")
    '411726101201/0038/错退'
    """
    code = FINDING_CODES.get(finding, finding)
    if code not in FINDINGS:
        raise LedgerError(f"情形 {finding}｜没有这种情形｜可用：{'、'.join(FINDINGS.values())}")
    return f"{village}/{household}/{FINDINGS[code]}"


def ledger_of(ledger: Ledger | str | Path) -> Ledger:
    """Return the ledger itself, of a file, or of an evaluation's folder."""
    if isinstance(ledger, Ledger):
        return ledger
    path = Path(ledger)
    return Ledger(path / "ledger.sqlite" if path.suffix != ".sqlite" else path)


def _moved(ledger: Ledger | str | Path, rows: list[dict[str, str]], moves: Mapping[str, tuple[str, ...]]) -> tuple[Entry, ...]:
    book = ledger_of(ledger)
    book.refuse_if_edited()
    return book.decide(STEP, lambda known: _drafts(_read(known, moves), rows, moves))


def _drafts(known: Cases, rows: list[dict[str, str]], moves: Mapping[str, tuple[str, ...]]) -> list[Draft]:
    """Return the entries of all rows, or refuse with every row at fault; a row that repeats the last step is one that was taken."""
    faults, drafts = Faults("案件"), []
    now = {case: (steps[-1].detail["status"], steps[-1].day) for case, steps in known._last.items()}
    done = {(e.subject, e.detail["status"], e.day, e.who, e.detail.get("reason", "")) for e in known.entries}
    for at, row in enumerate(rows):
        line = at + 2 if len(rows) > 1 else None
        draft = _draft(row, line, faults)
        if draft is None or (draft.subject, draft.detail["status"], draft.day, draft.who, draft.detail["reason"]) in done:
            continue
        before, day = now.get(draft.subject, ("", ""))
        told = step_fault(draft.subject, before, draft.detail["status"], moves)
        told = told or (f"{draft.subject}｜日期早于上一步（{day}）｜改正日期" if draft.day < day else "")
        if told:
            what, rule, remedy = told.split("｜")
            faults.add(line, what, None, rule, remedy)
            continue
        now[draft.subject] = (draft.detail["status"], draft.day)
        drafts.append(draft)
    faults.refuse(LedgerError)
    return drafts


def _draft(row: Mapping[str, str], line: int | None, faults: Faults) -> Draft | None:
    before = len(faults)
    for key, word in (("who", "人"), ("day", "日期"), ("reason", "理由")):
        if not row.get(key, "").strip():
            faults.add(line, row.get("case", ""), None, f"没有写{word}", "每一步写明何人、何日、何故")
    parts = row["case"].split("/")
    if not _is_number(row["case"]):
        faults.add(line, row["case"], None, "案件编号应为 村/户/情形", "写如 411726101201/0038/错退")
    try:
        code = status_code(row["status"])
    except LedgerError as found:
        _, rule, remedy = str(found).split("｜")
        faults.add(line, row["case"], row["status"], rule, remedy)
        return None
    for key, word in NEEDS.get(code, {}).items():
        if not row.get(key, "").strip() or (key == "outcome" and row[key] not in OUTCOMES):
            faults.add(line, row["case"], None, f"{STATUS[code]}须写{word}", "补上后再记")
    if len(faults) > before:
        return None
    detail: dict[str, Any] = {"status": code, "reason": row["reason"], "village": parts[0], "household": parts[1]}
    detail |= {"finding": FINDING_CODES[parts[2]]} | {key: row[key] for key in NEEDS.get(code, {})}
    return Draft(STEP, row["case"], detail, who=row["who"], day=row["day"])


def _read(entries: Iterable[Entry], moves: Mapping[str, tuple[str, ...]]) -> Cases:
    """Follow every case from its first step; a step out of order is refused with its number in the ledger."""
    faults, steps = Faults("台账中的案件"), dict[str, list[Entry]]()
    entries = tuple(entries)
    for entry in entries:
        mine = steps.setdefault(entry.subject, [])
        before = mine[-1].detail["status"] if mine else ""
        told = step_fault(entry.subject, before, entry.detail["status"], moves)
        if not _is_number(entry.subject):
            told = f"{entry.subject}｜案件编号应为 村/户/情形｜查明这条记录的来历"
        if told:
            what, rule, remedy = told.split("｜")
            faults.add(None, f"第 {entry.number} 条，{what}", None, rule, remedy)
        mine.append(entry)
    faults.refuse(LedgerError)
    return Cases(entries, {case: tuple(mine) for case, mine in steps.items()})


def _is_number(case: str) -> bool:
    parts = case.split("/")
    return len(parts) == 3 and all(parts) and parts[2] in FINDING_CODES


def _row(case: str, steps: tuple[Entry, ...]) -> tuple[Any, ...]:
    village, household, name = case.split("/")
    last, said = steps[-1], {key: value for step in steps for key, value in step.detail.items() if value}
    known = (case, village, household, FINDING_CODES[name], last.detail["status"], last.day, last.who, last.detail.get("reason", ""))
    return (*known, said.get("deadline", ""), last.detail.get("outcome", ""), len(steps))
