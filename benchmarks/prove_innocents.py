"""Innocent suspects: each is trained on answers of its own, asked by itself, and tested once under a key of its own."""

from __future__ import annotations

from typing import Final

import numpy as np

from prove_world import BEGIN, World, closed
from revenuer.provenance.power_student import Mark, read, train
from revenuer.provenance.radioactivity import Positions, leaning, null_keys, tabulate
from revenuer.provenance.scheme import GUMBEL, KGW, Ints
from revenuer.provenance.watermark import key_words

__all__ = ["of_counts", "of_network"]

TAUGHT: Final = 500
SAID: Final = 20
READ: Final = 100
NULL: Final = 4_999  # as the command draws by default
SCHEMES: Final = (GUMBEL, KGW)


def of_counts(world: World, number: int) -> dict[str, float]:
    """Upper p of a model of counts over one or two words, by scheme and by what is known of it."""
    model = train(list(_lesson(world, 100_000 + number)), BEGIN - 1 - number % 2)
    said = world.answers(model, SAID, 200_000 + number)
    return _tested(world, number, closed(said), read(model, world.unmarked[:READ], 2))


def of_network(world: World, number: int) -> dict[str, float]:
    """The same of a perceptron with a start of its own, as small as makes thousands of them affordable."""
    from prove_networks import Course, opened, shares, taught, written  # noqa: PLC0415

    words, plain = world.language.words, world.unmarked[:READ]
    held = taught(_lesson(world, 300_000 + number), words, number, Course(16, 64, steps=400, batch=128, rate=1e-2))
    said = written(held, world.prompts(SAID, 400_000 + number), world.language.length, number)
    return _tested(world, 500_000 + number, closed(said), opened(shares(held, plain), plain))


def _lesson(world: World, number: int) -> Ints:
    """Every third innocent learns plain answers, the others those that carry somebody else's key, by race or by lists."""
    marks = (None, *(Mark(scheme, null_keys(1, number)) for scheme in SCHEMES))
    return world.answers(world.teacher, TAUGHT, number, marks[number % len(marks)])


def _tested(world: World, number: int, said: Positions, weights: Positions) -> dict[str, float]:
    """One test a scheme and a way to look, each under a secret that is drawn as a provider would draw it."""
    pairs = {
        "closed": (said, closed(world.unmarked)),
        "open, teacher read": (weights, read(world.teacher, world.unmarked[:READ], 2)),
    }
    rng, p = np.random.default_rng([number, 31]), {}
    for kind, pair in pairs.items():
        table = tabulate(*pair)
        for scheme in SCHEMES:
            key, null = key_words([rng.bytes(32)]), null_keys(NULL, int(rng.integers(2**62)))
            p[f"{scheme.name}, {kind}"] = leaning(table, key, scheme, null).p_upper
    return p
