"""What runs on one system only has no place in the package: each rule is shown to fail on a line that breaks it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

import pytest

from evalkit.errors import EvalkitError
from evalkit.evaluation import wheels
from tests import architecture_rules as law
from tests.test_evaluation import say

ELSEWHERE = {
    "os": ("fork", "forkpty", "getuid", "geteuid", "getgid", "getpgid", "killpg", "setsid", "mkfifo", "mknod", "nice", "uname", "wait",
           "chown", "sync", "statvfs", "symlink", "link", "rename", "getloadavg", "sched_getaffinity"),
    "signal": ("SIGKILL", "SIGALRM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT", "SIGCHLD", "alarm", "setitimer", "pause"),
    "time": ("tzset",),
}  # fmt: skip
MODULES = ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "posix", "syslog", "crypt", "readline")
LINKS = ("symlink_to", "hardlink_to", "readlink", "is_mount")
# asks first which system it is on; parts of the id of a household, which is no path
GUARDED = {("own_places", "ledger.disks"), ("joined_paths", "tasks.again")}
PROGRAMS = re.compile(r"^(git|rm|cp|mv|ls|cat|sh|bash|tar|unzip|which|grep|sed|open|xdg-open)$")


def posix_names(module: ast.Module) -> list[str]:
    """Names of ``os``, ``signal`` and others that Windows lacks, or that do something else there."""
    found = [node for node in law.nodes(module) if isinstance(node, ast.Attribute)]
    return [
        law.at(node, law.dotted(node)) for node in found
        if node.attr in ELSEWHERE.get(law.dotted(node.value), ()) or (node.attr in LINKS and isinstance(node.value, ast.Name | ast.Call))
    ]  # fmt: skip


def posix_modules(module: ast.Module) -> list[str]:
    """Modules that Windows lacks, unless their absence is caught where they are imported."""
    caught = {
        id(inner) for node in law.nodes(module) if isinstance(node, ast.Try)
        and any("ImportError" in law.dotted(handler.type) for handler in node.handlers if handler.type) for inner in ast.walk(node)
    }  # fmt: skip
    asked = [(node, each) for node in law.nodes(module) if id(node) not in caught for each in law.imported(node, "x")]
    return [law.at(node, f"imports {each}") for node, each in asked if each.split(".")[0] in MODULES]


def unencoded(module: ast.Module) -> list[str]:
    """Text written or read in the code page of the machine: GBK on a Chinese Windows, and there ``open`` also writes \\r\\n."""
    found = []
    for node in law.nodes(module):
        if not isinstance(node, ast.Call):
            continue
        name, words = law.dotted(node.func).split(".")[-1] or getattr(node.func, "attr", ""), {word.arg for word in node.keywords}
        first = 1 if isinstance(node.func, ast.Name) else 0
        mode = next((word.value for word in node.keywords if word.arg == "mode"), node.args[first] if len(node.args) > first else None)
        binary = isinstance(mode, ast.Constant) and "b" in str(mode.value)
        member = first == 0 and bool(node.args) and not isinstance(node.args[0], ast.Constant)  # book.open(part): bytes of an archive
        opens = name == "open" and not binary and not member and law.dotted(node.func).partition(".")[0] not in ("gzip", "self")
        texts = (name == "read_text" and not node.args) or (name == "write_text" and len(node.args) < 2)
        if (opens or texts) and "encoding" not in words:
            found.append(law.at(node, f"{name} without encoding"))
    return found


def texts(module: ast.Module) -> list[ast.Constant]:
    """Texts that run, docstrings left out."""
    owners = (node for node in law.nodes(module) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef))
    told = {id(node.body[0].value) for node in owners if node.body and isinstance(node.body[0], ast.Expr)}
    return [node for node in law.nodes(module) if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told]


def own_places(module: ast.Module) -> list[str]:
    """Folders that only one system has, and forms of dates that only one system prints."""
    pattern = re.compile(r"(^|[\s\"'=])(/tmp|/dev/|/proc/|/etc/|/var/|/usr/|~/)|%-[dmHIMSjy]")
    return [law.at(node, repr(node.value)[:60]) for node in texts(module) if pattern.search(node.value)]


def file_names(module: ast.Module) -> list[str]:
    """Names of files that Windows cannot write: with a colon, ending in a point, or one of its devices."""
    ending = re.compile(r"[^/\\\s]*[:<>|\"][^/\\\s]*\.(csv|xlsx|json|toml|txt|pdf|docx|html|png|svg|sqlite|parquet)$")
    device = re.compile(r"(^|/)(con|prn|aux|nul|com[0-9]|lpt[0-9])\.[a-z]+$", re.IGNORECASE)
    return [law.at(node, repr(node.value)[:60]) for node in texts(module) if ending.search(node.value) or device.search(node.value)]


def joined_paths(module: ast.Module) -> list[str]:
    """Paths put together as texts, from ``str(path)`` or ``os.sep``."""
    found = []
    for node in law.nodes(module):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            sides = [side for side in (node.left, node.right) if isinstance(side, ast.Constant) and isinstance(side.value, str)]
            calls = [side for side in (node.left, node.right) if isinstance(side, ast.Call) and law.dotted(side.func) == "str"]
            if calls and any(side.value.startswith(("/", "\\")) for side in sides):
                found.append(law.at(node, "a path joined by +"))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "split" and node.args:
            inner = node.func.value
            sep = isinstance(node.args[0], ast.Constant) and node.args[0].value in ("/", "\\")
            if sep and isinstance(inner, ast.Call) and law.dotted(inner.func) == "str":
                found.append(law.at(node, "a path split at a slash"))
    return found


def programs(module: ast.Module) -> list[str]:
    """Other programs, which another machine does not have; this Python itself is there."""
    asking = ("subprocess.run", "subprocess.Popen", "os.system", "os.popen", "shutil.which")
    runs = [node for node in law.nodes(module) if isinstance(node, ast.Call) and node.args and law.dotted(node.func) in asking]
    found = []
    for node in runs:
        first = node.args[0].elts[0] if isinstance(node.args[0], ast.List) and node.args[0].elts else node.args[0]
        shell = any(word.arg == "shell" for word in node.keywords)
        if shell or (isinstance(first, ast.Constant) and PROGRAMS.match(str(first.value).split()[0])):
            found.append(law.at(node, "another program"))
    return found


RULES: dict[Callable[[ast.Module], list[str]], tuple[str, ...]] = {
    posix_names: ("os.fork()", "os.rename(a, b)", "x = signal.SIGALRM", "path.symlink_to(other)"),
    posix_modules: ("import fcntl", "from resource import getrusage"),
    unencoded: ("open('a')", "path.read_text()", "path.write_text('a')", "path.open('w')"),
    own_places: ("place = '/var/a'", "day.strftime('%Y-%-m')"),
    file_names: ("name = 'a:b.csv'", "name = 'draw/nul.txt'"),
    joined_paths: ("str(path) + '/a'", "str(path).split('/')"),
    programs: ("subprocess.run(['git', 'log'])", "subprocess.run('x', shell=True)"),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_nothing_assumes_one_system(rule: Callable[[ast.Module], list[str]]) -> None:
    for line in RULES[rule]:
        assert rule(ast.parse(line)), f"{line} breaks the rule"
    found = [
        f"{name}: {fault}" for name, path in law.files().items() if (rule.__name__, name) not in GUARDED for fault in rule(law.tree(path))
    ]  # fmt: skip
    assert not found, "\n".join(found)


def test_what_is_allowed_is_let_through() -> None:
    guarded = "try:\n    import fcntl\nexcept ImportError:\n    fcntl = None"
    fine = f"path.open('rb')\nopen(a, 'wb')\npath.read_text(encoding='utf-8')\nos.replace(a, b)\n{guarded}"
    assert not [fault for rule in RULES for fault in rule(ast.parse(fine))]


def test_no_two_files_differ_by_case_alone_and_names_hold_on_windows() -> None:
    names = [path.relative_to(law.PACKAGE).as_posix() for path in law.PACKAGE.rglob("*") if "__pycache__" not in path.parts]
    assert len({name.lower() for name in names}) == len(names)
    assert not [name for name in names if re.search(r"[\\:*?\"<>|]|[ .]$", name) or len(name) > 100]


# -- one folder of wheels ------------------------------------------------------------------------------------------------


def test_the_commands_of_pip_and_the_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed: list[list[str]] = []

    def pip(words: list[str]) -> None:
        typed.append(words)
        if words[0] == "wheel":
            (tmp_path / "包 一" / "evalkit-0.1.0-py3-none-any.whl").write_bytes(b"")

    monkeypatch.setattr(wheels, "_pip", pip)
    said = say("wheels", str(tmp_path / "包 一"), "--platform", "windows", "--python", "3.12", "--extra", "big")
    assert said.startswith("0\n安装包：1 个") and "--no-index --find-links" in said
    assert typed[1][:2] == ["download", "--only-binary=:all:"] and typed[1][-4:-1] == ["win_amd64", "--python-version", "3.12"]
    assert typed[1][-1].endswith("evalkit-0.1.0-py3-none-any.whl[big]")
    guide = (tmp_path / "包 一" / "安装方法.txt").read_text(encoding="utf-8-sig")
    assert "Python 3.12" in guide and '"evalkit[big]"' in guide
    with pytest.raises(EvalkitError, match="没有这种系统"):
        wheels.collect_wheels(tmp_path, platform="dos")


def test_an_installed_package_is_packed_into_a_wheel_again(tmp_path: Path) -> None:
    made = wheels.packed(distribution("click"), tmp_path)
    with zipfile.ZipFile(made) as wheel:
        assert "click/__init__.py" in wheel.namelist() and not [name for name in wheel.namelist() if ".." in name]
    words = ["install", "--quiet", "--no-index", "--no-deps", "--target", str(tmp_path / "装 好"), str(made)]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True, capture_output=True)
    asked = [sys.executable, "-X", "utf8", "-c", "import click; print(click.__file__)"]
    done = subprocess.run(asked, cwd=tmp_path / "装 好", capture_output=True, check=True)
    assert "装 好" in done.stdout.decode("utf-8")


def test_pip_that_fails_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(EvalkitError, match="pip download｜没有成功"):
        wheels._pip(["download", "--no-index", "--dest", str(tmp_path), "没有这个包"])
