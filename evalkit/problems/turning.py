"""What evalkit finds, as rows of a list of problems: faults of procedure, findings of linked forms, confirmed cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal

import pandas as pd

from evalkit.design.judgement import FINDINGS
from evalkit.errors import LedgerError
from evalkit.problems.listing import HEADINGS

if TYPE_CHECKING:
    from evalkit.casework import Procedure
    from evalkit.forms import Forms

Level = Literal["户", "村"]  # in words in the signature below, which is read when it is called
CONFIRMED = ("confirmed", "final")
LINKS = {"household": "户", "village": "村", "township": "乡", "none": "县"}


def procedure_problems(
    found: Procedure, *, day: str, source: str, codes: Mapping[str, str], level: Literal["户", "村"]
) -> pd.DataFrame:
    """Return the faults of procedure as rows of a list of problems.

    A fault of procedure is a problem of the village or township, never 错退.

    Parameters
    ----------
    found : Procedure
        As `evalkit.procedure` gives it.
    day : str
        Day of the finding.
    source : str
        Who found it, such as 第三方评估.
    codes : mapping of step to code
        The code in the taxonomy for each step (评议, 公示 …) at fault.
    level : {"户", "村"}
        One row a household and rule, or one a village and rule, with how many households. No default.

    Returns
    -------
    DataFrame
        The columns that `list_problems` reads; the same findings have the same numbers.

    Raises
    ------
    LedgerError
        When a step has no code.
    """
    table = found.problems()
    refuse_uncoded(table["item"], codes)
    rows = []
    if level == "户":
        for village, household, item, rule, evidence in table.itertuples(index=False):
            at = f"程序/{village}/{household}/{rule}"
            rows.append((at, "户", village, household, codes[item], f"{rule}（{evidence}）" if evidence else rule))
    else:
        for (village, item, rule), mine in table.groupby(["village", "item", "rule"], sort=False):
            rows.append((f"程序/{village}/{rule}", "村", village, "", codes[str(item)], f"{rule}：{mine['household'].nunique()} 户不合"))
    return problem_rows(rows, day=day, source=source)


def form_problems(found: Forms, *, day: str, source: str, codes: Mapping[str, str]) -> pd.DataFrame:
    """Return the findings of linked forms (village, township, papers …) as rows of a list of problems.

    Parameters
    ----------
    found : Forms
        As `evalkit.read_forms` gives it.
    day, source
        As in `procedure_problems`.
    codes : mapping of item to code

    Raises
    ------
    LedgerError
        When an item with a finding has no code.
    """
    table = found.findings()
    refuse_uncoded(table["事项"], codes)
    rows = []
    for form, _, place, item, words, _, row in table.itertuples(index=False):
        level = LINKS[found.parts[form].form.link]
        village, _, household = str(place).partition("/")
        where = "/".join(part for part in (str(form), str(place), str(item), str(row)) if part)
        rows.append((where, level, village, household, codes[item], f"{item}：{words}"))
    return problem_rows(rows, day=day, source=source)


def case_problems(cases: pd.DataFrame, *, day: str, source: str, codes: Mapping[str, str]) -> pd.DataFrame:
    """Return confirmed cases as rows of a list of problems; suspected and dismissed ones are left out.

    Parameters
    ----------
    cases : DataFrame
        ``ev.cases(folder).table()`` or ``findings.cases()``: village, household, finding, status, and items or reason.
    day, source
        As in `procedure_problems`.
    codes : mapping of finding to code
        错退, 漏评, 错评, 漏退 to codes of the taxonomy.

    Raises
    ------
    LedgerError
        When a finding has no code.
    """
    outcome = cases["outcome"] if "outcome" in cases else pd.Series("", index=cases.index)
    mine = cases[cases["status"].isin(CONFIRMED) & (outcome != "不成立")]
    words = mine["finding"].map(lambda code: FINDINGS.get(code, code))
    refuse_uncoded(words, codes)
    told = mine["items"] if "items" in mine else mine["reason"]
    rows = [
        (f"案件/{village}/{household}/{word}", "户", village, household, codes[word], f"{word}：{why}")
        for village, household, word, why in zip(mine["village"], mine["household"], words, told, strict=True)
    ]
    return problem_rows(rows, day=day, source=source)


def refuse_uncoded(items: Iterable[object], codes: Mapping[str, str]) -> None:
    """Refuse findings for which no code of the taxonomy was given.

    Raises
    ------
    LedgerError
    """
    lacking = [str(item) for item in dict.fromkeys(items) if item not in codes]
    if lacking:
        typed = f'codes={{"{lacking[0]}": "分类中的代码"}}；命令中每类写一个 --code {lacking[0]}=代码'
        raise LedgerError(f"{'、'.join(lacking)}｜没有写对应的问题代码｜{typed}")


def problem_rows(rows: Iterable[tuple[str, ...]], *, day: str, source: str) -> pd.DataFrame:
    """Return findings as the rows that `list_problems` reads.

    Parameters
    ----------
    rows : iterable of tuple of str
        问题编号, 级 (户, 村, 乡, 县), 地点, 户编号, 问题代码, 问题. The same finding must have the same number whenever it is made.
    day : str
        Day of the finding.
    source : str
        Who found it.

    Examples
    --------
    >>> rows = [("到户/411726101201/001", "户", "411726101201", "001", "2.1", "低保未到户")]
    >>> made = problem_rows(rows, day="2018-05-03", source="第三方评估")
    >>> made[["级", "户编号", "问题", "发现日期"]].values.tolist()
    [['户', '001', '低保未到户', '2018-05-03']]
    """
    table = pd.DataFrame(list(rows), columns=["问题编号", "级", "地点", "户编号", "问题代码", "问题"]).assign(来源=source, 发现日期=day)
    blank = {name: "" for name in HEADINGS if name not in table.columns}
    return table.assign(**blank)[list(HEADINGS)]
