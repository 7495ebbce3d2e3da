"""Steps that can take long tell how far they are, find the same when they do, and can be stopped and asked again."""

from __future__ import annotations

import io
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import evalkit as ev
from evalkit import composites, patience
from evalkit.cli import main
from evalkit.evaluation import marking
from evalkit.evaluation.programme import open_counties
from evalkit.evaluation.summing import sum_up
from evalkit.patience import Progress
from evalkit.report import files as report_files
from evalkit.report import write_report
from evalkit.sheets import write_csv
from evalkit.tables import Results
from evalkit.trials import running
from tests import county
from tests.architecture_rules import files, functions, tree
from tests.test_assignments import teams
from tests.test_programme import SEED, _text, small
from tests.test_quality_rejudged import built

Act = Callable[[Path, Progress | None], Any]
ROOT = Path(__file__).resolve().parent.parent
CITY = ROOT / "designs" / "systems" / "sichuan_city_2017.toml"
ODDS = np.array([0.004, 0.03, 0.0, 0.01, 0.006]), np.array([300, 300, 150, 400, 250])


@cache
def drawn() -> tuple[Any, ...]:
    """Return the design, the frame, the rosters of three villages, the first draw and the returns of a county."""
    declared, registry, sample, table = county.build(county.design())
    frame = ev.Frame.from_data(registry.villages(), id="village_code", name="village", columns=["township_code"])
    rosters = [roster for _, roster in zip(range(3), registry.rosters(sample.villages).values(), strict=False)]
    return declared, frame, rosters, ev.draw(frame, declared, seed=county.SEED), sample, table


@cache
def answers() -> ev.Survey:
    rng = np.random.default_rng(7)
    units = np.arange(240)
    table = pd.DataFrame({"s": units // 60, "v": units // 10, "x": rng.gamma(2.0, size=240), "sex": np.tile(["男", "女"], 120)})
    return ev.Survey.from_data(table, strata="s", clusters="v")


def replicated(progress: Progress | None, asked: Callable[[ev.Survey], Any], **options: Any) -> Any:
    return asked(answers().replicate("bootstrap", replicates=300, seed="1", progress=progress, **options)).se.tolist()


def raked(survey: ev.Survey) -> Any:
    return ev.mean(ev.weigh(survey, ev.Rake({"sex": {"男": 130.0, "女": 110.0}})), "x")


def elsewhere(progress: Progress | None) -> Any:
    table = pd.DataFrame({"y": [1.0, 2, 4], "w": 10.0, "r1": [0.0, 15, 15], "r2": [15.0, 0, 15], "r3": [15.0, 15, 0]})
    return ev.gini(ev.Survey.from_replicates(table, "w", ["r1", "r2", "r3"], kind="jk1", progress=progress), "y").se.tolist()


def mean_square(progress: Progress | None) -> Any:
    fit = ev.smallareas.fay_herriot_arcsine(ODDS[0], None, ODDS[1])
    return ev.smallareas.arcsine_mse(fit, None, ODDS[1], seed="42", replicates=20, progress=progress).tolist()


def handed(place: Path) -> list[Path]:
    return [write_csv(roster, place / f"{at}.csv") for at, roster in enumerate(drawn()[2])]


def rosters(place: Path, progress: Progress | None) -> Any:
    return ev.read_rosters(handed(place), drawn()[0], progress=progress)


@cache
def three() -> tuple[pd.DataFrame, ev.Sample]:
    """Return the rosters of three villages as they are read, and the sample drawn from them."""
    read = ev.read_rosters(pd.concat(drawn()[2]), drawn()[0])
    return read, ev.draw_next(drawn()[3], read)


def households(progress: Progress | None) -> Any:
    return ev.draw_next(drawn()[3], three()[0], progress=progress).table("household")


def verified(progress: Progress | None) -> Any:
    return ev.verify(three()[1].certificate, drawn()[1], three()[0], progress=progress)


def returned(place: Path, progress: Progress | None) -> Any:
    table = drawn()[5]
    parts = [write_csv(part, place / f"{at}.csv") for at, part in enumerate((table.iloc[:200], table.iloc[200:]))]
    return ev.collect(drawn()[4], parts, progress=progress).table()


def simulated(place: Path, progress: Progress | None) -> Any:
    design = ev.plain_design(2, 3, frame=6, households=9)
    asked: dict[str, Any] = {"seed": "1", "replicates": 3, "workers": 1, "folder": place / "batches", "progress": progress}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(running, "BATCH", 2)
        return ev.simulate(design, {design.gates[0].rate: 0.01}, **asked).table()


def matched(progress: Progress | None) -> Any:
    one, two = ({"户编号": ["1", "2"], "人数": persons, "收入": ["5", "6"]} for persons in (["3", "4"], ["4", "4"]))
    asked: dict[str, Any] = {"key": "户编号", "fields": ["人数", "收入"], "households": "all"}
    return ev.match_sources(pd.DataFrame(one), pd.DataFrame(two), progress=progress, **asked).table()


def cities() -> pd.DataFrame:
    known = (0.95, 0.02, "某处", "2018-01-01", "某局")
    rows = [(name, f"1.1.{at}", *known) for name in "甲乙丙" for at in range(1, 6)]
    return pd.DataFrame(rows, columns=["对象", "代码", "值", "标准误", "来源", "日期", "提供单位"])


def scored(progress: Progress | None) -> Any:
    return ev.score(cities(), CITY, draws=200, progress=progress).units()


def carded(place: Path, progress: Progress | None) -> Any:
    return marking.mark_table(str(write_csv(cities(), place / "值.csv")), str(CITY), str(place / "card"), progress=progress)


def sensitive(progress: Progress | None) -> Any:
    return ev.score(cities(), CITY, draws=100).sensitivity(base=8, progress=progress).indices()


def searched(place: Path, progress: Progress | None) -> Any:
    handed(place)
    return ev.scan(place, progress=progress).table()


def reported(place: Path, progress: Progress | None) -> Any:
    return [path.name for path in write_report(Results({"title": "示例", "date": "2018年12月20日"}, {}), place, "zh", progress)]


@pytest.fixture(scope="module", autouse=True)
def two_forms() -> Iterator[None]:
    """Papers are written in two of their four forms: those that take the least time."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(report_files, "WRITERS", {form: report_files.WRITERS[form] for form in ("html", "xlsx")})
        yield


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("项目")
    (place / "项目.toml").write_text(_text(small()), encoding="utf-8")
    ev.run(place / "项目.toml", place / "run")
    return place


def without_each(progress: Progress | None) -> Any:
    findings, frame = built()
    table = findings.table()
    two = replace(findings, _table=table.assign(interviewer=np.where(table["interviewer"].str[-1] < "5", "甲", "乙")))
    return ev.leave_out(two, frame, progress=progress).table()


def assigned(write: Any, place: Path, progress: Progress | None) -> Any:
    return len(write(ev.assign(three()[1], teams(), seed=county.SEED), place, progress=progress))


STEPS: dict[str, tuple[Act, tuple[str, ...]]] = {
    "replicates, a total": (lambda _, told: replicated(told, lambda survey: ev.mean(survey, "x")), ("replication.methods.made",)),
    "replicates, drawn nearer to 1": (lambda _, told: replicated(told, lambda survey: ev.mean(survey, "x"), tau=2.0), ()),
    "replicates, a quantile": (lambda _, told: replicated(told, lambda each: ev.quantile(each, "x", 0.5, interval="replicate")), ()),
    "replicates, steps": (lambda _, told: replicated(told, raked), ()),
    "replicates from elsewhere": (lambda _, told: elsewhere(told), ("survey.surveys.Survey.from_replicates",)),
    "small areas": (lambda _, told: mean_square(told), ("smallareas.shares.arcsine_mse",)),
    "rosters": (rosters, ("fieldwork.rosters.read_rosters", "fieldwork.handed.hand_in")),
    "households": (
        lambda _, told: households(told), ("sample.samples.draw_next", "sample.samples.extend", "sample.households.draw_households"),
    ),
    "verification": (lambda _, told: verified(told), ("verification.checking.verify",)),
    "lists": (lambda place, told: len(ev.write_lists(three()[1], place, progress=told)), ("fieldwork.lists.write_lists",)),
    "books": (partial(assigned, ev.write_books), ("fieldwork.books.write_books",)),
    "booklets": (partial(assigned, ev.write_booklets), ("report.booklets.write_booklets",)),
    "returns": (returned, tuple(f"responses.collecting.{name}" for name in ("collect", "examined", "handed_returns"))),
    "interviewers left out": (lambda _, told: without_each(told), ("quality.askers.leave_out",)),
    "simulation": (simulated, ("trials.simulating.simulate", "trials.running.run_batches")),
    "sources": (lambda _, told: matched(told), ("screening.matching.match_sources",)),
    "scores": (lambda _, told: scored(told), ("indicators.scoring.score", "indicators.drawing.joint_draws")),
    "a card": (carded, ("evaluation.marking.mark_table",)),
    "sensitivity": (lambda _, told: sensitive(told), ("indicators.choices.sensitivity",)),
    "personal data": (searched, ("privacy.scanning.scan",)),
    "report": (reported, ("report.write_report", "report.files.write_document")),
}  # fmt: skip
# of a folder or a programme, which a fixture makes: named in the tests below
FOLDERS = {
    "evaluation.specimen.run", "evaluation.programme.running.run_programme", "evaluation.programme.opening.open_counties",
    "evaluation.summing.sum_up", "report.programmepaper.write_summary", "evaluation.inspecting.inspect_quality",
}  # fmt: skip


def whole(place: Path) -> dict[str, bytes]:
    """Return every file of a folder; batches of a simulation have the time in them."""
    return {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file() and path.suffix != ".npz"}


def same(one: Any, other: Any) -> bool:
    if isinstance(one, pd.DataFrame):
        return one.equals(other)
    return bool(one == other)


def stopped(act: Act, place: Path, at: int) -> None:
    """Take a step until it tells a line for the `at`-th time."""
    said: list[str] = []

    def stop(line: str) -> None:
        said.append(line)
        if len(said) == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        act(place, stop)


def holds(act: Act, place: Path) -> None:
    """Hold a step that tells against one that does not, and one that was stopped twice, at first and half way, and asked again."""
    said: list[str] = []
    quiet, told = act(place / "静", None), act(place / "说", said.append)
    assert said and all(patience.COUNTED.search(line) for line in said), said
    assert same(quiet, told) and whole(place / "静") == whole(place / "说")
    stopped(act, place / "断", 1)
    if whole(place / "静"):
        stopped(act, place / "断", len(said) // 2 + 1 if "模拟" not in said[0] else 1)
        assert whole(place / "断").items() <= whole(place / "静").items(), "a file was left half written"
        assert same(quiet, act(place / "断", None)) and whole(place / "断") == whole(place / "静")


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_tells_finds_the_same_and_can_be_stopped(step: str, tmp_path: Path) -> None:
    for name in ("静", "说", "断"):
        (tmp_path / name).mkdir()
    holds(STEPS[step][0], tmp_path)


def test_a_programme_that_tells_is_the_same_and_can_be_stopped(programme: Path, tmp_path: Path) -> None:
    given: dict[str, Any] = {"seed": SEED, "how": "当众摇号"}
    holds(lambda place, told: len(open_counties(programme / "项目.toml", place, progress=told, **given)), tmp_path / "开")
    counties = sorted(map(str, (programme / "run" / "counties").iterdir()))
    facts: dict[str, Any] = {"title": "汇总", "by": "某院", "date": "2024-12-20"}
    holds(lambda place, told: sum_up(counties, str(place), progress=told, **facts)[0], tmp_path / "汇总")
    said: list[str] = []
    ev.run(programme / "项目.toml", tmp_path / "run", progress=said.append)
    made, kept = whole(tmp_path / "run"), whole(programme / "run")
    assert said[0].startswith("1/3 ") and said[-1] == "写汇总报告 2/2"
    assert {name: data for name, data in made.items() if "sqlite" not in name} == {n: d for n, d in kept.items() if "sqlite" not in n}


def test_every_step_that_tells_is_tried_here_and_listed_in_the_docs() -> None:
    some = {file: path for file, path in files().items() if "progress: Progress" in path.read_text(encoding="utf-8")}
    telling = {
        f"{file}.{name}"
        for file, path in some.items()
        for name, function in functions(tree(path))
        if "progress" in {each.arg for each in (*function.args.args, *function.args.kwonlyargs)}
    }  # fmt: skip
    public = {name for name in telling if not name.rpartition(".")[2].startswith("_") and not name.startswith("patience.")}
    assert public == FOLDERS | {name for _, names in STEPS.values() for name in names}
    listed = (ROOT / "docs" / "engines.md").read_text(encoding="utf-8")
    shown = [name.rpartition(".")[2] for name in public]
    assert [name for name in shown if name in ev.__all__ and f"`ev.{name}" not in listed] == []


def test_a_survey_is_stored_without_whom_it_tells() -> None:
    survey = answers().replicate("bootstrap", replicates=10, seed="1", tau=2.0, progress=lambda line: None)
    back = pickle.loads(pickle.dumps(survey.replicated))
    assert back.plan.progress is None and (back.plan.factors() == survey.replicated.plan.factors()).all()


def test_places_of_counties_take_no_pairs() -> None:
    """The definition, pair by pair: those ahead by more than 1e-9, and half of those that tie."""
    rng = np.random.default_rng(3)
    for digits in (1, 3, 12):
        x = np.round(rng.random((50, 12)), digits)
        gaps = x[:, None, :] - x[:, :, None]
        assert (composites.places(x) == 1 + (gaps > 1e-9).sum(axis=-1) + ((np.abs(gaps) <= 1e-9).sum(axis=-1) - 1) / 2).all()


class Screen(io.StringIO):
    """A terminal, as far as a program asks."""

    def isatty(self) -> bool:
        return True


def test_a_command_shows_one_line_on_a_terminal_alone(programme: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line has a bar, goes to stderr, is wiped before anything is said, and is no part of what a file receives."""
    counties = map(str, (programme / "run" / "counties").iterdir())
    words = ["summary", *counties, "--title", "汇总", "--by", "某院", "--date", "2024-12-20", "--out"]
    kept: list[tuple[str, str]] = []
    for screen in (Screen(), io.StringIO()):
        out = io.StringIO()
        monkeypatch.setattr(sys, "stderr", screen)
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(patience, "SECOND", 0.002)
        main([*words, str(tmp_path / "汇总")], standalone_mode=False)
        kept.append((out.getvalue(), screen.getvalue()))
    (said, shown), (quiet, nothing) = kept
    assert said == quiet and nothing == ""
    assert "写汇总报告 1/2 [##########..........] 已 " in shown and shown.endswith(patience.WIPE) and shown.count("\n") == 0


@pytest.mark.parametrize("told", ["", "模拟中断于 20/25 次"])
def test_a_command_that_is_stopped_says_how_to_go_on(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt(*filter(None, [told]))

    monkeypatch.setattr("evalkit.cli.papers.summing.sum_up", stopped)
    done = CliRunner().invoke(main, ["summary", "甲", "--out", "乙", "--title", "丙", "--by", "丁", "--date", "2024-12-20"])
    assert (done.exit_code, done.output) == (130, f"\n{told or '已中断｜写完的文件都完整｜再键入同一命令'}\n")


def test_of_waits_within_waits_the_innermost_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(patience, "SECOND", 0.002)
    with patience.waiting("外") as told:
        with patience.waiting("内"):
            threading.Event().wait(0.1)
        assert "内……已 2 秒" in screen.getvalue() and "外" not in screen.getvalue()
        told("外 1/2")
        threading.Event().wait(0.1)
    assert "外 1/2 [##########..........] 已 " in screen.getvalue() and screen.getvalue().endswith(patience.WIPE)
    assert not patience._LINES
