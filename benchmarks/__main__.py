"""The benchmarks: ``python -m benchmarks --date 2026-01-01 [--quick] [--peer PYTHON]`` runs `whole`, all that is timed, and writes
docs/benchmarks.md; ``python -m benchmarks NAME …`` runs one of ``ALL``: ``draw`` and ``estimate`` in detail, ``coverage`` counts how often
intervals cover, ``operating`` what verdicts say, ``screening`` times checks of rows, ``returns`` times a workbook of returns,
``scale`` draws and estimates from files larger than memory, ``kill`` kills writers, ``fuzz`` tries readers on bytes that nobody meant,
``guard`` counts instructions and fails where they have grown.
"""

import sys
from collections.abc import Callable

from benchmarks import coverage, draw, estimate, fuzz, guard, kill, operating, returns, scale, screening, whole

ALL: dict[str, Callable[[list[str]], None]] = {
    "all": whole.main,
    "coverage": coverage.main,
    "draw": draw.main,
    "estimate": estimate.main,
    "fuzz": fuzz.main,
    "guard": guard.main,
    "kill": kill.main,
    "operating": operating.main,
    "returns": returns.main,
    "scale": scale.main,
    "screening": screening.main,
}


def main(words: list[str] | None = None) -> None:
    """Run the benchmark that the first word names, or all that is timed."""
    asked = sys.argv[1:] if words is None else words
    if asked and asked[0] in ALL:
        ALL[asked[0]](asked[1:])
    else:
        whole.main(asked)


if __name__ == "__main__":
    main()
