"""The section of a design file that says which teams go out."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from evalkit.design.sections import MOST, Number, Section, Texts, Word


class TeamSection(Section):
    """`[[teams.team]]`: one team, how many interview, and where they come from.

    `homes` are division codes (of a county, a township or a village) or names of places as the list writes them.
    """

    name: Word
    size: int = Field(gt=0, le=MOST, strict=True)
    homes: Texts = ()


class Teams(Section):
    """`[teams]`: the teams, how many households one interviewer completes a day, and how many teams share a village."""

    interviews: Number = Field(gt=0, le=100)
    per_village: int = Field(default=2, gt=0, le=MOST, strict=True)
    team: Annotated[tuple[TeamSection, ...], Field(min_length=1)]
