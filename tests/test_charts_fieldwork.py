"""Pictures of the draw, of fieldwork and of weights: the same numbers as their nouns, in both languages."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit import charts
from evalkit.charts import Chart
from evalkit.errors import DrawError, ReportError
from evalkit.ledger.kinds import FIVE
from tests import county


def listed(count, n, method="pps-systematic", size="hh", name="村{}"):
    """A sample of villages whose sizes grow along the list."""
    sizes = [str(20 + 7 * at % 90) for at in range(count)]
    table = pd.DataFrame({"code": [f"{at:04d}" for at in range(count)], "village": [name.format(at) for at in range(count)], "hh": sizes})
    stage = {"name": "village", "method": method, "n": n, **({"size": size} if size else {})}
    plan = {key: part for key, part in county.plan().items() if key in ("format", "evaluation", "report")}
    design = ev.read_design(plan | {"frame": {"file": "x.csv", "id": "code", "name": "village", "columns": ["hh"]}, "stage": [stage]})
    return ev.draw(ev.Frame.from_data(table, id="code", name="village", columns=["hh"]), design, seed=county.SEED)


def board(villages=44, done=36):
    first = np.datetime64("2018-11-12")
    rows = [{"village": str(at), **{step: str(first + at // 6 + 2 * k) if at < done - 2 * k else "" for k, step in enumerate(FIVE)}}
            for at in range(villages)]  # fmt: skip
    return pd.DataFrame(rows)


def words(axes):
    return [text.get_text() for text in axes.texts]


def dark(axes):
    """The drawn pieces of all strips, as lengths."""
    return [float(path.get_extents().width) for pieces in axes.collections if pieces.get_zorder() > 2 for path in pieces.get_paths()]


def triangles(axes):
    return [float(x) for line in axes.lines if line.get_marker() == "v" for x in line.get_xdata()]


@pytest.mark.parametrize("method", ["pps-systematic", "systematic", "srs", "chromy", "pps-wr"])
def test_drawn_units_are_dark_and_steps_point_at_them(method):
    sample = listed(40, 4, method, "hh" if method.startswith("pps") or method == "chromy" else "")
    axes = sample.plot()
    chances = dict(sample.table("village")[["unit", "chance"]].itertuples(index=False))
    cell = sample.cells("village")[0]
    assert sorted(dark(axes)) == pytest.approx(sorted(chances[unit] / sum(cell.probs.values()) for unit in cell.chosen))
    assert len(triangles(axes)) == (4 if "systematic" in method else 0)
    if method == "pps-systematic":
        assert np.diff(triangles(axes)) == pytest.approx([0.25] * 3)
    assert all(name in axes.get_label() for name in sample.table("village")["name"])
    assert Chart.of(axes, "x").collisions() == []


def test_a_large_stratum_goes_over_several_strips():
    axes = listed(120, 10).plot()
    assert [label.get_text() for label in axes.get_yticklabels()] == ["全部 1/3", "全部 2/3", "全部 3/3"]
    assert len(triangles(axes)) == 10 and axes.get_label().startswith("全部：120 个中抽 10 个：村")
    unnamed = charts.drawn_plot(listed(120, 10), names=False, language="en")
    assert unnamed.get_label() == "全部: 10 of 120 drawn." and "村" not in "".join(words(unnamed))
    assert Chart.of(listed(9, 9, "srs", "", name="名称特别长的少数民族自治示范管理区第{}村民委员会").plot(), "x").collisions() == []
    with pytest.raises(ReportError, match="不是从名单抽取的阶段"):
        listed(5, 2).plot("household")
    with pytest.raises(DrawError, match="可用：village"):
        listed(5, 2).cells("household")


def test_outcomes_are_those_of_the_responses():
    responses = county.collected()
    axes, shown = responses.plot(), responses.completion()
    total = sum(bar.get_width() for bar in axes.patches)
    assert total == shown["released"].sum() and f"完成 {shown['complete'].iloc[0]}" in axes.get_label()
    english = responses.plot("village", language="en", max_rows=10)
    assert "Rows 1–10 of" in english.get_xlabel() and "response " in english.get_label()
    assert Chart.of(axes, "x").collisions() == Chart.of(english, "x").collisions() == []


def test_progress_counts_villages_by_day():
    axes = charts.progress_plot(board(), steps=("汇总", "验收"))
    assert axes.get_label() == "共 44 村；汇总 36 村，至 2018-11-17；验收 28 村，至 2018-11-24。"
    assert {"汇总 36", "验收 28", "共 44 村"} <= set(words(axes)) and Chart.of(axes, "x").collisions() == []
    every = charts.progress_plot(board(done=44), steps=FIVE, language="en")
    assert "summed up 44" in words(every) and Chart.of(every, "x").collisions() == []
    undated = board().assign(汇总="已记")
    assert "44 步没有写日期" in charts.progress_plot(undated).get_xlabel()
    assert charts.progress_plot(board(1, 0)).get_label() == "共 1 村；汇总 0；验收 0。"
    for wrong in ({"steps": ("回访",)}, {"planned": pd.DataFrame({"village": ["0"], "day": [1]})}):
        with pytest.raises(ReportError, match=r"没有这一步|没有可画"):
            charts.progress_plot(board(), **wrong)


def test_an_assignment_draws_its_plan_beside_the_board():
    sample = county.made()[2]
    teams = pd.DataFrame({"组": ["甲组", "乙组", "丙组"], "人数": 4, "每人每日户数": 3, "回避": ""})
    plan = ev.assign(sample, teams, seed=county.SEED)
    axes = plan.plot()
    assert axes.get_label() == f"共 {len(sample.villages)} 村；计划 {len(sample.villages)} 村，至第 {plan.days()['day'].max()} 天。"
    both = plan.plot(board(len(sample.villages), 3), start="2018-11-12", language="en")
    assert f"planned {len(sample.villages)}" in both.get_label() and "summed up 3" in both.get_label()
    assert Chart.of(axes, "x").collisions() == Chart.of(both, "x").collisions() == []


def test_weights_before_and_after_each_step():
    table = pd.DataFrame({"g": ["A"] * 50 + ["B"] * 50, "w": np.r_[np.linspace(5, 90, 50), np.linspace(20, 60, 50)]})
    plain = ev.Survey.from_data(table, weights="w")
    survey = ev.weigh(plain, ev.Trim(upper=80, strict=False), ev.PostStratify("g", {"A": 3000, "B": 2000}))
    axes = survey.plot("steps")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["调整前", "Trim 0–80", "PostStratify g"]
    ends = [tuple(line.get_xdata()) for line in axes.lines if line.get_marker() == "|"]
    assert ends == [(table["w"].min(), table["w"].max()), *((step.after.min(), step.after.max()) for step in survey.steps)]
    assert "5000" in words(axes) and survey.plot("steps", language="en").get_label().startswith("before: 5–90, sum 4375")
    assert survey.plot().get_title(loc="left") == "权数的分布"
    with pytest.raises(ReportError, match="没有这种图"):
        survey.plot("step")
    alone = ev.Survey.from_data(table.head(1)).plot("steps")
    assert Chart.of(axes, "x").collisions() == Chart.of(alone, "x").collisions() == []
