"""Forms ◄ read_forms: the linked forms of an evaluation, checked, attached to households and villages, counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from evalkit.errors import Fault, Faults, ScreeningError
from evalkit.fieldwork.handed import Handed, Source, hand_in
from evalkit.forms.attaching import attach_persons, attach_places, households_of
from evalkit.forms.tallying import COUNTS, FINDINGS, count_rows, finding_rows
from evalkit.given import takes
from evalkit.lists import fixed
from evalkit.screening import Check, Screening
from evalkit.screening.cells import Cells
from evalkit.showing import Rows, Shown, table_of

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.design.linking import LinkedForm


class Part(NamedTuple):
    """One form as it came back: its declaration, its rows, and what its checks found."""

    form: LinkedForm
    handed: Handed
    cells: Cells
    screening: Screening


@dataclass(frozen=True, eq=False)
class Forms(Shown):
    """The linked forms that came back.

    Attributes
    ----------
    parts : mapping of str to Part
        By name, in the order of the design.
    faults : tuple of Fault
        What their checks found, rows that hang on nothing, households and villages without their form; the form stands
        before the column.
    """

    parts: Mapping[str, Part]
    faults: tuple[Fault, ...]

    def counts(self) -> pd.DataFrame:
        """Return how many forms came back and what they answer: 表, 类别, 事项, 回答, 份数, 应有.

        A row with a blank 事项 counts the forms of a category against how many there should be; the others tally the answers
        of a counted item. These are counts of what was seen, and speak for nobody else.
        """
        rows = [row for part in self.parts.values() for row in count_rows(part.form, part.cells)]
        return pd.DataFrame(rows, columns=list(COUNTS)).astype({"份数": "Int64", "应有": "Int64"})

    def findings(self) -> pd.DataFrame:
        """Return every finding with its place: 表, 类别, 地点, 事项, 内容, 文件, 行.

        内容 is shown where the design names the word; free text is not: it may name persons, and is read in the form itself.
        """
        found = [row for part in self.parts.values() for row in finding_rows(part.form, part.handed, part.cells)]
        return pd.DataFrame(found, columns=list(FINDINGS))

    def _rows_shown(self) -> Rows:
        return table_of(self.counts())

    def __repr__(self) -> str:
        told = "，".join(f"{name} {len(part.handed.table)} 份" for name, part in self.parts.items()) or "没有交回的表"
        return f"Forms {told}；发现 {len(self.findings())} 处，待核实 {len(self.faults)} 处"


@takes(ScreeningError)
def read_forms(
    design: Design, files: Mapping[str, Source], *, households: pd.DataFrame | None = None, villages: Iterable[str] | None = None
) -> Forms:
    """Read the linked forms that a design declares.

    Parameters
    ----------
    design : Design
        With `[[form]]`.
    files : mapping of form name to table, path, folder or several paths
    households : DataFrame, optional
        The households of the sample that were interviewed, with columns village, household and persons; needed to attach
        persons where no form of kind ``household`` is given.
    villages : iterable of str, optional
        The drawn villages: forms of others hang on nothing, and a village without its form is told.

    Returns
    -------
    Forms

    Raises
    ------
    ScreeningError
        When a name is none of the design's, a file cannot be read, or lacks a column.

    Examples
    --------
    >>> import evalkit as ev
    >>> plain = {**ev.read_design("designs/biyang_2018.toml").model_dump(by_alias=True, exclude_unset=True), "path": ""}
    >>> form = {"name": "干部访谈表", "kind": "interview", "link": "none", "by": "对象", "counts": ["知晓政策"], "expected": {"驻村": 2}}
    >>> design = ev.read_design({**plain, "form": [form]})
    >>> table = pd.DataFrame({"对象": ["驻村", "帮扶"], "知晓政策": ["是", "否"]})
    >>> read_forms(design, {"干部访谈表": table}).counts().to_numpy().tolist()[0]
    ['干部访谈表', '驻村', '', '', 1, 2]
    """
    if strange := [name for name in files if design.form(name) is None]:
        have = "、".join(form.name for form in design.forms) or "无，先写 [[form]]"
        raise ScreeningError(f"{'、'.join(map(str, strange))}｜设计中没有这张表｜可用：{have}")
    parts, faults = {}, Faults("表")
    for form in design.forms:
        if form.name in files:
            part, early = _read(form, files[form.name], design.checks_on(form.name))
            parts[form.name] = part
            faults.extend(_named(form.name, [*early, *part.screening.faults()]))
    known = households_of([(part.form, part.handed) for part in parts.values()], households)
    drawn = None if villages is None else sorted(set(villages))
    for name, part in parts.items():
        if part.form.kind == "person" and known is not None:
            faults.extend(_named(name, attach_persons(part.form, part.handed, known)))
        elif part.form.link in ("village", "township") and drawn is not None:
            faults.extend(_named(name, attach_places(part.form, part.handed, drawn)))
    return Forms(fixed(parts), tuple(faults))


def _read(form: LinkedForm, source: Source, declared: Iterable[Check]) -> tuple[Part, Faults]:
    checks = [*_own_checks(form), *declared]
    wanted = [*form.headings, *(heading for check in checks for heading in check.headings)]
    handed, faults = hand_in(source, form.name, wanted, form.place, ScreeningError, [form.household] if form.household else [])
    handed = handed.dated(checks)
    # a row of a printed form that nobody has filled says nothing
    blank = handed.table[list(form.headings)].isin(form.missing).to_numpy(dtype=bool)
    said = np.flatnonzero(~blank.all(axis=1) | (blank.shape[1] == 0))
    kept = handed.table.iloc[said].reset_index(drop=True)
    handed = replace(handed, table=kept, rows=handed.rows[said], files=handed.files[said])
    return Part(form, handed, Cells(handed.table, form.missing), handed.screen(checks, form.name, form.missing)), faults


def _own_checks(form: LinkedForm) -> list[Check]:
    keys = [*form.place, *form.key]
    checks = [Check("required", keys, action="stop")] if keys else []
    if keys and (form.key or form.kind in ("household", "village", "township")):
        checks.append(Check("unique", keys, action="stop", remedy="两份同一对象的表，核对后留一份"))
    if form.by:
        words = [word for word in form.expected]
        checks.append(Check("one-of", form.by, values=words, action="ask") if words else Check("required", form.by, action="ask"))
    return checks


def _named(form: str, faults: Iterable[Fault]) -> list[Fault]:
    return [replace(fault, column=f"{form}：{fault.column}" if fault.column else form) for fault in faults]
