"""Where a world takes its conversations from: pools of stored ones, and generators that never run dry."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Made", "Source", "Stored", "Text", "Texts", "varied"]

_NUMBER: Final = re.compile(r"(?<![\w.])\d{1,4}(?![\w.])")
_SENTENCE: Final = re.compile(r"(?<=[.!?]) +")


@dataclass(frozen=True, slots=True)
class Text:
    """One request as somebody might send it, with the answer where it is known."""

    prompt: str
    system: str | None = None
    response: str | None = None


Talk = tuple[Text, ...]


class Source(Protocol):
    """Conversations of one capability, by topic."""

    @property
    def topics(self) -> Sequence[str]:
        """Names of the topics."""

    def draw(self, dice: random.Random, topics: Sequence[str] = ()) -> Talk:
        """A conversation, from one of these topics if any are given."""

    def deal(self, dice: random.Random) -> Iterator[Talk]:
        """Conversations without end and almost without repetition, in random order."""


class Texts(Protocol):
    """All that a world's people write, and how busy measured clients were."""

    def extraction(self, capability: str) -> Source:
        """Task items of the kind that is harvested."""

    def ordinary(self, capability: str) -> Source:
        """What people otherwise ask; capability names of the contract, and `eval` for public test items."""

    def foreign(self) -> Source:
        """Task items in other languages than English."""

    def systems(self) -> Sequence[str]:
        """System prompts of products."""

    def curves(self) -> Sequence[NDArray[np.float64]]:
        """Measured rate curves of clients over the window; empty where none were measured."""

    def lengths(self) -> NDArray[np.float64]:
        """Lengths of answers in tokens, for requests whose text came without an answer."""


def varied(text: Text, dice: random.Random) -> Text:
    """The same request as somebody else would send it: other numbers, at times a sentence less."""
    prompt = _NUMBER.sub(lambda m: str(max(1, int(int(m.group()) * dice.uniform(0.5, 1.9)))), text.prompt)
    sentences = _SENTENCE.split(prompt)
    if len(sentences) > 3:
        del sentences[dice.randrange(1, len(sentences) - 1)]
        prompt = " ".join(sentences)
    return replace(text, prompt=prompt)


class Stored:
    """A fixed stock of conversations; each is used a few times, first as it is, then varied, then others fill in.

    Args:
        units: the conversations.
        topics: topic -> numbers of units.
        fallback: what fills in.
        uses: how often one unit may be drawn.
    """

    def __init__(
        self, units: Sequence[Talk], topics: Mapping[str, Sequence[int]], fallback: Source, uses: int = 4
    ) -> None:
        self._units, self._fallback, self._limit = units, fallback, uses
        order = random.Random(len(units))  # noqa: S311
        self._members = {name: order.sample(list(rows), len(rows)) for name, rows in topics.items()}
        self._members[""] = order.sample(range(len(units)), len(units))
        self._next = dict.fromkeys(self._members, 0)
        self._used = [0] * len(units)
        self._names = list(topics)

    @property
    def topics(self) -> Sequence[str]:
        """Names of the topics."""
        return self._names

    def __len__(self) -> int:
        return len(self._units)

    def draw(self, dice: random.Random, topics: Sequence[str] = ()) -> Talk:
        """The next conversation of a topic that is not worn out, else one from the fallback."""
        name = dice.choice(topics) if topics else ""
        rows = self._members[name]
        for _ in range(3):
            row = rows[self._next[name] % len(rows)]
            self._next[name] += 1
            if self._used[row] < self._limit:
                self._used[row] += 1
                return self._units[row] if self._used[row] < 3 else tuple(varied(t, dice) for t in self._units[row])
        spare = self._fallback.topics
        # A worn-out topic keeps its meaning: it always falls back to the same one.
        return self._fallback.draw(dice, [spare[len(name) * 7 % len(spare)]] if name else ())

    def deal(self, dice: random.Random) -> Iterator[Talk]:
        """All units once in random order, then varied ones and generated ones by turns."""
        order = dice.sample(range(len(self._units)), len(self._units))
        yield from (self._units[row] for row in order)
        others = self._fallback.deal(dice)
        while True:
            yield tuple(varied(t, dice) for t in self._units[dice.choice(order)])
            yield next(others)


class Made:
    """Conversations made on demand.

    Args:
        topics: names of what they can be about.
        make: (topic, dice) -> a conversation.
    """

    def __init__(self, topics: Sequence[str], make: Callable[[str, random.Random], Talk]) -> None:
        self._topics, self._make = topics, make

    @property
    def topics(self) -> Sequence[str]:
        """Names of the topics."""
        return self._topics

    def draw(self, dice: random.Random, topics: Sequence[str] = ()) -> Talk:
        """A new conversation."""
        return self._make(dice.choice(topics or self._topics), dice)

    def deal(self, dice: random.Random) -> Iterator[Talk]:
        """New conversations without end."""
        while True:
            yield self.draw(dice)
