"""Tiles and maps: one tile a place, shades in order, boundaries only from the user, everything named or counted."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import evalkit as ev
from evalkit import charts
from evalkit.charts import Chart
from evalkit.charts.places import DEPTHS, Place, Shading
from evalkit.errors import EvalkitError, ReportError

TOWNS = {"A01": 0.0, "A02": 0.012, "A03": 0.031, "A04": float("nan")}


def survey(least=20):
    """Three townships, the last with few answers."""
    at = np.arange(120 + 90 + least)
    town = np.where(at < 120, "A01", np.where(at < 210, "A02", "A03"))
    table = pd.DataFrame({"township": town, "village": at // 15, "wrong": ((at >= 120) & (at % 30 == 0)).astype(int)})
    return ev.Survey.from_data(table, clusters="village")


def squares(codes, code="code", size=1.0):
    """A row of squares, the second one with a hole, the third of two pieces."""
    features = []
    for at, name in enumerate(codes):
        x = at * size
        ring = [[x, 0], [x + size, 0], [x + size, size], [x, size], [x, 0]]
        hole = [[x + 0.4, 0.4], [x + 0.6, 0.4], [x + 0.6, 0.6], [x + 0.4, 0.6], [x + 0.4, 0.4]]
        away = [[px, py + 2] for px, py in ring]
        shape = {"type": "MultiPolygon", "coordinates": [[ring], [away]]} if at == 2 else {"type": "Polygon", "coordinates": [ring]}
        shape = {"type": "Polygon", "coordinates": [ring, hole]} if at == 1 else shape
        features.append({"type": "Feature", "properties": {code: name}, "geometry": shape})
    return {"type": "FeatureCollection", "features": features}


def words(axes):
    return [text.get_text() for text in axes.texts if text.get_visible()]


def pixel(axes, x, y):
    """The colour that is drawn at a place."""
    canvas = FigureCanvasAgg(axes.figure)
    canvas.draw()
    across, up = axes.transData.transform((x, y))
    picture = np.asarray(canvas.buffer_rgba())
    return tuple(int(part) for part in picture[picture.shape[0] - 1 - int(up), int(across), :3])


def test_a_tile_a_place_in_the_order_of_codes():
    axes = charts.tiles_plot(dict(reversed(TOWNS.items())), labels={"A02": "羊册镇"})
    assert words(axes) == ["A01\n0%", "羊册镇\n1.20%", "A03\n3.10%", "A04\n无数据"]
    assert [bar.get_x() for bar in axes.patches] == sorted(bar.get_x() for bar in axes.patches)
    faces = [bar.get_facecolor()[:3] for bar in axes.patches]
    assert faces[0] == (1, 1, 1) and sum(faces[1]) > sum(faces[2])  # the darker the higher
    assert axes.get_label() == "A01：0%；羊册镇：1.20%；A03：3.10%；A04：无数据。"
    assert charts.tiles_plot(TOWNS, language="en").get_label() == "A01: 0%; A02: 1.20%; A03: 3.10%; A04: no data."
    assert Chart.of(axes, "x").collisions() == []


def test_an_estimate_hides_places_with_few_answers():
    estimate = ev.proportion(survey(), "wrong", by="township")
    axes = estimate.plot("tiles")
    assert words(axes)[2] == "A03\n—" and "A03：样本不足，不公布" in axes.get_label()
    assert "不足 30 户" in axes.get_xlabel().replace("\n", "")
    assert words(estimate.plot("tiles", publish_from=1))[2] == "A03\n5.00%"
    assert charts.tiles_plot(ev.proportion(survey(), "wrong", by="township"), publish_from=1000).get_legend() is not None
    with pytest.raises(ReportError, match="按一列分组的比例"):
        charts.tiles_plot(ev.mean(survey(), "wrong", by="township"))


def test_verdicts_are_told_apart_without_colour():
    low, high = (ev.proportion(survey(), "wrong", where=survey().column("township") == town) for town in ("A01", "A02"))
    verdicts = {"A01": ev.judge(low, 0.2, strict=True), "A02": ev.judge(high, 0.001, strict=True), "A03": ev.judge(high, 0.02, strict=True)}
    axes = charts.tiles_plot(verdicts)
    assert len({(bar.get_facecolor(), bar.get_hatch()) for bar in axes.patches}) == len({v.zone for v in verdicts.values()})
    assert "已证实达到" in axes.get_label() and axes.get_title(loc="left") == "各地的判定"


def test_a_grid_is_the_users():
    axes = charts.tiles_plot({"a": 0.1, "b": 0.2}, grid={"a": (1, 2), "b": (0, 0)})
    assert [(round(bar.get_x()), round(bar.get_y())) for bar in axes.patches] == [(2, 1), (0, 0)]
    with pytest.raises(ReportError, match=r"(?s)b.*同一格.*c.*没有它的位置"):
        charts.tiles_plot({"a": 0.1, "b": 0.2, "c": 0.3}, grid={"a": (0, 0), "b": (0, 0)})
    with pytest.raises(ReportError, match="没有可画"):
        charts.tiles_plot({})
    with pytest.raises(ReportError, match="0 与 1 之间"):
        charts.tiles_plot({"a": 2.0})


@pytest.mark.parametrize("shares", [[0.004, 0.013, 0.031], [0.91, 0.95, 1.0], [0.5], [0.0, 0.0], [1e-6, 0.9]])
def test_every_share_lies_in_its_class(shares):
    places = [Place(str(at), str(at), share) for at, share in enumerate(shares)]
    shading = Shading.of(places)
    positive = [share for share in shares if share]
    assert len(set(positive)) < 2 or (shading.edges[0] <= min(positive) and max(positive) <= shading.edges[-1])
    depths = [DEPTHS.index(shading.look(place)[0]) for place in places if place.share]
    assert depths == sorted(depths) and len(shading.edges) <= len(DEPTHS) + 2


def test_a_map_on_the_users_boundaries(tmp_path):
    shapes = squares([*TOWNS, "beyond"])
    file = tmp_path / "towns.geojson"
    file.write_text(json.dumps(shapes), encoding="utf-8")
    for given in (shapes, file, str(file), SimpleNamespace(__geo_interface__=shapes)):  # a GeoDataFrame has the last
        axes = charts.map_plot(TOWNS, given)
        assert words(axes) == ["A03\n3.10%", "A01\n0%", "A04\n无数据", "A02\n1.20%"]  # the largest first
        assert len(axes.patches) == 5 and Chart.of(axes, "x").collisions() == []
    assert pixel(axes, 1.5, 0.5) == (255, 255, 255) != pixel(axes, 1.2, 0.1)  # a hole is one
    assert ev.proportion(survey(), "wrong", by="township").plot("map", boundaries=shapes).get_label().startswith("A01：0%；A02")


def test_names_that_would_run_into_each_other_are_counted():
    many = {f"{at:03d}": 0.01 for at in range(60)}
    axes = charts.map_plot(many, squares(list(many), size=0.01), labels={code: "名称很长的地方" for code in many})
    unnamed = sum(not text.get_visible() for text in axes.texts)
    assert unnamed > 0 and f"{unnamed} 个地方太小" in axes.get_xlabel()
    assert Chart.of(axes, "x").collisions() == []


def test_boundaries_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(ReportError, match="A04｜没有边界"):
        charts.map_plot(TOWNS, squares(["A01", "A02", "A03"]))
    with pytest.raises(ReportError, match=r"没有 code 这一列的值.*现有：name"):
        charts.map_plot(TOWNS, squares(TOWNS, code="name"))
    with pytest.raises(ReportError, match="代码出现两次"):
        charts.map_plot(TOWNS, squares([*TOWNS, "A01"]))
    for wrong, told in ((tmp_path / "no.json", "没有这个边界文件"), ({}, "没有 features"), (pd.DataFrame(), "没有 features")):
        with pytest.raises(ReportError, match=told):
            charts.map_plot(TOWNS, wrong)
    assert charts.map_plot({"411726": 0.1}, squares([411726.0])).get_label() == "411726：10.00%。"  # a column of numbers


def test_other_files_need_geopandas_and_say_how_to_get_it(tmp_path, monkeypatch):
    shape = tmp_path / "towns.gpkg"
    shape.write_bytes(b"")
    monkeypatch.setitem(sys.modules, "geopandas", None)
    maps = sys.modules["evalkit.charts.maps"]
    monkeypatch.setitem(vars(maps.geopandas), "_module", None)
    with pytest.raises(EvalkitError, match=r"缺少 geopandas.*pip install 'evalkit\[map\]'"):
        charts.map_plot(TOWNS, shape)


@pytest.mark.map
def test_geopandas_reads_other_files(tmp_path):
    geopandas = sys.modules["evalkit.charts.maps"].geopandas
    frame = geopandas.GeoDataFrame.from_features(squares(TOWNS), crs="EPSG:4326")
    frame.to_file(tmp_path / "towns.gpkg")
    assert charts.map_plot(TOWNS, tmp_path / "towns.gpkg").get_label() == charts.map_plot(TOWNS, frame).get_label()
