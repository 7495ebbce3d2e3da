"""Two verifiers of their own agree with a new draw by evalkit: on true certificates of every method, and on altered ones."""

from __future__ import annotations

import ast
import base64
import copy
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import evalkit as ev
from evalkit import selection, tickets
from evalkit.ceremony import Ceremony, commitment
from evalkit.certificate import Certificate
from evalkit.frame import Frame
from evalkit.sheets import write_csv
from evalkit.verifiers import write_verifiers
from tests.draws import PLAN, SEED, roster

SCRIPT, PAGE = (Path(ev.__file__).parent / "verifiers" / name for name in ("verify_draw.py", "verify_draw.html"))
METHODS = (
    "srs", "bernoulli", "systematic", "systematic-circular", "pps-systematic", "pps-systematic-random", "pareto",
    "sequential-poisson", "poisson", "chromy", "pps-wr", "take-all",
)  # fmt: skip
QUOTAS = {"脱贫户": 9, "未脱贫户": 5, "其他户": 8}
TYPES = {"脱贫户": 20, "未脱贫户": 3, "其他户": 30}


def listed() -> pd.DataFrame:
    """Return 90 villages of 2 counties with 3 townships each; decimals, thousands marks and full-width digits among the cells."""
    rows = []
    for k in range(90):
        county, town, size = k % 2, k % 6 // 2, 1 + (k * 7919) % 400
        rows.append(
            {
                "village_code": f"4117{26 + county}1{town:02d}{201 + k:03d}" if k != 5 else f"４１１７27102{201 + k:03d}",
                "village": f"𠮷村{k}" if k == 3 else f"村{k}",
                "county": f"4117{26 + county}",
                "town": f"4117{26 + county}1{town:02d}",
                "kind": "贫困村" if k % 3 else "非贫困村",
                "homes": f"1,{size:03d}" if k == 8 else f"{size}.50" if k == 9 else "5000" if k == 10 else str(size),
                "far": f"{(k * 37) % 50}.{k % 10}0",
                "rooms": str(1 + k * 31 % 97),
                "hills": ("山区", "丘陵", "平原", "－")[k % 4],
            }
        )
    return pd.DataFrame(rows)


LIST = listed()
VILLAGE: dict[str, Any] = {"name": "village", "method": "srs", "strata": ["kind"], "n": 4}
HOUSEHOLD: dict[str, Any] = {"name": "household", "method": "srs", "strata": ["type"], "n": QUOTAS, "shortfall": "take-all"}


@dataclass(frozen=True)
class Case:
    """The files of one certificate as a citizen has them, whether it is true, and what must be said of it where it is not."""

    certificate: dict[str, Any]
    table: pd.DataFrame
    rosters: pd.DataFrame | None = None
    annex: dict[str, Any] | None = None
    earlier: tuple[dict[str, Any], ...] = ()
    ceremony: Any = None
    agrees: bool = True
    says: str = ""

    def but(self, says: str, **changes: Any) -> Case:
        """Return the case with other files, which must be caught and the place be named."""
        return replace(self, agrees=False, says=says, **changes)

    def changed(self, says: str, *path: Any, to: Any, sealed: bool = True) -> Case:
        """Return the case with one place of its certificate changed; sealed anew, so that its own hash tells nothing, or not."""
        data = copy.deepcopy(self.certificate)
        part: Any = data
        for key in path[:-1]:
            part = part[key]
        part[path[-1]] = to(part[path[-1]]) if callable(to) else to
        return self.but(says, certificate=resealed(data) if sealed else data)

    def write(self, folder: Path) -> list[str]:
        """Write the files and return the words behind the script's name."""
        folder.mkdir(parents=True)
        words = [write_json(folder / "certificate.json", self.certificate), str(write_csv(self.table, folder / "frame.csv"))]
        words += ["--rosters", str(write_csv(self.rosters, folder / "rosters.csv"))] if self.rosters is not None else []
        words += ["--annex", write_json(folder / "annex.json", self.annex)] if self.annex else []
        words += ["--earlier", *(write_json(folder / f"{k}.json", data) for k, data in enumerate(self.earlier))] if self.earlier else []
        words += ["--ceremony", write_json(folder / "ceremony.json", self.ceremony)] if self.ceremony is not None else []
        return words

    def texts(self) -> dict[str, Any]:
        """Return the files as the page reads them."""
        given: dict[str, Any] = {
            "certificate": json.dumps(self.certificate, ensure_ascii=False), "frame": self.table.to_csv(index=False),
            "rosters": [self.rosters.to_csv(index=False)] if self.rosters is not None else [],
            "annex": json.dumps(self.annex, ensure_ascii=False) if self.annex else "",
            "earlier": [json.dumps(data, ensure_ascii=False) for data in self.earlier],
        }  # fmt: skip
        return given if self.ceremony is None else {**given, "ceremony": json.dumps(self.ceremony, ensure_ascii=False)}


def write_json(path: Path, data: Any) -> str:
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return str(path)


def resealed(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "sha256": tickets.seal({key: part for key, part in data.items() if key not in ("sha256", "made_with")})}


def draw(
    *stages: dict[str, Any], rosters: bool = False, earlier: Any = (), seed: str = SEED, origin: str = "given", **sections: Any
) -> Case:
    """Draw by a design of these stages and return the files."""
    frame = {"file": "villages.csv", "id": "village_code", "name": "village", "code": "division", "columns": [*LIST.columns[2:]]}
    rule = {"column": "hills", "drop": ["平原"], "reason": "不评估"}
    plan = {**PLAN, "frame": {**frame, "rule": [rule] if sections.pop("without_plains", False) else []}, "stage": list(stages)}
    columns = {"village": "村", "household": "户", "stratum": "类", "persons": "人", "columns": ["group", "income"]}
    plan = {**plan, "rosters": columns, "reserves": {"n": 2}, **sections}
    design = ev.read_design(plan if rosters else {key: part for key, part in plan.items() if key not in ("reserves", "rosters")})
    part = design.frame
    listed = Frame.from_data(LIST, id=part.id, name=part.name, columns=part.columns, code=part.code, rules=part.rule)
    sample = ev.draw(listed, design, seed=seed, seed_origin=origin, earlier=earlier)
    if not rosters:
        return Case(sample.certificate.data, LIST)
    lists = pd.concat([households(village) for village in sample.villages], ignore_index=True)
    whole = ev.draw_next(sample, lists)
    return Case(whole.certificate.data, LIST, lists, whole.certificate.annex())


def households(village: str) -> pd.DataFrame:
    table = roster(village, TYPES)
    places = range(len(table))
    return table.assign(group=[f"{k % 4 + 1}组" for k in places], income=[str(2000 + k * 7919 % 3000) for k in places])


def by_method(method: str, n: Any) -> Case:
    way = selection.METHODS[method]
    more = {"size": "homes"} if "sizes" in way.needs else {}
    more |= {"sort": ["hills", "far"], "serpentine": n == 5} if way.ordered else {}
    stage = {**VILLAGE, "method": method, **more, "n": n}
    return draw(without_n(stage) if method == "take-all" else stage)


def without_n(stage: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**{key: part for key, part in stage.items() if key != "n"}, **more}


TOWN: dict[str, Any] = {"name": "town", "unit": "town", "method": "srs", "n": 4}
COUNTY: dict[str, Any] = {"name": "county", "unit": "county", "method": "pps-systematic", "size": "homes", "n": 1}
RATED: dict[str, Any] = {
    "name": "village", "from": "frame", "method": "chromy", "size": "homes", "strata": ["kind"], "rate": 0.3, "least": 2,
    "shortfall": "take-all",
}  # fmt: skip
RULES: dict[str, Any] = {
    "name": "village", "from": "frame", "method": "srs", "strata": ["kind"], "shortfall": "take-all",
    "quota": [
        {"where": {"county": ["411726"]}, "n": {"贫困村": 3, "非贫困村": 2}}, {"holds": {"贫困村": 11}, "rate": 0.5}, {"n": 1},
    ],
}  # fmt: skip
GROUP: dict[str, Any] = {"name": "group", "from": "rosters", "unit": "group", "method": "srs", "n": 2, "shortfall": "take-all"}
ALLOCATED: dict[str, Any] = {"name": "village", "method": "srs", "strata": ["town"]}
KINDS: dict[str, Any] = {"name": "village", "method": "srs", "strata": ["county", "kind"]}
TRUE: dict[str, Callable[[], Case]] = {
    **{method: partial(by_method, method, 5) for method in METHODS},
    **{f"{method}, many": partial(by_method, method, {"贫困村": 30, "非贫困村": 29}) for method in METHODS if method != "take-all"},
    "two columns of strata": lambda: draw({**VILLAGE, "strata": ["county", "kind"], "n": 3}, without_plains=True),
    "no strata": lambda: draw({**VILLAGE, "strata": [], "n": 13}),
    "mandatory within": lambda: draw(
        {**VILLAGE, "strata": ["county"], "n": 26, "mandatory": {"column": "hills", "values": ["山区"], "how": "within"}}
    ),
    "mandatory on top": lambda: draw(
        {
            **VILLAGE, "method": "pareto", "size": "homes", "n": 6,
            "mandatory": [
                {"units": ["411726100201"], "how": "on-top", "purpose": "点名"}, {"column": "hills", "values": ["平原"], "how": "on-top"},
            ],
        }
    ),
    "two stages": lambda: draw(TOWN, RATED),
    "three stages": lambda: draw(COUNTY, {**TOWN, "from": "frame", "n": 2, "shortfall": "fail"}, RATED),
    "size is the number of rows": lambda: draw({**TOWN, "method": "pareto", "size": "rows", "n": 3}, RATED),
    "rates": lambda: draw(without_n(VILLAGE, method="systematic", rate={"贫困村": 0.1, "非贫困村": 0.25})),
    "quota rules": lambda: draw(TOWN, RULES),
    "proportional": lambda: draw({**ALLOCATED, "allocation": {"total": 31, "rule": "proportional", "by": "rooms"}}),
    "proportional, at most": lambda: draw({**KINDS, "allocation": {"total": 40, "rule": "proportional", "by": "rooms", "most": 12}}),
    "proportional, at least": lambda: draw({**KINDS, "allocation": {"total": 40, "rule": "proportional", "least": 8, "most": 13}}),
    "equal": lambda: draw({**ALLOCATED, "allocation": {"total": 32, "rule": "equal", "most": 6}}),
    "waves": lambda: draw(
        {
            **VILLAGE, "n": {"贫困村": 5, "非贫困村": 4},
            "wave": [{"name": "second", "n": {"贫困村": 9, "非贫困村": 4}}, {"name": "third", "column": "hills", "values": ["山区"]}],
        }
    ),
    "a longer wave after a sweep": lambda: draw(
        {**VILLAGE, "n": 4, "wave": [{"name": "sweep", "column": "hills", "values": ["山区"]}, {"name": "more", "n": 11}]}
    ),
    "shifted tickets": lambda: draw({**VILLAGE, "method": "sequential-poisson", "size": "homes", "shift": 0.37}),
    "shifted start": lambda: draw({**VILLAGE, "method": "systematic", "shift": 0.1}),
    "places chosen on purpose": lambda: draw(
        {"name": "village", "selection": "典型", "strata": ["kind"], "mandatory": {"column": "hills", "values": ["-"], "how": "on-top"}}
    ),
    "another stratum fills in": lambda: draw({**VILLAGE, "n": {"贫困村": 20, "非贫困村": 45}, "shortfall": "fill:贫困村"}),
    "households": lambda: draw({**VILLAGE, "n": 2}, HOUSEHOLD, rosters=True),
    "village groups": lambda: draw(
        {**VILLAGE, "n": 2}, GROUP,
        {"name": "household", "method": "systematic", "sort": ["income"], "n": 4, "strata": ["type"], "shortfall": "take-all"},
        rosters=True,
    ),
    "households by income": lambda: draw(
        {**VILLAGE, "n": 2},
        {
            "name": "household", "method": "pareto", "size": "income", "n": 12, "shortfall": "take-all",
            "mandatory": [
                {"units": ["411726100201/0003"], "how": "on-top", "purpose": "点名"},
                {"column": "group", "values": ["2组"], "how": "within", "purpose": "重点"},
            ],
        },
        rosters=True,
    ),
    "quotas of households by kind of village": lambda: draw(
        VILLAGE, without_n(HOUSEHOLD, quota=[{"where": {"kind": ["贫困村"]}, "n": QUOTAS}, {"n": dict.fromkeys(QUOTAS, 3)}]), rosters=True
    ),
    "a total of households": lambda: draw(
        VILLAGE,
        {
            "name": "household", "method": "srs", "shortfall": "take-all",
            "allocation": {"total": 55, "rule": "proportional", "by": "rooms"},
        },
        rosters=True,
    ),
    "never twice": lambda: replace(
        draw({**VILLAGE, "repeat": "never"}, earlier=[first_round()], seed="2"), earlier=(first_round().data,)
    ),
}  # fmt: skip


def first_round() -> Certificate:
    data = draw(VILLAGE).certificate
    return Certificate({key: part for key, part in data.items() if key not in ("sha256", "made_with")})


@cache
def true(name: str) -> Case:
    return TRUE[name]()


STRATA = ("stages", "village", "strata", "贫困村")


def swapped(units: list[Any]) -> list[Any]:
    return [units[1], units[0], *units[2:]]


def other_chance(units: list[Any]) -> list[Any]:
    return [{**units[0], "prob": units[0]["prob"] * (1 + 1e-15)}, *units[1:]]


def other_unit(units: list[Any]) -> list[Any]:
    return [{**units[0], "id": "411726100201"}, *units[1:]]


def plain() -> Case:
    return true("srs")


def chosen() -> Case:
    return true("pareto")


def homes() -> Case:
    return true("households")


def first_village() -> str:
    assert homes().annex is not None
    return str(min(homes().annex["villages"]))


def receipt() -> tuple[str, ...]:
    return ("stages", "household", "villages", first_village())


def other_annex() -> dict[str, Any]:
    villages = copy.deepcopy(homes().annex)["villages"]
    villages[first_village()][0]["household"] = "0052"
    return resealed({**(homes().annex or {}), "villages": villages})


def other_rosters() -> pd.DataFrame:
    table = homes().rosters
    assert table is not None
    return table.assign(persons=table["persons"].where((table["village"] != first_village()) | (table["household"] != "0001"), 9))


INSIDE = LIST["village_code"] == "411726100219"
ALTERED: dict[str, Callable[[], Case]] = {
    "a changed unit": lambda: plain().changed("层 贫困村 单位", *STRATA, "units", to=other_unit),
    "a changed unit, not sealed": lambda: plain().changed("凭证自身指纹", *STRATA, "units", to=other_unit, sealed=False),
    "two villages swapped and sealed": lambda: plain().changed("层 贫困村 单位", *STRATA, "units", to=swapped),
    "another seed": lambda: plain().changed("层 贫困村", "seed", "value", to="31415926535897932385"),
    "a changed chance": lambda: chosen().changed("概率", *STRATA, "units", to=other_chance),
    "a changed cut-off": lambda: chosen().changed("层 贫困村 截止号", *STRATA, "cutoff", to="0.5"),
    "a changed number of units": lambda: plain().changed("层 贫困村 总数", *STRATA, "N", to=61),
    "1 in place of 1.0": lambda: true("take-all").changed("概率", *STRATA, "units", 0, "prob", to=1),
    "a stratum less": lambda: plain().changed("层 非贫困村", *STRATA[:3], to=lambda strata: {"贫困村": strata["贫困村"]}),
    "a part too much": lambda: plain().but("note：所载", certificate=resealed({**plain().certificate, "note": "x"})),
    "a null too much": lambda: plain().changed("名单 note：所载 null", "frame", to=lambda frame: {**frame, "note": None}),
    "a changed row of the list": lambda: plain().but("名单 层 非贫困村", table=LIST.assign(homes=LIST["homes"].where(~INSIDE, "77"))),
    "a dropped row of the list": lambda: plain().but("名单 层 非贫困村", table=LIST[~INSIDE]),
    "a changed plan under its old hash": lambda: plain().changed("设计指纹", "design", "plan", "stage", 0, "n", to=6),
    "another hash of the design": lambda: plain().changed("设计指纹", "design", "hash", to="0" * 64),
    "a changed annex": lambda: homes().but(f"附件：村 {first_village()} 的农户与重抽不同", annex=other_annex()),
    "a changed annex, rosters not given": lambda: homes().but(
        f"附件：村 {first_village()} 的农户与凭证所载的清单指纹不符", annex=other_annex(), rosters=None
    ),
    "an annex of another certificate": lambda: homes().but("附件：不属于", annex=resealed({**(homes().annex or {}), "certificate": "0"})),
    "a changed roster": lambda: homes().but(f"村 {first_village()} 名册指纹", rosters=other_rosters()),
    "another list of households": lambda: homes().changed(f"村 {first_village()} 农户清单指纹", *receipt(), "list", to="0" * 64),
    "fewer reserves": lambda: homes().changed("备用户数", *receipt(), "strata", "脱贫户", "reserves", to=1),
    "another earlier round": lambda: replace(true("never twice"), earlier=(chosen().certificate,)).but("以前各轮 village"),
}  # fmt: skip


@cache
def altered(name: str) -> Case:
    return ALTERED[name]()


PARTIES = ("评估组", "县扶贫办", "𠮷村代表")
DICE, WITNESSES = "31415926535897932384", ("县扶贫办", "村民代表")


def held(parties: tuple[str, ...], dice: str = "", attempt: int = 1, again: bool = False) -> Case:
    """Hold a ceremony for a draw, make the draw by its seed, and return the files with the record; `again` for a second round."""
    earlier = [first_round()] if again else []
    stage = {**VILLAGE, "repeat": "never"} if again else VILLAGE
    planned = draw(stage, earlier=earlier).certificate
    gone = tickets.seal(planned["earlier"]) if again else ""
    ceremony = Ceremony(planned["frame"]["fingerprint"], planned["design"]["hash"], gone, attempt, "县方走开" if attempt > 1 else "")
    for party in parties:
        ceremony = ceremony.commit(party, commitment(party, f"{party}的秘密数", "盐"))
    ceremony = ceremony.throw(dice, WITNESSES) if dice else ceremony
    for party in parties[::-1]:
        ceremony = ceremony.reveal(party, f"{party}的秘密数", "盐")
    case = draw(stage, earlier=earlier, seed=ceremony.seed, origin=f"公开仪式：{ceremony.how}")
    rounds = tuple(each.data for each in earlier)
    return replace(case, earlier=rounds, ceremony={**ceremony.record, "sha256": ceremony.fingerprint})


def spoilt(says: str, *path: Any, to: Any, sealed: bool = True, case: str = "commitments") -> Case:
    """Return a case whose record has one place changed; sealed anew, so that its own hash tells nothing, or not."""
    true_one: Case = ceremonies(case)
    data: Any = copy.deepcopy(true_one.ceremony)
    part: Any = data
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = to(part[path[-1]]) if callable(to) else to
    whole = {**data, "sha256": tickets.seal({key: part for key, part in data.items() if key != "sha256"})}
    return true_one.but(says, ceremony=whole if sealed else data)


def without_party() -> Case:
    """A party is left out of the record as if it had never been there."""
    case = spoilt("", "reason", to="")
    data = {**case.ceremony}
    for key in ("commitments", "revealed"):
        data[key] = {party: part for party, part in data[key].items() if party != "县扶贫办"}
    data["sha256"] = tickets.seal({key: part for key, part in data.items() if key != "sha256"})
    return case.but("抽签仪式 种子：按记录重算", ceremony=data)


def told_otherwise() -> Case:
    """The certificate tells of more parties than the record knows."""
    case: Case = ceremonies("commitments")
    origin = case.certificate["seed"]["origin"].replace("3 方", "四 方")
    return case.changed("抽签仪式 凭证的种子来源与记录所载的经过不同", "seed", "origin", to=origin)


def other_seed() -> Case:
    """The draw was made by another seed than the record's."""
    case: Case = ceremonies("commitments")
    return draw(VILLAGE).but("抽签仪式 种子：按记录重算", ceremony=case.ceremony)


def moved_sign() -> Case:
    """The sign that parts name, secret and salt stands inside the secret: the same hash for another secret."""
    return spoilt("评估组 的名称、秘密数或盐", "revealed", "评估组", to=["评估组的秘密数|盐", ""])


HELD: dict[str, Callable[[], Case]] = {
    "commitments": lambda: held(PARTIES),
    "dice": lambda: held((), DICE),
    "dice after a commitment": lambda: held(PARTIES[:1], DICE),
    "third attempt": lambda: held(PARTIES[:2], attempt=3),
    "record of a second round": lambda: held(PARTIES[:2], again=True),
}
SPOILT: dict[str, Callable[[], Case]] = {
    "changed secret": lambda: spoilt("抽签仪式 评估组 的承诺：记录", "revealed", "评估组", 0, to="1"),
    "changed secret, not sealed": lambda: spoilt("抽签仪式 记录自身指纹", "revealed", "评估组", 0, to="1", sealed=False),
    "changed salt": lambda: spoilt("抽签仪式 县扶贫办 的承诺：记录", "revealed", "县扶贫办", 1, to="2"),
    "changed commitment": lambda: spoilt("抽签仪式 县扶贫办 的承诺：记录", "commitments", "县扶贫办", to="0" * 64),
    "sign inside a secret": moved_sign,
    "dropped party": without_party,
    "one did not reveal": lambda: spoilt("抽签仪式 县扶贫办 没有公开", "revealed", to=lambda part: {"评估组": part["评估组"]}),
    "one did not commit": lambda: spoilt("没有承诺过而公开了", "commitments", to=lambda part: {"评估组": part["评估组"]}),
    "a single party": lambda: spoilt("没有掷骰，承诺至少应有 2 方，记录 1 方", "commitments", to=lambda part: {"评估组": part["评估组"]}),
    "changed frame hash": lambda: spoilt("抽签仪式 名单指纹：记录 0000", "frame", to="0" * 64),
    "changed design hash": lambda: spoilt("抽签仪式 设计指纹：记录 0000", "design", to="0" * 64),
    "changed earlier rounds": lambda: spoilt("抽签仪式 以前各轮的指纹：记录 无", "earlier", to="", case="record of a second round"),
    "other attempt": lambda: spoilt("凭证的种子来源中没有这份记录的指纹", "attempt", to=2, case="dice"),
    "part too much": lambda: spoilt("抽签仪式 多出 note", "note", to="x", case="dice"),
    "other dice": lambda: spoilt("抽签仪式 种子：按记录重算 2718", "dice", to="27182818284590452353", case="dice"),
    "fewer dice": lambda: spoilt("骰子：应为至少 20 位数字", "dice", to="3141", case="dice"),
    "wide dice": lambda: spoilt("骰子：应为至少 20 位数字", "dice", to="３" * 20, case="dice"),
    "a lonely witness": lambda: spoilt("至少应有 2 方见证，记录 1 方", "witnesses", to=["县扶贫办"] * 2, case="dice"),
    "other seed": other_seed,
    "other origin": told_otherwise,
}  # fmt: skip


@cache
def ceremonies(name: str) -> Case:
    return HELD[name]() if name in HELD else SPOILT[name]()


def unreadable() -> dict[str, Case]:
    """Records that are none: nothing is known to differ, and the source of the seed stays open."""
    record = ceremonies("dice").ceremony
    kinds: dict[str, Any] = {
        "announcement": {key: part for key, part in record.items() if key not in ("dice", "revealed", "sha256")},
        "other format": {**record, "format": 2}, "other kinds": {**record, "revealed": {"评估组": ["1"]}}, "a list": [record],
        "no text": {**record, "commitments": {"评估组": None}}, "no number": {**record, "attempt": 1.0},
    }  # fmt: skip
    return {f"record: {name}": replace(ceremonies("dice"), ceremony=data) for name, data in kinds.items()}


def case_of(name: str) -> Case:
    return ceremonies(name) if name in HELD or name in SPOILT else true(name) if name in TRUE else altered(name)


def many() -> Case:
    """Twelve villages, and no roster of any."""
    return replace(draw({**VILLAGE, "n": 6}, HOUSEHOLD, rosters=True), rosters=None, annex=None)


def cases() -> dict[str, Case]:
    named = {name: case_of(name) for name in (*TRUE, *ALTERED, *HELD, *SPOILT)}
    return {**named, **unreadable(), "unknown method": unknown_method(), "many": many()}


def run(words: list[str]) -> tuple[int, str]:
    """Run the script as a county does: no site packages, nothing of this folder, nothing of the environment."""
    done = subprocess.run([sys.executable, "-I", "-S", str(SCRIPT), *words], capture_output=True, check=False)
    assert done.stderr == b"", done.stderr.decode()
    return done.returncode, done.stdout.decode()


# -- the script -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*TRUE, *ALTERED])
def test_the_script_agrees_with_evalkit(name: str, tmp_path: Path) -> None:
    case = case_of(name)
    words = case.write(tmp_path / name)
    code, said = run(words)
    annex = words[words.index("--annex") + 1] if case.annex else None
    again = ev.verify(words[0], words[1], case.rosters, annex=annex, earlier=words[words.index("--earlier") + 1 :] if case.earlier else ())
    assert again.ok == case.agrees == (code == 0), said + again.text()
    assert ("与重抽结果一致" in said.splitlines()[0]) == case.agrees
    assert case.says in said, said


@pytest.mark.parametrize("name", [*HELD, *SPOILT])
def test_the_script_holds_the_seed_against_the_ceremony(name: str, tmp_path: Path) -> None:
    case = case_of(name)
    code, said = run(case.write(tmp_path / "a"))
    assert code == (0 if case.agrees else 1), said
    assert case.says in said and "无法核对" not in said
    assert ("已核对｜种子来源" in said) == case.agrees


def test_the_script_without_a_record_says_how_to_give_one(tmp_path: Path) -> None:
    code, said = run(replace(ceremonies("commitments"), ceremony=None).write(tmp_path / "a"))
    assert code == 0 and "无法核对｜种子来源“公开仪式：" in said and "加 --ceremony ceremony.json" in said.splitlines()[-1]
    for name, case in unreadable().items():
        code, said = run(case.write(tmp_path / name[8:]))
        assert code == 2 and "未核对｜抽签仪式：" in said and "无法核对｜种子来源" in said, said
    code, said = run([*ceremonies("commitments").write(tmp_path / "b"), "--ceremony", str(tmp_path / "none.json")])
    assert code == 2 and "未核对｜抽签仪式：" in said


def test_the_script_imports_nothing_of_evalkit_and_is_written_for_python_3_8() -> None:
    source = SCRIPT.read_text(encoding="utf-8")
    module = ast.parse(source, feature_version=(3, 8))
    asked = {name.split(".")[0] for node in ast.walk(module) for name in law_imports(node)}
    assert asked <= set(sys.stdlib_module_names) and "evalkit" not in source
    assert not re.search(r"removeprefix|strict=True\)\)|zip\(", source)


def law_imports(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def test_rosters_under_their_own_headings_and_words(tmp_path: Path) -> None:
    case = true("households")
    assert case.rosters is not None
    ours = case.rosters.rename(columns={"village": "村代码", "household": "户号", "persons": "人口"})
    words = replace(case, rosters=ours.replace({"stratum": {"脱贫户": "一般脱贫户"}})).write(tmp_path / "a")
    code, said = run([*words, "--names", "village=村代码", "household=户号", "persons=人口", "--words", "一般脱贫户=脱贫户"])
    assert code == 0, said
    code, said = run(words)
    assert code == 2 and "--names" in said


def test_rosters_that_were_not_given_are_named(tmp_path: Path) -> None:
    case = true("households")
    code, said = run(replace(case, rosters=None, annex=None).write(tmp_path / "a"))
    assert code == 0 and "部分核对" in said and said.count("未核对") == 1
    code, said = run(many().write(tmp_path / "b"))
    villages = sorted(many().certificate["stages"]["household"]["villages"])
    line = next(line for line in said.splitlines() if "未核对" in line)
    assert code == 0 and line == f"  未核对｜12 个村没有给出名册，抽户没有核对：{'、'.join(villages[:5])} 等"


def unknown_method() -> Case:
    data = copy.deepcopy(true("pareto").certificate)
    data["design"]["plan"]["stage"][0]["method"] = data["stages"]["village"]["method"] = "sampford"
    data["design"]["hash"] = tickets.seal(data["design"]["plan"])
    return replace(true("pareto"), certificate=resealed(data))


def test_what_cannot_be_checked_is_said_by_name(tmp_path: Path) -> None:
    code, said = run(unknown_method().write(tmp_path / "a"))
    assert code == 2 and "未核对｜阶段 village：方法 sampford" in said and not said.splitlines()[0].endswith("：与重抽结果一致")
    words = true("srs").write(tmp_path / "b")
    (tmp_path / "b" / "certificate.json").write_text('{"format": 2, "format": 2}', encoding="utf-8")
    assert run(words) == (2, f"不能核对：{words[0]} 中有写了两次的键\n")
    assert run([words[0], str(tmp_path / "none.csv")])[0] == 2
    code, said = run(replace(true("never twice"), earlier=()).write(tmp_path / "c"))
    assert code == 2 and "--earlier" in said


def test_the_script_reads_gb18030_and_tabs(tmp_path: Path) -> None:
    words = true("srs").write(tmp_path / "a")
    for mark in (",", "\t"):
        Path(words[1]).write_bytes(LIST.to_csv(index=False, sep=mark).encode("gb18030"))
        assert run(words)[0] == 0


def test_both_verifiers_are_handed_out(tmp_path: Path) -> None:
    script, page = write_verifiers(tmp_path / "公开")
    assert script.read_bytes() == SCRIPT.read_bytes() and page.read_bytes() == PAGE.read_bytes()
    code, _ = run(true("srs").write(tmp_path / "a"))
    assert code == 0


# -- the page -------------------------------------------------------------------------------------------------------

HARNESS = """
<script>
(async () => {
  const waiting = setInterval(() => {}, 1);  // holds the clock of the test while the browser computes
  const told = { subtle: Boolean(subtle), own: ownSha(new TextEncoder().encode("abc")), found: {}, slow: {} };
  for (const [name, given] of Object.entries(CASES)) told.found[name] = brief(await verifyFiles(given));
  subtle = undefined;
  for (const [name, given] of Object.entries(CASES)) told.slow[name] = brief(await verifyFiles(given));
  const put = (id, bytes, name) => {
    const hand = new DataTransfer(), input = document.getElementById(id);
    hand.items.add(new File([bytes], name));
    input.files = hand.files;
    input.dispatchEvent(new Event("change"));
  };
  put("certificate", CASES.commitments.certificate, "certificate.json");
  put("ceremony", CASES.commitments.ceremony, "ceremony.json");
  put("frame", Uint8Array.from(atob(GB18030), sign => sign.charCodeAt(0)), "名单.csv");
  document.getElementById("go").click();
  while (!document.querySelector("#result strong")) await new Promise(done => setTimeout(done, 5));
  told.page = document.getElementById("result").innerText;
  document.getElementById("language").click();
  told.english = document.getElementById("result").innerText;
  const note = document.createElement("pre");
  note.id = "told";
  note.textContent = JSON.stringify(told);
  document.body.append(note);
  clearInterval(waiting);
})();
function brief(found) {
  const said = [...found.wrong, ...found.unable].map(line => line.zh), no = found.table.filter(row => row.agrees === false).length;
  const missing = found.missing.map(line => line.zh), source = found.source;
  return { code: found.code, said, no, strata: found.table.length, missing, source };
}
</script>
"""


@cache
def in_chromium() -> dict[str, Any]:
    """Return what the page says of all cases, in one load."""
    given = json.dumps({name: case.texts() for name, case in cases().items()}, ensure_ascii=False)
    coded = base64.b64encode(LIST.to_csv(index=False).encode("gb18030")).decode()
    safe = given.replace("</", "<\\/")
    data = f"<script>const CASES = {safe}, GB18030 = '{coded}';</script>"
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(PAGE.read_text(encoding="utf-8").replace("</body>", f"{data}{HARNESS}</body>"), encoding="utf-8")
        options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/user", "--virtual-time-budget=600000"]
        done = subprocess.run(["chromium", *options, "--dump-dom", page.as_uri()], capture_output=True, check=False, timeout=120)
    found = re.search(r'<pre id="told">(.*?)</pre>', done.stdout.decode(), re.DOTALL)
    assert found, done.stderr.decode()[-2000:]
    told: dict[str, Any] = json.loads(unescape(found.group(1)))
    return told


@pytest.mark.chromium
@pytest.mark.parametrize("name", [*TRUE, *ALTERED])
def test_the_page_agrees_with_evalkit(name: str) -> None:
    case, told = case_of(name), in_chromium()
    for found in (told["found"][name], told["slow"][name]):  # with the browser's SHA-256, and with the page's own
        assert (found["code"] == 0) == case.agrees, found
        assert case.says in "\n".join(found["said"]), found
        assert found["strata"] and not (case.agrees and found["no"])


@pytest.mark.chromium
@pytest.mark.parametrize("name", [*HELD, *SPOILT])
def test_the_page_holds_the_seed_against_the_ceremony(name: str) -> None:
    case, told = case_of(name), in_chromium()
    for found in (told["found"][name], told["slow"][name]):
        assert found["code"] == (0 if case.agrees else 1), found
        assert case.says in "\n".join(found["said"]), found
        assert found["source"]["zh"].startswith("已核对：种子来源") if case.agrees else found["source"] is None


@pytest.mark.chromium
@pytest.mark.parametrize("name", ["commitments", "changed secret", "dropped party", "a lonely witness", "many"])
def test_page_and_script_say_the_same(name: str, tmp_path: Path) -> None:
    case = many() if name == "many" else case_of(name)
    _, said = run(case.write(tmp_path / "a"))
    found = in_chromium()["found"][name]
    ours = [line.partition("｜")[2] for line in said.splitlines() if line.startswith(("  不一致｜", "  未核对｜"))]
    assert ours == [*found["said"], *found["missing"]]
    if found["source"] and case.ceremony:
        assert found["source"]["zh"].replace("已核对：", "已核对｜", 1) in said


@pytest.mark.chromium
def test_the_page_leaves_the_source_open_without_a_record() -> None:
    found = in_chromium()["found"]
    assert "无法核对：种子来源" in found["srs"]["source"]["zh"] and "抽签仪式的记录" in found["srs"]["source"]["zh"]
    for name in unreadable():
        assert found[name]["code"] == 2 and "抽签仪式：" in found[name]["said"][0], found[name]
        assert "无法核对" in found[name]["source"]["zh"]


@pytest.mark.chromium
def test_the_page_names_what_it_cannot_check_and_knows_sha_256() -> None:
    told = in_chromium()
    assert told["subtle"] and told["own"] == hashlib.sha256(b"abc").hexdigest()
    unknown = told["found"]["unknown method"]
    assert unknown["code"] == 2 and "阶段 village：方法 sampford" in unknown["said"][0]


@pytest.mark.chromium
def test_the_page_reads_files_and_speaks_two_languages() -> None:
    told = in_chromium()
    assert "与重抽结果一致" in told["page"] and "贫困村" in told["page"] and "已核对：种子来源" in told["page"]
    assert "Agrees with the new draw" in told["english"] and "Checked: seed, list and design agree" in told["english"]


def test_the_page_asks_nothing_of_a_network() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert "default-src 'none'" in text and "connect-src 'none'" in text
    assert not re.search(r"https?://|@import|<link|src=|\bfetch\(|XMLHttpRequest|WebSocket", text)
    assert text.count("<label for=") == text.count("<input type=") + text.count("<textarea id=") == 8


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "第 1 行第 1 列不是 JSON"), (b"[" * 100_000, "嵌套过深"), (b"\xff\xfe", "编码不是 UTF-8"), (b'{"format": 2}', "缺少 "),
        (b'{"a": ' + b"9" * 5000 + b"}", "过长的数"), (None, "没有这个文件"),
    ],
)  # fmt: skip
def test_what_python_says_of_a_file_is_told_in_chinese(content: bytes | None, says: str, tmp_path: Path) -> None:
    script, _ = write_verifiers(tmp_path)
    if content is not None:
        (tmp_path / "x.json").write_bytes(content)
    words = [sys.executable, str(script), "x.json", "x.csv"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    told = done.stdout + done.stderr
    assert done.returncode == 2 and told.startswith("不能核对：") and says in told
    assert not re.search(r"Error|Expecting|codec|maximum|limit|Traceback", told)
