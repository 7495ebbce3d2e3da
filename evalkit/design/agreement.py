"""What the sections of a design file must agree on: names used in one place and declared in another.

The checks read plain data, so that they run, and are reported, beside the faults inside the sections.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from evalkit.design.accepting import acceptance_faults
from evalkit.design.criteria import Criteria
from evalkit.design.programme import programme_faults
from evalkit.design.scoring import indicator_faults
from evalkit.design.staging import Data, entries, kept_of, named_strata, reads_rosters, stage_disagreements, texts
from evalkit.design.standards import bundle_faults
from evalkit.errors import Fault

# the strata a finding can come from
NO_FINDINGS = ("incidence", "approval", "prevalence", "accuracy")
SOURCES = {"wrong_exit": "exited", "missed": "outside", "misidentified": "registered", "overstayed": "registered"}
TABLES = ("frame", "rosters", "returns")  # that checks may be declared for, beside the forms
HEADINGS = {
    "rosters": ("village", "household", "stratum", "persons", "head", "id_number", "address"),
    "returns": ("village", "household", "disposition", "persons", "status", "interviewer"),
    "criteria": ("income", "guarantees", "exclusions", "affected", "omitted"),
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
        stage_disagreements, _repeated_rates, _gates, _judged_choices, _planned_rates, _parts_of_rates, _errors_of_rates, _columns,
        _headings, _strata, _populations,
        _outcomes, _needs, acceptance_faults, bundle_faults, indicator_faults, _checked_tables, programme_faults,
    )  # fmt: skip
    return [fault for check in checks for fault in check(data)]


def _rate_names(data: Data, kind: str = "") -> list[str]:
    return [rate["name"] for _, rate in entries(data, "rate") if isinstance(rate.get("name"), str) and kind in ("", rate.get("kind"))]


def _repeated_rates(data: Data) -> Iterator[Fault]:
    names = _rate_names(data)
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Fault(None, "rate", name, "指标名重复", "每个指标一个名字")


def _gates(data: Data) -> Iterator[Fault]:
    names = _rate_names(data)
    if bool(data.get("rate")) and not any(entries(data, "rate")):
        return  # rates of a wrong shape have a fault of their own
    for i, gate in entries(data, "gate"):
        if isinstance(gate.get("rate"), str) and gate["rate"] not in names:
            remedy = f"可用：{'、'.join(names)}" if names else "先写 [[rate]]"
            yield Fault(None, f"gate[{i}].rate", gate["rate"], "没有这个指标", remedy)


def _judged_choices(data: Data) -> Iterator[Fault]:
    """Yield the gates of a design whose places were chosen on purpose: what was found there proves nothing of a county."""
    typical = [str(stage.get("name")) for _, stage in entries(data, "stage") if stage.get("selection") == "典型"]
    if typical:
        for i, gate in entries(data, "gate"):
            rule = f"{typical[0]} 是典型选点，不推断总体，不作判定"
            yield Fault(None, f"gate[{i}]", str(gate.get("rate", "")), rule, "删去 [[gate]]，或改用随机抽样")


def _planned_rates(data: Data) -> Iterator[Fault]:
    """Yield planning values of rates that are none, where the design declares its rates: a slip would plan a rate nobody measures."""
    names, planning = _rate_names(data), data.get("planning")
    written = planning.get("rates") if isinstance(planning, Mapping) else None
    if not names or len(set(names)) < len(names) or not isinstance(written, Mapping):
        return  # names that stand twice have a fault of their own
    for name in written:
        if name not in names:
            near = get_close_matches(str(name), names, 1, 0.0)[0]
            remedy = f"是否为 {near}；可用：{'、'.join(names)}；要另算一个率，先写 [[rate]]"
            yield Fault(None, "planning.rates", str(name), "没有这个指标", remedy)


def _columns(data: Data) -> Iterator[Fault]:
    """Yield the columns that other sections read from the frame and that the frame does not keep."""
    frame, report = data.get("frame"), data.get("report")
    kept = kept_of(frame)
    remedy = f"写名单中的列名，并列入 [frame] columns；现有：{'、'.join(kept) or '无'}"
    for i, rate in entries(data, "rate"):
        totals = rate.get("totals")
        parts = totals.items() if isinstance(totals, Mapping) else ()
        for key, total in parts:
            column = total.get("column") if isinstance(total, Mapping) else None
            if isinstance(column, str) and column not in kept:
                yield Fault(None, f"rate[{i}].totals.{key}.column", column, "不在 [frame] columns 中", remedy)
    for group in texts(report.get("groups")) if isinstance(report, Mapping) else []:
        if group not in kept:
            yield Fault(None, "report.groups", group, "不在 [frame] columns 中", remedy)


def _parts_of_rates(data: Data) -> Iterator[Fault]:
    names, others = _rate_names(data), {name for kind in NO_FINDINGS for name in _rate_names(data, kind)}
    findings = {name: _finding(data, name) for name in _rate_names(data, "finding")}
    for i, rate in entries(data, "rate"):
        for key in ("wrong_exit", "missed") if rate.get("kind") == "incidence" else ():
            part, where = rate.get(key), f"rate[{i}].{key}"
            if isinstance(part, str) and (part in others or part not in names):
                remedy = f"可用：{'、'.join(findings)}" if findings else "先写一个 kind = \"finding\" 的指标"
                yield Fault(None, where, part, "没有这个指标，或其种类不是 finding", remedy)
            elif isinstance(part, str) and findings.get(part, key) in set(SOURCES) - {key}:
                yield Fault(None, where, part, f"这个指标的 finding 是 {findings[part]}", f"写 finding = \"{key}\" 的指标")


def _errors_of_rates(data: Data) -> Iterator[Fault]:
    """Yield the accuracies whose errors are no rates of households, or cannot be joined by their rule."""
    usable = {rate.get("name"): rate for _, rate in entries(data, "rate") if rate.get("kind") in ("finding", "prevalence")}
    for i, rate in entries(data, "rate"):
        if rate.get("kind") != "accuracy":
            continue
        parts, where = texts(rate.get("errors")), f"rate[{i}].errors"
        for name in (name for name in parts if name not in usable):
            yield Fault(None, where, name, "没有这个指标，或其种类不是 finding、prevalence", f"可用：{'、'.join(map(str, usable)) or '无'}")
        known = [usable[name] for name in parts if name in usable]
        if any(part.get("denominator") == "villages" for part in known):
            yield Fault(None, where, "", "准确率不能由分母口径 b（villages）的指标得出", "用 denominator = \"surveyed\" 的指标")
        yield from _not_joined(where, known)


def _not_joined(where: str, parts: list[Any]) -> Iterator[Fault]:
    if len({str(part.get("count")) for part in parts}) > 1:
        yield Fault(None, where, "", "各指标的计数单位不同", "都写 count = \"persons\"，或都写 \"households\"")
    members = [stratum for part in parts for stratum in texts(part.get("population"))]
    for stratum in sorted({stratum for stratum in members if members.count(stratum) > 1}):
        yield Fault(None, where, stratum, "同在两个指标的总体中，合计会算两次", "各指标的 population 应互不相交")


def _finding(data: Data, name: str) -> Any:
    """Return the finding of the first rate of that name; a name that stands twice has a fault of its own."""
    found = next(rate.get("finding") for _, rate in entries(data, "rate") if rate.get("name") == name)
    return found if isinstance(found, str) else ""


def _headings(data: Data) -> Iterator[Fault]:
    """Yield the column headings that one section maps to two meanings."""
    for section, keys in HEADINGS.items():
        part = data.get(section)
        named = [heading for key in keys for heading in texts(part.get(key)) if heading] if isinstance(part, Mapping) else []
        for heading in sorted({heading for heading in named if named.count(heading) > 1}):
            yield Fault(None, section, heading, "同一列名写了两处", "每项各写一个列名")
    part = data.get("criteria")
    both = set(texts(part.get("yes"))) & set(texts(part.get("no"))) if isinstance(part, Mapping) else set()
    for word in sorted(both):
        yield Fault(None, "criteria", word, "既在 yes 又在 no 中", "只留一处")


def _known_strata(data: Data) -> list[str]:
    """Return the words for household strata, where the design says all of them."""
    rosters = data.get("rosters")
    last = [stage for i, stage in entries(data, "stage") if reads_rosters(i, stage)][-1:]
    kept = texts(rosters.get("columns")) if isinstance(rosters, Mapping) else []
    words = rosters.get("strata") if isinstance(rosters, Mapping) else None
    strata = texts(last[0].get("strata")) if last else []
    sizes = named_strata(last[0]) if len(strata) == 1 and strata[0] not in kept else []
    if sizes:
        return sizes
    return list(dict.fromkeys(texts(list(words.values())))) if isinstance(words, Mapping) else []


def _strata(data: Data) -> Iterator[Fault]:
    """Yield the words for strata that are none: nothing would ever be counted under them."""
    known = _known_strata(data)
    if not known:
        return
    criteria, reserves, rosters = data.get("criteria"), data.get("reserves"), data.get("rosters")
    used: list[tuple[str, Any]] = []
    if isinstance(criteria, Mapping):
        used += [(f"criteria.{key}", criteria.get(key)) for key in dict.fromkeys(SOURCES.values())]
    used += [(f"rate[{i}].population", rate.get("population")) for i, rate in entries(data, "rate")]
    for where, section, key in (("reserves.n", reserves, "n"), ("rosters.strata", rosters, "strata")):
        words = section.get(key) if isinstance(section, Mapping) else None
        if isinstance(words, Mapping):
            used.append((where, list(words.values() if key == "strata" else words)))
    for where, words in used:
        for word in dict.fromkeys(texts(words)):
            if word not in known:
                yield Fault(None, where, word, "没有这个户类型", f"可用：{'、'.join(known)}")


def _populations(data: Data) -> Iterator[Fault]:
    """Yield the finding rates whose population holds no stratum their finding can come from: they would always be 0."""
    criteria = data.get("criteria")
    if not isinstance(criteria, Mapping):
        return
    for i, rate in entries(data, "rate"):
        finding = rate.get("finding")
        key = SOURCES.get(finding, "") if isinstance(finding, str) else ""
        if rate.get("kind") != "finding" or not key:
            continue
        if finding == "overstayed" and not criteria.get("overstay"):
            yield Fault(None, f"rate[{i}].finding", "overstayed", "标准没有要求找漏退，这个指标恒为 0", "在 [criteria] 写 overstay = true")
        within = ("exited", "registered") if finding == "missed" and criteria.get("omitted") else ()  # members left out of a household
        sources = [word for each in (key, *within) for word in texts(criteria.get(each, Criteria.model_fields[each].default))]
        population = texts(rate.get("population"))
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
    if isinstance(words, Mapping) and "complete" not in texts(list(words.values())):
        yield Fault(None, "returns.dispositions", "", "没有表示完成的词", "写 \"完成\" = \"complete\"")
    if returns.get("status") and isinstance(statuses, Mapping) and not confirming & set(texts(list(statuses.values()))):
        yield Fault(None, "returns.statuses", "", "没有表示认定的词", "写 \"认定\" = \"confirmed\"")


def _needs(data: Data) -> Iterator[Fault]:
    rates = list(entries(data, "rate"))
    wanted = (
        ("rosters", any(reads_rosters(i, stage) for i, stage in entries(data, "stage")), "抽户需要名册列名"),
        ("returns", bool(rates), "计算指标需要回收表列名"),
        ("criteria", any(rate.get("kind") == "finding" for _, rate in rates), "kind = \"finding\" 的指标需要认定标准"),
    )
    for section, needed, rule in wanted:
        if needed and data.get(section) is None:
            yield Fault(None, section, "", f"缺少这一节：{rule}", f"写 [{section}]")


def _checked_tables(data: Data) -> Iterator[Fault]:
    """Yield the checks of tables that the design does not declare, which would never be made, and forms of one name."""
    forms = [form["name"] for _, form in entries(data, "form") if isinstance(form.get("name"), str)]
    for name in sorted({name for name in forms if forms.count(name) > 1}):
        yield Fault(None, "form", name, "表名重复", "每张表一个名字")
    known = [*(table for table in TABLES if data.get(table) is not None), *forms]
    for i, check in entries(data, "check"):
        if isinstance(check.get("on"), str) and check["on"] not in known:
            yield Fault(None, f"check[{i}].on", check["on"], "没有这张表", f"可用：{'、'.join(known)}")
