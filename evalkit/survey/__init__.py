"""Survey: a table of answers with weights and the design that gave them."""

from evalkit.survey.diagnosing import Representativity, balance, representativity, weight_table
from evalkit.survey.reading import refuse_brought, rows_behind
from evalkit.survey.remote import RemoteSurvey
from evalkit.survey.surveys import Survey
from evalkit.survey.unequal import PPS
from evalkit.survey.waves import join
from evalkit.survey.weighing import released, weigh

__all__ = [
    "PPS", "RemoteSurvey", "Representativity", "Survey", "balance", "join", "refuse_brought", "released", "representativity", "rows_behind",
    "weigh", "weight_table",
]  # fmt: skip
