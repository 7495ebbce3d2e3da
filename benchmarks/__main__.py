"""All benchmarks, each with its page: ``python -m benchmarks --date 2026-01-01 [--repeats 5] [--share 1] [--peer PYTHON]``."""

import sys

from benchmarks import draw, estimate


def main(words: list[str] | None = None) -> None:
    """Run the benchmark of draws, then that of estimates."""
    asked = sys.argv[1:] if words is None else words
    draw.main(asked)
    estimate.main(asked)


if __name__ == "__main__":
    main()
