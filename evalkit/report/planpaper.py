"""From a Plan to a Document: the chapters of a 抽样方案, and its files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.figures import gate_words, number, official_date, ordinal
from evalkit.plans.remarks import replacement
from evalkit.plans.wording import outside_told
from evalkit.report.exhibits import Exhibits
from evalkit.report.files import write_document
from evalkit.report.model import Block, Document, Heading, Paragraph, Picture
from evalkit.report.plancharts import plan_charts
from evalkit.report.plantables import plan_tables

if TYPE_CHECKING:
    from evalkit.plans import Plan

NAME = "抽样方案"


@dataclass(frozen=True, eq=False)
class _Shown(Exhibits):
    """A plan with its numbered tables and pictures."""

    plan: Plan


def compose_plan(plan: Plan) -> Document:
    """Compose the document of a sampling plan.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    Document
        Every number comes from the plan's tables.
    """
    pictures = {chart.key: Picture(chart, f"图{i}") for i, chart in enumerate(plan_charts(plan), 1)}
    shown = _Shown(plan_tables(plan), pictures, plan)
    chapters = (
        ("评估对象与依据", _subject), ("抽样框", _frame), ("抽样设计", _design), ("样本分配", _allocation), ("入样概率与权数", _chances),
        ("预期精度与统计把握", _precision), ("费用与工作量", _work), ("备用户与替换规则", _reserves), ("随机种子与监督", _seed),
        ("与公布数字的核对", _published), ("假定与局限", _limits),
    )  # fmt: skip
    blocks: list[Block] = []
    for place, (title, chapter) in enumerate(chapters, 1):
        blocks += [Heading(f"{ordinal(place)}、{title}", 1), *chapter(shown)]
    return Document(_facts(plan), tuple(blocks))


def write_plan(plan: Plan, folder: str | Path) -> tuple[Path, ...]:
    """Write a sampling plan as Word, PDF, web page and workbook.

    Parameters
    ----------
    plan : Plan
    folder : str or pathlib.Path
        Where 抽样方案.docx, .pdf, .html and .xlsx go; made when it is missing.

    Returns
    -------
    tuple of pathlib.Path
        The four files. The same plan gives the same bytes.

    Warns
    -----
    UserWarning
        Once, with the characters that the bundled font cannot draw.
    """
    return tuple(write_document(compose_plan(plan), folder, NAME))


def _facts(plan: Plan) -> dict[str, Any]:
    design = plan.design
    return {
        "title": f"{design.evaluation.title}{NAME}", "institute": design.report.institute, "date": official_date(design.report.date),
        "year": design.evaluation.year, "simulated": bool(plan.mark), "made_up": plan.mark, "subject": NAME, "basis": NAME,
    }  # fmt: skip


def _subject(shown: _Shown) -> Iterator[Block]:
    design = shown.plan.design
    rules = design.evaluation
    who = design.report.name if design.report.code_names else rules.county
    yield Paragraph(f"本方案为{rules.title}所用，评估对象为{who}，年度为{rules.year}年，由{design.report.institute}制订。")
    if rules.source and not (design.report.code_names and design.frame.made is None):
        yield Paragraph(f"依据：{rules.source.removesuffix('。')}。")
    names = [rate.name for rate in design.rates] or list(shown.plan.table("precision")["rate"])
    if names:
        yield Paragraph(f"评估指标：{'、'.join(names)}。")
    if design.gates:
        told = "；".join(f"{gate.rate}{gate_words(gate)}（{gate.source}）" for gate in design.gates)
        yield Paragraph(f"门槛：{told}。")


def _frame(shown: _Shown) -> Iterator[Block]:
    plan, part = shown.plan, shown.plan.design.frame
    if part.made is not None:
        yield Paragraph("本方案的名单是模拟名单：真实名单没有公开，软件按公布的个数编造，只用来演示和核对，不反映任何真实地区。", "lead")
    elif plan.mark:
        yield Paragraph("名单为真实村名单，户数、人口与贫困村标识为模拟数据，不反映真实情况。", "lead")
    yield Paragraph(f"抽样框共{len(plan.frame)}个单位{f'，来源：{part.source}' if part.source else ''}。".replace("。。", "。"))
    yield from (Paragraph(text) for text in outside_told(plan.design, unsaid=True))
    dropped = [f"{reason.removesuffix('。')}（剔除{count}个）" for reason, count in plan.frame.dropped]
    if dropped:
        yield Paragraph(f"名单按下列规则整理：{'；'.join(dropped)}。")
    notes = [f"{text.removesuffix('。')}（{count}个）" for count, text in plan.frame.notes if count]
    if notes:
        yield Paragraph(f"说明：{'；'.join(notes)}。")
    if plan.design.roster_stages:
        yield Paragraph("户的抽样框为各抽中村的农户名册，抽村之后逐村到达；名册先后不影响抽到哪些户。")
    yield Paragraph(f"名单指纹：{plan.frame.fingerprint}；设计指纹：{plan.design.hash}。名单或设计改动一处，指纹即不同。", "technical")


def _design(shown: _Shown) -> Iterator[Block]:
    yield Paragraph(f"抽样分{len(shown.plan.design.stages)}个阶段{shown.refer('stages', 'chart:stages')}：")
    yield from (Paragraph(sentence) for sentence in shown.plan.table("stages")["sentence"])
    yield from shown.show("stages", "chart:stages")
    if "stages" in shown.pictures:
        yield Paragraph("图注：浅色框为可抽的单位，深色部分为抽中的份额；名册尚未到达的阶段为预计数。", "note")


def _allocation(shown: _Shown) -> Iterator[Block]:
    yield Paragraph(f"各层的单位数与入样数由抽样程序在名单上算出{shown.refer('strata')}，不列任何抽中的单位。")
    yield from shown.show("strata")
    if "interviews" in shown.tables:
        yield Paragraph(f"户样本的发出数与预计完成数分列，不合格与未应答分开{shown.refer('interviews')}。")
    yield from shown.show("interviews")


def _chances(shown: _Shown) -> Iterator[Block]:
    table = shown.plan.table("strata")
    missing = table[(table["population"] > 0) & (table["take"] == 0)]
    every = "每个单位的入样概率都大于零且可以算出"
    if len(missing):
        every = "各单位的入样概率都可以算出；入样数为0的层没有入样机会，结果不代表它们"
    yield Paragraph(f"{every}；权数为各阶段合计概率的倒数{shown.refer('chances', 'weights')}。")
    yield from shown.show("chances", "weights")


def _precision(shown: _Shown) -> Iterator[Block]:
    plan = shown.plan
    if plan.table("precision").empty:
        yield Paragraph("本设计不计算预期精度，理由见“假定与局限”。")
        return
    yield Paragraph(f"按规划值和预计完成户数，各指标的设计效应、标准误与区间如下{shown.refer('sizes', 'intervals')}。")
    yield from shown.show("sizes", "intervals")
    if plan.table("gates").empty:
        yield Paragraph("本设计没有声明门槛，不列判定的把握。")
        return
    yield from (Paragraph(line) for line in _proof_sentences(plan))
    yield from shown.show("gates", "chart:bounds")
    if "bounds" in shown.pictures:
        told = "浅色一侧为达到门槛的范围，粗横线为门槛，蓝点为出现该数事件时的单侧界限，虚线为规划值下预计的事件数。"
        yield Paragraph(f"图注：{told}", "note")
    yield from shown.show("proofs")
    if "acceptance" in shown.tables:
        where = shown.refer("acceptance", "chart:acceptance")
        yield Paragraph(f"下列指标另有入户之前定下的接收规则，调查之后只数事件户数，不估计方差{where}。")
        seal = plan.design.section_hashes()["gate"]
        yield Paragraph(f"门槛与接收规则的指纹：{seal}；入户之前公布，规则改动一处，指纹即不同。", "technical")
        yield from shown.show("acceptance", "chart:acceptance")
        yield Paragraph("图注：粗竖线为门槛，虚竖线为较好的率（合格点）；斜线区为不合格而接收。两种模型的线用线型与记号区分。", "note")


def _proof_sentences(plan: Plan) -> Iterator[str]:
    table = plan.table("gates")
    can = [str(rate) for rate, proven in zip(table["rate"], table["proven"], strict=True) if proven is True]
    cannot = [str(rate) for rate, proven in zip(table["rate"], table["proven"], strict=True) if proven is False]
    if can:
        yield f"情况如规划值时，本方案可以在统计上证实达到门槛的有：{'、'.join(can)}。"
    if cannot:
        yield f"情况如规划值时，本方案仍不能证实达到门槛的有：{'、'.join(cannot)}；报告将写“尚不能证实”，法定规则仍按点估计判断。"


def _work(shown: _Shown) -> Iterator[Block]:
    values = shown.plan.table("work").set_index("key")["value"]
    days = values["team_days"]
    said = f"现场工作量为{number(days)}组日" if days == days else "设计没有写一组一天完成几户，不计算组日"
    yield Paragraph(f"{said}{shown.refer('work')}。")
    yield from shown.show("work")


def _reserves(shown: _Shown) -> Iterator[Block]:
    yield from (Paragraph(sentence) for sentence in replacement(shown.plan.design))
    yield from shown.show("reserves")


def _seed(shown: _Shown) -> Iterator[Block]:
    yield Paragraph(f"种子没有默认值，在名单与设计固定并公布指纹之后当众产生{shown.refer('ceremony')}。")
    yield Paragraph("入村之前和入村期间，种子、凭证与抽中名单一律封存：名单是公开的，知道种子就知道抽中哪些村。")
    yield from shown.show("ceremony")


def _published(shown: _Shown) -> Iterator[Block]:
    plan = shown.plan
    table = plan.table("published")
    if table.empty:
        yield Paragraph("设计没有列出公布的数字。")
        return
    agree = int(table["agrees"].sum())
    rest = "全部相符" if plan.agrees else f"{agree}个相符，{len(table) - agree}个不相符"
    yield Paragraph(f"与公布的{len(table)}个数字核对，{rest}{shown.refer('published')}。")
    yield from shown.show("published")


def _limits(shown: _Shown) -> Iterator[Block]:
    for i, text in enumerate(shown.plan.table("assumptions")["text"], 1):
        yield Paragraph(f"{i}．{text}")
