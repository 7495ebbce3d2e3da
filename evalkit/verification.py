"""Verification: the draw made again from a certificate, and every place where it comes out otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit import tickets
from evalkit.certificate import FORMAT, OUTSIDE, Certificate, read_annex
from evalkit.design.declarations import UNHASHED
from evalkit.design.sections import FrameSection, Reserves, Section, Stage
from evalkit.errors import CertificateError, EvalkitError
from evalkit.frame import Frame, declared_frame
from evalkit.sample.cells import Cell
from evalkit.sample.households import check_rosters, draw_households, released_list
from evalkit.sample.samples import first_receipt, later_receipt
from evalkit.sample.villages import draw_villages
from evalkit.selection import METHODS

if TYPE_CHECKING:
    import pandas as pd

WORDS = {"N": "总数", "n": "抽取数", "cutoff": "截止号", "quota": "配额", "reserves": "备用户数", "units": "入样单位的编号、签号或概率"}
LISTED = ("household", "stratum", "role", "order", "digest")
ABSENT = object()


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
        What the certificate states and was not checked, and what is needed for it.
    certificate : str
        SHA-256 that the certificate states.
    beyond : tuple of str
        What no new draw can check: where the seed came from.
    """

    checked: tuple[str, ...]
    differences: tuple[str, ...]
    unchecked: tuple[str, ...]
    certificate: str
    beyond: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Return whether nothing differs in what was checked."""
        return not self.differences

    @property
    def complete(self) -> bool:
        """Return whether everything a new draw can check was checked."""
        return not self.unchecked

    @property
    def _outcome(self) -> str:
        found = f"{len(self.differences)} 处不一致"
        if self.complete:
            return "与重抽结果一致" if self.ok else found
        return f"部分核对，{'已核对的部分与重抽结果一致' if self.ok else found}"

    def text(self) -> str:
        """Return the outcome in full, one line each."""
        lines = [f"凭证 {self.certificate[:12]}：{self._outcome}", f"已核对阶段：{'、'.join(self.checked) or '无'}"]
        lines += [f"  不一致｜{difference}" for difference in self.differences]
        lines += [f"  未核对｜{gap}" for gap in self.unchecked]
        return "\n".join(lines + [f"  无法核对｜{claim}" for claim in self.beyond])

    def __repr__(self) -> str:
        outcome = self._outcome if self.ok else f"{self._outcome}，首处：{self.differences[0]}"
        gap = f"；未核对：{'；'.join(self.unchecked)}" if self.unchecked else ""
        return f"Verification 凭证 {self.certificate[:12]}，已核对 {'、'.join(self.checked) or '无'}：{outcome}{gap}"


@dataclass(frozen=True)
class Plan:
    """The part of a design that stands in a certificate."""

    frame: FrameSection
    first: Stage
    later: Stage | None
    reserves: Reserves | None
    normal: dict[str, Any]


def verify(
    certificate: Certificate | str | Path,
    frame: Frame | str | Path,
    rosters: pd.DataFrame | None = None,
    *,
    annex: str | Path | None = None,
) -> Verification:
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
    annex : str or pathlib.Path, optional
        The annex with the drawn households; each village's list is held against its hash in the certificate,
        and, where its roster is given, against the households drawn again.

    Returns
    -------
    Verification
        The whole content of the certificate is made anew, and every path where it differs is named.

    Raises
    ------
    CertificateError
        When the certificate or the annex cannot be read, its plan is not one, or an argument is of another kind.
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
    origin = f"种子来源“{receipt.seed_origin}”：来源无法由重抽核对，凭抽签现场的公开记录查证"
    units = _given_frame(frame, plan)
    if rosters is not None and not hasattr(rosters, "columns"):
        raise CertificateError(f"rosters｜应为 read_rosters 读出的表，现为 {type(rosters).__name__}｜先用 read_rosters 读名册")
    content, stages = receipt.content, receipt.stages
    drawn, differences = _first_differences(receipt, units, plan)
    differences = [*_hash_differences(receipt), *_frame_differences(receipt, units, plan), *differences]
    checked: list[str] = [plan.first.name]
    unchecked: list[str] = []
    again: dict[str, tuple[Cell, ...]] = {}
    if plan.later is not None and (plan.later.name in stages or rosters is not None):
        again, found, unchecked = _later_differences(receipt, plan, rosters, drawn)
        differences += found
        checked += [plan.later.name] if rosters is not None else []
    differences += _rest_differences(content, units, plan)
    if annex is not None:
        differences += _annex_differences(receipt, plan, again, Path(annex) if isinstance(annex, str) else annex)
    return Verification(tuple(checked), tuple(differences), tuple(unchecked), receipt.sha256, (origin,))


def _given_frame(frame: Frame | str | Path, plan: Plan) -> Frame:
    if isinstance(frame, Frame):
        return frame
    if not isinstance(frame, (str, Path)):
        raise CertificateError(f"frame｜应为 Frame 或名单文件的路径，现为 {type(frame).__name__}｜用 read_frame 读名单")
    return declared_frame(plan.frame, plan.first, frame)


def _plan(receipt: Certificate) -> Plan:
    plan = receipt.plan
    try:
        stages = [Stage.model_validate(part) for part in plan["stage"]]
        if any(stage.method not in METHODS for stage in stages) or len({stage.name for stage in stages}) < len(stages) or len(stages) > 2:
            raise ValueError("stage")
        reserves = Reserves.model_validate(plan["reserves"]) if "reserves" in plan else None
        section = FrameSection.model_validate({"file": "", **plan["frame"]})
        return Plan(section, stages[0], stages[1] if len(stages) > 1 else None, reserves, _normal(section, stages, reserves))
    except (KeyError, IndexError, TypeError, ValueError):
        raise CertificateError("凭证｜design.plan 不是抽样设计，内容被改动或不完整｜向抽样方索取原件") from None


def _normal(frame: FrameSection, stages: list[Stage], reserves: Reserves | None) -> dict[str, Any]:
    """Return a plan as a design writes it, with the keys that are stated: one left out has its default."""
    parts: dict[str, Sequence[Section]] = {"frame": [frame], "stage": stages, "reserves": [reserves] if reserves else []}
    written = {
        key: [part.model_dump(mode="json", exclude_none=True, exclude_unset=True, exclude=UNHASHED.get(key)) for part in each]
        for key, each in parts.items()
    }
    return {key: each if key == "stage" else each[0] for key, each in written.items() if each}


def _hash_differences(receipt: Certificate) -> Iterator[str]:
    if not receipt.intact:
        yield f"凭证自身指纹：所载 {receipt.sha256[:16]}，按内容重算 {receipt.computed[:16]}，凭证内容在出具后被改动"
    own = tickets.seal(receipt.plan)
    stated = receipt.design_hash
    if own != stated:
        yield f"设计指纹：所载 {stated[:16]}，按所附设计重算 {own[:16]}"


def _frame_differences(receipt: Certificate, frame: Frame, plan: Plan) -> Iterator[str]:
    fingerprint, part = receipt.fingerprint, receipt.content["frame"]
    if fingerprint != frame.fingerprint:
        units = part.get("units", "?")
        yield f"名单指纹：所载 {fingerprint[:16]}（{units} 个单位），现为 {frame.fingerprint[:16]}（{len(frame)} 个单位）"
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


def _first_differences(receipt: Certificate, frame: Frame, plan: Plan) -> tuple[frozenset[str], list[str]]:
    """Return the villages that the new draw gives, and where the first stage differs."""
    stated = _mapping(_mapping(receipt.content["stages"].get(plan.first.name)).get("strata"))
    try:
        cells = draw_villages(frame, plan.first, receipt.seed)
    except EvalkitError as found:
        return frozenset(), [f"重抽不成：{found}"]
    drawn = frozenset(unit for cell in cells for unit in cell.chosen)
    return drawn, list(_strata_differences(f"{plan.first.name} 层", stated, first_receipt(cells)))


def _later_differences(
    receipt: Certificate, plan: Plan, rosters: pd.DataFrame | None, drawn: frozenset[str]
) -> tuple[dict[str, tuple[Cell, ...]], list[str], list[str]]:
    """Return the households drawn again, where the later stage differs, and what was not checked."""
    assert plan.later is not None
    stated = _mapping(_mapping(receipt.content["stages"].get(plan.later.name)).get("villages"))
    lines = [f"村 {village}：凭证中有抽户记录，而该村没有被抽中" for village in sorted(set(stated) - drawn)]
    if rosters is None:
        return {}, lines, ["入户阶段未核对：没有给出名册（household stage not checked）"]
    try:
        table = check_rosters(rosters, _stated_villages(receipt, plan), plan.later)
        cells = draw_households(table, plan.later, plan.reserves, receipt.seed)
    except EvalkitError as found:
        return {}, [*lines, f"重抽不成：{found}"], []
    again = later_receipt(table, cells)
    lines += [line for village in sorted(again) for line in _village_differences(village, stated.get(village), again[village])]
    return cells, lines, [f"村 {village}：没有给出名册，该村抽户未核对" for village in sorted(drawn & set(stated) - set(again))]


def _rest_differences(content: Mapping[str, Any], frame: Frame, plan: Plan) -> Iterator[str]:
    """Yield every path outside of what the other checks tell where the content is not the one made anew."""
    seed = content["seed"]
    stages: dict[str, Any] = {stage.name: {"method": stage.method} for stage in (plan.first, plan.later) if stage is not None}
    if plan.later is not None and plan.later.name not in content["stages"]:
        del stages[plan.later.name]  # households not drawn yet; rosters that are given are told village by village
    again = {
        "format": FORMAT,
        "frame": {"units": len(frame)},
        "design": {"plan": plan.normal},
        "seed": {"value": tickets.clean(str(seed["value"])), "origin": seed["origin"]},
        "stages": stages,
    }
    yield from _path_differences({part: _untold(part, stated, plan) for part, stated in content.items()}, again)


def _untold(part: str, stated: Any, plan: Plan) -> Any:
    """Return a part of the content without what the other checks tell in words of their own."""
    if part == "stages":
        told = {plan.first.name: "strata", **({plan.later.name: "villages"} if plan.later else {})}
        return {name: _without(stage, told.get(name, "")) for name, stage in _mapping(stated).items()}
    return _without(stated, *{"frame": ("fingerprint", "strata"), "design": ("hash",)}.get(part, ()))


def _without(part: Any, *keys: str) -> Any:
    return {key: inner for key, inner in part.items() if key not in keys} if isinstance(part, dict) else part


def _path_differences(stated: Any, again: Any, path: str = "") -> Iterator[str]:
    if isinstance(stated, dict) and isinstance(again, dict):
        for key in sorted({*stated, *again}):
            yield from _path_differences(stated.get(key, ABSENT), again.get(key, ABSENT), f"{path}.{key}" if path else key)
    elif isinstance(stated, list) and isinstance(again, list) and len(stated) == len(again):
        for i, (then, now) in enumerate(zip(stated, again, strict=True), 1):
            yield from _path_differences(then, now, f"{path}[{i}]")
    elif not _same(stated, again):
        yield f"{path}：所载 {_brief(stated)}，重算 {_brief(again)}"


def _same(stated: Any, again: Any) -> bool:
    """Return whether two parts have one canonical text: 1, 1.0 and true are three."""
    return stated is again or (ABSENT not in (stated, again) and tickets.canonical(stated) == tickets.canonical(again))


def _brief(part: Any) -> str:
    return "无" if part is ABSENT else tickets.canonical(part)[:40]


def _annex_differences(receipt: Certificate, plan: Plan, again: Mapping[str, tuple[Cell, ...]], path: Path) -> Iterator[str]:
    """Yield the villages whose households in the annex are not those of the certificate or of the new draw."""
    annex, name = read_annex(path), f"附件 {path.name}"
    own = tickets.seal({key: part for key, part in annex.items() if key not in OUTSIDE})
    if annex["sha256"] != own:
        yield f"{name}自身指纹：所载 {annex['sha256'][:16]}，按内容重算 {own[:16]}，附件在出具后被改动"
    if annex["certificate"] != receipt.sha256:
        yield f"{name}：所属凭证指纹 {annex['certificate'][:16]}，不是这份凭证 {receipt.sha256[:16]}"
    for key in sorted(set(annex) - {"format", "certificate", "villages", *OUTSIDE}):
        yield f"{name}：多出 {key}"
    stage = receipt.content["stages"].get(plan.later.name) if plan.later else None
    stated, listed = _mapping(_mapping(stage).get("villages")), annex["villages"]
    for village in sorted({*listed, *stated}):
        rows = listed.get(village)
        if village not in stated:
            yield f"{name}：村 {village} 有农户清单，凭证中没有该村的抽户记录"
        elif rows is None:
            yield f"{name}：没有村 {village} 的农户清单"
        elif village in again and not _same(rows, released_list(again[village])):
            yield f"{name}：村 {village} 的农户与重抽不同"
        elif _list_fingerprint(rows) != _mapping(stated[village]).get("list"):
            yield f"{name}：村 {village} 的农户与凭证所载的清单指纹不符"


def _list_fingerprint(rows: list[dict[str, Any]]) -> str:
    """Return what a certificate states of a list, or nothing where a row is not of its form."""
    sound = all(set(row) == set(LISTED) for row in rows)
    return tickets.fingerprint([row[key] for key in LISTED] for row in rows) if sound else ""


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
        yield f"村 {village} 农户清单（含备用户次序）：所载指纹 {str(stated.get('list'))[:16]}，重抽 {again['list'][:16]}"
    for key in sorted(set(stated) - set(again)):
        yield f"村 {village}：凭证中多出 {key}"


def _strata_differences(where: str, stated: Mapping[str, Any], again: Mapping[str, Any]) -> Iterator[str]:
    for stratum in sorted({*stated, *again}):
        then, now = stated.get(stratum), again.get(stratum)
        if _same(then, now):
            continue
        if not isinstance(then, dict) or not isinstance(now, dict):
            yield f"{where} {stratum}：{'凭证中没有这一层' if now else '重抽中没有这一层'}"
        elif sorted(_ids(then)) != sorted(_ids(now)):
            yield f"{where} {stratum} 入样单位：所载 {'、'.join(_ids(then)) or '无'}，重抽 {'、'.join(_ids(now)) or '无'}"
        else:
            keys = [key for key in sorted({*then, *now}) if not _same(then.get(key), now.get(key))]
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
