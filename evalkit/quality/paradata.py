"""What is known of each interview beside its answers: who, when, where; read from returns, or from any table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.errors import EstimateError, Faults
from evalkit.lists import as_list
from evalkit.responses import Responses
from evalkit.sheets import as_pandas, plain_numbers
from evalkit.sheets.moments import BEIJING, from_zone

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ROLES = {
    "village": "村", "household": "户", "interviewer": "调查员", "team": "组", "start": "开始时间", "end": "结束时间",
    "latitude": "纬度", "longitude": "经度", "callback": "电话回访",
}  # fmt: skip
WHO = ("village", "household", "interviewer", "team")
FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M")
EPOCH = pd.Timestamp("1899-12-30")  # day 0 of Excel's dates
OURS = frozenset({
    "village", "household", "stratum", "persons", "role", "order", "disposition", "complete", "status", "interviewer", "team", "start",
    "end", "latitude", "longitude", "callback", "finding", "items", "affected", "wrong_exit", "missed", "misidentified", "数据说明",
})  # fmt: skip


@dataclass(frozen=True, eq=False)
class Paradata:
    """Completed interviews, a row each, as the checks read them.

    Attributes
    ----------
    who : DataFrame
        village, household, interviewer, team: text, "" where unknown.
    columns : mapping of role to Series
        The other roles that are there: times as datetimes, coordinates as numbers (missing where they cannot be read), the call
        back as one of confirmed, denied, unreached.
    items : DataFrame
        Answers to the items of satisfaction.
    answers : DataFrame
        All answers, for comparing questionnaires.
    absent : mapping of role to str
        Why a role is not there.
    centres : mapping of village to (latitude, longitude)
        Where they are known.
    """

    who: pd.DataFrame
    columns: Mapping[str, pd.Series]
    items: pd.DataFrame
    answers: pd.DataFrame
    absent: Mapping[str, str] = field(default_factory=dict)
    centres: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.who)

    def lacking(self, *roles: str) -> str:
        """Return why a check that reads these roles cannot be made, "" when it can."""
        return "；".join(self.absent[role] for role in roles if role in self.absent)

    def coordinates(self) -> tuple[Floats, Floats]:
        """Return latitudes and longitudes in degrees, NaN where unknown."""
        return self.columns["latitude"].to_numpy(dtype=float), self.columns["longitude"].to_numpy(dtype=float)

    @staticmethod
    def of(responses: Responses) -> Paradata:
        """Read the completed interviews of returns, under the headings of the design."""
        table, design = responses.table(), responses.design
        table = table[table["complete"].to_numpy(dtype=bool)].reset_index(drop=True)
        declared = design.returns
        assert declared is not None
        absent = {role: f"设计文件 [returns] 没有写 {role}（{title}）" for role, title in ROLES.items() if not getattr(declared, role)}
        absent |= {role: f"回收表没有“{getattr(declared, role)}”一列" for role in ROLES if role not in absent and role not in table}
        items = [item for rate in design.rates if rate.kind == "approval" for item in rate.items]
        sampled = set(responses.sample.table("household").columns)
        answers = [str(name) for name in table if name not in OURS | sampled and not str(name).endswith("_confirmed")]
        return _read(table, {role: role for role in ROLES if role in table}, absent, items, answers, declared.callbacks)

    @staticmethod
    def from_data(table: Any, items: Sequence[str] = (), callbacks: Mapping[str, str] | None = None, **columns: str) -> Paradata:
        """Read any table of interviews; `columns` name the column of each role: ``interviewer="调查员", start="开始"`` …

        Raises
        ------
        EstimateError
            A role or a column that there is none of; a table without village and household.
        """
        read = as_pandas(table, EstimateError)
        faults = Faults("过程数据")
        for role in sorted(set(columns) - set(ROLES)):
            faults.add(None, role, None, "没有这种列", f"可用：{'、'.join(ROLES)}")
        for role in ("village", "household"):
            if role not in columns:
                faults.add(None, role, None, "缺", f'写 {role}="列名"')
        for name in (*columns.values(), *items):
            if name not in read.columns:
                faults.add(None, name, None, "表中没有这一列", f"可用：{'、'.join(map(str, read.columns))}")
        faults.refuse(EstimateError)
        absent = {role: f"没有给出 {role}（{title}）" for role, title in ROLES.items() if role not in columns}
        answers = [name for name in read.columns if name not in columns.values()]
        return _read(read.reset_index(drop=True), columns, absent, items, answers, callbacks or {})


def _read(
    table: pd.DataFrame, columns: Mapping[str, str], absent: Mapping[str, str], items: Sequence[str], answers: Sequence[str],
    callbacks: Mapping[str, str],
) -> Paradata:  # fmt: skip
    who = pd.DataFrame({role: _words(table[columns[role]]) if role in columns else "" for role in WHO}, index=table.index)
    made: dict[str, pd.Series] = {}
    for role in ("start", "end"):
        if role in columns:
            made[role] = times(table[columns[role]])
    for role, most in (("latitude", 90.0), ("longitude", 180.0)):
        if role in columns:
            numbers = _numbers(table[columns[role]])
            made[role] = numbers.where((numbers.abs() <= most) & (numbers != 0))
    if "callback" in columns:
        made["callback"] = _words(table[columns["callback"]]).map(lambda word: callbacks.get(word, "")).astype(str)
    blank = {role: f"“{ROLES[role]}”全部空白或无法读出" for role, values in made.items() if not _said(values).any()}
    blank |= {role: f"“{ROLES[role]}”全部空白" for role in WHO if role in columns and not (who[role] != "").any()}
    return Paradata(who, made, table[as_list(list(dict.fromkeys(items)))], table[list(answers)], {**absent, **blank})


def _said(values: pd.Series) -> pd.Series:
    return values.notna() & (values.astype(str) != "")


def _words(cells: pd.Series) -> pd.Series:
    return cells.astype(object).where(cells.notna(), "").astype(str).str.strip()


def _numbers(cells: pd.Series) -> pd.Series:
    return pd.Series(cells.to_numpy(dtype=float, na_value=np.nan)) if pd.api.types.is_numeric_dtype(cells) else plain_numbers(_words(cells))


def times(cells: pd.Series) -> pd.Series:
    """Return dates with times of day, Beijing's as `evalkit.sheets.moments` reads them; missing where nothing can be read.

    Examples
    --------
    >>> times(pd.Series(["2018-11-12 09:30", "2018年11月12日 9:30", "2018/11/12T09:30:15", "43416.5", "09:30"])).astype(str).tolist()
    ['2018-11-12 09:30:00', '2018-11-12 09:30:00', '2018-11-12 09:30:15', '2018-11-12 12:00:00', nan]
    >>> times(pd.Series(["2018-11-12T01:30:00.000Z", "2018-11-12 09:30:00+08:00", "2018-11-12 09:30:15.25"])).astype(str).tolist()
    ['2018-11-12 09:30:00', '2018-11-12 09:30:00', '2018-11-12 09:30:15']
    """
    if pd.api.types.is_datetime64_any_dtype(cells):
        plain = cells.dt.tz_convert("UTC").dt.tz_localize(None) + BEIJING if cells.dt.tz is not None else cells
        return plain.astype("datetime64[s]").reset_index(drop=True)
    words = _words(cells).str.replace(r"[年月/.](?=\d{1,2}\D)", "-", regex=True).str.replace(r"日\s*|T", " ", regex=True)
    zones = words.str.extract(r":\d\d(?:\.\d+)?(Z|[+-]\d\d:?\d\d)$", expand=False).dropna()
    words = words.str.replace(r"(?<=:\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)?$", "", regex=True).str.strip()
    made = pd.Series(pd.NaT, index=words.index, dtype="datetime64[s]")
    for form in FORMATS:
        made = made.fillna(pd.to_datetime(words, format=form, errors="coerce").astype("datetime64[s]"))
    made.loc[zones.index] += zones.map(from_zone).astype("timedelta64[s]")
    days = pd.to_numeric(_words(cells), errors="coerce").where(lambda day: (day > 30_000) & (day < 80_000))
    serial = EPOCH + pd.to_timedelta((days * 86_400).round(), unit="s")
    return made.fillna(serial.astype("datetime64[s]")).reset_index(drop=True)
