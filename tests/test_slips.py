"""Slips of a new user: text for a number, a thing of another kind: each is refused in words, all faults of one call at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit.cli.group import tenths
from evalkit.errors import DesignError, EstimateError, EvalkitError, SurveyError
from evalkit.trials.outcomes import Trials

acceptance, sizing = ev.acceptance, ev.sizing
NAME = "差错率"
AT = np.arange(1200)
TABLE = pd.DataFrame({"village": AT // 60, "wrong": AT % 401 == 0, "missed": AT == 603, "exited": AT % 2 == 0, "persons": 3, "none": None})
SURVEY = ev.Survey.from_data(TABLE, clusters=["village"])
RATE = ev.proportion(SURVEY, "wrong")
LAYOUT = acceptance.Layout(20, 60, 0.05)
RULE = acceptance.number(LAYOUT, 0.02)
DESIGN = ev.plain_design(5, 20, frame=20, households=40, cost_village=500)
WRONG: Any = "x"  # what a type checker would have caught


def incidence(**totals: Any) -> Any:
    given = {"remaining": 1200, "exited": 38000, "non_registry": 260000, "rural": 300000, **totals}
    others = ~ev.col("exited").isin([True])
    return ev.incidence(SURVEY, wrong_exit="wrong", missed="missed", count="persons", among_exited="exited", among_others=others, **given)


def simulated(**asked: Any) -> Trials:
    return ev.simulate(DESIGN, **{"rates": {NAME: [0.01, 0.05]}, "seed": "1", "replicates": 2, "workers": 1, **asked})


ASKED: dict[str, tuple[Callable[[], Any], type[EvalkitError], tuple[str, ...]]] = {
    "judge": (lambda: ev.judge(RATE, WRONG, strict=True, icc=WRONG), EstimateError, ("threshold：'x'", "icc：'x'")),
    "judge, icc 5": (lambda: ev.judge(RATE, 0.02, strict=True, icc=5), EstimateError, ("icc：5｜村内相关应在 0 与 1 之间",)),
    "interval": (lambda: RATE.interval(level=WRONG), EstimateError, ("level：'x'",)),
    "intervals": (lambda: ev.intervals.proportion(WRONG, "9", level=WRONG), EstimateError, ("value", "n：'9'")),
    "planning": (lambda: ev.intervals.Planning(WRONG, 60, 1, icc=5), EstimateError, ("deff_w：'x'", "icc：5")),
    "incidence": (lambda: incidence(remaining="1200", rural=None), EstimateError, ("remaining：'1200'", "rural：None")),
    "workers": (lambda: simulated(workers=0), DesignError, ("workers：0",)),
    "simulate": (lambda: simulated(rates={NAME: WRONG}, interviewer=WRONG, alphas=WRONG), DesignError, (NAME, "interviewer", "alphas")),
    "cheapest": (lambda: ev.cheapest([DESIGN], better=WRONG, rates={}), DesignError, ("seed", "rates", "better：'x'")),
    "cheapest of a take": (lambda: ev.cheapest(60, better=0.005, seed="1"), DesignError, ("int｜不是设计",)),
    "layout": (lambda: acceptance.Layout(WRONG, 60, "0.05", deff_w=WRONG), EstimateError, ("villages = 'x'", "icc = '0.05'", "deff_w")),
    "number": (lambda: acceptance.number(WRONG, "0.02"), EstimateError, ("layout = str", "gate = '0.02'")),
    "smallest": (
        lambda: acceptance.smallest(WRONG, 0.02, icc=WRONG, better=".005", producer=WRONG), EstimateError,
        ("take = 'x'", "icc = 'x'", "better = '.005'", "producer = 'x'"),
    ),
    "takes": (lambda: acceptance.cheapest([60, WRONG], WRONG, icc=0.05, better=0.005, producer=0.2), EstimateError, ("take = 'x'", "gate")),
    "producer's risk": (lambda: RULE.producer_risk(WRONG), EstimateError, ("better = 'x'",)),
    "accepts": (lambda: RULE.accepts(WRONG), EstimateError, ("rates = 'x'",)),
    "curve": (lambda: acceptance.curve(WRONG), EstimateError, ("rule = str",)),
    "double": (lambda: acceptance.double(LAYOUT, WRONG, WRONG, spending="pocock"), EstimateError, ("second = str", "gate = 'x'")),
    "two looks": (lambda: acceptance.two_looks("pocock", WRONG), EstimateError, ("alpha = 'x'",)),
    "accept": (lambda: ev.accept(WRONG, WRONG, takes=60), EstimateError, ("found = 'x'", "rule = str", "takes = 60")),
    "accept, holes": (lambda: ev.accept(3, RULE, takes=[60, np.nan, 0]), EstimateError, ("takes 第 2、3 项 = nan",)),
    "costs": (lambda: sizing.Costs(village="600", unit=-1), EstimateError, ("village = '600'", "unit = -1")),
    "for bound": (lambda: sizing.for_bound(2, -1), EstimateError, ("gate = 2", "events = -1")),
    "setting": (lambda: sizing.Setting(WRONG, WRONG), EstimateError, ("take = 'x'", "icc = 'x'")),
    "conclude": (lambda: ev.conclude({"甲": 1}), EstimateError, ("其中有 int",)),
    "programme": (lambda: ev.programme(None), EstimateError, ("其中有 NoneType",)),
    "nobody answered": (lambda: ev.proportion(SURVEY, "none"), EstimateError, ("none｜整列都没有回答",)),
    "nobody answered, icc": (lambda: ev.icc(SURVEY, "none"), EstimateError, ("none｜整列都没有回答",)),
    "no survey": (lambda: ev.icc(WRONG, "wrong"), EstimateError, ("str｜应为 Survey",)),
    "two columns": (lambda: ev.Survey.from_data(pd.concat([TABLE, TABLE[["wrong"]]], axis=1)), SurveyError, ("wrong｜有几列同名",)),
}  # fmt: skip


@pytest.mark.parametrize("asked", ASKED)
def test_slips_are_refused_in_words_all_at_once(asked: str) -> None:
    ask, error, told = ASKED[asked]
    with pytest.raises(error) as refusal:
        ask()
    lines = [line for line in str(refusal.value).split("\n") if "处错误" not in line]
    assert all("｜" in line for line in lines), lines
    for part in told:
        assert part in str(refusal.value), part


def test_a_conclusion_reads_a_mapping_of_verdicts() -> None:
    verdict = ev.judge(RATE, 0.02, strict=True, name=NAME)
    assert ev.conclude({"甲": verdict}).verdicts == (verdict,)


def test_one_take_is_as_good_as_a_list_of_one() -> None:
    asked: dict[str, Any] = {"icc": 0.05, "better": 0.005, "producer": 0.2}
    assert acceptance.cheapest(60, 0.02, **asked) == acceptance.cheapest([60], 0.02, **asked)


@pytest.mark.parametrize(("folder", "kept"), [("batches", "做完的 20 次保存在"), (None, "没有写 folder，做完的没有保存")])
def test_a_stopped_simulation_says_what_is_kept(folder: str | None, kept: str, tmp_path: Path) -> None:
    def stop(_: str) -> None:
        raise KeyboardInterrupt

    where = None if folder is None else tmp_path / folder
    with pytest.raises(KeyboardInterrupt, match=f"模拟中断于 20/25 次｜{kept}"):
        simulated(rates={NAME: 0.01}, replicates=25, folder=where, progress=stop)
    if where is not None:
        said: list[str] = []
        assert len(simulated(rates={NAME: 0.01}, replicates=25, folder=where, progress=said.append)) == 25
        assert said == ["接着上次的：20 次已有", "模拟 25/25"]


def test_progress_without_a_screen_is_a_line_a_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    progress = tenths()
    for done in range(20, 1001, 20):
        progress(f"模拟 {done}/1000")
    assert capsys.readouterr().err.split() == ["模拟", "20/1000", *(f for k in range(100, 1001, 100) for f in ("模拟", f"{k}/1000"))]
