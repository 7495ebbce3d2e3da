"""How Sphinx builds the site: Chinese guide, English reference, nothing fetched from outside.

    python -m sphinx -W -b html docs site

The pages under api/ and notebooks/ are made here, from the code and from ../notebooks; neither is committed. Notebooks
are shown as they stand: run `pytest --nbmake --overwrite notebooks` in a copy of the clone to show them with results.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import search_pairs  # beside this file
import site_pages

import evalkit

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

project = "evalkit"
author = "the authors of evalkit"
release = version = evalkit.__version__
language = "zh_CN"
root_doc = "index"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.mathjax", "numpydoc"]
exclude_patterns = ["_build", "**/.ipynb_checkpoints"]
templates_path = ["_templates"]

# -- the guide: Markdown, with formulas between dollars, and notebooks as they stand
myst_enable_extensions = ["dollarmath", "fieldlist"]
myst_heading_anchors = 4
nb_execution_mode = "off"
nb_merge_streams = True

# -- the reference: English docstrings of numpydoc; the public names are looked up when first asked for, as a user does
autodoc_typehints = "none"  # the sections of parameters tell them in words
autodoc_member_order = "bysource"
autosummary_generate = False
toc_object_entries = False
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
numpydoc_validation_checks: set[str] = set()

# -- the look: everything local
html_theme = "pydata_sphinx_theme"
html_title = "evalkit"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_last_updated_fmt = None
html_theme_options: dict[str, Any] = {
    "navigation_depth": 2,
    "show_toc_level": 2,
    "header_links_before_dropdown": 8,
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_prev_next": True,
}
html_sidebars: dict[str, list[str]] = {name: [] for name in ("index", "tutorial", "faq")}  # nothing stands below these
html_search_language = search_pairs.Bigrams.lang
copyright = "evalkit, BSD-3-Clause"
mathjax_path = "mathjax/tex-chtml.js"


def mathjax() -> Path:
    """Return the folder of the MathJax that the package sphinx-mathjax-offline carries."""
    found = importlib.util.find_spec("sphinx-mathjax-offline")
    if found is None or found.origin is None:
        raise SystemExit('no local MathJax: pip install ".[docs]"')
    return Path(found.origin).parent / "static" / "mathjax"


def carry_mathjax(app: Any, exception: Exception | None) -> None:
    """Copy the parts of MathJax that the pages ask for: 2 of its 24 MB."""
    if exception is None and app.builder.format == "html":
        place = Path(app.outdir) / "_static" / "mathjax"
        fonts = Path("output", "chtml", "fonts", "woff-v2")
        shutil.copytree(mathjax() / fonts, place / fonts, dirs_exist_ok=True)
        shutil.copy(mathjax() / "tex-chtml.js", place)


def adapt(app: Any, name: str, source: list[str]) -> None:
    """Adapt the committed pages as Sphinx reads them; notebooks and pages made here need none of it."""
    if Path(app.env.doc2path(name)).suffix == ".md":
        source[0] = site_pages.for_the_site(source[0])
    if name == "howto":
        source[0] = site_pages.with_the_rest(source[0], HERE)


def setup(app: Any) -> None:
    """Make the pages that are not committed, and hang in what the guide needs beside the extensions."""
    site_pages.write_api(HERE / "api")
    site_pages.copy_notebooks(ROOT / "notebooks", HERE / "notebooks")
    app.add_search_language(search_pairs.Bigrams)
    app.connect("source-read", adapt)
    app.connect("build-finished", carry_mathjax)
