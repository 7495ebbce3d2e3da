"""Trials: what came of a design when it was carried out many times on made-up counties whose truth is known."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.errors import EvalkitError
from evalkit.figures import WORDS
from evalkit.formats import check_format
from evalkit.later import later
from evalkit.sheets import write_bytes
from evalkit.showing import Rows, Shown, table_of
from evalkit.trials.counting import NOT_PROVEN, counted, summarised, widths
from evalkit.trials.running import UNREADABLE
from evalkit.trials.trial import EFFORT, FIELDS
from evalkit.trials.truths import Point
from evalkit.verdict.deciding import Direction, satisfies, zone_codes

if TYPE_CHECKING:
    Floats = NDArray[np.float64]

charts = later("evalkit.charts")

FORMAT = 2  # 1 had no word of acceptance rules
COLUMNS = {
    "rate": "指标", "p": "真值", "trials": "次数", "legal": "按规则达标", "met": "证实达标", "not_met": "证实未达标", "coverage": "覆盖",
}  # fmt: skip
NONE_SHOWN = "—"  # where there is no figure


def _shown(figure: float, form: str) -> str:
    return NONE_SHOWN if np.isnan(figure) else format(figure, form)


def _with_error(row: Mapping[Any, Any], name: str) -> str:
    return NONE_SHOWN if np.isnan(row[name]) else f"{row[name]:.3f}±{row[f'{name}_se']:.3f}"


@dataclass(frozen=True)
class Standard:
    """A gate as trials are held against it."""

    rate: str
    threshold: float
    direction: Direction
    strict: bool

    def satisfied(self, values: Floats) -> NDArray[np.bool_]:
        """Return whether each value meets the standard by the legal rule."""
        return np.asarray(satisfies(values, self.threshold, self.direction, self.strict))

    def zones(self, low: Floats, high: Floats) -> NDArray[np.int64]:
        """Return the zone of each pair of one-sided bounds."""
        return np.asarray(zone_codes(low, high, self.threshold, self.direction))


@dataclass(frozen=True, eq=False, repr=False)
class Trials(Shown):
    """Many trials of one design.

    Attributes
    ----------
    title : str
        Of the design.
    points : tuple of Point
        What was true: one point of the grid each.
    standards : tuple of Standard
        The gates.
    results : (trials, gates, points, fields) float array
        In the order of `evalkit.trials.trial.FIELDS`: true rate, estimate, the number that the legal rule reads, one-sided
        bounds at 1 − alpha, two-sided interval, events, households, degrees of freedom,
        whether the acceptance rule accepts (−1 without one).
    work : (trials, 1 or points, 5) float array
        Villages, households visited, complete interviews, cost, team-days of each trial; by point where that decides them.
    settings : mapping
        What was asked: seed, alpha, confidence, planned correlation, design and frame by hash, version of evalkit.
    """

    title: str
    points: tuple[Point, ...]
    standards: tuple[Standard, ...]
    results: Floats
    work: Floats
    settings: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.results)

    def zones(self) -> NDArray[np.int64]:
        """Return 0 (not met), 1 (not proven), 2 (met) for each trial, gate and point."""
        low, high = self.field("low"), self.field("high")
        return np.stack([each.zones(low[:, g], high[:, g]) for g, each in enumerate(self.standards)], axis=1)

    def legal(self) -> NDArray[np.bool_]:
        """Return whether the legal rule is satisfied, for each trial, gate and point."""
        read = self.field("read")
        return np.stack([each.satisfied(read[:, g]) for g, each in enumerate(self.standards)], axis=1)

    def table(self) -> pd.DataFrame:
        """Return one row a gate and point: shares of the trials, each with its Monte-Carlo standard error beside it.

        Returns
        -------
        pandas.DataFrame
            ``rate threshold p icc model trials``, the shares ``met not_proven not_met legal`` (passes the legal rule)
            ``accepted`` (by the gate's acceptance rule; missing without a rule)
            ``coverage`` (the two-sided interval holds the true rate) ``too_low too_high`` (it lies below, above it)
            ``wrong_upper wrong_lower`` (the one-sided bound lies on the wrong side of the true rate)
            ``false_met false_not_met`` (proven, and not so in this trial's county) ``none`` (no event found) ``no_interval``
            ``failed`` (no survey: a village and stratum without a complete interview, where the design says fail),
            the means ``truth estimate width n``, each with ``<name>_se`` behind it, and ``width_90``, the width that nine in
            ten intervals do not exceed.
        """
        zones, legal = self.zones(), self.legal()
        rows = []
        for g, k in np.ndindex(len(self.standards), len(self.points)):
            fields = {name: self.field(name)[:, g, k] for name in FIELDS}
            shares = counted(fields, zones[:, g, k], legal[:, g, k], self.standards[g].satisfied(fields["truth"]))
            rows.append({**self._about(g, k, fields["truth"]), **summarised(shares), **widths(fields)})
        return pd.DataFrame(rows)

    def effort(self, point: int = 0) -> pd.DataFrame:
        """Return what the trials took at a point: mean, Monte-Carlo standard error, least, most and 90 % quantile of each item."""
        rows = []
        for name, column in zip(EFFORT, self.work[:, point if self.work.shape[1] > 1 else 0].T, strict=True):
            known = column[~np.isnan(column)]
            if len(known):
                error = known.std() / np.sqrt(len(known))
                rows.append((name, known.mean(), error, known.min(), known.max(), np.quantile(known, 0.9)))
        return pd.DataFrame(rows, columns=["item", "mean", "mean_se", "least", "most", "most_90"])

    def oc(self, gate: int = 0, icc: float | None = None, model: str | None = None) -> pd.DataFrame:
        """Return operating characteristics of a gate as `evalkit.charts.oc_plot` reads them.

        Parameters
        ----------
        gate : int
            Its place among the gates.
        icc, model
            Of the points to show; the first by default.

        Returns
        -------
        pandas.DataFrame
            ``model p accept error``: `model` is "legal" (the legal rule passes), "met" or "not met" (proven).
        """
        if not isinstance(gate, int) or not 0 <= gate < len(self.standards):
            known = "、".join(f"{at}（{standard.rate}）" for at, standard in enumerate(self.standards))
            raise EvalkitError(f"gate = {gate!r}｜没有这道门槛｜可用：{known}")
        table = self.table()
        first = self.points[0]
        shown = (table["rate"] == self.standards[gate].rate) & (table["icc"] == (first.icc if icc is None else icc))
        mine = table[shown & (table["model"] == (first.model if model is None else model))]
        if mine.empty:
            known = "、".join(dict.fromkeys(f"icc={point.icc:g} model={point.model}" for point in self.points))
            raise EvalkitError(f"icc = {icc}、model = {model}｜没有这样的真值｜可用：{known}")
        parts = [
            mine[["p"]].assign(model=name, accept=mine[column], error=mine[f"{column}_se"])
            for name, column in (("legal", "legal"), ("met", "met"), ("not met", "not_met"))
        ]
        return pd.concat(parts, ignore_index=True)[["model", "p", "accept", "error"]]

    def then(self, second: Trials) -> Trials:
        """Return the two-phase trials: where this phase proves nothing, the second phase decides.

        Parameters
        ----------
        second : Trials
            Of a design that holds this one's sample (more villages by the same seed), with the same points; both at an alpha
            that leaves the risk of the two looks together as it should be (`evalkit.acceptance.two_looks` gives it).
        """
        same = ("seed", "frame", "replicates")
        other = [name for name in same if self.settings.get(name) != second.settings.get(name)]
        if other or self.points != second.points or self.standards != second.standards:
            raise EvalkitError(f"两阶段｜两次模拟的 {'、'.join(other) or '真值或门槛'} 不同｜用同一种子、名单、次数与真值再模拟")
        if not second.work[..., EFFORT.index("villages")].mean() > self.work[..., EFFORT.index("villages")].mean():
            raise EvalkitError("两阶段｜第二阶段的村不多于第一阶段｜第二阶段的设计应包含第一阶段的样本，村更多")
        unproven = self.zones() == NOT_PROVEN
        results = np.where(unproven[..., None], second.results, self.results)
        work = np.where(unproven.any(axis=1)[..., None], second.work, self.work)
        settings = {**self.settings, "second": dict(second.settings)}
        return Trials(f"{self.title} → {second.title}", self.points, self.standards, results, work, settings)

    def at(self, alpha: float) -> Trials:
        """Return the same trials judged at another risk, one of those that `simulate` was asked for as ``alphas``.

        Examples
        --------
        >>> import evalkit as ev
        >>> design = ev.plain_design(10, 20, frame=40, households=60)
        >>> trials = ev.simulate(design, {"差错率": .001}, seed="1", replicates=2, workers=1, alphas=[.5])
        >>> (trials.at(.5).field("high") < trials.field("high")).all()
        np.True_
        """
        known = list(self.settings.get("alphas", ()))
        if alpha not in known:
            stated = "、".join(f"{each:g}" for each in known)
            raise EvalkitError(f"alpha = {alpha}｜模拟时没有要这个风险｜在 ev.simulate 中写 alphas=[…]；已有：{stated or '无'}")
        results, first = self.results.copy(), len(FIELDS) + 2 * known.index(alpha)
        results[..., FIELDS.index("low")], results[..., FIELDS.index("high")] = results[..., first], results[..., first + 1]
        return replace(self, results=results, settings={**self.settings, "alpha": alpha})

    def plot(self, **options: Any) -> Any:
        """Draw the operating characteristics; `evalkit.charts.trials_plot` says what may be asked."""
        return charts.trials_plot(self, **options)

    def save(self, path: str | Path) -> Path:
        """Write everything to one file (.npz), that `load` reads back."""
        told = {
            "format": FORMAT, "title": self.title, "settings": dict(self.settings),
            "points": [[list(map(list, point.rates)), point.icc, point.model] for point in self.points],
            "standards": [[s.rate, s.threshold, s.direction, s.strict] for s in self.standards],
        }  # fmt: skip
        held = io.BytesIO()
        np.savez_compressed(held, results=self.results, work=self.work, told=np.array(json.dumps(told, ensure_ascii=False)))
        return write_bytes(path, held.getvalue())

    @staticmethod
    def load(path: str | Path) -> Trials:
        """Read what `save` wrote."""
        try:
            with np.load(Path(path), allow_pickle=False) as held:
                told, results, work = json.loads(str(held["told"])), held["results"], held["work"]
            stated = told["format"]
        except UNREADABLE:
            raise EvalkitError(f"{path}｜不是 evalkit 写出的模拟结果｜给出 Trials.save 写的 .npz 文件") from None
        check_format(Path(path).name, stated, FORMAT, EvalkitError)
        points = tuple(Point(tuple((str(name), float(p)) for name, p in rates), icc, model) for rates, icc, model in told["points"])
        return Trials(told["title"], points, tuple(Standard(*s) for s in told["standards"]), results, work, told["settings"])

    def _rows_shown(self) -> Rows:
        return table_of(self.table(), COLUMNS)

    def __repr__(self) -> str:
        return "\n".join([f"Trials {self.title}：{len(self)} 次，{len(self.points)} 种真值", *self._said()])

    def _said(self) -> Iterator[str]:
        rows = self.table().head(12).to_dict("records")
        gates = [standard for standard in self.standards for _ in self.points]
        for row, standard in zip(rows, gates, strict=False):
            beyond = row["p"] == row["p"] and not standard.satisfied(np.array([row["p"]]))[0]
            true = f"{_shown(row['p'], '.4g')}{'，未达到标准' if beyond else ''}"
            head = f"  {row['rate']} 真值 {true}（村内相关 {row['icc']:g}，{WORDS.get(row['model'], row['model'])}）"
            shares = {name: _with_error(row, name) for name in ("legal", "met", "not_met", "coverage")}
            failed = f"，做不下去 {row['failed']:.3f}" if row["failed"] else ""
            proven = f"证实达标 {shares['met']}、未达标 {shares['not_met']}"
            proven += f"，按接收规则接收 {_with_error(row, 'accepted')}" if row["accepted"] == row["accepted"] else ""
            yield f"{head}：按规则达标 {shares['legal']}，{proven}，区间覆盖 {shares['coverage']}{failed}"
        missing = [row for row in rows if row["coverage"] != row["coverage"]]
        if any(row["failed"] == 1 for row in missing):
            yield f"  {NONE_SHOWN}：每一次都做不下去（如某村某类户一户也没完成），没有数可算；按规则达标、证实都计为没有"
        if any(row["failed"] < 1 for row in missing):
            yield f"  {NONE_SHOWN}：没有一次给得出区间（如每层只有一个村，自由度为 0）"

    def field(self, name: str) -> Floats:
        """Return one field of the results, (trials, gates, points)."""
        return self.results[..., FIELDS.index(name)]

    def _about(self, gate: int, at: int, truth: Floats) -> dict[str, Any]:
        point, standard = self.points[at], self.standards[gate]
        # the rate of an incidence is no point of the grid: what it came to in the mean stands for it
        p = dict(point.rates).get(standard.rate, float(truth.mean()))
        known = {"rate": standard.rate, "threshold": standard.threshold, "p": p}
        return known | {"icc": point.icc, "model": point.model, "trials": len(self)}
