"""Results in a notebook: one small table, every text escaped, numbers as one reads them."""

import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit.errors import EvalkitWarning
from evalkit.estimates.showing import estimate_html, is_share, table_html
from evalkit.figures import plain, significant
from evalkit.models import glm, independence, ttest
from evalkit.showing import html_table


def survey(**columns: object) -> ev.Survey:
    at = np.arange(600)
    kind = np.where(at % 2, "一般户", "<b>&贫困户")
    answers = {"village": at % 30, "poor": (at % 43 == 0).astype(int), "income": 2000.0 + (at * 13 % 101) * 40, "kind": kind}
    return ev.Survey.from_data(pd.DataFrame({**answers, **columns}), clusters="village")


def cells(text: str) -> list[list[str]]:
    """Read a table back: it has to be well formed."""
    return [["".join(cell.itertext()) for cell in row] for row in ElementTree.fromstring(text).iter("tr")]


def test_an_estimate_is_a_table_of_rounded_numbers() -> None:
    found = ev.proportion(survey(), "poor", by="kind")
    head, *rows = cells(estimate_html(found))
    assert head == ["kind", "变量", "估计", "标准误", "95%区间", "自由度", "设计效应", "n"]
    shown = found.table()
    assert [row[0] for row in rows] == ["<b>&贫困户", "一般户"] and [row[-1] for row in rows] == ["300", "300"]
    assert rows[0][2] == f"{shown['estimate'][0]:.2%}" and rows[0][4] == f"{shown['low'][0]:.2%}～{shown['high'][0]:.2%}"
    assert cells(estimate_html(found, level=0.9))[0][4] == "90%区间"


def test_text_is_escaped_and_styles_are_inside() -> None:
    made = estimate_html(ev.mean(survey(), "income", by="kind"))
    assert "&lt;b&gt;&amp;贫困户" in made and "<b>" not in made and "<style" not in made and "class=" not in made
    assert made.count("text-align:left") == 2 * 3 + 1  # two names in each of three rows, and the caption


def test_means_have_four_significant_digits() -> None:
    found = ev.mean(survey(), "income")
    assert cells(estimate_html(found))[1][1] == significant(float(found)) == f"{float(found):.0f}"


def test_a_long_table_is_cut_and_counted() -> None:
    rows = cells(estimate_html(ev.mean(survey(place=np.arange(600) % 40), "income", by="place")))
    assert len(rows) == 1 + 30 + 1 and rows[-1] == ["……共 40 行"]
    assert len(cells(html_table(["a"], [["x"]] * 30))) == 31


def test_a_domain_nobody_is_in_says_so() -> None:
    with pytest.warns(EvalkitWarning):
        found = ev.proportion(survey(), "poor", where=ev.col("income") > 1e9)
    assert cells(estimate_html(found))[1] == ["poor", "无数据", "", "", "0", "", "0"]


def test_shares_are_told_from_numbers_made_of_them() -> None:
    share = ev.proportion(survey(), "poor")
    assert is_share(share) and is_share(1 - share) and is_share(share / 2)
    assert not is_share(10 * share) and not is_share(ev.mean(survey(), "poor"))


def test_a_test_and_a_model_are_tables_too() -> None:
    s = survey()
    t = ttest(s, "income", "kind")
    head, row = cells(table_html(t.table(), t.sentence()))
    assert "95%区间" in head and "分子自由度" not in head[:4] and "说明" not in head and len(head) == len(row)
    assert "<caption" in table_html(t.table(), t.sentence()) and row[head.index("n")] == "600"
    head, row = cells(table_html(independence(s, "kind", "poor").table()))
    assert "95%区间" not in head and row[head.index("p 值")] == f"{independence(s, 'kind', 'poor').p_value:.3f}"
    head, *rows = cells(table_html(glm(s, "income ~ kind").table()))
    assert head[:5] == ["项", "类别", "系数", "标准误", "95%区间"] and len(rows) == 2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.04, "-0.04"),
        (12.34567, "12.35"),
        (9999.4, "9999"),
        (9999.6, "10 000"),
        (-1234567.8, "-1 234 568"),
        (1e-7, "1.000e-07"),
        (float("nan"), ""),
    ],
)
def test_significant_never_cuts_whole_numbers(value: float, text: str) -> None:
    assert significant(value).replace("\u2009", " ") == text


def test_plain_keeps_its_digits() -> None:
    assert plain(1234.5) == "1234.5" and re.fullmatch(r"12\s345\.5", plain(12345.5)) and plain(float("nan")) == ""
