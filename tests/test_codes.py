"""Division codes and identity numbers. The numbers are the standard's own examples, nobody's."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit import codes
from evalkit.sheets import read_sheet


def test_every_shipped_village_code_is_sound() -> None:
    table = read_sheet("designs/data/villages_five_counties.csv")
    assert [code for code in table["village_code"] if codes.division_fault(code)] == []


@pytest.mark.parametrize(
    ("code", "says"),
    [("41172610120", "11 位"), ("4117261012011", "13 位"), ("41172610120a", "其他字符"), ("991726101201", "省级"),
     ("411726000201", "没有乡镇"), ("411726101000", "乡镇代码"), ("", "其他字符")],
)
def test_bad_division_codes_say_why(code: str, says: str) -> None:
    assert says in codes.division_fault(code)


def test_examples_of_the_standard() -> None:
    assert codes.is_identity("11010519491231002X") and codes.is_identity("440524188001010014")
    assert codes.is_identity("11010519491231002x")


@given(st.integers(0, 16), st.integers(1, 9))
def test_one_changed_digit_is_noticed(place: int, step: int) -> None:
    """MOD 11-2 finds every single changed digit: no weight shares a factor with 11."""
    good = "440524188001010014"
    changed = good[:place] + str((int(good[place]) + step) % 10) + good[place + 1 :]
    assert not codes.is_identity(changed)


def test_a_day_that_never_was_is_no_identity() -> None:
    stem = "44052419990230001"
    assert not any(codes.is_identity(stem + check) for check in codes.CHECKS)


@given(st.text(max_size=30))
def test_masks_show_at_most_the_division(text: str) -> None:
    masked = codes.mask_identity(text)
    assert masked == "" or (masked.endswith("*" * 12) and len(masked) in (12, 18))


LEAKS = [
    "张三", "欧阳修", "Li Si", "lisi1", "张三13900001111", "E12345678",
    "13900001111", "13900001111x", "139-0000-1111", "110105194912310021",
]


@pytest.mark.parametrize("cell", LEAKS)
def test_no_name_and_no_long_number_is_shown(cell: str) -> None:
    assert not re.search(r"[张欧Ll]|[0-9]{7}|-0000-", codes.shown(cell))
    assert codes.shown_word(cell, ["完成", "拒访", "未脱贫户"]) == ""
    assert not re.search(r"[0-9]{7}", codes.shown_label(cell))


def test_what_helps_is_shown() -> None:
    cells = ["0038", "A-12", "411726101201", "6444,67", "3人"]
    assert [codes.shown(cell) for cell in cells] == cells
    assert codes.shown_word("已完成", ["完成"]) == "已完成"
    assert len(codes.shown_label("长" * 40000)) == 20 and codes.shown_headings(f"列{i}名" for i in range(50)).count("、") == 11


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("11010519491231002X", ""), ("440524188001010014", ""), ("44052418800101001431", ""), ("4405241880010100143112", ""),
        ("44052418800101001431B2", ""), ("１１０１０５１９４９１２３１００２ｘ", ""),
        ("110105491231002", "15 位的旧号"), ("1101051949123100", "现为 16 位"), ("", "现为 0 位"), ("110105194912310021", "校验码"),
        ("44052418800101001481", "不该有的字符"), ("44052418800101001435", "不该有的字符"), ("44052418800101001531", "校验码"),
        ("11010519491331002X", "出生日期"), ("99010519491231002X", "省级"), ("11010519491231002Y", "不该有的字符"),
    ],
)  # fmt: skip
def test_numbers_of_persons_of_18_20_and_22_characters(number: str, says: str) -> None:
    fault = codes.identity_fault(number)
    assert says in fault and bool(says) == bool(fault)
    assert not number or number not in fault


PLACES = codes.Directory(
    [
        ("1", "东关村民委员会", "城关镇"), ("2", "西关社区居委会", "城关镇"), ("3", "王村村委会", "城关镇"), ("4", "王庄村委会", "高店乡"),
        ("5", "王庄村委会", "城关镇"), ("6", "南街村", "城关镇"), ("7", "南街社区", "城关镇"), ("8", "江河村委会", "江口镇"),
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("village", "township", "code"),
    [
        ("东关村委会", "城关镇", "1"), ("东关村", "城关镇", "1"), ("东关", "城关镇", "1"), ("东 关行政村", "城关", "1"),
        ("西关居委会", "城关镇", "2"),        ("王村", "城关镇", "3"), ("王庄村", "城关镇", "5"), ("王庄", "高店镇", "4"),
        ("南街村委会", "城关镇", "6"),
        ("南街居委会", "城关镇", "7"),
        ("江河村", "江口回族镇", "8"), ("江河村民委员会", "", "8"),
    ],
)  # fmt: skip
def test_villages_are_found_whatever_stands_behind_their_names(village: str, township: str, code: str) -> None:
    assert PLACES.find(village, township).code == code


@pytest.mark.parametrize(
    ("village", "township", "says", "nearest"),
    [
        ("南街", "城关镇", "有 2 个村名字相近", "南街村"), ("王庄", "", "有 2 个村名字相近", "王庄村委会"),
        ("东官村", "城关镇", "该乡镇没有这个村", "东关村民委员会"),
        ("石头河", "城关镇", "该乡镇没有这个村", ""), ("东关", "高庄乡", "名单中没有这个乡镇", "高店乡"), ("", "城关镇", "村名空白", ""),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_a_fault_with_the_nearest_names(village: str, township: str, says: str, nearest: str) -> None:
    found = PLACES.find(village, township)
    assert not found.code and says in found.fault and (not nearest or nearest in found.nearest)


def test_a_village_that_became_a_neighbourhood_is_found_with_a_remark() -> None:
    found = PLACES.find("西关村", "城关镇")
    assert found.code == "2" and "村居类别不同" in found.remark and not PLACES.find("西关社区", "城关镇").remark


def test_every_shipped_village_is_found_by_its_shortened_name_or_refused() -> None:
    table = read_sheet("designs/data/villages_five_counties.csv")
    for _, county in table.groupby("county_code"):
        known = codes.Directory(county[["village_code", "village", "township"]].itertuples(index=False, name=None))
        for code, village, township in known.villages:
            assert known.find(village, township).code == code
            assert known.find(codes.plain_village(village), township).code in (code, "")
            assert known.find(village.replace("村民委员会", "村委会"), codes.plain_township(township)).code in (code, "")


def test_old_codes_become_new_ones_by_the_table_that_is_handed_in() -> None:
    changes = {"371202": ["370116"], "370116101": ["370116001"], "411726101201": ["411726101211"], "411726101202": ["1", "2"]}
    assert codes.renewed("371202101201", changes) == ("370116001201", "")
    assert codes.renewed("411726101201", changes) == ("411726101211", "")
    assert codes.renewed("533124101201", changes) == ("533124101201", "")
    assert "拆成 2 个" in codes.renewed("411726101202", changes)[1]
    assert "没有终点" in codes.renewed("111111111111", {"111111": ["222222"], "222222": ["111111"]})[1]
