"""What a public function is given: arguments of another kind, unknown or forgotten ones are refused in words before it begins."""

from __future__ import annotations

import difflib
import functools
import inspect
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from numbers import Integral, Real
from typing import Any, NamedTuple, TypeVar, cast

from evalkit.errors import EvalkitError, Faults

Public = TypeVar("Public", bound=Callable[..., Any])


class Form(NamedTuple):
    """A form that an argument may have: how it is called, and what has it."""

    text: str
    fits: Callable[[Any], bool]


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not _is_truth(value) and value == value


def _is_case(key: Any) -> bool:
    return isinstance(key, tuple) and len(key) == 3 and all(isinstance(part, str) for part in key)


def _is_truth(value: Any) -> bool:
    return type(value).__name__ in ("bool", "bool_")


PAIRS = "字典 {名: 值}"
PLAIN = {
    "str": Form("文字", lambda value: isinstance(value, str)),
    "Literal": Form("文字", lambda value: isinstance(value, str)),
    "float": Form("一个数", _is_number),
    "int": Form("整数", lambda value: isinstance(value, Integral) and not _is_truth(value)),
    "bool": Form("True 或 False", _is_truth),
    "None": Form("", lambda value: value is None),
    "Path": Form("路径", lambda value: isinstance(value, (str, os.PathLike))),
    "date": Form("日期", lambda value: isinstance(value, date)),
    "Mapping": Form(PAIRS, lambda value: isinstance(value, Mapping)),
    "dict": Form(PAIRS, lambda value: isinstance(value, Mapping)),
    "tuple": Form("几个值 (a, b)", lambda value: isinstance(value, (tuple, list))),
    "Statuses": Form("字典 {(村, 户, 情形): 状态}", lambda value: isinstance(value, Mapping) and all(_is_case(key) for key in value)),
    "Sequence": Form("列表", lambda value: isinstance(value, Iterable)),
    "Collection": Form("列表", lambda value: isinstance(value, Iterable)),
    "Iterable": Form("列表", lambda value: isinstance(value, Iterable)),
    "list": Form("列表", lambda value: isinstance(value, Iterable)),
}
PLAIN["Decision"] = Form("函数", callable)
PLAIN["Progress"] = Form("收一行字的函数，如 print", callable)
PLAIN |= dict.fromkeys(("Households", "Missing", "WhatOfFaults", "Who"), PLAIN["str"])  # aliases of Literal
# where what is asked for comes from
MADE = {
    "Assignment": "ev.assign(sample, 分组表, seed=…)",
    "Check": "ev.Check(…)",
    "Directory": "ev.Directory(…)",
    "DataFrame": "pd.DataFrame(…) 或 pd.read_excel(…)",
    "Criteria": "设计的 [criteria]",
    "Draft": "Draft(步骤, 对象, 内容)",
    "Design": 'ev.read_design("design.toml")',
    "Findings": "ev.determine(responses)",
    "Frame": "ev.Frame.from_data(表, …)",
    "Key": "ev.read_key(密钥文件)",
    "Ledger": 'ev.Ledger("ledger.sqlite")',
    "Reinterview": "ev.reinterview(findings, …)",
    "Limits": "Limits(…)",
    "Quality": "设计的 [quality]",
    "Responses": "ev.collect(sample, 回收表)",
    "Sample": "ev.draw(…) 与 ev.draw_next(…)",
    "Survey": "ev.weigh(findings) 或 ev.Survey.from_data(表, …)",
}
FAR = "这一步要逐行的数据，而行留在引擎或文件里"
LISTS = ("Sequence", "Collection", "Iterable", "list")
PAIRED = ("Mapping", "dict")
IN_MEMORY = ("pandas", "polars")  # whose tables can be looked at without asking an engine to read them
NESTED = (list, dict, set, tuple)  # a cell that is one of these is no cell


def takes(error: type[EvalkitError]) -> Callable[[Public], Public]:
    """Return the decorator that holds what a function or class is given against its annotations.

    Parameters
    ----------
    error : type of EvalkitError
        What is raised, with everything that is wrong at once.

    Notes
    -----
    Only what can be told from the annotation as it is written: plain kinds, lists, mappings, and classes by their name. Names that are
    none of these (aliases, ``Any``) fit everything: their function looks at them itself. A message tells the kind of a value, never the
    value, which may be somebody's.

    Examples
    --------
    >>> @takes(EvalkitError)
    ... def share(part: float, whole: float = 1.0) -> float:
    ...     return part / whole
    >>> share(.5)
    0.5
    >>> share("10%", hole=2)
    Traceback (most recent call last):
        ...
    evalkit.errors.EvalkitError: share：2 处错误
      hole｜没有这个参数｜是不是 whole？可用：part、whole
      part：str｜应为一个数｜改正
    """

    def decorated(public: Public) -> Public:
        if isinstance(public, type):
            made: Any = public  # a class keeps its name: what is new is how it is called
            made.__init__ = _looking(made.__init__, error, public.__name__)
            return public
        return cast("Public", _looking(public, error, public.__name__))  # wrapped, so of the same signature

    return decorated


def _looking(function: Callable[..., Any], error: type[EvalkitError], name: str) -> Callable[..., Any]:
    parameters = dict(inspect.signature(function).parameters)
    fits = {key: forms_of(str(each.annotation)) for key, each in parameters.items() if each.annotation is not each.empty}

    @functools.wraps(function)
    def called(*given: Any, **named: Any) -> Any:
        faults = Faults(name)
        bound = _bound(parameters, given, named, faults)
        for key, value in bound.items():
            _note(key, value, fits.get(key, ()), faults)
        faults.refuse(error)
        return function(*given, **named)

    return called


def _bound(parameters: dict[str, inspect.Parameter], given: tuple[Any, ...], named: dict[str, Any], faults: Faults) -> dict[str, Any]:
    """Return the arguments by name; note those that nobody asked for and those that are lacking."""
    places = [key for key, each in parameters.items() if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    kinds = {each.kind for each in parameters.values()}
    known = [key for key, each in parameters.items() if key != "self" and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
    bound = dict(zip(places, given, strict=False))
    if len(given) > len(places) and inspect.Parameter.VAR_POSITIONAL not in kinds:
        faults.add(None, f"第 {len(places) + 1} 个值", None, "多写了，其余的要写名", f"写成 名=值；可用：{'、'.join(known)}")
    for key in named:
        if key in bound:
            faults.add(None, key, None, "写了两次", "只写一次")
        elif key not in known and inspect.Parameter.VAR_KEYWORD not in kinds:
            like = difflib.get_close_matches(key, known, n=1)
            faults.add(None, key, None, "没有这个参数", f"{f'是不是 {like[0]}？' if like else ''}可用：{'、'.join(known)}")
        else:
            bound[key] = named[key]
    for key in known:
        if key not in bound and parameters[key].default is inspect.Parameter.empty:
            faults.add(None, key, None, "没有写", f"写 {key}={_told(forms_of(str(parameters[key].annotation))) or '…'}")
    return bound


def _note(key: str, value: Any, forms: Collection[Form], faults: Faults) -> None:
    if type(value).__module__.partition(".")[0] in IN_MEMORY and type(value).__name__ == "DataFrame":
        _note_table(key, value, faults)
    if forms and not any(form.fits(value) for form in forms):
        found = "nan" if isinstance(value, float) and value != value else type(value).__name__
        made = "；".join(made for form in forms if (made := MADE.get(form.text)))
        far = found == "RemoteSurvey" and any(form.text == "Survey" for form in forms)
        rule, way = (FAR, "先把所需的行、列读入内存，再 ev.Survey.from_data(表, …)") if far else (f"应为{_told(forms)}", f"用 {made} 得到")
        faults.add(None, key, found, rule, way if far or made else "改正")


def _note_table(key: str, table: Any, faults: Faults) -> None:
    """Note headings that are no text or stand twice, and columns whose cells are lists."""
    headings = list(table.columns)
    if not all(isinstance(heading, str) for heading in headings):
        faults.add(None, key, None, "列名应为文字", "第一行写列名")
        return
    twice = [heading for heading in dict.fromkeys(headings) if headings.count(heading) > 1]
    if twice:
        faults.add(None, key, "、".join(twice), "列名重复", "每列的名字各不相同")
        return
    nested = [name for name, kind in zip(headings, table.dtypes, strict=True) if str(kind) == "object" and _holds_lists(table[name])]
    if nested:
        faults.add(None, key, "、".join(nested), "一格中有多个值", "一格一个值")


def _holds_lists(column: Iterable[Any]) -> bool:
    return any(issubclass(kind, NESTED) for kind in set(map(type, column)))


def needs(table: Any, headings: Iterable[str], what: str, error: type[EvalkitError]) -> None:
    """Refuse a table that lacks a column.

    Examples
    --------
    >>> import pandas as pd
    >>> needs(pd.DataFrame({"village": []}), ["village", "role"], "回收", EvalkitError)
    Traceback (most recent call last):
        ...
    evalkit.errors.EvalkitError: 回收｜缺少列：role｜补上，现有：village
    """
    absent = [heading for heading in headings if heading not in table.columns]
    if absent:
        raise error(f"{what}｜缺少列：{'、'.join(absent)}｜补上，现有：{'、'.join(map(str, table.columns)) or '（没有列）'}")


def _told(forms: Iterable[Form]) -> str:
    return "、".join(dict.fromkeys(form.text for form in forms if form.text)).replace("、", " 或 ")


@functools.cache
def forms_of(annotation: str) -> tuple[Form, ...]:
    """Return the forms that an annotation allows; none where it allows anything, or cannot be told.

    Examples
    --------
    >>> [form.text for form in forms_of("Findings | Sequence[str] | None")]
    ['Findings', '文字的列表', '']
    >>> forms_of("Source"), forms_of("Responses | Any")
    ((), ())
    """
    found = [_form(part) for part in _parts(annotation)]
    return tuple(form for form in found if form) if all(found) else ()


def _form(part: str) -> Form | None:
    outer, _, inner = part.partition("[")
    name = outer.rpartition(".")[2]
    if name in LISTS and inner and (members := forms_of(inner.removesuffix("]"))):
        return Form(f"{members[0].text}的列表", functools.partial(_are_all, members))
    if name in PAIRED and (values := forms_of(inner.removesuffix("]").partition(",")[2].strip())):
        return Form(PAIRS, functools.partial(_are_pairs, values))
    if name == "tuple" and inner and "..." not in inner:
        return Form(f"{inner.count(',') + 1} 个值", functools.partial(_are_so_many, inner.count(",") + 1))
    if name in PLAIN:
        return PLAIN[name]
    return Form(name, lambda value: name in {each.__name__ for each in type(value).__mro__}) if name in MADE else None


def _are_so_many(count: int, value: Any) -> bool:
    return isinstance(value, (tuple, list)) and len(value) == count


def _are_pairs(forms: tuple[Form, ...], value: Any) -> bool:
    return isinstance(value, Mapping) and _are_all((PLAIN["str"],), list(value)) and _are_all(forms, list(value.values()))


def _are_all(forms: tuple[Form, ...], value: Any) -> bool:
    """Say whether every member of a list has one of the forms; what can be gone through only once is left alone."""
    if isinstance(value, Iterator):
        return True
    plain = isinstance(value, Collection) and not isinstance(value, Mapping) and not hasattr(value, "columns")
    return plain and all(any(form.fits(each) for form in forms) for each in value)


def _parts(annotation: str) -> Iterator[str]:
    """Yield the alternatives of an annotation: split at the bars that stand outside brackets."""
    depth, start = 0, 0
    for at, letter in enumerate(annotation):
        depth += (letter == "[") - (letter == "]")
        if letter == "|" and not depth:
            yield annotation[start:at].strip()
            start = at + 1
    yield annotation[start:].strip()
