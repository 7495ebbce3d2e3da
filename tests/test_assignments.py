"""Teams go by ticket, several to a village and none at home; the plan of days holds; books are whole, masked and sealed."""

from __future__ import annotations

import math
import shutil
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit.errors import DesignError, FieldworkError
from evalkit.fieldwork import teams as fieldwork_teams
from evalkit.fieldwork.assigning import choose_teams, deal
from evalkit.fieldwork.days import least_days, plan_days
from evalkit.fieldwork.lists import safe_name
from evalkit.fieldwork.teams import Team, read_teams
from evalkit.sheets import Page, read_sheet, write_book, write_csv
from evalkit.tickets import digest
from tests import county
from tests.test_evaluation import SEED, roster, say, village_list

NAMES = "甲乙丙丁戊己"


def teams(names: str = NAMES, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"组": [f"{name}组" for name in names], "人数": 4, "每人每日户数": 3, "回避": ""} | columns)


@cache
def plain() -> ev.Assignment:
    return ev.assign(county.made()[2], teams(), seed=county.SEED)


def first_villages(count: int, declared: ev.Design | None = None) -> ev.Assignment:
    """Two teams and the rosters of a few villages."""
    plain_design, made, whole, _ = county.made()
    declared = declared or plain_design
    frame = ev.Frame.from_data(made.villages(), id="village_code", name="village", columns=["township_code"])
    rosters = pd.concat([table for village, table in made.rosters(whole.villages).items() if village in whole.villages[:count]])
    sample = ev.draw_next(ev.draw(frame, declared, seed=county.SEED), ev.read_rosters(rosters.assign(户主="欧阳秦始皇"), declared))
    return ev.assign(sample, teams("甲乙"), seed=county.SEED)


def assigned(**options: Any) -> ev.Assignment:
    if not options:
        return plain()
    return ev.assign(county.made()[2], options.pop("teams", teams()), seed=county.SEED, **options)


def test_every_household_has_one_team_and_every_village_two() -> None:
    made, sample = assigned(), county.made()[2]
    table = made.table()
    drawn = sample.table("household").query("role == 'main'")
    assert sorted(zip(table["village"], table["household"], strict=True)) == sorted(zip(drawn["village"], drawn["household"], strict=True))
    counts = table.groupby(["village", "team"]).size().unstack()
    assert (counts.notna().sum(axis=1) == 2).all()
    assert (counts.max(axis=1) - counts.min(axis=1) <= 1).all()
    kinds = table.groupby(["village", "cell", "team"]).size().unstack()
    pairs = [row.dropna() for _, row in kinds.iterrows()]
    assert all(len(pair) == 1 or pair.max() - pair.min() <= 1 for pair in pairs)
    assert set(table) & {"head", "id_number", "address"} == set()


def test_tickets_decide_and_can_be_recomputed() -> None:
    made = assigned()
    village = made.table()["village"].iloc[0]
    pair = made.teams_of(village)
    assert list(pair) == sorted(pair, key=lambda team: digest(county.SEED, "team", f"{village}/{team}"))
    mine = made.table().query("village == @village")
    line = sorted(mine.itertuples(), key=lambda row: (row.cell, digest(county.SEED, "assignment", f"{village}/{row.household}")))
    assert [row.team for row in line] == [pair[i % 2] for i in range(len(line))]


def test_the_order_of_rows_plays_no_part() -> None:
    declared, made, sample, _ = county.made()
    frame = ev.Frame.from_data(made.villages().iloc[::-1], id="village_code", name="village", columns=["township_code"])
    rosters = pd.concat(made.rosters(sample.villages).values(), ignore_index=True).iloc[::-1]
    turned = ev.draw_next(ev.draw(frame, declared, seed=county.SEED), ev.read_rosters(rosters, declared))
    again = ev.assign(turned, teams().iloc[::-1], seed=county.SEED)
    assert again.seal == assigned().seal
    assert again.days().equals(assigned().days())
    assert ev.assign(sample, teams(), seed="1" * 20).seal != again.seal


def test_nobody_works_at_home() -> None:
    villages = county.made()[2].table("village")
    code, name = villages["unit"].iloc[0], villages["name"].iloc[1]
    homes = [code[:9], f"{name}；{code}", code[:9] + "000", "", "", ""]
    made = assigned(teams=teams(回避=homes))
    went = made.table().groupby("team")["village"].unique()
    assert not any(village.startswith(code[:9]) for team in ("甲组", "丙组") for village in went[team])
    assert villages["unit"].iloc[1] not in went["乙组"] and code not in went["乙组"]
    told = made.by_team().set_index("team")["avoided"]
    assert told["甲组"] == told["丙组"] == villages["unit"].str.startswith(code[:9]).sum() and told["乙组"] == 2 and told["己组"] == 0


def test_every_village_without_teams_is_told_at_once() -> None:
    codes = county.made()[2].table("village")["unit"].unique()
    with pytest.raises(FieldworkError) as refused:
        assigned(teams=teams("甲乙丙", 回避=[codes[0], f"{codes[0]}、{codes[1]}", f"{codes[0]},{codes[1]}"]))
    assert len(refused.value.faults) == 2
    assert f"村 {codes[0]}｜可进入该村的组（不在其本县、本乡镇、本村）没有" in str(refused.value)
    assert f"村 {codes[1]}｜" in str(refused.value) and "只有 1 个（甲组），应有 2 个" in str(refused.value)
    with pytest.raises(FieldworkError, match="20 处"):
        assigned(teams=teams("甲乙", 回避=["示例县", "533124"]))


def test_teams_are_read_from_the_design() -> None:
    section = {"interviews": 3, "per_village": 1, "team": [{"name": f"{n}组", "size": 4, "homes": "533123"} for n in NAMES]}
    declared = ev.read_design({**county.plan(), "teams": section})
    assert declared.hash == county.design().hash  # the plan of a draw knows no teams
    sample = county.build(declared)[2]
    made = ev.assign(sample, seed=county.SEED)
    assert made.table().groupby("village")["team"].nunique().eq(1).all()
    assert [team.daily for team in made.teams] == [12] * 6 and made.teams[0].homes == ("533123",)
    assert read_teams(declared) == made.teams
    with pytest.raises(DesignError, match=r"写 \[teams\]"):
        ev.assign(county.made()[2], seed=county.SEED)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"组": ["甲", "甲", "a/b", "..", "CON", ""]}, "组名空白、重复"),
        ({"人数": [0, 4, 4, 4, 4, 4]}, "第 2 行，人数｜应为正整数"),
        ({"每人每日户数": ["三", "3", "3", "3", "3", "3"]}, "第 2 行，每人每日户数｜应为正数"),
        ({"每人每日户数": ["0.1", "3", "3", "3", "3", "3"]}, "全组每日不足 1 户"),
    ],
)
def test_tables_of_teams_that_are_refused(changes: dict[str, list[Any]], says: str) -> None:
    with pytest.raises(FieldworkError, match=says):
        assigned(teams=teams(**changes))


@pytest.mark.parametrize("bad", [0, -1, True, 1.5])
def test_what_is_no_number_of_teams(bad: Any) -> None:
    with pytest.raises(FieldworkError, match=r"应为正?整数"):
        assigned(per_village=bad)
    with pytest.raises(FieldworkError, match="没有这一列"):
        assigned(teams=teams().drop(columns="回避"))


def test_a_date_that_is_none_and_households_that_are_not_drawn() -> None:
    with pytest.raises(FieldworkError, match="日期"):
        assigned().days("2018-13-40")
    declared, made, _, _ = county.made()
    frame = ev.Frame.from_data(made.villages(), id="village_code", name="village", columns=["township_code"])
    with pytest.raises(FieldworkError, match="还没有抽户"):
        ev.assign(ev.draw(frame, declared, seed=county.SEED), teams(), seed=county.SEED)


SIZES = st.dictionaries(st.text("ABCDEFGH", min_size=1, max_size=3), st.integers(1, 60), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(SIZES, st.integers(2, 7), st.integers(1, 3), st.integers(5, 40), st.randoms(use_true_random=False))
def test_work_is_even_and_days_hold(sizes: dict[str, int], count: int, together: int, daily: int, dice: Any) -> None:
    names = [f"t{i}" for i in range(max(count, together))]
    allowed = {village: tuple(dice.sample(names, dice.randint(together, len(names)))) for village in sizes}
    each = dict.fromkeys(names, daily)
    chosen = choose_teams("31", sizes, allowed, each, together)
    assert chosen == choose_teams("31", dict(reversed(sizes.items())), {v: a[::-1] for v, a in allowed.items()}, each, together)
    assert all(len(set(mine)) == min(together, sizes[v]) and set(mine) <= set(allowed[v]) for v, mine in chosen.items())
    share = {village: sizes[village] / len(chosen[village]) for village in sizes}
    loads = Counter({name: 0.0 for name in names})
    for village, mine in chosen.items():
        loads.update(dict.fromkeys(mine, share[village]))
    for village, mine in chosen.items():  # no share is left that would make the work more even
        for busy in mine:
            assert all(loads[busy] - loads[free] <= share[village] + 1e-9 for free in allowed[village] if free not in mine)
    work = {}
    for village, mine in chosen.items():
        dealt = deal("31", village, {str(i): "abc"[i % 3] for i in range(sizes[village])}, mine)
        work[village] = dict(Counter(dealt.values()))
        assert max(work[village].values()) - min(work[village].values()) <= 1
    _check_days(work, each)


def _check_days(work: dict[str, dict[str, int]], daily: dict[str, int]) -> None:
    """Everything is done, nobody does more than a day holds, no village takes longer than its greatest share does."""
    stays = plan_days(work, daily, {village: village.encode() for village in work})
    done: Counter[tuple[str, str]] = Counter()
    busy: Counter[tuple[int, str]] = Counter()
    for stay in stays:
        done[stay.village, stay.team] += stay.households
        busy[stay.day, stay.team] += stay.households
    assert done == {(village, team): n for village, shares in work.items() for team, n in shares.items()}
    assert all(n <= daily[team] for (_, team), n in busy.items())
    for village, shares in work.items():
        mine = [stay.day for stay in stays if stay.village == village]
        assert max(mine) - min(mine) + 1 == max(math.ceil(n / daily[team]) for team, n in shares.items())
        assert len({min(stay.day for stay in stays if (stay.village, stay.team) == (village, team)) for team in shares}) == 1
    assert max(stay.day for stay in stays) >= least_days(work, daily)


def test_a_village_of_one_household_takes_one_team() -> None:
    assert choose_teams("31", {"A": 1}, {"A": ("甲", "乙")}, {"甲": 5, "乙": 5}, 2)["A"] in (("甲",), ("乙",))


def test_a_household_is_as_likely_with_either_team() -> None:
    first = sum(deal(str(seed), "A", {str(i): "脱贫户" for i in range(7)}, ("甲", "乙"))["3"] == "甲" for seed in range(2000))
    assert abs(first / 2000 - 4 / 7) < 3 * math.sqrt(4 / 7 * 3 / 7 / 2000)


def test_forty_four_villages_of_sixty_take_the_least_days() -> None:
    """The published county of domain §2.2, design 15: 44 villages of 60 households, ten teams of 30 a day."""
    names = [f"{i}组" for i in range(10)]
    sizes = {f"V{i}": 60 for i in range(44)}
    chosen = choose_teams("31", sizes, {village: tuple(names) for village in sizes}, dict.fromkeys(names, 30), 2)
    assert set(Counter(team for mine in chosen.values() for team in mine).values()) == {8, 9}  # 88 shares among 10
    work = {village: dict.fromkeys(mine, 30) for village, mine in chosen.items()}
    assert max(stay.day for stay in plan_days(work, dict.fromkeys(names, 30), {v: digest("31", "team", v) for v in sizes})) == 9


def test_what_the_rule_of_a_village_a_day_cannot_hold_is_told() -> None:
    slow = assigned(teams=teams("甲乙丙丁", 每人每日户数=2, 人数=2))
    assert any("户，每日 4 户，要 3 天：不能每天至少 1 村" in note for note in slow.notes)
    odd = assigned(teams=teams("甲乙丙"))
    assert any("没有村：同村的另一组那天在别处" in note for note in odd.notes)
    assert not plain().notes or all("没有村" in note for note in plain().notes)
    days = odd.days("2018-12-30")
    assert days["date"].iloc[0] == "2018-12-30" and days["date"].iloc[-1] > "2019-01-01"


def test_homes_of_a_team() -> None:
    team = Team("一组", 4, 12, ("江口镇", "5226"))
    assert team.avoids("411726101201", ["江口镇"]) and team.avoids("522601101201", []) and not team.avoids("411726101201", ["江口回族镇"])
    assert not Team("一组", 4, 12, ("41172610",)).avoids("411726101201", [])  # eight digits are no division


# -- books ------------------------------------------------------------------------------------------------------------


def rows(path: Path, page: int, role: str = "户编号") -> list[str]:
    cells = list(openpyxl.load_workbook(path).worksheets[page].iter_rows(values_only=True))
    column = cells[2].index(role)
    return [str(row[column]) for row in cells[3:] if row[column] is not None and row[column + 1] is not None]


def test_books_hold_each_household_once_and_the_reserves_once(tmp_path: Path) -> None:
    made, sample = assigned(), county.made()[2]
    paths = ev.write_books(made, tmp_path / "册 子")
    village = sample.villages[0]
    pair = made.teams_of(village)
    mine = {team: next(path for path in paths if path.parent.name == team and path.name.startswith(village)) for team in pair}
    got = [rows(path, 0) for path in mine.values()]
    table = made.table().query("village == @village")
    assert [sorted(part) for part in got] == [sorted(table.query("team == @team")["household"]) for team in pair]
    sheets = [openpyxl.load_workbook(path).sheetnames for path in mine.values()]
    assert sheets == [["入户名单", "备用户（密封）"], ["入户名单"]]
    reserves = sample.reserves().query("village == @village").sort_values(["cell", "order"])
    assert rows(mine[pair[0]], 1) == reserves["household"].tolist()
    said = openpyxl.load_workbook(mine[pair[1]]).worksheets[0].iter_rows(values_only=True)
    assert f"主责组为{pair[0]}" in " ".join(str(row[0]) for row in said)


def test_books_print_with_titles_numbers_lists_and_messages(tmp_path: Path) -> None:
    page = openpyxl.load_workbook(ev.write_books(assigned(), tmp_path)[0])["入户名单"]
    assert page.freeze_panes == "A4" and page.print_title_rows == "$3:$3" and page.page_setup.paperSize == 9
    assert page.oddFooter.right.text == "第 &P 页　共 &N 页"
    rules = {str(rule.promptTitle): rule for rule in page.data_validations.dataValidation}
    assert "完成,拒访,无人,迁出,未使用" in rules["结果"].formula1 and "从下拉列表中选择" in rules["结果"].error
    assert rules["替换原因"].prompt


def test_books_show_surnames_only_unless_asked(tmp_path: Path) -> None:
    whole = first_villages(2)
    assert set(rows(ev.write_books(whole, tmp_path / "a")[0], 0, "户主")) == {"欧**"}
    kept = first_villages(2, ev.read_design({**county.plan(), "privacy": {"keep": ["户主"]}}))
    assert set(rows(ev.write_books(kept, tmp_path / "b")[0], 0, "户主")) == {"欧阳秦始皇"}


def test_books_are_the_same_bytes_every_time(tmp_path: Path) -> None:
    few = first_villages(2)
    for write in (ev.write_books, ev.write_booklets):
        for one, two in zip(write(few, tmp_path / "1"), write(few, tmp_path / "2"), strict=True):
            assert one.read_bytes() == two.read_bytes()


@pytest.mark.libreoffice
def test_the_sealed_page_begins_on_a_sheet_of_its_own(tmp_path: Path) -> None:
    made = first_villages(1)
    village = made.by_village()["village"].iloc[0]
    keeper, other = made.teams_of(village)
    paths = ev.write_booklets(made, tmp_path)
    pages = {p.parent.name: _pages_of(p) for p in paths if p.name.startswith(village)}
    assert len(pages[keeper]) % 2 == 1 and "密" in pages[keeper][-1] and "启用顺序" in pages[keeper][-1]
    assert "启用顺序" not in "".join(pages[keeper][:-1]) and "启用顺序" not in "".join(pages[other])
    assert "模拟数据" in pages[other][0] and "110000************" in pages[other][0]


def _pages_of(path: Path) -> list[str]:
    assert shutil.which("pdftotext")
    done = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True, encoding="utf-8")
    return done.stdout.split("\f")[:-1]


def test_days_for_those_who_lead(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(ev.write_days(assigned(), tmp_path, "2018-11-12"))
    assert book.sheetnames == ["日程", "各组", "各村"]
    assert [cell.value for cell in book["日程"][3]][:4] == ["第几天", "日期", "组", "村代码"]


# -- what spreadsheets and file systems make of texts ------------------------------------------------------------------


FORMULAS = ["=1+1", "+1", "-1+2", "@SUM(1)", "\t=1", "\r=1", " =1", "＝1+1", "　+1", "－2"]


def test_no_text_becomes_a_formula(tmp_path: Path) -> None:
    table = pd.DataFrame({"=列": FORMULAS, "乙": "x"})
    lines = write_csv(table, tmp_path / "a.csv").read_bytes().decode("utf-8-sig")
    assert all(f"'{text}" in lines for text in FORMULAS if "\r" not in text) and "\r" not in lines
    assert [text.strip() for text in read_sheet(tmp_path / "a.csv")["=列"]] == [text.strip() for text in FORMULAS]
    page = openpyxl.load_workbook(write_book(tmp_path / "a.xlsx", {"=1": Page("=1", table)})).worksheets[0]
    assert {cell.data_type for row in page.iter_rows() for cell in row if cell.value is not None} == {"s"}


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("..", "_"), (".", "_"), ("", "_"), ("...村", "村"), ("../../a", "_.._a"), ("..\\..\\a", "_.._a"), ("C:\\村", "C_村"),
        ("a/b", "a_b"), ("a__b", "a__b"),
        ("CON", "_CON"), ("con.xlsx", "_con.xlsx"), ("NUL ", "_NUL"), ("com1.村", "_com1.村"), ("LPT²", "_LPT²"), ("CONTROL", "CONTROL"),
        ("村. . ", "村"), ("村\u202egpj", "村_gpj"), ("村\x00", "村_"), ("村\ud800", "村_"),
        ("𠮷" * 100, "𠮷" * 52), ("寨" * 69 + " .村", "寨" * 69),
    ],
)  # fmt: skip
def test_file_names_hold_on_every_system(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(max_size=120))
def test_a_safe_name_is_one_part_of_a_path(text: str) -> None:
    name = safe_name(text)
    assert name and name == Path(name).name and name == safe_name(name)
    assert not set(name) & set('\\/:*?"<>|') and name[-1] not in " ." and len(name.encode()) <= 210


# -- the command --------------------------------------------------------------------------------------------------------


def test_the_command_writes_books_and_leaves_filled_ones(tmp_path: Path) -> None:
    root = tmp_path / "某 县"
    say("init", str(root))
    with (root / "design.toml").open("a", encoding="utf-8") as file:
        crew = '{name = "甲组", size = 4}, {name = "乙组", size = 4}, {name = "丙组", size = 4, homes = "甲镇"}'
        file.write(f"\n[teams]\ninterviews = 8\nteam = [{crew}]\n")
    write_book(root / "frame" / "村名单.xlsx", {"村名单": Page("", village_list())})
    assert "还没有抽样" in say("assign", str(root))
    say("draw", str(root), "--seed", SEED)
    outside = tmp_path / "到达"
    for village in ev.Evaluation(root).sample().villages[:3]:
        write_book(outside / f"{village}.xlsx", {"名册": Page("", roster(village))})
    say("rosters", str(root), str(outside))
    say("rosters", str(root), *map(str, sorted(outside.iterdir())))
    said = say("assign", str(root), "--start", "2018-11-12")
    assert said.startswith("0\n分组：3 个村，180 户，3 个组") and "日程：" in said
    written = sorted(path for path in (root / "assignments").rglob("*.xlsx") if path.parent.name != "assignments")
    assert len(written) == 6 and not [path for path in written if path.parent.name == "丙组" and path.name.startswith("411726101")]
    book = openpyxl.load_workbook(written[0])
    book.worksheets[0]["H4"] = "完成"
    book.save(written[0])
    filled = written[0].read_bytes()
    assert "其中 1 份已填写，保持原样" in say("assign", str(root)) and written[0].read_bytes() == filled
    assert "分组" in say("log", str(root))
    assert "households.csv" in say("xlsform", str(root))
    assert set(read_sheet(root / "assignments" / "questionnaire" / "households.csv")["team"]) == {"甲组", "乙组", "丙组"}


def test_a_team_bears_no_number_of_a_person() -> None:
    teams = pd.DataFrame({"组": ["一组", "组11010519491231002X"], "人数": 4, "每人每日户数": 8, "回避": ""})
    with pytest.raises(FieldworkError, match="组名里有证件号码") as told:
        fieldwork_teams.read_teams(teams)
    assert "110105" not in str(told.value)
