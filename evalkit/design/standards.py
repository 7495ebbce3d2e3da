"""What rules and eras call things: published thresholds, bundles of rates, and the words of each era, all data with sources."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from pydantic import model_validator

from evalkit.design.sections import Section, Texts, Word
from evalkit.design.staging import Data, entries, texts
from evalkit.errors import Fault

if TYPE_CHECKING:
    from evalkit.design.declarations import Design

FILE = Path(__file__).parent / "standards.toml"
Era = Literal["", "2016-2020", "2021-2025", "2026-"]


class Bundle(Section):
    """`[bundle]`: rates that are spoken of together, as 三率一度.

    `set` names a published bundle, whose members must be among the design's rates; `rates` says which rate stands for a member that
    bears another name. `also` are further members; a bundle without a set is made of these, with its own `source`.
    """

    name: str = ""
    set: str = ""
    rates: dict[str, Word] = {}
    also: Texts = ()
    source: str = ""

    @model_validator(mode="after")
    def _known(self) -> Bundle:
        if not self.set and not (self.name and self.also and self.source):
            raise ValueError("没有写 set（公布的组合）时，name、also、source 都要写")
        if self.set and self.set not in bundles():
            raise ValueError(f"没有这个组合：{self.set}；可用：{'、'.join(bundles())}")
        strange = sorted(set(self.rates) - set(self.listed.get("members", ())))
        if strange:
            raise ValueError(f"rates 中的 {'、'.join(strange)} 不是 {self.set} 的指标")
        if len(self.also) < self.listed.get("open", 0):
            raise ValueError(f"{self.set} 还有 {self.listed['open']} 个指标没有公布｜在 also 中写本次采用的指标")
        return self

    @property
    def listed(self) -> Mapping[str, Any]:
        """What is published of its set; empty where it is the design's own."""
        found: Mapping[str, Any] = bundles().get(self.set, {})
        return found

    @property
    def title(self) -> str:
        """The name it is printed under."""
        return self.name or str(self.listed["name"])

    def members(self, era: str = "") -> tuple[tuple[str, str], ...]:
        """Return (member, name of the rate that stands for it), as the era calls it where nothing else is said."""
        spoken = words_of(era)["rates"]
        published = ((name, self.rates.get(name, spoken.get(name, name))) for name in self.listed.get("members", ()))
        return (*published, *((name, name) for name in self.also))

    def sentence(self, era: str = "") -> str:
        """Return its members and source in words."""
        named = "、".join(rate for _, rate in self.members(era))
        beside = "".join(f"；另以{item}，由抽样以外的资料判定" for item in self.listed.get("beside", ()))
        return f"“{self.title}”指{named}{beside}（{self.source or self.listed['source']}）。"


@cache
def published() -> Mapping[str, Any]:
    """Return the published standards, as the file has them."""
    return MappingProxyType(tomllib.loads(FILE.read_text(encoding="utf-8")))


def bundles() -> dict[str, Any]:
    """Return the published bundles, by set."""
    return {each["set"]: each for each in published()["bundle"]}


def words_of(era: str) -> dict[str, dict[str, str]]:
    """Return the era's words for ``findings`` (by code) and ``rates`` (by their names of 2016–2020); empty where they are those.

    Examples
    --------
    >>> words_of("2021-2025")["findings"]["missed"], words_of("")["findings"]
    ('应纳未纳', {})
    """
    known = published()["era"].get(era, {})
    return {part: dict(known.get(part, {})) for part in ("findings", "rates")}


def finding_words(design: Design) -> dict[str, str]:
    """Return what each finding is called, by code, where it is not called by its words of 2016–2020: by the era, then by the criteria."""
    own = {str(code): name for code, name in design.criteria.names.items()} if design.criteria else {}
    return {**words_of(design.evaluation.era)["findings"], **own}


def threshold_of(rate: str, written: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a published threshold that is named by its `standard`, and by `indicator` where the rate bears another name.

    Raises
    ------
    ValueError
        When there is no such standard, or none for this rate.
    """
    asked = str(written.get("standard", "")), str(written.get("indicator", rate))
    rows = published()["threshold"]
    found = [row for row in rows if (row["standard"], row["indicator"]) == asked]
    if set(written) - {"standard", "indicator"} or not found:
        listed = "、".join(f"{row['standard']}（{row['indicator']}）" for row in rows)
        raise ValueError(f"没有“{asked[0]}”对{asked[1]}的门槛；可用：{listed}；指标另有名字的，写 indicator；也可直接写数值")
    return dict(found[0])


def bundle_faults(data: Data) -> Iterator[Fault]:
    """Yield the members of a bundle that the design does not measure, or measures as something else."""
    section, evaluation = data.get("bundle"), data.get("evaluation")
    if not isinstance(section, Mapping):
        return
    era = str(evaluation.get("era", "")) if isinstance(evaluation, Mapping) else ""
    rates = {rate["name"]: (i, rate) for i, rate in reversed(list(entries(data, "rate"))) if isinstance(rate.get("name"), str)}
    bundle = Bundle.model_construct(**{**section, "also": tuple(texts(section.get("also")))})
    for member, name in bundle.members(era):
        wanted, (i, rate) = published()["member"].get(member, {}), rates.get(name, (0, None))
        if rate is None:
            remedy = f"写名为 {name} 的 [[rate]]；另有名字的，写 rates = {{ \"{member}\" = \"指标名\" }}"
            yield Fault(None, "rate", member, "[bundle] 组合的这个指标没有声明", remedy)
        elif any(rate.get(key) != value for key, value in wanted.items()):
            said = "、".join(f"{key} = \"{value}\"" for key, value in wanted.items())
            yield Fault(None, f"rate[{i}]", name, f"算法与 [bundle] 组合中的 {member} 不合", f"这个指标应为 {said}")
