"""The section of a design file that says what in the paradata is looked at twice. Nothing here touches a draw or an estimate."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from evalkit.design.sections import Count, Number, Section, Share, Texts

Positive = Annotated[Number, Field(gt=0)]


class Quality(Section):
    """`[quality]`: from where on an interview is looked at twice. A limit left out: that check is not made, and the page says so.

    `shortest` and `longest` are minutes; `night` is the pair of times between which nobody should interview; `digits` names columns
    of whole numbers whose last digit means nothing, tested at `digit_p`; `straight` is the fewest items of satisfaction that make
    identical answers worth a look; `match` is the share of identical answers from which two questionnaires count as copies; `far`
    are kilometres from the middle of the village; `same_place` households at one point count as one place.
    """

    shortest: Positive | None = None
    longest: Positive | None = None
    night: Texts = ()
    digits: Texts = ()
    digit_p: Annotated[Share, Field(gt=0, lt=1)] | None = None
    straight: Annotated[Count, Field(ge=2)] | None = None
    match: Annotated[Share, Field(gt=0)] | None = None
    far: Positive | None = None
    same_place: Annotated[Count, Field(ge=2)] | None = None

    @field_validator("night")
    @classmethod
    def _two_times(cls, night: tuple[str, ...]) -> tuple[str, ...]:
        parts = [time.split(":") for time in night]
        if night and (len(night) != 2 or not all(_is_time(part) for part in parts)):
            raise ValueError('应为起止两个时刻，如 ["21:00", "07:00"]')
        return night


def _is_time(parts: list[str]) -> bool:
    return len(parts) == 2 and all(part.isdigit() for part in parts) and int(parts[0]) < 24 and int(parts[1]) < 60
