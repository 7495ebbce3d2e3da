"""The steps of one problem from feedback to close: which may follow, what each must say, and the chain of signatures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from evalkit.errors import EvalkitError
from evalkit.fieldwork.boards import gate_fault
from evalkit.ledger import Draft, Entry
from evalkit.ledger.kinds import GATES, RECTIFYING
from evalkit.problems.deadlines import iso_day
from evalkit.problems.entry import Problem

PAPER = "销号登记表"
SIGN, CLOSE = "签字", "销号"
STEPS = (*RECTIFYING, SIGN, CLOSE)
STATES = ("待整改", "整改中", "签字中", "已销号")
SEAL = re.compile(r"[0-9a-f]{64}")


class Step(NamedTuple):
    """One step of a problem.

    `step` is 反馈, 整改, 延期, 退回, 签字 or 销号; `role` of who signs; `text` what was done, or why; `plan` what comes next; `deadline`
    the new one of 延期; `evidence` and `seal` the name and the SHA-256 of the file behind a close; `entry` its number in the ledger.
    """

    number: str
    step: str
    who: str
    day: str
    role: str = ""
    text: str = ""
    plan: str = ""
    deadline: str = ""
    evidence: str = ""
    seal: str = ""
    entry: int = 0

    def same(self, other: Step) -> bool:
        """Say whether it repeats another."""
        return self._replace(entry=0) == other._replace(entry=0)

    def draft(self, chain: Sequence[str], gated: bool) -> Draft:
        """Return the entry of the ledger that says this."""
        if self.step == SIGN:
            return Draft("signoff", self.number, {"paper": PAPER, "role": self.role, "seal": self.seal}, self.who, self.day)
        if self.step == CLOSE:
            told = {"gates": list(GATES) if gated else [], "note": self.text, "evidence": self.evidence, "seal": self.seal}
            return Draft("close", self.number, {**told, "chain": list(chain)}, self.who, self.day)
        told = {"step": self.step, "text": self.text, "plan": self.plan, "deadline": self.deadline}
        return Draft("rectify", self.number, told, self.who, self.day)


def step_of(entry: Entry) -> Step | None:
    """Return the step that an entry of the ledger tells, None where it is none of a problem."""
    said = {key: str(value) for key, value in entry.detail.items() if isinstance(value, str)}
    if entry.step == "rectify":
        told = {"text": said["text"], "plan": said.get("plan", ""), "deadline": said.get("deadline", "")}
        return Step(entry.subject, said["step"], entry.who, entry.day, **told, entry=entry.number)
    if entry.step == "signoff" and said.get("paper") == PAPER:
        told = {"role": said.get("role", ""), "seal": said.get("seal", "")}
        return Step(entry.subject, SIGN, entry.who, entry.day, **told, entry=entry.number)
    if entry.step == "close" and said.get("seal"):
        told = {"text": said.get("note", ""), "evidence": said.get("evidence", ""), "seal": said["seal"]}
        return Step(entry.subject, CLOSE, entry.who, entry.day, **told, entry=entry.number)
    return None


def signed(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the signatures that stand: those since the problem was last sent back."""
    back = max((at for at, step in enumerate(steps) if step.step == "退回"), default=-1)
    return tuple(step for step in steps[back + 1 :] if step.step == SIGN)


def state(steps: Sequence[Step]) -> str:
    """Return one of ``STATES``."""
    if any(step.step == CLOSE for step in steps):
        return STATES[3]
    if signed(steps):
        return STATES[2]
    return STATES[1] if any(step.step == "整改" for step in steps) else STATES[0]


def deadline_of(problem: Problem, steps: Sequence[Step]) -> str:
    """Return the deadline that holds after all extensions."""
    return next((step.deadline for step in reversed(steps) if step.step == "延期"), problem.deadline)


def step_fault(problem: Problem, steps: Sequence[Step], step: Step, chain: Sequence[str], gated: bool) -> str:
    """Return why a step may not be taken, as rule｜remedy; empty when it may."""
    last = steps[-1].day if steps else problem.found
    if step.step not in STEPS:
        return f"没有这一步（{step.step}）｜可用：{'、'.join(STEPS)}"
    if not step.who.strip():
        return "没有写何人｜写代号，不写姓名"
    try:
        iso_day(step.day)
    except EvalkitError:
        return "日期应写成 年-月-日｜写如 2018-06-10"
    if step.day < last:
        return f"日期 {step.day} 早于{'上一步' if steps else '发现日期'}（{last}）｜改正日期"
    if steps and steps[-1].step == CLOSE:
        return f"已于 {steps[-1].day} 销号，不再变动｜又出现的问题另编一个号"
    if step.step == SIGN:
        return _signature_fault(steps, step, chain)
    return _close_fault(problem, steps, step, chain, gated) if step.step == CLOSE else _note_fault(problem, steps, step)


def _note_fault(problem: Problem, steps: Sequence[Step], step: Step) -> str:
    if not step.text.strip():
        return f"{step.step}没有写情况｜写明做了什么，或因何延期、退回"
    if signed(steps) and step.step in ("整改", "延期"):
        return f"{signed(steps)[-1].role}已签字，整改情况不能再改｜先退回，改后重新签字"
    if step.step == "退回" and not signed(steps):
        return "还没有签字，没有什么可退回｜直接记整改"
    if step.step != "延期":
        return "" if not step.deadline else f"{step.step}不改时限｜要改时限的记为延期"
    try:
        iso_day(step.deadline)
    except EvalkitError:
        return "延期没有写新的时限｜写如 2018-09-30"
    before = deadline_of(problem, steps)
    return f"新的时限 {step.deadline} 不晚于原时限（{before}）｜改正日期" if step.deadline <= before else ""


def _signature_fault(steps: Sequence[Step], step: Step, chain: Sequence[str]) -> str:
    if not chain:
        return "没有写由哪几级签字｜写 chain = [\"包帮干部\", \"审核组长\"] 之类，由低到高"
    have = signed(steps)
    if step.role not in chain:
        return f"签字的各级中没有“{step.role}”｜可用：{'、'.join(chain)}"
    if step.role in (each.role for each in have):
        return f"{step.role}已经签字｜一级只签一次；要改的先退回"
    due = next(role for role in chain if role not in {each.role for each in have})
    if step.role != due:
        return f"{due}还没有签字，次序不对｜依次为：{'、'.join(chain)}"
    if step.who in (each.who for each in have):
        return f"{step.who} 已签过{next(each.role for each in have if each.who == step.who)}｜一人不能签两级"
    return "" if any(each.step == "整改" for each in steps) else "还没有记整改情况，不能签字｜先记整改"


def _close_fault(problem: Problem, steps: Sequence[Step], step: Step, chain: Sequence[str], gated: bool) -> str:
    if not chain:
        return "没有写由哪几级签字｜写 chain = [\"包帮干部\", \"审核组长\"] 之类，由低到高"
    lacking = [role for role in chain if role not in {each.role for each in signed(steps)}]
    if lacking:
        return f"{'、'.join(lacking)}还没有签字｜各级都签字后才能销号"
    if not step.evidence.strip() or not SEAL.fullmatch(step.seal):
        return "没有佐证或其指纹（SHA-256）｜给出佐证文件；台账只记文件名与指纹"
    return gate_fault(lacks(problem, steps)) if gated else ""


def lacks(problem: Problem, steps: Sequence[Step]) -> dict[str, str]:
    """Return what is lacking for the three gates: 信息 (who, what, until when), 指标 (what was done), 反馈 (that it was fed back)."""
    known = {"责任单位": problem.units or problem.lead, "整改措施": problem.measure, "整改时限": deadline_of(problem, steps)}
    blank = "、".join(word for word, value in known.items() if not value)
    done = {step.step for step in steps}
    return {
        "信息": f"没有{blank}" if blank else "",
        "指标": "" if "整改" in done else "没有记整改情况",
        "反馈": "" if "反馈" in done else "没有反馈给责任单位",
    }
