"""Who did not answer: whether respondents resemble the sample on the registry, what replacements change, how far silence could go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.design.judgement import DERIVED
from evalkit.errors import EstimateError
from evalkit.estimates import mean, proportion
from evalkit.given import takes
from evalkit.lists import as_list
from evalkit.quality.rejudging import Again
from evalkit.satisfaction import approval
from evalkit.survey import released
from evalkit.verdict import satisfies

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.design.judgement import ApprovalRate, FindingRate, Gate, PrevalenceRate
    from evalkit.estimates import Estimate
    from evalkit.findings import Findings
    from evalkit.frame import Frame
    from evalkit.responses import Responses
    from evalkit.survey import Survey

    Floats = NDArray[np.float64]

ASKED = ("complete", "refusal", "noncontact")
SILENT = ("refusal", "noncontact")
LISTED = "registry_persons"
NO_GATE = "[[gate]]｜设计没有错退、漏评、错评或认可度的门槛｜写 [[gate]]"


@takes(EstimateError)
def registry_bias(responses: Responses, columns: str | Sequence[str] = ("stratum", LISTED)) -> pd.DataFrame:
    """Compare respondents with all who were asked, on what the registry knows of both.

    Parameters
    ----------
    responses : Responses
    columns : str or list of str
        Columns of the sample (of rosters and frame): numbers are compared by means, words category by category. ``registry_persons``
        are the persons of the roster.

    Returns
    -------
    DataFrame
        ``variable``, ``level``, ``respondents`` and ``sample`` (weighted means or shares), ``difference``, ``se`` (of the difference: both
        come from one sample), ``t`` (difference/se; missing where se is 0), ``n`` (asked), ``n_respondents``.

    Raises
    ------
    EstimateError
        A column that the sample has not.

    Notes
    -----
    Ineligible households are left aside. Everybody who was visited counts with the weight by design, replacements among them: they
    continue one random order. This speaks of what the registry knows; of the error itself it says nothing (`worst_case` does).
    """
    survey, columns = _asked(responses), as_list(columns)
    unknown = [name for name in columns if name not in survey.columns]
    if unknown:
        raise EstimateError(f"{'、'.join(unknown)}｜样本中没有这一列｜可用：{'、'.join(survey.columns)}")
    rows = [row for name in columns for row in _compared(survey, name)]
    return pd.DataFrame(rows, columns=["variable", "level", "respondents", "sample", "difference", "se", "t", "n", "n_respondents"])


def _asked(responses: Responses) -> Survey:
    """Return the survey of all who were visited, with the persons of the roster."""
    listed = responses.sample.table("household").set_index(["village", "household"])["persons"]
    table = responses.table()
    persons = listed.reindex(pd.MultiIndex.from_frame(table[["village", "household"]])).to_numpy(dtype=float)
    return released(replace(responses, _table=table.assign(**{LISTED: persons})))


def _compared(survey: Survey, name: str) -> list[tuple[Any, ...]]:
    disposition = survey.column("disposition")
    asked, answered = disposition.isin(ASKED).to_numpy(), (disposition == "complete").to_numpy()
    numbers = pd.api.types.is_numeric_dtype(survey.column(name)) and not pd.api.types.is_bool_dtype(survey.column(name))
    ask = mean if numbers else proportion
    all_of, mine = ask(survey, name, where=asked), ask(survey, name, where=answered)
    difference: Estimate = mine - all_of
    rows = []
    for at, label in enumerate(all_of.labels):
        gap, se = float(difference.value[at]), float(difference.se[at])
        t = gap / se if se > 0 else np.nan
        rows.append((name, str(label[1]) if len(label) > 1 else "", float(mine.value[at]), float(all_of.value[at]), gap, se, t,
                     int(asked.sum()), int(answered.sum())))  # fmt: skip
    return rows


@takes(EstimateError)
def without_reserves(findings: Findings, frame: Frame, rosters: pd.DataFrame | None = None) -> pd.DataFrame:
    """Judge every gate from all interviews, and from the mains alone, as if no household had been replaced.

    Returns
    -------
    DataFrame
        One row a gate: ``rate``, ``official``, ``official_mains``, ``estimate``, ``estimate_mains``, ``legal``, ``legal_mains``, ``zone``,
        ``zone_mains``, ``interviews``, ``replacements`` (interviews that are), ``share`` of them.

    Raises
    ------
    EstimateError
        No gates in the design.
    SurveyError
        Too few mains answered to be judged without replacements.

    Notes
    -----
    The same weights, rates and verdicts as those of the evaluation; without reserves the mains that answered take over the weight of
    the others of their village and stratum.
    """
    if not findings.design.gates:
        raise EstimateError(NO_GATE)
    again, table = Again(findings, frame, rosters), findings.table()
    both = again.rows().merge(again.keeping((table["role"] == "main").to_numpy()), on="rate", suffixes=("", "_mains"))
    complete = table["complete"].to_numpy(dtype=bool)
    used = int((complete & (table["role"] == "reserve").to_numpy()).sum())
    shown = ["rate", *(f"{name}{end}" for name in ("official", "estimate", "legal", "zone") for end in ("", "_mains"))]
    return both[shown].assign(interviews=int(complete.sum()), replacements=used, share=used / int(complete.sum()))


@takes(EstimateError)
def worst_case(findings: Findings) -> pd.DataFrame:
    """Say how far those who did not answer could move each rate, and how many of them would have to be errors to turn the verdict.

    Returns
    -------
    DataFrame
        One row a gate on a finding or an approval rate: ``rate``, ``threshold``, ``respondents`` and ``silent`` (households released that
        refused or were not met), ``official`` with ``official_low`` and ``official_high`` (none of the silent in error, all of them),
        ``estimate``, ``estimate_low``, ``estimate_high`` (the same, weighted by design), ``legal``, ``legal_worst``, ``flip`` (fewest
        silent households that turn the verdict, the largest first and the others sound; missing when not all of them would, or
        when it is not met as it is), ``note`` (which of the two).

    Raises
    ------
    EstimateError
        No gate on such a rate.

    Notes
    -----
    With A units among the silent the rate lies between y/(x + A) and (y + A)/(x + A); of an approval rate "in error" reads "does not
    approve". These are bounds of what was not seen, without sampling error. At 5 % silence they are 5 points apart: for rare rates
    that dwarfs any sampling error, so the numbers show what would have to be true, not what is likely. Persons of the silent are
    those of the roster; a case counts whole. For a rate over the persons of all drawn villages the bounds are over those surveyed.
    """
    design = findings.design
    read = [(gate, rate) for gate in design.gates if (rate := design.rate(gate.rate)) and not isinstance(rate, DERIVED)]
    rows = [_bounded(findings, gate, rate) for gate, rate in read]
    if not rows:
        raise EstimateError(NO_GATE)
    return pd.DataFrame(rows)


def _bounded(findings: Findings, gate: Gate, rate: FindingRate | ApprovalRate | PrevalenceRate) -> dict[str, Any]:
    table = released(findings).table()
    inside = table["stratum"].isin(rate.population).to_numpy() if rate.population else np.ones(len(table), dtype=bool)
    done, silent = inside & table["complete"].to_numpy(dtype=bool), inside & table["disposition"].isin(SILENT).to_numpy()
    unit = table["persons"].to_numpy(dtype=float) if rate.count == "persons" else np.ones(len(table))
    if rate.kind == "finding":
        affected = table["affected"].to_numpy(dtype=float) if rate.count == "persons" else np.ones(len(table))
        event = affected * table[f"{rate.finding}_confirmed"].to_numpy(dtype=float)
    else:
        event = unit * np.asarray(approval(table, rate).approve, dtype=float)
    weight = table["design_weight"].to_numpy(dtype=float)
    official, estimate = (_limits(event * w, unit * w, done, silent) for w in (np.ones(len(table)), weight))
    read = official if gate.legal_value == "unweighted" else estimate
    heavy = unit[silent] if gate.legal_value == "unweighted" else (unit * weight)[silent]
    worst = read[2] if gate.direction == "below" else read[1]
    legal, at_worst = (bool(satisfies(value, gate.threshold, gate.direction, gate.strict)) for value in (read[0], worst))
    flip = _flip(gate, read, heavy) if legal and not at_worst else None
    note = "" if flip is not None else "现已不达标" if not legal else "没有答的全是差错也不改变"
    named = {f"{name}{end}": value for name, found in (("official", official), ("estimate", estimate))
             for end, value in zip(("", "_low", "_high"), found[:3], strict=True)}  # fmt: skip
    counts = {"rate": gate.rate, "threshold": gate.threshold, "respondents": int(done.sum()), "silent": int(silent.sum())}
    return {**counts, **named, "legal": legal, "legal_worst": at_worst, "flip": pd.NA if flip is None else flip, "note": note}


def _limits(event: Floats, unit: Floats, done: Any, silent: Any) -> tuple[float, float, float, float]:
    """Return the rate of the respondents, that with no event among the silent, with events only, and the whole of both."""
    y, x, more = float(event[done].sum()), float(unit[done].sum()), float(unit[silent].sum())
    if not x > 0:
        raise EstimateError("指标的总体中没有完成的户｜至少应有 1 户｜核对 [[rate]] 的 population")
    return y / x, y / (x + more), (y + more) / (x + more), x + more


def _flip(gate: Gate, read: tuple[float, float, float, float], heavy: Floats) -> int:
    """Return how many of the silent, heaviest first, must be in error before the legal rule is no longer satisfied."""
    moved = np.concatenate([[0.0], np.cumsum(np.sort(heavy)[::-1])]) / read[3]
    path = read[1] + moved if gate.direction == "below" else read[2] - moved
    turned = np.append(~satisfies(path[:-1], gate.threshold, gate.direction, gate.strict), True)  # all of them do, as the bound says
    return int(np.flatnonzero(turned)[0])
