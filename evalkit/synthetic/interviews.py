"""Made-up interviews: who was found at home, which reserves stood in, and what the households said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.errors import DesignError
from evalkit.synthetic.dice import MARK, MARK_COLUMN, villages_numbers
from evalkit.synthetic.households import INCOME_PARTS

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.sample import Sample

TEAM_SIZE = 4


def returns(sample: Sample, households: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Interview the drawn households and hand in what came back, under the headings of `[returns]`.

    Mains are visited in order; each main that fails releases the next reserve of its village and stratum,
    and a reserve that fails releases the next again, until the reserves are used up. Reserves never used
    have no row. Answers are the truth; a raised case carries the status it ended in.

    Parameters
    ----------
    sample : Sample
        With its household stage drawn.
    households : DataFrame
        `Registry.households` of (at least) the drawn villages.
    design : Design
        With `[returns]` and `[specimen]`; without `[criteria]` only the questions of its rates are answered.

    Returns
    -------
    DataFrame
        One row for each household visited, with the column 数据说明 = 模拟数据.

    Raises
    ------
    DesignError
        When a section is missing, or `[returns]` has no word for an outcome or a status.
    """
    words, statuses = _words(design)
    unit, drawn = ["village", "household"], sample.table("household")
    place = pd.MultiIndex.from_frame(households[unit]).get_indexer(pd.MultiIndex.from_frame(drawn[unit]))
    if (place < 0).any():
        raise DesignError("模拟回收表：抽中的农户不在模拟名册中｜样本与模拟名册应出自同一份设计与名单｜重新生成名册")
    met = drawn[["village", "cell", "role", "order"]].assign(outcome=households["outcome"].array.take(place), place=place)
    seen = visited(met.sort_values(["village", "cell", "order"], kind="stable"))
    return _table(households.take(seen["place"].to_numpy()).reset_index(drop=True), words, statuses, design)


def _words(design: Design) -> tuple[dict[str, str], dict[str, str]]:
    """Return the design's first word for each outcome and for each status."""
    if design.returns is None or design.specimen is None:
        raise DesignError("returns｜缺｜模拟入户调查需要 [returns] 与 [specimen]｜补上缺的一节")
    outcomes: dict[str, str] = {code: word for word, code in reversed(design.returns.dispositions.items())}
    statuses: dict[str, str] = {code: word for word, code in reversed(design.returns.statuses.items())}
    missing = [code for code in ("complete", "refusal", "noncontact", "ineligible") if code not in outcomes]
    if design.returns.status:
        missing += [code for code in ("suspected", "confirmed", "dismissed") if code not in statuses]
    if missing:
        raise DesignError(f"returns：{'、'.join(missing)}｜没有对应的用词｜在 [returns.dispositions] 或 [returns.statuses] 中补上")
    return outcomes, statuses


def visited(met: pd.DataFrame) -> pd.DataFrame:
    """Keep the mains, and the reserves that a failed household before them released.

    Parameters
    ----------
    met : DataFrame
        ``village cell role outcome`` of drawn households, by village, cell and order of the draw.
    """
    cell = met.groupby(["village", "cell"], sort=False).ngroup().to_numpy()
    main, complete = (met["role"] == "main").to_numpy(), (met["outcome"] == "complete").to_numpy()
    owed = np.bincount(cell, main & ~complete)
    stands_in = (~main & complete).astype(np.int64)
    before = np.cumsum(stands_in) - stands_in  # completed reserves before each row, cell by cell below
    done = before - before[np.flatnonzero(np.diff(cell, prepend=-1))][cell]
    return met[main | (done < owed[cell])].reset_index(drop=True)


def _table(met: pd.DataFrame, words: dict[str, str], statuses: dict[str, str], design: Design) -> pd.DataFrame:
    headings, criteria = design.returns, design.criteria
    assert headings is not None
    complete = (met["outcome"] == "complete").to_numpy()
    table = pd.DataFrame({headings.village: met["village"], headings.household: met["household"]})
    table[headings.disposition] = met["outcome"].map(words)
    if headings.interviewer:
        table[headings.interviewer] = _interviewers(met, design)
    answers = {headings.persons: met["persons"]} if headings.persons else {}
    items = [item for rate in design.rates if rate.kind == "approval" or rate.kind == "prevalence" for item in rate.items]
    judged = [*INCOME_PARTS, *(name for name in criteria.headings() if name != criteria.affected)] if criteria else []
    for name in dict.fromkeys([*judged, *items]):
        answers[name] = met[name]
    if criteria and criteria.affected:
        answers[criteria.affected] = met["affected"]
    if headings.status:
        answers[headings.status] = met["settled"].map(lambda code: statuses.get(code, ""))
    said = {name: pd.Series(np.where(complete, column.to_numpy(dtype=object), ""), dtype=object) for name, column in answers.items()}
    return table.assign(**said, **{MARK_COLUMN: MARK})


def _interviewers(met: pd.DataFrame, design: Design) -> list[str]:
    """Return interviewer ids: two villages a team, households dealt out among its members in turn."""
    assert design.specimen is not None
    villages = sorted(set(met["village"]))
    team = {village: i // 2 + 1 for i, village in enumerate(villages)}
    first = dict(zip(villages, villages_numbers(design.specimen.seed, "team", tuple(villages)), strict=True))
    turn = met.groupby("village").cumcount()
    return [
        f"D{team[village]:02d}{(int(first[village] * TEAM_SIZE) + count) % TEAM_SIZE + 1}"
        for village, count in zip(met["village"], turn, strict=True)
    ]
