"""Heavy libraries, bound by name now and loaded when first used.

A file writes ``plt = later("matplotlib.pyplot")`` at its top, beside its imports, so that every
dependency is seen where one looks for it and `import evalkit` stays quick.
"""

from __future__ import annotations

import importlib.util
from types import ModuleType
from typing import Any

from evalkit.errors import EvalkitError


class Later(ModuleType):
    """A module that is imported at the first attribute asked of it."""

    def __init__(self, name: str, extra: str | None) -> None:
        super().__init__(name)
        self.__dict__["_extra"] = extra
        self.__dict__["_module"] = None

    def _load(self) -> ModuleType:
        module: ModuleType | None = self.__dict__["_module"]
        if module is None:
            module = self.__dict__["_module"] = _import(self.__name__, self.__dict__["_extra"])
        return module

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__") and attribute.endswith("__"):
            raise AttributeError(attribute)
        return getattr(self._load(), attribute)


def _import(name: str, extra: str | None) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        package = name.partition(".")[0]
        if extra is None or missing.name != package:
            raise
        raise EvalkitError(f"缺少 {package}｜这一步需要它｜键入 pip install 'evalkit[{extra}]'") from missing


def later(name: str, extra: str | None = None) -> Any:
    """Return a stand-in for the module `name` that imports it at first use.

    Parameters
    ----------
    name : str
        Full name of the module.
    extra : str, optional
        The extra of evalkit that installs it, named in the error when it is missing.

    Raises
    ------
    EvalkitError
        At first use, when the module is not installed and `extra` says how to get it.

    Examples
    --------
    >>> json = later("json")
    >>> json.dumps({"a": 1})
    '{"a": 1}'
    """
    return Later(name, extra)


def installed(name: str) -> bool:
    """Say whether an optional library can be imported, without importing it.

    Examples
    --------
    >>> installed("numpy"), installed("no_such_library")
    (True, False)
    """
    return importlib.util.find_spec(name) is not None
