"""The names under which places appear in results: their own, or coded where the design asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.sample.listings import ALL

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.frame import Frame

WHOLE = "全部"  # the one stratum of a frame that is not parted
KNOWN = {"county": "县", "县": "县", "township": "乡镇", "town": "乡镇", "乡镇": "乡镇", "乡": "乡镇"}


def _word(columns: list[str]) -> str:
    """Return what the strata are called: by the one column that makes them; 层 where it is no place or there are several."""
    if len(columns) != 1:
        return "层" if columns else ""
    return next((word for part, word in KNOWN.items() if part in columns[0]), "层")


@dataclass(frozen=True)
class Places:
    """Names of the first-stage strata, and the word for one.

    Examples
    --------
    >>> Places({"411726102": "乡镇01"}).stratum("411726102")
    '乡镇01'
    """

    names: Mapping[str, str]
    villages: Mapping[str, str] = field(default_factory=dict)
    word: str = "乡镇"

    @classmethod
    def of(cls, frame: Frame, design: Design) -> Places:
        """Name the strata of a frame: 乡镇01, 县01, 层01 … in order of code, or by the frame's own column where it has one value each."""
        above, strata = [stage.unit for stage in design.frame_stages[-2:-1]], list(design.frame_stages[-1].strata)
        table = frame.table().assign(**{ALL: ALL})
        labels = map("|".join, zip(*(table[column].tolist() for column in (*above, *(strata or [ALL]))), strict=True))
        codes = pd.Series(list(labels), index=table.index, dtype=str)
        word = _word([column for column in (*above, *strata) if column])
        if design.report.code_names:
            width = max(2, len(str(codes.nunique())))
            named = {code: f"{word}{i:0{width}d}" if word else WHOLE for i, code in enumerate(sorted(set(codes)), 1)}
            within = codes.groupby(codes).cumcount() + 1
            villages = {unit: f"{named[code]}-村{i:02d}" for unit, code, i in zip(table[frame.id], codes, within, strict=True)}
            return cls(named, villages, word)
        plain = codes.str.removesuffix(f"|{ALL}").replace(ALL, "全县")
        shown = table[design.frame.place] if design.frame.place else plain
        single = shown.groupby(codes).transform("nunique") == 1
        return cls(dict(zip(codes, shown.where(single, plain), strict=True)), word=word)

    def stratum(self, label: str) -> str:
        """Return the name of a stratum; a certainty part keeps its mark behind the name."""
        code, mark, rest = label.partition("·")
        return self.names.get(code, code) + mark + rest

    def cover(self, text: str) -> str:
        """Return a sentence with every code of a place replaced by its name, villages before townships.

        Examples
        --------
        >>> Places({"411726102": "乡镇01"}, {"411726102203": "乡镇01-村03"}).cover("村 411726102203（411726102）")
        '村 乡镇01-村03（乡镇01）'
        """
        for code, name in (*self.villages.items(), *self.names.items()):
            text = text.replace(code, name)
        return text
