"""The summary of a programme: many counties side by side, each with its own conclusion; nothing is pooled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evalkit.errors import ReportError
from evalkit.figures import gate_words, is_blank, number, official_date, ten_thousands
from evalkit.patience import Progress
from evalkit.report.compose import numbered_headings
from evalkit.report.exhibits import level_text
from evalkit.report.files import write_document
from evalkit.report.model import Block, Cell, Document, Heading, Paragraph, Table, cell, fraction_cell, interval_cell
from evalkit.tables import TOTAL, Column, Results, records

NAME = "汇总报告"
SIZES = {"townships": "乡镇", "villages_drawn": "抽中村", "households_complete": "完成户数", "persons": "涉及人数"}
NEVER_POOLED = "各县分别抽样、分别判定，比率不相加、不排名；县与县的差别在区间之内的，不能说一县好于另一县。"


def compose_summary(counties: Sequence[Results], facts: Mapping[str, Any]) -> Document:
    """Compose the summary of a programme from the results of its counties.

    Parameters
    ----------
    counties : sequence of Results
        In the order of the report: that of the division codes.
    facts : mapping
        title, institute, date; number where there is one.

    Returns
    -------
    Document
        Marked as simulated when one of the counties is.

    Raises
    ------
    ReportError
        Without counties, or when two bear the same name.
    """
    names = [str(results.facts.get("name") or "") for results in counties]
    twice = sorted({name or "（没有名称）" for name in names if names.count(name) > 1 or not name})
    if not names or twice:
        found = f"县名重复或空白：{'、'.join(twice)}" if names else "没有一个县的结果"
        raise ReportError(f"汇总｜{found}｜给出各县的文件夹，每县的 report.name 各不相同")
    told = {"simulated": any(results.simulated for results in counties), "subject": NAME, "basis": "各县评估结果", **facts}
    told["date"] = official_date(str(told.get("date") or ""))
    blocks = (*_summary(counties), *_sizes(counties), *_gates(counties), *_conclusions(counties), *_signed(told))
    return Document(told, tuple(numbered_headings(blocks)))


def write_summary(
    counties: Sequence[Results], facts: Mapping[str, Any], folder: str | Path, progress: Progress | None = None
) -> list[Path]:
    """Write the summary of a programme as Word, PDF, web page and workbook."""
    return write_document(compose_summary(counties, facts), folder, NAME, progress)


def _name(results: Results) -> str:
    return str(results.facts["name"])


def _passed(results: Results) -> bool:
    return bool((results.facts.get("conclusion") or {}).get("passed"))


def _sum(counties: Sequence[Results], name: str) -> int:
    counts: list[Any] = [(results.facts.get("counts") or {}).get(name) for results in counties]
    return sum(int(count) for count in counts if not is_blank(count))


def _summary(counties: Sequence[Results]) -> Iterator[Block]:
    met, failed = [_name(r) for r in counties if _passed(r)], [_name(r) for r in counties if not _passed(r)]
    yield Heading("摘要", 1)
    outcome = [f"各道门槛按规则均达到的{len(met)}个"]
    outcome += [f"有门槛未达到或未作结论的{len(failed)}个：{'、'.join(failed)}"] if failed else []
    yield Paragraph(f"共评估{len(counties)}个县，{'，'.join(outcome)}。", "lead")
    houses, people = (ten_thousands(_sum(counties, name)) for name in ("households_complete", "persons"))
    yield Paragraph(f"共抽取{number(_sum(counties, 'villages_drawn'))}个村，完成调查{houses}户，涉及{people}人。")
    yield Paragraph(NEVER_POOLED)


def _sizes(counties: Sequence[Results]) -> Iterator[Block]:
    yield Heading("调查完成情况", 1)
    told = [name for name in SIZES if any(not is_blank((r.facts.get("counts") or {}).get(name)) for r in counties)]
    rows = [(Cell(TOTAL, TOTAL), *(cell(_sum(counties, name), "count") for name in told))]
    rows += [(cell(_name(r), "text"), *(cell((r.facts.get("counts") or {}).get(name), "count") for name in told)) for r in counties]
    heads = (Column("县"), *(Column(SIZES[name], "count") for name in told))
    yield Paragraph("各县的样本与完成情况见表1。")
    yield Table("sizes", "各县样本与完成情况", heads, tuple(rows), unit="单位：个、户、人", source=_source(counties), number="表1")


def _gates(counties: Sequence[Results]) -> Iterator[Block]:
    yield Heading("各县指标与门槛", 1)
    read = [(_name(results), *_by_rate(results)) for results in counties]
    rates = list(dict.fromkeys(rate for _, gates, _ in read for rate in gates))
    if not rates:
        yield Paragraph("各县均未设门槛。")
    heads = [("县", "text"), ("门槛", "text"), ("分子/分母", "fraction"), ("样本比率", "percent"), ("加权估计值", "percent")]
    heads += [(level_text(counties[0]), "interval"), ("按规则", "text"), ("统计把握程度", "text")]
    columns = tuple(Column(*head) for head in heads)
    for place, rate in enumerate(rates, 2):
        here = [(name, gates[rate], firm[rate]) for name, gates, firm in read if rate in gates and rate in firm]
        rows, note = tuple(_gate_row(*each) for each in here), "判定用未舍入的数值。"
        yield Heading(rate, 2)
        yield Paragraph(_gate_told([(name, gate) for name, gate, _ in here]))
        yield Table(f"gate{place}", f"各县{rate}", columns, rows, note=note, source=_source(counties), number=f"表{place}")


def _by_rate(results: Results) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the gates of a county, and its rates as they are judged: confirmed cases only."""
    gates = {row.rate: row for row in records(results.table("gates"))}
    return gates, {row.rate: row for row in records(results.table("rates")) if row.status != "疑似"}


def _gate_told(gates: Sequence[tuple[str, Any]]) -> str:
    below = [name for name, gate in gates if gate.legal != "达到"]
    unsure = [name for name, gate in gates if gate.legal == "达到" and gate.confident != "充分"]
    told = [f"设有这道门槛的{len(gates)}个县中，按规则达到{len(gates) - len(below)}个"]
    told += [f"未达到{len(below)}个（{'、'.join(below)}）"] if below else []
    told += [f"达到而统计把握程度不充分的{len(unsure)}个（{'、'.join(unsure)}）"] if unsure else []
    return "，".join(told) + "。"


def _gate_row(name: str, gate: Any, row: Any) -> tuple[Cell, ...]:
    near = gate.threshold
    return (
        cell(name, "text"), cell(gate_words(gate), "text"), fraction_cell(row.numerator, row.denominator),
        cell(row.official, "percent", near), cell(row.estimate, "percent", near), interval_cell(row.low, row.high, near),
        cell(gate.legal, "text"), cell(gate.confident, "text"),
    )  # fmt: skip


def _conclusions(counties: Sequence[Results]) -> Iterator[Block]:
    yield Heading("各县结论", 1)
    for results in counties:
        said = (results.facts.get("conclusion") or {}).get("sentence") or "未形成总体结论。"
        yield Paragraph(f"{_name(results)}：{said}", "closing" if results is counties[-1] else "text")


def _signed(facts: Mapping[str, Any]) -> Iterator[Block]:
    yield Paragraph(f"{facts.get('institute') or ''}（盖章）", "signature")
    yield Paragraph(str(facts.get("date") or ""), "signature")


def _source(counties: Sequence[Results]) -> str:
    return "各县入户调查" + ("，含模拟数据" if any(results.simulated for results in counties) else "")
