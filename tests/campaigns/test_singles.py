"""Accounts of which one task is seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from revenuer.campaigns.queues import Queue
from revenuer.campaigns.singles import EXPECTED, expected_once, with_singles
from revenuer.linkage.templates import KINDS, Templates
from strategies import templates_of

I64 = npt.NDArray[np.int64]

TASKS = 40


def dealt(means: npt.NDArray[np.float64], seed: int) -> I64:
    """Requests of each account in each task: Poisson numbers of these means, each to a task at random."""
    rng = np.random.default_rng(seed)
    made = rng.poisson(means)
    return np.stack([np.bincount(rng.integers(0, TASKS, n), minlength=TASKS) for n in made])


def a_campaign(counts: I64, strangers: int = 0) -> tuple[Templates, Queue, I64]:
    """A queue of the accounts with two or more requests; strangers are the last accounts, with one each. All of them mean it."""
    once = np.zeros((strangers, TASKS), np.int64)
    once[:, 0] = 1
    counts = np.vstack([counts, once])
    users = np.flatnonzero(counts.sum(axis=1))
    members = np.flatnonzero(counts.sum(axis=1) > 1)
    ones = np.ones(TASKS)
    queue = Queue(members, np.ones(len(members)), np.arange(TASKS), ones, ones, counts.sum(axis=0), ones, 2.0)
    return templates_of(counts), queue, users


def taken_in(counts: I64, strangers: int = 0) -> I64:
    templates, queue, users = a_campaign(counts, strangers)
    (joined,) = with_singles(templates, [queue], [users])
    return joined.once


@pytest.mark.parametrize("shape", [0.3, 1.0, 4.0, 1e6])
def test_never_more_are_expected_than_come(shape: float):
    """However unequally accounts are dealt tasks, with many of them no more are expected once than there are."""
    rng = np.random.default_rng(3)
    made = rng.poisson(rng.gamma(shape, 2.5 / shape, 200_000))
    once, twice, thrice, four_times = (int((made == times).sum()) for times in (1, 2, 3, 4))
    assert 0.4 * once < expected_once(twice, thrice, four_times) <= 1.02 * once


def test_nobody_is_expected_where_nobody_came_twice():
    """Without accounts of two tasks nothing says that there are any of one."""
    assert expected_once(0, 0, 0) == expected_once(0, 7, 3) == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_accounts_that_were_dealt_one_task_are_taken_in(seed: int):
    """A campaign that deals some two tasks word for word to each account gets back those that had one."""
    counts = dealt(np.full(300, 2.0), seed)
    assert taken_in(counts).tolist() == np.flatnonzero(counts.sum(axis=1) == 1).tolist()


@pytest.mark.parametrize("seed", range(5))
def test_strangers_with_one_task_stay_out_of_a_busy_campaign(seed: int):
    """Where every account sends a dozen tasks nobody with one is expected, and twenty strangers who came by one stay out."""
    counts = dealt(np.full(200, 12.0), seed)
    assert not len(taken_in(counts, strangers=20))


def test_more_strangers_than_are_expected_keep_everybody_out():
    """Where strangers outnumber the accounts that are expected nobody with one task is more probably of the campaign than not."""
    counts = dealt(np.full(300, 2.0), 1)
    assert len(taken_in(counts, strangers=20))
    assert not len(taken_in(counts, strangers=200))


def test_several_times_one_task_is_a_habit_and_two_different_ones_are_none():
    """Beside accounts with one task those with two different ones join, and those that repeat one do not."""
    counts = dealt(np.full(300, 2.0), 2)
    templates, queue, users = a_campaign(np.vstack([counts, [[3] + [0] * 39], [[1, 1] + [0] * 38]]))
    habit, two = 300, 301
    queue = replace(queue, accounts=queue.accounts[:-2], posterior=queue.posterior[:-2])
    (joined,) = with_singles(templates, [queue], [users])
    assert habit not in joined.accounts
    assert two in joined.once


def test_bare_tasks_take_in_nobody():
    """A manner is a weak tie, and one request in it says nothing."""
    templates, queue, users = a_campaign(dealt(np.full(300, 2.0), 0))
    bare = replace(templates, kind=np.full(TASKS, KINDS.index("manner")))
    (joined,) = with_singles(bare, [queue], [users])
    assert joined.accounts.tolist() == queue.accounts.tolist()
    assert not len(joined.once)


def test_members_stay_as_sure_as_they_were_and_nobody_joins_twice():
    """Posteriors go with their accounts; an account that two campaigns expect joins the first of them."""
    templates, queue, users = a_campaign(dealt(np.full(300, 2.0), 0))
    first, second = with_singles(templates, [queue, queue], [users, users])
    assert first.accounts.tolist() == sorted(first.accounts.tolist())
    known = np.isin(first.accounts, queue.accounts)
    assert set(first.posterior[known]) == {1.0}
    assert ((first.posterior[~known] >= EXPECTED) & (first.posterior[~known] < 1.0)).all()
    assert not len(second.once)
