"""Personal columns are left behind where data come in: dropped, or replaced by tokens, unless they are kept by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from evalkit.codes import mask_identity, mask_name, shown_label
from evalkit.errors import PrivacyError
from evalkit.given import takes
from evalkit.lists import as_list
from evalkit.privacy.keys import Key
from evalkit.privacy.kinds import KINDS, cover_numbers, kind_of, kind_of_cells, personal
from evalkit.showing import Rows, Shown


@dataclass(frozen=True, eq=False)
class Shed(Shown):
    """A table without what was personal in it.

    Attributes
    ----------
    dropped, kept : dict of str to str
        Heading → kind of the personal columns that were dropped, and of those that were kept by name.
    replaced : dict of str to str
        Heading → heading of the tokens.
    """

    dropped: dict[str, str]
    kept: dict[str, str]
    replaced: dict[str, str]
    _table: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self._table.copy()

    def _rows_shown(self) -> Rows:
        words = (("去掉", self.dropped), ("换成代号", self.replaced), ("按名保留", self.kept))
        return Rows(("列", "怎样"), [(shown_label(name), word) for word, columns in words for name in columns], 2)

    def __repr__(self) -> str:
        counts = (("去掉", self.dropped), ("换成代号", self.replaced), ("按名保留", self.kept))
        told = [f"{word} {len(columns)} 列（{'、'.join(shown_label(name) for name in columns)}）" for word, columns in counts if columns]
        return f"Shed {len(self._table)} 行：{'；'.join(told) or '没有个人信息列'}"


@takes(PrivacyError)
def shed(table: pd.DataFrame, *, keep: str | Iterable[str] = (), tokens: str | Iterable[str] = (), key: Key | None = None) -> Shed:
    """Drop the personal columns of a table, or replace them by tokens.

    Parameters
    ----------
    table : DataFrame
        It is not changed. A column is personal by its heading: names, identity numbers, telephones, bank accounts,
        health, positions, machine and home addresses (``KINDS``); or by its cells, when half of them are numbers of persons,
        telephones, cards or machines. Such numbers in the texts of other columns are covered.
    keep : str or iterable of str
        Headings to keep as they are.
    tokens : str or iterable of str
        Headings to replace, personal or not; the new heading names the key: 证件号码#8624e7fb.
    key : Key, optional
        Needed where something is to be replaced.

    Returns
    -------
    Shed

    Raises
    ------
    PrivacyError
        When a named column is absent or named twice, or there is no key.

    Examples
    --------
    >>> table = pd.DataFrame({"户编号": ["1"], "户主": ["张三"], "证件号码": ["11010519491231002X"], "联系电话": ["13900001111"]})
    >>> made = shed(table, keep="户主", tokens="证件号码", key=Key(bytes(32)))
    >>> made
    Shed 1 行：去掉 1 列（联系电话）；换成代号 1 列（证件号码）；按名保留 1 列（户主）
    >>> list(made.table())
    ['户编号', '户主', '证件号码#a6caa0c2']
    """
    kept, replaced = as_list(keep), as_list(tokens)
    _refuse_unsound(table, kept, replaced, key)
    found = {str(heading): kind for heading in table.columns if (kind := kind_of(heading) or _by_cells(table[heading]))}
    dropped = {heading: kind for heading, kind in found.items() if heading not in kept and heading not in replaced}
    new = table.drop(columns=[heading for heading in table.columns if str(heading) in dropped])
    named = {heading: f"{heading}#{key.label}" for heading in replaced} if key else {}
    coded = {heading: replace_by_tokens(new[heading], heading, key) for heading in named} if key else {}
    plain = {heading: _covered(new[heading]) for heading in new.columns if heading not in kept and heading not in named}
    new = new.assign(**plain, **coded).rename(columns=named)
    return Shed(dropped, {heading: found[heading] for heading in kept if heading in found}, named, new)


def _by_cells(cells: pd.Series) -> str:
    return "" if pd.api.types.is_bool_dtype(cells) or pd.api.types.is_float_dtype(cells) else kind_of_cells(_texts(cells).unique().tolist())


def _covered(cells: pd.Series) -> pd.Series:
    """Return a column of texts with the numbers of persons in it covered; other columns as they are."""
    if not (pd.api.types.is_string_dtype(cells) or cells.dtype == object):
        return cells
    known = {text: made for text in dict.fromkeys(cells.tolist()) if isinstance(text, str) and (made := cover_numbers(text)) != text}
    return cells.replace(known) if known else cells


def _texts(cells: pd.Series) -> pd.Series:
    return cells.dropna().astype(str)


def replace_by_tokens(cells: pd.Series, heading: str, key: Key) -> pd.Series:
    """Return a column with each text replaced by its token; blanks stay blank."""
    texts = cells.fillna("").astype(str)
    known = {text: key.token(text, heading) for text in texts.unique()}
    return texts.map(known)


def masked(table: pd.DataFrame, *, keep: Iterable[str] = ()) -> pd.DataFrame:
    """Return a table to be shown to people, with what is personal in it covered rather than left out.

    Parameters
    ----------
    table : DataFrame
        It is not changed.
    keep : iterable of str
        Headings to show as they are.

    Examples
    --------
    >>> masked(pd.DataFrame({"户主": ["张三丰"], "证件号码": ["11010519491231002X"], "联系电话": ["13900001111"]})).iloc[0].tolist()
    ['张**', '110105************', '*******']
    """
    shown = set(keep)
    return table.assign(
        **{heading: table[heading].fillna("").astype(str).map(COVERS.get(kind, _cover)) for heading, kind in personal(table.columns).items()
           if heading not in shown}
    )  # fmt: skip


def _cover(text: str) -> str:
    return "*******" if text.strip() else ""


COVERS = {"identity": mask_identity, "name": mask_name}


def _refuse_unsound(table: pd.DataFrame, kept: list[str], replaced: list[str], key: Key | None) -> None:
    headings = [str(heading) for heading in table.columns]
    absent = [heading for heading in dict.fromkeys([*kept, *replaced]) if heading not in headings]
    twice = [heading for heading in replaced if heading in kept]
    faults = [f"没有这些列：{'、'.join(shown_label(str(heading)) for heading in absent)}｜keep 与 tokens 写表中的列名"] if absent else []
    faults += [f"{'、'.join(twice)}｜既要保留又要换成代号｜只写一处"] if twice else []
    faults += ["tokens｜换成代号要有密钥｜写 key=ev.read_key(…)；没有密钥时键入 evalkit key 密钥文件"] if replaced and key is None else []
    if faults:
        raise PrivacyError("\n".join(faults))


def told(kinds: Iterable[str]) -> str:
    """Return kinds of personal data in words."""
    return "、".join(KINDS[kind].title for kind in dict.fromkeys(kinds))


