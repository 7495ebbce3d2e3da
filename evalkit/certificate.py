"""Certificate: the receipt of a draw, plain data with a hash of its own, from which anyone can draw again."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit import __version__, tickets
from evalkit.errors import CertificateError
from evalkit.sheets import write_bytes

FORMAT = 1
PARTS = ("format", "frame", "design", "seed", "stages")
OUTSIDE = ("made_with", "sha256")
SHAPES: dict[str, type] = {"frame": dict, "design": dict, "seed": dict, "stages": dict, "sha256": str}


@dataclass(frozen=True, eq=False, repr=False)
class Certificate:
    """The public receipt of a draw, with the annex of households where the draw has got so far.

    Parameters
    ----------
    content : dict
        ``format``, ``frame`` (fingerprints), ``design`` (hash and plan), ``seed`` (value and origin) and
        ``stages``; plain data.
    households : dict, optional
        Village → list of drawn households, for the annex. A certificate that was loaded has none.
    stated : str
        The SHA-256 that the file states; empty for a certificate just made.

    Notes
    -----
    The hash covers the canonical JSON of `content`; ``made_with`` and ``sha256`` stand outside it.

    Examples
    --------
    >>> content = {"format": 1, "frame": {}, "design": {"plan": {}}, "seed": {"value": "2718", "origin": "given"}, "stages": {}}
    >>> certificate = Certificate(content)
    >>> certificate.sha256[:12], certificate.intact, certificate.seed
    ('04f5766e4afb', True, '2718')
    """

    content: dict[str, Any]
    households: dict[str, list[dict[str, Any]]] | None = None
    stated: str = ""
    made_with: str = f"evalkit {__version__}"

    @property
    def sha256(self) -> str:
        """Return the hash that the certificate states."""
        return self.stated or self.computed

    @property
    def computed(self) -> str:
        """Return the hash of the content as it is now."""
        return _hash(self.content)

    @property
    def intact(self) -> bool:
        """Return whether the stated hash is that of the content."""
        return self.sha256 == self.computed

    @property
    def data(self) -> dict[str, Any]:
        """Return a copy of everything the public file holds."""
        return {**copy.deepcopy(self.content), "made_with": self.made_with, "sha256": self.sha256}

    @property
    def seed(self) -> str:
        """Return the seed."""
        return str(self.content["seed"]["value"])

    @property
    def seed_origin(self) -> str:
        """Return where the seed came from."""
        return str(self.content["seed"]["origin"])

    @property
    def plan(self) -> dict[str, Any]:
        """Return a copy of the part of the design that decides the draw."""
        plan: dict[str, Any] = copy.deepcopy(self.content["design"]["plan"])
        return plan

    @property
    def fingerprint(self) -> str:
        """Return the fingerprint of the frame that was drawn from."""
        return str(self.content["frame"]["fingerprint"])

    @property
    def design_hash(self) -> str:
        """Return the hash of the design that was drawn by."""
        return str(self.content["design"]["hash"])

    @property
    def rosters(self) -> dict[str, str]:
        """Return the fingerprint of each roster that households were drawn from, by village."""
        later = [stage.get("villages", {}) for stage in self.content["stages"].values()]
        return {village: str(receipt["roster"]) for stage in later for village, receipt in stage.items()}

    @property
    def stages(self) -> tuple[str, ...]:
        """Return the names of the stages drawn so far, in the order of the plan."""
        planned = [stage.get("name") for stage in self.content["design"]["plan"].get("stage", ())]
        return tuple(name for name in planned if name in self.content["stages"])

    def save(self, path: str | Path) -> Path:
        """Write the public file.

        Parameters
        ----------
        path : str or pathlib.Path

        Returns
        -------
        pathlib.Path
        """
        return write_bytes(path, _readable(self.data))

    def annex(self) -> dict[str, Any]:
        """Return the annex: the drawn households of each village with digest, role and order.

        Returns
        -------
        dict
            It carries the SHA-256 of this certificate and its own.

        Raises
        ------
        CertificateError
            When this certificate was loaded from its public file, or no household has been drawn.
        """
        if not self.households:
            raise CertificateError("凭证｜没有农户清单（公开文件不含农户，或尚未抽户）｜用 draw_next 抽户后的样本的凭证")
        core = {"format": FORMAT, "certificate": self.sha256, "villages": copy.deepcopy(self.households)}
        return {**core, "made_with": self.made_with, "sha256": _hash(core)}

    def save_annex(self, path: str | Path) -> Path:
        """Write the annex.

        Parameters
        ----------
        path : str or pathlib.Path

        Returns
        -------
        pathlib.Path
        """
        return write_bytes(path, _readable(self.annex()))

    @classmethod
    def load(cls, path: str | Path) -> Certificate:
        """Read a public file. Whether its hash is right is not asked here: see `intact` and `verify`.

        Parameters
        ----------
        path : str or pathlib.Path

        Returns
        -------
        Certificate

        Raises
        ------
        CertificateError
            When the file is missing, not JSON (with the position), or not a certificate.
        """
        data = _parsed(Path(path))
        missing = [part for part in (*PARTS, "sha256") if part not in data]
        if missing:
            raise CertificateError(f"{Path(path).name}｜缺少 {'、'.join(missing)}，不是完整的抽样凭证｜向抽样方索取原件")
        if data["format"] != FORMAT:
            raise CertificateError(f"{Path(path).name}｜format = {data['format']}，本版本只识 {FORMAT}｜索取原件，或用相应版本的 evalkit")
        _check_shape(data, Path(path).name)
        content = {part: value for part, value in data.items() if part not in OUTSIDE}
        return cls(content, None, data["sha256"], str(data.get("made_with", "")))

    def __repr__(self) -> str:
        seal = "" if self.intact else "，自身指纹不符"
        return f"Certificate：{'、'.join(self.stages) or '尚无'}阶段，种子来源 {self.seed_origin}，指纹 {self.sha256[:12]}{seal}"


def _hash(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(tickets.canonical(content).encode()).hexdigest()


def _readable(data: Mapping[str, Any]) -> bytes:
    return f"{json.dumps(data, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)}\n".encode()


def _check_shape(data: Mapping[str, Any], name: str) -> None:
    for where, kind in SHAPES.items():
        if not isinstance(data[where], kind):
            raise CertificateError(f"{name}｜{where} 的内容不是应有的样子｜向抽样方索取原件")
    for where, key in (("frame", "fingerprint"), ("seed", "value"), ("seed", "origin"), ("design", "hash"), ("design", "plan")):
        if key not in data[where]:
            raise CertificateError(f"{name}｜缺少 {where}.{key}，不是完整的抽样凭证｜向抽样方索取原件")
    if not isinstance(data["design"]["plan"], dict):
        raise CertificateError(f"{name}｜design.plan 的内容不是应有的样子｜向抽样方索取原件")


def _parsed(source: Path) -> dict[str, Any]:
    try:
        data = json.loads(source.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise CertificateError(f"{source}｜没有这个文件｜检查路径") from None
    except UnicodeDecodeError as fault:
        raise CertificateError(f"{source.name}｜第 {fault.start + 1} 个字节起不是 UTF-8 文字，文件被改动或损坏｜向抽样方索取原件") from None
    except json.JSONDecodeError as fault:
        raise CertificateError(
            f"{source.name}｜第 {fault.lineno} 行第 {fault.colno} 列读不下去，文件被改动或损坏｜向抽样方索取原件"
        ) from None
    if not isinstance(data, dict):
        raise CertificateError(f"{source.name}｜不是抽样凭证｜给出 certificate.json")
    return data
