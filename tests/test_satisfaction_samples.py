"""Importance and performance, field scores beside household scores, samples by quota; and their pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit import charts
from evalkit.errors import EstimateError, ReportError, ResponsesError
from tests.test_satisfaction_scores import TEN, THREE, survey

ITEMS = ["甲", "乙", "丙"]


def test_quadrants_come_from_both_estimates_and_say_when_they_are_open() -> None:
    data = survey()
    found = ev.prioritize(data, "总", ITEMS, TEN)
    table = found.table().set_index("item")
    shares, points = ev.drivers(data, "总", ITEMS, TEN), ev.scores(data, ITEMS, TEN)
    assert table["importance"].tolist() == pytest.approx(shares.value[:3].tolist())
    assert table["performance"].tolist() == pytest.approx(points.value.tolist())
    assert found.explained == pytest.approx(shares.value[3])
    for row in table.itertuples():
        inside = row.importance_low <= 1 / 3 <= row.importance_high or row.performance_low <= found.cuts[0] <= row.performance_high
        assert row.firm == (not inside)
    far = ev.prioritize(data, "总", ITEMS, TEN, cuts=(99.0, 0.01))
    assert set(far.table()["quadrant"]) == {"优先改进"} and far.table()["firm"].all()
    assert "优先改进：甲、乙、丙" in far.sentence()
    with pytest.raises(EstimateError):
        ev.prioritize(data, "总", ["甲"], TEN)


def test_above_ninety_points_everywhere_nothing_is_read_from_quadrants() -> None:
    high = ev.prioritize(survey(up=4.5), "总", ITEMS, TEN)
    assert high.ceiling and "天花板" in high.sentence()
    assert not ev.prioritize(survey(), "总", ITEMS, TEN).ceiling


# -- 70/30 ----------------------------------------------------------------------------------------------------------


def areas(seed: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The counts of 英德 2019: 100 areas with 20 households and 5 field scores each."""
    rng = np.random.default_rng(seed)
    area = np.repeat([f"片{at:03d}" for at in range(100)], 20)
    household = pd.DataFrame({"片区": area, "满意度": rng.choice(THREE.answers, 2000, p=[0.6, 0.3, 0.1])})
    return household, pd.DataFrame({"片区": np.repeat(np.unique(area), 5), "分": rng.integers(60, 101, 500)})


def asked(household: pd.DataFrame, field: pd.DataFrame, **changes: Any) -> Any:
    data = ev.Survey.from_data(household, clusters="片区")
    how: dict[str, Any] = {"field": field, "area": "片区", "score": "分", "each": 5, "shares": (70, 30)}
    return ev.field_composite(data, "满意度", THREE, **{**how, **changes})


def test_seventy_thirty() -> None:  # domain.md section 3.4 D
    household, field = areas()
    found = asked(household, field)
    home = household["满意度"].map({"满意": 100.0, "基本满意": 50.0, "不满意": 0.0})
    assert found["入户"].value[0] == pytest.approx(home.mean()) and found["现场"].value[0] == pytest.approx(field["分"].mean())
    assert found["综合"].value[0] == pytest.approx(0.7 * home.mean() + 0.3 * field["分"].mean())
    each = 0.7 * home.groupby(household["片区"]).mean() + 0.3 * field.groupby("片区")["分"].mean()
    assert found["综合"].se[0] == pytest.approx(each.std(ddof=1) / 10)
    assert asked(household, field, shares=(0.7, 0.3)).value == pytest.approx(found.value)


def test_field_scores_must_be_whole() -> None:
    household, field = areas()
    wrong = field.iloc[1:].assign(分=lambda t: t["分"].where(t.index != 9, 130))
    with pytest.raises(EstimateError) as refused:
        asked(household, wrong)
    assert "1 个片区的现场评分不是 5 个" in str(refused.value) and "第 10 行" in str(refused.value)
    for shares in ((70, 40), (1.0, 0.0)):
        with pytest.raises(EstimateError):
            asked(household, field, shares=shares)


# -- quotas ---------------------------------------------------------------------------------------------------------


def ankang() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The totals of 安康: 3,000 by quota (汉滨 800, 宁陕 200 …), 6,247 dialled, 3,002 completed; the cells in between made up."""
    counties = ["汉滨", *(f"县{at}" for at in range(1, 11)), "宁陕"]
    plan = pd.DataFrame({"区县": counties, "计划": [800] + [200] * 11, "拨打": [1647] + [418] * 10 + [420], "人口": range(12000, 0, -1000)})
    done = pd.DataFrame({"区县": np.repeat(counties, [801] + [200] * 10 + [201])})
    return plan, done.assign(满意度=np.where(np.arange(3002) % 10 == 0, "不满意", "满意"))


def quota(plan: pd.DataFrame, done: pd.DataFrame, **changes: Any) -> ev.QuotaSample:
    return ev.quota_sample(plan, done, "区县", **{"planned": "计划", "dialled": "拨打", "population": "人口", **changes})


def test_quotas_of_a_telephone_survey() -> None:  # domain.md section 4, S39; the total planned is that of the cells
    plan, done = ankang()
    made = quota(plan, done)
    assert plan["计划"].sum() == 3000 and plan["拨打"].sum() == 6247 and made.completed == 3002
    assert round(made.reached, 3) == 0.481
    assert "完成率 48.1%" in made.sentence() and "不作抽样误差推断" in made.sentence()
    table = made.table()
    assert (table["weight"] * table["completed"]).tolist() == pytest.approx(plan["人口"].tolist())
    by_cell = done.assign(good=done["满意度"] == "满意").groupby("区县")["good"].mean()
    expected = (by_cell.reindex(plan["区县"]).to_numpy() * plan["人口"]).sum() / plan["人口"].sum()
    shares = made.shares("满意度", THREE)
    assert shares["share"][0] == pytest.approx(expected) and not {"low", "high"} & set(shares.columns)


def test_inference_needs_a_model_that_is_named() -> None:
    made = quota(*ankang())
    drawn = made.survey(model="配额单元内视同简单随机抽样")
    assert any("配额单元内视同简单随机抽样" in note for note in drawn.notes)
    assert ev.top_box(drawn, "满意度", THREE, dont_know="no").se[0] > 0
    for refused in (lambda: made.survey(model=" "), lambda: quota(*ankang(), population=None).survey(model="视同随机")):
        with pytest.raises(ResponsesError):
            refused()
    assert "未加权" in quota(*ankang(), population=None).sentence()


def test_quotas_that_do_not_fit_are_told_at_once() -> None:
    plan, done = ankang()
    plan = pd.concat([plan.assign(拨打=plan["拨打"].where(plan["区县"] != "宁陕", 100)), plan.iloc[[1]]], ignore_index=True)
    done.loc[0, "区县"] = "外县"
    with pytest.raises(ResponsesError) as refused:
        quota(plan, done)
    for part in ("同一单元占了两行", "完成多于拨打", "配额表中没有这一单元"):
        assert part in str(refused.value)
    empty = done[done["区县"] != "宁陕"]
    with pytest.raises(ResponsesError, match="无人可代表"):
        quota(ankang()[0], empty)
    with pytest.raises(ResponsesError, match="没有这一列"):
        quota(plan, done, dialled="呼叫")


def test_the_callers_tables_are_left_as_they_were() -> None:
    plan, done = ankang()
    before = plan.copy(), done.copy()
    made = quota(plan, done)
    taken = made.table()
    taken["planned"] = 0
    assert plan.equals(before[0]) and done.equals(before[1]) and made.table()["planned"].sum() == 3000


# -- pictures -------------------------------------------------------------------------------------------------------


def test_bars_of_answers() -> None:
    table = ev.answers(survey(), ["甲", "乙"], ev.Scale(tuple(range(10, -1, -1)), top=(10,)))
    axes = charts.answers_plot(table)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["甲", "乙"]
    assert axes.get_label().count("；") == 1
    in_groups = charts.answers_plot(table.assign(组="东").loc[:, ["组", *table.columns]])
    wide, narrow = ({round(bar.get_y(), 6) for bar in in_groups.patches if (bar.get_width() > 0) == drawn} for drawn in (True, False))
    assert narrow <= wide
    with pytest.raises(ReportError):
        charts.answers_plot(table.drop(columns="share"))


def test_the_cross_of_each_question() -> None:
    axes = ev.prioritize(survey(), "总", ITEMS, TEN).plot()
    assert {"甲", "乙", "丙", "优先改进"} <= {text.get_text() for text in axes.texts}
    assert "象限" not in axes.get_label() and axes.get_label().endswith("。")
