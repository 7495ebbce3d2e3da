"""How a value becomes points: the scoring primitives of published assessment tables, numbers in, points out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.errors import EstimateError, Faults, one_of

Floats = NDArray[np.float64]
DUST = 9  # decimals of a number of steps: 0.3 points short at 0.1 a step are three steps, not four
PARTS = {"begun": "不足一步按一步扣", "whole": "不足一步不扣", "linear": "按比例扣"}


@dataclass(frozen=True)
class Method:
    """One scoring rule.

    Parameters
    ----------
    text : str
        What it does, in Chinese, as the tables of methods print it.
    needs : tuple of str
        The keys it cannot do without.
    may : tuple of str
        Further keys that it reads.
    points : callable
        From values, weight and keys to points.
    """

    text: str
    needs: tuple[str, ...]
    points: Callable[..., Any]
    may: tuple[str, ...] = ()


def _met(x: Floats, weight: float) -> Any:
    return weight * (x > 0)


def _steps(x: Floats, weight: float, *, target: float, direction: str, step: float, per: float, part: str, floor: float = 0.0) -> Any:
    gap = np.maximum(target - x if direction == "above" else x - target, 0.0)
    many = np.round(gap / step, DUST)
    ways: dict[str, Callable[[Floats], Any]] = {"begun": np.ceil, "whole": np.floor, "linear": np.asarray}
    counted = ways[part](many)
    return np.maximum(weight - per * counted, floor)


def _cases(x: Floats, weight: float, *, per: float, cap: float | None = None, floor: float = 0.0) -> Any:
    taken = per * x if cap is None else np.minimum(per * x, cap)
    return np.maximum(weight - taken, floor)


def _goalposts(x: Floats, weight: float, *, worst: float, best: float) -> Any:
    return weight * np.clip((x - worst) / (best - worst), 0.0, 1.0)


def _percent(x: Floats, weight: float, *, maximum: float) -> Any:
    return weight * np.clip(x / maximum, 0.0, 1.0)


def _ranked(x: Floats, weight: float, *, direction: str) -> Any:
    units = x.shape[-1]
    better = -x if direction == "below" else x
    ahead = (better[..., None, :] > better[..., :, None]).sum(axis=-1)
    ties = (better[..., None, :] == better[..., :, None]).sum(axis=-1) - 1
    place = 1 + ahead + ties / 2  # those that tie share the mean of their places
    return weight * (units - place) / max(units - 1, 1) if units > 1 else np.full(x.shape, weight)


METHODS: dict[str, Method] = {
    "gate": Method("门槛：达到得满分，达不到一票否决", ("target", "direction", "strict"), _met),
    "threshold": Method("达标给分：达到得满分，达不到不得分", ("target", "direction", "strict"), _met),
    "steps": Method("按步扣分：每差一步扣若干分，扣到下限为止", ("target", "direction", "step", "per", "part"), _steps, ("floor",)),
    "cases": Method("按例扣分：每例扣若干分，可设最多扣多少", ("per",), _cases, ("cap", "floor")),
    "goalposts": Method("两端之间按比例：最差得 0 分，最好得满分", ("worst", "best"), _goalposts),
    "percent": Method("按满分折算：得分除以原满分再乘分值", ("maximum",), _percent),
    "rank": Method("按名次：第一名满分，末名 0 分，并列取平均名次", ("direction",), _ranked),
}


def award(rule: str, x: ArrayLike, weight: float, **keys: Any) -> Floats:
    """Return the points that values earn under a rule.

    Parameters
    ----------
    rule : str
        A name of `METHODS`.
    x : array, shape (…, units)
        Values in the unit of the indicator: shares in [0, 1], counts ≥ 0, points. For "gate" and "threshold" 1 where the rule is met
        and 0 where not, as `evalkit.verdict.satisfies` says.
    weight : float
        Most points, ≥ 0.
    **keys
        What the rule needs: `target`, `direction` ("above" or "below" is good), `step` (> 0) and `per` points for each;
        `part` says whether a step that is begun counts ("begun", "whole", "linear"); `floor` and `cap` in points; `worst`, `best`;
        `maximum`.

    Returns
    -------
    float array, shape of `x`

    Raises
    ------
    EstimateError
        Unknown rule; a key that is missing, strange or of no use; a value that is no finite number.

    Notes
    -----
    steps: max(floor, weight − per · ⌈(target − x)/step⌉), with ⌊ ⌋ or no rounding by `part`; cases: max(floor, weight −
    min(cap, per · x)); goalposts: weight · (x − worst)/(best − worst) within [0, weight]; percent: weight · x/maximum; rank: weight ·
    (K − place)/(K − 1).

    Examples
    --------
    The city table of Sichuan 2017 takes 1 of 4 points for each 0.1 percentage point short of 100 %:

    >>> award("steps", [1.0, .9985, .99], 4, target=1, direction="above", step=.001, per=1, part="begun").tolist()
    [4.0, 2.0, 0.0]
    >>> award("cases", [0, 3, 20], 30, per=2).tolist()
    [30.0, 24.0, 0.0]
    """
    method = one_of("rule", rule, METHODS, EstimateError, "计分规则")
    values, faults = np.asarray(x, dtype=float), Faults("计分")
    for name in method.needs if method.points is not _met else ():
        if keys.get(name) is None:
            faults.add(None, name, None, f"{rule} 需要这一项", f"写 {name} = …")
    for name in sorted(set(keys) - {*method.needs, *method.may}):
        faults.add(None, name, keys[name], f"{rule} 不用这一项", "删去")
    if not bool(np.isfinite(values).all()):
        faults.add(None, "x", None, "应为有限数", "没有数值的指标先补上，或不计分")
    faults.refuse(EstimateError)
    return np.asarray(method.points(values, weight, **({} if method.points is _met else keys)), dtype=float)
