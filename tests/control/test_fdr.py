"""False discovery rates: bounds hold under the dependence that each method allows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from revenuer.control import (
    benjamini_hochberg,
    benjamini_yekutieli,
    clopper_pearson,
    conformal_p_values,
    e_bh,
    wilson,
)

P = hnp.arrays(np.float64, st.integers(0, 30), elements=st.floats(1e-6, 1.0))


@given(P, st.floats(0.01, 0.5))
def test_the_step_up_rule_is_the_one_of_the_definition(p: np.ndarray, q: float) -> None:
    """What is rejected are the k smallest, k the last with p(k) <= q k / m."""
    ordered = np.sort(p)
    passing = [k for k in range(1, len(p) + 1) if ordered[k - 1] <= q * k / len(p)]
    assert benjamini_hochberg(p, q).sum() == (passing[-1] if passing else 0)
    assert set(p[benjamini_yekutieli(p, q)]) <= set(p[benjamini_hochberg(p, q)])


@given(P, st.floats(0.01, 0.5))
def test_e_bh_of_inverse_p_values_is_bh(p: np.ndarray, q: float) -> None:
    """The two rules are one on e = 1 / p."""
    assert np.array_equal(e_bh(1.0 / p, q * (1 + 1e-12)), benjamini_hochberg(p, q * (1 + 1e-12)))


def false_share(rejected: np.ndarray, true: np.ndarray) -> float:
    return float((rejected & ~true).sum() / max(rejected.sum(), 1))


def test_bh_on_conformal_p_values_keeps_its_rate() -> None:
    """All accounts are held against one calibration set, which ties their p-values together; the rate holds."""
    rng = np.random.default_rng(9)
    shares, found = [], 0
    bad = np.arange(200) < 20
    for _ in range(300):
        scores = rng.normal(size=200) + 4.0 * bad
        p = conformal_p_values(scores, np.zeros(200, np.int64), rng.normal(size=1_000), np.zeros(1_000, np.int64))
        rejected = benjamini_hochberg(p, 0.1)
        shares.append(false_share(rejected, bad))
        found += int((rejected & bad).sum())
    assert np.mean(shares) <= 0.1 + 3 * np.std(shares) / np.sqrt(300)
    assert found > 0.8 * 300 * 20


def test_e_bh_keeps_its_rate_when_queues_share_their_luck() -> None:
    """Null e-values that are large together, the worst that can happen, keep the rate."""
    rng = np.random.default_rng(10)
    bad = np.arange(40) < 4
    shares = []
    for _ in range(2_000):
        luck = np.where(rng.random() < 0.05, 20.0, 0.0)  # mean 1, the same for all innocent queues
        shares.append(false_share(e_bh(np.where(bad, 1e6, luck), 0.1), bad))
    assert np.mean(shares) <= 0.1


def test_by_keeps_its_rate_where_bh_does_not() -> None:
    """P-values built to break the step-up rule exceed q with it and not with the divided one."""
    rng, m, q = np.random.default_rng(11), 20, 0.3
    broken = {benjamini_hochberg: 0, benjamini_yekutieli: 0}
    for _ in range(3_000):
        # with chance q c / k, k p-values stand together just below q k / m (c = 1): uniform margins, worst dependence
        k = int(rng.choice(np.arange(1, m + 1), p=(weights := 1.0 / np.arange(1, m + 1)) / weights.sum()))
        p = rng.uniform(q, 1.0, m)
        if rng.random() < q * weights.sum():
            p[rng.choice(m, k, replace=False)] = q * (k - rng.random()) / m
        for method in broken:
            broken[method] += bool(method(p, q).any())
    assert broken[benjamini_hochberg] / 3_000 > 1.5 * q
    assert broken[benjamini_yekutieli] / 3_000 <= q


def test_nothing_is_rejected_of_nothing() -> None:
    """No hypothesis, no rejection."""
    for method in (benjamini_hochberg, benjamini_yekutieli, e_bh):
        assert method(np.zeros(0), 0.1).shape == (0,)


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5])
def test_the_exact_interval_covers(share: float) -> None:
    """Over all outcomes of 50 trials the interval misses the truth with a chance of 5 % at most."""
    hits = np.random.default_rng(12).binomial(50, share, 4_000)
    ends = {int(k): clopper_pearson(int(k), 50) for k in np.unique(hits)}
    assert np.mean([ends[k][0] <= share <= ends[k][1] for k in hits.tolist()]) >= 0.95 - 0.011


def test_intervals_at_the_ends() -> None:
    """None of 30,000 bounds the rate by about 1e-4; no trial bounds nothing; the score interval is inside."""
    assert clopper_pearson(0, 30_000, level=0.9)[1] == pytest.approx(1e-4, rel=0.01)
    assert clopper_pearson(0, 0) == wilson(0, 0) == (0.0, 1.0)
    assert clopper_pearson(30, 30)[1] == 1.0
    exact, score = clopper_pearson(3, 40), wilson(3, 40)
    assert exact[0] < score[0] < 3 / 40 < score[1] < exact[1] + 0.01
    assert score == pytest.approx((0.02585, 0.19863), abs=2e-4)
