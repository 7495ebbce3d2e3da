"""Every public noun: one sentence, the same rows in HTML and as text, nobody's data; stored and copied as it was."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit.errors import EvalkitError, PrivacyError, SurveyError
from evalkit.showing import SHOWN_ROWS, Rows, as_html, as_text
from tests import nouns

NAMES = sorted(name for name in ev.__all__ if inspect.isclass(kind := getattr(ev, name)) and not issubclass(kind, Exception))
PERSONAL = (nouns.HEAD, "欧阳", "11010519491231002X", "110105194912310021", "1390000")


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return nouns.everything(tmp_path_factory.mktemp("nouns"))


class Printer:
    """What IPython hands to a noun to print itself on."""

    def __init__(self) -> None:
        self.said = ""

    def text(self, said: str) -> None:
        self.said += said


def printed(noun: Any) -> str:
    printer = Printer()
    noun._repr_pretty_(printer, False)
    return printer.said


def cells(html: str) -> tuple[str, list[list[str]]]:
    """The sentence and the cells of a noun's HTML, which has to be well formed."""
    root = ElementTree.fromstring(html)
    caption = root if root.tag == "p" else root.find("caption")
    assert caption is not None
    return "".join(caption.itertext()), [["".join(cell.itertext()) for cell in row] for row in root.iter("tr")]


def test_there_is_one_of_each(every: dict[str, Any]) -> None:
    assert sorted(every) == NAMES and all(type(noun).__name__ == name for name, noun in every.items())


@pytest.mark.parametrize("name", NAMES)
def test_html_and_text_show_the_same_cells_and_nobody(every: dict[str, Any], name: str) -> None:
    noun = every[name]
    html, text, told = noun._repr_html_(), printed(noun), repr(noun)
    caption, rows = cells(html)
    lines = text.split("\n")[caption.count("\n") + 1 :]
    assert text.startswith(caption) and len(lines) == len(rows)
    for line, row in zip(lines, rows, strict=True):
        assert re.sub(r"\s", "", line) == re.sub(r"\s", "", "".join(row)) or "……共" in line
    assert told and f"<evalkit.{name}" not in told and " object at 0x" not in told
    for said in (html, text, told):
        assert not any(person in said for person in PERSONAL)
    assert not re.search(r"https?:|//|<script|<img|<link|<style|<iframe|url\(|\son\w+=|<b>", html)


def tables(noun: Any) -> list[pd.DataFrame]:
    """Every table that a noun gives without being asked anything."""
    known = [name for name in ("table", "counts", "units", "problems", "bearing", "households", "persons", "ranges") if hasattr(noun, name)]
    asked = [getattr(noun, name) for name in known if callable(getattr(noun, name))]
    free = [ask for ask in asked if all(each.default is not each.empty for each in inspect.signature(ask).parameters.values())]
    return [found for ask in free if isinstance(found := ask(), pd.DataFrame)]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "Key"])
@pytest.mark.parametrize("way", ["pickle", "deepcopy"])
def test_a_stored_noun_is_the_same_and_stays_frozen(every: dict[str, Any], name: str, way: str) -> None:
    noun = every[name]
    again = pickle.loads(pickle.dumps(noun)) if way == "pickle" else copy.deepcopy(noun)
    assert type(again) is type(noun) and repr(again) == repr(noun) and printed(again) == printed(noun)
    for one, other in zip(tables(noun), tables(again), strict=True):
        pd.testing.assert_frame_equal(one, other)
    written = "path" if name == "Design" else next(iter(vars(again)))
    with pytest.raises((dataclasses.FrozenInstanceError, EvalkitError, ValueError)):
        setattr(again, written, None)
    assert not any(value.flags.writeable for value in vars(again).values() if isinstance(value, np.ndarray))


def test_a_key_is_not_stored(every: dict[str, Any]) -> None:
    with pytest.raises(PrivacyError, match="密钥｜不随对象存盘"):
        pickle.dumps(every["Key"])
    assert copy.deepcopy(every["Key"]) == every["Key"]


def test_a_table_that_stays_where_it_is_is_not_stored(tmp_path: Any) -> None:
    pd.DataFrame({"village": [1, 1, 2, 2], "y": [1.0, 0, 0, 1]}).to_parquet(tmp_path / "a.parquet")
    remote = ev.Survey.from_data(tmp_path / "a.parquet", clusters="village")
    for way in (pickle.dumps, copy.deepcopy):
        with pytest.raises(SurveyError, match="行留在原处，不随对象存盘"):
            way(remote)
    assert cells(remote._repr_html_())[0] == repr(remote)


def survey() -> ev.Survey:
    at = np.arange(120)
    kind = np.where(at % 3, "甲", "乙")
    answers = {"village": at // 6, "y": np.sin(at) + 3, "x": np.cos(at * 7) + at % 3, "kind": kind, "hit": at % 9 == 0}
    return ev.Survey.from_data(pd.DataFrame(answers), clusters="village")


@pytest.mark.parametrize("replicated", [False, True])
def test_what_is_reckoned_later_is_reckoned_from_a_stored_estimate_too(replicated: bool) -> None:
    """Algebra, quantiles' own intervals, functions of the user, regression with transformed columns: all hang on functions."""
    held = survey().replicate("jk1") if replicated else survey()
    mean, share = ev.mean(held, ["y", "x"]), ev.proportion(held, "hit", by="kind")
    asked = [
        mean, share, mean["y"] / mean["x"], np.log(mean), 1 - share, ev.quantile(held, "y", [0.25, 0.5]),
        ev.combine(lambda a: a[0] * a[1], mean, label="积"), ev.gini(held, "y"), ev.correlation(held, "y", "x"),
    ]  # fmt: skip
    for found in asked:
        again = pickle.loads(pickle.dumps(found))
        pd.testing.assert_frame_equal(again.table(0.9), found.table(0.9))
        np.testing.assert_array_equal(again.cov(), found.cov())
        np.testing.assert_array_equal((2 * again + 1).se, (2 * found + 1).se)
        if replicated:
            np.testing.assert_array_equal(again.replicates, found.replicates)
    model = ev.glm(held, "y ~ center(x) + kind")
    others = pd.DataFrame({"x": [0.1, 5.0], "kind": ["乙", "甲"]})
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(model)).predict(others), model.predict(others))


def test_long_tables_are_cut_at_the_same_row() -> None:
    rows = Rows(("a",), [(str(at),) for at in range(SHOWN_ROWS + 5)], 1)
    assert as_text("x", rows).endswith(f"……共 {SHOWN_ROWS + 5} 行") and as_html("x", rows).count("<tr>") == SHOWN_ROWS + 2
