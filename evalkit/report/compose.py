"""From Results to a Document: the chapters, in the order of an official report.

Chapters 一 to 六 speak to readers who decide; anything about method stands in the technical annex. Texts
that only people can write come from the design file, or leave a visible place for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from evalkit.figures import KEY, official_date, ordinal, rounding
from evalkit.report import sentences
from evalkit.report.exhibits import Exhibits, make_exhibits, rate_names
from evalkit.report.model import Block, Document, Heading, Paragraph
from evalkit.tables import Results

SUMMARY = "摘要"
ANNEXES = ("附表", "技术附录", "抽样凭证")


def compose_report(results: Results) -> Document:
    """Compose the report of an evaluation.

    Parameters
    ----------
    results : Results

    Returns
    -------
    Document
        Cover facts and all blocks in reading order; every number comes from `results`. The third party's report gives a
        conclusion and advice; that of the assessing body (``facts["kind"]`` is ``assessment``) gives 综合评价 and 处理建议.
    """
    spoken = {name: official_date(str(results.facts.get(name) or "")) for name in ("date", "fieldwork")}
    results = Results({**results.facts, **spoken}, results.tables)
    with rounding(results.facts.get("rounding") or "half-up"):
        exhibits = make_exhibits(results)
        chapters = (_summary, *(ASSESSMENT if results.facts.get("kind") == "assessment" else THIRD_PARTY), _annexes, _technical, _receipt)
        blocks = [block for chapter in chapters for block in chapter(results, exhibits)]
    return Document(results.facts, tuple(numbered_headings(blocks)))


def numbered_headings(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield the blocks with their headings numbered 一、 and （一）, anew in each chapter; the summary and the annexes bear no number.

    Examples
    --------
    >>> [block.text for block in numbered_headings([Heading("摘要", 1), Heading("指标", 1), Heading("错退率", 2)])]
    ['摘要', '一、指标', '（一）错退率']
    """
    chapters = sections = 0
    for block in blocks:
        if not isinstance(block, Heading) or block.level > 2:
            yield block
        elif block.level == 1:
            counted, sections = block.main and block.text != SUMMARY, 0
            chapters += counted
            yield replace(block, text=f"{ordinal(chapters)}、{block.text}") if counted else block
        else:
            sections += 1
            yield replace(block, text=f"（{ordinal(sections)}）{block.text}")


def _chapter(title: str) -> Heading:
    return Heading(title, 1)


def _annex(title: str) -> Heading:
    return Heading(title, 1, False, f"附件{ANNEXES.index(title) + 1}")


def _section(title: str) -> Heading:
    return Heading(title, 2)


def _texts(lines: Iterable[str], kind: str = "text") -> list[Paragraph]:
    return [Paragraph(line, kind) for line in lines if line]


def _given(texts: Sequence[str], wanted: str, author: str = "评估组") -> list[Paragraph]:
    return _texts(texts) or [Paragraph(f"【此处由{author}撰写：{wanted}】", "placeholder")]


def _referring(sentence: str, reference: str) -> Paragraph:
    return Paragraph(sentence.removesuffix("。") + reference + "。")


# -- the main part ------------------------------------------------------------------------------------------


def _summary(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    yield _chapter(SUMMARY)
    yield Paragraph(sentences.conclusion(results), "lead")
    yield from _texts(sentences.gate_sentences(results))
    yield from _texts([sentences.sample_size(results), sentences.findings_in_short(results)])


def _overview(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    yield _chapter("评估工作概况")
    yield _section("任务与时间")
    yield from _texts([*results.facts.get("background", []), sentences.task(results)])
    yield _section("评估内容")
    yield from _texts(sentences.contents(results))
    yield _section("组织方式")
    yield from _texts(sentences.organisation(results))


def _fieldwork(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    yield _chapter("抽样与调查完成情况")
    yield from _sampled(results, exhibits)


def _sampled(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    yield _section("样本分布")
    yield _referring(sentences.sample_size(results), exhibits.refer("sample", "chart:sample"))
    yield from _texts(results.facts.get("sampling", []))
    yield from exhibits.show("chart:sample")
    yield _section("调查完成情况")
    if "response" in exhibits.tables:
        yield _referring(sentences.completion(results), exhibits.refer("response", "chart:response"))
    yield from exhibits.show("response", "chart:response", "chart:progress")


def _indicators(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    yield _chapter("指标分析")
    yield _section("总体结果")
    yield _referring(sentences.reading(results), exhibits.refer("gates", "chart:gates", "statuses"))
    yield from exhibits.show("gates", "chart:gates")
    if "gates" in exhibits.pictures:
        yield Paragraph("图注：粗线实心点为认定（或全部）口径，细线空心点为疑似口径；竖线为门槛，浅色一侧为达到门槛的范围。", "note")
    yield from exhibits.show("statuses")
    for name in rate_names(results):
        yield _section(name)
        yield from _texts(sentences.about_rate(results, name))
    if "groups" in exhibits.tables or "small_groups" in exhibits.tables:
        yield _section("分组情况")
        yield Paragraph("主要指标按分组的结果" + exhibits.refer("groups", "small_groups") + "用于发现薄弱环节，不单独用于判定。")
        yield from exhibits.show("groups")
    if "satisfaction" in exhibits.tables:
        yield _section("满意度各题情况")
        yield _referring(sentences.answers(results), exhibits.refer("satisfaction", "chart:satisfaction", "answers"))
        yield from exhibits.show("satisfaction", "chart:satisfaction")


def _achievements(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    yield _chapter("主要成效与经验")
    yield from _given(results.facts.get("experience", []), "主要成效与典型经验")


def _problems(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    yield _chapter("存在问题")
    pictures = ("chart:causes", "chart:places", "chart:flow")
    yield _referring(sentences.findings_in_short(results), exhibits.refer("findings", "places", *pictures))
    if not sentences.has_findings(results):
        return
    yield _section("按事项")
    yield from _texts(sentences.findings_by_item(results))
    yield from exhibits.show("findings", "chart:causes")
    yield _section("按地点")
    yield from _texts([sentences.findings_by_place(results)])
    yield from exhibits.show("chart:places", "chart:flow")


def _conclusion(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    yield _chapter("评估结论与工作建议")
    yield _section("评估结论")
    yield Paragraph(sentences.conclusion(results), "lead")
    yield from _texts([sentences.gate_list(results)])
    yield _section("工作建议")
    yield from _closing(_given(sentences.numbered(results.facts.get("advice", [])), "工作建议"))
    yield from _endings(results)


def _closing(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """Return the last paragraphs of the text; the very last stays on the page of the signature."""
    *before, last = paragraphs
    return [*before, replace(last, kind="closing") if last.kind == "text" else last]


def _endings(results: Results) -> Iterator[Block]:
    """Yield what stands below the text: the list of annexes, who signs, institute and date."""
    listed = [f"{'　　　' if i else '附件：'}{i + 1}. {title}" for i, title in enumerate(ANNEXES)]
    yield from _texts(listed[:1], "enclosures")
    yield from _texts(listed[1:], "enclosures-more")
    yield from _texts([sentences.SIGNERS], "signing")
    yield from _texts(sentences.signatures(results), "signature")


def _basics(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    """Yield 基本情况 of an assessment: what the third party tells in two chapters."""
    yield _chapter("基本情况")
    yield from (block for block in _overview(results, exhibits) if not (isinstance(block, Heading) and block.level == 1))
    yield from _sampled(results, exhibits)


def _appraisal(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    yield _chapter("综合评价")
    yield from _texts([sentences.gate_list(results)])
    yield from _given(results.facts.get("appraisal", []), "综合评价", "考核单位")


def _handling(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    yield _chapter("处理建议")
    yield from _closing(_given(sentences.numbered(results.facts.get("handling", [])), "处理建议", "考核单位"))
    yield from _endings(results)


THIRD_PARTY = (_overview, _fieldwork, _indicators, _achievements, _problems, _conclusion)
ASSESSMENT = (_basics, _indicators, _problems, _appraisal, _handling)


# -- annexes ------------------------------------------------------------------------------------------------


def _annexes(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    yield _annex("附表")
    yield Paragraph(KEY, "note")
    yield from exhibits.show("sample", "places", "causes", "distance")
    yield from _texts(results.facts.get("bearing", []), "note")
    yield from exhibits.show("marks", "flags")
    yield from _texts(results.facts.get("scored", []), "note")
    yield from exhibits.show("rules", "small_groups", "answers", "quality")
    if "places" not in exhibits.tables and results.facts.get("sought") != []:
        yield Paragraph("各地点均未发现疑似问题户，不列按地点的附表。", "note")
    if "quality" not in exhibits.tables:
        yield Paragraph("回收资料检查未发现需要说明的数据质量问题。", "note")


def _technical(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    yield _annex("技术附录")
    yield _section("估计方法")
    yield from _texts(sentences.method(results), "technical")
    yield from exhibits.show("precision", "design_effects", "errors")
    yield _section("判定方法")
    yield from _texts(sentences.deciding(results), "technical")
    yield from exhibits.show("verdicts")
    yield _section("计算规则与权数")
    yield from _texts(sentences.policies(results), "technical")
    yield from exhibits.show("weights", "chart:weights")
    yield _section("说明")
    yield from _texts(sentences.numbered(sentences.ended(results.facts.get("notes", []))) or ["无其他说明。"], "technical")


def _receipt(results: Results, exhibits: Exhibits) -> Iterator[Block]:
    yield _annex("抽样凭证")
    yield from _texts(sentences.checking(), "technical")
    yield from exhibits.show("receipt", "chart:drawn")
