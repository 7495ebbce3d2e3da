"""The format that a file states: read, or refused by name with what to do, and never guessed at."""

from __future__ import annotations

from typing import Any

from evalkit.errors import EvalkitError


def check_format(name: str, stated: Any, known: int, error: type[EvalkitError]) -> None:
    """Refuse a file whose format is not the one that this version reads.

    Parameters
    ----------
    name : str
        Of the file.
    stated : Any
        What the file says under ``format``; None when it says nothing.
    known : int
    error : type of EvalkitError

    Raises
    ------
    EvalkitError
        Of the given type.

    Examples
    --------
    >>> check_format("a.json", 1, 1, EvalkitError)
    >>> check_format("a.json", 2, 1, EvalkitError)
    Traceback (most recent call last):
        ...
    evalkit.errors.EvalkitError: a.json｜format = 2，本版本只识 1｜由较新的 evalkit 写出：升级 evalkit 后再读
    """
    if type(stated) is int and stated == known:
        return
    if stated is None:
        raise error(f"{name}｜没有写 format（版式），本版本只识 {known}｜恢复原件；自己写的，补上 format = {known}")
    if type(stated) is not int:
        raise error(f"{name}｜format = {str(stated)[:20]}，本版本只识 {known}｜版式是一个整数，恢复原件")
    newer = stated > known
    way = "由较新的 evalkit 写出：升级 evalkit 后再读" if newer else "由较旧的 evalkit 写出：用当时的版本读，或用本版本重新写出"
    raise error(f"{name}｜format = {stated}，本版本只识 {known}｜{way}")
