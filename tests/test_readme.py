"""What the README says can be typed can be typed, and its example runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evalkit.cli import main

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


@pytest.mark.parametrize("name", ["run", "test", "docs"])
def test_each_command_is_one_line_that_sets_itself_up(name: str) -> None:
    found = re.findall(rf"<!-- command: {name} -->\n```sh\n(.*?)```", README, re.S)
    assert len(found) == 1
    assert found[0].count("\n") == 1
    assert found[0].startswith("python3.11 -m venv .venv && .venv/bin/pip install -q ")


def test_the_check_of_the_clone_runs_the_lines_of_the_readme() -> None:
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert 'readme test' in text
    assert 'readme run' in text
    assert 'readme docs' in text
    assert "pip install" not in text


def test_the_steps_are_the_commands_in_their_order() -> None:
    told = re.findall(r"^\| `evalkit (\w+)", README, re.M)
    assert [*told, "run", "wheels", "completion"] == list(main.commands)


def test_options_of_the_readme_exist() -> None:
    typed = "\n".join([*re.findall(r"`([^`\n]+)`", README), *blocks("sh")])
    for command, options in re.findall(r"evalkit (\w+)(.*)", typed):
        known = {flag for parameter in main.commands[command].params for flag in parameter.opts}
        assert set(re.findall(r"--\w+", options)) <= known


def test_every_file_the_readme_names_is_there() -> None:
    links = re.findall(r"\]\((?!http)([^)]+)\)", README)
    assert links
    assert all((ROOT / link).exists() for link in links)
    assert (ROOT / "designs" / "biyang_2018.toml").exists()


def test_the_example_runs(specimen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    example, *_ = blocks("python")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "示例县").symlink_to(specimen, target_is_directory=True)
    exec(compile(example, "README.md", "exec"), {"__name__": "readme"})
    said = capsys.readouterr().out
    assert "与重抽结果一致" in said.splitlines()[0]
    assert "结论：" in said and "报告.docx" in said
    assert "泌阳" not in said


def test_the_example_of_rare_rates_runs(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(blocks("python")[1], "README.md", "exec"), {"__name__": "readme"})
    said = capsys.readouterr().out
    assert "样本中未发现" in said and "统计把握程度充分" in said
    assert "至多 8 户即接收" in said and "20 次，2 种真值" in said


def test_the_example_of_fieldwork_runs(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(blocks("python")[2], "README.md", "exec"), {"__name__": "readme"})
    said = capsys.readouterr().out
    assert "110105" not in said.replace("110105************", "")
    assert "去掉 1 列（证件号码）" in said and "没有整数分子能得出这个数" in said
