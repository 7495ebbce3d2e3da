"""The ladder of a case as data: its statuses, which may follow which, and what each step must say."""

from __future__ import annotations

from collections.abc import Mapping

from evalkit.errors import LedgerError

STATUS = {
    "clue": "线索", "suspected": "疑似", "notified": "已反馈", "answering": "举证中", "confirmed": "认定", "dismissed": "排除",
    "appealed": "上报复议", "final": "终定",
}  # fmt: skip
CODES = {word: code for code, word in STATUS.items()}
# what may follow; "" is a case that is not there yet
MOVES: Mapping[str, tuple[str, ...]] = {
    "": ("clue", "suspected"),
    "clue": ("suspected", "dismissed"),
    "suspected": ("notified", "dismissed"),
    "notified": ("answering", "confirmed", "dismissed"),
    "answering": ("confirmed", "dismissed"),
    "confirmed": ("appealed", "final"),
    "dismissed": ("appealed", "final"),
    "appealed": ("final",),
    "final": (),
}
PENDING = ("suspected", "notified", "answering", "appealed")
OUTCOMES = {"成立": "final", "不成立": "dismissed"}  # what a final decision is for the rates
NEEDS = {"notified": {"deadline": "举证截止"}, "final": {"outcome": "终定结果（成立、不成立）"}}


def status_code(word: str) -> str:
    """Return the code of a status from its code or its Chinese word.

    Raises
    ------
    LedgerError

    Examples
    --------
    >>> status_code("已反馈"), status_code("final")
    ('notified', 'final')
    """
    code = CODES.get(word.strip(), word.strip())
    if code not in STATUS:
        raise LedgerError(f"状态 {word}｜没有这种状态｜可用：{'、'.join(STATUS.values())}")
    return code


def step_fault(case: str, before: str, after: str, moves: Mapping[str, tuple[str, ...]]) -> str:
    """Return what is wrong with a step of a case, empty when it may be taken."""
    allowed = moves.get(before, ())
    if after in allowed:
        return ""
    if not before:
        return f"{case}｜还没有这个案件，不能直接记为{STATUS[after]}｜先立案，记为 {'、'.join(STATUS[code] for code in allowed)}"
    if not allowed:
        return f"{case}｜已{STATUS[before]}，不再变动｜核对案件编号"
    return f"{case}｜由{STATUS[before]}不能直接到{STATUS[after]}，次序不对｜可到：{'、'.join(STATUS[code] for code in allowed)}"
