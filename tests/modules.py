"""The module map, written from the first docstring line of each file: ``python -m tests.modules`` renews docs/modules.md."""

from __future__ import annotations

import ast
import re

from tests import architecture_rules as law

MAP = law.ROOT / "docs" / "modules.md"
GROUPS = (
    ("根基 · Foundations", law.FIRST),
    ("泉 · Springs：输入数值，输出数值", law.SPRINGS),
    ("河 · River：每个文件由上游的名词做出下游的名词", law.RIVER),
    ("口 · Mouth：取整、文字与图", law.MOUTH),
    ("合成 · Composition", law.LAST),
)
HEAD = """# 模块表 · Module map

本表由 `python -m tests.modules` 依各文件首行说明写成，勿手改。一个文件只引用排在它前面的文件。
Written by `python -m tests.modules`; a file imports only files listed before it.

- `evalkit/__init__.py` {init}
"""


def first_line(name: str) -> str:
    """Return the first line of a file's docstring."""
    path = law.files()[name]
    text = ast.get_docstring(law.tree(path)) or ""
    if not text:
        raise SystemExit(f"{path.relative_to(law.ROOT)} has no docstring; its first line belongs in the module map")
    return re.sub(r"\s+", " ", text.split("\n\n")[0].split("\n")[0])


def lines(top: str, known: list[str]) -> list[str]:
    """Return the lines of one file, or of a package and its files."""
    inner = [name for name in known if name.startswith(f"{top}.")]
    shown = f"{top}/" if inner or law.files()[top].name == "__init__.py" else f"{top}.py"
    files = [f"  - `{name.partition('.')[2].replace('.', '/')}.py` {first_line(name)}" for name in inner]
    return [f"- `{shown}` {first_line(top)}", *files]


def module_map() -> str:
    """Return docs/modules.md as it should read."""
    known = sorted(law.files())
    text = HEAD.format(init=first_line(""))
    for title, tops in GROUPS:
        here = [top for top in tops if top in known]
        if here:
            text += f"\n## {title}\n\n" + "\n".join(line for top in here for line in lines(top, known)) + "\n"
    return text


if __name__ == "__main__":
    MAP.write_text(module_map(), encoding="utf-8")
