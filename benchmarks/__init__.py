"""Benchmarks: how long evalkit takes, beside numpy's random numbers alone and beside a peer; no part of the package."""
