"""How much a test can see: students that are planted, so that what they were trained on is known.

The planted students are models of counts. They follow their training text more closely than a network does, so the power
that they show is an upper end; students of one's own (`--planted`) say more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from revenuer.control import clopper_pearson
from revenuer.errors import ConfigError
from revenuer.provenance.power_student import Mark, NGram, read, sampled, train, write
from revenuer.provenance.radioactivity import Positions, leaning, null_keys, tabulate
from revenuer.provenance.scheme import Ints, Scheme

__all__ = ["Plan", "Power", "planted_power"]

_MOST_TOKENS: Final = 60_000  # of each text that is made; more would see more, so the estimate stays below
_NULL: Final = 99


@dataclass(frozen=True, slots=True)
class Plan:
    """What is planted.

    Args:
        scheme: of the mark.
        fraction: share of a student's training answers that carry it.
        answers: that the suspect gave.
        length: tokens of an answer.
        harvest: answers a student is trained on.
        opened: the suspect's probabilities are known, not samples alone.
        alpha: level of each test, after Holm.
        students: how many are planted.
        seed: of all draws.
        looks: tokens of the suspect that could be used; a planted student is judged by no more.
        told: the probabilities of the model that was served are known, not samples alone.
    """

    scheme: Scheme
    fraction: float
    answers: int
    length: int
    harvest: int
    opened: bool
    alpha: float
    students: int
    seed: int = 0
    looks: float = math.inf
    told: bool = False


@dataclass(frozen=True, slots=True)
class Power:
    """How many of the planted students were found, with the exact 95 % interval of the share."""

    fraction: float
    students: int
    found: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Of the students that were found."""
        return self.found / self.students


def planted_power(reference: list[Ints], plan: Plan) -> Power:
    """Train students on answers of which a share is marked, and count how many are found.

    The teacher is a model of counts of the unwatermarked answers; each student gets a key of its own. It is found where the
    normal tail against 99 null keys is at most `alpha`, and no null key is further out than that allows.

    Args:
        reference: tokens of unwatermarked answers.
        plan: how much of what.

    Raises:
        ConfigError: the answers are too short or too few to learn from.
    """
    order = plan.scheme.window + 1
    texts = [text for text in reference if len(text) > order]
    if len(texts) < 2 or plan.length <= order:
        raise ConfigError(f"answers of more than {order} tokens are needed to plant students")
    teacher, starts = train(texts, order), np.array([text[:order] for text in texts])
    found = sum(_is_found(teacher, starts, plan, number) for number in range(plan.students))
    return Power(plan.fraction, plan.students, found, *clopper_pearson(found, plan.students))


def _is_found(teacher: NGram, starts: Ints, plan: Plan, number: int) -> bool:
    rng = np.random.default_rng((plan.seed, number))
    order, length = starts.shape[1], min(plan.length, _MOST_TOKENS // 100)
    most = max(_MOST_TOKENS // length, 1)
    key = null_keys(1, int(rng.integers(2**62)))
    mark = Mark(plan.scheme, key)

    def answers(model: NGram, count: int, marked: Mark | None = None) -> Ints:
        begun = starts[rng.integers(0, len(starts), min(count, most))]
        return write(model, begun, length, int(rng.integers(2**62)), marked)

    taught = answers(teacher, plan.harvest)
    marked = answers(teacher, plan.harvest, mark)[: round(plan.fraction * len(taught))]
    student = train([*marked, *taught[len(marked) :]], order)
    plain, window = answers(teacher, len(starts)), plan.scheme.window
    suspect = read(student, plain, window) if plan.opened else sampled(answers(student, plan.answers), window, order)
    reference = read(teacher, plain, window) if plan.told else sampled(plain, window, order)
    table = tabulate(suspect, reference)
    if table.looks > plan.looks:
        table = tabulate(_first(suspect, plan.looks / table.looks), reference)
    found = leaning(table, key, plan.scheme, null_keys(_NULL, int(rng.integers(2**62))))
    # few tokens have a tail that is not normal: the rank, as far as it reaches, must agree
    return found.p_tail <= plan.alpha and found.p_exact <= max(plan.alpha, 1 / (_NULL + 1))


def _first(whole: Positions, share: float) -> Positions:
    kept = int(len(whole) * share)
    return Positions(whole.contexts[:kept], whole.tokens[:kept], whole.weights[:kept])
