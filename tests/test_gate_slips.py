"""Slips that would pass in silence: rates that are none, values on the wrong side, borrowed correlations, mixed gates."""

from __future__ import annotations

import tomllib
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit.clustering import Clustering, Counted
from evalkit.design.accepting import rule_of
from evalkit.design.agreement import disagreements
from evalkit.design.judgement import Gate
from evalkit.errors import EstimateError, EvalkitWarning
from evalkit.trials.outcomes import Trials

DESIGN = Path(__file__).resolve().parent.parent / "designs" / "biyang_2018.toml"


def written(**rates: float) -> dict:
    data = tomllib.loads(DESIGN.read_text(encoding="utf-8"))
    data["planning"]["rates"] = rates
    return data


def surveyed(events: int, county: str = "甲县") -> ev.Survey:
    at = np.arange(1200)
    return ev.Survey.from_data(pd.DataFrame({"v": at % 40, "wrong": at < events, "county": county}), clusters=["v"])


def fact(indicator: str = "错退率", *names: str) -> Clustering:
    return Clustering(indicator, tuple(Counted("", name, 5, 50, 4, 0.17, 2 / 30, 10, 1) for name in names or ("乙县", "丙县")), "county")


def test_a_misspelt_planning_rate_is_a_fault_with_the_nearest_name() -> None:
    found = disagreements(written(错退律=0.006, 漏评率=0.003))
    assert [(fault.column, fault.value) for fault in found] == [("planning.rates", "错退律")]
    assert found[0].remedy.startswith("是否为 错退率；可用：错退率、漏评率、错评率、综合贫困发生率、群众认可度")
    without = written(错退律=0.006)
    del without["rate"], without["gate"]
    assert not [fault for fault in disagreements(without) if fault.column == "planning.rates"]  # a plan without [[rate]] names its own


def test_a_planning_value_on_the_wrong_side_is_remarked() -> None:
    design = ev.read_design(DESIGN)
    wrong = {**design.planning.rates, "错退率": 0.6, "群众认可度": 0.8}
    plan = ev.plan(design.model_copy(update={"planning": design.planning.model_copy(update={"rates": wrong})}))
    told = [text for text in plan.table("assumptions")["text"] if "未达到的一侧" in text]
    assert [text.partition("：")[0] for text in told] == ["综合贫困发生率", "错退率", "群众认可度"]
    assert "规划值60" in told[1] and "门槛2%" in told[1]
    assert not [text for text in ev.plan(design).table("assumptions")["text"] if "未达到的一侧" in text]


def test_a_rule_made_for_another_sample_is_remarked() -> None:
    rule = {"at_most": 8, "villages": 20, "take": 60, "consumer": 0.05, "icc": 0.05}
    told = {"strict": True, "legal_value": "unweighted", "quote": "低于2%", "source": "某文件", "direction": "below", "threshold": 0.02}

    def remarks(**changes: float) -> list[str]:
        declared = ev.plain_design(20, 60, icc=changes.pop("planned", 0.05))
        gate = Gate.model_validate({"rate": "差错率", **told, "acceptance": {**rule, **changes}})
        plan = ev.plan(declared.model_copy(update={"gates": (gate,)}))
        return [text for text in plan.table("assumptions")["text"] if "接收规则" in text]

    assert remarks() == []
    (found,) = remarks(take=50, at_most=6)
    assert "按20个村×50户＝1000户定，方案预计20个村、完成1200户" in found
    (found,) = remarks(planned=0.03)
    assert "按村内相关0.05定，[evaluation] icc 为0.03" in found and "个村×" not in found


def test_trials_say_which_truths_fall_short_and_why_a_figure_is_missing() -> None:
    trials = ev.simulate(ev.plain_design(6, 10, frame=12, households=20), {"差错率": [0.005, 0.6]}, seed="1", replicates=2, workers=1)
    assert [("未达到标准" in line) for line in repr(trials).splitlines()[1:3]] == [False, True]
    empty = Trials(trials.title, trials.points, trials.standards, np.full_like(trials.results, np.nan), trials.work, trials.settings)
    said = repr(empty)
    assert "nan" not in said and "区间覆盖 —" in said and said.count("每一次都做不下去") == 1
    lost = trials.results.copy()
    lost[..., 3:7] = np.nan
    said = repr(Trials(trials.title, trials.points, trials.standards, lost, trials.work, trials.settings))
    assert "nan" not in said and said.count("没有一次给得出区间") == 1


def test_acceptance_is_counted_in_trials() -> None:
    # Monte Carlo: the exact chance of acceptance, methods §3.3
    told = {"strict": True, "legal_value": "unweighted", "quote": "低于5%", "source": "某文件", "direction": "below", "threshold": 0.05}
    rule = {"at_most": 4, "villages": 12, "take": 20, "consumer": 0.3, "icc": 0.05}
    gate = Gate.model_validate({"rate": "差错率", **told, "acceptance": rule})
    design = ev.plain_design(12, 20, frame=60, households=60)
    with_rule = design.model_copy(update={"gates": (gate,)})
    trials = ev.simulate(with_rule, {"差错率": [0.01, 0.03]}, seed="1", replicates=60, workers=1)
    table = trials.table()
    for p, share, error in zip((0.01, 0.03), table["accepted"], table["accepted_se"], strict=True):
        assert abs(share - rule_of(gate).accepts(p)["beta-binomial"]) < 3 * error
    assert "按接收规则接收" in repr(trials)
    plain = ev.simulate(design, {"差错率": 0.01}, seed="1", replicates=2, workers=1)
    assert plain.table()["accepted"].isna().all() and "接收" not in repr(plain)


def test_the_correlation_of_another_rate_is_refused_and_can_be_borrowed() -> None:
    rate = ev.proportion(surveyed(6), "wrong")
    with pytest.raises(EstimateError, match=r"是漏评率的村内相关，判定的是错退率｜.*icc=float"):
        ev.judge(rate, 0.02, strict=True, name="错退率", icc=fact("漏评率"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        own = ev.judge(rate, 0.02, strict=True, name="错退率", icc=fact())
        borrowed = ev.judge(rate, 0.02, strict=True, name="错退率", icc=float(fact("漏评率")))
        assert own.icc == borrowed.icc == ev.judge(rate, 0.02, strict=True, name="错退率", icc=fact("wrong")).icc  # named by its column


def test_a_county_judged_by_its_own_errors_is_told() -> None:
    rates = ev.proportion(surveyed(6), "wrong", by="county")
    with pytest.warns(EvalkitWarning, match=r'合并的各县中有甲县自己.*without\("甲县"\)'):
        ev.judge(rates, 0.02, strict=True, name="错退率", icc=fact("错退率", "甲县", "乙县"))
    with pytest.warns(EvalkitWarning, match="乙县自己"):
        ev.judge(rates, 0.02, strict=True, name="乙县错退率", icc=fact("错退率", "丙县", "乙县"))


def test_a_programme_of_several_gates_is_refused_with_the_gates() -> None:
    rate = ev.proportion(surveyed(6), "wrong")
    asked = [{"threshold": 0.02, "name": "错退率"}, {"threshold": 0.02, "name": "错退率"}, {"threshold": 0.03, "name": "漏评率"}]
    verdicts = [ev.judge(rate, strict=True, **each) for each in asked]
    with pytest.raises(EstimateError, match="混有 2 道门槛的判定，不能合计：错退率低于2% 2 个；漏评率低于3% 1 个"):
        ev.programme(verdicts)
    assert ev.programme(verdicts[:2]).counties == 2


def test_errors_that_lie_in_one_village_each_are_noted() -> None:
    at = np.arange(4000)
    table = pd.DataFrame({"county": at // 1000, "village": at // 50, "wrong": (at % 1000 < 4) & (at // 1000 < 3)})
    table.loc[[3000, 3050, 3100, 3150], "wrong"] = True
    seen = ev.icc(ev.Survey.from_data(table, strata="county", clusters=["village"]), "wrong", by="county", name="错退率")
    assert seen.lost == 0.75 and seen.weight == 3  # three counties with all errors in one village, one with four villages
    assert len(seen.notes) == 1 and "75%" in seen.notes[0] and "注意" in repr(seen)
    assert not seen.without("0").without("1").without("2").notes
    assert (
        np.isnan(Clustering("错退率", (Counted("", "甲", 5, 50, 0),)).lost)
        and not Clustering("错退率", (Counted("", "甲", 5, 50, 0),)).notes
    )
