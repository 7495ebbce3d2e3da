"""Circumstances that a reader has to know of (Article 7 of the method of 2016): indicated or not, never what follows from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.errors import EstimateError, Faults
from evalkit.figures import is_blank
from evalkit.indicators.telling import shown
from evalkit.indicators.values import leaf_place
from evalkit.sheets import as_pandas
from evalkit.verdict import satisfies

if TYPE_CHECKING:
    from evalkit.design.scoring import Circumstance
    from evalkit.indicators.scorecard import Scorecard

INDICATED, NOT_SEEN, NO_MATTER = "提示", "未见", "无资料"
NOTED = {"对象": "unit", "情形": "code", "事实": "fact", "来源": "source", "日期": "date"}
HEADINGS = ("unit", "code", "text", "state", "basis")


def circumstance_table(card: Scorecard, noted: Any = None) -> pd.DataFrame:
    """Return the state of each circumstance for each unit.

    Parameters
    ----------
    card : Scorecard
        Its system names the circumstances and the tests of indicators that indicate them.
    noted : table, optional
        Facts from elsewhere (audits, discipline inspection, the public): 对象, 情形 (code), 事实, 来源, 日期; a fact without source or date
        is refused.

    Returns
    -------
    DataFrame
        unit, code, text, state (提示: an indicator fails a test, or a fact is noted; 未见: all its tests hold; 无资料: nothing speaks to
        it), basis. What is to be done is not the third party's to say, and no column says it.

    Raises
    ------
    EstimateError
        For a circumstance that there is not, and facts without source or date, all at once.
    """
    facts = _facts(card, noted)
    rows = []
    for unit in card.units_scored:
        for each in card.system.circumstance:
            told = [f"{row.fact}（{row.source}，{row.date}）" for row in facts if row.unit in (unit, "") and row.code == each.code]
            tests, known = _tested(card, unit, each)
            state = INDICATED if told or tests else NOT_SEEN if known else NO_MATTER
            rows.append((unit, each.code, each.text, state, "；".join([*tests, *told])))
    return pd.DataFrame(rows, columns=list(HEADINGS))


def _tested(card: Scorecard, unit: str, each: Circumstance) -> tuple[list[str], bool]:
    """Return the tests that an indicator does not meet, and whether there was a value for every test."""
    failed, known = [], bool(each.test)
    for test in each.test:
        read = card.values.read[card.units_scored.index(unit), leaf_place(card.system, test.indicator)]
        if is_blank(float(read)):
            known = False
        elif not satisfies(read, test.threshold, test.direction, test.strict):
            word = {("above", True): "不高于", ("above", False): "低于", ("below", True): "不低于", ("below", False): "高于"}
            item = card.system[test.indicator]
            value, line = shown(read, test.threshold, item.unit), shown(test.threshold, test.threshold, item.unit)
            failed.append(f"{item.name}{value}，{word[test.direction, test.strict]}{line}")
    return failed, known


def _facts(card: Scorecard, noted: Any) -> list[Any]:
    if noted is None:
        return []
    table, faults = as_pandas(noted, EstimateError).rename(columns=NOTED), Faults("提示情形")
    for heading, name in NOTED.items():
        if name not in table.columns and name != "unit":
            faults.add(None, heading, None, "表中没有这一列", "补上这一列")
    faults.refuse(EstimateError)
    table = table.assign(unit=table.get("unit", "")).reset_index(drop=True)
    known = [each.code for each in card.system.circumstance]
    for at, row in enumerate(table.itertuples(index=False)):
        if row.code not in known:
            faults.add(at + 2, "情形", str(row.code), "没有这种情形", f"可用：{'、'.join(known)}")
        for name, heading in (("fact", "事实"), ("source", "来源"), ("date", "日期")):
            if is_blank(getattr(row, name)):
                faults.add(at + 2, heading, None, "不能为空", "填写")
    faults.refuse(EstimateError)
    return list(table.itertuples(index=False))
