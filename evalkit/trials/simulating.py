"""What a simulation is asked, checked, and run."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any, Literal

import numpy as np

from evalkit import __version__, tickets
from evalkit.design import Design
from evalkit.design.judgement import DERIVED
from evalkit.errors import DesignError, Faults
from evalkit.frame import Frame
from evalkit.lists import as_list, as_numbers
from evalkit.patience import Progress
from evalkit.plans.counting import last_labels, planned_frame
from evalkit.sample.households import columns_read
from evalkit.trials.outcomes import Standard, Trials
from evalkit.trials.population import populate
from evalkit.trials.running import fingerprint_parts, run_batches
from evalkit.trials.trial import Setting
from evalkit.trials.truths import MODELS, Point

Numbers = float | Sequence[float]


def simulate(
    design: Design,
    rates: Mapping[str, Numbers] | None = None,
    *,
    seed: str,
    replicates: int = 1000,
    icc: Numbers | None = None,
    model: str | Sequence[str] = "beta-binomial",
    judged_icc: Literal["design", "true"] = "design",
    interviewer: float = 0.0,
    alphas: Sequence[float] = (),
    frame: Frame | None = None,
    workers: int | None = -1,
    folder: str | Path | None = None,
    progress: Progress | None = None,
) -> Trials:
    """Carry a design out many times on made-up counties whose truth is known, and count what it says of them.

    Each trial makes a new truth on the same list and rosters, then draws, visits, collects, weighs, estimates and judges with
    the code that real data go through.

    Parameters
    ----------
    design : Design
        With `[rosters]`, `[returns]`, `[planning]`, rates and gates; `plain_design` makes one of numbers alone.
    rates : mapping of str to float or sequence of float, optional
        True value of each rate of findings and of approval; `[planning] rates` for those not named. Sequences of one length go
        together, point by point; a number stands at every point.
    seed : str
        Of draws and truths; trial k uses ``seed-k``.
    replicates : int
        Trials, ≥ 1. A share p has a Monte-Carlo standard error of √(p(1 − p)/replicates).
    icc : float or sequence of float, optional
        True correlation of errors within villages, in [0, 1); ``[evaluation] icc`` by default. Crossed with the rates.
    model : {"beta-binomial", "bad-village"} or both
        How events cluster: rates of villages beta distributed, or p + icc(1 − p) in some villages and 0 in the others. Crossed too.
    judged_icc : {"design", "true"}
        Which correlation the intervals are planned with.
    interviewer : float
        Correlation of the answers that one interviewer takes beyond the village's, in [0, 1): what is recorded, not what is true.
    alphas : sequence of float
        Further risks to judge by, beside ``[evaluation] alpha``, each in (0, ½]: `Trials.at` gives the verdicts (two phases).
    frame : Frame, optional
        The list of villages; by default the one that the design names.
    workers : int, optional
        Processes, −1 for all cores. None leaves it to `joblib.parallel_config`, where a Dask or Ray cluster may stand.
    folder : str or pathlib.Path, optional
        Where finished batches are kept: asked again, the simulation goes on from them.
    progress : callable, optional
        Told one line after each batch, as `print` is.

    Returns
    -------
    Trials
        The same numbers whatever the number of workers; trials 0 … k − 1 are the same when more are asked for.

    Raises
    ------
    DesignError
        With everything that is missing or out of range.

    Notes
    -----
    Households answer by `[planning]` response and ineligible, whatever is true of them. Persons, types and numbers of
    households follow the list where it tells them, else `[planning]`. Every trial uses the same uniform numbers at all points, so
    that differences between points have smaller Monte-Carlo errors than the shares themselves. The true rate of a
    trial is that of its whole county: households of drawn villages one by one, those of the others by the normal law.

    Examples
    --------
    >>> import evalkit as ev
    >>> trials = ev.simulate(ev.plain_design(20, 30, frame=60, households=80), {"差错率": [.005, .04]}, seed="1", replicates=4, workers=1)
    >>> trials.table()[["p", "met", "legal"]].to_numpy().round(3).tolist()
    [[0.005, 0.25, 1.0], [0.04, 0.0, 0.0]]
    """
    _check_kinds(design, rates, frame, workers)
    setting = _setting(design, rates or {}, seed, replicates, icc, model, judged_icc, interviewer, frame, alphas)
    settings = fingerprint_parts(setting) | {"version": __version__}
    results, work = run_batches(setting, replicates, tickets.seal(settings), workers, folder, progress)
    evaluation = design.evaluation
    told = {
        "seed": seed, "replicates": replicates, "alpha": evaluation.alpha, "confidence": evaluation.confidence,
        "alphas": list(setting.alphas), "icc": judged_icc if judged_icc == "true" else evaluation.icc, "interviewer": interviewer,
        "design": tickets.seal(settings["design"]), "frame": setting.frame.fingerprint, "version": __version__,
    }  # fmt: skip
    standards = tuple(Standard(gate.rate, gate.threshold, gate.direction, gate.strict) for gate in design.gates)
    return Trials(design.evaluation.title, setting.points, standards, results, work, told)


def _check_kinds(design: Any, rates: Any, frame: Any, workers: Any) -> None:
    faults = Faults("模拟")
    if not isinstance(design, Design):
        faults.add(None, "design", type(design).__name__, "不是设计", "给出 ev.read_design 读出的设计，或 ev.plain_design(…)")
    if not (frame is None or isinstance(frame, Frame)):
        faults.add(None, "frame", type(frame).__name__, "不是名单", "给出 ev.read_frame 读出的名单")
    if not (rates is None or isinstance(rates, Mapping)):
        faults.add(None, "rates", repr(rates), "应为 {率名: 真值}", 'rates={"差错率": [0.005, 0.02]}')
    whole = isinstance(workers, int) and not isinstance(workers, bool) and workers != 0
    if workers is not None and not whole:
        faults.add(None, "workers", repr(workers), "应为不等于 0 的整数，或 None", "全部核心写 -1，一个写 1")
    faults.refuse(DesignError)


def _setting(
    design: Design, rates: Mapping[str, Numbers], seed: str, replicates: int, icc: Numbers | None, model: str | Sequence[str],
    judged_icc: str, interviewer: float, frame: Frame | None, alphas: Any = (),
) -> Setting:  # fmt: skip
    faults = Faults("模拟")
    _check_design(design, faults)
    faults.refuse(DesignError)
    iccs, models = _listed("icc", design.evaluation.icc if icc is None else icc, faults), as_list(model)
    risks = _listed("alphas", alphas, faults) if np.size(alphas) else []
    if wrong := [f"{alpha:g}" for alpha in risks if not 0 < alpha <= 0.5]:
        faults.add(None, "alphas", "、".join(wrong), "应大于 0、不大于 0.5", "5% 写 .05")
    names = tuple(rate.name for rate in design.rates if rate.kind in ("finding", "approval") and _read(rate.name, design))
    assert design.planning is not None  # refused above
    planned_rates = design.planning.rates
    values = {name: _listed(name, rates[name] if name in rates else planned_rates.get(name, np.nan), faults) for name in names}
    _check_numbers(rates, values, iccs, models, judged_icc, interviewer, replicates, seed, faults)
    faults.refuse(DesignError)
    length = max(map(len, values.values()))
    grid = [tuple((name, value[at if len(value) > 1 else 0]) for name, value in values.items()) for at in range(length)]
    points = tuple(Point(rate, rho, kind) for kind, rho, rate in itertools.product(models, iccs, grid))
    listed = planned_frame(design) if frame is None else frame
    planned = None if judged_icc == "true" else design.evaluation.icc
    return Setting(design, listed, populate(design, listed, seed), points, names, seed, planned, float(interviewer), alphas=tuple(risks))


def _read(name: str, design: Design) -> bool:
    """Whether a gate reads this rate, itself or through an incidence rate."""
    read = {gate.rate for gate in design.gates}
    through = [rate for rate in design.rates if rate.kind == "incidence" and rate.name in read]
    return name in read or any(name in (rate.wrong_exit, rate.missed) for rate in through)


def _listed(name: str, given: Any, faults: Faults) -> list[float]:
    numbers = as_numbers(given)
    if numbers is None or numbers.ndim > 1 or not numbers.size:
        faults.add(None, name, repr(given), "应为一个数，或几个数", "去掉引号，如 0.05 或 [0.02, 0.05]")
        return []
    return [float(number) for number in np.atleast_1d(numbers)]


def _check_design(design: Design, faults: Faults) -> None:
    for section in ("rosters", "returns", "planning"):
        if getattr(design, section) is None:
            faults.add(None, section, None, "模拟需要这一节", f"写 [{section}]；或用 ev.plain_design(村数, 每村户数)")
    if not design.gates:
        faults.add(None, "gate", None, "没有门槛，无从判定", "写 [[gate]]")
    if not design.roster_stages:
        faults.add(None, "stage", None, "没有从名册抽户的阶段", "加抽户的 [[stage]]")
        return
    if faults:
        return
    labels = last_labels(design)
    strange = sorted(set(columns_read(design.roster_stages)) - {name for stage in design.roster_stages for name in stage.strata})
    if len(design.roster_stages) > 1 or strange or len(design.roster_stages[-1].strata) > 1:
        faults.add(None, "stage", "、".join(strange), "模拟的名册只有户与户类型，抽户的阶段还要别的", "先按户类型一级抽户来模拟")
    _check_rates(design, labels, faults)


def _check_rates(design: Design, labels: Sequence[str], faults: Faults) -> None:
    for rate in design.rates:
        if rate.kind in ("accuracy", "prevalence") and _read(rate.name, design):
            faults.add(None, f"rate {rate.name}", rate.kind, "这种指标的门槛尚不能模拟", "模拟时去掉这道门槛，或改用它所据的指标的门槛")
        unknown = [] if isinstance(rate, DERIVED) else sorted(set(rate.population) - set(labels))
        if unknown and _read(rate.name, design):
            faults.add(
                None, f"rate {rate.name}", "、".join(unknown), f"抽户的层只有 {'、'.join(labels)}", "抽户按户类型分层，或改 population"
            )
        if rate.kind == "finding" and rate.denominator == "villages" and _read(rate.name, design):
            faults.add(None, f"rate {rate.name}", "villages", "分母口径 b 尚不能模拟", '模拟时写 denominator = "surveyed"')


def _check_numbers(
    given: Mapping[str, Numbers], values: Mapping[str, list[float]], iccs: list[float], models: list[str], judged_icc: str,
    interviewer: float, replicates: int, seed: str, faults: Faults,
) -> None:  # fmt: skip
    for name in sorted(set(given) - set(values)):
        faults.add(None, name, None, f"没有门槛读这个率；门槛所读的是 {'、'.join(values)}", "改正名称；综合贫困发生率由错退率与漏评率得出")
    for name, value in values.items():
        if not all(0 <= p <= 1 for p in value):
            faults.add(
                None,
                name,
                "、".join(f"{p:g}" for p in value),
                "真值应在 0 与 1 之间",
                f'写 rates={{"{name}": 0.005}}，或写入 [planning] rates',
            )
    lengths = {len(value) for value in values.values()} - {0, 1}  # 0: told already
    if len(lengths) > 1:
        faults.add(None, "rates", None, f"各率真值的个数不同：{'、'.join(map(str, sorted(lengths)))}", "写一样多个，或只写一个")
    strange = sorted(set(models) - set(MODELS))
    checks = (
        (all(0 <= rho < 1 for rho in iccs), "icc", "应不小于 0 而小于 1", "如 icc=0.05"),
        (bool(models) and not strange, "model", f"没有这种村间模型：{'、'.join(strange)}", f"可用：{'、'.join(MODELS)}"),
        (judged_icc in ("design", "true"), "judged_icc", f"没有这种写法：{judged_icc}", "可用：design、true"),
        (isinstance(interviewer, Real) and 0 <= interviewer < 1, "interviewer", "应不小于 0 而小于 1", "不计调查员影响写 0"),
        (isinstance(replicates, int) and replicates >= 1, "replicates", "应为不小于 1 的整数", "如 replicates=2000"),
        (isinstance(seed, str) and bool(tickets.clean(seed)) and "|" not in seed, "seed", "应为文字，不为空，不含 |", 'seed="20181110"'),
    )
    for sound, name, rule, remedy in checks:
        if not sound:
            faults.add(None, name, None, rule, remedy)
