"""Rates of persons decided by household, on registries with known truth: bias and coverage, and what ignoring a clustering costs.

``python -m benchmarks.rates`` runs the long form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

import evalkit as ev

VILLAGES, HOUSEHOLDS = 80, 120
RATE, ICC, LARGE = 0.06, 0.12, 0.5  # LARGE: the odds of a finding grow with the size of the household
DRAWN, TAKE, EVERYWHERE_TAKE = 25, 24, 12
Kind = Literal["villages", "everywhere"]


@dataclass(frozen=True, eq=False)
class Trial:
    """The estimates of one way of estimating, and how often their intervals held the truth."""

    truth: float
    values: tuple[float, ...]
    covered: int

    @property
    def coverage(self) -> float:
        """Share of the 95 % intervals that hold the truth."""
        return self.covered / len(self.values)

    def __repr__(self) -> str:
        return f"truth {self.truth:.4%}, mean {np.mean(self.values):.4%}, coverage {self.coverage:.1%} of {len(self.values)}"


def registry(numbers: np.random.Generator) -> pd.DataFrame:
    """Return all households of a county: village, household, persons, and whether the household is a finding."""
    shape = (1 - ICC) / ICC
    village = np.repeat(np.arange(VILLAGES), HOUSEHOLDS)
    persons = 1 + numbers.binomial(6, 0.4, len(village))
    chance = np.repeat(numbers.beta(RATE * shape, (1 - RATE) * shape, VILLAGES), HOUSEHOLDS) * (1 + LARGE * (persons / 3.4 - 1))
    table = pd.DataFrame({"village": village, "household": np.tile(np.arange(HOUSEHOLDS), VILLAGES), "persons": persons})
    return table.assign(wrong=numbers.uniform(size=len(village)) < chance, N=VILLAGES, M=HOUSEHOLDS)


def sample(table: pd.DataFrame, kind: Kind, numbers: np.random.Generator) -> pd.DataFrame:
    """Draw villages and households of each, or a few households of every village, at random."""
    chosen = numbers.permutation(VILLAGES)[:DRAWN] if kind == "villages" else np.arange(VILLAGES)
    take = TAKE if kind == "villages" else EVERYWHERE_TAKE
    rows = [village * HOUSEHOLDS + numbers.permutation(HOUSEHOLDS)[:take] for village in chosen]
    return table.iloc[np.concatenate(rows)].reset_index(drop=True)


def estimates(drawn: pd.DataFrame, kind: Kind) -> dict[str, Any]:
    """Return the rate by the design in persons and in households, and with one clustering ignored."""
    wide = drawn.loc[drawn.index.repeat(drawn["persons"])].reset_index(drop=True)
    if kind == "villages":
        survey = ev.Survey.from_data(drawn, clusters=["village", "household"], fpc=["N", "M"], nest=True)
        ignored = {"no villages": ev.proportion(ev.Survey.from_data(drawn), "wrong", count="persons", decided_by="household")}
    else:
        survey = ev.Survey.from_data(drawn, strata="village", fpc="M")
        ignored = {"no households": ev.proportion(ev.Survey.from_data(wide, strata="village"), "wrong")}
    whole = ev.proportion(survey, "wrong", count="persons", decided_by="household")
    return {"design": whole, "households": ev.proportion(survey, "wrong"), **ignored}


def run(kind: Kind, trials: int, seed: int) -> dict[str, Trial]:
    """Draw again and again from one registry, and estimate in each way."""
    numbers = np.random.default_rng(seed)
    table = registry(numbers)
    persons = float(table.loc[table["wrong"], "persons"].sum() / table["persons"].sum())
    truth: dict[str, float] = {"households": float(table["wrong"].mean())}
    values: dict[str, list[float]] = {}
    covered: dict[str, int] = {}
    for _ in range(trials):
        for way, found in estimates(sample(table, kind, numbers), kind).items():
            low, high = found.interval()[["low", "high"]].iloc[0]
            values.setdefault(way, []).append(float(found))
            covered[way] = covered.get(way, 0) + int(low <= truth.get(way, persons) <= high)
    return {way: Trial(truth.get(way, persons), tuple(found), covered[way]) for way, found in values.items()}


def main() -> None:
    """Print the long form: 2,000 draws of each kind."""
    for kind in ("villages", "everywhere"):
        for way, trial in run(kind, 2000, seed=1).items():
            print(f"{kind:<11} {way:<14} {trial!r}")


if __name__ == "__main__":
    main()
