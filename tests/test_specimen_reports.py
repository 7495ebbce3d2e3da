"""The committed specimens: complete, marked, drawn in full, readable by everybody, and inert; so is a report of hostile words."""

from __future__ import annotations

import html
import json
import re
import subprocess
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest

from evalkit.charts import MARK, missing_characters
from evalkit.report import compose_report
from evalkit.report.page import LAYOUT, page_bytes
from tests.reports import DESIGNS, ENGLISH, PROGRAMME, bare, differing
from tests.specimens import made_up, with_tables

ROOT = Path(__file__).resolve().parent.parent / "reports"
PAGES = sorted(ROOT.glob("*/report/*.html"))
MOST = 2_500_000  # bytes of a specimen in one language
OUTSIDE = "evalkit.invalid"
EVIL = f'"><img src="http://{OUTSIDE}/img" onerror="fetch(\'http://{OUTSIDE}/error\')"><script src="http://{OUTSIDE}/script"></script>'
LONG = "非常长的少数民族自治示范管理区名称" * 5


class Page(HTMLParser):
    """Collects what a screen reader goes by."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.headings, self.words, self.hidden = [], [], [], 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.hidden += tag == "style"
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag):
        self.hidden -= tag == "style"

    def handle_data(self, data):
        if not self.hidden:
            self.words.append(data)

    def of(self, *names):
        return [attrs for tag, attrs in self.tags if tag in names]


@pytest.fixture(scope="module")
def pages():
    return {page.relative_to(ROOT): Page(page.read_text(encoding="utf-8")) for page in PAGES}


def test_every_specimen_is_there_small_and_marked(pages):
    assert sorted(folder.name for folder in ROOT.iterdir()) == sorted([*DESIGNS, PROGRAMME])
    for folder in ROOT.iterdir():
        files = [file for file in folder.rglob("*") if file.is_file()]
        assert {".docx", ".pdf", ".html", ".xlsx"} <= {file.suffix for file in files}
        assert sum(file.stat().st_size for file in files) <= MOST * (2 if folder.name == ENGLISH else 1)
    assert (ROOT / ENGLISH / "report" / "report.html").is_file() and len(pages) == 5
    assert all(MARK in "".join(page.words) or "SIMULATED DATA" in "".join(page.words) for page in pages.values())


def test_no_character_of_a_specimen_is_without_a_glyph(pages):
    assert {str(name): missing_characters("".join(page.words)) for name, page in pages.items()} == {str(name): "" for name in pages}


def test_only_a_programme_counts_in_ten_thousands(pages):
    told = {name.parts[0]: bool(re.search(r"\d万", "".join(page.words))) for name, page in pages.items() if name.stem != "report"}
    assert told == {name: name == PROGRAMME for name in (*DESIGNS, PROGRAMME)}


def test_printed_copies_are_tagged_for_everybody():
    for file in ROOT.glob("*/report/*.pdf"):
        assert b"pdfuaid:part" in file.read_bytes(), file  # PDF/UA-1: typst refuses to write it without tags, titles and alt texts


def test_a_page_can_be_read_by_keyboard_and_by_ear(pages):
    for name, page in pages.items():
        assert page.of("html")[0]["lang"] == ("en" if name.stem == "report" else "zh-CN"), name
        assert page.headings[0] == 1 and page.headings.count(1) == 1
        assert all(deeper <= before + 1 for before, deeper in zip(page.headings, page.headings[1:], strict=False)), name
        ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
        assert len(ids) == len(set(ids)) and {"main", "nav"} <= {tag for tag, _ in page.tags}
        assert page.of("a")[0] == {"class": "skip", "href": "#report"} and "report" in ids
        assert all(attrs["href"][0] == "#" and attrs["href"][1:] in ids for attrs in page.of("a"))
        assert all(attrs.get("scope") in ("col", "row", "colgroup") for attrs in page.of("th")) and page.of("th")
        assert all(attrs["aria-labelledby"] in ids for attrs in page.of("table"))
        assert all(attrs.get("role") == "img" and attrs.get("aria-label") for attrs in page.of("svg"))
        scrolled = [attrs for _, attrs in page.tags if attrs.get("class") == "scroll"]
        assert all(attrs["tabindex"] == "0" and (attrs.get("aria-label") or attrs.get("aria-labelledby")) for attrs in scrolled)


def brightness(colour):
    whole = colour.lstrip("#")
    parts = [int(part, 16) / 255 for part in ([c * 2 for c in whole] if len(whole) == 3 else re.findall("..", whole))]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_words_stand_out_from_what_is_behind_them():
    colours = dict(re.findall(r"--(\w+): (#\w+)", LAYOUT.read_text(encoding="utf-8")))
    for word, ground in [(word, ground) for word in ("ink", "soft", "deep", "warm") for ground in ("#fff", "#f2f4f6", "#eef3f8")]:
        light, dark = sorted([brightness(colours[word]), brightness(ground)], reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (word, ground)


def test_workbooks_hold_no_formula_and_no_link():
    for book in ROOT.glob("*/report/*.xlsx"):
        with zipfile.ZipFile(book) as archive:
            names = archive.namelist()
            assert not [name for name in names if "external" in name.lower() or "vba" in name.lower()]
            sheets = [archive.read(name) for name in names if name.startswith("xl/worksheets/")]
        assert len(sheets) > 5 and not any(part in sheet for sheet in sheets for part in (b"<f>", b"<f ", b"<hyperlink"))


def test_a_stale_specimen_is_named(tmp_path):
    for side, number in (("a", "0.1234567890123"), ("b", "0.1234567890999"), ("c", "0.2")):
        (tmp_path / side / "甲" / "report").mkdir(parents=True)
        (tmp_path / side / "甲" / "report" / "x.html").write_text(f"<svg>{side}</svg>{number}", encoding="utf-8")
    assert list(differing(tmp_path / "a", tmp_path / "b", ["甲"])) == [] and bare(tmp_path / "c/甲/report/x.html") == "0.2"
    assert list(differing(tmp_path / "a", tmp_path / "c", ["甲"])) == ["甲/report/x.html"]
    (tmp_path / "b" / "甲" / "report" / "y.csv").write_text("", encoding="utf-8")
    assert list(differing(tmp_path / "a", tmp_path / "b", ["甲"])) == ["甲/report/y.csv：只在一边"]


# -- in a browser -------------------------------------------------------------------------------------------

MEASURE = """<!doctype html><meta charset="utf-8"><body><p id="told">nothing</p><img src="http://%s/control">%s<script>
const wide = frame => {
  const page = frame.contentDocument, out = [];
  if (page.documentElement.scrollWidth > 390) out.push("page " + page.documentElement.scrollWidth);
  for (const each of page.body.querySelectorAll("*")) {
    if (each.closest(".scroll") || each.classList.contains("skip") || each.closest("svg")) continue;
    const box = each.getBoundingClientRect();
    if (box.right > 391 || box.left < -1) out.push(each.tagName + "." + each.className + " " + Math.round(box.right));
  }
  return out.slice(0, 5);
};
addEventListener("load", () => { told.textContent = JSON.stringify([...document.querySelectorAll("iframe.measured")].map(wide)); });
</script>"""


def hostile():
    """A report with words that would run, or ask something of the outside, if they could; and with very long ones."""
    sample, findings, quality = (made_up(3).table(name) for name in ("sample", "findings", "quality"))
    sample.loc[1:2, "place"] = [EVIL, LONG]
    findings.loc[:1, "item"] = [EVIL, LONG]
    quality["值"] = [EVIL, LONG]
    facts = {"name": LONG, "title": f"{LONG}{EVIL}", "advice": [EVIL, LONG], "institute": "A" * 90}
    return page_bytes(compose_report(with_tables(made_up(3, **facts), sample=sample, findings=findings, quality=quality)))


@pytest.mark.chromium
def test_pages_fit_a_phone_run_nothing_and_ask_for_nothing(tmp_path):
    (tmp_path / "hostile.html").write_bytes(hostile())
    measured = [*(page.read_text(encoding="utf-8") for page in PAGES), hostile().decode()]
    frames = [f'<iframe class="measured" width="390" height="800" srcdoc="{html.escape(text)}"></iframe>' for text in measured]
    frames += [f'<iframe src="{page.as_uri()}"></iframe>' for page in [tmp_path / "hostile.html", *PAGES]]
    whole = tmp_path / "whole.html"
    whole.write_text(MEASURE % (OUTSIDE, "".join(frames)), encoding="utf-8")
    log = tmp_path / "net.json"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    options += ["--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND", "--dump-dom"]
    options += [f"--user-data-dir={tmp_path / 'profile'}", f"--log-net-log={log}"]
    dom = subprocess.run(["chromium", *options, whole.as_uri()], capture_output=True, check=True, timeout=120).stdout.decode()
    told = json.loads(html.unescape(re.search(r'<p id="told">(.*?)</p>', dom)[1]))
    assert told == [[] for _ in measured]
    asked = set(re.findall(r"https?://[^\"\\ ]+", log.read_text(encoding="utf-8", errors="replace")))
    ours = {address for address in asked if OUTSIDE in address}
    assert {address.rstrip("/") for address in ours if "/" in address[8:].rstrip("/")} == {f"http://{OUTSIDE}/control"}, ours
