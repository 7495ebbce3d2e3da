"""The specimen reports of reports/: all of them written again by ``python -m tests.reports``, or compared by ``--against``.

示例县, 示例西省 and 示例市 are whole runs of designs; 示例项目 is a programme of twelve counties, each drawn, visited and judged by itself.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pandas as pd

import evalkit as ev
from evalkit.design import Design
from evalkit.evaluation.assembly import Drawing
from evalkit.evaluation.chosen import gather
from evalkit.evaluation.specimen import run
from evalkit.plans.counting import planned_frame, specimen_list
from evalkit.report import write_report
from evalkit.report.programmepaper import write_summary
from evalkit.synthetic import returns
from evalkit.tables import Results

ROOT = Path(__file__).resolve().parent.parent
DESIGNS = {"示例县": "biyang_2018", "示例西省": "gansu_post_2021", "示例市": "yingde_2019"}
KEPT = ("report", "results")  # of a run; the registers and lists of a specimen are not committed
ENGLISH = "示例县"  # whose report is there in English too
PROGRAMME, COUNTY = "示例项目", "national_exit_county_2018"
RATES = (0.003, 0.004, 0.006, 0.002, 0.012, 0.005, 0.03, 0.004, 0.008, 0.001, 0.015, 0.004)  # of wrong exits in its counties
TITLE = {"title": "示例省2018年贫困县退出专项评估检查汇总报告", "institute": "示例评估机构", "date": "2018-12-20"}


def write_specimen(name: str, folder: Path) -> None:
    """Write one specimen into a folder of its own under `folder`, in place of what was there."""
    shutil.rmtree(folder / name, ignore_errors=True)
    if name == PROGRAMME:
        write_summary([county(i, rate) for i, rate in enumerate(RATES, 1)], TITLE, folder / name / "report")
        return
    with tempfile.TemporaryDirectory() as room:
        run(ROOT / "designs" / f"{DESIGNS[name]}.toml", Path(room) / name)
        for part in KEPT:
            shutil.copytree(Path(room) / name / part, folder / name / part, ignore=shutil.ignore_patterns("responses.csv"))
    if name == ENGLISH:
        write_report(Results.load(folder / name / "results"), folder / name / "report", "en")


def county(place: int, rate: float) -> Results:
    """Return the results of one county of the programme: its own list, seed and truth, the design of all."""
    design = ev.read_design(ROOT / "designs" / f"{COUNTY}.toml")
    assert design.specimen is not None
    truth = design.specimen.model_copy(update={"seed": f"{design.specimen.seed}{place:02d}", "wrong_exit": rate})
    report = design.report.model_copy(update={"name": f"示例{place:02d}县"})
    return evaluated(design.model_copy(update={"specimen": truth, "report": report}))


def evaluated(design: Design) -> Results:
    """Return the results of a specimen design without its files: lists, draw, returns, findings and estimates in memory."""
    _, rosters, sample, responses = collected(design)
    return gather(ev.determine(responses), rosters, Drawing(sample.certificate, (), {}))


def collected(design: Design) -> tuple[ev.Frame, pd.DataFrame, ev.Sample, ev.Responses]:
    """Return the list, rosters, sample and returns of a specimen design, without files."""
    assert design.specimen is not None
    frame, (made, _) = planned_frame(design), specimen_list(design)
    drawn = ev.draw(frame, design, seed=design.specimen.seed)
    rosters = ev.read_rosters(pd.concat(made.rosters(drawn.villages).values(), ignore_index=True), design)
    sample = ev.draw_next(drawn, rosters)
    return frame, rosters, sample, ev.collect(sample, returns(sample, made.households(drawn.villages), design))


def bare(file: Path) -> str:
    """Return a text file without charts, whose outlines follow the version of matplotlib, and digits beyond the ninth, the processor's."""
    text = re.sub(r"(?s)<svg.*?</svg>", "", file.read_text(encoding="utf-8"))
    return re.sub(r"\d+\.\d+(e-?\d+)?", lambda number: f"{float(number[0]):.9g}", text)


def differing(kept: Path, made: Path, names: Iterable[str]) -> Iterator[str]:
    """Yield the files that one folder has and the other has not, and web pages and tables that say something else."""
    for name in names:
        files = [{str(file.relative_to(folder)) for file in (folder / name).rglob("*") if file.is_file()} for folder in (kept, made)]
        yield from (f"{file}：只在一边" for file in sorted(files[0] ^ files[1]))
        texts = sorted(file for file in files[0] & files[1] if file.endswith((".html", ".csv")))
        yield from (file for file in texts if bare(kept / file) != bare(made / file))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[*DESIGNS, PROGRAMME])
    parser.add_argument("--out", type=Path, default=ROOT / "reports", help="the folder to write into, or to compare")
    parser.add_argument("--against", type=Path, help="write nothing: compare the folder with this one")
    asked = parser.parse_args()
    if asked.against is None:
        with ProcessPoolExecutor(2) as workers:
            list(workers.map(write_specimen, asked.names, [asked.out] * len(asked.names)))
    elif found := list(differing(asked.out, asked.against, asked.names)):
        sys.exit("not what this commit writes: " + ", ".join(found) + "; run: python -m tests.reports")
    print(f"{len(asked.names)} specimens {'agree' if asked.against else f'in {asked.out}'}")


if __name__ == "__main__":
    main()
