"""Frame: who could be chosen, checked and fingerprinted; made by `read_frame`."""

from evalkit.frame.frames import Frame, declared_frame, read_frame
from evalkit.frame.rules import Rule

__all__ = ["Frame", "Rule", "declared_frame", "read_frame"]
