"""What a plain install brings: no copyleft, every licence known and on the page; the papers beside the code are sound."""

from __future__ import annotations

import re

import evalkit
from tests import licences

FILE = {"CITATION.cff", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "VISION.md", "README.md"}
# keys of https://citation-file-format.github.io, version 1.2.0, that a software has; those without which it is invalid
CFF = {
    "cff-version", "message", "title", "type", "authors", "version", "license", "abstract", "keywords", "repository-code", "url", "doi",
    "date-released", "identifiers", "contact", "preferred-citation", "references", "commit",
}  # fmt: skip
CFF_NEEDED = {"cff-version", "message", "title", "authors"}


def test_nothing_at_run_time_is_copyleft() -> None:
    found = {name: licences.licence(library) for name, library in licences.required().items()}
    found |= {name: licences.licence(library) for libraries in licences.optional().values() for name, library in libraries.items()}
    assert len(found) > 20 and all(found.values()), found
    assert not {name: told for name, told in found.items() if licences.COPYLEFT.search(told)}


def test_copyleft_is_seen() -> None:
    for told in ("GPL-3.0-or-later", "LGPL-2.1", "GNU Lesser General Public License v3", "AGPLv3", "GNU General Public License v2 (GPLv2)"):
        assert licences.COPYLEFT.search(told), told
    assert not licences.COPYLEFT.search("BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0")


def test_the_page_has_what_is_installed() -> None:
    """Other versions may need fewer libraries or word a licence otherwise; a library that the page lacks is a fault."""
    said = licences.PAGE.read_text(encoding="utf-8")
    missing = [name for name, _, _ in licences.rows() if f"| {name} | " not in said]
    assert not missing, f"{missing}: run python -m tests.licences"
    assert said.startswith(licences.HEAD) and said.endswith(licences.FOOT)


def test_the_citation_is_sound_and_of_this_version() -> None:
    text = (licences.ROOT / "CITATION.cff").read_text(encoding="utf-8")
    keys = re.findall(r"^([a-z-]+):", text, re.MULTILINE)
    assert len(set(keys)) == len(keys) and set(keys) <= CFF and set(keys) >= CFF_NEEDED
    assert re.search(r"^cff-version: 1\.2\.0$", text, re.MULTILINE) and re.search(r"^type: software$", text, re.MULTILINE)
    assert re.search(rf"^version: {re.escape(evalkit.__version__)}$", text, re.MULTILINE)
    assert re.findall(r"^  - (BSD-3-Clause|OFL-1\.1)$", text, re.MULTILINE) == str(licences.project()["license"]).split(" AND ")
    assert "\t" not in text and re.search(r"^authors:\n  - name: ", text, re.MULTILINE)


def test_the_papers_are_there_and_security_names_real_pages() -> None:
    assert {name for name in FILE if (licences.ROOT / name).exists()} == FILE
    said = (licences.ROOT / "SECURITY.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)", said)
    assert len(links) > 5 and not [link for link in links if not (licences.ROOT / link).exists()]
