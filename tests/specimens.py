"""Made-up results for the tests of tables, charts and reports."""

from __future__ import annotations

from typing import Any

import pandas as pd

from evalkit.tables import COLUMNS, Results

HASH = "9f2c" * 16
GUARANTEES = ["收入低于标准", "义务教育", "基本医疗", "住房安全", "饮水安全"]


def made_up(townships: int = 22, **facts: Any) -> Results:
    """Results of a county with everything in it."""
    return Results({**_facts(townships), **facts}, _tables(townships))


def with_tables(results: Results, **tables: Any) -> Results:
    """The same results with some tables replaced; None empties a table."""
    empty = {name: pd.DataFrame(columns=list(COLUMNS[name])) for name in tables}
    return Results(results.facts, {**results.tables, **{k: empty[k] if v is None else v for k, v in tables.items()}})


def _facts(townships: int) -> dict[str, Any]:
    return {
        "title": "示例县贫困县退出第三方评估报告",
        "name": "示例县",
        "institute": "示例评估研究院",
        "date": "2018年12月20日",
        "fieldwork": "2018年11月5日至11月23日",
        "number": "示评〔2018〕7号",
        "year": 2018,
        "simulated": True,
        "counts": {
            "townships": townships,
            "villages_frame": 355,
            "villages_drawn": 2 * townships,
            "households_planned": 120 * townships,
            "households_released": 128 * townships,
            "households_complete": 120 * townships - 7,
            "replaced": 8 * townships - 7,
            "persons": 8137,
        },
        "hashes": {"frame": HASH, "design": HASH[::-1], "certificate": HASH[2:] + "ab", "seed_origin": "示例种子（specimen.seed）"},
        "notes": ["名单为2023年版，其中61个居民委员会按村改居保留。", "工业园区与石材开发区不在评估范围，已按规则剔除。"],
        "background": ["为核实示例县脱贫退出质量，受委托开展本次评估。"],
        "experience": [],
        "advice": ["对认定的错退、漏评户逐户整改，并举一反三。"],
        "conclusion": {"passed": True, "sentence": "四项指标均达到退出标准，建议同意示例县退出。"},
        "confidence": 0.95,
        "alpha": 0.05,
        "policies": {"singleton": "fail", "empty_cell": "spread", "spread_cells": 2},
    }


def _tables(townships: int) -> dict[str, pd.DataFrame]:
    return {
        "sample": _sample(townships),
        "response": _frame(
            "response",
            ["合计", 2640, 2816, 2633, 42, 118, 23, 169, 0.94268],
            ["脱贫户", 1320, 1400, 1318, 20, 52, 10, 80, 0.9482],
            ["未脱贫户", 220, 231, 219, 3, 8, 1, 11, 0.9522],
            ["非建档立卡户", 1100, 1185, 1096, 19, 58, 12, 78, 0.9343],
        ),
        "rates": _frame("rates", *_rates()),
        "gates": _frame("gates", *_gates()),
        "groups": _frame("groups", *_groups(townships)),
        "findings": _frame(
            "findings",
            *[["错退", item, 6 - i, 15 - 2 * i, 3 - i // 2, 8 - i] for i, item in enumerate(GUARANTEES)],
            ["漏评", "收入低于标准", 5, 11, 2, 5],
            ["错评", "购买商品房", 4, 13, 3, 10],
        ),
        "places": _frame(
            "places",
            ["合计", 29, 14, 9, 6, 15],
            *[[_place(i), sum(kinds), *kinds, i % 3 == 1] for i in range(townships) for kinds in [((i * 7) % 3, i % 2, (i * 5) % 4 == 3)]],
        ).astype({"misidentified": int, "confirmed": int}),
        "distance": _frame("distance", ["错退率", "待定1：A01，错退", 3, 18 / 4030, 21 / 4030, "达到", "达到"]),
        "marks": _frame("marks", ["示例县", "错退率", "第三方评估", "0.00447，达到（已证实）"]),
        "flags": _frame("flags", ["（一）", "未完成减贫计划任务", "未见", ""]),
        "satisfaction": _frame("satisfaction", *_satisfaction()),
        "errors": _frame(
            "errors",
            ["错退率", "认定", "", "", 0.0043, 0.00151, 4030, 1.1756, 0.3512, 0.00128, 0.00732],
            ["漏评率", "认定", "", "", 0.0, 0.0, 3391, float("nan"), float("nan"), 0.0, 0.0],
            ["错退率", "", "乡镇", "A01", 0.0052, 0.003, 12, 1.1, 0.577, 0.0, 0.0112],
        ),
        "quality": _frame(
            "quality",
            [17, "人均纯收入", "一万二", "应为数值", "改为数值后重新汇总"],
            [230, "访问时长", "3", "短于10分钟", "复核录音"],
        ),
        "weights": _frame(
            "weights",
            ["抽样权数", 2633, 248310.5, 12.5, 88.4, 410.25, 1.213],
            ["无应答调整", 2633, 250144.0, 12.5, 89.9, 431.0, 1.2266],
        ),
    }


def _frame(name: str, *rows: list[Any]) -> pd.DataFrame:
    return pd.DataFrame([list(row) for row in rows], columns=list(COLUMNS[name]))


def _place(i: int) -> str:
    return f"{chr(65 + i // 26)}{i % 26 + 1:02d}"


def _sample(townships: int) -> pd.DataFrame:
    rows = [[_place(i), 8 + (i * 5) % 17, 2, 120, 124 + i % 9, 120 - (7 if i == 3 else 0), 4 + i % 9] for i in range(townships)]
    total = ["合计", *[sum(row[k] for row in rows) for k in range(1, 7)]]
    return _frame("sample", total, *rows)


def _rates() -> list[list[Any]]:
    nan = float("nan")
    tail = [21.4, 22, 1.382, 1.5107, 4030, 2916.2, 0.05, "规划值", "kg-m"]
    exited, outside, known = "脱贫户", "非建档立卡户", "未脱贫户"
    return [
        ["错退率", "认定", "人", exited, "入户调查的脱贫人口", 18, 4030, 18 / 4030, 0.0043, 0.00151, 0.0018, 0.0088, *tail],
        ["错退率", "疑似", "人", exited, "入户调查的脱贫人口", 47, 4030, 47 / 4030, 0.01122, 0.0024, 0.0069, 0.01996, *tail],
        ["漏评率", "认定", "人", outside, "入户调查的非建档立卡人口", 0, 3391, 0.0, 0.0, 0.0, 0.0, 0.0031, *tail],
        ["漏评率", "疑似", "人", outside, "入户调查的非建档立卡人口", 11, 3391, 11 / 3391, 0.00302, 0.0012, 0.0011, 0.0067, *tail],
        ["错评率", "认定", "人", known, "入户调查的未脱贫人口", 10, 716, 10 / 716, 0.0144, 0.0051, 0.0061, 0.0289, *tail],
        ["错评率", "疑似", "人", known, "入户调查的未脱贫人口", 13, 716, 13 / 716, 0.0187, 0.0060, 0.0087, 0.0351, *tail],
        ["综合贫困发生率", "认定", "人", "", "2018年底乡村人口", nan, nan, 0.01371, 0.01364, 0.0006, 0.0126, 0.0149, *tail],
        ["综合贫困发生率", "疑似", "人", "", "2018年底乡村人口", nan, nan, 0.01742, 0.01735, 0.0011, 0.0155, 0.0199, *tail],
        ["群众认可度", "", "户", "全部调查户", "完成调查的户", 2541, 2633, 2541 / 2633, 0.9637, 0.0052, 0.9521, 0.9732, *tail],
    ]


def _gates() -> list[list[Any]]:
    return [
        _gate("综合贫困发生率", 0.02, "below", 0.01371, "充分", "met"),
        _gate("错退率", 0.02, "below", 18 / 4030, "充分", "met"),
        _gate("漏评率", 0.02, "below", 0.0, "充分", "met"),
        _gate("群众认可度", 0.90, "above", 2541 / 2633, "不充分", "not proven"),
    ]


def _gate(rate: str, threshold: float, direction: str, value: float, confident: str, zone: str) -> list[Any]:
    word = "低于" if direction == "below" else "高于"
    sentence = f"{rate}为{value:.2%}，{word}{threshold:.0%}的门槛，达到规定标准；统计把握程度{confident}。"
    technical = f"{rate}：单侧检验 p = 0.0004，判定区为“{zone}”。"
    quote = f"{rate}{word}{threshold:.0%}"
    rule = [rate, threshold, direction, True, quote, "退出办法", "unweighted", value]
    return [*rule, "达到", confident, zone, 0.0004, 0.001, 0.0119, sentence, technical]


def _groups(townships: int) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for rate, base in (("错退率", 4030), ("漏评率", 3391)):
        for k, kind in enumerate(["贫困村", "非贫困村"]):
            rows.append([rate, "村类型", kind, base // 2, 9 - k, base // 2, 0.0044, 0.0041 + 0.001 * k, 0.002, 0.0012, 0.0102])
        rows += [[rate, "乡镇", _place(i), 12 + 40 * (i % 5), i % 3, 150, 0.004, 0.0052, 0.003, 0.001, 0.02] for i in range(townships)]
    return rows


def _satisfaction() -> list[list[Any]]:
    scale = ["非常满意", "满意", "一般", "不满意", "说不清"]
    shares = {
        "对脱贫攻坚政策是否认可": [0.612, 0.351, 0.021, 0.006, 0.01],
        "对帮扶措施及成效是否认可": [0.584, 0.362, 0.034, 0.012, 0.008],
        "对脱贫退出是否认可": [0.471, 0.398, 0.082, 0.031, 0.018],
        "对驻村干部和帮扶责任人是否满意": [0.655, 0.301, 0.025, 0.009, 0.01],
    }
    return [[item, answer, round(2633 * share), share] for item, row in shares.items() for answer, share in zip(scale, row, strict=True)]
