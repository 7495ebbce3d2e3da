"""The items of villages or of the county held against a table: a matrix of pass and fail, and the list of what failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.design.criteria import LEVELS, Criteria, CriterionRule, rule_set
from evalkit.errors import Faults, ResponsesError
from evalkit.findings.found import standard_of
from evalkit.findings.testing import against, blank, concerned, strange
from evalkit.showing import Rows, Shown

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.design.criteria import Level

MET, UNMET, NOT_ASKED = "达到", "未达到", "不涉及"


@dataclass(frozen=True, eq=False)
class Checklist(Shown):
    """Units held against a list of items.

    Attributes
    ----------
    rules : tuple of CriterionRule
    unit : str
        The column that names the units.
    """

    rules: tuple[CriterionRule, ...]
    unit: str
    _table: pd.DataFrame
    _answers: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return one row a unit: 达到, 未达到 or 不涉及 for each item, how many are not met, and whether all are met (any one vetoes)."""
        return self._table.copy()

    def failed(self) -> pd.DataFrame:
        """Return one row for each unit and item that is not met: item, clause, answer, standard."""
        rows = [
            (unit, rule.name, rule.clause, str(answer), standard_of(rule))
            for i, unit in enumerate(self._table[self.unit])
            for rule in self.rules
            for answer in [self._answers[rule.heading].iloc[i]]
            if self._table[rule.name].iloc[i] == UNMET
        ]
        return pd.DataFrame(rows, columns=[self.unit, "item", "clause", "answer", "standard"])

    def _rows_shown(self) -> Rows:
        words = (MET, UNMET, NOT_ASKED)
        counted = [(rule.name, *(str(int((self._table[rule.name] == word).sum())) for word in words)) for rule in self.rules]
        return Rows(("项目", *words), counted, 1)

    def __repr__(self) -> str:
        whole = int((self._table["unmet"] == 0).sum())
        return f"Checklist {len(self._table)} 个单位，{len(self.rules)} 项：{whole} 个全部达到，{len(self._table) - whole} 个有项目未达到"


def checklist(
    table: pd.DataFrame, rules: str | Criteria | Design | Sequence[CriterionRule], *, unit: str, level: Level = "village"
) -> Checklist:
    """Hold a table of villages, or of the county, against a list of items.

    Parameters
    ----------
    table : DataFrame
        One row a unit, one column an item.
    rules : str, Criteria, Design or sequence of CriterionRule
        The name of a set that comes with evalkit (陕西村7条, 陕西县7条), or where the items are declared.
    unit : str
        The column that names the units.
    level : {"household", "village", "county"}
        Which items of a design or of criteria; a named set has its own level.

    Returns
    -------
    Checklist

    Raises
    ------
    ResponsesError
        With every column that is absent, answer that is missing or not in the item's words, and unit that stands twice.

    Examples
    --------
    >>> villages = pd.DataFrame({
    ...     "村": ["甲", "乙"], "贫困发生率": [0.021, 0.034], "人均可支配收入占比提高": ["是", "是"],
    ...     "有集体经济或合作组织、互助资金组织": ["是", "否"], "通沥青路或水泥路": ["是", "是"], "有安全饮水": ["是", "是"],
    ...     "电力入户率": [1, 1], "有标准化村卫生室": ["是", "是"]})
    >>> made = checklist(villages, "陕西村7条", unit="村")
    >>> made
    Checklist 2 个单位，7 项：1 个全部达到，1 个有项目未达到
    >>> made.failed()["item"].tolist()
    ['贫困发生率', '有集体经济或合作组织、互助资金组织']
    """
    items = _items(rules, level)
    _refuse(table, items, unit)
    columns: dict[str, Any] = {unit: table[unit].to_numpy()}
    for rule in items:
        met = pd.Series(MET, index=table.index).mask(against(table, rule), UNMET)
        columns[rule.name] = met.where(concerned(table, rule), NOT_ASKED).to_numpy()
    made = pd.DataFrame(columns)
    made["unmet"] = (made[[rule.name for rule in items]] == UNMET).sum(axis=1)
    answers = table[list(dict.fromkeys(rule.heading for rule in items))].reset_index(drop=True)
    return Checklist(items, unit, made, answers)


def _items(rules: str | Criteria | Design | Sequence[CriterionRule], level: Level) -> tuple[CriterionRule, ...]:
    if isinstance(rules, str):
        try:
            named = rule_set(rules)
        except ValueError as found:
            raise ResponsesError(f"rules｜{found}") from None
        plain = Criteria(income="收入", line=1, line_source="无", guarantees=("无",), rule=named)
        return plain.rules(named[0].level)[named[0].level == "household" :]
    items: tuple[CriterionRule, ...]
    if isinstance(rules, tuple | list):
        items = tuple(rules)
    else:
        criteria = rules if isinstance(rules, Criteria) else getattr(rules, "criteria", None)
        items = () if criteria is None else criteria.rules(level)
    if not items:
        remedy = f"写 [[criteria.rule]] level = \"{level}\"，或给出规则集的名称，如 陕西村7条"
        raise ResponsesError(f"rules｜没有{LEVELS[level]}一级的规则｜{remedy}")
    return items


def _refuse(table: pd.DataFrame, items: Sequence[CriterionRule], unit: str) -> None:
    faults = Faults("核对表")
    for column in dict.fromkeys([unit, *(column for rule in items for column in (rule.heading, *rule.when))]):
        if column not in table:
            faults.add(None, column, None, "表中没有这一列", "补上这一列，或改规则的 column")
    faults.refuse(ResponsesError)
    for rule in items:
        faults.add_rows(blank(table, rule).nonzero()[0], rule.heading, "缺答案", "补填")
        faults.add_rows(strange(table, rule).nonzero()[0], rule.heading, "不在允许的答案中", f"改为：{'、'.join(rule.words) or '数值'}")
    faults.add_rows(table[unit].duplicated().to_numpy().nonzero()[0], unit, "同一单位写了两行", "每个单位一行")
    faults.refuse(ResponsesError)
