"""A programme of many counties: the counties together are one draw, each alone is an evaluation like any other."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tomli_w

import evalkit as ev
from evalkit.design.programme import county_data
from evalkit.errors import DesignError, EvalkitError, FrameError
from evalkit.evaluation.assembly import Drawing
from evalkit.evaluation.chosen import gather
from evalkit.evaluation.programme import draw_counties, open_counties
from evalkit.evaluation.programme.running import COUNTIES
from evalkit.synthetic import registry, returns
from evalkit.tables import Results
from tests.refusals import refused

SEED = "31415926535897932384"
DESIGN = Path("designs/national_programme_2018.toml")


def small(**changed: Any) -> dict[str, Any]:
    """Return the national programme with two provinces of two counties of twelve small villages."""
    data = tomllib.loads(DESIGN.read_text(encoding="utf-8"))
    levels = data["frame"]["made"]["level"]
    levels[0]["count"], levels[1]["count"], levels[2]["count"] = 2, [2], 12
    data["stage"][0]["allocation"] = {"rule": "proportional", "total": 3}
    data["stage"][1]["n"] = {"贫困村|偏远": 2, "贫困村|一般": 2, "非贫困村|偏远": 2, "非贫困村|一般": 2}
    data["specimen"] |= {"households": 60, "wrong_exit": 0.05, "missed": 0.03}
    return {**data, **changed, "path": DESIGN}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("programme")
    (place / "项目.toml").write_text(_text(small()), encoding="utf-8")
    ev.run(place / "项目.toml", place / "run")
    return place


def _text(data: dict[str, Any]) -> str:
    return tomli_w.dumps({key: part for key, part in data.items() if key != "path"})


def test_the_counties_together_are_one_draw_of_all_stages() -> None:
    data = small()
    design = ev.read_design(data)
    drawn = draw_counties(design, seed=SEED)
    listed = drawn._listed
    frame = ev.Frame.from_data(listed, id="village", name="village_name", columns=["province", "county", "county_name", "村类型", "位置"])
    whole = ev.draw(frame, design, seed=SEED)
    assert sorted({village[:6] for village in whole.villages}) == list(drawn.codes)
    parts: list[str] = []
    for code in drawn.codes:
        own = ev.Frame.from_data(drawn.rows(code), id="village", name="village_name", columns=["村类型", "位置"])
        parts += ev.draw(own, drawn.plan(code), seed=SEED).villages
    assert sorted(parts) == sorted(whole.villages) and len(parts) == 24


def test_a_county_is_assessed_as_an_evaluation_by_itself(folder: Path) -> None:
    drawn = draw_counties(ev.read_design(folder / "项目.toml"), seed=small()["specimen"]["seed"], seed_origin="样例自带")
    code = drawn.codes[1]
    plan = drawn.plan(code)
    made = registry(drawn.rows(code), plan)
    frame = ev.Frame.from_data(made.villages(), id="village", name="village_name", columns=plan.frame.columns)
    first = ev.draw(frame, plan, seed=drawn.sample.seed, seed_origin="样例自带")
    people = made.households(first.villages)
    rosters = people[["village", "household", "stratum", "persons"]]
    sample = ev.draw_next(first, rosters)
    findings = ev.determine(ev.collect(sample, returns(sample, people, plan)))
    alone = gather(findings, rosters, Drawing(sample.certificate, (), {}))
    kept = Results.load(folder / "run" / COUNTIES / drawn.names[code] / "results")
    pd.testing.assert_frame_equal(kept.table("rates"), alone.table("rates"), check_dtype=False)
    gates = kept.table("gates").drop(columns="sentence_technical")
    pd.testing.assert_frame_equal(gates, alone.table("gates").drop(columns="sentence_technical"), check_dtype=False)
    assert kept.facts["conclusion"] == alone.facts["conclusion"]
    certificate = folder / "run" / COUNTIES / drawn.names[code] / "draw" / "certificate.json"
    assert ev.verify(certificate, frame, rosters).ok


def test_workbooks_and_workers_change_no_number(folder: Path) -> None:
    ev.run(folder / "项目.toml", folder / "again", workers=2, workbooks=True)
    names = ["results/counties.csv", "draw/certificate.json", "draw/counties.csv", "report/汇总报告.html"]
    assert all((folder / "run" / name).read_bytes() == (folder / "again" / name).read_bytes() for name in names)
    books = sorted((folder / "again" / COUNTIES).glob("*/returns/回收表.xlsx"))
    assert len(books) == 3 and not list((folder / "run" / COUNTIES).glob("*/returns"))


def test_every_county_and_rate_stands_in_the_table_and_the_summary(folder: Path) -> None:
    table = pd.read_csv(folder / "run" / "results" / "counties.csv", dtype={"county": str})
    assert table.groupby("county")["rate"].nunique().tolist() == [5, 5, 5]
    judged = table[table["threshold"].notna()]
    assert len(judged) == 3 * 4 and not (judged["status"] == "疑似").any()
    below = judged["official"] < judged["threshold"]
    expected = below.where(judged["direction"] == "below", judged["official"] >= judged["threshold"])
    assert ((judged["legal"] == "达到") == expected).all()
    page = (folder / "run" / "report" / "汇总报告.html").read_text(encoding="utf-8")
    assert all(name in page for name in table["name"].unique()) and "模拟数据" in page


def test_a_real_programme_opens_a_folder_for_each_county(tmp_path: Path) -> None:
    data = small()
    listed = draw_counties(ev.read_design(data), seed=SEED)._listed
    del data["specimen"]
    data["frame"] = {**{key: part for key, part in data["frame"].items() if key != "made"}, "file": "全国村名单.csv"}
    totals = {column: "100" for column in ("乡村人口", "脱贫人口", "未脱贫人口", "非建档立卡人口")}
    listed.assign(**totals).to_csv(tmp_path / "全国村名单.csv", index=False)
    (tmp_path / "design.toml").write_text(_text(data), encoding="utf-8")
    said = open_counties(tmp_path / "design.toml", tmp_path / "项目", seed=SEED, how="当众摇号")
    assert "抽中 3 个县" in said[0]
    design = ev.read_design(tmp_path / "design.toml")
    drawn = draw_counties(design, seed=SEED, seed_origin="当众摇号")
    for code in drawn.codes:
        evaluation = ev.Evaluation(tmp_path / "项目" / COUNTIES / drawn.names[code])
        assert evaluation.design.hash == drawn.plan(code).hash == ev.read_design(county_data(design, code, "甲")).hash
        assert evaluation.design.evaluation.county == drawn.names[code] == evaluation.design.report.name
        evaluation.draw()
        assert evaluation.saved().seed == SEED and len(evaluation.sample().villages) == 8
    with pytest.raises(EvalkitError, match="已经有设计文件"):
        open_counties(tmp_path / "design.toml", tmp_path / "项目", seed=SEED, how="当众摇号")


def test_a_county_whose_name_is_no_folder_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    data = small()
    listed = draw_counties(ev.read_design(data), seed=SEED)._listed
    listed.loc[listed["county"] == "002002", "county_name"] = "../外面"
    data["stage"][0] = {"name": "county", "unit": "county", "method": "take-all"}
    data["frame"] = {**{key: part for key, part in data["frame"].items() if key != "made"}, "file": "名单.csv", "sheet": ""}
    listed.assign(乡村人口="1", 脱贫人口="1", 未脱贫人口="1", 非建档立卡人口="1").to_csv(tmp_path / "名单.csv", index=False)
    (tmp_path / "design.toml").write_text(_text(data), encoding="utf-8")
    with pytest.raises(DesignError, match="也是文件夹名"):
        open_counties(tmp_path / "design.toml", tmp_path / "项目", seed=SEED, how="当众摇号")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["design.toml", "名单.csv"]


def test_what_cannot_be_split_into_counties_is_refused_at_once() -> None:
    data = small(programme={"column": "province", "name": "县"})
    data["stage"][1]["allocation"] = {"rule": "equal", "total": 40}
    del data["stage"][1]["n"]
    data["frame"] = {**{key: part for key, part in data["frame"].items() if key != "made"}, "file": "户名册.parquet", "rows": "户数"}
    with pytest.raises(DesignError) as refusal:
        ev.read_design(data)
    said = str(refusal.value)
    assert "programme.column" in said and "programme.name" in said and "stage[2].allocation" in said and "frame.rows" in said


def test_a_county_with_two_names_and_two_counties_of_one_name_are_told_with_their_rows(tmp_path: Path) -> None:
    data = small()
    listed = draw_counties(ev.read_design(data), seed=SEED)._listed
    listed.loc[3, "county_name"] = "别名"
    listed.loc[listed["county"] == "002001", "county_name"] = str(listed.loc[0, "county_name"])
    data["frame"] = {**{key: part for key, part in data["frame"].items() if key != "made"}, "file": "名单.csv"}
    listed.to_csv(tmp_path / "名单.csv", index=False)
    (tmp_path / "design.toml").write_text(_text(data), encoding="utf-8")
    with pytest.raises(FrameError) as refusal:
        draw_counties(ev.read_design(tmp_path / "design.toml"), seed=SEED)
    assert "第 5 行，county" in str(refusal.value) and "第 26 行，county_name" in str(refusal.value)
    torn = pd.concat([listed, listed.iloc[[0]]]).assign(county=lambda t: t["county"].where(np.arange(len(t)) != 2, ""))
    torn.to_csv(tmp_path / "名单.csv", index=False)
    told = refused(lambda: draw_counties(ev.read_design(tmp_path / "design.toml"), seed=SEED))
    assert f"第 {len(torn) + 1} 行，village" in told and "编号重复" in told and "第 4 行，county｜空白" in told
    listed.drop(columns="county_name").to_csv(tmp_path / "名单.csv", index=False)
    assert "county_name｜没有这一列" in refused(lambda: draw_counties(ev.read_design(tmp_path / "design.toml"), seed=SEED))


def test_a_design_without_programme_says_what_to_write() -> None:
    with pytest.raises(DesignError, match=r"\[programme\]"):
        draw_counties(ev.read_design("designs/biyang_2018.toml"), seed=SEED)


def test_a_programme_that_is_stopped_leaves_nothing_and_the_next_run_is_whole(folder: Path, tmp_path: Path) -> None:
    def stop(line: str) -> None:
        if line.startswith("2/"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ev.run(folder / "项目.toml", tmp_path / "run", progress=stop)
    assert not list(tmp_path.iterdir())
    kept = {path: path.read_bytes() for path in (folder / "run").rglob("*") if path.is_file()}
    with pytest.raises(KeyboardInterrupt):
        ev.run(folder / "项目.toml", folder / "run", progress=stop)
    assert {path: path.read_bytes() for path in (folder / "run").rglob("*") if path.is_file()} == kept
    ev.run(folder / "项目.toml", tmp_path / "run")
    table = Path("results") / "counties.csv"
    assert (tmp_path / "run" / table).read_bytes() == (folder / "run" / table).read_bytes()


def test_the_taxonomy_that_the_design_names_goes_into_each_folder(tmp_path: Path) -> None:
    (tmp_path / "design.toml").write_text(_text(small(problems={"taxonomy": "lists/问题清单.toml"})), encoding="utf-8")
    with pytest.raises(EvalkitError, match=r"problems.taxonomy：lists/问题清单.toml｜设计文件旁没有这个文件｜把分类文件放到 lists/ 中"):
        open_counties(tmp_path / "design.toml", tmp_path / "项目", seed=SEED, how="当众摇号")
    assert not (tmp_path / "项目").exists()
    source = DESIGN.parent / "taxonomies" / "longchuan_2018.toml"
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "问题清单.toml").write_bytes(source.read_bytes())
    open_counties(tmp_path / "design.toml", tmp_path / "项目", seed=SEED, how="当众摇号")
    for county in (tmp_path / "项目" / COUNTIES).iterdir():
        own = ev.read_design(county / "design.toml").problems
        assert own is not None and (county / own.taxonomy).read_bytes() == source.read_bytes()


def test_what_only_a_programme_uses_is_refused_of_others(tmp_path: Path) -> None:
    with pytest.raises(EvalkitError, match="workers、workbooks｜只用于多个县的项目"):
        ev.run("designs/biyang_2018.toml", tmp_path / "县", workers=2, workbooks=True)
    assert not list(tmp_path.iterdir())
