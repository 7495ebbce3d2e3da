"""From the data set, design and domain of a case to a Survey and a condition on its rows."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

import evalkit as ev

ONE = "_one"
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip


class Jittered(list[float]):
    """Numbers that the source publishes with random noise of at most `amount` added: nobody can agree more closely than that."""

    def __init__(self, values: Iterable[float], amount: float) -> None:
        super().__init__(values)
        self.amount = amount


class NotCovered(Exception):
    """The case asks for something that evalkit does not do (yet)."""


@cache
def dataset(folder: Path, name: str) -> pd.DataFrame:
    """Read one data set; an empty cell is missing, and nothing else is."""
    file = folder / f"{name}.csv"
    if not file.exists():
        raise NotCovered(f"no data set {name}")
    return pd.read_csv(file, keep_default_na=False, na_values=[""])


def survey(case: dict[str, Any], folder: Path) -> ev.Survey:
    """Build the Survey of a case."""
    design, options = case["design"], case.get("options", {})
    table = _table(case, folder)
    if design.get("repweights"):
        return _replicated(design, table, folder)
    clusters = design.get("ids") or None
    return ev.Survey.from_data(
        table,
        weights=design.get("weights"),
        probs=design.get("probs"),
        strata=design.get("strata") or None,
        clusters=clusters,
        nest=design.get("nest", False),
        fpc=design.get("fpc") or None,
        pps=_unequal(design, folder) if design.get("pps") else None,
        singleton=options.get("lonely_psu", "fail"),
        singleton_domain=options.get("adjust_domain_lonely", False),
        stages="first" if options.get("ultimate_cluster") else "all",
    )


def _unequal(design: dict[str, Any], folder: Path) -> ev.PPS:
    stated = design["pps"]
    matrix = pd.read_csv(folder / f"{stated['file']}.csv").to_numpy() if "file" in stated else None
    form = "syg" if design.get("variance") == "YG" else "ht"
    return ev.PPS(stated["method"].replace("_", "-"), matrix, form=form, sum_p2_over_n=stated.get("sum_p2_over_n"))


def _replicated(design: dict[str, Any], table: pd.DataFrame, folder: Path) -> ev.Survey:
    stated = design["repweights"]
    matrix = pd.read_csv(folder / f"{stated['file']}.csv").to_numpy(dtype=float)
    return ev.Survey.from_replicates(
        table, design["weights"], matrix, kind=stated["type"], scale=stated["scale"], rscales=stated["rscales"],
        combined=stated["combined_weights"], centre="estimate" if stated["mse"] else "mean",
    )  # fmt: skip


def _table(case: dict[str, Any], folder: Path) -> pd.DataFrame:
    table = dataset(folder, case["dataset"]).assign(**{ONE: 1.0})
    for rule in case.get("prefilter", []):
        table = table[_holds(table, rule)].reset_index(drop=True)
    for name in case.get("as_factor", []):
        table[name] = table[name].map(_text, na_action="ignore").astype("category")
    return table


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _holds(table: pd.DataFrame, rule: dict[str, Any]) -> pd.Series:
    column, op = table[rule["col"]], rule["op"]
    if op in ("notna", "isna"):
        return column.notna() if op == "notna" else column.isna()
    if op in ("in", "%in%"):
        return column.isin(rule["value"])
    if op not in COMPARE:
        raise NotCovered(f"operator {op}")
    value = rule["value"]
    if isinstance(value, str) != (not pd.api.types.is_numeric_dtype(column)):
        column, value = column.map(_text, na_action="ignore"), str(value)
    return COMPARE[op](column, value) & column.notna()


def condition(case: dict[str, Any], survey: ev.Survey) -> Any:
    """Return the domain of a case as one boolean column, None without."""
    rules = case.get("domain")
    if not rules:
        return None
    table = survey.table()
    held = pd.Series(True, index=table.index)
    for rule in rules:
        held &= _holds(table, rule)
    return held


def argument(value: Any, folder: Path) -> Any:
    """Replace references to columns by their numbers."""
    if isinstance(value, dict) and set(value) <= {"ref", "rows"}:
        name, _, column = value["ref"].partition(".")
        found = dataset(folder, name)[column]
        return (found.iloc[[row - 1 for row in value["rows"]]] if "rows" in value else found).to_numpy()
    return value
