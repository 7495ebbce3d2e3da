"""Which rows a model or a test is about."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import EstimateError, EvalkitWarning, Faults
from evalkit.estimates.domains import Domain, Missing, Variable, domain
from evalkit.variances import Floats, Ints, Partition

if TYPE_CHECKING:
    from evalkit.survey import Survey

Mask = NDArray[np.bool_]


def grouped(
    survey: Survey, by: str | Sequence[str] | None, where: Any, variables: Sequence[Variable], missing: Missing
) -> tuple[Ints, list[tuple[Any, ...]]]:
    """Return the group of each row, negative outside the domain, and the values of the groups that have rows.

    Raises
    ------
    EstimateError
        missing="no", missing answers under "fail", a domain without rows.
    """
    if missing == "no":
        raise EstimateError('missing="no"｜模型与检验中缺失不能计为 0｜写 missing="fail" 或 missing="out"')
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvalkitWarning)  # a level without rows is no group here
        found = domain(survey, by, where, [], missing)
    code = _answered(np.zeros(len(survey), dtype=np.int64) if found.code is None else found.code, variables, missing)
    used = np.bincount(code[code >= 0], minlength=found.count) > 0
    if not bool(used.any()):
        raise EstimateError("域中没有行｜where 与 missing 之后至少应有 1 行｜核对条件")
    place = np.append(np.where(used, np.cumsum(used) - 1, -1), -1)
    return place[code], [key for key, held in zip(found.keys, used, strict=True) if held]


def _answered(code: Ints, variables: Sequence[Variable], missing: Missing) -> Ints:
    """Take rows without an answer out of the domain, or refuse all of them at once."""
    faults = Faults("模型")
    inside = code >= 0
    for variable in variables:
        if variable.missing is None:
            continue
        if missing == "fail":
            faults.add_rows(np.flatnonzero(variable.missing & inside), str(variable.label[0]), "缺答案", 'missing="out"（移出域）')
        code = np.where(variable.missing, -1, code)
    faults.refuse(EstimateError)
    return code


def one_domain(survey: Survey, rows: Mask) -> Domain:
    """Return the domain of some rows, for what n and df count."""
    whole = bool(rows.all())
    return Domain(survey.whole if whole else Partition(np.where(rows, 0, -1)), ((),), (), len(survey))


def divided(numbers: Floats, whole: Floats, what: str) -> Floats:
    """Return means of groups, numbers / whole.

    Raises
    ------
    EstimateError
        When a group has no weight, as may happen in a replicate that leaves a unit out.
    """
    if not bool(whole.all()):
        raise EstimateError(f"{what}｜某一组的权数合计为 0（重复权数去掉了它的全部单元）｜每组应出现在多个首阶段单元中｜合并小的组")
    return numbers / whole


def refuse_negative(survey: Survey, rows: Mask) -> None:
    """Refuse weights below 0, which calibration may leave: a likelihood needs weights that count.

    Raises
    ------
    EstimateError
        When a row of the domain has a weight below 0.
    """
    count = int((survey.weights[rows] < 0).sum())
    if count:
        raise EstimateError(f"{count} 行的权数小于 0｜回归的权数应不小于 0｜校准时写 bounds= 或改用 distance=\"raking\"")
