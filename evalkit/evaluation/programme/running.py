"""All counties of a programme, one after another or side by side, and the summary of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.design.reading import standing_alone
from evalkit.evaluation.folder import Folder
from evalkit.evaluation.programme.counties import Counties, draw_counties
from evalkit.evaluation.programme.river import Task, assess
from evalkit.later import later
from evalkit.patience import Progress
from evalkit.report.programmepaper import write_summary
from evalkit.sheets import write_bytes, write_csv

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.tables import Results

joblib = later("joblib")
COUNTIES = "counties"  # the part of the folder that holds one folder a county
RATE = ("status", "unit", "numerator", "denominator", "official", "estimate", "se", "low", "high", "n_eff", "icc")
GATE = ("threshold", "direction", "legal", "confident", "zone", "p_value")


def run_programme(
    design: Design, folder: Folder, seed: tuple[str, str], workers: int, workbooks: bool, progress: Progress
) -> list[str]:
    """Run a programme on simulated rosters and returns.

    Parameters
    ----------
    design : Design
        With ``[programme]`` and ``[specimen]``.
    folder : Folder
        Of the programme: ``draw/`` gets the certificate of the counties, ``counties/`` a folder for each, ``results/counties.csv``
        every rate of every county, ``report/`` the summary.
    seed : tuple of str
        The seed, and where it came from.
    workers : int
        Processes; −1 for all cores. The numbers are the same.
    workbooks : bool
        Whether the returns of each county pass through a workbook.
    progress : callable
        Told one line a county.

    Returns
    -------
    list of str
        Two lines that say what was done.
    """
    drawn = draw_counties(design, seed=seed[0], seed_origin=seed[1])
    keep_draw(drawn, folder)
    names, found = list(drawn.names.values()), []
    for results in _assessed(drawn, folder, workers, workbooks):
        found.append(results)
        progress(f"{len(found)}/{len(names)} {results.facts['name']}")
    write_csv(county_table(drawn, found), folder.part("results") / "counties.csv")
    report = design.report
    facts = {"title": report.title, "institute": report.institute, "date": report.date, "number": report.number}
    paths = write_summary(found, facts, folder.part("report"), progress)
    met = sum(bool(results.facts["conclusion"]["passed"]) for results in found)
    return [
        f"项目：{len(drawn.codes)} 个县分别抽样、估计、判定，各道门槛均达到的 {met} 个；各县各率见 results/counties.csv",
        f"汇总：{'、'.join(path.name for path in paths)}，在 {paths[0].parent}",
    ]


def keep_draw(drawn: Counties, folder: Folder) -> None:
    """Write the design of the programme, and which counties were drawn."""
    folder.part("draw")
    write_bytes(folder.design, standing_alone(drawn.design.path))
    drawn.sample.certificate.save(folder.certificate)
    write_csv(drawn.sample.table(), folder.root / "draw" / "counties.csv")


def county_table(drawn: Counties, found: list[Results]) -> pd.DataFrame:
    """Return one row a county, rate and status, with its gate where it has one."""
    rates, gates = (_stacked(drawn, [results.table(name) for results in found]) for name in ("rates", "gates"))
    own = ["county", "name"]
    whole = rates[[*own, "rate", *RATE]].merge(gates.reindex(columns=[*own, "rate", *GATE]), on=[*own, "rate"], how="left")
    return whole.assign(**{gate: whole[gate].where(whole["status"] != "疑似") for gate in GATE})


def _stacked(drawn: Counties, tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the tables of all counties as one, each row with its county."""
    sizes = [len(table) for table in tables]
    own = {"county": np.repeat(drawn.codes, sizes), "name": np.repeat([drawn.names[code] for code in drawn.codes], sizes)}
    return pd.concat(tables, ignore_index=True).assign(**own)


def _assessed(drawn: Counties, folder: Folder, workers: int, workbooks: bool) -> Iterator[Results]:
    """Yield the results of the counties in the order of their codes."""
    sample = drawn.sample

    def task(code: str) -> Task:
        own = Folder(folder.root / COUNTIES / drawn.names[code])
        return Task(drawn.plan(code), drawn.rows(code), sample.seed, sample.seed_origin, own, workbooks)

    made: Any = (task(code) for code in drawn.codes)
    if workers == 1:
        yield from map(assess, made)
    else:
        yield from joblib.Parallel(n_jobs=workers, return_as="generator")(joblib.delayed(assess)(each) for each in made)
