"""`[[weighting]]`: the steps of a design file are those that are taken, and its faults are told by path."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit.errors import DesignError, SurveyError
from evalkit.synthetic import registry, returns
from evalkit.weights import declared
from tests.architecture_rules import ROOT

SEED = "31415926535897932384"
COUNTS = '{ "脱贫户" = 300, "未脱贫户" = 60, "非建档立卡户" = 900 }'
NONRESPONSE = '[[weighting]]\nkind = "nonresponse"\nby = ["stratum"]\n'
POSTSTRATIFY = f'[[weighting]]\nkind = "poststratify"\nby = ["stratum"]\ntotals = {COUNTS}\n'
RAKE = f'[[weighting]]\nkind = "rake"\n[weighting.margins]\nstratum = {COUNTS}\nhalf = {{ "a" = 560, "b" = 700 }}\n'
CALIBRATE = f'[[weighting]]\nkind = "calibrate"\n[weighting.totals]\nstratum = {COUNTS}\npersons = 4100\n'
TRIM = '[[weighting]]\nkind = "trim"\nupper = 12.0\nkeep = ["stratum"]\n'


def design(folder: Path, *steps: str) -> ev.Design:
    text = (ROOT / "designs" / "biyang_2018.toml").read_text(encoding="utf-8")
    path = folder / "design.toml"
    path.write_text("\n".join([text, *steps]), encoding="utf-8")
    return ev.read_design(path)


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> ev.Findings:
    return came_back(design(tmp_path_factory.mktemp("design"), NONRESPONSE, POSTSTRATIFY))


def came_back(plan: ev.Design) -> ev.Findings:
    table = pd.DataFrame({"village_code": ["411726001001", "411726001002", "411726001003"], "township_code": "411726001"})
    frame, made = ev.Frame.from_data(table, id="village_code", columns=["township_code"]), registry(table, plan)
    sample = ev.draw(frame, plan, seed=SEED)
    sample = ev.draw_next(sample, ev.read_rosters(pd.concat(made.rosters(sample.villages).values()), plan))
    return ev.determine(ev.collect(sample, returns(sample, made.households(sample.villages), plan)))


def test_returns_take_the_steps_of_their_design(findings: ev.Findings) -> None:
    survey = ev.weigh(findings)
    assert [str(step.step) for step in survey.steps] == ["Nonresponse 单元 stratum", "PostStratify stratum"]
    totals = ev.total(survey, "stratum")
    assert totals["脱贫户"].value == pytest.approx([300]) and totals["非建档立卡户"].value == pytest.approx([900])
    complete = findings.table()["complete"].to_numpy()
    assert (survey.weights > 0).tolist() == complete.tolist() and not complete.all()
    counts = {"脱贫户": 300, "未脱贫户": 60, "非建档立卡户": 900}
    by_hand = ev.weigh(findings, ev.Nonresponse(by="stratum"), ev.PostStratify("stratum", counts))
    assert survey.weights == pytest.approx(by_hand.weights, rel=1e-12)


def test_rates_count_who_answered_only(findings: ev.Findings) -> None:
    """The unweighted rates are those of the completed interviews, whatever step the others stay in the design for."""
    plain = ev.weigh(findings, ev.Trim(upper=1e9))
    frame = ev.Frame.from_data(pd.DataFrame({"village_code": ["411726001001"], "township_code": "411726001"}), id="village_code",
                               columns=["township_code"])  # fmt: skip
    rosters = pd.DataFrame()
    declared_rates = findings.design.model_copy(update={"rates": tuple(r for r in findings.design.rates if r.kind == "approval")})
    adjusted, unadjusted = (ev.measure(s, declared_rates, frame, rosters)[0].confirmed for s in (ev.weigh(findings), plain))
    assert (adjusted.numerator, adjusted.denominator) == (unadjusted.numerator, unadjusted.denominator)
    assert float(adjusted.estimate) != float(unadjusted.estimate) and adjusted.estimate.n[0] == findings.table()["complete"].sum()


def test_each_kind_becomes_its_step(tmp_path: Path) -> None:
    steps = declared(design(tmp_path, TRIM, NONRESPONSE, RAKE, CALIBRATE))
    assert [type(step).__name__ for step in steps] == ["Trim", "Nonresponse", "Rake", "Calibrate"]
    crossed = POSTSTRATIFY.replace('["stratum"]', '["stratum", "village"]').replace('"脱贫户" =', '"脱贫户/411726001001" =')
    (made,) = declared(design(tmp_path, crossed))
    assert ("脱贫户", "411726001001") in made.totals
    (made,) = declared(design(tmp_path, '[[weighting]]\nkind = "nonresponse"\npropensity = ["persons"]\nclasses = 0\n'))
    assert made.classes is None and made.propensity == ["persons"]


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ('[[weighting]]\nkind = "nonresponse"\n', "必须且只能写一个"),
        ('[[weighting]]\nkind = "magic"\n', r"weighting\[1\]"),
        (POSTSTRATIFY.replace("= 300", "= -1"), r"weighting\[1\]"),
        ('[[weighting]]\nkind = "trim"\n', r"weighting\[1\].*upper"),
        ('[[weighting]]\nkind = "calibrate"\nlow = 1.2\n[weighting.totals]\npersons = 3\n', r"weighting\[1\].*low"),
    ],
)
def test_a_broken_step_is_told_by_its_path(tmp_path: Path, broken: str, told: str) -> None:
    with pytest.raises(DesignError, match=told):
        design(tmp_path, broken)


def test_the_draw_does_not_depend_on_the_recipe(tmp_path: Path) -> None:
    plain = design(tmp_path)
    assert design(tmp_path, NONRESPONSE, POSTSTRATIFY).hash == plain.hash


def test_a_category_without_a_total_is_named(tmp_path: Path) -> None:
    short = POSTSTRATIFY.replace('"未脱贫户" = 60, ', "")
    with pytest.raises(SurveyError, match="stratum：未脱贫户"):
        ev.weigh(came_back(design(tmp_path, short)))


def test_weights_of_released_households_share_the_design_weight(findings: ev.Findings) -> None:
    survey = ev.weigh(findings, ev.Nonresponse(by="stratum"))
    table = survey.table()
    cells = table.assign(before=survey.steps[0].before).groupby(["village", "cell"])
    expected = table.assign(each=1 / table["prob"]).groupby(["village", "cell"])["each"].first() * cells["n"].first()
    assert np.allclose(cells["before"].sum(), expected)
