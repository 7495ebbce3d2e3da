"""The page of validation tells the cases that are run, and the numbers that are found."""

from __future__ import annotations

import re

import pytest

from tests import validation

COMMITTED = validation.PAGE.read_text(encoding="utf-8")
RENEW = "run: python -m tests.validation"


def cells(page: str) -> dict[str, list[str]]:
    """Return the rows of all tables of a page by their first cell."""
    lines = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    return {line[0]: line[1:] for line in lines}


def test_the_words_and_the_files_of_golden_values_are_current() -> None:
    for part in (validation.HEAD, validation.OWN_HEAD + validation.own_part(), validation.DIFFERENT):
        assert part in COMMITTED, RENEW
    named = {name for name, *_ in validation.FILES} | {"cases.json"}
    assert named == {path.name for path in validation.OWN.glob("*.json")}
    assert all((validation.law.ROOT / "tests" / f"{test}.py").exists() for *_, test in validation.FILES)


def test_the_numbers_side_by_side_are_what_is_found() -> None:
    shown = cells(COMMITTED)
    pairs = list(validation.own_pairs())
    assert len(pairs) >= 20
    for case, stated, found in pairs:
        theirs, ours, _ = shown[f"`{case['id']}`"]
        for told, made in ((theirs, validation.first(stated)), (ours, validation.first(found))):
            numbers = [float(each) for each in re.findall(r"-?\d[\d.e+-]*", told)]
            assert numbers == pytest.approx(list(made.values()), rel=1e-8), RENEW


@pytest.mark.skipif(not validation.REFERENCE.exists(), reason="the reference numbers do not lie beside this clone")
def test_the_families_of_the_reference_are_told_with_their_tolerances() -> None:
    shown = cells(COMMITTED)
    found = validation.families(run=False)
    assert set(found) == set(validation.FAMILIES)
    for name, family in found.items():
        label, cases, wanted, _, tolerances, _, engines = family.row(name)
        told = shown[label]
        assert [told[0], told[1], told[3], told[5]] == [cases, wanted, tolerances, engines], RENEW
        assert told[2] == (wanted if wanted != "0" else "—"), "a case of the reference differs"


def test_a_number_that_departs_is_seen() -> None:
    assert list(validation.apart({"a": [1.0, 2.0]}, {"a": [1.0, 2.002]}, {"rtol": 1e-9})) == pytest.approx([0, 1e-3], rel=1e-2)
