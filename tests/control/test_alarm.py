"""The population alarm: silent on honest traffic, also when customers come in groups, and right about sizes."""

from __future__ import annotations

import numpy as np
import pytest

from revenuer.control import Alarm, clean_p_values, conformal_p_values, population_alarm

N = 400


def alarm(
    scores: np.ndarray, known: np.ndarray, clusters: np.ndarray | None = None, level: float = 0.1, seed: int = 1
) -> Alarm:
    strata, of_known = (np.arange(len(one)) % 2 for one in (scores, known))
    p = conformal_p_values(scores, strata, known, of_known)
    groups = np.arange(len(known)) if clusters is None else clusters
    found = population_alarm(
        p, strata, clean_p_values(known, of_known), of_known, groups, level=level, seed=seed, draws=199
    )
    assert found is not None
    return found


def clustered(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Accounts of 130 products, each with scores of its own height."""
    product = rng.integers(0, 130, N)
    return rng.normal(size=130)[product] + 0.3 * rng.normal(size=N), product


def test_honest_traffic_raises_no_more_alarms_than_allowed() -> None:
    """Accounts that can change places with the reference: at level 0.1, no more than 0.1 of worlds are alarmed."""
    rng = np.random.default_rng(13)
    raised = sum(alarm(rng.normal(size=N), rng.normal(size=N), seed=seed).raised for seed in range(100))
    assert raised <= 10 + 3 * 3


def test_products_that_come_and_go_raise_no_more_alarms_either() -> None:
    """With clusters known the level holds; taken for single accounts the same traffic is alarmed far too often."""
    rng = np.random.default_rng(14)
    known, blind = 0, 0
    for seed in range(100):
        (scores, _), (reference, product) = clustered(rng), clustered(rng)
        known += alarm(scores, reference, product, seed=seed).raised
        blind += alarm(scores, reference, seed=seed).raised
    assert known <= 10 + 3 * 3
    assert blind > 2 * known


def test_a_campaign_nobody_of_which_can_be_named_is_noticed() -> None:
    """One account in six a little unusual: no p-value is small enough to name it, the excess is beyond doubt."""
    rng = np.random.default_rng(15)
    for _ in range(10):
        scores = rng.normal(size=N) + 2.0 * (np.arange(N) < 70)
        found = alarm(scores, rng.normal(size=4 * N), level=0.05)
        assert found.raised
        assert 15 < found.size < 90
        assert 0 < found.low <= 70


def test_the_least_size_is_not_above_the_truth() -> None:
    """The lower bound of the size exceeds the true number no more often than allowed."""
    rng = np.random.default_rng(16)
    over = sum(alarm(rng.normal(size=N) + 5.0 * (np.arange(N) < 30), rng.normal(size=N)).low > 30 for _ in range(60))
    assert over <= 6 + 3 * 2.4


def test_a_small_reference_gives_no_alarm() -> None:
    """With a handful of accounts to compare with there is nothing to say."""
    p, strata = np.array([0.1, 0.2]), np.zeros(2, np.int64)
    few, product = np.arange(1, 31) / 30, np.arange(30) // 2
    assert population_alarm(p, strata, few, np.zeros(30, np.int64), product, seed=0) is None
    assert population_alarm(p, strata, few[:10], np.zeros(10, np.int64), np.arange(10), seed=0) is None


def test_strata_without_reference_are_left_out() -> None:
    """Accounts that nothing can be held against neither raise the alarm nor hush it."""
    rng = np.random.default_rng(17)
    known = rng.normal(size=400)
    zeros = np.zeros(400, np.int64)
    p = conformal_p_values(rng.normal(size=400), zeros, known, zeros)
    arguments = (clean_p_values(known, zeros), zeros, np.arange(400))
    alone = population_alarm(p, zeros, *arguments, seed=3)
    beside = population_alarm(np.append(p, np.ones(300)), np.append(zeros, np.ones(300, np.int64)), *arguments, seed=3)
    assert alone == beside


def test_the_same_seed_gives_the_same_alarm() -> None:
    """The simulated null distributions depend on the seed and on nothing else."""
    rng = np.random.default_rng(18)
    scores, known = rng.normal(size=N), rng.normal(size=N)
    assert alarm(scores, known) == alarm(scores, known)


@pytest.mark.parametrize("size", [20_000, 400_000])
def test_large_populations_take_no_longer(size: int) -> None:
    """Simulation runs over thresholds and clusters, so that many accounts are no matter."""
    rng = np.random.default_rng(19)
    assert not alarm(rng.normal(size=size), rng.normal(size=20_000), level=1e-3).raised
