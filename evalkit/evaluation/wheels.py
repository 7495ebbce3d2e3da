"""One folder of wheels, from which evalkit is installed where there is no network."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from evalkit.errors import EvalkitError

NAME, GUIDE = "evalkit", "安装方法.txt"
PLATFORMS = {
    "windows": ("win_amd64",),
    "linux": ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux2014_x86_64"),
    "mac": ("macosx_12_0_arm64", "macosx_11_0_arm64"),
}
LEFT_OUT = ("INSTALLER", "REQUESTED", "RECORD", "direct_url.json")
HOW = """在没有网络的计算机上安装 evalkit（先装好 Python {python}，把整个文件夹拷过去）：

python -m venv 评估环境
评估环境\\Scripts\\activate          （macOS、Linux：source 评估环境/bin/activate）
pip install --no-index --find-links "这个文件夹的路径" {name}
evalkit --help

路径中可以有汉字和空格，加上引号即可；不需要 git，不需要管理员权限。
"""


def collect_wheels(
    folder: str | Path, *, platform: str | None = None, python: str | None = None, extras: Sequence[str] = ()
) -> tuple[str, ...]:
    """Put the wheels of evalkit and of all it needs into one folder, for ``pip install --no-index --find-links``.

    Parameters
    ----------
    folder : str or pathlib.Path
    platform : {"windows", "linux", "mac"}, optional
        Of the computers they are for; that of this one when left out.
    python : str, optional
        Their Python, as 3.12; this one's when left out.
    extras : sequence of str
        Extras of evalkit that are wanted too, such as ``big``.

    Returns
    -------
    tuple of str
        What was done and what to type there.

    Raises
    ------
    EvalkitError
        For an unknown platform, and when pip does not find a wheel.
    """
    if platform is not None and platform not in PLATFORMS:
        raise EvalkitError(f"--platform {platform}｜没有这种系统｜写 {'、'.join(PLATFORMS)}")
    target, version = Path(folder), python or f"{sys.version_info.major}.{sys.version_info.minor}"
    target.mkdir(parents=True, exist_ok=True)
    own = own_wheel(target)
    wanted = f"{own}[{','.join(extras)}]" if extras else str(own)
    where = [part for name in PLATFORMS.get(platform or "", ()) for part in ("--platform", name)]
    _pip(["download", "--only-binary=:all:", "--dest", str(target), *where, "--python-version", version, wanted])
    name = f'"{NAME}[{",".join(extras)}]"' if extras else NAME
    (target / GUIDE).write_text(HOW.format(python=version, name=name), encoding="utf-8-sig")
    made = sorted(target.glob("*.whl"))
    size = sum(path.stat().st_size for path in made) / 1e6
    return (
        f"安装包：{len(made)} 个，{size:.0f} MB，在 {target}；说明在 {GUIDE}",
        f'把文件夹拷到没有网络的计算机，键入 pip install --no-index --find-links "文件夹" {name}',
    )


def own_wheel(folder: Path) -> Path:
    """Make the wheel of evalkit itself: from its source where it runs from there, else from what is installed."""
    source = Path(__file__).resolve().parents[2]
    if (source / "pyproject.toml").exists():
        _pip(["wheel", "--no-deps", "--wheel-dir", str(folder), str(source)])
        return max(folder.glob(f"{NAME}-*.whl"), key=lambda path: path.stat().st_mtime_ns)
    try:
        return packed(distribution(NAME), folder)
    except PackageNotFoundError:
        raise EvalkitError("evalkit｜没有用 pip 安装，也没有源文件｜从源文件夹键入 pip install . 后再试") from None


def packed(installed: Distribution, folder: Path) -> Path:
    """Pack what is installed into a wheel again: the files that its record lists, and a record of them (PEP 427)."""
    tag = next(line.partition(": ")[2] for line in (installed.read_text("WHEEL") or "").splitlines() if line.startswith("Tag: "))
    path = folder / f"{installed.name}-{installed.version}-{tag}.whl"
    files = [file for file in installed.files or [] if ".." not in file.parts and "__pycache__" not in file.parts]
    kept = [file for file in files if file.name not in LEFT_OUT]
    info = next(file.parent for file in kept if file.name == "METADATA").as_posix()
    lines = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for file in sorted(kept, key=lambda each: each.as_posix()):
            data = Path(str(file.locate())).read_bytes()
            print_ = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            lines.append(f"{file.as_posix()},sha256={print_},{len(data)}")
            wheel.writestr(zipfile.ZipInfo(file.as_posix()), data)
        wheel.writestr(zipfile.ZipInfo(f"{info}/RECORD"), "\n".join([*lines, f"{info}/RECORD,,", ""]))
    return path


def _pip(words: Sequence[str]) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *words], capture_output=True, check=False)
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["没有说明"]
        way = "在有网络的计算机上再试；国内可先设镜像：pip config set global.index-url 镜像网址"
        raise EvalkitError(f"pip {words[0]}｜没有成功：{last[0][:200]}｜{way}")
