"""A program that is missing is told by a skip on a desk, and by a failure where nothing may be skipped."""

from __future__ import annotations

import pytest

from tests import conftest


class Marked:
    """A test with one mark, as far as the hook asks."""

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def get_closest_marker(self, mark: str) -> bool:
        return mark == self.mark


@pytest.fixture(autouse=True)
def _bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conftest, "missing", lambda mark: conftest.PROGRAMS[mark][1])
    monkeypatch.delenv("EVALKIT_CI", raising=False)


@pytest.mark.parametrize("mark", conftest.PROGRAMS)
def test_without_the_program_a_marked_test_is_skipped_and_says_why(mark: str) -> None:
    with pytest.raises(pytest.skip.Exception, match=f"needs {conftest.PROGRAMS[mark][1]}"):
        conftest.pytest_runtest_setup(Marked(mark))  # the hook asks for the mark only


def test_where_nothing_may_be_skipped_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVALKIT_CI", "1")
    with pytest.raises(pytest.fail.Exception, match="needs r-cran-survey"):
        conftest.pytest_runtest_setup(Marked("r"))


def test_unmarked_tests_run_everywhere() -> None:
    conftest.pytest_runtest_setup(Marked(""))
