"""Charts: the same bytes, no label over another, no glyph missing, the mark of simulated data inside."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import figure as figures

import evalkit as ev
from evalkit import charts
from evalkit.charts import MARK, Chart, draw_all, missing_characters
from evalkit.errors import EvalkitWarning, ReportError
from evalkit.models import glm, independence, ranktest, ttest, wald
from evalkit.models.cells import Cells, in_cells
from evalkit.models.outcome import Test
from tests.specimens import made_up, with_tables


@pytest.fixture(scope="module")
def drawn():
    return draw_all(made_up())


def words(chart):
    return [text.get_text() for text in chart.figure.findobj(matplotlib.text.Text) if text.get_text().strip()]


def test_every_chart_is_there_and_says_simulated(drawn):
    assert [chart.key for chart in drawn] == ["sample", "response", "gates", "satisfaction", "places"]
    assert all(MARK in words(chart) for chart in drawn)
    assert not any(MARK in words(chart) for chart in draw_all(made_up(simulated=False)))


def test_bytes_do_not_change(drawn):
    again = draw_all(made_up())
    assert [chart.svg() for chart in drawn] == [chart.svg() for chart in again]
    assert [chart.png(60) for chart in drawn] == [chart.png(60) for chart in again]


@pytest.mark.parametrize("townships", [1, 22, 60])
def test_no_labels_meet_or_leave_the_picture(townships):
    assert {chart.key: found for chart in draw_all(made_up(townships)) if (found := chart.collisions())} == {}


def test_the_check_finds_labels_that_meet(drawn):
    chart = next(chart for chart in draw_all(made_up()) if chart.key == "response")
    axes = chart.figure.axes[0]
    axes.text(100, 0, "first label")
    axes.text(110, 0, "second label")
    axes.text(1e6, 0, "far away")
    assert ("first label", "second label") in chart.collisions()
    assert ("far away", "边") in chart.collisions()


def test_long_names_stay_inside():
    sample = made_up().table("sample")
    sample.loc[1:, "place"] = [f"第{i}乡镇名称特别长的少数民族自治示范管理区" for i in range(1, len(sample))]
    chart = next(chart for chart in draw_all(with_tables(made_up(), sample=sample)) if chart.key == "sample")
    assert chart.collisions() == []


def test_svg_is_inert_and_its_ids_are_its_own(drawn):
    ids = [found for chart in drawn for found in re.findall(r'\bid="([^"]+)"', chart.svg())]
    assert len(ids) == len(set(ids))
    for chart in drawn:
        root = ElementTree.fromstring(chart.svg())
        assert root.get("aria-label") == chart.alt
        assert "<script" not in chart.svg() and "<metadata" not in chart.svg()
        targets = set(re.findall(r'(?:href="#|url\(#)([^")]+)', chart.svg()))
        assert targets <= set(re.findall(r'\bid="([^"]+)"', chart.svg()))


def test_nothing_global_is_changed():
    before = dict(matplotlib.rcParams)
    draw_all(made_up())[0].svg()
    assert dict(matplotlib.rcParams) == before
    assert "matplotlib.pyplot" not in vars(charts)


def test_every_letter_has_a_glyph(drawn):
    assert missing_characters("".join("".join(words(chart)) for chart in drawn)) == ""
    assert missing_characters("鄠邑区") == ""
    assert missing_characters("\U00020000甲") == "\U00020000"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_all(made_up())[0].png(40)


def test_nothing_to_show_gives_no_chart():
    nothing = dict.fromkeys(["sample", "response", "gates", "satisfaction", "places"])
    assert draw_all(with_tables(made_up(), **nothing)) == []


def test_no_findings_give_no_pipes():
    places = made_up().table("places")
    places[["households", "wrong_exit", "missed", "misidentified", "confirmed"]] = 0
    assert "places" not in [chart.key for chart in draw_all(with_tables(made_up(), places=places))]


def test_panels_have_their_own_scale(drawn):
    gate = next(chart for chart in drawn if chart.key == "gates")
    limits = [axes.get_xlim() for axes in gate.figure.axes]
    assert all(high < 0.05 for _, high in limits[:3]) and limits[3][0] > 0.8


def test_a_rate_without_interval_is_drawn():
    rates = made_up().table("rates")
    rates[["low", "high"]] = float("nan")
    chart = next(chart for chart in draw_all(with_tables(made_up(), rates=rates)) if chart.key == "gates")
    assert "（）" not in "".join(words(chart)) + chart.alt
    assert chart.collisions() == []


def test_alt_text_carries_the_numbers(drawn):
    gate = next(chart for chart in drawn if chart.key == "gates")
    assert "认定0.43%（0.18%～0.88%）" in gate.alt and "1.996%" in gate.alt


# -- pictures of single results --------------------------------------------------------------------------------------

TOWNS = ["羊册镇", "马谷田镇", "双庙街乡", "花园街道"]


def table(rows=960):
    at = np.arange(rows)
    return pd.DataFrame(
        {
            "village": at % 40,
            "town": [TOWNS[i] for i in (at // 7) % 4],
            "kind": np.where(at % 3 == 0, "贫困村", "非贫困村"),
            "answer": np.array(["不满意", "满意", "很满意"])[(at * 7 % 11) % 3],
            "poor": (at % 37 == 0).astype(int),
            "never": 0,
            "income": 1000.0 + (at * 13 % 101) * 20,
        }
    )


@pytest.fixture(scope="module")
def survey():
    return ev.Survey.from_data(table(), clusters="village")


def labels(axes):
    return [label.get_text().strip() for label in axes.get_yticklabels()]


def texts(axes):
    return [text.get_text() for text in axes.texts]


def points(axes):
    """Return x, y and whether it is full, of every point."""
    found = [line for line in axes.lines if line.get_marker() == "o"]
    return [(float(line.get_xdata()[0]), float(line.get_ydata()[0]), line.get_markerfacecolor() != "white") for line in found]


def spans(axes):
    found = [line for line in axes.lines if line.get_marker() == "None" and len(set(line.get_ydata())) == 1 and line.get_linewidth() > 2]
    return [tuple(map(float, line.get_xdata())) for line in found]


def collisions(axes):
    return Chart("x", "", "", axes.figure).collisions()


def ticks(axes):
    axes.figure.draw_without_rendering()
    return [label.get_text() for label in axes.get_xticklabels()]


def test_points_and_intervals_are_those_of_the_table(survey):
    estimate = ev.proportion(survey, "poor", by="town")
    axes, shown = charts.estimate_plot(estimate, level=0.9), estimate.table(0.9)
    assert [x for x, _, _ in points(axes)] == shown["estimate"].tolist()
    assert spans(axes) == list(zip(shown["low"], shown["high"], strict=True))
    heights = [y for _, y, _ in points(axes)]
    assert heights == sorted(heights) and axes.get_ylim()[0] > axes.get_ylim()[1]  # the first on top
    assert labels(axes) == shown["town"].tolist()
    assert axes.get_title(loc="left") == "比例：poor" and "90%区间（kg-m）" in axes.get_xlabel()
    assert {"估计", "n", "设计效应"} <= set(texts(axes))
    assert [text for text in texts(axes) if text in map(str, shown["n"])] == [str(n) for n in shown["n"]]
    assert collisions(axes) == []


def test_a_gate_is_a_line_with_its_value_and_tells_rows_apart(survey):
    estimate = ev.proportion(survey, ["poor", "never"])
    axes, shown = charts.estimate_plot(estimate, gate=0.025), estimate.table()
    assert "门槛 2.5%" in texts(axes)
    assert [line.get_xdata()[0] for line in axes.lines if list(line.get_ydata()) == [0, 1]] == [0.025]
    crosses = ((shown["low"] <= 0.025) & (shown["high"] >= 0.025)).tolist()
    assert crosses == [True, False] and [full for _, _, full in points(axes)] == [False, True]
    assert "空心点的区间含门槛" in axes.get_xlabel()
    assert "空心" not in charts.estimate_plot(estimate, gate=0.5).get_xlabel()
    with pytest.raises(ReportError, match=r"gate=\.02"):
        charts.estimate_plot(estimate, gate=float("nan"))


def test_percent_ticks_near_zero(survey):
    axes = charts.estimate_plot(ev.proportion(survey, "never"))
    assert axes.get_xlim()[0] == 0.0
    assert {"0%", "0.2%", "1%"} <= set(ticks(axes)) and all(re.fullmatch(r"\d(\.\d+)?%", text) for text in ticks(axes))
    near_one = charts.estimate_plot(1 - ev.proportion(survey, "never"))
    assert near_one.get_xlim()[1] == 1.0 and ticks(near_one)[-1] == "100%"


def test_totals_have_a_thin_mark_of_thousands_and_no_percent(survey):
    axes = charts.estimate_plot(1e4 * ev.total(survey, "income"))
    assert any("\u2009" in text for text in ticks(axes)) and not any("%" in text for text in ticks(axes))
    assert not any("," in text for text in texts(axes))
    assert collisions(axes) == []


def test_a_proportion_in_other_units_is_not_on_a_percent_axis(survey):
    axes = charts.estimate_plot(1e6 * ev.proportion(survey, "poor"))
    assert not any("%" in text for text in ticks(axes))


def test_rows_by_two_columns_stand_in_groups(survey):
    axes = charts.estimate_plot(ev.proportion(survey, "poor", by=["kind", "town"]), labels={"poor": "错退率", "贫困村": "重点村"})
    assert labels(axes) == [*sorted(TOWNS), *sorted(TOWNS), "重点村", "非贫困村"] or labels(axes)[8:] == ["重点村", "非贫困村"]
    assert axes.get_title(loc="left") == "比例：错退率"
    bold = [label.get_text() for label in axes.get_yticklabels() if label.get_fontweight() == "bold"]
    assert bold == ["重点村", "非贫困村"]
    heads = [y for label, y in zip(axes.get_yticklabels(), axes.get_yticks(), strict=True) if label.get_fontweight() == "bold"]
    rows = [y for _, y, _ in points(axes)]
    assert heads[0] < min(rows) and rows[3] < heads[1] < rows[4]
    assert collisions(axes) == []


def test_labels_one_a_row(survey):
    estimate = ev.proportion(survey, "poor", by="kind")
    assert labels(charts.estimate_plot(estimate, labels=["甲", "乙"])) == ["甲", "乙"]
    for wrong in (["甲"], "甲乙"):
        with pytest.raises(ReportError, match="应为 2 个"):
            charts.estimate_plot(estimate, labels=wrong)


def test_a_domain_nobody_is_in_says_so():
    answers = table()
    answers["town"] = pd.Categorical(answers["town"], categories=[*TOWNS, "无人乡"])
    with pytest.warns(EvalkitWarning):
        estimate = ev.proportion(ev.Survey.from_data(answers, clusters="village"), "poor", by="town")
    axes = charts.estimate_plot(estimate)
    assert "无数据" in texts(axes) and len(points(axes)) == len(spans(axes)) == 4 and labels(axes)[-1] == "无人乡"
    assert collisions(axes) == []


def test_a_value_without_interval_is_drawn_and_says_so():
    alone = ev.Survey.from_data(pd.DataFrame({"y": [1.0, 2, 3], "c": 1}), clusters="c", singleton="certainty")
    axes = charts.estimate_plot(ev.mean(alone, "y"))
    assert "无区间" in texts(axes) and [x for x, _, _ in points(axes)] == [2.0] and spans(axes) == []


def test_many_rows_are_cut_and_counted(survey):
    axes = charts.estimate_plot(ev.mean(survey, "income", by="village"), max_rows=12)
    assert len(points(axes)) == 12 and "只画前 12 行，另有 28 行未画" in axes.get_xlabel()
    assert len(points(charts.estimate_plot(ev.mean(survey, "income", by="village")))) == 40
    assert collisions(axes) == []
    with pytest.raises(ReportError, match="max_rows = 0"):
        charts.estimate_plot(ev.mean(survey, "income"), max_rows=0)


def test_quantiles_are_called_by_their_share(survey):
    axes = charts.estimate_plot(ev.quantile(survey, "income", [0.1, 0.5]))
    assert labels(axes) == ["10% 分位", "50% 分位"] and axes.get_title(loc="left") == "分位数：income"


def test_long_and_hostile_labels_stay_inside():
    answers = table().assign(town=lambda t: np.where(t["village"] % 2 == 0, "$x_1$ <b>" + "很长的名称" * 9, "短"))
    axes = charts.estimate_plot(ev.proportion(ev.Survey.from_data(answers, clusters="village"), "poor", by="town"))
    cut = next(text for text in labels(axes) if text.startswith("$x_1$ <b>"))
    assert cut.endswith("…") and not axes.get_yticklabels()[0].get_parse_math()
    assert collisions(axes) == []


def test_a_picture_shows_itself_and_changes_nothing(survey):
    before = dict(matplotlib.rcParams)
    estimate = ev.proportion(survey, "poor", by="town")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data, size = charts.estimate_plot(estimate)._repr_png_()
    assert data.startswith(b"\x89PNG") and size["width"] == 690
    assert charts.estimate_plot(estimate)._repr_png_()[0] == data
    figure = figures.Figure(layout="constrained")
    given = figure.add_subplot()
    assert charts.estimate_plot(estimate, ax=given, gate=0.02) is given and given.get_title(loc="left") == ""
    assert dict(matplotlib.rcParams) == before


def test_labels_keep_their_font_outside_the_context(survey):
    axes = charts.estimate_plot(ev.proportion(survey, "poor", by="town"))
    axes.figure.draw_without_rendering()
    shown = [*axes.get_yticklabels(), *axes.get_xticklabels(), *axes.texts, axes.xaxis.label]
    assert all(text.get_fontfamily()[0] == charts.FAMILY for text in shown)


def test_coefficients_stand_under_their_term_with_a_line_at_0(survey):
    model = glm(survey, "poor ~ town + income", "binomial")
    axes, shown = charts.model_plot(model), model.table()
    slopes = shown[shown["term"] != "Intercept"]
    assert [x for x, _, _ in points(axes)] == slopes["coef"].tolist()
    assert spans(axes) == list(zip(slopes["low"], slopes["high"], strict=True))
    assert labels(axes) == [*slopes["level"][:3], "income", "town"]
    assert [line.get_xdata()[0] for line in axes.lines if list(line.get_ydata()) == [0, 1]] == [0.0]
    assert [full for _, _, full in points(axes)] == (~((slopes["low"] <= 0) & (slopes["high"] >= 0))).tolist()
    assert labels(charts.model_plot(model, intercept=True))[0] == "截距"
    assert collisions(axes) == []
    with pytest.raises(ReportError, match="intercept=True"):
        charts.model_plot(glm(survey, "income ~ 1"))


@dataclass(frozen=True, eq=False, repr=False)
class Crossed(Test):
    """A test that keeps the table it looked at."""

    cells: Cells | None = None
    __test__ = False


def crossed(survey, row, column):
    return Crossed(**{**vars(independence(survey, row, column)), "cells": in_cells(survey, row, column, None, "fail")})


def test_a_test_of_independence_shows_shares_within_rows(survey):
    axes = charts.test_plot(crossed(survey, "kind", "answer"))
    shares = in_cells(survey, "kind", "answer", None, "fail").shares("row")
    assert [bar.get_width() for bar in axes.patches] == shares.value.tolist()
    assert labels(axes) == [*(label[1] for label in shares.labels), "贫困村", "非贫困村"]
    assert len({bar.get_facecolor() for bar in axes.patches}) == 3
    whiskers = [tuple(line.get_xdata()) for line in axes.lines if line.get_marker() == "|"]
    limits = shares.interval()
    assert whiskers == list(zip(limits["low"].clip(lower=0), limits["high"].clip(upper=1), strict=True))
    assert "行与列独立" in axes.get_xlabel().replace("\n", "") and collisions(axes) == []


def test_a_test_of_groups_shows_the_differences(survey):
    test = ttest(survey, "income", "kind")
    axes = charts.test_plot(test)
    assert [x for x, _, _ in points(axes)] == test.estimate.value.tolist() and spans(axes) == [test.interval()]
    many = charts.test_plot(ranktest(survey, "income", "town"))
    assert len(points(many)) == 3 and collisions(axes) == collisions(many) == []
    with pytest.raises(ReportError, match="没有留下"):
        charts.test_plot(wald(ev.mean(survey, "income", by="kind"), {"贫困村": 1, "非贫困村": -1}))


def test_a_verdict_shows_its_threshold_and_sentence(survey):
    verdict = ev.judge(ev.proportion(survey, "poor"), 0.02, strict=True, name="错退率")
    axes = charts.verdict_plot(verdict)
    assert spans(axes) == [(verdict.interval_low, verdict.interval_high)] and "门槛：低于 2%" in texts(axes)
    assert verdict.sentence() in axes.get_xlabel().replace("\n", "") and collisions(axes) == []


def test_balance_before_and_after():
    nan = float("nan")
    given = pd.DataFrame(
        {
            "variable": ["户类型", "户类型", "性别", "民族"],
            "category": ["贫困户", "一般户", "女", ""],
            "asmd_before": [0.31, 0.12, 0.08, nan],
            "asmd_after": [0.01, nan, 0.001, nan],
        }
    )
    axes = charts.balance_plot(given)
    assert points(axes) == [(0.31, 1.0, False), (0.01, 1.0, True), (0.12, 2.0, False), (0.08, 3.45, False), (0.001, 3.45, True)]
    assert labels(axes) == ["贫困户", "一般户", "性别 女", "民族", "户类型"] and "无数据" in texts(axes)
    assert {"0.310", "0.010", "0.120"} <= set(texts(axes)) and collisions(axes) == []
    assert len(points(charts.balance_plot(given, max_rows=1))) == 2
    for wrong in (given.drop(columns="asmd_after"), given.head(0)):
        with pytest.raises(ReportError, match=r"after|一行"):
            charts.balance_plot(wrong)


def test_weights_of_a_survey_are_counted(survey):
    spread = ev.Survey.from_data(table().assign(w=lambda t: 10 + t["village"]), weights="w", clusters="village")
    for each in (survey, spread):
        axes = charts.survey_plot(each)
        assert sum(bar.get_height() for bar in axes.patches) == len(each)
        assert repr(each) == axes.get_xlabel().replace("\n", "") and collisions(axes) == []
