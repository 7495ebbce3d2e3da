"""Charts: results as pictures, told apart without colour, the same bytes every time."""

from evalkit.charts.areas import areas_plot
from evalkit.charts.causes import causes_plot
from evalkit.charts.chart import Chart
from evalkit.charts.checks import interviewer_plot, plausibility_plot
from evalkit.charts.comparisons import balance_plot, test_plot
from evalkit.charts.curves import oc_plot, trials_plot
from evalkit.charts.draws import drawn_plot, strips_of
from evalkit.charts.flows import flow_plot
from evalkit.charts.forests import estimate_plot, model_plot, verdict_plot
from evalkit.charts.glyphs import absent_told, drawable
from evalkit.charts.heats import heat_plot
from evalkit.charts.maps import map_plot
from evalkit.charts.opinions import answers_plot, priorities_plot
from evalkit.charts.pictures import PICTURES, WEIGHTS, picture, weight_picture
from evalkit.charts.pipes import organ_pipe_plot
from evalkit.charts.progress import OUTCOMES, Kinds, progress_plot, responses_plot
from evalkit.charts.results import (
    KINDS,
    MOST_ROWS,
    draw_all,
    gate_chart,
    place_chart,
    response_chart,
    sample_chart,
    satisfaction_chart,
)
from evalkit.charts.scorecards import scorecard_plot
from evalkit.charts.spreads import steps_plot, survey_plot
from evalkit.charts.standings import ranks_plot
from evalkit.charts.style import (
    AMBER,
    BLUE,
    FAMILY,
    FONTS,
    GREY,
    INK,
    MARK,
    ORANGE,
    STEPS,
    STYLE,
    WIDTH,
    know_fonts,
    missing_characters,
)
from evalkit.charts.tiles import tiles_plot
from evalkit.charts.worms import inchworm_plot

__all__ = [
    "absent_told", "drawable",
    "AMBER", "BLUE", "FAMILY", "FONTS", "GREY", "INK", "KINDS", "MARK", "MOST_ROWS", "ORANGE", "OUTCOMES", "PICTURES", "STEPS", "STYLE",
    "WIDTH", "Chart", "Kinds", "areas_plot", "balance_plot", "draw_all", "estimate_plot", "gate_chart", "heat_plot", "inchworm_plot",
    "interviewer_plot", "know_fonts", "missing_characters", "model_plot", "oc_plot", "organ_pipe_plot", "picture", "place_chart",
    "plausibility_plot", "response_chart", "sample_chart", "satisfaction_chart", "survey_plot", "test_plot", "trials_plot",
    "verdict_plot",
    "answers_plot", "causes_plot", "flow_plot", "map_plot", "priorities_plot", "ranks_plot", "scorecard_plot",
    "WEIGHTS", "drawn_plot", "strips_of", "progress_plot", "responses_plot", "steps_plot", "tiles_plot", "weight_picture",
]  # fmt: skip
