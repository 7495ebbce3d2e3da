"""What the sections of a design file must agree on: names used in one place and declared in another.

The checks read plain data, so that they run, and are reported, beside the faults inside the sections.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit import selection
from evalkit.design.judgement import Criteria
from evalkit.errors import Fault

Data = Mapping[str, Any]
SOURCES = {"wrong_exit": "exited", "missed": "outside", "misidentified": "registered"}  # the strata a finding can come from
HEADINGS = {
    "rosters": ("village", "household", "stratum", "persons", "head", "id_number", "address"),
    "returns": ("village", "household", "disposition", "persons", "status", "interviewer"),
    "criteria": ("income", "guarantees", "exclusions", "affected"),
}


class Disagreement(ValueError):
    """The sections of a design contradict one another.

    Parameters
    ----------
    faults : list of Fault
    """

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(fault.line() for fault in faults))
        self.faults = faults


def disagreements(data: Data) -> list[Fault]:
    """Return the faults between sections.

    Parameters
    ----------
    data : mapping
        The content of a design file; parts of a wrong shape are left to the checks of their section.

    Examples
    --------
    >>> for fault in disagreements({"stage": [{"method": "magic"}], "gate": [{"rate": "错退率"}]}):
    ...     print(fault.column, fault.value, fault.rule)
    stage[1].method magic 没有这种抽样方法
    gate[1].rate 错退率 没有这个指标
    """
    checks = (
        _methods, _shortfalls, _repeated_rates, _gates, _parts_of_rates, _columns, _headings, _strata, _populations, _outcomes, _needs,
    )  # fmt: skip
    return [fault for check in checks for fault in check(data)]


def _tables(data: Data, key: str) -> Iterator[tuple[int, Data]]:
    """Yield the tables of ``[[key]]`` with their place, counted from 1."""
    tables = data.get(key)
    if isinstance(tables, list | tuple):
        yield from ((i, table) for i, table in enumerate(tables, 1) if isinstance(table, Mapping))


def _rate_names(data: Data, kind: str = "") -> list[str]:
    return [rate["name"] for _, rate in _tables(data, "rate") if isinstance(rate.get("name"), str) and kind in ("", rate.get("kind"))]


def _methods(data: Data) -> Iterator[Fault]:
    known = "、".join(selection.METHODS)
    for i, stage in _tables(data, "stage"):
        method = stage.get("method")
        if isinstance(method, str) and method not in selection.METHODS:
            yield Fault(None, f"stage[{i}].method", method, "没有这种抽样方法", f"可用：{known}")


def _shortfalls(data: Data) -> Iterator[Fault]:
    for i, stage in _tables(data, "stage"):
        sizes, shortfall = stage.get("n"), stage.get("shortfall", "fail" if i == 1 else None)
        if shortfall is None:
            remedy = "写 \"fail\"、\"take-all\" 或 \"fill:层名\""
            yield Fault(None, f"stage[{i}].shortfall", "", "缺少这一项：不足配额时如何办，没有默认", remedy)
        elif isinstance(shortfall, str) and isinstance(sizes, Mapping) and shortfall.startswith("fill:"):
            filler = shortfall.removeprefix("fill:")
            if filler not in sizes:
                yield Fault(None, f"stage[{i}].shortfall", shortfall, "fill: 后面的层不在 n 中", f"可用：{'、'.join(_texts(list(sizes)))}")


def _repeated_rates(data: Data) -> Iterator[Fault]:
    names = _rate_names(data)
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Fault(None, "rate", name, "指标名重复", "每个指标一个名字")


def _gates(data: Data) -> Iterator[Fault]:
    names = _rate_names(data)
    if bool(data.get("rate")) and not any(_tables(data, "rate")):
        return  # rates of a wrong shape have a fault of their own
    for i, gate in _tables(data, "gate"):
        if isinstance(gate.get("rate"), str) and gate["rate"] not in names:
            remedy = f"可用：{'、'.join(names)}" if names else "先写 [[rate]]"
            yield Fault(None, f"gate[{i}].rate", gate["rate"], "没有这个指标", remedy)


def _columns(data: Data) -> Iterator[Fault]:
    """Yield the columns that other sections read from the frame and that the frame does not keep."""
    frame, report = data.get("frame"), data.get("report")
    kept = _texts(frame.get("columns")) if isinstance(frame, Mapping) else []
    remedy = f"写名单中的列名，并列入 [frame] columns；现有：{'、'.join(kept) or '无'}"
    for i, rate in _tables(data, "rate"):
        totals = rate.get("totals")
        parts = totals.items() if isinstance(totals, Mapping) else ()
        for key, total in parts:
            column = total.get("column") if isinstance(total, Mapping) else None
            if isinstance(column, str) and column not in kept:
                yield Fault(None, f"rate[{i}].totals.{key}.column", column, "不在 [frame] columns 中", remedy)
    for group in _texts(report.get("groups")) if isinstance(report, Mapping) else []:
        if group not in kept:
            yield Fault(None, "report.groups", group, "不在 [frame] columns 中", remedy)


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [text for text in value if isinstance(text, str)] if isinstance(value, list | tuple) else []


def _parts_of_rates(data: Data) -> Iterator[Fault]:
    names, others = _rate_names(data), {*_rate_names(data, "incidence"), *_rate_names(data, "approval")}
    findings = {name: _finding(data, name) for name in _rate_names(data, "finding")}
    for i, rate in _tables(data, "rate"):
        for key in ("wrong_exit", "missed") if rate.get("kind") == "incidence" else ():
            part, where = rate.get(key), f"rate[{i}].{key}"
            if isinstance(part, str) and (part in others or part not in names):
                remedy = f"可用：{'、'.join(findings)}" if findings else "先写一个 kind = \"finding\" 的指标"
                yield Fault(None, where, part, "没有这个指标，或其种类不是 finding", remedy)
            elif isinstance(part, str) and findings.get(part, key) in set(SOURCES) - {key}:
                yield Fault(None, where, part, f"这个指标的 finding 是 {findings[part]}", f"写 finding = \"{key}\" 的指标")


def _finding(data: Data, name: str) -> Any:
    """Return the finding of the first rate of that name; a name that stands twice has a fault of its own."""
    found = next(rate.get("finding") for _, rate in _tables(data, "rate") if rate.get("name") == name)
    return found if isinstance(found, str) else ""


def _headings(data: Data) -> Iterator[Fault]:
    """Yield the column headings that one section maps to two meanings."""
    for section, keys in HEADINGS.items():
        part = data.get(section)
        named = [heading for key in keys for heading in _texts(part.get(key)) if heading] if isinstance(part, Mapping) else []
        for heading in sorted({heading for heading in named if named.count(heading) > 1}):
            yield Fault(None, section, heading, "同一列名写了两处", "每项各写一个列名")
    part = data.get("criteria")
    both = set(_texts(part.get("yes"))) & set(_texts(part.get("no"))) if isinstance(part, Mapping) else set()
    for word in sorted(both):
        yield Fault(None, "criteria", word, "既在 yes 又在 no 中", "只留一处")


def _known_strata(data: Data) -> list[str]:
    """Return the words for household strata, where the design says all of them."""
    rosters = data.get("rosters")
    sizes = next((stage.get("n") for i, stage in _tables(data, "stage") if i == 2), None)
    words = rosters.get("strata") if isinstance(rosters, Mapping) else None
    if isinstance(sizes, Mapping):
        return _texts(list(sizes))
    return list(dict.fromkeys(_texts(list(words.values())))) if isinstance(words, Mapping) else []


def _strata(data: Data) -> Iterator[Fault]:
    """Yield the words for strata that are none: nothing would ever be counted under them."""
    known = _known_strata(data)
    if not known:
        return
    criteria, reserves, rosters = data.get("criteria"), data.get("reserves"), data.get("rosters")
    used: list[tuple[str, Any]] = []
    if isinstance(criteria, Mapping):
        used += [(f"criteria.{key}", criteria.get(key)) for key in SOURCES.values()]
    used += [(f"rate[{i}].population", rate.get("population")) for i, rate in _tables(data, "rate")]
    for where, section, key in (("reserves.n", reserves, "n"), ("rosters.strata", rosters, "strata")):
        words = section.get(key) if isinstance(section, Mapping) else None
        if isinstance(words, Mapping):
            used.append((where, list(words.values() if key == "strata" else words)))
    for where, words in used:
        for word in dict.fromkeys(_texts(words)):
            if word not in known:
                yield Fault(None, where, word, "没有这个户类型", f"可用：{'、'.join(known)}")


def _populations(data: Data) -> Iterator[Fault]:
    """Yield the finding rates whose population holds no stratum their finding can come from: they would always be 0."""
    criteria = data.get("criteria")
    if not isinstance(criteria, Mapping):
        return
    for i, rate in _tables(data, "rate"):
        finding = rate.get("finding")
        key = SOURCES.get(finding, "") if isinstance(finding, str) else ""
        if rate.get("kind") != "finding" or not key:
            continue
        sources = _texts(criteria.get(key, Criteria.model_fields[key].default))
        population = _texts(rate.get("population"))
        known = _known_strata(data) or population
        if population and set(population) <= set(known) and not set(sources) & set(population):
            rule = f"与 criteria.{key} 没有共同的户类型，这个指标恒为 0"
            remedy = f"写入其中的户类型：{'、'.join(sources)}" if sources else f"先写 criteria.{key}"
            yield Fault(None, f"rate[{i}].population", "、".join(population), rule, remedy)


def _outcomes(data: Data) -> Iterator[Fault]:
    """Yield the mappings of outcomes under which nobody would be complete, or nothing confirmed."""
    returns = data.get("returns")
    if not isinstance(returns, Mapping):
        return
    words, statuses = returns.get("dispositions"), returns.get("statuses", {})
    confirming = {"confirmed", "final"}
    if isinstance(words, Mapping) and "complete" not in _texts(list(words.values())):
        yield Fault(None, "returns.dispositions", "", "没有表示完成的词", "写 \"完成\" = \"complete\"")
    if returns.get("status") and isinstance(statuses, Mapping) and not confirming & set(_texts(list(statuses.values()))):
        yield Fault(None, "returns.statuses", "", "没有表示认定的词", "写 \"认定\" = \"confirmed\"")


def _needs(data: Data) -> Iterator[Fault]:
    rates = list(_tables(data, "rate"))
    wanted = (
        ("rosters", len(list(_tables(data, "stage"))) == 2, "第二阶段抽户需要名册列名"),
        ("returns", bool(rates), "计算指标需要回收表列名"),
        ("criteria", any(rate.get("kind") == "finding" for _, rate in rates), "kind = \"finding\" 的指标需要认定标准"),
    )
    for section, needed, rule in wanted:
        if needed and data.get(section) is None:
            yield Fault(None, section, "", f"缺少这一节：{rule}", f"写 [{section}]")
