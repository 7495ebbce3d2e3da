"""Small designs, frames and rosters for the tests of the draw."""

from __future__ import annotations

import copy
import random
from typing import Any

import pandas as pd

import evalkit as ev
from evalkit.design import Design
from evalkit.frame import Frame, Rule
from evalkit.sheets import read_sheet

VILLAGES = "designs/data/villages_five_counties.csv"
SEED = "31415926535897932384"
BIYANG = Rule("county", keep=("泌阳县",), reason="只评估泌阳县")
PARKS = Rule("township_code", drop=("411726400", "411726401"), reason="园区代码")
QUOTAS = {"脱贫户": 28, "未脱贫户": 5, "非建档立卡户": 27}
PLAN: dict[str, Any] = {
    "format": 1,
    "evaluation": {"title": "抽样评估", "county": "泌阳县", "year": 2018},
    "frame": {
        "file": "villages.csv", "id": "village_code", "name": "village", "columns": ["township_code", "township"], "code": "division",
    },
    "stage": [
        {"name": "village", "method": "srs", "strata": ["township_code"], "n": 2},
        {"name": "household", "method": "srs", "strata": ["household_type"], "n": QUOTAS, "shortfall": "fill:非建档立卡户"},
    ],
    "reserves": {"n": {"脱贫户": 8, "未脱贫户": 2, "非建档立卡户": 8}},
    "rosters": {"village": "村", "household": "户", "stratum": "类", "persons": "人"},
    "report": {"name": "示例县", "title": "报告", "institute": "某校", "date": "2018-12-01", "fieldwork": "2018-11"},
}


def design(first: dict[str, Any] | None = None, later: dict[str, Any] | None = None, **sections: Any) -> Design:
    """Return the design of the specimen, with changes to its stages or sections."""
    plan = copy.deepcopy(PLAN) | sections
    plan["stage"][0] |= first or {}
    plan["stage"][1] |= later or {}
    return ev.read_design(plan)


def keeping(*columns: str) -> dict[str, Any]:
    """Return the [frame] section with further columns."""
    return {**PLAN["frame"], "columns": [*PLAN["frame"]["columns"], *columns]}


def biyang(table: pd.DataFrame | None = None) -> Frame:
    """Return the real villages of 泌阳县 in its 22 townships."""
    source = read_sheet(VILLAGES) if table is None else table
    return Frame.from_data(
        source, id="village_code", name="village", columns=["township_code", "township"], code="division", rules=[BIYANG, PARKS]
    )


def small(sizes: dict[str, int], **columns: list[str]) -> pd.DataFrame:
    """Return a list of villages with so many in each township."""
    rows = [
        {"village_code": f"4117261{j:02d}{i + 200:03d}", "village": f"{town}{i}村", "township_code": town, "township": town}
        for j, (town, size) in enumerate(sizes.items(), 1)
        for i in range(1, size + 1)
    ]
    return pd.DataFrame(rows).assign(**columns)


def roster(village: str, sizes: dict[str, int]) -> pd.DataFrame:
    """Return the roster of one village: so many households of each type, numbered in a mixed order."""
    types = [kind for kind, size in sizes.items() for _ in range(size)]
    random.Random(village).shuffle(types)
    return pd.DataFrame(
        {
            "village": village,
            "household": [f"{i:04d}" for i in range(1, len(types) + 1)],
            "stratum": types,
            "persons": [1 + i % 6 for i in range(len(types))],
            "head": [f"户主{i}" for i in range(len(types))],
        }
    )


def rosters(villages: tuple[str, ...], sizes: dict[str, int] | None = None) -> pd.DataFrame:
    """Return the rosters of several villages in one table."""
    sizes = sizes or {"脱贫户": 40, "未脱贫户": 3, "非建档立卡户": 120}
    return pd.concat([roster(village, sizes) for village in villages], ignore_index=True)


def province(cities: int = 3, counties: int = 3, towns: int = 3, villages: int = 5) -> pd.DataFrame:
    """Return a list of villages under towns, counties and cities, with sizes, places and kinds of their own."""
    dice, rows = random.Random(1), []
    for i in range(cities):
        for j in range(counties):
            for k in range(towns):
                for m in range(villages):
                    rows.append({
                        "village_code": f"{i + 1}{j + 1}{k + 1}{m + 1:02d}", "village": f"村{i}{j}{k}{m}",
                        "town": f"T{i + 1}{j + 1}{k + 1}", "county": f"C{i + 1}{j + 1}", "city": f"S{i + 1}",
                        "kind": "贫困村" if m % 2 else "非贫困村", "people": str(dice.randint(200, 900)),
                        "x": str(dice.randint(0, 99)), "y": str(dice.randint(0, 99)),
                    })  # fmt: skip
    return pd.DataFrame(rows)


COLUMNS = ("town", "county", "city", "kind", "people", "x", "y")


def listed(table: pd.DataFrame | None = None, columns: tuple[str, ...] = COLUMNS) -> Frame:
    """Return the frame of `province`, or of a changed copy."""
    return Frame.from_data(province() if table is None else table, id="village_code", name="village", columns=list(columns))


def staged(*stages: dict[str, Any], columns: tuple[str, ...] = COLUMNS, roster: tuple[str, ...] = (), **sections: Any) -> Design:
    """Return a design of any stages over the list of `province`."""
    plan = copy.deepcopy(PLAN) | {"stage": [dict(stage) for stage in stages], **sections}
    plan["frame"] = {"file": "villages.csv", "id": "village_code", "name": "village", "columns": list(columns)}
    plan["rosters"] |= {"columns": list(roster)}
    if not any(stage["name"] == "household" for stage in stages):
        del plan["rosters"], plan["reserves"]
    elif "reserves" not in sections:
        plan["reserves"] = {"n": 1}
    return ev.read_design(plan)


def people(villages: tuple[str, ...], households: int = 24, groups: int = 4) -> pd.DataFrame:
    """Return rosters with village groups, a focus group and a size for each household."""
    rows = []
    for village in villages:
        dice = random.Random(village)
        for i in range(households):
            kind = dice.choice(["脱贫户", "一般户", "一般户"])
            rows.append({
                "village": village, "household": f"{i + 1:04d}", "stratum": kind, "persons": dice.randint(1, 6),
                "group": f"{i % groups + 1}组", "focus": dice.choice(["残疾户", "其他", "其他"]), "income": str(dice.randint(1, 90)),
                "x": str(dice.randint(0, 99)), "y": str(dice.randint(0, 99)),
            })  # fmt: skip
    return pd.DataFrame(rows)
