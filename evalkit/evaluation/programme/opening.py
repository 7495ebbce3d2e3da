"""The folders of a programme: one evaluation a county, ready for its own draw."""

from __future__ import annotations

from pathlib import Path

from evalkit.design import read_design
from evalkit.design.programme import LIST, county_data
from evalkit.errors import EvalkitError
from evalkit.evaluation.folder import PARTS, Folder
from evalkit.evaluation.guards import sound_seed
from evalkit.evaluation.programme.counties import Counties, draw_counties
from evalkit.evaluation.programme.running import COUNTIES, keep_draw
from evalkit.later import later
from evalkit.patience import Progress, counted
from evalkit.problems.taxonomies import design_taxonomy
from evalkit.sheets import write_bytes, write_csv

tomli_w = later("tomli_w")


def open_counties(
    design: str | Path, out: str | Path, *, seed: str, how: str, progress: Progress | None = None
) -> tuple[str, ...]:
    """Draw the counties of a programme and lay out one folder for each.

    Parameters
    ----------
    design : str or pathlib.Path
        A design file with ``[programme]``.
    out : str or pathlib.Path
        A folder that holds no programme yet: ``draw/`` gets the certificate of the counties, ``counties/NAME/`` the design, the list
        and the seed of each county, which goes on with `evalkit draw` as any other evaluation.
    seed, how : str
        The digits of the ceremony, and how they were made; every county draws with them.
    progress : callable, optional
        Told a line a county. Until the last is written the folder holds no programme: stopped, the same is asked again.

    Returns
    -------
    tuple of str
        Two lines that say what was written and what comes next.

    Raises
    ------
    EvalkitError
        When the folder holds a programme, when the seed is no public seed, or with every fault of design and list.
    """
    folder = Folder(Path(out))
    if folder.design.exists():
        raise EvalkitError(f"{folder.design}｜已经有设计文件｜换一个文件夹：重抽会换掉各县的样本")
    if not how.strip():
        raise EvalkitError("how｜空白｜写种子如何产生、谁在场，如 \"11月12日各县代表当众摇号\"")
    drawn = draw_counties(read_design(design), seed=sound_seed(seed), seed_origin=how.strip())
    design_taxonomy(drawn.design)  # a taxonomy that is not there, or a name that is no folder's, is refused before anything is written
    for code in counted(drawn.codes, "核对各县设计", progress):
        drawn.plan(code)
    for code in counted(drawn.codes, "写各县文件夹", progress):
        _open(drawn, code, Folder(folder.root / COUNTIES / drawn.names[code]))
    keep_draw(drawn, folder)
    first = folder.root / COUNTIES / drawn.names[drawn.codes[0]]
    return (
        f"项目：抽中 {len(drawn.codes)} 个县，各县的设计、名单与种子在 {folder.root / COUNTIES}/，凭证 draw/certificate.json",
        f"下一步：逐县键入 evalkit draw，如 evalkit draw {first}；各县有了结果，再键入 evalkit summary",
    )


def _open(drawn: Counties, code: str, folder: Folder) -> None:
    """Write the design with the taxonomy that it names, the list and the seed of one county."""
    for part in PARTS:
        folder.part(part)
    data = county_data(drawn.design, code, drawn.names[code])
    if named := data.get("problems", {}).get("taxonomy"):
        source = drawn.design.path.parent / named
        write_bytes(folder.root / source.name, source.read_bytes())
        data["problems"]["taxonomy"] = source.name
    write_bytes(folder.design, tomli_w.dumps(data).encode())
    write_csv(drawn.rows(code), folder.frame(LIST))
    said = {"seed": drawn.sample.seed, "how": drawn.sample.seed_origin}
    write_bytes(folder.ceremony_file, tomli_w.dumps(said).encode())
