"""Templates to groups that one pool of accounts works through."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from usage_worlds import Usage, beside, products, queues

from revenuer.campaigns import communities as module
from revenuer.campaigns.communities import communities
from strategies import templates_of, usage_tables

I64 = npt.NDArray[np.int64]


def groups_of(counts: I64, chosen: I64 | None = None) -> list[I64]:
    every = np.arange(counts.shape[1])
    return communities(templates_of(counts), every if chosen is None else chosen, len(counts))


def as_sets(groups: list[I64]) -> set[frozenset[int]]:
    return {frozenset(group.tolist()) for group in groups}


def as_planted(usage: Usage) -> set[frozenset[int]]:
    kinds = np.unique(usage.template_queue)
    return {frozenset(np.flatnonzero(usage.template_queue == kind).tolist()) for kind in kinds}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("mean", [15.0, 60.0])
def test_planted_queues_come_out_whole_and_apart(seed: int, mean: float):
    """The templates of a queue make one group, those of two queues never do."""
    usage = queues(seed, mean=mean)
    assert as_sets(groups_of(usage.counts)) == as_planted(usage)


@pytest.mark.parametrize("seed", range(5))
def test_few_requests_an_account_leave_out_rare_templates_at_most(seed: int):
    """Six requests an account are enough for pure groups that hold most of a queue."""
    usage = queues(seed, mean=6.0)
    groups = groups_of(usage.counts)
    assert all(len(set(usage.template_queue[group].tolist())) == 1 for group in groups)
    assert sorted(len(group) for group in groups)[-4] >= 10


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("requests", [1.0, 2.0])
def test_a_glue_template_joins_no_queues(seed: int, requests: float):
    """A public template that takes a tenth of the requests of every queue leaves nearly all of each in a group apart."""
    usage = queues(seed)
    glue = np.random.default_rng(seed).poisson(requests, (len(usage.counts), 1))
    groups = groups_of(np.hstack([usage.counts, glue]))
    kinds = np.append(usage.template_queue, 4)
    held = np.array([np.bincount(kinds[group], minlength=5)[:4] for group in groups])
    assert sorted(set(held.argmax(axis=0))) == sorted(held.argmax(axis=0))
    assert held.max(axis=0).min() >= 11


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("heavy", [1.0, 5.0])
def test_a_part_of_a_larger_public_group_does_not_merge_with_it(seed: int, heavy: float):
    """A small harvest that hides in what everybody sends, more of it than anybody, keeps a group of its own."""
    rng = np.random.default_rng(seed)
    counts = np.zeros((600, 26), np.int64)
    counts[:30, :6] = rng.poisson(3.0, (30, 6))
    counts[:, 6:] = rng.poisson(1.0, (600, 20))
    counts[:30, 6:] += rng.poisson(heavy - 1.0, (30, 20))
    assert as_sets(groups_of(counts)) >= {frozenset(range(6))}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rates", [(0.5, 4.0), (1.0, 9.0), (6.0, 6.0)])
def test_groups_that_accounts_use_in_proportion_are_one_whatever_their_size(seed: int, rates: tuple[float, float]):
    """Templates that a pool works through rarely are of one queue with those that it works through often."""
    counts = np.random.default_rng(seed).poisson(np.repeat(rates, [5, 10]), (80, 15))
    everyone = np.zeros((800, 15), np.int64)
    everyone[:80] = counts
    assert as_sets(groups_of(everyone)) == {frozenset(range(15))}


@pytest.mark.parametrize("seed", range(5))
def test_customers_who_keep_to_their_own_part_of_the_work_stay_apart(seed: int):
    """Two pools of which one account in ten works for both are two groups."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(4.0, (80, 12))
    counts[:36, 6:] = counts[44:, :6] = 0
    assert as_sets(groups_of(counts)) == {frozenset(range(6)), frozenset(range(6, 12))}


@pytest.mark.parametrize("seed", range(5))
def test_unrelated_products_stay_apart(seed: int):
    """Customers of products of their own, a few of whom try another, merge nothing."""
    groups = groups_of(products(seed).counts)
    assert max(len(group) for group in groups) == 1
    assert len(groups) == 150


def test_queues_are_found_among_products():
    """What happens elsewhere changes no group."""
    usage = beside(queues(1), products(2))
    assert as_sets(groups_of(usage.counts)) >= as_planted(queues(1))


def test_one_heavy_account_joins_nothing():
    """An account with ten thousand requests of two products is one account."""
    counts = products(3, templates=10, curious=0.0).counts
    counts[0, :2] = 10_000
    assert max(len(group) for group in groups_of(counts)) == 1


@given(usage_tables(), st.integers(0, 2**32 - 1))
def test_groups_partition_the_chosen_templates(counts: I64, seed: int):
    """Every chosen template is in one group and no other is; the busiest group comes first."""
    chosen = np.flatnonzero(np.random.default_rng(seed).random(counts.shape[1]) < 0.7)
    groups = groups_of(counts, chosen)
    assert sorted(int(t) for group in groups for t in group) == chosen.tolist()
    assert all((np.diff(group) > 0).all() for group in groups)
    busy = [int(counts[:, group].sum()) for group in groups]
    assert busy == sorted(busy, reverse=True)


@pytest.mark.parametrize("seed", range(5))
def test_names_of_accounts_and_templates_do_not_matter(seed: int):
    """Accounts and templates in another order give the same groups."""
    usage = beside(queues(seed), products(seed, templates=30))
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(len(usage.counts)), rng.permutation(usage.counts.shape[1])
    shuffled = groups_of(usage.counts[rows][:, columns])
    assert {frozenset(columns[group].tolist()) for group in shuffled} == as_sets(groups_of(usage.counts))


def test_the_least_used_templates_are_left_out_where_there_are_too_many(monkeypatch: pytest.MonkeyPatch):
    """The matrix of templates is dense and bounded; the templates with the fewest accounts give way."""
    usage = beside(queues(0), products(0, templates=60))
    monkeypatch.setattr(module, "MOST_TEMPLATES", 48)
    assert as_sets(groups_of(usage.counts)) == as_planted(queues(0))


def test_twenty_thousand_accounts_on_one_template_stay_linear():
    """Accounts of one template are never expanded into pairs: the 2e8 of 20,000 accounts would need gigabytes."""
    rng = np.random.default_rng(0)
    counts = rng.poisson(2.0, (20_000, 5))
    counts[:, 0] += 1
    templates = templates_of(counts)
    groups_of(queues(0).counts)  # compiled before it is measured
    tracemalloc.start()
    started = time.process_time()
    groups = communities(templates, np.arange(5), 20_000)
    seconds, peak = time.process_time() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert as_sets(groups) == {frozenset(range(5))}
    assert peak < 64 * 2**20
    assert seconds < 10  # a tenth of one is usual


def test_no_templates_make_no_groups():
    """Nothing chosen is no error."""
    assert groups_of(queues(0).counts, np.zeros(0, np.int64)) == []
