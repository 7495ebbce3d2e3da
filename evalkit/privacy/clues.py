"""The words of clues to breaches of discipline, and whether any of them stand in a text: found without being shown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from evalkit.showing import Shown

LENGTH = 12  # letters in a row that a text shares with a clue: fewer are shared by chance, as 没有按政策规定发放
SHORTEST = 8  # a clue of fewer letters cannot be told from ordinary words
WHOLE_NAME = 3  # a name of so many letters is found inside running text, a shorter one only as a word of its own
LETTERS = re.compile(r"[^\u3400-\u9fff0-9a-z]+")
RUN = re.compile(r"[\u3400-\u9fff·]+")


def _plain(text: str) -> str:
    """Return the letters and digits of a text, without what a line break or a comma makes of them."""
    return LETTERS.sub("", unicodedata.normalize("NFKC", text).lower())


@dataclass(frozen=True)
class Clues(Shown):
    """What is looked for.

    Parameters
    ----------
    texts : iterable of str
        What the clues say. Texts of fewer than 8 letters are not looked for.
    names : iterable of str
        Whom they name.
    ordinary : iterable of str
        Words of the clues that stand elsewhere by right, such as the names of policies.

    Examples
    --------
    >>> clues = Clues(["某村会计冒领低保金三千元，群众反映强烈"], ["张三丰"], ["低保金"])
    >>> clues.said("查得：某村会计 冒领低保金\\n三千元，群众反映强烈。"), clues.said("低保金已发到户"), clues.named("会计张三丰（化名）")
    (1, 0, 1)
    >>> clues
    Clues 1 条，1 人
    """

    texts: Iterable[str] = field(repr=False)
    names: Iterable[str] = field(repr=False)
    ordinary: Iterable[str] = field(default=(), repr=False)
    _windows: frozenset[str] = field(init=False, repr=False)
    _lengths: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("texts", "names", "ordinary"):
            object.__setattr__(self, name, tuple(dict.fromkeys(text for each in getattr(self, name) if (text := each.strip()))))
        common = sorted((plain for word in self.ordinary if (plain := _plain(word))), key=len, reverse=True)
        cut = re.compile("|".join(map(re.escape, common)) or "(?!)")
        pieces = [piece for text in self.texts for piece in cut.split(_plain(text)) if len(piece) >= SHORTEST]
        windows = {piece[at : at + LENGTH] for piece in pieces for at in range(max(1, len(piece) - LENGTH + 1))}
        object.__setattr__(self, "_windows", frozenset(windows))
        object.__setattr__(self, "_lengths", tuple(sorted({len(window) for window in windows})))

    def __bool__(self) -> bool:
        return bool(self.texts or self.names)

    def said(self, text: str) -> int:
        """Return how many stretches of a text are words of a clue."""
        plain, found, free = (_plain(text), 0, 0) if self._windows else ("", 0, 0)
        for at in range(len(plain)):
            if at >= free and any(plain[at : at + length] in self._windows for length in self._lengths):
                found += 1
                free = at + LENGTH
        return found

    def named(self, text: str) -> int:
        """Return how often a text names one of the people."""
        short = {name for name in self.names if len(name) < WHOLE_NAME}
        inside = sum(text.count(name) for name in self.names if len(name) >= WHOLE_NAME)
        return inside + (sum(run in short for run in RUN.findall(text)) if short else 0)

    def __repr__(self) -> str:
        return f"Clues {len(tuple(self.texts))} 条，{len(tuple(self.names))} 人"
