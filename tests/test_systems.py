"""The page of systems: every test, command, function and design that it names exists, and every row of the checklist is on it."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import evalkit as ev
from evalkit.cli import main
from evalkit.indicators import Scorecard

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "systems.md").read_text(encoding="utf-8")
ROWS = (
    "第七条（D2）", "专项调查、抽样调查", "陇川整改方案", "陇川的各个比例", "泌阳 44 村", "三类村必走访", "三个不放过", "正阳", "积分制",
    "“57”标准（D1）", "宁陕 5 天", "该退未退、漏评", "数据一致", "民情热线", "广东督查巡查", "虚、假、错、漏", "莱芜 黄红亮灯",
)  # fmt: skip


@cache
def functions_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`(tests/\w+\.py)::(\w+)`", PAGE)
    assert len(named) > 50
    assert [f"{file}::{name}" for file, name in named if name not in functions_in(file)] == []


def test_every_design_that_is_named_exists() -> None:
    named = set(re.findall(r"\]\(\.\./(designs/[\w/]+\.toml)\)", PAGE))
    named |= {f"designs/{name}" for name in re.findall(r"`((?:systems/|data/)?[a-z]+_\w+\.(?:toml|csv))`", PAGE)}
    missing = [name for name in named if not (ROOT / name).is_file()]
    assert named and [name for name in missing if not (ROOT / "designs" / "systems" / Path(name).name).is_file()] == []


def test_every_command_and_function_that_is_named_exists() -> None:
    commands = set(re.findall(r"`evalkit ([a-z-]+)", PAGE))
    assert sorted(commands - set(main.commands)) == []
    for dotted in re.findall(r"`ev\.([\w.]+)", PAGE):
        thing = ev
        for name in dotted.split("."):
            thing = getattr(thing, name)
    for name in re.findall(r"`card\.(\w+)", PAGE):
        assert hasattr(Scorecard, name), name


@pytest.mark.parametrize("row", ROWS)
def test_the_checklist_is_whole(row: str) -> None:
    lines = [line for line in PAGE.splitlines() if line.startswith("|") and row in line]
    assert len(lines) == 1 and "tests/" in lines[0].rpartition("|")[0].rpartition("|")[2]
