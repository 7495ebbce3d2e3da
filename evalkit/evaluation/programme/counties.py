"""The counties of a programme: which were drawn, and what the list and the design say of each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from evalkit import codes, tickets
from evalkit.design import Design, read_design
from evalkit.design.programme import ProgrammeSection, counties_data, county_data
from evalkit.errors import DesignError, Faults, FrameError
from evalkit.frame import Frame
from evalkit.frame.checks import plain_rows
from evalkit.frame.rules import after_rules
from evalkit.sample import Sample, draw
from evalkit.sheets import read_sheet
from evalkit.synthetic.lists import made_list


@dataclass(frozen=True, eq=False)
class Counties:
    """The drawn counties of a programme.

    Attributes
    ----------
    design : Design
        Of the programme.
    sample : Sample
        The draw of the counties, with its certificate.
    """

    design: Design
    sample: Sample
    _listed: pd.DataFrame

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the drawn counties, sorted."""
        return tuple(sorted(self.sample.villages))

    @cached_property
    def names(self) -> dict[str, str]:
        """Code → name of every drawn county."""
        table = self.sample.table()
        return dict(zip(table["unit"], table["name"], strict=True))

    def rows(self, code: str) -> pd.DataFrame:
        """Return the rows of the list that belong to a county."""
        return self._parts[code].reset_index(drop=True)

    def plan(self, code: str) -> Design:
        """Return the design of one county: the programme's without the stage that drew it."""
        return read_design({**county_data(self.design, code, self.names[code]), "path": self.design.path})

    @cached_property
    def _parts(self) -> dict[str, pd.DataFrame]:
        return {str(code): rows for code, rows in self._listed.groupby(_section(self.design).column)}


def draw_counties(design: Design, *, seed: str, seed_origin: str = "given") -> Counties:
    """Draw the counties of a programme.

    Parameters
    ----------
    design : Design
        With ``[programme]``; its list is read from the file that it names, or made up.
    seed : str
        Of the ceremony: the villages and households of every county are drawn with the same one.
    seed_origin : str
        Where it came from, for the certificate.

    Returns
    -------
    Counties
        Together with the draws of its counties, just what one draw of all stages takes: a ticket hangs on the seed and the unit.

    Raises
    ------
    EvalkitError
        Without ``[programme]``, when a county has two names or two sets of values, or when the counties cannot be drawn.

    Examples
    --------
    >>> import evalkit as ev
    >>> from evalkit.evaluation.programme import draw_counties
    >>> drawn = draw_counties(ev.read_design("designs/national_programme_2018.toml"), seed="31415926535897932384")
    >>> len(drawn.codes), drawn.codes[0], len(drawn.rows(drawn.codes[0]))
    (280, '001014', 96)
    """
    part = _section(design)
    listed = _listed(design)
    kept, _ = after_rules(listed, design.frame.rule)
    plan = read_design({**counties_data(design), "path": design.path})
    counties = kept[[part.column, part.name, *plan.frame.columns]].drop_duplicates()
    _refuse_two_faced(counties, part)
    frame = Frame.from_data(counties, id=part.column, name=part.name, columns=plan.frame.columns, subject="县名单")
    return Counties(design, draw(frame, plan, seed=seed, seed_origin=seed_origin), listed)


def _section(design: Design) -> ProgrammeSection:
    if design.programme is None:
        raise DesignError("programme｜设计没有这一节｜多个县分别评估的设计写 [programme]，column 为县代码的列，name 为县名的列")
    return design.programme


def _listed(design: Design) -> pd.DataFrame:
    """Return the whole list as text, with the columns that the design keeps; those that a specimen makes up come county by county."""
    part, faults = design.frame, Faults("名单")
    table = made_list(part.made) if part.made else read_sheet(design.resolve(part.file), part.sheet, error=FrameError)
    section = _section(design)
    read = [section.column, section.name, part.id, part.name, *part.columns, part.place]
    read += [*(rule.column for rule in part.rule), *(note.column for note in part.note)]
    given = {section.column, section.name, *(table.columns if design.specimen else read)}  # a specimen makes up the rest
    wanted = [column for column in dict.fromkeys(read) if column and column in given]
    rows = plain_rows(table, faults, wanted)
    rows = rows.assign(**{name: tickets.cleaned(rows[name].tolist()) for name in dict.fromkeys([section.column, part.id]) if name in rows})
    _check_villages(rows, part.id, section, faults)
    return rows


def _check_villages(rows: pd.DataFrame, id: str, section: ProgrammeSection, faults: Faults) -> None:
    """Refuse a village that is listed twice, and rows of no county: the draw of their county would find it, when counties are drawn."""
    for row in rows.index[rows[id].duplicated() & (rows[id] != "")] if id in rows else ():
        faults.add(int(row) + 2, id, codes.shown(str(rows.at[row, id])), "编号重复", "每个单位一行，删去多余的行")
    for column in dict.fromkeys([section.column, section.name]):
        for row in rows.index[rows[column] == ""]:
            faults.add(int(row) + 2, column, None, "空白", "补全该格")
    faults.refuse(FrameError)


def _refuse_two_faced(counties: pd.DataFrame, part: ProgrammeSection) -> None:
    """Refuse counties whose villages do not agree on the county's name, or on what its stage reads of it."""
    faults = Faults("名单")
    for row in counties.index[counties[part.column].duplicated()]:
        rule = f"同一个县的各村在 {'、'.join(map(str, counties.columns[1:]))} 中的值不一致"
        faults.add(int(row) + 2, part.column, str(counties.at[row, part.column]), rule, "改正名单，使一个县只有一个县名、一组取值")
    named = counties.drop_duplicates(part.column)
    for row in named.index[named[part.name].duplicated()]:
        rule = "两个县同名：县名是文件夹与汇总表的名字"
        faults.add(int(row) + 2, part.name, str(named.at[row, part.name]), rule, "县名前加上地级市或省名，使各县不同名")
    faults.refuse(FrameError)
