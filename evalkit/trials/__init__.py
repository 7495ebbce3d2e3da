"""Trials: a whole design carried out many times on made-up counties, to see what it would say before anybody goes out."""

from evalkit.trials.outcomes import Trials
from evalkit.trials.plain import plain_design
from evalkit.trials.searching import Search, cheapest
from evalkit.trials.simulating import simulate

__all__ = ["Search", "Trials", "cheapest", "plain_design", "simulate"]
