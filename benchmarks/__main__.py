"""All benchmarks: ``python -m benchmarks --date 2026-01-01``."""

from benchmarks.draw import main

if __name__ == "__main__":
    main()
