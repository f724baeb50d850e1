"""What a signal is worth: valid for honest people, whatever the alternative."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from revenuer.response.verification import Base


@given(
    seen=st.lists(st.integers(0, 4), min_size=1, max_size=30),
    members=st.lists(st.integers(0, 4), max_size=30),
    bet=st.floats(0.01, 0.99),
)
def test_the_mean_over_who_comes_last_is_at_most_one(seen: list[int], members: list[int], bet: float):
    """Of sign-ups that could change places the expected likelihood ratio is at most one, exactly, whatever members showed."""
    total = 0.0
    for last in range(len(seen)):
        base = Base(5, half_life=10**12)
        for at in members:
            base.add_member(at)
        for other, at in enumerate(seen):
            if other != last:
                base.add(at)
        total += 10.0 ** base.worth(seen[last], bet)
    assert total / len(seen) <= 1.0 + 1e-6


def test_honest_people_meet_an_outcome_no_more_often_than_its_share():
    """Of 20,000 honest sign-ups with four independent signals at most a share of `alpha` reaches 1 / alpha."""
    rng = np.random.default_rng(7)
    bases = [Base(10) for _ in range(4)]
    shares = np.array([0.7, 0.2, 0.05, 0.03, 0.01, 0.005, 0.003, 0.001, 0.0005, 0.0005])
    drawn = rng.choice(10, (20_000, 4), p=shares)
    scores = []
    for row in drawn.tolist():
        scores.append(sum(base.worth(at, 0.5) for base, at in zip(bases, row, strict=True)))
        for base, at in zip(bases, row, strict=True):
            base.add(at)
    for alpha in (0.05, 0.01, 0.001):
        met = int((np.array(scores) >= -np.log10(alpha)).sum())
        assert met <= binom.ppf(0.9999, len(scores), alpha)


def test_what_is_rare_speaks_against_and_what_is_common_does_not():
    """A bin of one in a thousand is worth more than a decade, one that most fall into nothing against anybody."""
    base = Base(10)
    for number in range(10_000):
        base.add(3 if number % 1000 == 0 else 0)
    assert base.worth(3, 0.5) > 1.0
    assert base.worth(0, 0.5) < 0.0
    assert base.tail(3) == pytest.approx(0.001, rel=0.2)


def test_a_bin_that_many_fall_into_is_worth_nothing_however_high_it_is():
    """A device model on which a third of all sign-ups are made says nothing against anybody."""
    base = Base(10)
    for number in range(3_000):
        base.add(9 if number % 3 == 0 else 0)
    assert base.worth(9, 0.5) < 0.1


def test_members_of_campaigns_draw_the_alternative_towards_themselves():
    """What members showed weighs more once it is known that they did, and what they never showed less."""
    base = Base(5)
    for number in range(2_000):
        base.add((number % 100 == 0) * (1 + number // 100 % 2))
    before = base.worth(1, 0.5), base.worth(2, 0.5)
    for _ in range(50):
        base.add_member(1)
    assert base.worth(1, 0.5) > before[0]
    assert base.worth(2, 0.5) < before[1]


@given(members=st.integers(0, 200), at=st.integers(0, 1))
def test_a_proof_never_speaks_against_anybody(members: int, at: int):
    """Neither a proof nor its absence counts against an applicant, even where every member of a campaign had it."""
    base = Base(2, helps=True)
    for number in range(300):
        base.add(int(number % 10 == 0))
    for _ in range(members):
        base.add_member(1)
    assert base.worth(at, 0.5) <= 0.0
    assert base.worth(0, 0.5) == 0.0


def test_the_past_fades():
    """After many half-lives a base says what is common now."""
    base = Base(2, half_life=100)
    for number in range(4_000):
        base.add(int(number >= 2_000))
    assert base.share(0) < 0.02
