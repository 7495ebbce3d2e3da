"""The Conclusion of one county: all its gates together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evalkit.showing import Shown
from evalkit.verdict.judging import Verdict, listed_verdicts
from evalkit.verdict.words import Language, Register, conclusion_sentence


@dataclass(frozen=True)
class Conclusion(Shown):
    """All gates of one county together.

    Attributes
    ----------
    verdicts : tuple of Verdict
    recommend : bool
        Whether the sentence recommends for or against the exit (同意退出).
    """

    verdicts: tuple[Verdict, ...]
    recommend: bool = True

    @property
    def passed(self) -> bool:
        """Whether the legal rule of every gate is satisfied."""
        return not self.failed

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the rates whose legal rule is not satisfied."""
        return tuple(verdict.name for verdict in self.verdicts if not verdict.legal)

    @property
    def proven(self) -> bool:
        """Whether the sample proves every single legal verdict."""
        return not self.unproven

    @property
    def unproven(self) -> tuple[str, ...]:
        """Names of the rates whose legal verdict the sample does not prove."""
        return tuple(verdict.name for verdict in self.verdicts if not verdict.confident)

    def sentence(self, language: Language = "zh", *, register: Register = "main") -> str:
        """Return the conclusion in words.

        Raises
        ------
        EstimateError
            For an unknown language or register.
        """
        return conclusion_sentence(self, language, register)

    def __repr__(self) -> str:
        return self.sentence("zh")


def conclude(verdicts: Iterable[Verdict], recommend: bool = True) -> Conclusion:
    """Bring the verdicts of all gates to one conclusion: it passes when every gate is met.

    Passing needs all gates, so each is tested at its own alpha and nothing is corrected for their number
    (intersection–union test; Berger 1982, Technometrics 24:295).

    Parameters
    ----------
    verdicts : iterable of Verdict
        At least one.
    recommend : bool
        Whether to word it as 建议同意退出 / 建议不同意退出.

    Returns
    -------
    Conclusion

    Raises
    ------
    EstimateError
        When there is no verdict.

    Examples
    --------
    >>> import pandas as pd, evalkit as ev
    >>> survey = ev.Survey.from_data(pd.DataFrame({"approve": [1] * 390 + [0] * 10}))
    >>> conclude([ev.judge(ev.proportion(survey, "approve"), 0.9, direction="above", strict=True, name="群众认可度")])
    群众认可度达到标准，建议同意退出；各项判定的统计把握程度均充分。
    """
    return Conclusion(tuple(listed_verdicts(verdicts, "各门槛先 ev.judge(…)，写成 [判定, 判定]；设计文件中写 [[gate]]")), recommend)
