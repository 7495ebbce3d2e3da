"""What linked forms say: how many came back, how their items were answered, what was found where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from evalkit.codes import shown_label
from evalkit.design.linking import EVERY
from evalkit.fieldwork.handed import Handed
from evalkit.screening.cells import Cells
from evalkit.screening.conditions import meets

if TYPE_CHECKING:
    from evalkit.design.linking import LinkedForm

COUNTS = ("表", "类别", "事项", "回答", "份数", "应有")
FINDINGS = ("表", "类别", "地点", "事项", "内容", "文件", "行")
UNANSWERED, OTHERS, UNSEEN = "（未答）", "（其他）", "见原表"
MOST_ANSWERS = 30  # an item with more is no coded one; its answers may be anything


def count_rows(form: LinkedForm, cells: Cells) -> Iterator[tuple[str, str, str, str, int, int | None]]:
    """Yield the number of forms of each category against how many there should be, then the answers of each counted item."""
    kinds = _kinds(form, cells)
    here = Counter(kinds)
    order = list(dict.fromkeys([*form.expected, *sorted(here)]))
    for kind in order or [EVERY]:
        yield form.name, kind, "", "", here[kind], form.expected.get(kind)
    for item in form.counts:
        column = cells[item]
        answers = [shown_label(text) or UNANSWERED for text in column.texts]
        if len(answers) > MOST_ANSWERS + 1:
            answers = [UNANSWERED, *[OTHERS] * (len(answers) - 1)]
        tally = Counter(zip(kinds, (answers[code] for code in column.codes.tolist()), strict=True))
        for kind in order:
            for answer, count in sorted((answer, count) for (whose, answer), count in tally.items() if whose == kind):
                yield form.name, kind, item, answer, count, None


def finding_rows(form: LinkedForm, handed: Handed, cells: Cells) -> Iterator[tuple[str, str, str, str, str, str, int]]:
    """Yield every finding in the order of the rows: form, category, place, item, words, file, row."""
    found = {item: meets(cells, {item: words}) for item, words in form.findings.items()}
    if not found:
        return
    kinds = _kinds(form, cells)
    for at in np.flatnonzero(np.any(list(found.values()), axis=0)).tolist():
        place = "/".join(shown_label(str(handed.table[column].iat[at])) for column in form.place)
        for item, mask in found.items():
            if mask[at]:
                text = cells[item].text_of(np.array([at]))[0]
                words = text if text in form.findings[item] else UNSEEN
                yield form.name, kinds[at], place, item, words, str(handed.files[at]), int(handed.rows[at])


def _kinds(form: LinkedForm, cells: Cells) -> list[str]:
    """Return the category of each row: a word that is expected or that several rows hold."""
    if not form.by:
        return [EVERY] * len(cells)
    column = cells[form.by]
    known = column.texts if len(column.texts) <= MOST_ANSWERS + 1 else ["", *form.expected]
    return [UNANSWERED if not code else column.texts[code] if column.texts[code] in known else OTHERS for code in column.codes.tolist()]
