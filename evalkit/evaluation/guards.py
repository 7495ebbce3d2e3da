"""What a step refuses: a seed that is no seed, files that changed since they were drawn from, results that are stale."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from evalkit import tickets
from evalkit.ceremony import Ceremony
from evalkit.design.judgement import IncidenceRate
from evalkit.errors import CeremonyError, CertificateError, DrawError, EvalkitError, FieldworkError
from evalkit.ledger import Ledger

if TYPE_CHECKING:
    from pathlib import Path

    from evalkit.certificate import Certificate
    from evalkit.design import Design
    from evalkit.evaluation.folder import Folder
    from evalkit.frame import Frame
    from evalkit.ledger import Ledger
    from evalkit.sample import Sample

FOREIGN = "draw/certificate.json｜不是台账最后记下的那一份凭证｜恢复原件；确需重抽时用 evalkit draw --reason"
BY_CEREMONY = "公开仪式："  # how the origin of such a seed begins
DECIDING = {"case": "案件", "resolve": "裁定"}  # steps of the ledger that results are made from
SEED_DIGITS = 20  # ten-sided dice to about 66 bits: too many to try them all


def sound_seed(seed: str) -> str:
    """Return a seed that was made in public: at least 20 digits, blanks between them left out.

    Raises
    ------
    DrawError
        When it holds anything but digits, or too few.

    Examples
    --------
    >>> sound_seed("31415 92653 58979 32384")
    '31415926535897932384'
    """
    digits = "".join(seed.split())
    if not (digits.isascii() and digits.isdigit()) or len(digits) < SEED_DIGITS:
        raise DrawError(f"种子｜应为至少 {SEED_DIGITS} 位数字，现有 {len(digits)} 个字符｜当众掷十面骰子，记下 {SEED_DIGITS} 位数字")
    return digits


def given_seed(given: str) -> str:
    """Return a seed that somebody typed; a blank one is refused and not read as none.

    Raises
    ------
    DrawError
    """
    if not given.strip():
        raise DrawError(
            f"--seed｜写了空白，应为至少 {SEED_DIGITS} 位数字｜键入 --seed 加公开产生的数字；用仪式或样例的种子时，去掉 --seed"
        )
    return sound_seed(given)


def chosen_seed(given: str | None, folder: Folder, design: Design) -> tuple[str, str]:
    """Return the seed of a draw and where it comes from: the one that is given, else the ceremony's, else that of a specimen."""
    if given is not None:
        return given_seed(given), "由操作者给定"
    ceremony = folder.ceremony()
    if ceremony:
        return sound_seed(ceremony[0]), f"{BY_CEREMONY}{ceremony[1]}"
    if design.specimen:
        return design.specimen.seed, "样例自带"
    raise DrawError("种子｜没有种子｜键入 --seed 加至少 20 位公开产生的数字，或写 draw/ceremony.toml（seed 与 how 两行）")


def refuse_edited_certificate(saved: Certificate, ledger: Ledger) -> None:
    """Refuse a certificate whose content is not what its hash says, or that is not the last one the ledger knows.

    Raises
    ------
    CertificateError
    """
    if not saved.intact:
        raise CertificateError("draw/certificate.json｜内容与它自己的指纹不符，文件被改动过｜恢复原件；键入 evalkit verify 查看差别")
    if _issued(ledger) not in ("", saved.sha256):
        raise CertificateError(FOREIGN)


def refuse_foreign_draw(first: Certificate, ledger: Ledger) -> None:
    """Refuse a first stage, drawn again by the certificate's seed, that is not the draw which the ledger noted last.

    Raises
    ------
    CertificateError
    """
    draws = ledger.entries("draw")
    if draws and draws[-1].detail["certificate"] != first.sha256:
        raise CertificateError(FOREIGN)


def was_issued(ledger: Ledger, certificate: Certificate) -> bool:
    """Say whether this is the certificate that the ledger noted last.

    A certificate is noted before it is written. So a step that was cut off in between makes, when it is
    repeated, the certificate that the ledger already knows, and only has to write it.
    """
    return _issued(ledger) == certificate.sha256


def _issued(ledger: Ledger) -> str:
    noted = [str(entry.detail["certificate"]) for entry in ledger.entries() if "certificate" in entry.detail]
    return noted[-1] if noted else ""


def noted_record(ledger: Ledger) -> str:
    """Return the fingerprint of the ceremony's record that the ledger noted last, empty where there was no ceremony."""
    noted = [str(entry.detail["record"]) for entry in ledger.entries() if "record" in entry.detail]
    return noted[-1] if noted else ""


def earlier_hash(drawn: Certificate) -> str:
    """Return the hash of what a draw left out because earlier rounds took it, empty when nothing was."""
    earlier = drawn.content.get("earlier")
    return tickets.seal(earlier) if earlier else ""


def refuse_edited_record(ceremony: Ceremony, ledger: Ledger) -> None:
    """Refuse a record of a ceremony that is not the one which the ledger noted last.

    Raises
    ------
    CeremonyError
    """
    if ceremony.fingerprint != noted_record(ledger):
        told = "不是台账最后记下的那一份记录｜恢复原件；上一步中断过的，先把那一步原样再键入一次"
        raise CeremonyError(f"draw/ceremony.json｜{told}")


def refuse_unannounced(folder: Folder, ledger: Ledger, sample: Sample, *, given: bool, reason: str | None) -> None:
    """Refuse a seed that passes by the ceremony, or a ceremony that was held for something else than what is drawn.

    Parameters
    ----------
    sample : Sample
        Drawn by the seed, not yet written.
    given : bool
        Whether the seed was typed in.
    reason : str or None
        Why a seed from elsewhere is used although a ceremony was announced.

    Raises
    ------
    CeremonyError
    """
    if not given and folder.record.exists():
        ceremony = Ceremony.load(folder.record)
        refuse_edited_record(ceremony, ledger)
        ceremony.refuse_other(sample.frame, sample.design, earlier_hash(sample.certificate))
    elif noted_record(ledger) and not (reason or "").strip():
        way = "恢复 draw/ceremony.json，不写 --seed；确需另用种子的，加 --reason 说明理由，理由记入台账和报告"
        raise CeremonyError(f"种子｜台账记有抽签仪式，而种子不是由它产生的｜{way}")


def seed_changes(folder: Folder, ledger: Ledger, saved: Certificate) -> Iterator[str]:
    """Yield where the seed of a certificate is not that of the ceremony which it names."""
    if not folder.record.exists() or not saved.seed_origin.startswith(BY_CEREMONY):
        return
    ceremony = Ceremony.load(folder.record)
    if ceremony.fingerprint != noted_record(ledger):
        yield "draw/ceremony.json：不是台账最后记下的那一份记录"
    if not ceremony.complete or (ceremony.seed, f"{BY_CEREMONY}{ceremony.how}") != (saved.seed, saved.seed_origin):
        yield "种子：凭证所载的种子或来历，不是 draw/ceremony.json 产生的"


def refuse_unsound_totals(frame: Frame, design: Design) -> None:
    """Refuse, before anybody goes to the field, columns of the frame whose sums the rates will need.

    Raises
    ------
    FrameError
        With the cells that are no numbers.
    """
    for rate in design.rates:
        if isinstance(rate, IncidenceRate):
            for total in (rate.totals.remaining, rate.totals.exited, rate.totals.non_registry, rate.totals.rural):
                if total.column:
                    frame.total(total.column)


def refuse_changed_plan(saved: Certificate, frame: Frame, design: Design) -> None:
    """Refuse a frame or a design that is not the one of the certificate, naming what changed.

    Raises
    ------
    FieldworkError
    """
    changed = list(plan_changes(saved.plan, design.plan())) if design.hash != saved.design_hash else []
    if changed:
        raise FieldworkError(f"design.toml 在抽样之后改动过：{'；'.join(changed[:5])}｜恢复抽样时的写法；确需改动的，另建文件夹重新抽样")
    if frame.fingerprint != saved.fingerprint:
        raise FieldworkError("frame/ 中的名单在抽样之后改动过｜恢复抽样时的名单；键入 evalkit verify 查看差别在哪些层")


def plan_changes(stated: Any, now: Any, path: str = "") -> Iterator[str]:
    """Yield where two plans differ: path, what the certificate states, what the design says now.

    Examples
    --------
    >>> list(plan_changes({"stage": [{"n": 2}]}, {"stage": [{"n": 3}]}))
    ['stage[1].n：凭证为 2，现为 3']
    """
    if isinstance(stated, Mapping) and isinstance(now, Mapping):
        for key in sorted({*stated, *now}):
            yield from plan_changes(stated.get(key), now.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(stated, list) and isinstance(now, list) and len(stated) == len(now):
        for i, (then, present) in enumerate(zip(stated, now, strict=True), 1):
            yield from plan_changes(then, present, f"{path}[{i}]")
    elif stated != now:
        yield f"{path}：凭证为 {'无' if stated is None else stated}，现为 {'无' if now is None else now}"


def refuse_changed_rosters(saved: Certificate, now: Certificate) -> None:
    """Refuse rosters that were drawn from and have changed or gone.

    Raises
    ------
    FieldworkError
        Naming the villages.
    """
    changed = sorted(village for village, then in saved.rosters.items() if now.rosters.get(village) != then)
    if changed:
        raise FieldworkError(f"{'、'.join(changed[:10])}｜这些村的名册在抽户之后改动或移走了｜恢复抽户时的名册文件")


def refuse_second_draw(folder: Folder, reason: str | None) -> None:
    """Refuse to replace a draw without a reason, or once interviews have come in.

    A certificate that was removed does not undo its draw: the ledger remembers it.

    Raises
    ------
    DrawError
    """
    if not reason:
        remedy = "恢复原样；确需重抽时加 --reason 说明理由，理由记入台账和报告"
        raise DrawError(f"draw/certificate.json｜已经抽过，而种子、名单或设计不同｜{remedy}")
    if folder.tables("returns"):
        raise DrawError("returns/ 中已有回收表｜调查开始后不能重抽｜另建一个文件夹")


def made_from(folder: Folder, saved: Certificate) -> dict[str, str]:
    """Return the fingerprints of all that results are made from; cases and resolutions of the ledger are told where there are any."""
    returned = hashlib.sha256(b"".join(_digest(path) for path in folder.tables("returns"))).hexdigest()
    decided = {f"台账（{word}）": entries[-1].hash for step, word in DECIDING.items() if (entries := Ledger(folder.ledger).entries(step))}
    return {"design.toml": _digest(folder.design).hex(), "draw/": saved.sha256, "returns/": returned} | decided


def refuse_stale_results(stated: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Refuse results that were made from other files than those that lie in the folder now.

    Raises
    ------
    EvalkitError
        Naming what has changed since.
    """
    changed = [name for name in now if stated.get(name) != now[name]]
    if changed:
        raise EvalkitError(f"results/｜在估计之后改动过：{'、'.join(changed)}｜先键入 evalkit estimate，再写报告")


def _digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()
