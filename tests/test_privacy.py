"""Nothing personal comes out: kinds, keys, what is left behind at intake, the search of outputs, and ten thousand canaries."""

from __future__ import annotations

import os
import re
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pandas as pd
import pypdf
import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st

import evalkit as ev
from evalkit.codes import is_identity, mask_identity, mask_name
from evalkit.errors import PrivacyError
from evalkit.evaluation import secrecy
from evalkit.privacy import Key, kind_of, masked, people_in, personal, read_key, scan, shed
from evalkit.privacy.kinds import personal_cells
from evalkit.sheets import Page, write_book, write_bytes, write_csv
from tests.test_evaluation import SEED, returned, roster, say, village_list

KEY = Key(bytes(range(32)))
PERSON = "11010519491231002X"
WEIGHTS, CHECKS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), "10X98765432"


def identity(i: int) -> str:
    """The i-th of a row of sound identity numbers."""
    body = f"411726{1940 + i % 60}{1 + i % 12:02d}{1 + i % 28:02d}{i % 1000:03d}"
    return body + CHECKS[sum(w * int(d) for w, d in zip(WEIGHTS, body, strict=True)) % 11]


# -- kinds ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("户主", "name"), ("姓名", "name"), ("与户主关系", ""), ("身份证号码", "identity"), ("残疾证号", "identity"),
        ("户联系电话", "phone"),
        ("来自IP", "ip"), ("SHIP", ""), ("健康状况", "health"), ("开户银行", "bank"), ("经度", "gps"), ("_gps_latitude", "gps"),
        ("家庭住址", "address"), ("人均纯收入", ""), ("户编号", ""), ("行政村", ""),
        ("违规违纪线索", "clue"), ("涉及人员", "accused"), ("线索编号", ""),
    ],
)  # fmt: skip
def test_headings_tell_their_kind(heading: str, kind: str) -> None:
    assert kind_of(heading) == kind


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (f"证件{PERSON}。", {"identity"}), (f"{PERSON}42", {"identity"}), (f"{PERSON}42B1", {"identity"}), (f"{PERSON}99", {"identity"}),
        ("440524188001010014", {"identity"}),
        ("110105491231002", {"identity"}),
        ("110105194912310021", set()), ("411726101201", set()), ("13900001111", {"phone"}), ("+8613900001111", {"phone"}),
        ("0.13900001111", set()),
        ("a13900001111", set()), ("053becdcf43b13900001111", set()), ("6222021234567890128", {"bank"}), ("6222021234567890123", set()),
        ("1101 0519 4912 31002X", {"identity"}), ("１１０１０５１９４９１２３１００２Ｘ", {"identity"}), ("139-0000-1111", {"phone"}),
        ("192.168.1.30", {"ip"}), ("2.10.0.1", set()), ("2018-11-10 09:30", set()), ("3.14159265358979", set()),
    ],
)  # fmt: skip
def test_cells_give_themselves_away(text: str, kinds: set[str]) -> None:
    assert set(personal_cells(text)) == kinds


def test_covers_leave_nothing_but_the_place_and_stay_when_put_on_twice() -> None:
    assert mask_identity(mask_identity(PERSON)) == mask_identity(PERSON) == "110105************"
    assert mask_name(mask_name("欧阳某某")) == "欧**"
    table = pd.DataFrame({"户主": ["张三"], "证件号码": [PERSON], "联系电话": ["13900001111"], "人数": [3]})
    shown = masked(table, keep=["户主"])
    assert shown.iloc[0].tolist() == ["张三", "110105************", "*******", 3] and table["证件号码"][0] == PERSON


# -- the key -----------------------------------------------------------------------------------------------------


def test_a_token_depends_on_key_heading_and_number_alone() -> None:
    token = KEY.token(PERSON, "证件号码")
    assert re.fullmatch("[0-9a-f]{20}", token)
    assert token == KEY.token("１１０１０５１９４９１２３１００２ｘ", "证件号码")
    assert len({token, KEY.token(PERSON, "户主证件"), Key(bytes(32)).token(PERSON, "证件号码"), KEY.token(identity(1), "证件号码")}) == 4
    assert KEY.token(" ", "证件号码") == "" and bytes(range(32)).hex()[:16] not in repr(KEY)


@given(st.lists(st.integers(0, 10**6), unique=True, min_size=2, max_size=40))
def test_different_people_have_different_tokens(people: list[int]) -> None:
    assert len({KEY.token(str(person), "证件号码") for person in people}) == len(people)


def test_the_key_is_read_from_where_it_is_safe(tmp_path: Path) -> None:
    folder = tmp_path / "县"
    folder.mkdir()
    assert say("key", str(tmp_path / "密钥")).startswith("0\n密钥在")
    made = read_key(tmp_path / "密钥", outside=folder)
    assert made == read_key(environment={"EVALKIT_KEY": str(tmp_path / "密钥")}) and len(made.secret) == 32
    assert say("key", str(tmp_path / "密钥")).startswith("1\n")  # never overwritten
    assert "密钥放在数据文件夹里" in refused(lambda: read_key(tmp_path / "密钥", outside=tmp_path))
    if os.name == "posix":
        (tmp_path / "密钥").chmod(0o644)
        assert "别的用户也能读" in refused(lambda: read_key(tmp_path / "密钥"))
    assert "没有给出" in refused(lambda: read_key(environment={}))
    (tmp_path / "短").write_text("abc")
    (tmp_path / "短").chmod(0o600)
    assert "64 位十六进制" in refused(lambda: read_key(tmp_path / "短"))
    assert "读不出" in refused(lambda: read_key(tmp_path / "无"))
    assert "32 字节" in refused(lambda: Key(b"short"))


def refused(ask) -> str:
    with pytest.raises(PrivacyError) as told:
        ask()
    return str(told.value)


# -- left behind at intake ---------------------------------------------------------------------------------------


def test_personal_columns_are_dropped_unless_kept_or_replaced() -> None:
    people = {"户编号": ["1", "2"], "户主": ["张三", "李四"], "证件号码": [PERSON, ""]}
    table = pd.DataFrame({**people, "手机": "13900001111", "来自IP": "10.1.2.33"})
    made = shed(table, keep="户主", tokens=["证件号码"], key=KEY)
    out = made.table()
    assert list(out) == ["户编号", "户主", f"证件号码#{KEY.label}"]
    assert out.iloc[:, 2].tolist() == [KEY.token(PERSON, "证件号码"), ""]
    assert made.dropped == {"手机": "phone", "来自IP": "ip"} and list(table) == ["户编号", "户主", "证件号码", "手机", "来自IP"]
    assert "张三" not in repr(made)


def test_columns_are_personal_by_their_cells_too_and_numbers_in_remarks_are_covered() -> None:
    people = range(30)
    asked = {"q7": [f"139{i:08d}" for i in people], "q8": [identity(i) for i in people], "村代码": "411726101201"}
    remarks = ["无", "无", "无", f"电话13900001111，证件{PERSON}", *["无"] * 26]
    table = pd.DataFrame({**asked, "收入": [str(2000 + i) for i in people], "备注": remarks})
    made = shed(table)
    assert made.dropped == {"q7": "phone", "q8": "identity"}
    assert made.table()["备注"][3] == "电话***********，证件******************" and made.table()["备注"][4] == "无"
    assert made.table()["村代码"].eq("411726101201").all() and PERSON in table["备注"][3]


def test_what_cannot_be_kept_or_replaced_is_told_at_once() -> None:
    table = pd.DataFrame({"户主": ["张三"]})
    told = refused(lambda: shed(table, keep=["户主", "电话"], tokens=["户主"]))
    assert "没有这些列：电话" in told and "只写一处" in told and "要有密钥" in told and "张三" not in told


# -- the search of outputs ---------------------------------------------------------------------------------------


def leaky(folder: Path) -> None:
    """One file of each format with one identity number in it."""
    table = pd.DataFrame({"备注": [f"见 {PERSON}"]})
    write_csv(table, folder / "a.csv")
    write_book(folder / "b.xlsx", {"甲": Page("", table)})
    table.to_parquet(folder / "c.parquet")
    pyreadstat.write_sav(table, folder / "j.sav")
    pyreadstat.write_dta(table, folder / "k.dta")
    for name in ("d.json", "e.html", "f.md", "g.toml"):
        (folder / name).write_text(f"x = '{PERSON}'", encoding="utf-8")
    (folder / "gbk.txt").write_bytes(f"证件{PERSON}".encode("gb18030"))
    with closing(sqlite3.connect(folder / "h.sqlite")) as base, base:
        base.execute("CREATE TABLE entry (detail TEXT)")
        base.execute("INSERT INTO entry VALUES (?)", (f'{{"id": "{PERSON}"}}',))
    with zipfile.ZipFile(folder / "i.docx", "w") as word:
        word.writestr("word/document.xml", f"<w:p><w:r><w:t>{PERSON}</w:t></w:r></w:p>")


def test_every_format_is_searched(tmp_path: Path) -> None:
    leaky(tmp_path)
    found = scan(tmp_path)
    assert {leak.file for leak in found.found} == {path.name for path in tmp_path.iterdir()}
    assert {leak.kind for leak in found.found} == {"identity"} and not found.ok
    assert PERSON not in found.table().to_csv() + repr(found)


def test_what_is_covered_or_a_drawing_is_no_leak(tmp_path: Path) -> None:
    covered = {"户主": ["张**", ""], "证件号码": ["110105************", ""], "村代码": "411726101201"}
    write_csv(pd.DataFrame(covered), tmp_path / "a.csv")
    drawn = "<svg><path d='M 113900001111 1 13900001111'/></svg><p>411726101201 0.13900001111</p>"
    (tmp_path / "b.html").write_text(drawn, encoding="utf-8")
    assert scan(tmp_path).ok and scan(tmp_path).files == 2


def test_headings_and_known_names_are_searched_too(tmp_path: Path) -> None:
    write_csv(pd.DataFrame({"户编号": ["1", "2"], "户主": ["张三", "李**"]}), tmp_path / "a.csv")
    (tmp_path / "b.txt").write_text("访问了欧阳春一家，欧阳春天不在内", encoding="utf-8")
    found = {(leak.file, leak.kind): leak.count for leak in scan(tmp_path, known=["访问了欧阳春一家", "王"]).found}
    assert found == {("a.csv", "name"): 1, ("b.txt", "name"): 1}


def test_names_of_files_and_of_json_are_searched(tmp_path: Path) -> None:
    (tmp_path / "13900001111.txt").write_text("无", encoding="utf-8")
    (tmp_path / "a.json").write_text('{"rows": [{"姓名": "张三丰", "n": 3}]}', encoding="utf-8")
    found = scan(tmp_path)
    assert {(leak.kind, leak.place) for leak in found.found} == {("phone", "文件名"), ("name", "")}
    assert "13900001111" not in found.table().to_csv() + repr(found)


def test_people_are_known_from_every_sheet_of_what_was_handed_in(tmp_path: Path) -> None:
    heads, numbers = pd.DataFrame({"户主": ["张三丰", "李**"], "人数": [3, 2]}), pd.DataFrame({"序号": ["1"], "联系电话": ["13900001111"]})
    pages = {"甲": heads, "乙": numbers}
    path = write_book(tmp_path / "a.xlsx", {name: Page("名册", table) for name, table in pages.items()})
    assert set(people_in(path)) == {"张三丰", "13900001111"}


def test_names_may_stand_in_the_books_of_teams_and_nowhere_else(tmp_path: Path) -> None:
    for folder in ("assignments", "results"):
        write_csv(pd.DataFrame({"户编号": ["1"], "户主": ["张三丰"]}), tmp_path / folder / "a.csv")
    assert [leak.file for leak in scan(tmp_path, allowed=secrecy._allowed).found] == ["results/a.csv"]


def test_what_cannot_be_read_is_listed_and_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"no workbook")
    (tmp_path / "b.bin").write_bytes(b"\0\1\2")
    (tmp_path / "c.pdf").write_bytes(b"%PDF-broken")
    found = scan(tmp_path)
    assert {file for file, _ in found.unread} == {"a.xlsx", "b.bin", "c.pdf"} and found.files == 0
    assert "没有这个文件夹" in refused(lambda: scan(tmp_path / "无"))


# -- ten thousand canaries ----------------------------------------------------------------------------------------

HOUSEHOLDS = 1250  # in each of eight villages


def name(i: int) -> str:
    """The i-th of ten thousand names that nothing else is called."""
    return f"鹮{chr(0x4E00 + i // 100)}{chr(0x5200 + i % 100)}"


def canaries(village: str, at: int) -> pd.DataFrame:
    """A roster of 1,250 households, each with a name, an identity number and a telephone of its own."""
    table = pd.concat([roster(village)] * (HOUSEHOLDS // 100 + 1), ignore_index=True).head(HOUSEHOLDS)
    people = range(at * HOUSEHOLDS, (at + 1) * HOUSEHOLDS)
    return table.assign(
        户编号=[f"{i:04d}" for i in range(HOUSEHOLDS)], 户主=[name(i) for i in people], 证件号码=[identity(i) for i in people],
        联系电话=[f"139{i:08d}" for i in people],
    )  # fmt: skip


def answered(sample: ev.Sample, rosters: pd.DataFrame) -> pd.DataFrame:
    """The returns, with all that a careless form asks for."""
    table = returned(sample).merge(rosters[["行政村代码", "户编号", "户主", "证件号码", "联系电话"]], on=["行政村代码", "户编号"])
    return table.assign(来自IP="218.28.1.77", 经度=113.3421, 纬度=32.7712, 健康状况="尿毒症", 银行卡号="6222021234567890128")


def clue(i: int) -> str:
    """What the i-th clue says; every run of six letters in it is its own."""
    return f"鸮{name(i)[1:]}反映鸺{name(i)[1:]}冒领{name(i)[1:]}钱物，时间是{name(i)[1:]}前后"


def register() -> pd.DataFrame:
    """Fifty clues, each against a person of its own."""
    at = range(50)
    said = {"线索内容": [clue(i) for i in at], "涉及人员": [f"鸺{name(i)[1:]}" for i in at], "来源": "访谈", "发现日期": "2018-11-12"}
    return pd.DataFrame({"线索编号": [f"X{i}" for i in at], "级": "村", "地点": "411726101201", "政策": "低保", **said})


def delivered(root: Path) -> pd.DataFrame:
    """The households that were interviewed with two policies each, every ninth not delivered."""
    homes = ev.Evaluation(root).responses().table()
    homes = homes[homes["complete"]].reset_index(drop=True)
    rows = [
        (village, household, policy, "是", "否" if (i + j) % 9 == 0 else "是", 3000, "" if (i + j) % 9 == 0 else 3000)
        for i, (village, household) in enumerate(zip(homes["village"], homes["household"], strict=True)) for j, policy in enumerate("甲乙")
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["村代码", "户编号", "政策", "应享", "实享", "应发金额", "实发金额"])


def overseen(root: Path, outside: Path) -> str:
    """Clues registered and handed over, policies checked, both with every slip that people make; all that was said."""
    said = say("clues", "form", str(root)) + say("delivery", "form", str(root), "--policy", "甲", "--policy", "乙")
    form, to = root / "restricted" / "线索登记表.xlsx", ("--to", "县纪委监委", "--who", "D1", "--day", "2018-11-20")
    wrong = register().assign(级=register()["涉及人员"], 发现日期=register()["线索内容"], 线索编号="X1")
    write_book(outside / "错线索.xlsx", {"甲": Page("", wrong)})
    said += say("clues", "handover", str(root), str(outside / "错线索.xlsx"), *to)
    write_book(form, {"线索登记表": Page("", register())})
    form.chmod(0o600)
    said += say("clues", "handover", str(root), *to) + say("clues", "handover", str(root), *to)
    asked = ("--day", "2018-11-20", "--late", "no", "--households", "sample", "--code", "未到户=2.1", "--level", "户")
    table, slips = delivered(root), register()["线索内容"].iloc[0]
    for name, made in (
        ("线索列", table.assign(违规违纪线索=slips)), ("错词", table.assign(应享=slips, 实发金额=slips, 户编号=PERSON)), ("到户", table),
    ):  # fmt: skip
        write_book(outside / f"{name}.xlsx", {"甲": Page("", made)})
        said += say("delivery", "check", str(root), str(outside / f"{name}.xlsx"), *asked)
    return said


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, pd.DataFrame]:
    """A whole evaluation of ten thousand canaries; the folder, all that was said, and the rosters."""
    root = tmp_path_factory.mktemp("canary") / "某县"
    said = say("init", str(root))
    write_book(root / "frame" / "村名单.xlsx", {"村名单": Page("", village_list())})
    said += say("draw", str(root), "--seed", SEED)
    outside = root.parent / "到达"
    outside.mkdir()
    rosters = [canaries(village, at) for at, village in enumerate(ev.Evaluation(root).sample().villages)]
    whole = pd.concat(rosters, ignore_index=True)
    faulty = rosters[0].assign(户编号=rosters[0]["证件号码"], 人数=rosters[0]["联系电话"], 户类型=rosters[0]["户主"])
    write_book(outside / "错.xlsx", {"名册": Page("", faulty)})
    said += say("rosters", str(root), str(outside / "错.xlsx"))
    write_book(outside / "名册.xlsx", {"名册": Page("", whole)})
    said += say("rosters", str(root), str(outside / "名册.xlsx")) + say("lists", str(root))
    table = answered(ev.Evaluation(root).sample(), whole)
    wrong = table.assign(户编号=table["证件号码"], 调查结果=table["户主"], 人均纯收入=table["联系电话"])
    write_book(outside / "错表.xlsx", {"回收表": Page("", wrong)})
    write_book(outside / "回收表.xlsx", {"回收表": Page("", table)})
    said += say("collect", str(root), str(outside / "错表.xlsx")) + say("collect", str(root), str(outside / "回收表.xlsx"))
    said += overseen(root, outside)
    for step in (["check"], ["estimate"], ["report"], ["verify"], ["publish"], ["publish", "--tables"], ["log"], ["privacy"]):
        said += say(step[0], str(root), *step[1:])
    return root, said, whole


def birds(text: str, whole: pd.DataFrame) -> set[str]:
    """Return the canaries in a text, found without evalkit."""
    known = {*whole["户主"], *whole["证件号码"], *whole["联系电话"]}
    return known.intersection(re.findall(r"鹮[\u4e00-\u9fff]{2}|[0-9]{17}[0-9X]|[0-9]{11}", text))


def words(path: Path) -> str:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as book:
            return "\n".join(re.sub(r"<[^>]*>", "", book.read(member).decode("utf-8", "replace")) for member in book.namelist())
    if path.suffix == ".pdf":
        return "\n".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
    return path.read_bytes().decode("utf-8", "replace")


def test_no_canary_is_in_any_output_or_message(flown: tuple[Path, str, pd.DataFrame]) -> None:
    root, said, whole = flown
    assert len(whole) == 10_000 and whole["证件号码"].is_unique and whole["户主"].is_unique
    assert all(map(is_identity, whole["证件号码"][:50]))
    apart = ("frame", "rosters", "returns", "restricted")
    written = [p for p in root.rglob("*") if p.is_file() and p.relative_to(root).parts[0] not in apart]
    assert {"lists", "results", "report", "public", "draw"} <= {p.relative_to(root).parts[0] for p in written}
    caught = {path.relative_to(root).as_posix(): found for path in written if (found := birds(words(path), whole))}
    assert not caught and not birds(said, whole)
    everywhere = "".join(words(path) for path in written) + said
    assert not re.search("尿毒症|218\\.28\\.1\\.77|113\\.3421|6222021234567890128", everywhere)
    assert "没有发现个人信息" in said.split("Leaks")[-1]
    clues = [*register()["涉及人员"], *(f"鸮{name(i)[1:]}" for i in range(50)), *(f"冒领{name(i)[1:]}" for i in range(50))]
    assert not [word for word in clues if word in everywhere]
    book = words(next((root / "restricted").glob("线索移交表-*.xlsx")))
    assert all(word in book for word in clues) and "县纪委监委" in everywhere
    assert "50 条线索写入 restricted/线索移交表-2018-11-20.xlsx" in said and len(list((root / "restricted").glob("线索移交表*"))) == 1
    assert "应核" in said and (root / "results" / "政策到户核查.xlsx").exists() and (root / "results" / "到户问题.xlsx").exists()


def test_the_search_finds_the_canaries_where_they_are(flown: tuple[Path, str, pd.DataFrame]) -> None:
    root, _, whole = flown
    counts = scan(root / "rosters").table().groupby("种类")["个数"].max()
    assert (counts[["姓名", "电话", "证件号码"]] >= 10_000).all()
    planted = write_bytes(root.parent / "交出" / "说明.txt", f"请找{whole['户主'][7]}，{whole['联系电话'][7]}".encode())
    said = say("privacy", str(root), "--path", str(planted.parent))
    assert said.startswith("1\n") and "姓名 1 处" in said and "电话 1 处" in said and not birds(said, whole)


def test_what_the_design_keeps_and_replaces(flown: tuple[Path, str, pd.DataFrame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, _, whole = flown
    text = (root / "design.toml").read_text(encoding="utf-8")
    plain = ev.read_design(root / "design.toml")
    design = tmp_path / "design.toml"
    design.write_text(text.replace("keep = []", 'keep = ["户主"]').replace("tokens = []", 'tokens = ["证件号码"]'), encoding="utf-8")
    kept = ev.read_design(design)
    assert kept.hash == plain.hash  # what is shown of a person has no part in the draw
    assert set(ev.read_rosters(root / "rosters", kept)["head"]) == set(whole["户主"])
    assert set(ev.read_rosters(root / "rosters", plain)["head"]) == {"鹮**"}
    frame = ev.Frame.from_design(kept, path=root / "frame" / "村名单.xlsx")
    sample = ev.draw_next(ev.draw(frame, kept, seed=SEED), ev.read_rosters(root / "rosters", kept))
    assert "要有密钥" in refused(lambda: ev.collect(sample, root / "returns"))
    table = ev.collect(sample, root / "returns", key=KEY).table()
    numbers = dict(zip(whole["行政村代码"] + whole["户编号"], whole["证件号码"], strict=True))
    expected = [KEY.token(numbers[household], "证件号码") for household in table["village"] + table["household"]]
    assert table[f"证件号码#{KEY.label}"].tolist() == expected and not set(personal(table)) - {"户主", f"证件号码#{KEY.label}"}
