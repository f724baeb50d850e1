"""Accounts to queues."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from usage_worlds import Usage, campaigns_with_cover, queues, shared_tasks, with_ordinary

from revenuer.campaigns.membership import (
    HABIT,
    LEAST_USERS,
    LOUDEST,
    LOUDEST_MANNER,
    OWN_TEMPLATE,
    PURE,
    SHARES,
    UNSEEN,
    Membership,
    _Heard,
    _mixture,
    compete,
    converge,
    own_templates,
    spread_evidence,
    usage_of,
)
from revenuer.linkage.templates import KINDS
from strategies import templates_of, usage_tables

I64 = npt.NDArray[np.int64]


def world(seed: int, mix: float = 0.5) -> Usage:
    """Three queues of 40 accounts among 1,500 ordinary ones."""
    return with_ordinary(seed, queues(seed, number=3), ordinary=1_500, common=40, mix=mix)


def planted(usage: Usage, number: int) -> I64:
    return np.flatnonzero(usage.account_queue == number)


def halves(usage: Usage) -> list[I64]:
    """The first half of each queue's accounts."""
    known = [planted(usage, number) for number in range(usage.account_queue.max() + 1)]
    return [members[: len(members) // 2] for members in known]


def learnt(usage: Usage, start: I64, extra: I64 | int = 0) -> Membership:
    """One queue from the accounts to start from; `extra` exchanges of no template at all."""
    return converge(usage_of(templates_of(usage.counts), usage.counts.sum(axis=1) + extra), start)


def side_by_side(usage: Usage, starts: list[I64]) -> list[Membership]:
    return compete(usage_of(templates_of(usage.counts), usage.counts.sum(axis=1)), starts)


def share_in(accounts: I64, found: I64) -> float:
    return float(np.isin(accounts, found).mean())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("mix", [0.0, 0.5, 0.8])
def test_planted_members_are_recovered(seed: int, mix: float):
    """Members who send up to four ordinary requests for one of the queue's come back, and hardly anybody with them."""
    usage = world(seed, mix)
    for number, start in enumerate(halves(usage)):
        found = learnt(usage, start).accounts
        assert share_in(planted(usage, number), found) >= 0.97
        assert len(np.setdiff1d(found, planted(usage, number))) <= 6


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("mix", [0.0, 0.5, 0.8])
def test_heavy_ordinary_accounts_stay_out(seed: int, mix: float):
    """Accounts with thousands of requests touch every template now and then, and are nobody's members."""
    usage = world(seed, mix)
    heavy = np.flatnonzero((usage.account_queue < 0) & (usage.counts.sum(axis=1) > 1_000))
    assert usage.counts[heavy][:, usage.template_queue >= 0].sum(axis=1).max() >= 4
    for start in halves(usage):
        assert not share_in(heavy, learnt(usage, start).accounts)


def test_wrong_starters_are_dropped():
    """Ordinary accounts that were put into a queue to start with do not stay there."""
    usage = world(9)
    strangers = np.flatnonzero(usage.account_queue < 0)[1:400:20]
    found = learnt(usage, np.sort(np.concatenate([halves(usage)[0], strangers]))).accounts
    assert share_in(strangers, found) <= 0.1
    assert share_in(planted(usage, 0), found) >= 0.97


def test_a_template_that_everybody_uses_speaks_for_nobody():
    """A template in a sixth of all requests, of members as of everybody else, is no queue's own and makes no queue."""
    usage = world(2)
    usage.counts[:, -1] += usage.counts.sum(axis=1) // 5
    everyday = usage.counts.shape[1] - 1
    assert all(everyday not in learnt(usage, start).own for start in halves(usage))
    assert not len(learnt(usage, np.flatnonzero(usage.account_queue < 0)[:60]).accounts)


def test_what_is_learnt_is_in_order_and_in_bounds():
    """Members and own templates are sorted, odds more than even, rates above the population's, purities shares."""
    for start in halves(world(3)):
        found = learnt(world(3), start)
        assert (np.diff(found.accounts) > 0).all()
        assert (np.diff(found.own) > 0).all()
        assert ((found.posterior > 0.5) & (found.posterior <= 1)).all()
        assert (found.base > 0).all()
        assert (found.lift >= OWN_TEMPLATE).all()
        assert ((found.purity >= PURE) & (found.purity <= 1)).all()


def test_a_queue_is_bounded_in_what_other_traffic_takes_away():
    """A member that carries a proxy's traffic a hundred times its own stays a member."""
    usage = world(4, mix=0.0)
    extra = np.zeros(len(usage.counts), np.int64)
    extra[35] = 100 * usage.counts[35].sum()
    assert 35 in learnt(usage, halves(usage)[0], extra).accounts


@pytest.mark.parametrize("mix", [0.5, 0.8])
def test_a_heavy_account_is_heard_as_a_smaller_one(mix: float):
    """Repeats beyond the first few say no more, so the rest of a heavy member's traffic is thinned as they are."""
    usage = world(5, mix)
    own = usage.template_queue >= 0
    tasks = usage.counts[:40, own].sum(axis=0)
    cover = usage.counts[:40, ~own].sum(axis=0)
    usage.counts[35, own], usage.counts[35, ~own] = 20 * tasks, 20 * cover
    start = planted(usage, 0)
    assert 35 in learnt(usage, start).accounts
    # two requests of one task among as much cover are what any account of that size may make
    usage.counts[35, own] = 2 * (np.arange(own.sum()) == tasks.argmax())
    assert 35 not in learnt(usage, start).accounts


def test_the_order_of_accounts_does_not_matter():
    """Other names, same members."""
    usage = world(5)
    order = np.random.default_rng(0).permutation(len(usage.counts))
    place = np.argsort(order)
    shuffled = Usage(usage.counts[order], usage.account_queue[order], usage.template_queue)
    for start in halves(usage):
        one, other = learnt(usage, start), learnt(shuffled, np.sort(place[start]))
        np.testing.assert_array_equal(np.sort(order[other.accounts]), one.accounts)
        np.testing.assert_array_equal(other.own, one.own)
        np.testing.assert_allclose(np.sort(other.posterior), np.sort(one.posterior))


def test_from_nobody_nobody_is_learnt():
    """No accounts to start from, and no queues to compare, are no error."""
    usage = world(6)
    found = learnt(usage, np.zeros(0, np.int64))
    assert not len(found.accounts) + len(found.own)
    assert side_by_side(usage, []) == []
    assert [len(one.accounts) for one in side_by_side(usage, [halves(usage)[0], np.zeros(0, np.int64)])] == [40, 0]


def test_a_single_hit_makes_no_member():
    """One request of a queue's template is a coincidence, however rare the template."""
    usage = world(7)
    lonely = np.flatnonzero(usage.account_queue < 0)[3]
    usage.counts[lonely] = 0
    usage.counts[lonely, 0] = 1
    assert lonely not in learnt(usage, halves(usage)[0]).accounts


@pytest.mark.parametrize("seed", range(4))
def test_queues_side_by_side_come_out_as_each_alone(seed: int):
    """Where queues have nothing in common, each comes back whole and none takes an account of another."""
    usage = world(seed)
    for number, found in enumerate(side_by_side(usage, halves(usage))):
        assert share_in(planted(usage, number), found.accounts) >= 0.97
        assert not (usage.account_queue[found.accounts] == (number + 1) % 3).any()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("common", [8.0, 30.0])
def test_campaigns_that_share_a_published_task_set_come_out_apart(seed: int, common: float):
    """Each alone draws in the other's accounts by the tasks of both; side by side each keeps its own."""
    usage = with_ordinary(seed, shared_tasks(seed, 2, common), ordinary=1_000, common=40, mix=0.3)
    starts = halves(usage)
    assert share_in(planted(usage, 1), learnt(usage, starts[0]).accounts) >= 0.9
    for number, found in enumerate(side_by_side(usage, starts)):
        assert share_in(planted(usage, number), found.accounts) >= 0.95
        assert not share_in(planted(usage, 1 - number), found.accounts)


@pytest.mark.parametrize("seed", range(4))
def test_cover_from_one_public_source_takes_no_account_away(seed: int):
    """Each of five campaigns with as much cover of one collection as tasks is learnt without the others."""
    usage = campaigns_with_cover(seed, number=5, pool=20)
    for number, start in enumerate(halves(usage)):
        found = learnt(usage, start).accounts
        assert share_in(planted(usage, number), found) >= 0.97
        assert (usage.account_queue[found] == number).mean() >= 0.9


@given(usage_tables(most_accounts=20), st.integers(0, 2**32 - 1))
def test_no_account_is_dealt_to_two_queues(counts: I64, seed: int):
    """Whatever the queues start from, each account falls to one of them at most, ties to the first."""
    rng = np.random.default_rng(seed)
    usage = usage_of(templates_of(counts), counts.sum(axis=1) + rng.integers(0, 50, len(counts)))
    starts = [np.flatnonzero(rng.random(len(counts)) < 0.4) for _ in range(3)]
    dealt = np.concatenate([one.accounts for one in compete(usage, [*starts, starts[0]])])
    assert len(np.unique(dealt)) == len(dealt)


@given(usage_tables(most_accounts=20), st.integers(0, 2**32 - 1), st.integers(0, 2_000))
def test_own_templates_equal_those_of_a_plain_loop(counts: I64, seed: int, others: int):
    """A queue's own are used by enough members, far oftener than by others, and mostly by members."""
    members = np.flatnonzero(np.random.default_rng(seed).random(len(counts)) < 0.5)
    exchanges = counts.sum(axis=1)
    exchanges[-1] += others
    own, rate, base, purity = own_templates(usage_of(templates_of(counts), exchanges), members)
    inside, total = int(exchanges[members].sum()), int(exchanges.sum())
    expected = {}
    for template in range(counts.shape[1]):
        sent = [int(counts[member, template]) for member in members]
        made, elsewhere = sum(sent), int(counts[:, template].sum()) - sum(sent) + UNSEEN
        often, usual = made / max(inside, 1), elsewhere / max(total - inside, 1)
        enough = sum(n > 0 for n in sent) >= min(LEAST_USERS, max(len(members), 1))
        if enough and often >= OWN_TEMPLATE * usual and made >= PURE * (made + elsewhere):
            expected[template] = (often, usual, made / (made + elsewhere))
    assert own.tolist() == list(expected)
    np.testing.assert_allclose(np.stack([rate, base, purity], axis=1).tolist(), list(expected.values()))


def test_a_template_that_mostly_outsiders_send_is_not_a_queues_own():
    """However rare it is in the population, and however often members send it."""
    counts = np.zeros((5_000, 2), np.int64)
    counts[:10] = 4
    counts[10:16, 0], counts[10:130, 1] = 2, 2
    usage = usage_of(templates_of(counts), np.full(5_000, 100))
    own, _rate, _base, purity = own_templates(usage, np.arange(10))
    assert own.tolist() == [0]
    assert purity == pytest.approx([40 / (52 + UNSEEN)])


def test_the_manner_of_a_bare_task_speaks_less_than_a_wording():
    """Nobody writes a frame by chance; a manner many may have."""
    counts = np.ones((6, len(KINDS)), np.int64)
    known = templates_of(counts)
    usage = usage_of(replace(known, kind=np.arange(len(KINDS))), counts.sum(axis=1))
    assert usage.loudest.tolist() == [LOUDEST] * 3 + [LOUDEST_MANNER]


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 6))
def test_odds_of_membership_equal_a_plain_average_over_shares(seed: int, accounts: int, own: int):
    """An account makes some share of its exchanges for the queue and the rest like everybody else."""
    rng = np.random.default_rng(seed)
    heard, lift = rng.integers(0, 4, (accounts, own)), np.exp(rng.uniform(0, LOUDEST, own))
    others = rng.integers(0, 60, accounts).astype(np.float64)
    row, column = np.nonzero(heard)
    found = _mixture(_Heard(row, column, heard[row, column].astype(np.float64), accounts), lift, others)
    for row, beside, odds in zip(heard, others, found, strict=True):
        ratios = [
            math.prod((1 - share + share * one) ** n for one, n in zip(lift, row, strict=True))
            * (1 - 0.9 * share) ** beside
            for share in SHARES
        ]
        assert odds == pytest.approx(math.log(sum(ratios) / len(SHARES)), abs=1e-6)


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
