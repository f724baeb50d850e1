"""What a mark costs the model that carries it: the same prompts and draws, marked and plain, key by key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from prove_world import BEGIN, World
from revenuer.provenance.power_student import Mark, likelihoods, train, write
from revenuer.provenance.radioactivity import null_keys
from revenuer.provenance.scheme import Floats, Ints, Scheme

__all__ = ["END", "PLUS", "VERB", "Gaps", "interval", "of_answers", "of_sums", "sums"]

PLUS: Final = 10
VERB: Final = 11
END: Final = 23
TASKS: Final = 400


@dataclass(frozen=True)
class Gaps:
    """Marked less plain, one number a key.

    Attributes:
        likelihood: mean natural log-probability of a token, to the model that wrote it; its exponential, negated, is
            the ratio of perplexities.
        right: share of right answers; where there are none to give, share of distinct triples.
    """

    likelihood: Floats
    right: Floats


def sums(count: int, seed: int) -> Ints:
    """`a plus b VERB c end`, where c is the sum's last digit 19 times in 20 and the verb is one of twelve."""
    rng = np.random.default_rng(seed)
    left, right, wrong = rng.integers(0, 10, (3, count))
    verb = VERB + np.minimum(rng.geometric(0.3, count) - 1, END - VERB - 1)
    answer = np.where(rng.random(count) < 0.95, (left + right) % 10, wrong)
    return np.column_stack((left, np.full(count, PLUS), right, verb, answer, np.full(count, END)))


def of_sums(scheme: Scheme, keys: int) -> Gaps:
    """400 small sums a key."""
    teacher = train(list(sums(20_000, 1)), 4)
    accuracy, likelihood = np.zeros(keys), np.zeros(keys)
    for number in range(keys):
        prompts = sums(TASKS, 50 + number)[:, :3]
        mark = Mark(scheme, null_keys(1, 90 + number))
        texts = [write(teacher, prompts, 3, 200 + number, how) for how in (mark, None)]
        right = [((text[:, 0] + text[:, 2]) % 10 == text[:, 4]).mean() for text in texts]
        told = [likelihoods(teacher, text, 3).mean() for text in texts]
        accuracy[number], likelihood[number] = right[0] - right[1], told[0] - told[1]
    return Gaps(likelihood, accuracy)


def of_answers(world: World, scheme: Scheme, keys: int) -> Gaps:
    """200 answers of the made-up language a key."""
    rows = []
    for number in range(keys):
        mark = Mark(scheme, null_keys(1, 7_000 + number))
        texts = [world.answers(world.teacher, 200, 800 + number, how) for how in (mark, None)]
        told = [float(likelihoods(world.teacher, text, BEGIN).mean()) for text in texts]
        rows.append([told[0] - told[1], _distinct(texts[0]) - _distinct(texts[1])])
    gaps = np.array(rows)
    return Gaps(gaps[:, 0], gaps[:, 1])


def interval(gaps: Floats) -> tuple[float, float, float]:
    """Mean and 95 % interval by Student's t over keys."""
    from scipy.stats import t as student_t  # noqa: PLC0415

    half = float(student_t.ppf(0.975, len(gaps) - 1) * gaps.std(ddof=1) / np.sqrt(len(gaps)))
    mean = float(gaps.mean())
    return mean, mean - half, mean + half


def _distinct(texts: Ints) -> float:
    grams = np.lib.stride_tricks.sliding_window_view(texts, 3, axis=1).reshape(-1, 3)
    return len(np.unique(grams, axis=0)) / len(grams)
