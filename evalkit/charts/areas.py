"""Small areas: what each area says itself, beside what is left of it when it is drawn towards the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalkit.charts.forests import Labels, row_names
from evalkit.charts.glyphs import lettered
from evalkit.charts.ladder import Ladder, Rung, line_at, paged, scale_below, set_up
from evalkit.charts.style import BLUE, INK, MILD, ORANGE, in_style
from evalkit.figures import interval, is_blank, plain, told_percent
from evalkit.tables import records

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evalkit.areas import SmallAreas

APART = 0.17  # rows between the two marks of an area


@lettered
def areas_plot(
    areas: SmallAreas, *, ax: Axes | None = None, labels: Labels = None, title: str = "", max_rows: int = 40, page: int = 1
) -> Axes:
    """Draw small areas as two points each with its interval, the highest shrunken share on top.

    Parameters
    ----------
    areas : SmallAreas
    ax, labels
        As for `estimate_plot`.
    title : str
    max_rows, page : int
        As for `inchworm_plot`.

    Returns
    -------
    matplotlib.axes.Axes
        Above a hollow point with a thin line, the direct share with its KG-M interval; below a full one with a thick line, the
        shrunken share. The upright line is the common mean. No threshold is drawn: small areas are never judged.

    Examples
    --------
    >>> import numpy as np, pandas as pd, evalkit as ev
    >>> at = np.arange(1200)
    >>> table = pd.DataFrame({"village": at // 60, "township": at // 240, "wrong": (at < 130) & (at % 10 == 0)})
    >>> found = ev.small_areas(ev.proportion(ev.Survey.from_data(table, clusters=["village"]), "wrong", by="township"))
    >>> areas_plot(found).get_label().split("；")[0]
    '0：直接5.42%（0.33%～22.08%），收缩后4.26%'
    """
    heading, names = row_names(areas.estimate, labels)
    rows = list(zip(names, records(areas.table()), strict=True))
    rows, rest = paged(sorted(rows, key=lambda row: (-row[1].shrunk, -row[1].direct)), max_rows, page)
    rungs = [Rung(" ".join(filter(None, name)), "", _cells(row)) for name, row in rows]
    note = "空心点、细线为各区域自己的估计与 KG-M 区间，实心点、粗线为向平均收缩之后；竖线为平均；只作描述，不用于判定"
    ladder = Ladder(rungs, ("直接", "收缩后", "n"), title or f"小区域，{heading}", "\n".join(part for part in (note, rest) if part))
    with in_style():
        axes, heights = set_up(ladder, ax)
        mean = float(areas.shrunken.mean)
        ends = [end for _, row in rows for end in (row.direct, row.low, row.high, row.shrunk, row.shrunk_low, row.shrunk_high)]
        scale_below(axes, [mean, *ends], share=True)
        for height, (_, row) in zip(heights, rows, strict=True):
            _mark(axes, height - APART, (row.direct, row.low, row.high), ORANGE, full=False)
            _mark(axes, height + APART, (row.shrunk, row.shrunk_low, row.shrunk_high), BLUE, full=True)
        line_at(axes, mean, f"平均 {told_percent(mean)}")
        axes.lines[-1].set(color=INK, linewidth=1.0, linestyle=(0, (4, 2)))
        axes.set_label("；".join(_spoken(rung.label, row) for rung, (_, row) in zip(rungs, rows, strict=True)) + "。")
    return axes


def _mark(axes: Axes, height: float, span: tuple[float, float, float], colour: str, full: bool) -> None:
    value, low, high = span
    if not (is_blank(low) or is_blank(high)):
        look: dict[str, Any] = {"color": MILD, "linewidth": 3.5} if full else {"color": colour, "linewidth": 1.0}
        axes.plot([low, high], [height, height], solid_capstyle="butt", clip_on=False, zorder=1.3, **look)
    face = colour if full else "white"
    axes.plot([value], [height], "o", color=colour, markerfacecolor=face, markersize=4.8, markeredgewidth=1.2, clip_on=False, zorder=3)


def _cells(row: Any) -> tuple[str, ...]:
    return (told_percent(row.direct), told_percent(row.shrunk), plain(row.n))


def _spoken(name: str, row: Any) -> str:
    limits = interval(row.low, row.high)
    return f"{name}：直接{told_percent(row.direct)}{f'（{limits}）' if limits else ''}，收缩后{told_percent(row.shrunk)}"
