"""Pictures of rare rates: operating characteristics, inchworms, organ pipes, heat maps; each says itself in words."""

from __future__ import annotations

import warnings
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import figure as figures

import evalkit as ev
from evalkit import charts
from evalkit.charts import Chart, missing_characters
from evalkit.errors import EstimateError, EvalkitWarning, ReportError
from evalkit.estimates.villages import by_unit

TOWNS = ["羊册镇", "马谷田镇", "双庙街乡", "花园街道"]
BAD = 5  # a village of the first town
ACCEPT = [0.98, 0.74, 0.35, 0.05, 0.01, 0.0]
RATES = [0.001, 0.005, 0.01, 0.02, 0.03, 0.04]


@pytest.fixture(scope="module")
def survey():
    at = np.arange(1320)
    village = at // 30
    table = pd.DataFrame({
        "village": village, "town": np.array(TOWNS)[village // 11], "name": [f"第{v}组村" for v in village],
        "wrong": ((village == BAD) & (at % 30 < 9)).astype(int) | ((at % 97 == 0) & (village < 33)), "never": 0,
        "persons": 1 + at % 5, "income": 100.0 + at % 7,
    })  # fmt: skip
    return ev.Survey.from_data(table, clusters="village")


@pytest.fixture(scope="module")
def curves():
    more = pd.DataFrame({"model": "坏村", "p": RATES, "accept": [a * 0.97 for a in ACCEPT], "error": 0.01})
    return pd.concat([pd.DataFrame({"model": "贝塔二项", "p": RATES, "accept": ACCEPT, "error": 0.01}), more])


@pytest.fixture(scope="module")
def covers():
    rates = (0.002, 0.01, 0.05)
    values = {"KG-NCHS": (0.569, 0.607, 0.923), "KG-M": (0.991, 0.9315, float("nan"))}
    rows = [(way, f"ICC {icc:g}", p, c) for way, row in values.items() for icc in (0.0, 0.1) for p, c in zip(rates, row, strict=True)]
    return pd.DataFrame(rows, columns=["way", "icc", "rate", "cover"])


@pytest.fixture(scope="module")
def verdicts():
    def judged(events, villages):
        table = pd.DataFrame({"village": np.arange(1200) % villages, "y": (np.arange(1200) < events).astype(int)})
        return ev.judge(ev.proportion(ev.Survey.from_data(table, clusters="village"), "y"), 0.02, strict=True, name="错退率")

    return {"甲县": judged(4, 40), "乙县": judged(0, 40), "丙县": judged(60, 40), "丁县": judged(0, 10), "戊县": judged(24, 40)}


@pytest.fixture(scope="module")
def drawn(survey, curves, covers, verdicts):
    rate = ev.proportion(survey, "wrong", by="town")
    return {
        "oc": lambda: charts.oc_plot(curves, gate=0.02, better=0.005, title="抽检特性"),
        "worms": lambda: charts.inchworm_plot(rate, threshold=0.02),
        "counties": lambda: charts.inchworm_plot(verdicts),
        "pipes": lambda: charts.organ_pipe_plot(survey, "wrong", by="town", names="name", gate=0.02),
        "one": lambda: charts.organ_pipe_plot(survey, "wrong"),
        "heat": lambda: charts.heat_plot(covers, ["way", "icc"], "rate", "cover", nominal=0.95, title="覆盖率"),
    }


NAMES = ["oc", "worms", "counties", "pipes", "one", "heat"]


def texts(axes):
    return [text.get_text() for text in axes.texts]


def words(axes):
    return [text.get_text() for text in axes.figure.findobj(matplotlib.text.Text) if text.get_text().strip()]


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_keeps_the_manners_of_all(drawn, name):
    """The same bytes, no label over another, every glyph there, words in its stead, settings untouched, font of its own."""
    before = dict(matplotlib.rcParams)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one, other = Chart.of(drawn[name](), name), Chart.of(drawn[name](), name)
        assert one.png(50) == other.png(50)
        data, about = other.figure.axes[0]._repr_png_(50)
    assert dict(matplotlib.rcParams) == before and data.startswith(b"\x89PNG") and about["alt"] == one.alt
    assert one.collisions() == [] and missing_characters("".join(words(one.figure.axes[0])) + one.alt) == ""
    assert one.alt.endswith("。") and ElementTree.fromstring(one.svg()).get("aria-label") == one.alt
    assert one.title and one.title in words(one.figure.axes[0])
    assert all(text.get_fontfamily()[0] == charts.FAMILY for text in one.figure.findobj(matplotlib.text.Text) if text.get_text().strip())


def test_pictures_stand_on_axes_of_the_caller(survey, curves, covers, verdicts):
    for draw in (
        lambda ax: charts.oc_plot(curves, 0.02, ax=ax), lambda ax: charts.inchworm_plot(verdicts, ax=ax),
        lambda ax: charts.organ_pipe_plot(survey, "wrong", ax=ax),
        lambda ax: charts.heat_plot(covers, ["way", "icc"], "rate", "cover", nominal=0.95, ax=ax),
    ):  # fmt: skip
        given = figures.Figure(layout="constrained").add_subplot()
        assert draw(given) is given and given.get_label()


# -- operating characteristics ------------------------------------------------------------------------------------


def test_curves_are_told_apart_without_colour_and_the_risk_is_hatched(curves, drawn):
    axes = drawn["oc"]()
    shown = {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}
    assert list(shown) == ["贝塔二项", "坏村"] and list(shown["坏村"].get_ydata()) == [a * 0.97 for a in ACCEPT]
    assert len({line.get_linestyle() for line in shown.values()}) == len({line.get_marker() for line in shown.values()}) == 2
    upright = [line.get_xdata()[0] for line in axes.lines if list(line.get_ydata()) == [0, 1]]
    assert upright == [0.005, 0.02] and texts(axes) == ["合格点 0.5%", "门槛 2%"]
    risk = next(each for each in axes.collections if each.get_hatch())
    x, y = risk.get_paths()[0].vertices.T
    assert x.min() == pytest.approx(0.02) and y.max() == pytest.approx(0.05)
    note = axes.get_xlabel().replace("\n", "")
    assert "恰在门槛上时通过4.9%～5.0%" in note and "误拒26.0%～28.2%" in note and "两倍模拟误差" in note


def test_approval_is_bad_below_its_gate():
    table = pd.DataFrame({"model": "认可度", "p": [0.85, 0.9, 0.95], "accept": [0.0, 0.05, 0.8]})
    risk = next(each for each in charts.oc_plot(table, 0.9, 0.95).collections if each.get_hatch())
    x, _ = risk.get_paths()[0].vertices.T
    assert x.max() == pytest.approx(0.9)
    table = table.assign(p=[0.91, 0.93, 0.95])  # the curve does not reach the gate
    assert "恰在门槛" not in charts.oc_plot(table, 0.9).get_xlabel()


def test_curves_are_refused(curves):
    for wrong, said in (
        (curves.drop(columns="accept"), "accept"), (curves.head(0), "空表"), (curves.assign(accept=1.5), "0 与 1"),
        (pd.concat([curves.assign(model=str(k)) for k in range(7)]), "7 条"),
    ):  # fmt: skip
        with pytest.raises(ReportError, match=said):
            charts.oc_plot(wrong, 0.02)
    with pytest.raises(ReportError, match=r"\.02"):
        charts.oc_plot(curves, 2)


# -- inchworms ----------------------------------------------------------------------------------------------------


def bodies(axes):
    return [each for each in axes.collections if len(each.get_paths()) and len(each.get_paths()[0].vertices) > 40]


def ticks(axes):
    return sorted({line.get_xdata()[0] for line in axes.lines if line.get_linewidth() == 1.5 and line.get_marker() == "None"})


def test_a_body_ends_at_the_limits_and_ticks_are_one_sided_bounds(survey, drawn):
    estimate, axes = ev.proportion(survey, "wrong", by="town"), drawn["worms"]()
    limits, upper, lower = estimate.interval(), estimate.interval(side="upper")["high"], estimate.interval(side="lower")["low"]
    for body, low, high, y in zip(bodies(axes), limits["low"], limits["high"], axes.get_yticks(), strict=False):
        x, height = body.get_paths()[0].vertices.T
        assert (x.min(), x.max()) == pytest.approx((low, high)) and abs(height - y).max() == pytest.approx(0.4)
    assert ticks(axes) == pytest.approx(sorted(bound for bound in [*upper, *lower] if bound > 0))
    squares = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "s"]
    assert squares == [0.0] and "0 例" in texts(axes) and "（一例未见）" in axes.get_label()
    assert "一例未见" in axes.get_xlabel().replace("\n", "")
    assert "门槛 2%" in texts(axes)


def test_the_body_is_the_normal_curve_where_limits_are_normal():
    table = pd.DataFrame({"village": np.arange(200_000) % 5000, "y": (np.arange(200_000) // 5000 % 2 == 0).astype(int)})
    axes = charts.inchworm_plot(ev.proportion(ev.Survey.from_data(table), "y"), threshold=0.3)
    x, y = bodies(axes)[0].get_paths()[0].vertices.T
    se, sized = 0.5 / np.sqrt(200_000), (x - 0.5) / 1
    np.testing.assert_allclose(abs(y), 0.4 * np.exp(-((sized / se) ** 2) / 2), atol=0.01)


def test_verdicts_are_told_apart_by_their_bodies(verdicts, drawn):
    axes = drawn["counties"]()
    zones = [verdict.zone for verdict in verdicts.values()]
    assert zones == ["met", "met", "not met", "not proven", "not proven"]
    looks = [(tuple(body.get_facecolor()[0].round(3)), body.get_hatch()) for body in bodies(axes)]
    assert looks[0] == looks[1] and looks[3] == looks[4] and len(set(looks)) == 3 and looks[2][1]
    assert [text for text in texts(axes) if "证实" in text] == ["已证实达到"] * 2 + ["已证实未达到"] + ["尚不能证实"] * 2
    shown = [bound for verdict in verdicts.values() for bound in (verdict.low, verdict.high) if bound > 0]
    assert ticks(axes) == pytest.approx(sorted(shown)) and axes.get_title(loc="left") == "错退率"
    assert axes.get_label().startswith("甲县：0.33%，单侧95%界") and "乙县：0%（一例未见）" in axes.get_label()
    assert len(bodies(charts.inchworm_plot(list(verdicts.values()), max_rows=2))) == 2
    assert len(bodies(charts.inchworm_plot(verdicts["甲县"]))) == 1


def test_a_domain_nobody_is_in_says_so_among_inchworms(survey):
    table = survey.table().assign(town=pd.Categorical(survey.column("town"), categories=[*TOWNS, "无人乡"]))
    with pytest.warns(EvalkitWarning):
        estimate = ev.proportion(ev.Survey.from_data(table, clusters="village"), "wrong", by="town")
    axes = charts.inchworm_plot(estimate, threshold=0.02)
    assert "无数据" in texts(axes) and len(bodies(axes)) == 4 and axes.get_label().endswith("无人乡：无数据。")
    assert Chart.of(axes, "x").collisions() == []


def test_inchworms_are_refused(survey, verdicts):
    rate = ev.proportion(survey, "wrong")
    other = ev.judge(rate, 0.05, strict=True)
    for wrong, threshold, said in (
        (rate, None, "threshold=.02"), (rate, 2, "0 与 1"), (ev.mean(survey, "income"), 0.02, "均值"),
        ([*verdicts.values(), other], None, "分开画"),
        (verdicts, 0.05, "分开画"), ([rate], 0.02, "Verdict"), ([], None, "Verdict"),
        ([verdicts["甲县"], ev.judge(rate, 0.02, strict=True, alpha=0.1)], None, "alpha"),
    ):  # fmt: skip
        with pytest.raises(ReportError, match=said):
            charts.inchworm_plot(wrong, threshold=threshold)


# -- organ pipes --------------------------------------------------------------------------------------------------


def pipes(axes):
    """Return left, width and height of the dark bars, and the number of pale ones."""
    top = axes.get_ylim()[1]
    dark = [(bar.get_x(), bar.get_width(), bar.get_height()) for bar in axes.patches if bar.get_height() < top]
    return dark, len(axes.patches) - len(dark)


def test_a_pipe_is_as_wide_as_its_answers_and_as_high_as_its_share(survey, drawn):
    counts = survey.table().groupby("village")["wrong"].agg(["sum", "size", "mean"])
    hit = counts[counts["sum"] > 0].sort_values("mean", ascending=False)
    dark, pale = pipes(drawn["one"]())
    assert pale == 44 and [height for *_, height in dark] == pytest.approx(hit["mean"].tolist())
    assert [(left, width) for left, width, _ in dark] == [(30.0 * k, 30.0) for k in range(len(hit))]
    assert f"第{BAD + 1}村" in drawn["one"]().get_label()


def test_strata_stand_side_by_side(survey, drawn):
    axes = drawn["pipes"]()
    dark, pale = pipes(axes)
    estimate = ev.proportion(survey, "wrong", by="town")
    own = [label.get_text().split("\n") for label in axes.get_xticklabels()]
    assert [name for name, _ in own] == [label[0] for label in estimate.labels] and {told for _, told in own} == {"11 村 330 户"}
    levels = [line.get_ydata()[0] for line in axes.lines if len(line.get_xdata()) == 2 and line.get_linewidth() == 1.1]
    assert levels == estimate.value.tolist() and pale == 44 and "门槛 2%" in texts(axes)
    lefts = [bar.get_x() for bar in axes.patches if bar.get_height() == axes.get_ylim()[1]]
    assert max(np.diff(lefts)) == pytest.approx(30 + 0.02 * 1320) and max(height for *_, height in dark) == pytest.approx(0.3)
    assert f"比例最高的是羊册镇第{BAD}组村（9/30）" in axes.get_xlabel().replace("\n", "")
    assert "花园街道：11村330户中0户，估计0%，各村都没有" in axes.get_label()


def test_an_estimate_shows_its_villages(survey):
    estimate = ev.proportion(survey, "wrong", by="town")
    assert estimate.plot("villages").get_label() == charts.organ_pipe_plot(survey, "wrong", by="town").get_label()
    assert estimate.plot("inchworms", threshold=0.02).get_label() == charts.inchworm_plot(estimate, threshold=0.02).get_label()
    assert estimate.plot().get_title(loc="left") == "比例：wrong"
    assert pipes(ev.proportion(survey, "never").plot("villages"))[0] == []
    with pytest.raises(ReportError, match="villages"):
        estimate.plot("village")
    with pytest.raises(ReportError, match="没有说"):
        charts.organ_pipe_plot(survey)
    with pytest.raises(ReportError, match="去掉"):
        charts.organ_pipe_plot(estimate, by="town")


def test_many_strata_are_cut(survey):
    axes = charts.organ_pipe_plot(survey, "wrong", by="village", max_rows=6)
    assert "另有 38 行未画" in axes.get_xlabel() and pipes(axes)[1] == 6 and Chart.of(axes, "x").collisions() == []


def test_units_are_those_of_the_survey(survey):
    units = by_unit(ev.proportion(survey, "wrong", by="town"))
    table = survey.table()
    assert units["events"].sum() == table["wrong"].sum() and units["n"].sum() == len(table) and len(units) == 44
    assert units["first"].tolist() == [30 * unit for unit in units["unit"]]
    both = by_unit(ev.proportion(survey, ["wrong", "never"]))
    assert both.groupby("row")["events"].sum().tolist() == [table["wrong"].sum(), 0]
    some = by_unit(ev.proportion(survey, "wrong", where=ev.col("village") < 3))
    assert some["unit"].tolist() == [0, 1, 2]
    rate = ev.proportion(survey, "wrong")
    for wrong in (ev.mean(survey, "income"), 1 - rate, rate * 2):
        with pytest.raises(EstimateError, match="按村"):
            by_unit(wrong)


# -- heat maps ----------------------------------------------------------------------------------------------------


def test_numbers_stand_in_the_cells_and_darkness_repeats_them(covers, drawn):
    axes = drawn["heat"]()
    cells = {text.get_text(): text for text in axes.texts}
    assert {"56.9", "60.7", "92.3", "99.1", "93.2"} <= set(cells) and "0.2%" in cells and len(axes.patches) == 10
    assert {name for name, text in cells.items() if text.get_fontweight() == "bold"} == {"56.9", "60.7", "92.3", "93.2"}
    light = [float(np.dot(bar.get_facecolor()[:3], (0.299, 0.587, 0.114))) for bar in axes.patches]
    shares = covers["cover"].dropna().tolist()
    below = sorted((share, grey) for share, grey in zip(shares, light, strict=True) if share < 0.95)
    assert [grey for _, grey in below] == sorted(grey for _, grey in below)  # in grey too, the lower the darker
    for bar, text in zip(axes.patches, [text for text in axes.texts if "%" not in text.get_text()], strict=True):
        tone = 1.0 if text.get_color() == "white" else 0.1
        assert abs(tone - float(np.dot(bar.get_facecolor()[:3], (0.299, 0.587, 0.114)))) > 0.4
    assert axes.get_label().startswith("KG-NCHS ICC 0：0.2% 56.9%，1% 60.7%，5% 92.3%；")
    bold = [label.get_text() for label in axes.get_yticklabels() if label.get_fontweight() == "bold"]
    assert bold == ["KG-NCHS", "KG-M"]


def test_heat_maps_are_refused(covers):
    for wrong, rows, nominal, said in (
        (covers, "no", 0.95, "没有列 no"), (covers, "way", 0.95, "同一格"), (covers, ["way", "icc"], 95, r"\.95"),
        (covers, ["way", "icc", "rate"], 0.95, "一列或两列"), (covers.head(0), ["way", "icc"], 0.95, "一行"),
    ):  # fmt: skip
        with pytest.raises(ReportError, match=said):
            charts.heat_plot(wrong, rows, "rate", "cover", nominal=nominal)
