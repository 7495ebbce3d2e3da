"""While teams are in the field: reserves, the board, points, closes, the check of the evening, and households that came back twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.errors import FieldworkError, ResponsesError
from evalkit.evaluation.steps import Evaluation, Said
from evalkit.fieldwork import (
    award,
    close_village,
    draw_number,
    mark_step,
    release_reserve,
    replacements,
    score_table,
    team_days,
    village_board,
)
from evalkit.fieldwork.handed import files_of
from evalkit.ledger.kinds import FIVE, GATES
from evalkit.responses import handed_returns, nightly, side_by_side, write_nightly
from evalkit.sheets import write_csv
from evalkit.weights import response_rates
from evalkit.weights.reached import Pending

BOARD = {"village": "村代码", "team": "组", "released": "发放日期", "next": "下一步"}
SIDES = {
    "village": "村代码", "household": "户编号", "file": "文件一", "row": "行一", "other_file": "文件二", "other_row": "行二",
    "differing": "不同之处", "seal": "指纹一", "other_seal": "指纹二",
}  # fmt: skip


def reserve(
    evaluation: Evaluation, village: str, stratum: str, *, replaces: str, reason: str, team: str, day: str, household: str, who: str
) -> Said:
    """Release the next reserve of a village and stratum."""
    sample = evaluation.agreed_sample()
    entry = release_reserve(
        sample, evaluation.ledger, village, stratum, replaces=replaces, reason=reason, team=team, day=day, household=household, who=who
    )
    number = entry.subject.rpartition("/")[2]
    left = int((sample.reserves().query("village == @village and stratum == @stratum")).shape[0]) - entry.detail["rank"]
    return (
        f"启用：村 {village} {stratum} 第 {entry.detail['rank']} 户备用，户编号 {number}，替换 {replaces}（{reason}）",
        f"记入台账第 {entry.number} 条；该村该类还余 {left} 户备用",
    )


def board(evaluation: Evaluation, days: Sequence[str] = ()) -> Said:
    """Write the board of the villages, and say which team was below one village a day."""
    ledger, folder = evaluation.ledger, evaluation.folder
    table = village_board(ledger, evaluation.sample().villages, _draw(evaluation))
    write_csv(table.rename(columns=BOARD), folder.part("results") / "board.csv")
    write_csv(score_table(ledger).rename(columns={"whose": "组或督查员", "points": "积分"}), folder.part("results") / "points.csv")
    done = "，".join(f"{step} {int((table[step] != '').sum())}" for step in FIVE)
    pace = team_days(table, days or sorted({day for day in table["released"] if day}))
    short = [f"{team} {day} 未完成一村" for team, day, _, slow in pace.itertuples(index=False) if slow]
    return (
        f"日进度：{len(table)} 个村，已发放 {int((table['team'] != '').sum())}；{done}",
        *([f"每组每天至少 1 村：{'；'.join(short)}"] if short else []),
        "表在 results/board.csv，积分在 results/points.csv",
    )


def mark(evaluation: Evaluation, village: str, step: str, *, team: str, day: str, who: str) -> Said:
    """Note one of the five steps of a village."""
    _refuse_undrawn(evaluation, village)
    entry = mark_step(evaluation.ledger, village, step, team=team, day=day, who=who, draw=_draw(evaluation))
    return (f"五步：村 {village} {step}（{day} {team}），记入台账第 {entry.number} 条",)


def points(evaluation: Evaluation, whose: str, rule: str, *, worth: int | None, **told: Any) -> Said:
    """Note points of a team or an inspector."""
    entry = award(evaluation.ledger, whose, rule, points=worth, **told)
    table = score_table(evaluation.ledger)
    total = int(table.loc[table["whose"] == whose, "points"].sum())
    return (f"积分：{whose} {entry.detail['points']:+d}（{rule}），现 {total} 分，记入台账第 {entry.number} 条",)


def close(evaluation: Evaluation, village: str, *, day: str, who: str) -> Said:
    """Close a village when information, indicators and feedback are complete."""
    _refuse_undrawn(evaluation, village)
    entry = close_village(evaluation.ledger, village, _lacks(evaluation, village), day=day, draw=_draw(evaluation), who=who)
    return (f"销号：村 {village}，信息、指标、反馈都已完整，记入台账第 {entry.number} 条",)


def evening(evaluation: Evaluation, files: Sequence[str], *, team: str, day: str) -> Said:
    """Write the check of the evening of these files, or of all that lie in ``returns/``."""
    sources = _sources(evaluation, files)
    table = nightly(evaluation.agreed_sample(), sources, team=team, day=day)
    written = write_nightly(table, evaluation.folder.part("results"))
    counts = "，".join(f"{kind} {count}" for kind, count in table["kind"].value_counts(sort=False).items())
    return f"当晚核查：{len(table)} 处{f'（{counts}）' if counts else ''}", f"在 results/：{'、'.join(path.name for path in written)}"


def reached(evaluation: Evaluation, by: Sequence[str], *, e: float | None, pending: Pending | None) -> Said:
    """Write the outcome rates of AAPOR and the share of replacements."""
    responses = evaluation.responses()
    plain = response_rates(responses, by, e=e, pending=pending)
    weighted = response_rates(responses, by, e=e, pending=pending, weighted=True)
    part = evaluation.folder.part("results")
    write_csv(pd.concat([plain.assign(weights="不加权"), weighted.assign(weights="加权")]), part / "response_rates.csv")
    swapped = replacements(evaluation.agreed_sample(), evaluation.ledger, responses.table())
    write_csv(swapped, part / "replacements.csv")
    whole, last = response_rates(responses, e=e, pending=pending).iloc[0], swapped.iloc[-1]
    told = "，".join(f"{name} {whole[name]:.1%}" for name in ("RR1", "RR3", "RR5", "COOP1", "REF1", "CON1"))
    unlogged = f"；{int(last['unlogged'])} 户备用已访而台账没有启用记录" if last["unlogged"] else ""
    return (
        f"应答：{told}（e = {whole['e']:.3f}）",
        f"替换：完成户中 {last['share']:.1%} 为备用{unlogged}",
        "表在 results/response_rates.csv、results/replacements.csv",
    )


def conflicts(evaluation: Evaluation, files: Sequence[str]) -> Said:
    """List the households that stand in two rows, side by side."""
    sample = evaluation.agreed_sample()
    table = _pairs(evaluation, files)
    write_csv(table.rename(columns=SIDES), evaluation.folder.part("results") / "conflicts.csv")
    settled = evaluation.resolved()
    told = [_pair_line(pair, settled) for pair in table.to_dict("records")]
    return (f"冲突：{len(told)} 处（{len(sample.villages)} 个村）", *told, "并列对照在 results/conflicts.csv；用 evalkit resolve 裁定")


def resolve(evaluation: Evaluation, name: str, files: Sequence[str], *, keep: str, row: int, reason: str, day: str, who: str) -> Said:
    """Decide which of two rows of a household holds, with a reason, in the ledger; nothing is overwritten."""
    if not reason.strip():
        raise ResponsesError("--reason｜空白｜写明为什么采用这一行")
    table = _pairs(evaluation, files)
    mine = table[(table["village"] + "/" + table["household"]) == name]
    if mine.empty:
        raise ResponsesError(f"{name}｜没有这户的冲突｜键入 evalkit conflicts 列出；写成 村代码/户编号")
    sides = {(f, int(r)): s for f, r, s in zip(mine["file"], mine["row"], mine["seal"], strict=True)}
    sides |= {(f, int(r)): s for f, r, s in zip(mine["other_file"], mine["other_row"], mine["other_seal"], strict=True)}
    if (keep, row) not in sides:
        choices = "；".join(f"--keep {f or '（一个文件）'} --row {r}" for f, r in sides)
        raise ResponsesError(f"{keep} 第 {row} 行｜不在这户的各行之中｜可用：{choices}")
    over = [f"{f} 第 {r} 行" for f, r in sides if (f, r) != (keep, row)]
    detail = {"keep": keep or "（一个文件）", "row": row, "over": over, "seal": sides[keep, row], "reason": reason}
    entry = evaluation.ledger.append("resolve", name, detail, who=who, day=day)
    return (f"裁定：{name} 采用 {keep} 第 {row} 行，记入台账第 {entry.number} 条；文件都原样保留",)


def _pair_line(pair: dict[Any, Any], settled: dict[str, str]) -> str:
    name = f"{pair['village']}/{pair['household']}"
    mark = "（已裁定）" if settled.get(name) in (pair["seal"], pair["other_seal"]) else ""
    first, second = (f"{pair[file] or '文件'} 第 {pair[row]} 行" for file, row in (("file", "row"), ("other_file", "other_row")))
    return f"  {name}：{first} 与 {second}{mark}｜{pair['differing']}"


def _pairs(evaluation: Evaluation, files: Sequence[str]) -> pd.DataFrame:
    sample = evaluation.agreed_sample()
    handed, _ = handed_returns(sample, _sources(evaluation, files))
    columns = sample.design.returns
    assert columns is not None
    return side_by_side(handed, columns)


def _sources(evaluation: Evaluation, files: Sequence[str]) -> list[Path]:
    """Return what lies in ``returns/`` and the files that are handed in beside it; one that lies there already counts once."""
    held = evaluation.folder.tables("returns")
    names = {path.name: path.read_bytes() for path in held}
    fresh = [Path(path) for path in files_of([Path(file) for file in files])]
    found = [*held, *(path for path in fresh if not (path.is_file() and names.get(path.name) == path.read_bytes()))]
    if not found:
        raise FieldworkError("returns/｜没有回收表｜写出文件，或先键入 evalkit collect 文件夹 文件")
    return found


def _lacks(evaluation: Evaluation, village: str) -> dict[str, str]:
    """Return what a village still lacks for each of the three gates."""
    responses = evaluation.responses()
    counts = responses.completion("village").set_index("village")
    pending = int(counts["pending"].get(village, 0))
    blanks = [fault for fault in responses.faults if village in fault.value and "没有结果" not in fault.rule]
    steps = village_board(evaluation.ledger, [village], _draw(evaluation)).iloc[0]
    lacks = (
        f"{pending} 户没有结果" if pending else "",
        f"{len(blanks)} 处缺答或待核实" if blanks else "",
        "" if steps["反馈"] else "五步中还没有反馈",
    )
    return dict(zip(GATES, lacks, strict=True))


def _draw(evaluation: Evaluation) -> int:
    return draw_number(evaluation.ledger.entries("draw"))


def _refuse_undrawn(evaluation: Evaluation, village: str) -> None:
    if village not in evaluation.sample().villages:
        raise FieldworkError(f"{village}｜没有被抽中｜改正村代码")
