"""The checks of paradata, each by itself: its rule, what it looked at, what it found. None of them is added to another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.quality.paradata import WHO, Paradata
from evalkit.reliability import closest_match, digit_test
from evalkit.sheets import plain_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.design.inspecting import Quality

    Mask = NDArray[np.bool_]

EARTH = 6371.0088  # km, mean radius
POINT = 5  # decimals of a degree that make one place: about a metre
LEAST_DIGITS = 30  # numbers of an interviewer that a χ² of ten digits is made of at least
LEAST_ITEMS = 8  # answers that two questionnaires are compared by
UNDECLARED = "设计文件 [quality] 没有写 {}"


@dataclass(frozen=True, eq=False)
class Check:
    """One check.

    Attributes
    ----------
    name, rule : str
    unit : str
        What is looked at: 户, or 调查员.
    units : DataFrame
        One row for each unit looked at: village, household, interviewer, team, value (what was found of it), flagged.
    undone : str
        Why it was not made; "" when it was.
    """

    name: str
    rule: str
    unit: str
    units: pd.DataFrame
    undone: str = ""

    @property
    def looked(self) -> int:
        """How many units were looked at."""
        return len(self.units)

    @property
    def flagged(self) -> int:
        """How many of them are to be looked at twice."""
        return int(self.units["flagged"].sum())


def _of(data: Paradata, name: str, rule: str, value: Any, flagged: Any, looked: Any = True) -> Check:
    """Return a check of households; `looked` says which could be looked at."""
    units = data.who.assign(value=value, flagged=np.asarray(flagged, dtype=bool))
    kept = np.broadcast_to(np.asarray(looked, dtype=bool), len(units))
    return Check(name, rule, "户", units[kept].reset_index(drop=True))


def _undone(name: str, rule: str, why: str, unit: str = "户") -> Check:
    empty = pd.DataFrame({column: pd.Series(dtype=object) for column in (*WHO, "value")}).assign(flagged=pd.Series(dtype=bool))
    return Check(name, rule, unit, empty, why)


def _why(data: Paradata, limit: Any, key: str, *roles: str) -> str:
    said = [UNDECLARED.format(key)] if limit is None or limit == () else []
    return "；".join([*said, *([data.lacking(*roles)] if data.lacking(*roles) else [])])


def unreadable_times(data: Paradata, limits: Quality) -> Check:
    name, rule = "时间缺失", "开始或结束的日期与时刻空白、读不出，或结束早于开始"
    if why := data.lacking("start", "end"):
        return _undone(name, rule, why)
    start, end = data.columns["start"], data.columns["end"]
    gone = start.isna() | end.isna()
    return _of(data, name, rule, np.where(gone, "缺", "结束早于开始"), gone | (end < start))


def _minutes(data: Paradata) -> NDArray[np.float64]:
    seconds = (data.columns["end"] - data.columns["start"]).dt.total_seconds()
    return np.asarray(seconds, dtype=np.float64) / 60


def _duration(data: Paradata, limit: float | None, key: str, name: str, word: str, beyond: Callable[[Any, float], Any]) -> Check:
    rule = f"访问时长{word} {limit:g} 分钟" if limit is not None else f"访问时长{word}界值"
    if why := _why(data, limit, key, "start", "end"):
        return _undone(name, rule, why)
    assert limit is not None
    minutes = _minutes(data)
    known = np.isfinite(minutes) & (minutes >= 0)
    return _of(data, name, rule, [f"{each:.0f} 分钟" for each in minutes], known & beyond(minutes, limit), known)


def too_short(data: Paradata, limits: Quality) -> Check:
    return _duration(data, limits.shortest, "shortest", "访问过短", "短于", np.less)


def too_long(data: Paradata, limits: Quality) -> Check:
    return _duration(data, limits.longest, "longest", "访问过长", "长于", np.greater)


def overlapping(data: Paradata, limits: Quality) -> Check:
    """Flag both of two interviews of one interviewer that overlap; a running latest end finds every one that begins before it."""
    name, rule = "访问重叠", "同一调查员的两次访问时间重叠"
    if why := data.lacking("start", "end", "interviewer"):
        return _undone(name, rule, why)
    minutes = _minutes(data)
    known = np.isfinite(minutes) & (minutes >= 0) & (data.who["interviewer"] != "").to_numpy()
    rows = pd.DataFrame({"who": data.who["interviewer"], "start": data.columns["start"], "end": data.columns["end"]})[known]
    rows = rows.sort_values(["who", "start", "end"], kind="stable")
    latest = rows.groupby("who")["end"].cummax().groupby(rows["who"]).shift()
    following = rows.groupby("who")["start"].shift(-1)
    hit = pd.Series(False, index=data.who.index)
    hit[rows.index] = ((rows["start"] < latest) | (following < rows["end"])).to_numpy()
    return _of(data, name, rule, "与另一次访问重叠", hit, known)


def at_night(data: Paradata, limits: Quality) -> Check:
    name, rule = "夜间访问", f"开始或结束在 {'–'.join(limits.night) or '夜间'} 之间"
    if why := _why(data, limits.night, "night", "start", "end"):
        return _undone(name, rule, why)
    first, last = (int(hour) * 60 + int(minute) for hour, minute in (time.split(":") for time in limits.night))
    hits, said = [], data.columns["start"].notna() & data.columns["end"].notna()
    for role in ("start", "end"):
        at = data.columns[role].dt.hour * 60 + data.columns[role].dt.minute
        hits.append((at >= first) & (at < last) if first < last else (at >= first) | (at < last))
    return _of(data, name, rule, data.columns["start"].dt.strftime("%H:%M") + " 开始", (hits[0] | hits[1]) & said, said)


def last_digits(data: Paradata, limits: Quality) -> Check:
    """Test the last digits of each interviewer, and of everybody together, column by column."""
    name = "末位数字偏好"
    level = "界值" if limits.digit_p is None else f"{limits.digit_p:g}"
    rule = f"末位 0–9 的 χ² 检验（9 个自由度）p < {level}；并列 Myers 指数（须改末位的比例）；每人至少 {LEAST_DIGITS} 个数"
    why = _why(data, limits.digits, "digits") or _why(data, limits.digit_p, "digit_p", "interviewer")
    lost = [column for column in limits.digits if column not in data.answers]
    if why or lost:
        return _undone(name, rule, why or f"没有“{'、'.join(lost)}”一列", "调查员")
    assert limits.digit_p is not None
    rows = [row for column in limits.digits for row in _digits_of(data, column, limits.digit_p)]
    if not rows:
        return _undone(name, rule, f"没有一名调查员有 {LEAST_DIGITS} 个数", "调查员")
    units = pd.DataFrame(rows, columns=[*WHO, "value", "flagged"])
    return Check(name, rule, "调查员", units.astype({"flagged": bool}))


def _digits_of(data: Paradata, column: str, level: float) -> list[tuple[Any, ...]]:
    cells = data.answers[column]
    numbers = cells.astype(float) if pd.api.types.is_numeric_dtype(cells) else plain_numbers(cells.astype(str))
    whole = numbers.notna() & (numbers.abs() >= 10) & np.isfinite(numbers)
    last = numbers[whole].abs().floordiv(1).astype(np.int64)
    made = []
    for (interviewer, team), mine in last.groupby([data.who["interviewer"][whole], data.who["team"][whole]]):
        if len(mine) >= LEAST_DIGITS and interviewer:
            found = digit_test(mine.to_numpy())
            value = f"{column}：{found.n} 个数，χ² = {found.chi2:.1f}，p = {found.p_value:.2g}，Myers {found.myers:.2f}"
            made.append(("", "", interviewer, team, value, found.p_value < level))
    return made


def straight_lines(data: Paradata, limits: Quality) -> Check:
    name, rule = "直线作答", f"满意度至少 {limits.straight or '界值'} 题，答案全部相同（人人满意时也会如此，看各调查员的差别）"
    answered = data.items.astype(object).where(data.items.notna(), "").astype(str)
    if why := _why(data, limits.straight, "straight"):
        return _undone(name, rule, why)
    if answered.shape[1] < (limits.straight or 0):
        return _undone(name, rule, f"满意度只有 {answered.shape[1]} 题")
    said = (answered != "").sum(axis=1) >= (limits.straight or 0)
    same = answered.where(answered != "").nunique(axis=1) == 1
    return _of(data, name, rule, answered.iloc[:, 0].radd("全部“").add("”"), said & same, said)


def _codes(data: Paradata) -> NDArray[np.int64]:
    """Return the answers as codes, negative where there is none; a column in which everybody answers alike tells nothing."""
    made = [pd.factorize(data.answers[name].astype(str).where(data.answers[name].notna() & (data.answers[name] != "")))[0]
            for name in data.answers]  # fmt: skip
    told = [codes for codes in made if codes.max(initial=-1) > 0]
    return np.column_stack(told).astype(np.int64) if told else np.empty((len(data), 0), dtype=np.int64)


def _named(data: Paradata, other: NDArray[np.int64]) -> pd.Series:
    labels = (data.who["village"] + "/" + data.who["household"]).to_numpy(dtype=object)
    return pd.Series(np.where(other >= 0, labels[np.maximum(other, 0)], ""), dtype=object)


def near_copies(data: Paradata, limits: Quality) -> Check:
    name = "近似重复问卷"
    among = "interviewer" if "interviewer" not in data.absent else "village"
    whose = "同一调查员" if among == "interviewer" else "同村"
    share = "界值" if limits.match is None else f"{limits.match:.0%}"
    rule = f"与{whose}另一份问卷相同的答案占到 {share}（Kuriakose–Robbins 最大相同比例；人人答案相同的列不计）"
    if why := _why(data, limits.match, "match"):
        return _undone(name, rule, why)
    codes = _codes(data)
    if codes.shape[1] < LEAST_ITEMS:
        return _undone(name, rule, f"可比的答案只有 {codes.shape[1]} 列，至少要 {LEAST_ITEMS} 列")
    match, other = np.full(len(data), np.nan), np.full(len(data), -1, dtype=np.int64)
    for rows in data.who.groupby(among).indices.values():
        match[rows], place = closest_match(codes[rows])
        other[rows] = np.where(place >= 0, rows[place], -1)
    value = [f"与 {label} 相同 {each:.0%}" for label, each in zip(_named(data, other), match, strict=True)]
    return _of(data, name, rule, value, match >= limits.match, np.isfinite(match))


def same_sequences(data: Paradata, limits: Quality) -> Check:
    name, rule = "答案完全相同", "全部答案（含收入）与另一户一字不差，不论哪个村、哪个调查员；人人答案相同的列不计"
    codes = _codes(data)
    if codes.shape[1] < LEAST_ITEMS:
        return _undone(name, rule, f"可比的答案只有 {codes.shape[1]} 列，至少要 {LEAST_ITEMS} 列")
    group, size = np.unique(codes, axis=0, return_inverse=True, return_counts=True)[1:]
    return _of(data, name, rule, [f"共 {each} 户相同" for each in size[group.ravel()]], size[group.ravel()] > 1)


def far_away(data: Paradata, limits: Quality) -> Check:
    given = "给出的村中心，没有给出的村离" if data.centres else ""
    name, rule = "离村过远", f"离{given}本村各户的中位点超过 {limits.far or '界值'} 公里（球面距离）"
    if why := _why(data, limits.far, "far", "latitude", "longitude"):
        return _undone(name, rule, why)
    latitude, longitude = data.coordinates()
    known = np.isfinite(latitude) & np.isfinite(longitude)
    places = pd.DataFrame({"village": data.who["village"], "latitude": latitude, "longitude": longitude})
    medians = places[known].groupby("village")[["latitude", "longitude"]].median()
    for village, centre in data.centres.items():
        medians.loc[village] = centre
    middle = medians.reindex(places["village"]).to_numpy()
    km = distance(latitude, longitude, middle[:, 0], middle[:, 1])
    return _of(data, name, rule, [f"{each:.1f} 公里" for each in km], known & (km > (limits.far or np.inf)), known)


def distance(latitude: Any, longitude: Any, to_latitude: Any, to_longitude: Any) -> NDArray[np.float64]:
    """Return the distance over the sphere in km (haversine) between points in degrees.

    Examples
    --------
    >>> round(float(distance(0.0, 0.0, 0.0, 1.0)), 2)
    111.2
    """
    a, b, c, d = (np.radians(np.asarray(each, dtype=float)) for each in (latitude, longitude, to_latitude, to_longitude))
    half = np.sin((c - a) / 2) ** 2 + np.cos(a) * np.cos(c) * np.sin((d - b) / 2) ** 2
    return np.asarray(2 * EARTH * np.arcsin(np.sqrt(np.clip(half, 0, 1))))


def one_place(data: Paradata, limits: Quality) -> Check:
    name, rule = "同一坐标", f"同一坐标（小数点后 {POINT} 位，约 1 米）上至少 {limits.same_place or '界值'} 户"
    if why := _why(data, limits.same_place, "same_place", "latitude", "longitude"):
        return _undone(name, rule, why)
    latitude, longitude = data.coordinates()
    known = np.isfinite(latitude) & np.isfinite(longitude)
    points = pd.DataFrame({"a": np.round(latitude, POINT), "b": np.round(longitude, POINT)})
    size = points.groupby(["a", "b"], dropna=False)["a"].transform("size").to_numpy()
    return _of(data, name, rule, [f"同一处 {each} 户" for each in size], known & (size >= (limits.same_place or 0)), known)


def called_back(data: Paradata, limits: Quality) -> Check:
    name, rule = "回访不符", "电话打通而受访人说没有来过，或答案不符；只看打通的户"
    if why := data.lacking("callback"):
        return _undone(name, rule, why)
    said = data.columns["callback"]
    return _of(data, name, rule, "电话回访不符", said == "denied", said.isin(("confirmed", "denied")))


def unreached(data: Paradata, limits: Quality) -> Check:
    name, rule = "回访未通", "电话没有打通；看占拨打户数的比例"
    if why := data.lacking("callback"):
        return _undone(name, rule, why)
    said = data.columns["callback"]
    return _of(data, name, rule, "没有打通", said == "unreached", said != "")


CHECKS: tuple[Callable[[Paradata, Quality], Check], ...] = (
    unreadable_times, too_short, too_long, overlapping, at_night, last_digits, straight_lines, near_copies, same_sequences, far_away,
    one_place, called_back, unreached,
)  # fmt: skip
