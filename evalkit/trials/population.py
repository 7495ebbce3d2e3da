"""Who lives in the villages of a list: households by stratum and the persons of each, the same in every trial."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit import streams
from evalkit.plans.counting import cascaded, expected_means, last_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalkit.design import Design
    from evalkit.frame import Frame

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

MOST_TRIALS = 9  # of the binomial number of persons beside the first


@dataclass(frozen=True, eq=False)
class Population:
    """Households of every village of a list.

    Attributes
    ----------
    villages : tuple of str
        Ids, in the order of the frame.
    labels : tuple of str
        Strata of the households.
    sizes : (villages, labels) int array
        Households.
    persons : float
        Mean persons of a household.
    seed : str
    """

    villages: tuple[str, ...]
    labels: tuple[str, ...]
    sizes: Ints
    persons: float
    seed: str

    @cached_property
    def place(self) -> dict[str, int]:
        """Return the place of each village in the list."""
        return {village: at for at, village in enumerate(self.villages)}

    @cached_property
    def counted(self) -> dict[str, tuple[Floats, Floats]]:
        """Return sums by village and stratum of what is counted in a household, and of its square: ``households``, ``persons``."""
        sums, squares = np.zeros(self.sizes.shape), np.zeros(self.sizes.shape)
        for at in range(len(self.villages)):
            label, each = self._label(at), self._persons(at).astype(float)
            sums[at] = np.bincount(label, each, len(self.labels))
            squares[at] = np.bincount(label, each**2, len(self.labels))
        count = self.sizes.astype(float)
        return {"households": (count, count), "persons": (sums, squares)}

    def roster(self, villages: Sequence[str]) -> pd.DataFrame:
        """Return the rosters of villages, by village and household, as a draw reads them after it has checked them."""
        places = [self.place[village] for village in sorted(villages)]
        numbers = self.sizes[places].sum(axis=1)
        made = {
            "village": np.repeat(np.array([self.villages[at] for at in places], dtype=object), numbers),
            "household": np.concatenate([self._ids[: numbers[k]] for k in range(len(places))]),
            "stratum": np.array(self.labels, dtype=object)[np.concatenate([self._label(at) for at in places])],
            "persons": np.concatenate([self._persons(at) for at in places]),
        }
        return pd.DataFrame(made)

    @cached_property
    def _ids(self) -> NDArray[np.object_]:
        most = int(self.sizes.sum(axis=1).max())
        wide = max(4, len(str(most)))
        return np.array([f"{at:0{wide}d}" for at in range(1, most + 1)], dtype=object)

    def _label(self, at: int) -> Ints:
        return np.repeat(np.arange(len(self.labels)), self.sizes[at])

    def _persons(self, at: int) -> Ints:
        trials = max(MOST_TRIALS, int(np.ceil(2 * (self.persons - 1))))
        u = streams.numbers(self.seed, "trial persons", self.villages[at], int(self.sizes[at].sum()))
        return 1 + streams.binomial(u, trials, (self.persons - 1) / trials)


def populate(design: Design, frame: Frame, seed: str) -> Population:
    """Give every village of a list its households: as many as the list says, else as `[planning]` expects.

    Parameters
    ----------
    design : Design
        With `[planning]`.
    frame : Frame
    seed : str

    Returns
    -------
    Population

    Examples
    --------
    >>> import evalkit as ev
    >>> from evalkit.trials.plain import plain_design
    >>> design = plain_design(20, 60, frame=30, households=100)
    >>> populate(design, ev.Frame.from_design(design), "1").sizes.sum()
    np.int64(3000)
    """
    labels, table = last_labels(design), frame.table()
    facts = table.astype(str).to_dict("records")
    means = [expected_means(design, {str(column): cell for column, cell in row.items()}, labels) for row in facts]
    sizes = np.array([[cascaded(mean[label], at) for label in labels] for at, mean in enumerate(means)], dtype=np.int64)
    assert design.planning is not None
    return Population(tuple(table[frame.id].astype(str)), labels, sizes, design.planning.persons, seed)
