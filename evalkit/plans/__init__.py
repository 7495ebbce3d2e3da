"""Sampling plans: what a design will take, what it can prove, and what it costs, before anything has been drawn."""

from evalkit.plans.planned import Plan, plan

__all__ = ["Plan", "plan"]
