"""A new evaluation: its folder, a commented design file, and templates for the institute's own tables."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from evalkit.design import read_design
from evalkit.errors import EvalkitError
from evalkit.evaluation.folder import PARTS, Folder
from evalkit.fieldwork import write_templates
from evalkit.sheets import write_bytes


def begin(path: str | Path) -> tuple[str, ...]:
    """Lay out the folder of a new evaluation.

    Parameters
    ----------
    path : str or pathlib.Path
        A folder that does not exist yet or holds no design file.

    Returns
    -------
    tuple of str
        Two lines that say what was written and what comes next.

    Raises
    ------
    EvalkitError
        When the folder already holds a design file.
    """
    folder = Folder(Path(path))
    if folder.design.exists():
        raise EvalkitError(f"{folder.design}｜已经有设计文件｜换一个文件夹，或直接修改它")
    for part in PARTS:
        folder.part(part)
    write_bytes(folder.design, (resources.files("evalkit.design") / "template.toml").read_bytes())
    written = write_templates(folder.root / "templates", read_design(folder.design))
    return (
        f"新建：{folder.root}，设计文件 design.toml，模板 {'、'.join(path.name for path in written)}",
        "下一步：按注释改 design.toml，把村名单放入 frame/，再键入 evalkit check、evalkit draw",
    )
