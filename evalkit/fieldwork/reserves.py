"""Reserves: released one at a time, in the order of the draw, each for a household that failed, for a reason that is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from evalkit.codes import shown, shown_word
from evalkit.errors import FieldworkError
from evalkit.given import needs, takes
from evalkit.ledger import Draft, Entry, Ledger

if TYPE_CHECKING:
    from evalkit.sample import Sample


@takes(FieldworkError)
def release_reserve(
    sample: Sample, ledger: Ledger, village: str, stratum: str, *, replaces: str, reason: str, team: str, day: str = "",
    household: str = "", who: str = "",
) -> Entry:  # fmt: skip
    """Release the next reserve of a village and stratum, and note it in the ledger.

    Parameters
    ----------
    sample : Sample
        With its households drawn.
    ledger : Ledger
    village, stratum : str
        The village's code and the stratum of households, such as 脱贫户.
    replaces : str
        Number of the household that failed: a main one, or a reserve that was released before.
    reason : str
        One of the reasons of the design's ``[reserves]``.
    team : str
    day : str
        ``2018-11-12``.
    household : str
        The reserve that the team means to use; refused when it is not the next.
    who : str
        Code of the person who releases it.

    Returns
    -------
    Entry
        Its subject is ``village/household`` of the reserve.

    Raises
    ------
    FieldworkError
        When the reason is not among those of the design, the replaced household is none of the stratum, was replaced before,
        or is a reserve not yet released; when `household` is not the next; when no reserve is left.
    """
    drawn = _of_cell(sample, village, stratum)
    _refuse_reason(sample, reason)
    reserves = drawn[drawn["role"] == "reserve"].sort_values("order", kind="stable")["household"].astype(str).tolist()
    draw = draw_number(ledger.entries("draw"))

    def decision(known: tuple[Entry, ...]) -> list[Draft]:
        mine = [entry for entry in known if entry.detail.get("draw", 0) == draw and entry.subject.startswith(f"{village}/")]
        used = [entry for entry in mine if entry.detail["stratum"] == stratum]
        _refuse_replaced(drawn, village, replaces, used)
        if not reserves:
            raise FieldworkError(f"村 {village} {stratum}｜本来就没有抽备用户｜按未完成上报，不得另找户替代")
        if len(used) >= len(reserves):
            raise FieldworkError(f"村 {village} {stratum}｜{len(reserves)} 户备用已全部启用｜按未完成上报，不得另找户替代")
        following = reserves[len(used)]
        if household and household != following:
            raise FieldworkError(f"户 {shown(household)}｜不是下一户备用：应启用第 {len(used) + 1} 户｜按密封顺序启用，不写户编号即按顺序")
        detail = {"stratum": stratum, "rank": len(used) + 1, "replaces": replaces, "reason": reason, "team": team, "draw": draw}
        return [Draft("reserve", f"{village}/{following}", detail, who, day)]

    return ledger.decide("reserve", decision)[0]


def draw_number(draws: tuple[Entry, ...]) -> int:
    """Return the number of the ledger's entry of the draw that holds now, 0 when none is noted."""
    return draws[-1].number if draws else 0


@takes(FieldworkError)
def replacements(sample: Sample, ledger: Ledger, table: pd.DataFrame) -> pd.DataFrame:
    """Return how many of the interviews are replacements, one row for each stratum and one for all.

    Parameters
    ----------
    table : pandas.DataFrame
        Of the responses: village, household, stratum, role, complete.

    Returns
    -------
    pandas.DataFrame
        stratum (全部 for all), complete, replaced (interviews with reserves), share, released (reserves that the ledger
        knows), unlogged (reserves that were visited and that the ledger does not know).
    """
    needs(table, ("village", "household", "stratum", "role", "complete"), "回收", FieldworkError)
    if not table["complete"].isin((True, False)).all():
        raise FieldworkError("complete｜应为 True 或 False｜用 responses.table()")
    entries = ledger.entries("reserve")
    draw = draw_number(ledger.entries("draw"))
    logged = {entry.subject for entry in entries if entry.detail.get("draw", 0) == draw}
    names = table["village"].astype(str) + "/" + table["household"].astype(str)
    reserve = table["role"] == "reserve"
    marks = pd.DataFrame(
        {
            "stratum": table["stratum"], "complete": table["complete"], "replaced": table["complete"] & reserve,
            "released": reserve & names.isin(logged), "unlogged": reserve & ~names.isin(logged),
        }
    )  # fmt: skip
    made = pd.concat([part.groupby("stratum", as_index=False).sum() for part in (marks, marks.assign(stratum="全部"))])
    made.insert(3, "share", made["replaced"] / made["complete"].where(made["complete"] > 0))
    return made.reset_index(drop=True)


def _of_cell(sample: Sample, village: str, stratum: str) -> pd.DataFrame:
    if not sample.design.roster_stages or sample.design.reserves is None:
        raise FieldworkError("reserves｜设计没有备用户｜写 [reserves]，或不作替换")
    drawn = sample.table("household")
    here = drawn[drawn["village"] == village]
    if here.empty:
        raise FieldworkError(f"{village}｜不是抽中的村，或该村尚未抽户｜改正村代码")
    mine = here[here["stratum"] == stratum]
    if mine.empty:
        raise FieldworkError(f"{stratum}｜该村没有这一户类型｜可用：{'、'.join(sorted(here['stratum'].unique()))}")
    return mine


def _refuse_reason(sample: Sample, reason: str) -> None:
    reserves = sample.design.reserves
    reasons = reserves.reasons if reserves else ()
    if reason not in reasons:
        found = shown_word(reason, reasons)
        raise FieldworkError(f"--reason {found}｜不是设计所列的替换原因｜可用：{'、'.join(reasons)}（设计文件 [reserves] reasons）")


def _refuse_replaced(drawn: pd.DataFrame, village: str, replaces: str, used: list[Entry]) -> None:
    mine = drawn[drawn["household"].astype(str) == replaces]
    released = {entry.subject for entry in used}
    if mine.empty:
        raise FieldworkError(f"户 {shown(replaces)}｜不在该村该户类型的样本中｜改正 --replaces，备用户只替换同村同类的户")
    if mine["role"].iloc[0] == "reserve" and f"{village}/{replaces}" not in released:
        raise FieldworkError(f"户 {replaces}｜是尚未启用的备用户｜写未完成的主样本户，或已启用而未完成的备用户")
    before = [entry for entry in used if entry.detail["replaces"] == replaces]
    if before:
        told = f"已于 {before[0].day or '先前'}由备用户 {before[0].subject.rpartition('/')[2]} 替换"
        raise FieldworkError(f"户 {replaces}｜{told}｜一户只替换一次；那户备用也未完成的，替换那户备用")
