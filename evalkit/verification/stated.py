"""The plan that stands in a certificate, read as a design reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.certificate import Certificate
from evalkit.design.declarations import UNHASHED
from evalkit.design.sections import FrameSection, Reserves, Section
from evalkit.design.stages import Stage
from evalkit.design.staging import list_of
from evalkit.errors import CertificateError
from evalkit.selection import METHODS


@dataclass(frozen=True)
class StatedPlan:
    """The part of a design that stands in a certificate."""

    frame: FrameSection
    listed: tuple[Stage, ...]
    asked: tuple[Stage, ...]
    reserves: Reserves | None
    normal: dict[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all stages."""
        return tuple(stage.name for stage in (*self.listed, *self.asked))


def stated_plan(receipt: Certificate) -> StatedPlan:
    """Return the plan in a certificate; refuse what is none."""
    plan = receipt.plan
    try:
        stages = [Stage.model_validate(part) for part in plan["stage"]]
        if any(stage.method not in METHODS for stage in stages) or len({stage.name for stage in stages}) < len(stages):
            raise ValueError("stage")
        reserves = Reserves.model_validate(plan["reserves"]) if "reserves" in plan else None
        section = FrameSection.model_validate({"file": "" if "made" in plan["frame"] else "-", **plan["frame"]})
        listed = tuple(stage for place, stage in enumerate(stages, 1) if list_of(place, stage.origin) == "frame")
        if not listed or tuple(stages[: len(listed)]) != listed:
            raise ValueError("stage")
        return StatedPlan(section, listed, tuple(stages[len(listed) :]), reserves, _normal(section, stages, reserves))
    except (KeyError, IndexError, TypeError, ValueError):
        raise CertificateError("凭证｜design.plan 不是抽样设计，内容被改动或不完整｜向抽样方索取原件") from None


def _normal(frame: FrameSection, stages: list[Stage], reserves: Reserves | None) -> dict[str, Any]:
    """Return a plan as a design writes it, with the keys that are stated: one left out has its default."""
    parts: dict[str, Sequence[Section]] = {"frame": [frame], "stage": stages, "reserves": [reserves] if reserves else []}
    stated: dict[str, Any] = {"mode": "json", "by_alias": True, "exclude_none": True, "exclude_unset": True}
    written = {key: [part.model_dump(**stated, exclude=UNHASHED.get(key)) for part in each] for key, each in parts.items()}
    return {key: each if key == "stage" else each[0] for key, each in written.items() if each}
