#!/usr/bin/env python3
"""核对抽样凭证：用公开的凭证与名单重抽一遍，逐项对照。Draw again from a certificate and compare.

    python verify_draw.py certificate.json frame.csv [--rosters 名册.csv 或文件夹 …] [--annex annex.json]
        [--ceremony ceremony.json] [--earlier 以前各轮的凭证或附件.json …] [--names village=行政村代码 household=户编号 …]
        [--words 一般脱贫户=脱贫户 …]

Python 3.8 or later, nothing to install; it shares no line with the package that made the draw. Tables are CSV (UTF-8 or GB 18030);
save a workbook as CSV first. Exit code: 0 all that the given files let one draw again agrees; 1 something differs; 2 something cannot
be checked, and it says why.

What a certificate promises: the ticket of a unit is SHA-256 of "seed|stage|unit" (of a household "seed|household|village/household"),
the digest of a stratum SHA-256 of "seed|stage|start|stratum". Nothing else is left to chance: who is drawn follows from the seed,
the list and the plan, and all three stand in the certificate or are fixed by their SHA-256 in it. Where the seed came from stands
in the record of the ceremony, where one was held: each commitment in it is SHA-256 of "party|secret|salt", and the seed is SHA-256
of the record without its own "sha256", as a decimal of 78 digits; without commitments it is the digits of the dice.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import re
import sys
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, groupby
from pathlib import Path
from typing import Any, Dict, NamedTuple  # noqa: UP035  # Python 3.8 has no dict[str, str]

MOST = 10**9
HALF_WIDTH = {0xFEE0 + ord(sign): sign for sign in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-"}
HALF_WIDTH[0x3000] = " "
PLAIN = re.compile(r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]+)?")
KEYS = {  # the words of a plan that this program knows
    "plan": "frame stage reserves", "frame": "id name columns code rule note made", "reserves": "n reasons",
    "stage": "name from unit selection method n rate least most quota allocation strata size sort serpentine balance places groups "
    "rule mandatory wave repeat shift shortfall",
    "rule": "column keep drop reason", "note": "column contains text", "quota": "where holds n rate", "wave": "name n column values",
    "allocation": "total rule by least most spreads costs cvs exponent importance", "mandatory": "column values units how purpose share",
}  # fmt: skip
WORDS = {
    "frame": "名单", "fingerprint": "指纹", "strata": "层", "units": "单位", "design": "设计", "hash": "设计指纹", "plan": "方案",
    "seed": "种子", "value": "数值", "stages": "阶段", "villages": "村", "roster": "名册指纹", "list": "农户清单指纹（含备用户次序）",
    "N": "总数", "n": "抽取数", "cutoff": "截止号", "quota": "配额", "reserves": "备用户数", "id": "编号", "digest": "签号", "prob": "概率",
    "hits": "抽中次数", "wave": "轮次", "method": "方法", "earlier": "以前各轮",
}  # fmt: skip


OUTSIDE = ("made_with", "sha256")  # what a file's own hash does not cover
LISTED = ("household", "stratum", "role", "order", "digest")  # a household in the annex
TEXTS = ("frame", "design", "earlier", "reason", "dice", "sha256")  # of the record of a ceremony
RECORD = ("format", "attempt", *TEXTS, "commitments", "revealed", "witnesses")
LEAST, DIGITS = 2, 20  # parties that commit or watch, digits of dice
TOLD = 5  # villages named where many have no roster


Row = Dict[str, str]  # noqa: UP006  # one row of a table: heading → cell


class Broken(Exception):
    """What is given contradicts itself: no draw can be made of it."""


class Unknown(Exception):
    """This program cannot check it."""


# ── texts, hashes, numbers ────────────────────────────────────────────────────────────────────────────────────────────


def tidy(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def canonical(data: Any) -> str:
    """The one text of plain data: keys sorted, no blanks, characters as they are."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def seal(data: Any) -> str:
    return hashlib.sha256(canonical(data).encode()).hexdigest()


def fingerprint(rows: Iterable[Iterable[Any]]) -> str:
    """SHA-256 of rows, each a canonical list on a line of its own."""
    return hashlib.sha256("".join(canonical(list(row)) + "\n" for row in rows).encode()).hexdigest()


def halves(digest: bytes) -> int:
    """The number u of a digest, strictly between 0 and 1, times 2**53: a whole number, so that nothing rounds."""
    return 2 * (int.from_bytes(digest[:8], "big") >> 12) + 1


def figure(cell: str) -> float | None:
    """A cell as a number; None where it is no plain decimal."""
    cell = cell.replace("，", ",")
    return float(cell.replace(",", "")) if PLAIN.fullmatch(cell) else None


def whole_sizes(cells: list[str]) -> list[int]:
    """Sizes as whole numbers in the same proportions: each decimal times one power of ten."""
    plain = [Decimal(repr(figure(cell) or 0.0)).normalize() for cell in cells]
    if not all(size > 0 for size in plain):
        raise Broken("规模列有空白，或有不大于 0 的数")
    scale = max([0, *(-int(size.as_tuple().exponent) for size in plain)])
    return [int(size.scaleb(scale)) for size in plain]


def pairs(one: list[Any], other: list[Any]) -> list[tuple[Any, Any]]:
    return [(each, other[k]) for k, each in enumerate(one)]


# ── who is chosen: a method for each way of drawing; positions in the order of release ────────────────────────────────


class Units(NamedTuple):
    """The units of one stratum in the order of the list."""

    tickets: list[bytes]
    start: bytes
    sizes: list[int]

    def numbers(self, n: int) -> list[float]:
        return [halves(each) / 2**53 for each in self.tickets]

    def everyone(self, n: int) -> list[float]:
        return [1.0] * len(self.tickets)

    def alike(self, n: int) -> list[float]:
        return [n / len(self.tickets)] * len(self.tickets)

    def certain(self, n: int) -> list[int]:
        """Units too large for a chance proportional to size; the largest first, until one is not."""
        left, rest, sure = n, sum(self.sizes), []
        for k in sorted(range(len(self.sizes)), key=self.sizes.__getitem__, reverse=True):
            if left * self.sizes[k] < rest:
                break
            sure.append(k)
            left, rest = left - 1, rest - self.sizes[k]
        return sorted(sure)

    def by_size(self, n: int) -> list[float]:
        """n·x/Σx over the units that are not certain, 1 for those that are: quotients of whole numbers, rounded once."""
        sure = set(self.certain(n))
        rest = sum(x for k, x in enumerate(self.sizes) if k not in sure)
        return [1.0 if k in sure else (n - len(sure)) * x / rest for k, x in enumerate(self.sizes)]

    def expected(self, n: int) -> list[float]:
        return [n * x / sum(self.sizes) for x in self.sizes]

    def pareto_ranks(self, n: int) -> list[float]:
        return [(u * (1.0 - p)) / (p * (1.0 - u)) for u, p in pairs(self.numbers(n), self.by_size(n))]

    def poisson_ranks(self, n: int) -> list[float]:
        return [0.0 if p == 1.0 else u / p for u, p in pairs(self.numbers(n), self.by_size(n))]

    def smallest(self, ranks: list[Any], n: int) -> list[int]:
        return sorted(range(len(ranks)), key=lambda k: (ranks[k], self.tickets[k], k))[:n]

    def below(self, chances: list[float], ranks: list[Any]) -> list[int]:
        """Each unit by itself: in when its number is below its chance."""
        return [k for k in self.smallest(ranks, len(ranks)) if halves(self.tickets[k]) / 2**53 < chances[k]]

    def steps(self, n: int) -> list[int]:
        size = len(self.tickets)
        return [(halves(self.start) + (k << 53)) * size // (n << 53) for k in range(n)]

    def circle(self, n: int) -> list[int]:
        size = len(self.tickets)
        return [(halves(self.start) * n + (k << 53)) * size // (n << 53) % size for k in range(n)]

    def size_steps(self, n: int, shuffled: bool = False) -> list[int]:
        """Equal steps along the cumulated sizes; with `shuffled` the list stands in the order of its tickets."""
        order = self.smallest(self.tickets, len(self.tickets)) if shuffled else list(range(len(self.tickets)))
        sure = set(self.certain(n))
        rest, m = [k for k in order if k not in sure], n - len(sure)
        sums = list(accumulate(self.sizes[k] for k in rest))
        points = [(halves(self.start) + (k << 53)) * sums[-1] // (m << 53) for k in range(m)]
        return [k for k in order if k in sure] + [rest[bisect_right(sums, point)] for point in points]

    def chromy(self, n: int) -> list[int]:
        """Once round the list from the unit that the stratum's number points at; each unit is decided by its own ticket."""
        chosen = self.certain(n)
        rest, m = [k for k in range(len(self.tickets)) if k not in set(chosen)], n - len(chosen)
        sums = list(accumulate(self.sizes[k] for k in rest)) or [0]
        total, first, before, ahead = sums[-1], bisect_right(sums, halves(self.start) * sums[-1] >> 53), 0, False
        for k in rest[first:] + rest[:first] if m else []:
            reached, half = before + m * self.sizes[k], halves(self.tickets[k])
            after = reached % total
            gains, keeps = half * (total - before) < (after - before) << 53, half * before < after << 53
            now = (ahead or gains) if after >= before else (ahead and keeps)
            if reached // total + now > ahead:
                chosen.append(k)
            before, ahead = after, now
        return chosen

    def with_replacement(self, n: int) -> list[int]:
        """The j-th draw is decided by SHA-256 of "<the stratum's digest in hexadecimal>|j"."""
        sums = list(accumulate(self.sizes))
        series = [hashlib.sha256(f"{self.start.hex()}|{j}".encode()).digest() for j in range(1, n + 1)]
        return [bisect_right(sums, halves(each) * sums[-1] >> 53) for each in series]


class Method(NamedTuple):
    """How a method draws, the chance of each unit, and what decides: the start, or a rank for each unit; its highest is the cut-off."""

    draw: Callable[[Units, int], list[int]]
    chances: Callable[[Units, int], list[float]]
    decides: str | Callable[[Units, int], list[Any]] = ""
    ordered: bool = False  # the order of the list counts
    apart: bool = False  # units too large for their chance form a stratum of their own


METHODS = {
    "srs": Method(lambda u, n: u.smallest(u.tickets, n), Units.alike, lambda u, n: u.tickets),
    "bernoulli": Method(lambda u, n: u.below(u.alike(n), u.tickets), Units.alike, Units.numbers),
    "systematic": Method(Units.steps, Units.alike, "start", ordered=True),
    "systematic-circular": Method(Units.circle, Units.alike, "start", ordered=True),
    "take-all": Method(lambda u, n: u.smallest(u.tickets, len(u.tickets)), Units.everyone),
    "pareto": Method(lambda u, n: u.smallest(u.pareto_ranks(n), n), Units.by_size, Units.pareto_ranks, apart=True),
    "sequential-poisson": Method(lambda u, n: u.smallest(u.poisson_ranks(n), n), Units.by_size, Units.poisson_ranks, apart=True),
    "poisson": Method(lambda u, n: u.below(u.by_size(n), u.poisson_ranks(n)), Units.by_size, Units.numbers),
    "pps-systematic": Method(Units.size_steps, Units.by_size, "start", ordered=True, apart=True),
    "pps-systematic-random": Method(lambda u, n: u.size_steps(n, True), Units.by_size, "start", apart=True),
    "chromy": Method(Units.chromy, Units.by_size, ordered=True, apart=True),
    "pps-wr": Method(Units.with_replacement, Units.expected, "start"),
}


NOTHING: dict[str, Any] = {}  # never written to


class Cell(NamedTuple):
    """One stratum as a certificate describes it."""

    label: str
    total: int
    quota: int
    chosen: tuple[str, ...] = ()
    reserves: tuple[str, ...] = ()
    tickets: dict[str, str] = NOTHING
    chances: dict[str, float] = NOTHING
    cutoff: str = ""
    certain: bool = False
    hits: dict[str, int] = NOTHING
    waves: dict[str, str] = NOTHING

    def counts(self) -> dict[str, Any]:
        return {"N": self.total, "n": len(self.chosen), "cutoff": self.cutoff}

    def units(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = [{"id": u, "digest": self.tickets[u], "prob": self.chances[u]} for u in self.chosen]
        for row in rows:
            row.update({key: part[row["id"]] for key, part in (("hits", self.hits), ("wave", self.waves)) if row["id"] in part})
        return rows

    def released(self) -> list[dict[str, Any]]:
        """Households in the order of release, as they stand in the annex."""
        roles = [(unit, "main") for unit in self.chosen] + [(unit, "reserve") for unit in self.reserves]
        return [
            {"household": unit, "stratum": self.label, "role": role, "order": place, "digest": self.tickets[unit]}
            for place, (unit, role) in enumerate(roles, 1)
        ]


# ── one stage of a list: its units, how many, and the draw ────────────────────────────────────────────────────────────


class Stage(NamedTuple):
    """A stage of the plan with what its tickets are made of; in a roster the village stands before the unit."""

    plan: dict[str, Any]
    seed: str
    village: str = ""

    @property
    def method(self) -> str:
        return str(self.plan.get("method", "take-all"))

    @property
    def random(self) -> bool:
        return bool(self.plan.get("selection") != "典型")

    def get(self, key: str) -> list[Any]:
        value = self.plan.get(key, [])
        return value if isinstance(value, list) else [value]

    def ticket(self, unit: str, before: str = "") -> bytes:
        """SHA-256 of seed|stage|unit; `shift` moves all tickets of a stage back round the circle, to coordinate years."""
        message = (self.seed, self.plan["name"], before + (f"{self.village}/{unit}" if self.village else unit))
        found = hashlib.sha256("|".join(map(tidy, message)).encode()).digest()
        top, bottom = float(self.plan.get("shift", 0)).as_integer_ratio()
        return ((int.from_bytes(found, "big") - (top << 256) // bottom) % (1 << 256)).to_bytes(32, "big")

    def start(self, label: str) -> bytes:
        return self.ticket(label, "start|")

    def listing(self, table: list[Row], unit: str, above: str, gone: Iterable[str]) -> list[Unit]:
        """The units that may be drawn, by id; the rows of the list that belong to one must agree on its strata."""
        rows = [row for row in table if all(stays(row, rule) for rule in self.get("rule"))]
        strata = list(dict.fromkeys(name if rows and name in rows[0] else "stratum" for name in self.get("strata")))
        named = [part["column"] for key in ("mandatory", "wave") for part in self.get(key) if "column" in part]
        read = [*strata, *self.get("sort"), *named, *([above] if above else [])]
        size = self.plan.get("size", "")
        sizes = whole_sizes([row[size] for row in rows]) if size not in ("", "rows") else [1] * len(rows)
        first: dict[str, Row] = {}
        total: dict[str, int] = {}
        for k, row in enumerate(rows):
            name = row[unit]
            first.setdefault(name, row)
            if any(row[column] != first[name][column] for column in read):
                raise Broken(f"{unit} {name} 各行的分层列或上级单位不一致")
            total[name] = total.get(name, 0) + sizes[k]
        return [
            Unit(name, row[above] if above else "", label(row, strata), total[name] if size else 1, self.must(name, row), row)
            for name, row in sorted(first.items())
            if name not in gone
        ]

    def must(self, name: str, row: Row) -> str:
        """The purpose of the first rule that takes a unit for certain; empty where none does."""
        for rule in self.get("mandatory"):
            whole = f"{self.village}/{name}" if self.village else name
            if whole in rule["units"] if "units" in rule else row[rule["column"]] in rule["values"]:
                return str(rule.get("purpose", "必访"))
        return ""

    def in_order(self, units: list[Unit]) -> list[Unit]:
        """The list as the plan sorts it: by numbers where a column holds nothing else, units that are alike by their ids."""
        runs = [units]
        for column in [*self.get("sort"), ""] if self.get("sort") else []:
            cells = {unit.name: unit.row[column] if column else unit.name for unit in units}
            figures = {name: figure(cell) for name, cell in cells.items()}
            keys: dict[str, Any] = cells if None in figures.values() or not column else figures
            back = [bool(self.plan.get("serpentine")) and turn % 2 == 1 for turn in range(len(runs))]
            runs = [group for turn, run in enumerate(runs) for group in groups_of(run, keys, back[turn])]
        return [unit for run in runs for unit in run]

    def fill(
        self, units: list[Unit], n: int, method: str, above: str, stratum: str, quota: int, back: int = 0, certain: bool = False
    ) -> Cell:
        """Draw n of the units of a stratum, and keep the next tickets behind them in reserve."""
        way, whole = METHODS[method], f"{above}|{stratum}" if above else stratum
        units = self.in_order(units) if way.ordered else units
        names = [unit.name for unit in units]
        part = Units([self.ticket(name) for name in names], self.start(whole), [unit.size for unit in units])
        drawn = way.draw(part, n) if n else []
        chosen = list(dict.fromkeys(drawn))
        by_ticket = sorted(range(len(names)), key=lambda k: (part.tickets[k], names[k]))
        waiting = [k for k in by_ticket if k not in set(chosen)][:back] if back else []
        chances = way.chances(part, n) if n else [0.0] * len(names)
        return Cell(
            whole, len(names), quota, tuple(names[k] for k in chosen), tuple(names[k] for k in waiting),
            {names[k]: part.tickets[k].hex() for k in (*chosen, *waiting)}, {name: chances[k] for k, name in enumerate(names)},
            cutoff(way, part, n, chosen), certain, {names[k]: count for k, count in Counter(drawn).items() if count > 1},
        )  # fmt: skip

    def cells(self, units: list[Unit], n: int, above: str, stratum: str, quota: int, back: int) -> list[Cell]:
        """A stratum for each purpose of units that must be taken, one for those certain by their size, one for the rest."""
        parts = {f"{stratum}·{purpose}": [u for u in units if u.must == purpose] for purpose in sorted({u.must for u in units} - {""})}
        rest = [unit for unit in units if not unit.must]
        if METHODS[self.method].apart and 0 < n < len(rest):
            sure = set(Units([], b"", [unit.size for unit in rest]).certain(n))
            parts.update({f"{stratum}·必入": [unit for k, unit in enumerate(rest) if k in sure]} if sure else {})
            rest, n = [unit for k, unit in enumerate(rest) if k not in sure], n - len(sure)
        found = [self.fill(part, len(part), "take-all", above, name, len(part), certain=True) for name, part in parts.items()]
        if rest and self.random:
            found.append(self.fill(rest, n, self.method, above, stratum, quota, back))
        return found if units else [Cell(f"{above}|{stratum}" if above else stratum, 0, quota)]

    def after_waves(self, cells: list[Cell], units: list[Unit], n: int, wanted: int, above: str, stratum: str) -> list[Cell]:
        """Later rounds: more units along the same tickets, or all units with certain values of a column, who become certain."""
        free, less = [unit for unit in units if not unit.must], n - wanted
        for wave in self.get("wave"):
            sure = {name for cell in cells if cell.certain for name in cell.chosen}
            if "n" in wave:
                n = max(n, min(len(free), of(wave["n"], stratum) + less))
                more = self.fill(free, n, self.method, above, stratum, n) if free else None
                cells = [cell if cell.certain or not more else longer(cell, more, sure, wave["name"]) for cell in cells]
                continue
            part = [unit for unit in units if unit.row[wave["column"]] in wave["values"] and unit.name not in sure]
            if part and cells:
                name = f"{cells[-1].label}·{wave['name']}"
                cells = swept(cells, self.fill(part, len(part), "take-all", "", name, len(part), certain=True), wave["name"])
        return cells

    def asked(self, counts: dict[str, int], facts: Row, shared: dict[str, int]) -> dict[str, int]:
        """How many the plan asks for in each stratum under one unit above, before any shortfall."""
        if not self.random:
            return dict.fromkeys(counts, 0)
        if self.method == "take-all":
            return dict(counts)
        if "allocation" in self.plan:
            return {stratum: shared.get(stratum, 0) for stratum in counts}
        rules = self.get("quota") or [self.plan]
        rule = next((rule for rule in rules if fits(rule, counts, facts)), {"n": 0})
        if "n" in rule:
            return {stratum: of(rule["n"], stratum) for stratum in counts}
        return {stratum: self.by_rate(of(rule["rate"], stratum), size) for stratum, size in counts.items()}

    def by_rate(self, rate: float, size: int) -> int:
        """The stated decimal of the units, rounded up: 0.1 of 30 is 3."""
        wanted = int(-(-Fraction(repr(float(rate))) * size // 1))
        return min(size, max(int(self.plan.get("least", 0)), min(int(self.plan.get("most", MOST)), wanted)))

    def fitted(self, counts: dict[str, int], wanted: dict[str, int]) -> dict[str, int]:
        """What is done where a stratum holds fewer units than asked for: nothing, all are taken, or another stratum fills in."""
        rule = self.plan.get("shortfall", "fail")
        short = {stratum: wanted[stratum] - size for stratum, size in counts.items() if wanted[stratum] > size}
        if short and rule == "fail":
            raise Broken(f"层 {'、'.join(sorted(short))} 的单位少于应抽数")
        taken, target = {stratum: min(wanted[stratum], size) for stratum, size in counts.items()}, rule[5:]
        if not short or not rule.startswith("fill:"):
            return taken
        filled = wanted.get(target, 0) + sum(short.values()) - short.get(target, 0)
        if filled > counts.get(target, 0):
            raise Broken(f"层 {target} 的单位少于应抽数与替补数之和")
        return {**taken, target: filled}

    def draw(self, strata: dict[str, list[Unit]], above: str, facts: Row, shared: dict[str, int], reserves: Any = 0) -> list[Cell]:
        """Draw all strata under one unit above."""
        how = {rule.get("purpose", "必访"): rule["how"] for rule in self.get("mandatory")}
        ways = {stratum: [how.get(unit.must) for unit in units] for stratum, units in strata.items()}
        wanted = self.asked({stratum: len(units) for stratum, units in strata.items()}, facts, shared)
        free = {stratum: len(units) - ways[stratum].count("on-top") for stratum, units in strata.items()}
        sizes = free if self.method == "take-all" else self.fitted(free, wanted)
        drawn = []
        for stratum, units in sorted(strata.items()):
            within = ways[stratum].count("within")
            if within > sizes[stratum] and self.random and not self.village:
                raise Broken(f"层 {stratum} 必访的单位多于配额")
            n = max(0, sizes[stratum] - within)
            cells = self.cells(units, n, above, stratum, wanted[stratum], of(reserves, stratum))
            drawn += self.after_waves(cells, units, n, wanted[stratum], above, stratum)
        return drawn


class Unit(NamedTuple):
    """A unit that can be drawn; `row` is the first row of the list that belongs to it."""

    name: str
    above: str
    stratum: str
    size: int
    must: str
    row: Row


def label(row: Row, strata: list[str]) -> str:
    return "|".join(row[name] for name in strata) or "全部"


def stays(row: Row, rule: dict[str, Any]) -> bool:
    return row[rule["column"]] in rule["keep"] if rule.get("keep") else row[rule["column"]] not in rule["drop"]


def groups_of(run: list[Unit], keys: dict[str, Any], backwards: bool) -> list[list[Unit]]:
    arranged = sorted(run, key=lambda unit: keys[unit.name], reverse=backwards)
    return [list(group) for _, group in groupby(arranged, key=lambda unit: keys[unit.name])]


def cutoff(way: Method, part: Units, n: int, chosen: list[int]) -> str:
    """What decided, as the certificate writes it: the start, or the highest ticket or rank that was chosen."""
    if not chosen or not way.decides:
        return ""
    if isinstance(way.decides, str):
        return part.start.hex()
    ranks = way.decides(part, n)
    last = max(ranks[k] for k in chosen)
    return last.hex() if isinstance(last, bytes) else format(last, ".17g")


def longer(cell: Cell, more: Cell, sure: set[str], wave: str) -> Cell:
    """A stratum drawn again with more units; those that an earlier round has made certain stay where they are."""
    new = {unit: wave for unit in more.chosen if unit not in cell.chosen and unit not in sure}
    return without(more._replace(waves={**cell.waves, **new}), {unit for unit in sure if unit in more.chances})


def swept(cells: list[Cell], more: Cell, wave: str) -> list[Cell]:
    before = {unit: cell.waves.get(unit, "") for cell in cells for unit in cell.chosen}
    waves = {unit: before.get(unit, wave) for unit in more.chosen}
    return [*(without(cell, set(more.chosen)) for cell in cells), more._replace(waves={unit: name for unit, name in waves.items() if name})]


def without(cell: Cell, gone: set[str]) -> Cell:
    if cell.certain:
        return cell
    chances = {unit: chance for unit, chance in cell.chances.items() if unit not in gone}
    return cell._replace(total=cell.total - len(gone), chosen=tuple(unit for unit in cell.chosen if unit not in gone), chances=chances)


# ── how many: rules, and totals shared out ────────────────────────────────────────────────────────────────────────────


def of(sizes: Any, stratum: str) -> Any:
    return sizes.get(stratum, 0) if isinstance(sizes, dict) else sizes


def fits(rule: dict[str, Any], counts: dict[str, int], facts: Row) -> bool:
    """A rule of [[stage.quota]] fits where the unit above has the stated values and its list holds the stated numbers."""
    alike = all(facts.get(column) in values for column, values in rule.get("where", {}).items())
    return alike and all(counts.get(stratum, 0) >= least for stratum, least in rule.get("holds", {}).items())


def share_out(plan: dict[str, Any], cells: dict[Any, int], limits: dict[Any, int]) -> dict[Any, int]:
    """Share a total out to cells (unit above, stratum): one total for all, or one for each stratum."""
    if plan["rule"] not in ("equal", "proportional"):
        raise Unknown(f"分配规则 {plan['rule']}")
    together: dict[str, list[Any]] = {}
    for key in sorted(key for key, size in cells.items() if size):
        together.setdefault(key[1] if isinstance(plan["total"], dict) else "", []).append(key)
    shares = dict.fromkeys(cells, 0)
    for stratum, keys in together.items():
        total, most = of(plan["total"], stratum), [min(plan.get("most", MOST), limits.get(key, MOST)) for key in keys]
        low = [min(plan.get("least", 0), bound) for bound in most]
        high = [min(most[k], cells[key]) for k, key in enumerate(keys)]
        if not sum(low) <= total <= sum(high) or any(low[k] > high[k] for k in range(len(keys))):
            raise Broken(f"总数 {total} 在各层的上下限之间分不下去")
        n = equal(total, low, high) if plan["rule"] == "equal" else proportional(total, [cells[key] for key in keys], low, high)
        shares.update({key: n[k] for k, key in enumerate(keys)})
    return shares


def equal(total: int, low: list[int], high: list[int]) -> list[int]:
    """Every stratum at one level or at its bound; what is left over goes to the first that can take one more."""
    bottom, top = 0, total + 1
    while top - bottom > 1:
        middle = (bottom + top) // 2
        over = sum(min(max(middle, a), b) for a, b in pairs(low, high)) > total
        bottom, top = (bottom, middle) if over else (middle, top)
    n = [min(max(bottom, a), b) for a, b in pairs(low, high)]
    for k in [k for k in range(len(n)) if low[k] <= bottom < high[k]][: total - sum(n)]:
        n[k] += 1
    return n


def proportional(total: int, sizes: list[int], low: list[int], high: list[int]) -> list[int]:
    """In proportion to the sizes within the bounds, in exact fractions; the largest remainders go up, the earlier first."""
    parts, free = [Fraction(bound) for bound in low], list(range(len(sizes)))
    while free:
        rest, scale = total - sum(part for k, part in enumerate(parts) if k not in free), sum(sizes[k] for k in free)
        parts = [rest * sizes[k] / Fraction(scale) if k in free else part for k, part in enumerate(parts)]
        over, under = [k for k in free if parts[k] > high[k]], [k for k in free if parts[k] < low[k]]
        more = sum(parts[k] - high[k] for k in over) >= sum(low[k] - parts[k] for k in under)
        if not over and not under:
            break
        held, bounds = (over, high) if more else (under, low)
        parts = [Fraction(bounds[k]) if k in held else part for k, part in enumerate(parts)]
        free = [k for k in free if k not in held]
    n = [int(part // 1) for part in parts]
    for k in sorted(range(len(n)), key=lambda k: (n[k] - parts[k], k))[: total - sum(n)]:
        n[k] += 1
    return n


# ── the stages of the list of villages, and those of the roster of a village ──────────────────────────────────────────


def draw_listed(table: list[Row], stage: Stage, unit: str, above: str, gone: Iterable[str]) -> list[Cell]:
    """Draw one stage of the list of villages, inside each drawn unit above."""
    cells: dict[str, dict[str, list[Unit]]] = {row[above] if above else "": {} for row in table}
    for each in stage.listing(table, unit, above, gone):
        cells[each.above].setdefault(each.stratum, []).append(each)
    for strata in cells.values():  # a stratum that the plan names and the list does not have is drawn too, with no unit
        for name in named_strata(stage.plan) or ([] if strata else ["全部"]):
            strata.setdefault(name, [])
    shared, facts = shares_of_list(table, stage, cells, unit), facts_above(table, above)
    return [
        cell for parent, strata in sorted(cells.items())
        for cell in stage.draw(strata, parent, facts.get(parent, {}), {key[1]: n for key, n in shared.items() if key[0] == parent})
    ]  # fmt: skip


def shares_of_list(table: list[Row], stage: Stage, cells: dict[str, dict[str, list[Unit]]], unit: str) -> dict[Any, int]:
    """What each stratum gets of a total for the whole stage; units on top of the draw take none of it."""
    if "allocation" not in stage.plan:
        return {}
    plan, totals = stage.plan["allocation"], Counter[str]()
    by, apart = plan.get("by", ""), {rule.get("purpose", "必访") for rule in stage.get("mandatory") if rule["how"] == "on-top"}
    for row in table:
        if all(stays(row, rule) for rule in stage.get("rule")):
            totals[row[unit]] += int(figure(row[by]) or 0) if by not in ("", "rows") else 1
    strata = {(parent, label): units for parent, each in cells.items() for label, units in each.items()}
    sizes = {key: sum(totals[each.name] if by else 1 for each in units) for key, units in strata.items()}
    return share_out(plan, sizes, {key: sum(each.must not in apart for each in units) for key, units in strata.items()})


def facts_above(table: list[Row], above: str) -> dict[str, Row]:
    """What the units above are like: the columns of which each of them holds one value."""
    groups: dict[str, list[Row]] = {}
    for row in table if above else []:
        groups.setdefault(row[above], []).append(row)
    single = [column for column in (table[0] if table else ()) if all(len({row[column] for row in rows}) == 1 for rows in groups.values())]
    return {parent: {column: rows[0][column] for column in single} for parent, rows in groups.items()}


def named_strata(plan: dict[str, Any]) -> list[str]:
    sizes = [plan.get("n"), plan.get("rate"), *(part for rule in plan.get("quota", []) for part in (rule.get("n"), rule.get("rate")))]
    return [label for part in [*sizes, plan.get("allocation", {}).get("total")] if isinstance(part, dict) for label in part]


def check_named(stage: Stage, table: list[Row]) -> None:
    """The strata that the plan names are those of the list."""
    rows = [row for row in table if all(stays(row, rule) for rule in stage.get("rule"))]
    named, present = set(named_strata(stage.plan)), {label(row, stage.get("strata")) for row in rows}
    if named and named != present:
        raise Broken(f"方案写明的层与名单中的层不同：{'、'.join(sorted(named ^ present))}")


def shares_of_villages(plan: dict[str, Any], villages: dict[str, Row]) -> dict[Any, int]:
    """A total of households is shared out to all drawn villages, before any roster is there."""
    if "allocation" not in plan:
        return {}
    by, total = plan["allocation"].get("by", ""), plan["allocation"]["total"]
    names = sorted(villages)
    alike = [sum(total.values()) if isinstance(total, dict) else total] * len(names)
    sizes = whole_sizes([villages[name][by] for name in names]) if by else alike
    cells = {(name, label): sizes[k] for k, name in enumerate(names) for label in named_strata(plan) or ["全部"]}
    return share_out(plan["allocation"], cells, {})


def draw_village(
    rows: list[Row], stages: list[Stage], facts: Row, shared: dict[str, dict[Any, int]], reserves: Any, gone: dict[str, set[str]]
) -> list[list[Cell]]:
    """Draw the stages of one village's roster, one inside the other."""
    drawn: list[list[Cell]] = []
    above = ""
    for stage in stages:
        unit, village = stage.plan.get("unit") or "household", stage.village
        taken = {name.partition("/")[2] for name in gone.get(stage.plan["name"], ()) if name.startswith(f"{village}/")}
        units = stage.listing(rows, unit, above, taken)
        cells: list[Cell] = []
        for parent in sorted({each.above for each in units}) or [""]:
            strata: dict[str, list[Unit]] = {name: [] for name in (named_strata(stage.plan) if stage.get("strata") else ["全部"])}
            for each in units:
                if each.above == parent:
                    strata.setdefault(each.stratum, []).append(each)
            mine = {key[1]: n for key, n in shared[stage.plan["name"]].items() if key[0] == village}
            cells += stage.draw(strata, parent, facts, mine, reserves if stage is stages[-1] else 0)
        drawn.append(cells)
        chosen = {name for cell in cells for name in cell.chosen}
        rows, above = [row for row in rows if row[unit] in chosen], unit
    return drawn


# ── files ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_json(path: str) -> dict[str, Any]:
    """A file of plain data; a key that stands twice would let two readers see two contents."""

    def once(items: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in items}) < len(items):
            raise Unknown(f"{path} 中有写了两次的键")
        return dict(items)

    try:
        data = json.loads(Path(path).read_bytes().decode("utf-8-sig"), object_pairs_hook=once)
    except (OSError, ValueError, RecursionError) as fault:
        raise Unknown(f"{path} 读不出（{why(fault)}）") from None
    if not isinstance(data, dict):
        raise Unknown(f"{path} 不是凭证或附件")
    return data


def why(fault: Exception) -> str:
    """What Python could not read, in Chinese: its own words are English."""
    if isinstance(fault, json.JSONDecodeError):
        return f"第 {fault.lineno} 行第 {fault.colno} 列不是 JSON"
    if isinstance(fault, KeyError):
        return f"缺少 {fault.args[0]}"
    kinds = (
        (FileNotFoundError, "没有这个文件"), (OSError, "打不开"),
        (UnicodeError, "编码不是 UTF-8 或 GB 18030"), (RecursionError, "嵌套过深"),
        (csv.Error, "引号或分隔有误"), (ValueError, "有不是有限的数或过长的数"),
    )  # fmt: skip
    return next((told for kind, told in kinds if isinstance(fault, kind)), "某处的值不是应有的种类")


def read_csv(path: str) -> list[Row]:
    """The rows of a table, cells without blanks around them and headings in half width; rows without content are left out."""
    try:
        data = Path(path).read_bytes()
        text = decoded(data)
        mark = "\t" if "\t" in text.partition("\n")[0] and "," not in text.partition("\n")[0] else ","
        rows = [[shown(cell) for cell in row] for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)]
    except (OSError, ValueError, csv.Error) as fault:
        raise Unknown(f"{path} 读不出（{why(fault)}）；只读 CSV，Excel 请先另存为 CSV UTF-8") from None
    heads = [unicodedata.normalize("NFKC", head).strip() for head in rows[0]] if rows else []
    if len(set(filter(None, heads))) < len(list(filter(None, heads))) or not heads:
        raise Unknown(f"{path} 没有列名，或列名重复")
    return [{head: row[k] if k < len(row) else "" for k, head in enumerate(heads) if head} for row in rows[1:] if any(row)]


def decoded(data: bytes) -> str:
    if b"\0" in data:
        raise ValueError("不是文字")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")


def shown(cell: str) -> str:
    """A cell as a spreadsheet shows it: the apostrophe that keeps it from being a formula is not part of it."""
    text = cell.strip()
    return text[1:] if text[:1] == "'" and text[1:].lstrip(" \u3000")[:1] in tuple("=+-@＝＋－＠\t\r\n") else text


def folded(cell: str) -> str:
    """A cell of the list as it is hashed: composed characters, half-width letters and digits, 12.50 as 12.5."""
    text = unicodedata.normalize("NFC", cell).translate(HALF_WIDTH).strip()
    return re.sub(r"\.?0+$", "", text) if re.fullmatch(r"-?(0|[1-9][0-9]*)\.[0-9]+", text) else text


def read_frame(path: str, plan: dict[str, Any]) -> list[Row]:
    """The list of villages as the plan reads it: rules applied, the stated columns only, in the order of ids."""
    unit, rows = plan["id"], [{head: folded(cell) for head, cell in row.items()} for row in read_csv(path)]
    kept = list(dict.fromkeys([unit, *([plan["name"]] if plan.get("name") else []), *plan.get("columns", [])]))
    absent = [column for column in (*kept, *(rule["column"] for rule in plan.get("rule", []))) if rows and column not in rows[0]]
    if absent or not rows:
        raise Unknown(f"名单 {path} 没有列 {'、'.join(absent)}" if absent else f"名单 {path} 是空的")
    for rule in plan.get("rule", []):
        rows = [row for row in rows if stays(row, rule)]
    for row in rows:
        code = unicodedata.normalize("NFKC", row[unit]).strip() if plan.get("code") == "division" else tidy(row[unit])
        row[unit] = (code[1:].strip() if code[:1] == "'" else code) if plan.get("code") == "division" else code
    ids = sorted(row[unit] for row in rows)
    if not ids or not ids[0] or len(set(ids)) < len(ids):
        raise Unknown(f"名单 {path} 按规则保留后是空的，或编号有空白、有重复")
    return sorted(({column: row[column] for column in kept} for row in rows), key=lambda row: row[unit])


def read_rosters(paths: list[str], names: Row, words: Row) -> dict[str, list[Row]]:
    """Village → its households by number; the four headings under the names given with --names, the rest as they stand."""
    files = [file for path in paths for file in (sorted(Path(path).glob("*.csv")) if Path(path).is_dir() else [Path(path)])]
    villages: dict[str, list[Row]] = {}
    back = {unicodedata.normalize("NFKC", theirs): ours for ours, theirs in names.items()}
    for file in files:
        for raw in read_csv(str(file)):
            row = {back.get(head, head): cell.translate(HALF_WIDTH).strip() for head, cell in raw.items()}
            if not {"village", "household", "stratum", "persons"} <= set(row):
                raise Unknown(f"名册 {file} 缺列 village、household、stratum、persons 之一；列名不同的，用 --names 写明")
            row.update({key: tidy(row[key]) for key in ("village", "household")}, stratum=tidy(words.get(row["stratum"], row["stratum"])))
            villages.setdefault(row["village"], []).append(row)
    for village, rows in villages.items():
        rows.sort(key=lambda row: row["household"])
        if len({row["household"] for row in rows}) < len(rows) or any(figure(row["persons"]) is None for row in rows):
            raise Unknown(f"村 {village} 的名册：户编号重复，或人数不是数")
    return villages


def earlier_units(paths: list[str], stages: list[dict[str, Any]]) -> dict[str, set[str]]:
    """What earlier rounds took, for the stages that may not take it again; households as village/household."""
    gone: dict[str, set[str]] = {stage["name"]: set() for stage in stages if stage.get("repeat") == "never"}
    for path in paths:
        data = read_json(path)
        for name, part in data.get("stages", {}).items():
            gone.get(name, set()).update(unit["id"] for cell in part.get("strata", {}).values() for unit in cell.get("units", []))
        for village, rows in data.get("villages", {}).items():
            gone.get(stages[-1]["name"], set()).update(f"{village}/{row['household']}" for row in rows)
    return gone


# ── where the seed came from ──────────────────────────────────────────────────────────────────────────────────────────


def formed(data: dict[str, Any]) -> bool:
    """Whether every part of a record is of its kind."""
    told, sides = [data["witnesses"]], [data["commitments"], data["revealed"]]
    if not all(isinstance(side, dict) for side in sides) or type(data["attempt"]) is not int:
        return False
    told += [list(sides[0].values()), *sides[1].values(), [data[key] for key in TEXTS]]
    if not all(isinstance(part, list) and all(isinstance(each, str) for each in part) for part in told):
        return False
    return all(len(pair) == 2 for pair in sides[1].values())


class Ceremony:
    """The published record of how a seed was made: commitments before anyone reveals, or dice, or dice between the two."""

    def __init__(self, data: dict[str, Any]) -> None:
        lacking = [key for key in RECORD if key not in data]
        if lacking:
            raise Unknown(f"记录缺少 {'、'.join(lacking)}，应是公布的 ceremony.json")
        if data["format"] != 1:
            raise Unknown(f"记录的格式 {data['format']}：只识 1")
        if not formed(data):
            raise Unknown("记录的内容不是应有的样子")
        self.data = data
        self.own = seal({key: part for key, part in data.items() if key != "sha256"})
        self.promised, self.dice, self.witnesses = data["commitments"], data["dice"], data["witnesses"]

    def seed(self) -> str:
        return f"{int(self.own, 16):078d}" if self.promised else str(self.dice)

    def how(self) -> str:
        """How the seed was made, as its origin in the certificate has it."""
        again = [f"第 {self.data['attempt']} 次仪式，另开的理由：{self.data['reason']}"] if self.data["attempt"] > 1 else []
        ways = [f"{'、'.join(sorted(self.promised))} {len(self.promised)} 方先承诺、后公开"] if self.promised else []
        ways += [f"十面骰子 {len(self.dice)} 次，见证：{'、'.join(self.witnesses)}"] if self.dice else []
        return "，".join([*again, *ways, f"记录指纹 {self.own[:16]}"])

    def broken(self) -> Iterator[str]:
        """Where the record contradicts itself."""
        if self.own != self.data["sha256"]:
            yield f"记录自身指纹：所载 {self.data['sha256'][:16]}，按内容重算 {self.own[:16]}，记录在出具后被改动"
        yield from (f"多出 {key}" for key in sorted(set(self.data) - set(RECORD)))
        for party in sorted({*self.promised, *self.data["revealed"]}):
            yield from self.party(party)
        if not self.dice and len(self.promised) < LEAST:
            yield f"没有掷骰，承诺至少应有 {LEAST} 方，记录 {len(self.promised)} 方"
        if self.dice and not re.fullmatch(f"[0-9]{{{DIGITS},}}", self.dice):
            yield f"骰子：应为至少 {DIGITS} 位数字，记录 {canonical(self.dice)[:66]}"
        if self.dice and len(set(self.witnesses)) < LEAST:
            yield f"骰子：至少应有 {LEAST} 方见证，记录 {len(set(self.witnesses))} 方"

    def party(self, party: str) -> Iterator[str]:
        """Whether a party revealed what it had committed to; no part may hold the sign that parts them."""
        if party not in self.promised or party not in self.data["revealed"]:
            yield f"{party} {'没有公开秘密数' if party in self.promised else '没有承诺过而公开了秘密数'}"
            return
        parts = [party, *self.data["revealed"][party]]
        again = hashlib.sha256("|".join(parts).encode()).hexdigest()
        if again != self.promised[party]:
            yield f"{party} 的承诺：记录 {self.promised[party][:16]}，按公开的秘密数与盐重算 {again[:16]}"
        if any(not part or "|" in part for part in parts):
            yield f"{party} 的名称、秘密数或盐是空白，或含 |"

    def other(self, certificate: dict[str, Any]) -> Iterator[str]:
        """Where the record is not that of this certificate."""
        seed, earlier = certificate["seed"], certificate.get("earlier")
        now = (certificate["frame"]["fingerprint"], certificate["design"]["hash"], seal(earlier) if earlier else "", seed["value"])
        then = (self.data["frame"], self.data["design"], self.data["earlier"], self.seed())
        for k, what in enumerate(("名单指纹", "设计指纹", "以前各轮的指纹", "种子")):
            if then[k] != now[k]:
                yield f"{what}：{'按记录重算' if what == '种子' else '记录'} {then[k][:16] or '无'}，凭证 {str(now[k])[:16] or '无'}"
        origin = tidy(str(seed.get("origin", "")))
        if f"记录指纹 {self.own[:16]}" not in origin:
            yield f"凭证的种子来源中没有这份记录的指纹 {self.own[:16]}"
        elif not origin.endswith(tidy(self.how())):
            yield f"凭证的种子来源与记录所载的经过不同，按记录应为“{self.how()}”"


# ── the check ─────────────────────────────────────────────────────────────────────────────────────────────────────────


ABSENT = object()  # what is not there; a null that is written stands for itself


def differences(stated: Any, again: Any, path: str = "") -> Iterator[str]:
    """Every place where what a certificate states is not what the new draw gives."""
    if isinstance(stated, dict) and isinstance(again, dict):
        for key in sorted({*stated, *again}):
            yield from differences(stated.get(key, ABSENT), again.get(key, ABSENT), f"{path} {WORDS.get(key, key)}".strip())
    elif isinstance(stated, list) and isinstance(again, list):
        ids = [[named(part) for part in side] for side in (stated, again)]
        if ids[0] == ids[1]:
            for k, (then, now) in enumerate(pairs(stated, again)):
                yield from differences(then, now, f"{path} {ids[0][k]}")
        else:
            yield f"{path}：所载 {'、'.join(ids[0])[:400] or '无'}，重抽 {'、'.join(ids[1])[:400] or '无'}"
    elif stated is not again and (stated is ABSENT or again is ABSENT or canonical(stated) != canonical(again)):
        told = ["没有" if part is ABSENT else brief(part) for part in (stated, again)]
        yield f"{path}：所载 {told[0]}，重抽 {told[1]}"


def brief(part: Any) -> str:
    """The canonical text as a message shows it: a hash by its first 16 digits."""
    return part[:16] if isinstance(part, str) and re.fullmatch("[0-9a-f]{64}", part) else canonical(part)[:66]


def named(part: Any) -> str:
    return str(part["id"]) if isinstance(part, dict) and "id" in part else canonical(part)


def strange(part: Any, section: str = "plan") -> Iterator[str]:
    """Words of the plan that this program does not know, so that it cannot say what they would have done."""
    if isinstance(part, list):
        for each in part:
            yield from strange(each, section)
    elif isinstance(part, dict) and section in KEYS:
        yield from (f"{section}.{key}" for key in part if key not in KEYS[section].split())
        for key, inner in part.items():
            yield from strange(inner, key) if (section, key) != ("allocation", "rule") else ()


class Check:
    """One certificate against the files that were given."""

    def __init__(self, certificate: str, options: Any) -> None:
        self.data, self.options = read_json(certificate), options
        self.content = {key: part for key, part in self.data.items() if key not in OUTSIDE}
        self.plan, self.seed = self.content["design"]["plan"], str(self.content["seed"]["value"])
        self.wrong: list[str] = []
        self.unable: list[str] = []
        self.missing: list[str] = []
        self.drawn: list[str] = []
        self.source = f"  无法核对｜种子来源“{self.content['seed'].get('origin', '')}”，凭抽签现场的公开记录查证"
        self.lists: dict[str, Any] = {}

    def run(self, frame: str) -> None:
        if seal(self.content) != self.data.get("sha256"):
            own = seal(self.content)[:16]
            self.wrong.append(f"凭证自身指纹：所载 {str(self.data.get('sha256'))[:16]}，按内容重算 {own}，凭证在出具后被改动")
        self.unable += [f"方案中的 {word}：不认识" for word in strange(self.plan)]
        if self.content.get("format") != 2:
            raise Unknown(f"凭证格式 {self.content.get('format')}：只识 2")
        kept = read_frame(frame, self.plan["frame"])
        again = {
            **{key: self.content[key] for key in ("format", "seed")}, "frame": self.frame(kept),
            "design": {"hash": seal(self.plan), "plan": self.plan}, "stages": {},
        }  # fmt: skip
        if tidy(self.seed) != self.seed:
            self.wrong.append("种子 数值：前后有空白，或不是规范的字符")
        try:
            again.update(self.draw(kept))
        except Broken as fault:
            self.wrong.append(f"重抽不成：{fault}")
            again.update({key: self.content[key] for key in ("stages", "earlier") if key in self.content})
        self.wrong += differences(self.content, again)
        if self.options.annex:
            self.annex(read_json(self.options.annex))
        self.ceremony(self.options.ceremony)

    def frame(self, kept: list[Row]) -> dict[str, Any]:
        """The list's own hash, and one for each stratum of the first stage, which shows where a list was changed."""
        strata: dict[str, list[Any]] = {}
        for row in kept:
            strata.setdefault(label(row, self.plan["stage"][0].get("strata", [])), []).append(row.values())
        whole = fingerprint(row.values() for row in kept)
        return {"fingerprint": whole, "units": len(kept), "strata": {label: fingerprint(rows) for label, rows in strata.items()}}

    def draw(self, kept: list[Row]) -> dict[str, Any]:
        """All stages drawn again, as the certificate writes them; a stage that cannot be is taken over from it, and named."""
        plans, stated = self.plan["stage"], self.content["stages"]
        gone = earlier_units(self.options.earlier, plans)
        if self.content.get("earlier") and not self.options.earlier:
            self.unable.append("抽样：以前各轮抽过的单位不再抽，须用 --earlier 给出以前各轮的凭证或附件")
            return {"stages": stated, "earlier": self.content["earlier"]}
        listed = [plan for k, plan in enumerate(plans) if plan.get("from", "rosters" if k else "frame") == "frame"]
        again: dict[str, Any] = {}
        rows, above, facts = kept, "", dict[str, Row]()
        for plan in listed:
            check_named(Stage(plan, self.seed), kept)
            name, unit = plan["name"], plan.get("unit") or self.plan["frame"]["id"]
            again[name] = self.listed(Stage(plan, self.seed), rows, unit, above, gone.get(name, set()))
            facts = {each["id"]: {"stratum": label} for label, cell in again[name]["strata"].items() for each in cell["units"]}
            rows, above = [row for row in rows if row[unit] in facts], unit
        again.update(self.asked(plans[len(listed) :], {row[above]: {**facts[row[above]], **row} for row in rows}, gone))
        taken = {name: sorted(units) for name, units in gone.items() if units}
        earlier = {name: {"units": len(units), "list": fingerprint([unit] for unit in units)} for name, units in taken.items()}
        return {"stages": again, **({"earlier": earlier} if earlier else {})}

    def listed(self, stage: Stage, rows: list[Row], unit: str, above: str, gone: set[str]) -> dict[str, Any]:
        name = stage.plan["name"]
        try:
            known(stage)
            cells = draw_listed(rows, stage, unit, above, gone)
        except Unknown as fault:
            self.unable.append(f"阶段 {name}：{fault}，本程序不会重抽，以下按凭证所载的单位继续")
            return dict(self.content["stages"][name])
        self.drawn.append(f"{name}（{len(cells)} 层 {sum(len(cell.chosen) for cell in cells)} 个）")
        return {"method": stage.method, "strata": {cell.label: {**cell.counts(), "units": cell.units()} for cell in cells}}

    def asked(self, plans: list[dict[str, Any]], villages: dict[str, Row], gone: dict[str, set[str]]) -> dict[str, Any]:
        """The stages of the rosters, in every village whose roster is given; the others are taken over and named."""
        stated = {plan["name"]: self.content["stages"][plan["name"]] for plan in plans if plan["name"] in self.content["stages"]}
        told = sorted({village for part in stated.values() for village in part.get("villages", {})})
        self.wrong += [f"村 {village}：凭证中有抽户记录，而该村没有被抽中" for village in told if village not in villages]
        rosters = read_rosters(self.options.rosters, self.options.names, self.options.words)
        self.missing = [village for village in told if village in villages and village not in rosters]
        try:
            for plan in plans:
                known(Stage(plan, self.seed))
            shared = {plan["name"]: shares_of_villages(plan, villages) for plan in plans} if rosters else {}
        except Unknown as fault:
            self.unable.append(f"入户阶段：{fault}，本程序不会重抽")
            return stated
        again = {name: {**part, "villages": dict(part.get("villages", {}))} for name, part in stated.items()}
        for village in sorted(set(rosters) & set(villages)):
            self.village(village, rosters[village], plans, villages[village], shared, gone, again)
        return again

    def village(self, village: str, rows: list[Row], plans: list[dict[str, Any]], facts: Row, shared: Any, gone: Any, again: Any) -> None:
        reserves = self.plan.get("reserves", {}).get("n", 0)
        drawn = draw_village(rows, [Stage(plan, self.seed, village) for plan in plans], facts, shared, reserves, gone)
        roster = fingerprint((row["household"], row["stratum"], int(figure(row["persons"]) or 0), *others(row, plans)) for row in rows)
        self.lists[village] = [row for cell in drawn[-1] for row in cell.released()]
        for plan, cells in pairs(plans, drawn):
            strata = {cell.label: {**cell.counts(), "quota": cell.quota} for cell in cells}
            for cell in cells:
                strata[cell.label].update({"reserves": len(cell.reserves)} if plan is plans[-1] else {"units": cell.units()})
            receipt = {"roster": roster, "strata": strata}
            if plan is plans[-1]:
                receipt["list"] = fingerprint(row.values() for row in self.lists[village])
            part = again.setdefault(plan["name"], {"villages": {}})
            part["method"] = plan.get("method", "take-all")
            part["villages"][village] = receipt
        self.drawn.append(f"村 {village}（{len(self.lists[village])} 户，含备用）")

    def annex(self, data: dict[str, Any]) -> None:
        """The drawn households: the annex belongs to this certificate, and each village's list has the hash stated in it."""
        own = seal({key: part for key, part in data.items() if key not in OUTSIDE})
        if own != data.get("sha256"):
            self.wrong.append(f"附件自身指纹：所载 {str(data.get('sha256'))[:16]}，按内容重算 {own[:16]}，附件在出具后被改动")
        if data.get("certificate") != self.data.get("sha256"):
            self.wrong.append("附件：不属于这份凭证")
        self.wrong += [f"附件：多出 {key}" for key in sorted(set(data) - {"format", "certificate", "villages", *OUTSIDE})]
        stated = self.content["stages"].get(self.plan["stage"][-1]["name"], {}).get("villages", {})
        for village in sorted({*stated, *data["villages"]}):
            rows = data["villages"].get(village)
            if village not in stated or rows is None:
                self.wrong.append(f"附件：{'没有' if rows is None else '多出'}村 {village} 的农户清单")
            elif canonical(rows) != canonical(self.lists.get(village, rows)):
                self.wrong.append(f"附件：村 {village} 的农户与重抽不同")
            elif any(set(row) != set(LISTED) for row in rows) or (
                fingerprint([row[key] for key in LISTED] for row in rows) != stated[village].get("list")
            ):
                self.wrong.append(f"附件：村 {village} 的农户与凭证所载的清单指纹不符")

    def ceremony(self, path: str | None) -> None:
        """The published record of how the seed was made, where it is given: sound in itself, and that of this certificate."""
        if path is None:
            self.source += "；公布了 ceremony.json 的，加 --ceremony ceremony.json 核对"
            return
        try:
            record = Ceremony(read_json(path))
        except Unknown as fault:
            self.unable.append(f"抽签仪式：{fault}")
            return
        found = [*record.broken(), *record.other(self.content)]
        self.wrong += [f"抽签仪式 {line}" for line in found]
        agreed = f"种子来源：种子、名单与设计的指纹都与抽签仪式的记录一致（{record.how()}）"
        owners = [*(["各方认自己的承诺"] if record.promised else []), *(["见证人认骰子的数字"] if record.dice else [])]
        self.source = "" if found else f"  已核对｜{agreed}；记录属实与否，由{'、'.join(owners)}"

    def told(self) -> str:
        partly = bool(self.unable or self.missing)
        agreed = "已核对的部分与重抽结果一致（部分核对）" if partly else "与重抽结果一致"
        head = [f"凭证 {str(self.data.get('sha256'))[:12]}：{f'{len(self.wrong)} 处不一致' if self.wrong else agreed}"]
        head += [f"首处不一致：{self.wrong[0]}"] if self.wrong else []
        lines = [f"已重抽：{'，'.join(self.drawn) or '无'}", *(f"  不一致｜{line}" for line in self.wrong)]
        lines += [f"  未核对｜{line}" for line in self.unable]
        some = "、".join(self.missing[:TOLD]) + (" 等" if len(self.missing) > TOLD else "")
        lines += [f"  未核对｜{len(self.missing)} 个村没有给出名册，抽户没有核对：{some}"] if self.missing else []
        return "\n".join([*head, *lines, *([self.source] if self.source else [])])


def known(stage: Stage) -> None:
    if stage.method not in METHODS:
        raise Unknown(f"方法 {stage.method}")


def others(row: Row, plans: list[dict[str, Any]]) -> list[str]:
    """The further cells of a household that the stages read, by heading: they too are under the roster's fingerprint."""
    read = {plan.get(key, "") for plan in plans for key in ("unit", "size")}
    read |= {column for plan in plans for key in ("strata", "sort", "balance", "places", "groups") for column in plan.get(key, [])}
    read |= {part.get("column", "") for plan in plans for key in ("mandatory", "rule") for part in plan.get(key, [])}
    return [row[column] for column in sorted(read - {"", "rows", "household", "stratum", "persons"}) if column in row]


HELP = (
    ("rosters", "名册，CSV 文件或文件夹"), ("earlier", "以前各轮的凭证或附件"),
    ("names", "名册列名：village=行政村代码 …"), ("words", "户类型的写法：名册中的词=层名 …"),
)  # fmt: skip


def main(arguments: list[str]) -> tuple[int, str]:
    """Return the exit code and what is said."""
    parser = argparse.ArgumentParser(description="用公开的凭证与名单重抽一遍，逐项对照")
    parser.add_argument("certificate", help="certificate.json")
    parser.add_argument("frame", help="名单，CSV")
    for name, told in HELP:
        parser.add_argument(f"--{name}", nargs="+", default=[], help=told)
    parser.add_argument("--annex", help="附件 annex.json")
    parser.add_argument("--ceremony", help="公布的抽签仪式记录 ceremony.json")
    options = parser.parse_args(arguments)
    options.names, options.words = ({p.partition("=")[0]: p.partition("=")[2] for p in side} for side in (options.names, options.words))
    try:
        check = Check(options.certificate, options)
        check.run(options.frame)
    except (Unknown, Broken) as fault:
        return 2, f"不能核对：{fault}"
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as fault:
        return 2, f"不能核对：凭证、名单或名册的内容不是应有的样子（{why(fault)}）"
    return (1 if check.wrong else 2 if check.unable else 0), check.told()


if __name__ == "__main__":
    code, said = main(sys.argv[1:])
    console: Any = sys.stdout
    console.reconfigure(errors="replace")  # a console may not know every character
    console.write(said + "\n")
    sys.exit(code)
