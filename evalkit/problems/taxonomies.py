"""Taxonomies of problems from files: groups, problems, measures with lead and deadline, stages of the work."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.design.agreement import Disagreement
from evalkit.design.reading import parsed, validated
from evalkit.design.rectifying import Taxonomy
from evalkit.errors import DesignError, Fault

if TYPE_CHECKING:
    from pydantic import ValidationError

    from evalkit.design import Design

CHARGES = ("measure", "name", "problems", "lead", "units", "deadline", "text")


def read_taxonomy(source: str | Path | Mapping[str, Any]) -> Taxonomy:
    """Read a taxonomy of problems.

    Parameters
    ----------
    source : str, pathlib.Path or mapping
        A TOML file with ``[[group]]``, ``[[problem]]`` and, where there are any, ``[[measure]]``, ``[[stage]]`` and ``chain``; or the
        same as plain data.

    Raises
    ------
    DesignError
        With every fault at once: a code twice, a group or a problem that is not declared, a date that is none.

    Examples
    --------
    >>> read_taxonomy({"format": 1, "title": "例", "source": "自拟", "group": [{"code": "1", "name": "识别"}],
    ...                "problem": [{"code": "1.1", "group": "2", "name": "漏评"}]})
    Traceback (most recent call last):
        ...
    evalkit.errors.DesignError: 问题分类：1 处错误
      problem[1].group：2｜没有这一组｜改为：1
    """
    data = dict(source) if isinstance(source, Mapping) else parsed(Path(source))
    subject = "问题分类" if isinstance(source, Mapping) else Path(source).name
    return validated(Taxonomy, data, subject, _between_parts)


def design_taxonomy(design: Design) -> Taxonomy | None:
    """Return the taxonomy that ``[problems] taxonomy`` of a design names, a path from the design's own folder; None where it names none.

    Raises
    ------
    DesignError
        When there is no such file, or with every fault of it.
    """
    named = design.problems.taxonomy if design.problems else ""
    if not named:
        return None
    path = design.path.parent / named
    if not path.is_file():
        remedy = f"把分类文件放到 {path.parent.name}/ 中（仓库的 designs/taxonomies/ 有两份可照写），或改正 [problems] taxonomy"
        raise DesignError(f"problems.taxonomy：{named}｜设计文件旁没有这个文件｜{remedy}")
    return read_taxonomy(path)


def _between_parts(found: ValidationError, _: dict[str, Any]) -> list[Fault]:
    causes = (detail.get("ctx", {}).get("error") for detail in found.errors(include_url=False))
    return [fault for cause in causes if isinstance(cause, Disagreement) for fault in cause.faults]


def charge_table(taxonomy: Taxonomy) -> pd.DataFrame:
    """Return who leads which measure, who is responsible and until when: measure, name, problems, lead, units, deadline, text."""
    rows = [
        (measure.code, measure.name, *map("、".join, (each.problems or measure.problems, each.lead, each.units)), each.deadline, each.text)
        for measure in taxonomy.measure
        for each in measure.entry
    ]
    return pd.DataFrame(rows, columns=list(CHARGES))
