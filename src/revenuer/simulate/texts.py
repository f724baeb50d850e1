"""Texts by capability, as pools of conversations: one face for corpora on disk and for the built-in generator."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["Pool", "Text", "Texts"]


@dataclass(frozen=True, slots=True)
class Text:
    """One request as somebody might send it, with the answer where it is known."""

    prompt: str
    system: str | None = None
    response: str | None = None


@dataclass(slots=True)
class Pool:
    """Conversations (each a tuple of `Text`, first turn first) of one capability, with their topics.

    Args:
        units: the conversations.
        topics: topic -> numbers of units.
    """

    units: list[tuple[Text, ...]]
    topics: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.topics:
            self.topics = {"": list(range(len(self.units)))}

    def draw(self, dice: random.Random, topics: Sequence[str] = ()) -> tuple[Text, ...]:
        """A conversation, from one of these topics if any are given."""
        if topics:
            return self.units[dice.choice(self.topics[dice.choice(topics)])]
        return self.units[dice.randrange(len(self.units))]


class Texts(Protocol):
    """Where a world takes its texts from."""

    def extraction(self, capability: str) -> Pool:
        """Task items of the kind that is harvested."""

    def ordinary(self, capability: str) -> Pool:
        """What people otherwise ask; capability names of the contract, and `eval` for public test items."""

    def systems(self) -> Sequence[str]:
        """System prompts of products."""

    def curves(self) -> Sequence[object]:
        """Measured rate curves of clients over the window, as arrays; empty where none were measured."""
