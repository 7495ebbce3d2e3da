"""The benchmarks run end to end on small lists, and the quick ways of a draw choose what the plain ways choose."""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import contenders, draw, inputs, scale
from benchmarks.measuring import Measured, measure, run_of, times
from evalkit import inclusion, selection, tickets
from evalkit.inclusion import first
from evalkit.selection import METHODS, Units, draw_strata

SEED = "20260101-314159265358979"


def villages(folder: Path) -> Path:
    path = folder / "villages.csv"
    lines = [f"{11 + k % 3}{k:010d},村{k},{11 + k % 3}" for k in range(330)]
    path.write_text("\n".join(["code,name,provinceCode", *lines]), encoding="utf-8")
    return path


def here(name: str, folder: Path, share: float, repeats: int, listed: Path | None, peer: str = "") -> Measured | None:
    """Stand in for `measure` without a process for each contender, which a test has no time for."""
    return None if name.startswith("svy:") else times(run_of(name, folder, share, listed), repeats)


def test_a_contender_is_measured_in_a_process_of_its_own(tmp_path: Path) -> None:
    told = measure("pps:pareto", tmp_path, 0.001, 1, None)
    assert told is not None and told.chosen == 300 and told.print == times(contenders.pps("pareto", 0.001), 1).print
    assert measure("svy:srs", tmp_path, 0.001, 1, None) is None
    with pytest.raises(SystemExit, match="national"):
        measure("national", tmp_path, 0.001, 1, None)


def test_the_benchmark_runs_and_writes_its_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draw, "measure", here)
    page = tmp_path / "page.md"
    asked = ["--date", "2026-01-01", "--share", "0.001", "--repeats", "1", "--villages", str(villages(tmp_path))]
    draw.main([*asked, "--folder", str(tmp_path), "--out", str(page)])
    text = page.read_text(encoding="utf-8")
    assert "标准库与 DuckDB 抽出同一样本" in text
    assert all(case.title in text for case in draw.CASES)
    assert "| svy 0.35 | — |" in text and "2026-01-01" in text
    assert str(page) in capsys.readouterr().out


def test_a_row_compares_with_floor_and_peer() -> None:
    case = draw.CASES[0]
    cost = {"floor": 1.0, "peer": 2.0, "own": 3.0}
    found = {
        each.name: Measured(seconds, seconds, 100.0, 5, "")
        for each, seconds in zip(case.contenders, cost.values(), strict=True)
    }  # fmt: skip
    assert draw.rows_of(case, found)[-1][4:] == ("3.00", "1.50", "100", "≤ 2 秒", "否")


def test_medians_and_fingerprints() -> None:
    told = times(lambda: ["a", "b"], 3)
    assert told.chosen == 2 and told.peak > 1 and told.seconds >= 0
    assert told.print != times(lambda: ["b", "a"], 1).print


def test_both_ways_of_the_simple_draw_agree(tmp_path: Path) -> None:
    assert contenders.srs(0.001)() == contenders.srs_large(0.001, tmp_path)()


def test_a_list_that_npm_cannot_bring_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs.shutil, "which", lambda name: None)
    assert inputs.villages_csv(tmp_path) is None


@pytest.mark.parametrize("text", [True, False])
@pytest.mark.parametrize("name", [name for name, way in METHODS.items() if not set(way.needs) - {"sizes"}])
def test_strata_at_once_are_strata_one_by_one(name: str, text: bool) -> None:
    rng, way = np.random.default_rng(7), METHODS[name]
    labels = rng.permutation(np.repeat([3, 5, 1000], [20, 30, 25]))
    sizes, units = (rng.lognormal(3, 1, 75).astype(int) + 1).tolist(), [f"村{k}" for k in range(75)]
    shown = [str(label) for label in labels] if text else labels
    n = {(str(label) if text else label): count for label, count in ((3, 4), (5, 6), (1000, 2))}
    drawn = draw_strata(way, units, shown, n, seed=SEED, stage="village", sizes=sizes)
    assert list(drawn) == sorted(n)
    for label, chosen in drawn.items():
        at = [k for k in range(75) if shown[k] == label]
        own = Units(
            [tickets.digest(SEED, "village", units[k]) for k in at], tickets.digest(SEED, "village", f"start|{label}"),
            sizes=[sizes[k] for k in at],
        )  # fmt: skip
        assert chosen == [at[k] for k in way.draw(own, n[label])]


def test_strata_are_refused() -> None:
    keys = {"seed": SEED, "stage": "village"}
    for name, n, sizes, said in (
        ("srs", {"丙": 1}, None, "丙｜名单中没有这些层"), ("srs", 3, None, "n = 3"), ("pareto", 1, None, "需要规模"),
        ("srs", 1, [1], "应一样多"), ("cube", 1, None, "还需要 balance"), ("pareto", 1, [1, 0, 2, 3], "大于 0"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=said):
            draw_strata(METHODS[name], ["a", "b", "c", "d"], ["甲", "甲", "乙", "乙"], n, sizes=sizes, **keys)


def test_an_unnamed_stratum_gets_none_and_an_unread_ticket_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {"seed": SEED, "stage": "village"}
    assert draw_strata(METHODS["srs"], ["a", "b"], ["甲", "乙"], {"甲": 1}, **keys) == {"乙": [], "甲": [0]}
    monkeypatch.setattr(tickets, "digests", None)
    assert draw_strata(METHODS["pps-systematic"], ["a", "b"], ["甲", "甲"], 1, sizes=[1, 2], **keys)


@given(st.lists(st.text(max_size=8)), st.text(max_size=5))
@settings(max_examples=200, deadline=None)
def test_many_tickets_are_single_tickets(units: list[str], stage: str) -> None:
    sound = [unit for unit in units if not any(0xD800 <= ord(letter) < 0xE000 for letter in unit + stage)]
    name = "".join(letter for letter in stage if not 0xD800 <= ord(letter) < 0xE000)
    assert tickets.digests(SEED, name, sound) == [tickets.digest(SEED, name, unit) for unit in sound]


def by_hand(sizes: list[int], n: int) -> tuple[list[int], list[float]]:
    """Return the certain units, found one at a time, and the chances, in Python's whole numbers."""
    sure: list[int] = []
    while True:
        left, rest = n - len(sure), sum(x for k, x in enumerate(sizes) if k not in sure)
        more = [k for k, x in enumerate(sizes) if k not in sure and left and left * x >= rest]
        if not more:
            return sorted(sure), [1.0 if k in sure else left * x / rest for k, x in enumerate(sizes)]
        sure.append(max(more, key=lambda k: sizes[k]))


@given(st.lists(st.integers(1, 10**6) | st.integers(1, 9), min_size=1, max_size=25), st.data())
@settings(max_examples=300, deadline=None)
def test_sizes_in_arrays_are_sizes_in_whole_numbers(sizes: list[int], data: st.DataObject) -> None:
    n = data.draw(st.integers(0, len(sizes)))
    sure, chances = by_hand(sizes, n)
    assert first.small_sizes(sizes) is not None
    assert inclusion.proportional(sizes, n) == inclusion.proportional(np.array(sizes), n) == chances
    start = tickets.digest(SEED, "village", "start|甲")
    halves, whole, rest = selection.equal.halves_of(start), 2**53, [k for k in range(len(sizes)) if k not in sure]
    ends, left = list(accumulate(sizes[k] for k in rest)), n - len(sure)
    points = [(halves + k * whole) * ends[-1] // (left * whole) for k in range(left)]
    chosen = sure + [rest[next(i for i, end in enumerate(ends) if end > point)] for point in points]
    for given_sizes in (sizes, np.array(sizes), [x * 2**45 for x in sizes]):
        assert METHODS["pps-systematic"].draw(Units([b""] * len(sizes), start, sizes=given_sizes), n) == chosen


def test_a_register_in_a_file_is_drawn_from_as_by_another_engine(tmp_path: Path) -> None:
    path = scale.write_register(tmp_path, 6_000)
    told = scale.timed("draw", path)["told"]
    assert told.startswith(f"{scale.PROVINCES * scale.VILLAGES} 村") and told == scale.drawn(pl.scan_parquet(path))
    assert scale.timed("trades", scale.write_answers(tmp_path, 6_000))["told"].startswith("300 组")
