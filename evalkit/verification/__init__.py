"""Verification: the draw made again from a certificate, and every place where it comes out otherwise."""

from evalkit.verification.checking import verify
from evalkit.verification.outcomes import Verification

__all__ = ["Verification", "verify"]
