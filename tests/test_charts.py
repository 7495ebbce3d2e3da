"""Charts: the same bytes, no label over another, no glyph missing, the mark of simulated data inside."""

from __future__ import annotations

import re
import warnings
from xml.etree import ElementTree

import matplotlib
import pytest

from evalkit import charts
from evalkit.charts import MARK, draw_all, missing_characters
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
