"""Two evaluations, or a certificate alone, held against each other by a reader who has only the files."""

from __future__ import annotations

from pathlib import Path

from evalkit.evaluation.steps import Evaluation, Said
from evalkit.figures import number
from evalkit.sample import overlap
from evalkit.verification import verify

SHOWN = 20


def compare(one: Evaluation, other: Evaluation) -> Said:
    """Return how far two samples share their villages, against independent draws and the most that tickets can keep."""
    table = overlap(one.sample(), other.sample())
    whole, strata = table.iloc[0], table.iloc[1:]
    if not whole["most"]:
        return "两份名单没有共同的单位，样本不会重合", "核对两个文件夹是不是同一个地方、同一种编号"
    lines = [
        f"  {row['stratum']}：{row['one']} 与 {row['other']} 个，共有 {row['shared']} 个（互不相干的抽样平均 {row['independent']:.2f}，"
        f"至多 {row['most']:.2f}）"
        for _, row in strata.head(SHOWN).iterrows()
    ]
    more = [f"  …… 其余 {len(strata) - SHOWN} 层从略；全表用 ev.overlap"] if len(strata) > SHOWN else []
    return (
        f"两个样本：{number(whole['one'])} 与 {number(whole['other'])} 个单位，共有 {number(whole['shared'])} 个",
        f"互不相干的抽样平均共有 {whole['independent']:.2f} 个，至多平均 {whole['most']:.2f} 个",
        *lines,
        *more,
    )


def check_receipt(certificate: str | Path, frame: str | Path, annex: str | Path | None, earlier: tuple[str, ...]) -> tuple[Said, bool]:
    """Draw again from a certificate and a list that came without the folder of the evaluation."""
    found = verify(certificate, frame, annex=annex, earlier=earlier)
    return tuple(found.text().splitlines()), found.ok
