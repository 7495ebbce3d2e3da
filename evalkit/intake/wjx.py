"""Exports of 问卷星: questions by their leading numbers, and the code file with the text file as value labels."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from evalkit.codes import shown_label
from evalkit.errors import Faults, ResponsesError

MARKS = ("提交答卷时间", "所用时间", "来源", "来源详情", "来自IP")
MOMENTS = ("提交答卷时间",)
LASTED, SERIAL = "所用时间", "序号"
NUMBERED = re.compile(r"([0-9]+)\s*[、.．]\s*(.*?)\s*(?:\[[^\[\]]*题\])?\s*\*?", re.S)
FILLED_IN = re.compile(r"〖.*?〗")
CODED = re.compile(r"-?[0-9]+(?:〖.*?〗)?(?:┋-?[0-9]+(?:〖.*?〗)?)*", re.S)
SKIPPED = ("(跳过)", "(空)", "(跳过", "〖空〗")


def plain_questions(table: pd.DataFrame, names: Mapping[str, str]) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the answers under the questions without their numbers, or under the names given for the numbers.

    Parameters
    ----------
    names : mapping of str to str
        Leading number → heading, for questions that one column answers.

    Returns
    -------
    table : DataFrame
    questions : dict of str to str
        Heading → the question as exported.

    Raises
    ------
    ResponsesError
        When a number is none of the export's, several columns bear it, or two columns would have one name.
    """
    found = [NUMBERED.fullmatch(str(heading)) for heading in table]
    numbers = [match.group(1) if match else "" for match in found]
    wrong = [f"{number}（{numbers.count(number)} 列）" for number in map(str, names) if numbers.count(number) != 1]
    if wrong:
        raise ResponsesError(f"names：{'、'.join(wrong)}｜每个题号应恰有一列｜改正题号；矩阵题、多选题的各列写全列名")
    given = {str(number): heading for number, heading in names.items()}
    plain = [given.get(number) or (match.group(2) if match and match.group(2) else str(heading))
             for number, match, heading in zip(numbers, found, table, strict=True)]  # fmt: skip
    refuse_shared(list(map(str, table)), [given.get(number, str(heading)) for number, heading in zip(numbers, table, strict=True)])
    made = [name if plain.count(name) == 1 or number in given else str(heading)
            for number, name, heading in zip(numbers, plain, table, strict=True)]  # fmt: skip
    return table.set_axis(made, axis=1), {name: str(heading) for name, heading in zip(made, table, strict=True) if name != heading}


def refuse_shared(headings: list[str], names: list[str]) -> None:
    """Refuse names of which two columns would have the same, of which one would be lost.

    Raises
    ------
    ResponsesError
        Naming the columns.
    """
    shared = [name for name in dict.fromkeys(names) if names.count(name) > 1 and headings.count(name) < names.count(name)]
    told = [f"{'与'.join(shown_label(old) for old, new in zip(headings, names, strict=True) if new == name)} 都成了“{shown_label(name)}”"
            for name in shared]  # fmt: skip
    if shared:
        raise ResponsesError(f"names：{'；'.join(told)}｜每列一个名字，同名会丢失一列｜改名，使每列的名字不同")


def paired(codes: pd.DataFrame, texts: pd.DataFrame, faults: Faults) -> tuple[pd.DataFrame, dict[str, dict[str, str]]]:
    """Return the answers as texts, and the value labels that the two files of one survey give together.

    Parameters
    ----------
    codes, texts : DataFrame of str
        The export by codes and the export by texts, with the same 序号 and the same headings.

    Raises
    ------
    ResponsesError
        When they are not of the same answers, or the wrong way round.
    """
    for table in (codes, texts):
        if SERIAL not in table:
            raise ResponsesError(f"labels=｜没有“{SERIAL}”这一列，两个文件对不上｜从问卷星重新导出，不要删列")
    strange = [str(name) for name in codes if name not in texts]
    if strange or codes[SERIAL].tolist() != texts[SERIAL].tolist():
        why = f"文本文件中没有这些列：{'、'.join(map(shown_label, strange[:5]))}" if strange else "两个文件的序号不同"
        raise ResponsesError(f"labels=｜{why}｜从问卷星重新导出同一次的“按序号”与“按文本”两个文件，不要增删行列")
    asked = [str(each) for each in codes if re.match(r"[0-9]+", str(each))]
    _refuse_swapped(codes[asked], texts[asked])
    labels: dict[str, dict[str, str]] = {}
    for name in asked:
        pairs = pd.DataFrame({"code": codes[name].to_numpy(), "text": texts[name].to_numpy()}, index=codes.index).drop_duplicates()
        differ = pairs[pairs["code"] != pairs["text"]]
        if len(differ):
            labels[name] = _labels(name, pairs, faults)
    answers = texts[list(codes.columns)].replace(dict.fromkeys(SKIPPED, ""))
    return answers, {name: pairs for name, pairs in labels.items() if pairs}


def _refuse_swapped(codes: pd.DataFrame, texts: pd.DataFrame) -> None:
    """Refuse a pair of which the second file holds codes wherever the two differ, and the first one words."""
    if codes.empty:
        return
    differ = (codes.to_numpy() != texts.to_numpy()) & ~codes.isin(SKIPPED).to_numpy() & ~texts.isin(SKIPPED).to_numpy()
    first, second = (set(table.to_numpy()[differ]) for table in (codes, texts))
    if first and all(map(CODED.fullmatch, second)) and not any(map(CODED.fullmatch, first)):
        remedy = "前面写“按序号”的代码文件，labels= 写“按文本”的文件"
        raise ResponsesError(f"labels=｜两个文件放反了：前一个文件是文本，labels= 的文件是代码｜{remedy}")


def lasted(cells: pd.Series) -> pd.Series:
    """Return durations in seconds.

    Examples
    --------
    >>> lasted(pd.Series(["125秒", "2分5秒", "1时0分1秒", "65"])).tolist()
    ['125', '125', '3601', '65']
    """
    return cells.map({cell: _seconds(cell) for cell in cells.unique()})


def _seconds(cell: str) -> str:
    found = re.fullmatch(r"(?:([0-9]+)(?:小时|时))?(?:([0-9]+)分钟?)?(?:([0-9]+)秒?)?", cell)
    if not cell or not found:
        return cell
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return str(hours * 3600 + minutes * 60 + seconds)


def _labels(name: str, pairs: pd.DataFrame, faults: Faults) -> dict[str, str]:
    """Return code → text; answers of several are taken apart, what was filled in by hand is left out."""
    labels: dict[str, str] = {}
    for at, code, text in zip(pairs.index, pairs["code"], pairs["text"], strict=True):
        ones, told = (FILLED_IN.sub("", cell).split("┋") for cell in (code, text))
        for one, word in zip(ones, told, strict=False):
            if len(ones) != len(told) or labels.setdefault(one, word) != word:
                faults.add(int(at) + 2, shown_label(name), None, "同一代码对应两种文字，两个文件对不上", "重新导出同一次的两个文件")
                return labels
    return labels
