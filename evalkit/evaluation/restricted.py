"""The restricted folder of an evaluation: clues handed over, whether it is shut, and whether their words stand anywhere else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.clues import FORM, RESTRICTED, belongs, is_restricted, is_table, open_to_others, read_clues, shut_folder, write_clue_form
from evalkit.errors import PrivacyError
from evalkit.privacy import KINDS, Clues, Unread, clues_in, scan

if TYPE_CHECKING:
    from evalkit.evaluation.steps import Evaluation, Said

STEP = "handover"
GIVEN_ON = ("results", "report", "public")  # what is read by others, and what that is made from
TABLES = (".xlsx", ".csv")
OTHERS = frozenset(KINDS) - {"clue", "accused"}


def begin_register(evaluation: Evaluation) -> Said:
    """Write an empty register of clues into the restricted folder."""
    root = evaluation.folder.root
    if not root.is_dir():  # a register in a folder that was mistyped would lie where nobody looks after it
        raise PrivacyError(f"{root}｜没有这个文件夹｜检查路径，或键入 evalkit init 文件夹名")
    place = shut_folder(root / RESTRICTED)
    write_clue_form(place / FORM)
    return (f"空表在 {RESTRICTED}/{FORM}，只有本人可读；填好后键入 evalkit clues handover",)


def hand_over(evaluation: Evaluation, file: str, *, to: str, who: str, day: str) -> Said:
    """Write the table of clues for the body that may act on them; the ledger keeps how many and a fingerprint, no word of them."""
    source = Path(file) if file else evaluation.folder.root / RESTRICTED / FORM
    _refuse_lying_about(source, evaluation.folder.root)
    listed = read_clues(source)
    made = listed.hand_over(evaluation.folder.root / RESTRICTED, to=to, day=day)
    detail = {"to": to, "count": listed.count, "seal": _seal(made)}
    evaluation.ledger.append(STEP, made.name, detail, who=who, day=day)
    return (
        f"移交：{listed.count} 条线索写入 {RESTRICTED}/{made.name}，只有本人可读；台账只记条数与指纹",
        "双方签字后当面交接；evalkit privacy 查线索的文字有没有出现在别处",
    )


def clues_of(evaluation: Evaluation) -> tuple[Clues, list[str]]:
    """Return the clues that lie in the restricted folder, and the files there of which nothing could be known."""
    texts, names, ordinary, silent = list[str](), list[str](), list[str](), 0
    for file in _files(evaluation.folder.root / RESTRICTED):
        if file.suffix.lower() in TABLES and file.parent.name == RESTRICTED:
            try:
                found = clues_in(file)
            except Unread:
                silent += 1
                continue
            texts, names, ordinary = [*texts, *found.texts], [*names, *found.names], [*ordinary, *found.ordinary]
    return Clues(texts, names, ordinary), [f"没有去找其中的线索：{RESTRICTED}/ 有 {silent} 个表读不出"] if silent else []


def state(evaluation: Evaluation) -> list[str]:
    """Say what is wrong with the restricted folder: open to others, files that do not belong there, tables changed or gone."""
    place = evaluation.folder.root / RESTRICTED
    return [*_openings(place), *_strange(place), *_changes(place, evaluation)] if place.is_dir() else [*_changes(place, evaluation)]


def refuse_clues(evaluation: Evaluation) -> None:
    """Refuse to publish while words of clues stand in what others read.

    Raises
    ------
    PrivacyError
        Naming files and counts, and none of the words.
    """
    clues, _ = clues_of(evaluation)
    root = evaluation.folder.root
    lying = [*_copies(root)]
    if clues:
        others = [path.name for path in root.iterdir() if path.name not in GIVEN_ON]
        leaks = scan(root, clues=clues, allowed=lambda _: OTHERS, skip=others, progress=evaluation.progress)
        lying += [f"{leak.file}：{KINDS[leak.kind].title} {leak.count} 处" for leak in leaks.found]
    if lying:
        raise PrivacyError(f"公布｜{'；'.join(lying[:10])}｜从来源去掉后重新写出，再键入 evalkit privacy 查一遍，然后公布")


def _copies(root: Path) -> Iterator[str]:
    """Yield the parts that others read and that hold files of the restricted folder, by name or by content."""
    seals = {_seal(path) for path in _files(root / RESTRICTED)}
    for part in GIVEN_ON:
        count = sum(is_restricted(path.relative_to(root).as_posix()) or _seal(path) in seals for path in _files(root / part))
        if count:
            yield f"{part}/ 中有 {count} 个文件是 {RESTRICTED}/ 的"


def _openings(place: Path) -> Iterator[str]:
    if open_to_others(place):
        yield f"{RESTRICTED}/：别的用户也能进｜键入 chmod 700 {RESTRICTED}"
    count = sum(map(open_to_others, _files(place)))
    if count:
        yield f"{RESTRICTED}/：有 {count} 个文件别的用户也能读｜键入 chmod -R go= {RESTRICTED}"


def _strange(place: Path) -> Iterator[str]:
    count = sum(not belongs(path.relative_to(place).as_posix()) for path in _files(place))
    if count:
        yield f"{RESTRICTED}/：有 {count} 个文件不是登记表、移交表或材料｜移走；材料放在 {RESTRICTED}/材料/"


def _changes(place: Path, evaluation: Evaluation) -> Iterator[str]:
    """Yield tables that are not those which the ledger noted."""
    noted = {entry.subject: str(entry.detail["seal"]) for entry in evaluation.ledger.entries(STEP)}
    for name, seal in noted.items():
        if not (place / name).is_file():
            yield f"{RESTRICTED}/{name}：台账记下的移交表不在｜恢复原件"
        elif _seal(place / name) != seal:
            yield f"{RESTRICTED}/{name}：与台账记下的指纹不符，移交之后改动过｜恢复原件"
    for path in _files(place):
        if is_table(path.name) and path.name not in noted:
            yield f"{RESTRICTED}/{path.name}：台账没有记过｜用 evalkit clues handover 移交"


def _refuse_lying_about(source: Path, root: Path) -> None:
    """Refuse a register that lies in the evaluation's folder where others read."""
    full = source.resolve()
    if full.is_relative_to(root.resolve()) and not full.is_relative_to((root / RESTRICTED).resolve()):
        raise PrivacyError(f"{source.name}｜线索登记表放在评估文件夹里别人能看的地方｜移到 {RESTRICTED}/ 或评估文件夹之外")


def _files(place: Path) -> list[Path]:
    return sorted(path for path in place.rglob("*") if path.is_file()) if place.is_dir() else []


def _seal(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
