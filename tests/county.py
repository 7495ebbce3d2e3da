"""A small made-up county: eight townships of real village codes, a design, and a drawn sample."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

import evalkit as ev
from evalkit.design import Design
from evalkit.responses import Responses, collect
from evalkit.sample import Sample, draw, draw_next
from evalkit.synthetic import Registry, registry, returns

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "designs" / "data" / "villages_five_counties.csv"
SEED = "31415926535897932384"
EXITED, REGISTERED, OUTSIDE = "脱贫户", "未脱贫户", "非建档立卡户"
QUOTAS = {EXITED: 8, REGISTERED: 2, OUTSIDE: 10}
ITEMS = ("扶贫政策", "帮扶成效", "干部帮扶")
GUARANTEES = ("吃不愁", "住房安全", "基本医疗")
EXCLUSIONS = ("有小汽车", "有财政供养人员")


def plan(**changes: Any) -> dict[str, Any]:
    """The design as plain data; `changes` replace keys of a section, as in ``returns={"status": ""}``."""
    whole: dict[str, Any] = {
        "format": 1,
        "evaluation": {"title": "试验评估", "county": "示例县", "year": 2018},
        "frame": {"file": "名单.csv", "id": "village_code", "name": "village", "columns": ["township_code"], "code": "division"},
        "stage": [
            {"name": "village", "method": "srs", "strata": ["township_code"], "n": 2},
            {"name": "household", "method": "srs", "strata": ["户类型"], "n": QUOTAS, "shortfall": "take-all"},
        ],
        "reserves": {"n": {EXITED: 3, REGISTERED: 1, OUTSIDE: 3}},
        "rosters": {
            "village": "村代码", "household": "户编号", "stratum": "户类型", "persons": "人数",
            "head": "户主", "id_number": "证件号码", "address": "自然村", "strata": {"已脱贫": EXITED, "一般农户": OUTSIDE},
        },
        "returns": {
            "village": "村代码", "household": "户编号", "disposition": "结果",
            "persons": "核实人数", "status": "状态", "interviewer": "调查员",
            "dispositions": {"完成": "complete", "拒访": "refusal", "无人": "noncontact", "迁出": "ineligible", "未使用": "unused"},
            "statuses": {"线索": "clue", "疑似": "suspected", "认定": "confirmed", "排除": "dismissed", "终定": "final"},
        },
        "criteria": {
            "income": "人均纯收入", "line": 3535, "line_source": "2018 年", "guarantees": list(GUARANTEES), "exclusions": list(EXCLUSIONS),
        },
        "rate": [
            {
                "name": "错退率", "kind": "finding", "finding": "wrong_exit", "population": [EXITED], "count": "persons",
                "decided_by": "household",
            },
            {
                "name": "群众认可度", "kind": "approval", "items": list(ITEMS), "scale": ["认可", "不认可", "不清楚"], "approve": ["认可"],
                "dont_know": ["不清楚"], "rule": "majority",
            },
        ],
        "report": {"name": "示例县", "title": "报告", "institute": "某院", "date": "2018-12-10", "fieldwork": "2018-11-10"},
        "specimen": {
            "seed": "27182818284590452353", "households": 120, "poor_villages": 20,
            "wrong_exit": 0.1, "missed": 0.05, "misidentified": 0.3,
        },
    }  # fmt: skip
    for section, keys in changes.items():
        whole[section] = {**whole.get(section, {}), **keys} if isinstance(keys, dict) else keys
    return whole


def design(**changes: Any) -> Design:
    return ev.read_design(plan(**changes))


@cache
def villages(county: str = "533124") -> pd.DataFrame:
    """The villages of a county whose townships have at least two of them."""
    table = pd.read_csv(LIST, dtype=str)
    table = table[table["county_code"] == county]
    return table[table.groupby("township_code")["village"].transform("size") >= 2].reset_index(drop=True)


@cache
def made() -> tuple[Design, Registry, Sample, pd.DataFrame]:
    """The design, its registry, the sample with households, and the returns; none to be written to."""
    return build(design())


def build(declared: Design) -> tuple[Design, Registry, Sample, pd.DataFrame]:
    made = registry(villages(), declared)
    frame = ev.Frame.from_data(made.villages(), id="village_code", name="village", columns=["township_code"])
    sample = draw(frame, declared, seed=SEED)
    rosters = pd.concat(made.rosters(sample.villages).values(), ignore_index=True)
    sample = draw_next(sample, ev.read_rosters(rosters, declared))
    return declared, made, sample, returns(sample, made.households(sample.villages), declared)


@cache
def collected() -> Responses:
    _, _, sample, table = made()
    return collect(sample, table)
