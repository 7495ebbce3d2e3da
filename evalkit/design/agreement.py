"""What the sections of a design file must agree on: names used in one place and declared in another.

The checks read plain data, so that they run, and are reported, beside the faults inside the sections.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit import selection
from evalkit.errors import Fault

Data = Mapping[str, Any]


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
    return [*_methods(data), *_fillers(data), *_repeated_rates(data), *_gates(data), *_parts_of_rates(data), *_needs(data)]


def _tables(data: Data, key: str) -> Iterator[tuple[int, Data]]:
    """Yield the tables of ``[[key]]`` with their place, counted from 1."""
    tables = data.get(key)
    if isinstance(tables, list | tuple):
        yield from ((i, table) for i, table in enumerate(tables, 1) if isinstance(table, Mapping))


def _rate_names(data: Data, kind: str = "") -> list[str]:
    return [str(rate["name"]) for _, rate in _tables(data, "rate") if "name" in rate and kind in ("", rate.get("kind"))]


def _methods(data: Data) -> Iterator[Fault]:
    known = "、".join(selection.METHODS)
    for i, stage in _tables(data, "stage"):
        method = stage.get("method")
        if isinstance(method, str) and method not in selection.METHODS:
            yield Fault(None, f"stage[{i}].method", method, "没有这种抽样方法", f"可用：{known}")


def _fillers(data: Data) -> Iterator[Fault]:
    for i, stage in _tables(data, "stage"):
        sizes, shortfall = stage.get("n"), str(stage.get("shortfall", ""))
        filler = shortfall.removeprefix("fill:")
        if isinstance(sizes, Mapping) and shortfall.startswith("fill:") and filler not in sizes:
            yield Fault(None, f"stage[{i}].shortfall", shortfall, "fill: 后面的层不在 n 中", f"可用：{'、'.join(map(str, sizes))}")


def _repeated_rates(data: Data) -> Iterator[Fault]:
    names = _rate_names(data)
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Fault(None, "rate", name, "指标名重复", "每个指标一个名字")


def _gates(data: Data) -> Iterator[Fault]:
    names = _rate_names(data)
    if bool(data.get("rate")) and not any(_tables(data, "rate")):
        return  # rates of a wrong shape have a fault of their own
    for i, gate in _tables(data, "gate"):
        if "rate" in gate and gate["rate"] not in names:
            remedy = f"可用：{'、'.join(names)}" if names else "先写 [[rate]]"
            yield Fault(None, f"gate[{i}].rate", str(gate["rate"]), "没有这个指标", remedy)


def _parts_of_rates(data: Data) -> Iterator[Fault]:
    findings = _rate_names(data, "finding")
    others = {*_rate_names(data, "incidence"), *_rate_names(data, "approval")}
    for i, rate in _tables(data, "rate"):
        for key in ("wrong_exit", "missed") if rate.get("kind") == "incidence" else ():
            if key in rate and (rate[key] in others or rate[key] not in _rate_names(data)):
                remedy = f"可用：{'、'.join(findings)}" if findings else "先写一个 kind = \"finding\" 的指标"
                yield Fault(None, f"rate[{i}].{key}", str(rate[key]), "没有这个指标，或其种类不是 finding", remedy)


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
