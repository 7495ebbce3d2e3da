"""What a Scorecard says: rows of its table, its tree as text and as a page, sentences, a second card beside it, lights."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.errors import EstimateError, Faults
from evalkit.figures import number, percent, plain, significant
from evalkit.indicators.grading import LIGHTS
from evalkit.indicators.values import gates_of
from evalkit.showing import Rows

if TYPE_CHECKING:
    from evalkit.design.scoring import Indicator, LightRule
    from evalkit.indicators.scorecard import Scorecard

ZONES = {"met": "已证实", "not met": "已证实未达", "not proven": "尚不能证实"}
FIRM = 0.95
SHARE = "比例"  # the unit of shares, which are read in per cent
MOST = 12  # units that a tree or the sentences tell of


def rows(card: Scorecard) -> list[dict[str, Any]]:
    """Return the rows of the table of a scorecard."""
    given = {(value.unit, value.code): value for value in card.values.single}
    columns = {leaf.code: j for j, leaf in enumerate(card.system.leaves)}
    gates = {leaf.code: k for k, (_, leaf) in enumerate(gates_of(card.system))}
    ranges = {code: card.range_of(drawn) for code, drawn in card.drawn.points.items()}
    made = []
    for i, unit in enumerate(card.units_scored):
        for depth, item in card.system.walk():
            value, verdict = given.get((unit, item.code)), card.verdicts.get((unit, item.code))
            row = {"unit": unit, "depth": depth, "code": item.code, "name": item.name, "parent": item.parent, "measure": item.unit}
            row |= {"rule": item.rule, "direction": item.direction, "target": np.nan if item.target is None else item.target}
            row |= {"value": float(card.values.read[i, columns[item.code]]) if item.code in columns else np.nan}
            row |= _points(card, item, i, ranges)
            row |= {"met": not card.marks.failed[i, gates[item.code]] if item.code in gates else None}
            row |= {"zone": ZONES[verdict.zone] if verdict else "", "source": value.source if value else item.source}
            made.append(row | {"date": value.date if value else "", "who": value.who if value else "", "note": item.note})
    return made


def _points(card: Scorecard, item: Indicator, i: int, ranges: dict[str, Any]) -> dict[str, float]:
    if not (item.scored or item.group) or card.marks.reach[item.code][i] == 0:
        return {"points": np.nan, "reach": 0.0, "weight": item.weight, "low": np.nan, "high": np.nan}
    low, high = ranges[item.code]
    found = {"points": card.marks.points[item.code][i], "reach": card.marks.reach[item.code][i], "weight": item.weight}
    return {name: float(number) for name, number in (found | {"low": low[i], "high": high[i]}).items()}


def conclusion(card: Scorecard, unit: str) -> str:
    """Return the words of the system for a unit that meets all gates, or does not; empty where it has none."""
    known = all(np.isfinite(card.values.read[card.units_scored.index(unit), j]) for j, _ in gates_of(card.system))
    if not gates_of(card.system) or not known:
        return ""
    return card.system.failed if card.failed(unit) else card.system.passed


def sentences(card: Scorecard) -> list[str]:
    """Return what may be said of a scorecard, in Chinese."""
    made = [_of_unit(card, row) for row in card.units().head(MOST).to_dict("records")]
    if len(card.units_scored) > MOST:
        made.append(f"另有 {len(card.units_scored) - MOST} 个对象，见 units()。")
    if card.open:
        made.append("体系有未公布的部分，只计已公布的分值，不评等次。")
    if card.system.published:
        made.append(f"公布情况：{card.system.published}")
    if not card.sampled:
        made.append("各数值均非抽样所得，没有抽样误差。")
    return [*made, *([card.system.reader] if card.system.reader else [])]


def _of_unit(card: Scorecard, row: Any) -> str:
    told = [f"得 {number(row['score'])} 分（可得 {number(row['reach'])} 分{_range(card, row)}）"] if row["reach"] > 0 else []
    if gates_of(card.system):
        told.append(f"{row['failed']}未达门槛" if row["failed"] else "各道门槛均达到")
        told += [f"其中{row['unproven']}的判定样本尚不能证实"] if row["unproven"] else []
    if row["conclusion"]:
        told.append(row["conclusion"])
    if row["grade"]:
        told.append(f"等次“{row['grade']}”（抽样误差之内 {percent(row['grade_share'], 1)} 的情形仍是这一等）")
    if "place" in row and not np.isnan(row["place"]) and row["reach"] > 0:
        open_places = f"（不能排除第 {row['first']}～{row['last']} 名）" if row["first"] < row["last"] else ""
        told.append(f"第 {number(row['place'], 1)} 名{open_places}")
    return f"{row['unit']}：{'，'.join(told) or '各指标只记录、不计分'}。"


def _range(card: Scorecard, row: Any) -> str:
    return f"；{card.level:.0%} 范围 {number(row['low'])}～{number(row['high'])}" if card.sampled else ""


def tree_text(card: Scorecard) -> str:
    """Return a scorecard as text: one tree for one unit, one line a unit for several."""
    head = f"Scorecard {card.system.title}：{len(card.units_scored)} 个对象"
    if len(card.units_scored) > 1:
        return "\n".join([head, *(_of_unit(card, row) for row in card.units().head(MOST).to_dict("records"))])
    lines = [f"{'  ' * (row['depth'] + 1)}{row['code']} {row['name']}  {_cell(row)}" for row in rows(card)]
    return "\n".join([head, *lines, *sentences(card)[:1]])


def _cell(row: dict[str, Any]) -> str:
    """Return value, points and gate of one row, as the tree shows them."""
    if row["rule"] == "open":
        return f"未公布（{number(row['weight'])} 分）"
    parts = [] if np.isnan(row["value"]) else [shown(row["value"], row["target"], row["measure"])]
    if not np.isnan(row["points"]):
        parts.append(f"{number(row['points'])}/{number(row['reach'])} 分")
    if row["met"] is not None:
        parts.append(("达到" if row["met"] else "未达到") + (f"（{row['zone']}）" if row["zone"] else ""))
    return "，".join(parts) or "无数值"


def shown(value: float, target: float, measure: str) -> str:
    """Return a value for reading, with more digits where the rounded one would be taken for the target; a share in per cent.

    Examples
    --------
    >>> shown(0.978359, 0.98, "比例"), shown(91.0, 90.0, "分")
    ('97.84%', '91')
    """
    if measure.startswith(SHARE):
        return percent(value, gate=None if np.isnan(target) else target)
    short = significant(value)
    return plain(value) if value != target and short == significant(target) else short


def card_rows(card: Scorecard) -> Rows:
    """Return a scorecard as the rows that a notebook shows."""
    if len(card.units_scored) > 1:
        table = card.units()
        shown = [[row["unit"], number(row["score"]), f"{number(row['low'])}～{number(row['high'])}", row["failed"], row["grade"]]
                 for row in table.to_dict("records")]  # fmt: skip
        return Rows(["对象", "得分", "范围", "未达门槛", "等次"], shown, 1, repr(card.system))
    return Rows(["指标", "数据来源", "结果"], [cells for _, *cells in tree_cells(card)], 2, repr(card.system))


def tree_cells(card: Scorecard) -> list[list[str]]:
    """Return unit, indicator (indented), source and result of every row of the trees, as text."""
    return [[row["unit"], f"{'　' * row['depth']}{_named(row)}", row["source"], _cell(row)] for row in rows(card)]


def _named(row: dict[str, Any]) -> str:
    return str(row["name"]) if row["code"] == row["name"] else f"{row['code']} {row['name']}"


def beside(card: Scorecard, other: Scorecard, names: tuple[str, ...]) -> pd.DataFrame:
    """Set the points of another scorecard beside those of this one."""
    faults = Faults("两张记分卡")
    if other.system != card.system:
        faults.add(None, "system", other.system.title, f"应与 {card.system.title} 是同一体系", "用同一个体系分别记分")
    if set(other.units_scored) != set(card.units_scored):
        strange = sorted(set(other.units_scored) ^ set(card.units_scored))
        faults.add(None, "unit", "、".join(strange[:6]), "只在一张中的对象", "两张写同样的对象")
    if len(names) != 2:
        faults.add(None, "names", "、".join(names), "应为两个名字", "写 names=(\"自评分\", \"考核分\")")
    faults.refuse(EstimateError)
    mine, theirs = (each.table().set_index(["unit", "code"]) for each in (card, other))
    paired = mine.join(theirs["points"].rename("other")).reset_index()
    paired = paired[paired["reach"] > 0]
    columns = {"unit": paired["unit"], "code": paired["code"], "name": paired["name"], "标准分": paired["weight"]}
    columns |= {names[0]: paired["other"], names[1]: paired["points"], "差": paired["points"] - paired["other"], "source": paired["source"]}
    return pd.DataFrame(columns).reset_index(drop=True)


def light_table(card: Scorecard, period: str, codes: Callable[[Any, LightRule], Any], rule: LightRule) -> pd.DataFrame:
    """Return the light of each unit, and the share of draws in which it has this very one."""
    now = codes(card.scores * card.scale, rule)
    share = (codes(card.drawn.total(card.system)[0] * card.scale, rule) == now).mean(axis=0)
    columns = {"unit": card.units_scored, "period": period, "score": card.scores * card.scale, "light": [LIGHTS[code] for code in now]}
    return pd.DataFrame(columns | {"share": share, "firm": share >= FIRM})
