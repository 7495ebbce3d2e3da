"""Marked tests need a program, or a Python package that the extra `test` does not bring: they are skipped without it, and say so.

With EVALKIT_CI=1 a missing program is a failure, so that nothing is skipped unseen where everything should be there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

import evalkit as ev
from evalkit.later import installed

# a machine that is busy with something else is no failure of the code; what must be quick is timed by tests of its own
settings.register_profile("evalkit", deadline=None)
settings.load_profile("evalkit")

PROGRAMS = {
    "chromium": ("chromium", "Debian's chromium"),
    "java": ("java", "openjdk-17-jre-headless, pyspark and dask"),
    "libreoffice": ("soffice pdftoppm", "libreoffice-writer, libreoffice-calc and poppler-utils"),
    "map": ("", "geopandas"),
    "r": ("Rscript", "r-cran-survey and r-cran-sampling"),
}
LIBRARIES = {"java": ("pyspark", "dask"), "map": ("geopandas",)}
# Simulations, killed processes, benchmarks, rules of the code itself, examples of the pages, and whole draws, papers and runs whose
# libraries other tests use too: what they find does not hang on the versions of libraries, so that the run with the lowest versions
# leaves them out.
LONG = frozenset(
    {"test_acceptance", "test_acceptance_design", "test_allocation_several", "test_architecture", "test_benchmarks",
     "test_benchmarks_coverage", "test_benchmarks_estimate", "test_benchmarks_guard", "test_boundaries", "test_casework_papers",
     "test_benchmarks_whole", "test_ceremony",
     "test_charts_layout", "test_chosen_places", "test_clues", "test_designs", "test_designs_run", "test_docs", "test_docs_acceptance",
     "test_docs_estimation", "test_docs_intervals", "test_docs_verdicts", "test_exact", "test_fuzz", "test_gate_slips",
     "test_glossary", "test_inclusion_pairs", "test_intervals_ways", "test_kill", "test_large", "test_licences", "test_machines",
     "test_mandatory", "test_method_table", "test_notebooks", "test_nouns", "test_opening", "test_papers", "test_patience", "test_plans",
     "test_privacy", "test_problems_uses", "test_programme", "test_proofs", "test_published_rates", "test_quality_codings",
     "test_quality_plausible", "test_quality_reinterviews", "test_quality_rejudged", "test_quality_springs", "test_quotas",
     "test_rate_coverage", "test_rate_kinds", "test_rate_standards", "test_readme", "test_rectifying", "test_report_english",
     "test_report_extremes", "test_rounds", "test_sample", "test_selection_balanced", "test_selection_exact", "test_selection_spatial",
     "test_site", "test_sizing_villages", "test_smallareas", "test_specimen_reports", "test_stages", "test_survey_bias", "test_tasks",
     "test_tiers", "test_trials", "test_unions", "test_validation", "test_verdict_programme", "test_verification", "test_verifiers",
     "test_weights", "test_wheel"}
)  # fmt: skip


@cache
def missing(mark: str) -> str:
    """Return what to install before tests of this mark can run, or an empty text."""
    programs, packages = PROGRAMS[mark]
    if any(shutil.which(program) is None for program in programs.split()):
        return packages
    if mark == "r":
        both = "stopifnot(requireNamespace('survey'), requireNamespace('sampling'))"
        found = subprocess.run(["Rscript", "-e", both], capture_output=True, check=False)
        return packages if found.returncode else ""
    if not all(map(installed, LIBRARIES.get(mark, ()))):
        return packages
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the long files."""
    for item in items:
        if item.path.stem in LONG:
            item.add_marker(pytest.mark.long)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a marked test without its program; under EVALKIT_CI=1 fail it."""
    for mark in PROGRAMS:
        if item.get_closest_marker(mark) and (packages := missing(mark)):
            text = f"needs {packages}"
            if os.environ.get("EVALKIT_CI") == "1":
                pytest.fail(text, pytrace=False)
            pytest.skip(text)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each file to one worker, so that what its tests share is made once; small files of examples come last and even out the end."""
    from xdist.scheduler import LoadFileScheduling  # only where xdist asks

    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


@pytest.fixture(scope="session")
def specimen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one whole run of the specimen design, to be read and never written to."""
    root = Path(__file__).resolve().parent.parent
    folder = tmp_path_factory.mktemp("specimen") / "示例县"
    ev.run(root / "designs" / "biyang_2018.toml", folder)
    return folder
