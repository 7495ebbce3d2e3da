"""From tables to a list of problems: every row checked, the same problem from several sources merged by a stated key, all sources kept."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.design.rectifying import STANDING
from evalkit.errors import EvalkitError, Faults, LedgerError
from evalkit.problems.deadlines import due_day
from evalkit.problems.entry import Problem, Source, merge_fault, merged
from evalkit.problems.rectification import Problems
from evalkit.sheets import read_sheet
from evalkit.sheets.moments import FORMS, moment

if TYPE_CHECKING:
    from evalkit.design.rectifying import Taxonomy

LEVELS = ("户", "村", "乡", "县")
HEADINGS = {
    "问题编号": "number", "级": "level", "地点": "place", "户编号": "household", "问题代码": "code", "问题": "text", "来源": "source",
    "来源文号": "reference", "发现日期": "found", "牵头部门": "lead", "责任单位": "units", "整改措施": "measure", "整改时限": "deadline",
}  # fmt: skip
NEEDED = ("问题编号", "级", "问题代码", "问题", "来源", "发现日期")
WORDS = {key: heading for heading, key in HEADINGS.items()}
KEYS = ("level", "place", "household", "code", "text")
TERM = re.compile(r"([0-9]{1,4})个?(工作日|[天日])(?:内|之内|以内)?")
SPLIT = re.compile(r"[、；;，,]")
Row = dict[str, str]


def list_problems(
    source: pd.DataFrame | str | Path,
    *,
    merge: Sequence[str],
    taxonomy: Taxonomy | None = None,
    counting: str = "",
    holidays: Collection[str] | None = None,
    workdays: Collection[str] = (),
) -> Problems:
    """Read a table of problems; the same problem from several sources becomes one that keeps all of them.

    Parameters
    ----------
    source : DataFrame or path
        Under 问题编号, 级 (户, 村, 乡, 县), 地点, 户编号, 问题代码, 问题, 来源, 来源文号, 发现日期, 牵头部门, 责任单位, 整改措施, 整改时限.
        A deadline is a day, 长期坚持, or a term from the finding: 5天内, 3个工作日.
    merge : sequence of str
        What makes two rows one problem, of ``level``, ``place``, ``household``, ``code``, ``text``. No default.
    taxonomy : Taxonomy, optional
        Codes that it does not have are faults; lead, units, measure and deadline that are blank are taken from the measure that
        answers the problem, where there is exactly one (a deadline before the finding is not).
    counting : {"calendar", "working"}
        How terms of 天 are counted; no default. `holidays` and `workdays` as in `due_day`.

    Returns
    -------
    Problems

    Raises
    ------
    LedgerError
        With every row at fault: an unknown code, a deadline before the finding, deadlines that contradict each other within one
        problem, the same number twice.

    Examples
    --------
    >>> rows = pd.DataFrame({"问题编号": ["A1", "M7"], "级": "村", "地点": "411726101201", "问题代码": "6.3", "问题": "明白卡不规范",
    ...                      "来源": ["第三方评估", "民主监督"], "发现日期": ["2018-05-03", "2018-05-08"], "整改时限": ["2018-06-10", ""]})
    >>> listed = list_problems(rows, merge=["level", "place", "code"])
    >>> listed, listed.table()["sources"].tolist()
    (Problems 1 项：待整改 1；1 项有两个以上来源, ['第三方评估；民主监督'])
    """
    name = Path(source).name if isinstance(source, str | Path) else "表"
    faults = Faults(f"问题清单（{name}）")
    table = source if isinstance(source, pd.DataFrame) else read_sheet(source, subject="问题清单", error=LedgerError)
    _refuse_headings(table, merge)
    terms = {"counting": counting, "holidays": holidays, "workdays": workdays}
    plain = table[[heading for heading in HEADINGS if heading in table]].fillna("").astype(str).rename(columns=HEADINGS)
    made: list[tuple[int, Problem]] = []
    for index, cells in enumerate(plain.to_dict("records")):
        line = _line(table, index, source)
        row = {key: str(cells.get(key, "")).strip() for key in HEADINGS.values()}
        problem = _problem(row, line, taxonomy, terms, faults)
        if problem is not None:
            made.append((line, problem))
    found = _merged(made, merge, faults)
    faults.refuse(LedgerError)
    return Problems(tuple(_charged(problem, taxonomy) for problem in found), taxonomy, tuple(merge))


def _refuse_headings(table: pd.DataFrame, merge: Sequence[str]) -> None:
    missing = [heading for heading in NEEDED if heading not in table]
    if missing:
        raise LedgerError(f"问题清单｜缺少列：{'、'.join(missing)}｜列名应为：{'、'.join(HEADINGS)}")
    unknown = [key for key in merge if key not in KEYS]
    if unknown or not merge:
        told = "、".join(f"{key}（{WORDS[key]}）" for key in KEYS)
        raise LedgerError(f"merge｜{'、'.join(unknown) or '没有写'}｜写明哪些项相同算同一个问题，可用：{told}")


def _line(table: pd.DataFrame, index: int, source: object) -> int:
    """Return the row of a spreadsheet; rows of a table in memory are counted as if it had been one."""
    return int(table.index[index]) + 2 if not isinstance(source, pd.DataFrame) else index + 2


def _problem(row: Row, line: int, taxonomy: Taxonomy | None, terms: Mapping[str, Any], faults: Faults) -> Problem | None:
    before = len(faults)
    for heading in NEEDED:
        if not row[HEADINGS[heading]]:
            faults.add(line, heading, None, "空白", "补上")
    if row["level"] and row["level"] not in LEVELS:
        faults.add(line, "级", row["level"], "没有这一级", f"改为：{'、'.join(LEVELS)}")
    if row["level"] in LEVELS[:3] and not row["place"]:
        faults.add(line, "地点", None, f"{row['level']}级的问题没有写地点", "写村、乡镇的代码或名称")
    if row["level"] == "户" and not row["household"]:
        faults.add(line, "户编号", None, "户级的问题没有写户编号", "写户编号，不写姓名")
    if taxonomy is not None and row["code"] and taxonomy.kind(row["code"]) is None:
        codes = [kind.code for kind in taxonomy.problem]
        faults.add(line, "问题代码", row["code"], f"{taxonomy.title}的分类中没有这个代码", f"可用：{'、'.join(codes)}")
    found, deadline = _days(row, line, terms, faults)
    if len(faults) > before:
        return None
    source = Source(row["source"], row["reference"], found, row["text"], row["number"])
    own = {key: row[key] for key in ("number", "level", "place", "household", "code", "text", "measure")}
    return Problem(**own, found=found, sources=(source,), lead=parts(row["lead"]), units=parts(row["units"]), deadline=deadline)


def _days(row: Row, line: int, terms: Mapping[str, Any], faults: Faults) -> tuple[str, str]:
    """Return the day of the finding and the deadline; a term (5天内, 3个工作日) is counted from the finding."""
    found = moment(row["found"])[:10]
    if row["found"] and not found:
        faults.add(line, "发现日期", None, "不是日期", FORMS)
    deadline = row["deadline"] if row["deadline"] in ("", STANDING) else moment(row["deadline"])[:10]
    term = TERM.fullmatch(row["deadline"])
    if term and found:
        counting = "working" if term[2] == "工作日" else terms["counting"]
        try:
            deadline = due_day(found, int(term[1]), **{**terms, "counting": counting})
        except EvalkitError as refused:
            faults.add(line, "整改时限", row["deadline"], *str(refused).split("\n")[0].split("｜")[1:3])
            return found, ""
    if row["deadline"] and not deadline:
        faults.add(line, "整改时限", None, f"应为日期、几天内、几个工作日内，或{STANDING}", "写如 2018-06-10、5天内")
    if found and deadline not in ("", STANDING) and deadline < found:
        faults.add(line, "整改时限", deadline, f"早于发现日期 {found}", "改正其中一个")
    return found, deadline


def parts(cell: str) -> tuple[str, ...]:
    """Return the names in a cell, each once; 各乡镇党委、政府 stays whole.

    Examples
    --------
    >>> parts("县扶贫办、县财政局；各乡镇党委、政府")
    ('县扶贫办', '县财政局', '各乡镇党委、政府')
    """
    names = [name.strip() for name in SPLIT.split(cell) if name.strip()]
    whole: list[str] = []
    for name in names:
        if name == "政府" and whole and whole[-1].endswith("党委"):
            whole[-1] += "、政府"
        else:
            whole.append(name)
    return tuple(dict.fromkeys(whole))


def _merged(made: Sequence[tuple[int, Problem]], merge: Sequence[str], faults: Faults) -> list[Problem]:
    """Return one problem for each key, in the order of their first rows."""
    groups: dict[tuple[str, ...], list[tuple[int, Problem]]] = {}
    numbers: dict[str, tuple[int, tuple[str, ...]]] = {}
    for line, problem in made:
        key = problem.key(merge)
        first, same = numbers.setdefault(problem.number, (line, key))
        if same != key:
            twice = f"第 {first} 行已用这个编号，而两行不是同一个问题"
            faults.add(line, "问题编号", problem.number, twice, "各编一个号，或改正合并所依的项")
        groups.setdefault(key, []).append((line, problem))
    found = []
    for group in groups.values():
        problem = group[0][1]
        for line, other in group[1:]:
            told = merge_fault(problem, other)
            if told:
                faults.add(line, told[0], told[1], *told[2:])
            else:
                problem = merged(problem, other)
        found.append(problem)
    return found


def _charged(problem: Problem, taxonomy: Taxonomy | None) -> Problem:
    """Fill what is blank from the measure that answers the problem, where there is exactly one; never a deadline before the finding."""
    answers = taxonomy.answers(problem.code) if taxonomy is not None else ()
    if len(answers) != 1:
        return problem
    measure, charge = answers[0]
    late = charge.deadline != STANDING and charge.deadline < problem.found
    return replace(
        problem,
        lead=problem.lead or charge.lead,
        units=problem.units or charge.units,
        measure=problem.measure or f"{measure.code} {measure.name}",
        deadline=problem.deadline or ("" if late else charge.deadline),
    )
