"""The most memory a process has held. The peers (`peer.py`, `peer_estimate.py`), run by a Python of their own, have it written out."""

from __future__ import annotations

import resource
from pathlib import Path


def peak() -> float:
    """Return the most memory this process has held, in MB; what its parent held before is no part of it."""
    status = Path("/proc/self/status")
    held = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")] if status.exists() else []
    return int(held[0].split()[1]) / 1024 if held else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
