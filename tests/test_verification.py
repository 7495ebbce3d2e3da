"""Verification: yes to a true certificate, and the place of every other one."""

import copy
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import evalkit as ev
from evalkit import tickets
from evalkit.certificate import Certificate
from evalkit.errors import CertificateError, EvalkitError
from evalkit.frame import Frame
from evalkit.sheets import write_csv
from tests.draws import SEED, design, roster, rosters, small

TOWNS = {"甲镇": 6, "乙镇": 5, "丙镇": 4}
KEYS: dict[str, Any] = {"id": "village_code", "name": "village", "columns": ["township_code", "township"], "code": "division"}
FRAME = Frame.from_data(small(TOWNS), **KEYS)
FIRST = ev.draw(FRAME, design(), seed=SEED)
ROSTERS = rosters(FIRST.villages)
WHOLE = ev.draw_next(FIRST, ROSTERS)


def changed(*path: Any, to: Any, resealed: bool = False) -> Certificate:
    """Return the certificate with one field changed, as a file edited by hand would load."""
    content = copy.deepcopy(WHOLE.certificate.content)
    part: Any = content
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = to
    return Certificate(content, None, Certificate(content).sha256 if resealed else WHOLE.certificate.sha256)


def test_a_true_certificate(tmp_path: Path) -> None:
    path = WHOLE.certificate.save(tmp_path / "凭证 1" / "certificate.json")
    verification = ev.verify(path, FRAME, ROSTERS.sample(frac=1, random_state=2))
    assert verification.ok and verification.checked == ("village", "household") and verification.unchecked == ()
    assert "与重抽结果一致" in repr(verification) and "\n" not in repr(verification)


def test_without_rosters_it_says_what_was_not_checked() -> None:
    verification = ev.verify(WHOLE.certificate, FRAME)
    assert verification.ok and verification.checked == ("village",)
    assert "household stage not checked" in verification.text() and "没有给出名册" in repr(verification)


def test_the_list_can_be_given_as_its_file(tmp_path: Path) -> None:
    assert ev.verify(FIRST.certificate, write_csv(small(TOWNS), tmp_path / "名 单.csv")).ok


def test_some_rosters() -> None:
    verification = ev.verify(WHOLE.certificate, FRAME, ROSTERS[ROSTERS["village"] == FIRST.villages[0]])
    assert verification.ok and len(verification.unchecked) == 5


def test_an_edited_unit_is_named_with_both_answers() -> None:
    stated = WHOLE.certificate.content["stages"]["village"]["strata"]["乙镇"]["units"]
    other = next(unit for unit in FRAME.units if unit[:9] == stated[0]["id"][:9] and unit not in FIRST.villages)
    verification = ev.verify(changed("stages", "village", "strata", "乙镇", "units", 0, "id", to=other), FRAME)
    assert len(verification.differences) == 2 and "自身指纹" in verification.differences[0]
    told = verification.differences[1]
    assert "乙镇" in told and other in told.split("重抽")[0] and stated[0]["id"] in told.split("重抽")[1]


@pytest.mark.parametrize(
    ("path", "to", "says"),
    [
        (("stages", "village", "strata", "丙镇", "N"), 5, "village 层 丙镇：总数 所载 5，重抽 4"),
        (("stages", "village", "strata", "丙镇", "units", 1, "prob"), 0.9, "village 层 丙镇：入样单位的编号、签号或概率不同"),
        (("stages", "village", "strata", "丙镇", "cutoff"), "00", "截止号 所载 00"),
        (("design", "plan", "stage", 0, "n"), 3, "设计指纹：所载"),
        (("design", "hash"), "0" * 64, "设计指纹：所载 0000"),
        (("frame", "fingerprint"), "0" * 64, "名单指纹：所载 0000"),
        (("stages", "village", "strata"), [], "没有这一层"),
    ],
)
def test_one_changed_field_shows_even_when_sealed_anew(path: tuple[Any, ...], to: Any, says: str) -> None:
    assert ev.verify(changed(*path, to=to), FRAME).differences[0].find("自身指纹") >= 0
    resealed = ev.verify(changed(*path, to=to, resealed=True), FRAME)
    assert not resealed.ok and says in resealed.text() and "自身指纹" not in resealed.text()


def test_another_seed_changes_the_units() -> None:
    verification = ev.verify(changed("seed", "value", to="1", resealed=True), FRAME, ROSTERS)
    assert any("入样单位" in difference for difference in verification.differences)


def test_a_changed_list_names_its_stratum() -> None:
    table = small(TOWNS)
    table.loc[table["village"] == "乙镇3村", "village"] = "改名村"
    verification = ev.verify(FIRST.certificate, Frame.from_data(table, **KEYS))
    assert [line.partition("：")[0] for line in verification.differences] == ["名单指纹", "名单的层 乙镇"]


def test_a_village_more_and_a_township_less() -> None:
    text = ev.verify(FIRST.certificate, Frame.from_data(small({"甲镇": 7, "乙镇": 5}), **KEYS)).text()
    assert "名单的层 丙镇：名单中没有" in text and "名单的层 甲镇：内容不同" in text and "乙镇" not in text


def test_a_changed_roster_names_its_village() -> None:
    village = FIRST.villages[2]
    others = ROSTERS[ROSTERS["village"] != village]
    sheet = roster(village, {"脱贫户": 40, "未脱贫户": 3, "非建档立卡户": 120})
    sheet.loc[0, "stratum"] = "脱贫户" if sheet.loc[0, "stratum"] != "脱贫户" else "非建档立卡户"
    verification = ev.verify(WHOLE.certificate, FRAME, pd.concat([others, sheet]))
    assert not verification.ok and all(village in line for line in verification.differences)
    assert "名册指纹" in verification.differences[0]


def test_a_changed_order_of_reserves_shows() -> None:
    village = FIRST.villages[0]
    text = ev.verify(changed("stages", "household", "villages", village, "list", to="0" * 64, resealed=True), FRAME, ROSTERS).text()
    assert f"村 {village} 农户清单（含备用户次序）：所载指纹 0000" in text


def test_rosters_that_cannot_be_drawn_from() -> None:
    broken = ROSTERS.assign(village="411726999999")
    assert "没有被抽中" in ev.verify(WHOLE.certificate, FRAME, broken).text()


@pytest.mark.parametrize("plan", [{}, {"stage": []}, {"stage": [{"name": "village"}], "frame": {}}, {"stage": "x", "frame": {"id": 1}}])
def test_a_plan_that_is_none(plan: Any) -> None:
    with pytest.raises(CertificateError, match="不是抽样设计"):
        ev.verify(changed("design", "plan", to=plan), FRAME)


def test_a_method_that_is_none() -> None:
    with pytest.raises(CertificateError, match="不是抽样设计"):
        ev.verify(changed("design", "plan", "stage", 0, "method", to="magic"), FRAME)


def test_one_changed_byte_is_always_noticed(tmp_path: Path) -> None:
    """Change one byte in many places of the file: it no longer loads, or something differs; it never passes."""
    data = WHOLE.certificate.save(tmp_path / "a.json").read_bytes()
    passed = []
    for place in range(7, len(data) - 1, 211):
        spoilt = bytearray(data)
        spoilt[place] ^= 1
        (tmp_path / "b.json").write_bytes(bytes(spoilt))
        try:
            ok = ev.verify(tmp_path / "b.json", FRAME).ok
        except EvalkitError:
            ok = False
        if ok and json.loads(spoilt) != json.loads(data) and b"made_with" not in data[data.rfind(b"\n", 0, place) : place]:
            passed.append(place)
    assert passed == []


# -- all that a certificate states is made anew, sealed anew or not ---------------------------------------------------

VILLAGE = FIRST.villages[0]
FORGED = [
    (("note",), "监督", "note：所载 \"监督\"，重算 无"),
    (("frame", "units"), 9999, "frame.units：所载 9999，重算 15"),
    (("frame", "strata"), {}, "名单的层 乙镇：凭证中没有"),
    (("frame", "note"), 1, "frame.note：所载 1，重算 无"),
    (("design", "note"), 1, "design.note：所载 1，重算 无"),
    (("design", "plan", "note"), 1, "design.plan.note：所载 1，重算 无"),
    (("design", "plan", "frame", "source"), "x", "design.plan.frame.source：所载 \"x\"，重算 无"),
    (("seed", "note"), 1, "seed.note：所载 1，重算 无"),
    (("seed", "value"), f" {SEED}", "seed.value：所载"),
    (("stages", "village", "method"), "pps", "stages.village.method：所载 \"pps\"，重算 \"srs\""),
    (("stages", "household", "note"), 1, "stages.household.note：所载 1"),
    (("stages", "third"), {"method": "srs"}, "stages.third：所载 {\"method\":\"srs\"}，重算 无"),
    (("stages", "household", "villages", "999"), {"roster": "x"}, "村 999：凭证中有抽户记录，而该村没有被抽中"),
    (("stages", "household", "villages", VILLAGE, "note"), 1, f"村 {VILLAGE}：凭证中多出 note"),
    (("stages", "household", "villages", VILLAGE, "strata", "脱贫户", "N"), 40.0, "总数 所载 40.0，重抽 40"),
]


@pytest.mark.parametrize(("path", "to", "says"), FORGED, ids=[".".join(map(str, path)) for path, _, _ in FORGED])
def test_nothing_that_is_stated_goes_uncompared(path: tuple[Any, ...], to: Any, says: str) -> None:
    assert says in ev.verify(changed(*path, to=to, resealed=True), FRAME, ROSTERS).text()


def test_a_village_that_was_not_drawn_shows_without_rosters() -> None:
    forged = changed("stages", "household", "villages", "999", to={"roster": "x"}, resealed=True)
    assert ev.verify(forged, FRAME).differences == ("村 999：凭证中有抽户记录，而该村没有被抽中",)


def test_where_the_seed_came_from_is_beyond_a_new_draw() -> None:
    verification = ev.verify(changed("seed", "origin", to="公证处", resealed=True), FRAME, ROSTERS)
    assert verification.ok and verification.complete and "“公证处”：来源无法由重抽核对" in verification.text()


def test_a_check_in_part_says_so_first() -> None:
    whole, part = ev.verify(WHOLE.certificate, FRAME, ROSTERS), ev.verify(WHOLE.certificate, FRAME)
    assert whole.complete and "部分核对" not in whole.text() + repr(whole)
    assert part.ok and not part.complete and "部分核对" in part.text().splitlines()[0] and "部分核对" in repr(part)
    assert ev.verify(FIRST.certificate, FRAME).complete
    assert "部分核对，1 处不一致" in ev.verify(changed("frame", "units", to=1, resealed=True), FRAME).text()


@pytest.mark.parametrize("keep", [["frame", "stage"], ["frame", "stage", "reserves"]])
def test_plans_in_the_wrong_order_or_of_one_name_twice_are_none(keep: list[str]) -> None:
    plan = {key: part for key, part in WHOLE.certificate.plan.items() if key in keep}
    village, household = plan["stage"]
    for stages in ([village, household, {**village, "name": "third", "from": "frame"}], [village, {**household, "name": "village"}], []):
        with pytest.raises(CertificateError, match="不是抽样设计"):
            ev.verify(changed("design", "plan", to={**plan, "stage": stages}), FRAME)


def test_arguments_of_another_kind() -> None:
    wrong: Any
    for wrong in (None, small(TOWNS), 5):
        with pytest.raises(CertificateError, match="应为 Frame 或名单文件的路径"):
            ev.verify(WHOLE.certificate, wrong)
    wrong = "名册.xlsx"
    with pytest.raises(CertificateError, match="应为 read_rosters 读出的表"):
        ev.verify(WHOLE.certificate, FRAME, wrong)
    wrong = None
    with pytest.raises(CertificateError, match="应为文件路径"):
        ev.verify(wrong, FRAME)
    for part in ("frame", "seed", "stages", "design"):
        with pytest.raises(CertificateError, match=f"{part}.* 的内容"):
            ev.verify(changed(part, to=[]), FRAME)


# -- the annex --------------------------------------------------------------------------------------------------------


def annexed(tmp_path: Path, change: Any = None, certificate: Certificate = WHOLE.certificate, seal: bool = True) -> Path:
    """Write an annex after a change to it, sealed anew."""
    annex = certificate.annex()
    if change is not None:
        change(annex)
    if seal:
        annex["sha256"] = tickets.seal({key: part for key, part in annex.items() if key not in ("made_with", "sha256")})
    path = tmp_path / "annex.json"
    path.write_text(json.dumps(annex, ensure_ascii=False), encoding="utf-8")
    return path


def edited(annex: dict[str, Any]) -> None:
    annex["villages"][VILLAGE][3]["household"] = "9999"


def test_a_true_annex(tmp_path: Path) -> None:
    path = WHOLE.certificate.save_annex(tmp_path / "annex.json")
    assert ev.verify(WHOLE.certificate, FRAME, ROSTERS, annex=path).ok
    assert ev.verify(WHOLE.certificate, FRAME, annex=str(path)).ok


@pytest.mark.parametrize("given", [None, ROSTERS, ROSTERS[ROSTERS["village"] != VILLAGE]], ids=["none", "all", "others"])
def test_an_edited_household_names_its_village(tmp_path: Path, given: Any) -> None:
    found = ev.verify(WHOLE.certificate, FRAME, given, annex=annexed(tmp_path, edited)).differences
    assert len(found) == 1 and VILLAGE in found[0] and "农户与" in found[0]
    unsealed = ev.verify(WHOLE.certificate, FRAME, given, annex=annexed(tmp_path, edited, seal=False)).differences
    assert len(unsealed) == 2 and "附件 annex.json自身指纹" in unsealed[0]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda annex: annex["villages"].pop(VILLAGE), f"没有村 {VILLAGE} 的农户清单"),
        (lambda annex: annex["villages"].update({"999": []}), "村 999 有农户清单，凭证中没有"),
        (lambda annex: annex.update(note=1), "多出 note"),
        (lambda annex: annex["villages"][VILLAGE].reverse(), f"村 {VILLAGE} 的农户"),
        (lambda annex: annex["villages"][VILLAGE][0].update(name="x"), f"村 {VILLAGE} 的农户"),
    ],
)
def test_other_changes_to_an_annex(tmp_path: Path, change: Any, says: str) -> None:
    for given in (None, ROSTERS):
        assert says in ev.verify(WHOLE.certificate, FRAME, given, annex=annexed(tmp_path, change)).text()


def test_the_annex_of_another_certificate(tmp_path: Path) -> None:
    other = ev.draw_next(ev.draw(FRAME, design(), seed="1" * 20), ROSTERS[:0])
    other = ev.draw_next(other, rosters(other.villages))
    text = ev.verify(WHOLE.certificate, FRAME, ROSTERS, annex=annexed(tmp_path, certificate=other.certificate)).text()
    assert f"所属凭证指纹 {other.certificate.sha256[:16]}，不是这份凭证 {WHOLE.certificate.sha256[:16]}" in text
