"""The sections of a design file that say what is expected of it: planning values, and published figures it must reproduce."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from evalkit.design.sections import Count, Number, Section, Share, Word

Positive = Annotated[float, Field(gt=0, strict=True)]


class Planning(Section):
    """`[planning]`: what the sampling plan reckons with before anything has been drawn.

    `rates` gives each rate its planning value. `response` and `ineligible` are shares of the issued households, kept
    apart. `households` is the mean number of households of a village where no list says it, `types` that of the households
    of each type, and `groups` the mean number of village groups. Costs are in yuan; a team-day is one team working one day:
    it holds `interviews_per_day` interviews, or one village in `villages_per_day`, whichever is more.
    """

    rates: dict[str, Share] = {}
    response: Share = 1.0
    ineligible: Share = 0.0
    households: Positive = 300.0
    types: dict[str, Positive] = {}
    groups: Positive = 8.0
    persons: Positive = 3.3
    cost_village: Number = Field(default=0.0, ge=0)
    cost_household: Number = Field(default=0.0, ge=0)
    interviews_per_day: Positive | None = None
    villages_per_day: Positive = 1.0
    teams: Count = 0


class Published(Section):
    """`[[published]]`: a figure that was published of this design, and that the plan must reproduce.

    `what` names a figure of the plan: ``village`` is the number of units of a stage, or of the values of a column of the list;
    ``village.贫困村`` that in the strata whose label has the part 贫困村; ``household/village`` the quotient of two such
    numbers, and ``household.脱贫户/list`` the share of the units listed there that is drawn. `text` are the words of the
    source; `within` is how far the plan may be from a figure that was published rounded.
    """

    what: Word
    value: Number
    within: Number = Field(default=0.0, ge=0)
    text: str = ""
