"""From what came back to a Survey; and the steps that adjust its weights."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evalkit.errors import SurveyError
from evalkit.survey.surveys import Survey
from evalkit.weights import base_weights, levels

if TYPE_CHECKING:
    from evalkit.findings import Findings
    from evalkit.responses import Responses
    from evalkit.weights import Step


def weigh(returned: Responses | Findings) -> Survey:
    """Give every completed interview its weight, and the design that it was drawn by.

    Parameters
    ----------
    returned : Responses or Findings
        What came back; only completed interviews stay.

    Returns
    -------
    Survey
        All stages of the draw, with finite population corrections where a stage was drawn with equal chances: villages in
        their strata, households in the strata of their village. A stage drawn by size counts as drawn with replacement, which
        overstates its variance. Villages that were certain form strata of their own, taken whole: their first-stage variance
        is 0. The table gains ``design_weight`` (1 / inclusion probability by design) and ``base_weight`` (the same, shared out
        to those completed in each village × cell).

    Raises
    ------
    SurveyError
        A village × cell without a completed interview when the design's ``returns.empty_cell`` is ``fail``, naming the
        cells; nothing was completed; or the places were chosen on purpose.

    Examples
    --------
    >>> import evalkit as ev
    >>> from evalkit.synthetic import registry, returns
    >>> design = ev.read_design("designs/biyang_2018.toml")
    >>> table = pd.DataFrame({"village_code": ["411726001001", "411726001002", "411726001003"], "township_code": "411726001"})
    >>> frame, made = ev.Frame.from_data(table, id="village_code", columns=["township_code"]), registry(table, design)
    >>> sample = ev.draw(frame, design, seed="31415926535897932384")
    >>> sample = ev.draw_next(sample, ev.read_rosters(pd.concat(made.rosters(sample.villages).values()), design))
    >>> survey = weigh(ev.collect(sample, returns(sample, made.households(sample.villages), design)))
    >>> listed = made.villages().set_index("village_code").loc[list(sample.villages), "户数"].sum()
    >>> bool(np.isclose(survey.weights.sum(), listed * 3 / 2))
    True
    """
    design = returned.design
    if not returned.sample.inference:
        raise SurveyError("典型选点｜所选单位不代表其他单位，不作推断｜只列所选单位的计数；要推断的，改用随机抽样的设计")
    policy = design.returns.empty_cell if design.returns is not None else "fail"
    table, notes = base_weights(returned.table(), policy, returned.sample.table("household"))
    table, drawn_by = levels(table, design)
    survey = Survey.from_data(
        table,
        weights="base_weight",
        strata=[stratum for stratum, _, _ in drawn_by],
        clusters=[unit for _, unit, _ in drawn_by],
        fpc=[size for _, _, size in drawn_by],
        singleton=design.evaluation.singleton,
    )
    return replace(survey, notes=(*notes, *survey.notes), design=design)
