"""evalkit: plan, draw, estimate and report third-party evaluations of poverty alleviation.

The public names, each found in the file that makes it; a file loads when one of its names is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalkit import acceptance as acceptance
    from evalkit import allocation as allocation
    from evalkit import calibration as calibration
    from evalkit import composites as composites
    from evalkit import exact as exact
    from evalkit import inclusion as inclusion
    from evalkit import inequality as inequality
    from evalkit import intervals as intervals
    from evalkit import nonresponse as nonresponse
    from evalkit import quantiles as quantiles
    from evalkit import ranking as ranking
    from evalkit import rates as rates
    from evalkit import reliability as reliability
    from evalkit import replication as replication
    from evalkit import scoring as scoring
    from evalkit import selection as selection
    from evalkit import sizing as sizing
    from evalkit import smallareas as smallareas
    from evalkit import suppression as suppression
    from evalkit import variances as variances
    from evalkit.areas import SmallAreas as SmallAreas
    from evalkit.areas import small_areas as small_areas
    from evalkit.casework import Cases as Cases
    from evalkit.casework import Procedure as Procedure
    from evalkit.casework import add_exhibit as add_exhibit
    from evalkit.casework import cases as cases
    from evalkit.casework import exhibits as exhibits
    from evalkit.casework import move_case as move_case
    from evalkit.casework import move_cases as move_cases
    from evalkit.casework import open_case as open_case
    from evalkit.casework import open_cases as open_cases
    from evalkit.casework import procedure as procedure
    from evalkit.casework import rule_exhibit as rule_exhibit
    from evalkit.casework import status_changes as status_changes
    from evalkit.casework import write_pack as write_pack
    from evalkit.casework import write_sheet as write_sheet
    from evalkit.ceremony import Ceremony as Ceremony
    from evalkit.certificate import Certificate as Certificate
    from evalkit.clues import ClueList as ClueList
    from evalkit.clues import read_clues as read_clues
    from evalkit.clues import write_clue_form as write_clue_form
    from evalkit.clustering import Clustering as Clustering
    from evalkit.clustering import icc as icc
    from evalkit.clustering import read_icc as read_icc
    from evalkit.codes import Directory as Directory
    from evalkit.combined import Incidence as Incidence
    from evalkit.combined import incidence as incidence
    from evalkit.delivery import Delivery as Delivery
    from evalkit.delivery import check_delivery as check_delivery
    from evalkit.delivery import write_delivery_form as write_delivery_form
    from evalkit.design import Design as Design
    from evalkit.design import read_design as read_design
    from evalkit.errors import EvalkitError as EvalkitError
    from evalkit.estimates import Estimate as Estimate
    from evalkit.estimates import col as col
    from evalkit.estimates import combine as combine
    from evalkit.estimates import correlation as correlation
    from evalkit.estimates import covariance as covariance
    from evalkit.estimates import disparity as disparity
    from evalkit.estimates import fgt as fgt
    from evalkit.estimates import gini as gini
    from evalkit.estimates import mean as mean
    from evalkit.estimates import proportion as proportion
    from evalkit.estimates import quantile as quantile
    from evalkit.estimates import ratio as ratio
    from evalkit.estimates import total as total
    from evalkit.estimates import variance as variance
    from evalkit.evaluation import Evaluation as Evaluation
    from evalkit.evaluation import begin as begin
    from evalkit.evaluation import run as run
    from evalkit.fieldwork import Assignment as Assignment
    from evalkit.fieldwork import assign as assign
    from evalkit.fieldwork import form_columns as form_columns
    from evalkit.fieldwork import read_rosters as read_rosters
    from evalkit.fieldwork import release_reserve as release_reserve
    from evalkit.fieldwork import replacements as replacements
    from evalkit.fieldwork import write_books as write_books
    from evalkit.fieldwork import write_days as write_days
    from evalkit.fieldwork import write_lists as write_lists
    from evalkit.fieldwork import write_xlsform as write_xlsform
    from evalkit.findings import Checklist as Checklist
    from evalkit.findings import Findings as Findings
    from evalkit.findings import checklist as checklist
    from evalkit.findings import determine as determine
    from evalkit.forms import Forms as Forms
    from evalkit.forms import read_forms as read_forms
    from evalkit.frame import Frame as Frame
    from evalkit.frame import Rule as Rule
    from evalkit.frame import read_frame as read_frame
    from evalkit.indicators import Scorecard as Scorecard
    from evalkit.indicators import Sensitivity as Sensitivity
    from evalkit.indicators import Tally as Tally
    from evalkit.indicators import exposure as exposure
    from evalkit.indicators import read_system as read_system
    from evalkit.indicators import score as score
    from evalkit.indicators import system_table as system_table
    from evalkit.indicators import tally as tally
    from evalkit.intake import Register as Register
    from evalkit.intake import Returned as Returned
    from evalkit.intake import read_registry as read_registry
    from evalkit.intake import read_returns as read_returns
    from evalkit.ledger import Ledger as Ledger
    from evalkit.leeway import Distance as Distance
    from evalkit.leeway import distance as distance
    from evalkit.mandatory import Coverage as Coverage
    from evalkit.mandatory import check_coverage as check_coverage
    from evalkit.mandatory import must_visit as must_visit
    from evalkit.mandatory import take_all as take_all
    from evalkit.mandatory import write_visit_forms as write_visit_forms
    from evalkit.models import Model as Model
    from evalkit.models import Test as Test
    from evalkit.models import crosstab as crosstab
    from evalkit.models import glm as glm
    from evalkit.models import independence as independence
    from evalkit.models import ordinal as ordinal
    from evalkit.models import ranktest as ranktest
    from evalkit.models import standardize as standardize
    from evalkit.models import ttest as ttest
    from evalkit.models import wald as wald
    from evalkit.plans import Plan as Plan
    from evalkit.plans import plan as plan
    from evalkit.privacy import Clues as Clues
    from evalkit.privacy import Key as Key
    from evalkit.privacy import Leaks as Leaks
    from evalkit.privacy import Shed as Shed
    from evalkit.privacy import read_key as read_key
    from evalkit.privacy import scan as scan
    from evalkit.privacy import shed as shed
    from evalkit.problems import Problem as Problem
    from evalkit.problems import Problems as Problems
    from evalkit.problems import case_problems as case_problems
    from evalkit.problems import charge_table as charge_table
    from evalkit.problems import check_statements as check_statements
    from evalkit.problems import close_problem as close_problem
    from evalkit.problems import due_day as due_day
    from evalkit.problems import follow_problems as follow_problems
    from evalkit.problems import form_problems as form_problems
    from evalkit.problems import list_problems as list_problems
    from evalkit.problems import note_problem as note_problem
    from evalkit.problems import note_problems as note_problems
    from evalkit.problems import procedure_problems as procedure_problems
    from evalkit.problems import read_taxonomy as read_taxonomy
    from evalkit.problems import record_problems as record_problems
    from evalkit.problems import sign_problem as sign_problem
    from evalkit.problems import stage_table as stage_table
    from evalkit.problems import write_problem_form as write_problem_form
    from evalkit.problems import write_problem_lists as write_problem_lists
    from evalkit.problems import write_register as write_register
    from evalkit.problems import write_step_form as write_step_form
    from evalkit.quality import Interviewers as Interviewers
    from evalkit.quality import LeftOut as LeftOut
    from evalkit.quality import Plausibility as Plausibility
    from evalkit.quality import Recheck as Recheck
    from evalkit.quality import Reinterview as Reinterview
    from evalkit.quality import agreement as agreement
    from evalkit.quality import interviewers as interviewers
    from evalkit.quality import leave_out as leave_out
    from evalkit.quality import plausibility as plausibility
    from evalkit.quality import recheck as recheck
    from evalkit.quality import registry_bias as registry_bias
    from evalkit.quality import reinterview as reinterview
    from evalkit.quality import two_phase as two_phase
    from evalkit.quality import without_reserves as without_reserves
    from evalkit.quality import worst_case as worst_case
    from evalkit.rates import measure as measure
    from evalkit.report import Proof as Proof
    from evalkit.report import proofread as proofread
    from evalkit.report import write_booklets as write_booklets
    from evalkit.report import write_plan as write_plan
    from evalkit.responses import Responses as Responses
    from evalkit.responses import collect as collect
    from evalkit.responses import nightly as nightly
    from evalkit.responses import write_nightly as write_nightly
    from evalkit.sample import Sample as Sample
    from evalkit.sample import draw as draw
    from evalkit.sample import draw_next as draw_next
    from evalkit.sample import overlap as overlap
    from evalkit.satisfaction import Priorities as Priorities
    from evalkit.satisfaction import QuotaSample as QuotaSample
    from evalkit.satisfaction import Scale as Scale
    from evalkit.satisfaction import alpha as alpha
    from evalkit.satisfaction import answers as answers
    from evalkit.satisfaction import composite as composite
    from evalkit.satisfaction import drivers as drivers
    from evalkit.satisfaction import field_composite as field_composite
    from evalkit.satisfaction import mode_effect as mode_effect
    from evalkit.satisfaction import nps as nps
    from evalkit.satisfaction import omega as omega
    from evalkit.satisfaction import prioritize as prioritize
    from evalkit.satisfaction import quota_sample as quota_sample
    from evalkit.satisfaction import scores as scores
    from evalkit.satisfaction import top_box as top_box
    from evalkit.satisfaction import top_box_table as top_box_table
    from evalkit.screening import Check as Check
    from evalkit.screening import Matching as Matching
    from evalkit.screening import Screening as Screening
    from evalkit.screening import match_sources as match_sources
    from evalkit.screening import screen as screen
    from evalkit.survey import PPS as PPS
    from evalkit.survey import Survey as Survey
    from evalkit.survey import balance as balance
    from evalkit.survey import join as join
    from evalkit.survey import representativity as representativity
    from evalkit.survey import weigh as weigh
    from evalkit.survey import weight_table as weight_table
    from evalkit.tasks import Duties as Duties
    from evalkit.tasks import Inspectors as Inspectors
    from evalkit.tasks import TaskList as TaskList
    from evalkit.tasks import check_duties as check_duties
    from evalkit.tasks import five_checks as five_checks
    from evalkit.tasks import inspector_points as inspector_points
    from evalkit.tasks import read_tasks as read_tasks
    from evalkit.tasks import revisit as revisit
    from evalkit.tasks import write_task_forms as write_task_forms
    from evalkit.tiers import Tiers as Tiers
    from evalkit.tiers import compare_tiers as compare_tiers
    from evalkit.tiers import write_tier_form as write_tier_form
    from evalkit.trials import Trials as Trials
    from evalkit.trials import cheapest as cheapest
    from evalkit.trials import plain_design as plain_design
    from evalkit.trials import simulate as simulate
    from evalkit.verdict import Decision as Decision
    from evalkit.verdict import Programme as Programme
    from evalkit.verdict import Verdict as Verdict
    from evalkit.verdict import accept as accept
    from evalkit.verdict import conclude as conclude
    from evalkit.verdict import judge as judge
    from evalkit.verdict import programme as programme
    from evalkit.verdict import violators as violators
    from evalkit.verification import Verification as Verification
    from evalkit.verification import verify as verify
    from evalkit.weights import Calibrate as Calibrate
    from evalkit.weights import Nonresponse as Nonresponse
    from evalkit.weights import PostStratify as PostStratify
    from evalkit.weights import Rake as Rake
    from evalkit.weights import Trim as Trim
    from evalkit.weights import response_rates as response_rates

__version__ = "0.1.0"

_FILES = {
    "areas": ("SmallAreas", "small_areas"),
    "casework": (
        "Cases", "Procedure", "add_exhibit", "cases", "exhibits", "move_case", "move_cases", "open_case", "open_cases", "procedure",
        "rule_exhibit", "status_changes", "write_pack", "write_sheet",
    ),
    "ceremony": ("Ceremony",),
    "certificate": ("Certificate",),
    "clues": ("ClueList", "read_clues", "write_clue_form"),
    "clustering": ("Clustering", "icc", "read_icc"),
    "codes": ("Directory",),
    "combined": ("Incidence", "incidence"),
    "delivery": ("Delivery", "check_delivery", "write_delivery_form"),
    "design": ("Design", "read_design"),
    "errors": ("EvalkitError",),
    "estimates": (
        "Estimate", "col", "combine", "correlation", "covariance", "disparity", "fgt", "gini", "mean", "proportion", "quantile", "ratio",
        "total", "variance",
    ),
    "evaluation": ("Evaluation", "begin", "run"),
    "fieldwork": (
        "Assignment", "assign", "form_columns", "read_rosters", "release_reserve", "replacements", "write_books", "write_days",
        "write_lists", "write_xlsform",
    ),
    "findings": ("Checklist", "Findings", "checklist", "determine"),
    "forms": ("Forms", "read_forms"),
    "frame": ("Frame", "Rule", "read_frame"),
    "indicators": ("Scorecard", "Sensitivity", "Tally", "exposure", "read_system", "score", "system_table", "tally"),
    "intake": ("Register", "Returned", "read_registry", "read_returns"),
    "ledger": ("Ledger",),
    "leeway": ("Distance", "distance"),
    "mandatory": ("Coverage", "check_coverage", "must_visit", "take_all", "write_visit_forms"),
    "models": ("Model", "Test", "crosstab", "glm", "independence", "ordinal", "ranktest", "standardize", "ttest", "wald"),
    "plans": ("Plan", "plan"),
    "privacy": ("Clues", "Key", "Leaks", "Shed", "read_key", "scan", "shed"),
    "problems": (
        "Problem", "Problems", "case_problems", "charge_table", "check_statements", "close_problem", "due_day", "follow_problems",
        "form_problems", "list_problems", "note_problem", "note_problems", "procedure_problems", "read_taxonomy", "record_problems",
        "sign_problem", "stage_table", "write_problem_form", "write_problem_lists", "write_register", "write_step_form",
    ),
    "quality": (
        "Interviewers", "LeftOut", "Plausibility", "Recheck", "Reinterview", "agreement", "interviewers", "leave_out",
        "plausibility", "recheck", "registry_bias", "reinterview", "two_phase", "without_reserves", "worst_case",
    ),
    "rates": ("measure",),
    "report": ("Proof", "proofread", "write_booklets", "write_plan"),
    "responses": ("Responses", "collect", "nightly", "write_nightly"),
    "sample": ("Sample", "draw", "draw_next", "overlap"),
    "satisfaction": (
        "Priorities", "QuotaSample", "Scale", "alpha", "answers", "composite", "drivers", "field_composite", "mode_effect", "nps", "omega",
        "prioritize", "quota_sample", "scores", "top_box", "top_box_table",
    ),
    "screening": ("Check", "Matching", "Screening", "match_sources", "screen"),
    "survey": ("PPS", "Survey", "balance", "join", "representativity", "weigh", "weight_table"),
    "tasks": (
        "Duties",
        "Inspectors",
        "TaskList",
        "check_duties",
        "five_checks",
        "inspector_points",
        "read_tasks",
        "revisit",
        "write_task_forms",
    ),
    "tiers": ("Tiers", "compare_tiers", "write_tier_form"),
    "trials": ("Trials", "cheapest", "plain_design", "simulate"),
    "verdict": ("Decision", "Programme", "Verdict", "accept", "conclude", "judge", "programme", "violators"),
    "verification": ("Verification", "verify"),
    "weights": ("Calibrate", "Nonresponse", "PostStratify", "Rake", "Trim", "response_rates"),
}
_SPRINGS = (
    "acceptance", "allocation", "calibration", "composites", "exact", "inclusion", "inequality", "intervals", "nonresponse", "quantiles",
    "ranking", "rates", "reliability", "replication", "scoring", "selection", "sizing", "smallareas", "suppression", "variances",
)  # fmt: skip
_HOME = {name: file for file, names in _FILES.items() for name in names}

__all__ = [*_HOME, *_SPRINGS]


def __getattr__(name: str) -> Any:
    if name in _SPRINGS:
        return importlib.import_module(f"evalkit.{name}")
    if name in _HOME:
        return getattr(importlib.import_module(f"evalkit.{_HOME[name]}"), name)
    raise AttributeError(f"evalkit has no public name {name!r}; dir(evalkit) lists them")


def __dir__() -> list[str]:
    return sorted(__all__)
