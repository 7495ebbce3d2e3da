"""Rounds and years: units that earlier rounds took, and how far two samples overlap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

import pandas as pd

from evalkit import tickets
from evalkit.certificate import Certificate, read_annex
from evalkit.errors import CertificateError, DrawError

if TYPE_CHECKING:
    from evalkit.design.stages import Stage
    from evalkit.sample.samples import Sample

Given = Certificate | str | Path
Rounds = Union["Sample", Given, Iterable[Union["Sample", Given]]]  # a name that is not there at run time
ABSENT = "不在前一名单"


def earlier_units(stages: tuple[Stage, ...], rounds: Rounds) -> dict[str, frozenset[str]]:
    """Return the units that earlier rounds took, for each stage that may not repeat them.

    Parameters
    ----------
    stages : tuple of Stage
    rounds : Sample, Certificate or path, or several of them
        Samples, certificates just made, or the files of certificates and annexes.

    Returns
    -------
    dict of str to frozenset of str
        Stage → ids; households as ``village/household``. Reserves that were on a list count as taken.

    Raises
    ------
    DrawError
        When rounds are given and no stage asks for them, or a round drew households that must not be repeated and its annex
        is not given: the public certificate does not say who they are.
    CertificateError
        When a file is neither a certificate nor an annex.
    """
    given = _receipts(rounds)
    asking = [stage.name for stage in stages if stage.repeat == "never"]
    if given and not asking:
        raise DrawError("earlier｜给出了以前各轮，设计没有不得重复的阶段｜在该阶段写 repeat = \"never\"")
    if stages[-1].name in asking:
        _check_annexes(given, stages[-1].name)
    taken: dict[str, set[str]] = {name: set() for name in asking}
    for part in given:
        for name, units in _taken(part, stages[-1].name).items():
            taken.setdefault(name, set()).update(units)
    return {name: frozenset(taken[name]) for name in asking}


def _receipts(rounds: Any) -> list[Given]:
    """Return the certificates of rounds, or their files, also where one stands alone."""
    alone = isinstance(rounds, Certificate | str | Path) or hasattr(rounds, "certificate")
    if not alone and not isinstance(rounds, Iterable):
        raise DrawError(f"earlier｜现为 {type(rounds).__name__}｜给出以前各轮的样本、凭证或其文件")
    return [getattr(part, "certificate", part) for part in ([rounds] if alone else rounds)]


def earlier_receipt(earlier: Mapping[str, frozenset[str]]) -> dict[str, Any]:
    """Return what a certificate says of the units that were not drawn again: how many, and the hash of their sorted list."""
    return {
        stage: {"units": len(units), "list": tickets.fingerprint([unit] for unit in sorted(units))}
        for stage, units in sorted(earlier.items())
        if units
    }


def overlap(one: Sample, other: Sample, stage: str | None = None) -> pd.DataFrame:
    """Return how far two samples share their units, stratum by stratum.

    Below the first stage the chances are those given the units drawn above.

    Parameters
    ----------
    one, other : Sample
        Of two years or rounds.
    stage : str, optional
        A stage of the frame that both designs have; the last of the first design when left out.

    Returns
    -------
    pandas.DataFrame
        By stratum of `one`, the whole first (合计): ``stratum one other shared independent most``; `shared` is the number of
        units in both, `independent` what independent draws would share on average, Σ π₁π₂, and `most` the most that can
        be shared on average, Σ min(π₁, π₂), reached by permanent tickets without a shift (Ohlsson 1995, Coordination of
        samples using permanent random numbers).

    Raises
    ------
    DrawError
        When a design has no such stage.

    Examples
    --------
    >>> import evalkit as ev
    >>> design = ev.read_design("designs/biyang_2018.toml")
    >>> frame = ev.read_frame("designs/data/villages_five_counties.csv", id="village_code", name="village",
    ...     columns=["township_code"], rules=design.frame.rule)
    >>> one, other = (ev.draw(frame, design, seed=seed) for seed in ("31415926535897932384", "27182818284590452353"))
    >>> overlap(one, other)[["one", "other", "shared"]].iloc[0].tolist()
    [44, 44, 6]
    """
    name = stage or one.design.frame_stages[-1].name
    if name not in [part.name for part in one.design.frame_stages] or name not in [part.name for part in other.design.frame_stages]:
        raise DrawError(f"{name}｜两个设计不都有这个从名单抽取的阶段｜写两者都有的阶段名")
    rows = pd.DataFrame({"one": _chances(one, name), "other": _chances(other, name)}).fillna(0.0)
    rows["stratum"] = rows.index.map({unit: cell.stratum for cell in one._listed[name] for unit in cell.probs}).fillna(ABSENT)
    drawn = [rows.index.isin([unit for cell in sample._listed[name] for unit in cell.chosen]) for sample in (one, other)]
    counted = rows[["stratum"]].assign(one=drawn[0], other=drawn[1], shared=drawn[0] & drawn[1])
    counted = counted.assign(independent=rows["one"] * rows["other"], most=rows[["one", "other"]].min(axis=1))
    by_stratum = counted.groupby("stratum", sort=True).sum().reset_index()
    whole = by_stratum.sum(numeric_only=True).to_frame().T.assign(stratum="合计")
    table = pd.concat([whole[by_stratum.columns], by_stratum], ignore_index=True)
    return table.astype({"one": int, "other": int, "shared": int})


def _chances(sample: Sample, name: str) -> pd.Series:
    return pd.Series({unit: prob for cell in sample._listed[name] for unit, prob in cell.chances.items()}, dtype=float)


def _taken(part: Given, last: str) -> dict[str, set[str]]:
    """Return what one round took: units of the frame by stage, and households where the annex says them."""
    read = _read(part)
    if not isinstance(read, Certificate):
        return {last: _listed(read["villages"])}
    taken = {name: _ids(stage) | _ids_below(stage) for name, stage in read.content["stages"].items()}
    return taken | ({last: _listed(read.households)} if read.households else {})


def _read(part: Given) -> Certificate | dict[str, Any]:
    """Return a certificate, or the annex in a file that is one."""
    if isinstance(part, Certificate):
        return part
    try:
        return Certificate.load(part)
    except CertificateError:
        return read_annex(part)


def _check_annexes(rounds: Iterable[Given], last: str) -> None:
    parts = [_read(part) for part in rounds]
    annexed = {part["certificate"] for part in parts if not isinstance(part, Certificate)}
    for part in parts:
        drawn = isinstance(part, Certificate) and part.content["stages"].get(last, {}).get("villages")
        if isinstance(part, Certificate) and drawn and not part.households and part.sha256 not in annexed:
            rule = f"凭证 {part.sha256[:12]} 的农户在附件中，公开的凭证不写是哪些户"
            raise DrawError(f"earlier｜{rule}｜一并给出这一轮的附件（annex.json）")


def _ids(part: Mapping[str, Any]) -> set[str]:
    return {str(unit["id"]) for cell in part.get("strata", {}).values() for unit in cell.get("units", [])}


def _ids_below(stage: Mapping[str, Any]) -> set[str]:
    """Return the units of a stage above households, such as village groups, as ``village/unit``."""
    return {f"{village}/{unit}" for village, receipt in stage.get("villages", {}).items() for unit in _ids(receipt)}


def _listed(villages: Mapping[str, list[dict[str, Any]]]) -> set[str]:
    return {f"{village}/{row['household']}" for village, rows in villages.items() for row in rows}
