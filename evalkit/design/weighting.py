"""`[[weighting]]`: the steps by which weights are adjusted, in order; a recipe is data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from evalkit.design.sections import Number, Section, Switch, Texts, Word, Words

Total = Annotated[float, Field(ge=0, strict=True)]
Totals = Annotated[dict[Word, Total], Field(min_length=1)]


class NonresponseStep(Section):
    """Hand the weight of households that did not answer to those that did, in cells, or by their chance to answer."""

    kind: Literal["nonresponse"]
    by: Texts = ()
    propensity: Texts = ()
    classes: int = Field(default=5, ge=0, le=100, strict=True)

    @model_validator(mode="after")
    def _one_of_two(self) -> NonresponseStep:
        if bool(self.by) == bool(self.propensity):
            raise ValueError("by（加权单元）与 propensity（回答概率模型）必须且只能写一个")
        return self


class PostStratifyStep(Section):
    """Scale weights to a total for each category; where several columns are crossed, values are joined by ``/``."""

    kind: Literal["poststratify"]
    by: Words
    totals: Totals


class RakeStep(Section):
    """Make weights add up to the totals of several columns."""

    kind: Literal["rake"]
    margins: Annotated[dict[Word, Totals], Field(min_length=2)]


class CalibrateStep(Section):
    """Make weights reproduce totals of numeric columns, of categories, and (as ``"1"``) of units."""

    kind: Literal["calibrate"]
    totals: Annotated[dict[Word, Number | Totals], Field(min_length=1)]
    distance: Literal["linear", "raking", "logit", "truncated", "sinh"] = "logit"
    low: Number = Field(default=0.3, ge=0, lt=1)
    high: Number = Field(default=3.0, gt=1)


class TrimStep(Section):
    """Cut weights off, and give the excess to the others of the same class."""

    kind: Literal["trim"]
    upper: Number = Field(gt=0)
    lower: Number = Field(default=0.0, ge=0)
    keep: Texts = ()
    undo: Switch = False


WeightingStep = Annotated[
    NonresponseStep | PostStratifyStep | RakeStep | CalibrateStep | TrimStep, Field(discriminator="kind")
]
