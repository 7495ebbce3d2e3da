"""How many: margins, bounds, power, cluster take, cost and response, from plain numbers.

Sizes of units come back before rounding (`round_up`); numbers of villages come back whole, complete and issued interviews apart.
"""

from evalkit.sizing.attrition import Issue, issue
from evalkit.sizing.changes import ChangePlan, Overlap, village_variance, villages_for_change
from evalkit.sizing.clusters import ThreeStage, TwoStage, best_take, three_stage, three_stage_cv, two_stage, two_stage_cv
from evalkit.sizing.components import (
    Analysis,
    Components,
    NestedComponents,
    sums_of_squares,
    three_stage_components,
    two_stage_components,
)
from evalkit.sizing.demands import round_up
from evalkit.sizing.fielddays import Costs, TeamDays, team_days
from evalkit.sizing.gates import ExactPlan, exact_for_gate, for_bound
from evalkit.sizing.margins import (
    Precision,
    for_mean,
    for_proportion,
    for_total,
    precision,
    precision_of_proportion,
    smallest_proportion,
)
from evalkit.sizing.phases import DoublePlan, FollowUp, double_sample, follow_up
from evalkit.sizing.powers import (
    change_variance,
    for_distance,
    for_gate,
    for_two_means,
    for_two_proportions,
    power_at,
    power_of_two_means,
)
from evalkit.sizing.settings import Setting
from evalkit.sizing.strata import CertaintyCut, certainty_cut, for_pps, for_strata, pps_variance
from evalkit.sizing.takes import TakePlan, compare_takes
from evalkit.sizing.unions import UnionGroup, UnionLayout, UnionSamples, union_samples
from evalkit.sizing.villages import VillagePlan, proof_chance, villages_for_bound, villages_for_margin, villages_for_power

__all__ = [
    "Analysis", "CertaintyCut", "ChangePlan", "Components", "Costs", "DoublePlan", "ExactPlan", "FollowUp", "Issue", "NestedComponents",
    "Overlap", "Precision", "Setting", "TakePlan", "TeamDays", "ThreeStage", "TwoStage", "UnionGroup", "UnionLayout", "UnionSamples",
    "VillagePlan", "best_take", "certainty_cut", "change_variance", "compare_takes", "double_sample", "exact_for_gate", "follow_up",
    "for_bound", "for_distance", "for_gate", "for_mean", "for_pps", "for_proportion", "for_strata", "for_total", "for_two_means",
    "for_two_proportions", "issue", "power_at", "power_of_two_means", "pps_variance", "precision", "precision_of_proportion",
    "proof_chance", "round_up", "smallest_proportion", "sums_of_squares", "team_days", "three_stage", "three_stage_components",
    "three_stage_cv", "two_stage", "two_stage_components", "two_stage_cv", "union_samples", "village_variance", "villages_for_bound",
    "villages_for_change", "villages_for_margin", "villages_for_power",
]
