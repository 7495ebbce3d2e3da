"""From Results to a Document: the chapters, in the order of an official report.

Chapters 一 to 六 speak to readers who decide; anything about method stands in the technical annex. Texts
that only people can write come from the design file, or leave a visible place for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from evalkit.figures import KEY, official_date, ordinal
from evalkit.report import sentences
from evalkit.report.exhibits import Exhibits, make_exhibits, rate_names
from evalkit.report.model import Block, Document, Heading, Paragraph
from evalkit.tables import Results


def compose_report(results: Results) -> Document:
    """Compose the report of an evaluation.

    Parameters
    ----------
    results : Results

    Returns
    -------
    Document
        Cover facts and all blocks in reading order; every number comes from `results`.
    """
    spoken = {name: official_date(str(results.facts.get(name) or "")) for name in ("date", "fieldwork")}
    results = Results({**results.facts, **spoken}, results.tables)
    exhibits = make_exhibits(results)
    chapters = (_summary, _overview, _fieldwork, _indicators, _achievements, _problems, _conclusion, _annexes, _technical, _receipt)
    return Document(results.facts, tuple(block for chapter in chapters for block in chapter(results, exhibits)))


def _chapter(title: str, main: bool = True) -> Heading:
    return Heading(title, 1, main)


def _section(order: int, title: str, main: bool = True) -> Heading:
    return Heading(f"（{ordinal(order)}）{title}", 2, main)


def _texts(lines: Iterable[str], kind: str = "text") -> list[Paragraph]:
    return [Paragraph(line, kind) for line in lines if line]


def _given(texts: Sequence[str], wanted: str) -> list[Paragraph]:
    return _texts(texts) or [Paragraph(f"【此处由评估组撰写：{wanted}】", "placeholder")]


def _referring(sentence: str, reference: str) -> Paragraph:
    return Paragraph(sentence.removesuffix("。") + reference + "。")


def _show(exhibits: Exhibits, *keys: str) -> Iterator[Block]:
    for key in keys:
        found = exhibits.pictures.get(key.removeprefix("chart:")) if key.startswith("chart:") else exhibits.tables.get(key)
        if found is not None:
            yield found


# -- the main part ------------------------------------------------------------------------------------------


def _summary(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    yield _chapter("摘要")
    yield Paragraph(sentences.conclusion(results), "lead")
    yield from _texts(sentences.gate_sentences(results))
    yield from _texts([sentences.sample_size(results), sentences.findings_in_short(results)])


def _overview(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    yield _chapter("一、评估工作概况")
    yield _section(1, "任务与时间")
    yield from _texts([*results.facts.get("background", []), sentences.task(results)])
    yield _section(2, "评估内容")
    yield from _texts(sentences.contents(results))
    yield _section(3, "组织方式")
    yield from _texts(sentences.organisation(results))


def _fieldwork(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    yield _chapter("二、抽样与调查完成情况")
    yield _section(1, "样本分布")
    yield _referring(sentences.sample_size(results), exhibits.refer("sample", "chart:sample"))
    yield from _texts(results.facts.get("sampling", []))
    yield from _show(exhibits, "chart:sample")
    yield _section(2, "调查完成情况")
    if "response" in exhibits.tables:
        yield _referring(sentences.completion(results), exhibits.refer("response", "chart:response"))
    yield from _show(exhibits, "response", "chart:response")


def _indicators(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    yield _chapter("三、指标分析")
    yield _section(1, "总体结果")
    yield _referring(sentences.reading(results), exhibits.refer("gates", "chart:gates", "statuses"))
    yield from _show(exhibits, "gates", "chart:gates")
    if "gates" in exhibits.pictures:
        yield Paragraph("图注：粗线实心点为认定（或全部）口径，细线空心点为疑似口径；竖线为门槛，浅色一侧为达到门槛的范围。", "note")
    yield from _show(exhibits, "statuses")
    order = 1
    for order, name in enumerate(rate_names(results), 2):
        yield _section(order, name)
        yield from _texts(sentences.about_rate(results, name))
    if "groups" in exhibits.tables or "small_groups" in exhibits.tables:
        order += 1
        yield _section(order, "分组情况")
        yield Paragraph("主要指标按分组的结果" + exhibits.refer("groups", "small_groups") + "用于发现薄弱环节，不单独用于判定。")
        yield from _show(exhibits, "groups")
    if "satisfaction" in exhibits.tables:
        yield _section(order + 1, "满意度各题情况")
        yield _referring(sentences.answers(results), exhibits.refer("satisfaction", "chart:satisfaction", "answers"))
        yield from _show(exhibits, "satisfaction", "chart:satisfaction")


def _achievements(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    yield _chapter("四、主要成效与经验")
    yield from _given(results.facts.get("experience", []), "主要成效与典型经验")


def _problems(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    yield _chapter("五、存在问题")
    yield _referring(sentences.findings_in_short(results), exhibits.refer("findings", "places", "chart:places"))
    if not sentences.has_findings(results):
        return
    yield _section(1, "按事项")
    yield from _texts(sentences.findings_by_item(results))
    yield from _show(exhibits, "findings")
    yield _section(2, "按地点")
    yield from _texts([sentences.findings_by_place(results)])
    yield from _show(exhibits, "chart:places")


def _conclusion(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    yield _chapter("六、评估结论与工作建议")
    yield _section(1, "评估结论")
    yield Paragraph(sentences.conclusion(results), "lead")
    yield Paragraph(sentences.gate_list(results))
    yield _section(2, "工作建议")
    advice = _given(sentences.numbered(results.facts.get("advice", [])), "工作建议")
    yield from (*advice[:-1], replace(advice[-1], kind="closing") if advice[-1].kind == "text" else advice[-1])
    yield from _texts(sentences.signatures(results), "signature")


# -- annexes ------------------------------------------------------------------------------------------------


def _annexes(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    yield _chapter("附表", main=False)
    yield Paragraph(KEY, "note")
    yield from _show(exhibits, "sample", "places", "causes", "distance")
    yield from _texts(results.facts.get("bearing", []), "note")
    yield from _show(exhibits, "rules", "small_groups", "answers", "quality")
    if "places" not in exhibits.tables:
        yield Paragraph("各地点均未发现疑似问题户，不列按地点的附表。")
    if "quality" not in exhibits.tables:
        yield Paragraph("回收资料检查未发现需要说明的数据质量问题。")


def _technical(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    yield _chapter("技术附录", main=False)
    yield _section(1, "估计方法", main=False)
    yield from _texts(sentences.method(results), "technical")
    yield from _show(exhibits, "precision", "design_effects")
    yield _section(2, "判定方法", main=False)
    yield from _texts(sentences.deciding(results), "technical")
    yield from _show(exhibits, "verdicts")
    yield _section(3, "计算规则与权数", main=False)
    yield from _texts(sentences.policies(results), "technical")
    yield from _show(exhibits, "weights")
    yield _section(4, "说明", main=False)
    yield from _texts(sentences.numbered(results.facts.get("notes", [])) or ["无其他说明。"], "technical")


def _receipt(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    yield _chapter("抽样凭证", main=False)
    yield from _texts(sentences.checking(), "technical")
    yield from _show(exhibits, "receipt")
