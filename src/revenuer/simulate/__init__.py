"""Labelled traffic: archetypes of attack and confusable legitimate workloads in an ordinary majority."""

from revenuer.simulate.scenarios import Summary, scenarios, simulate
from revenuer.simulate.texts import Elicitation, Row, elicitation_text, generate_text

__all__ = ["Elicitation", "Row", "Summary", "elicitation_text", "generate_text", "scenarios", "simulate"]
