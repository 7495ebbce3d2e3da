"""From returns to Responses: every fault of every file at once, or one clean table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.codes import shown
from evalkit.errors import DesignError, Fault, Faults, ResponsesError
from evalkit.fieldwork.handed import Handed, Source, Within, hand_in
from evalkit.given import takes
from evalkit.later import later
from evalkit.lists import as_list
from evalkit.patience import Progress
from evalkit.privacy import shed
from evalkit.responses.answers import Answers, Missing, filled, needed, take
from evalkit.responses.outcomes import NOBODY, check_reserves, match, oddities, words
from evalkit.responses.repeats import without_rejected
from evalkit.showing import Rows, Shown, table_of

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.privacy import Key
    from evalkit.sample import Sample

charts = later("evalkit.charts")

LEAD = ("village", "household", "stratum", "persons", "role", "order", "disposition", "complete")
OUTCOMES = ("complete", "refusal", "noncontact", "ineligible")
# the finer outcomes of AAPOR among the four: met and not interviewed, or nobody met
COUNTED = {
    "partial": "refusal", "other": "refusal", "unknown_household": "noncontact", "unknown_other": "noncontact",
    **{code: code for code in OUTCOMES},
}  # fmt: skip
PEOPLE = ("head", "id_number", "address")
PARADATA = ("team", "start", "end", "latitude", "longitude", "callback")  # kept, under these names, where the design names their columns


@dataclass(frozen=True, eq=False)
class Responses(Shown):
    """What came back: one row for each household of the sample that was visited.

    Attributes
    ----------
    sample : Sample
    faults : tuple of Fault
        What is doubtful but stops nothing: the data-quality table.
    """

    sample: Sample
    faults: tuple[Fault, ...]
    _table: pd.DataFrame

    @property
    def design(self) -> Design:
        """The design of the sample."""
        return self.sample.design

    def table(self) -> pd.DataFrame:
        """Return a copy of the table, in order of village, stratum and order of the draw.

        Columns: village, household, stratum, persons, role, order, disposition, complete, status,
        interviewer, what the weights need (village_stratum, village_prob, village_N, village_n, N, n …), and
        every other column of the returns under its own heading, but for personal ones, which are dropped
        unless `[privacy]` keeps them or has them replaced. Answers of visits without an interview are blank, their income is
        not a number.
        """
        return self._table.copy()

    def completion(self, by: str | Iterable[str] = "stratum") -> pd.DataFrame:
        """Return counts of what became of the sample, one row for each group of `by`.

        Parameters
        ----------
        by : str or iterable of str
            Columns of the sample: stratum, village, village_stratum …

        Returns
        -------
        DataFrame
            The columns of `by`, then planned (mains), released (mains and reserves used), complete, refusal (with partial
            and other outcomes of those who were met), noncontact (with unknown ones), ineligible, pending (mains without a
            result), replaced (reserves completed) and response_rate = complete / (complete + refusal + noncontact), not a
            number without any of these.
        """
        keys, drawn = as_list(by), self.sample.table("household")
        planned = drawn.loc[drawn["role"] == "main", keys].dropna()
        groups = planned.drop_duplicates().sort_values(keys, ignore_index=True)
        index = pd.MultiIndex.from_frame(groups)
        place, where = (index.get_indexer(pd.MultiIndex.from_frame(rows)) for rows in (planned, self._table[keys]))
        outcome, reserve = self._table["disposition"].map(COUNTED), (self._table["role"] == "reserve").to_numpy()

        def count(marked: Any) -> Any:
            return np.bincount(where[np.asarray(marked, dtype=bool) & (where >= 0)], minlength=len(groups))

        counts = {code: count(outcome == code) for code in OUTCOMES}
        mains, replaced = np.bincount(place, minlength=len(groups)), count(reserve & self._table["complete"])
        released = mains + count(reserve)
        pending = released - count(where >= 0)
        asked = counts["complete"] + counts["refusal"] + counts["noncontact"]
        rate = np.divide(counts["complete"], asked, out=np.full(len(groups), np.nan), where=asked > 0)
        return groups.assign(planned=mains, released=released, **counts, pending=pending, replaced=replaced, response_rate=rate)

    def plot(self, by: str | Iterable[str] = "stratum", **options: Any) -> Any:
        """Draw what became of the sample; `evalkit.charts.responses_plot` says what may be asked."""
        return charts.responses_plot(self, by, **options)

    def _rows_shown(self) -> Rows:
        return table_of(self.completion())

    def __repr__(self) -> str:
        complete, reserves = int(self._table["complete"].sum()), int((self._table["role"] == "reserve").sum())
        return f"Responses {len(self._table)} 户有结果，完成 {complete} 户，其中启用备用 {reserves} 户；待核实 {len(self.faults)} 处"


@dataclass(frozen=True, eq=False)
class Examined:
    """Returns that were held against the sample: the rows, what is wrong, what is doubtful, one visit a household."""

    handed: Handed
    faults: Faults
    doubts: tuple[Fault, ...]
    visits: pd.DataFrame
    answers: Answers


@takes(ResponsesError)
def collect(
    sample: Sample, returns: Source, *, missing: Missing | None = None, key: Key | None = None, resolved: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Responses:  # fmt: skip
    """Hold the returns against the sample.

    Parameters
    ----------
    sample : Sample
        With its household stage drawn.
    returns : table, path, folder, or several paths
        Under the headings of the design's `[returns]`; rows in any order, villages in any files. Of a polars LazyFrame, a DuckDB
        relation, a Spark or Dask table, and of files larger than memory (``returns/*.parquet``), only rows of drawn villages are
        brought; rows of others are counted, and refused.
    missing : {"fail", "keep"}, optional
        ``fail``: a completed interview without an answer that the design reads is a fault. ``keep``: the
        blank stays and is listed in ``faults``, and `determine` is told what to do with it. By default
        the design says which for its criteria and for each approval rate.
    key : Key, optional
        Under which the columns of `[privacy] tokens` are replaced, from ``ev.read_key``.
    resolved : mapping, optional
        ``village/household`` → fingerprint of the row to keep where a household stands in two, as ``evalkit resolve`` noted it.
    progress : callable, optional
        Told a line a file.

    Returns
    -------
    Responses

    Raises
    ------
    ResponsesError
        With every fault of all files: unknown words, households that are not in the sample or stand twice,
        reserves used out of order, answers that are missing or no numbers, ids turned into numbers, rows that break a
        `[[check]]` whose action is ``stop``.

    Notes
    -----
    Reserves of a village and stratum are used in the order of the draw, each only after a failed visit;
    reserves marked unused are left out of the table. A row that names a household and says nothing of a
    visit, as a form has before it is filled, is left out: its household is pending.

    Examples
    --------
    >>> import evalkit as ev
    >>> from evalkit.synthetic import registry, returns
    >>> design = ev.read_design("designs/biyang_2018.toml")
    >>> table = pd.DataFrame({"village_code": ["411726001001", "411726001002", "411726001003"], "township_code": "411726001"})
    >>> frame, made = ev.Frame.from_data(table, id="village_code", columns=["township_code"]), registry(table, design)
    >>> sample = ev.draw(frame, design, seed="31415926535897932384")
    >>> sample = ev.draw_next(sample, ev.read_rosters(pd.concat(made.rosters(sample.villages).values()), design))
    >>> ev.collect(sample, returns(sample, made.households(sample.villages), design))
    Responses 126 户有结果，完成 119 户，其中启用备用 6 户；待核实 0 处
    """
    found = examined(sample, returns, missing, resolved, progress)
    found.faults.refuse(ResponsesError)
    drawn = sample.table("household").reset_index(drop=True)
    return Responses(sample, found.doubts, _table(found.handed, drawn, found.visits, found.answers, sample.design, key))


def handed_returns(sample: Sample, returns: Source, progress: Progress | None = None) -> tuple[Handed, Faults]:
    """Read returns, without the rows that say nothing of a visit.

    Raises
    ------
    ResponsesError
        When a file cannot be read or lacks a heading.
    """
    design = sample.design
    columns = design.returns
    if columns is None:
        raise DesignError("returns｜缺｜读回收表需要列名｜写 [returns]")
    checks = design.checks_on("returns")
    read = (*needed(design), *(heading for check in checks for heading in check.headings))
    ids, within = (columns.village, columns.household), Within(columns.village, sample.villages)
    handed, faults = hand_in(returns, "回收表", read, ids, ResponsesError, (columns.household,), within, progress)
    for village, count in sorted((handed.others or {}).items()):
        remedy = "改正村代码；表中还有别处的回收的，先在引擎中筛选出本次评估的行"
        rule, remedy = ("这个村没有被抽中", remedy) if village else ("村代码空白", "补全这些格")
        faults.add(None, columns.village, shown(village), f"{rule}（{count} 行）", remedy)
    return _only(handed.dated(checks), filled(handed.table, design)), faults


def examined(
    sample: Sample, returns: Source, missing: Missing | None = None, resolved: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Examined:  # fmt: skip
    """Hold returns against the sample and gather what is wrong and what is doubtful; nothing is refused but what cannot be read."""
    handed, faults = handed_returns(sample, returns, progress)
    columns = sample.design.returns
    assert columns is not None
    handed = without_rejected(handed, columns, resolved or {})
    screening = handed.screen(sample.design.checks_on("returns"), "回收表", columns.missing)
    faults.extend(screening.faults("stop"))
    drawn = sample.table("household").reset_index(drop=True)
    visits = _visits(handed, faults, drawn, sample.design)
    answers, visits = _answered(handed, faults, visits, sample.design, missing)
    check_reserves(handed, faults, columns, drawn, visits)
    doubts = Faults("回收表", [*oddities(handed, columns, drawn, visits), *answers.noted, *screening.faults("ask", "note")])
    whose = columns.village, columns.household
    placed = handed.placed(faults, *whose), tuple(handed.placed(doubts, *whose))
    return Examined(handed, *placed, visits, answers)


def _only(handed: Handed, mask: pd.Series) -> Handed:
    kept = mask.to_numpy(dtype=bool)
    return replace(handed, table=handed.table[kept].reset_index(drop=True), rows=handed.rows[kept], files=handed.files[kept])


def _visits(handed: Handed, faults: Faults, drawn: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Return one row for each row of the returns: who it is in the sample, and what became of the visit."""
    columns = design.returns
    assert columns is not None
    places = match(handed, faults, columns, drawn)
    codes = words(handed, faults, columns.disposition, dict(columns.dispositions), required=True)
    status = words(handed, faults, columns.status, dict(columns.statuses), required=False) if columns.status else ""
    known = drawn[["village", "stratum", "cell", "role", "order", "persons"]].rename(columns={"persons": "listed"})
    visits = known.reindex(places).reset_index(drop=True)
    visits["listed"] = visits["listed"].fillna(0).astype(np.int64)
    return visits.assign(place=places, row=np.arange(len(places)), code=codes.to_numpy(), status=status)


def _answered(
    handed: Handed, faults: Faults, visits: pd.DataFrame, design: Design, missing: Missing | None
) -> tuple[Answers, pd.DataFrame]:
    """Check the answers, then keep the first row of every household that was found."""
    complete = (visits["code"] == "complete") & (visits["place"] != NOBODY)
    answers = Answers(handed, faults, complete, visits["stratum"].fillna(""), design, missing)
    visits = visits.assign(persons=take(answers, visits["listed"], design))
    return answers, visits[visits["place"] != NOBODY].drop_duplicates("place")


def _table(handed: Handed, drawn: pd.DataFrame, visits: pd.DataFrame, answers: Answers, design: Design, key: Key | None) -> pd.DataFrame:
    columns = design.returns
    assert columns is not None
    visits = visits[visits["code"] != "unused"].sort_values(["village", "cell", "order"], kind="stable")
    rows = visits["row"].to_numpy()
    sampled = drawn.iloc[visits["place"].to_numpy()].reset_index(drop=True)
    visits = visits.reset_index(drop=True)
    table = sampled[[column for column in LEAD if column in sampled]].assign(persons=visits["persons"], disposition=visits["code"])
    table = table.assign(complete=visits["code"] == "complete", status=visits["status"], interviewer="")
    if columns.interviewer:
        table["interviewer"] = handed.table[columns.interviewer].to_numpy()[rows]
    named = {role: heading for role in PARADATA if (heading := getattr(columns, role)) and heading in handed.table}
    table = table.assign(**{role: handed.table[heading].to_numpy()[rows] for role, heading in named.items()})
    kept = {column: sampled[column] for column in sampled if column not in (*LEAD, *PEOPLE, *named)}
    mapped = {columns.village, columns.household, columns.disposition, columns.persons, columns.status, columns.interviewer}
    mapped |= set(named.values())
    known = {*mapped, *table, *kept}
    read = {name: cells.iloc[rows].reset_index(drop=True) for name, cells in answers.columns.items() if name not in known}
    others = [column for column in handed.table if column not in known and column not in read]
    rest = _unnamed(handed.table[others].iloc[rows].reset_index(drop=True), design, key)
    return pd.concat([table, pd.DataFrame(kept), pd.DataFrame(read, index=table.index), rest], axis=1)


def _unnamed(rest: pd.DataFrame, design: Design, key: Key | None) -> pd.DataFrame:
    """Return the columns that nothing reads without what is personal in them, but for what the design keeps or replaces."""
    of_rosters = {getattr(design.rosters, name) for name in PEOPLE} if design.rosters else set()
    privacy = design.privacy
    private = [column for column in rest if column in of_rosters and column not in (*privacy.keep, *privacy.tokens)]
    here = rest.drop(columns=private)
    keep, tokens = ([column for column in named if column in here] for named in (privacy.keep, privacy.tokens))
    return shed(here, keep=keep, tokens=tokens, key=key).table()
