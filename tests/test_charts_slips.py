"""Charts of rare rates: slips refused in words, villages numbered by county, pages, letters that fit, small areas."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit import charts
from evalkit.errors import EvalkitError

COUNTIES, AT = 45, np.arange(45 * 100)
TABLE = pd.DataFrame({"county": [f"{at // 100 + 1:02}县" for at in AT], "village": AT // 20, "wrong": (AT * 7919) % 997 < (AT // 100) % 9})
SURVEY = ev.Survey.from_data(TABLE, strata=["county"], clusters=["village"])
RATE, ALL = ev.proportion(SURVEY, "wrong", by="county"), ev.proportion(SURVEY, "wrong")
CURVE = pd.DataFrame({"model": "至多 8 户", "p": [0.01, 0.03], "accept": [0.8, 0.1]})


@pytest.fixture(scope="module")
def trials() -> Any:
    asked: dict[str, Any] = {"seed": "1", "replicates": 2, "workers": 1, "icc": [0.02, 0.1]}
    return ev.simulate(ev.plain_design(5, 20, frame=20, households=40), {"差错率": [0.01, 0.05]}, **asked)


@pytest.mark.parametrize(
    ("draw", "told"),
    [
        (lambda _: charts.inchworm_plot(ALL, threshold=0.02, level=95), "level：95｜"),
        (lambda _: charts.inchworm_plot(RATE, threshold=0.02, page=3), "page = 3｜45 行、每页 40 行，共 2 页"),
        (lambda _: charts.oc_plot(CURVE.assign(p="x"), gate=0.02), "p 列｜应为 0 与 1 之间的数"),
        (lambda _: charts.oc_plot("x", gate=0.02), "str｜应为表"),
        (lambda _: charts.oc_plot(CURVE, gate=2, better="x"), "better：'x'"),
        (lambda _: charts.organ_pipe_plot(ALL, gate=5), "gate：5｜应在 0 与 1 之间｜5% 写 0.05"),
        (lambda made: made.plot(gate=3), "gate = 3｜没有这道门槛｜可用：0（差错率）"),
    ],
)
def test_slips_are_refused(draw: Callable[[Any], Any], told: str, trials: Any) -> None:
    with pytest.raises(EvalkitError) as refused:
        draw(trials)
    assert told in str(refused.value)


def test_villages_are_numbered_by_county() -> None:
    """Each county has five villages, so no number is above five, and the note says of which county a village is."""
    axes = charts.organ_pipe_plot(RATE, max_rows=8)
    note = axes.get_xlabel().replace("\n", "")
    worst = note.partition("比例最高的是")[2].partition("（")[0]
    assert worst[2:4] == "县第" and 1 <= int(worst[4:-1]) <= 5
    assert all(int(part.partition("村")[0]) <= 5 for part in axes.get_label().split("第")[1:])


def test_a_programme_is_drawn_page_by_page() -> None:
    first, second = (charts.inchworm_plot(RATE, threshold=0.02, page=page) for page in (1, 2))
    drawn = [label.get_text() for axes in (first, second) for label in axes.get_yticklabels()]
    assert drawn == [key[0] for key in RATE.labels]
    assert "共 45 行，这是第 41～45 行" in second.get_xlabel().replace("\n", "")
    assert not charts.Chart.of(second, "two").collisions()


def test_letters_shrink_in_axes_that_are_too_low() -> None:
    figure, ax = plt.subplots(figsize=(8, 4))
    charts.inchworm_plot(RATE, threshold=0.02, ax=ax, max_rows=30)
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in ax.get_yticklabels()]
    plt.close(figure)
    assert all(above.y0 > below.y0 + 0.8 * below.height for above, below in pairwise(boxes))


def test_long_titles_are_folded() -> None:
    axes = charts.organ_pipe_plot(RATE, title="某省某县二〇一八年贫困县退出专项评估检查：各村已脱贫户错退率的分布" + "（按户计）" * 4)
    assert "\n" in axes.get_title(loc="left") and not charts.Chart.of(axes, "long").collisions()


def test_trials_say_which_truth_is_drawn(trials: Any) -> None:
    axes = trials.plot(icc=0.1)
    assert axes.get_title(loc="left").endswith("（村内相关 0.1，贝塔二项）")
    assert "另有未画的真值（写 icc=、model= 来画）：村内相关 0.02" in axes.get_xlabel()
    assert not charts.Chart.of(axes, "trials").collisions()
    assert "±" in repr(trials) and "贝塔二项" in repr(trials) and "beta-binomial" not in repr(trials)


def test_small_areas_are_drawn_direct_beside_shrunken() -> None:
    found = ev.small_areas(RATE)
    axes = found.plot(max_rows=10, page=1)
    points = [float(line.get_xdata()[0]) for line in axes.lines if line.get_marker() == "o"]
    table = found.table().sort_values(["shrunk", "direct"], ascending=False).head(10)
    assert points[::2] == table["direct"].tolist() and points[1::2] == table["shrunk"].tolist()
    assert "不用于判定" in axes.get_xlabel().replace("\n", "") and not charts.Chart.of(axes, "areas").collisions()
