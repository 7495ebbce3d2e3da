"""Steps that take long: lines that say how far they are, and the one line of a terminal that shows it."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import TypeVar

Progress = Callable[[str], None]
Thing = TypeVar("Thing")

PATIENCE = 2  # seconds before anything is shown
SECOND = 1.0  # between two looks at the clock
PARTS = 100  # times that a step of many parts is told, at most
WIDE = 20  # marks of a bar
WIPE = "\r\x1b[K"
COUNTED = re.compile(r"(\d+)/(\d+)")


def counted(things: Iterable[Thing], what: str, progress: Progress | None, count: int | None = None) -> Iterator[Thing]:
    """Yield things one by one, and tell after each how many are done: "汇总 12/280", at most a hundred times.

    Parameters
    ----------
    things : iterable
    what : str
    progress : callable or None
        Told a line; None is told nothing.
    count : int, optional
        How many things there are; needed where they have no length.

    Examples
    --------
    >>> list(counted("abc", "读入", print))
    读入 1/3
    读入 2/3
    读入 3/3
    ['a', 'b', 'c']
    """
    if count is None:
        assert isinstance(things, Sized)  # others come with their count
        count = len(things)
    for done, thing in enumerate(things, 1):
        yield thing
        tell_count(progress, what, done - 1, done, count)


def tell_count(progress: Progress | None, what: str, before: int, done: int, many: int) -> None:
    """Tell that so many of many parts are done, where another hundredth is.

    Examples
    --------
    >>> for done in (1, 99, 100, 101):
    ...     tell_count(print, "重复权数", done - 1, done, 10_000)
    重复权数 100/10000
    """
    if progress is not None and PARTS * done // many > PARTS * before // many:
        progress(f"{what} {done}/{many}")


class _Line:
    """The line of one wait: what goes on, for how long, and how far it is where somebody knows."""

    def __init__(self, what: str, share: Callable[[], float | None]) -> None:
        self.what, self.share, self.seconds = what, share, 0
        self.done = threading.Event()

    def now(self, what: str) -> None:
        self.what = what

    def text(self) -> str:
        counts = COUNTED.search(self.what)
        bar = f" {_bar(int(counts[1]), int(counts[2]))}" if counts else "……"
        part = self.share()
        return f"{self.what}{bar}已 {self.seconds} 秒{'' if part is None else f'，{part:.0f}%'}"


_LINES: list[_Line] = []  # of the waits that are going on; a terminal shows the innermost
_SHOWN = threading.Event()


@contextmanager
def waiting(what: str, share: Callable[[], float | None] = lambda: None) -> Iterator[Progress]:
    """Show on a terminal what goes on and for how long, so that nobody takes a long step for one that hangs.

    Parameters
    ----------
    what : str
    share : callable
        Gives per cent, or None.

    Yields
    ------
    callable
        Told what goes on now; a line that counts ("汇总 12/280") gets a bar.

    Notes
    -----
    The line goes to stderr after two seconds, nowhere where that is no terminal, and is wiped when the step is done. It is one line,
    written over again; of waits within waits the innermost is shown.

    Examples
    --------
    >>> with waiting("DuckDB｜按村计数") as told:
    ...     told("按村计数 3/8")
    ...     print("没有终端，就没有这一行")
    没有终端，就没有这一行
    """
    line = _Line(what, share)
    if not sys.stderr.isatty():
        yield lambda now: None
        return
    teller = threading.Thread(target=_tell, args=(line,), daemon=True)
    _LINES.append(line)
    teller.start()
    try:
        yield line.now
    finally:
        line.done.set()
        teller.join()
        _LINES.remove(line)
        wipe()


def wipe() -> None:
    """Take the line off the terminal, where there is one, before something else is written there."""
    if _SHOWN.is_set():
        _SHOWN.clear()
        sys.stderr.write(WIPE)
        sys.stderr.flush()


def _tell(line: _Line) -> None:
    while not line.done.wait(SECOND):
        line.seconds += 1
        if line.seconds >= PATIENCE and line is _LINES[-1]:
            _SHOWN.set()
            sys.stderr.write(f"{WIPE}{line.text()}")
            sys.stderr.flush()


def _bar(done: int, many: int) -> str:
    full = WIDE * min(done, many) // max(many, 1)
    return f"[{'#' * full}{'.' * (WIDE - full)}] "
