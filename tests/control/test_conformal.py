"""Conformal p-values: they are valid, and say how fine they can be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from revenuer.control import calibration_conditional, clean_p_values, conformal_p_values, merge_strata, resolution

ONE = np.zeros(1, np.int64)
SCORES = st.floats(-5, 5)


def strata(of: int, size: int) -> np.ndarray:
    return np.full(size, of, np.int64)


@given(hnp.arrays(np.float64, st.integers(1, 30), elements=SCORES), SCORES)
def test_a_p_value_is_the_rank_among_calibration_scores(calibration: np.ndarray, score: float) -> None:
    """It is (1 + those at or above) / (1 + all), whatever the ties."""
    p = conformal_p_values(np.array([score]), ONE, calibration, strata(0, len(calibration)))
    assert p[0] == pytest.approx((1 + (calibration >= score).sum()) / (1 + len(calibration)))
    assert p[0] >= resolution(len(calibration)) - 1e-12


@given(hnp.arrays(np.float64, st.integers(1, 30), elements=SCORES), SCORES, st.integers(0, 99))
def test_ties_broken_at_random_only_make_a_p_value_smaller(calibration: np.ndarray, score: float, seed: int) -> None:
    """Random ties stay within the places that the tied scores leave."""
    known = strata(0, len(calibration))
    conservative = conformal_p_values(np.array([score]), ONE, calibration, known)[0]
    random = conformal_p_values(np.array([score]), ONE, calibration, known, seed=seed)[0]
    assert (calibration > score).sum() / (1 + len(calibration)) - 1e-12 <= random <= conservative + 1e-12


@pytest.mark.parametrize("tied", [False, True])
def test_p_values_of_honest_accounts_are_valid(tied: bool) -> None:  # noqa: FBT001
    """Over many calibration sets, p <= t with a chance of t at most, ties or not."""
    rng = np.random.default_rng(1)
    scores = rng.integers(0, 4, (4_000, 40)).astype(float) if tied else rng.normal(size=(4_000, 40))
    p = np.array([conformal_p_values(row[:1], ONE, row[1:], strata(0, 39))[0] for row in scores])
    for t in (0.025, 0.1, 0.5):
        assert (p <= t).mean() <= t + 3 * np.sqrt(t / 4_000)


def test_random_ties_are_exactly_uniform() -> None:
    """With few distinct scores, conservative p-values are far too large and random ones are not."""
    rng = np.random.default_rng(2)
    scores = rng.integers(0, 3, (3_000, 30)).astype(float)
    p = np.array(
        [conformal_p_values(row[:1], ONE, row[1:], strata(0, 29), seed=seed)[0] for seed, row in enumerate(scores)]
    )
    assert np.quantile(p, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.03)


def test_strata_are_judged_apart() -> None:
    """An account is compared with its own stratum alone; a stratum without calibration accuses nobody."""
    p = conformal_p_values(
        np.array([5.0, 5.0, 5.0]), np.array([0, 1, 2]), np.array([1.0, 2.0, 9.0, 9.0]), np.array([0, 0, 1, 1])
    )
    assert p.tolist() == [1 / 3, 1.0, 1.0]


def test_calibration_accounts_are_uniform_whatever_they_did() -> None:
    """Their ranks among themselves are 1/n ... 1: nothing can be concluded from them."""
    rng = np.random.default_rng(3)
    p = clean_p_values(np.where(rng.random(50) < 0.3, 100.0, 0.0) + rng.normal(size=50), strata(0, 50))
    assert np.sort(p) == pytest.approx(np.arange(1, 51) / 50)


@pytest.mark.parametrize("n", [20, 101, 400])
def test_the_adjustment_holds_for_nearly_every_calibration_set(n: int) -> None:
    """In a share 1 - delta of calibration sets no true p-value exceeds its adjusted one, at any rank."""
    bounds = calibration_conditional(np.arange(1, n + 2) / (n + 1), n, delta=0.2)
    assert np.all(np.diff(bounds) >= 0)
    truth = np.sort(np.random.default_rng(4).random((3_000, n)), axis=1)
    assert (truth <= bounds[:n]).all(axis=1).mean() >= 0.8 - 0.025


def test_the_adjustment_accuses_nobody_without_calibration() -> None:
    """One calibration score bounds nothing."""
    assert calibration_conditional(np.array([0.5, 1.0]), 1).tolist() == [1.0, 1.0]


CELLS = hnp.arrays(np.int64, st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=st.integers(0, 300))


@given(CELLS, st.integers(1, 200))
def test_merged_strata_are_large_enough(cells: np.ndarray, least: int) -> None:
    """Every cell has a part, parts are numbered without gaps, and each holds enough unless there are not enough."""
    parts = merge_strata(cells, least=least)
    held = np.bincount(parts.ravel(), weights=cells.ravel())
    assert parts.min() == 0
    assert set(np.unique(parts)) == set(range(len(held)))
    assert held.min() >= min(least, cells.sum())
