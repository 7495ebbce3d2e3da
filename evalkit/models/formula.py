"""Formulas read into numbers: which rows, which columns, what each coefficient is called."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.errors import EstimateError, Faults
from evalkit.estimates.domains import Domain, Missing, Variable
from evalkit.later import later
from evalkit.models.rows import Mask, grouped, one_domain, refuse_negative
from evalkit.variances import Floats

if TYPE_CHECKING:
    from evalkit.survey import Survey

patsy = later("patsy")

Label = tuple[str, ...]
ALONE = 1e-10  # a column whose length falls by more than this share is a combination of those before it


@dataclass(frozen=True, eq=False)
class Term:
    """One term of a formula and its columns of the design matrix."""

    name: str
    columns: tuple[int, ...]
    labels: tuple[Label, ...]


@dataclass(frozen=True, eq=False)
class Form:
    """A formula read on the rows of a survey.

    Attributes
    ----------
    formula : str
    response : str
        Left side as written.
    level : str
        The level that counts as 1 when the response is a column of two levels, else empty.
    y : (n,) float array
        Response on the rows of the domain; the codes 0, 1, … of a categorical one are columns of `held`.
    x : (n, p) float array
        Design matrix on those rows, columns in the order of the formula, interactions behind.
    terms : tuple of Term
    inside : Domain
        One domain; the rows that take part.
    rows : (rows,) bool array
    order : tuple of int
        Of the columns in patsy's matrix.
    info : patsy.DesignInfo
    table : dict
        The columns behind the formula, on those rows.
    """

    formula: str
    response: str
    level: str
    y: Floats
    x: Floats
    terms: tuple[Term, ...]
    inside: Domain
    rows: Mask
    order: tuple[int, ...]
    info: Any
    table: dict[str, Any]

    def __getstate__(self) -> dict[str, Any]:
        """Return what is stored: all but patsy's reading of the formula, which patsy cannot store."""
        return {**vars(self), "info": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        described = patsy.ModelDesc([], patsy.ModelDesc.from_formula(state["formula"]).rhs_termlist)
        again = _matrices(described, state["table"], len(state["x"]), state["formula"], False)[1]
        vars(self).update({**state, "info": again.design_info})

    @property
    def labels(self) -> list[Label]:
        """Labels of the columns: term, and level where the term has levels."""
        return [label for term in self.terms for label in term.labels]

    def term(self, name: str) -> Term:
        """Return the term of that name, factors of an interaction in any order."""
        for term in self.terms:
            if sorted(term.name.split(":")) == sorted(name.replace(" ", "").split(":")) or term.name == name:
                return term
        raise EstimateError(f"{name}｜公式 {self.formula} 中没有这一项｜可用：{'、'.join(term.name for term in self.terms)}")

    def response_column(self) -> str:
        """Return the column on the left side.

        Raises
        ------
        EstimateError
            When the left side is more than the name of a column.
        """
        names = list(_names(self.response))
        if len(names) != 1 or self.response not in (names[0], f"Q('{names[0]}')", f'Q("{names[0]}")'):
            raise EstimateError(f"{self.response}｜这里的因变量应是一列本身，不是算式｜先算好一列再写进公式")
        return names[0]

    def matrix(self, table: pd.DataFrame) -> Floats:
        """Return the design matrix of other rows, (rows, p)."""
        wanted = _columns_of(_factors(self.info), list(map(str, table.columns)), self.formula)
        plain = _plain(table, wanted, np.ones(len(table), dtype=bool))
        _complete(plain)
        loose = {name: np.asarray(held, dtype=object) if isinstance(held, pd.Categorical) else held for name, held in plain.items()}
        held = _counted(loose, len(table))
        made = _asked(lambda: patsy.build_design_matrices([self.info], held, NA_action="raise", return_type="matrix")[0], self.formula)
        return _as_floats(made, len(table))[:, list(self.order)]


def read_formula(survey: Survey, formula: str, where: Any, missing: Missing, numeric: bool = True) -> Form:
    """Read a formula on the rows of a domain.

    Parameters
    ----------
    survey : Survey
    formula : str
        ``"y ~ x + group"`` in patsy's language; text and categorical columns become indicators with the first level
        as base, ``np`` is numpy, a name that is no Python name is written ``Q("name")``.
    where, missing
        As for `ev.mean`; "no" is refused.
    numeric : bool
        Whether the response is one column of numbers; otherwise it is left out of the matrices and `y` is empty.

    Raises
    ------
    EstimateError
        Names that are no columns, missing answers, a response of more than two levels, columns that are combinations
        of others, numbers that are not finite.
    """
    described = _asked(lambda: patsy.ModelDesc.from_formula(formula), formula)
    if len(described.lhs_termlist) != 1 or not described.rhs_termlist:
        raise EstimateError(f"{formula}｜公式应为「因变量 ~ 自变量」｜例如 y ~ x + group")
    names = _columns_of(_listed(described.lhs_termlist + described.rhs_termlist), survey.columns, formula)
    rows = grouped(survey, None, where, [_presence(survey, name) for name in names], missing)[0] >= 0
    refuse_negative(survey, rows)
    table = _plain(survey.table(), names, rows)
    built = described if numeric else patsy.ModelDesc([], described.rhs_termlist)
    y, x, level = _matrices(built, table, int(rows.sum()), formula, numeric)
    terms, order = _terms(x.design_info, sorted(described.rhs_termlist, key=lambda term: len(term.factors)))
    matrix = _as_floats(x, int(rows.sum()))[:, list(order)]
    _independent(matrix, [label for term in terms for label in term.labels], formula)
    inside, response = one_domain(survey, rows), described.lhs_termlist[0].name()
    return Form(formula, response, level, y, matrix, terms, inside, rows, order, x.design_info, table)


def _asked(question: Any, formula: str) -> Any:
    """Ask patsy; its refusals become ours."""
    try:
        with np.errstate(all="ignore"):  # what is not finite is refused when all numbers are there
            return question()
    except (patsy.PatsyError, SyntaxError, NameError, TypeError, ValueError) as refusal:
        text = str(refusal).split("\n")[0].strip()
        raise EstimateError(f"公式 {formula}：{text}｜应能读成数值列｜核对公式与各列的内容") from refusal


def _matrices(described: Any, table: dict[str, Any], rows: int, formula: str, numeric: bool) -> tuple[Floats, Any, str]:
    space = patsy.EvalEnvironment([{"np": np}])
    if not numeric:
        held = _counted(table if any(term.factors for term in described.rhs_termlist) else {}, rows)
        return np.zeros(0), _asked(lambda: patsy.dmatrix(described, held, space, "raise"), formula), ""
    y, x = _asked(lambda: patsy.dmatrices(described, table, space, "raise"), formula)
    classes = any(factor.type == "categorical" for factor in y.design_info.factor_infos.values())
    if y.shape[1] != 1 + classes:
        found = f"因变量有 {y.shape[1]} {'类' if classes else '列'}"
        raise EstimateError(f"{formula}：{found}｜应为一个数值列，或恰有两类的列｜先转换，或用 ev.ordinal")
    about = y.design_info
    level = _suffixes(about, next(iter(about.term_codings.values())), about.column_names)[-1] if classes else ""
    return _as_floats(y, rows)[:, -1], x, level


def _counted(columns: dict[str, Any], rows: int) -> Any:
    """Return the columns, or where there are none a table that knows how many rows there are."""
    return columns or pd.DataFrame(index=range(rows))


def _as_floats(made: Any, rows: int) -> Floats:
    numbers = np.asarray(made, dtype=float)
    numbers = np.repeat(numbers, rows, axis=0) if len(numbers) == 1 and rows > 1 else numbers
    if not bool(np.isfinite(numbers).all()):
        raise EstimateError("公式算出的数不是有限数（0 的对数等）｜各列应在定义域内｜用 where= 去掉这样的行")
    return numbers


def _factors(info: Any) -> Iterator[str]:
    return (factor.code for factor in info.factor_infos)


def _listed(terms: Sequence[Any]) -> Iterator[str]:
    return (factor.code for term in terms for factor in term.factors)


def _columns_of(codes: Iterator[str], known: Sequence[Any], formula: str) -> list[str]:
    """Return the columns that the factors of a formula read, and refuse names that are none."""
    asked = list(dict.fromkeys(name for code in codes for name in _names(code)))
    strange = [name for name in asked if name not in known]
    if strange:
        raise EstimateError(f"{'、'.join(strange)}｜公式 {formula} 中的名字不是数据的列｜可用：{'、'.join(map(str, known))}")
    return asked


def _names(code: str) -> Iterator[str]:
    """Names of columns in a factor: plain names and those quoted by Q; functions and numpy are none."""
    tree = ast.parse(code, mode="eval")
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Q":
            yield str(ast.literal_eval(node.args[0]))
        elif isinstance(node, ast.Name) and id(node) not in called and node.id != "np" and not hasattr(patsy, node.id):
            yield node.id


def _presence(survey: Survey, name: str) -> Variable:
    """Say where a column has no answer."""
    missing = survey.column(name).isna().to_numpy()
    return Variable((name,), np.zeros(0), missing if bool(missing.any()) else None)


def _plain(table: pd.DataFrame, names: Sequence[str], rows: Mask) -> dict[str, Any]:
    """Return columns as patsy reads them: numbers as floats, everything else as categories that occur."""
    return {name: _values(table[name][rows]) for name in names}


def _values(series: pd.Series) -> Any:
    if pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series):
        return series.to_numpy(dtype=float, na_value=np.nan)
    if isinstance(series.dtype, pd.CategoricalDtype):
        return series.cat.remove_unused_categories().array
    return pd.Categorical(series.astype(object))


def _complete(columns: dict[str, Any]) -> None:
    faults = Faults("预测")
    for name, held in columns.items():
        faults.add_rows(np.flatnonzero(pd.isna(held)), name, "缺答案", "补全后重试")
    faults.refuse(EstimateError)


def _terms(info: Any, wanted: Sequence[Any]) -> tuple[tuple[Term, ...], tuple[int, ...]]:
    """Return the terms in the order of the formula (patsy puts categories first), and where their columns stood."""
    order: list[int] = []
    made = []
    for term in wanted:
        here = range(*info.term_slices[term].indices(len(info.column_names)))
        columns = tuple(range(len(order), len(order) + len(here)))
        names = _suffixes(info, info.term_codings[term], [info.column_names[at] for at in here])
        made.append(Term(term.name(), columns, tuple((term.name(), level) if level else (term.name(),) for level in names)))
        order.extend(here)
    return tuple(made), tuple(order)


def _suffixes(info: Any, parts: Any, columns: Sequence[str]) -> list[str]:
    """Levels of the columns of a term, those of an interaction joined by a colon, the first factor fastest."""
    found: list[str] = []
    for part in parts:
        own = [_levels(part.contrast_matrices[each], info.factor_infos[each]) for each in part.factors if each in part.contrast_matrices]
        found.extend(":".join(reversed(combination)) for combination in product(*reversed(own)))
    return found if len(found) == len(columns) else list(columns)  # a factor of several numeric columns keeps patsy's names


def _levels(contrasts: Any, factor: Any) -> list[str]:
    """Return what the columns of a factor are called; a number is 2, whichever way patsy writes it."""
    numbers = {str(shown(level)): f"{level:g}" for level in factor.categories if isinstance(level, float) for shown in (str, repr)}
    bare = [suffix.removeprefix("[").removesuffix("]").removeprefix("T.") for suffix in contrasts.column_suffixes]
    return [numbers.get(name, name) for name in bare]


def _independent(x: Floats, labels: Sequence[Label], formula: str) -> None:
    """Refuse columns that are combinations of those before them, naming all of them."""
    length = np.sqrt((x**2).sum(axis=0))
    upright = np.abs(np.diag(np.linalg.qr(x / np.where(length > 0, length, 1.0), mode="r")))
    kept = np.append(upright, np.zeros(x.shape[1] - len(upright)))
    lost = [" ".join(label) for label, size in zip(labels, kept, strict=True) if size < ALONE]
    if lost:
        raise EstimateError(f"公式 {formula}：{'、'.join(lost)}｜是其他各项的线性组合（或全为 0），系数无法确定｜去掉这些项")
