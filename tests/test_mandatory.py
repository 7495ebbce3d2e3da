"""Units that must be reached: the three kinds of villages of 汝南, a census of households, strata taken whole, bad input."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ev
from evalkit.cli import main
from evalkit.errors import FieldworkError
from evalkit.mandatory import Coverage
from evalkit.sheets import read_grids, read_sheet
from tests.county import collected, made
from tests.draws import SEED, listed, staged

KINDS = {
    "2014—2017年脱贫村": ("脱贫年度", range(2014, 2018)), "2018年拟脱贫村": ("拟脱贫年度", [2018]), "边缘村": ("边缘村", "是"),
}  # fmt: skip


def runan() -> pd.DataFrame:
    """Twelve villages: four have exited, one of them in 2013; three are to exit; two are on the edge, one of both kinds."""
    return pd.DataFrame({
        "村代码": [f"41172710020{i}" for i in range(10)] + ["411727100210", "411727100211"],
        "脱贫年度": [2013, 2014, 2016, 2017] + [""] * 8,
        "拟脱贫年度": [""] * 4 + [2018] * 3 + [""] * 5,
        "边缘村": ["否"] * 6 + ["是"] + ["是"] + ["否"] * 4,
    })  # fmt: skip


def test_the_three_kinds_of_villages() -> None:
    """3 + 3 + 2 duties of 7 villages: the seventh is to exit and on the edge too."""
    required = ev.must_visit(runan(), KINDS)
    assert required["类别"].value_counts().to_dict() == {"2014—2017年脱贫村": 3, "2018年拟脱贫村": 3, "边缘村": 2}
    reached = pd.DataFrame({"单位代码": ["411727100201", "411727100202", "411727100204", "411727100206", "411727100206", "411727100211"]})
    found = ev.check_coverage(required, reached)
    assert found.table().iloc[:, :4].values.tolist() == [
        ["2014—2017年脱贫村", 3, 2, 1], ["2018年拟脱贫村", 3, 2, 1], ["边缘村", 2, 1, 1], ["合计（不重复）", 7, 4, 3],
    ]  # fmt: skip
    assert found.missing()["单位代码"].tolist() == ["411727100203", "411727100205", "411727100207"]
    assert found.beyond == ("411727100211",) and not found.complete
    told = "2014—2017年脱贫村 2/3；2018年拟脱贫村 2/3；边缘村 1/2；合计（不重复） 4/7（57.14%），未到 3；名单外另到 1"
    assert repr(found) == f"Coverage {told}"
    left = found.problems(day="2018-11-12", source="督导组", code="1.1")
    assert ev.list_problems(left, merge=["place"]).table()["text"].iloc[1] == "必访单位没有走访（2018年拟脱贫村）"


def test_a_census_is_whole_village_by_village() -> None:
    homes = pd.DataFrame({"村代码": ["V1"] * 3 + ["V2"] * 2, "户编号": ["01", "02", "03", "01", "02"]})
    required = ev.must_visit(homes, {"全部农户": ("", "*")}, code=["村代码", "户编号"])
    found = ev.check_coverage(required, pd.DataFrame({"单位代码": ["V1/01", "V1/02", "V2/02", "V2/01", "V1/02"]}))
    assert found.villages().values.tolist() == [["V1", 3, 2, 1, 2 / 3], ["V2", 2, 2, 0, 1.0]]
    row = found.problems(day="2018-11-12", source="督导组", code="1.1").iloc[0]
    assert row[["级", "地点", "户编号"]].tolist() == ["户", "V1", "03"]
    whole = ev.check_coverage(required, pd.DataFrame({"单位代码": required["单位代码"]}))
    assert whole.complete and not len(whole.missing()) and not len(whole.problems(day="2018-11-12", source="x", code="1"))


def test_what_a_design_takes_for_certain_is_held_against_the_returns() -> None:
    """Every stratum of households that was taken whole is required; who answered is reached."""
    _, _, sample, _ = made()
    required = ev.take_all(sample)
    table = sample.table("household")
    mains = table[table["role"] == "main"]
    whole = mains[mains["N"] == mains["n"]]
    assert 0 < len(whole) == len(required) and set(required["单位代码"]) == set(whole["village"] + "/" + whole["household"])
    found = ev.check_coverage(required, collected())
    answers = collected().table()
    done = answers[answers["complete"]]
    done = set(done["village"] + "/" + done["household"])
    assert found.rows["已到"].sum() == len(set(required["单位代码"]) & done)
    assert found.beyond == () and found.villages()["应到"].sum() == len(whole)


def test_villages_that_a_design_must_take_are_certain() -> None:
    musts = [{"column": "kind", "values": ["贫困村"], "how": "on-top", "purpose": "贫困"}]
    stage = {"name": "village", "method": "srs", "n": 5, "strata": ["city"], "mandatory": musts}
    required = ev.take_all(ev.draw(listed(), staged(stage), seed=SEED))
    assert required["类别"].value_counts().to_dict() == {"village·S1·贫困": 18, "village·S2·贫困": 18, "village·S3·贫困": 18}
    with pytest.raises(FieldworkError, match="没有必定入样的单位"):
        ev.take_all(ev.draw(listed(), staged({"name": "village", "method": "srs", "n": 5, "strata": ["city"]}), seed=SEED))


codes = st.lists(st.sampled_from([f"V{i}" for i in range(9)]), min_size=1, max_size=12)


@settings(max_examples=25)
@given(codes, codes)
def test_counts_add_up(required: list[str], reached: list[str]) -> None:
    units = pd.DataFrame({"单位代码": required, "类别": [f"类{i % 3}" for i in range(len(required))]}).drop_duplicates()
    if not set(required) & set(reached):
        with pytest.raises(FieldworkError, match="没有一个单位在必访名单中"):
            ev.check_coverage(units, pd.DataFrame({"单位代码": reached}))
        return
    found: Coverage = ev.check_coverage(units, pd.DataFrame({"单位代码": reached}))
    table = found.table()
    assert (table["应到"] == table["实到"] + table["未到"]).all()
    assert table["应到"].iloc[:-1].sum() == len(units)
    assert table["实到"].iloc[-1] == len(set(required) & set(reached)) and table["应到"].iloc[-1] == len(set(required))
    assert set(found.missing()["单位代码"]) == set(required) - set(reached)
    assert set(found.beyond) == set(reached) - set(required)


def test_every_fault_of_both_tables_at_once() -> None:
    required = pd.DataFrame({"单位代码": ["01", "01", "", "4.1E+11"], "类别": ["甲", "甲", "乙", ""]})
    with pytest.raises(FieldworkError) as refused:
        ev.check_coverage(required, pd.DataFrame({"单位代码": ["01", ""]}))
    told = str(refused.value)
    for part in (
        "必访名单：4 处错误", "第 3 行，单位代码、类别｜与前面一行重复", "第 4 行，单位代码｜不能空白", "第 5 行，类别｜不能空白",
        "第 5 行，单位代码｜应为文字，现为科学计数", "走访记录：1 处错误", "第 3 行，单位代码｜不能空白",
    ):  # fmt: skip
        assert part in told
    with pytest.raises(FieldworkError) as refused:
        ev.check_coverage(required[["类别"]], pd.DataFrame({"编号": ["01"]}))
    assert str(refused.value).count("表中没有这一列") == 2


def test_rules_that_fit_nobody() -> None:
    table = runan()
    with pytest.raises(FieldworkError) as refused:
        ev.must_visit(pd.concat([table, table.iloc[:1]], ignore_index=True), {"边缘村": ("边缘村", ["Y"]), "甲": ("脱贫年度", 2099)})
    told = str(refused.value)
    assert "3 处" in told and "没有一个单位属于“边缘村”" in told and "第 14 行，村代码｜与前面一行重复" in told
    with pytest.raises(FieldworkError, match="拟脱贫年｜表中没有这一列"):
        ev.must_visit(table.drop(columns="拟脱贫年度"), {"甲": ("拟脱贫年", [2018])})
    for kinds in ({}, {"甲": "边缘村"}, {"甲": ("边缘村",)}, [("甲", "边缘村", "是")], {"甲": (None, ["是"])}, {"甲": ("边缘村", [])}):
        with pytest.raises(FieldworkError, match=r"写如|应为字典"):
            ev.must_visit(table, kinds)
    with pytest.raises(FieldworkError, match="甲｜取值中有空白"):
        ev.must_visit(table, {"甲": ("拟脱贫年度", [2018, ""])})
    assert len(ev.must_visit(table, {"甲": ("脱贫年度", (year for year in (2014, 2016)))})) == 2


def test_a_list_is_made_filled_and_checked(tmp_path: Path) -> None:
    def typed(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["coverage", *words])
        return done.exit_code, done.output

    assert typed("form", str(tmp_path))[0] == 0
    assert list(read_sheet(tmp_path / "走访记录模板.xlsx").columns) == ["单位代码"]
    names, must, seen, out = (str(tmp_path / name) for name in ("名单.xlsx", "必访.xlsx", "走访.xlsx", "结果.xlsx"))
    runan().to_excel(names, index=False)
    kinds = ["--kind", "已脱贫村", "脱贫年度", "2014、2015、2016、2017", "--kind", "边缘村", "边缘村", "是"]
    status, said = typed("required", names, *kinds, "--code", "村代码", "--out", must)
    assert status == 0 and "已脱贫村 3 个\n边缘村 2 个" in said
    pd.DataFrame({"单位代码": read_sheet(must)["单位代码"].unique()[1:]}).to_excel(seen, index=False)
    status, said = typed("check", must, seen, "--out", out)
    assert status == 1 and "合计（不重复） 4/5（80.00%），未到 1" in said
    assert read_sheet(out, "未到")["单位代码"].tolist() == ["411727100201"]
    pd.DataFrame({"单位代码": read_sheet(must)["单位代码"]}).to_excel(seen, index=False)
    assert typed("check", must, seen, "--out", out)[0] == 0
    codes = read_sheet(must)["单位代码"].unique().tolist()
    Path(seen).with_suffix(".csv").write_text("\n".join(["单位代码", *codes[:2], '""', "", *codes[2:], '""']), encoding="utf-8")
    status, said = typed("check", must, str(Path(seen).with_suffix(".csv")), "--out", out)
    assert status == 0 and "合计（不重复） 5/5（100%）；走访记录中间有 2 行空白，未计：第 4–5 行\n" in said
    assert "走访记录中间有 2 行空白" in str(read_grids(out)["汇总"].rows)
    status, said = typed("required", names, "--kind", "全部村", "村代码", "全部", "--code", "村代码", "--out", must)
    assert status == 0 and "全部村 12 个" in said


def test_what_a_folder_takes_for_certain_is_told_with_its_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command reads sample and returns of the folder; made-up data say so on the screen and in the workbook."""
    declared, _, sample, _ = made()

    class Folder:
        def __init__(self, folder: str) -> None:
            self.design, self.sample, self.responses = declared, lambda: sample, collected

    monkeypatch.setattr(sys.modules["evalkit.cli.coverage"], "Evaluation", Folder)  # the package binds the command to this name
    out = tmp_path / "必入.xlsx"
    done = CliRunner().invoke(main, ["coverage", "drawn", "某县", "--out", str(out)])
    found = ev.check_coverage(ev.take_all(sample), collected())
    assert done.exit_code == (0 if found.complete else 1)
    assert done.output.startswith(f"以下为模拟数据\n{found!r}\n")
    assert "以上为模拟数据" in str(read_grids(out)["汇总"].rows)
