"""Where what a certificate states differs from what was made anew, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit import tickets

WORDS = {"N": "总数", "n": "抽取数", "cutoff": "截止号", "quota": "配额", "reserves": "备用户数", "units": "入样单位的编号、签号或概率"}
ABSENT = object()


def path_differences(stated: Any, again: Any, path: str = "") -> Iterator[str]:
    """Yield every path at which two parts are not the same."""
    if isinstance(stated, dict) and isinstance(again, dict):
        for key in sorted({*stated, *again}):
            yield from path_differences(stated.get(key, ABSENT), again.get(key, ABSENT), f"{path}.{key}" if path else key)
    elif isinstance(stated, list) and isinstance(again, list) and len(stated) == len(again):
        for i, (then, now) in enumerate(zip(stated, again, strict=True), 1):
            yield from path_differences(then, now, f"{path}[{i}]")
    elif not same(stated, again):
        yield f"{path}：所载 {_brief(stated)}，重算 {_brief(again)}"


def same(stated: Any, again: Any) -> bool:
    """Return whether two parts have one canonical text: 1, 1.0 and true are three."""
    return stated is again or (ABSENT not in (stated, again) and tickets.canonical(stated) == tickets.canonical(again))


def _brief(part: Any) -> str:
    return "无" if part is ABSENT else tickets.canonical(part)[:40]


def village_differences(village: str, stated: Any, again: Mapping[str, Any]) -> Iterator[str]:
    """Yield where the receipt of one stage in one village is not the one made anew."""
    if not isinstance(stated, dict):
        yield f"村 {village}：凭证中没有该村的抽户记录，名册中有"
        return
    if stated.get("roster") != again["roster"]:
        yield f"村 {village} 名册指纹：所载 {str(stated.get('roster'))[:16]}，现为 {again['roster'][:16]}"
    yield from strata_differences(f"村 {village} 层", mapping(stated.get("strata")), again["strata"])
    if stated.get("list") != again.get("list"):
        yield f"村 {village} 农户清单（含备用户次序）：所载指纹 {str(stated.get('list'))[:16]}，重抽 {str(again.get('list'))[:16]}"
    for key in sorted(set(stated) - set(again)):
        yield f"村 {village}：凭证中多出 {key}"


def strata_differences(where: str, stated: Mapping[str, Any], again: Mapping[str, Any]) -> Iterator[str]:
    """Yield the strata that are not those of the new draw, and in what."""
    for stratum in sorted({*stated, *again}):
        then, now = stated.get(stratum), again.get(stratum)
        if same(then, now):
            continue
        if not isinstance(then, dict) or not isinstance(now, dict):
            yield f"{where} {stratum}：{'凭证中没有这一层' if now else '重抽中没有这一层'}"
        elif sorted(ids(then)) != sorted(ids(now)):
            yield f"{where} {stratum} 入样单位：所载 {'、'.join(ids(then)) or '无'}，重抽 {'、'.join(ids(now)) or '无'}"
        else:
            keys = [key for key in sorted({*then, *now}) if not same(then.get(key), now.get(key))]
            yield f"{where} {stratum}：" + "；".join(_field_difference(key, then.get(key), now.get(key)) for key in keys)


def _field_difference(key: str, then: Any, now: Any) -> str:
    if isinstance(then, list) or isinstance(now, list):
        return f"{WORDS.get(key, key)}不同"
    return f"{WORDS.get(key, key)} 所载 {str(then)[:16]}，重抽 {str(now)[:16]}"


def ids(stratum: Any) -> list[str]:
    """Return the ids of the units that a stratum of a certificate states."""
    units = mapping(stratum).get("units")
    return [str(unit.get("id")) for unit in units if isinstance(unit, dict)] if isinstance(units, list) else []


def mapping(part: Any) -> Mapping[str, Any]:
    """Return a part of a certificate that should be a table; one that is none holds nothing."""
    return part if isinstance(part, dict) else {}
