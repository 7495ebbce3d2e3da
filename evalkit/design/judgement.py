"""The sections of a design file that say what counts as an error, which rates are made, and their gates."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from evalkit.design.sections import MOST, Count, Number, Section, Share, Switch, Texts, Word, Words
from evalkit.design.standards import threshold_of

FOLDER_NAME = r'^[^\\/:*?"<>|.\s][^\\/:*?"<>|]*$'  # what Windows refuses in names, and a point that would hide or climb
FINDINGS = {"wrong_exit": "错退", "missed": "漏评", "misidentified": "错评", "overstayed": "漏退"}


class FindingRate(Section):
    """A rate of findings: affected persons (or households) over those of the population.

    `denominator` is ``surveyed`` (those of the surveyed households, variant a) or ``villages`` (all of
    the drawn villages by their rosters, variant b).
    """

    name: str
    kind: Literal["finding"]
    finding: Literal["wrong_exit", "missed", "misidentified", "overstayed"]
    population: Words
    count: Literal["persons", "households"]
    decided_by: Literal["household"]
    denominator: Literal["surveyed", "villages"] = "surveyed"
    source: str = ""


class Total(Section):
    """A registry total: a number, or the sum of a column of the frame."""

    value: Number | None = Field(default=None, ge=0)
    column: str = ""

    @model_validator(mode="after")
    def _one_of_two(self) -> Total:
        if (self.value is None) == (self.column == ""):
            raise ValueError("value（数值）与 column（名单中的列）必须且只能写一个")
        return self


class Totals(Section):
    """Registry totals of persons on a stated date; they carry no sampling error."""

    remaining: Total
    exited: Total
    non_registry: Total
    rural: Total
    date: str
    source: str


class IncidenceRate(Section):
    """综合贫困发生率 = (remaining + wrong-exit rate × exited + missed rate × non-registry) / rural."""

    name: str
    kind: Literal["incidence"]
    wrong_exit: str
    missed: str
    totals: Totals
    source: str = ""


class ApprovalRate(Section):
    """群众认可度: households that approve over all households surveyed.

    `rule` joins the items of one household: ``all`` must approve, a ``majority`` must, there is a ``single`` item,
    ``at-least`` so many (`at_least`) must, or the ``mean-score`` of the items, 0 to 100 in equal steps down the scale,
    must reach `mean_score`. Don't-know counts as not approving; the band is shown beside the rate. `missing` says
    whether a missing answer is a fault (``fail``) or counts as don't-know (``dont_know``), listed.
    """

    name: str
    kind: Literal["approval"]
    items: Words
    scale: Words
    approve: Words
    dont_know: Texts = ()
    rule: Literal["all", "majority", "single", "at-least", "mean-score"]
    at_least: Annotated[int, Field(ge=1, strict=True)] | None = None
    mean_score: Number | None = Field(default=None, gt=0, le=100)
    count: Literal["persons", "households"] = "households"
    population: Texts = ()
    missing: Literal["fail", "dont_know"] = "fail"
    source: str = ""

    @model_validator(mode="after")
    def _fits(self) -> ApprovalRate:
        strange = sorted(set(self.approve) - set(self.scale))
        if strange:
            raise ValueError(f"approve 中的 {'、'.join(strange)} 不在 scale 中")
        strange = sorted((set(self.dont_know) - set(self.scale)) | (set(self.dont_know) & set(self.approve)))
        if strange:
            raise ValueError(f"dont_know 中的 {'、'.join(strange)} 不在 scale 中，或又在 approve 中")
        if self.rule == "single" and len(self.items) != 1:
            raise ValueError(f"rule = \"single\" 只用 1 个题目，现有 {len(self.items)} 个")
        self._has_its_number("at-least", "at_least", self.at_least)
        self._has_its_number("mean-score", "mean_score", self.mean_score)
        if self.at_least is not None and self.at_least > len(self.items):
            raise ValueError(f"at_least = {self.at_least}，只有 {len(self.items)} 个题目")
        if self.mean_score is not None and len(set(self.scale) - set(self.dont_know)) < 2:
            raise ValueError("rule = \"mean-score\" 的 scale 除不清楚外至少要有 2 个答案")
        return self

    def _has_its_number(self, rule: str, key: str, value: float | None) -> None:
        if (self.rule == rule) != (value is not None):
            raise ValueError(f"{key} 与 rule = \"{rule}\" 要同写同不写")


class PrevalenceRate(Section):
    """How many of a population answer a question of the returns with one of the words of `counted`, as 返贫率 over the exited.

    Don't-know counts as not counted. `missing` is as in an approval rate.
    """

    name: str
    kind: Literal["prevalence"]
    column: Word
    scale: Words
    counted: Words
    dont_know: Texts = ()
    count: Literal["persons", "households"]
    population: Words
    missing: Literal["fail", "dont_know"] = "fail"
    source: str = ""

    @model_validator(mode="after")
    def _fits(self) -> PrevalenceRate:
        strange = sorted(set(self.counted) - set(self.scale))
        if strange:
            raise ValueError(f"counted 中的 {'、'.join(strange)} 不在 scale 中")
        if set(self.dont_know) & set(self.counted):
            raise ValueError("dont_know 中有词又在 counted 中")
        return self

    # One question with the words that count: what reads the items of an approval rate reads this one as well.
    @property
    def items(self) -> tuple[str, ...]:
        """The one question."""
        return (self.column,)

    @property
    def approve(self) -> tuple[str, ...]:
        """The words that count."""
        return self.counted

    @property
    def rule(self) -> Literal["single"]:
        """One question stands for itself."""
        return "single"

    @property
    def at_least(self) -> None:
        """No rule of several questions, so no number of them."""
        return None

    @property
    def mean_score(self) -> None:
        """No score either."""
        return None


class AccuracyRate(Section):
    """准确率: 1 less the errors of other rates. No source fixes the algebra of 识别准确率, so `rule` has no default.

    ``pooled``: 1 − errors of all populations together over all that were surveyed of them; ``summed``: 1 − the sum of the rates
    (1 − 错评率 − 漏评率); ``single``: 1 − one rate (退出准确率 = 1 − 错退率; 识别准确率 = 1 − 错评率 of the registry alone).
    """

    name: str
    kind: Literal["accuracy"]
    errors: Words
    rule: Literal["pooled", "summed", "single"]
    source: str = ""

    @model_validator(mode="after")
    def _as_many(self) -> AccuracyRate:
        if (self.rule == "single") != (len(self.errors) == 1):
            found = f"rule = \"{self.rule}\" 与 errors 的 {len(self.errors)} 个指标不合"
            raise ValueError(f"{found}：single 写 1 个，pooled、summed 写 2 个以上")
        if len(set(self.errors)) < len(self.errors):
            raise ValueError("errors 中同一指标写了两次")
        return self


ANSWERED = (ApprovalRate, PrevalenceRate)  # read answers to questions of their own
DERIVED = (AccuracyRate, IncidenceRate)  # put together from other rates
Rate = Annotated[FindingRate | IncidenceRate | ApprovalRate | PrevalenceRate | AccuracyRate, Field(discriminator="kind")]


Units = Annotated[int, Field(ge=1, le=MOST, strict=True)]


class Producer(Section):
    """`[gate.acceptance] producer`: a rate on the good side of the gate, and the risk allowed of not accepting it."""

    rate: Number = Field(gt=0, lt=1)
    risk: Number = Field(gt=0, lt=1)


class TwoPhase(Section):
    """`[gate.acceptance] two_phase`: more villages where the first find more than `accept` and fewer than `reject` events.

    `accept` is −1 where the first phase never accepts. With `spending` the first phase may spend no more of the risk than that split says.
    """

    villages: Units
    accept: Annotated[int, Field(ge=-1, le=MOST, strict=True)]
    reject: Units
    spending: Literal["", "pocock", "obrien-fleming"] = ""


class Acceptance(Section):
    """`[gate.acceptance]`: accept when at most so many households are events, stated before the fieldwork.

    `villages` and `take` (complete households of the rate's population in a village) are the sample that the rule is made for,
    with `two_phase` those of the first phase; `at_most` then counts both phases. `consumer` is the risk allowed of accepting a
    county on the gate. A rule that does not keep its risks is a fault. Nothing has a default: the rule is policy.
    """

    at_most: Count
    villages: Units
    take: Units
    consumer: Number = Field(gt=0, le=0.5)
    icc: Number = Field(ge=0, lt=1)
    producer: Producer | None = None
    two_phase: TwoPhase | None = None


class Gate(Section):
    """`[[gate]]`: a threshold a rate must clear. `strict` and `legal_value` have no default.

    `strict = true` means the rate must lie beyond the threshold, false that it may equal it.
    `legal_value` says whether the legal rule reads the unweighted rate of the sample or the
    design-based estimate. `threshold` is a number, or names a published standard: ``{ standard = "西部" }``.
    """

    rate: str
    threshold: Number = Field(gt=0, lt=1)
    direction: Literal["below", "above"]
    strict: Switch
    legal_value: Literal["unweighted", "weighted"]
    quote: str
    source: str
    acceptance: Acceptance | None = None

    @model_validator(mode="before")
    @classmethod
    def _published(cls, data: Any) -> Any:
        """Take number, quote and source of a published threshold; a quote or source that is written stands."""
        if not isinstance(data, dict) or not isinstance(data.get("threshold"), dict):
            return data
        row = threshold_of(str(data.get("rate", "")), data["threshold"])
        return {"quote": row["quote"], "source": f"{row['standard']}标准：{row['source']}", **data, "threshold": row["value"]}


class Report(Section):
    """`[report]`: names, dates and texts that people write.

    `code_names` prints 乡镇01, 乡镇01-村1 … instead of the names of places; `groups` are columns of the
    frame by whose values each rate is broken down, `causes` columns of the rosters or
    returns by which cases are counted. `name` also names a folder, so it holds no path. `kind` = ``assessment`` only where
    the author is the assessing body: a third party evaluates what it is given, and neither appraises (综合评价, `appraisal`)
    nor proposes measures (处理建议, `handling`). `rounding` is how printed halves are rounded.
    `title_en`, `name_en` and `institute_en` stand on the English report.
    """

    name: Annotated[str, Field(pattern=FOLDER_NAME)]
    title: str
    institute: str
    date: str
    fieldwork: str
    number: str = ""
    code_names: Switch = False
    groups: Texts = ()
    causes: Texts = ()
    background: Texts = ()
    experience: Texts = ()
    advice: Texts = ()
    kind: Literal["third-party", "assessment"] = "third-party"
    appraisal: Texts = ()
    handling: Texts = ()
    rounding: Literal["half-up", "half-even"] = "half-up"
    title_en: str = ""
    name_en: str = ""
    institute_en: str = ""

    @model_validator(mode="after")
    def _fits(self) -> Report:
        if self.kind == "third-party" and (self.appraisal or self.handling):
            remedy = "作者就是考核单位时写 kind = \"assessment\""
            raise ValueError(f"综合评价（appraisal）、处理建议（handling）由考核单位作出，第三方报告不写；{remedy}")
        return self


class Specimen(Section):
    """`[specimen]`: a made-up registry, fieldwork and truth, all seeded; every output says 模拟数据.

    `shares` are the true shares of the rates of answers, by name. `values` are those of the indicators that no survey gives, by code.
    """

    seed: str
    households: Number = Field(gt=0, default=350)
    persons: Number = Field(gt=1, default=3.1)
    exited_share: Share = 0.12
    remaining_share: Share = 0.012
    poor_villages: Count = 0
    wrong_exit: Share = 0.006
    missed: Share = 0.003
    misidentified: Share = 0.02
    overstayed: Share = 0.0
    icc: Share = 0.05
    approval: Share = 0.965
    refusal: Share = 0.015
    noncontact: Share = 0.04
    ineligible: Share = 0.01
    confirmed: Share = 0.6
    shares: dict[str, Share] = {}
    values: dict[str, Number] = {}
