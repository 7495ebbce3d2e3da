"""How well a sample is spread over the places of all units, and how well it reproduces known totals."""

from __future__ import annotations

import math
from collections.abc import Sequence

from evalkit.selection.flight import eliminate, standard

LARGEST = 1e100


def voronoi_balance(probs: Sequence[float], places: Sequence[Sequence[float]], sample: Sequence[int]) -> float:
    """Return the spatial balance of Stevens & Olsen: the mean of (v_i − 1)² over the sample, smaller is better spread.

    v_i is the sum of the chances of all units that are nearer to the sampled unit i than to any other; a unit equally near
    to several counts for each in equal parts (Stevens & Olsen 2004, JASA 99:262, §3.3; Grafström, Lundström & Schelin
    2012, Biometrics 68:514, §4). A census has 0.

    Parameters
    ----------
    probs : sequence of float, length N
        Chance of each unit, over 0 and at most 1.
    places : sequence of sequence of float, N rows
        Coordinates.
    sample : sequence of int
        Positions of the chosen units, counted from 0.

    Returns
    -------
    float
        At least 0; 0 when every sampled unit stands for chances of 1 together.

    Raises
    ------
    ValueError
        When lengths differ, or chances, coordinates or positions have faults.

    Examples
    --------
    >>> voronoi_balance([0.5] * 4, [[0], [1], [10], [11]], [0, 2]), voronoi_balance([0.5] * 4, [[0], [1], [10], [11]], [0, 1])
    (0.0, 0.25)
    """
    _sound(probs, places, sample, "坐标")
    shares = _cells(places, sample)
    sums = [math.fsum(probs[j] * share for j, share in cell) for cell in shares]
    return math.fsum((v - 1) * (v - 1) for v in sums) / len(sample)


def local_balance(probs: Sequence[float], places: Sequence[Sequence[float]], sample: Sequence[int]) -> float:
    """Return the local balance of Prentius & Grafström: how far sampled units are from standing for the units around them.

    √(1/N Σ_i d_iᵀ Q⁻¹ d_i) over the sample, with d_i = z_i/π_i − Σ z_j over the units nearest to i, z = (1, coordinates) and
    Q = Σ z zᵀ over all units; smaller is better spread. A unit equally near to several counts for each in equal parts. It does not
    change with the scale or origin of the coordinates, except for who is nearest (Prentius & Grafström 2024, Environmetrics
    35:e2878).

    Parameters
    ----------
    probs, places, sample
        As in `voronoi_balance`.

    Returns
    -------
    float
        At least 0, smaller is better spread.

    Raises
    ------
    ValueError
        As in `voronoi_balance`.

    Examples
    --------
    >>> places = [[0], [1], [10], [11]]
    >>> round(local_balance([0.5] * 4, places, [0, 2]), 4), round(local_balance([0.5] * 4, places, [0, 1]), 4)
    (0.0704, 0.8487)
    >>> local_balance([1.0] * 4, places, range(4))
    0.0
    """
    _sound(probs, places, sample, "坐标")
    z = _design(places)
    gram = [[math.fsum(row[a] * row[b] for row in z) / len(z) for b in range(len(z[0]))] for a in range(len(z[0]))]
    cells = _cells(places, sample)
    gaps = [_gap(z, probs[i], i, cell) for i, cell in zip(sample, cells, strict=True)]
    return math.sqrt(math.fsum(_form(gram, gap) for gap in gaps)) / len(z)


def imbalance(probs: Sequence[float], balance: Sequence[Sequence[float]], sample: Sequence[int]) -> list[float]:
    """Return for each balancing variable the error of its estimated total, relative: (Σ_S x_k/π_k − Σ x_k) / Σ|x_k|.

    A variable that is 0 everywhere has 0.

    Parameters
    ----------
    probs : sequence of float, length N
        Chance of each unit, over 0 and at most 1.
    balance : sequence of sequence of float, N rows
        Values of the balancing variables.
    sample : sequence of int
        Positions of the chosen units, counted from 0.

    Returns
    -------
    list of float
        One a variable; 0 where the total is reproduced exactly.

    Raises
    ------
    ValueError
        When lengths differ, or chances, values or positions have faults.

    Examples
    --------
    >>> imbalance([0.5] * 4, [[1, 0], [2, 0], [3, 0], [4, 0]], [0, 1])
    [-0.4, 0.0]
    """
    _sound(probs, balance, sample, "平衡变量")
    errors = []
    for j in range(len(balance[0])):
        gap = math.fsum([*(balance[i][j] / probs[i] for i in sample), *(-row[j] for row in balance)])
        width = math.fsum(abs(row[j]) for row in balance)
        errors.append(gap / width if width > 0 else 0.0)
    return errors


def _cells(places: Sequence[Sequence[float]], sample: Sequence[int]) -> list[list[tuple[int, float]]]:
    """For each sampled unit the units nearest to it, with the part in which each counts."""
    cells: list[list[tuple[int, float]]] = [[] for _ in sample]
    for j, place in enumerate(places):
        far = [sum((a - b) * (a - b) for a, b in zip(place, places[i], strict=True)) for i in sample]
        nearest = [k for k, distance in enumerate(far) if distance == min(far)]
        for k in nearest:
            cells[k].append((j, 1 / len(nearest)))
    return cells


def _design(places: Sequence[Sequence[float]]) -> list[list[float]]:
    """Rows (1, coordinates), each coordinate centred and scaled so that rounding is the same in metres and degrees."""
    columns = [standard([float(row[j]) for row in places]) for j in range(len(places[0]))]
    return [[1.0, *(column[i] for column in columns if column is not None)] for i in range(len(places))]


def _gap(z: Sequence[Sequence[float]], chance: float, unit: int, cell: Sequence[tuple[int, float]]) -> list[float]:
    return [math.fsum([z[unit][a] / chance, *(-z[j][a] * share for j, share in cell)]) for a in range(len(z[0]))]


def _form(gram: Sequence[Sequence[float]], gap: Sequence[float]) -> float:
    """gapᵀ gram⁻¹ gap; with collinear coordinates any solution gives the same, as the gap lies in the space of the rows."""
    work = [[*row, value] for row, value in zip(gram, gap, strict=True)]
    return math.fsum(gap[column] * work[row][-1] / work[row][column] for row, column in eliminate(work, len(gap)))


def _sound(probs: Sequence[float], rows: Sequence[Sequence[float]], sample: Sequence[int], word: str) -> None:
    size, width = len(probs), len(rows[0]) if rows else 0
    faults = []
    if len(rows) != size:
        faults.append(f"{word}有 {len(rows)} 行，概率有 {size} 个｜应一样多｜对齐两者")
    if wrong := [str(i) for i, chance in enumerate(probs, 1) if not 0 < chance <= 1]:
        faults.append(f"第 {'、'.join(wrong)} 个概率不在 0 与 1 之间｜应大于 0、不超过 1｜改正概率")
    if wrong := [str(i) for i, row in enumerate(rows, 1) if len(row) != width or not all(abs(value) <= LARGEST for value in row)]:
        faults.append(f"第 {'、'.join(wrong)} 个单元的{word}不全或不是数｜每个单元 {width} 个数，绝对值不超过 1e100｜补齐或改正")
    if not sample or len(set(sample)) < len(sample) or not all(0 <= i < size for i in sample):
        faults.append(f"样本 {list(sample)[:10]}｜应为 0 至 {size - 1} 之间互不相同的位置，至少一个｜改正样本")
    if faults:
        raise ValueError("\n".join(faults))
