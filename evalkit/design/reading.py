"""From a TOML file to a Design, with every fault of the file reported at once by its path."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from evalkit.design.agreement import Disagreement, disagreements
from evalkit.design.declarations import Design
from evalkit.design.judgement import FOLDER_NAME
from evalkit.errors import DesignError, Fault, Faults
from evalkit.formats import check_format

Location = tuple[int | str, ...]
Form = TypeVar("Form", bound=BaseModel)

FORMAT = 1  # of designs, indicator systems and taxonomies
RULES = {
    "missing": ("缺少这一项", "补上这一项"),
    "extra_forbidden": ("没有这个键", "删去，或对照 evalkit init 写出的样例改正键名"),
    "literal_error": ("不在允许的取值中", "改为：{expected}"),
    "union_tag_invalid": ("种类不在允许的取值中", "改为：{expected_tags}"),
    "union_tag_not_found": ("缺少 kind", "写 kind = \"finding\"、\"prevalence\"、\"approval\"、\"accuracy\" 或 \"incidence\""),
    "greater_than": ("数值太小", "应大于 {gt}"),
    "greater_than_equal": ("数值太小", "应不小于 {ge}"),
    "less_than": ("数值太大", "应小于 {lt}"),
    "less_than_equal": ("数值太大", "应不大于 {le}"),
    "int_parsing": ("应为整数", "写不带引号的整数"),
    "int_type": ("应为整数", "写不带引号的整数"),
    "int_from_float": ("应为整数", "写不带小数的整数"),
    "float_parsing": ("应为数值", "写不带引号的数值"),
    "float_type": ("应为数值", "写不带引号的数值"),
    "bool_type": ("应为 true 或 false", "写 true 或 false，不带引号"),
    "bool_parsing": ("应为 true 或 false", "写 true 或 false，不带引号"),
    "finite_number": ("不是有限的数值", "写普通数值，不写 nan、inf"),
    "string_type": ("应为文字", "给值加上引号"),
    "string_unicode": ("含有残缺的字符", "重新键入该处文字"),
    "string_too_short": ("不能为空白", "填写内容"),
    "string_pattern_mismatch": ("写法不合", "{pattern}"),
    "dict_type": ("应为表", "写 {{ 名称 = 值 }}"),
    "tuple_type": ("应为列表", "写 [ … ]；若是一节，用双层方括号 [[ ]]"),
    "model_type": ("应为表", "写成 [节名] 下的若干行“键 = 值”"),
    "model_attributes_type": ("应为表", "写成 [节名] 下的若干行“键 = 值”"),
    "too_short": ("太少", "至少 {min_length} 个"),
    "too_long": ("太多", "至多 {max_length} 个"),
}
PATTERNS = {
    FOLDER_NAME: "不用 \\ / : * ? \" < > |，不以点开头；它也是文件夹名",
    "^[a-z][a-z_]*$": "用小写英文字母与下划线，如 village、household",
    "^(fail|take-all|fill:.+)$": "写 \"fail\"、\"take-all\" 或 \"fill:层名\"",
}
SPELLING = "键用英文；文字值加半角引号 \" \"；等号、逗号、方括号用半角；同一节里一个键只写一次"
SHORT = 60  # characters of a value that a message repeats, and bits of a whole number
DEEPEST = 20  # levels of a design file; it has six
BY_FILE = re.compile(r'^\[indicators\][ \t]*(#.*)?\nfile = "(?P<file>[^"]+)".*\n', re.MULTILINE)
KINDS = frozenset({"finding", "incidence", "approval", "prevalence", "accuracy"})  # pydantic puts a rate's kind into the path of its faults


def read_design(path: str | Path | Mapping[str, Any]) -> Design:
    """Read an evaluation's design file.

    Parameters
    ----------
    path : str, pathlib.Path or mapping
        A TOML file in UTF-8, or the same content as plain data.

    Returns
    -------
    Design

    Raises
    ------
    DesignError
        With every fault of the file: its path, what was found, what was expected, what to type.

    Examples
    --------
    >>> import evalkit as ev
    >>> ev.read_design("designs/biyang_2018.toml").evaluation.county
    '泌阳县'
    >>> ev.read_design({"format": 1, "stage": [{"name": "village", "method": "srs", "n": -3}]})
    Traceback (most recent call last):
        ...
    evalkit.errors.DesignError: 设计文件：4 处错误
      evaluation｜缺少这一项｜补上这一项
      frame｜缺少这一项｜补上这一项
      stage[1].n：-3｜数值太小｜应大于 0
      report｜缺少这一项｜补上这一项
    """
    if isinstance(path, Mapping):
        return _checked(dict(path), "设计文件")
    if not isinstance(path, (str, Path)):
        raise DesignError(f"设计文件｜应为文件路径或其内容，现为 {type(path).__name__}｜给出 design.toml 的路径")
    source = Path(path)
    return _checked(_with_system(parsed(source), source) | {"path": source}, source.name)


def standing_alone(source: Path) -> bytes:
    """Return the text of a design file with the system of indicators that it names written out, so that it needs no other file.

    Examples
    --------
    >>> standing_alone(Path("designs/gansu_post_2021.toml")).decode().partition("[indicators]\\n")[2].splitlines()[0]
    'title = "巩固脱贫成果后评估（例）"'
    """
    text = source.read_text(encoding="utf-8-sig")
    found = BY_FILE.search(text)
    if found is None:
        return source.read_bytes()
    system = (source.parent / found["file"]).read_text(encoding="utf-8-sig").partition("[indicators]")[2]
    return f"{text[: found.start()]}{text[found.end() :].rstrip()}\n\n[indicators]{system}".encode()


def _with_system(data: dict[str, Any], source: Path) -> dict[str, Any]:
    """Return the content of a design with the system of indicators that ``[indicators] file`` names in its place."""
    named = data.get("indicators")
    if not isinstance(named, Mapping) or set(named) != {"file"} or not isinstance(named["file"], str):
        return data
    path = source.parent / named["file"]
    if not path.is_file():
        remedy = f"把它放到 {path.parent.name}/ 中，或把体系写进设计文件"
        raise DesignError(f"{source.name}｜indicators.file：{named['file']}｜设计文件旁没有这个文件｜{remedy}")
    return {**data, "indicators": parsed(path).get("indicators")}


def parsed(source: Path) -> dict[str, Any]:
    """Return the content of a TOML file as plain data."""
    try:
        data = tomllib.loads(source.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise DesignError(f"{source}｜没有这个文件｜检查路径，或键入 evalkit init 文件夹名") from None
    except UnicodeDecodeError:
        raise DesignError(f"{source.name}｜不是 UTF-8 文字｜另存为 UTF-8 后重试") from None
    except tomllib.TOMLDecodeError as fault:
        raise DesignError(f"{source.name}｜{_place(fault)}｜TOML 写法有误｜{SPELLING}") from None
    except RecursionError:
        raise DesignError(f"{source.name}｜括号嵌套过深｜删去多余的方括号或花括号") from None
    except OverflowError:
        raise DesignError(f"{source.name}｜有过大的数｜改正该数") from None
    except IsADirectoryError:
        raise DesignError(f"{source}｜是文件夹，不是文件｜写设计文件的路径，如 {source.name or '某县'}/design.toml") from None
    except (OSError, ValueError):  # a name with NUL, no permission; or a number of thousands of digits
        raise DesignError(f"{str(source)[:80]!r}｜不是能读的设计文件，或其中有过长的数字｜检查路径与文件中的数值") from None
    if "path" in data:
        raise DesignError(f"{source.name}｜path｜没有这个键｜删去")
    return data


def _place(fault: tomllib.TOMLDecodeError) -> str:
    found = re.search(r"at line (\d+)", str(fault))
    return f"第 {found[1]} 行" if found else "文件末尾"


def _checked(data: dict[str, Any], subject: str) -> Design:
    return validated(Design, data, subject, _between_sections)


def validated(
    model: type[Form], data: dict[str, Any], subject: str, between: Callable[[ValidationError, dict[str, Any]], list[Fault]]
) -> Form:
    """Return the content of a file as the model reads it, or refuse it with all faults at once.

    Parameters
    ----------
    model : type of Section
    data : dict
    subject : str
        What is read, for the message.
    between : callable
        Returns the faults between the parts.
    """
    _refuse_what_overflows(data, subject)
    if type(data.get("format")) is int:  # of another format nothing else can be told
        check_format(subject, data["format"], FORMAT, DesignError)
    try:
        return model.model_validate(data)
    except ValidationError as found:
        faults = Faults(subject)
        faults.extend(_section_faults(found, data))
        known = [fault.column for fault in faults]
        faults.extend(fault for fault in between(found, data) if not any(_touches(fault.column, path) for path in known))
        if not faults:
            faults.add(None, "设计", None, "内容读不懂", "对照 evalkit init 写出的样例改正")
        faults.refuse(DesignError)
        raise


def _refuse_what_overflows(data: dict[str, Any], subject: str) -> None:
    """Refuse numbers too long to be written out, and tables nested without end, before anything reads them."""
    faults, level = Faults(subject), [((), data)]  # type: tuple[Faults, list[tuple[Location, Any]]]
    for _ in range(DEEPEST):
        inner: list[tuple[Location, Any]] = []
        for path, part in level:
            if isinstance(part, int) and part.bit_length() > SHORT:
                faults.add(None, _path_text(path), None, "整数太长", "改正该数")
            pairs = part.items() if isinstance(part, Mapping) else enumerate(part) if isinstance(part, list | tuple) else ()
            inner += [((*path, key if isinstance(key, int) else str(key)), value) for key, value in pairs]
        level = inner
    if level:
        faults.add(None, _path_text(level[0][0][:1]), None, "括号嵌套过深", "删去多余的方括号或花括号")
    faults.refuse(DesignError)


def _touches(path: str, other: str) -> bool:
    """Return whether one path is the other, or lies inside it."""
    return path == other or path.startswith((f"{other}.", f"{other}[")) or other.startswith((f"{path}.", f"{path}["))


def _between_sections(found: ValidationError, data: dict[str, Any]) -> list[Fault]:
    """Return the faults between sections: as the sections were read, or, where one cannot be, as they are written."""
    causes = [detail.get("ctx", {}).get("error") for detail in found.errors(include_url=False)]
    told = [cause.faults for cause in causes if isinstance(cause, Disagreement)]
    return told[0] if told else disagreements(data)


def _section_faults(found: ValidationError, data: dict[str, Any]) -> list[Fault]:
    """Translate pydantic's faults, but for those between sections, which `disagreements` tells."""
    details = [detail for detail in found.errors(include_url=False) if detail["loc"] and _of_the_chosen_form(detail["loc"], data)]
    paths = [_path_text(detail["loc"]) for detail in details]
    return [
        _translated(path, detail)
        for path, detail in zip(paths, details, strict=True)
        if detail["type"] != "too_short" or not any(other.startswith(f"{path}[") for other in paths)
    ]


def _of_the_chosen_form(location: Location, data: Any) -> bool:
    """Where a number or a table may stand, keep the faults of the form that was written."""
    for part in location:
        if _is_form(part):
            return isinstance(data, Mapping) == str(part).startswith("dict[")
        inside = (isinstance(data, Mapping) and part in data) or (isinstance(data, list) and isinstance(part, int) and part < len(data))
        data = data[part] if inside else data
    return True


def _is_form(part: int | str) -> bool:
    return isinstance(part, str) and (part.startswith("dict[") or part in ("int", "constrained-int"))


def _translated(path: str, detail: Any) -> Fault:
    if detail["type"] == "value_error":
        rule, _, remedy = str(detail["ctx"]["error"]).partition("｜")
        return Fault(None, path, "", rule, remedy or "改正后重试")
    rule, remedy = RULES.get(detail["type"], ("写法不合", "对照 evalkit init 写出的样例改正"))
    if path.endswith(".n") and detail["type"].startswith("int_"):
        rule, remedy = "应为正整数，或各层的正整数", "写 n = 2，或 n = {{ \"层名\" = 28, … }}"
    found = detail["input"] if detail["type"] != "missing" else ""
    return Fault(None, path, _shown(found), rule, remedy.format(**_in_chinese(detail.get("ctx", {}))))


def _shown(found: Any) -> str:
    """Return a single value as text, a blank one as nothing."""
    return str(found).strip()[:SHORT] if isinstance(found, str | int | float | bool) else ""


def _in_chinese(context: dict[str, Any]) -> dict[str, str]:
    texts = {key: str(value).replace(" or ", "、").replace(", ", "、") for key, value in context.items()}
    return texts | ({"pattern": PATTERNS.get(texts["pattern"], texts["pattern"])} if "pattern" in texts else {})


def _path_text(location: Location) -> str:
    text = ""
    for i, part in enumerate(location):
        if isinstance(part, int):
            text += f"[{part + 1}]"
        elif not _is_form(part) and not (i == 2 and location[0] == "rate" and part in KINDS):
            text += f".{part}" if text else part
    return text
