"""The Design: all sections together, the checks that cross them, and the hashes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from evalkit import tickets
from evalkit.design.agreement import Disagreement, disagreements
from evalkit.design.checking import CheckRule
from evalkit.design.criteria import CaseRules, Criteria
from evalkit.design.fielding import Teams
from evalkit.design.inspecting import Quality
from evalkit.design.judgement import Gate, Rate, Report, Specimen
from evalkit.design.linking import LinkedForm
from evalkit.design.planning import Planning, Published
from evalkit.design.programme import ProgrammeSection
from evalkit.design.rectifying import ProblemRules
from evalkit.design.scoring import System
from evalkit.design.sections import Evaluation, FrameSection, Privacy, Reserves, Returns, Rosters, Section
from evalkit.design.stages import Stage
from evalkit.design.staging import list_of
from evalkit.design.standards import Bundle
from evalkit.design.weighting import WeightingStep
from evalkit.screening import Check
from evalkit.showing import Rows, Shown

UNHASHED = {"frame": {"file", "sheet", "place", "source", "note", "outside"}}


class Design(Section, Shown):
    """One evaluation, declared.

    Attributes are the sections of the file. `stages`, `rates` and `gates` are tuples. The design hash
    covers what decides a draw (`[frame]` but its file and notes, `[[stage]]`, `[reserves]`); mappings,
    dates and report settings may change after it.

    Examples
    --------
    >>> import evalkit as ev
    >>> design = ev.read_design("designs/biyang_2018.toml")
    >>> [stage.name for stage in design.stages]
    ['village', 'household']
    >>> len(design.hash)
    64
    """

    format: Literal[1]
    evaluation: Evaluation
    frame: FrameSection
    stages: tuple[Stage, ...] = Field(alias="stage", min_length=1)
    reserves: Reserves | None = None
    rosters: Rosters | None = None
    returns: Returns | None = None
    privacy: Privacy = Privacy()
    teams: Teams | None = None
    criteria: Criteria | None = None
    cases: CaseRules = CaseRules()
    quality: Quality | None = None
    weighting: tuple[WeightingStep, ...] = ()
    rates: tuple[Rate, ...] = Field(alias="rate", default=())
    bundle: Bundle | None = None
    gates: tuple[Gate, ...] = Field(alias="gate", default=())
    checks: tuple[CheckRule, ...] = Field(alias="check", default=())
    forms: tuple[LinkedForm, ...] = Field(alias="form", default=())
    indicators: System | None = None
    problems: ProblemRules | None = None
    planning: Planning | None = None
    published: tuple[Published, ...] = ()
    programme: ProgrammeSection | None = None
    report: Report
    specimen: Specimen | None = None
    path: Path = Field(default=Path("design.toml"), exclude=True)

    @model_validator(mode="after")
    def _sections_agree(self) -> Design:
        faults = disagreements(self.model_dump(by_alias=True, exclude_unset=True))
        if faults:
            raise Disagreement(faults)
        return self

    @property
    def simulated(self) -> bool:
        """Whether the list, the registry or the returns are made up, so that every output must say so."""
        return self.specimen is not None or self.frame.made is not None

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of everything that decides a draw."""
        return tickets.seal(self.plan())

    def canonical(self) -> str:
        """Return the canonical JSON of everything that decides a draw."""
        return tickets.canonical(self.plan())

    def plan(self) -> dict[str, Any]:
        """Return everything that decides a draw as plain data, as it stands in a certificate; a key left out has its default."""
        whole = self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True, exclude=UNHASHED)
        return {part: whole[part] for part in ("frame", "stage", "reserves") if part in whole}

    def section_hashes(self) -> dict[str, str]:
        """Return the SHA-256 of each section, so that a later change shows where it was made."""
        whole = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return {name: tickets.seal(part) for name, part in sorted(whole.items())}

    @property
    def frame_stages(self) -> tuple[Stage, ...]:
        """Return the stages that are drawn from the frame; the units of the last are called villages here."""
        return tuple(stage for place, stage in enumerate(self.stages, 1) if list_of(place, stage.origin) == "frame")

    @property
    def roster_stages(self) -> tuple[Stage, ...]:
        """Return the stages that are drawn from the rosters of villages; the units of the last are households."""
        return self.stages[len(self.frame_stages) :]

    def stage(self, name: str) -> Stage | None:
        """Return the stage of that name, or None."""
        return next((stage for stage in self.stages if stage.name == name), None)

    def rate(self, name: str) -> Rate | None:
        """Return the rate of that name, or None."""
        return next((rate for rate in self.rates if rate.name == name), None)

    def form(self, name: str) -> LinkedForm | None:
        """Return the linked form of that name, or None."""
        return next((form for form in self.forms if form.name == name), None)

    def checks_on(self, table: str) -> tuple[Check, ...]:
        """Return the checks of one table: ``frame``, ``rosters``, ``returns``, or the name of a form."""
        return tuple(rule.check() for rule in self.checks if rule.on == table)

    def resolve(self, file: str) -> Path:
        """Return a file named in the design, looked for beside the design file."""
        return self.path.parent / file

    def _rows_shown(self) -> Rows:
        stages = [(stage.name, stage.method, "、".join(stage.strata)) for stage in self.stages]
        return Rows(("阶段", "抽法", "分层"), stages, 3)

    def __repr__(self) -> str:
        stages = " → ".join(f"{stage.name}({stage.method})" for stage in self.stages)
        return f"Design {self.evaluation.title}：{stages}，{len(self.rates)} 个指标，{len(self.gates)} 道门槛，设计指纹 {self.hash[:12]}"

    __str__ = __repr__
