"""Two programs that draw again and share no code with evalkit, for the evaluated county and anyone else: a script and a web page."""

from __future__ import annotations

from pathlib import Path

from evalkit.sheets import write_bytes

HERE = Path(__file__).parent
FILES = ("verify_draw.py", "verify_draw.html")


def write_verifiers(folder: str | Path) -> tuple[Path, Path]:
    """Put both verifiers into a folder.

    Parameters
    ----------
    folder : str or pathlib.Path
        Made where it does not exist. Files of the same name are replaced.

    Returns
    -------
    tuple of pathlib.Path
        The script, for any Python from 3.8 on, and the page, for any browser of the last years, without a network.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     [path.name for path in write_verifiers(place)]
    ['verify_draw.py', 'verify_draw.html']
    """
    script, page = (write_bytes(Path(folder) / name, (HERE / name).read_bytes()) for name in FILES)
    return script, page
