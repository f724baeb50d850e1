"""Rules for the tasks of every capability, in families that share a wording."""

from __future__ import annotations

from typing import Final

__all__ = ["FAMILIES", "WORDS"]

WORDS: Final[dict[str, list[str]]] = {
    "topic": [
        "tides",
        "bread baking",
        "the French Revolution",
        "electric cars",
        "jazz",
        "coral reefs",
        "urban gardening",
    ],
    "person": ["Marie Curie", "a retired nurse", "the mayor", "my neighbour", "Simón Bolívar"],
    "language": ["English", "Spanish", "German", "French", "Polish", "Japanese", "Hindi", "Arabic", "Portuguese"],
    "sentence": [
        "The train leaves at #6-11# from platform #1-9#.",
        "We regret the delay of your parcel.",
        "She never liked #topic#.",
    ],
    "problem": [
        "A shop sells #3-40# pens for #2-9# dollars each. What is the income?",
        "Find all integers n with n^2 + #2-50#n = #100-999#.",
    ],
}

FAMILIES: Final[dict[str, dict[str, list[str]]]] = {
    "cot_elicitation": {
        "trigger": ["#problem# Let's think step by step.", "Q: #problem#\nA: Think step by step, then give the answer."]
    },
    "translation": {"plain": ["Translate into #language#: #sentence#", "How do I say '#sentence#' in #language#?"]},
    "qa": {"plain": ["who was #person#", "what is #topic#", "when did #topic# begin"]},
    "writing": {"plain": ["Write a poem about #topic#.", "Draft an email to #person# about #topic#."]},
    "coding": {
        "plain": ["Write a python function that sorts a list of #2-90# numbers.", "Implement a linked list in Rust."]
    },
    "chat": {"plain": ["hey, do you like #topic#?", "I talked to #person# today about #topic#, what do you think?"]},
    "other": {"plain": ["asdf", "test #1-99#", "ping"]},
}
