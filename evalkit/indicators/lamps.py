"""Lights of districts and townships over several quarters: which are shown, and which have been red or yellow again and again."""

from __future__ import annotations

import pandas as pd

from evalkit.errors import EstimateError
from evalkit.indicators.grading import LIGHTS

RED, YELLOW, GREEN = LIGHTS


def exposure(quarters: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the exposure list of the last quarter.

    Parameters
    ----------
    quarters : list of DataFrame
        As `Scorecard.lights` makes them, oldest first, each with its own period.

    Returns
    -------
    DataFrame
        The units that have a red or yellow light in the last quarter, red first and the lowest score first: unit, period, score, light,
        share, firm, running (quarters without green in a row, this one included), reds (so far).

    Raises
    ------
    EstimateError
        When there is no quarter, or two bear one period.

    Examples
    --------
    >>> first = pd.DataFrame({"unit": ["甲", "乙"], "period": "一季度", "score": [55.0, 85], "light": ["红灯", "绿灯"], "share": 1.0,
    ...                       "firm": True})
    >>> second = first.assign(period="二季度", light=["黄灯", "绿灯"], score=[70.0, 90])
    >>> exposure([first, second])[["unit", "light", "running", "reds"]].values.tolist()
    [['甲', '黄灯', 2, 1]]
    """
    periods = [str(table["period"].iloc[0]) for table in quarters if len(table)]
    if not quarters or len(set(periods)) < len(quarters):
        raise EstimateError(f"quarters：{'、'.join(periods) or '没有'}｜至少一个季度，各有不同的 period｜用 card.lights(\"2018年一季度\")")
    lit = [table.set_index("unit")["light"] for table in quarters]
    last = quarters[-1][quarters[-1]["light"] != GREEN]
    running = [_running([lights.get(unit, GREEN) for lights in lit]) for unit in last["unit"]]
    reds = [sum(lights.get(unit, GREEN) == RED for lights in lit) for unit in last["unit"]]
    order = last.assign(running=running, reds=reds, rank=[LIGHTS.index(light) for light in last["light"]])
    return order.sort_values(["rank", "score"], kind="stable").drop(columns="rank").reset_index(drop=True)


def _running(lights: list[str]) -> int:
    count = 0
    for light in reversed(lights):
        if light == GREEN:
            break
        count += 1
    return count
