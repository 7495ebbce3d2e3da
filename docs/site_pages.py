"""The pages of the site that are made from the code, and what differs between a page of the clone and a page of the site."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import evalkit

# Stage, title, files of evalkit in the order of the work; a file that stands nowhere gets a page of its own.
STAGES = (
    ("plan", "Plan", ("design", "plans", "trials")),
    ("frame", "Frame and registers", ("frame", "codes", "intake")),
    ("draw", "Draw and prove", ("sample", "certificate", "ceremony", "verification", "ledger")),
    ("field", "Fieldwork", ("fieldwork", "forms")),
    ("collect", "Collect and check", ("responses", "privacy", "screening", "quality")),
    ("determine", "Determine and hear", ("findings", "casework")),
    ("weigh", "Weigh", ("weights", "survey", "clustering")),
    ("estimate", "Estimate", ("estimates", "models", "areas")),
    ("judge", "Rates and verdicts", ("rates", "combined", "verdict", "leeway")),
    ("satisfaction", "Satisfaction", ("satisfaction",)),
    ("indicators", "Indicators", ("indicators",)),
    ("problems", "Problems and rectification", ("problems",)),
    ("oversight", "Tiers, tasks and coverage", ("tiers", "tasks", "mandatory", "delivery")),
    ("report", "Report and the whole evaluation", ("report", "evaluation", "errors")),
)
API = """\
Reference
=========

All public names of ``evalkit``, in the order of the work. ``import evalkit as ev`` loads none of them; each is looked up
when it is first asked for. Tables of ways, with their sources and tests, stand in :doc:`/method_table`; the files behind the
names in :doc:`/modules`.

.. toctree::
   :maxdepth: 1
   :caption: Stages

   {stages}

.. toctree::
   :maxdepth: 1
   :caption: Springs: numbers in, numbers out

   {springs}
"""


def write_api(folder: Path) -> None:
    """Write one page a stage and one a spring; pages whose text stays are left alone, so that Sphinx need not read them again."""
    folder.mkdir(exist_ok=True)
    stages = [*STAGES, *((name, name.capitalize(), (name,)) for name in evalkit._FILES if not any(name in files for *_, files in STAGES))]
    pages = {name: stage_page(title, files) for name, title, files in stages}
    springs = {f"spring_{name}": spring_page(name) for name in evalkit._SPRINGS}
    pages |= springs
    pages["index"] = API.format(stages="\n   ".join(name for name, *_ in stages), springs="\n   ".join(springs))
    for old in folder.glob("*.rst"):
        if old.stem not in pages:
            old.unlink()
    for name, text in pages.items():
        path = folder / f"{name}.rst"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def stage_page(title: str, files: tuple[str, ...]) -> str:
    """Return the page of one stage: a list of its names, then each with its docstring."""
    names = [name for file in files for name in evalkit._FILES.get(file, ())]
    return _page(title, "evalkit", "", [(name, getattr(evalkit, name)) for name in names])


def spring_page(name: str) -> str:
    """Return the page of one spring: what it says of itself, and the names of its ``__all__``."""
    module = getattr(evalkit, name)
    head, _, body = (module.__doc__ or "").strip().partition("\n")
    own = [each for each, thing in vars(module).items() if not each.startswith("_") and getattr(thing, "__module__", "") == module.__name__]
    shown = [(each, vars(module)[each]) for each in getattr(module, "__all__", own) if _is_told(vars(module)[each])]
    return _page(f"evalkit.{name}", f"evalkit.{name}", f"{head}\n{body}\n", shown)


def _is_told(thing: Any) -> bool:
    """Functions and classes of evalkit; tables of ways stand in docs/method_table.md."""
    return callable(thing) and bool(getattr(thing, "__doc__", None)) and str(getattr(thing, "__module__", "")).startswith("evalkit")


def _page(title: str, module: str, words: str, things: list[tuple[str, Any]]) -> str:
    names = "\n".join(f"   {name}" for name, _ in things)
    parts = [title, "=" * len(title), "", words, f".. currentmodule:: {module}", "", ".. autosummary::", "   :nosignatures:", "", names, ""]
    for name, thing in things:
        kind = "autofunction" if not isinstance(thing, type) else "autoexception" if issubclass(thing, Exception) else "autoclass"
        parts += [name, "-" * len(name), "", f".. {kind}:: {name}", *(["   :members:"] if isinstance(thing, type) else []), ""]
    return "\n".join(parts)


def copy_notebooks(source: Path, target: Path) -> None:
    """Copy the notebooks beside the pages, with a page that lists them."""
    target.mkdir(exist_ok=True)
    found = sorted(source.glob("*.ipynb"))
    for old in target.glob("*.ipynb"):
        if old.name not in {path.name for path in found}:
            old.unlink()
    for path in found:
        shutil.copy(path, target / path.name)
    run = all(any(cell.get("outputs") for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]) for path in found)
    state = "下面是执行过的笔记本。" if run else "下面的笔记本没有执行过，所以没有结果；怎样连同结果一起生成，见 README 的“文档”一节。"
    listed = "\n".join(path.stem for path in found)
    (target / "index.md").write_text(f"# 课程\n\n{COURSE}{state}\n\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n", encoding="utf-8")


COURSE = "一路做下来，从定方案到写报告。每一课是一本笔记本，只用 `import evalkit as ev`；数据是模拟的，县是示例县。"
TREE = re.compile(r"^```\{toctree\}\n(.*?)^```", re.M | re.S)


def unlisted(folder: Path) -> list[str]:
    """Return the pages that stand in no table of contents."""
    listed = {"index"}
    for path in folder.glob("*.md"):
        for tree in TREE.findall(path.read_text(encoding="utf-8")):
            listed |= {line.strip() for line in tree.splitlines()}
    return sorted(path.stem for path in folder.glob("*.md") if path.stem not in listed)


def with_the_rest(text: str, folder: Path) -> str:
    """Return a page with a table of contents of the pages that nobody has listed: a new page is never lost."""
    rest = "\n".join(unlisted(folder))
    return f"{text}\n```{{toctree}}\n:maxdepth: 1\n:caption: 其余\n\n{rest}\n```\n" if rest else text


OUTSIDE = re.compile(r"\[([^\]\n]+)\]\(((?:\.\./)+[^)\s#]*)(?:#[^)]*)?\)")
SELF_NAMED = re.compile(r"\[([\w/]+\.md)\]\(\1\)")
HANZI = r"[\u2018-\u201d\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"  # with the punctuation of Chinese
WRAPPED = re.compile(rf"(?<={HANZI})\n *(?={HANZI})")
FENCES = re.compile(r"^(```.*?^```$|---\n.*?^---$)", re.M | re.S)


def for_the_site(text: str) -> str:
    """Return a page of the clone as the site wants it; code stays as it is.

    Links to files of the clone become their paths, for a site has no files beside it; a link that shows the name of a page shows
    its title; and a wrapped line of Chinese goes on without the space that HTML would put there.
    """
    parts = FENCES.split(text)
    parts[::2] = [WRAPPED.sub("", SELF_NAMED.sub(r"[](\1)", OUTSIDE.sub(_named, part))) for part in parts[::2]]
    return "".join(parts)


def _named(found: re.Match[str]) -> str:
    text, path = found[1], re.sub(r"^(\.\./)+", "", found[2])
    return text if text.strip("`").rstrip("/") == path.rstrip("/") else f"{text}（`{path}`）"
