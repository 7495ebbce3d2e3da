"""Certificates: one content one file, a hash that anyone can recompute, and files that are none."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

import evalkit as ev
from evalkit.certificate import Certificate, read_annex
from evalkit.errors import CertificateError
from evalkit.tickets import digest
from tests.draws import SEED, biyang, design, rosters


@pytest.fixture(scope="module")
def sample() -> ev.Sample:
    first = ev.draw(biyang(), design(), seed=SEED, seed_origin="ceremony: 骰子")
    return ev.draw_next(first, rosters(first.villages[:3]))


def test_the_public_file(sample: ev.Sample, tmp_path: Path) -> None:
    path = sample.certificate.save(tmp_path / "draw 抽样" / "certificate.json")
    data = json.loads(path.read_text(encoding="utf-8"))
    assert sorted(data) == ["design", "format", "frame", "made_with", "seed", "sha256", "stages"]
    assert data["seed"] == {"value": SEED, "origin": "ceremony: 骰子"} and data["design"]["plan"] == design().plan()
    assert len(data["frame"]["strata"]) == len(data["stages"]["village"]["strata"]) == 22
    town = data["stages"]["village"]["strata"]["411726001"]
    assert town["n"] == len(town["units"]) == 2 and town["cutoff"] == town["units"][-1]["digest"]
    assert town["units"][0]["digest"] == digest(SEED, "village", town["units"][0]["id"]).hex()
    village = data["stages"]["household"]["villages"][sample.villages[0]]
    assert village["strata"]["脱贫户"] | {"cutoff": ""} == {"N": 40, "n": 28, "quota": 28, "reserves": 8, "cutoff": ""}
    assert "户主" not in path.read_text(encoding="utf-8") and max(map(len, path.read_text(encoding="utf-8").splitlines())) < 120


def test_the_hash_is_that_of_the_canonical_content(sample: ev.Sample) -> None:
    content = {key: part for key, part in sample.certificate.data.items() if key not in ("made_with", "sha256")}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert sample.certificate.sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_saved_loaded_and_saved_again_is_the_same_file(sample: ev.Sample, tmp_path: Path) -> None:
    first = sample.certificate.save(tmp_path / "a.json")
    loaded = Certificate.load(first)
    assert loaded.save(tmp_path / "b.json").read_bytes() == first.read_bytes()
    assert loaded.intact and loaded.stages == ("village", "household") and loaded.seed == SEED
    assert loaded.rosters == sample.certificate.rosters and len(loaded.rosters) == 3


def test_the_annex_lists_households_and_names_its_certificate(sample: ev.Sample, tmp_path: Path) -> None:
    annex = json.loads(sample.certificate.save_annex(tmp_path / "annex.json").read_text(encoding="utf-8"))
    assert annex["certificate"] == sample.certificate.sha256
    listed = annex["villages"][sample.villages[0]]
    drawn = sample.table("household").query("village == @sample.villages[0]")
    assert [row["household"] for row in listed] == drawn["household"].tolist()
    assert [(row["role"], row["order"]) for row in listed] == list(zip(drawn["role"], drawn["order"], strict=True))
    assert listed[0]["digest"] == digest(SEED, "household", f"{sample.villages[0]}/{listed[0]['household']}").hex()


def test_a_public_file_has_no_annex(sample: ev.Sample, tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match="没有农户清单"):
        Certificate.load(sample.certificate.save(tmp_path / "a.json")).annex()


def test_data_handed_out_is_a_copy(sample: ev.Sample) -> None:
    before = sample.certificate.sha256
    sample.certificate.data["stages"].clear()
    sample.certificate.plan["stage"].clear()
    assert sample.certificate.computed == before


def test_an_edited_field_breaks_the_seal(sample: ev.Sample, tmp_path: Path) -> None:
    path = sample.certificate.save(tmp_path / "a.json")
    path.write_text(path.read_text(encoding="utf-8").replace("骰子", "摇号"), encoding="utf-8")
    assert not Certificate.load(path).intact and "自身指纹不符" in repr(Certificate.load(path))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b'{\n "a": 1,\n "b" 2}', "第 3 行第 6 列"),
        (b'{"a": "\xff"}', "第 8 个字节"),
        (b"[]", "不是抽样"),
        (b"{}", "缺少 format、frame"),
        (b'{"format": 9, "frame": {}, "design": {}, "seed": {}, "stages": {}, "sha256": ""}', "format = 9"),
        (b'{"format": 2, "frame": [], "design": {}, "seed": {}, "stages": {}, "sha256": ""}', "frame 的内容"),
        (b'{"format": 2, "frame": {"fingerprint": ""}, "design": {}, "seed": {}, "stages": {}, "sha256": ""}', "缺少 seed.value"),
    ],
)
def test_files_that_are_no_certificates(tmp_path: Path, text: bytes, says: str) -> None:
    (tmp_path / "证 书.json").write_bytes(text)
    with pytest.raises(CertificateError, match=says):
        Certificate.load(tmp_path / "证 书.json")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match="没有这个文件"):
        Certificate.load(tmp_path / "none.json")


def test_what_is_handed_out_or_in_cannot_change_it(sample: ev.Sample) -> None:
    given = sample.certificate.content
    certificate = Certificate(given, {"v": [{"household": "1"}]})
    before = certificate.sha256
    given["seed"]["value"] = "1"
    certificate.content["stages"].clear()
    assert certificate.households is not None
    certificate.households["v"].clear()
    assert certificate.sha256 == certificate.computed == before and certificate.annex()["villages"] == {"v": [{"household": "1"}]}


def _text(sample: ev.Sample, old: str, new: str) -> str:
    text = json.dumps(sample.certificate.data, ensure_ascii=False)
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"format": 2', '"format": 2, "format": 2', "键 'format' 写了两次"),
        ('"seed": {', '"seed": {"value": "999", ', "键 'value' 写了两次"),
        ('"format": 2', '"format": true', "format = True"),
        ('"format": 2', '"format": 2.0', r"format = 2\.0"),
        ('"format": 2', f'"format": {"9" * 5000}', "有 5000 位"),
        ('"format": 2', '"format": 2, "x": NaN', "NaN 不是有限的数"),
        ('"format": 2', '"format": 2, "x": -Infinity', "-Infinity 不是有限的数"),
        ('"format": 2', '"format": 2, "x": 1e999', "1e999 不是有限的数"),
        ('"format": 2', f'"format": 2, "x": {"[" * 100000}', "嵌套过深"),
        ('"format": 2', f'"format": 2, "x": {"[" * 200}{"]" * 200}', "嵌套过深"),
        ('"format": 2', '"format": 2, "x": "\\ud800"', "半个字符"),
        (f'"value": "{SEED}"', '"value": 5', r"seed\.value 的内容"),
        ('"origin": "ceremony: 骰子"', '"origin": null', r"seed\.origin 的内容"),
        ('"units": 355', '"units": true', r"frame\.units 的内容"),
    ],
)
def test_files_that_json_alone_would_let_through(sample: ev.Sample, tmp_path: Path, old: str, new: str, says: str) -> None:
    (tmp_path / "a.json").write_text(_text(sample, old, new), encoding="utf-8")
    with pytest.raises(CertificateError, match=says):
        Certificate.load(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("stages", "says"),
    [
        ([], "stages 的内容"),
        ({"village": []}, r"stages\.village 的内容"),
        ({"village": "x"}, r"stages\.village 的内容"),
        ({"village": {"strata": []}}, r"stages\.village\.strata 的内容"),
        ({"village": {"strata": {"甲": 5}}}, r"stages\.village\.strata\.甲 的内容"),
        ({"household": {"villages": ["x"]}}, r"stages\.household\.villages 的内容"),
        ({"household": {"villages": {"01": None}}}, r"villages\.01 的内容"),
        ({"household": {"villages": {"01": {}}}}, r"缺少 stages\.household\.villages\.01\.roster"),
    ],
)
def test_stages_of_a_wrong_shape(sample: ev.Sample, tmp_path: Path, stages: object, says: str) -> None:
    (tmp_path / "a.json").write_text(json.dumps({**sample.certificate.data, "stages": stages}, ensure_ascii=False), encoding="utf-8")
    with pytest.raises(CertificateError, match=says):
        Certificate.load(tmp_path / "a.json")


def test_properties_of_a_made_up_certificate_refuse_in_their_own_words() -> None:
    certificate = Certificate({"design": {"plan": {"stage": ["x"]}}, "stages": {"a": {"villages": {"01": {}}}}, "seed": []})
    for name, says in (("stages", r"design\.plan\.stage"), ("rosters", r"01\.roster"), ("seed", "seed 的内容"), ("fingerprint", "frame")):
        with pytest.raises(CertificateError, match=says):
            getattr(certificate, name)
    for content in ({"x": float("nan")}, {"x": object()}, {"x": "\ud800"}):
        with pytest.raises(CertificateError, match="不能写成 JSON"):
            Certificate(content)


@pytest.mark.parametrize("path", [None, 5, "a\0b", ".", "/"])
def test_paths_that_are_no_files(path: Any) -> None:
    with pytest.raises(CertificateError, match="路径"):
        Certificate.load(path)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({}, "缺少 format、certificate、villages、sha256"),
        ({"format": 2, "certificate": 5, "villages": {}, "sha256": ""}, "certificate 的内容"),
        ({"format": 2, "certificate": "", "villages": {"01": {}}, "sha256": ""}, r"villages\.01 的内容"),
        ({"format": 2, "certificate": "", "villages": {"01": ["x"]}, "sha256": ""}, r"villages\.01 的内容"),
    ],
)
def test_files_that_are_no_annexes(tmp_path: Path, data: object, says: str) -> None:
    (tmp_path / "annex.json").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(CertificateError, match=says):
        read_annex(tmp_path / "annex.json")
