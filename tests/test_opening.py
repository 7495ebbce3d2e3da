"""What is opened to whom and when: the ceremony in a folder, lists by team and day, the public folder before and after."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import evalkit as ev
from evalkit import tickets
from evalkit.ceremony import Ceremony
from evalkit.errors import Faults, FieldworkError
from evalkit.evaluation import specimen
from evalkit.evaluation.folder import Folder
from evalkit.ledger import Ledger
from evalkit.sample.listings import Source, check_units
from evalkit.sheets import Page, write_book, write_bytes
from tests.test_evaluation import hashes, returned, roster, say, village_list

DIGITS, OTHER = "31415926535897932384", "27182818284590452353"
PARTIES = ("县扶贫办", "评估组")
Lead = Callable[[Path], None]


def laid_out(root: Path) -> Path:
    """A new folder with its list of villages."""
    say("init", str(root))
    write_book(root / "frame" / "村名单.xlsx", {"村名单": Page("", village_list())})
    return root


def promise(root: Path, party: str) -> str:
    """A party makes its secret and hands in the commitment."""
    file = root.parent / f"{root.name}-{party}.json"
    if not file.exists():
        assert party in say("ceremony", "secret", str(file), "--party", party)
    return say("ceremony", "commit", str(root), party, json.loads(file.read_text(encoding="utf-8"))["commitment"])


def tell(root: Path, party: str) -> str:
    """A party reveals its secret."""
    return say("ceremony", "reveal", str(root), str(root.parent / f"{root.name}-{party}.json"))


def by_commitments(root: Path) -> None:
    """The whole ceremony."""
    assert say("ceremony", "announce", str(root)).startswith("0\n公告：名单指纹")
    for step in (promise, tell):
        for party in PARTIES:
            assert step(root, party).startswith("0\n")


def by_dice(root: Path) -> None:
    """The evaluators commit, the county throws, the evaluators reveal to the folder alone."""
    assert say("ceremony", "announce", str(root)).startswith("0\n")
    assert promise(root, "评估组").startswith("0\n")
    assert "还差 评估组 公开" in say("ceremony", "dice", str(root), DIGITS, "--witness", "县扶贫办", "--witness", "村民代表")
    assert "种子已经产生" in tell(root, "评估组")


def texts(root: Path) -> str:
    """All that the public folder holds, as one text."""
    return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in sorted((root / "public").rglob("*")) if path.is_file())


def edited(path: Path, change: Callable[[Any], Any]) -> None:
    """Change a file of plain data."""
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")


def drawn_again(root: Path, reason: str = "名单有误") -> str:
    """Draw with a seed typed in."""
    return say("draw", str(root), "--seed", OTHER, "--reason", reason)


@pytest.fixture(scope="module")
def announced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An evaluation whose list and design have been announced."""
    root = laid_out(tmp_path_factory.mktemp("公告") / "某县")
    say("ceremony", "announce", str(root))
    return root


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An evaluation with its ceremony, its draw and the rosters of all villages but one."""
    root = laid_out(tmp_path_factory.mktemp("名册") / "某县")
    by_commitments(root)
    assert "抽取 8 个" in say("draw", str(root))
    assert say("publish", str(root)).startswith("0\n")
    villages = ev.Evaluation(root).sample().villages
    for village in villages[:-1]:
        write_book(root / "rosters" / f"{village}.xlsx", {"名册": Page("", roster(village))})
    assert "尚缺 1 村" in say("rosters", str(root))
    return root


@pytest.fixture(scope="module")
def done(listed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after the last village."""
    root = shutil.copytree(listed, tmp_path_factory.mktemp("完成") / "某县")
    assert "还有 1 个村没有完成" in say("publish", str(root))
    last = ev.Evaluation(root).sample().pending[0]
    write_book(root / "rosters" / f"{last}.xlsx", {"名册": Page("", roster(last))})
    assert "名册已齐" in say("rosters", str(root))
    write_book(root / "returns" / "回收表.xlsx", {"回收表": Page("", returned(ev.Evaluation(root).sample()))})
    return root


@pytest.fixture
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Path]:
    """A copy of one of the folders above, to be spoilt."""
    return lambda name: shutil.copytree(request.getfixturevalue(name), tmp_path / name)


# -- the ceremony in a folder ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lead", [by_commitments, by_dice])
def test_the_draw_takes_the_seed_and_says_how_it_was_made(lead: Lead, tmp_path: Path) -> None:
    root = laid_out(tmp_path / "某县")
    lead(root)
    assert "抽取 8 个" in say("draw", str(root))
    ceremony, certificate = Ceremony.load(root / "draw" / "ceremony.json"), ev.Certificate.load(root / "draw" / "certificate.json")
    assert (certificate.seed, certificate.seed_origin) == (ceremony.seed, f"公开仪式：{ceremony.how}")
    assert (ceremony.frame, ceremony.design) == (certificate.fingerprint, certificate.design_hash)
    assert say("verify", str(root)).startswith("0\n")
    steps = [entry.step for entry in ev.Evaluation(root).ledger.entries()]
    asked = ["commit", "commit", "reveal", "reveal"] if lead is by_commitments else ["commit", "dice", "reveal"]
    assert steps == ["announce", *asked, "draw"]


def test_no_draw_before_the_seed_is_made(fresh: Callable[[str], Path]) -> None:
    root = fresh("announced")
    assert "至少 2 方承诺，现有 0 方" in say("draw", str(root))
    for party in PARTIES:
        promise(root, party)
    assert "还差 县扶贫办、评估组 公开" in say("draw", str(root))
    tell(root, "县扶贫办")
    assert "还差 评估组 公开" in say("draw", str(root))
    assert not (root / "draw" / "certificate.json").exists() and not ev.Evaluation(root).ledger.entries("draw")


def test_nothing_before_the_announcement(tmp_path: Path) -> None:
    root = laid_out(tmp_path / "某县")
    assert "先键入 evalkit ceremony announce" in say("ceremony", "commit", str(root), "评估组", "0" * 64)
    assert "先键入 evalkit ceremony announce" in say("ceremony", "dice", str(root), DIGITS)
    assert not (root / "ledger.sqlite").exists() or not ev.Evaluation(root).ledger.entries()


def test_what_a_draw_would_refuse_is_refused_before_the_seed_is_made(tmp_path: Path) -> None:
    root = laid_out(tmp_path / "独村")
    write_book(root / "frame" / "村名单.xlsx", {"村名单": Page("", village_list().iloc[:16])})
    assert "411726104" in say("ceremony", "announce", str(root))
    assert not (root / "draw" / "ceremony.json").exists() and not (root / "public" / "announcement.json").exists()


@pytest.mark.parametrize("what", ["名单", "设计", "以前各轮"])
def test_what_changed_after_the_announcement_is_refused(what: str, done: Path, tmp_path: Path) -> None:
    root = laid_out(tmp_path / "某县")
    design = root / "design.toml"
    text = design.read_text(encoding="utf-8")
    if what == "以前各轮":
        text = text.replace('name = "village"', 'name = "village"\nrepeat = "never"', 1)
        design.write_text(text, encoding="utf-8")
    by_commitments(root)
    if what == "名单":
        write_book(root / "frame" / "村名单.xlsx", {"村名单": Page("", village_list().assign(脱贫人口=91))})
    elif what == "设计":
        design.write_text(text.replace('"脱贫户" = 28', '"脱贫户" = 10'), encoding="utf-8")
    else:
        (root / "earlier").mkdir(exist_ok=True)
        shutil.copy(done / "draw" / "certificate.json", root / "earlier" / "2017.json")
    said = say("draw", str(root))
    assert said.startswith("1\n") and f"公告之后改动过 {what}：" in said
    assert not (root / "draw" / "certificate.json").exists()
    assert "公告之后改动过" in say("draw", str(root), "--reason", "改好了")
    assert "这是第 2 次仪式" in say("ceremony", "announce", str(root), "--reason", "改好了")


def test_an_announcement_repeated_is_harmless_and_another_needs_a_reason(fresh: Callable[[str], Path]) -> None:
    root = fresh("announced")
    before, head = hashes(root), ev.Evaluation(root).ledger.head
    assert say("ceremony", "announce", str(root)).startswith("0\n")
    assert (hashes(root), ev.Evaluation(root).ledger.head) == (before, head)
    promise(root, "评估组")
    assert "台账记有第 1 次仪式" in say("ceremony", "announce", str(root))
    assert Ceremony.load(root / "draw" / "ceremony.json").commitments
    for number in (2, 3, 4):  # the same reason each time: each is told of
        assert f"这是第 {number} 次仪式" in say("ceremony", "announce", str(root), "--reason", "县方拒绝公开")
        assert say("ceremony", "announce", str(root), "--reason", "县方拒绝公开").startswith("0\n")  # twice typed, once begun
        assert "以前的仪式中用过" in promise(root, "评估组")  # whoever knows its secret could steer the seed
        (root.parent / f"{root.name}-评估组.json").unlink()
        assert promise(root, "评估组").startswith("0\n")
    assert [entry.detail["attempt"] for entry in ev.Evaluation(root).ledger.entries("announce")] == [1, 2, 3, 4]
    assert len(list((root / "draw").glob("ceremony-旧*.json"))) == 3
    assert "评估组" in json.loads((root / "draw" / "ceremony-旧1.json").read_text(encoding="utf-8"))["commitments"]
    assert json.loads((root / "public" / "announcement.json").read_text(encoding="utf-8"))["attempt"] == 4


def test_a_removed_record_does_not_undo_its_ceremony(fresh: Callable[[str], Path]) -> None:
    root = fresh("announced")
    promise(root, "评估组")
    (root / "draw" / "ceremony.json").unlink()
    assert "台账记有第 1 次仪式" in say("ceremony", "announce", str(root))
    assert "台账记有抽签仪式" in say("draw", str(root), "--seed", OTHER)
    (root / "draw" / "ceremony.toml").write_text(f'seed = "{OTHER}"\nhow = "四方掷骰"\n', encoding="utf-8")
    assert "台账记有抽签仪式" in say("draw", str(root))
    assert not (root / "draw" / "certificate.json").exists()


def test_a_seed_typed_in_does_not_pass_by_the_ceremony(fresh: Callable[[str], Path]) -> None:
    root = fresh("announced")
    for reason in ([], ["--reason", " "]):
        assert "台账记有抽签仪式" in say("draw", str(root), "--seed", OTHER, *reason)
    assert drawn_again(root, "骰子丢失").startswith("0\n")
    assert say("draw", str(root), "--seed", OTHER).startswith("0\n")
    draws = [entry.detail for entry in ev.Evaluation(root).ledger.entries("draw")]
    assert [(one["reason"], one["seed_origin"]) for one in draws] == [("骰子丢失", "由操作者给定")]


def test_a_record_exchanged_for_another_true_one_is_refused(listed: Path, fresh: Callable[[str], Path]) -> None:
    root = fresh("announced")
    for party in PARTIES:
        promise(root, party)
    shutil.copy(listed / "draw" / "ceremony.json", root / "draw" / "ceremony.json")  # same frame and design, other secrets
    for words in (("draw", str(root)), ("ceremony", "announce", str(root))):
        assert say(*words).startswith("1\n")
    assert "不是台账最后记下的那一份记录" in say("draw", str(root)) and not (root / "draw" / "certificate.json").exists()
    assert "不是台账最后记下的那一份记录" in tell(root, "县扶贫办") or "与它的承诺不符" in tell(root, "县扶贫办")


def test_verify_holds_the_seed_against_the_ceremony(fresh: Callable[[str], Path], tmp_path: Path) -> None:
    root = fresh("listed")
    assert say("verify", str(root)).startswith("0\n")
    other = laid_out(tmp_path / "另一县")
    by_commitments(other)
    shutil.copy(other / "draw" / "ceremony.json", root / "draw" / "ceremony.json")
    said = say("verify", str(root))
    assert said.startswith("1\n") and "不是 draw/ceremony.json 产生的" in said and "不是台账最后记下的" in said


def test_the_seed_is_not_shown_while_it_is_sealed(tmp_path: Path) -> None:
    for lead in (by_commitments, by_dice):
        root = laid_out(tmp_path / lead.__name__)
        said = [say("ceremony", "announce", str(root)), *(promise(root, party) for party in PARTIES)]
        if lead is by_dice:
            root = laid_out(tmp_path / "骰子")
            lead(root)
        said += [tell(root, party) for party in PARTIES if (root.parent / f"{root.name}-{party}.json").exists()]
        ceremony = Ceremony.load(root / "draw" / "ceremony.json")
        said += [say("draw", str(root)), say("publish", str(root)), say("log", str(root))]
        hidden = [ceremony.seed, *(part for pair in ceremony.revealed.values() for part in pair)]
        for text in (*said, texts(root), (root / "ledger.sqlite").read_bytes().decode("latin-1")):
            assert not [part for part in hidden if part[:20] in text]


def test_a_secret_is_not_overwritten_and_is_for_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "县方.json"
    assert "县扶贫办 的承诺" in say("ceremony", "secret", str(file), "--party", "县扶贫办")
    before = file.read_bytes()
    assert "不能覆盖" in say("ceremony", "secret", str(file), "--party", "县扶贫办")
    assert file.read_bytes() == before and (os.name == "nt" or file.stat().st_mode & 0o077 == 0)


def test_a_name_spelt_in_two_ways_is_one_party(fresh: Callable[[str], Path]) -> None:
    root = fresh("announced")
    assert say("ceremony", "commit", str(root), "Cafe\u0301 ", "0" * 64).startswith("0\n")
    assert list(Ceremony.load(root / "draw" / "ceremony.json").commitments) == ["Caf\u00e9"]


@pytest.mark.parametrize("unit", ["行政村代码", "乡镇代码"])
def test_an_identity_number_is_no_ticket_id(unit: str, tmp_path: Path) -> None:
    root = laid_out(tmp_path / "证号")
    design, table = root / "design.toml", village_list()
    text = design.read_text(encoding="utf-8").replace('code = "division"', 'code = "free"')
    if unit == "乡镇代码":
        town = '[[stage]]\nname = "town"\nunit = "乡镇代码"\nmethod = "srs"\nn = 2\n\n'
        text = text.replace('[[stage]]\nname = "village"', f'{town}[[stage]]\nname = "village"\nfrom = "frame"\nshortfall = "take-all"', 1)
        text = text.replace('strata = ["乡镇代码"]', "", 1)
    design.write_text(text, encoding="utf-8")
    table.loc[table[unit] == table[unit].iloc[6], unit] = "11010519491231002X"
    write_book(root / "frame" / "村名单.xlsx", {"村名单": Page("", table)})
    said = say("ceremony", "announce", str(root))
    assert said.startswith("1\n") and "身份证号" in said and ("第 8 行" in said or "第 7–11 行" in said)
    assert "11010519491231002X" not in said


def test_a_group_of_a_village_bears_no_identity_number() -> None:
    faults = Faults("名册")
    rows = pd.DataFrame({"group": ["一组", "11010519491231002X", "一组"]}, index=[2, 3, 4])
    check_units(rows, Source(rows, "group", where="411726101201 "), faults)
    with pytest.raises(FieldworkError, match="身份证号") as refusal:
        faults.refuse(FieldworkError)
    assert [fault.row for fault in refusal.value.faults] == [3] and "1949" not in str(refusal.value)


# -- one day's villages to a team --------------------------------------------------------------------------------------


def opened(root: Path, *villages: str, team: str = "一组", day: str = "2018-11-12", reason: str = "") -> str:
    """Release some villages."""
    return say("release", str(root), *villages, "--team", team, "--day", day, *(["--reason", reason] if reason else []))


def test_a_release_opens_these_villages_and_no_other_and_twice_is_harmless(fresh: Callable[[str], Path]) -> None:
    root = fresh("listed")
    say("lists", str(root))
    villages = ev.Evaluation(root).sample().villages
    assert "尚未发放 6 个村" in opened(root, villages[1], villages[0], villages[1])
    got = sorted((root / "released").rglob("*.xlsx"))
    assert [path.parent.relative_to(root).as_posix() for path in got] == ["released/2018-11-12/一组"] * 2
    assert [path.name.partition("_")[0] for path in got] == list(villages[:2])
    assert [path.read_bytes() for path in got] == [(root / "lists" / path.name).read_bytes() for path in got]
    before, head = hashes(root), ev.Evaluation(root).ledger.head
    assert opened(root, *villages[:2]).startswith("0\n")
    assert (hashes(root), ev.Evaluation(root).ledger.head) == (before, head)
    assert [entry.subject for entry in ev.Evaluation(root).ledger.entries("release")] == list(villages[:2])


def test_a_release_to_another_team_or_day_needs_a_reason(fresh: Callable[[str], Path]) -> None:
    root = fresh("listed")
    one, two = ev.Evaluation(root).sample().villages[:2]
    opened(root, one)
    for other in ({"team": "二组"}, {"day": "2018-11-13"}, {"team": "二组", "reason": " "}):
        said = opened(root, one, two, **other)
        assert said.startswith("1\n") and f"{one} 已于 2018-11-12 发给 一组" in said
    assert len(list((root / "released").rglob("*.xlsx"))) == 1
    assert opened(root, one, two, team="二组", reason="一组车坏").startswith("0\n")
    details = [entry.detail for entry in ev.Evaluation(root).ledger.entries("release") if entry.subject == one]
    assert [(detail["team"], detail["reason"]) for detail in details] == [("一组", ""), ("二组", "一组车坏")]


def test_what_cannot_be_released(fresh: Callable[[str], Path]) -> None:
    root = fresh("listed")
    sample = ev.Evaluation(root).sample()
    left = next(code for code in village_list()["行政村代码"] if code not in sample.villages)
    assert f"{left}｜没有被抽中" in opened(root, left, sample.villages[0])
    assert f"{sample.villages[0][:-1]}｜没有被抽中" in opened(root, sample.villages[0][:-1])
    assert f"{sample.pending[0]}｜还没有入户名单" in opened(root, *sample.pending, sample.villages[0])
    assert "没有写村代码" in opened(root)
    for team in ("", " ", "一/组", "../一组", "一组 "):
        assert "组名" in opened(root, sample.villages[0], team=team)
    for day in ("", "明天", "2018-13-01", "../2018-11-12", "2018-11-12\n"):
        assert "--day" in opened(root, sample.villages[0], day=day)
    assert not (root / "released").exists() or not any((root / "released").rglob("*.xlsx"))
    assert not ev.Evaluation(root).ledger.entries("release")


def test_one_code_that_begins_like_another_opens_one_village(tmp_path: Path) -> None:
    root = laid_out(tmp_path / "编号")
    design = root / "design.toml"
    design.write_text(design.read_text(encoding="utf-8").replace('code = "division"', 'code = "free"'), encoding="utf-8")
    table = village_list().assign(行政村代码=[f"V{i}" for i in range(1, 21)])
    write_book(root / "frame" / "村名单.xlsx", {"村名单": Page("", table)})
    design.write_text(design.read_text(encoding="utf-8").replace("n = 2 ", "n = 5 ", 1), encoding="utf-8")
    assert "抽取 20 个" in say("draw", str(root), "--seed", DIGITS)
    for village in ("V1", "V10", "V11"):
        write_book(root / "rosters" / f"{village}.xlsx", {"名册": Page("", roster(village))})
    say("rosters", str(root))
    say("lists", str(root))
    assert opened(root, "V1").startswith("0\n")
    assert [path.name.partition("_")[0] for path in (root / "released").rglob("*.xlsx")] == ["V1"]


def test_a_list_that_was_changed_is_not_the_one_released(fresh: Callable[[str], Path]) -> None:
    root = fresh("listed")
    say("lists", str(root))
    village = ev.Evaluation(root).sample().villages[0]
    listed = next((root / "lists").glob(f"{village}_*.xlsx"))
    true = listed.read_bytes()
    listed.write_bytes(b"other households")
    opened(root, village)
    given = root / "released" / "2018-11-12" / "一组" / listed.name
    assert given.read_bytes() == true
    given.write_bytes(b"filled in by the team")
    assert "1 份已填写" in opened(root, village)
    assert given.read_bytes() == b"filled in by the team"


# -- the public folder -------------------------------------------------------------------------------------------------


def test_before_the_last_village_only_hashes_are_public(listed: Path) -> None:
    assert {path.name for path in (listed / "public").iterdir()} == {"announcement.json", "hashes.json"}
    text, certificate = texts(listed), ev.Certificate.load(listed / "draw" / "certificate.json")
    frame = village_list()
    secrets = [part for pair in Ceremony.load(listed / "draw" / "ceremony.json").revealed.values() for part in pair]
    hidden = [certificate.seed, *secrets, *frame["行政村代码"], *frame["行政村"], "户编号", "张某", "11010519491231002X"]
    assert not [part for part in hidden if part in text]
    stated = json.loads((listed / "public" / "hashes.json").read_text(encoding="utf-8"))
    assert all(len(part) == 64 for key, part in stated.items() if key not in ("draws", "format"))
    assert [one["village_stage"] for one in stated["draws"]] == [ev.Evaluation(listed).ledger.entries("draw")[0].detail["certificate"]]


def test_a_mandatory_village_is_not_given_away_by_the_announcement(tmp_path: Path) -> None:
    root = laid_out(tmp_path / "必查")
    design = root / "design.toml"
    code = village_list()["行政村代码"][7]
    rule = f'[[stage.mandatory]]\nunits = ["{code}"]\nhow = "within"\npurpose = "重点村"\n\n[[stage]]\nname = "household"'
    text = design.read_text(encoding="utf-8").replace('[[stage]]\nname = "household"', rule)
    design.write_text(text, encoding="utf-8")
    said = say("ceremony", "announce", str(root))
    assert said.startswith("0\n") and code in json.dumps(ev.Evaluation(root).design.plan()), said
    assert code not in texts(root) and code not in said


def test_the_certificate_stays_sealed_until_the_last_village(fresh: Callable[[str], Path]) -> None:
    root = fresh("done")
    table = returned(ev.Evaluation(root).sample())
    last = table["行政村代码"].iloc[-1]
    (root / "returns" / "回收表.xlsx").unlink()
    assert "还有 8 个村没有完成" in say("publish", str(root))
    write_book(root / "returns" / "回收表.xlsx", {"回收表": Page("", table[table["行政村代码"] != last])})
    assert "还有 1 个村没有完成" in say("publish", str(root)) and not (root / "public" / "certificate.json").exists()
    assert "还有 1 个村没有完成" in say("publish", str(root), "--reason", " ")
    assert say("publish", str(root), "--reason", "上级要求提前公开").startswith("0\n公布：抽样凭证")
    entry = ev.Evaluation(root).ledger.entries("publish")[0]
    assert entry.detail == {"reason": "上级要求提前公开", "waiting": "还有 1 个村没有完成；全部完成后再键入一次"}


def test_after_the_last_village_anyone_can_draw_again(done: Path, fresh: Callable[[str], Path], tmp_path: Path) -> None:
    root = fresh("done")
    before = json.loads((done / "public" / "hashes.json").read_text(encoding="utf-8"))
    assert say("publish", str(root)).startswith("0\n公布：抽样凭证与两个核对工具")
    public = root / "public"
    names = {"announcement.json", "hashes.json", "certificate.json", "certificate_villages.json", "ceremony.json", "核对方法.txt"}
    assert {path.name for path in public.iterdir()} == names | {"verify_draw.py", "verify_draw.html"}
    first = ev.Certificate.load(public / "certificate_villages.json")
    assert first.intact and before["draws"][-1]["village_stage"] == first.sha256
    assert (public / "certificate.json").read_bytes() == (root / "draw" / "certificate.json").read_bytes()
    assert first.sha256 in (public / "核对方法.txt").read_text(encoding="utf-8")
    village_list().to_csv(tmp_path / "名单.csv", index=False, encoding="utf-8-sig")
    rosters = pd.concat([roster(village) for village in ev.Evaluation(root).sample().villages])
    rosters.to_csv(tmp_path / "名册.csv", index=False, encoding="utf-8-sig")
    annex = ["--rosters", str(tmp_path / "名册.csv"), "--annex", str(root / "draw" / "annex.json"), "--names"]
    heads = ["village=行政村代码", "household=户编号", "stratum=户类型", "persons=人数"]
    for certificate, more in (("certificate_villages.json", []), ("certificate.json", [*annex, *heads])):
        words = [sys.executable, "-I", str(public / "verify_draw.py"), str(public / certificate), str(tmp_path / "名单.csv"), *more]
        utf8 = {**os.environ, "PYTHONUTF8": "1"}
        checked = subprocess.run(words, capture_output=True, text=True, encoding="utf-8", env=utf8, check=False)
        assert checked.returncode == 0 and "与重抽结果一致" in checked.stdout, checked.stdout + checked.stderr
    ceremony = Ceremony.load(public / "ceremony.json")
    assert ceremony.seed == first.seed and ceremony.fingerprint == before["ceremony"]
    assert say("publish", str(root)).startswith("0\n")


@pytest.mark.chromium
def test_the_published_page_draws_again_and_agrees(fresh: Callable[[str], Path], tmp_path: Path) -> None:
    root = fresh("done")
    say("publish", str(root))
    certificate = (root / "public" / "certificate_villages.json").read_text(encoding="utf-8")
    given = json.dumps({"certificate": certificate, "frame": village_list().to_csv(index=False)}, ensure_ascii=False)
    asked = f"""<script>(async () => {{
        const waiting = setInterval(() => {{}}, 1), found = await verifyFiles({given});
        document.body.innerHTML = `<pre id="told">${{found.code}} ${{found.wrong.length}} ${{found.table.length}}</pre>`;
        clearInterval(waiting);
    }})();</script></body>"""
    page = tmp_path / "page.html"
    page.write_text((root / "public" / "verify_draw.html").read_text(encoding="utf-8").replace("</body>", asked), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/user", "--virtual-time-budget=60000"]
    done = subprocess.run(["chromium", *options, "--dump-dom", page.as_uri()], capture_output=True, check=False, timeout=120)
    assert '<pre id="told">0 0 4</pre>' in done.stdout.decode(), done.stdout.decode()[-500:]


def test_no_household_is_ever_public(fresh: Callable[[str], Path]) -> None:
    root = fresh("done")
    say("publish", str(root))
    text = "\n".join(path.read_text(encoding="utf-8") for path in (root / "public").glob("*.json"))
    assert "annex" not in {path.stem for path in (root / "public").rglob("*")}
    assert not [part for part in ("张某", "11010519491231002X", "一组") if part in text]
    stage = json.loads((root / "public" / "certificate.json").read_text(encoding="utf-8"))["stages"]["household"]
    assert all(set(receipt) == {"roster", "list", "strata"} for receipt in stage["villages"].values())
    cells = [cell for receipt in stage["villages"].values() for cell in receipt["strata"].values()]
    assert cells and all("units" not in cell for cell in cells)
    assert all(not isinstance(part, str) or len(part) == 64 for cell in cells for part in cell.values())


def test_another_certificate_than_the_sealed_one_is_not_published(fresh: Callable[[str], Path]) -> None:
    root = fresh("done")
    path = root / "draw" / "certificate.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["seed"]["origin"] = "公证处"
    content["sha256"] = tickets.seal({key: part for key, part in content.items() if key not in ("made_with", "sha256")})
    path.write_text(json.dumps(content), encoding="utf-8")
    assert "不是台账最后记下的那一份凭证" in say("publish", str(root))
    assert not (root / "public" / "certificate.json").exists()


def test_a_ledger_begun_anew_publishes_nothing(fresh: Callable[[str], Path]) -> None:
    root = fresh("done")
    evaluation = ev.Evaluation(root)
    kept = evaluation.ledger.entries()
    (root / "ledger.sqlite").unlink()
    other = ev.Evaluation(root)
    for entry in kept:
        if entry.step != "announce":
            other.ledger.append(entry.step, entry.subject, entry.detail)
    assert "台账被换过或截短" in say("publish", str(root))
    edited(root / "public" / "hashes.json", lambda data: data.pop("ledger"))
    assert "读不懂" in say("publish", str(root))
    assert not (root / "public" / "certificate.json").exists()


def test_a_draw_that_the_ledger_forgot_is_not_opened(fresh: Callable[[str], Path]) -> None:
    root = fresh("done")
    (root / "ledger.sqlite").unlink()
    (root / "public" / "hashes.json").unlink()
    assert "台账没有记下这次抽样" in say("publish", str(root))
    assert "台账没有记下这次抽样" in opened(root, ev.Evaluation(root).sample().villages[0])


# -- every draw, for ever ----------------------------------------------------------------------------------------------


def test_the_log_and_the_public_hashes_tell_of_every_draw(fresh: Callable[[str], Path]) -> None:
    root = fresh("listed")
    village = ev.Evaluation(root).sample().villages[0]
    opened(root, village)
    entries = ev.Evaluation(root).ledger.entries()
    assert drawn_again(root).startswith("0\n")
    evaluation = ev.Evaluation(root)
    assert evaluation.ledger.entries()[: len(entries)] == entries  # ceremony, release, first draw: all still there
    assert evaluation.ledger.check() is None
    lines = say("log", str(root)).splitlines()[2:]
    words = ["公告指纹", "承诺", "承诺", "公开秘密数", "公开秘密数", "抽样", "公布指纹", "抽户", "发放名单", "抽样"]
    assert [line.split()[1] for line in lines] == words and "名单有误" in lines[-1]
    say("publish", str(root))
    draws = json.loads((root / "public" / "hashes.json").read_text(encoding="utf-8"))["draws"]
    assert [one["reason"] for one in draws] == ["", "名单有误"] and len({one["village_stage"] for one in draws}) == 2


def test_a_redraw_sets_all_papers_aside_together(fresh: Callable[[str], Path]) -> None:
    root = fresh("listed")
    record = (root / "draw" / "ceremony.json").read_bytes()
    village = ev.Evaluation(root).sample().villages[0]
    assert drawn_again(root).startswith("0\n")  # no lists, nothing released yet
    assert {path.name for path in root.glob("*-旧*")} == {"draw-旧1", "rosters-旧1"}
    for village in ev.Evaluation(root).sample().villages:
        write_book(root / "rosters" / f"{village}.xlsx", {"名册": Page("", roster(village))})
    say("rosters", str(root))
    say("lists", str(root))
    opened(root, village)
    assert say("draw", str(root), "--reason", "骰子找到").startswith("0\n")
    assert {path.name for path in root.glob("*-旧2")} == {"draw-旧2", "rosters-旧2", "lists-旧2", "released-旧2"}
    assert not list((root / "released").glob("*")) and (root / "draw" / "ceremony.json").read_bytes() == record
    assert ev.Certificate.load(root / "draw" / "certificate.json").seed_origin.startswith("公开仪式：")


def test_a_release_belongs_to_its_draw(fresh: Callable[[str], Path]) -> None:
    """Back at the first seed the same list of the same village is released again, and noted again."""
    root = fresh("listed")
    village = ev.Evaluation(root).sample().villages[0]
    opened(root, village)
    drawn_again(root)
    assert say("draw", str(root), "--reason", "改回").startswith("0\n")
    write_book(root / "rosters" / f"{village}.xlsx", {"名册": Page("", roster(village))})
    say("rosters", str(root))
    assert "尚未发放 7 个村" in opened(root, village, team="二组")
    assert len(ev.Evaluation(root).ledger.entries("release")) == 2


# -- cut off in the middle ---------------------------------------------------------------------------------------------


class PowerCut(ev.EvalkitError):
    """The machine stops."""


def cut_off(monkeypatch: pytest.MonkeyPatch, name: str, step: Callable[[], str], after: int = 0) -> str:
    """Stop a step when it writes for the first time (or after some writes), then repeat it."""
    left = [after]
    true = write_bytes

    def broken(*words: Any) -> Any:
        if left[0] == 0:
            raise PowerCut("断电")
        left[0] -= 1
        return true(*words)

    with monkeypatch.context() as power:
        power.setattr(name, broken)
        assert "断电" in step()
    return step()


def test_a_ceremony_cut_off_between_ledger_and_record_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = laid_out(tmp_path / "断电")
    acts: list[Callable[[], str]] = [partial(say, "ceremony", "announce", str(root))]
    acts += [partial(act, root, party) for act in (promise, tell) for party in PARTIES]
    for party in PARTIES:
        say("ceremony", "secret", str(tmp_path / f"断电-{party}.json"), "--party", party)
    for number, step in enumerate(acts, 1):
        for place in ("evalkit.ceremony.write_bytes", "evalkit.evaluation.opening.write_bytes"):
            assert cut_off(monkeypatch, place, step).startswith("0\n")
        assert len(ev.Evaluation(root).ledger.entries()) == number
    assert say("ceremony", "announce", str(root), "--reason", "重来").startswith("0\n")
    assert "抽取 8 个" not in say("draw", str(root))


def test_another_step_than_the_one_cut_off_is_refused(fresh: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    root = fresh("announced")
    promise(root, "县扶贫办")
    say("ceremony", "secret", str(root.parent / f"{root.name}-评估组.json"), "--party", "评估组")
    with monkeypatch.context() as power:
        power.setattr("evalkit.ceremony.write_bytes", lambda *_: (_ for _ in ()).throw(PowerCut("断电")))
        assert "断电" in promise(root, "评估组")
    assert "上一步中断过" in promise(root, "村民代表")
    assert promise(root, "评估组").startswith("0\n") and promise(root, "村民代表").startswith("0\n")


@pytest.mark.parametrize("after", range(4))
def test_a_release_and_a_publication_cut_off_are_finished_by_their_repetition(
    after: int, done: Path, fresh: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = fresh("done")
    one, two = ev.Evaluation(root).sample().villages[:2]
    if after < 2:
        assert cut_off(monkeypatch, "evalkit.evaluation.folder.write_bytes", lambda: opened(root, one, two), after).startswith("0\n")
        assert len(list((root / "released").rglob("*.xlsx"))) == len(ev.Evaluation(root).ledger.entries("release")) == 2
    head = json.loads((done / "public" / "hashes.json").read_text(encoding="utf-8"))["ledger"]
    if after < 3:
        assert cut_off(monkeypatch, "evalkit.evaluation.opening.write_bytes", lambda: say("publish", str(root)), after).startswith("0\n")
    else:
        assert cut_off(monkeypatch, "evalkit.certificate.write_bytes", lambda: say("publish", str(root)), 1).startswith("0\n")
    assert len(ev.Evaluation(root).ledger.entries("publish")) == 1 and len(list((root / "public").iterdir())) == 8
    assert head in [entry.hash for entry in ev.Evaluation(root).ledger.entries()]
    assert not [path for path in root.rglob("*") if path.suffix in (".part", ".tmp")]


def test_a_redraw_cut_off_while_papers_are_set_aside_keeps_one_number(
    fresh: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = fresh("listed")
    say("lists", str(root))
    opened(root, ev.Evaluation(root).sample().villages[0])
    true = Path.rename

    def broken(self: Path, target: Path) -> Path:
        if self.name == "rosters":
            raise PowerCut("断电")
        return true(self, target)

    with monkeypatch.context() as power:
        power.setattr(Path, "rename", broken)
        assert "断电" in drawn_again(root)
    assert drawn_again(root).startswith("0\n")
    assert {path.name for path in root.glob("*-旧*")} == {"draw-旧1", "rosters-旧1", "lists-旧1", "released-旧1"}


def test_the_ceremony_of_a_specimen_goes_with_its_ledger(tmp_path: Path) -> None:
    """What `run` takes over of a folder that it replaces: the record and the entries that tell of it."""
    root = laid_out(tmp_path / "旧")
    by_commitments(root)
    new = Folder(tmp_path / "新")
    specimen._keep_ceremony(Folder(root), new)
    assert new.ceremony() == Folder(root).ceremony()
    assert [entry.step for entry in Ledger(new.ledger).entries()] == [entry.step for entry in ev.Evaluation(root).ledger.entries()]


def test_two_origins_of_a_seed_are_one_too_many(fresh: Callable[[str], Path]) -> None:
    root = fresh("listed")
    (root / "draw" / "ceremony.toml").write_text(f'seed = "{OTHER}"\nhow = "掷骰"\n', encoding="utf-8")
    with pytest.raises(ev.EvalkitError, match="种子有两个来历"):
        Folder(root).ceremony()
    assert "种子有两个来历" in say("draw", str(root))


def test_the_ledger_of_no_folder_is_none(tmp_path: Path) -> None:
    assert say("log", str(tmp_path / "无")).startswith("1\n") and "没有这个文件夹" in say("log", str(tmp_path / "无"))
    assert not (tmp_path / "无").exists()


def test_rounds_that_arrive_after_a_draw_make_another_draw(tmp_path: Path) -> None:
    """What `earlier/` holds decides a draw: added later, it is a change like that of the list, and needs a reason."""
    root = laid_out(tmp_path / "某县")
    assert "抽取 8 个" in say("draw", str(root), "--seed", OTHER)
    first = json.loads((root / "draw" / "certificate.json").read_text(encoding="utf-8"))
    design = (root / "design.toml").read_text(encoding="utf-8").replace('name = "village"\n', 'name = "village"\nrepeat = "never"\n', 1)
    other = tmp_path / "third"
    shutil.copytree(root / "frame", other / "frame")
    (other / "design.toml").write_text(design, encoding="utf-8")
    assert "以前各轮的凭证 0 份" in say("draw", str(other), "--seed", OTHER)
    (other / "earlier").mkdir()
    (other / "earlier" / "2017.json").write_text(json.dumps(first), encoding="utf-8")
    assert "加 --reason 说明理由" in say("draw", str(other), "--seed", OTHER)
    assert "以前各轮的凭证 1 份" in say("draw", str(other), "--seed", OTHER, "--reason", "补入上一轮")
    drawn = {unit["id"] for cell in first["stages"]["village"]["strata"].values() for unit in cell["units"]}
    assert not drawn & set(ev.Evaluation(other).sample().villages) and say("verify", str(other)).startswith("0\n")


def test_lists_are_written_anew_for_later_villages_and_filled_ones_are_kept(tmp_path: Path) -> None:
    root = laid_out(tmp_path / "某县")
    assert "抽取 8 个" in say("draw", str(root), "--seed", OTHER)
    villages = ev.Evaluation(root).sample().villages
    for village in villages:
        write_book(root / "rosters" / f"{village}.xlsx", {"名册": Page("", roster(village))})
        assert say("rosters", str(root)).startswith("0\n")
        assert "保持原样" not in say("lists", str(root))
    form = pd.read_excel(root / "lists" / "回收表（待填）.xlsx", dtype=str)
    assert form.astype(str).apply(lambda column: column.str.contains("|".join(villages)).any()).any()
    assert sum(village in form.to_string() for village in villages) == len(villages)
    book = next((root / "lists").glob(f"{villages[0]}*.xlsx"))
    write_bytes(book, book.read_bytes() + b"filled")
    assert "1 份已填写，保持原样" in say("lists", str(root)) and book.read_bytes().endswith(b"filled")
