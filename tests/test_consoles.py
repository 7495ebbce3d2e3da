"""Consoles of other code pages and clocks of other zones: nothing stops, and the bytes are the same; the Tab key knows the commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.shell_completion import get_completion_class

import evalkit as ev
from evalkit.cli import main
from tests.test_commands import typed

ODD = "村\u2009𠮷ﷺ²"  # neither GBK nor ASCII has all of it
# every command's help, a refusal that repeats what was typed, two steps in a folder; then files, and what they are made of
PROGRAM = """
import hashlib, json, sys
from pathlib import Path
from evalkit.cli import main
from tests.test_commands import commands
from tests.specimens import made_up
from evalkit.report import write_report
from evalkit.sheets.moments import moment

place, odd = Path(sys.argv[1]), sys.argv[2]
def run(*words):
    try:
        main(list(words), prog_name="evalkit")
    except SystemExit as end:
        return end.code
codes = [run(*path, "--help") for path, _ in commands()]
codes += [run("--help"), run(odd), run("init", str(place / odd)), run("check", str(place / odd)), run("completion", "bash")]
files = write_report(made_up(3), place / "report")
digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
told = [moment("2018-11-12T01:30:00Z"), moment("2018-11-12 09:30"), moment("2018-11-12")]
(place / "out.json").write_text(json.dumps([codes, digests, told]), encoding="utf-8")
"""
RUNS = {
    "gbk": {"PYTHONIOENCODING": "gbk", "TZ": "America/New_York"},
    "ascii": {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "TZ": "Asia/Shanghai"},
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[bytes, bytes, Any]]:
    """What a fresh Python says on a console of each code page, in another zone each, and what it wrote."""
    found = {}
    for name, changes in RUNS.items():
        place = tmp_path_factory.mktemp(name)
        kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONUTF8", "LC_ALL", "LANG")}
        root = Path(__file__).resolve().parent.parent
        asked = [sys.executable, "-c", PROGRAM, place, ODD]
        done = subprocess.run(asked, cwd=root, env={**kept, **changes}, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode("gbk", "replace")
        found[name] = (done.stdout, done.stderr, json.loads((place / "out.json").read_text(encoding="utf-8")))
    return found


@pytest.mark.parametrize("name", RUNS)
def test_a_console_of_another_code_page_prints_what_it_can(ran: dict[str, tuple[bytes, bytes, Any]], name: str) -> None:
    said, refused, (codes, _, _) = ran[name]
    assert set(codes[:-5]) == {0} and codes[-5:-1] == [0, 2, 0, 1] and codes[-1] == 0
    page = {"gbk": "gbk", "ascii": "utf-8"}[name]  # a stream that says it is ASCII gets UTF-8 from click, and prints it as it can
    text, wrong = said.decode(page), (refused + said).decode(page)  # strictly: nothing was written that the page does not have
    assert "Traceback" not in wrong and "Draw the villages" in text and "抽取村，写出抽样凭证" in text
    assert ("?" in wrong) == (name == "gbk") == (ODD not in wrong)


def test_the_zone_of_the_machine_changes_no_byte(ran: dict[str, tuple[bytes, bytes, Any]]) -> None:
    (_, _, (_, one, told)), (_, _, (_, other, also)) = ran["gbk"], ran["ascii"]
    assert one == other and len(one) == 4
    assert told == also == ["2018-11-12 09:30:00", "2018-11-12 09:30:00", "2018-11-12"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_the_tab_key_knows_commands_and_options(shell: str) -> None:
    made = get_completion_class(shell)
    if made is None:  # an older click has no powershell
        assert typed("completion", shell)[1].startswith(f"{shell}｜这一版 click 不补全")
        return
    status, said = typed("completion", shell)
    assert status == 0 and said.startswith("# ") and f"evalkit completion {shell}" in said.splitlines()[0] and "_EVALKIT_COMPLETE" in said
    asks = made(main, {}, "evalkit", "_EVALKIT_COMPLETE")
    assert "rosters" in [each.value for each in asks.get_completions([], "ro")]
    assert "--seed" in [each.value for each in asks.get_completions(["draw"], "--s")]
    assert {"zh", "en"} == {each.value for each in asks.get_completions(["report", "--language"], "")}
    told = "bash|zsh|fish|powershell cmd｜没有这种选择｜可用：bash、zsh、fish、powershell"
    assert typed("completion", "cmd") == (2, f"evalkit completion：{told}\n")


def test_names_and_keys_are_completed_in_a_notebook() -> None:
    assert {"mean", "Survey", "intervals"} <= set(dir(ev)) and dir(ev) == sorted(ev.__all__)
    table = pd.DataFrame({"g": list("aabb"), "x": [1.0, 2, 3, 4], "y": [4.0, 2, 1, 3]})
    survey = ev.Survey.from_data(table)
    for found in (ev.mean(survey, ["x", "y"]), ev.mean(survey, "x", by="g"), ev.mean(survey, ["x", "y"], by="g")):
        keys = found._ipython_key_completions_()
        assert len(keys) == len(found) and [float(found[key]) for key in keys] == found.value.tolist()
    assert ev.mean(survey, ["x", "y"])._ipython_key_completions_() == ["x", "y"]
