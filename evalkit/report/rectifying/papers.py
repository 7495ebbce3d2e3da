"""The papers of rectification: each composed from the list of problems, with every count in them taken from its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.errors import ReportError, one_of
from evalkit.figures import percent
from evalkit.report.compose import numbered_headings
from evalkit.report.files import write_document
from evalkit.report.model import Block, Cell, Document, Heading, Paragraph, Table
from evalkit.report.rectifying.problemlist import DONE, LASTING, LEVELS, day, overdue, read_problems
from evalkit.tables import Column

BLANK = "　　　　　　"
KEPT_OUT = "此处由{}撰写：{}"


@dataclass(frozen=True)
class Occasion:
    """Who writes to whom, when, about which evaluation.

    Parameters
    ----------
    name : str
        The evaluated county as the papers call it.
    project : str
        What was evaluated: 2018年贫困县退出第三方评估.
    institute : str
        Who signs.
    date : str
        2018-12-20.
    due : str
        The last day for the plan (交办通知), 2018-12-25.
    appeal : str
        The last day for objections (交办通知); empty when the letter says nothing of them.
    number : str
        文号.
    simulated : bool
    """

    name: str
    project: str
    institute: str
    date: str
    due: str = ""
    appeal: str = ""
    number: str = ""
    simulated: bool = False

    def facts(self, title: str, letter: bool = True) -> dict[str, Any]:
        """Return the facts of a document with this title."""
        return {
            "title": title, "institute": self.institute, "date": day(self.date), "number": self.number, "simulated": self.simulated,
            "subject": title, "letter": letter, "basis": "问题清单",
        }  # fmt: skip


@dataclass(frozen=True)
class Paper:
    """A kind of paper: its file, what it is, and how it is composed."""

    file: str
    text: str
    compose: Callable[[pd.DataFrame, Occasion], Document]
    by_county: bool = True


def compose_paper(kind: str, problems: str | Path | pd.DataFrame, occasion: Occasion) -> Document:
    """Compose one of the papers of ``PAPERS`` from a list of problems.

    Parameters
    ----------
    kind : str
        notice, plan, pledge, progress or closing.
    problems : path or DataFrame
        See `read_problems`.
    occasion : Occasion

    Returns
    -------
    Document

    Raises
    ------
    ReportError
        For an unknown kind, a faulty list, or a notice without the last day for the plan.

    Examples
    --------
    >>> table = pd.DataFrame({"编号": ["1"], "级别": ["县"], "地点": ["县"], "问题": ["台账不全"]})
    >>> compose_paper("plan", table, Occasion("示例县", "2018年评估", "示例县整改办", "2018-12-20")).title
    '示例县2018年评估发现问题整改方案'
    """
    paper: Paper = one_of("kind", kind, PAPERS, ReportError, "文件")
    return paper.compose(read_problems(problems), occasion)


def write_paper(kind: str, problems: str | Path | pd.DataFrame, occasion: Occasion, folder: str | Path) -> list[Path]:
    """Write a paper as Word, PDF, web page and workbook, named after what it is."""
    document = compose_paper(kind, problems, occasion)
    return write_document(document, folder, PAPERS[kind].file)


# -- parts of papers ----------------------------------------------------------------------------------------


def counted(problems: pd.DataFrame) -> str:
    """Return how many problems there are, level by level; levels without any are left out.

    Examples
    --------
    >>> counted(pd.DataFrame({"级别": ["县", "村", "村"]}))
    '3个问题，其中县级1个、村级2个'
    """
    counts = problems["级别"].value_counts()
    parts = [f"{level}级{counts[level]}个" for level in LEVELS if level in counts]
    return f"{len(problems)}个问题，" + (f"其中{'、'.join(parts)}" if len(parts) > 1 else f"均为{parts[0].rstrip('个0123456789')}")


def _table(key: str, title: str, number: str, problems: pd.DataFrame, heads: tuple[str, ...], note: str = "") -> Table:
    rows = tuple(tuple(Cell(text, text) for text in row) for row in problems[list(heads)].itertuples(index=False, name=None))
    return Table(key, title, tuple(Column(name) for name in heads), rows, note=note, number=number)


def _signed(occasion: Occasion, signers: str = "") -> Iterator[Block]:
    if signers:
        yield Paragraph(signers, "signing")
    yield Paragraph(f"{occasion.institute}（盖章）", "signature")
    yield Paragraph(day(occasion.date), "signature")


def _last(paragraphs: list[Paragraph]) -> list[Paragraph]:
    return [*paragraphs[:-1], replace(paragraphs[-1], kind="closing")]


def _document(occasion: Occasion, title: str, blocks: Iterator[Block]) -> Document:
    return Document(occasion.facts(title), tuple(numbered_headings(blocks)))


# -- the papers ---------------------------------------------------------------------------------------------


def _notice(problems: pd.DataFrame, occasion: Occasion) -> Document:
    if not occasion.due:
        raise ReportError("交办通知｜没有写上报整改方案的期限｜给出日期：命令中写 --due 2018-12-25")
    return _document(occasion, f"关于交办{occasion.name}{occasion.project}发现问题的通知", _notice_blocks(problems, occasion))


def _notice_blocks(problems: pd.DataFrame, occasion: Occasion) -> Iterator[Block]:
    yield Paragraph(f"{occasion.name}人民政府：", "addressee")
    yield Paragraph(f"{occasion.project}在你县发现{counted(problems)}（见附件）。现予交办，请按下列要求整改。")
    yield Heading("制定整改方案", 1)
    yield Paragraph(f"请于{day(occasion.due)}前上报整改方案，逐条写明整改措施、牵头单位、责任单位、责任人和整改时限。")
    yield Heading("逐条整改，逐条销号", 1)
    told = [Paragraph(text) for text in _demands(problems)]
    yield from told if occasion.appeal else _last(told)
    if occasion.appeal:
        yield Heading("对问题的异议", 1)
        yield from _last([Paragraph(f"对所列问题有异议的，请于{day(occasion.appeal)}前书面说明，并附证据；逾期未提出的，视为无异议。")])
    yield Paragraph("附件：问题清单", "enclosures")
    yield from _signed(occasion)
    yield Heading("问题清单", 1, False, "附件")
    heads = ("编号", "级别", "地点", "问题", "依据", "整改时限")
    yield _table("problems", "问题清单", "表1", problems, heads, "整改时限空白的，由整改方案写明。")


def _demands(problems: pd.DataFrame) -> list[str]:
    limits = problems[problems["整改时限"] != ""]
    said = ["每个问题整改完成后，由核验人核验，合格的予以销号；不合格的继续整改。"]
    return said + ([f"{_deadlines(limits)}。"] if len(limits) else [])


def _deadlines(problems: pd.DataFrame) -> str:
    """Return how many problems are due when: the earliest day first, lasting measures last."""
    counts = problems["整改时限"].value_counts()
    days = sorted((name for name in counts.index if name != LASTING), key=pd.Timestamp)
    parts = [f"{day(name)}前完成{counts[name]}个" for name in days]
    return "，".join(parts + ([f"长期坚持{counts[LASTING]}个"] if LASTING in counts else []))


def _plan(problems: pd.DataFrame, occasion: Occasion) -> Document:
    return _document(occasion, f"{occasion.name}{occasion.project}发现问题整改方案", _plan_blocks(problems, occasion))


def _plan_blocks(problems: pd.DataFrame, occasion: Occasion) -> Iterator[Block]:
    yield Heading("问题情况", 1)
    yield Paragraph(f"{occasion.project}发现{counted(problems)}。")
    yield Heading("整改任务", 1)
    yield Paragraph("各问题的整改措施、牵头单位、责任单位和时限见表1。空白处在上报之前填写。")
    heads = ("编号", "问题", "整改措施", "牵头单位", "责任单位", "整改时限")
    yield _table("measures", "整改任务", "表1", problems, heads)
    yield Heading("时间安排", 1)
    limits, without = problems[problems["整改时限"] != ""], int((problems["整改时限"] == "").sum())
    said = [f"{_deadlines(limits)}。"] if len(limits) else []
    yield from (Paragraph(text) for text in said + ([f"尚未写明时限的{without}个。"] if without else []))
    yield Heading("组织保障", 1)
    yield Paragraph(f"【{KEPT_OUT.format('县', '领导小组、督查与问责')}】", "placeholder")
    yield from _signed(occasion)


def _pledges(problems: pd.DataFrame, occasion: Occasion) -> Document:
    blocks = [block for _, row in problems.iterrows() for block in _pledge(row.to_dict())]
    return Document(occasion.facts(f"{occasion.name}整改责任书", letter=False), tuple(blocks))


def _pledge(row: Mapping[Any, Any]) -> Iterator[Block]:
    """Yield the pledge of one problem, on a page of its own."""
    yield Heading(f"整改责任书（{row['编号']}）", 1, False, f"编号：{row['编号']}")
    named = ("级别", "地点", "问题", "依据", "整改措施", "整改时限")
    cells = tuple((Cell(name, name), Cell(text := day(str(row[name])) or BLANK, text)) for name in named)
    yield Table(f"pledge-{row['编号']}", "问题与措施", (Column("项目"), Column("内容")), cells, number=f"责任书{row['编号']}")
    until = "长期坚持" if row["整改时限"] == LASTING else f"于{day(row['整改时限']) or BLANK}前完成整改"
    who = f"{row['责任单位'] or BLANK}负责，责任人{row['责任人'] or BLANK}"
    yield Paragraph(f"上列问题由{who}，{until}，并对整改结果的真实性负责。", "closing")
    yield Paragraph(f"责任单位（盖章）：{BLANK}责任人（签字）：", "signing")
    yield Paragraph("审核组长（签字）：", "signing")
    yield Paragraph("　　　　年　　月　　日", "signature")


def _progress(problems: pd.DataFrame, occasion: Occasion) -> Document:
    return _document(occasion, f"{occasion.name}{occasion.project}发现问题整改情况报告", _progress_blocks(problems, occasion))


def _progress_blocks(problems: pd.DataFrame, occasion: Occasion) -> Iterator[Block]:
    done = problems["状态"].isin(DONE)
    yield Heading("总体情况", 1)
    yield Paragraph(_progress_told(problems, occasion))
    yield Heading("已完成的问题", 1)
    if done.any():
        heads = ("编号", "地点", "问题", "整改措施", "完成日期", "核验人", "状态")
        yield _table("done", "已完成的问题", "表1", problems[done], heads)
    else:
        yield Paragraph("没有已完成的问题。")
    yield Heading("未完成的问题", 1)
    if done.all():
        yield Paragraph("问题均已完成整改。")
    else:
        late = overdue(problems, occasion.date)
        states = zip(problems["状态"][~done], late[~done], strict=True)
        listed = problems[~done].assign(状态=[f"{state or '未开始'}{'（超期）' if past else ''}" for state, past in states])
        heads = ("编号", "地点", "问题", "责任单位", "整改时限", "状态", "备注")
        yield _table("open", "未完成的问题", "表2" if done.any() else "表1", listed, heads)
    yield Heading("下一步安排", 1)
    yield Paragraph(f"【{KEPT_OUT.format('县', '未完成问题的原因、措施与时限')}】", "placeholder")
    yield from _signed(occasion)


def _progress_told(problems: pd.DataFrame, occasion: Occasion) -> str:
    done, closed = int(problems["状态"].isin(DONE).sum()), int((problems["状态"] == "已销号").sum())
    lasting = int(((problems["状态"] == LASTING) | ((problems["整改时限"] == LASTING) & ~problems["状态"].isin(DONE))).sum())
    late, whole = int(overdue(problems, occasion.date).sum()), len(problems)
    parts = [f"共有{counted(problems)}。截至{day(occasion.date)}，已完成{done}个（{done}/{whole}，{percent(done / whole)}）"]
    parts += [f"其中已销号{closed}个"] if closed else []
    parts += [f"未完成{whole - done}个"] if done < whole else []
    parts += [f"其中长期坚持{lasting}个"] if lasting else []
    return "，".join(parts) + (f"；超过时限未完成的{late}个。" if late else "；没有超过时限未完成的。")


def _closing(problems: pd.DataFrame, occasion: Occasion) -> Document:
    return _document(occasion, f"{occasion.name}{occasion.project}发现问题销号登记表", _closing_blocks(problems, occasion))


def _closing_blocks(problems: pd.DataFrame, occasion: Occasion) -> Iterator[Block]:
    closed = int((problems["状态"] == "已销号").sum())
    yield Paragraph(f"共{counted(problems)}；截至{day(occasion.date)}已销号{closed}个，未销号{len(problems) - closed}个。", "closing")
    heads = ("编号", "地点", "问题", "完成日期", "核验人", "销号日期", "状态", "备注")
    yield _table("closing", "销号登记", "表1", problems, heads, "一个问题核验合格后销号；空白为尚未办理。")
    yield from _signed(occasion, f"登记人：{BLANK}核验组长：")


PAPERS: Mapping[str, Paper] = {
    "notice": Paper("问题清单及交办通知", "问题清单及交办通知：给县里的信，附问题清单", _notice, by_county=False),
    "plan": Paper("整改方案", "整改方案：每个问题的措施、牵头单位、责任单位、时限", _plan),
    "pledge": Paper("整改责任书", "整改责任书：一个问题一页，责任单位与责任人签字", _pledges),
    "progress": Paper("整改情况报告", "整改情况报告：已完成、未完成、下一步", _progress),
    "closing": Paper("销号登记表", "销号登记表：逐条核验、销号", _closing),
}
