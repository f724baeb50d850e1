"""Templates to queues, from grouping to membership."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from usage_worlds import Usage, beside, products, queues, with_ordinary

from revenuer.behaviour import Profiles
from revenuer.campaigns.queues import Queue, find_queues
from strategies import templates_of


def profiles_of(usage: Usage) -> Profiles:
    """Accounts that answer for themselves and made no other exchanges."""
    accounts = len(usage.counts)
    nought = np.zeros(accounts, np.int64)
    words = np.full(accounts, "", object)
    made = usage.counts.sum(axis=1)
    return Profiles(np.arange(accounts), words, np.arange(accounts), made, nought, nought, made, nought, {}, words)


def found_in(usage: Usage, chosen: npt.NDArray[np.int64] | None = None) -> list[Queue]:
    every = np.arange(usage.counts.shape[1])
    return find_queues(templates_of(usage.counts), every if chosen is None else chosen, profiles_of(usage))


def as_sets(found: list[Queue]) -> set[frozenset[int]]:
    return {frozenset(queue.accounts.tolist()) for queue in found}


def planted(usage: Usage) -> set[frozenset[int]]:
    numbers = range(usage.account_queue.max() + 1)
    return {frozenset(np.flatnonzero(usage.account_queue == number).tolist()) for number in numbers}


@pytest.mark.parametrize("seed", range(4))
def test_queues_with_half_their_traffic_ordinary_are_found(seed: int):
    """Accounts of each planted queue come out together, with the queue's own templates and nearly nobody else."""
    usage = with_ordinary(seed, queues(seed), ordinary=600, common=40, mix=0.5)
    chosen = np.flatnonzero(usage.template_queue >= 0)  # `suspects` leaves out what customers with habits share
    kept = [queue for queue in found_in(usage, chosen) if (usage.account_queue[queue.accounts] >= 0).mean() > 0.5]
    assert len(kept) == 4
    for queue in kept:
        number = int(usage.account_queue[queue.accounts].max())
        assert (usage.account_queue[queue.accounts] == number).sum() >= 39
        assert len(queue.accounts) <= 44
        assert (usage.template_queue[queue.templates] == number).mean() > 0.9


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("requests", [2.0, 4.0, 8.0])
def test_what_a_glue_template_joins_is_taken_apart_again(seed: int, requests: float):
    """A public template may join communities; the accounts come out in their own queues all the same."""
    usage = queues(seed)
    glue = np.random.default_rng(seed).poisson(requests, (len(usage.counts), 1))
    glued = Usage(np.hstack([usage.counts, glue]), usage.account_queue, np.append(usage.template_queue, -1))
    assert as_sets(found_in(beside(glued, products(seed, templates=80)))) >= planted(usage)


@pytest.mark.parametrize("seed", range(4))
def test_products_are_not_joined_into_queues(seed: int):
    """Each product may be a queue of its own customers; none holds those of two, a curious few aside."""
    usage = products(seed, templates=80, users=8)
    favourites = [usage.counts[queue.accounts].argmax(axis=1) for queue in found_in(usage)]
    shares = [np.bincount(favourite).max() / len(favourite) for favourite in favourites]
    assert min(shares) > 0.6
    assert np.mean(shares) > 0.95


def test_the_busiest_queue_comes_first_and_lists_its_busiest_template_first():
    """Queues and their templates are in order of requests, accounts in order of index."""
    found = found_in(beside(queues(3), products(3)))
    assert [int(queue.requests.sum()) for queue in found] == sorted(
        (int(q.requests.sum()) for q in found), reverse=True
    )
    for queue in found:
        assert queue.requests.tolist() == sorted(queue.requests.tolist(), reverse=True)
        assert (np.diff(queue.accounts) > 0).all()
        assert ((queue.purity >= 0) & (queue.purity <= 1)).all()
