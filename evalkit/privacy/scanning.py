"""Whether anything personal has come out: every file of a folder is read and searched."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from evalkit.errors import PrivacyError
from evalkit.given import takes
from evalkit.patience import Progress, counted
from evalkit.privacy.clues import Clues
from evalkit.privacy.kinds import KINDS, cover_numbers, kind_of, personal_cells
from evalkit.privacy.reading import Piece, Unread, pieces
from evalkit.showing import Rows, Shown, table_of

COLUMNS = ("文件", "位置", "种类", "个数", "处理")
REMEDY = "从来源去掉后重新写出；确要保留的，在设计文件 [privacy] keep 写列名"
SHUT = "移到 restricted/，或从来源去掉后重新写出"
OF_ONE = frozenset({"name", "identity", "phone", "bank"})  # kinds of which one cell tells who it is
CLUES = frozenset({"clue", "accused"})
HEADED = 12  # rows among which the headings of a sheet are looked for
ORDINARY = ("政策", "地点")  # columns of a register of clues whose words stand elsewhere by right
PEOPLE = re.compile(r"[、，,；;/\s]+")
Allowed = Callable[[str], Collection[str]]


@dataclass(frozen=True)
class Leak:
    """Something personal in a file: where, of what kind, how many; never what."""

    file: str
    place: str
    kind: str
    count: int

    def cells(self) -> tuple[str, str, str, int, str]:
        """Return the leak as a row of the table."""
        return self.file, self.place, KINDS[self.kind].title, self.count, SHUT if self.kind in CLUES else REMEDY


@dataclass(frozen=True)
class Leaks(Shown):
    """What a search for personal data found.

    Attributes
    ----------
    found : tuple of Leak
    files : int
        Files that were read.
    unread : tuple of (str, str)
        Files that could not be read, with the reason: nothing is known of them.
    """

    found: tuple[Leak, ...]
    files: int
    unread: tuple[tuple[str, str], ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.found

    def table(self) -> pd.DataFrame:
        """Return one row for each file, place and kind, and one for each file that could not be read."""
        unread = [(file, "", "没有查", 0, reason) for file, reason in self.unread]
        return pd.DataFrame([*(leak.cells() for leak in self.found), *unread], columns=list(COLUMNS))

    def _rows_shown(self) -> Rows:
        return table_of(self.table())

    def __repr__(self) -> str:
        head = f"Leaks 查了 {self.files} 个文件，{len(self.unread)} 个没有查"
        counts = pd.Series({KINDS[kind].title: sum(leak.count for leak in self.found if leak.kind == kind) for kind in KINDS}, dtype=int)
        told = "，".join(f"{title} {count} 处" for title, count in counts[counts > 0].items())
        return f"{head}：{told or '没有发现个人信息'}"


@takes(PrivacyError)
def scan(
    folder: str | Path,
    *,
    known: Iterable[str] = (),
    allowed: Allowed | None = None,
    skip: Collection[str] = (),
    clues: Clues | None = None,
    progress: Progress | None = None,
) -> Leaks:
    """Search the files of a folder for personal data.

    Parameters
    ----------
    folder : path
        A folder with all folders in it, or one file.
    known : iterable of str
        Names and numbers of real people, such as the heads of the households: each is looked for as a whole word.
    allowed : callable, optional
        From a file's path within the folder to the kinds of ``KINDS`` that may stand there, such as names in lists for the field.
    skip : collection of str
        First-level folders that are not searched, such as those that hold what came in.
    clues : Clues, optional
        Clues to breaches of discipline: their words, and the people they name, are looked for everywhere.
    progress : callable, optional
        Told a line a file.

    Returns
    -------
    Leaks

    Raises
    ------
    PrivacyError
        When there is no such folder.

    Notes
    -----
    Found by their looks: identity numbers whose check character fits (and old ones of 15 digits), mobile telephones, bank cards
    that pass Luhn's check, addresses of machines. Found by their heading: columns of tables whose cells are neither blank nor
    covered. Names in running text are found only when they are `known`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "a.csv").write_text("户编号,户主\\n0001,张三\\n0002,李**\\n", encoding="utf-8")
    ...     _ = (Path(folder) / "b.txt").write_text("电话13900001111；村代码411726101201", encoding="utf-8")
    ...     scan(folder)
    Leaks 查了 2 个文件，0 个没有查：电话 1 处，姓名 1 处
    """
    root = Path(folder)
    if not root.exists():
        raise PrivacyError(f"{root.name}｜没有这个文件夹｜检查路径")
    found: list[Leak] = []
    unread: list[tuple[str, str]] = []
    seek = _sought(known, clues or Clues((), ()))
    files = {name: path for name, path in _files(root).items() if name.partition("/")[0] not in skip}
    for name, path in counted(files.items(), "查文件", progress):
        free = set(allowed(name)) if allowed else set()
        found += _of_piece(Piece("文件名", " ".join(Path(name).with_suffix("").parts)), cover_numbers(name), seek, free)
        try:
            found += _of_file(path, cover_numbers(name), seek, free)
        except Unread as reason:
            unread.append((name, str(reason)))
    return Leaks(tuple(found), len(files) - len(unread), tuple(unread))


def _files(root: Path) -> dict[str, Path]:
    if root.is_file():
        return {root.name: root}
    return {path.relative_to(root).as_posix(): path for path in sorted(root.rglob("*")) if path.is_file()}


def _of_file(path: Path, name: str, seek: Callable[[str], dict[str, int]], free: set[str]) -> Iterator[Leak]:
    for piece in pieces(path):
        yield from _of_piece(piece, name, seek, free)


def _of_piece(piece: Piece, name: str, seek: Callable[[str], dict[str, int]], free: set[str]) -> Iterator[Leak]:
    counts = {kind: len(hits) for kind, hits in personal_cells(piece.text).items()}
    counts |= seek(piece.text)
    for kind, count in _under_headings(piece).items():
        counts[kind] = max(counts.get(kind, 0), count)
    for kind, count in counts.items():
        if count and kind not in free:
            yield Leak(name, piece.place, kind, count)


def _sought(known: Iterable[str], clues: Clues) -> Callable[[str], dict[str, int]]:
    """Return what counts known names, words of clues and the people they name in a text."""
    names = _seeker(known)
    if not clues:
        return lambda text: {"name": names(text)}
    return lambda text: {"name": names(text), "clue": clues.said(text), "accused": clues.named(text)}


def clues_in(path: Path) -> Clues:
    """Return the clues that stand in a file under their headings; names of policies (政策) and places (地点) are ordinary words.

    Raises
    ------
    Unread
        When the file cannot be read.
    """
    texts, names, ordinary = list[str](), list[str](), list[str]()
    for piece in pieces(path):
        for kind, cell in _bare_cells(piece, covered=True):
            if kind == "clue":
                texts.append(cell)
            elif kind == "accused":
                names += PEOPLE.split(cell)
        ordinary += [cell for _, cell in _cells_under(piece, lambda heading: str(heading) if heading in ORDINARY else "")]
    return Clues(texts, [name for name in names if len(name) > 1], ordinary)


def _seeker(known: Iterable[str]) -> Callable[[str], int]:
    """Return what counts how many words of a text are among the known ones."""
    words = {word.strip() for word in known if len(word.strip()) >= 2}
    lengths = sorted({len(word) for word in words})

    def count(text: str) -> int:
        runs = re.findall(r"[\u3400-\u9fff·]+|[0-9A-Za-z]+", text)
        return sum(run in words for run in runs if lengths and lengths[0] <= len(run) <= lengths[-1])

    return count


def people_in(path: Path) -> Iterator[str]:
    """Yield every name and number of a person that stands uncovered under its heading in a file.

    Raises
    ------
    Unread
        When the file cannot be read.
    """
    for piece in pieces(path):
        yield from (cell for kind, cell in _bare_cells(piece) if kind in OF_ONE)


def _under_headings(piece: Piece) -> dict[str, int]:
    """Return how many cells under personal headings are neither blank nor covered."""
    return dict(Counter(kind for kind, _ in _bare_cells(piece)))


def _bare_cells(piece: Piece, covered: bool = False) -> Iterator[tuple[str, str]]:
    """Yield the kind and the text of each cell under a personal heading that is neither blank nor, unless asked for, covered."""
    for heading, cell in _cells_under(piece, kind_of):
        if covered or "*" not in cell:
            yield heading, cell


def _cells_under(piece: Piece, called: Callable[[object], str]) -> Iterator[tuple[str, str]]:
    """Yield what a heading is called, where it is called anything, and the text of each cell below it that is not blank."""
    widths = [sum(str(cell).strip() not in ("", "None") for cell in row) for row in piece.rows[:HEADED]]
    at = widths.index(max(widths)) if widths else 0  # above the headings stand titles, in fewer cells
    headed = {place: kind for place, heading in enumerate(piece.rows[at] if widths else ()) if (kind := called(heading))}
    for row in piece.rows[at + 1 :]:
        for place, kind in headed.items():
            cell = str(row[place]).strip() if place < len(row) and row[place] is not None else ""
            if cell:
                yield kind, cell
