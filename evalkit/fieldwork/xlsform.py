"""The questionnaire as an XLSForm, for ODK, KoboToolbox and SurveyCTO: township, village and household in a cascade."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.codes import mask_name
from evalkit.errors import DesignError, FieldworkError
from evalkit.fieldwork.assignment import Assignment, mains
from evalkit.given import takes
from evalkit.sheets import Page, write_book, write_csv

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.sample import Sample

FORM, HOUSEHOLDS, COLUMNS = "问卷.xlsx", "households.csv", "列名对照.csv"
ZH, EN = "label::中文 (zh)", "label::English (en)"
SURVEY = (
    "type", "name", ZH, EN, "required", "relevant", "constraint", "constraint_message::中文 (zh)", "constraint_message::English (en)",
    "calculation", "choice_filter", "parameters",
)  # fmt: skip
OWN = (
    "start", "end", "today", "audit", "gps", "team", "township", "role", "household_main", "household_reserve", "replaced", "reason",
)  # fmt: skip
ROLES = {"main": ("主样本户", "Main household"), "reserve": ("启用的备用户", "Released reserve")}
Row = dict[str, str]


@takes(FieldworkError)
def write_xlsform(source: Sample | Assignment, folder: str | Path, *, audit: bool = False, gps: bool = False) -> list[Path]:
    """Write the questionnaire of a design as an XLSForm, with the drawn households in a cascade.

    Township → village → household, of a team where `source` is an Assignment. Questions, words, relevances and constraints are
    those of `[returns]`, `[criteria]` and the approval rates. Reserves are under seal: a released one is typed in.

    Parameters
    ----------
    source : Sample or Assignment
        After `draw_next`.
    folder : str or pathlib.Path
    audit, gps : bool
        Whether the form notes how long each question was open, and where it was filled in: both are personal data of
        interviewers or households, and `collect` drops places.

    Returns
    -------
    list of pathlib.Path
        问卷.xlsx (the form), households.csv (its attachment: codes and masked heads), 列名对照.csv (fields and the headings of
        `[returns]` they stand for). What the form exports is read by `collect` after ``rename(columns=form_columns(design))``.

    Raises
    ------
    DesignError
        When the design maps no returns.
    FieldworkError
        When no household has been drawn.

    Examples
    --------
    >>> form_field("住房安全有保障", "q1"), form_field("1. 满意吗", "q2")
    ('住房安全有保障', 'q2')
    """
    sample = source.sample if isinstance(source, Assignment) else source
    if sample.design.returns is None:
        raise DesignError("returns｜缺｜问卷的题目需要列名｜写 [returns]")
    drawn = _drawn(source, sample)
    survey, lists = _survey(sample.design, drawn, audit, gps)
    mark = "（模拟数据）" if sample.design.simulated else ""
    evaluation = sample.design.evaluation
    settings = {
        "form_title": f"{evaluation.county}{evaluation.title}{mark}", "form_id": f"evalkit_{sample.certificate.sha256[:12]}",
        "version": sample.certificate.sha256[:8], "default_language": "中文 (zh)",
    }  # fmt: skip
    pages = {
        "survey": Page("", pd.DataFrame([[row.get(part, "") for part in SURVEY] for row in survey], columns=list(SURVEY))),
        "choices": Page("", pd.DataFrame(_choices(lists, drawn)).fillna("")),
        "settings": Page("", pd.DataFrame([settings])),
    }
    columns = pd.DataFrame({"表单字段": list(form_columns(sample.design)), "列名": list(form_columns(sample.design).values())})
    attached = drawn[[column for column in ("name", "label", "village", "stratum", "persons", "team") if column in drawn]]
    return [
        write_book(Path(folder) / FORM, pages),
        write_csv(attached, Path(folder) / HOUSEHOLDS),
        write_csv(columns, Path(folder) / COLUMNS),
    ]


def form_field(heading: str, other: str) -> str:
    """Return the name of a question: its heading where XML takes it as a name, else another."""
    plain = re.fullmatch(r"[^\W\d][\w.-]*", heading) and heading not in OWN
    return heading if plain else other


@takes(FieldworkError)
def form_columns(design: Design) -> dict[str, str]:
    """Return for each field of the form the heading of `[returns]` that it stands for.

    Examples
    --------
    >>> import evalkit as ev
    >>> form_columns(ev.read_design("designs/biyang_2018.toml"))["人均纯收入"]
    '人均纯收入'
    """
    returns, criteria = design.returns, design.criteria
    assert returns is not None
    headings = [returns.village, returns.household, returns.disposition, returns.interviewer, returns.persons, returns.status]
    if criteria is not None:
        headings += [criteria.income, *criteria.guarantees, *criteria.exclusions, criteria.affected]
    headings += [item for rate in design.rates if rate.kind == "approval" for item in rate.items]
    named = list(dict.fromkeys(heading for heading in headings if heading))
    return {form_field(heading, f"q{place}"): heading for place, heading in enumerate(named, 1)}


def _drawn(source: Sample | Assignment, sample: Sample) -> pd.DataFrame:
    drawn, villages = mains(sample), sample.table("village").set_index("unit")
    heads = drawn["head"].map(mask_name) if "head" in drawn else ""
    drawn = drawn.assign(name=drawn["household"], label=(drawn["household"] + " " + heads).str.strip())
    place = sample.design.frame.place
    drawn["township"] = drawn["village"].map(villages[place]) if place in villages else ""
    drawn["village_name"] = drawn["village"].map(villages["name"]) if "name" in villages else drawn["village"]
    if isinstance(source, Assignment):
        whose = source.table().set_index(["village", "household"])["team"]
        drawn["team"] = [whose[pair] for pair in zip(drawn["village"], drawn["household"], strict=True)]
    return drawn


def _survey(design: Design, drawn: pd.DataFrame, audit: bool, gps: bool) -> tuple[list[Row], dict[str, Sequence[str]]]:
    """Return the questions in their order, and the lists of words they choose from."""
    lists: dict[str, Sequence[str]] = {}
    rows = [_row("start", "start"), _row("end", "end"), _row("today", "today")]
    rows += [_row("audit", "audit", parameters="track-changes=true")] if audit else []
    rows += _where(design, drawn, lists)
    rows += [_row("geopoint", "gps", "定位（到户后采集）", "Location")] if gps else []
    rows += _outcome(design, lists)
    return [*rows, *({**row, "relevant": _done(design)} for row in _answers(design, lists))], lists


def _done(design: Design) -> str:
    """Return what says that a household has answered."""
    assert design.returns is not None
    outcome = f"${{{_field(design, design.returns.disposition)}}}"
    return " or ".join(f"{outcome} = {_quoted(word)}" for word, code in design.returns.dispositions.items() if code == "complete")


def _where(design: Design, drawn: pd.DataFrame, lists: dict[str, Sequence[str]]) -> list[Row]:
    returns = design.returns
    assert returns is not None
    village, household = _field(design, returns.village), _field(design, returns.household)
    rows, inside, mine = [], "", f"village = ${{{village}}}"
    if "team" in drawn:
        lists["team"] = sorted(set(drawn["team"]))
        rows.append(_row("select_one team", "team", "组", "Team", required="yes"))
        mine += " and team = ${team}"
    if drawn["township"].astype(bool).all():
        lists["township"] = sorted(set(drawn["township"]))
        rows.append(_row("select_one township", "township", "乡镇", "Township", required="yes"))
        inside = "township = ${township}"
    lists["role"] = list(ROLES)
    is_main, is_reserve = "${role} = 'main'", "${role} = 'reserve'"
    rows += [
        _row("select_one village", village, "村", "Village", required="yes", choice_filter=inside),
        _row("select_one role", "role", "这是哪一种户", "Kind of household", required="yes"),
        _row(
            f"select_one_from_file {HOUSEHOLDS}", "household_main", "户", "Household", required="yes", relevant=is_main,
            choice_filter=mine,
        ),
        _row(
            "text", "household_reserve", "启封的备用户的户编号", "Number of the released reserve", required="yes", relevant=is_reserve,
            constraint="regex(., '^[^|/ ]+$')", message=("户编号中不能有 | / 与空格", "No | / or blank"),
        ),
    ]  # fmt: skip
    if design.reserves:
        lists["reason"] = design.reserves.reasons
        rows.append(_row("text", "replaced", "替换哪一户（户编号）", "Replaces", required="yes", relevant=is_reserve))
        rows.append(_row("select_one reason", "reason", "启用原因", "Reason", required="yes", relevant=is_reserve))
    return [*rows, _row("calculate", household, calculation="coalesce(${household_main}, ${household_reserve})")]


def _outcome(design: Design, lists: dict[str, Sequence[str]]) -> list[Row]:
    returns = design.returns
    assert returns is not None
    lists["disposition"] = [word for word, code in returns.dispositions.items() if code != "unused"]
    rows = []
    if returns.interviewer:
        rows.append(_row("text", _field(design, returns.interviewer), returns.interviewer, "Interviewer", required="yes"))
    return [*rows, _row("select_one disposition", _field(design, returns.disposition), returns.disposition, "Outcome", required="yes")]


def _answers(design: Design, lists: dict[str, Sequence[str]]) -> Iterable[Row]:
    """Yield what is asked of households that answer."""
    returns, criteria = design.returns, design.criteria
    assert returns is not None
    persons = _field(design, returns.persons) if returns.persons else ""
    if persons:
        message = ("应为 1 至 30 的整数", "A whole number from 1 to 30")
        yield _row("integer", persons, returns.persons, "Persons", required="yes", constraint=". >= 1 and . <= 30", message=message)
    if criteria is not None:
        message = ("元/人·年，不超过 1000000；亏损写负数", "Yuan per person and year, at most 1000000")
        income, limits = _field(design, criteria.income), ". >= -1000000 and . <= 1000000"
        yield _row("decimal", income, criteria.income, "Net income per person", required="yes", constraint=limits, message=message)
        lists["answer"] = [*criteria.yes, *criteria.no]
        for column in (*criteria.guarantees, *criteria.exclusions):
            yield _row("select_one answer", _field(design, column), column, column, required="yes")
        if criteria.affected:
            most = f" and . <= ${{{persons}}}" if persons else ""
            message = ("不少于 1 人，不超过户内人数", "From 1 to the persons of the household")
            name = _field(design, criteria.affected)
            yield _row("integer", name, criteria.affected, "Persons affected", constraint=f". >= 1{most}", message=message)
    for place, rate in enumerate((rate for rate in design.rates if rate.kind == "approval"), 1):
        lists[f"scale{place}"] = list(dict.fromkeys((*rate.scale, *rate.dont_know)))
        for item in rate.items:
            yield _row(f"select_one scale{place}", _field(design, item), item, item, required="yes")
    if returns.status:
        lists["status"] = list(returns.statuses)
        yield _row("select_one status", _field(design, returns.status), f"{returns.status}（没有问题的不选）", "Status, where suspected")


def _choices(lists: dict[str, Sequence[str]], drawn: pd.DataFrame) -> list[Row]:
    strange = sorted({word for words in lists.values() for word in words if not word or word != word.strip()})
    if strange:
        raise FieldworkError("问卷的选项｜有空白的词，或首尾有空格｜改正设计文件中的用词")
    rows = [{"list_name": name, "name": word, ZH: ROLES.get(word, (word, word))[0] if name == "role" else word,
             EN: ROLES[word][1] if name == "role" else word} for name, words in lists.items() for word in dict.fromkeys(words)]  # fmt: skip
    villages = drawn.drop_duplicates("village")[["village", "village_name", "township"]].itertuples(index=False, name=None)
    return rows + [{"list_name": "village", "name": code, ZH: name, EN: name, "township": place} for code, name, place in villages]


def _row(kind: str, name: str, zh: str = "", en: str = "", message: tuple[str, str] = ("", ""), **parts: str) -> Row:
    texts = {"constraint_message::中文 (zh)": message[0], "constraint_message::English (en)": message[1]}
    return {"type": kind, "name": name, ZH: zh, EN: en, **texts, **parts}


def _field(design: Design, heading: str) -> str:
    return next(name for name, its in form_columns(design).items() if its == heading)


def _quoted(word: str) -> Any:
    return f"'{word}'" if "'" not in word else f'"{word}"'
