"""Whether the built site is whole and asks nobody outside for anything: ``python -m tests.site FOLDER``."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "embed": "src", "object": "data", "video": "src", "audio": "src"}
LOADED_LINKS = frozenset({"stylesheet", "icon", "preload", "modulepreload", "prefetch", "preconnect", "dns-prefetch", "manifest"})
IN_STYLE = re.compile(r"""(?:url\(\s*|@import\s+)["']?((?:https?:)?//[^"')\s]+)""")
QUERIES = ("综合贫困发生率", "KG-M", "proportion")


@dataclass
class Page(HTMLParser):
    """What one page loads, where it leads, and the places in it that others can lead to."""

    loads: list[str] = field(default_factory=list)
    leads: list[str] = field(default_factory=list)
    places: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one tag."""
        given = {name: value or "" for name, value in attrs}
        self.places |= {given[name] for name in ("id", "name") if name in given}
        wanted = given.get(LOADS.get(tag, ""), "") if tag in LOADS else ""
        if tag == "link" and LOADED_LINKS & set(given.get("rel", "").split()):
            wanted = given.get("href", "")
        self.loads += [wanted] if wanted else []
        self.loads += IN_STYLE.findall(given.get("style", ""))
        if tag == "a" and given.get("href"):
            self.leads.append(given["href"])

    def handle_data(self, data: str) -> None:
        """Note what a style sheet inside the page loads."""
        self.loads += IN_STYLE.findall(data) if self.lasttag == "style" else []


def read(path: Path) -> Page:
    """Return what stands in one page."""
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def written(folder: Path) -> list[Path]:
    """Return the pages of a site, without the theme's own pieces."""
    return [path for path in sorted(folder.rglob("*.html")) if "_static" not in path.relative_to(folder).parts]


def faults(folder: Path) -> list[str]:
    """Return the outside addresses that pages and style sheets load, and the links inside the site that lead nowhere."""
    pages = {path.resolve(): read(path) for path in written(folder)}
    found = [f"{path.relative_to(folder.resolve())} loads {url}" for path, page in pages.items() for url in page.loads if _outside(url)]
    for sheet in sorted(folder.rglob("*.css")):
        found += [f"{sheet.relative_to(folder)} loads {url}" for url in IN_STYLE.findall(sheet.read_text(encoding="utf-8"))]
    for path, page in pages.items():
        wanted = [*page.leads, *(url for url in page.loads if not _outside(url))]
        found += [f"{path.relative_to(folder.resolve())} leads to {url}: not there" for url in wanted if not _there(path, url, pages)]
    return found


def _outside(url: str) -> bool:
    return urlsplit(url).scheme in ("http", "https", "ftp") or url.startswith("//")


def _there(path: Path, url: str, pages: dict[Path, Page]) -> bool:
    parts = urlsplit(url)
    if parts.scheme or url.startswith("//"):
        return True  # a reader's own click, or data in the page itself
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.is_file():
        return False
    return not parts.fragment or target not in pages or unquote(parts.fragment) in pages[target].places


def shown(path: Path, query: str = "") -> str:
    """Return a page as Chromium shows it, from the file, without a network."""
    address = path.resolve().as_uri() + (f"?q={quote(query)}" if query else "")
    offline = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND"]
    command = ["chromium", "--headless", *offline, "--virtual-time-budget=8000", "--dump-dom", address]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def asleep(folder: Path) -> list[str]:
    """Return what does not come alive: a search that finds nothing, formulas that are not set."""
    found = [f"the search finds nothing for {words}" for words in QUERIES if '<li class="kind-' not in shown(folder / "search.html", words)]
    methods = shown(folder / "methods.html")
    if methods.count('<mjx-container') < 100 or "<mjx-merror" in methods or "data-mjx-error" in methods:
        found.append("methods.html: a formula is not set")
    return found


if __name__ == "__main__":
    place = Path(sys.argv[1])
    bad, known = faults(place), written(place)
    if shutil.which("chromium"):
        bad += asleep(place)
    print(*bad, sep="\n")
    print(f"{len(known)} pages, {len(bad)} faults")
    sys.exit(bool(bad) or not known)
