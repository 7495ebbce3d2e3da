"""Papers beside the report: the summary of many folders, and the page that certifies a draw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.errors import EvalkitError, ReportError
from evalkit.evaluation.guards import made_from, refuse_stale_results
from evalkit.evaluation.steps import Evaluation, Said
from evalkit.evaluation.telling import sampling_told
from evalkit.patience import Progress, counted
from evalkit.report.files import write_document
from evalkit.report.programmepaper import write_summary
from evalkit.report.sheetpapers import RECEIPT, compose_receipt
from evalkit.tables import Results

if TYPE_CHECKING:
    from evalkit.certificate import Certificate

NAMES = {"village": "村", "household": "户", "township": "乡镇", "county": "县", "group": "村民小组"}


def sum_up(
    folders: Sequence[str], out: str, *, title: str, by: str, date: str, number: str = "", progress: Progress | None = None
) -> Said:
    """Write the summary of a programme from the results of its counties.

    Parameters
    ----------
    folders : sequence of str
        Of the evaluations, in the order of the report.
    out : str
        The folder to write into.
    title, by, date, number : str
        Of the summary.
    progress : callable, optional
        Told a line a county, then before each of the files is written.
    """
    blank = [name for name, said in (("--title", title), ("--by", by)) if not said.strip()]
    if blank:
        raise ReportError(f"{'、'.join(blank)}｜空白｜写出汇总报告的题目与落款")
    counties = _counties(counted(folders, "读各县结果", progress, len(folders)))
    paths = write_summary(counties, {"title": title, "institute": by, "date": date, "number": number}, out, progress)
    met = sum(bool((results.facts.get("conclusion") or {}).get("passed")) for results in counties)
    return f"汇总：{len(counties)} 个县，各道门槛均达到的 {met} 个", f"写入 {out}：{'、'.join(path.name for path in paths)}"


def _counties(folders: Iterable[str]) -> list[Results]:
    """Return the results of each folder, or refuse naming every folder that has none to read."""
    counties, faults = list[Results](), list[str]()
    for folder in folders:
        place = Path(folder)
        if not place.is_dir():
            faults.append(f"{folder}｜没有这个文件夹｜检查路径")
        elif not (place / "results").is_dir():
            faults.append(f"{folder}｜还没有估计的结果｜先键入 evalkit estimate {folder}")
        else:
            try:
                counties.append(_results(place))
            except EvalkitError as refused:
                faults.append(f"{folder}：{refused}")
    if faults:
        raise ReportError("\n".join(faults))
    return counties


def _results(place: Path) -> Results:
    """Return the results of a folder, refused where what they were made from has changed since; a county of a run keeps results alone."""
    results, evaluation = Results.load(place / "results"), Evaluation(place)
    if evaluation.folder.design.is_file():
        refuse_stale_results(results.facts.get("made_from", {}), made_from(evaluation.folder, evaluation.saved()))
    return results


def certify(evaluation: Evaluation) -> Said:
    """Write the page that certifies the draw into ``report/``: counts and hashes, neither seed nor units."""
    saved, design = evaluation.saved(), evaluation.design
    hashes = [("名单", saved.fingerprint), ("设计", saved.design_hash), ("抽样凭证", saved.sha256), ("种子来源", saved.seed_origin)]
    report = design.report
    facts = {"project": design.evaluation.title, "institute": report.institute, "date": report.date, "simulated": design.simulated}
    document = compose_receipt(stage_counts(saved), hashes, sampling_told(design), facts)
    paths = write_document(document, evaluation.folder.part("report"), RECEIPT)
    return f"抽样凭证：{'、'.join(path.name for path in paths)}", f"在 {paths[0].parent}；没有种子和抽中的单位，现场期间也可以出示"


def stage_counts(saved: Certificate) -> pd.DataFrame:
    """Return how many strata, units listed, units drawn and reserves each stage of a certificate has."""
    return pd.DataFrame([_counts(name, saved.content["stages"][name]) for name in saved.stages])


def _counts(name: str, stage: dict[str, Any]) -> dict[str, Any]:
    parts = list(_strata(stage))
    total = {key: sum(int(part.get(key) or 0) for part in parts) for key in ("N", "n", "reserves")}
    reserves = total["reserves"] if any("reserves" in part for part in parts) else None
    return {"stage": NAMES.get(name, name), "strata": len(parts), "listed": total["N"], "drawn": total["n"], "reserves": reserves}


def _strata(part: Any) -> Iterator[dict[str, Any]]:
    """Yield the strata of a stage, however deep the units above them nest."""
    if isinstance(part, dict) and "N" in part and "n" in part:
        yield part
    elif isinstance(part, dict):
        yield from (inner for each in part.values() for inner in _strata(each))
