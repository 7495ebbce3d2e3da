"""Numbers for synthetic data and replicates: SHAKE-256 read as 64-bit words, and what is made of them.

The words of one stream are the output of SHAKE-256 over ``seed|purpose|key`` (UTF-8, NFC, stripped), read
little-endian, eight bytes a word, in order. A stream has no end: its first k numbers are the same however
many are asked for, and no stream knows of another, so data keyed by village are the same whether one
village is made or all of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from evalkit import tickets
from evalkit.errors import EvalkitError

Floats = NDArray[np.float64]


def numbers(seed: str, purpose: str, key: str, count: int) -> Floats:
    """Return `count` uniform numbers strictly between 0 and 1.

    Parameters
    ----------
    seed, purpose, key : str
        What names the stream; none may hold ``|``.
    count : int
        How many, 0 or more.

    Returns
    -------
    ndarray of float, shape (count,), read-only
        u = ((k >> 12) + 1/2) / 2**52 for each word k, so that 0 < u < 1 exactly.

    Raises
    ------
    EvalkitError
        When a part holds ``|``, or `count` is negative.

    References
    ----------
    NIST FIPS 202 (2015), SHA-3 Standard: SHAKE256, section 6.2.

    Examples
    --------
    >>> numbers("42", "persons", "411726001001", 3).round(6).tolist()
    [0.85872, 0.336251, 0.996329]
    >>> bool((numbers("42", "persons", "a", 5)[:2] == numbers("42", "persons", "a", 2)).all())
    True
    """
    return numbers_of(seed, purpose, [key], [count])


def numbers_of(seed: str, purpose: str, keys: Sequence[str], counts: Sequence[int]) -> Floats:
    """Return the numbers of many streams, one stream after the other.

    Parameters
    ----------
    seed, purpose : str
        What names the streams; none may hold ``|``.
    keys : sequence of str, shape (k,)
        One stream a key, such as a village.
    counts : sequence of int, shape (k,)
        How many numbers of each, 0 or more.

    Returns
    -------
    ndarray of float, shape (sum of counts,), read-only
        Those that `numbers` gives of each key.

    Raises
    ------
    EvalkitError
        When a part holds ``|``, or a count is negative.

    Examples
    --------
    >>> numbers_of("42", "persons", ["a", "b"], [2, 1]).tolist() == [*numbers("42", "persons", "a", 2), *numbers("42", "persons", "b", 1)]
    True
    """
    uniform: Floats = ((_output(seed, purpose, keys, counts) >> np.uint64(12)).astype(np.float64) + 0.5) / 2.0**52
    uniform.flags.writeable = False
    return uniform


def words(seed: str, purpose: str, keys: Sequence[str], count: int) -> NDArray[np.uint64]:
    """Return the first `count` words of the streams of many keys, the words that `numbers` makes its numbers of.

    Parameters
    ----------
    seed, purpose : str
        What names the streams; none may hold ``|``.
    keys : sequence of str, shape (k,)
        One stream a key, such as the number of a replicate.
    count : int
        Words of each stream, 0 or more.

    Returns
    -------
    ndarray of uint64, shape (k, count), read-only
        The output of SHAKE-256 over ``seed|purpose|key``, little-endian. About 3 ns a byte; 8 · k · count bytes are held.

    Raises
    ------
    EvalkitError
        When a part holds ``|``, or `count` is negative.

    Examples
    --------
    >>> (words("42", "persons", ["411726001001"], 3) >> np.uint64(12)).tolist()
    [[3867329835630337, 1514338928360879, 4487066445414023]]
    """
    return _output(seed, purpose, keys, [count] * len(keys)).reshape(len(keys), count)


def _output(seed: str, purpose: str, keys: Sequence[str], counts: Sequence[int]) -> NDArray[np.uint64]:
    """Return the words of many streams, one stream after the other."""
    begun, least = f"{_sound(seed)}|{_sound(purpose)}|", min(counts, default=0)
    if least < 0:
        raise EvalkitError(f"随机数个数：{least}｜应不小于 0｜改为 0 或正整数")
    streams = zip(map(_sound, keys), counts, strict=True)
    data = b"".join([hashlib.shake_256(f"{begun}{key}".encode()).digest(8 * count) for key, count in streams])
    return np.frombuffer(data, dtype="<u8")


def _sound(part: str) -> str:
    cleaned = tickets.clean(part)
    if "|" in cleaned:
        raise EvalkitError("随机数流的名称含有 |｜| 用来分隔种子、用途与单位｜去掉 | 后重试")
    return cleaned


def normal(u: ArrayLike) -> Floats:
    """Return standard normal deviates, the inverse distribution function at `u`.

    Examples
    --------
    >>> normal([0.5, 0.975]).round(6).tolist()
    [0.0, 1.959964]
    """
    return np.asarray(special.ndtri(np.asarray(u, dtype=np.float64)), dtype=np.float64)


def exponential(u: ArrayLike) -> Floats:
    """Return exponential deviates of mean 1, the inverse distribution function at `u`.

    Examples
    --------
    >>> exponential([0.5]).round(6).tolist()
    [0.693147]
    """
    return -np.log1p(-np.asarray(u, dtype=np.float64))


def binomial(u: ArrayLike, trials: int, chance: float) -> NDArray[np.int64]:
    """Return binomial counts, the inverse distribution function at `u`.

    Parameters
    ----------
    u : array_like
        Uniform numbers.
    trials : int
        Number of trials, at least 0.
    chance : float
        Chance of success, 0 to 1.

    Returns
    -------
    ndarray of int, shape of `u`

    Examples
    --------
    >>> binomial([0.1, 0.5, 0.99], 10, 0.2).tolist()
    [0, 2, 5]
    """
    below = special.bdtr(np.arange(trials, dtype=np.float64), trials, chance)
    return np.searchsorted(below, np.asarray(u, dtype=np.float64), side="left").astype(np.int64)


def beta(u: ArrayLike, mean: ArrayLike, icc: float) -> Floats:
    """Return beta deviates with the stated mean and intra-cluster correlation, the inverse at `u`.

    With shape parameters a = mean·(1−icc)/icc and b = (1−mean)·(1−icc)/icc, two 0/1 outcomes of one cluster
    that share the deviate as their chance have correlation icc (the beta-binomial model).

    Parameters
    ----------
    u : array_like
        Uniform numbers, one a cluster.
    mean : array_like
        0 to 1, one number or one a cluster.
    icc : float
        0 to 1. With 0 every deviate is its mean; with 1 each is 0 or 1.

    References
    ----------
    Williams D.A. (1975), Biometrics 31: 949-952, the beta-binomial model of clustered outcomes.

    Examples
    --------
    >>> beta([0.25, 0.5, 0.75], 0.5, 1 / 3).round(6).tolist()
    [0.25, 0.5, 0.75]
    >>> beta([0.1, 0.9], 0.02, 0.0).tolist()
    [0.02, 0.02]
    """
    uniform, centre = np.broadcast_arrays(np.asarray(u, dtype=np.float64), np.asarray(mean, dtype=np.float64))
    if icc == 0:
        return np.array(centre)
    if icc == 1:
        return np.asarray(uniform > 1 - centre, dtype=np.float64)
    spread, inside = (1 - icc) / icc, (centre > 0) & (centre < 1)
    safe = np.where(inside, centre, 0.5)
    return np.where(inside, special.betaincinv(safe * spread, (1 - safe) * spread, uniform), centre)


def pick(u: ArrayLike, weights: ArrayLike) -> NDArray[np.int64]:
    """Return the position of the chosen item for each `u`, items chosen in proportion to `weights`.

    Examples
    --------
    >>> pick([0.1, 0.6, 0.95], [5, 4, 1]).tolist()
    [0, 1, 2]
    """
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.searchsorted(edges[:-1] / edges[-1], np.asarray(u, dtype=np.float64), side="right").astype(np.int64)
