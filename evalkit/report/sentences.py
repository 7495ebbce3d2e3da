"""The sentences of a report, each made from the numbers it speaks of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from evalkit.figures import gate_text, gate_words, interval, is_blank, number, percent
from evalkit.report.exhibits import level_text, rate_names
from evalkit.tables import TOTAL, Results, finding_heads, records

SINGLETON = {
    "fail": "停止计算并报告",
    "certainty": "视为必入，不计方差",
    "adjust": "以总体均值为中心",
    "average": "以其他层的平均方差代替",
    "remove": "不计入方差",
    "collapse": "与相邻层合并",
}
EMPTY_CELL = {"fail": "停止计算并报告", "spread": "其权数摊给同一首阶段层内其他抽中村的同类户，再无则摊给全县同类户"}
OTHER_POLICIES = {"village_method": "抽村方法", "household_method": "抽户方法", "shortfall": "户数不足配额时"}
STATUSES = "“疑似”和“认定”以回收表的核查状态为准。"
SIGNERS = "调查员：　　　　　组长：　　　　　审核人："
CENSUS = "全部村、全部户都列入走访，不抽样，所以没有抽样误差；未完成调查的户由同村同类户代表，区间只反映这一部分。"
ZONES = "判定区分为三种：单侧界限证实在达标一侧为“已证实达到”，证实在另一侧为“已证实未达到”，两方面都不能证实为“尚不能证实”。"


def _count(results: Results, name: str) -> str:
    value: Any = (results.facts.get("counts") or {}).get(name)
    return "" if is_blank(value) else number(value)


def _clauses(results: Results, *parts: tuple[str, str]) -> list[str]:
    return [text.format(count) for name, text in parts if (count := _count(results, name))]


def _name(results: Results) -> str:
    return str(results.facts.get("name") or "被评估地区")


# -- overview and fieldwork ---------------------------------------------------------------------------------


def task(results: Results) -> str:
    """Return who evaluated what, and when."""
    facts = results.facts
    who, when = facts.get("institute") or "评估机构", facts.get("fieldwork")
    return f"{who}{f'于{when}' if when else ''}对{_name(results)}开展实地评估，以入户调查结果为依据，独立形成本报告。"


def contents(results: Results) -> list[str]:
    """Return what was measured, and against which gates."""
    names = rate_names(results)
    if not names:
        return ["本次评估未计算指标。"]
    first = f"本次评估测算{'、'.join(names)}，共{len(names)}项指标。{results.facts.get('bundle') or ''}"
    gates = [f"{gate.rate}{gate_words(gate)}" for gate in records(results.table("gates"))]
    return [first, f"其中设有门槛的有：{'，'.join(gates)}。"] if gates else [first]


def chosen(results: Results) -> str:
    """Return that the places were chosen on purpose and speak for nobody else; nothing where they were drawn."""
    return str(results.facts.get("chosen") or "")


def organisation(results: Results) -> list[str]:
    """Return how the sample was drawn, in plain words: only what the certificate and the ledger show."""
    if chosen(results):
        return [chosen(results), STATUSES]
    if results.facts.get("census"):
        return [CENSUS, STATUSES]
    redraws = [str(reason) for reason in results.facts.get("redraws") or []]
    again = f"抽样曾重做{len(redraws)}次，理由：{'；'.join(redraws)}。" if redraws else ""
    return [
        "样本按设计随机抽取：每个单位的抽签号由种子和该单位的编号算出，与人的选择无关；持有名单和凭证的人都可以重抽核对。" + again,
        "无法调查的户由同类备用户按抽签顺序替换。" + ("" if results.facts.get("sought") == [] else STATUSES),
    ]


def sample_size(results: Results) -> str:
    """Return the size of the sample."""
    frame = _clauses(results, ("counties_frame", "{}个县"), ("townships", "{}个乡镇"), ("villages_frame", "{}个村"))
    places = _clauses(results, ("counties_drawn", "{}个县"), ("villages_drawn", "{}个村"))
    drawn = [*(["、".join(places)] if places else []), *_clauses(results, ("households_planned", "计划调查{}户"))]
    done = _clauses(results, ("households_complete", "完成调查{}户"), ("persons", "涉及{}人"))
    if results.facts.get("census") and frame and drawn:
        return "，".join([f"{_name(results)}{'、'.join(frame)}全部走访", *drawn[1:], *done]).replace("计划调查", "应走访") + "。"
    parts = [f"从{_name(results)}{'、'.join(frame)}中抽取{'，'.join(drawn)}" if frame and drawn else "", "，".join(done)]
    return "，".join(part for part in parts if part) + "。" if any(parts) else "样本规模见附表。"


def completion(results: Results) -> str:
    """Return how the interviews went."""
    told = (("households_released", "共启用{}户"), ("households_complete", "完成{}户"), ("replaced", "其中由备用户完成{}户"))
    parts = _clauses(results, *told)
    total = results.table("response")
    total = total[total["stratum"] == TOTAL]
    parts += [f"总应答率{percent(row.response_rate)}" for row in records(total) if not is_blank(row.response_rate)]
    return "，".join(parts) + "。" if parts else ""


# -- indicators ---------------------------------------------------------------------------------------------


def reading(results: Results) -> str:
    """Return how the results are to be read."""
    if chosen(results):
        return f"各项指标只列所查村户的计数。{chosen(results)}"
    said = "各项指标同时列出样本比率和按抽样设计加权的估计值：前者为调查所见，后者推算到全部总体。"
    error = "未完成调查的户可能带来的误差，普查没有抽样误差" if results.facts.get("census") else "抽样误差的范围"
    said += f"{level_text(results)}表示{error}。"
    if not len(results.table("gates")):
        return f"{said}各项指标未设门槛，不作判定。"
    return (
        f"{said}是否达到门槛按规则原文判定，并注明统计把握程度："
        f"只有{gate_text(1 - float(results.facts.get('alpha', 0.05)))}的单侧界限也在门槛的同一侧，才称充分。"
    )


def about_rate(results: Results, name: str) -> list[str]:
    """Return the paragraphs about one rate: definition, findings, verdict."""
    rows = results.table("rates")
    rows = rows[rows["rate"] == name]
    gates = results.table("gates")
    gate: Any = next(records(gates[gates["rate"] == name]), None)
    near = gate.threshold if gate is not None else None
    notes = dict(results.facts.get("rate_notes") or {}).get(name, [])
    ends = "" if chosen(results) else _verdict(gate)
    told = [_definition(name, rows.iloc[0]), *(_measure(results, row, near) for row in records(rows)), *notes, ends]
    return told + [str(decision["sentence"]) for decision in results.facts.get("acceptance") or [] if decision["rate"] == name]


def _definition(name: str, row: pd.Series) -> str:
    rule = str(row["denominator_rule"])
    counted = "计算方法为{}" if set("÷/－") & set(rule) else "分母为{}"
    parts = [("总体为{}", row["population"]), ("以{}计", row["unit"]), (counted, row["denominator_rule"])]
    said = "，".join(text.format(value) for text, value in parts if not is_blank(value))
    return f"{name}：{said}。" if said else ""


def _measure(results: Results, row: Any, near: float | None) -> str:
    words = [f"{row.status}口径：" if not is_blank(row.status) else ""]
    words.append(_seen(results, row, near))
    if not is_blank(row.estimate):
        words.append(f"按抽样设计加权的估计值为{percent(row.estimate, gate=near)}")
        words.append(f"，{level_text(results)}为{interval(row.low, row.high, near)}" if not is_blank(row.low) else "")
    return "".join(words).rstrip("；") + "。" if any(words[1:]) else ""


def _seen(results: Results, row: Any, near: float | None) -> str:
    if is_blank(row.numerator) or is_blank(row.denominator):
        return f"样本比率为{percent(row.official, gate=near)}；" if not is_blank(row.official) else ""
    if row.rate in (results.facts.get("projected") or []):
        people = f"{number(row.denominator)}{row.unit}"
        return f"由样本比率推算为{number(row.numerator)}{row.unit}，占乡村人口{people}的{percent(row.official, gate=near)}；"
    base = f"分母{number(row.denominator)}{row.unit}"
    if row.numerator == 0:
        return f"{base}，未发现应计入分子的情形；"
    if is_blank(row.official):
        return f"发现{number(row.numerator)}{row.unit}，所查{number(row.denominator)}{row.unit}；"
    return f"分子{number(row.numerator)}{row.unit}，{base}，样本比率为{percent(row.official, gate=near)}；"


def _verdict(gate: Any) -> str:
    if gate is None:
        return "本指标未设门槛，供分析参考。"
    source = f"（{gate.source}）" if not is_blank(gate.source) else ""
    quote = f"规则为“{gate.quote}”{source}。" if not is_blank(gate.quote) else ""
    return f"{quote}{gate.sentence}"


def gate_sentences(results: Results) -> list[str]:
    """Return one sentence a gate."""
    return [str(sentence) for sentence in results.table("gates")["sentence"] if not is_blank(sentence)]


def gate_list(results: Results) -> str:
    """Return the outcome of every gate in one sentence."""
    rows = [f"{gate.rate}{gate.legal}（统计把握程度{gate.confident}）" for gate in records(results.table("gates"))]
    return "各项门槛的结果：" + "，".join(rows) + "。" if rows else ""


def answers(results: Results) -> str:
    """Return how many questions were asked, and the most frequent answer to each."""
    table = results.table("satisfaction")
    top = table.sort_values("share", ascending=False, kind="stable").drop_duplicates("item")
    says = {row.item: f"“{row.item}”以“{row.answer}”最多，占{percent(row.share)}" for row in records(top)}
    items = list(dict.fromkeys(table["item"]))
    return f"共询问{len(items)}题：" + "；".join(says[item] for item in items) + "。"


# -- problems and conclusion --------------------------------------------------------------------------------


def has_findings(results: Results) -> bool:
    """Say whether any case was raised."""
    table = results.table("findings")
    return bool(len(table) and (table[["households", "persons"]].fillna(0) > 0).any(axis=None))


def findings_in_short(results: Results) -> str:
    """Return which kinds of problem were found, or that none was."""
    if results.facts.get("sought") == []:
        return "本次评估只测算指标，不对户作认定，不列问题户。"
    names = list(dict.fromkeys(results.table("findings")["finding"]))
    if not has_findings(results):
        return f"按本次评估的认定标准，调查中未发现{'、'.join(names) or '、'.join(finding_heads(results.facts).values())}情形。"
    firm = (results.table("findings")["confirmed_households"].fillna(0) > 0).any()
    return f"调查中发现{'、'.join(names)}的疑似情形，{'其中部分已经认定' if firm else '均未认定'}。"


def findings_by_item(results: Results) -> list[str]:
    """Return one sentence a kind of problem, with counts and the item that occurs most."""
    table = results.table("findings")
    said = []
    for name in dict.fromkeys(table["finding"]):
        rows = table[(table["finding"] == name) & (table["households"] > 0)]
        said.append(f"{name}：{_cases(rows)}。" if len(rows) else f"{name}：未发现。")
    return said


def _cases(rows: pd.DataFrame) -> str:
    items = rows[rows["item"] != TOTAL].sort_values("households", ascending=False, kind="stable")
    parts = [_counts(row) for row in records(rows[rows["item"] == TOTAL])]
    most = items[items["households"] == items["households"].max()]
    named = "、".join(f"“{item}”" for item in most["item"])
    parts += [f"涉及{len(items)}个事项，以{named}{'并列' if len(most) > 1 else ''}最多" for _ in range(len(most) > 0)]
    return "；".join(parts)


def _counts(row: Any) -> str:
    firm = f"认定{number(row.confirmed_households)}户{number(row.confirmed_persons)}人" if row.confirmed_households else "均未认定"
    return f"疑似{number(row.households)}户{number(row.persons)}人，{'其中' if row.confirmed_households else ''}{firm}"


def findings_by_place(results: Results) -> str:
    """Return in how many places problems were found, and where most."""
    table = results.table("places")
    table = table[table["place"] != TOTAL]
    table = table[table["households"] > 0].sort_values("households", ascending=False, kind="stable")
    if table.empty:
        return "未提供按地点的分布。"
    most = next(records(table))
    return f"疑似问题户分布在{len(table)}个地点，最多的是{most.place}，{number(most.households)}户。"


def conclusion(results: Results) -> str:
    """Return the conclusion."""
    return str((results.facts.get("conclusion") or {}).get("sentence") or "本次评估未形成总体结论。")


def numbered(texts: Sequence[str]) -> list[str]:
    """Return texts as 1. 2. 3., a single one as it is."""
    return list(texts) if len(texts) == 1 else [f"{i}. {text}" for i, text in enumerate(texts, 1)]


def ended(texts: Sequence[str]) -> list[str]:
    """Return each text once, with a full stop at its end.

    Examples
    --------
    >>> ended(["按名单", "按名单", "已核对。"])
    ['按名单。', '已核对。']
    """
    return [text if text.endswith(("。", "！", "？")) else f"{text}。" for text in dict.fromkeys(texts)]


def signatures(results: Results) -> list[str]:
    """Return institute and date, with room for the seal."""
    facts = results.facts
    return [f"{facts.get('institute') or ''}（盖章）", str(facts.get("date") or "")]


# -- technical annex ----------------------------------------------------------------------------------------


def method(results: Results) -> list[str]:
    """Return how the estimates were made."""
    if chosen(results):
        return [chosen(results)]
    methods = [name for name in dict.fromkeys(results.table("rates")["method"]) if not is_blank(name)]
    counted = "以户判断、以人计数的指标按户内人数合计，作为比率估计，其方差以村和户为抽样单位计算，并作有限总体校正。"
    used = f"区间方法：{'、'.join(methods)}；" if methods else ""
    return [
        "权数为各阶段入样概率的倒数，并按完成调查情况调整。" + counted,
        f"{used}区间的把握程度为{level_text(results).removesuffix('区间')}。零例时的区间计入村内相关，不按简单随机样本计算。",
    ]


def deciding(results: Results) -> list[str]:
    """Return how the verdicts were reached, gate by gate."""
    if chosen(results):
        return ["典型选点不作判定。"]
    told = [text for text in results.table("gates")["sentence_technical"] if not is_blank(text)]
    alpha = results.facts.get("alpha")
    rule = f"显著性水平为{alpha}，" if not is_blank(alpha) else ""
    accepted = [str(decision["sentence_technical"]) for decision in results.facts.get("acceptance") or []]
    return [f"{rule}{ZONES}按规则的判定只看所读数值与门槛的关系，不受判定区影响。", *told, *accepted]


def policies(results: Results) -> list[str]:
    """Return the rules that had to be chosen."""
    chosen = dict(results.facts.get("policies") or {})
    said = []
    if "singleton" in chosen:
        rule = chosen.pop("singleton")
        said.append(f"首阶段层内只有一个抽样单位时：{SINGLETON.get(rule, rule)}。")
    if "empty_cell" in chosen:
        rule = chosen.pop("empty_cell")
        cells = chosen.pop("spread_cells", None)
        many = f"，涉及{cells if isinstance(cells, int) else len(cells)}个" if cells else ""
        said.append(f"某村某类户无一完成调查时：{EMPTY_CELL.get(rule, rule)}{many}。")
    said += [f"{text}：{chosen.pop(name)}。" for name, text in OTHER_POLICIES.items() if chosen.get(name)]
    return said + [f"{name}：{value}。" for name, value in sorted(chosen.items()) if not is_blank(value)]


def checking() -> list[str]:
    """Return how anybody can check the draw."""
    return [
        "抽样号码由种子与单位编号经 SHA-256 逐一算出，与名单的行序、软件和时间无关。"
        "下表各项为文件内容的 SHA-256 指纹，内容改动一个字节，指纹即不同。",
        "核对方法：取得名单、设计文件和抽样凭证，在装有 evalkit 的计算机上键入 evalkit verify 加文件夹名，"
        "程序按凭证重抽并逐项比对，指出不一致之处。",
    ]
