"""Every chart, with ordinary and with extreme inputs: no label over another or outside the picture, a glyph for each character,
and classes that are told apart by readers who do not see colours, and in a black and white print.

The layout is read from the extents of the artists, never from pixels.
"""

from __future__ import annotations

import functools
import warnings
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib import colors
from matplotlib.text import Text

import evalkit as ev
from evalkit import charts
from evalkit.charts import Chart, draw_all, flows, missing_characters, places, progress, results, style, worms
from evalkit.charts.layout import texts_of
from tests import county, specimens
from tests.test_charts_fieldwork import board, listed
from tests.test_charts_flows import WAYS, Made, causes
from tests.test_charts_places import squares

CASES = ("ordinary", "one", "many", "long", "zeros", "hidden")
LONG = "名称特别长的少数民族自治示范管理区第{}村民委员会筹备工作领导小组"
SCORES = ev.Scale.numbered(0, 10, top=(9, 10))
COUNTIES = {"one": 1, "many": 300, "long": 4, "zeros": 3, "hidden": 3}


def names(case):
    return [(LONG if case == "long" else "县{:03d}").format(at) for at in range(COUNTIES.get(case, 6))]


@functools.cache
def survey(case):
    """Counties of villages of households; without events, or of one village each so that nothing has an interval."""
    called, villages = names(case), {"many": 2, "hidden": 1}.get(case, 4)
    at = np.arange(len(called) * villages * 5)
    hit = np.zeros(len(at), dtype=int) if case == "zeros" else ((at * 7) % 23 == 0).astype(int)
    table = pd.DataFrame({
        "county": np.repeat(called, villages * 5), "village": at // 5, "wrong": hit, "kind": np.where(at % 2 == 0, "甲", "乙"),
        "income": 1000.0 + (at * 13 % 101) * 20, "whole": 10.0 - (at * 7 % 5), "part": 10.0 - (at * 3 % 7), "other": 9.0 - (at * 11 % 4),
        "answer": np.array(["满意", "基本满意", "不满意"])[(at * 5) % 3 if case != "zeros" else at * 0],
    })  # fmt: skip
    if case == "long":
        table = table.rename(columns={"wrong": LONG, "part": LONG + "二", "other": LONG + "三"})
    policy = {"singleton": "certainty"} if case in ("one", "hidden") else {}
    return ev.Survey.from_data(table, clusters="village", **policy)


def column(case, plain, more=""):
    return LONG + more if case == "long" else plain


@functools.cache
def estimate(case):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ev.proportion(survey(case), column(case, "wrong"), by="county")


def verdict(case):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rate = ev.proportion(survey(case), column(case, "wrong"))
        return ev.judge(rate, 0.02, strict=True, name=column(case, "错退率"))


def shares(case):
    nan = float("nan")
    return {name: {"zeros": 0.0, "hidden": nan}.get(case, (at * 7 % 50) / 1000) for at, name in enumerate(names(case))}


def balance(case):
    count = COUNTIES.get(case, 5)
    values = {"zeros": 0.0, "hidden": float("nan")}.get(case, 0.2)
    table = pd.DataFrame({"variable": [column(case, "户类型")] * count, "category": names(case)[:count]})
    return table.assign(asmd_before=values, asmd_after=values)


def heat(case):
    rows = [(name, head, {"zeros": 0.0, "hidden": float("nan")}.get(case, 0.9)) for name in names(case) for head in (0.005, 0.02)]
    return pd.DataFrame(rows, columns=["method", "p", "cover"])


def curve(case):
    models = names(case)[:5]
    chances = {p: 0.0 if case == "zeros" else 1 - p * 22 for p in (0.005, 0.02, 0.04)}
    rows = [(model, p, chance / (1 + at)) for at, model in enumerate(models) for p, chance in chances.items()]
    return pd.DataFrame(rows, columns=["model", "p", "accept"])


def answers(case):
    scale = ev.Scale(("满意", "基本满意", "不满意"), top=("满意",))
    return ev.answers(survey(case), "answer", scale, by="county")


def flow(case):
    ways = {"one": {("suspected",): 1}, "many": {way: count * 100 + 1 for way, count in WAYS.items()}, "zeros": {("clue", "dismissed"): 3}}
    return Made(ways.get(case, WAYS))


def cause(case):
    if case == "hidden":
        return causes().head(0)
    return causes(0 if case == "zeros" else 45, tuple(names(case)[:40]))


@functools.cache
def asked(case):
    """A survey whose weights went through steps."""
    counts = survey(case).table()["kind"].value_counts()
    return ev.weigh(survey(case), ev.PostStratify("kind", {kind: 3.0 * count for kind, count in counts.items()}))


@functools.cache
def trials():
    return ev.simulate(ev.plain_design(5, 20, frame=20, households=40), {"差错率": [0.01, 0.05]}, seed="1", replicates=2, workers=1)


@functools.cache
def card():
    known = {"1.1.1": 1, "1.1.2": 0.998, "1.1.3": 1, "1.1.4": 0.9995, "1.1.5": 0.997}
    return ev.score(known, "designs/systems/sichuan_city_2017.toml")


def ranks(case):
    at = np.arange(COUNTIES.get(case, 6))
    return ev.ranking.rank_sets(0.9 + at * 7 % 19 * 0.001, np.full(len(at), 1.0 if case == "zeros" else 0.002))


def plausible(case):
    table = pd.DataFrame({"village": names(case), "household": "1", "callback": "是" if case == "zeros" else "否"})
    words, columns = {"是": "confirmed", "否": "denied"}, {"village": "village", "household": "household", "callback": "callback"}
    return ev.plausibility(table, callbacks=words, **columns)


def urgent(case):
    """What to improve first; many questions are answered nearly alike, so that their points crowd."""
    if case != "many":
        return ev.prioritize(survey(case), "whole", [column(case, "part", "二"), column(case, "other", "三")], SCORES)
    at = np.arange(24)
    score, share = 80 + at * 7 % 24 * 0.1, 0.01 + at * 5 % 24 * 0.004
    rows = pd.DataFrame({"item": [f"对第{k:02d}项帮扶措施及成效是否满意" for k in at], "performance": score, "importance": share})
    rows = rows.assign(performance_low=score - 2, performance_high=score + 2, importance_low=share - 0.03, importance_high=share + 0.05)
    rows = rows.assign(quadrant="次要改进", firm=at % 3 == 0)
    return SimpleNamespace(table=lambda: rows, sentence=lambda: "。", explained=0.5, level=0.95, cuts=(81.0, 0.05))


def interviewers(case):
    at = np.arange(40 * COUNTIES.get(case, 6) if case != "many" else 600)
    who = np.array([column(case, "员") + str(k) for k in (at // 2) % (6 if case != "many" else 60)])
    table = pd.DataFrame({"village": at // 20, "who": who, "income": 0.0 if case == "zeros" else 1000.0 + (at * 37 % 101)})
    return ev.interviewers(table, who="who", village="village", variables=["income"])


def said(case):
    """English where words and numbers are widest, so that time is not spent on every pair."""
    return ("en",) if case in ("ordinary", "many") else ("zh",)


DRAWN = {
    "answers_plot": lambda case: [charts.answers_plot(answers(case))],
    "areas_plot": lambda case: [charts.areas_plot(ev.small_areas(estimate(case)))] if case not in ("one", "hidden", "zeros") else [],
    "balance_plot": lambda case: [charts.balance_plot(balance(case))],
    "causes_plot": lambda case: [charts.causes_plot(cause(case), language=language) for language in said(case)],
    "drawn_plot": lambda case: [charts.drawn_plot(
        listed(*{"one": (1, 1), "many": (3000, 300)}.get(case, (30, 6)), name=LONG if case == "long" else "村{}"))],
    "estimate_plot": lambda case: [charts.estimate_plot(estimate(case), gate=0.02)],
    "flow_plot": lambda case: [charts.flow_plot(flow(case), language=language) for language in said(case)],
    "heat_plot": lambda case: [charts.heat_plot(heat(case), "method", "p", "cover", nominal=0.95)],
    "inchworm_plot": lambda case: [charts.inchworm_plot(estimate(case), threshold=0.02)] if case != "hidden" else [],
    "map_plot": lambda case: [charts.map_plot(shares(case), squares(list(shares(case)), size=0.05))],
    "model_plot": lambda case: [charts.model_plot(ev.glm(survey(case), "income ~ kind"))] if case == "ordinary" else [],
    "oc_plot": lambda case: [
        charts.oc_plot(curve(case), gate=0.02, better=0.005, title=LONG if case == "long" else "", language=language)
        for language in said(case)
    ],
    "organ_pipe_plot": lambda case: [charts.organ_pipe_plot(estimate(case), gate=0.02)],
    "plausibility_plot": lambda case: [charts.plausibility_plot(plausible(case))],
    "priorities_plot": lambda case: [
        charts.priorities_plot(urgent(case), language=language) for language in said(case)
    ] if case in ("ordinary", "many", "long") else [],
    "progress_plot": lambda case: [charts.progress_plot(
        board(*{"one": (1, 1), "many": (300, 250), "zeros": (44, 0)}.get(case, (44, 36))), language=language) for language in said(case)],
    "ranks_plot": lambda case: [
        charts.ranks_plot(ranks(case), names(case), language=language) for language in said(case)
    ] if case != "one" else [],
    "responses_plot": lambda case: [
        charts.responses_plot(county.collected(), language=language) for language in said(case)
    ] if case == "ordinary" else [],
    "scorecard_plot": lambda case: [charts.scorecard_plot(card())] if case == "ordinary" else [],
    "steps_plot": lambda case: [charts.steps_plot(asked(case), language=language) for language in said(case)],
    "survey_plot": lambda case: [charts.survey_plot(survey(case))],
    "test_plot": lambda case: [charts.test_plot(ev.independence(survey(case), "kind", "answer"))] if case == "ordinary" else [],
    "tiles_plot": lambda case: [charts.tiles_plot(shares(case), language=language) for language in said(case)]
    + ([charts.tiles_plot(estimate(case))] if case != "many" else []),
    "trials_plot": lambda case: [charts.trials_plot(trials())] if case == "ordinary" else [],
    "verdict_plot": lambda case: [charts.verdict_plot(verdict(case))] if case != "hidden" else [],
    "interviewer_plot": lambda case: [charts.interviewer_plot(interviewers(case))] if case in ("ordinary", "long") else [],
}  # fmt: skip


# rows on a ladder that differ in their marks alone: one of them shows what many rows do to it
ALIKE = {"answers_plot", "areas_plot", "balance_plot", "heat_plot", "inchworm_plot", "interviewer_plot", "model_plot", "ranks_plot",
         "responses_plot", "steps_plot", "survey_plot", "test_plot"}  # fmt: skip


@pytest.fixture(autouse=True)
def measured_once(monkeypatch):
    """Let matplotlib lay out a text once: it asks again for the same words in the same letters at each of its passes, 6 to 10 times."""
    known, lay_out = {}, Text._get_layout

    def layout(text, renderer):
        look = (text.get_fontproperties(), text.get_ha(), text.get_va(), text.get_rotation(), text._linespacing, text._multialignment)
        key = (text.get_text(), *look, text.get_wrap(), text.get_figure(root=True).dpi)
        if key not in known:
            known[key] = lay_out(text, renderer)
        return known[key]

    monkeypatch.setattr(Text, "_get_layout", layout)


def wrong(figure):
    """What is wrong with a figure: labels that meet or leave it, and characters that it cannot draw."""
    lacking = missing_characters("".join(text.get_text() for text in texts_of(figure)))
    return Chart("x", "", "", figure).collisions() + ([("字", lacking)] if lacking else [])


def test_every_chart_is_in_the_table():
    assert set(DRAWN) == {name for name in charts.__all__ if name.endswith("_plot")}


@pytest.mark.parametrize("case", CASES)
def test_no_chart_has_labels_over_each_other(case):
    found = {}
    for name, draw in DRAWN.items():
        for at, axes in enumerate(draw(case) if case != "many" or name not in ALIKE else []):
            assert axes.get_label() or axes.get_xlabel(), f"{name} says nothing in words"
            found[name, at] = wrong(axes.figure)
    assert {name: faults for name, faults in found.items() if faults} == {}


# -- the charts of reports and plans ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("townships", "language"), [(1, "en"), (300, "zh")])
def test_charts_of_reports(townships, language):
    assert {chart.key: faults for chart in draw_all(specimens.made_up(townships), language) if (faults := wrong(chart.figure))} == {}


# -- colours ----------------------------------------------------------------------------------------------------------

# Machado, Oliveira & Fernandes 2009, IEEE TVCG 15:1291: full deficiency, on linear RGB; the last is what a grey print keeps
SEEN = {
    "all colours": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "grey": np.tile([0.2126, 0.7152, 0.0722], (3, 1)),
}
LEAST = 1.2  # contrast of neighbours without a hatch between them; 1 is no difference
READ = 4.5  # of letters on their ground (WCAG 2.1 AA)


def seen(colour, matrix):
    """The relative luminance of a colour as it is seen."""
    parts = np.array(colors.to_rgb(colour))
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(np.clip(matrix @ linear, 0, 1) @ [0.2126, 0.7152, 0.0722])


def contrast(one, other, matrix):
    high, low = sorted((seen(one, matrix), seen(other, matrix)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def looks(kinds):
    return [tuple(kind[-2:]) for kind in kinds]


SCALES = {
    "answers": list(style.STEPS), "outcomes": looks([*results.OUTCOMES, progress.PENDING]), "findings": looks(results.KINDS),
    "places": [places.NONE, *((depth, "") for depth in places.DEPTHS), places.HIDDEN, places.ABSENT],
    "verdicts": list(worms.LOOKS.values()),
    "cases": looks(flows.STANDINGS.values()), "drawn": [(style.PALE, ""), (style.BLUE, "")],
}  # fmt: skip


@pytest.mark.parametrize("vision", SEEN)
@pytest.mark.parametrize("scale", SCALES)
def test_neighbours_are_told_apart(scale, vision):
    """Two classes that can stand beside each other differ by a hatch, or clearly in lightness."""
    alike = [(a, b) for a, b in pairwise(SCALES[scale]) if a[1] == b[1] and contrast(a[0], b[0], SEEN[vision]) < LEAST]
    assert alike == []


@pytest.mark.parametrize("vision", SEEN)
def test_letters_are_read_on_their_ground(vision):
    grounds = [*(look[0] for scale in ("answers", "places", "verdicts") for look in SCALES[scale])]
    tones = {ground: places.ink_on(ground) for ground in grounds}
    assert {ground: tone for ground, tone in tones.items() if contrast(ground, tone, SEEN[vision]) < READ} == {}
    assert all(contrast("white", tone, SEEN[vision]) >= READ for tone in (style.INK, style.GREY, style.BLUE, style.ORANGE))


def test_the_check_finds_what_is_wrong():
    axes = charts.tiles_plot({"a": 0.1, "b": 0.2})
    axes.text(0.5, 0.5, "\U00020000 over a")
    with pytest.warns(UserWarning, match="missing from font"):
        found = wrong(axes.figure)
    assert ("字", "\U00020000") in found and len(found) > 1
    assert contrast("#d62728", "#2ca02c", SEEN["deuteranopia"]) < 2 * LEAST < contrast("#000000", "#ffffff", SEEN["grey"])
