"""Statistics of answers that stay in their engine: asked by sums, and asked again together where several are put into one formula."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from evalkit.errors import EvalkitWarning
from evalkit.estimates.blocks import Block
from evalkit.estimates.domains import BROUGHT
from evalkit.lists import as_list
from evalkit.survey.remote import inside

if TYPE_CHECKING:
    from evalkit.estimates.estimate import Estimate
    from evalkit.survey import RemoteSurvey, Survey


@dataclass(frozen=True, eq=False)
class Asked:
    """A statistic that was asked of an engine.

    Attributes
    ----------
    far : RemoteSurvey
    names, by : tuple of str
        Columns of the statistic, and of its domains.
    where : Condition or str or None
    squared : bool
        Whether scores hold squares of the numbers.
    again : callable
        From a survey that holds what was brought, and ``where=`` the column of the condition, to the Estimate.
    """

    far: RemoteSurvey
    names: tuple[str, ...]
    by: tuple[str, ...]
    where: Any
    squared: bool
    again: Callable[..., Estimate]


def ask(far: RemoteSurvey, again: Callable[..., Estimate], names: Sequence[str], by: Any, where: Any, squared: bool = False) -> Estimate:
    """Return a statistic of answers in an engine, which remembers how it was asked."""
    asked = Asked(far, tuple(names), tuple(as_list(by)), where, squared, again)
    (made,) = _brought([asked])
    return made


def _brought(questions: Sequence[Asked]) -> list[Estimate]:
    """Bring what several statistics of one engine need, once, and return them on one survey."""
    survey = questions[0].far.gather([(each.names, each.by, each.where, each.squared) for each in questions])
    made_here = BROUGHT.set(True)
    try:
        found = [each.again(survey, where=None if each.where is None else inside(at)) for at, each in enumerate(questions)]
    finally:
        BROUGHT.reset(made_here)
    return [
        replace(made, blocks=tuple(replace(block, asked=(question, at)) for at, block in enumerate(made.blocks)))
        for question, made in zip(questions, found, strict=True)
    ]


def on_one_survey(estimates: Sequence[Estimate]) -> list[Estimate] | None:
    """Return Estimates with one survey behind all of them; None where they come from several.

    What was asked one by one of the same answers in an engine is asked once more, together, because how two statistics vary together
    shows only where their rows are the same. Values stay as they were.
    """
    surveys = {id(each.survey): each.survey for each in estimates}
    if len(surveys) == 1:
        return list(estimates)
    origins = [block.asked for each in estimates for block in each.blocks]
    questions = {id(origin[0]): origin[0] for origin in origins if origin is not None}
    if None in origins or len({id(question.far) for question in questions.values()}) != 1:
        return None
    for each in estimates:  # one of them may have been asked together with the others already
        known = {id(block.asked[0]): block.asked[0] for block in each.blocks if block.asked is not None}
        if known.keys() >= questions.keys():
            made = _blocks(each.blocks)
            if all((id(origin[0]), origin[1]) in made for origin in origins if origin is not None):
                return [_moved(one, each.survey, made) for one in estimates]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvalkitWarning)  # said when each was asked
        found = _brought(list(questions.values()))
    blocks = _blocks([block for each in found for block in each.blocks])
    return [_moved(one, found[0].survey, blocks) for one in estimates]


def origin(estimate: Estimate) -> int:
    """Return what Estimates have in common that come from one survey, in memory or in an engine."""
    asked = next((block.asked for block in estimate.blocks), None)
    return id(estimate.survey if asked is None else asked[0].far)


def way_to_one(estimates: Sequence[Estimate]) -> str:
    """Return what to type where Estimates come from several surveys."""
    if any(each.survey.alike is not None for each in estimates):
        return "留在原处的表，ev.Survey.from_data 只写一次，各统计量都由它来求；两张表的，先读入内存再 ev.join"
    return "先写 ev.join(a=…, b=…, shared=[村的列]) 或 shared=None（两次抽样独立），再用同一个 Survey 估计"


def _blocks(blocks: Sequence[Block]) -> dict[tuple[int, int], Block]:
    return {(id(block.asked[0]), block.asked[1]): block for block in blocks if block.asked is not None}


def _moved(estimate: Estimate, survey: Survey, blocks: dict[tuple[int, int], Block]) -> Estimate:
    """Return an Estimate on another survey of the same answers."""
    if estimate.survey is survey:
        return estimate
    own = tuple(blocks[id(block.asked[0]), block.asked[1]] for block in estimate.blocks if block.asked is not None)
    return replace(estimate, survey=survey, blocks=own, _known={})
