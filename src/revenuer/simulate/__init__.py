"""Labelled traffic: archetypes of attack and confusable legitimate workloads in an ordinary majority."""

from revenuer.simulate.scenarios import Summary, scenarios, simulate

__all__ = ["Summary", "scenarios", "simulate"]
