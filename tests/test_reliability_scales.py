"""Alpha, omega and relative weights: the numbers of methods.md section 8, and what must hold of any matrix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import EstimateError
from evalkit.reliability import correlations, cronbach, mcdonald, one_factor, relative_weights

CHECK = np.array([[1, 0.6, 0.5, 0.4], [0.6, 1, 0.55, 0.45], [0.5, 0.55, 1, 0.5], [0.4, 0.45, 0.5, 1]])
LOADINGS = st.lists(st.floats(0.35, 0.9), min_size=3, max_size=7)


def test_the_numbers_of_the_methods() -> None:  # methods.md section 8
    assert float(cronbach(CHECK)) == pytest.approx(0.8, abs=1e-12)
    assert float(mcdonald(CHECK)) == pytest.approx(0.802191, abs=5e-7)
    assert one_factor(CHECK) == pytest.approx([0.71103, 0.781555, 0.733544, 0.606163], abs=5e-7)


@given(LOADINGS)
def test_a_matrix_of_one_factor_gives_its_loadings_back(loadings: list[float]) -> None:
    true = np.array(loadings)
    matrix = np.outer(true, true) + np.diag(1 - true**2)
    assert one_factor(matrix) == pytest.approx(true, abs=1e-6)
    common = true.sum() ** 2
    assert float(mcdonald(matrix)) == pytest.approx(common / (common + (1 - true**2).sum()), abs=1e-7)
    assert float(cronbach(matrix)) <= float(mcdonald(matrix)) + 1e-9


@given(st.lists(st.floats(0.1, 9), min_size=4, max_size=4))
def test_omega_of_the_sum_follows_the_units_of_the_items_but_not_its_loadings(units: list[float]) -> None:
    scaled = CHECK * np.outer(units, units)
    assert one_factor(correlations(scaled)) == pytest.approx(one_factor(CHECK), abs=1e-9)
    assert float(mcdonald(scaled * 7)) == pytest.approx(float(mcdonald(scaled)), abs=1e-12)


def test_matrices_are_taken_in_stacks() -> None:
    stack = np.stack([CHECK, CHECK * 4])
    assert mcdonald(stack).tolist() == pytest.approx([float(mcdonald(CHECK))] * 2)
    assert cronbach(stack).shape == (2,)
    assert relative_weights(stack).shape == (2, 3)


def test_relative_weights_add_up_to_the_explained_share() -> None:
    weights = relative_weights(CHECK)
    explained = CHECK[0, 1:] @ np.linalg.solve(CHECK[1:, 1:], CHECK[0, 1:])
    assert weights.sum() == pytest.approx(explained, abs=1e-12)
    assert (weights > 0).all()
    turned = relative_weights(CHECK[np.ix_([0, 3, 1, 2], [0, 3, 1, 2])])
    assert turned == pytest.approx(weights[[2, 0, 1]], abs=1e-12)


def test_too_few_items_are_refused() -> None:
    for refused in (lambda: mcdonald(CHECK[:2, :2]), lambda: cronbach(CHECK[:1, :1]), lambda: relative_weights(CHECK[:1, :1])):
        with pytest.raises(EstimateError):
            refused()
