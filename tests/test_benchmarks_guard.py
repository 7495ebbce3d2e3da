"""The guard of instructions tells growth from shrinkage, and names what to type; the counting itself is a step of the whole check."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from benchmarks import guard, kernels
from benchmarks.guard import Counts

COUNTS = guard.load(guard.BASELINE)


def grown(by: float, name: str = "rake") -> Counts:
    return replace(COUNTS, kernels=COUNTS.kernels | {name: round(COUNTS.kernels[name] * by)})


def test_the_baseline_holds_every_kernel_and_the_versions() -> None:
    assert COUNTS.kernels.keys() == kernels.KERNELS.keys() and all(count > 1_000_000 for count in COUNTS.kernels.values())
    assert COUNTS.versions.keys() == {"python", "numpy", "scipy"}


def test_growth_beyond_a_fifth_fails_and_shrinkage_is_told() -> None:
    for by, failed, told in ((1.0, 0, 0), (1.19, 0, 0), (0.81, 0, 0), (1.21, 1, 0), (2.0, 1, 0), (0.5, 0, 1)):
        seen = guard.compared(grown(by), COUNTS)
        assert (len(seen.failed), len(seen.told)) == (failed, told), by
        assert all("rake" in line and guard.RENEW in line and line.count("｜") == 2 for line in (*seen.failed, *seen.told))


def test_kernels_without_a_baseline_and_baselines_without_a_kernel_fail() -> None:
    fewer = replace(COUNTS, kernels={name: count for name, count in COUNTS.kernels.items() if name != "rake"})
    assert "基线中没有" in guard.compared(COUNTS, fewer).failed[0] and "没有数" in guard.compared(fewer, COUNTS).failed[0]


def test_other_versions_are_compared_all_the_same_and_both_named() -> None:
    seen = guard.compared(replace(grown(1.5), versions=COUNTS.versions | {"numpy": "9.9"}), COUNTS)
    assert len(seen.failed) == 1 and "numpy 9.9" in seen.told[0] and f"numpy {COUNTS.versions['numpy']}" in seen.told[0]


def test_a_false_baseline_fails_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "instructions.json"
    monkeypatch.setattr(guard, "count", lambda: COUNTS)
    path.write_text(json.dumps(asdict(grown(0.5))), encoding="utf-8")
    with pytest.raises(SystemExit, match="1"):
        guard.main(["--baseline", str(path)])
    assert "rake：" in capsys.readouterr().out
    guard.main(["--baseline", str(path), "--write"])
    assert guard.load(path) == COUNTS
    guard.main(["--baseline", str(path)])
    assert "5 个内核都没有多出 20%" in capsys.readouterr().out
    path.write_text('{"format": 0}', encoding="utf-8")
    for wrong in (path, tmp_path / "none.json"):
        with pytest.raises(SystemExit, match="benchmarks guard --write"):
            guard.main(["--baseline", str(wrong)])


def test_nothing_is_left_to_the_processor() -> None:
    asked = guard.environment()
    assert asked["NPY_DISABLE_CPU_FEATURES"].split() == guard.choices() and "-AVX2" in asked["GLIBC_TUNABLES"]
    assert asked["PYTHONHASHSEED"] == "0" and asked["PATH"] == os.environ["PATH"]


def test_without_valgrind_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "VALGRIND", ("no-such-valgrind",))
    with pytest.raises(SystemExit, match="apt-get install valgrind"):
        guard.count()


@pytest.mark.parametrize("name", kernels.KERNELS)
def test_a_kernel_runs_and_does_the_same_again(name: str) -> None:
    run = kernels.KERNELS[name]()
    assert repr(run()) == repr(run())
