"""Writers that are killed at any moment: nothing is lost, nothing is half-written, the next start clears up.

The processes are forks of this one, so that none has to load the package; ``python -m benchmarks kill`` starts real ones.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import evalkit as ev
from benchmarks import kill
from evalkit.evaluation import specimen, steps
from evalkit.ledger import Ledger
from evalkit.sheets import sweep, write_bytes

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


class Forked:
    """A fork that runs a script's work and can be killed, with the few members of Popen that are used."""

    def __init__(self, script: str, words: Sequence[str]) -> None:
        read, write = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.dup2(write, 1)
            work(script, words)
            os._exit(0)
        os.close(write)
        self.stdout = os.fdopen(read, "rb")
        self.ended = False

    def poll(self) -> int | None:
        self.ended = self.ended or os.waitpid(self.pid, os.WNOHANG)[0] != 0
        return 0 if self.ended else None

    def send_signal(self, number: int) -> None:
        if not self.ended:
            os.kill(self.pid, number)

    def wait(self) -> None:
        if not self.ended:
            os.waitpid(self.pid, 0)


def work(script: str, words: Sequence[str]) -> None:
    """Do what the script says; a line is written whole and at once."""
    if script == kill.RUNNER:
        os.write(1, b"begun\n")
        ev.run(*words)
        return
    ledger = Ledger(Path(words[0]))
    for i in range(10**6):
        os.write(1, f"{ledger.append('note', words[1], {'i': i}).number}\n".encode())


def test_a_ledger_whose_writers_are_killed(tmp_path: Path) -> None:
    toll = kill.kill_appends(10, tmp_path, seed=1, longest=0.2, start=Forked)
    assert (toll.kills, toll.lost, toll.broken, toll.left) == (10, 0, 0, 0), toll.line()
    assert len(Ledger(tmp_path / "ledger.sqlite").entries()) > 10


def quick_report(results: Any, folder: Path, *_: Any) -> list[Path]:
    """Stands for the report, which takes most of a run's time."""
    return [write_bytes(Path(folder) / name, str(len(results.tables)).encode()) for name in ("报告.docx", "报告.pdf")]


def test_runs_that_are_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "write_report", quick_report)
    (tmp_path / "设计").mkdir()
    (tmp_path / "运行").mkdir()
    design = kill.small_design(tmp_path / "设计")
    toll = kill.kill_runs(10, design, tmp_path / "运行", seed=2, longest=1.2, start=Forked)
    assert (toll.kills, toll.lost, toll.broken, toll.left) == (10, 0, 0, 0), toll.line()


def test_a_run_killed_between_its_two_last_steps_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "县"
    (tmp_path / ".县.old").mkdir()
    (tmp_path / ".县.old" / "design.toml").write_text("旧", encoding="utf-8")
    (tmp_path / ".县.x1.part").mkdir()
    specimen._recover(target)
    assert (target / "design.toml").read_text(encoding="utf-8") == "旧" and [path.name for path in tmp_path.iterdir()] == ["县"]


def test_a_killed_writer_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    write_bytes(path, b"old")
    child = os.fork()
    if not child:
        os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)  # dies before the file has its name
        write_bytes(path, b"new")
        os._exit(0)
    os.waitpid(child, 0)
    assert path.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 2
    assert sweep(tmp_path) == 1 and [each.name for each in tmp_path.iterdir()] == ["facts.json"]
