"""`[[stage]]`: which units of a list are chosen, how many, and by which method."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from evalkit import selection
from evalkit.design.sections import MOST, Count, FrameRule, Number, Section, Share, Sizes, Switch, Texts, Word
from evalkit.design.staging import named_strata

Bound = Count | dict[str, Count]
Rates = Annotated[float, Field(gt=0, le=1, strict=True)] | dict[str, Share]
WAYS = ("n", "rate", "quota", "allocation")


def _as_list(value: Any) -> Any:
    return (value,) if isinstance(value, dict) else value


class Mandatory(Section):
    """Units that must be taken: within the random quota, or on top of it; the design says which.

    They are named by the values of a column, or one by one in `units`. `purpose` names the certainty stratum they form.
    `share` states which part of the quota they are meant to be, such as 0.5 where half the villages are picked on
    purpose; a stratum where they are not is a fault.
    """

    column: str = ""
    values: Texts = ()
    units: Texts = ()
    how: Literal["within", "on-top"]
    purpose: Word = "必访"
    share: Share | None = None

    @model_validator(mode="after")
    def _named_one_way(self) -> Mandatory:
        if bool(self.units) == bool(self.column) or bool(self.column) != bool(self.values):
            raise ValueError("写 column 与 values，或只写 units")
        if self.share is not None and self.how == "on-top":
            raise ValueError("share 只用于 how = \"within\"：它是配额中的份额")
        return self


class Quota(Section):
    """`[[stage.quota]]`: how many, by what the unit above is like; the first rule that fits is used.

    `where` holds columns of the unit above with the values that fit, `holds` strata with the least number of units that
    the list must have there. A rule with neither fits always.
    """

    where: dict[str, Texts] = {}
    holds: dict[str, Count] = {}
    n: Sizes | None = None
    rate: Rates | None = None

    @model_validator(mode="after")
    def _one_number(self) -> Quota:
        if (self.n is None) == (self.rate is None):
            raise ValueError("n 与 rate 必须且只能写一个")
        return self


class Allocation(Section):
    """`[stage.allocation]`: a total for the whole stage, shared out to its strata.

    `total` is one number for all strata of the stage, or a table of strata of the same name under each unit above.
    `by` is the column whose sum is the size of a stratum; without it the number of units is. `spreads`, `costs` and `cvs`
    give a value for each stratum, as their rules need them.
    """

    total: Sizes
    rule: Word
    by: str = ""
    least: Count = 0
    most: Count = MOST
    spreads: dict[str, Number] = {}
    costs: dict[str, Number] = {}
    cvs: dict[str, Number] = {}
    exponent: Number = Field(default=0.5, ge=0, le=1)
    importance: Number = Field(default=1.0, ge=0)


class Wave(Section):
    """`[[stage.wave]]`: a later round on the same list with the same tickets, merged with what was drawn before.

    Either more units of each stratum (`n`, the number of all waves together), or all units with certain values of a column.
    """

    name: Word
    n: Sizes | None = None
    column: str = ""
    values: Texts = ()

    @model_validator(mode="after")
    def _one_kind(self) -> Wave:
        if (self.n is None) == (not self.column) or bool(self.column) != bool(self.values):
            raise ValueError("写 n（加抽到多少），或写 column 与 values（全部走访）")
        return self


class Stage(Section):
    """`[[stage]]`: one stage of selection.

    `origin` (written ``from``) says which list is read: the frame, or the rosters that villages hand in. `unit` is the
    column whose values are the units of a stage above the last of its list; the last stage of a list takes its rows.
    How many is said by one of `n`, `rate`, `[[stage.quota]]` and `[stage.allocation]`; ``take-all`` needs none. `n` and
    `rate` hold one number, or a table stratum → number, for each unit of the stage above; so do `least` and `most`, which bound
    what a rate gives. `shortfall` says what happens
    where a stratum holds fewer units than asked for: ``fail``, ``take-all`` or ``fill:<stratum>``; in a design it has no
    default but in the first stage, where it is ``fail``.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")]
    origin: Literal["frame", "rosters"] | None = Field(default=None, alias="from")
    unit: str = ""
    selection: Literal["随机", "典型"] = "随机"
    method: str = "take-all"
    n: Sizes | None = None
    rate: Rates | None = None
    least: Bound = 0
    most: Bound = MOST
    quota: tuple[Quota, ...] = ()
    allocation: Allocation | None = None
    strata: Texts = ()
    size: str = ""
    sort: Texts = ()
    serpentine: Switch = False
    balance: Texts = ()
    places: Texts = ()
    groups: Texts = ()
    rule: tuple[FrameRule, ...] = ()
    mandatory: Annotated[tuple[Mandatory, ...], BeforeValidator(_as_list)] = ()
    wave: tuple[Wave, ...] = ()
    repeat: Literal["allowed", "never"] = "allowed"
    shift: Number = Field(default=0.0, ge=0, lt=1)
    shortfall: Annotated[str, Field(pattern=r"^(fail|take-all|fill:.+)$")] = "fail"

    @model_validator(mode="after")
    def _consistent(self) -> Stage:
        faults = [*self._size_faults(), *self._method_faults(), *self._wave_faults()]
        if faults:
            raise ValueError("；".join(faults))
        return self

    def _size_faults(self) -> Iterator[str]:
        stated = [way for way in WAYS if getattr(self, way)]
        if self.takes_all:
            if stated:
                yield f"take-all 全部走访，不写抽多少（{'、'.join(stated)}）；要抽一部分的，写 method"
            return
        if len(stated) != 1 and self.inference:
            yield f"抽多少应写且只写 n、rate、[[stage.quota]]、[stage.allocation] 中的一项，现有 {'、'.join(stated) or '无'}"
        if self.quota and (self.quota[-1].where or self.quota[-1].holds):
            yield "[[stage.quota]] 的最后一条不应有条件：其余的单位按它抽"

    def _method_faults(self) -> Iterator[str]:
        if self.selection == "典型" and (not self.mandatory or self.n or self.rate or self.quota or self.allocation or self.wave):
            yield "典型选点只写 mandatory（点名的单位），不写抽多少，也不写轮次"
        way = selection.METHODS.get(self.method)
        given = {"sizes": "size", "balance": "balance", "places": "places", "groups": "groups"}
        for need, key in given.items():
            if way is None:
                break  # told by the checks between stages
            if need in way.needs and not getattr(self, key):
                yield f"{self.method} 需要 {key}"
            # the methods that read values of the units can all read their sizes too
            if need not in way.needs and getattr(self, key) and (need != "sizes" or not way.needs):
                yield f"{self.method} 不看 {key}，删去，或改用看它的方法"
        if self.sort and way and not way.ordered:
            ordered = "、".join(name for name, other in selection.METHODS.items() if other.ordered)
            yield f"sort 只用于看次序的方法：{ordered}"

    def _wave_faults(self) -> Iterator[str]:
        if any(wave.n is not None for wave in self.wave) and (self.method != "srs" or self.n is None):
            yield "加抽的轮次（wave 的 n）只用于 method = \"srs\" 且写 n 的阶段"
        sizes = [size for size in (self.n, *(wave.n for wave in self.wave)) if isinstance(size, int)]
        if self.wave and sizes != sorted(set(sizes)):
            yield "各轮次的 n 是到该轮为止的总数，应一轮比一轮多"
        for wave in self.wave:
            if isinstance(wave.n, dict) != isinstance(self.n, dict) and wave.n is not None:
                yield f"轮次 {wave.name} 的 n 应与该阶段的 n 同一写法"

    @property
    def takes_all(self) -> bool:
        """Whether every unit is taken, so that no number is needed."""
        return self.method == "take-all" and self.selection == "随机"

    @property
    def inference(self) -> bool:
        """Whether the units chosen here speak for others."""
        return self.selection == "随机"

    @property
    def named_strata(self) -> tuple[str, ...]:
        """Return the strata that the numbers of this stage name; empty where one number serves all."""
        return tuple(named_strata(self.model_dump()))
