"""What comes of the visits of one trial: who answers, who takes the interview, and the returns under the design's headings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit import streams
from evalkit.synthetic.households import OUTCOMES
from evalkit.synthetic.interviews import TEAM_SIZE, visited

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.sample import Sample

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def visit(sample: Sample, design: Design, seed: str, place: Ints) -> pd.DataFrame:
    """Visit the drawn households, reserves in their order where others failed, and return what is handed in.

    Parameters
    ----------
    sample : Sample
        With its household stage drawn.
    design : Design
        With `[returns]` and `[planning]`.
    seed : str
        Of the trial.
    place : (households,) int array
        Place of each drawn household in the roster of its village, in the order of the sample's table.

    Returns
    -------
    pandas.DataFrame
        One row a household visited, with the columns that `collect` reads.
    """
    drawn = sample.table(design.stages[-1].name)[["village", "household", "persons", "cell", "role", "order"]]
    # drawn households stand by village, cell and order already, as `visited` needs them
    met = visited(drawn.assign(outcome=_outcomes(drawn["village"], place, design, seed)))
    headings, planning = design.returns, design.planning
    assert headings is not None and planning is not None
    words = {code: word for word, code in reversed(headings.dispositions.items())}
    said = met["outcome"].map(words)
    table = pd.DataFrame({headings.village: met["village"], headings.household: met["household"], headings.disposition: said})
    if headings.persons:
        table[headings.persons] = met["persons"].astype(str)
    return table.assign(**{headings.interviewer: _teams(met, sample.villages)}) if headings.interviewer else table


def interviewers(village: Ints, order: Ints) -> Ints:
    """Return the interviewer of each household, from 0: a team takes two villages, its members the households in turn.

    Parameters
    ----------
    village : (rows,) int array
        Place of the village among those drawn, by id.
    order : (rows,) int array
        Order of the household in its village and stratum, from 1.
    """
    return village // 2 * TEAM_SIZE + (order - 1) % TEAM_SIZE


def _outcomes(villages: pd.Series, place: Ints, design: Design, seed: str) -> NDArray[np.object_]:
    planning = design.planning
    assert planning is not None
    silent = (1 - planning.ineligible) * (1 - planning.response) / 2
    chances = ((1 - planning.ineligible) * planning.response, silent, silent, planning.ineligible)
    return np.array(OUTCOMES, dtype=object)[streams.pick(_numbers(villages, place, seed, "outcome"), chances)]


def _numbers(villages: pd.Series, place: Ints, seed: str, purpose: str) -> Floats:
    """Return the number of each household in the stream of its village, so that who else was drawn changes nothing."""
    code, names = pd.factorize(villages)
    most = np.zeros(len(names), dtype=np.int64)
    np.maximum.at(most, code, place + 1)
    held = [streams.numbers(seed, f"trial {purpose}", str(name), int(count)) for name, count in zip(names, most, strict=True)]
    starts = np.concatenate([[0], np.cumsum(most)[:-1]])
    return np.concatenate(held)[starts[code] + place]


def _teams(met: pd.DataFrame, drawn: tuple[str, ...]) -> NDArray[np.object_]:
    who = interviewers(village_codes(met["village"], drawn), met["order"].to_numpy())
    found: NDArray[np.object_] = np.array([f"D{number:03d}" for number in who], dtype=np.object_)
    return found


def village_codes(villages: pd.Series, drawn: tuple[str, ...]) -> Ints:
    """Return the place of each village among those drawn."""
    known = {village: at for at, village in enumerate(drawn)}
    return np.array([known[name] for name in villages.tolist()], dtype=np.int64)
