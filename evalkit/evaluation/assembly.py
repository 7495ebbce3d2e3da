"""From the nouns of one evaluation to the tables of its report: counting and naming, no statistics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.design.judgement import FINDINGS, AccuracyRate, ApprovalRate
from evalkit.design.standards import finding_words
from evalkit.errors import HEADER
from evalkit.evaluation.accepting import decisions
from evalkit.evaluation.pending import pending_cases
from evalkit.evaluation.picturing import picture_facts
from evalkit.evaluation.places import Places
from evalkit.evaluation.spreads import sampling_errors
from evalkit.evaluation.telling import policies_told, rate_told, sampling_told
from evalkit.evaluation.weighing import weights_told
from evalkit.plans.wording import outside_told
from evalkit.rates import Measure, Rate, breakdown, by_cause
from evalkit.satisfaction import distribution
from evalkit.tables import TOTAL, Results
from evalkit.verdict import Conclusion, Verdict, conclude, gate_verdicts

if TYPE_CHECKING:
    from evalkit.certificate import Certificate
    from evalkit.design import Design
    from evalkit.findings import Findings
    from evalkit.frame import Frame
    from evalkit.ledger import Entry, Ledger
    from evalkit.responses import Responses
    from evalkit.sample import Sample
    from evalkit.survey import Survey


NO_GATES = {"passed": False, "sentence": "本次评估未设门槛，只报告各项指标及其区间，不作是否达到的判定。"}


@dataclass(frozen=True)
class Drawing:
    """How the sample came about: its certificate, every draw in the ledger, the files that results are made from."""

    certificate: Certificate
    entries: tuple[Entry, ...]
    made_from: Mapping[str, str]
    ledger: Ledger | None = None


def assemble(
    design: Design,
    frame: Frame,
    responses: Responses,
    findings: Findings,
    survey: Survey,
    rates: tuple[Rate, ...],
    rosters: pd.DataFrame,
    drawing: Drawing,
) -> Results:
    """Gather what the report says.

    Parameters
    ----------
    design, frame, responses, findings, survey, rates, rosters, drawing
        The nouns of one evaluation, each as its stage made it.

    Returns
    -------
    Results
        With places under the names that the design allows.
    """
    places = Places.of(frame, design)
    verdicts = gate_verdicts(design, rates, len(responses.sample.villages))
    measured = [row for rate in rates for row in _rate_rows(rate, design)]
    grouped = _groups(survey, design, frame, rosters)
    waiting, bearing = pending_cases(survey, design, frame, rosters, findings, places)
    tables = {
        **counted_tables(findings, design, places),
        "distance": waiting,
        "rates": pd.DataFrame(measured),
        "gates": pd.DataFrame([_gate_row(verdict, design, i) for i, verdict in enumerate(verdicts)]),
        "groups": pd.DataFrame(grouped).drop(columns="deff", errors="ignore"),
        "errors": sampling_errors(measured, grouped),
        "satisfaction": _satisfaction(survey, design),
        "weights": weights_told(survey),
    }
    facts = _facts(design, frame, places, findings, survey, rates, verdicts, drawing) | ({"bearing": bearing} if bearing else {})
    return Results(facts, {k: t for k, t in tables.items() if len(t)})


def judged(findings: Findings, survey: Survey, rates: tuple[Rate, ...], drawing: Drawing) -> Results:
    """Gather what a summary of many counties says of one of them: its sample, its rates, its gates and its conclusion."""
    design, responses = findings.design, findings.responses
    frame = responses.sample.frame
    places = Places.of(frame, design)
    verdicts = gate_verdicts(design, rates, len(responses.sample.villages))
    conclusion = conclude(verdicts) if verdicts else None
    tables = {
        "sample": _sample(responses, places),
        "rates": pd.DataFrame([row for rate in rates for row in _rate_rows(rate, design)]),
        "gates": pd.DataFrame([_gate_row(verdict, design, i, technical=False) for i, verdict in enumerate(verdicts)]),
    }
    said = {"passed": conclusion.passed, "sentence": conclusion.sentence("zh")} if conclusion else NO_GATES
    notes = [places.cover(note) for note in survey.notes]
    facts = counted_facts(design, frame, places, findings, drawing)
    return Results({**facts, "notes": [*facts["notes"], *notes], "conclusion": said}, {k: t for k, t in tables.items() if len(t)})


def counted_tables(findings: Findings, design: Design, places: Places) -> dict[str, pd.DataFrame]:
    """Return the tables that count what was visited and found, and infer nothing."""
    found = {
        "findings": _finding_items(findings),
        "places": _finding_places(findings, places),
        "causes": _causes(findings, design, places),
    } if findings.sought else {}
    return {
        "sample": _sample(findings.responses, places),
        "response": _ordered(_progress(findings.responses, "stratum"), design),
        **found,
        "quality": pd.DataFrame([fault.cells() for fault in findings.faults], columns=list(HEADER)),
    }


def counted_facts(design: Design, frame: Frame, places: Places, findings: Findings, drawing: Drawing) -> dict[str, Any]:
    """Return the facts of the evaluation, its sample and its words, without any estimate."""
    evaluation, responses, sought = design.evaluation, findings.responses, findings.sought
    return {
        **_written(design),
        "year": evaluation.year,
        "simulated": design.simulated,
        "counts": _counts(responses, frame, design),
        "place": places.word,
        **_drawing_facts(design, drawing),
        "sampling": [*sampling_told(design), *outside_told(design)],
        "bundle": design.bundle.sentence(evaluation.era) if design.bundle else "",
        "words": finding_words(design),
        "sought": list(sought),
        "census": all(stage.takes_all for stage in design.stages),
        "notes": _notes(design, frame, places, responses.sample),
        "confidence": evaluation.confidence,
        "alpha": evaluation.alpha,
        "policies": policies_told(design),
        **picture_facts(responses.sample, places, drawing.ledger),
    }


def _facts(
    design: Design,
    frame: Frame,
    places: Places,
    findings: Findings,
    survey: Survey,
    rates: tuple[Rate, ...],
    verdicts: list[Verdict],
    drawing: Drawing,
) -> dict[str, Any]:
    conclusion, counted = conclude(verdicts) if verdicts else None, counted_facts(design, frame, places, findings, drawing)
    return {
        **counted,
        "projected": [rate.name for rate in rates if rate.totals],
        "rate_notes": {rate.name: told for rate in rates if (told := rate_told(rate))},
        "notes": [*counted["notes"], *(places.cover(note) for note in survey.notes)],
        "conclusion": {"passed": conclusion.passed, "sentence": conclusion.sentence("zh")} if conclusion else NO_GATES,
        "english": _english(verdicts, conclusion) if conclusion else {},
        **decisions(design, survey),
    }


def _english(verdicts: list[Verdict], conclusion: Conclusion) -> dict[str, Any]:
    """Return what the English report says of the gates and in the end: the same functions, in the other language."""
    return {
        "conclusion": conclusion.sentence("en"),
        "gates": {verdict.name: verdict.sentence("en") for verdict in verdicts},
        "technical": {verdict.name: verdict.sentence("en", register="technical") for verdict in verdicts},
    }


def _written(design: Design) -> dict[str, Any]:
    """Return what people wrote for the report."""
    report = design.report
    names = ("title", "name", "institute", "date", "fieldwork", "number", "kind", "rounding", "title_en", "name_en", "institute_en")
    texts = ("background", "experience", "advice", "appraisal", "handling")
    return {name: getattr(report, name) for name in names} | {name: list(getattr(report, name)) for name in texts}


def _drawing_facts(design: Design, drawing: Drawing) -> dict[str, Any]:
    receipt = drawing.certificate
    return {
        "hashes": {
            "frame": receipt.fingerprint,
            "design": receipt.design_hash,
            "certificate": receipt.sha256,
            "seed": "" if design.simulated else receipt.seed,
            "seed_origin": receipt.seed_origin,
        },
        "redraws": [entry.detail["reason"] for entry in drawing.entries if entry.detail.get("reason")],
        "made_from": dict(drawing.made_from),
    }


def _counts(responses: Responses, frame: Frame, design: Design) -> dict[str, int | None]:
    table, sample = responses.table(), responses.sample
    drawn, whole = sample.table("household"), responses.completion()
    return {
        **_areas(frame, sample, design),
        "townships": _townships(frame),
        "villages_frame": len(frame.units),
        "villages_drawn": len(sample.villages),
        "households_planned": int((drawn["role"] == "main").sum()),
        "households_released": int(whole["released"].sum()),
        "households_complete": int(table["complete"].sum()),
        "replaced": int(whole["replaced"].sum()),
        "persons": int(table.loc[table["complete"], "persons"].sum()),
    }


def _areas(frame: Frame, sample: Sample, design: Design) -> dict[str, int | None]:
    """Return how many counties a frame lists and how many of them were drawn, where they are a stage of the design."""
    column = next((stage.unit for stage in design.frame_stages[:-1] if stage.name == "county"), None)
    if column is None:
        return {}
    listed = frame.table().set_index(frame.id)[column]
    whole, drawn = int(listed.nunique()), int(listed[list(sample.villages)].nunique())
    return {"counties_frame": whole, "counties_drawn": drawn if drawn < whole else None}


def _townships(frame: Frame) -> int | None:
    """Return how many townships a frame has, where a column of it says."""
    column = next((name for name in frame.columns if "township" in name or "乡镇" in name), None)
    return None if column is None else int(frame.table()[column].nunique())


def _notes(design: Design, frame: Frame, places: Places, sample: Sample) -> list[str]:
    dropped = [f"名单按规则去掉 {count} 行：{reason}" for reason, count in frame.dropped if count and not design.report.code_names]
    counted = [f"{text}（{count} 个）" for count, text in frame.notes]
    return [*dropped, *counted, *(places.cover(note) for note in sample.notes)]


def _sample(responses: Responses, places: Places) -> pd.DataFrame:
    villages = responses.sample.table("village")
    by = villages.drop_duplicates("stratum").set_index("stratum")
    progress = _progress(responses, "village_stratum").set_index("village_stratum").drop(TOTAL)
    drawn = villages.groupby("stratum").size()
    counts = pd.DataFrame({"villages": by["N"], "drawn": drawn}).join(progress[["planned", "released", "complete", "replaced"]])
    table = counts.fillna(0).astype(int)
    table.insert(0, "place", [places.stratum(code) for code in table.index])
    return _with_total(table.sort_index().reset_index(drop=True), "place")


def _progress(responses: Responses, by: str) -> pd.DataFrame:
    """Return what became of the sample in each group, with the whole first."""
    counts = responses.completion(by)
    whole = _with_total(counts, by)
    asked = whole[["complete", "refusal", "noncontact"]].sum(axis=1).to_numpy(dtype=float)
    return whole.assign(response_rate=np.divide(whole["complete"], asked, out=np.full(len(whole), np.nan), where=asked > 0))


def _ordered(table: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Return the household types in the order of the design, the whole first."""
    known = list(declared.n) if (declared := design.stage("household")) is not None and isinstance(declared.n, dict) else []
    place = {name: at for at, name in enumerate([TOTAL, *known])}
    return table.sort_values("stratum", key=lambda names: names.map(place).fillna(len(place)), kind="stable", ignore_index=True)


def _with_total(table: pd.DataFrame, label: str) -> pd.DataFrame:
    total = {column: table[column].sum() for column in table.columns if column != label} | {label: TOTAL}
    return pd.concat([pd.DataFrame([total])[list(table.columns)], table], ignore_index=True)


def _rate_rows(rate: Rate, design: Design) -> Iterable[dict[str, Any]]:
    declared = rate.declared
    status = {"认定": rate.confirmed, "疑似": rate.suspected} if rate.suspected else {"": rate.confirmed}
    parts = [design.rate(name) for name in declared.errors] if isinstance(declared, AccuracyRate) else [declared]
    everyone = {"approval": "全部被访户", "incidence": "乡村人口"}.get(declared.kind, "")
    for name, found in status.items():
        if found is None:
            continue
        row = _row(found, design)
        yield {
            "rate": rate.name,
            "status": name,
            "unit": "户" if getattr(parts[0], "count", "persons") == "households" else "人",
            "population": "、".join(stratum for part in parts for stratum in getattr(part, "population", ())) or everyone,
            "denominator_rule": declared.source,
            **_measure_cells(found, row),
            **_technical_cells(found, row, design),
        }


def _row(found: Measure, design: Design) -> pd.Series:
    """Return the one row of the table of a rate."""
    return found.estimate.table(level=design.evaluation.confidence, icc=design.evaluation.icc).iloc[0]


def _measure_cells(found: Measure, row: pd.Series) -> dict[str, Any]:
    return {
        "numerator": round(found.numerator) if found.counted else None,
        "denominator": round(found.denominator) if found.counted else None,
        "official": found.official,
        "estimate": float(found.estimate),
        "se": row["se"],
        "low": row["low"],
        "high": row["high"],
    }


def _technical_cells(found: Measure, row: pd.Series, design: Design) -> dict[str, Any]:
    interval = found.estimate.interval(level=design.evaluation.confidence, icc=design.evaluation.icc).iloc[0]
    return {
        "df": row["df"],
        "df_design": found.estimate.df_design,
        "deff": row["deff"],
        "deff_star": interval["deff_star"],
        "n": int(row["n"]),
        "n_eff": interval["n_eff"],
        "icc": interval["icc"],
        "icc_source": design.evaluation.icc_source,
        "method": str(interval["method"]).upper(),
    }


def _gate_row(verdict: Verdict, design: Design, i: int, technical: bool = True) -> dict[str, Any]:
    gate = design.gates[i]
    return {
        "rate": gate.rate,
        "threshold": gate.threshold,
        "direction": gate.direction,
        "strict": gate.strict,
        "quote": gate.quote,
        "source": gate.source,
        "legal_value": gate.legal_value,
        "value_read": verdict.value_read,
        "legal": "达到" if verdict.legal else "未达到",
        "confident": "充分" if verdict.confident else "不充分",
        "zone": verdict.zone,
        "p_value": verdict.p_value,
        "bound_low": verdict.low,
        "bound_high": verdict.high,
        "sentence": verdict.sentence("zh"),
        "sentence_technical": verdict.sentence("zh", register="technical") if technical else "",
    }


def _groups(survey: Survey, design: Design, frame: Frame, rosters: pd.DataFrame) -> list[dict[str, Any]]:
    rows = []
    units = frame.table().set_index(frame.id)
    for kind in design.report.groups:
        labels = survey.table()["village"].map(units[kind])
        for name, group, found in breakdown(survey, design, labels, rosters):
            cells = {"rate": name, "group_kind": kind, "group": group, "n": int(found.estimate.n[0])}
            cells |= _measure_cells(found, _row(found, design))
            cells["deff"] = float(found.estimate.deff()[0])
            df = _touched_df(survey, labels == group)
            limits = found.estimate.interval(design.evaluation.confidence, df=df, icc=design.evaluation.icc)
            rows.append(cells | {"low": limits["low"].iloc[0], "high": limits["high"].iloc[0]})
    return rows


def _touched_df(survey: Survey, inside: pd.Series) -> float:
    """Villages minus strata, of all strata that the group touches: its villages' neighbours count as zeros, not as unknown."""
    table = survey.table()
    touched = table[table["village_stratum"].isin(set(table.loc[inside.to_numpy(), "village_stratum"]))]
    return float(touched["village"].nunique() - touched["village_stratum"].nunique())


def _finding_items(findings: Findings) -> pd.DataFrame:
    counts = pd.concat([findings.counts().assign(item=TOTAL), findings.items()], ignore_index=True)
    order = {code: i for i, code in enumerate(FINDINGS)}
    counts = counts.sort_values("finding", key=lambda codes: codes.map(order), kind="stable")
    return counts.assign(finding=[findings.named(code) for code in counts["finding"]])


def _causes(findings: Findings, design: Design, places: Places) -> pd.DataFrame:
    towns = [places.stratum(code) for code in findings.table()["village_stratum"]]
    return by_cause(findings, {"户类型": "stratum", **{column: column for column in design.report.causes}, (places.word or "范围"): towns})


def _finding_places(findings: Findings, places: Places) -> pd.DataFrame:
    counts = findings.counts("village_stratum")
    table = counts.pivot(index="village_stratum", columns="finding", values="households")
    table = table.reindex(columns=list(dict.fromkeys(["wrong_exit", "missed", "misidentified", *findings.sought])), fill_value=0)
    table.insert(0, "households", counts.groupby("village_stratum")["households"].sum())
    table["confirmed"] = counts.groupby("village_stratum")["confirmed_households"].sum()
    table.insert(0, "place", [places.stratum(code) for code in table.index])
    return _with_total(table.rename_axis(columns=None).reset_index(drop=True), "place")


def _satisfaction(survey: Survey, design: Design) -> pd.DataFrame:
    parts = [distribution(survey, rate) for rate in design.rates if isinstance(rate, ApprovalRate)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
