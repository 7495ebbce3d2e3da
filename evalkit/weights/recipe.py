"""The steps that a design file declares, as steps that can be taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalkit.weights.answering import Nonresponse
from evalkit.weights.calibrating import Calibrate
from evalkit.weights.margins import PostStratify, Rake
from evalkit.weights.steps import Step
from evalkit.weights.trimming import Trim

if TYPE_CHECKING:
    from evalkit.design import Design


def declared(design: Design) -> tuple[Step, ...]:
    """Return the steps of ``[[weighting]]``, in order.

    Examples
    --------
    >>> import evalkit as ev
    >>> declared(ev.read_design("designs/biyang_2018.toml"))
    ()
    """
    return tuple(MADE[step.kind](step) for step in design.weighting)


def _nonresponse(step: Any) -> Step:
    if step.by:
        return Nonresponse(by=list(step.by))
    return Nonresponse(propensity=list(step.propensity), classes=step.classes or None)


def _poststratify(step: Any) -> Step:
    totals = {tuple(key.split("/")) if len(step.by) > 1 else key: total for key, total in step.totals.items()}
    return PostStratify(list(step.by), totals)


def _calibrate(step: Any) -> Step:
    return Calibrate(list(step.totals), step.totals, distance=step.distance, bounds=(step.low, step.high))


MADE: dict[str, Any] = {
    "nonresponse": _nonresponse,
    "poststratify": _poststratify,
    "rake": lambda step: Rake(step.margins),
    "calibrate": _calibrate,
    "trim": lambda step: Trim(step.upper, step.lower, keep=list(step.keep) or None, undo=step.undo),
}
