"""From Results to the Document in English: the chapters of the Chinese report, its tables, and sentences from the same numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from evalkit.figures import gate_words, interval, is_blank, number, percent, rounding
from evalkit.report.english.dictionary import SERIES, TITLES, UNITS, WORDS, english, english_date, named
from evalkit.report.exhibits import COUNTS, level_text, make_pictures, make_tables, rate_names, thresholds
from evalkit.report.model import Block, Cell, Document, Heading, Paragraph, Picture, Table
from evalkit.tables import TOTAL, Results, records

KIND = {"third-party": "Third-party evaluation report", "assessment": "Assessment report"}
READING = (
    "Each indicator is given as the rate in the sample and as an estimate weighted by the design: the former is what was seen, the latter "
    "speaks for the whole population. The interval is the range of sampling error."
)
JUDGED = (
    "Whether a threshold is met follows the words of the rule; assurance is sufficient where the one-sided bound lies on the same side of "
    "the threshold."
)
UNJUDGED = "The indicators have no thresholds and are not judged."
DRAWN = (
    "The sample was drawn at random as designed: the ticket of each unit is computed from the seed and the number of the unit, so nobody "
    "chose it, and whoever holds list and certificate can draw it again."
)
CHOSEN = "The places were chosen on purpose. The results are counts of the households visited and speak for nobody else."
CENSUS = (
    "Every village and household was to be visited, so there is no sampling error; households that were not reached are represented by "
    "those of their kind in the village, and the intervals reflect that part alone."
)
WEIGHED = (
    "Each indicator is given as the rate among the households reached and as an estimate weighted for those who were not; a census has no "
    "sampling error, and the interval reflects only the households that were not reached."
)
CHECKING = (
    "Tickets are computed from seed and unit by SHA-256, whatever the order of the list, the software or the time. The hashes below are of "
    "the files; one byte changed changes the hash. To check the draw, type: evalkit verify, and the name of the folder."
)

Shown = Mapping[str, Table | Picture]  # by key; of pictures with chart: before it


def compose_english(results: Results) -> Document:
    """Compose the report of an evaluation in English.

    Parameters
    ----------
    results : Results

    Returns
    -------
    Document
        Every table of the Chinese report with the same numbers, cell by cell. Names and answers that people gave, and rules that are
        quoted, stay as they are, in charts too; texts that people wrote in Chinese are left to the Chinese report.
    """
    with rounding(results.facts.get("rounding") or "half-up"):
        shown: dict[str, Table | Picture] = {key: _table(table) for key, table in make_tables(results).items()}
        shown |= {f"chart:{key}": picture for key, picture in make_pictures(results, "en").items()}
        blocks = [block for chapter in (_summary, _work, _indicators, _problems, _end, _annexes) for block in chapter(results, shown)]
    facts = results.facts
    kind = KIND.get(str(facts.get("kind")), KIND["third-party"])
    title = facts.get("title_en") or f"{kind}: {_name(results)}, {facts.get('year') or ''}".rstrip(", ")
    institute, date = facts.get("institute_en") or facts.get("institute"), english_date(str(facts.get("date") or ""))
    told = {
        "title": title, "institute": institute, "date": date, "year": facts.get("year"), "simulated": results.simulated,
        "language": "en", "subject": title,
    }  # fmt: skip
    return Document(told, tuple(blocks))


def _name(results: Results) -> str:
    return str(results.facts.get("name_en") or results.facts.get("name") or "the county")


def _table(table: Table) -> Table:
    title, note = ("Counts by indicator", CHOSEN) if table.title == COUNTS else TITLES.get(table.key, (table.title, ""))
    series = next((word for word in SERIES if table.number.startswith(word)), "")
    return replace(
        table,
        title=title, note=note, source="", unit=UNITS.get(table.unit, ""), language="en",
        number=SERIES.get(series, "") + table.number.removeprefix(series),
        columns=tuple(head._replace(heading=english(head.heading)) for head in table.columns),
        spans=tuple((english(text), wide) for text, wide in table.spans),
        rows=tuple(tuple(_cell(part) for part in row) for row in table.rows),
    )  # fmt: skip


def _cell(cell: Cell) -> Cell:
    text = english(cell.text)
    return Cell(text, text) if isinstance(cell.value, str) else Cell(text, cell.value)


def _show(tables: Shown, *keys: str) -> Iterator[Block]:
    yield from (tables[key] for key in keys if key in tables)


def _said(*texts: str) -> list[Block]:
    return [Paragraph(text) for text in texts if text]


def _spoken(results: Results, part: str, name: str = "") -> str:
    """Return a sentence of the gates that `estimate` made in English, with the names of the rates in English."""
    told: Any = (results.facts.get("english") or {}).get(part) or ""
    return named(str(told.get(name) or "") if isinstance(told, Mapping) else str(told))


# -- chapters -----------------------------------------------------------------------------------------------


def _summary(results: Results, tables: Shown) -> Iterator[Block]:
    yield Heading("Summary", 1)
    yield Paragraph(_spoken(results, "conclusion") or "The evaluation came to no overall conclusion.", "lead")
    yield from _said(*(_spoken(results, "gates", name) for name in rate_names(results)), _sample(results), _found(results))


def _work(results: Results, tables: Shown) -> Iterator[Block]:
    yield Heading("1. Sample and fieldwork", 1)
    when = english_date(str(results.facts.get("fieldwork") or ""))
    yield from _said(f"Fieldwork: {when}." if when else "", _way(results)[0], _sample(results), _completion(results))
    yield from _show(tables, "chart:sample", "response", "chart:response", "chart:progress")


def _indicators(results: Results, tables: Shown) -> Iterator[Block]:
    yield Heading("2. Indicators", 1)
    yield from _said(_way(results)[1])
    yield from _show(tables, "gates", "chart:gates", "statuses")
    for name in rate_names(results):
        yield Heading(named(name), 2)
        yield from _said(*_rate(results, name))
    yield Heading("Groups and answers", 2)
    yield from _show(tables, "groups", "satisfaction", "chart:satisfaction")


def _problems(results: Results, tables: Shown) -> Iterator[Block]:
    yield Heading("3. Findings", 1)
    yield from _said(_found(results))
    yield from _show(tables, "findings", "chart:causes", "chart:places", "chart:flow")


def _end(results: Results, tables: Shown) -> Iterator[Block]:
    yield Heading("4. Conclusion", 1)
    yield Paragraph(_spoken(results, "conclusion") or "The evaluation came to no overall conclusion.", "closing")
    yield Paragraph("Enumerator:　　　Team leader:　　　Reviewer:", "signing")
    yield Paragraph(f"{results.facts.get('institute_en') or results.facts.get('institute') or ''}", "signature")
    yield Paragraph(english_date(str(results.facts.get("date") or "")), "signature")


def _annexes(results: Results, tables: Shown) -> Iterator[Block]:
    yield Heading("Tables", 1, False, "Annex 1")
    yield from _show(tables, "sample", "places", "causes", "distance", "marks", "flags", "rules", "small_groups", "answers", "quality")
    yield Heading("Technical annex", 1, False, "Annex 2")
    yield from (Paragraph(told, "technical") for name in rate_names(results) if (told := _spoken(results, "technical", name)))
    yield from _show(tables, "precision", "design_effects", "errors", "verdicts", "weights", "chart:weights")
    yield Heading("Certificate of the draw", 1, False, "Annex 3")
    yield Paragraph(CHECKING, "technical")
    yield from _show(tables, "receipt", "chart:drawn")


# -- sentences ----------------------------------------------------------------------------------------------


def _way(results: Results) -> tuple[str, str]:
    """Return how the households were come by, and how their results are to be read."""
    if results.facts.get("chosen"):
        return CHOSEN, CHOSEN
    how, reading = (CENSUS, WEIGHED) if results.facts.get("census") else (DRAWN, READING)
    return how, f"{reading} {JUDGED if len(results.table('gates')) else UNJUDGED}"


def _sample(results: Results) -> str:
    counts: Any = {key: number(value) for key, value in (results.facts.get("counts") or {}).items() if not is_blank(value)}
    if not {"villages_frame", "villages_drawn", "households_complete", "persons"} <= set(counts):
        return ""
    listed = [f"{counts[key]} {word}" for key, word in (("counties_frame", "counties"), ("townships", "townships")) if key in counts]
    everywhere = f"{' and '.join([*listed, counts['villages_frame'] + ' villages'])} of {_name(results)}"
    done = f"{counts['households_complete']} households with {counts['persons']} persons were interviewed"
    planned = f" of {counts['households_planned']} planned" if "households_planned" in counts else ""
    if results.facts.get("census"):
        return f"All {everywhere} were visited; {done}{planned}."
    within = f" in {counts['counties_drawn']} counties" if "counties_drawn" in counts else ""
    return f"Of {everywhere}, {counts['villages_drawn']} villages{within} were drawn; {done}{planned}."


def _completion(results: Results) -> str:
    table = results.table("response")
    total: Any = next(records(table[table["stratum"] == TOTAL]), None)
    if total is None or is_blank(total.response_rate):
        return ""
    went = f"{number(total.complete)} completed, {number(total.replaced)} by reserves"
    return f"{number(total.released)} households were released and {went}; the response rate was {percent(total.response_rate)}."


def _found(results: Results) -> str:
    if results.facts.get("sought") == []:
        return "This evaluation measures indicators only and decides on no household."
    table = results.table("findings")
    kinds = [WORDS.get(name, name) for name in dict.fromkeys(table["finding"])]
    if not len(table) or not (table[["households", "persons"]].fillna(0) > 0).any(axis=None):
        return "By the standards of this evaluation no wrong exit, missed or wrongly identified household was found."
    firm = (table["confirmed_households"].fillna(0) > 0).any()
    return f"Suspected cases were found ({', '.join(kinds)}); {'some of them are confirmed' if firm else 'none of them is confirmed'}."


def _rate(results: Results, name: str) -> Iterator[str]:
    rates, near = results.table("rates"), thresholds(results).get(name)
    for row in records(rates[rates["rate"] == name]):
        yield _measure(results, row, near)
    if results.facts.get("chosen"):
        return
    gate: Any = next((gate for gate in records(results.table("gates")) if gate.rate == name), None)
    if gate is None:
        yield "There is no threshold for this indicator."
    else:
        yield f"The rule asks for a value {english(gate_words(gate))}. {_spoken(results, 'gates', name)}".strip()


def _measure(results: Results, row: Any, near: float | None) -> str:
    status = f"{english(row.status)}: " if not is_blank(row.status) else ""
    parts = [_projected(row, near) if row.rate in (results.facts.get("projected") or []) else _seen(row, near)]
    if not is_blank(row.estimate):
        limits = f", {english(level_text(results))} {english(interval(row.low, row.high, near))}" if not is_blank(row.low) else ""
        parts.append(f"weighted estimate {percent(row.estimate, gate=near)}{limits}")
    told = "; ".join(part for part in parts if part)
    return named(f"{status}{told}.") if told else ""


def _projected(row: Any, near: float | None) -> str:
    """Return a rate that the rates of the sample and registry totals make together."""
    if is_blank(row.numerator) or is_blank(row.denominator):
        return _seen(row, near)
    whole = f"{percent(row.official, gate=near)} of the rural population of {number(row.denominator)}"
    return f"{number(row.numerator)} persons as projected from the sample rates, {whole}"


def _seen(row: Any, near: float | None) -> str:
    share = f"a sample rate of {percent(row.official, gate=near)}" if not is_blank(row.official) else ""
    if is_blank(row.numerator) or is_blank(row.denominator):
        return share
    unit = "households" if row.unit == "户" else "persons"
    if row.numerator == 0:
        return f"none found among {number(row.denominator)} {unit}"
    return ", ".join(part for part in (f"{number(row.numerator)} of {number(row.denominator)} {unit}", share) if part)
