"""The key under which personal numbers are replaced: kept outside the data, read when it is needed, never written anywhere."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalkit.errors import PrivacyError
from evalkit.given import takes
from evalkit.showing import Shown

VARIABLE = "EVALKIT_KEY"
HEXADECIMAL = re.compile(r"[0-9a-f]{64,}")
SHOWN = 20  # hexadecimal digits of a token: 80 bits, no two of a million persons alike by chance
MAKE = "键入 evalkit key 密钥文件 产生一个，放在数据文件夹之外"


@dataclass(frozen=True)
class Key(Shown):
    """A secret key.

    Parameters
    ----------
    secret : bytes
        At least 32 bytes. It is in no repr, and nothing of evalkit writes it.

    Examples
    --------
    >>> key = Key(bytes(32))
    >>> key
    Key a6caa0c2
    >>> key.token("11010519491231002x", "证件号码") == key.token(" 11010519491231002X", "证件号码")
    True
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.secret, bytes) or len(self.secret) < 32:
            raise PrivacyError(f"密钥｜应至少 32 字节｜{MAKE}")

    @property
    def label(self) -> str:
        """Eight digits that tell keys apart and give nothing of the key away; they stand in the headings of replaced columns."""
        return hmac.new(self.secret, b"evalkit key label", hashlib.sha256).hexdigest()[:8]

    def token(self, text: str, purpose: str) -> str:
        """Return what stands in place of a personal number: HMAC-SHA-256 under the key, 20 hexadecimal digits.

        Parameters
        ----------
        text : str
            Widths, case and blanks make no difference; an empty text stays empty.
        purpose : str
            The heading: the same number has other tokens under another heading.

        Notes
        -----
        RFC 2104. A plain SHA-256 of an identity number is no protection: area × day of birth × serial are some 10¹¹
        possibilities, tried in minutes. Without the key a token tells nothing; who destroys the key makes it anonymous.
        """
        plain = "".join(unicodedata.normalize("NFKC", text).split()).upper()
        return hmac.new(self.secret, f"{purpose}|{plain}".encode(), hashlib.sha256).hexdigest()[:SHOWN] if plain else ""

    def __reduce__(self) -> Any:
        raise PrivacyError("密钥｜不随对象存盘，存下的文件谁拿到谁就能还原｜用时再写 ev.read_key(密钥文件)")

    def __deepcopy__(self, memo: Any) -> Key:
        return self

    def __repr__(self) -> str:
        return f"Key {self.label}"


def new_key() -> str:
    """Return the text of a new key: 64 hexadecimal digits from the chance of the operating system, never the same twice."""
    return secrets.token_hex(32)


@takes(PrivacyError)
def read_key(path: str | Path | None = None, *, outside: str | Path | None = None, environment: Mapping[str, str] | None = None) -> Key:
    """Read the key from a file, or from the environment variable ``EVALKIT_KEY`` (64 hexadecimal digits, or the path of a file).

    Parameters
    ----------
    path : path, optional
        A file with 64 hexadecimal digits, as ``evalkit key`` writes it.
    outside : path, optional
        The folder of the data; a key inside it is refused.
    environment : mapping, optional
        In place of ``os.environ``.

    Returns
    -------
    Key

    Raises
    ------
    PrivacyError
        When there is none, it is too short, others can read its file, or it lies beside the data.

    Examples
    --------
    >>> read_key(environment={"EVALKIT_KEY": "0f" * 32})
    Key 8624e7fb
    """
    given = str(path) if path is not None else (os.environ if environment is None else environment).get(VARIABLE, "")
    if not given.strip():
        raise PrivacyError(f"密钥｜没有给出｜写环境变量 {VARIABLE}（64 位十六进制数，或密钥文件的路径）；{MAKE}")
    if path is None and HEXADECIMAL.fullmatch(given.strip().lower()):
        return Key(bytes.fromhex(_even(given.strip().lower())))
    return _from_file(Path(given.strip()), outside)


def _from_file(path: Path, outside: str | Path | None) -> Key:
    if outside is not None and path.resolve().is_relative_to(Path(outside).resolve()):
        raise PrivacyError(f"{path.name}｜密钥放在数据文件夹里，谁拿到数据谁就能还原｜移到文件夹之外，改写 {VARIABLE}")
    try:
        text = path.read_text(encoding="ascii").strip().lower()
        open_to = path.stat().st_mode & 0o077 if os.name == "posix" else 0
    except (OSError, ValueError):
        raise PrivacyError(f"{path.name}｜密钥文件读不出｜检查路径；{MAKE}") from None
    if open_to:
        raise PrivacyError(f"{path.name}｜别的用户也能读这个密钥文件｜键入 chmod 600 {path.name}")
    if not HEXADECIMAL.fullmatch(text):
        raise PrivacyError(f"{path.name}｜不是密钥：应为至少 64 位十六进制数｜{MAKE}")
    return Key(bytes.fromhex(_even(text)))


def _even(text: str) -> str:
    return text[: len(text) // 2 * 2]
