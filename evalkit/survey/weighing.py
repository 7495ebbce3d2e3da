"""From what came back to a Survey; and the steps that adjust its weights."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evalkit.errors import SurveyError
from evalkit.lists import as_list
from evalkit.survey import reading
from evalkit.survey.surveys import Survey
from evalkit.survey.unequal import PPS
from evalkit.weights import Nonresponse, Trim, base_weights, declared, levels, released_weights

if TYPE_CHECKING:
    from evalkit.findings import Findings
    from evalkit.responses import Responses
    from evalkit.weights import Applied, Step


def weigh(given: Survey | Responses | Findings, *steps: Step) -> Survey:
    """Give every completed interview its weight, and the design that it was drawn by; then adjust the weights, step by step.

    Parameters
    ----------
    given : Responses, Findings or Survey
        What came back; or a survey whose weights are to be adjusted.
    *steps : Nonresponse, PostStratify, Rake, Calibrate or Trim
        Taken in order, and again on every replicate. Without any, returns take the steps of the design's ``[[weighting]]``.

    Returns
    -------
    Survey
        The steps it was adjusted by are `Survey.steps`; variances are those of the adjusted weights. From returns without a
        `Nonresponse` step only completed interviews stay, and each village × cell shares the weight of its household lists out
        to them; with one, all households that were visited stay, with the weight by design, and the step says who takes over.

        All stages of the draw, with finite population corrections where a stage was drawn with equal chances: villages in
        their strata, households in the strata of their village. A first stage drawn by size, or of random size, has the variance
        that its chances give (Hájek's, Poisson's); later stages drawn by size, and samples along an ordered list or spread over
        a map, count as drawn with replacement, which overstates their variance. Villages that were certain form strata of their
        own, taken whole: their first-stage variance is 0. The table gains ``design_weight`` (1 / inclusion probability by
        design) and ``base_weight`` (the same, shared out to those completed in each village × cell).

    Raises
    ------
    SurveyError
        A step that cannot be taken, with its name; trimming after a calibration that no later step restores.
        A village × cell without a completed interview when the design's ``returns.empty_cell`` is ``fail``, naming the
        cells; nothing was completed; or the places were chosen on purpose.

    Examples
    --------
    >>> import numpy as np, pandas as pd, evalkit as ev
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
    if isinstance(given, Survey):
        survey = given
        reading.refuse_brought(survey)
    else:
        steps = steps or declared(given.design)
        survey = _returned(given, any(isinstance(step, Nonresponse) for step in steps))
    _in_order(survey, steps)
    for step in steps:
        survey = _after(survey, step.take(survey))
    return survey


def released(returned: Responses | Findings) -> Survey:
    """Return the survey of all households that were visited, answered or not, with their weights by design.

    For what is known of everybody (the registry), and for how far those without an answer could move a rate.
    """
    return _returned(returned, everyone=True)


def _returned(returned: Responses | Findings, everyone: bool) -> Survey:
    """Return the survey of what came back: of the completed interviews, or of all households that were visited."""
    design = returned.design
    if not returned.sample.inference:
        raise SurveyError("典型选点｜所选单位不代表其他单位，不作推断｜只列所选单位的计数；要推断的，改用随机抽样的设计")
    policy = design.returns.empty_cell if design.returns is not None else "fail"
    notes: tuple[str, ...] = ()
    if everyone:
        table, weights = released_weights(returned.table()), "design_weight"
    else:
        table, notes = base_weights(returned.table(), policy, returned.sample.table("household"))
        weights = "base_weight"
    table, drawn_by, rule = levels(table, design)
    survey = Survey.from_data(
        table,
        weights=weights,
        strata=[stratum for stratum, _, _ in drawn_by],
        clusters=[unit for _, unit, _ in drawn_by],
        fpc=[size for _, _, size in drawn_by],
        pps=PPS(rule) if rule else None,
        singleton=design.evaluation.singleton,
        stages=design.evaluation.stages,
    )
    return replace(survey, notes=(*notes, *survey.notes), design=design)


def _after(survey: Survey, taken: Applied) -> Survey:
    """Return the survey with the weights of a step."""
    steps = (*survey.steps, taken)
    made = None if survey.replicated is None else replace(survey.replicated, steps=(*survey.replicated.steps, taken))
    return replace(survey, weights=taken.after, steps=steps, replicated=made, notes=(*survey.notes, taken.note()), _known={})


def _in_order(survey: Survey, steps: tuple[Step, ...]) -> None:
    """Refuse a trimming that undoes a calibration which no later step restores."""
    for at, step in enumerate(steps):
        if isinstance(step, type) or not (hasattr(step, "take") and hasattr(step, "calibrates")):
            name = step.__name__ if isinstance(step, type) else type(step).__name__
            raise SurveyError(f"{name}｜不是权数调整的步骤｜可用：Nonresponse、PostStratify、Rake、Calibrate、Trim")
        before = [_asked(each) for each in survey.steps] + list(steps[:at])
        undone = [each for each in before if each.calibrates and not _kept(each, step)]
        if isinstance(step, Trim) and undone and not step.undo and not any(each.calibrates for each in steps[at + 1 :]):
            rule = "截尾在校准之后，校准到的总数不再成立"
            raise SurveyError(f"{undone[-1]} → {step}｜{rule}｜先 Trim 再校准；或之后再校准一次；或 keep= 同样的分层；确要如此写 undo=True")


def _asked(taken: Any) -> Any:
    """Return the step that was taken, also where waves were put together since."""
    while hasattr(taken, "step"):
        taken = taken.step
    return taken


def _kept(calibrated: Any, trim: Any) -> bool:
    """Whether trimming within classes keeps the totals of a post-stratification."""
    columns = [as_list(each) for each in (getattr(calibrated, "by", ()), getattr(trim, "keep", ()))]
    return bool(columns[0]) and columns[0] == columns[1]
