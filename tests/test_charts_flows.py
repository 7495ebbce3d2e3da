"""Pictures of findings and cases: causes as bars, the way of the cases as lanes, in both languages."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest
from matplotlib.text import Text

import evalkit as ev
from evalkit import charts
from evalkit.casework import Cases
from evalkit.charts import Chart
from evalkit.charts.glyphs import STAND_IN
from evalkit.charts.languages import ENGLISH
from evalkit.errors import ReportError
from evalkit.evaluation.picturing import picture_facts
from evalkit.evaluation.places import Places
from evalkit.ledger import Ledger
from evalkit.rates.causes import COLUMNS
from tests import county
from tests.specimens import made_up, with_tables

NAN = float("nan")
WAYS = {
    ("suspected", "notified", "answering", "confirmed", "final:成立"): 9,
    ("suspected", "notified", "confirmed"): 4,
    ("suspected", "notified", "answering", "dismissed"): 12,
    ("suspected", "dismissed"): 8,
    ("clue", "suspected", "notified"): 3,
    ("clue", "dismissed"): 5,
    ("suspected", "notified", "answering", "confirmed", "appealed", "final:不成立"): 1,
    ("suspected", "notified", "confirmed", "appealed"): 1,
}


class Made(Cases):
    """Cases that went so many ways."""

    def __init__(self, ways):
        super().__init__((), {})
        object.__setattr__(self, "went", ways)

    def ways(self):
        return [way for way, count in self.went.items() for _ in range(count)]


def causes(confirmed=3, names=("住房安全", "义务教育")):
    rows = [[finding, "事项", name, confirmed + 4, 20, confirmed - at, 9, NAN if confirmed < 30 else (confirmed - at) / confirmed]
            for finding in ("错退", "漏评") for at, name in enumerate(names)]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def words(axes):
    return [text.get_text() for text in axes.texts]


def test_bars_are_confirmed_within_suspected():
    axes = charts.causes_plot(causes())
    assert [bar.get_width() for bar in axes.patches] == [7, 3, 7, 2] * 2
    assert [label.get_text().strip() for label in axes.get_yticklabels()] == ["住房安全", "义务教育"] * 2 + ["错退", "漏评"]
    assert "%" not in "".join(words(axes)) and "占认定" not in words(axes)
    many = charts.causes_plot(causes(40))
    assert {"100%", "97.5%", "占认定"} <= set(words(many)) and "占认定 97.5%" in many.get_label()
    assert Chart.of(axes, "x").collisions() == Chart.of(many, "x").collisions() == []
    one = charts.causes_plot(causes(1), language="en").get_label()
    assert "suspected 5, confirmed 1 household; " in one and "suspected 5, confirmed 0 households" in one


def test_no_findings_are_told():
    axes = charts.causes_plot(causes().head(0))
    assert "未发现" in words(axes) and axes.get_label() == "错退、漏评：未发现。"
    with pytest.raises(ReportError, match="没有这种分组"):
        charts.causes_plot(causes(), by="户类型")
    with pytest.raises(ReportError, match="缺列 share"):
        charts.causes_plot(causes().drop(columns="share"))


def test_lanes_are_as_high_as_their_cases():
    axes = charts.flow_plot(Made(WAYS))
    bands = [bar for bar in axes.patches if bar.get_alpha()]
    assert sorted(bar.get_height() for bar in bands) == pytest.approx(sorted(WAYS.values()))
    assert {"疑似\n38", "认定 15\n排除 25", "终定成立 9\n终定不成立 1", "现认定 13 件", "现待定 4 件", "现排除 26 件"} <= set(words(axes))
    assert axes.get_label().startswith("共 43 件：线索 8，疑似 38，已反馈 30")
    with pytest.raises(ReportError, match="至少应有一行"):
        charts.flow_plot(Made({}))


def test_both_languages_say_the_same_numbers():
    for draw, what in ((charts.flow_plot, Made(WAYS)), (charts.causes_plot, causes())):
        chinese, english = draw(what), draw(what, language="en")
        assert [int(n) for n in _numbers(chinese.get_label())] == [int(n) for n in _numbers(english.get_label())]
        assert not any(word in english.get_label() + english.get_title(loc="left") for word in ENGLISH)
        assert Chart.of(english, "x").collisions() == []
    with pytest.raises(ReportError, match="language = 'fr'"):
        charts.flow_plot(Made(WAYS), language="fr")


def _numbers(text):
    return "".join(letter if letter.isdigit() else " " for letter in text).split()


def test_nouns_draw_themselves(tmp_path):
    case = ev.open_case(tmp_path, "411726101201", "0038", "错退", who="D1", day="2018-11-12", reason="住房为D级")
    ev.move_case(tmp_path, case, "已反馈", who="D1", day="2018-11-13", reason="反馈会", deadline="2018-11-20")
    ev.move_case(tmp_path, case, "认定", who="D1", day="2018-11-21", reason="未举证")
    ev.move_case(tmp_path, case, "终定", who="D1", day="2018-11-22", reason="复核", outcome="成立")
    known = ev.cases(tmp_path)
    assert known.ways() == [("suspected", "notified", "confirmed", "final:成立")]
    assert "终定成立 1" in known.plot().get_label()


def test_a_character_that_no_font_has_is_named_once_and_stood_in_for():
    lacking = "\U00020000村"
    with pytest.warns(UserWarning, match=f"随附字体缺 1 个字：{lacking[0]}｜{lacking[0]} 画成 {STAND_IN}") as told:
        axes = charts.causes_plot(causes(names=(lacking, "义务教育")))
    assert len(told) == 1 and lacking in axes.get_label()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib finds nothing more to say
        assert Chart.of(axes, "x").png(40) and f"{STAND_IN}村" in [label.get_text().strip() for label in axes.get_yticklabels()]


def test_a_character_that_another_font_has_is_drawn_by_it():
    with pytest.warns(UserWarning, match="由 DejaVu Sans 代画"):
        axes = charts.causes_plot(causes(names=("ﻼ村",)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        axes._repr_png_()


# -- the same charts in a report, drawn again from Results -----------------------------------------------------------


@pytest.fixture(scope="module")
def reported():
    facts = {
        "cases": [[list(way), count] for way, count in WAYS.items()],
        "board": {"汇总": ["", "2018-11-12", "2018-11-13"], "验收": ["", "", "2018-11-20"]},
        "drawn": [["乡镇01", "0.5 0.5*", "0.7", 1, 2, False]],
    }
    weights = pd.concat([made_up(3).table("weights")] * 2)
    return {chart.key: chart for chart in charts.draw_all(with_tables(made_up(3, **facts), causes=causes(40), weights=weights))}


def test_a_report_draws_what_its_results_hold(reported):
    assert list(reported)[-5:] == ["causes", "progress", "flow", "weights", "drawn"]
    assert "错退 住房安全：疑似 44 户，认定 40 户，占认定 100%" in reported["causes"].alt
    assert reported["progress"].alt == "共 3 村；汇总 2 村，至 2018-11-13；验收 1 村，至 2018-11-20。"
    assert reported["flow"].alt == charts.flow_plot(Made(WAYS)).get_label()
    assert reported["drawn"].alt == "乡镇01：2 个中抽 1 个。"
    assert reported["weights"].alt.startswith("抽样权数：12.5～410.3，合计 248\u2009311")
    for key in list(reported)[-5:]:
        texts = [text.get_text() for text in reported[key].figure.findobj(Text)]
        assert charts.MARK in texts and reported[key].title not in texts and reported[key].collisions() == []
        assert reported[key].png(60) == reported[key].png(60)


def test_the_facts_of_pictures_name_nobody(tmp_path):
    ev.open_case(tmp_path, "411726101201", "0038", "错退", who="D1", day="2018-11-12", reason="住房为D级")
    sample, ledger = county.made()[2], Ledger(tmp_path / "ledger.sqlite")
    places = Places.of(sample.frame, sample.design)
    facts = picture_facts(sample, places, ledger)
    assert facts["cases"] == [[["suspected"], 1]] and "board" not in facts
    told = str(facts)
    assert not any(village in told for village in sample.villages) and "0038" not in told
    assert [row[3] for row in facts["drawn"]] == [cell.n for cell in sample.cells("village")]
    assert picture_facts(sample, places, None).keys() == {"drawn"}
