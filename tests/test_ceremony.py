"""The ceremony: its order, its record that nobody can edit, and a seed that hangs on everything in it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalkit.ceremony import Ceremony, commitment, new_secret, read_secret
from evalkit.errors import CeremonyError

FRAME, DESIGN = "f" * 64, "d" * 64
DIGITS = "31415926535897932384"
SECRETS = {"县扶贫办": ("3" * 32, "a" * 32), "评估组": ("5" * 32, "b" * 32), "村民代表": ("7" * 32, "c" * 32)}


def begun(*parties: str) -> Ceremony:
    """A ceremony with the commitments of some parties."""
    ceremony = Ceremony(FRAME, DESIGN)
    for party in parties:
        ceremony = ceremony.commit(party, commitment(party, *SECRETS[party]))
    return ceremony


def finished(*parties: str, dice: str = "") -> Ceremony:
    """A ceremony with all its secrets revealed."""
    ceremony = begun(*parties)
    ceremony = ceremony.throw(dice, ["县扶贫办", "评估组"]) if dice else ceremony
    for party in parties:
        ceremony = ceremony.reveal(party, *SECRETS[party])
    return ceremony


WHOLE = finished(*SECRETS)
MIXED = finished("评估组", dice=DIGITS)
DICE = finished(dice=DIGITS)


# -- the order of steps ------------------------------------------------------------------------------------------------


def test_nobody_reveals_before_two_have_committed() -> None:
    for ceremony in (begun(), begun("评估组")):
        with pytest.raises(CeremonyError, match=r"至少 2 方承诺，或一方承诺并已掷骰"):
            ceremony.reveal("评估组", *SECRETS["评估组"])


def test_nobody_commits_or_throws_after_the_first_has_revealed() -> None:
    started = begun("县扶贫办", "评估组").reveal("评估组", *SECRETS["评估组"])
    with pytest.raises(CeremonyError, match="不再接受承诺"):
        started.commit("村民代表", "0" * 64)
    with pytest.raises(CeremonyError, match="不能再掷骰"):
        started.throw(DIGITS, ["甲", "乙"])
    with pytest.raises(CeremonyError, match="不再接受承诺"):
        DICE.commit("村民代表", "0" * 64)


def test_a_seed_needs_everybody_who_committed() -> None:
    with pytest.raises(CeremonyError, match="至少 2 方承诺，现有 0 方"):
        _ = begun().seed
    with pytest.raises(CeremonyError, match="至少 2 方承诺，现有 1 方"):
        _ = replace(begun("评估组"), revealed={"评估组": SECRETS["评估组"]}).seed
    with pytest.raises(CeremonyError, match="还差 县扶贫办、评估组 公开"):
        _ = begun("县扶贫办", "评估组").seed
    with pytest.raises(CeremonyError, match="还差 评估组 公开"):
        _ = begun("评估组").throw(DIGITS, ["甲", "乙"]).seed


def test_a_promise_is_not_changed_nor_broken() -> None:
    ceremony = begun("县扶贫办", "评估组")
    assert ceremony.commit("评估组", ceremony.commitments["评估组"].upper()).record == ceremony.record
    with pytest.raises(CeremonyError, match="评估组 已经承诺过另一个指纹"):
        ceremony.commit("评估组", "0" * 64)
    with pytest.raises(CeremonyError, match="村民代表 没有承诺过"):
        ceremony.reveal("村民代表", *SECRETS["村民代表"])
    with pytest.raises(CeremonyError, match="与它的承诺不符"):
        ceremony.reveal("评估组", *SECRETS["县扶贫办"])


def test_a_commitment_copied_from_another_party_is_refused() -> None:
    with pytest.raises(CeremonyError, match="与另一方的相同"):
        begun("县扶贫办").commit("评估组", commitment("县扶贫办", *SECRETS["县扶贫办"]))


@pytest.mark.parametrize("promised", ["", "0" * 63, "g" * 64, "０" * 64])
def test_a_commitment_is_a_hash(promised: str) -> None:
    with pytest.raises(CeremonyError, match="应为 64 位十六进制"):
        begun().commit("评估组", promised)


@pytest.mark.parametrize("party", ["", "  ", "甲|乙", "甲\n乙", "甲\ud800", "甲\u200b乙", "甲" * 61])
def test_a_party_has_a_name(party: str) -> None:
    with pytest.raises(CeremonyError, match="名称不能为空"):
        begun().commit(party, "0" * 64)


def test_a_party_is_not_named_by_an_identity_number() -> None:
    with pytest.raises(CeremonyError, match="名称是身份证号") as found:
        begun().commit("11010519491231002X", "0" * 64)
    assert "1949" not in str(found.value)


@pytest.mark.parametrize(("secret", "salt"), [("", "a"), ("a", " "), ("a|b", "c"), ("a", "b\ud800"), ("a\nb", "c")])
def test_a_secret_is_one_line_without_bars(secret: str, salt: str) -> None:
    with pytest.raises(CeremonyError, match="都不能为空"):
        commitment("评估组", secret, salt)


def test_one_name_in_two_spellings_is_one_party() -> None:
    composed, apart = "Caf\u00e9", "Cafe\u0301"
    ceremony = begun().commit(composed, commitment(composed, "1", "2"))
    assert ceremony.commit(f" {apart} ", commitment(apart, "1", "2")).record == ceremony.record


# -- the seed ----------------------------------------------------------------------------------------------------------


def test_the_seed_is_the_hash_of_the_record_and_anyone_can_make_it() -> None:
    text = json.dumps(WHOLE.record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert WHOLE.seed == str(int(hashlib.sha256(text.encode()).hexdigest(), 16)).rjust(78, "0")
    assert len(WHOLE.seed) == 78 and WHOLE.seed.isdigit()


@given(st.permutations(list(SECRETS)), st.permutations(list(SECRETS)))
def test_no_order_of_commitments_or_secrets_changes_the_seed(first: list[str], second: list[str]) -> None:
    ceremony = begun(*first)
    for party in second:
        assert not ceremony.complete
        ceremony = ceremony.reveal(party, *SECRETS[party])
    assert ceremony.seed == WHOLE.seed


@given(st.sampled_from(sorted(SECRETS)), st.sampled_from([0, 1]), st.text("0123456789abcdef", min_size=1, max_size=32))
def test_every_secret_and_every_salt_counts(party: str, which: int, other: str) -> None:
    changed = list(SECRETS[party])
    changed[which] = other
    ceremony = Ceremony(FRAME, DESIGN)
    everyone = SECRETS | {party: (changed[0], changed[1])}
    for name, pair in everyone.items():
        ceremony = ceremony.commit(name, commitment(name, *pair))
    for name, pair in everyone.items():
        ceremony = ceremony.reveal(name, *pair)
    assert (ceremony.seed == WHOLE.seed) == (everyone == SECRETS)


@pytest.mark.parametrize("change", [{"frame": "e" * 64}, {"design": "e" * 64}, {"earlier": "e" * 64}, {"attempt": 2}, {"reason": "重来"}])
@pytest.mark.parametrize("ceremony", [WHOLE, MIXED], ids=["commitments", "with dice"])
def test_what_was_announced_counts(ceremony: Ceremony, change: dict[str, Any]) -> None:
    assert replace(ceremony, **change).seed != ceremony.seed


def test_a_party_more_or_less_counts() -> None:
    assert len({finished("县扶贫办", "评估组").seed, WHOLE.seed, MIXED.seed, DICE.seed}) == 4


# -- dice --------------------------------------------------------------------------------------------------------------


def test_dice_alone_are_the_seed_and_the_witnesses_are_named() -> None:
    assert begun().throw("31415 92653 58979 32384", ["县扶贫办", "评估组"]).seed == DIGITS == DICE.seed
    assert "十面骰子 20 次，见证：县扶贫办、评估组" in DICE.how


def test_dice_after_a_commitment_do_not_give_the_seed_away() -> None:
    thrown = begun("评估组").throw(DIGITS, ["县扶贫办", "村民代表"])
    assert not thrown.complete and thrown.missing == ("评估组",)
    assert DIGITS not in MIXED.seed and "评估组 1 方先承诺、后公开，十面骰子 20 次" in MIXED.how
    assert finished("评估组", dice=DIGITS[:-1] + "5").seed != MIXED.seed


@pytest.mark.parametrize("digits", ["", "1" * 19, "3141592653589793238x", "３１４１５９２６５３５８９７９３２３８４"])
def test_twenty_digits(digits: str) -> None:
    with pytest.raises(CeremonyError, match=f"应为至少 20 位数字，现有 {len(digits)} 个字符"):
        begun().throw(digits, ["甲", "乙"])


@pytest.mark.parametrize("witnesses", [[], ["甲"], ["甲", " 甲 "]])
def test_two_witnesses(witnesses: list[str]) -> None:
    with pytest.raises(CeremonyError, match="至少 2 方见证"):
        begun().throw(DIGITS, witnesses)


def test_dice_are_thrown_once_and_all_faults_are_told() -> None:
    assert DICE.throw(DIGITS, ["县扶贫办", "评估组"]).record == DICE.record
    with pytest.raises(CeremonyError, match="已经掷过，数字不同"):
        DICE.throw(DIGITS[::-1], ["县扶贫办", "评估组"])
    with pytest.raises(CeremonyError, match=r"(?s)20 位数字.*至少 2 方见证"):
        begun().throw("1", [])


# -- the record --------------------------------------------------------------------------------------------------------

PLACES = [
    (name, *path)
    for name, ceremony in (("whole", WHOLE), ("mixed", MIXED), ("dice", DICE))
    for path in [
        *((key,) for key in [*ceremony.record, "sha256"]),
        *(("commitments", party) for party in ceremony.commitments),
        *(("revealed", party, i) for party in ceremony.revealed for i in (0, 1)),
        *(("witnesses", i) for i in range(len(ceremony.witnesses))),
    ]
]
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 3), st.text(max_size=70), st.just("0" * 64), st.just(DIGITS[::-1]), st.just(1.0),
    st.just([]), st.just({}), st.just({"甲": ["1", "2"]}),
)  # fmt: skip


@pytest.mark.parametrize("ceremony", [begun(), begun("评估组"), WHOLE, MIXED, DICE], ids=["begun", "one", "whole", "mixed", "dice"])
def test_a_record_is_read_as_it_was_written(ceremony: Ceremony, tmp_path: Path) -> None:
    path = ceremony.save(tmp_path / "ceremony.json")
    assert Ceremony.load(path).record == ceremony.record
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert Ceremony.load(path).fingerprint == ceremony.fingerprint


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(place=st.sampled_from(PLACES), value=VALUES)
def test_no_field_can_be_changed(place: tuple[Any, ...], value: Any, tmp_path: Path) -> None:
    ceremony = {"whole": WHOLE, "mixed": MIXED, "dice": DICE}[place[0]]
    data = json.loads(ceremony.save(tmp_path / "a.json").read_text(encoding="utf-8"))
    part = data
    for key in place[1:-1]:
        part = part[key]
    if json.dumps(part[place[-1]]) == json.dumps(value):
        return
    part[place[-1]] = value
    for sealed_anew in (False, True):
        if sealed_anew and place[-1] != "sha256":
            content = {key: value for key, value in data.items() if key != "sha256"}
            text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            data["sha256"] = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        (tmp_path / "b.json").write_text(json.dumps(data), encoding="utf-8")
        try:
            other = Ceremony.load(tmp_path / "b.json")
        except CeremonyError:
            continue
        assert sealed_anew and other.fingerprint != ceremony.fingerprint  # consistent in itself: only the ledger knows better
        assert not other.complete or other.seed != ceremony.seed or not ceremony.commitments


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_every_key_is_needed_and_none_stands_twice_or_besides(path: tuple[Any, ...], tmp_path: Path) -> None:
    ceremony = {"whole": WHOLE, "mixed": MIXED, "dice": DICE}[path[0]]
    file = ceremony.save(tmp_path / "a.json")
    data = json.loads(file.read_text(encoding="utf-8"))
    if len(path) == 2:
        file.write_text(json.dumps({key: part for key, part in data.items() if key != path[1]}), encoding="utf-8")
        with pytest.raises(CeremonyError, match=rf"a\.json｜缺少 {path[1]}"):
            Ceremony.load(file)
        twice = f'{{"{path[1]}": {json.dumps(data[path[1]])}, {json.dumps(data)[1:]}'
        file.write_text(twice, encoding="utf-8")
        with pytest.raises(CeremonyError, match="读不懂"):
            Ceremony.load(file)
    file.write_text(json.dumps(data | {"备注": 1}), encoding="utf-8")
    with pytest.raises(CeremonyError, match="不是抽签仪式的记录"):
        Ceremony.load(file)


@pytest.mark.parametrize("content", [b"", b"[]", b"5", b"{", b"\xff\xfe", b"[" * 100000])
def test_a_file_that_is_no_record(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(CeremonyError, match=r"a\.json｜(读不懂|缺少)"):
        Ceremony.load(tmp_path / "a.json")
    with pytest.raises(CeremonyError, match="没有这个文件"):
        Ceremony.load(tmp_path / "b.json")


def test_what_everybody_may_see_holds_no_secret_and_no_digit_thrown() -> None:
    for ceremony in (WHOLE, MIXED, DICE):
        text = json.dumps(ceremony.announcement)
        hidden = [part for pair in ceremony.revealed.values() for part in pair] + [ceremony.dice or ceremony.seed, ceremony.seed]
        assert not [part for part in hidden if part in text]
        assert set(ceremony.announcement["commitments"]) == set(ceremony.commitments)


def test_another_frame_design_or_earlier_round_is_named() -> None:
    frame: Any = SimpleNamespace(fingerprint=FRAME)
    design: Any = SimpleNamespace(hash=DESIGN)
    wrong: Any
    ceremony = Ceremony.announce(frame, design)
    ceremony.refuse_other(frame, design)
    for wrong, says in (
        ((SimpleNamespace(fingerprint="e" * 64), design), "名单：公告 ffffffffffff，现为 eeeeeeeeeeee"),
        ((frame, SimpleNamespace(hash="e" * 64)), "设计：公告 dddddddddddd，现为 eeeeeeeeeeee"),
        ((frame, design, "e" * 64), "以前各轮：公告 无，现为 eeeeeeeeeeee"),
    ):
        with pytest.raises(CeremonyError, match=says):
            ceremony.refuse_other(*wrong)


def test_a_second_ceremony_says_so_in_the_origin_of_its_seed() -> None:
    assert replace(WHOLE, attempt=3, reason="乙方拒绝公开").how.startswith("第 3 次仪式，另开的理由：乙方拒绝公开，")
    assert "次仪式" not in WHOLE.how and WHOLE.how.endswith(f"记录指纹 {WHOLE.fingerprint[:16]}")


# -- the secret of a party ---------------------------------------------------------------------------------------------


def test_two_secrets_are_never_the_same_and_fit_their_commitment(tmp_path: Path) -> None:
    made = [new_secret("评估组") for _ in range(50)]
    assert len({part for one in made for part in (one["secret"], one["salt"], one["commitment"])}) == 150
    assert all(commitment("评估组", one["secret"], one["salt"]) == one["commitment"] and len(one["secret"]) == 32 for one in made)
    (tmp_path / "a.json").write_text(json.dumps(made[0]), encoding="utf-8")
    assert read_secret(tmp_path / "a.json") == ("评估组", made[0]["secret"], made[0]["salt"])


@pytest.mark.parametrize("content", ['{"party": "甲", "secret": "1"}', '{"party": "甲", "secret": 1, "salt": "2"}', "[]", "{"])
def test_a_file_that_is_no_secret(content: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(content, encoding="utf-8")
    with pytest.raises(CeremonyError, match=r"a\.json｜(缺少|不是秘密文件|读不懂)"):
        read_secret(tmp_path / "a.json")
