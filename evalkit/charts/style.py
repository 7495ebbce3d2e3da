"""What every chart looks like: the bundled Chinese font, colours that survive a black and white print, settings.

matplotlib is touched only inside functions, under a context of its own settings and without pyplot, so a
notebook's figures and settings are left alone.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.figures import gate_text
from evalkit.later import later

if TYPE_CHECKING:
    from matplotlib.axes import Axes

mpl = later("matplotlib")
font_manager = later("matplotlib.font_manager")
ft2font = later("matplotlib.ft2font")

FONTS = Path(__file__).parent.parent / "report" / "fonts"
FAMILY = "Evalkit Sans SC"
FAMILIES = [FAMILY, "DejaVu Sans"]
EM = 100  # pixels, to measure widths at
WIDTH = 6.9  # inches: the width of an official page's type area is 6.1, of a web column about 7
MARK = "模拟数据"

INK, GREY, BLUE, ORANGE, AMBER = "#1a1a1a", "#5c5c5c", "#0b4f8a", "#b84600", "#f0b27a"
PALE, MILD, FAINT = "#eaf1f7", "#9dbad6", "#dcdcdc"
MIDDLE = "#3873a8"  # the lightest blue on which white letters are read (WCAG 2.1 AA), by readers who see no red too
# dark to light, then hatched: the order of a scale survives a black and white print
STEPS = (("#0b3c6f", ""), (MIDDLE, ""), ("#b9d3e6", ""), (AMBER, "////"), ("#ffffff", ".."))

STYLE = {
    "font.family": FAMILIES,
    "font.size": 9.5,
    "text.parse_math": False,
    "axes.unicode_minus": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "xtick.color": GREY,
    "ytick.color": INK,
    "hatch.linewidth": 0.6,
    "svg.fonttype": "path",
    "svg.hashsalt": "evalkit",
}


def missing_characters(text: str) -> str:
    """Return the characters of `text` that the bundled font cannot draw, each once, in order.

    Examples
    --------
    >>> missing_characters("泌阳县鄠邑区 0.43%～1.05%")
    ''
    """
    known = _characters()
    return "".join(sorted({letter for letter in text if ord(letter) not in known and not letter.isspace() and not _unseen(letter)}))


def _unseen(letter: str) -> bool:
    """Say whether a character leaves no mark of its own: joiners, marks of direction, selectors of variants."""
    return unicodedata.category(letter) == "Cf" or "\ufe00" <= letter <= "\ufe0f"


@cache
def _font() -> Any:
    font = ft2font.FT2Font(str(FONTS / "EvalkitSansSC-Regular.otf"))
    font.set_size(EM, 72)
    return font


@cache
def _characters() -> frozenset[int]:
    return frozenset(_font().get_charmap())


def wide(text: str) -> float:
    """Return the width of a text in half-widths of a Chinese character.

    Examples
    --------
    >>> round(wide("泌阳县"), 1), round(wide("10%"), 1)
    (6.0, 4.1)
    """
    return sum(_advance(letter) for letter in text)


@cache
def _advance(letter: str) -> float:
    if ord(letter) not in _characters():
        return 2.0
    return float(_font().load_char(ord(letter)).linearHoriAdvance / 2**16 / EM * 2)


@cache
def know_fonts() -> None:
    """Make the bundled fonts known to matplotlib, once."""
    for file in ("EvalkitSansSC-Regular.otf", "EvalkitSansSC-Bold.ttf"):
        font_manager.fontManager.addfont(str(FONTS / file))


def in_style() -> Any:
    """Return the context in which a chart is drawn: settings of its own, the bundled fonts known."""
    know_fonts()
    return mpl.rc_context(STYLE)


def shades(count: int) -> list[tuple[str, str]]:
    """Return a colour and a hatch for each of so many steps of a scale."""
    if count <= len(STEPS):
        return [STEPS[round(i * (len(STEPS) - 1) / max(1, count - 1))] for i in range(count)]
    return [STEPS[min(i, len(STEPS) - 1)] for i in range(count)]


def percent_ticks(axes: Axes, keep: bool = False) -> None:
    """Write the ticks below as percentages, with no more digits than they have; `keep` leaves them where they are."""
    if not keep:
        axes.locator_params(axis="x", nbins=6)
    axes.xaxis.set_major_formatter(lambda value, _: gate_text(round(value, 6)))
    axes.tick_params(axis="x", labelsize=8.5)
