"""Files that nobody meant: ``python -m benchmarks fuzz [--seconds 600] [--only NAME]`` feeds each reader with bytes that a fuzzer grows.

A reader may refuse with an EvalkitError. Any other exception, ten seconds without an answer, or a file written is a failure; the bytes
that caused it are kept beside the printed command. Each reader runs in a fork of its own, guided by coverage (atheris, libFuzzer).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

HANG = 10  # seconds
LARGEST = 4096  # bytes of an input
STORES = frozenset({"ledger"})  # brought to the present format when they are opened
Reader = Callable[[Path], object]


def readers() -> dict[str, tuple[str, Reader, bytes]]:
    """Return each reader with the suffix of its files, the call, and an input to grow from."""
    from evalkit.certificate import Certificate
    from evalkit.design import read_design
    from evalkit.errors import FrameError
    from evalkit.intake import read_registry, read_returns
    from evalkit.ledger import Ledger
    from evalkit.privacy import read_key, scan
    from evalkit.sheets import read_sheet

    template = (Path(__file__).parent.parent / "evalkit" / "design" / "template.toml").read_bytes()

    def sheet(path: Path) -> object:
        return read_sheet(path, subject=path.name, error=FrameError)

    return {
        "design": (".toml", read_design, template[:LARGEST]),
        "csv": (".csv", sheet, "村代码,户编号\n411726101201,0001\n".encode()),
        "gb18030": (".csv", sheet, "村代码,户编号\n411726101201,0001\n".encode("gb18030")),
        "xlsx": (".xlsx", sheet, b"PK\x03\x04"),
        "parquet": (".parquet", sheet, b"PAR1\x00\x00PAR1"),
        "certificate": (".json", Certificate.load, b'{"format": 2, "frame": {"fingerprint": ""}}'),
        "ledger": (".sqlite", lambda path: Ledger(path).entries(), b"SQLite format 3\x00"),
        "key": ("", read_key, b"0f" * 32),
        "search": (".docx", scan, b"PK\x03\x04"),
        "returns": (".csv", read_returns, "序号,提交答卷时间,所用时间,1、户编号\n1,2026/10/2,2分5秒,0001\n".encode()),
        "kobo": (".csv", read_returns, b"_id,_uuid,a/q,a/q/x,a/q/y,_d_latitude\n1,u,x y,1,1,32.7\n"),
        "registry": (".csv", read_registry, "户编号,人编号,姓名,人数,与户主关系\n1,1,张三,1,户主\n".encode()),
    }


def grow(only: list[str], seconds: int) -> dict[str, str]:
    """Fuzz each reader in a fork of this process, which has loaded what is fuzzed; return what is said of those that failed."""
    import atheris

    with atheris.instrument_imports(include=["evalkit"]):
        names = only or list(readers())
    warnings.simplefilter("ignore")
    return {name: said for name in names if (said := _survived(name, max(1, seconds // len(names))))}


def _survived(name: str, seconds: int) -> str:
    """Fuzz one reader in a fork; return nothing when it holds, else where its input lies and what it said."""
    place = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    with (place / "said").open("wb") as said:
        child = os.fork()
        if not child:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            _fuzz(name, seconds, place)  # atheris ends the fork
    if os.waitpid(child, 0)[1] == 0:
        return ""
    return f"input in {place}\n{(place / 'said').read_text(encoding='utf-8', errors='replace')[-6000:]}"


def _fuzz(name: str, seconds: int, place: Path) -> None:
    import atheris

    from evalkit.errors import EvalkitError

    suffix, read, seed = readers()[name]
    target = place / f"{name}{suffix}"
    corpus = place / "corpus"
    corpus.mkdir()
    (corpus / "seed").write_bytes(seed)

    def once(data: bytes) -> None:
        target.write_bytes(data)
        target.chmod(0o600)
        before = sorted(path.name for path in place.iterdir())
        with contextlib.suppress(EvalkitError):
            read(target)
        untouched = target.read_bytes() == data and sorted(path.name for path in place.iterdir()) == before
        if not untouched and name not in STORES:
            raise AssertionError(f"{name}: a reader wrote")

    limits = [f"-max_total_time={seconds}", f"-timeout={HANG}", f"-max_len={LARGEST}", "-verbosity=0", "-rss_limit_mb=4096"]
    atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={place}/failed-", str(corpus)], once)
    atheris.Fuzz()


def main(words: list[str]) -> None:
    """Fuzz the readers one after another; exit with 1 when one of them failed."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks fuzz", description=__doc__)
    asked.add_argument("--seconds", type=int, default=600, help="for all readers together")
    asked.add_argument("--only", action="append", default=[], help="a reader")
    given = asked.parse_args(words)
    failed = grow(given.only, given.seconds)
    for name, said in failed.items():
        print(f"{name}: failed, {said}")
    count = len(given.only or readers())
    print(f"{count - len(failed)} of {count} readers hold" + (f"; failed: {', '.join(failed)}" if failed else ""))
    sys.exit(bool(failed))
