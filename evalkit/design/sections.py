"""The sections of a design file that say who could be chosen, how, and what comes back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator


class Section(BaseModel):
    """A section of a design file: frozen, and an unknown key is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False)


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _as_counts(value: Any) -> Any:
    return (value,) if isinstance(value, int) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
MOST = 10**9  # units that anything is asked for; a longer number is a slip
# numbers and switches are strict: "2" and true are no numbers, 1 and "是" are no switches
Word = Annotated[str, Field(min_length=1)]
Words = Annotated[tuple[Word, ...], BeforeValidator(_as_tuple), Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1, strict=True)]
Number = Annotated[float, Field(strict=True)]
Count = Annotated[int, Field(ge=0, le=MOST, strict=True)]
Sizes = Annotated[int, Field(gt=0, le=MOST, strict=True)] | dict[str, Count]
Switch = Annotated[bool, Field(strict=True)]
# the final outcomes of AAPOR, and a reserve that was not used
Outcome = Literal[
    "complete", "partial", "refusal", "noncontact", "other", "unknown_household", "unknown_other", "ineligible", "unused"
]
Singleton = Literal["fail", "certainty", "adjust", "average", "remove", "collapse"]


class Evaluation(Section):
    """`[evaluation]`: what is evaluated, and the policies of inference.

    `singleton` names the rule for a stratum with one sampled unit; `icc` is the planning value of the
    intra-village correlation that rare-rate intervals use until a programme supplies its own. `stages` = ``first`` takes the
    variance between the units of the first stage only, as if they had been drawn with replacement (ultimate cluster).
    """

    title: str
    county: str
    year: int = Field(ge=2000, le=2100, strict=True)
    county_code: str = ""
    source: str = ""
    confidence: Number = Field(default=0.95, gt=0.5, lt=1)
    alpha: Number = Field(default=0.05, gt=0, lt=0.5)
    singleton: Singleton = "fail"
    icc: Number = Field(default=0.05, ge=0, lt=1)
    icc_source: str = "规划值"
    stages: Literal["all", "first"] = "all"
    era: Literal["", "2016-2020", "2021-2025", "2026-"] = ""


class FrameRule(Section):
    """`[[frame.rule]]`: keep only, or drop, the rows whose `column` holds one of the values."""

    column: str
    keep: Texts = ()
    drop: Texts = ()
    reason: str

    @model_validator(mode="after")
    def _one_of_two(self) -> FrameRule:
        if bool(self.keep) == bool(self.drop):
            raise ValueError("keep 与 drop 必须且只能写一个")
        return self


class FrameNote(Section):
    """`[[frame.note]]`: rows to count and to explain in a footnote, not to change."""

    column: str
    contains: str
    text: str


class Level(Section):
    """`[[frame.made.level]]`: units of one kind under each unit of the level above.

    `count` is one number for all units above, or one for each; `total` is shared out to them as evenly as it goes. `values`
    deals the values of a column out to the units of this level in the stated parts.
    """

    column: Word
    name: Word
    count: Annotated[tuple[Count, ...], BeforeValidator(_as_counts)] = ()
    total: Count = 0
    values: dict[str, dict[str, Count]] = {}

    @model_validator(mode="after")
    def _one_number(self) -> Level:
        if bool(self.count) == bool(self.total):
            raise ValueError("count 与 total 必须且只能写一个")
        return self


class MadeList(Section):
    """`[frame.made]`: a list made up where the real one is not public: levels of units, outermost first.

    `numbers` gives each unit of the last level a whole number in a range. Every output says that the list is made up.
    """

    level: Annotated[tuple[Level, ...], Field(min_length=1)]
    numbers: dict[str, Annotated[tuple[Count, ...], Field(min_length=2, max_length=2)]] = {}


class Outside(Section):
    """`[frame.outside]`: which share of the target population lives where the list does not reach, so that nothing is inferred to it."""

    target: Word
    who: Word
    share: Share
    unit: Literal["人", "户"]
    source: Word

    def sentence(self) -> str:
        """Return what lies outside the list, in words."""
        if self.share == 0:
            return f"目标总体为{self.target}，全部在名单之内（{self.source}）。"
        shown = f"{self.share:.1%}".replace(".0%", "%")
        return f"目标总体为{self.target}，其中{shown}（以{self.unit}计）在名单之外，即{self.who}（{self.source}）；结果不推断到这一部分。"


class FrameSection(Section):
    """`[frame]`: the list of first-stage units and the columns that are kept and fingerprinted.

    `place` is the column that names the first-stage stratum in tables (a township's name for its code). `rows` says that the list
    is a register of households: their number in each village stands under that heading, and the sums of the columns `sums`
    under their own.
    """

    file: str = ""
    made: MadeList | None = None
    id: Word
    name: str
    columns: Texts = ()
    rows: str = ""
    sums: Texts = ()
    place: str = ""
    sheet: str = ""
    code: Literal["division", "free"] = "free"
    source: str = ""
    rule: tuple[FrameRule, ...] = ()
    note: tuple[FrameNote, ...] = ()
    outside: Outside | None = None

    @model_validator(mode="after")
    def _one_list(self) -> FrameSection:
        if bool(self.file) == (self.made is not None):
            raise ValueError("file 与 [frame.made] 必须且只能写一个")
        if self.made is not None and self.rows:
            raise ValueError("rows 用于户名册，[frame.made] 是村名单，删去 rows")
        if self.sums and not self.rows:
            raise ValueError("sums 用于户名册，还须写 rows = \"户数\"，各村的户数记在这一列")
        return self

    @property
    def kept(self) -> tuple[str, ...]:
        """Return the columns that the list keeps, with what is counted and summed of a register."""
        return (*self.columns, *([self.rows] if self.rows else []), *self.sums)


class Reserves(Section):
    """`[reserves]`: how many reserve households stand behind each quota, released in ticket order."""

    n: Sizes
    reasons: Texts = ("拒访", "多次入户无人", "已迁出")

    def size(self, stratum: str) -> int:
        """Return the number of reserves of one stratum."""
        return self.n.get(stratum, 0) if isinstance(self.n, dict) else self.n


# columns of rosters and of the table of drawn households, which no column of an institute's own may bear
OWN_WORDS = frozenset(
    {"village", "household", "stratum", "persons", "head", "id_number", "address", "cell", "N", "quota", "n", "chance", "prob", "role",
     "order"}
)  # fmt: skip


class Rosters(Section):
    """`[rosters]`: the columns of the household lists; `strata` maps a file's words to strata.

    `columns` are further columns that stages read: a village group, a focus group, the year of exit. `file` is the register of all
    villages, from which those of the drawn ones are taken where no rosters are handed in.
    """

    file: str = ""
    village: Word
    household: Word
    stratum: Word
    persons: Word
    head: str = ""
    id_number: str = ""
    address: str = ""
    columns: Texts = ()
    strata: dict[str, str] = {}

    @model_validator(mode="after")
    def _no_word_of_ours(self) -> Rosters:
        words = OWN_WORDS & set(self.columns)
        if words:
            raise ValueError(f"columns 中的 {'、'.join(sorted(words))} 与名册表、样本表的列名相同，在名册中给该列改名")
        return self


class Returns(Section):
    """`[returns]`: the columns of the returns and the words for outcomes.

    `empty_cell` says what happens to a village × stratum cell without any completed interview:
    ``fail``, or ``spread`` (its weight goes to the same stratum of the other drawn villages of the
    same first-stage stratum, then of the county). `team`, `start`, `end`, `latitude`, `longitude` and `callback` name paradata that
    may be absent; `callbacks` maps the words of a call back by telephone.
    """

    village: Word
    household: Word
    disposition: Word
    dispositions: dict[str, Outcome]
    persons: str = ""
    status: str = ""
    statuses: dict[str, Literal["clue", "suspected", "notified", "answering", "confirmed", "dismissed", "final"]] = {}
    interviewer: str = ""
    team: str = ""
    start: str = ""
    end: str = ""
    latitude: str = ""
    longitude: str = ""
    callback: str = ""
    callbacks: dict[str, Literal["confirmed", "denied", "unreached"]] = {}
    missing: Texts = ("", "—", "无")
    empty_cell: Literal["fail", "spread"] = "fail"


class Privacy(Section):
    """`[privacy]`: which personal columns are kept by name or replaced by tokens, and which counts a public edition withholds.

    Personal columns of the returns (names, numbers of persons, telephones, accounts, health, positions, addresses) are dropped
    unless `keep` names them; those in `tokens` are replaced under the key. Heads and numbers of the rosters are covered unless kept.
    """

    keep: Texts = ()
    tokens: Texts = ()
    small: int = Field(default=4, ge=1, le=100, strict=True)

    @model_validator(mode="after")
    def _one_of_two(self) -> Privacy:
        both = sorted(set(self.keep) & set(self.tokens))
        if both:
            raise ValueError(f"{'、'.join(both)} 既在 keep 又在 tokens，只写一处")
        return self
