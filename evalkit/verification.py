"""Verification: the draw made again from a certificate, and every place where it comes out otherwise."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit import tickets
from evalkit.certificate import Certificate
from evalkit.design.sections import FrameSection, Reserves, Stage
from evalkit.errors import CertificateError, EvalkitError
from evalkit.frame import Frame, declared_frame
from evalkit.sample.households import check_rosters, draw_households
from evalkit.sample.samples import first_receipt, later_receipt
from evalkit.sample.villages import draw_villages
from evalkit.selection import METHODS

if TYPE_CHECKING:
    import pandas as pd

WORDS = {"N": "总数", "n": "抽取数", "cutoff": "截止号", "quota": "配额", "reserves": "备选数", "units": "入样单位的编号、票号或概率"}


@dataclass(frozen=True)
class Verification:
    """What a certificate states against what a new draw gives.

    Parameters
    ----------
    checked : tuple of str
        Names of the stages that were drawn again.
    differences : tuple of str
        Where, what the certificate states, what was found.
    unchecked : tuple of str
        What could not be checked, and what is needed for it.
    certificate : str
        SHA-256 that the certificate states.
    """

    checked: tuple[str, ...]
    differences: tuple[str, ...]
    unchecked: tuple[str, ...]
    certificate: str

    @property
    def ok(self) -> bool:
        """Return whether nothing differs in what was checked."""
        return not self.differences

    def text(self) -> str:
        """Return the outcome in full, one line each."""
        head = f"凭证 {self.certificate[:12]}：{'与重抽结果一致' if self.ok else f'{len(self.differences)} 处不一致'}"
        lines = [head, f"已核对阶段：{'、'.join(self.checked) or '无'}"]
        lines += [f"  不一致｜{difference}" for difference in self.differences]
        return "\n".join(lines + [f"  未核对｜{gap}" for gap in self.unchecked])

    def __repr__(self) -> str:
        outcome = "与重抽结果一致" if self.ok else f"{len(self.differences)} 处不一致，首处：{self.differences[0]}"
        gap = f"；未核对：{'；'.join(self.unchecked)}" if self.unchecked else ""
        return f"Verification 凭证 {self.certificate[:12]}，已核对 {'、'.join(self.checked) or '无'}：{outcome}{gap}"


@dataclass(frozen=True)
class Plan:
    """The part of a design that stands in a certificate."""

    frame: FrameSection
    first: Stage
    later: Stage | None
    reserves: Reserves | None


def verify(certificate: Certificate | str | Path, frame: Frame | str | Path, rosters: pd.DataFrame | None = None) -> Verification:
    """Draw again from a certificate and compare.

    The certificate carries the plan of the design and the seed, so it and the list are all that is needed;
    household stages need the rosters too.

    Parameters
    ----------
    certificate : Certificate, str or pathlib.Path
        The public certificate or its file.
    frame : Frame, str or pathlib.Path
        The list, or its file, which is read by the plan in the certificate.
    rosters : pandas.DataFrame, optional
        As `read_rosters` gives them. Without them the household stage is not checked, and it says so.

    Returns
    -------
    Verification

    Raises
    ------
    CertificateError
        When the certificate cannot be read, or its plan is not one.
    FrameError
        When the list cannot be read.

    Examples
    --------
    >>> import evalkit as ev
    >>> design = ev.read_design("designs/biyang_2018.toml")
    >>> villages = ev.read_frame("designs/data/villages_five_counties.csv", id="village_code", name="village",
    ...     columns=["township_code"], rules=design.frame.rule)
    >>> sample = ev.draw(villages, design, seed="31415926535897932384")
    >>> ev.verify(sample.certificate, villages).ok
    True
    """
    receipt = certificate if isinstance(certificate, Certificate) else Certificate.load(certificate)
    plan = _plan(receipt)
    units = frame if isinstance(frame, Frame) else declared_frame(plan.frame, plan.first, frame)
    differences = [*_hash_differences(receipt), *_frame_differences(receipt, units, plan)]
    checked, unchecked = [plan.first.name], []
    differences += _first_differences(receipt, units, plan)
    if plan.later is not None and (plan.later.name in receipt.content["stages"] or rosters is not None):
        found, gaps = _later_differences(receipt, plan, rosters)
        differences += found
        unchecked += gaps
        checked += [plan.later.name] if rosters is not None else []
    return Verification(tuple(checked), tuple(differences), tuple(unchecked), receipt.sha256)


def _plan(receipt: Certificate) -> Plan:
    plan = receipt.plan
    try:
        stages = [Stage.model_validate(part) for part in plan["stage"]]
        if any(stage.method not in METHODS for stage in stages):
            raise ValueError("method")
        reserves = Reserves.model_validate(plan["reserves"]) if "reserves" in plan else None
        section = FrameSection.model_validate({"file": "", **plan["frame"]})
        return Plan(section, stages[0], stages[1] if len(stages) > 1 else None, reserves)
    except (KeyError, IndexError, TypeError, ValueError):
        raise CertificateError("凭证｜design.plan 不是抽样设计，内容被改动或不完整｜向抽样方索取原件") from None


def _hash_differences(receipt: Certificate) -> Iterator[str]:
    if not receipt.intact:
        yield f"凭证自身指纹：所载 {receipt.sha256[:16]}，按内容重算 {receipt.computed[:16]}，凭证内容在出具后被改动"
    own = hashlib.sha256(tickets.canonical(receipt.plan).encode()).hexdigest()
    stated = str(receipt.content["design"]["hash"])
    if own != stated:
        yield f"设计指纹：所载 {stated[:16]}，按所附设计重算 {own[:16]}"


def _frame_differences(receipt: Certificate, frame: Frame, plan: Plan) -> Iterator[str]:
    part = receipt.content["frame"]
    if part["fingerprint"] == frame.fingerprint:
        return
    stated_size = part.get("units", "?")
    yield f"名单指纹：所载 {str(part['fingerprint'])[:16]}（{stated_size} 个单位），现为 {frame.fingerprint[:16]}（{len(frame)} 个单位）"
    try:
        present = frame.fingerprints(plan.first.strata)
    except EvalkitError as found:
        yield f"名单：{found}"
        return
    stated = _mapping(part.get("strata"))
    for stratum in sorted({*stated, *present}):
        if stated.get(stratum) != present.get(stratum):
            kind = "凭证中没有" if stratum not in stated else "名单中没有" if stratum not in present else "内容不同"
            yield f"名单的层 {stratum}：{kind}"


def _first_differences(receipt: Certificate, frame: Frame, plan: Plan) -> Iterator[str]:
    stated = _mapping(_mapping(receipt.content["stages"].get(plan.first.name)).get("strata"))
    try:
        again = first_receipt(draw_villages(frame, plan.first, receipt.seed))
    except EvalkitError as found:
        yield f"重抽不成：{found}"
        return
    yield from _strata_differences(f"{plan.first.name} 层", stated, again)


def _later_differences(receipt: Certificate, plan: Plan, rosters: pd.DataFrame | None) -> tuple[list[str], list[str]]:
    if plan.later is None or rosters is None:
        return [], ["入户阶段未核对：没有给出名册（household stage not checked）"]
    stated = _mapping(_mapping(receipt.content["stages"].get(plan.later.name)).get("villages"))
    try:
        table = check_rosters(rosters, _stated_villages(receipt, plan), plan.later)
        cells = draw_households(table, plan.later, plan.reserves, receipt.seed)
    except EvalkitError as found:
        return [f"重抽不成：{found}"], []
    again = later_receipt(table, cells)
    gaps = [f"村 {village}：没有给出名册，该村抽户未核对" for village in sorted(set(stated) - set(again))]
    return [line for village in sorted(again) for line in _village_differences(village, stated.get(village), again[village])], gaps


def _stated_villages(receipt: Certificate, plan: Plan) -> frozenset[str]:
    strata = _mapping(_mapping(receipt.content["stages"].get(plan.first.name)).get("strata"))
    return frozenset(unit for stratum in strata.values() for unit in _ids(stratum))


def _village_differences(village: str, stated: Any, again: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(stated, dict):
        yield f"村 {village}：凭证中没有该村的抽户记录，名册中有"
        return
    if stated.get("roster") != again["roster"]:
        yield f"村 {village} 名册指纹：所载 {str(stated.get('roster'))[:16]}，现为 {again['roster'][:16]}"
    yield from _strata_differences(f"村 {village} 层", _mapping(stated.get("strata")), again["strata"])
    if stated.get("list") != again["list"]:
        yield f"村 {village} 农户清单（含备选次序）：所载指纹 {str(stated.get('list'))[:16]}，重抽 {again['list'][:16]}"


def _strata_differences(where: str, stated: Mapping[str, Any], again: Mapping[str, Any]) -> Iterator[str]:
    for stratum in sorted({*stated, *again}):
        then, now = stated.get(stratum), again.get(stratum)
        if then == now:
            continue
        if not isinstance(then, dict) or not isinstance(now, dict):
            yield f"{where} {stratum}：{'凭证中没有这一层' if now else '重抽中没有这一层'}"
        elif sorted(_ids(then)) != sorted(_ids(now)):
            yield f"{where} {stratum} 入样单位：所载 {'、'.join(_ids(then)) or '无'}，重抽 {'、'.join(_ids(now)) or '无'}"
        else:
            keys = [key for key in sorted({*then, *now}) if then.get(key) != now.get(key)]
            yield f"{where} {stratum}：" + "；".join(_field_difference(key, then.get(key), now.get(key)) for key in keys)


def _field_difference(key: str, then: Any, now: Any) -> str:
    if isinstance(then, list) or isinstance(now, list):
        return f"{WORDS.get(key, key)}不同"
    return f"{WORDS.get(key, key)} 所载 {str(then)[:16]}，重抽 {str(now)[:16]}"


def _ids(stratum: Any) -> list[str]:
    units = _mapping(stratum).get("units")
    return [str(unit.get("id")) for unit in units if isinstance(unit, dict)] if isinstance(units, list) else []


def _mapping(part: Any) -> Mapping[str, Any]:
    return part if isinstance(part, dict) else {}
