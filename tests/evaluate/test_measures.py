"""The figures themselves, against scipy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, t
from sklearn.metrics import adjusted_rand_score, average_precision_score, roc_auc_score, roc_curve

from revenuer.evaluate.measures import (
    adjusted_rand,
    average_precision,
    f1_of,
    mean_estimate,
    proportion,
    rates_by_group,
    roc_auc,
    total_variation,
    tpr_at_fpr,
)

counts = st.integers(1, 5000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))
labels = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60)
scores = st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0]), min_size=1, max_size=40)
shares = st.dictionaries(st.sampled_from("abcd"), st.floats(0, 1), max_size=4)


@given(counts)
def test_intervals_are_those_of_the_exact_binomial_test(counted: tuple[int, int]) -> None:
    """An interval equals the one that scipy inverts from the exact binomial test."""
    hits, total = counted
    expected = binomtest(hits, total).proportion_ci(method="exact")
    rate = proportion(hits, total)
    assert (rate.low, rate.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_no_hit_among_many_bounds_the_rate_by_less_than_four_over_n() -> None:
    """None of 10,000 does not show a rate of zero: the upper bound stays at 3.7 in 10,000."""
    assert proportion(0, 10_000).high == pytest.approx(3.688e-4, rel=1e-3)


def test_a_rate_of_nothing_is_unknown() -> None:
    """Without a single case the value is null and the interval is everything."""
    rate = proportion(0, 0)
    assert (rate.value, rate.low, rate.high) == (None, 0.0, 1.0)


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_f1_is_the_harmonic_mean_and_lies_in_its_interval(hits: int, misses: int, false: int) -> None:
    """F1 equals its usual formula and its interval holds it."""
    f1 = f1_of(hits, misses, false)
    if f1.value is None:
        assert hits + misses + false == 0
    else:
        assert f1.value == pytest.approx(2 * hits / (2 * hits + misses + false))
        assert f1.low - 1e-12 <= f1.value <= f1.high + 1e-12


@given(scores, scores)
def test_ranking_agrees_with_scikit_learn(positive: list[float], negative: list[float]) -> None:
    """ROC AUC, average precision and the rate at a false-positive limit equal scikit-learn's, ties included."""
    truth = [1] * len(positive) + [0] * len(negative)
    p, n = np.array(positive), np.array(negative)
    assert roc_auc(p, n) == pytest.approx(roc_auc_score(truth, positive + negative))
    assert average_precision(p, n) == pytest.approx(average_precision_score(truth, positive + negative))
    wrong, right, _ = roc_curve(truth, positive + negative, drop_intermediate=False)
    assert tpr_at_fpr(p, n, 0.2) == pytest.approx(right[wrong <= 0.2].max())


def test_ranking_without_one_side_is_unknown() -> None:
    """With no positives or no negatives there is nothing to rank."""
    none, some = np.array([]), np.array([0.5])
    assert (roc_auc(none, some), roc_auc(some, none), tpr_at_fpr(none, some, 0.1)) == (None, None, None)
    assert average_precision(none, some) is None


@given(labels)
def test_rand_index_agrees_with_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    """The adjusted Rand index equals scikit-learn's when unassigned accounts are clusters of one."""
    truth = np.array([a for a, _ in pairs])
    found = np.array([b - 1 for _, b in pairs])
    alone = np.where(found < 0, 100 + np.arange(len(found)), found)
    assert adjusted_rand(truth, found) == pytest.approx(adjusted_rand_score(truth, alone))


def test_rand_index_of_nothing_is_unknown() -> None:
    """Without accounts there is no partition to compare."""
    assert adjusted_rand(np.array([], dtype=np.int64), np.array([], dtype=np.int64)) is None


@given(shares, shares)
def test_total_variation_is_a_distance(p: dict[str, float], q: dict[str, float]) -> None:
    """Profile error is symmetric, zero only on itself, and sees every difference."""
    assert total_variation(p, q) == total_variation(q, p)
    assert total_variation(p, p) == 0
    assert 2 * total_variation(p, q) >= max(abs(p.get(k, 0) - q.get(k, 0)) for k in "abcd") - 1e-12


def test_total_variation_of_whole_shares_is_half_the_differences() -> None:
    """Two mixes that share a quarter are three quarters apart; a mix of which nothing is said is wholly apart."""
    assert total_variation({"a": 0.75, "b": 0.25}, {"b": 0.5, "c": 0.5}) == 0.75
    assert total_variation({"a": 0.75, "b": 0.25}, {}) == 1.0


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30))
def test_mean_has_the_interval_of_student(values: list[float]) -> None:
    """The interval of a mean equals scipy's t interval, cut to what a share can be."""
    estimate = mean_estimate(np.array(values))
    half = t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    expected = (max(0.0, np.mean(values) - half), min(1.0, np.mean(values) + half))
    assert (estimate.low, estimate.high) == pytest.approx(expected, abs=1e-9)


def test_too_few_values_give_no_interval() -> None:
    """One value has a mean and no interval; none has neither."""
    assert mean_estimate(np.array([0.25])).mean == 0.25
    assert mean_estimate(np.array([0.25])).low is None
    assert mean_estimate(np.array([])).mean is None


def test_groups_without_rows_have_no_rate() -> None:
    """Rates are given for groups that occur; rows outside every group are passed over."""
    rates = rates_by_group(np.array([True, False, True]), np.array([0, 0, -1]), ["a", "b"])
    assert {name: (rate.hits, rate.total) for name, rate in rates.items()} == {"a": (1, 2)}
