"""Characters that the bundled font lacks: drawn by another font that has them, and named once in plain words."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, ParamSpec

from evalkit.charts.layout import texts_of
from evalkit.charts.style import FAMILIES, missing_characters
from evalkit.later import later

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

Asked = ParamSpec("Asked")

font_manager = later("matplotlib.font_manager")
ticker = later("matplotlib.ticker")

STAND_IN = "□"


def lettered(draw: Callable[Asked, Axes]) -> Callable[Asked, Axes]:
    """Return a chart's function that also sees to the characters which the bundled font lacks."""

    @wraps(draw)
    def drawn(*args: Asked.args, **options: Asked.kwargs) -> Axes:
        axes = draw(*args, **options)
        find_glyphs(axes)
        return axes

    return drawn


def find_glyphs(artist: Artist) -> None:
    """Give texts whose characters the bundled font lacks a font of this machine that has them, else a □, and name them once.

    Warns
    -----
    UserWarning
        With all such characters and what stands for them.
    """
    absent = lend_glyphs(artist)
    if absent:
        warnings.warn(f"图｜随附字体缺 {len(absent)} 个字：{absent}｜{_instead(absent)}；文字说明不受影响", stacklevel=3)


def lend_glyphs(artist: Artist) -> str:
    """Do what `find_glyphs` does without a word, and return the characters that the bundled font lacks."""
    texts = [text for text in texts_of(artist) if missing_characters(text.get_text())]
    if not texts:
        return ""
    absent = missing_characters("".join(text.get_text() for text in texts))
    found = {letter: _family_with(letter) for letter in absent}
    lacking = "".join(letter for letter in absent if not found[letter])
    for text in texts:
        own = dict.fromkeys(family for letter in text.get_text() if (family := found.get(letter)))
        text.set(fontfamily=[*FAMILIES, *(family for family in own if family not in FAMILIES)], text=_replaced(text.get_text(), lacking))
    for axis in (axis for axes in _axes_of(artist) for axis in (axes.xaxis, axes.yaxis)):
        if lacking and isinstance(axis.get_major_locator(), ticker.FixedLocator):  # it writes the words it was given again
            axis.set_ticklabels([_replaced(label.get_text(), lacking) for label in axis.get_majorticklabels()])
    return absent


def drawable(text: str) -> str:
    """Return a text with □ in the place of each character that no font here has.

    Examples
    --------
    >>> drawable("泌阳县"), drawable("甲\U000f0000县")
    ('泌阳县', '甲□县')
    """
    lacking = "".join(letter for letter in missing_characters(text) if not _family_with(letter))
    return _replaced(text, lacking) if lacking else text


def absent_told(absent: str) -> str:
    """Return how a report draws characters that the bundled font lacks.

    Examples
    --------
    >>> absent_told("\U000f0000")
    '随附字体缺 1 个字：\U000f0000｜图和 PDF 中\U000f0000 画成 □，本机没有字体有它；Word 和网页不受影响'
    """
    return f"随附字体缺 {len(absent)} 个字：{absent}｜图和 PDF 中{_instead(absent)}；Word 和网页不受影响"


def _instead(absent: str) -> str:
    """Return what stands for characters that the bundled font lacks."""
    by = "、".join(dict.fromkeys(family for letter in absent if (family := _family_with(letter))))
    lacking = "".join(letter for letter in absent if not _family_with(letter))
    return "，".join([*([f"由 {by} 代画"] if by else []), *([f"{lacking} 画成 {STAND_IN}，本机没有字体有它"] if lacking else [])])


def _axes_of(artist: Any) -> list[Any]:
    return list(artist.axes) if hasattr(artist, "add_axes") else [artist]


def _replaced(text: str, lacking: str) -> str:
    return "".join(STAND_IN if letter in lacking else letter for letter in text)


@cache
def _family_with(letter: str) -> str:
    """Return a family that has the character, those of every chart first, then those of this machine by name; empty without any."""
    known = sorted({(entry.name not in FAMILIES, entry.name, entry.fname) for entry in font_manager.fontManager.ttflist})
    usable = ((name, font_manager.get_font(file)) for _, name, file in known if "LastResort" not in file)
    return next((name for name, font in usable if font.get_char_index(ord(letter))), "")
