"""What is opened to whom, and when: the seed by a ceremony, one day's villages to a team, everything to the public at the end."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from evalkit.ceremony import Ceremony, new_secret, read_secret
from evalkit.certificate import Certificate
from evalkit.errors import CeremonyError, CertificateError, FieldworkError, LedgerError
from evalkit.evaluation.folder import Folder
from evalkit.evaluation.guards import earlier_hash, noted_record, refuse_edited_record
from evalkit.evaluation.restricted import refuse_clues
from evalkit.evaluation.steps import Evaluation, Said
from evalkit.fieldwork import write_lists
from evalkit.fieldwork.lists import safe_name
from evalkit.formats import check_format
from evalkit.sheets import write_bytes
from evalkit.verifiers import write_verifiers

FORMAT = 1  # of the hashes that are made public
ANNOUNCED, HASHES, VILLAGES, GUIDE = "announcement.json", "hashes.json", "certificate_villages.json", "核对方法.txt"


def announce(evaluation: Evaluation, reason: str | None = None) -> Said:
    """Fix frame, design and earlier rounds before the seed exists, and write their hashes for the public.

    A draw is made for nothing first: what it would refuse must not come to light when the seed is known.

    Raises
    ------
    CeremonyError
        When the ledger knows of a ceremony that is not this one just begun, and no reason is given for another.
    """
    folder, ledger = evaluation.folder, evaluation.ledger
    ceremony = _begun(evaluation, earlier_hash(evaluation.trial().certificate), " ".join((reason or "").split()))
    if noted_record(ledger) != ceremony.fingerprint:
        _set_record_aside(folder)
        detail = {"record": ceremony.fingerprint, "design": ceremony.design, "attempt": ceremony.attempt, "reason": ceremony.reason}
        ledger.append("announce", ceremony.frame, detail)
    _keep(folder, ceremony)
    return (
        f"公告：名单指纹 {ceremony.frame}，设计指纹 {ceremony.design}{_numbered(ceremony)}",
        f"写入 public/{ANNOUNCED}，请在产生种子之前公布；此后改动名单或设计，抽样会被拒绝",
    )


def secret(party: str, path: str | Path) -> Said:
    """Write the secret of one party to a file of its own, which stays with it until all have committed."""
    made = new_secret(party)
    target = Path(path)
    if target.exists():
        raise CeremonyError(f"{target}｜已有这个文件｜换一个文件名，秘密不能覆盖")
    write_bytes(target, f"{json.dumps(made, ensure_ascii=False, indent=1)}\n".encode())
    target.chmod(0o600)
    return f"{made['party']} 的承诺：{made['commitment']}", f"秘密在 {target}，各方都承诺之前不得示人"


def commit(evaluation: Evaluation, party: str, promised: str) -> Said:
    """Take the commitment of a party."""
    _refuse_used(evaluation, promised)
    ceremony = _advanced(evaluation, "commit", party, lambda known: known.commit(party, promised), commitment=promised.strip().lower())
    named = "、".join(sorted(ceremony.commitments))
    return f"承诺：现有 {len(ceremony.commitments)} 方（{named}）", f"承诺写入 public/{ANNOUNCED}；各方在其中见到自己的承诺，才可公开秘密数"


def reveal(evaluation: Evaluation, path: str | Path) -> Said:
    """Take the secret of a party from its file; the seed itself is not shown."""
    party, hidden, salt = read_secret(path)
    ceremony = _advanced(evaluation, "reveal", party, lambda known: known.reveal(party, hidden, salt))
    return f"公开：{party}，与承诺相符", _state(ceremony)


def dice(evaluation: Evaluation, digits: str, witnesses: Sequence[str]) -> Said:
    """Take the digits that were thrown with ten-sided dice."""
    ceremony = _advanced(evaluation, "dice", "", lambda known: known.throw(digits, witnesses))
    return f"掷骰：记下 {len(ceremony.dice)} 位数字，见证：{'、'.join(ceremony.witnesses)}", _state(ceremony)


def release(evaluation: Evaluation, villages: Sequence[str], *, team: str, day: str, reason: str | None = None) -> Said:
    """Open the lists of one day's villages to one team, and log it.

    What is opened is written anew from the sample, so that a list that was changed in ``lists/`` goes to nobody; a file that the
    team has already got is left as it is.

    Raises
    ------
    FieldworkError
        For a village that was not drawn or whose roster has not arrived, or that another team or day has already got, without
        a reason; for a team or a day that is none.
    """
    asked = list(dict.fromkeys(villages))
    _refuse_unnamed(team, day)
    _refuse_undrawn(evaluation, asked)
    _refuse_released(evaluation, asked, team, day, reason)
    place = f"released/{day}/{team}"
    with tempfile.TemporaryDirectory() as desk:
        lists = write_lists(evaluation.agreed_sample(), desk, only=asked, progress=evaluation.progress)
        for village, path in zip(sorted(asked), lists, strict=True):
            seal = hashlib.sha256(path.read_bytes()).hexdigest()
            detail = {"team": team, "day": day, "list": seal, "reason": reason or "", "draw": _draw_number(evaluation)}
            evaluation.ledger.append("release", village, detail)
        kept = evaluation.folder.add(place, lists)
    left = len(set(evaluation.sample().villages) - set(_released(evaluation)))
    filled = f"，其中 {kept} 份已填写，保持原样" if kept else ""
    told = f"尚未发放 {left} 个村" if left else "各村名单均已发放"
    return f"发放：{day} {team}，{len(asked)} 个村的名单在 {place}/{filled}，已记入台账", told


def publish(evaluation: Evaluation, reason: str | None = None) -> Said:
    """Write what the public may see: hashes at any time; the certificate and both verifiers once the last village is done.

    Parameters
    ----------
    reason : str, optional
        Why the certificate is opened although villages are still to be visited.
    """
    refuse_clues(evaluation)
    folder, saved, waiting = evaluation.folder, evaluation.saved(), _waiting(evaluation)
    _refuse_lost_ledger(evaluation)
    if waiting and not (reason or "").strip():
        _write_hashes(evaluation, "hashes", {})
        return f"公布：指纹写入 public/{HASHES}；凭证仍须密封", waiting
    first = _first_certificate(evaluation, saved)
    _write_hashes(evaluation, "publish", {"reason": reason or "", "waiting": waiting})
    saved.save(folder.part("public") / folder.certificate.name)
    first.save(folder.part("public") / VILLAGES)
    if folder.record.exists():
        write_bytes(folder.part("public") / folder.record.name, folder.record.read_bytes())
    script, page = write_verifiers(folder.root / "public")
    write_bytes(folder.root / "public" / GUIDE, _guide(saved, first, script.name, page.name).encode())
    return (
        f"公布：抽样凭证与两个核对工具（{script.name}、{page.name}）写入 public/",
        "农户附件 draw/annex.json 只交有关各方，不得公开",
    )


def _begun(evaluation: Evaluation, earlier: str, reason: str) -> Ceremony:
    """Return the ceremony that was just begun, or another with its number and reason: none is ever begun unseen."""
    entries = evaluation.ledger.entries("announce")
    if not entries:
        return Ceremony.announce(evaluation.frame, evaluation.design, earlier)
    last = entries[-1].detail
    again = Ceremony.announce(evaluation.frame, evaluation.design, earlier, last["attempt"], last["reason"])
    if again.fingerprint == noted_record(evaluation.ledger) and reason in ("", again.reason):
        return again
    if not reason:
        way = "继续那一次；确需另开的，加 --reason 说明理由，理由记入台账，并写在种子的来历中"
        raise CeremonyError(f"draw/ceremony.json｜台账记有第 {last['attempt']} 次仪式｜{way}")
    return Ceremony.announce(evaluation.frame, evaluation.design, earlier, last["attempt"] + 1, reason)


def _refuse_used(evaluation: Evaluation, promised: str) -> None:
    """Refuse a commitment of an earlier ceremony: its secret may be known, and who knows it can steer the seed."""
    entries = evaluation.ledger.entries("commit")
    now = max((entry.detail["attempt"] for entry in evaluation.ledger.entries("announce")), default=1)
    used = [entry.detail.get("commitment") for entry in entries if entry.detail["attempt"] < now]
    if promised.strip().lower() in used:
        raise CeremonyError("抽签仪式｜这个承诺在以前的仪式中用过，秘密数可能已经公开｜用 evalkit ceremony secret 另产生一个")


def _advanced(evaluation: Evaluation, step: str, party: str, change: Callable[[Ceremony], Ceremony], **detail: str) -> Ceremony:
    """Take one step of the ceremony: into the ledger first, then into its record, so that a step cut off can be repeated."""
    folder, ledger = evaluation.folder, evaluation.ledger
    if not folder.record.exists():
        raise CeremonyError("draw/ceremony.json｜还没有公告名单与设计的指纹｜先键入 evalkit ceremony announce")
    before = Ceremony.load(folder.record)
    after = change(before)
    if noted_record(ledger) != after.fingerprint:
        refuse_edited_record(before, ledger)
        ledger.append(step, " ".join(party.split()), {"record": after.fingerprint, "attempt": after.attempt, **detail})
    _keep(folder, after)
    return after


def _keep(folder: Folder, ceremony: Ceremony) -> None:
    ceremony.save(folder.part("draw") / folder.record.name)
    _write(folder.part("public") / ANNOUNCED, ceremony.announcement)


def _set_record_aside(folder: Folder) -> None:
    """Keep the record of a ceremony that is given up: it shows who revealed and who did not."""
    if folder.record.exists():
        number = next(i for i in range(1, 1000) if not folder.record.with_name(f"ceremony-旧{i}.json").exists())
        folder.record.rename(folder.record.with_name(f"ceremony-旧{number}.json"))


def _numbered(ceremony: Ceremony) -> str:
    return f"；这是第 {ceremony.attempt} 次仪式" if ceremony.attempt > 1 else ""


def _state(ceremony: Ceremony) -> str:
    if ceremony.complete:
        return f"种子已经产生，密封在 draw/ceremony.json，记录指纹 {ceremony.fingerprint[:16]}；可以抽样"
    return f"还差 {'、'.join(ceremony.missing)} 公开"


def _refuse_unnamed(team: str, day: str) -> None:
    """Refuse a team or a day that cannot name a folder: two teams must never share one."""
    if not team or safe_name(team) != team:
        raise FieldworkError("--team｜组名不能为空，也不能含 / \\ : * ? \" < > | 或首尾空格｜写如 一组")
    if not re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", day):
        raise FieldworkError("--day｜日期应写成 年-月-日｜写如 2018-11-12")


def _refuse_undrawn(evaluation: Evaluation, villages: Sequence[str]) -> None:
    if not villages:
        raise FieldworkError("release｜没有写村代码｜写出当日要发放的村，如 411726101201")
    sample = evaluation.agreed_sample()
    strange = [village for village in villages if village not in sample.villages]
    missing = [village for village in villages if village in sample.pending]
    lines = [f"{'、'.join(strange)}｜没有被抽中｜改正村代码"] if strange else []
    lines += [f"{'、'.join(missing)}｜还没有入户名单｜名册到达后先键入 evalkit rosters"] if missing else []
    lines += ["release｜设计没有从名册抽取的阶段，没有入户名单｜各村名单由抽样方自行发放"] if not sample.design.roster_stages else []
    if lines:
        raise FieldworkError("\n".join(lines))


def _refuse_released(evaluation: Evaluation, villages: Sequence[str], team: str, day: str, reason: str | None) -> None:
    known = _released(evaluation)
    again = [village for village in villages if known.get(village, (team, day)) != (team, day)]
    if again and not (reason or "").strip():
        told = "；".join(f"{village} 已于 {known[village][1]} 发给 {known[village][0]}" for village in again)
        raise FieldworkError(f"{told}｜一村只发一次｜确需另发的，加 --reason 说明理由，理由记入台账")


def _released(evaluation: Evaluation) -> dict[str, tuple[str, str]]:
    """Return who has got which village of the present draw, and for which day."""
    now, entries = _draw_number(evaluation), evaluation.ledger.entries("release")
    return {entry.subject: (str(entry.detail["team"]), str(entry.detail["day"])) for entry in entries if entry.detail["draw"] == now}


def _draw_number(evaluation: Evaluation) -> int:
    """Return the number in the ledger of the draw that holds now: a release belongs to one draw."""
    draws = evaluation.ledger.entries("draw")
    if not draws:
        raise LedgerError("ledger.sqlite｜台账没有记下这次抽样｜从备份恢复该文件")
    return draws[-1].number


def _waiting(evaluation: Evaluation) -> str:
    """Say which villages are not done: without a roster, or with households that have no outcome; empty when all are."""
    sample = evaluation.sample()
    if not sample.design.roster_stages:
        return "设计没有入户的阶段，无从知道现场是否结束；结束之后加 --reason 写明，再键入一次"
    if sample.pending or not evaluation.folder.tables("returns"):
        left = list(sample.pending or sample.villages)
    else:
        counts = evaluation.responses().completion("village")
        left = counts.loc[counts["pending"] > 0, "village"].astype(str).tolist()
    return f"还有 {len(left)} 个村没有完成；全部完成后再键入一次" if left else ""


def _write_hashes(evaluation: Evaluation, step: str, detail: dict[str, Any]) -> None:
    """Note in the ledger and write for the public what shows later that nothing was exchanged: hashes, and every draw ever made."""
    folder, saved, ledger = evaluation.folder, evaluation.saved(), evaluation.ledger
    draws = [
        {"village_stage": entry.detail["certificate"], "design": entry.detail["design"], "reason": entry.detail["reason"]}
        for entry in ledger.entries("draw")
    ]
    hashes: dict[str, Any] = {"certificate": saved.sha256, "frame": saved.fingerprint, "design": saved.design_hash, "draws": draws}
    if folder.record.exists():
        hashes["ceremony"] = Ceremony.load(folder.record).fingerprint
    ledger.append(step, saved.sha256, detail)
    _write(folder.part("public") / HASHES, hashes | {"format": FORMAT, "ledger": ledger.head})


def _refuse_lost_ledger(evaluation: Evaluation) -> None:
    """Refuse to publish from a ledger that does not go on from the one whose last hash was published."""
    path = evaluation.folder.root / "public" / HASHES
    if not path.exists():
        return
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
        before, form = stated["ledger"], stated.get("format", FORMAT)  # those of 0.1.0 state none
    except (ValueError, KeyError, TypeError):
        raise LedgerError(f"public/{HASHES}｜读不懂，文件被改动或损坏｜恢复公布时的文件") from None
    check_format(f"public/{HASHES}", form, FORMAT, LedgerError)
    if before not in [entry.hash for entry in evaluation.ledger.entries()]:
        raise LedgerError(f"ledger.sqlite｜其中没有已公布的台账指纹 {str(before)[:16]}，台账被换过或截短｜从备份恢复该文件，并查明何人改动")


def _first_certificate(evaluation: Evaluation, saved: Certificate) -> Certificate:
    """Return the certificate as it was when the villages were drawn, whose hash was published before the field."""
    listed = {stage.name for stage in evaluation.design.frame_stages}
    content = saved.content
    first = Certificate({**content, "stages": {name: part for name, part in content["stages"].items() if name in listed}})
    if evaluation.ledger.entries()[_draw_number(evaluation) - 1].detail["certificate"] != first.sha256:
        raise CertificateError("draw/certificate.json｜村一级与抽村时密封的凭证不同｜恢复原件；键入 evalkit verify 查看差别")
    return first


def _write(path: Path, data: dict[str, Any]) -> None:
    write_bytes(path, f"{json.dumps(data, ensure_ascii=False, sort_keys=True, indent=1)}\n".encode())


def _guide(saved: Certificate, first: Certificate, script: str, page: str) -> str:
    return (
        "怎样核对这次抽样\n\n"
        f"1. 抽村时密封的凭证是 {VILLAGES}，指纹 {first.sha256}，与现场调查之前公布的 {HASHES} 中 draws 的最后一条一致。\n"
        f"   各村抽户之后的凭证是 certificate.json，指纹 {saved.sha256}；村一级与前者相同，添了户一级的计数与指纹。\n"
        "2. 名单须是 CSV：Excel 的名单先用“另存为”存成 CSV（UTF-8），内容不要改动。\n"
        f"   用浏览器打开 {page}（不联网），放入凭证与名单，有 ceremony.json 的一并放入，它会重抽一遍并显示是否一致。\n"
        f"3. 或用 Python：python {script} certificate.json 名单.csv；有 ceremony.json 的，加 --ceremony ceremony.json\n"
        "4. 有 ceremony.json 的，以上两个工具会重算其中的承诺与种子，并核对名单与设计的指纹；\n"
        "   各方还须认出其中自己的承诺与秘密数，并看它们与抽样之前的公告（announcement.json）是否相同。\n"
        "5. 农户一级的核对需要各村名册与附件，由有关各方进行。\n"
    )
