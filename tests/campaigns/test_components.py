"""One community to the queues in it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from usage_worlds import Usage, queues, shared_tasks

from revenuer.campaigns.components import components
from strategies import templates_of, usage_tables

I64 = npt.NDArray[np.int64]


def parts_of(counts: I64, members: I64 | None = None) -> list[I64]:
    accounts = np.arange(len(counts)) if members is None else members
    return components(templates_of(counts), np.arange(counts.shape[1]), accounts)


def as_sets(parts: list[I64]) -> set[frozenset[int]]:
    return {frozenset(part.tolist()) for part in parts}


def planted(usage: Usage) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(usage.account_queue == q).tolist()) for q in np.unique(usage.account_queue)}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("number", [2, 3, 5])
def test_campaigns_that_share_tasks_are_taken_apart(seed: int, number: int):
    """Accounts with a third of their requests in a shared task set go to the campaign whose own templates they use."""
    usage = shared_tasks(seed, number, common=7.0)
    assert as_sets(parts_of(usage.counts)) == planted(usage)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("mean", [5.0, 30.0])
def test_one_campaign_stays_whole(seed: int, mean: float):
    """Accounts that draw from one queue, few requests each or many, are not split by chance."""
    usage = queues(seed, number=1, accounts=80, templates=20, mean=mean)
    used = np.flatnonzero(usage.counts.sum(axis=1))
    assert [part.tolist() for part in parts_of(usage.counts)] == [used.tolist()]


def test_too_few_accounts_are_not_split():
    """Below twice the least size there is nothing to tell."""
    usage = shared_tasks(0, 2, common=5.0)
    few = np.r_[0:3, 30:33]
    assert [part.tolist() for part in parts_of(usage.counts, few)] == [few.tolist()]


def test_accounts_that_use_none_of_the_templates_belong_to_none():
    """An account without a request in the community's templates is left out."""
    counts = queues(0, number=1).counts
    counts[7] = 0
    assert 7 not in parts_of(counts)[0].tolist()


@given(usage_tables(most_accounts=24))
def test_parts_partition_the_accounts(counts: I64):
    """Each account with a request is in one part, sorted; the largest part comes first."""
    parts = parts_of(counts)
    assert sorted(int(a) for part in parts for a in part) == np.flatnonzero(counts.sum(axis=1)).tolist()
    assert all((np.diff(part) > 0).all() for part in parts)
    assert [len(part) for part in parts] == sorted((len(part) for part in parts), reverse=True)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_accounts_and_templates_does_not_matter(seed: int):
    """Other names, same parts."""
    usage = shared_tasks(seed, 3, common=7.0)
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(len(usage.counts)), rng.permutation(usage.counts.shape[1])
    shuffled = parts_of(usage.counts[rows][:, columns])
    assert {frozenset(rows[part].tolist()) for part in shuffled} == as_sets(parts_of(usage.counts))
