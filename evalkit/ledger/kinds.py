"""The kinds of entries: what one of each kind says, under which Chinese headings it is shown, exported and imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit import tickets
from evalkit.errors import LedgerError

if TYPE_CHECKING:
    from evalkit.ledger.entries import Draft, Entry

COMMON = {"number": "序号", "day": "日期", "who": "人", "subject": "对象"}


@dataclass(frozen=True)
class Part:
    """One part of the detail of an entry.

    Parameters
    ----------
    heading : str
        Its Chinese heading.
    form : type
        str, int, float, bool, list or dict.
    needed : bool
        Whether an entry without it is refused; a text that is needed must not be blank.
    words : tuple of str
        The words that it may be; any when empty.
    """

    heading: str
    form: type = str
    needed: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """One kind of entry, a typed view of the ledger.

    Parameters
    ----------
    title : str
        What it is called in Chinese; the sheet of an export.
    subject : str
        What its subject is.
    parts : mapping of key to Part
    closed : bool
        Whether a key that is not among the parts is refused.
    """

    title: str
    subject: str
    parts: Mapping[str, Part] = field(default_factory=dict)
    closed: bool = False


REASON, TEAM, DRAW = Part("理由"), Part("组"), Part("属于第几条抽样", int)
RECORD, ATTEMPT, CERTIFICATE = Part("记录指纹"), Part("第几次", int), Part("凭证指纹")
NEEDED = Part("理由", needed=True)
STATUSES = ("clue", "suspected", "notified", "answering", "confirmed", "dismissed", "appealed", "final")
FIVE = ("汇总", "反馈", "通报", "交办", "验收")
GATES = ("信息", "指标", "反馈")
RECTIFYING = ("反馈", "整改", "延期", "退回")
KINDS: dict[str, Kind] = {
    "run": Kind("模拟运行", "", {"design": Part("设计指纹")}),
    "announce": Kind("公告指纹", "名单指纹", {"record": RECORD, "design": Part("设计指纹"), "attempt": ATTEMPT, "reason": REASON}),
    "commit": Kind("承诺", "一方", {"record": RECORD, "attempt": ATTEMPT, "commitment": Part("承诺")}),
    "reveal": Kind("公开秘密数", "一方", {"record": RECORD, "attempt": ATTEMPT}),
    "dice": Kind("掷骰", "", {"record": RECORD, "attempt": ATTEMPT}),
    "draw": Kind(
        "抽样", "名单指纹", {"certificate": CERTIFICATE, "design": Part("设计指纹"), "seed_origin": Part("种子来历"), "reason": REASON}
    ),
    "rosters": Kind("抽户", "", {"certificate": CERTIFICATE, "villages": Part("村数", int)}),
    "list": Kind("写名单", "文件", {"list": Part("名单指纹")}),
    "assign": Kind("分组", "凭证指纹", {"list": Part("分组指纹"), "teams": Part("各组", list)}),
    "release": Kind(
        "发放名单", "村", {"team": TEAM, "day": Part("日期"), "list": Part("名单指纹"), "reason": REASON, "draw": DRAW}
    ),
    "hashes": Kind("公布指纹", "凭证指纹"),
    "publish": Kind("公布凭证", "凭证指纹", {"reason": REASON, "waiting": Part("尚待")}),
    "collect": Kind("回收", "凭证指纹", {"rows": Part("行数", int), "complete": Part("完成", int)}),
    "estimate": Kind("估计", "凭证指纹", {"conclusion": Part("结论")}),
    "disposition": Kind("调查结果", "村/户", {"code": Part("结果", needed=True), "visits": Part("次数", int), "team": TEAM, "draw": DRAW}),
    "reserve": Kind(
        "启用备用户", "村/户",
        {
            "stratum": Part("户类型", needed=True), "rank": Part("第几备用", int, needed=True), "replaces": Part("替换哪一户", needed=True),
            "reason": NEEDED, "team": Part("组", needed=True), "draw": DRAW,
        },
        closed=True,
    ),
    "resolve": Kind(
        "冲突裁定", "村/户",
        {"keep": Part("采用", needed=True), "row": Part("行", int, needed=True), "over": Part("不采用", list),
            "seal": Part("采用行的指纹", needed=True), "reason": NEEDED},
    ),
    "board": Kind("五步", "村", {"step": Part("步骤", needed=True, words=FIVE), "team": TEAM, "note": Part("备注")}),
    "points": Kind(
        "积分", "组或督查员",
        {"points": Part("分", int, needed=True), "rule": Part("规则", needed=True), "problem": Part("问题编号"), "village": Part("村")},
    ),
    "close": Kind(
        "销号", "对象",
        {
            "gates": Part("三项", list), "note": Part("备注"), "evidence": Part("佐证"), "seal": Part("佐证指纹"),
            "chain": Part("应签的各级", list),
        },
    ),
    "case": Kind(
        "疑似问题", "案件编号",
        {
            "status": Part("状态", needed=True, words=STATUSES), "reason": REASON, "village": Part("村"), "household": Part("户"),
            "finding": Part("情形"), "deadline": Part("举证截止"), "outcome": Part("终定结果", words=("", "成立", "不成立")),
        },
    ),
    "exhibit": Kind(
        "证据", "案件编号",
        {
            "number": Part("证据编号", needed=True), "title": Part("名称", needed=True), "page": Part("页码"), "issuer": Part("出具单位"),
            "issued": Part("出具日期"), "received": Part("收到日期", needed=True), "file": Part("文件"), "seal": Part("文件指纹"),
        },
    ),
    "ruling": Kind(
        "证据采信", "案件编号",
        {
            "number": Part("证据编号", needed=True), "reason": NEEDED,
            "admitted": Part("采信", needed=True, words=("采信", "不采信", "随卷上报")),
        },
    ),
    "problem": Kind(
        "问题", "问题编号",
        {
            "level": Part("级"), "place": Part("地点"), "household": Part("户"), "code": Part("问题代码"), "text": Part("问题"),
            "source": Part("来源"), "reference": Part("来源文号"), "found": Part("发现日期"), "own": Part("来源中的编号"),
            "lead": Part("牵头部门", list), "units": Part("责任单位", list), "measure": Part("整改措施"), "deadline": Part("整改时限"),
            "recurs": Part("曾销号的问题"),
        },
    ),
    "rectify": Kind(
        "整改", "问题编号",
        {
            "step": Part("步骤", needed=True, words=RECTIFYING), "text": Part("情况", needed=True), "plan": Part("下步打算"),
            "deadline": Part("整改时限"),
        },
    ),
    "handover": Kind(
        "移交线索", "移交表",
        {"to": Part("接收单位", needed=True), "count": Part("条数", int, needed=True), "seal": Part("移交表指纹", needed=True)},
        closed=True,
    ),
    "signoff": Kind("签字", "对象", {"paper": Part("文书", needed=True), "seal": Part("文书指纹"), "role": Part("职务")}),
}  # fmt: skip
FORMS = {str: "文字", int: "整数", float: "数", bool: "是或否", list: "列表", dict: "对照表"}


def title(step: str) -> str:
    """Return what a step is called in Chinese, or its own name."""
    return KINDS[step].title if step in KINDS else step


def heading(step: str, key: str) -> str:
    """Return the Chinese heading of a part of the detail, or its own name."""
    part = KINDS[step].parts.get(key) if step in KINDS else None
    return part.heading if part else key


def refuse_unlike_kind(draft: Draft) -> None:
    """Refuse an entry that lacks what entries of its kind have, or has what they have not.

    Raises
    ------
    LedgerError
        With every part at fault.
    """
    kind = KINDS.get(draft.step)
    if kind is None:
        return
    found = [f"{part.heading}（{key}）：{told}" for key, part in kind.parts.items() if (told := _part_fault(part, draft.detail.get(key)))]
    found += [f"{key}：没有这一项" for key in draft.detail if kind.closed and key not in kind.parts]
    if found:
        raise LedgerError(f"台账，{kind.title}｜{'；'.join(found)}｜补上或改正后再记")


def _part_fault(part: Part, value: Any) -> str:
    if value is None or (isinstance(value, str) and not value.strip()):
        return "空白" if part.needed else ""
    whole = isinstance(value, int) and not isinstance(value, bool)
    fits = whole if part.form is int else (whole or isinstance(value, float)) if part.form is float else isinstance(value, part.form)
    if not fits:
        return f"应为{FORMS[part.form]}"
    return f"应为 {'、'.join(part.words)} 之一" if part.words and value not in part.words else ""


def entry_table(step: str, entries: Sequence[Entry]) -> pd.DataFrame:
    """Return entries of one step as a table under Chinese headings; a part that no kind knows stands under its own name."""
    known = KINDS[step].parts if step in KINDS else {}
    keys = list(dict.fromkeys([*known, *(key for entry in entries for key in entry.detail)]))
    rows = [[entry.number, entry.day, entry.who, entry.subject, *(_shown(entry.detail.get(key)) for key in keys)] for entry in entries]
    names = {key: heading(step, key) for key in keys}
    taken = {*COMMON.values()}
    headings = [f"{name}({key})" if name in taken else name for key, name in names.items()]
    return pd.DataFrame(rows, columns=[*COMMON.values(), *headings])


def _shown(value: Any) -> Any:
    if isinstance(value, list):
        return "；".join(str(each) for each in value)
    return tickets.canonical(value) if isinstance(value, dict) else value
