"""Trials spread over workers in batches: each batch is kept when it is done, so that a run that was interrupted goes on."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import EvalkitError
from evalkit.later import later
from evalkit.patience import Progress
from evalkit.sheets import write_bytes
from evalkit.trials.trial import FIELDS, Setting, run_trial

if TYPE_CHECKING:
    Floats = NDArray[np.float64]
    Batch = tuple[Floats, Floats]

joblib = later("joblib")
loky = later("joblib.externals.loky")

BATCH = 20
RECEIPT = "trials.txt"
UNREADABLE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)  # of a file that was cut short, or is another's


def run_batches(
    setting: Setting, replicates: int, fingerprint: str, workers: int | None, folder: str | Path | None, progress: Progress | None
) -> Batch:
    """Run trials 0 … replicates − 1 and return their results and their effort, in order.

    Parameters
    ----------
    setting : Setting
    replicates : int
    fingerprint : str
        Of everything that the numbers depend on: batches in a folder of another fingerprint are refused.
    workers : int, optional
        Processes; −1 all cores; None as `joblib.parallel_config` says, where a Dask or Ray cluster may stand.
    folder : str or pathlib.Path, optional
        Where batches are kept.
    progress : callable, optional
        Told one line after each batch.

    Raises
    ------
    EvalkitError
        When the folder holds the batches of another simulation.
    KeyboardInterrupt
        With what is kept and how to go on, when somebody stops it.
    """
    kept = _Kept(Path(folder), fingerprint) if folder is not None else None
    starts = list(range(0, replicates, BATCH))
    done = {start: batch for start in starts if kept is not None and (batch := kept.read(start, _size(start, replicates))) is not None}
    waiting = [start for start in starts if start not in done]
    if done and progress:
        progress(f"接着上次的：{_made(done)} 次已有")
    _ = setting.village_rates, setting.population.counted, setting.groups  # made once here, and handed to the workers
    try:
        for start, batch in _computed(setting, waiting, replicates, workers):
            done[start] = batch
            if kept is not None:
                kept.write(start, batch)
            if progress:
                progress(f"模拟 {_made(done)}/{replicates}")
    except KeyboardInterrupt:
        if workers != 1:  # joblib keeps its processes for the next call; after an interruption nobody would end them
            loky.get_reusable_executor().shutdown(wait=True, kill_workers=True)
        raise KeyboardInterrupt(_left_off(_made(done), replicates, folder)) from None
    parts = [done[start] for start in starts]
    return np.concatenate([results for results, _ in parts]), np.concatenate([work for _, work in parts])


def _computed(setting: Setting, starts: list[int], replicates: int, workers: int | None) -> Iterator[tuple[int, Batch]]:
    tasks = (joblib.delayed(_batch)(setting, start, _size(start, replicates)) for start in starts)
    yield from joblib.Parallel(n_jobs=workers, return_as="generator_unordered")(tasks) if starts else ()


def _made(done: Mapping[int, Batch]) -> int:
    return sum(len(results) for results, _ in done.values())


def _left_off(made: int, replicates: int, folder: str | Path | None) -> str:
    """Return what is said when somebody stops a simulation."""
    if folder is None:
        return f"模拟中断于 {made}/{replicates} 次｜没有写 folder，做完的没有保存｜写 folder=\"trials\"，中断后可以接着做"
    return f"模拟中断于 {made}/{replicates} 次｜做完的 {made} 次保存在 {folder}｜再用同样的命令与 folder 即接着做"


def _size(start: int, replicates: int) -> int:
    return min(BATCH, replicates - start)


def _batch(setting: Setting, start: int, size: int) -> tuple[int, Batch]:
    made = [run_trial(setting, number) for number in range(start, start + size)]
    return start, (np.stack([results for results, _ in made]), np.stack([work[None] for _, work in made]))


class _Kept:
    """The batches in a folder."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.folder, self.fingerprint, receipt = folder, fingerprint, folder / RECEIPT
        if receipt.exists() and receipt.read_text(encoding="utf-8").strip() != fingerprint:
            raise EvalkitError(f"{folder}｜已有另一次模拟的结果（设计、名单、种子、真值或版本不同）｜换一个文件夹，或删去它")
        write_bytes(receipt, f"{fingerprint}\n".encode())

    def _path(self, start: int) -> Path:
        return self.folder / f"batch_{start:07d}.npz"

    def read(self, start: int, size: int) -> Batch | None:
        """Return a batch; None where there is none, or an unfinished or shorter one, or that of another simulation."""
        try:
            with np.load(self._path(start), allow_pickle=False) as held:
                results, work, whose = held["results"], held["work"], str(held["fingerprint"])
        except UNREADABLE:
            return None
        return (results, work) if len(results) == size and whose == self.fingerprint else None

    def write(self, start: int, batch: Batch) -> None:
        held = io.BytesIO()
        np.savez_compressed(held, results=batch[0], work=batch[1], fingerprint=np.array(self.fingerprint))
        write_bytes(self._path(start), held.getvalue())


def fingerprint_parts(setting: Setting) -> dict[str, Any]:
    """Return what the numbers of a simulation depend on, as plain data."""
    return {
        "design": setting.design.model_dump(mode="json", by_alias=True, exclude_none=True),
        "frame": setting.frame.fingerprint,
        "points": [[list(map(list, point.rates)), point.icc, point.model] for point in setting.points],
        "seed": setting.seed, "icc": setting.icc, "interviewer": setting.interviewer, "alphas": list(setting.alphas),
        "fields": list(FIELDS),
    }  # fmt: skip
