"""Each stage drawn again, and held field by field against what the certificate states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit import tickets
from evalkit.certificate import FORMAT, OUTSIDE, Certificate, read_annex
from evalkit.engines import FILES
from evalkit.errors import CertificateError, EvalkitError
from evalkit.frame import Frame, declared_frame
from evalkit.patience import Progress
from evalkit.sample.households import Cells, Earlier, check_rosters, draw_households, released_list
from evalkit.sample.rounds import Rounds, earlier_receipt, earlier_units
from evalkit.sample.samples import roster_receipts, stage_receipt
from evalkit.sample.villages import draw_villages, village_table
from evalkit.verification.outcomes import Verification
from evalkit.verification.stated import StatedPlan, stated_plan
from evalkit.verification.telling import ids, mapping, path_differences, same, strata_differences, village_differences

LISTED = ("household", "stratum", "role", "order", "digest")


@dataclass(frozen=True)
class Again:
    """What a new draw gives.

    Parameters
    ----------
    listed : dict of str to tuple of Cell
        The stages of the frame; empty where they cannot be drawn.
    later : dict of str to dict of str to tuple of Cell
        Village → stage → cells, for the rosters that were given.
    """

    listed: dict[str, Cells]
    later: dict[str, dict[str, Cells]]

    def drawn(self, plan: StatedPlan) -> frozenset[str]:
        """Return the units of the last stage of the frame."""
        return frozenset(unit for cell in self.listed.get(plan.listed[-1].name, ()) for unit in cell.chosen)


def verify(
    certificate: Certificate | str | Path,
    frame: Frame | str | Path,
    rosters: Any = None,
    *,
    annex: str | Path | None = None,
    earlier: Rounds = (),
    progress: Progress | None = None,
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
    rosters : pandas.DataFrame, table in an engine or path, optional
        As `read_rosters` gives them, or the register as `draw_next` takes it. Without them the household stage is not
        checked, and it says so.
    annex : str or pathlib.Path, optional
        The annex with the drawn households; each village's list is held against its hash in the certificate,
        and, where its roster is given, against the households drawn again.
    earlier : Sample, Certificate or path, or several of them
        Earlier rounds whose units were not drawn again, where the certificate says that there were any.
    progress : callable, optional
        Told a line a village whose households are drawn again.

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
    plan = stated_plan(receipt)
    origin = f"种子来源“{receipt.seed_origin}”：来源无法由重抽核对，凭抽签现场的公开记录查证"
    units = _given_frame(frame, plan)
    # asking an engine's table itself may read it
    named = isinstance(rosters, (str, Path)) and Path(rosters).suffix.lower() in FILES
    if not (rosters is None or named or hasattr(type(rosters), "columns")):
        raise CertificateError(f"rosters｜应为 read_rosters 读出的表，现为 {type(rosters).__name__}｜先用 read_rosters 读名册")
    made = receipt.stages
    gone, differences = _earlier_differences(receipt, plan, earlier)
    listed, found = _first_differences(receipt, units, plan, gone)
    differences = [*_hash_differences(receipt), *_frame_differences(receipt, units, plan), *differences, *found]
    again, unchecked = Again(listed, {}), list[str]()
    asked = plan.asked[-1].name if plan.asked else ""
    if asked and (asked in made or rosters is not None):
        again, found, unchecked = _later_differences(receipt, plan, units, rosters, Again(listed, {}), gone, progress)
        differences += found
    checked = [stage.name for stage in (*plan.listed, *(plan.asked if rosters is not None else ()))]
    differences += _rest_differences(receipt.content, units, plan)
    if annex is not None:
        differences += _annex_differences(receipt, plan, again, Path(annex) if isinstance(annex, str) else annex)
    return Verification(tuple(checked), tuple(differences), tuple(unchecked), receipt.sha256, (origin,))


def _given_frame(frame: Frame | str | Path, plan: StatedPlan) -> Frame:
    if isinstance(frame, Frame):
        return frame
    if not isinstance(frame, (str, Path)):
        raise CertificateError(f"frame｜应为 Frame 或名单文件的路径，现为 {type(frame).__name__}｜用 read_frame 读名单")
    return declared_frame(plan.frame, plan.listed, frame)


def _hash_differences(receipt: Certificate) -> Iterator[str]:
    if not receipt.intact:
        yield f"凭证自身指纹：所载 {receipt.sha256[:16]}，按内容重算 {receipt.computed[:16]}，凭证内容在出具后被改动"
    own = tickets.seal(receipt.plan)
    stated = receipt.design_hash
    if own != stated:
        yield f"设计指纹：所载 {stated[:16]}，按所附设计重算 {own[:16]}"


def _frame_differences(receipt: Certificate, frame: Frame, plan: StatedPlan) -> Iterator[str]:
    fingerprint, part = receipt.fingerprint, receipt.content["frame"]
    if fingerprint != frame.fingerprint:
        units = part.get("units", "?")
        yield f"名单指纹：所载 {fingerprint[:16]}（{units} 个单位），现为 {frame.fingerprint[:16]}（{len(frame)} 个单位）"
    try:
        present = frame.fingerprints(plan.listed[0].strata)
    except EvalkitError as found:
        yield f"名单：{found}"
        return
    stated = mapping(part.get("strata"))
    for stratum in sorted({*stated, *present}):
        if stated.get(stratum) != present.get(stratum):
            kind = "凭证中没有" if stratum not in stated else "名单中没有" if stratum not in present else "内容不同"
            yield f"名单的层 {stratum}：{kind}"


def _earlier_differences(receipt: Certificate, plan: StatedPlan, given: Rounds) -> tuple[dict[str, frozenset[str]], list[str]]:
    """Return the units that were not to be drawn again, and where they are not those of the certificate."""
    stated = mapping(receipt.content.get("earlier"))
    try:
        gone = earlier_units((*plan.listed, *plan.asked), given)
    except EvalkitError as found:
        return {}, [f"以前各轮：{found}"]
    again = earlier_receipt(gone)
    lines = [
        f"阶段 {name} 以前各轮已抽的单位：{'没有给出以前各轮的凭证' if not again else '与凭证所载不同'}"
        for name in sorted({*stated, *again})
        if not same(stated.get(name), again.get(name))
    ]
    return gone, lines


def _first_differences(
    receipt: Certificate, frame: Frame, plan: StatedPlan, gone: Earlier
) -> tuple[dict[str, Cells], list[str]]:
    """Return the stages of the frame as the new draw gives them, and where they differ."""
    try:
        drawn = draw_villages(frame, plan.listed, receipt.seed, gone)
    except EvalkitError as found:
        return {}, [f"重抽不成：{found}"]
    lines: list[str] = []
    for stage in plan.listed:
        stated = mapping(mapping(receipt.content["stages"].get(stage.name)).get("strata"))
        lines += strata_differences(f"{stage.name} 层", stated, stage_receipt(drawn[stage.name]))
    return drawn, lines


def _later_differences(
    receipt: Certificate, plan: StatedPlan, frame: Frame, rosters: Any, again: Again, gone: Earlier, progress: Progress | None
) -> tuple[Again, list[str], list[str]]:
    """Return the households drawn again, where their stages differ, and what was not checked."""
    listed, drawn = again.listed, again.drawn(plan)
    stated = {
        stage.name: mapping(mapping(receipt.content["stages"].get(stage.name)).get("villages")) for stage in plan.asked
    }  # fmt: skip
    known = stated[plan.asked[-1].name]
    lines = [f"村 {village}：凭证中有抽户记录，而该村没有被抽中" for village in sorted(set(known) - drawn)]
    if rosters is None:
        return again, lines, ["入户阶段未核对：没有给出名册（household stage not checked）"]
    if not listed:
        return again, lines, ["入户阶段未核对：抽村重抽不成"]
    try:
        table = check_rosters(rosters, _stated_villages(receipt, plan) | drawn, plan.asked)
        table = table[table["village"].isin(drawn)]
        villages = village_table(frame, plan.listed, listed, len(plan.listed) - 1)
        again = Again(listed, draw_households(table, plan.asked, plan.reserves, receipt.seed, villages, gone, progress))
    except EvalkitError as found:
        return again, [*lines, f"重抽不成：{found}"], []
    receipts = roster_receipts(plan.asked, table, again.later)
    for name, by_village in receipts.items():
        for village, now in sorted(by_village.items()):
            lines += village_differences(village, stated[name].get(village), now)
    return again, lines, [f"村 {village}：没有给出名册，该村抽户未核对" for village in sorted(drawn & set(known) - set(again.later))]


def _rest_differences(content: Mapping[str, Any], frame: Frame, plan: StatedPlan) -> Iterator[str]:
    """Yield every path outside of what the other checks tell where the content is not the one made anew."""
    seed, present = content["seed"], content["stages"]
    stages: dict[str, Any] = {stage.name: {"method": stage.method} for stage in plan.listed}
    # households may not have been drawn yet; rosters that are given are told village by village
    stages |= {stage.name: {"method": stage.method} for stage in plan.asked if stage.name in present}
    again = {
        "format": FORMAT,
        "frame": {"units": len(frame)},
        "design": {"plan": plan.normal},
        "seed": {"value": tickets.clean(str(seed["value"])), "origin": seed["origin"]},
        "stages": stages,
    }
    stated = {part: _untold(part, inner, plan) for part, inner in content.items() if part != "earlier"}
    yield from path_differences(stated, again)


def _untold(part: str, stated: Any, plan: StatedPlan) -> Any:
    """Return a part of the content without what the other checks tell in words of their own."""
    if part == "stages":
        told = {stage.name: "strata" for stage in plan.listed} | {stage.name: "villages" for stage in plan.asked}
        return {name: _without(stage, told.get(name, "")) for name, stage in mapping(stated).items()}
    return _without(stated, *{"frame": ("fingerprint", "strata"), "design": ("hash",)}.get(part, ()))


def _without(part: Any, *keys: str) -> Any:
    return {key: inner for key, inner in part.items() if key not in keys} if isinstance(part, dict) else part


def _annex_differences(receipt: Certificate, plan: StatedPlan, again: Again, path: Path) -> Iterator[str]:
    """Yield the villages whose households in the annex are not those of the certificate or of the new draw."""
    annex, name = read_annex(path), f"附件 {path.name}"
    own = tickets.seal({key: part for key, part in annex.items() if key not in OUTSIDE})
    if annex["sha256"] != own:
        yield f"{name}自身指纹：所载 {annex['sha256'][:16]}，按内容重算 {own[:16]}，附件在出具后被改动"
    if annex["certificate"] != receipt.sha256:
        yield f"{name}：所属凭证指纹 {annex['certificate'][:16]}，不是这份凭证 {receipt.sha256[:16]}"
    for key in sorted(set(annex) - {"format", "certificate", "villages", *OUTSIDE}):
        yield f"{name}：多出 {key}"
    last = plan.names[-1]
    stage = receipt.content["stages"].get(last) if plan.asked else None
    stated, listed = mapping(mapping(stage).get("villages")), annex["villages"]
    for village in sorted({*listed, *stated}):
        rows = listed.get(village)
        if village not in stated:
            yield f"{name}：村 {village} 有农户清单，凭证中没有该村的抽户记录"
        elif rows is None:
            yield f"{name}：没有村 {village} 的农户清单"
        elif village in again.later and not same(rows, released_list(again.later[village][last])):
            yield f"{name}：村 {village} 的农户与重抽不同"
        elif _list_fingerprint(rows) != mapping(stated[village]).get("list"):
            yield f"{name}：村 {village} 的农户与凭证所载的清单指纹不符"


def _list_fingerprint(rows: list[dict[str, Any]]) -> str:
    """Return what a certificate states of a list, or nothing where a row is not of its form."""
    sound = all(set(row) == set(LISTED) for row in rows)
    return tickets.fingerprint([row[key] for key in LISTED] for row in rows) if sound else ""


def _stated_villages(receipt: Certificate, plan: StatedPlan) -> frozenset[str]:
    strata = mapping(mapping(receipt.content["stages"].get(plan.listed[-1].name)).get("strata"))
    return frozenset(unit for stratum in strata.values() for unit in ids(stratum))
