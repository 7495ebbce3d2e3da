"""Dates and months as people, phones and spreadsheets write them: the one parser of them, which says what it could not read."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta

import pandas as pd

BEIJING = timedelta(hours=8)  # ahead of UTC: the legal time of all China
SERIAL_START = datetime(1899, 12, 30)  # day 0 of a spreadsheet, from 1900-03-01 on
SERIALS = (10_000, 73_051)  # 1927 to 2099: all of five digits that lie among the years
YEARS = (1900, 2100)
DAY = re.compile(
    r"(?P<y>[0-9]{4})(?:[-/.]|年)(?P<m>[0-9]{1,2})(?:[-/.]|月)(?P<d>[0-9]{1,2})日?"
    r"(?:[T ]\s*(?P<H>[0-9]{1,2})[:时](?P<M>[0-9]{1,2})分?(?::?(?P<S>[0-9]{1,2})秒?(?:\.[0-9]+)?)?)?(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?"
)
# as SurveyCTO writes them: Oct 1, 2026 9:30:00 AM
ENGLISH = re.compile(
    r"(?P<b>[A-Z][a-z]{2}) (?P<d>[0-9]{1,2}), (?P<y>[0-9]{4}) (?P<H>[0-9]{1,2})(?P<rest>:[0-9]{2}(?::[0-9]{2})?) (?P<half>[AP])M"
)
NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTH = re.compile(r"(?P<y>[0-9]{4})(?:[-/.年])?(?P<m>[0-9]{2}|[0-9](?![0-9]))月?")
FORMS = "应为日期：2026-10-01 09:30、2026/10/2、2026年10月2日、20261002，或表格软件的日期序号；年份只有两位、先后看不准的不作猜测"


def moment(text: str) -> str:
    """Return a date in ISO form, or an empty text when it is none.

    Parameters
    ----------
    text : str
        In one of ``FORMS``. A time is Beijing's (UTC+8, the legal time of all China) unless a zone stands behind it (``Z``, ``+00:00``):
        then it is turned into Beijing's.

    Returns
    -------
    str
        ``2026-10-01`` or ``2026-10-01 09:30:00``.

    Examples
    --------
    >>> moment("2026-10-01 09:30"), moment("2026/10/2"), moment("46297"), moment("2026-13-01")
    ('2026-10-01 09:30:00', '2026-10-02', '2026-10-02', '')
    >>> moment("2026-10-01T09:30:00.000+08:00"), moment("2026-09-30T16:00:00Z")
    ('2026-10-01 09:30:00', '2026-10-01 00:00:00')
    """
    plain = _plain(text)
    if re.fullmatch(r"[0-9]{5}(\.[0-9]+)?", plain):
        return _of_serial(float(plain))
    if re.fullmatch(r"[0-9]{8}", plain):
        plain = f"{plain[:4]}-{plain[4:6]}-{plain[6:]}"
    found = DAY.fullmatch(_in_digits(plain))
    if not found or not YEARS[0] <= int(found["y"]) < YEARS[1]:
        return ""
    year, month, day, hour, minute, second = (int(found[key] or 0) for key in "ymdHMS")
    try:
        made = datetime(year, month, day, hour, minute, second)
        made = made + from_zone(found["zone"]) if found["H"] and found["zone"] else made
    except (ValueError, OverflowError):
        return ""
    return made.isoformat(" ") if found["H"] else made.date().isoformat()


def from_zone(zone: str) -> timedelta:
    """Return what is added to a time with a zone behind it to make it Beijing's.

    Examples
    --------
    >>> from_zone("Z"), from_zone("+0800"), from_zone("-05:00")
    (datetime.timedelta(seconds=28800), datetime.timedelta(0), datetime.timedelta(seconds=46800))
    """
    ahead = timedelta(0) if zone == "Z" else timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:])) * (-1 if zone[0] == "-" else 1)
    return BEIJING - ahead


def month(text: str) -> str:
    """Return a month as ``2014-12``, or an empty text when it is none; of a whole date its month.

    Examples
    --------
    >>> month("201412"), month("2014年3月"), month("2014-12-31"), month("201413")
    ('2014-12', '2014-03', '2014-12', '')
    """
    plain = _plain(text)
    found = MONTH.fullmatch(plain)
    if found and 1 <= int(found["m"]) <= 12 and YEARS[0] <= int(found["y"]) < YEARS[1]:
        return f"{found['y']}-{int(found['m']):02d}"
    return moment(plain)[:7]


def year(text: str) -> str:
    """Return a year as ``2018``, or an empty text when it is none; of a month or a date its year.

    Examples
    --------
    >>> year("2018"), year("2018年"), year("201812"), year("18")
    ('2018', '2018', '2018', '')
    """
    plain = _plain(text).removesuffix("年度").removesuffix("年")
    return plain if re.fullmatch(r"(19|20)[0-9]{2}", plain) else month(text)[:4]


def plain_moments(cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return dates in ISO form, and which cells are neither blank nor dates.

    Examples
    --------
    >>> dates, bad = plain_moments(pd.Series(["2026/10/2", "", "十月二日"]))
    >>> dates.tolist(), bad.tolist()
    (['2026-10-02', '', ''], [False, False, True])
    """
    dates = cells.map({cell: moment(cell) for cell in cells.unique()})
    return dates, (dates == "") & (cells != "")


def written_out(cells: pd.Series) -> bool:
    """Say whether a column holds dates for certain: some, and all that is filled in is one, year first and its parts set apart.

    Examples
    --------
    >>> [written_out(pd.Series(cells)) for cells in (["2026/10/2", "", "2026年10月3日"], ["20261002"], ["2026/10/2", "无"], [""])]
    [True, False, False, False]
    """
    found = [_plain(cell) for cell in cells.unique() if cell]
    return bool(found) and all(DAY.fullmatch(cell) and moment(cell) for cell in found)


def day_of(text: str) -> float:
    """Return a date as a number of days, counted from 1 January of year 1, or not-a-number; a month stands for its first day.

    Examples
    --------
    >>> day_of("2026/10/2") == day_of("2026-10-02 09:30") == day_of("46297"), day_of("202610") == day_of("2026-10-1"), day_of("2026-13-01")
    (True, True, nan)
    """
    made = moment(text)[:10] or (f"{first}-01" if (first := month(text)) else "")
    return float(date.fromisoformat(made).toordinal()) if made else float("nan")


def _plain(text: str) -> str:
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).strip()


def _in_digits(text: str) -> str:
    found = ENGLISH.fullmatch(text)
    if not found or found["b"] not in NAMES or not 1 <= int(found["H"]) <= 12:
        return text
    hour = int(found["H"]) % 12 + (12 if found["half"] == "P" else 0)
    return f"{found['y']}-{NAMES.index(found['b']) + 1}-{found['d']} {hour}{found['rest']}"


def _of_serial(days: float) -> str:
    if not SERIALS[0] <= days < SERIALS[1]:
        return ""
    made = SERIAL_START + timedelta(seconds=round(days * 86_400))
    return made.date().isoformat() if days.is_integer() else made.isoformat(" ")
