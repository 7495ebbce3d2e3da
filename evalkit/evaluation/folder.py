"""The folder of one evaluation: where each step finds what the last one wrote."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.ceremony import Ceremony
from evalkit.clues import RESTRICTED
from evalkit.errors import EvalkitError, FieldworkError
from evalkit.sheets import SUFFIXES, write_bytes

if TYPE_CHECKING:
    from evalkit.design import Design

PARTS = (
    "frame", "earlier", "draw", "rosters", "lists", "assignments", "released", "returns", "results", "quality", "report", "public",
    RESTRICTED,
)  # fmt: skip
PAPERS = ("released", "assignments", "lists", "rosters", "draw")  # of one draw


@dataclass(frozen=True)
class Folder:
    """The documented layout of an evaluation's folder.

    ``design.toml  frame/  earlier/  draw/  rosters/  lists/  assignments/  released/  returns/  results/  quality/  report/  public/
    restricted/  ledger.sqlite``; of these only ``public/`` is for everybody, and ``restricted/`` for its owner alone. ``earlier/``
    holds certificates and annexes of earlier rounds.

    Examples
    --------
    >>> from pathlib import Path
    >>> Folder(Path("示例县")).certificate.as_posix()
    '示例县/draw/certificate.json'
    """

    root: Path

    @property
    def design(self) -> Path:
        """The design file."""
        return self.root / "design.toml"

    @property
    def certificate(self) -> Path:
        """The public receipt of the draw."""
        return self.root / "draw" / "certificate.json"

    @property
    def annex(self) -> Path:
        """The drawn households, for the parties only."""
        return self.root / "draw" / "annex.json"

    @property
    def ceremony_file(self) -> Path:
        """Where the parties write the seed they made together."""
        return self.root / "draw" / "ceremony.toml"

    @property
    def record(self) -> Path:
        """The record of a ceremony that was led with evalkit."""
        return self.root / "draw" / "ceremony.json"

    @property
    def ledger(self) -> Path:
        """What was done, in order."""
        return self.root / "ledger.sqlite"

    def frame(self, file: str) -> Path:
        """Return the frame's place in the folder, whatever path the design names."""
        return self.root / "frame" / Path(file).name

    def listed(self, design: Design) -> Path:
        """Return the file of the frame; a register of households may lie where the design says, it need not be copied."""
        file = design.frame.file
        return self.register(design, file) if design.frame.rows else self.frame(file)

    def register(self, design: Design, file: str) -> Path:
        """Return the file of a register: that in ``frame/``, or else the one that the design names, beside itself."""
        inside = self.frame(file)
        return inside if inside.exists() else design.resolve(file)

    def earlier(self) -> list[Path]:
        """Return the certificates and annexes of earlier rounds, in order of name."""
        return sorted((self.root / "earlier").glob("*.json"))

    def part(self, name: str) -> Path:
        """Return one of the sub-folders, made when absent."""
        path = self.root / name
        path.mkdir(mode=0o700 if name == RESTRICTED else 0o777, parents=True, exist_ok=True)
        return path

    def tables(self, name: str) -> list[Path]:
        """Return the tables that lie in a sub-folder, in order of name; Excel's own lock files are passed over."""
        part = self.root / name
        if not part.is_dir():
            return []
        return sorted(p for p in part.iterdir() if p.suffix.lower() in SUFFIXES and not p.name.startswith(("~$", ".")))

    def set_aside_draw(self) -> None:
        """Set aside all papers of a draw that is replaced, under one number; the ceremony's file stays, it may be the new one's.

        What was filled in there is kept. ``draw/`` goes last and its number is the one, so that a step cut off in between goes
        on with the same number.
        """
        kept = {path: path.read_bytes() for path in (self.ceremony_file, self.record) if path.exists()}
        parts = [name for name in PAPERS if (self.root / name).is_dir() and any((self.root / name).iterdir())]
        number = next(i for i in range(1, 1000) if not any((self.root / f"{name}-旧{i}").exists() for name in {*parts, "draw"}))
        for name in parts:
            (self.root / name).rename(self.root / f"{name}-旧{number}")
        for path, content in kept.items():
            write_bytes(path, content)

    def add(self, name: str, made: list[Path]) -> int:
        """Move new files into a sub-folder and leave those that are there; return how many were left because they differ."""
        left = 0
        for path in made:
            target = self.part(name) / path.name
            left += target.exists() and target.read_bytes() != path.read_bytes()
            if not target.exists():
                write_bytes(target, path.read_bytes())
        return left

    def fitting(self, name: str, files: tuple[str, ...]) -> list[Path]:
        """Return the handed-in files that a sub-folder does not hold yet.

        Raises
        ------
        FieldworkError
            When a file is absent, is no table, or another file of that name with other content is there.
        """
        sources = [Path(file) for file in files]
        faults = [fault for source in sources if (fault := self._unfit(source, name))]
        if faults:
            raise FieldworkError("\n".join(faults))
        return [source for source in sources if not (self.root / name / source.name).exists()]

    def keep(self, name: str, sources: list[Path]) -> None:
        """Copy files into a sub-folder, each whole or not at all."""
        for source in sources:
            write_bytes(self.part(name) / source.name, source.read_bytes())

    def _unfit(self, source: Path, name: str) -> str:
        target = self.root / name / source.name
        if source.is_dir():
            return f"{source}｜是文件夹，不是文件｜写其中一个表格文件的路径"
        if not source.is_file():
            return f"{source}｜没有这个文件｜检查路径"
        if source.suffix.lower() not in SUFFIXES:
            return f"{source.name}｜不是表格｜另存为 {'、'.join(SUFFIXES)} 之一"
        if target.exists() and target.read_bytes() != source.read_bytes():
            return f"{source.name}｜{name}/ 中已有同名而内容不同的文件｜先核对两份文件，改名后再交，或移走旧文件"
        return ""

    def counts(self) -> list[tuple[str, str]]:
        """Return how many files each part holds, of those that are there."""
        there = [part for part in PARTS if (self.root / part).is_dir()]
        return [(part, str(sum(each.is_file() for each in (self.root / part).rglob("*")))) for part in there]

    def ceremony(self) -> tuple[str, str] | None:
        """Return the seed of the ceremony and how it was made, when ``draw/ceremony.json`` or ``draw/ceremony.toml`` is there.

        Raises
        ------
        EvalkitError
            When the file cannot be read or lacks ``seed`` or ``how``.
        """
        if self.record.exists() and self.ceremony_file.exists():
            raise EvalkitError("draw/｜ceremony.json 与 ceremony.toml 同时存在，种子有两个来历｜移走不作数的一个")
        if self.record.exists():
            ceremony = Ceremony.load(self.record)
            return ceremony.seed, ceremony.how
        if not self.ceremony_file.exists():
            return None
        try:
            said = tomllib.loads(self.ceremony_file.read_text(encoding="utf-8-sig"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
            raise EvalkitError(f"draw/ceremony.toml｜读不出：{fault}｜写 seed = \"…\" 与 how = \"…\" 两行") from None
        if not all(isinstance(said.get(key), str) and said[key].strip() for key in ("seed", "how")):
            raise EvalkitError("draw/ceremony.toml｜缺 seed 或 how｜写 seed = \"至少 20 位数字\" 与 how = \"如何产生、谁在场\"")
        return said["seed"].strip(), said["how"].strip()
