"""One workbook a village for the field: drawn households, and the reserves behind them under seal."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from evalkit.codes import mask_identity
from evalkit.errors import FieldworkError
from evalkit.given import takes
from evalkit.patience import Progress, counted
from evalkit.sheets import Page, write_book

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.sample import Sample

FORBIDDEN = frozenset('\\/:*?"<>|')
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
DEVICE = re.compile(r"(CON|PRN|AUX|NUL|(COM|LPT)[0-9¹²³]|CONIN\$|CONOUT\$)\s*(\..*)?", re.IGNORECASE)
LONGEST, LONGEST_BYTES = 80, 210  # with its ending, and what it bears while it is written, a name has to fit in 255 bytes
LIST, SEALED, SUMMARY = "入户名单", "备用户（密封）", "汇总.xlsx"
WIDTHS = {"序号": 6, "替换原因": 16, "启用顺序": 10, "替换哪一户": 12, "启用原因": 16, "备注": 24}
HEADINGS = {
    "household": "户编号", "stratum": "户类型", "head": "户主", "id_number": "证件号码", "address": "住址", "persons": "人数",
    "disposition": "调查结果",
}  # fmt: skip
HEADING_WIDTHS = {"household": 12, "stratum": 16, "head": 12, "id_number": 22, "address": 18, "persons": 6, "disposition": 16}
LIST_NOTES = (
    "按序号入户。调查结果逐户填写；未完成的户写明原因，由组长启封备用户。",
    "主样本户不得自行调换。证件号码只显示前 6 位。",
)
SEALED_NOTES = (
    "组长保管。主样本户未能完成时方可启封；只用同一户类型的备用户，从启用顺序 1 起逐一使用，不得跳过。",
    "备用户也未能完成时，启用下一顺序。每次启用须填写替换哪一户与启用原因。",
)


class Village(NamedTuple):
    """A drawn village as it stands on its list."""

    code: str
    name: str
    file: str


@takes(FieldworkError)
def write_lists(
    sample: Sample, folder: str | Path, *, only: Collection[str] | None = None, progress: Progress | None = None
) -> list[Path]:
    """Write the field lists of every village whose households have been drawn.

    Parameters
    ----------
    sample : Sample
        After `draw_next`. Villages whose roster has not arrived get no list yet.
    folder : str or pathlib.Path
        Made when absent.
    only : collection of str, optional
        Codes of the villages whose lists are wanted; then no 汇总.xlsx is written.
    progress : callable, optional
        Told a line a village.

    Returns
    -------
    list of pathlib.Path
        ``<village code>_<village name>.xlsx`` for each village, in order of code, and 汇总.xlsx. Each
        village's workbook has the sheet 入户名单 (mains in order) and 备用户（密封） (reserves in the order
        of use by household type). Identity numbers show six digits only. The bytes depend on the sample alone.

    Raises
    ------
    FieldworkError
        When no household has been drawn, or two villages would share a file.
    """
    drawn = sample.table("household")
    if drawn.empty:
        raise FieldworkError("入户名单：还没有抽户｜名册到达后才能抽户｜先键入 evalkit rosters")
    villages = listed_villages(sample.table("village"), set(drawn["village"]))
    folder = Path(folder)
    by_village = dict(list(drawn.sort_values(["cell", "order"], kind="stable").groupby("village")))
    wanted, paths = [village for village in villages if only is None or village.code in only], []
    for village in counted(wanted, "写名单", progress):
        mine = by_village[village.code]
        paths.append(write_book(folder / village.file, _pages(village, mine, sample.design)))
    if only is not None:
        return paths
    title = _marked(f"{sample.design.evaluation.county}入户名单汇总", sample.design)
    return [*paths, write_book(folder / SUMMARY, {"汇总": Page(title=title, table=_summary(villages, drawn, sample.design))})]


def safe_name(text: str) -> str:
    """Return a text as part of a file name that no system refuses and that stays in its folder.

    What no file system takes, or nobody sees (control characters, marks that turn the direction of writing), becomes ``_``; so do
    the names that Windows keeps for its devices, whatever ending follows. At most 80 characters and 210 bytes, and no point or
    blank at either end.

    Examples
    --------
    >>> safe_name("../王庄/村:委会 "), safe_name("CON"), safe_name("nul.txt")
    ('_王庄_村_委会', '_CON', '_nul.txt')
    """
    marked = "".join("/" if letter in FORBIDDEN or unicodedata.category(letter) in UNSEEN else letter for letter in text)
    kept = re.sub("/+", "_", marked).strip().strip(" .").encode()[:LONGEST_BYTES].decode(errors="ignore")[:LONGEST].rstrip(" .")
    return f"_{kept}"[:LONGEST] if DEVICE.fullmatch(kept) else kept or "_"


def list_headings(design: Design) -> dict[str, str]:
    """Return the heading of each column of the lists: the design's own where it has one that is not taken."""
    own = {name: getattr(design.rosters, name) for name in HEADINGS if design.rosters and name != "disposition"}
    own["disposition"] = design.returns.disposition if design.returns else ""
    chosen: dict[str, str] = {}
    for name, common in HEADINGS.items():
        taken = {*WIDTHS, *chosen.values(), *(other for key, other in HEADINGS.items() if key != name)}
        chosen[name] = own[name] if own.get(name) and own[name] not in taken else common
    return chosen


def listed_villages(table: pd.DataFrame, arrived: Collection[str]) -> list[Village]:
    """Return the villages whose rosters have arrived, by code, each with a file of its own."""
    named = table["name"] if "name" in table else pd.Series("", index=table.index)
    pairs = sorted((code, name) for code, name in zip(table["unit"], named, strict=True) if code in arrived)
    villages = [Village(code, name, f"{safe_name('_'.join(part for part in (code, name) if part))}.xlsx") for code, name in pairs]
    files = Counter(village.file.lower() for village in villages)  # Windows takes A.xlsx and a.xlsx for one file
    same = sorted({village.code for village in villages if files[village.file.lower()] > 1})
    if same:
        raise FieldworkError(f"入户名单：{'、'.join(same)}｜这些村的文件名相同｜改正名单中的村代码或村名")
    return villages


def _pages(village: Village, drawn: pd.DataFrame, design: Design) -> Mapping[str, Page]:
    mains, reserves = drawn[drawn["role"] == "main"], drawn[drawn["role"] == "reserve"]
    return {LIST: mains_page(village, mains, design), SEALED: sealed_page(village, reserves, design)}


def mains_page(village: Village, mains: pd.DataFrame, design: Design, whose: str = "", notes: tuple[str, ...] = LIST_NOTES) -> Page:
    """Return the list of main households, those of one team when `whose` names it."""
    outcomes = tuple(design.returns.dispositions) if design.returns else ()
    counts = "，".join(f"{stratum} {count} 户" for stratum, count in mains["stratum"].value_counts(sort=False).items())
    headings = list_headings(design)
    return Page(
        title=_title(village, design, f"{whose}{LIST}：共 {len(mains)} 户（{counts}）"),
        table=_mains_table(mains, headings),
        widths=_widths(headings),
        choices=_offered({headings["disposition"]: outcomes, "替换原因": _reasons(design)}),
        notes=notes,
    )


def sealed_page(village: Village, reserves: pd.DataFrame, design: Design, whose: str = "", notes: tuple[str, ...] = SEALED_NOTES) -> Page:
    """Return the list of reserves in the order of their use."""
    headings = list_headings(design)
    return Page(
        title=_title(village, design, f"{whose}{SEALED}：共 {len(reserves)} 户"),
        table=_reserves_table(reserves, headings),
        widths=_widths(headings),
        choices=_offered({"启用原因": _reasons(design)}),
        notes=notes,
    )


def _title(village: Village, design: Design, what: str) -> str:
    return _marked(f"{design.evaluation.county} {village.name}（{village.code}） {what}", design)


def _reasons(design: Design) -> tuple[str, ...]:
    return design.reserves.reasons if design.reserves else ()


def _widths(headings: Mapping[str, str]) -> Mapping[str, float]:
    return WIDTHS | {heading: HEADING_WIDTHS[name] for name, heading in headings.items()}


def _offered(choices: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {column: words for column, words in choices.items() if words}


def _marked(title: str, design: Design) -> str:
    return f"{title}［模拟数据］" if design.simulated else title


def _mains_table(mains: pd.DataFrame, headings: Mapping[str, str]) -> pd.DataFrame:
    table = _people(mains)
    table.insert(1, "stratum", mains["stratum"].to_numpy())
    table = table.assign(disposition="").rename(columns=headings)
    table.insert(0, "序号", list(range(1, len(table) + 1)))
    return table.assign(替换原因="", 备注="")


def _reserves_table(reserves: pd.DataFrame, headings: Mapping[str, str]) -> pd.DataFrame:
    table = _people(reserves)
    table.insert(0, "stratum", reserves["stratum"].to_numpy())
    table = table.rename(columns=headings)
    table.insert(1, "启用顺序", (reserves.groupby("cell").cumcount() + 1).to_numpy())
    return table.assign(替换哪一户="", 启用原因="", 备注="")


def _people(drawn: pd.DataFrame) -> pd.DataFrame:
    def cells(column: str) -> list[str]:
        return list(drawn[column]) if column in drawn else [""] * len(drawn)

    masked = [mask_identity(number) for number in cells("id_number")]
    people = {"household": list(drawn["household"]), "head": cells("head"), "id_number": masked, "address": cells("address")}
    return pd.DataFrame(people | {"persons": drawn["persons"].to_list()})


def _summary(villages: list[Village], drawn: pd.DataFrame, design: Design) -> pd.DataFrame:
    code = design.rosters.village if design.rosters else "村代码"
    strata = list(dict.fromkeys(drawn["stratum"]))
    counts = drawn.groupby(["village", "role", "stratum"]).size()
    rows = []
    for village in villages:
        planned = {stratum: int(counts.get((village.code, "main", stratum), 0)) for stratum in strata}
        spare = sum(int(counts.get((village.code, "reserve", stratum), 0)) for stratum in strata)
        row = {code: village.code, "村名": village.name, **planned}
        rows.append(row | {"合计": sum(planned.values()), "备用": spare, "文件": village.file})
    return pd.DataFrame(rows)
