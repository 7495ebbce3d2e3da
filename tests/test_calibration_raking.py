"""Raking and post-stratification: margins met, the limit of calibration, and margins that cannot be met told by name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.calibration import Names, collapse, fit, poststratify, poststratify_cells, rake, rake_cells
from evalkit.calibration.cells import DENSE
from evalkit.errors import SurveyError

LEVELS = (2, 5, 7)
ROWS, COLUMNS, TABLE = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.array([40.0, 30, 20, 10])
NAMES = Names(["村类型", "户类型"], [["贫困村", "非贫困村"], ["脱贫户", "一般户"]])


def classified(seed: int, n: int = 400, levels: tuple[int, ...] = LEVELS) -> tuple[list[np.ndarray], np.ndarray, list[np.ndarray]]:
    """Return codes in which every category occurs, weights, and margins of one population."""
    rng = np.random.default_rng(seed)
    codes = [np.concatenate([np.arange(size), rng.integers(0, size, n - size)]) for size in levels]
    d = rng.uniform(5, 50, n)
    population = d * rng.uniform(0.7, 1.5, n)
    return codes, d, [np.bincount(code, weights=population) for code in codes]


def dummies(codes: list[np.ndarray], levels: tuple[int, ...] = LEVELS) -> np.ndarray:
    return np.column_stack([(code[:, None] == np.arange(size)).astype(float) for code, size in zip(codes, levels, strict=True)])


def test_published_table() -> None:
    """Rows (60, 50), columns (70, 40): iterated to the end; R's default stops at (35.645, 24.353, 34.355, 15.647) (methods §7)."""
    found = rake([ROWS, COLUMNS], TABLE, [[60, 50], [70, 40]])
    assert (TABLE * found.g).round(4).tolist() == [35.6466, 24.3534, 34.3534, 15.6466]
    assert found.miss <= 1e-10 and found.sweeps > 1


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_margins_are_met_and_the_limit_is_calibration(seed: int) -> None:
    codes, d, margins = classified(seed)
    found = rake(codes, d, margins, tol=1e-13)
    for code, total in zip(codes, margins, strict=True):
        assert np.bincount(code, weights=d * found.g) == pytest.approx(total, rel=1e-12)
    calibrated = fit(dummies(codes), d, np.concatenate(margins), method="raking", tol=1e-13)
    assert found.g == pytest.approx(calibrated.g, rel=1e-9)


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.int32, np.int64, np.uint8])
def test_integers_of_any_width(kind: type) -> None:
    codes, d, margins = classified(1)
    assert rake([code.astype(kind) for code in codes], d, margins).g.tolist() == rake(codes, d, margins).g.tolist()


def test_order_of_rows_and_relabelling_do_not_matter() -> None:
    codes, d, margins = classified(2)
    rng = np.random.default_rng(2)
    order, label = rng.permutation(400), rng.permutation(7)
    moved = [code[order] for code in codes[:2]] + [label[codes[2][order]]]
    renamed = [margins[0], margins[1], margins[2][np.argsort(label)]]
    assert rake(moved, d[order], renamed).g == pytest.approx(rake(codes, d, margins).g[order], rel=1e-9)


def test_large_tables_keep_the_cells_that_occur() -> None:
    levels = (60, 50, 40)
    assert np.prod(levels) > DENSE
    codes, d, margins = classified(3, 3000, levels)
    cells = collapse(codes, levels)
    assert cells.count < 3000 and all((part[cells.row] == code).all() for part, code in zip(cells.codes, codes, strict=True))
    assert rake(codes, d, margins).miss <= 1e-10


def test_small_tables_hold_every_cell() -> None:
    codes, d, _ = classified(4)
    cells = collapse(codes, LEVELS)
    assert cells.count == 70 and cells.add_up(d).sum() == pytest.approx(d.sum())
    assert all((part[cells.row] == code).all() for part, code in zip(cells.codes, codes, strict=True))


def test_replicates_one_by_one_and_together() -> None:
    codes, d, margins = classified(5)
    rng = np.random.default_rng(5)
    factors = rng.gamma(4, 0.25, (9, 400))
    cells = collapse(codes, LEVELS)
    sums = np.array([cells.add_up(d * each) for each in factors])
    together = rake_cells(sums, cells.codes, margins, tol=1e-12)
    for each, g in zip(factors, together, strict=True):
        assert g[cells.row] == pytest.approx(rake(codes, d * each, margins, tol=1e-12).g, rel=1e-10)
    assert (together[sums == 0] == 1).all()


def test_poststrata_are_raking_with_one_margin() -> None:
    codes, d, margins = classified(6)
    found = poststratify(codes[2], d, margins[2])
    assert found.g == pytest.approx(rake(codes[2:], d, margins[2:]).g, rel=1e-14)
    assert found.g == pytest.approx(fit(dummies(codes[2:], LEVELS[2:]), d, margins[2]).g, rel=1e-11)
    sums = np.bincount(codes[2], weights=d)
    assert poststratify_cells([sums, 2 * sums], margins[2])[1] == pytest.approx(found.cell_g / 2)


def refused(margins: list[list[float]], table: np.ndarray | list[float] = TABLE) -> list[tuple[str, str, str]]:
    with pytest.raises(SurveyError) as raised:
        rake([ROWS, COLUMNS], table, margins, names=NAMES, max_sweeps=200)
    return [(fault.column, fault.value, fault.rule) for fault in raised.value.faults]


def test_margins_of_different_populations_are_told_with_their_sums() -> None:
    told = refused([[60, 50], [70, 41]])
    assert [(column, value) for column, value, _ in told] == [("村类型", "合计 110"), ("户类型", "合计 111")]


def test_empty_categories_are_named() -> None:
    told = refused([[60, 50], [70, 40]], [40, 30, 0, 0])
    assert told == [("村类型，非贫困村", "总数 50", "样本中没有一行有权数，总数无从放置")]
    assert refused([[60, 50], [110, 0]])[0][:2] == ("户类型，一般户", "总数 0")
    assert rake([ROWS, COLUMNS], [40.0, 0, 20, 0], [[60, 50], [110, 0]]).g.tolist() == [1.5, 1, 2.5, 1]


def test_crossings_that_do_not_occur_are_named_by_the_largest_miss() -> None:
    ((column, value, rule),) = refused([[60, 50], [70, 40]], [40, 0, 0, 10])
    assert column == "村类型，非贫困村" and value == "40，总数 50" and "相对 0.2" in rule


def test_replicates_with_empty_categories_are_named() -> None:
    with pytest.raises(SurveyError, match=r"村类型，非贫困村.*第 2、3 组复制权数（共 2 组）中没有一行有权数"):
        rake_cells([[1, 1, 1, 1.0], [1, 1, 0, 0], [2, 1, 0, 0]], [ROWS, COLUMNS], [[60, 50], [70, 40]], names=NAMES)
    with pytest.raises(SurveyError, match=r"第 2 组复制权数，村类型，非贫困村"):
        rake_cells([[1, 1, 1, 1.0], [1, 0, 0, 1]], [ROWS, COLUMNS], [[60, 50], [70, 40]], names=NAMES, max_sweeps=50)
    with pytest.raises(SurveyError, match="第 1 组复制权数"):
        poststratify_cells([[0, 5.0], [1, 2]], [3, 4])


@pytest.mark.parametrize("wrong", [-4.0, np.nan, np.inf])
def test_totals_of_poststrata_that_are_no_counts_are_refused(wrong: float) -> None:
    with pytest.raises(SurveyError, match=f"第 1 个边际，第 2 类：总数 {wrong:g}｜应为不小于 0 的有限数"):
        poststratify_cells([[3, 5.0], [1, 2]], [3, wrong])


@pytest.mark.parametrize(("codes", "weights", "margins", "told"), [
    ([ROWS, COLUMNS + 1], TABLE, [[60, 50], [70, 40]], "户类型：编码自 1 至 2｜应在 0 与 1 之间"),
    ([ROWS, COLUMNS - 1], TABLE, [[60, 50], [70, 40]], "户类型：编码自 -1 至 0"),
    ([ROWS, COLUMNS.astype(float)], TABLE, [[60, 50], [70, 40]], "应为 4 行的整数编码"),
    ([ROWS, COLUMNS[:3]], TABLE, [[60, 50], [70, 40]], "户类型：3 个编码"),
    ([ROWS], TABLE, [[60, 50], [70, 40]], "2 组总数"),
    ([ROWS, COLUMNS], -TABLE, [[60, 50], [70, 40]], "4 个为负"),
    ([ROWS, COLUMNS], 0 * TABLE, [[60, 50], [70, 40]], "全为 0"),
    ([ROWS, COLUMNS], TABLE, [[60, 50], [70, np.nan]], "户类型，一般户：总数 nan"),
])  # fmt: skip
def test_input_that_does_not_fit_is_refused(codes: list, weights: np.ndarray, margins: list, told: str) -> None:
    with pytest.raises(SurveyError, match=told):
        rake(codes, weights, margins, names=NAMES)


def test_results_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        rake([ROWS, COLUMNS], TABLE, [[60, 50], [70, 40]]).g[0] = 1


def test_raked_means_are_nearly_unbiased_where_answers_depend_on_the_margins() -> None:
    """Response depends on two margins, and so does y: raked to their totals, the mean comes out right; unraked it does not."""
    rng = np.random.default_rng(20)
    a, b = rng.integers(0, 2, 4000), rng.integers(0, 3, 4000)
    y = 10 + 4 * a - 3 * b + rng.normal(0, 1, 4000)
    chance = 0.1 * np.array([1, 2.0])[a] * np.array([1, 1.5, 0.6])[b]
    margins = [np.bincount(a).astype(float), np.bincount(b).astype(float)]
    raked, plain = [], []
    for _ in range(300):
        got = rng.random(4000) < chance
        d = np.ones(int(got.sum()))
        w = d * rake([a[got], b[got]], d, margins).g
        raked.append((w @ y[got]) / 4000)
        plain.append(y[got].mean())
    error = np.std(raked) / np.sqrt(300)
    assert abs(np.mean(raked) - y.mean()) < 3 * error + 1e-3
    assert abs(np.mean(plain) - y.mean()) > 30 * error
