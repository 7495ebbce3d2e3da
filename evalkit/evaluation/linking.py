"""The linked forms of an evaluation: taken in, attached to the sample, their counts and findings written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from evalkit.errors import HEADER, FieldworkError, grouped_lines
from evalkit.forms import Forms, read_forms
from evalkit.sheets import write_csv

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalkit.evaluation.steps import Evaluation

PART = "returns/{}"  # beside the household returns, a folder for each form


def take_forms(evaluation: Evaluation, name: str | None = None, files: Sequence[str] = ()) -> tuple[str, ...]:
    """Take the files of one form, and read all forms that are there.

    Parameters
    ----------
    evaluation : Evaluation
    name : str, optional
        The form that `files` are of.
    files : sequence of str
        Copied into ``returns/<name>/``; a file of the same name and other content is refused.

    Returns
    -------
    tuple of str
        What was read, and where counts, findings and faults are written: ``results/forms/``.

    Raises
    ------
    FieldworkError
        When the design declares no such form, or nothing has come back.
    """
    design, folder = evaluation.design, evaluation.folder
    if name is not None and design.form(name) is None:
        have = "、".join(form.name for form in design.forms) or "无，先写 [[form]]"
        raise FieldworkError(f"{name}｜设计中没有这张表｜可用：{have}")
    fresh = folder.fitting(PART.format(name), tuple(files)) if name is not None else []
    sources = {form.name: folder.tables(PART.format(form.name)) for form in design.forms}
    sources = {form: [*there, *(fresh if form == name else [])] for form, there in sources.items()}
    if not any(sources.values()):
        raise FieldworkError("returns/｜没有关联表｜键入 evalkit forms 文件夹 表名 文件，或放入 returns/表名/")
    households, villages = _sampled(evaluation)
    forms = read_forms(design, {form: there for form, there in sources.items() if there}, households=households, villages=villages)
    if name is not None:
        folder.keep(PART.format(name), fresh)
    return (repr(forms), *(f"  {line}" for line in grouped_lines(forms.faults)), _write(forms, evaluation))


def _sampled(evaluation: Evaluation) -> tuple[pd.DataFrame | None, list[str] | None]:
    """Return the households that were interviewed and the villages that were drawn, as far as the work has come."""
    if not evaluation.folder.certificate.exists():
        return None, None
    villages = list(evaluation.sample().villages)
    if not evaluation.folder.tables("returns"):
        return None, villages
    table = evaluation.responses().table()
    return table.loc[table["complete"], ["village", "household", "persons"]], villages


def _write(forms: Forms, evaluation: Evaluation) -> str:
    part = evaluation.folder.part("results/forms")
    faults = pd.DataFrame([fault.cells() for fault in forms.faults], columns=list(HEADER))
    written = [
        write_csv(table, part / f"{name}.csv")
        for name, table in (("counts", forms.counts()), ("findings", forms.findings()), ("faults", faults))
    ]
    return f"写入 results/forms/：{'、'.join(path.name for path in written)}；只是份数与发现，不作推断"
