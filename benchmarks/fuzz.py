"""Files that nobody meant: ``python -m benchmarks fuzz [--seconds 600] [--only NAME]`` feeds each reader with bytes that a fuzzer grows.

A reader may refuse with an EvalkitError. Any other exception, ten seconds without an answer, or a file written is a failure; the bytes
that caused it are kept beside the printed command. Each reader runs in a process of its own, guided by coverage (atheris, libFuzzer).
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
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
    from evalkit.intake import read_registry
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
        "registry": (".csv", read_registry, "户编号,人编号,姓名,人数,与户主关系\n1,1,张三,1,户主\n".encode()),
    }


def grow(name: str, seconds: int, place: Path) -> None:
    """Fuzz one reader in this process; atheris ends it."""
    import atheris

    with atheris.instrument_imports(include=["evalkit"]):
        suffix, read, seed = readers()[name]
        from evalkit.errors import EvalkitError
    warnings.simplefilter("ignore")
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
    asked.add_argument("--here", help=argparse.SUPPRESS)
    given = asked.parse_args(words)
    if given.here:
        grow(given.only[0], given.seconds, Path(given.here))
        return
    names = given.only or list(readers())
    failed = [name for name in names if not _survives(name, max(1, given.seconds // len(names)))]
    print(f"{len(names) - len(failed)} of {len(names)} readers hold" + (f"; failed: {', '.join(failed)}" if failed else ""))
    sys.exit(bool(failed))


def _survives(name: str, seconds: int) -> bool:
    place = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    command = [sys.executable, "-m", "benchmarks", "fuzz", "--only", name, "--seconds", str(seconds), "--here", str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{name}: failed, input in {place}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return not done.returncode
