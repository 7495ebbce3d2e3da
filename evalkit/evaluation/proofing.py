"""数字核对 of a folder: an edited report held against the results."""

from __future__ import annotations

from evalkit.evaluation.steps import Evaluation, Said
from evalkit.report import proofread
from evalkit.sheets import write_csv
from evalkit.tables import Results

CHECKED = "数字核对.csv"


def check_numbers(evaluation: Evaluation, edited: str, against: str = "") -> tuple[Said, bool]:
    """List the numbers of an edited report that no longer match; write the list to ``results/``.

    Parameters
    ----------
    evaluation : Evaluation
    edited : str
        The .docx as it came back.
    against : str
        Another Word file that the edited one was made from, such as a sampling plan; without it the results hold.

    Returns
    -------
    said : tuple of str
    clean : bool
        Whether every number stands as it was written.
    """
    proof = proofread(edited, against or Results.load(evaluation.folder.root / "results"))
    write_csv(proof.table(), evaluation.folder.part("results") / CHECKED)
    return (*proof.lines(), f"逐条写入 results/{CHECKED}"), proof.ok
