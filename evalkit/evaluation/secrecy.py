"""What leaves an evaluation's folder: a search for personal data in all that was written, tables for everybody, and the key."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from evalkit.clues import RESTRICTED
from evalkit.errors import EvalkitError, PrivacyError
from evalkit.evaluation.guards import made_from, refuse_stale_results
from evalkit.evaluation.restricted import OTHERS, clues_of, refuse_clues, state
from evalkit.evaluation.steps import Evaluation, Said
from evalkit.figures import NOT_PUBLISHED
from evalkit.privacy import Unread, new_key, people_in, scan
from evalkit.sheets import write_bytes, write_csv
from evalkit.tables import COLUMNS, Results, withhold

CAME_IN = ("frame", "rosters", "returns", "earlier")  # what others handed in, kept as it came
IN_THE_FIELD = ("lists", "released", "assignments", "draw")  # papers with which households are found
FOUND_BY = frozenset({"name", "address"})
SEARCHED = "privacy.csv"
PUBLISHED = "tables"


def search(evaluation: Evaluation, path: str | Path | None = None) -> tuple[Said, bool]:
    """Search all that evalkit wrote into the folder for personal data, and list where there is any.

    Names and addresses may stand in the papers for the field; numbers of persons, telephones and accounts nowhere. The names and
    numbers in ``rosters/`` and ``returns/`` are looked for word by word. Words of the clues in ``restricted/`` may stand nowhere else,
    not even in what came in; whether that folder is shut, and holds what it should, is told too.

    Parameters
    ----------
    path : path, optional
        Another folder or file to search, such as what is about to be handed on.

    Returns
    -------
    said : tuple of str
    clean : bool
    """
    own = evaluation.folder.root
    root = Path(path) if path is not None else own
    known, silent = _known(evaluation)
    clues, unknown = clues_of(evaluation)
    skipped = () if path is not None else (RESTRICTED,) if clues else (RESTRICTED, *CAME_IN)
    leaks = scan(root, known=known, allowed=_allowed if path is not None else _own, skip=skipped, clues=clues, progress=evaluation.progress)
    wrong = state(evaluation)
    written = write_csv(leaks.table(), evaluation.folder.part("results") / SEARCHED)
    lines = [f"{leak.file} {leak.place}：{cells[2]} {leak.count} 处" for leak in leaks.found for cells in [leak.cells()]]
    unread = [f"没有查：{file}（{reason}）" for file, reason in leaks.unread if not file.endswith((".png", ".npz"))]
    return (repr(leaks), *lines, *wrong, *unread, *silent, *unknown, f"逐项列在 results/{written.name}"), leaks.ok and not wrong


def publish_tables(evaluation: Evaluation) -> Said:
    """Write the tables that anybody may see into ``public/tables/``, with small counts withheld."""
    refuse_clues(evaluation)
    folder, most = evaluation.folder, evaluation.design.privacy.small
    if not (folder.root / "results" / "facts.json").exists():
        raise EvalkitError("results/｜还没有估计结果｜先键入 evalkit estimate")
    results = Results.load(folder.root / "results")
    refuse_stale_results(results.facts.get("made_from", {}), made_from(folder, evaluation.saved()))
    place = folder.part("public") / PUBLISHED
    place.mkdir(exist_ok=True)
    tables = withhold(results, most)
    hidden = sum(int((table["不公布"] != "").sum()) for table in tables.values() if "不公布" in table)
    for name, table in tables.items():
        write_csv(_headed(name, table), place / f"{name}.csv")
    evaluation.ledger.append("publish", PUBLISHED, {"small": most, "withheld": hidden})
    rule = f"1 至 {most} 的格及能推算出它们的格不公布，共 {hidden} 行，以“{NOT_PUBLISHED}”表示"
    return f"公布：{len(tables)} 张表写入 public/{PUBLISHED}/", rule


def make_key(path: str | Path) -> Said:
    """Write a new key to a file of its own, readable by its owner alone."""
    target = Path(path)
    if any((folder / "design.toml").exists() for folder in target.resolve().parents):
        raise PrivacyError(f"{target.name}｜密钥放在评估文件夹里，谁拿到数据谁就能还原｜换一个评估文件夹之外的地方")
    if target.exists():
        raise PrivacyError(f"{target.name}｜已有这个文件｜换一个文件名：密钥覆盖之后，以前的代号就对不上了")
    write_bytes(target, f"{new_key()}\n".encode())
    target.chmod(0o600)
    return f"密钥在 {target}，只有本人可读", "放在数据文件夹之外，另存一份；销毁它，代号就再也还原不了"


def _headed(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table under its Chinese headings, withheld cells as a dash."""
    hidden = table["不公布"] != "" if "不公布" in table else pd.Series(False, index=table.index)
    shown = table.astype(object).where(~(table.isna() & hidden.to_numpy()[:, None]), NOT_PUBLISHED)
    return shown.rename(columns={column: COLUMNS[name][column].heading for column in COLUMNS[name]})


def _allowed(file: str) -> frozenset[str]:
    return FOUND_BY | {"accused"} if _part(file) in IN_THE_FIELD else frozenset()


def _own(file: str) -> frozenset[str]:
    """Return what may stand in a file of the evaluation: in what came in, all but the words of clues."""
    return OTHERS | {"accused"} if _part(file) in CAME_IN else _allowed(file)


def _part(file: str) -> str:
    return file.partition("/")[0].partition("-旧")[0]


def _known(evaluation: Evaluation) -> tuple[set[str], list[str]]:
    """Return the names and numbers that were handed in, and the files of which nothing could be known."""
    known, silent = set[str](), []
    for part in ("rosters", "returns"):
        for file in evaluation.folder.tables(part):
            try:
                known.update(people_in(file))
            except Unread as reason:
                silent.append(f"其中的姓名没有去找：{part}/{file.name}（{reason}）")
    return known, silent
