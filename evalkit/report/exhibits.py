"""The tables and charts of a report, numbered in the order in which they are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from evalkit.charts import draw_all
from evalkit.charts.languages import Language, speaker
from evalkit.figures import KEY, WORDS, adds_up, gate_text, gate_words, is_blank
from evalkit.rates import CAUSES_RULE
from evalkit.report.model import WITHHELD, Cell, Picture, Table, cell, fraction_cell, interval_cell, plain_table
from evalkit.tables import COLUMNS, TOTAL, Column, Results, finding_heads, records

PUBLISH_FROM = 30  # fewer interviews than this say too little about a group
FEW_GROUPS = 6
FEW_KINDS = 3  # of findings that a title names
COUNTS = "各项指标的计数"  # of places chosen on purpose
UNGATED = "主要指标"
HASHES = {"frame": "名单指纹", "design": "设计指纹", "certificate": "抽样凭证指纹", "seed": "种子", "seed_origin": "种子来源"}
SERIES = {
    "表": ("response", "gates", "statuses", "groups", "satisfaction", "findings"),
    "附表": ("sample", "places", "causes", "distance", "marks", "flags", "rules", "small_groups", "answers", "quality"),
    "技术表": ("precision", "design_effects", "errors", "verdicts", "weights"),
    "凭证表": ("receipt",),
}
PICTURES = ("sample", "response", "progress", "gates", "satisfaction", "causes", "places", "flow", "weights", "drawn")


@dataclass(frozen=True, eq=False)
class Exhibits:
    """The numbered tables and pictures of one report, by key; what has nothing to show is absent."""

    tables: Mapping[str, Table]
    pictures: Mapping[str, Picture]

    def show(self, *keys: str) -> Iterator[Table | Picture]:
        """Yield those of the tables, and of the pictures (``chart:…``), that exist."""
        for key in keys:
            found = self.pictures.get(key.removeprefix("chart:")) if key.startswith("chart:") else self.tables.get(key)
            if found is not None:
                yield found

    def refer(self, *keys: str) -> str:
        """Return （见表1、图2） for those of the keys that exist, or nothing."""
        there = [found.number for found in self.show(*keys)]
        return f"（见{'、'.join(there)}）" if there else ""


def make_exhibits(results: Results) -> Exhibits:
    """Make and number every table and chart that these results fill."""
    return Exhibits(make_tables(results), make_pictures(results))


def make_pictures(results: Results, language: Language = "zh") -> dict[str, Picture]:
    """Draw and number every chart that these results fill, with words of the language."""
    charts, word = {chart.key: chart for chart in draw_all(results, language)}, speaker(language)("图", "Figure ")
    numbered = enumerate([key for key in PICTURES if key in charts], 1)
    return {key: Picture(charts[key], f"{word}{i}", language) for i, key in numbered}


def make_tables(results: Results) -> dict[str, Table]:
    """Make and number every table that these results fill."""
    made = {table.key: table for table in _main_tables(results) + _annex_tables(results) + _technical_tables(results)}
    filled = {key: table for key, table in made.items() if table.rows}
    numbered = {}
    for series, keys in SERIES.items():
        for i, key in enumerate([key for key in keys if key in filled], 1):
            numbered[key] = replace(filled[key], number=f"{series}{i}", source=filled[key].source or _source(results))
    return numbered


def level_text(results: Results) -> str:
    """Return 95%区间 for a confidence of 0.95."""
    return f"{gate_text(results.facts.get('confidence') or 0.95)}区间"


def thresholds(results: Results) -> dict[str, float]:
    """Return rate → threshold."""
    return dict(results.table("gates").set_index("rate")["threshold"])


def rate_names(results: Results) -> list[str]:
    """Return the names of the rates: those with a gate first, in the order of the gates."""
    return list(dict.fromkeys([*results.table("gates")["rate"], *results.table("rates")["rate"]]))


def _source(results: Results) -> str:
    survey = f"{results.facts.get('name') or ''}入户调查（{results.facts.get('fieldwork') or '时间未填'}）"
    return f"{survey}，模拟数据" if results.simulated else survey


# -- main part ----------------------------------------------------------------------------------------------


def _main_tables(results: Results) -> list[Table]:
    eligible = "应答率为完成户占合格启用户的比重。"
    several = "同一户可涉及多个事项，各事项之和可能大于户数。“认定”为经核实、反馈和举证后确认的情形。"
    return [
        plain_table("response", "各户类型调查完成情况", "response", results.table("response"), unit="单位：户", note=eligible),
        _gate_table(results),
        _status_table(results),
        _group_table(results, "groups", "主要指标的分组情况", few=True),
        _answer_table(results.table("satisfaction")),
        _finding_table(results.table("findings"), several),
    ]


def _gate_table(results: Results) -> Table:
    gates = {row.rate: row for row in records(results.table("gates"))}
    rates = results.table("rates")
    if results.facts.get("chosen"):
        return _count_table(rates, str(results.facts["chosen"]))
    firm = {row.rate: row for row in records(rates[rates["status"] != "疑似"])}
    heads = [("指标", "text"), ("门槛", "text"), ("单位", "text"), ("分子/分母", "fraction"), ("样本比率", "percent")]
    heads += [("加权估计值", "percent"), (level_text(results), "interval"), ("按规则", "text"), ("统计把握程度", "text")]
    rows = tuple(_gate_row(firm[name], gates.get(name)) for name in rate_names(results) if name in firm)
    note = "“按规则”依规则原文所读的数值判定，使用未舍入的数值；“统计把握程度”说明抽样误差之内结论是否仍然成立。空白为不适用。"
    table = Table("gates", "主要指标与门槛", tuple(Column(*head) for head in heads), rows, note=note)
    return table if gates else replace(_without(table, "门槛", "按规则", "统计把握程度"), title=UNGATED, note="")


def _without(table: Table, *headings: str) -> Table:
    """Return a table without some of its columns."""
    kept = [i for i, column in enumerate(table.columns) if column.heading not in headings]
    return replace(table, columns=tuple(table.columns[i] for i in kept), rows=tuple(tuple(row[i] for i in kept) for row in table.rows))


def _count_table(rates: pd.DataFrame, note: str) -> Table:
    """Return the counts of places chosen on purpose, without any share."""
    heads = [("指标", "text"), ("口径", "text"), ("单位", "text"), ("发现数", "count"), ("所查数", "count")]
    names = ["rate", "status", "unit", "numerator", "denominator"]
    rows = tuple(tuple(cell(getattr(row, name), head[1]) for name, head in zip(names, heads, strict=True)) for row in records(rates))
    return Table("gates", COUNTS, tuple(Column(*head) for head in heads), rows, note=note)


def _gate_row(row: Any, gate: Any) -> tuple[Cell, ...]:
    near = gate.threshold if gate else None
    says = [gate_words(gate), gate.legal, gate.confident] if gate else ["未设门槛", "", ""]
    return (
        cell(row.rate, "text"),
        cell(says[0], "text"),
        cell(row.unit, "text"),
        fraction_cell(row.numerator, row.denominator),
        cell(row.official, "percent", near),
        cell(row.estimate, "percent", near),
        interval_cell(row.low, row.high, near),
        cell(says[1], "text"),
        cell(says[2], "text"),
    )


def _status_table(results: Results) -> Table:
    rates, gates = results.table("rates"), thresholds(results)
    each = [("分子", "count"), ("样本比率", "percent"), ("加权估计", "percent"), (level_text(results), "interval")]
    columns = tuple(Column(*head) for head in [("指标", "text"), ("分母", "count"), *each, *each])
    rows = []
    for name in rate_names(results):
        of = {row.status: row for row in records(rates[rates["rate"] == name])}
        if "认定" in of and "疑似" in of and not is_blank(of["认定"].official):
            both = [part for status in ("认定", "疑似") for part in _status_cells(of[status], gates.get(name))]
            rows.append((cell(name, "text"), cell(of["认定"].denominator, "count"), *both))
    spans = (("", 2), ("认定", 4), ("疑似", 4))
    note = "“疑似”包括已提出而尚未排除的全部情形，“认定”只含已确认的情形；指标判定以认定为准。"
    return Table("statuses", "认定与疑似两种口径对照", columns, tuple(rows), note=note, spans=spans)


def _status_cells(row: Any, gate: float | None) -> list[Cell]:
    shares = [cell(row.official, "percent", gate), cell(row.estimate, "percent", gate)]
    return [cell(row.numerator, "count"), *shares, interval_cell(row.low, row.high, gate)]


def _group_table(results: Results, key: str, title: str, *, few: bool) -> Table:
    groups = results.table("groups")
    sizes = groups.groupby(["rate", "group_kind"])["group"].transform("nunique") if len(groups) else pd.Series(dtype=float)
    shown = groups[sizes <= FEW_GROUPS] if few else groups[sizes > FEW_GROUPS]
    heads = [("指标", "text"), ("分组", "text"), ("类别", "text"), ("样本量", "count"), ("分子/分母", "fraction")]
    heads += [("样本比率", "percent"), ("加权估计值", "percent"), (level_text(results), "interval")]
    near = thresholds(results)
    rows = tuple(_group_row(row, near.get(row.rate)) for row in records(shown))
    note = f"样本量为回答户数；不足{PUBLISH_FROM}的类别不公布比率，村数过少的类别不公布区间，以“—”表示。"
    note += "分组结果的误差大于全县结果，不单独与门槛比较。"
    return Table(key, title, tuple(Column(*head) for head in heads), rows, note=note)


def _group_row(row: Any, near: float | None) -> tuple[Cell, ...]:
    names = (cell(row.rate, "text"), cell(row.group_kind, "text"), cell(row.group, "text"), cell(row.n, "count"))
    if is_blank(row.n) or row.n < PUBLISH_FROM:
        return (*names, WITHHELD, WITHHELD, WITHHELD, WITHHELD)
    shares = (cell(row.official, "percent", near), cell(row.estimate, "percent", near))
    known = WITHHELD if is_blank(row.low) else interval_cell(row.low, row.high, near)
    return (*names, fraction_cell(row.numerator, row.denominator), *shares, known)


def _answer_table(table: pd.DataFrame) -> Table:
    items, answers = list(dict.fromkeys(table["item"])), list(dict.fromkeys(table["answer"]))
    shares = {(row.item, row.answer): row.share for row in records(table)}
    asked = table.groupby("item", sort=False)["n"].sum()
    printed = [[cell(shares.get((item, answer)), "percent") for answer in answers] for item in items]
    rows = tuple((cell(item, "text"), cell(asked[item], "count"), *row) for item, row in zip(items, printed, strict=True))
    columns = (Column("题目"), Column("回答户数", "count"), *(Column(str(answer), "percent") for answer in answers))
    odd = [item for item, row in zip(items, printed, strict=True) if not adds_up([part.text for part in row if part.text])]
    note = "占比按抽样设计加权，不等于户数之比" + (f"；因舍入，{'、'.join(odd)}的各项之和不等于100%。" if odd else "。")
    return Table("satisfaction", "满意度各题回答的构成", columns, rows, unit="单位：户", note=note)


def _finding_table(table: pd.DataFrame, note: str) -> Table:
    """Return the findings, each with its 合计 first and then 其中： its items, which may overlap."""
    made = plain_table("findings", "按事项分的问题情况", "findings", table, unit="单位：户、人", note=note)
    items = table["item"].to_numpy()
    first = [i > 0 and items[i - 1] == TOTAL and items[i] != TOTAL for i in range(len(items))]
    rows = zip(made.rows, first, strict=True)
    return replace(made, rows=tuple((row[0], Cell(f"其中：{row[1].text}", row[1].value), *row[2:]) if new else row for row, new in rows))


def _filled(table: Table) -> Table:
    """Return a table without columns of words in which no row has anything to say."""
    texts = [i for i, column in enumerate(table.columns) if column.form == "text"]
    return _without(table, *(table.columns[i].heading for i in texts if not any(row[i].text for row in table.rows)))


# -- annexes ------------------------------------------------------------------------------------------------


def _annex_tables(results: Results) -> list[Table]:
    rules = results.table("gates")
    faults = "列出回收资料检查中发现的全部情形；“行”为电子表格中的行号。"
    return [
        _sample_table(results),
        _place_table(results),
        _cause_table(results.table("causes")),
        _distance_table(results),
        plain_table("marks", "指标体系各项结果", "marks", results.table("marks"), ["item", "source", "result"], note=scored_by(results)),
        plain_table("flags", "提示情形", "flags", results.table("flags"), note="只提示情形，不提出处理意见。"),
        _rule_table(rules),
        _group_table(results, "small_groups", "主要指标的分组情况（类别较多的分组）", few=False),
        plain_table("answers", "满意度各题回答的户数与占比", "satisfaction", results.table("satisfaction"), unit="单位：户"),
        plain_table("quality", "数据质量检查记录", "quality", results.table("quality"), note=faults),
    ]


def _sample_table(results: Results) -> Table:
    """Return the sample by the places that the design drew from; where it drew from one list as a whole there is the 合计 alone."""
    table, word = results.table("sample"), results.facts.get("place", "乡镇")
    single = (table["place"] != TOTAL).sum() == 1
    title = "样本与完成情况" if single else f"各{word}样本分布与完成情况"
    made = plain_table("sample", title, "sample", table[table["place"] == TOTAL] if single else table, unit="单位：个、户")
    return replace(made, columns=(Column("范围" if single else word), *made.columns[1:]))


def _cause_table(table: pd.DataFrame) -> Table:
    kinds = list(dict.fromkeys(table["finding"]))
    title = f"{'、'.join(kinds) if len(kinds) <= FEW_KINDS else '各类问题'}的成因"
    return plain_table("causes", title, "causes", table, unit="单位：户、人", note=f"{CAUSES_RULE}{KEY}")


def _place_table(results: Results) -> Table:
    heads, words = COLUMNS["places"], finding_heads(results.facts)
    shown = [name for name in heads if name not in words or name in results.facts.get("sought", heads)]
    table = plain_table("places", "各地点疑似问题户数", "places", results.table("places"), shown, unit="单位：户", note=KEY)
    called = {heads[code].heading: f"{name}户数" for code, name in words.items() if code in heads}
    return replace(table, columns=tuple(head._replace(heading=called.get(head.heading, head.heading)) for head in table.columns))


def scored_by(results: Results) -> str:
    """Return the system by which a scorecard was made."""
    return str(results.facts.get("system") or "")


def _distance_table(results: Results) -> Table:
    note = "待定案件现在不计入指标；每行为该案单独认定后的数值，排除则不变。末行为全部待定案件都认定。"
    table = results.table("distance")
    made = plain_table("distance", "待定案件与门槛的距离", "distance", table, gates=thresholds(results), unit="单位：人", note=note)
    return made if len(results.table("gates")) else replace(_without(made, "现按规则", "认定后按规则"), title="待定案件对指标的影响")


def _rule_table(gates: pd.DataFrame) -> Table:
    words = ("指标", "门槛", "规则原文", "出处", "读取的数值")
    columns = (*(Column(word) for word in words), Column("数值", "percent"), Column("按规则"))
    rows = tuple(
        (
            cell(gate.rate, "text"),
            cell(gate_words(gate), "text"),
            cell(gate.quote, "text"),
            cell(gate.source, "text"),
            cell(WORDS.get(gate.legal_value, gate.legal_value), "text"),
            cell(gate.value_read, "percent", gate.threshold),
            cell(gate.legal, "text"),
        )
        for gate in records(gates)
    )
    return Table("rules", "门槛、规则原文及所读数值", columns, rows, source="评估设计文件")


def _technical_tables(results: Results) -> list[Table]:
    rates = results.table("rates")
    rates = rates[rates["estimate"].notna()]
    precise = ["rate", "status", "estimate", "se", "low", "high", "df", "method"]
    effects = ["rate", "status", "n", "n_eff", "deff", "deff_star", "df_design", "icc", "icc_source"]
    errors = "标准误与区间按抽样设计计算；自由度为区间所用。"
    weights = "权数按步骤相乘；权数设计效应为权数不等所致的方差放大倍数。"
    return [
        _filled(plain_table("precision", "估计值、标准误与区间", "rates", rates, precise, thresholds(results), note=errors)),
        _filled(plain_table("design_effects", "样本量与设计效应", "rates", rates, effects)),
        _filled(_error_table(results)),
        _verdict_table(results),
        plain_table("weights", "权数", "weights", results.table("weights"), note=weights),
        _receipt_table(results),
    ]


def _error_table(results: Results) -> Table:
    """Return the sampling errors; groups of which too few were asked to publish a share are withheld here too."""
    table = results.table("errors")
    made = plain_table("errors", "抽样误差（全部估计值）", "errors", table, gates=thresholds(results))
    few = [bool(row.group) and row.n < PUBLISH_FROM for row in records(table)]
    shown = [name == "n" or COLUMNS["errors"][name].form == "text" for name in COLUMNS["errors"]]
    rows = [
        tuple(part if keep or not hidden else WITHHELD for part, keep in zip(row, shown, strict=True))
        for row, hidden in zip(made.rows, few, strict=True)
    ]
    note = "DEFT 为设计效应的平方根；SE/R 为相对误差；R±2SE 在0与100%处截断，供与其他调查比较，判定不用。"
    note += "零例时标准误为0，不表示没有误差，以区间为准。“—”为样本不足、不予公布。"
    return replace(made, rows=tuple(rows), note=note)


def _verdict_table(results: Results) -> Table:
    chosen = ["rate", "threshold", "zone", "p_value", "bound_low", "bound_high"]
    table = plain_table("verdicts", "各门槛的统计判定", "gates", results.table("gates"), chosen, thresholds(results))
    return replace(table, note=f"显著性水平 {results.facts.get('alpha')}；单侧上下限的把握程度为 1 减显著性水平。")


def _receipt_table(results: Results) -> Table:
    hashes = results.facts.get("hashes") or {}
    names = [*HASHES, *sorted(set(hashes) - set(HASHES))]
    rows = tuple((cell(HASHES.get(name, name), "text"), cell(hashes[name], "text")) for name in names if not is_blank(hashes.get(name)))
    return Table("receipt", "抽样凭证", (Column("项目"), Column("内容")), rows, source="抽样凭证文件")


