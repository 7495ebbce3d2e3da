"""Ceremony: a seed made in public, by parties who commit before they reveal, or by dice; after frame and design are fixed."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit import tickets
from evalkit.codes import is_identity
from evalkit.errors import CeremonyError, Faults
from evalkit.formats import check_format
from evalkit.sheets import write_bytes
from evalkit.showing import Rows, Shown

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.frame import Frame

DIGITS = 20  # of dice: ten-sided, to about 66 bits, too many to try them all
SECRET = 16  # bytes of a secret and of its salt
LONGEST_NAME = 60  # of a party
LEAST = 2  # parties: one alone could choose the seed
FORMAT = 1
PARTS = ("format", "frame", "design", "earlier", "attempt", "reason", "commitments", "revealed", "dice", "witnesses", "sha256")


@dataclass(frozen=True)
class Ceremony(Shown):
    """How far the making of a seed has got.

    Parameters
    ----------
    frame, design : str
        Fingerprint of the frame and hash of the design, announced before anything else.
    earlier : str
        Hash of what the draw leaves out because earlier rounds took it; empty when nothing is.
    attempt : int
        Which ceremony of this evaluation it is, 1 for the first.
    reason : str
        Why another one was begun.
    commitments : dict of str to str
        Party → SHA-256 of ``party|secret|salt``, handed in before anyone reveals.
    revealed : dict of str to tuple of str
        Party → secret and salt.
    dice : str
        The digits that were thrown, where the seed is made by dice.
    witnesses : tuple of str
        Who watched the dice.

    Notes
    -----
    With commitments the seed is SHA-256 of the canonical JSON of the whole record, read as a decimal number of 78 digits: no
    party can steer it unless all conspire, for each had to commit before it knew the others' secrets (Blum 1981, Coin flipping
    by telephone, CRYPTO 81). Frame, design and earlier rounds are part of the record, so that none can be chosen to suit the
    seed. Whoever reveals last knows the seed first and may walk away; then `attempt` tells of it for ever.

    Dice alone make their digits the seed, and all who watched know it. Dice after a commitment do not give it away: the seed is
    that of the whole record, and who committed reveals to the keeper of the record alone. The order is commitments, dice,
    secrets, each at most once a party.

    Examples
    --------
    >>> ceremony = Ceremony("f" * 64, "d" * 64)
    >>> for party, secret in (("甲方", "3" * 32), ("乙方", "5" * 32)):
    ...     ceremony = ceremony.commit(party, commitment(party, secret, "salt"))
    >>> for party, secret in (("乙方", "5" * 32), ("甲方", "3" * 32)):
    ...     ceremony = ceremony.reveal(party, secret, "salt")
    >>> len(ceremony.seed), ceremony.missing
    (78, ())
    """

    frame: str
    design: str
    earlier: str = ""
    attempt: int = 1
    reason: str = ""
    commitments: dict[str, str] = field(default_factory=dict)
    revealed: dict[str, tuple[str, str]] = field(default_factory=dict)
    dice: str = ""
    witnesses: tuple[str, ...] = ()

    @classmethod
    def announce(cls, frame: Frame, design: Design, earlier: str = "", attempt: int = 1, reason: str = "") -> Ceremony:
        """Fix the frame, the design and what earlier rounds took; their hashes are published before the seed exists."""
        return cls(frame.fingerprint, design.hash, earlier, attempt, " ".join(reason.split()))

    @property
    def missing(self) -> tuple[str, ...]:
        """Return the parties that have committed and not revealed yet."""
        return tuple(party for party in sorted(self.commitments) if party not in self.revealed)

    @property
    def complete(self) -> bool:
        """Return whether the seed is made."""
        return self._closed and not self.missing

    @property
    def _closed(self) -> bool:
        """Return whether enough has been thrown or promised that a secret may be told."""
        return bool(self.dice) or len(self.commitments) >= LEAST

    @property
    def record(self) -> dict[str, Any]:
        """Return everything that happened, as plain data."""
        return {
            "format": FORMAT,
            "frame": self.frame,
            "design": self.design,
            "earlier": self.earlier,
            "attempt": self.attempt,
            "reason": self.reason,
            "commitments": dict(sorted(self.commitments.items())),
            "revealed": {party: list(pair) for party, pair in sorted(self.revealed.items())},
            "dice": self.dice,
            "witnesses": list(self.witnesses),
        }

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 of the record."""
        return tickets.seal(self.record)

    @property
    def announcement(self) -> dict[str, Any]:
        """Return what everybody may see before the seed exists and as long as it is sealed: hashes, parties, the attempt."""
        told = ("format", "frame", "design", "earlier", "attempt", "reason", "commitments", "witnesses")
        return {key: part for key, part in self.record.items() if key in told}

    @property
    def seed(self) -> str:
        """Return the seed.

        Raises
        ------
        CeremonyError
            When it is not made yet, naming who is missing.
        """
        if not self.complete:
            waiting = f"还差 {'、'.join(self.missing)} 公开" if self.missing else f"至少 {LEAST} 方承诺，现有 {len(self.commitments)} 方"
            raise CeremonyError(f"抽签仪式｜种子尚未产生：{waiting}｜待各方承诺、公开之后再抽样")
        return f"{int(self.fingerprint, 16):078d}" if self.commitments else self.dice

    @property
    def how(self) -> str:
        """Return how the seed was made, in words, with the hash of the record."""
        named = "、".join(sorted(self.commitments))
        ways = [f"{named} {len(self.commitments)} 方先承诺、后公开"] if named else []
        ways += [f"十面骰子 {len(self.dice)} 次，见证：{'、'.join(self.witnesses)}"] if self.dice else []
        again = [f"第 {self.attempt} 次仪式，另开的理由：{self.reason}"] if self.attempt > 1 else []
        return "，".join([*again, *ways, f"记录指纹 {self.fingerprint[:16]}"])

    def commit(self, party: str, promised: str) -> Ceremony:
        """Take the commitment of a party.

        Raises
        ------
        CeremonyError
            After someone has revealed, for a second commitment of a party, one that another party has made, or a text that
            is no SHA-256.
        """
        plain, hashed = _named(party), promised.strip().lower()
        if self.revealed or self.dice:
            raise CeremonyError("抽签仪式｜已掷骰或已有人公开，不再接受承诺｜要加入的，须另开一次仪式并说明理由")
        if self.commitments.get(plain, hashed) != hashed:
            raise CeremonyError(f"抽签仪式｜{plain} 已经承诺过另一个指纹｜承诺不能更改")
        if hashed in [other for name, other in self.commitments.items() if name != plain]:
            raise CeremonyError(f"抽签仪式｜{plain} 的承诺与另一方的相同｜各方自己用 evalkit ceremony secret 产生")
        if len(hashed) != 64 or set(hashed) - set("0123456789abcdef"):
            rule = f"{plain} 的承诺应为 64 位十六进制的指纹，现有 {len(hashed)} 个字符"
            raise CeremonyError(f"抽签仪式｜{rule}｜用 evalkit ceremony secret 产生")
        return replace(self, commitments=self.commitments | {plain: hashed})

    def reveal(self, party: str, secret: str, salt: str) -> Ceremony:
        """Take the secret of a party, and hold it against its commitment.

        Raises
        ------
        CeremonyError
            Before two have committed or the dice were thrown, for a party without a commitment, or a secret that is not the
            one committed to.
        """
        plain = _named(party)
        if not self._closed:
            told = f"至少 {LEAST} 方承诺，或一方承诺并已掷骰，才能公开；现有 {len(self.commitments)} 方承诺"
            raise CeremonyError(f"抽签仪式｜{told}｜先收齐各方承诺，或掷骰")
        if plain not in self.commitments:
            raise CeremonyError(f"抽签仪式｜{plain} 没有承诺过｜已承诺的：{'、'.join(sorted(self.commitments))}")
        if commitment(plain, secret, salt) != self.commitments[plain]:
            raise CeremonyError(f"抽签仪式｜{plain} 公开的内容与它的承诺不符｜核对秘密文件；确不相符的，仪式作废，另开一次")
        return replace(self, revealed=self.revealed | {plain: (secret.strip(), salt.strip())})

    def throw(self, digits: str, witnesses: Sequence[str]) -> Ceremony:
        """Take the digits of ten-sided dice.

        Raises
        ------
        CeremonyError
            For fewer than 20 digits, without two witnesses, a second time, or after someone has revealed: who knows the
            secrets could choose the digits.
        """
        plain, faults = "".join(digits.split()), Faults("抽签仪式")
        if self.dice not in ("", plain):
            faults.add(None, "骰子", None, "已经掷过，数字不同", "数字不能更改；另开一次仪式并说明理由")
        if self.revealed and not self.dice:
            faults.add(None, "骰子", None, "已有人公开秘密数，不能再掷骰", "另开一次仪式并说明理由")
        if not (plain.isascii() and plain.isdigit()) or len(plain) < DIGITS:
            faults.add(None, "骰子", None, f"应为至少 {DIGITS} 位数字，现有 {len(plain)} 个字符", f"掷十面骰子 {DIGITS} 次，依次记下")
        named = tuple(dict.fromkeys(_named(name) for name in witnesses))
        if len(named) < LEAST:
            faults.add(None, "见证", None, f"至少 {LEAST} 方见证，现有 {len(named)} 方", "写明对立各方的见证人")
        faults.refuse(CeremonyError)
        return replace(self, dice=plain, witnesses=named)

    def refuse_other(self, frame: Frame, design: Design, earlier: str = "") -> None:
        """Refuse a frame, a design or earlier rounds that are not those announced: the seed was made for those.

        Raises
        ------
        CeremonyError
        """
        pairs = (("名单", self.frame, frame.fingerprint), ("设计", self.design, design.hash), ("以前各轮", self.earlier, earlier))
        changed = [f"{what}：公告 {then[:12] or '无'}，现为 {now[:12] or '无'}" for what, then, now in pairs if then != now]
        if changed:
            raise CeremonyError(f"抽签仪式｜公告之后改动过 {'；'.join(changed)}｜恢复公告时的文件；确需改动的，另开一次仪式并说明理由")

    def save(self, path: str | Path) -> Path:
        """Write the record with its SHA-256."""
        whole = {**self.record, "sha256": self.fingerprint}
        return write_bytes(path, f"{json.dumps(whole, ensure_ascii=False, sort_keys=True, indent=1)}\n".encode())

    @classmethod
    def load(cls, path: str | Path) -> Ceremony:
        """Read a record, and hold every secret in it against its commitment.

        Raises
        ------
        CeremonyError
            When the file is no record, or was edited: a step could not have happened, or the record is not what its SHA-256 says.
        """
        data = _parsed(path, PARTS)
        check_format(Path(path).name, data["format"], FORMAT, CeremonyError)
        try:
            ceremony = cls(data["frame"], data["design"], data["earlier"], data["attempt"], data["reason"])
            for party, promised in data["commitments"].items():
                ceremony = ceremony.commit(party, promised)
            ceremony = ceremony.throw(data["dice"], data["witnesses"]) if data["dice"] else ceremony
            for party, (secret, salt) in data["revealed"].items():
                ceremony = ceremony.reveal(party, secret, salt)
            same = tickets.canonical({**ceremony.record, "sha256": ceremony.fingerprint}) == tickets.canonical(data)
        except (TypeError, ValueError, AttributeError):
            same = False
        if not same:
            raise CeremonyError(f"{Path(path).name}｜不是抽签仪式的记录，内容被改动或不完整｜恢复原件")
        return ceremony

    def __repr__(self) -> str:
        thrown = f"，骰子 {len(self.dice)} 次" if self.dice else ""
        done = "种子已产生" if self.complete else "种子尚未产生"
        told = f"{len(self.commitments)} 方承诺，{len(self.revealed)} 方公开{thrown}"
        return f"Ceremony 第 {self.attempt} 次：{told}，{done}；名单 {self.frame[:12]}，设计 {self.design[:12]}"

    def _rows_shown(self) -> Rows:
        return Rows(("各方", "已公开"), [(party, "是" if party in self.revealed else "否") for party in sorted(self.commitments)], 2)


def commitment(party: str, secret: str, salt: str) -> str:
    """Return what a party hands in before anyone reveals: SHA-256 of ``party|secret|salt``.

    Examples
    --------
    >>> commitment("甲方", "31415926535897932384", "salt")[:12]
    'ffac1525ab0d'
    """
    parts = [_named(party), secret.strip(), salt.strip()]
    if min(map(len, parts)) == 0 or any("|" in part or not part.isprintable() for part in parts):
        raise CeremonyError("抽签仪式｜名称、秘密数与盐都不能为空，也不能含 | 或不可见字符｜用 evalkit ceremony secret 产生")
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def new_secret(party: str) -> dict[str, Any]:
    """Return a secret for one party, from the machine's own source of chance, with its commitment."""
    secret, salt = secrets.token_hex(SECRET), secrets.token_hex(SECRET)
    return {"format": FORMAT, "party": _named(party), "secret": secret, "salt": salt, "commitment": commitment(party, secret, salt)}


def read_secret(path: str | Path) -> tuple[str, str, str]:
    """Read the file of a secret: party, secret, salt.

    Raises
    ------
    CeremonyError
    """
    data = _parsed(path, ("party", "secret", "salt"))
    check_format(Path(path).name, data.get("format", FORMAT), FORMAT, CeremonyError)  # those of 0.1.0 state none
    if not all(isinstance(data[key], str) for key in ("party", "secret", "salt")):
        raise CeremonyError(f"{Path(path).name}｜不是秘密文件｜给出 evalkit ceremony secret 写出的文件")
    return data["party"], data["secret"], data["salt"]


def _named(party: str) -> str:
    plain = tickets.clean(party) if isinstance(party, str) else ""
    if not plain or "|" in plain or not plain.isprintable() or len(plain) > LONGEST_NAME:
        raise CeremonyError(f"抽签仪式｜各方的名称不能为空，不超过 {LONGEST_NAME} 个字，也不能含 | 或不可见字符｜写单位名称，如 县扶贫办")
    if is_identity(plain):  # names are published
        raise CeremonyError("抽签仪式｜各方的名称是身份证号｜写单位名称，如 县扶贫办")
    return plain


def _parsed(path: str | Path, keys: Sequence[str]) -> Mapping[str, Any]:
    name = Path(path).name
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8-sig"), object_pairs_hook=_once)
    except FileNotFoundError:
        raise CeremonyError(f"{path}｜没有这个文件｜检查路径") from None
    except (OSError, ValueError, RecursionError):
        raise CeremonyError(f"{name}｜读不懂，文件被改动或损坏｜恢复原件") from None
    if not isinstance(data, dict) or set(_absent(data, keys)):
        raise CeremonyError(f"{name}｜缺少 {'、'.join(_absent(data, keys))}｜恢复原件")
    return data


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _absent(data: Any, keys: Sequence[str]) -> Iterator[str]:
    yield from (key for key in keys if not isinstance(data, dict) or key not in data)
