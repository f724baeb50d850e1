"""What the mark costs the model that carries it: a paired test on a small task and its text."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from prove_loss import END, PLUS, VERB, of_sums, sums
from revenuer.provenance.power_student import likelihoods, train
from revenuer.provenance.scheme import GUMBEL, KGW

KEYS = 60


def test_the_race_costs_neither_accuracy_nor_perplexity():
    """Over 60 keys with 400 tasks each the paired differences are nil within 3.3 errors, and the errors are small."""
    gaps = of_sums(GUMBEL, KEYS)
    for gap, largest in ((gaps.right, 0.01), (gaps.likelihood, 0.05)):
        error = gap.std(ddof=1) / np.sqrt(KEYS)
        assert error < largest
        assert abs(gap.mean()) < 3.3 * error


def test_the_stronger_option_costs_something():
    """The same test sees what KGW does to the text: it is not blind."""
    likelihood = of_sums(KGW, KEYS).likelihood
    assert likelihood.mean() < -3.3 * likelihood.std(ddof=1) / np.sqrt(KEYS)


def test_unknown_words_have_no_chance():
    """A token that a model never saw after a context has probability 0."""
    teacher = train(list(sums(500, 1)), 4)
    assert likelihoods(teacher, np.array([[1, PLUS, 2, 99]]), 3)[0, 0] == -np.inf
    assert likelihoods(teacher, np.array([[1, PLUS, 2, VERB, 3, END]]), 5)[0, 0] == pytest.approx(0.0)
