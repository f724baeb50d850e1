"""What the mark costs the model that carries it: a paired test on a small task and its text."""

from __future__ import annotations

import numpy as np
import pytest

from revenuer.provenance.power_student import Mark, likelihoods, train, write
from revenuer.provenance.radioactivity import null_keys
from revenuer.provenance.scheme import GUMBEL, KGW, Ints, Scheme

PLUS, VERB, END, TASKS = 10, 11, 23, 400
KEYS = 60


def sums(count: int, seed: int) -> Ints:
    """`a plus b VERB c end`, where c is the sum's last digit 19 times in 20 and the verb is one of twelve."""
    rng = np.random.default_rng(seed)
    left, right, wrong = rng.integers(0, 10, (3, count))
    verb = VERB + np.minimum(rng.geometric(0.3, count) - 1, END - VERB - 1)
    right_answer = (left + right) % 10
    answer = np.where(rng.random(count) < 0.95, right_answer, wrong)
    return np.column_stack((left, np.full(count, PLUS), right, verb, answer, np.full(count, END)))


def paired(scheme: Scheme) -> tuple[np.ndarray, np.ndarray]:
    """For each key, marked less plain: share of right answers, and mean log-probability of a token."""
    teacher = train(list(sums(20_000, 1)), 4)
    accuracy, likelihood = np.zeros(KEYS), np.zeros(KEYS)
    for number in range(KEYS):
        prompts = sums(TASKS, 50 + number)[:, :3]
        mark = Mark(scheme, null_keys(1, 90 + number))
        texts = [write(teacher, prompts, 3, 200 + number, how) for how in (mark, None)]
        right = [((text[:, 0] + text[:, 2]) % 10 == text[:, 4]).mean() for text in texts]
        told = [likelihoods(teacher, text, 3).mean() for text in texts]
        accuracy[number], likelihood[number] = right[0] - right[1], told[0] - told[1]
    return accuracy, likelihood


def test_the_race_costs_neither_accuracy_nor_perplexity():
    """Over 60 keys with 400 tasks each the paired differences are nil within 3.3 errors, and the errors are small."""
    for gap, largest in zip(paired(GUMBEL), (0.01, 0.05), strict=True):
        error = gap.std(ddof=1) / np.sqrt(KEYS)
        assert error < largest
        assert abs(gap.mean()) < 3.3 * error


def test_the_stronger_option_costs_something():
    """The same test sees what KGW does to the text: it is not blind."""
    _, likelihood = paired(KGW)
    assert likelihood.mean() < -3.3 * likelihood.std(ddof=1) / np.sqrt(KEYS)


def test_unknown_words_have_no_chance():
    """A token that a model never saw after a context has probability 0."""
    teacher = train(list(sums(500, 1)), 4)
    assert likelihoods(teacher, np.array([[1, PLUS, 2, 99]]), 3)[0, 0] == -np.inf
    assert likelihoods(teacher, np.array([[1, PLUS, 2, VERB, 3, END]]), 5)[0, 0] == pytest.approx(0.0)
