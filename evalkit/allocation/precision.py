"""What a limit on precision asks of the strata, for several variables and domains, and what an allocation attains."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.allocation.checks import cells, entries, lengths, refuse

Numbers = NDArray[np.float64]


def demands(
    sizes: ArrayLike,
    variances: ArrayLike,
    errors: ArrayLike,
    *,
    domains: ArrayLike | None = None,
    effects: ArrayLike | None = None,
    fpc: bool = True,
) -> Numbers:
    """Return the rows a_jh of the limits Σ_h a_jh/n_h ≤ 1, one row for each variable and domain.

    a_jh = deff_jh N_h² S_jh²/(e_jd² + Σ_h N_h S_jh²) for the strata of domain d, 0 elsewhere (Bethel 1989, Surv. Meth. 15:47).

    Parameters
    ----------
    sizes : array, shape (strata,)
        N_h > 0.
    variances : array, shape (variables, strata)
        S²_jh ≥ 0.
    errors : array, shape (variables,) or (variables, domains)
        Standard error e_jd > 0 allowed for the total of the domain; for a mean multiply by the domain's N, for a CV by its total.
    domains : array of int, shape (strata,), optional
        Domain of each stratum, 0 … D−1; without it all strata make one. Rows for further divisions are stacked below.
    effects : array, shape (strata,) or (variables, strata), optional
        Design effect of clustering, > 0; 1 without it. Not where S² already holds it.
    fpc : bool
        Whether N_h S² is taken off.

    Returns
    -------
    array, shape (variables × domains, strata)
        By variable, then domain.

    Raises
    ------
    ValueError
        With every fault of the input.

    Examples
    --------
    >>> demands([100, 50], [[.25, .16]], [5.], fpc=False)
    array([[100.,  16.]])
    """
    size, square, allowed, where, effect = _checked(sizes, variances, errors, domains, effects)
    rows = size**2 * square * effect
    taken = size * square if fpc else np.zeros_like(square)
    inside = where[None, :] == np.arange(allowed.shape[1])[:, None]
    top = rows[:, None, :] * inside[None]
    bottom = allowed**2 + (taken[:, None, :] * inside[None]).sum(axis=2)
    made: Numbers = (top / bottom[:, :, None]).reshape(-1, len(size))
    return made


def standard_errors(
    n: ArrayLike,
    sizes: ArrayLike,
    variances: ArrayLike,
    *,
    domains: ArrayLike | None = None,
    effects: ArrayLike | None = None,
    fpc: bool = True,
) -> Numbers:
    """Return the standard error expected for the total of each variable in each domain, shape (variables, domains).

    √(Σ deff N²S²/n − ΣNS²), the square root of 0 where the second is larger.

    Parameters
    ----------
    n : array, shape (strata,)
        Allocation, > 0.
    sizes, variances, domains, effects, fpc
        As in `demands`.

    Returns
    -------
    array, shape (variables, domains)
        In the unit of each variable.

    Raises
    ------
    ValueError
        With every fault of the input.

    Examples
    --------
    >>> standard_errors([25, 4], [100, 50], [[.25, .16]], fpc=False)
    array([[14.14213562]])
    """
    size, square, _, where, effect = _checked(sizes, variances, None, domains, effects)
    taken = np.asarray(n, dtype=float)
    refuse(lengths(len(size), n=taken), entries("positive", n=taken.tolist()))
    each = size**2 * square * effect / taken - (size * square if fpc else 0)
    inside = where[None, :] == np.arange(where.max() + 1)[:, None]
    found: Numbers = np.sqrt(np.maximum((each[:, None, :] * inside[None]).sum(axis=2), 0))
    return found


def _checked(
    sizes: ArrayLike, variances: ArrayLike, errors: ArrayLike | None, domains: ArrayLike | None, effects: ArrayLike | None
) -> tuple[Numbers, Numbers, Numbers, NDArray[np.int64], Numbers]:
    size, square = np.asarray(sizes, dtype=float), np.atleast_2d(np.asarray(variances, dtype=float))
    where = np.zeros(len(size), dtype=int) if domains is None else np.asarray(domains, dtype=int)
    number = int(where.max()) + 1 if len(where) else 1
    allowed = np.ones((len(square), number)) if errors is None else np.asarray(errors, dtype=float).reshape(len(square), -1)
    effect = np.broadcast_to(np.asarray(1.0 if effects is None else effects, dtype=float), square.shape)
    shape = f"variances 有 {square.shape[1]} 列、errors 有 {allowed.shape[1]} 列｜应为层数 {len(size)} 与域数 {number}｜补齐或删去"
    refuse(
        [shape] if (square.shape[1], allowed.shape[1]) != (len(size), number) else [],
        lengths(len(size), domains=where),
        entries("positive", sizes=size.tolist()),
        cells("positive", errors=allowed.tolist(), effects=effect.tolist()),
        cells("nonnegative", variances=square.tolist()),
        entries("nonnegative", domains=where.tolist()),
    )
    return size, square, allowed, where, effect
