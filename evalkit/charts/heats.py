"""A heat map of shares about a nominal value: the numbers stand in the cells, darkness repeats them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.charts.glyphs import lettered
from evalkit.charts.ladder import SMALL, Ladder, Rung, most, set_up
from evalkit.charts.style import FAMILIES, GREY, INK, MILD, in_style
from evalkit.errors import ReportError
from evalkit.figures import gate_text, is_blank, percent
from evalkit.later import later
from evalkit.lists import as_list

if TYPE_CHECKING:
    from matplotlib.axes import Axes

colors = later("matplotlib.colors")

DARK = "#8a3300"
LEAST_REACH = 0.05  # below nominal: a map on which all is well stays pale
DEEP = 0.55  # of the way to DARK from which numbers are white


@lettered
def heat_plot(
    table: pd.DataFrame,
    rows: str | Sequence[str],
    columns: str,
    value: str,
    *,
    nominal: float,
    title: str = "",
    digits: int = 1,
    ax: Axes | None = None,
    max_rows: int = 60,
) -> Axes:
    """Draw shares as a map of numbers: below nominal the darker the lower, above it pale.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a cell of the map.
    rows : str or two str
        Column of the rows; of two columns the first names groups, under whose names the rows stand.
    columns, value : str
        Column of the columns (numbers in [0, 1] are written as percentages), and of the shares.
    nominal : float
        The share that ought to be reached, .95 for the coverage of a 95 % interval.
    title : str
    digits : int
        Decimals of the percentages in the cells.
    ax, max_rows
        As for `estimate_plot`.

    Returns
    -------
    matplotlib.axes.Axes
        Numbers below nominal are bold, so that a black and white print tells both sides apart. The label of the axes says the
        same in words.

    Raises
    ------
    ReportError
        When a column is missing, the table is empty, a cell is there twice, or nominal is no share.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"method": ["KG-NCHS", "KG-M"], "p": [.005, .005], "cover": [.382, .968]})
    >>> axes = heat_plot(table, "method", "p", "cover", nominal=.95)
    >>> [text.get_text() for text in axes.texts], axes.get_label()
    (['0.5%', '38.2', '96.8'], 'KG-NCHS：0.5% 38.2%；KG-M：0.5% 96.8%。')
    """
    names = as_list(rows)
    _check(table, names, columns, value, nominal)
    heads = list(dict.fromkeys(table[columns]))
    keys = list(dict.fromkeys(table[names].itertuples(index=False, name=None)))
    count, rest = most(len(keys), max_rows)
    cells = dict(zip(table[[*names, columns]].itertuples(index=False, name=None), table[value].tolist(), strict=True))
    rungs = [Rung(_word(key[-1]), _word(key[0]) if len(key) > 1 else "") for key in keys[:count]]
    note = f"格中为百分数；黑体低于名义值 {gate_text(nominal)}，越低越深，高于它的为浅蓝"
    with in_style():
        axes, heights = set_up(Ladder(rungs, (), title, "\n".join(part for part in (note, rest) if part)), ax)
        _frame(axes, heads)
        reach = max([LEAST_REACH, *(nominal - share for share in cells.values() if not is_blank(share))])
        for height, key in zip(heights, keys, strict=False):
            for at, head in enumerate(heads):
                _cell(axes, at, height, cells.get((*key, head)), nominal, reach, digits)
        axes.set_label("；".join(_spoken(key, heads, cells, digits) for key in keys[:count]) + "。")
    return axes


def _check(table: pd.DataFrame, names: Sequence[str], columns: str, value: str, nominal: float) -> None:
    lacking = [name for name in (*names, columns, value) if name not in table.columns]
    if lacking or len(names) not in (1, 2):
        raise ReportError(f"热图｜没有列 {'、'.join(lacking)}（rows 写一列或两列）｜可用：{'、'.join(map(str, table.columns))}")
    if not 0 < nominal < 1:
        raise ReportError(f"nominal = {nominal}｜名义值应在 0 与 1 之间｜95% 写 nominal=.95")
    if table.duplicated([*names, columns]).any():
        raise ReportError(f"热图｜{'、'.join(names)} 与 {columns} 的同一格有几行｜先汇总，如 groupby(…).min()")


def _word(part: Any) -> str:
    return f"{part:g}" if isinstance(part, float) else str(part)


def _head(part: Any) -> str:
    return gate_text(part) if isinstance(part, float) and 0 <= part <= 1 else str(part)


def _frame(axes: Axes, heads: Sequence[Any]) -> None:
    """Take axis and grid away, and write the headings above."""
    axes.set_xlim(0, len(heads))
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.grid(visible=False)
    for line in list(axes.lines):
        line.remove()
    place: dict[str, Any] = {"xycoords": axes.get_xaxis_transform(), "textcoords": "offset points", "ha": "center", "va": "baseline"}
    for at, head in enumerate(heads):
        axes.annotate(_head(head), (at + 0.5, 1), (0, 2), fontsize=SMALL, color=GREY, fontfamily=FAMILIES, **place)


def _cell(axes: Axes, at: int, height: float, share: Any, nominal: float, reach: float, digits: int) -> None:
    if is_blank(share):
        return
    below = share < nominal
    depth = min(1.0, (nominal - share) / reach if below else (share - nominal) / (1 - nominal))
    face = _between(DARK if below else MILD, depth if below else 0.75 * depth)
    axes.barh(height, 0.97, left=at + 0.015, height=0.9, color=face, linewidth=0)
    look: dict[str, Any] = {"fontsize": SMALL + 0.5, "fontfamily": FAMILIES, "fontweight": "bold" if below else "normal"}
    tone = "white" if below and depth > DEEP else INK
    axes.text(at + 0.5, height, _percent(share, digits), ha="center", va="center_baseline", color=tone, **look)


def _percent(share: float, digits: int) -> str:
    return percent(share, digits).rstrip("%")


def _between(colour: str, depth: float) -> tuple[float, ...]:
    """Return white drawn so far towards a colour."""
    return tuple(1 - depth * (1 - part) for part in colors.to_rgb(colour))


def _spoken(key: tuple[Any, ...], heads: Sequence[Any], cells: dict[Any, Any], digits: int) -> str:
    told = [f"{_head(head)} {percent(cells[*key, head], digits)}" for head in heads if not is_blank(cells.get((*key, head)))]
    return f"{' '.join(map(_word, key))}：{'，'.join(told)}"
