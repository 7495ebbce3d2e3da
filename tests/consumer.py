"""What a user's typed program looks like: mypy checks it in strict mode, and so the types of what evalkit hands out."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

import pandas as pd

import evalkit as ev


def planned(path: Path) -> tuple[ev.Design, ev.Sample]:
    """From a design to a certificate."""
    design = assert_type(ev.read_design(path), ev.Design)
    frame = assert_type(ev.Frame.from_design(design), ev.Frame)
    sample = assert_type(ev.draw(frame, design, seed="31415926535897932384"), ev.Sample)
    assert_type(sample.villages, tuple[str, ...])
    assert_type(sample.table(), pd.DataFrame)
    certificate = assert_type(sample.certificate, ev.Certificate)
    assert_type(ev.verify(certificate, frame).ok, bool)
    return design, sample


def judged(sample: ev.Sample, returns: Path) -> ev.Verdict:
    """From the returns to a verdict."""
    responses = assert_type(ev.collect(sample, returns), ev.Responses)
    findings = assert_type(ev.determine(responses), ev.Findings)
    survey = assert_type(ev.weigh(findings, ev.Rake({"kind": {"甲": 3.0, "乙": 4.0}}), ev.Trim(upper=45)), ev.Survey)
    rate = assert_type(ev.proportion(survey, "wrong_exit", by="village"), ev.Estimate)
    assert_type(rate.table(level=0.9), pd.DataFrame)
    assert_type(float(rate), float)
    assert_type(2 * rate + 1, ev.Estimate)
    verdict = assert_type(ev.judge(rate, 0.02, strict=True), ev.Verdict)
    assert_type(verdict.legal, bool)
    assert_type(verdict.sentence("en"), str)
    return verdict


def asked(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Any survey, and what is asked of it."""
    survey = assert_type(ev.Survey.from_data(table, clusters=["village"]), ev.Survey)
    model = assert_type(ev.glm(survey, "y ~ x", family="binomial"), ev.Model)
    test = assert_type(ev.ttest(survey, "y", "group"), ev.Test)
    shown = assert_type(ev.screen(table, [ev.Check("required", "y", action="ask")]), ev.Screening)
    assert_type(float(ev.intervals.proportion(0.01, 1200, method="wilson").low), float)
    try:
        ev.mean(survey, "z")
    except ev.EvalkitError as refused:
        assert_type([fault.row for fault in refused.faults], list[int | None])
    return [model.table(), test.table(), shown.counts(), ev.quantile(survey, "y", [0.5]).table()]
