"""The pictures of an Estimate and of a Survey by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from evalkit.charts.forests import estimate_plot
from evalkit.charts.maps import map_plot
from evalkit.charts.pipes import organ_pipe_plot
from evalkit.charts.spreads import steps_plot, survey_plot
from evalkit.charts.tiles import tiles_plot
from evalkit.charts.worms import inchworm_plot
from evalkit.errors import ReportError, one_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evalkit.estimates import Estimate
    from evalkit.survey import Survey

PICTURES: Mapping[str, Callable[..., Any]] = {
    "rows": estimate_plot, "villages": organ_pipe_plot, "inchworms": inchworm_plot, "tiles": tiles_plot, "map": map_plot,
}  # fmt: skip
WEIGHTS: Mapping[str, Callable[..., Any]] = {"weights": survey_plot, "steps": steps_plot}


def picture(estimate: Estimate, kind: str = "rows", **options: Any) -> Axes:
    """Draw an Estimate: "rows" as `estimate_plot` does, "villages" as `organ_pipe_plot`, "inchworms" as `inchworm_plot`, "tiles" as
    `tiles_plot`, "map" as `map_plot`.

    Raises
    ------
    ReportError
        For an unknown kind.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"village": [1, 1, 2, 2], "y": [1, 0, 0, 0]}), clusters="village")
    >>> picture(ev.proportion(survey, "y"), "villages").get_label()
    'y：2村4户中1户，估计25.00%，1个村有；最多的是第1村（1/2）。'
    """
    drawn: Axes = one_of("kind", kind, PICTURES, ReportError, "图")(estimate, **options)
    return drawn


def weight_picture(survey: Survey, kind: str = "weights", **options: Any) -> Axes:
    """Draw the weights of a Survey: "weights" as `survey_plot` does, "steps" as `steps_plot`.

    Raises
    ------
    ReportError
        For an unknown kind.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> weight_picture(ev.Survey.from_data(pd.DataFrame({"y": [1, 0], "w": [10.0, 30]}), weights="w"), "steps").get_label()
    '调整前：10～30，合计 40，权数设计效应 1.25。'
    """
    drawn: Axes = one_of("kind", kind, WEIGHTS, ReportError, "图")(survey, **options)
    return drawn
