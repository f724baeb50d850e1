"""Accounts to queues."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from usage_worlds import Usage, queues, with_ordinary

from revenuer.campaigns.membership import HABIT, Membership, assign, spread_evidence, start_from
from strategies import templates_of

I64 = npt.NDArray[np.int64]


def world(seed: int, mix: float = 0.5) -> Usage:
    """Three queues of 40 accounts among 1,500 ordinary ones."""
    return with_ordinary(seed, queues(seed, number=3), ordinary=1_500, common=40, mix=mix)


def dealt(usage: Usage, start: list[I64] | None = None, extra: I64 | int = 0) -> Membership:
    """Membership from the first half of each queue's accounts, or from `start`."""
    known = [np.flatnonzero(usage.account_queue == q) for q in range(usage.account_queue.max() + 1)]
    given = [members[: len(members) // 2] for members in known] if start is None else start
    return assign(templates_of(usage.counts), given, usage.counts.sum(axis=1) + extra)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("mix", [0.0, 0.5, 0.8])
def test_planted_members_are_recovered(seed: int, mix: float):
    """Members who send up to four ordinary requests for one of the queue's come back, and to their own queue."""
    usage = world(seed, mix)
    members = usage.account_queue >= 0
    light = ~members & (usage.counts.sum(axis=1) < 1_000)
    found = dealt(usage).queue
    assert (found[members] == usage.account_queue[members]).mean() >= 0.97
    assert (found[light] >= 0).mean() <= 0.004


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("mix", [0.0, 0.5, 0.8])
def test_heavy_ordinary_accounts_stay_out(seed: int, mix: float):
    """Accounts with thousands of requests touch every template now and then, and are nobody's members."""
    usage = world(seed, mix)
    heavy = (usage.account_queue < 0) & (usage.counts.sum(axis=1) > 1_000)
    strays = usage.counts[heavy][:, usage.template_queue >= 0].sum(axis=1)
    assert strays.max() >= 4
    assert not (dealt(usage).queue[heavy] >= 0).any()


def test_wrong_starters_are_dropped():
    """Ordinary accounts that were put into a queue to start with do not stay there."""
    usage = world(9)
    start = [np.flatnonzero(usage.account_queue == q)[:20] for q in range(3)]
    strangers = np.flatnonzero(usage.account_queue < 0)[1:400:20]
    start[0] = np.sort(np.concatenate([start[0], strangers]))
    found = dealt(usage, start)
    assert (found.queue[strangers] >= 0).mean() <= 0.1
    assert (found.queue[usage.account_queue == 0] == 0).mean() >= 0.97


def test_a_template_that_everybody_uses_speaks_for_nobody():
    """A template in a sixth of all requests, of members as of everybody else, makes no members."""
    usage = world(2)
    usage.counts[:, -1] += usage.counts.sum(axis=1) // 5
    start = [np.flatnonzero(usage.account_queue == q)[:20] for q in range(3)]
    found = dealt(usage, [*start, np.flatnonzero(usage.account_queue < 0)[:60]])
    assert (found.queue == 3).mean() <= 0.004
    assert np.log(found.rates[:3, -1] / found.base[-1]).max() < 1


def test_posteriors_are_probabilities_of_members():
    """Members have more than even odds, others nought; rates and base rates are positive."""
    found = dealt(world(3))
    assert ((found.posterior > 0.5) == (found.queue >= 0)).all()
    assert ((found.posterior == 0) == (found.queue < 0)).all()
    assert found.posterior.max() <= 1
    assert (found.base > 0).all()
    assert (found.rates > 0).all()


def test_a_queue_is_bounded_in_what_other_traffic_takes_away():
    """A member that carries a proxy's traffic a hundred times its own stays a member."""
    usage = world(4, mix=0.0)
    extra = np.zeros(len(usage.counts), np.int64)
    extra[35] = 100 * usage.counts[35].sum()
    assert dealt(usage, extra=extra).queue[35] == 0


def test_the_order_of_accounts_does_not_matter():
    """Other names, same members."""
    usage = world(5)
    order = np.random.default_rng(0).permutation(len(usage.counts))
    place = np.argsort(order)
    start = [np.flatnonzero(usage.account_queue == q)[:20] for q in range(3)]
    one = dealt(usage, start)
    shuffled = Usage(usage.counts[order], usage.account_queue[order], usage.template_queue)
    other = dealt(shuffled, [np.sort(place[part]) for part in start])
    np.testing.assert_array_equal(other.queue, one.queue[order])
    np.testing.assert_allclose(other.posterior, one.posterior[order])


def test_without_queues_nobody_is_a_member():
    """No groups to start from are no error."""
    usage = world(6)
    found = dealt(usage, [])
    assert not (found.queue >= 0).any()
    assert found.rates.shape == (0, usage.counts.shape[1])


def test_accounts_start_where_they_are_busiest():
    """An account starts in the group it uses most, and in none below the least number of requests."""
    counts = np.array([[3, 0, 1], [1, 1, 2], [2, 2, 3], [1, 1, 0], [0, 0, 9], [0, 0, 0]])
    starts = start_from(templates_of(counts), [np.array([0, 1]), np.array([2])], 6)
    assert [part.tolist() for part in starts] == [[0, 2], [4]]


def test_a_single_hit_makes_no_member():
    """One request of a queue's template is a coincidence, however rare the template."""
    usage = world(7)
    lonely = np.flatnonzero(usage.account_queue < 0)[3]
    usage.counts[lonely] = 0
    usage.counts[lonely, 0] = 1
    assert dealt(usage).queue[lonely] == -1


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 8))
def test_dealt_or_kept_equals_the_ratio_of_the_two_distributions(seed: int, own: int, accounts: int):
    """The evidence is multinomial over Dirichlet-multinomial, as scipy computes them, for the queue's own templates."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 12, (accounts, own + 2))
    share = rng.dirichlet(np.full(own, 2.0)) + 1e-3
    share /= share.sum()
    members = np.flatnonzero(counts[:, :own].sum(axis=1))
    ratio = spread_evidence(templates_of(counts), np.arange(own), share, members)
    made = counts[members][:, :own]
    expected = [
        stats.multinomial.logpmf(row, row.sum(), share)
        - stats.dirichlet_multinomial.logpmf(row, HABIT * share, row.sum())
        for row in made
    ]
    np.testing.assert_allclose(ratio, expected, atol=1e-6)
