"""Ticket numbers: a SHA-256 digest for each unit, made of the seed, the stage and the unit's id.

A ticket depends on nothing else: not on the order of rows, nor on the other units of the frame. So a
draw can be repeated by anyone from the seed and the list, and adding a unit changes no other ticket.
The message that is hashed is ``seed|stage|unit`` in UTF-8, after NFC and stripping.

A unit of a later stage carries its village: ``seed|household|411726101201/0038``.

Here too is the one canonical text of plain data, from which every fingerprint in evalkit is made.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import Any

SEPARATORS = ("|", "/")
QUOTED = json.encoder.encode_basestring
CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def clean(part: str) -> str:
    """Return a part of a message as it is hashed: NFC, without blanks around it.

    Parameters
    ----------
    part : str
        A seed, a stage or a unit id.

    Returns
    -------
    str

    Examples
    --------
    >>> clean("  0038 ")
    '0038'
    """
    return unicodedata.normalize("NFC", part).strip()


def cleaned(parts: Sequence[str]) -> list[str]:
    """Return many parts, each as `clean` returns it, in a fraction of the time.

    Examples
    --------
    >>> cleaned([" 0038", "0039"])
    ['0038', '0039']
    """
    # a line break neither composes nor moves in NFC, so the whole text is in order when every part is
    if not unicodedata.is_normalized("NFC", "\n".join(parts)):
        parts = [unicodedata.normalize("NFC", part) for part in parts]
    return list(map(str.strip, parts))


def sound_id(part: str) -> bool:
    """Say whether an id can stand in a message: not empty, no ``|``, no ``/``, no blank or control character inside.

    Parameters
    ----------
    part : str
        The id after `clean`.

    Returns
    -------
    bool

    Examples
    --------
    >>> sound_id("0038"), sound_id("3/8"), sound_id("3 8"), sound_id("")
    (True, False, False, False)
    """
    if part.isalnum():
        return True  # letters and digits alone hold none of what is refused: most ids, a long list of which is looked at at once
    marks = any(mark in part for mark in SEPARATORS)
    return bool(part) and not marks and not any(letter.isspace() or unicodedata.category(letter).startswith("C") for letter in part)


def digest(seed: str, stage: str, unit: str) -> bytes:
    """Return the ticket of one unit, SHA-256 of ``seed|stage|unit``.

    Parameters
    ----------
    seed : str
        The seed of the ceremony; text, usually twenty or more digits.
    stage : str
        The name of the stage, such as ``village``.
    unit : str
        The id of the unit within its stage.

    Returns
    -------
    bytes
        32 bytes. Units are ordered by the whole digest, so ties do not occur.

    Examples
    --------
    >>> digest("20260101-314159265358979", "village", "V001").hex()[:16]
    '164cf318b0c709dc'
    """
    message = "|".join((clean(seed), clean(stage), clean(unit)))
    return hashlib.sha256(message.encode()).digest()


def digests(seed: str, stage: str, units: Sequence[str]) -> list[bytes]:
    """Return the tickets of many units, each exactly that of `digest`, in a fraction of the time.

    What all messages begin with is hashed once, and the state of the hash copied for each unit.

    Parameters
    ----------
    seed, stage : str
        As in `digest`.
    units : sequence of str, shape (N,)
        Ids; in a later stage ``village/unit``.

    Returns
    -------
    list of bytes, shape (N,)

    Examples
    --------
    >>> seed = "20260101-314159265358979"
    >>> digests(seed, "village", ["V001", " V002"]) == [digest(seed, "village", unit) for unit in ("V001", "V002")]
    True
    """
    begun, found = hashlib.sha256(f"{clean(seed)}|{clean(stage)}|".encode()), []
    for unit in cleaned(units):
        ticket = begun.copy()
        ticket.update(unit.encode())
        found.append(ticket.digest())
    return found


def number(ticket: bytes) -> float:
    """Return the ticket as a number strictly between 0 and 1.

    ``u = ((k >> 12) + 1/2) / 2**52`` with k the first 64 bits, big-endian. All 52 bits are exact in a
    double, so u never rounds to 0 or 1.

    Parameters
    ----------
    ticket : bytes
        A digest of at least 8 bytes.

    Returns
    -------
    float
        0 < u < 1.

    Examples
    --------
    >>> round(number(digest("20260101-314159265358979", "village", "V001")), 6)
    0.087112
    """
    return ((int.from_bytes(ticket[:8], "big") >> 12) + 0.5) / 2**52


def series(start: bytes) -> Iterator[float]:
    """Yield numbers between 0 and 1 that belong to a stratum and to no unit of it.

    The j-th, counted from 1, is `number` of SHA-256 of ``<start in hexadecimal>|j``.

    Parameters
    ----------
    start : bytes
        The digest of the stratum.

    Yields
    ------
    float
        0 < u < 1; the series does not end.

    Examples
    --------
    >>> from itertools import islice
    >>> [round(u, 6) for u in islice(series(bytes(32)), 2)]
    [0.231607, 0.675319]
    """
    for j in count(1):
        yield number(hashlib.sha256(f"{start.hex()}|{j}".encode()).digest())


def shifted(ticket: bytes, shift: float) -> bytes:
    """Return a ticket moved forward on the circle from 0 to 1, so that another year takes other units, or the same.

    Read as a whole number k of 256 bits, the ticket becomes ``(k − floor(shift × 2**256)) mod 2**256``: the units whose
    tickets come next after `shift` have the smallest numbers (Ohlsson 1995, Coordination of samples using permanent
    random numbers, in Business Survey Methods, ch. 9).

    Parameters
    ----------
    ticket : bytes
        A digest.
    shift : float
        0 ≤ shift < 1.

    Returns
    -------
    bytes
        As long as the ticket.

    Examples
    --------
    >>> number(shifted(bytes([0x40] + [0] * 31), 0.125))
    0.1250000000000001
    """
    bits = 8 * len(ticket)
    top, bottom = shift.as_integer_ratio()
    return ((int.from_bytes(ticket, "big") - (top << bits) // bottom) % (1 << bits)).to_bytes(len(ticket), "big")


def order(seed: str, stage: str, units: Iterable[str]) -> list[str]:
    """Return the units in the order of their tickets.

    Parameters
    ----------
    seed, stage : str
        As in `digest`.
    units : iterable of str
        Ids, in any order.

    Returns
    -------
    list of str
        By the whole digest, then by id.

    Examples
    --------
    >>> order("20260101-314159265358979", "village", ["V005", "V002", "V001", "V003"])
    ['V001', 'V003', 'V005', 'V002']
    """
    named = list(units)
    return [unit for _, unit in sorted(zip(digests(seed, stage, named), named, strict=True))]


def canonical(data: Any) -> str:
    """Return plain data as JSON in its one canonical form: keys sorted, no blanks, characters as they are.

    Parameters
    ----------
    data : dict, list, str, int, float, bool or None
        Nested as needed.

    Returns
    -------
    str

    Examples
    --------
    >>> canonical({"n": 2, "N": 35, "村": ["甲", 0.5]})
    '{"N":35,"n":2,"村":["甲",0.5]}'
    """
    return CANONICAL.encode(data)


def seal(data: Any) -> str:
    """Return the SHA-256 of plain data in its canonical form.

    Parameters
    ----------
    data : dict, list, str, int, float, bool or None
        As for `canonical`.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> seal({"n": 2, "N": 35}) == seal({"N": 35, "n": 2}), seal({"n": 2})[:12]
    (True, '363379742f80')
    """
    return hashlib.sha256(canonical(data).encode()).hexdigest()


def fingerprint(rows: Iterable[Sequence[Any]]) -> str:
    """Return the SHA-256 of rows: each row a canonical JSON list on a line of its own, in UTF-8.

    Parameters
    ----------
    rows : iterable of sequence
        Already in their order.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> fingerprint([["01", "东关"], ["02", "西关"]])[:12]
    '172626164a28'
    """
    total = hashlib.sha256()
    for row in rows:
        # texts and whole numbers, which are nearly all, without the encoder's preparations
        cells = [QUOTED(cell) if type(cell) is str else str(cell) if type(cell) is int else canonical(cell) for cell in row]
        total.update(f"[{','.join(cells)}]\n".encode())
    return total.hexdigest()
