"""A made-up language, a teacher of it, and what students of that teacher are trained on: the world of the verifier's figures and tests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from revenuer.provenance.power_student import Mark, NGram, sampled, train, write
from revenuer.provenance.radioactivity import Positions
from revenuer.provenance.scheme import Ints

__all__ = ["BEGIN", "Language", "World", "closed"]

BEGIN: Final = 3  # tokens of a prompt


@dataclass(frozen=True)
class Language:
    """The next word follows from one of the last two, by a law of few large and many small shares.

    Attributes:
        words: how many there are.
        tail: exponent of the law; the larger, the surer is what follows.
        length: words of a text.
    """

    words: int = 300
    tail: float = 1.6
    length: int = 40

    def texts(self, count: int, seed: int) -> Ints:
        """Texts, shape (count, length)."""
        law, rng = np.random.default_rng(77), np.random.default_rng(seed)
        after = law.random((2, self.words, self.words)).argsort(axis=2)
        shares = np.cumsum(1 / np.arange(1, self.words + 1) ** self.tail)
        texts = rng.integers(0, self.words, (count, self.length))
        for at in range(2, self.length):
            rank = np.searchsorted(shares, rng.random(count) * shares[-1])
            which = rng.integers(0, 2, count)
            texts[:, at] = after[which, texts[np.arange(count), at - 1 - which], rank]
        return texts


@dataclass(frozen=True)
class World:
    """A teacher of counts, its unwatermarked answers, and what its students are trained on.

    Attributes:
        seed: of the teacher's texts, and of its unwatermarked answers.
        language: that it speaks.
        read: texts that the teacher was trained on.
        harvest: answers that a student is trained on.
        plain: unwatermarked answers that are kept as the reference.
    """

    seed: int
    language: Language = Language()
    read: int = 6_000
    harvest: int = 3_000
    plain: int = 1_000

    @cached_property
    def teacher(self) -> NGram:
        """The model that is served."""
        return train(list(self.language.texts(self.read, self.seed + 1)), BEGIN)

    @cached_property
    def unmarked(self) -> Ints:
        """Unwatermarked answers, shape (plain, length)."""
        return self.answers(self.teacher, self.plain, self.seed + 2)

    def prompts(self, count: int, seed: int) -> Ints:
        """Beginnings of texts, shape (count, BEGIN)."""
        return self.language.texts(count, seed)[:, :BEGIN]

    def answers(self, model: NGram, count: int, seed: int, mark: Mark | None = None) -> Ints:
        """What a model says, marked or not, prompts among it."""
        return write(model, self.prompts(count, seed), self.language.length - BEGIN, seed, mark)

    def harvested(self, fraction: float, mark: Mark, seed: int) -> list[Ints]:
        """What a student is trained on, a share of it marked."""
        marked = round(self.harvest * fraction)
        plain = self.answers(self.teacher, self.harvest, seed)[marked:]
        return [*self.answers(self.teacher, self.harvest, seed, mark)[:marked], *plain]

    def student(self, fraction: float, mark: Mark, seed: int) -> NGram:
        """A student of counts."""
        return train(self.harvested(fraction, mark, seed), BEGIN)


def closed(texts: Ints) -> Positions:
    """Answers as a closed model gives them, for a window of two."""
    return sampled(texts, 2, BEGIN)
