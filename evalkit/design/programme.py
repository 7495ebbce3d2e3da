"""A programme of many counties in one design file, and the design of one of its counties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from evalkit.design.sections import Section, Word
from evalkit.design.staging import READ, entries, kept_of, reads_rosters, texts
from evalkit.errors import Fault

if TYPE_CHECKING:
    from evalkit.design.declarations import Design

LIST = "villages.csv"  # the list of one county, in its folder
OWN = ("made", "file", "sheet")  # where the list of the programme came from
WHOLE = ("programme", "published")  # sections that speak of the programme, not of one county


class ProgrammeSection(Section):
    """`[programme]`: every county that the first stage draws is an evaluation of its own, with its own certificate and conclusion.

    `column` holds the codes of the counties, the units of the first stage; `name` their names.
    """

    column: Word
    name: Word


def county_data(design: Design, code: str, name: str) -> dict[str, Any]:
    """Return the content of the design file of one county of a programme.

    Parameters
    ----------
    design : Design
        Of the programme.
    code, name : str
        Of the county.

    Returns
    -------
    dict
        Without the stage that drew the county: given the county, its villages and households are drawn as the programme says, with
        the same tickets. What the programme is called in titles becomes the name of the county.

    Examples
    --------
    >>> import evalkit as ev
    >>> design = ev.read_design("designs/national_programme_2018.toml")
    >>> [stage["name"] for stage in county_data(design, "001001", "某县")["stage"]]
    ['village', 'household']
    """
    data = design.model_dump(mode="json", by_alias=True, exclude_unset=True)
    whole = design.evaluation.county
    first, *later = (stage for stage in data["stage"][1:])
    made = {
        "evaluation": {**data["evaluation"], "county": name, "county_code": code},
        "frame": {**{key: part for key, part in data["frame"].items() if key not in OWN}, "file": LIST},
        "stage": [{key: part for key, part in first.items() if key != "from"}, *later],
        "report": {**data["report"], "name": name, "title": design.report.title.replace(whole, name)},
    }
    return {key: made.get(key, part) for key, part in data.items() if key not in WHOLE}


def counties_data(design: Design) -> dict[str, Any]:
    """Return the content of a design that draws only the counties of a programme, from a list of counties."""
    part = design.programme
    assert part is not None
    data = design.model_dump(mode="json", by_alias=True, exclude_unset=True)
    first = data["stage"][0]
    musts = first.get("mandatory") or []
    musts = [musts] if isinstance(musts, dict) else musts
    read = [*(first.get(key) for key in ("strata", *READ)), *(must.get("column") for must in musts)]
    columns = [column for value in read for column in texts(value) if column and column != part.column]
    frame = {"file": LIST, "id": part.column, "name": part.name, "columns": list(dict.fromkeys(columns))}
    stage = {key: value for key, value in first.items() if key not in ("unit", "from")}
    return {"format": data["format"], "evaluation": data["evaluation"], "frame": frame, "stage": [stage], "report": data["report"]}


def programme_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what keeps a programme from being split into counties: each must be drawn without knowing of the others."""
    part = data.get("programme")
    if not isinstance(part, Mapping):
        return
    stages = list(entries(data, "stage"))
    column, unit = part.get("column"), stages[0][1].get("unit") if stages else None
    if isinstance(column, str) and unit != column:
        remedy = "第一阶段抽县：写 unit = \"县代码列\"，两处相同"
        yield Fault(None, "programme.column", column, f"不是第一阶段的 unit（{unit or '没有写'}）", remedy)
    kept, frame = kept_of(data.get("frame")), data.get("frame")
    if isinstance(frame, Mapping) and frame.get("rows"):
        yield Fault(None, "frame.rows", "", "项目的名单应是村名单，户名册不能分县", "先把户名册按村合计成村名单，删去 rows 与 sums")
    for key in ("column", "name"):
        if isinstance(part.get(key), str) and part[key] not in kept:
            yield Fault(None, f"programme.{key}", part[key], "不在 [frame] columns 中", "列入 [frame] columns")
    if len(stages) < 2 or reads_rosters(*stages[1]):
        rule, remedy = "第一阶段抽县之后，还应有从名单抽村的一个阶段", "写 [[stage]] name = \"village\"，from = \"frame\""
        yield Fault(None, "programme", "", rule, remedy)
    for i, stage in stages[1:]:
        if stage.get("allocation"):
            rule = "总数在各县之间分配，一个县抽多少要看别的县，不能分县抽"
            yield Fault(None, f"stage[{i}].allocation", "", rule, "写 n、rate 或 [[stage.quota]]，给出每县的数")
