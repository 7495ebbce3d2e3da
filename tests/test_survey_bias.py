"""Monte Carlo: variance estimators of surveys are unbiased, within three standard errors of the simulation.

Populations are fixed and samples are drawn from them. Where one estimator needs thousands of samples, each sample is a stratum and a domain
of one survey, so that one call gives all variances. Estimators that are unbiased only to O(1/n) have an allowance, stated as `slack`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import evalkit as ev
from evalkit import inclusion

Pair = tuple[np.ndarray, np.ndarray]  # estimates and estimated variances, one a sample


def reach(count: int) -> float:
    """Number of standard errors: 3 for one comparison, Bonferroni's for several at the same risk."""
    return float(stats.norm.isf(stats.norm.sf(3) / count))


def error(values: np.ndarray) -> float:
    """Standard error of the mean of independent values."""
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def agrees(differences: np.ndarray, allowed: float = 0.0, count: int = 1) -> None:
    """The mean of the differences is 0."""
    assert abs(differences.mean()) <= reach(count) * error(differences) + allowed


def unbiased(made: Pair, truth: float, *, variance: float | None = None, slack: float = 0.0, bias: float = 0.0, count: int = 1) -> None:
    """Estimates have the true mean, and variances that of the estimates: the one stated, or their squared error, sample by sample."""
    values, variances = made
    squares = (values - truth) ** 2
    goal = squares if variance is None else np.full(len(values), variance)
    agrees(values - truth, bias * float(np.sqrt(squares.mean())), count)
    agrees(variances - goal, slack * float(goal.mean()), count)


def places(seed: int, draws: int, size: int, n: int) -> np.ndarray:
    """Simple random samples without replacement, (draws, n)."""
    return np.argsort(np.random.default_rng(seed).random((draws, size)), axis=1)[:, :n]


def by_draw(found: ev.Estimate) -> Pair:
    return found.value, found.variances


def one_by_one(
    survey: Callable[[np.random.Generator], ev.Survey], estimate: Callable[[ev.Survey], ev.Estimate], seed: int, draws: int
) -> Pair:
    """Estimate from surveys made one by one."""
    dice = np.random.default_rng(seed)
    made = [estimate(survey(dice)) for _ in range(draws)]
    return np.array([float(each) for each in made]), np.array([float(each.variances[0]) for each in made])


def total_of_y(survey: ev.Survey) -> ev.Estimate:
    return ev.total(survey, "y")


def mean_of_y(survey: ev.Survey) -> ev.Estimate:
    return ev.mean(survey, "y")


def population(size: int = 1200) -> pd.DataFrame:
    """A population whose y depends strongly on two margins and on a size, so that adjusting the weights helps much."""
    dice = np.random.default_rng(20)
    table = pd.DataFrame({"a": dice.choice(3, size, p=[0.5, 0.3, 0.2]), "b": dice.choice(2, size), "x": dice.gamma(5.0, 1.0, size)})
    return table.assign(y=20 + 8 * table.a + 6 * table.b + 3 * table.x + dice.normal(0, 4, size), N=float(size), one=1.0)


POPULATION = population()
SIZE = len(POPULATION)
TOTAL = float(POPULATION.y.sum())


# -- equal chances --------------------------------------------------------------------------------------------------


def test_simple_random_sampling() -> None:
    """4 of 12 units, 2,000 samples: the variance of the total is N²(1 − f)S²/n."""
    y = np.random.default_rng(1).gamma(2.0, 3.0, 12)
    at = places(2, 2000, 12, 4)
    table = pd.DataFrame({"draw": np.repeat(np.arange(2000), 4), "y": y[at.ravel()], "N": 12.0})
    survey = ev.Survey.from_data(table, strata="draw", fpc="N")
    unbiased(by_draw(ev.total(survey, "y", by="draw")), y.sum(), variance=144 * (1 - 1 / 3) * y.var(ddof=1) / 4)
    unbiased(by_draw(ev.mean(survey, "y", by="draw")), y.mean(), variance=(1 - 1 / 3) * y.var(ddof=1) / 4)


def stratified(draws: int) -> tuple[ev.Survey, float, float]:
    """3 of 8, 2 of 10 and 5 of 12 units in three strata; the total and the variance of its estimator."""
    dice = np.random.default_rng(3)
    sizes, taken, parts, variance, total = (8, 10, 12), (3, 2, 5), [], 0.0, 0.0
    for h, (size, n) in enumerate(zip(sizes, taken, strict=True)):
        y = dice.gamma(2.0 + 2 * h, 3.0, size)
        at = places(4 + h, draws, size, n).ravel()
        draw = np.repeat(np.arange(draws), n)
        parts.append(pd.DataFrame({"draw": draw, "stratum": draw * 3 + h, "y": y[at], "N": float(size)}))
        variance, total = variance + size**2 * (1 - n / size) * y.var(ddof=1) / n, total + y.sum()
    return ev.Survey.from_data(pd.concat(parts, ignore_index=True), strata="stratum", fpc="N"), total, variance


def test_stratified_sampling() -> None:
    survey, total, variance = stratified(2000)
    unbiased(by_draw(ev.total(survey, "y", by="draw")), total, variance=variance)


def villages() -> list[np.ndarray]:
    """Twelve villages of 6 to 14 households that differ much within and between."""
    dice = np.random.default_rng(7)
    return [dice.gamma(4.0, 2.0, size) + dice.normal(0, 3) + 10 for size in dice.integers(6, 15, 12)]


def within(place: list[np.ndarray]) -> np.ndarray:
    """Variance of the total of each village estimated from three of its households."""
    return np.array([len(y) ** 2 * (1 - 3 / len(y)) * y.var(ddof=1) / 3 for y in place])


def two_stage(at: np.ndarray, place: list[np.ndarray], seed: int) -> pd.DataFrame:
    """Three households of each of the villages drawn, (draws, villages)."""
    dice = np.random.default_rng(seed)
    draws, m = at.shape
    homes = [dice.permutation(place[village])[:3] for village in at.ravel()]
    size = np.array([len(place[village]) for village in at.ravel()], dtype=float)
    table = pd.DataFrame({"draw": np.repeat(np.arange(draws), m * 3), "village": np.repeat(np.arange(draws * m), 3)})
    return table.assign(y=np.concatenate(homes), N=np.repeat(size, 3))


def test_two_stages_with_corrections_at_both() -> None:
    """5 of 12 villages, 3 households each: V = M²(1 − f)S²/m + M/m Σ V_i."""
    place = villages()
    sums, draws = np.array([y.sum() for y in place]), 2000
    table = two_stage(places(8, draws, 12, 5), place, 9).assign(M=12.0)
    survey = ev.Survey.from_data(table, strata=["draw", None], clusters=["village", None], fpc=["M", "N"])
    variance = 144 * (1 - 5 / 12) * sums.var(ddof=1) / 5 + 12 / 5 * within(place).sum()
    unbiased(by_draw(ev.total(survey, "y", by="draw")), sums.sum(), variance=variance)


def test_ratio() -> None:
    """40 of 200 units, 2,000 samples; unbiased to O(1/n): allowed 2/n of the variance, and 2/n standard errors of the mean."""
    dice = np.random.default_rng(10)
    x = dice.gamma(6.0, 1.0, 200)
    y = 2 * x + dice.normal(0, 2, 200)
    at = places(11, 2000, 200, 40).ravel()
    table = pd.DataFrame({"draw": np.repeat(np.arange(2000), 40), "x": x[at], "y": y[at], "N": 200.0})
    survey = ev.Survey.from_data(table, strata="draw", fpc="N")
    unbiased(by_draw(ev.ratio(survey, "y", "x", by="draw")), y.sum() / x.sum(), slack=2 / 40, bias=2 / 40)


# -- chances by size ------------------------------------------------------------------------------------------------

CHANCES = np.array([0.18, 0.22, 0.26, 0.3, 0.34, 0.4, 0.46, 0.52, 0.6, 0.72])  # of 4 out of 10


def sampford(seed: int, draws: int) -> np.ndarray:
    """Samples of 4 units by Sampford's rejective procedure, (draws, 4)."""
    dice, kept, count = np.random.default_rng(seed), [], 0
    first, rest = CHANCES / 4, CHANCES / (1 - CHANCES)
    while count < draws:
        at = np.column_stack([dice.choice(10, (draws, 1), p=first), dice.choice(10, (draws, 3), p=rest / rest.sum())])
        apart = np.sort(at, axis=1)
        kept.append(at[(np.diff(apart, axis=1) > 0).all(axis=1)])
        count += len(kept[-1])
    return np.concatenate(kept)[:draws]


Y = np.array([14.0, 9.0, 21.0, 12.0, 25.0, 17.0, 28.0, 24.0, 39.0, 33.0])
PAIRS = inclusion.sampford(CHANCES)
BY_SIZE = float(((PAIRS - np.outer(CHANCES, CHANCES)) * np.outer(Y / CHANCES, Y / CHANCES)).sum())


def drawn_by_size(method: str, draws: int, seed: int, matrix: np.ndarray | None = None, form: Any = "syg") -> ev.Survey:
    at = sampford(seed, draws)
    table = pd.DataFrame({"draw": np.repeat(np.arange(draws), 4), "y": Y[at.ravel()], "chance": CHANCES[at.ravel()]})
    if matrix is not None:
        apart = np.outer(table.chance, table.chance)
        same = np.equal.outer(table.draw.to_numpy(), table.draw.to_numpy())
        matrix = np.where(same, matrix[np.ix_(at.ravel(), at.ravel())], apart)
    return ev.Survey.from_data(table, strata="draw", fpc="chance", pps=ev.PPS(method, matrix, form=form))


def test_the_sampler_has_the_chances_of_units_and_pairs() -> None:
    seen = np.zeros((20_000, 10))
    seen[np.arange(20_000)[:, None], sampford(12, 20_000)] = 1.0
    pairs = seen.T @ seen / 20_000
    assert (np.abs(pairs - PAIRS) <= reach(55) * np.sqrt(PAIRS * (1 - PAIRS) / 20_000)).all()


@pytest.mark.parametrize(("method", "slack"), [("hajek", 0.06), ("deville2", 0.06), ("brewer", 0.06), ("deville1", 0.06)])
def test_rules_from_the_chances_alone(method: str, slack: float) -> None:
    """4 of 10 units: the rules are approximations; 6 % of the variance is allowed."""
    survey = drawn_by_size(method, 3000, 13)
    unbiased(by_draw(ev.total(survey, "y", by="draw")), Y.sum(), variance=BY_SIZE, slack=slack, count=4)


@pytest.mark.parametrize("form", ["syg", "ht"])
def test_joint_chances_leave_no_bias(form: Any) -> None:
    survey = drawn_by_size("joint", 400, 14, PAIRS, form)
    unbiased(by_draw(ev.total(survey, "y", by="draw")), Y.sum(), variance=BY_SIZE, count=2)


def test_villages_by_size_and_households_with_equal_chances() -> None:
    """V of the first stage from the chances of pairs, and Σ V_i/π_i of the second."""
    place = villages()[:10]
    at, sums = sampford(15, 2000), np.array([y.sum() for y in place])
    table = two_stage(at, place, 16).assign(chance=np.repeat(CHANCES[at.ravel()], 3))
    survey = ev.Survey.from_data(table, strata=["draw", None], clusters=["village", None], fpc=["chance", "N"], pps=ev.PPS("hajek"))
    z = sums / CHANCES
    variance = float(((PAIRS - np.outer(CHANCES, CHANCES)) * np.outer(z, z)).sum() + (within(place) / CHANCES).sum())
    unbiased(by_draw(ev.total(survey, "y", by="draw")), sums.sum(), variance=variance, slack=0.06)


# -- adjusted weights -----------------------------------------------------------------------------------------------


def simple(dice: np.random.Generator, n: int = 120, table: pd.DataFrame = POPULATION) -> ev.Survey:
    return ev.Survey.from_data(table.iloc[dice.permutation(len(table))[:n]], fpc="N")


STEPS: dict[str, Any] = {
    "post-stratified": ev.PostStratify(["a", "b"], POPULATION.groupby(["a", "b"]).size()),
    "raked": ev.Rake({"a": POPULATION.a.value_counts(), "b": POPULATION.b.value_counts()}),
    "regression": ev.Calibrate(["1", "x"], {"1": SIZE, "x": POPULATION.x.sum()}, negative="keep"),
    "exponential": ev.Calibrate(["1", "x"], {"1": SIZE, "x": POPULATION.x.sum()}, distance="raking"),
}


@pytest.mark.parametrize("step", STEPS)
def test_calibrated_totals(step: str) -> None:
    """120 of 1,200 units, 800 samples; linearised, so 4/n of the variance and 4/n standard errors of the mean are allowed."""
    made = one_by_one(lambda dice: ev.weigh(simple(dice), STEPS[step]), total_of_y, 30, 800)
    unbiased(made, TOTAL, slack=4 / 120, bias=4 / 120, count=4)
    plain = SIZE**2 * 0.9 * POPULATION.y.var() / 120
    assert made[1].mean() < 0.8 * plain


def test_calibrated_clusters() -> None:
    """16 of 80 villages of 15 persons, raked: 600 samples, 4 of 16 degrees of freedom taken by the margins allowed as 2/m."""
    table = POPULATION.sort_values("x", ignore_index=True).assign(village=lambda t: t.index % 80, M=80.0)
    totals = {"a": table.a.value_counts(), "b": table.b.value_counts()}

    def survey(dice: np.random.Generator) -> ev.Survey:
        rows = table[table.village.isin(dice.permutation(80)[:16])]
        return ev.weigh(ev.Survey.from_data(rows, clusters="village", fpc="M"), ev.Rake(totals))

    unbiased(one_by_one(survey, total_of_y, 31, 600), TOTAL, slack=2 / 16, bias=2 / 16)


def test_estimated_totals_add_their_own_variance() -> None:
    """Post-strata whose totals come from an independent sample of 150: β'Vβ is most of the variance."""

    def survey(dice: np.random.Generator) -> ev.Survey:
        known = ev.total(simple(dice, 150), "one", by=["a", "b"])
        return ev.weigh(simple(dice, 200), ev.PostStratify(["a", "b"], known))

    made = one_by_one(survey, total_of_y, 32, 800)
    unbiased(made, TOTAL, slack=4 / 150, bias=4 / 150)
    known = one_by_one(lambda dice: ev.weigh(simple(dice, 200), STEPS["post-stratified"]), total_of_y, 33, 50)
    assert made[1].mean() > 1.8 * known[1].mean()


# -- nonresponse ----------------------------------------------------------------------------------------------------

CHANCE = np.array([0.8, 0.6, 0.45])  # to answer, by class a


def answered(dice: np.random.Generator, n: int, village: bool = False) -> pd.DataFrame:
    """Rows drawn with replacement, or whole villages, who answer, do not, are not eligible or stay unknown."""
    if village:
        rows = POPULATION.assign(village=np.arange(SIZE) // 12).iloc[(dice.integers(0, 100, n // 12)[:, None] * 12 + np.arange(12)).ravel()]
        rows = rows.assign(village=np.repeat(np.arange(n // 12), 12))
    else:
        rows = POPULATION.iloc[dice.integers(0, SIZE, n)]
    answers = dice.random(len(rows)) < CHANCE[rows.a]
    return rows.assign(what=np.where(answers, "R", "N"), w=SIZE / n)


def test_nonresponse_in_cells() -> None:
    """180 units, three cells answering at random; unbiased to O(1/respondents of a cell), allowed 4/n."""

    def survey(dice: np.random.Generator) -> ev.Survey:
        return ev.weigh(ev.Survey.from_data(answered(dice, 180), weights="w"), ev.Nonresponse(by="a", status="what"))

    unbiased(one_by_one(survey, total_of_y, 40, 800), TOTAL, slack=4 / 180, bias=4 / 180)


def test_nonresponse_in_villages() -> None:
    """20 villages of 12 drawn with replacement; the allowance is 2/m."""

    def survey(dice: np.random.Generator) -> ev.Survey:
        table = answered(dice, 240, village=True)
        return ev.weigh(ev.Survey.from_data(table, weights="w", clusters="village"), ev.Nonresponse(by="a", status="what"))

    unbiased(one_by_one(survey, total_of_y, 41, 800), TOTAL, slack=2 / 20, bias=2 / 20)


@pytest.mark.parametrize("statistic", [total_of_y, mean_of_y])
def test_unknown_and_ineligible_units(statistic: Callable[[ev.Survey], ev.Estimate]) -> None:
    """A third of class 2 is not eligible, a fifth of all is never reached: total and mean are those of eligible units."""
    eligible = ~((POPULATION.a == 2) & (POPULATION.index % 3 == 0)).to_numpy()
    table, y = POPULATION.assign(eligible=eligible), POPULATION.y[eligible]

    def survey(dice: np.random.Generator) -> ev.Survey:
        rows = table.iloc[dice.integers(0, SIZE, 250)]
        reached, answers = dice.random(250) < 0.8, dice.random(250) < CHANCE[rows.a]
        what = np.where(~reached, "U", np.where(~rows.eligible, "I", np.where(answers, "R", "N")))
        return ev.weigh(ev.Survey.from_data(rows.assign(what=what, w=SIZE / 250), weights="w"), ev.Nonresponse(by="a", status="what"))

    made = one_by_one(survey, statistic, 42, 700)
    unbiased(made, float(y.sum() if statistic is total_of_y else y.mean()), slack=4 / 250, bias=4 / 250, count=2)


def test_inverse_propensities() -> None:
    """250 units who answer by a logistic model of x: the scores carry the estimation of the model. Allowed 8/n."""

    def survey(dice: np.random.Generator) -> ev.Survey:
        rows = POPULATION.iloc[dice.integers(0, SIZE, 250)]
        answers = dice.random(250) < 1 / (1 + np.exp(2.0 - 0.5 * rows.x))
        table = rows.assign(what=np.where(answers, "R", "N"), w=SIZE / 250)
        return ev.weigh(ev.Survey.from_data(table, weights="w"), ev.Nonresponse(propensity=["x"], classes=None, status="what"))

    unbiased(one_by_one(survey, mean_of_y, 43, 500), TOTAL / SIZE, slack=8 / 250, bias=8 / 250)


# -- replicates -----------------------------------------------------------------------------------------------------


def test_replicates_agree_with_linearised_variances_on_average() -> None:
    """300 samples of 24 units: for totals exactly (jackknife) or within the noise of the replicates; for ratios to O(1/n)."""
    dice = np.random.default_rng(50)
    at = places(51, 300, SIZE, 24).ravel()
    table = POPULATION.iloc[at].assign(draw=np.repeat(np.arange(300), 24), w=dice.uniform(20, 80, 7200))
    survey = ev.Survey.from_data(table, weights="w", strata="draw")
    drawn: dict[str, Any] = {"replicates": 300, "seed": "1"}
    for method in ("jkn", "rwy", "bootstrap"):
        made = survey.replicate(method, **({} if method == "jkn" else drawn))
        total = ev.total(made, "y", by="draw").variances / ev.total(survey, "y", by="draw").variances
        ratio = ev.ratio(made, "y", "x", by="draw").variances / ev.ratio(survey, "y", "x", by="draw").variances
        if method == "jkn":
            assert total == pytest.approx(np.ones(300), rel=1e-9)
        agrees(total - 1, count=3)
        agrees(ratio - 1, allowed=4 / 24, count=3)


@pytest.mark.parametrize(("step", "fitted"), [("post-stratified", 6), ("raked", 4)])
def test_replicates_agree_on_adjusted_weights(step: str, fitted: int) -> None:
    """60 samples of 120 units: the jackknife takes every step again, and is 2p/n higher with p totals; allowed 3p/n."""
    dice, quotients = np.random.default_rng(52), []
    for _ in range(60):
        made = ev.weigh(simple(dice), STEPS[step])
        quotients.append(ev.total(made.replicate("jk1"), "y").variances[0] / ev.total(made, "y").variances[0])
    agrees(np.array(quotients) - 1, allowed=3 * fitted / 120)
