"""One word a thing: the glossary's words are those of the package, and their rivals are not used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RIVALS = {
    "证书": "凭证", "备选": "备用户", "后备户": "备用户", "权重": "权数", "阈值": "门槛", "哈希": "指纹", "样本框": "名单",
    "花名册": "名册", "返回表": "回收表", "票号": "签号", "名额": "配额",
}  # fmt: skip
KINDS = (".py", ".toml", ".html", ".typ", ".md")
TEXTS = [
    *sorted(path for folder in ("evalkit", "designs", "docs") for path in (ROOT / folder).rglob("*") if path.suffix in KINDS),
    ROOT / "README.md",
]


@pytest.mark.parametrize("rival", RIVALS)
def test_one_word_a_thing(rival: str) -> None:
    used = [
        f"{path.relative_to(ROOT)} line {i}: {line.strip()[:60]}"
        for path in TEXTS
        for i, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1)
        if rival in line
    ]
    assert not used, f"{rival} → {RIVALS[rival]}\n" + "\n".join(used)


def test_the_glossary_names_what_exists() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    source = "\n".join(path.read_text(encoding="utf-8") for path in TEXTS if path.suffix in (".py", ".toml"))
    named = {name for line in glossary.split("\n") if line.startswith("|") for name in re.findall(r"`([a-z_-]+)`", line)}
    assert named
    assert {name for name in named if not re.search(rf"\b{name}\b", source)} == set()
