"""Certificate: the receipt of a draw, plain data with a hash of its own, from which anyone can draw again."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit import __version__, tickets
from evalkit.errors import CertificateError
from evalkit.formats import check_format
from evalkit.sheets import write_bytes
from evalkit.showing import Rows, Shown

FORMAT = 2
PARTS = ("format", "frame", "design", "seed", "stages")
OUTSIDE = ("made_with", "sha256")
SHAPES: dict[tuple[str, ...], type] = {
    ("frame",): dict, ("design",): dict, ("seed",): dict, ("stages",): dict, ("sha256",): str, ("made_with",): str,
    ("frame", "fingerprint"): str, ("frame", "strata"): dict, ("frame", "units"): int,
    ("seed", "value"): str, ("seed", "origin"): str, ("design", "hash"): str, ("design", "plan"): dict,
}  # fmt: skip
NEEDED = (("frame", "fingerprint"), ("seed", "value"), ("seed", "origin"), ("design", "hash"), ("design", "plan"))
DEEPEST = 40  # levels of a file; a certificate has nine
LONGEST = 18  # digits of a whole number; a count has fewer
ORIGINAL = "向抽样方索取原件"


@dataclass(frozen=True, eq=False, repr=False)
class Certificate(Shown):
    """The public receipt of a draw, with the annex of households where the draw has got so far.

    Parameters
    ----------
    _content : dict
        What the hash covers: ``format``, ``frame`` (fingerprints), ``design`` (hash and plan), ``seed`` (value and origin) and
        ``stages``; plain data.
    _households : dict, optional
        Village → list of drawn households, for the annex. A certificate that was loaded has none.
    stated : str
        The SHA-256 that the file states; empty for a certificate just made.

    Notes
    -----
    The hash covers the canonical JSON of `content`; both are copied when the certificate is made, and handed out as copies;
    ``made_with`` and ``sha256`` stand outside it.

    Examples
    --------
    >>> content = {"format": 1, "frame": {}, "design": {"plan": {}}, "seed": {"value": "2718", "origin": "given"}, "stages": {}}
    >>> certificate = Certificate(content)
    >>> certificate.sha256[:12], certificate.intact, certificate.seed
    ('04f5766e4afb', True, '2718')
    """

    _content: dict[str, Any]
    _households: dict[str, list[dict[str, Any]]] | None = None
    stated: str = ""
    made_with: str = f"evalkit {__version__}"

    def __post_init__(self) -> None:
        for name in ("_content", "_households"):
            object.__setattr__(self, name, json.loads(_plain_text(getattr(self, name), "凭证")))

    @property
    def content(self) -> dict[str, Any]:
        """Return a copy of what the hash covers."""
        return copy.deepcopy(self._content)

    @property
    def households(self) -> dict[str, list[dict[str, Any]]] | None:
        """Return a copy of the drawn households by village; None in a certificate that was loaded."""
        return copy.deepcopy(self._households)

    @property
    def sha256(self) -> str:
        """Return the hash that the certificate states."""
        return self.stated or self.computed

    @property
    def computed(self) -> str:
        """Return the hash of the content as it is now."""
        return tickets.seal(self._content)

    @property
    def intact(self) -> bool:
        """Return whether the stated hash is that of the content."""
        return self.sha256 == self.computed

    @property
    def data(self) -> dict[str, Any]:
        """Return a copy of everything the public file holds."""
        return {**self.content, "made_with": self.made_with, "sha256": self.sha256}

    @property
    def seed(self) -> str:
        """Return the seed."""
        return str(self._stated("seed", "value"))

    @property
    def seed_origin(self) -> str:
        """Return where the seed came from."""
        return str(self._stated("seed", "origin"))

    @property
    def plan(self) -> dict[str, Any]:
        """Return a copy of the part of the design that decides the draw."""
        plan = self._stated("design", "plan")
        if not isinstance(plan, dict):
            raise _misshapen("凭证", "design.plan")
        return copy.deepcopy(plan)

    @property
    def fingerprint(self) -> str:
        """Return the fingerprint of the frame that was drawn from."""
        return str(self._stated("frame", "fingerprint"))

    @property
    def design_hash(self) -> str:
        """Return the hash of the design that was drawn by."""
        return str(self._stated("design", "hash"))

    @property
    def rosters(self) -> dict[str, str]:
        """Return the fingerprint of each roster that households were drawn from, by village."""
        _check_stages(self._content.get("stages"), "凭证")
        later = [stage.get("villages", {}) for stage in self._content["stages"].values()]
        return {village: str(receipt["roster"]) for stage in later for village, receipt in stage.items()}

    @property
    def stages(self) -> tuple[str, ...]:
        """Return the names of the stages drawn so far, in the order of the plan."""
        planned, drawn = self.plan.get("stage", []), self._content.get("stages")
        if not isinstance(planned, list) or not all(isinstance(stage, dict) for stage in planned):
            raise _misshapen("凭证", "design.plan.stage")
        if not isinstance(drawn, dict):
            raise _misshapen("凭证", "stages")
        return tuple(stage["name"] for stage in planned if isinstance(stage.get("name"), str) and stage["name"] in drawn)

    def _stated(self, where: str, key: str) -> Any:
        part = self._content.get(where)
        if not isinstance(part, dict):
            raise _misshapen("凭证", where)
        if key not in part:
            raise _lacking("凭证", f"{where}.{key}")
        return part[key]

    def save(self, path: str | Path) -> Path:
        """Write the public file.

        Parameters
        ----------
        path : str or pathlib.Path

        Returns
        -------
        pathlib.Path
        """
        return write_bytes(path, _readable({**self._content, "made_with": self.made_with, "sha256": self.sha256}))

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
        if not self._households:
            raise CertificateError("凭证｜没有农户清单（公开文件不含农户，或尚未抽户）｜用 draw_next 抽户后的样本的凭证")
        core = {"format": FORMAT, "certificate": self.sha256, "villages": self.households}
        return {**core, "made_with": self.made_with, "sha256": tickets.seal(core)}

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
            When the file is missing, not JSON (with the position), or not a certificate: a part is absent
            or of another kind, a key stands twice, a number is not finite.
        """
        data = _parsed(path)
        name = Path(path).name
        missing = [part for part in (*PARTS, "sha256") if part not in data]
        if missing:
            raise _lacking(name, "、".join(missing))
        check_format(name, data["format"], FORMAT, CertificateError)
        _check_shape(data, name)
        content = {part: value for part, value in data.items() if part not in OUTSIDE}
        return cls(content, None, data["sha256"], str(data.get("made_with", "")))

    def _rows_shown(self) -> Rows:
        parts = self._content["stages"]
        lists = {name: len(part.get("strata", part.get("villages", ()))) for name, part in parts.items()}
        what = {name: "层" if "strata" in part else "村" for name, part in parts.items()}
        return Rows(("阶段", "方法", "分为"), [(name, part["method"], f"{lists[name]} {what[name]}") for name, part in parts.items()], 2)

    def __repr__(self) -> str:
        seal = "" if self.intact else "，自身指纹不符"
        return f"Certificate：{'、'.join(self.stages) or '尚无'}阶段，种子来源 {self.seed_origin}，指纹 {self.sha256[:12]}{seal}"


def read_annex(path: str | Path) -> dict[str, Any]:
    """Read the annex with the drawn households.

    Parameters
    ----------
    path : str or pathlib.Path

    Returns
    -------
    dict
        ``certificate`` (the hash of the certificate it belongs to), ``villages``, ``sha256`` and what else
        stands in the file.

    Raises
    ------
    CertificateError
        When the file is missing, not JSON, or not an annex.
    """
    data = _parsed(path)
    name = Path(path).name
    missing = [part for part in ("format", "certificate", "villages", "sha256") if part not in data]
    if missing:
        raise CertificateError(f"{name}｜缺少 {'、'.join(missing)}，不是完整的凭证附件｜{ORIGINAL}")
    check_format(name, data["format"], FORMAT, CertificateError)
    for where, kind in (("certificate", str), ("sha256", str), ("villages", dict)):
        if not isinstance(data[where], kind):
            raise _misshapen(name, where)
    for village, rows in data["villages"].items():
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise _misshapen(name, f"villages.{village}")
    return data


def _readable(data: Mapping[str, Any]) -> bytes:
    return f"{json.dumps(data, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)}\n".encode()


def _misshapen(name: str, where: str) -> CertificateError:
    return CertificateError(f"{name}｜{where} 的内容不是应有的样子｜{ORIGINAL}")


def _lacking(name: str, what: str) -> CertificateError:
    return CertificateError(f"{name}｜缺少 {what}，不是完整的抽样凭证｜{ORIGINAL}")


def _check_shape(data: Mapping[str, Any], name: str) -> None:
    for (where, *key), kind in SHAPES.items():
        part = data.get(where, "") if not key else data[where].get(key[0], kind())
        if not isinstance(part, kind) or isinstance(part, bool):
            raise _misshapen(name, ".".join((where, *key)))
    for where, needed in NEEDED:
        if needed not in data[where]:
            raise _lacking(name, f"{where}.{needed}")
    _check_stages(data["stages"], name)


def _check_stages(stages: Any, name: str) -> None:
    if not isinstance(stages, dict):
        raise _misshapen(name, "stages")
    for stage, part in stages.items():
        if not isinstance(part, dict):
            raise _misshapen(name, f"stages.{stage}")
        _check_strata(part, name, f"stages.{stage}")
        villages = part.get("villages", {})
        if not isinstance(villages, dict):
            raise _misshapen(name, f"stages.{stage}.villages")
        for village, receipt in villages.items():
            where = f"stages.{stage}.villages.{village}"
            if not isinstance(receipt, dict) or not isinstance(receipt.get("roster", ""), str):
                raise _misshapen(name, where)
            if "roster" not in receipt:
                raise _lacking(name, f"{where}.roster")
            _check_strata(receipt, name, where)


def _check_strata(part: dict[str, Any], name: str, where: str) -> None:
    strata = part.get("strata", {})
    if not isinstance(strata, dict):
        raise _misshapen(name, f"{where}.strata")
    for stratum, cell in strata.items():
        if not isinstance(cell, dict) or not isinstance(cell.get("units", []), list):
            raise _misshapen(name, f"{where}.strata.{stratum}")


def _parsed(path: str | Path) -> dict[str, Any]:
    if not isinstance(path, (str, Path)):
        raise CertificateError(f"凭证｜应为文件路径，现为 {type(path).__name__}｜给出 certificate.json 的路径")
    source = Path(path)
    try:
        text = source.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise CertificateError(f"{source}｜没有这个文件｜检查路径") from None
    except UnicodeDecodeError as fault:
        raise CertificateError(f"{source.name}｜第 {fault.start + 1} 个字节起不是 UTF-8 文字，文件被改动或损坏｜{ORIGINAL}") from None
    except (OSError, ValueError):  # a folder, a name with NUL, no permission
        raise CertificateError(f"{str(source)[:80]!r}｜不是能读的文件｜给出 certificate.json 的路径") from None
    data = _json(text, source.name)
    if not isinstance(data, dict):
        raise CertificateError(f"{source.name}｜不是抽样凭证｜给出 certificate.json")
    _plain_text(data, source.name)
    return data


def _json(text: str, name: str) -> Any:
    def fault(what: str) -> CertificateError:
        return CertificateError(f"{name}｜{what}，文件被改动或损坏｜{ORIGINAL}")

    def whole(digits: str) -> int:
        if len(digits) > LONGEST:
            raise fault(f"整数 {digits[:12]}… 有 {len(digits)} 位")
        return int(digits)

    def finite(digits: str) -> float:
        if not math.isfinite(float(digits)):
            raise fault(f"{digits[:12]} 不是有限的数")
        return float(digits)

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        if len(set(keys)) < len(keys):
            raise fault(f"键 {next(key for key in keys if keys.count(key) > 1)!r} 写了两次")
        return dict(pairs)

    try:
        return json.loads(text, parse_int=whole, parse_float=finite, parse_constant=finite, object_pairs_hook=once)
    except json.JSONDecodeError as found:
        raise fault(f"第 {found.lineno} 行第 {found.colno} 列读不下去") from None
    except RecursionError:
        raise fault("括号嵌套过深") from None


def _plain_text(data: Any, name: str) -> str:
    """Return the canonical text; refuse what has none: too deep, not finite, no plain data, half a character."""
    level, depth = [data], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise CertificateError(f"{name}｜括号嵌套过深，文件被改动或损坏｜{ORIGINAL}")
        parts = [list(part.values()) if isinstance(part, dict) else part for part in level if isinstance(part, (dict, list))]
        level = [inner for part in parts for inner in part]
    try:
        text = tickets.canonical(data)
        text.encode()
    except (TypeError, ValueError):
        raise CertificateError(f"{name}｜内容含有不能写成 JSON 的值（如 NaN、半个字符）｜{ORIGINAL}") from None
    return text
