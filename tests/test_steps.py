"""Steps of weighting: order, replay on replicates, what they refuse and what they tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import evalkit as ev
from evalkit import nonresponse
from evalkit.errors import EvalkitError, SurveyError
from evalkit.synthetic import registry, returns

A, B = {"p": 420.0, "q": 380.0, "r": 300.0}, {"u": 600.0, "v": 500.0}


def sampled(rows: int = 180, villages: int = 15) -> pd.DataFrame:
    """Fifteen villages in three strata; margins, sizes and what became of each household."""
    dice = np.random.default_rng(3)
    village = np.arange(rows) % villages
    table = pd.DataFrame({"village": village, "stratum": village % 3, "w": dice.uniform(4, 9, rows), "id": np.arange(rows)})
    table = table.assign(a=np.array(list("pqr"))[dice.integers(0, 3, rows)], b=np.array(list("uv"))[dice.integers(0, 2, rows)])
    table = table.assign(x=dice.gamma(4, 1, rows), z=dice.gamma(4, 1, rows).round(1), kind=dice.choice(["甲", "乙"], rows))
    return table.assign(what=dice.choice(list("RRRRNNIU"), rows), asked=dice.choice(list("RRRNI"), rows), y=dice.normal(5, 1, rows))


TABLE = sampled()


def survey(table: pd.DataFrame = TABLE, **design: Any) -> ev.Survey:
    return ev.Survey.from_data(table, **{"weights": "w", "strata": "stratum", "clusters": "village", **design})


def refusal(*steps: Any, table: pd.DataFrame = TABLE) -> str:
    with pytest.raises(EvalkitError) as raised:
        ev.weigh(survey(table), *steps)
    return str(raised.value)


# -- the recipe on replicates ---------------------------------------------------------------------------------------

X = float(TABLE.w @ TABLE.x) * 1100 / TABLE.w.sum()
Z = float(TABLE.w @ TABLE.z) * 1100 / TABLE.w.sum()
STEPS: dict[str, list[Any]] = {
    "PostStratify": [ev.PostStratify(["a", "b"], TABLE.groupby(["a", "b"])["w"].sum() * 1.1)],
    "Rake": [ev.Rake({"a": A, "b": B})],
    "Rake crossed": [ev.Rake({("a", "kind"): TABLE.groupby(["a", "kind"])["w"].sum(), "b": TABLE.groupby("b")["w"].sum()})],
    "linear": [ev.Calibrate(["1", "x", "z"], {"1": 1100, "x": X * 1.02, "z": Z}, negative="keep")],
    "linear bounded": [ev.Calibrate(["1", "x", "z"], {"1": 1100, "x": X * 1.02, "z": Z}, bounds=(0.5, 2))],
    "raking": [ev.Calibrate(["a", "x"], {"a": A, "x": X * 1.02}, distance="raking")],
    "logit": [ev.Calibrate(["a", "x"], {"a": A, "x": X * 1.02}, distance="logit", bounds=(0.5, 2))],
    "truncated": [ev.Calibrate(["a", "x"], {"a": A, "x": X * 1.02}, distance="truncated", bounds=(0.5, 2))],
    "sinh": [ev.Calibrate(["a", "x"], {"a": A, "x": X * 1.02}, distance="sinh")],
    "Trim": [ev.Trim(upper=8.2, lower=4.5)],
    "Trim once": [ev.Trim(upper=8.2, strict=False)],
    "Trim proportional in classes": [ev.Trim(upper=8.4, keep=["b", "kind"], rule="proportional")],
    "Nonresponse": [ev.Nonresponse(by=["a", "kind"], status="what")],
    "propensity": [ev.Nonresponse(propensity=["x", "kind"], classes=None, status="asked")],
    "chain": [ev.Nonresponse(by="a", status="what"), ev.Trim(upper=13), ev.Rake({"a": A, "b": B})],
    "calibrated twice": [ev.PostStratify("a", A), ev.Trim(upper=9.8, keep="a"), ev.Calibrate(["b", "z"], {"b": B, "z": Z})],
}


def redone(row_weights: np.ndarray, made: ev.Survey) -> np.ndarray:
    """Take the steps by hand on the rows that a replicate holds, as if it were a sample of its own; trimming keeps its factors."""
    weights = row_weights.copy()
    for taken in made.steps:
        held = weights > 0
        if isinstance(taken.step, ev.Trim):
            weights[held] *= taken.after[held] / taken.before[held]
        else:
            here = ev.Survey.from_data(TABLE[held].assign(w=weights[held]), weights="w")
            weights[held] = ev.weigh(here, taken.step).weights
    return weights


METHODS: dict[str, dict[str, Any]] = {"jkn": {}, "rwy": {"replicates": 7, "seed": "3"}}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("method", METHODS)
def test_a_step_on_replicates_is_the_step_taken_on_each_by_hand(name: str, method: str) -> None:
    plain = survey().replicate(method, **METHODS[method])
    assert plain.replicated is not None
    base = plain.replicated.weights(0, 7)
    for made in (ev.weigh(plain, *STEPS[name]), ev.weigh(survey(), *STEPS[name]).replicate(method, **METHODS[method])):
        assert made.replicated is not None
        found = made.replicated.weights(0, 7)
        for at in range(7):
            assert found[at] == pytest.approx(redone(base[at], made), rel=1e-7, abs=1e-9)


def test_classes_of_propensity_stay_as_the_sample_made_them() -> None:
    """On replicates the classes are given: the step is that of cells."""
    step = ev.Nonresponse(propensity=["x", "kind"], classes=3, status="asked")
    inside = (TABLE.asked != "I").to_numpy()
    x = np.column_stack([TABLE.x, TABLE.kind == "甲"])[inside]
    fitted = nonresponse.response_propensity(x, TABLE.asked[inside] == "R", TABLE.w[inside]).propensities
    cell = np.zeros(len(TABLE), dtype=int)
    cell[inside] = nonresponse.propensity_classes(fitted, TABLE.w[inside], 3).classes
    by_cell = ev.weigh(survey(TABLE.assign(cell=cell)), ev.Nonresponse(by="cell", status="asked")).replicate("jkn")
    made = ev.weigh(survey(), step).replicate("jkn")
    assert len(set(cell[inside])) == 3
    assert made.weights == pytest.approx(by_cell.weights, rel=1e-12)
    assert ev.mean(made, "y").replicates == pytest.approx(ev.mean(by_cell, "y").replicates, rel=1e-12)


def test_factors_of_whole_villages_on_replicates() -> None:
    """With `unit_stage=1` every row of a village has one factor, in the sample and in each replicate, and totals are met."""
    step = ev.Calibrate(["1", "x"], {"1": 1100, "x": X * 1.01}, unit_stage=1, distance="raking")
    made = ev.weigh(survey(), step)
    assert made.steps[0].after / made.steps[0].before == pytest.approx(
        pd.Series(made.weights / TABLE.w).groupby(TABLE.village).transform("mean"), rel=1e-12
    )
    replicated = made.replicate("jkn").replicated
    assert replicated is not None
    weights = replicated.weights(0, 15)
    assert weights.sum(axis=1) == pytest.approx(np.full(15, 1100), rel=1e-9)
    assert weights @ TABLE.x == pytest.approx(np.full(15, X * 1.01), rel=1e-9)


def test_replicates_of_estimated_totals_carry_their_covariance() -> None:
    """What a post-stratum is scaled to varies over the replicates as its estimate does."""
    other = ev.total(survey(TABLE.assign(one=1.0), clusters=None), "one", by="a")
    made = ev.weigh(survey(TABLE.assign(one=1.0)), ev.PostStratify("a", other)).replicate("jkn", centre="estimate")
    assert ev.total(made, "one", by="a").cov() == pytest.approx(other.cov(), rel=1e-9, abs=1e-9)
    with pytest.raises(SurveyError, match="2 套重复权数｜估计的总数共有 3 个误差"):
        _ = ev.total(ev.weigh(survey(), ev.PostStratify("a", other)).replicate("rwy", replicates=2, seed="1"), "y").se


def test_trimming_once_may_leave_weights_over_the_cap() -> None:
    table = pd.DataFrame({"w": [1.0] * 8 + [6, 9]})
    once, again = (ev.weigh(ev.Survey.from_data(table, weights="w"), ev.Trim(upper=6.1, strict=strict)).weights for strict in (False, True))
    assert once[-2:] == pytest.approx([6 + 2.9 / 9, 6.1]) and once[0] == pytest.approx(1 + 2.9 / 9)
    assert again[-2:] == pytest.approx([6.1, 6.1]) and again.sum() == pytest.approx(23)


def test_trimming_counts_as_it_is_in_both_kinds_of_variance() -> None:
    """The jackknife of a total with trimmed weights is the linearised variance: the factors are taken as they are."""
    made = ev.weigh(survey(), ev.Trim(upper=8.2, lower=4.5))
    assert ev.total(made.replicate("jkn"), "y").variances == pytest.approx(ev.total(made, "y").variances, rel=1e-10)


# -- order ----------------------------------------------------------------------------------------------------------

KEEPS = ev.PostStratify("a", A)
CUT = ev.Trim(upper=8)


def test_trimming_after_calibration_is_refused_with_what_to_type() -> None:
    for calibrated in (KEEPS, ev.Rake({"a": A, "b": B}), STEPS["linear"][0]):
        message = refusal(calibrated, CUT)
        assert f"{calibrated} → Trim 0–8" in message and "截尾在校准之后" in message
        assert all(choice in message for choice in ("先 Trim 再校准", "之后再校准一次", "keep=", "undo=True"))


def test_trimming_is_refused_across_calls_too() -> None:
    with pytest.raises(SurveyError, match="截尾在校准之后"):
        ev.weigh(ev.weigh(survey(), KEEPS), CUT)
    joined = ev.join(s1=ev.weigh(survey(), KEEPS), s2=survey(), shared=None)
    with pytest.raises(SurveyError, match="截尾在校准之后"):
        ev.weigh(joined, CUT)
    with pytest.raises(SurveyError, match="截尾在校准之后"):
        ev.weigh(survey(), KEEPS, ev.Rake({"b": B}), ev.Trim(upper=8, keep="a"))


def test_orders_that_are_allowed() -> None:
    high = ev.weigh(survey(), KEEPS).weights.max()
    cut = high - 0.5
    before = ev.weigh(survey(), CUT, KEEPS)
    assert before.weights.sum() == pytest.approx(1100) and len(before.steps) == 2
    within = ev.weigh(survey(), KEEPS, ev.Trim(upper=cut, keep="a"))
    assert ev.total(within, "a").value == pytest.approx(list(A.values()), rel=1e-12) and within.weights.max() <= cut + 1e-9
    undone = ev.weigh(survey(), KEEPS, ev.Trim(upper=cut, undo=True))
    assert undone.weights.sum() == pytest.approx(1100) and ev.total(undone, "a").value != pytest.approx(list(A.values()), rel=1e-9)
    restored = ev.weigh(survey(), KEEPS, ev.Trim(upper=cut), KEEPS)
    assert ev.total(restored, "a").value == pytest.approx(list(A.values()), rel=1e-12)
    assert len(ev.weigh(survey(), ev.Nonresponse(by="a", status="what"), ev.Trim(upper=14)).steps) == 2


def test_things_that_are_no_steps_are_refused() -> None:
    for wrong in ("Trim", None, TABLE):
        assert "不是权数调整的步骤" in refusal(wrong)


# -- what steps refuse ----------------------------------------------------------------------------------------------


def test_totals_and_categories_that_do_not_meet() -> None:
    message = refusal(ev.PostStratify("a", {"p": 1, "q": 2}))
    assert "a：r｜数据中有这一类，目标总数中没有" in message
    assert "a，s" in (other := refusal(ev.PostStratify("a", {**A, "s": 5}))) and "总数无从放置" in other
    assert "b：v" in refusal(ev.Rake({"a": A, "b": {"u": 1100}}))
    crossed = TABLE.groupby(["a", "b"])["w"].sum()
    assert "a × b：q u" in refusal(ev.PostStratify(["a", "b"], crossed.drop(("q", "u"))))
    assert "数据中有这一类" in refusal(ev.Calibrate(["a"], {"a": {"p": 1, "q": 2}}))
    assert ev.weigh(survey(), ev.PostStratify("a", {**A, "s": 0})).weights.sum() == pytest.approx(1100)


def test_totals_that_are_no_counts() -> None:
    for number in (-1.0, float("nan"), float("inf")):
        assert "a：q｜总数应为不小于 0 的有限数" in refusal(ev.PostStratify("a", {**A, "q": number}))
    assert "list｜应为" in refusal(ev.PostStratify("a", [1, 2, 3]))
    assert "应为 a 与一列总数" in refusal(ev.PostStratify("a", pd.DataFrame({"a": list("pqr"), "n": 1, "m": 2})))


def test_margins_that_contradict_each_other_are_named() -> None:
    message = refusal(ev.Rake({"a": A, "b": {"u": 600, "v": 700}}))
    assert "a：合计 1100" in message and "b：合计 1300" in message and "各边际的合计应相同" in message
    table = TABLE.assign(c=TABLE.a.map({"p": "one", "q": "two", "r": "two"}))
    message = refusal(ev.Rake({"a": A, "c": {"one": 300.0, "two": 800.0}}), table=table)
    assert "边际仍不能满足" in message and ("a，p" in message or "c，one" in message)
    assert "没有边际" in refusal(ev.Rake({}))


def test_missing_values_are_named_by_row() -> None:
    a = TABLE.assign(a=TABLE.a.where(TABLE.id != 4), x=TABLE.x.where(TABLE.id != 7))
    assert "第 6 行，a" in refusal(KEEPS, table=a)
    assert "第 6 行，a" in refusal(ev.Rake({"a": A, "b": B}), table=a)
    assert "第 6 行，a" in refusal(ev.Calibrate(["a"], {"a": A}), table=a)
    assert "第 9 行，x" in refusal(ev.Calibrate(["x"], {"x": X}), table=a)
    assert "第 6 行，a" in refusal(ev.Nonresponse(by="a", status="what"), table=a)
    assert "第 9 行，x" in refusal(ev.Nonresponse(propensity=["x"], status="asked"), table=a)
    assert "第 6 行，a" in refusal(ev.Trim(upper=8, keep="a"), table=a)


def test_rows_without_weight_need_no_values() -> None:
    """Households that did not answer lack what was asked of them."""
    table = TABLE.assign(b=TABLE.b.where(TABLE.what == "R"), x=TABLE.x.where(TABLE.what == "R"))
    made = ev.weigh(
        survey(table), ev.Nonresponse(by="a", status="what"), ev.PostStratify("b", B), ev.Calibrate(["1", "x"], {"1": 1100, "x": X})
    )
    assert ev.total(made, "x").value == pytest.approx([X], rel=1e-9) and ev.total(made, "x").se == pytest.approx([0], abs=1e-6)
    assert ev.mean(made, "x").n.tolist() == [(TABLE.what == "R").sum()]


def test_calibration_refuses_columns_and_totals_that_do_not_fit() -> None:
    message = refusal(ev.Calibrate(["1", "x", "q"], {"1": 1100, "z": 5, "q": 1}))
    assert "x｜没有写总数" in message and "z｜有总数而不在 columns 中" in message and "q｜数据中没有这一列" in message
    assert "kind：int｜是文字列" in refusal(ev.Calibrate(["kind"], {"kind": 3}))
    assert "没有这种校准距离" in refusal(ev.Calibrate(["x"], {"x": X}, distance="chi"))
    assert "缺 bounds" in refusal(ev.Calibrate(["x"], {"x": X}, distance="truncated"))
    assert "unit_stage=2｜抽样有 1 个阶段" in refusal(ev.Calibrate(["x"], {"x": X}, unit_stage=2))


def test_negative_weights_are_refused_with_their_rows_or_kept_when_asked() -> None:
    goal = {"1": 1100, "x": X * 1.6}
    kept = ev.weigh(survey(), ev.Calibrate(["1", "x"], goal, negative="keep"))
    below = np.flatnonzero(kept.weights < 0)
    message = refusal(ev.Calibrate(["1", "x"], goal))
    assert f"{len(below)} 个权数小于 0（第 {below[0] + 2}" in message and "bounds=" in message and 'negative="keep"' in message
    with pytest.raises(SurveyError, match="有小于 0 的权数"):
        ev.weigh(kept, ev.Trim(upper=20, undo=True))


def test_bounds_that_cannot_hold_the_totals_say_what_can_be_reached() -> None:
    for distance in ("truncated", "logit", "linear"):
        message = refusal(ev.Calibrate(["1", "x"], {"1": 1100, "x": X * 3}, distance=distance, bounds=(0.5, 2)))
        assert "x" in message and "只能达到" in message and "放宽 bounds" in message


def test_caps_that_cannot_hold_the_weights() -> None:
    mean = TABLE.w.mean()
    message = refusal(ev.Trim(upper=3))
    assert f"{mean:.6g}"[:5] in message and "都取上限也放不下" in message
    assert "没有这种分法" in refusal(ev.Trim(upper=8, rule="random"))
    assert "没有这种上限" in refusal(ev.Trim(upper="iqr"))


def test_status_words_that_nobody_explained() -> None:
    table = TABLE.assign(what=TABLE.what.replace({"U": "搬走", "I": "空户"}))
    message = refusal(ev.Nonresponse(by="a", status="what"), table=table)
    assert f"what：搬走｜不知道这个词是回答（R）、未回答（N）、不合格（I）还是未知（U），{(table.what == '搬走').sum()} 行" in message
    assert "what：空户" in message and 'words={"搬走": "N", …}' in message
    words = {"R": "R", "N": "N", "搬走": "U", "空户": "I"}
    told = ev.weigh(survey(table), ev.Nonresponse(by="a", status="what", words=words))
    assert told.weights == pytest.approx(ev.weigh(survey(), ev.Nonresponse(by="a", status="what")).weights)
    english = {"R": "complete", "N": "refusal", "I": "ineligible", "U": "unknown"}
    again = ev.weigh(survey(TABLE.assign(what=TABLE.what.map(english))), ev.Nonresponse(by="a", status="what"))
    assert again.weights.tolist() == told.weights.tolist()


def test_cells_without_an_answer_are_refused() -> None:
    table = TABLE.assign(what=np.where(TABLE.a == "q", "N", TABLE.what))
    message = refusal(ev.Nonresponse(by="a", status="what"), table=table)
    assert "没有回答者，权数无处可去" in message and "合并" in message
    table = TABLE.assign(what=np.where(TABLE.a == "q", "U", TABLE.what))
    assert "没有合格性已知的行" in refusal(ev.Nonresponse(by="a", status="what"), table=table)


def test_nonresponse_is_asked_for_in_one_way() -> None:
    for both in ({}, {"by": "a", "propensity": ["x"]}):
        with pytest.raises(SurveyError, match=r"by（加权单元）与 propensity（回答概率模型）应写一个"):
            ev.Nonresponse(**both)
    assert "有资格未知的单位" in refusal(ev.Nonresponse(propensity=["x"], classes=None, status="what"))


# -- by hand --------------------------------------------------------------------------------------------------------


def test_nonresponse_weights_by_hand() -> None:
    """Unknown households give to all known ones of the cell, then those who did not answer to those who did."""
    table = pd.DataFrame({"a": list("ppppqqq"), "what": list("RNIURRN"), "w": [2.0, 3, 5, 4, 1, 3, 8], "y": 1.0})
    made = ev.weigh(ev.Survey.from_data(table, weights="w"), ev.Nonresponse(by="a", status="what"))
    assert made.weights == pytest.approx([5 * 14 / 10, 0, 0, 0, 3, 9, 0])
    assert "回答 3，未回答 2，不合格 1，未知 1" in made.notes[0] and "不合格单位代表 7" in made.notes[0]


def test_propensity_weights_by_hand() -> None:
    """With one 0/1 column the fitted chance is the weighted rate of each group."""
    table = TABLE.assign(asked=TABLE.asked.replace("I", "N"))
    made = ev.weigh(survey(table), ev.Nonresponse(propensity=["kind"], classes=None, status="asked"))
    rate = table.assign(r=table.w * (table.asked == "R")).groupby("kind")[["r", "w"]].transform("sum")
    assert made.weights == pytest.approx(np.where(table.asked == "R", table.w * rate.w / rate.r, 0.0), rel=1e-8)
    cells = ev.weigh(survey(table), ev.Nonresponse(by="kind", status="asked"))
    for one, other in zip(made.steps[0].pull(made.weights * table.y), cells.steps[0].pull(cells.weights * table.y), strict=True):
        assert one == pytest.approx(other, rel=1e-7)


def test_keys_of_totals_in_any_form_are_the_same() -> None:
    table = TABLE.assign(k=np.where(TABLE.a == "p", 1, 2))
    forms: list[Any] = [
        {1: 500, 2: 600}, {"1": 500, "2": 600}, {1.0: 500, 2.0: 600}, pd.Series([600, 500], index=[2, 1]),
        pd.DataFrame({"k": [2, 1], "n": [600, 500]}), {2: 600, 1: 500},
    ]  # fmt: skip
    found = [ev.weigh(survey(table), ev.PostStratify("k", totals)).weights.tolist() for totals in forms]
    assert all(each == found[0] for each in found)


# -- what stays untouched, and what is told -------------------------------------------------------------------------


@pytest.mark.parametrize("name", STEPS)
def test_nothing_of_the_callers_is_written_to(name: str) -> None:
    table = TABLE.copy()
    first = survey(table)
    before = first.weights.copy()
    made = ev.weigh(first, *STEPS[name])
    pd.testing.assert_frame_equal(table, TABLE)
    assert first.weights.tolist() == before.tolist() and first.steps == () and made is not first
    assert len(made.steps) == len(STEPS[name])
    arrays = [made.weights, *(array for step in made.steps for array in (step.before, step.after))]
    assert not any(array.flags.writeable for array in arrays)
    with pytest.raises(ValueError, match="read-only"):
        made.weights[0] = 1.0


def test_notes_and_steps_tell_what_was_done() -> None:
    steps = [ev.Nonresponse(by="a", status="what"), ev.Trim(upper=13), ev.Rake({"a": A, "b": B}), ev.Calibrate(["a"], {"a": A})]
    made = ev.weigh(survey(), *steps)
    named = ["Nonresponse 单元 a", "Trim 0–13", "Rake a；b", "Calibrate a（linear）"]
    assert [repr(step) for step in steps] == named
    assert all(note.startswith(name) for note, name in zip(made.notes, named, strict=True))
    assert all(repr(step).startswith(f"{name}：权数") and "deff_w" in repr(step) for step, name in zip(made.steps, named, strict=True))
    answered, cut = int((TABLE.what == "R").sum()), int((made.steps[1].before > 13).sum())
    assert cut > 0 and f"回答 {answered}" in made.notes[0] and f"截 {cut} 行" in made.notes[1] and "轮" in made.notes[2]
    span = f"权数 {made.weights[made.weights > 0].min():.4g}–{made.weights.max():.4g}"
    assert span in repr(made.steps[3]) and span in repr(made)
    assert "调整 4 步" in repr(made) and f"{(TABLE.what == 'R').sum()} 行" in repr(made)


def test_weights_run_on_from_step_to_step() -> None:
    made = ev.weigh(survey(), *STEPS["chain"])
    assert made.steps[0].before.tolist() == TABLE.w.tolist() and made.steps[-1].after.tolist() == made.weights.tolist()
    for first, second in zip(made.steps, made.steps[1:], strict=False):
        assert first.after.tolist() == second.before.tolist()


# -- from returns ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def responses() -> ev.Responses:
    """Two villages of a made-up township, drawn and visited."""
    design = ev.read_design("designs/biyang_2018.toml")
    table = pd.DataFrame({"village_code": ["411726001001", "411726001002", "411726001003"], "township_code": "411726001"})
    frame, made = ev.Frame.from_data(table, id="village_code", columns=["township_code"]), registry(table, design)
    sample = ev.draw(frame, design, seed="31415926535897932384")
    sample = ev.draw_next(sample, ev.read_rosters(pd.concat(made.rosters(sample.villages).values()), design))
    return ev.collect(sample, returns(sample, made.households(sample.villages), design))


def test_returns_adjusted_by_village_and_cell_weigh_as_shared_out(responses: ev.Responses) -> None:
    plain = ev.weigh(responses)
    made = ev.weigh(responses, ev.Nonresponse(by=["village", "cell"]))
    answered = made.weights > 0
    given = responses.table()
    assert len(made) == len(given) and answered.sum() == given["complete"].sum() == len(plain)
    key = ["village", "household"]
    first = plain.table()[key].assign(w=plain.weights)
    second = made.table()[key].assign(w=made.weights)[answered]
    both = first.merge(second, on=key)
    assert len(both) == len(plain) and both.w_x.to_numpy() == pytest.approx(both.w_y.to_numpy(), rel=1e-12)


def test_returns_adjusted_by_a_column(responses: ev.Responses) -> None:
    """The weight of those who did not answer goes to those of the same kind of village; all visited households stay in the design."""
    made = ev.weigh(responses, ev.Nonresponse(by="village_stratum"))
    assert made.weights.sum() == pytest.approx(made.steps[0].before.sum(), rel=1e-12)
    assert made.notes[-1].startswith("Nonresponse 单元 village_stratum")
    counts = responses.table()["disposition"].value_counts()
    assert f"回答 {counts['complete']}，未回答 {counts.sum() - counts['complete']}" in made.notes[-1]
    assert made.df == ev.weigh(responses).df
    kinds = {"脱贫户": 400, "未脱贫户": 100, "非建档立卡户": 500}
    raked = ev.weigh(responses, ev.Nonresponse(by="village_stratum"), ev.PostStratify("cell", kinds))
    assert raked.weights.sum() == pytest.approx(1000) and len(raked.steps) == 2
