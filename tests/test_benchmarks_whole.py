"""The page of the one run says from made-up timings what it should: ratios to floor and peers, slopes, goals; nothing is timed here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import benchmarks.__main__ as benchmarks
from benchmarks import record, whole
from benchmarks.record import FLOOR, OWN, SVY, Line, R

HELD = record.load(whole.RUNS)
SIZES = (1_000, 2_000, 4_000)
COSTS = {FLOOR: (1.0, 2.0, 4.0), SVY: (2.0, 8.0, 32.0), R: (5.0, 5.0, 5.0), OWN: (2.0, 4.0, 8.0)}


def made() -> list[Line]:
    return [Line("estimate", "一个比例", way, rows, cost, None, 12.0, "数同") for way, costs in COSTS.items()
            for rows, cost in zip(SIZES, costs, strict=True)]  # fmt: skip


def test_slopes_and_ratios_are_those_of_the_timings() -> None:
    lines = made()
    assert record.slopes(lines) == pytest.approx({FLOOR: 1.0, SVY: 2.0, R: 0.0, OWN: 1.0}, abs=1e-12)
    assert record.slopes([line for line in lines if line.rows > 1_000]) == {}
    assert record.ratios(lines[-1], lines) == {FLOOR: 2.0, SVY: 0.25, R: 1.6}
    busy = [replace(line, cpu=float(line.rows) ** 2) for line in lines]
    assert record.slopes(busy)[OWN] == pytest.approx(2.0)


def test_the_page_has_a_table_for_each_task_and_says_which_goals_are_met() -> None:
    goal = replace(HELD.large[0], seconds=11.0, most_seconds=10.0)
    text = record.page(replace(HELD, date="2026-01-01", lines=tuple(made()), large=(goal, HELD.large[1])), whole.HEAD)
    assert "| evalkit | 4,000 | 8.000 | — | 2 | 0.25 | 1.6 | 12 | 数同 |" in text
    assert "斜率：仅 numpy 1.00，svy 2.00，R survey" in text and "日期：2026-01-01" in text
    assert "## 估计" in text and "## 抽样" not in text
    assert [row.rsplit("|", 2)[1].strip() for row in text.splitlines() if row.startswith("| 户名册")] == ["否", "是"]


def test_the_page_in_the_documents_is_that_of_the_record() -> None:
    assert whole.PAGE.read_text(encoding="utf-8") == record.page(HELD, whole.HEAD)
    assert all(goal.met for goal in HELD.large) and HELD.large_date == "2026-11-29"


def test_one_command_keeps_what_it_is_not_asked_to_measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(whole.RUNNERS, "import", lambda asked: iter([Line("import", "import", OWN, 0, 0.5 * asked.repeats)]))
    monkeypatch.setitem(whole.RUNNERS, "estimate", lambda asked: iter(made()))
    runs, out = tmp_path / "runs.json", tmp_path / "page.md"
    record.save(replace(HELD, lines=()), runs)
    words = ["--date", "2026-01-01", "--quick", "--runs", str(runs), "--out", str(out)]
    benchmarks.main([*words, "--only", "import", "estimate"])
    benchmarks.main(["all", *words, "--only", "import"])
    held = record.load(runs)
    assert len(held.lines) == 13 and held.large == HELD.large and held.date == "2026-01-01"
    out.unlink()
    benchmarks.main(["--page", "--runs", str(runs), "--out", str(out)])
    assert "斜率：仅 numpy 1.00" in out.read_text(encoding="utf-8")
    with pytest.raises(SystemExit):
        benchmarks.main(["--runs", str(runs), "--out", str(out)])
    runs.write_text('{"format": 0}', encoding="utf-8")
    with pytest.raises(SystemExit, match="格式 0"):
        record.load(runs)
