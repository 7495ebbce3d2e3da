"""The acceptance rules of a design, applied to the survey that came back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from evalkit.acceptance import Double
from evalkit.design.accepting import rule_of
from evalkit.design.judgement import DERIVED
from evalkit.rates import event_households
from evalkit.verdict import Decision, accept

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.design.judgement import Gate
    from evalkit.survey import Survey


def decisions(design: Design, survey: Survey) -> dict[str, Any]:
    """Return what the rules of all gates say, as the fact ``acceptance`` of the results; nothing where no gate states one.

    Parameters
    ----------
    design : Design
    survey : Survey
    """
    made = [_told(gate, decide(gate, design, survey)) for gate in design.gates if gate.acceptance is not None]
    return {"acceptance": made} if made else {}


def decide(gate: Gate, design: Design, survey: Survey) -> Decision:
    """Return what the rule of one gate says of the confirmed events; with more villages than its first phase has, of both phases."""
    declared, rule = design.rate(gate.rate), rule_of(gate)
    assert declared is not None and not isinstance(declared, DERIVED)  # refused with the design
    found, takes, deff_w = event_households(survey, declared)
    phase: Literal[1, 2] = 2 if isinstance(rule, Double) and len(takes) > rule.first.villages else 1
    return accept(found, rule, takes=list(takes.values()), phase=phase, deff_w=max(1.0, deff_w), name=gate.rate)


def _told(gate: Gate, decision: Decision) -> dict[str, Any]:
    return {
        "rate": gate.rate, "found": decision.found, "at_most": decision.rule.at_most, "says": decision.says, "sound": decision.sound,
        "villages": decision.villages, "households": decision.households, "deff_w": decision.deff_w, "risks": dict(decision.risks),
        "sentence": decision.sentence("zh"), "sentence_technical": decision.sentence("zh", register="technical"),
    }  # fmt: skip
