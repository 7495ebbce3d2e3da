"""Survey: what it refuses, what it keeps, and the weights of completed interviews."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit.design.stages import Stage
from evalkit.errors import SurveyError
from evalkit.survey import weigh


def villages() -> pd.DataFrame:
    return pd.DataFrame({
        "stratum": ["p", "p", "p", "q", "q", "q"], "village": [1, 1, 2, 3, 4, 4],
        "M": [5, 5, 5, 4, 4, 4], "N": [10, 10, 20, 8, 9, 9], "w": [2.0, 3, 4, 5, 6, 7], "y": [1.0, 2, 3, 4, 5, 6],
    })  # fmt: skip


def broken(column: str, values: list[Any], **design: Any) -> str:
    table = villages().assign(**{column: values})
    with pytest.raises(SurveyError) as refusal:
        ev.Survey.from_data(table, **{"weights": "w", "strata": "stratum", "clusters": "village", **design})
    return str(refusal.value)


def test_all_faulty_weights_are_named_with_their_rows() -> None:
    message = broken("w", [2.0, np.nan, np.inf, 0.0, -1.0, 3.0])
    assert "4 处错误" in message
    assert "第 3–6 行（4 处），w" in message


def test_text_weights_are_refused() -> None:
    assert "应为数值，不是文字" in broken("w", ["2", "3", "4", "5", "6", "7"])


def test_missing_strata_and_units_are_refused() -> None:
    assert "第 2 行，stratum" in broken("stratum", [None, "p", "p", "q", "q", "q"])
    assert "第 7 行，village" in broken("village", [1, 1, 2, 3, 4, None])


def test_a_village_in_two_strata_is_refused_unless_labels_restart() -> None:
    values = [1, 1, 2, 2, 4, 4]
    assert "两个层" in broken("village", values)
    survey = ev.Survey.from_data(villages().assign(village=values), weights="w", strata="stratum", clusters="village", nest=True)
    assert survey.stages[0].units == 4


def test_population_below_sample_or_varying_in_a_stratum_is_refused() -> None:
    assert "第 2 行，M：1.5" in broken("M", [1.5, 1.5, 1.5, 4, 4, 4], fpc="M")
    assert "第 4 行，M：6" in broken("M", [5, 5, 6, 4, 4, 4], fpc="M")
    assert "抽样比（< 1）" in broken("M", [0.5, 0.5, 0.5, 4, 4, 4], fpc="M")


def test_unknown_columns_and_rules_are_refused() -> None:
    with pytest.raises(SurveyError, match=r"township.*\n?.*可用：stratum"):
        ev.Survey.from_data(villages(), strata="township")
    with pytest.raises(SurveyError, match="可用：fail"):
        ev.Survey.from_data(villages(), singleton="guess")
    with pytest.raises(SurveyError, match="没有行"):
        ev.Survey.from_data(villages().iloc[:0])


def test_weights_follow_from_fractions_and_are_one_without() -> None:
    survey = ev.Survey.from_data(villages(), strata="stratum", clusters=["village", None], fpc=["M", "N"])
    assert survey.weights.tolist() == pytest.approx([2.5 * 5, 2.5 * 5, 2.5 * 20, 2 * 8, 2 * 4.5, 2 * 4.5])
    assert ev.Survey.from_data(villages()).weights.tolist() == [1.0] * 6
    assert ev.Survey.from_data(villages().assign(p=0.25, q=0.5), probs=["p", "q"]).weights.tolist() == [8.0] * 6


def test_fractions_and_counts_say_the_same() -> None:
    table = villages().assign(f=[2 / 5] * 3 + [2 / 4] * 3)
    counts = ev.Survey.from_data(table, weights="w", strata="stratum", clusters="village", fpc="M")
    fractions = ev.Survey.from_data(table, weights="w", strata="stratum", clusters="village", fpc="f")
    assert ev.total(counts, "y").se == pytest.approx(ev.total(fractions, "y").se)


def test_arrays_handed_out_are_read_only() -> None:
    survey = ev.Survey.from_data(pd.DataFrame({"y": [0, 1, 1], "N": 10}), fpc="N")
    first = survey.stages[0]
    handed = (survey.weights, first.row_unit, first.unit_stratum, first.n, first.fraction, ev.mean(survey, "y").blocks[0].score)
    assert not any(array.flags.writeable for array in handed)


def test_nobody_writes_into_anothers_table() -> None:
    table = villages()
    survey = ev.Survey.from_data(table, weights="w")
    table.loc[0, "y"] = 99.0
    handed, column = survey.table(), survey.column("y")
    handed.loc[1, "y"] = column.iloc[2] = 99.0
    assert survey.column("y").tolist() == [1, 2, 3, 4, 5, 6]
    with pytest.raises(ValueError, match="read-only"):
        survey.weights[0] = 1.0


# -- weights of completed interviews --------------------------------------------------------------------------------


def returned(complete: list[bool], empty_cell: str = "fail", certain: bool = False, unseen: int = -1) -> SimpleNamespace:
    """Return two villages of a township of four and one of another, households of two strata."""
    table = pd.DataFrame({
        "village": ["a"] * 4 + ["b"] * 4 + ["c"] * 4, "household": [*range(12)], "stratum": ["x", "x", "y", "y"] * 3, "complete": complete,
        "village_stratum": ["t1"] * 8 + ["t2"] * 4, "village_chance": [0.5] * 8 + [1.0] * 4, "village_N": [4] * 8 + [1] * 4,
        "N": [10, 10, 30, 30] * 3, "n": 2, "persons": 3, "village_hits": 1,
    })  # fmt: skip
    if certain:
        table.loc[:3, "village_chance"] = 1.0
    table = table.assign(cell=table["stratum"], chance=table["n"] / table["N"])
    table["prob"] = table["village_chance"] * table["chance"]
    drawn_by = {"frame_stages": (Stage(name="village", method="srs", n=2),), "roster_stages": (Stage(name="household", method="srs", n=2),)}
    policies = SimpleNamespace(singleton="remove", stages="all")
    parts = {"evaluation": policies, "returns": SimpleNamespace(empty_cell=empty_cell), "weighting": ()}
    design = SimpleNamespace(**parts, **drawn_by)
    sample = SimpleNamespace(table=lambda _: table.drop(columns="complete"), inference=True)
    return SimpleNamespace(table=table[table["household"] != unseen].copy, design=design, sample=sample)


def test_base_weights_add_up_to_the_households_listed() -> None:
    done = [True] * 12
    done[1] = False
    survey = weigh(returned(done))  # only .table(), .design and .sample are read
    assert survey.weights.sum() == pytest.approx(2 * 40 * 2 + 40)
    table = survey.table()
    assert table["base_weight"].tolist()[0] == 20.0
    assert table["design_weight"].tolist()[0] == 10.0


def test_an_empty_cell_fails_by_name_or_is_spread_and_noted() -> None:
    done = [True] * 12
    done[0] = done[1] = False
    with pytest.raises(SurveyError, match="村 a：x"):
        weigh(returned(done))
    survey = weigh(returned(done, "spread"))
    assert survey.weights.sum() == pytest.approx(200)
    assert "村 a 的 x" in survey.notes[0]
    near = survey.table().query("village == 'b' and stratum == 'x'")["base_weight"]
    assert near.tolist() == [20.0, 20.0]


def test_a_cell_without_a_single_row_is_missed_too() -> None:
    done = [True] * 12
    done[0] = False
    with pytest.raises(SurveyError, match="村 a：x"):
        weigh(returned(done, unseen=1))


def test_a_certain_village_is_a_stratum_of_its_own_with_households_only() -> None:
    survey = weigh(returned([True] * 12, certain=True))
    first = survey.stages[0]
    whole = first.fraction[first.unit_stratum[first.row_unit]] == 1.0
    assert whole.tolist() == [True] * 4 + [False] * 4 + [True] * 4


def test_nothing_completed_is_refused() -> None:
    with pytest.raises(SurveyError, match="没有完成的访问"):
        weigh(returned([False] * 12))
