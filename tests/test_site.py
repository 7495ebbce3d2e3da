"""The pages that the site is made of, and the check that finds what a built site lacks."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Any

import pytest

import evalkit
from tests import site

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "docs"))

site_pages: Any = importlib.import_module("site_pages")  # beside the pages, for Sphinx
GOOD = (
    '<link rel="stylesheet" href="a.css"><a id="top" href="b.html#end">b</a>'
    '<a href="https://example.org">out</a><img src="data:image/png;base64,AA=">'
)


def made(folder: Path, first: str, second: str = '<p id="end">b</p>') -> list[str]:
    for name, text in {"a.html": first, "b.html": second, "a.css": "p { color: red }"}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return site.faults(folder)


def test_a_whole_site_has_no_faults(tmp_path: Path) -> None:
    assert made(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    "fault",
    [
        '<script src="https://cdn.example.org/mathjax.js"></script>',
        '<link rel="stylesheet" href="//fonts.example.org/a.css">',
        '<img src="http://example.org/a.png">',
        '<p style="background: url(https://example.org/a.png)">',
        "<style>@import 'https://example.org/a.css';</style>",
        '<a href="c.html">',
        '<a href="b.html#start">',
        '<img src="nowhere.png">',
    ],
)
def test_what_a_site_must_not_do_is_found(tmp_path: Path, fault: str) -> None:
    assert len(made(tmp_path, GOOD + fault)) == 1


def test_every_page_stands_in_a_table_of_contents(tmp_path: Path) -> None:
    (tmp_path / "howto.md").write_text("# a\n\n```{toctree}\n:caption: b\n\nlisted\n```\n", encoding="utf-8")
    (tmp_path / "listed.md").write_text("```{toctree}\nhowto\n```\n", encoding="utf-8")
    assert site_pages.with_the_rest("a", tmp_path) == "a"
    (tmp_path / "new.md").write_text("# new\n", encoding="utf-8")
    assert "\nnew\n" in site_pages.with_the_rest("a", tmp_path)
    assert "howto" not in site_pages.unlisted(ROOT / "docs")


def test_every_public_name_has_a_place_in_the_reference(tmp_path: Path) -> None:
    site_pages.write_api(tmp_path)
    pages = {path.stem: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.rst")}
    told = re.findall(r"^\.\. auto\w+:: (\w+)$", "\n".join(text for name, text in pages.items() if not name.startswith("spring_")), re.M)
    assert sorted(told) == sorted(evalkit._HOME)
    assert {f"spring_{name}" for name in evalkit._SPRINGS} <= set(pages)
    assert all(page in pages["index"] for page in pages if page != "index")


def test_pages_are_adapted_outside_code_only() -> None:
    code = "\n```text\n一行，\n二行 [design.md](design.md)\n```\n"
    page = "看 [design.md](design.md)、[样板](../evalkit/design/template.toml)，\n再说。\n" + code
    told = "看 [](design.md)、样板（`evalkit/design/template.toml`），再说。\n" + code
    assert site_pages.for_the_site(page) == told
