"""What the stages of a design file must agree on with one another, and with the lists they read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit import allocation, selection
from evalkit.errors import Fault

Data = Mapping[str, Any]
LISTS = {"frame": "[frame] columns", "rosters": "[rosters] columns"}
READ = ("size", "sort", "balance", "places", "groups")  # the keys of a stage that name columns beside strata and unit
COUNT = "rows"


def entries(data: Data, key: str) -> Iterator[tuple[int, Data]]:
    """Yield the tables of ``[[key]]`` with their place, counted from 1."""
    found = data.get(key)
    if isinstance(found, list | tuple):
        yield from ((i, table) for i, table in enumerate(found, 1) if isinstance(table, Mapping))


def texts(value: Any) -> list[str]:
    """Return the texts in a value that may be one text or a list of them."""
    if isinstance(value, str):
        return [value]
    return [text for text in value if isinstance(text, str)] if isinstance(value, list | tuple) else []


def list_of(place: int, origin: Any) -> str:
    """Return which list a stage reads: what it says, else the frame for the first stage, counted from 1, and rosters after it."""
    return str(origin) if origin else "frame" if place == 1 else "rosters"


def reads_rosters(place: int, stage: Data) -> bool:
    """Return whether the stage at a place reads rosters."""
    return list_of(place, stage.get("from")) == "rosters"


def named_strata(stage: Data) -> list[str]:
    """Return the strata that the numbers of a stage name."""
    quotas = [part for _, rule in entries(stage, "quota") for part in (rule.get("n"), rule.get("rate"))]
    shared = stage.get("allocation")
    sizes = [stage.get("n"), stage.get("rate"), *quotas, shared.get("total") if isinstance(shared, Mapping) else None]
    return list(dict.fromkeys(label for part in sizes if isinstance(part, Mapping) for label in texts(list(part))))


def stage_disagreements(data: Data) -> Iterator[Fault]:
    """Yield the faults between stages, and between stages and the lists they read."""
    for check in (_methods, _shortfalls, _order, _units, _repeated_units, _bounds, _columns, _rules, _totals, _named_units):
        yield from check(data)


def _methods(data: Data) -> Iterator[Fault]:
    for i, stage in entries(data, "stage"):
        method, shared = stage.get("method"), stage.get("allocation")
        known = selection.METHODS.get(method) if isinstance(method, str) else None
        if known is not None and known.replacement and reads_rosters(i, stage):
            yield Fault(None, f"stage[{i}].method", str(method), "抽户不能放回：一户只访一次", "改用不放回的方法")
        if isinstance(method, str) and known is None:
            yield Fault(None, f"stage[{i}].method", method, "没有这种抽样方法", f"可用：{'、'.join(selection.METHODS)}")
        rule = shared.get("rule") if isinstance(shared, Mapping) else None
        if isinstance(rule, str) and rule not in allocation.METHODS:
            yield Fault(None, f"stage[{i}].allocation.rule", rule, "没有这种分配规则", f"可用：{'、'.join(allocation.METHODS)}")


def _shortfalls(data: Data) -> Iterator[Fault]:
    for i, stage in entries(data, "stage"):
        sizes, shortfall = named_strata(stage), stage.get("shortfall", "fail" if i == 1 else None)
        if shortfall is None and stage.get("method") != "take-all" and stage.get("selection") != "典型":
            remedy = "写 \"fail\"、\"take-all\" 或 \"fill:层名\""
            yield Fault(None, f"stage[{i}].shortfall", "", "缺少这一项：不足配额时如何办，没有默认", remedy)
        elif isinstance(shortfall, str) and sizes and shortfall.startswith("fill:"):
            filler = shortfall.removeprefix("fill:")
            if filler not in sizes:
                yield Fault(None, f"stage[{i}].shortfall", shortfall, "fill: 后面的层不在 n 中", f"可用：{'、'.join(sizes)}")


def _order(data: Data) -> Iterator[Fault]:
    stages = list(entries(data, "stage"))
    names = [stage.get("name") for _, stage in stages]
    kinds = [reads_rosters(i, stage) for i, stage in stages]
    for at, (i, stage) in enumerate(stages):
        name = stage.get("name")
        if names.count(name) > 1 and isinstance(name, str):
            yield Fault(None, f"stage[{i}].name", name, "阶段名重复", "每个阶段一个名字")
        if at == 0 and kinds[0]:
            yield Fault(None, f"stage[{i}].from", "rosters", "第一阶段应从名单抽取", "删去 from")
        elif not kinds[at] and any(kinds[:at]):
            yield Fault(None, f"stage[{i}].from", "frame", "从名单抽取的阶段应在从名册抽取的阶段之前", "调整各阶段的次序")
        wanted = _wanted_name(at, kinds)
        if wanted and name != wanted and isinstance(name, str):
            rule = f"这一阶段的名字应为 {wanted}：名册属于 village，名册中的行是 household"
            yield Fault(None, f"stage[{i}].name", name, rule, f"写 name = \"{wanted}\"")
        if kinds[at] and stage.get("wave"):
            yield Fault(None, f"stage[{i}].wave", "", "轮次只用于从名单抽取的阶段", "删去，或写到抽村的阶段")


def _rules(data: Data) -> Iterator[Fault]:
    """Yield the conditions of quotas that could never be met: they ask for what no unit above, or no list, has."""
    kept = kept_of(data.get("frame"))
    for i, stage in entries(data, "stage"):
        strata = named_strata(stage)
        for j, rule in entries(stage, "quota"):
            where, holds = (list(part) if isinstance(part := rule.get(key), Mapping) else [] for key in ("where", "holds"))
            for column in texts(where):
                if i == 1:
                    yield Fault(None, f"stage[{i}].quota[{j}].where", column, "第一阶段没有上一阶段的单位", "删去 where，或写 strata")
                elif column not in kept:
                    yield Fault(None, f"stage[{i}].quota[{j}].where", column, "不在 [frame] columns 中", "列入 [frame] columns")
            for stratum in texts(holds):
                if strata and stratum not in strata:
                    yield Fault(None, f"stage[{i}].quota[{j}].holds", stratum, "没有这个层", f"可用：{'、'.join(strata)}")


def _named_units(data: Data) -> Iterator[Fault]:
    """Yield the units of rosters that are named without their village."""
    for i, stage in entries(data, "stage"):
        musts = stage.get("mandatory")
        for part in [musts] if isinstance(musts, Mapping) else [must for _, must in entries(stage, "mandatory")]:
            for unit in texts(part.get("units")) if reads_rosters(i, stage) else ():
                if "/" not in unit:
                    yield Fault(None, f"stage[{i}].mandatory.units", unit, "没有写明是哪个村的", "写作 村代码/编号")


def _totals(data: Data) -> Iterator[Fault]:
    """Yield the totals that are shared out to villages and stand below a stage inside them: each group would get them again."""
    asked = [(i, stage) for i, stage in entries(data, "stage") if reads_rosters(i, stage)]
    for i, stage in asked[1:]:
        if stage.get("allocation"):
            rule = "总数分到各村，不能再分到村内各组"
            yield Fault(None, f"stage[{i}].allocation", "", rule, "写 n、rate 或 [[stage.quota]]，或写到抽组的阶段")


def _wanted_name(at: int, kinds: list[bool]) -> str:
    """Return the name that a stage must have: that of the units which rosters belong to, and that of the rows of a roster."""
    if not any(kinds):
        return ""
    if at == len(kinds) - 1:
        return "household"
    return "village" if kinds[at + 1] and not kinds[at] else ""


def _units(data: Data) -> Iterator[Fault]:
    """Yield the stages that should name their units by a column and do not, and the reverse."""
    stages = [(i, list_of(i, stage.get("from")), stage) for i, stage in entries(data, "stage")]
    for at, (i, kind, stage) in enumerate(stages):
        last = at == len(stages) - 1 or stages[at + 1][1] != kind
        if last and stage.get("unit"):
            yield Fault(None, f"stage[{i}].unit", str(stage["unit"]), "这张表的最后一个阶段抽的是表中的行，不写 unit", "删去 unit")
        elif not last and not stage.get("unit"):
            yield Fault(None, f"stage[{i}].unit", "", "缺少这一项：这一阶段的单位是哪一列的值", "写 unit = \"列名\"")


def _repeated_units(data: Data) -> Iterator[Fault]:
    """Yield the stages whose units are those of another stage of the same list, or the rows of the list themselves."""
    rows = {kind: part.get(key) for kind, key in (("frame", "id"), ("rosters", "household")) if isinstance(part := data.get(kind), Mapping)}
    seen: dict[tuple[str, str], int] = {}
    for i, stage in entries(data, "stage"):
        kind, unit = list_of(i, stage.get("from")), stage.get("unit")
        if not isinstance(unit, str) or not unit:
            continue
        if unit == rows.get(kind):
            yield Fault(None, f"stage[{i}].unit", unit, "这一列是表中各行的编号，每行一个单位", "写上一级单位的列名，或删去这一阶段")
        first = seen.setdefault((kind, unit), i)
        if first != i:
            yield Fault(None, f"stage[{i}].unit", unit, f"与 stage[{first}] 的 unit 相同", "每个阶段一列；改正列名，或删去其中一个阶段")


def _bounds(data: Data) -> Iterator[Fault]:
    """Yield the bounds that no number can meet: the least above the most."""
    for i, stage in entries(data, "stage"):
        parts = [(f"stage[{i}]", stage), (f"stage[{i}].allocation", stage.get("allocation"))]
        for where, part in parts:
            low, high = (part.get("least"), part.get("most")) if isinstance(part, Mapping) else (None, None)
            labels = [*(low if isinstance(low, Mapping) else ()), *(high if isinstance(high, Mapping) else ())] or [""]
            for label in dict.fromkeys(labels):
                least, most = (bound.get(label) if isinstance(bound, Mapping) else bound for bound in (low, high))
                if isinstance(least, int) and isinstance(most, int) and least > most:
                    named = f".{label}" if label else ""
                    yield Fault(None, f"{where}.least{named}", str(least), f"大于 most 的 {most}", "改正 least 或 most")


def _columns(data: Data) -> Iterator[Fault]:
    """Yield the columns that a stage reads and that its list does not keep."""
    yield from _place(data.get("frame"))
    for i, stage in entries(data, "stage"):
        kind = list_of(i, stage.get("from"))
        section = data.get(kind)
        if not isinstance(section, Mapping):
            continue
        kept = kept_of(section) + [section.get(key) for key in ("id", "name", "place") if kind == "frame"]
        for where, column in _named_columns(stage, kind):
            if column and column != COUNT and column not in kept:
                yield Fault(None, f"stage[{i}].{where}", column, f"不在 {LISTS[kind]} 中", f"列入 {LISTS[kind]}")


def kept_of(section: Any) -> list[str]:
    """Return the columns that a list keeps, with what is counted and summed of a register."""
    return [name for key in ("columns", "rows", "sums") for name in texts(section.get(key))] if isinstance(section, Mapping) else []


def _place(frame: Any) -> Iterator[Fault]:
    """Yield the column that names strata where the list does not keep it: it would be left out of the plan, not of the fingerprint."""
    columns = frame.get("columns", []) if isinstance(frame, Mapping) else None
    listed = [columns] if isinstance(columns, str) else columns
    if not isinstance(listed, list | tuple) or not all(isinstance(column, str) for column in listed):
        return  # told where the section is checked
    place = frame.get("place")
    if isinstance(place, str) and place and place not in [*listed, frame.get("id"), frame.get("name")]:
        yield Fault(None, "frame.place", place, "不在 [frame] columns 中", "列入 [frame] columns")


def _named_columns(stage: Data, kind: str) -> Iterator[tuple[str, str]]:
    # the strata of a roster may be the types of households, which have a key of their own
    keys = (*READ, "unit", *(("strata",) if kind == "frame" else ()))
    yield from ((key, column) for key in keys for column in texts(stage.get(key)))
    musts = stage.get("mandatory")
    for part in [musts] if isinstance(musts, Mapping) else [must for _, must in entries(stage, "mandatory")]:
        yield from (("mandatory.column", column) for column in texts(part.get("column")))
    for key in ("rule", "wave"):
        yield from ((f"{key}[{j}].column", column) for j, part in entries(stage, key) for column in texts(part.get("column")))
    shared = stage.get("allocation")
    if kind == "frame" and isinstance(shared, Mapping):
        yield from (("allocation.by", column) for column in texts(shared.get("by")))
