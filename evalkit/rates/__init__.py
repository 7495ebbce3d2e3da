"""The statutory rates: measured on a survey, named and bundled as rules and eras name them, and held against published figures."""

from evalkit.rates.causes import CAUSES_RULE as CAUSES_RULE
from evalkit.rates.causes import by_cause as by_cause
from evalkit.rates.measuring import assumed as assumed
from evalkit.rates.measuring import breakdown as breakdown
from evalkit.rates.measuring import event_households as event_households
from evalkit.rates.measuring import measure as measure
from evalkit.rates.measuring import registry_totals as registry_totals
from evalkit.rates.nouns import Measure as Measure
from evalkit.rates.nouns import Rate as Rate
from evalkit.rates.published import Consistent as Consistent
from evalkit.rates.published import consistent as consistent
