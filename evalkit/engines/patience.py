"""A line on the screen while an engine works, so that nobody takes a long question for one that hangs."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 2  # seconds before anything is said
WIPE = "\r\x1b[K"


@contextmanager
def waiting(what: str, share: Callable[[], float | None]) -> Iterator[None]:
    """Say on a terminal what is being asked and for how long, and how much of it is done where that is known.

    Parameters
    ----------
    what : str
    share : callable
        Gives per cent, or None.

    Notes
    -----
    The line goes to stderr, nowhere where that is no terminal, and is wiped when the answer is there.

    Examples
    --------
    >>> with waiting("DuckDB｜按村计数", lambda: None):
    ...     print("没有终端，就没有这一行")
    没有终端，就没有这一行
    """
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    teller = threading.Thread(target=_tell, args=(what, share, done), daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def _tell(what: str, share: Callable[[], float | None], done: threading.Event) -> None:
    seconds = 0
    while not done.wait(1.0):
        seconds += 1
        if seconds >= PATIENCE:
            part = share()
            told = "" if part is None else f"，{part:.0f}%"
            sys.stderr.write(f"{WIPE}{what}……已 {seconds} 秒{told}")
            sys.stderr.flush()
    if seconds >= PATIENCE:
        sys.stderr.write(WIPE)
        sys.stderr.flush()
