"""Household decisions counted in persons, on registries whose truth is known: unbiased, covering; and what ignoring a clustering costs.

The short form of ``python -m benchmarks.rates``.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.rates import Trial, run

TRIALS = 160


@pytest.fixture(scope="module")
def villages() -> dict[str, Trial]:
    return run("villages", TRIALS, seed=7)


@pytest.fixture(scope="module")
def everywhere() -> dict[str, Trial]:
    return run("everywhere", TRIALS, seed=8)


def least(level: float = 0.95) -> float:
    return float(level - 3 * np.sqrt(level * (1 - level) / TRIALS))


@pytest.mark.parametrize("kind", ["villages", "everywhere"])
@pytest.mark.parametrize("way", ["design", "households"])
def test_rates_are_unbiased_and_their_intervals_cover(kind: str, way: str, request: pytest.FixtureRequest) -> None:
    trial = request.getfixturevalue(kind)[way]
    error = np.std(trial.values, ddof=1) / np.sqrt(TRIALS)
    # a ratio's own bias is of the order of its squared coefficient of variation over the villages: a tenth of a Monte-Carlo error here
    assert abs(np.mean(trial.values) - trial.truth) < 3.5 * error
    assert trial.coverage >= least(), trial


def test_ignoring_villages_under_covers(villages: dict[str, Trial]) -> None:
    """Drawn villages taken for one simple sample of households: far fewer than 95 of 100 intervals hold the truth."""
    assert villages["no villages"].coverage < least() - 0.05 and villages["no villages"].coverage < villages["design"].coverage


def test_ignoring_households_under_covers(everywhere: dict[str, Trial]) -> None:
    """In every village, persons taken for units of their own: a household's members are judged together, so this is too narrow."""
    assert everywhere["no households"].coverage < least() and everywhere["no households"].coverage < everywhere["design"].coverage - 0.05
