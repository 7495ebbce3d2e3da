"""Names of villages and townships as people write them, held against a list of codes: one code, or a fault with the nearest names."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from evalkit.showing import Rows, Shown

# what stands behind the name of a village unit, longest first: the word, and whether it is a village (村) or a neighbourhood (居)
VILLAGE_WORDS = (
    ("社区居民委员会", "居"), ("社区居委会", "居"), ("居民委员会", "居"), ("居委会", "居"), ("居委", "居"),
    ("村民委员会", "村"), ("村委会", "村"), ("村委", "村"), ("行政村", "村"), ("社区", "居"), ("村", "村"),
)  # fmt: skip
TOWNSHIP_WORDS = ("街道办事处", "民族乡", "街道", "办事处", "镇", "乡", "办")
# the 55 peoples beside the Han, longest name first
PEOPLES = (
    "柯尔克孜", "乌孜别克", "维吾尔", "哈萨克", "达斡尔", "塔吉克", "俄罗斯", "鄂温克", "塔塔尔",
    "鄂伦春", "蒙古", "布依", "朝鲜", "土家", "哈尼", "傈僳", "高山", "拉祜", "东乡", "纳西",
    "景颇", "仫佬", "布朗", "撒拉", "毛南", "仡佬", "锡伯", "阿昌", "普米", "德昂", "保安",
    "裕固", "独龙", "赫哲", "门巴", "珞巴", "基诺", "回", "藏", "苗", "彝", "壮", "满", "侗",
    "瑶", "白", "傣", "黎", "佤", "畲", "水", "土", "羌", "怒", "京",
)  # fmt: skip
PEOPLES_AT_END = re.compile(rf"(?<=.)(?:(?:{'|'.join(PEOPLES)})族)+$")
NEAREST = 3  # names that a fault suggests


@dataclass(frozen=True)
class Found:
    """What a name was found to be.

    Attributes
    ----------
    code : str
        Of the village; empty when there is a fault.
    fault : str
        Why no code can be given; empty when one is.
    nearest : tuple of str
        Names of the list that are most like it: suggestions, never applied.
    remark : str
        What differs although a code is given, such as a village that has become a neighbourhood.
    """

    code: str = ""
    fault: str = ""
    nearest: tuple[str, ...] = ()
    remark: str = ""


def plain_village(name: str) -> str:
    """Return the name of a village without the words for what kind of unit it is.

    Examples
    --------
    >>> plain_village("东关村民委员会"), plain_village("东关村"), plain_village("东关社区居委会"), plain_village("村")
    ('东关', '东关', '东关', '村')
    """
    return _forms(name)[-1]


def plain_township(name: str) -> str:
    """Return the name of a township without its kind and without the peoples it is named for.

    Examples
    --------
    >>> plain_township("江口回族镇"), plain_township("江口镇"), plain_township("三水瑶族壮族乡"), plain_township("花园街道办事处")
    ('江口', '江口', '三水', '花园')
    """
    stem = _cleaned(name)
    word = next((word for word in TOWNSHIP_WORDS if stem.endswith(word) and len(stem) > len(word)), "")
    return PEOPLES_AT_END.sub("", stem.removesuffix(word))


@dataclass(frozen=True)
class Directory(Shown):
    """The villages of a county by name, within their townships.

    Parameters
    ----------
    villages : iterable of (code, village, township)
        The township by name; ``""`` throughout where they are not known: names of villages that repeat are then refused.

    Examples
    --------
    >>> known = Directory([("610923101201", "江河村民委员会", "江口镇"), ("610923100201", "江河村民委员会", "城关镇")])
    >>> known.find("江河村", "江口回族镇")
    Found(code='610923101201', fault='', nearest=(), remark='')
    >>> known.find("江何村", "江口镇")
    Found(code='', fault='该乡镇没有这个村', nearest=('江河村民委员会',), remark='')
    """

    villages: Iterable[tuple[str, str, str]]
    _places: dict[str, dict[str, list[tuple[str, str]]]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        places: dict[str, dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
        kept = tuple(dict.fromkeys((str(code), str(village), str(township)) for code, village, township in self.villages))
        for code, village, township in kept:
            for form in _forms(village):
                places[_cleaned(township)][form].append((code, village))
        object.__setattr__(self, "villages", kept)
        object.__setattr__(self, "_places", {township: dict(forms) for township, forms in places.items()})

    def find(self, village: str, township: str = "") -> Found:
        """Return the code of a village by its name and the name of its township.

        A name that is spelled as in the list goes before one that agrees but for the words behind it; where several
        villages agree, none is chosen.

        Parameters
        ----------
        village, township : str
            As written; without a township the village must be the only one of its name in the county.

        Returns
        -------
        Found
        """
        if not _cleaned(village):
            return Found(fault="村名空白")
        places, fault = self._townships(township)
        if fault:
            return Found(fault=fault, nearest=_nearest(_cleaned(township), self._places))
        for form in _forms(village):
            found = list(dict.fromkeys(entry for place in places for entry in self._places[place].get(form, ())))
            if found:
                return _chosen(village, found)
        names = {name: name for place in places for entries in self._places[place].values() for _, name in entries}
        stems = {plain_village(name): name for name in names}
        near = dict.fromkeys([*(stems[stem] for stem in _nearest(plain_village(village), stems)), *_nearest(_cleaned(village), names)])
        return Found(fault="该乡镇没有这个村" if township else "名单中没有这个村", nearest=tuple(near)[:NEAREST])

    def _townships(self, township: str) -> tuple[list[str], str]:
        wanted = _cleaned(township)
        if not wanted or set(self._places) == {""}:
            return list(self._places), ""
        if wanted in self._places:
            return [wanted], ""
        alike = [place for place in self._places if plain_township(place) == plain_township(wanted)]
        if len(alike) > 1:
            return [], f"有 {len(alike)} 个乡镇名字相近，不能确定"
        return alike, "" if alike else "名单中没有这个乡镇"

    def __repr__(self) -> str:
        return f"Directory {len(tuple(self.villages))} 个村，{len(self._places)} 个乡镇"

    def _rows_shown(self) -> Rows:
        places = Counter(township for _, _, township in self.villages)
        return Rows(("乡镇", "村"), [(township or "全县", str(count)) for township, count in places.items()], 1)


def _chosen(village: str, found: list[tuple[str, str]]) -> Found:
    """Return the one village that a name stands for: where several agree, the only one of the same kind."""
    kind, same = _kind(village), [(code, name) for code, name in found if _kind(name) == _kind(village)]
    fitting = found if len(found) == 1 else same if kind else []
    if len(fitting) != 1:
        return Found(fault=f"有 {len(found)} 个村名字相近，不能确定", nearest=tuple(name for _, name in found)[:NEAREST])
    code, name = fitting[0]
    changed = kind and _kind(name) and kind != _kind(name)
    return Found(code=code, remark=f"名单中为{'居委会（社区）' if _kind(name) == '居' else '村委会'}，村居类别不同" if changed else "")


def _cleaned(name: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", name))


def _forms(name: str) -> list[str]:
    """Return a name, then without its last word of kind, then without the next: 王村村委会, 王村, 王."""
    forms = [_cleaned(name)]
    for _ in range(2):
        word = next((word for word, _ in VILLAGE_WORDS if forms[-1].endswith(word) and len(forms[-1]) > len(word)), "")
        if word:
            forms.append(forms[-1].removesuffix(word))
    return forms


def _kind(name: str) -> str:
    return next((kind for word, kind in VILLAGE_WORDS if _cleaned(name).endswith(word)), "")


def _nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    return tuple(difflib.get_close_matches(name, list(known), n=NEAREST, cutoff=0.5))
