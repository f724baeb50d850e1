"""Who sends which template how often, in worlds whose queues are known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]


class Usage(NamedTuple):
    """Requests of accounts in templates.

    Attributes:
        counts: shape (accounts, templates).
        account_queue: the queue that each account belongs to, -1 for none; shape (accounts,).
        template_queue: the queue whose own each template is, -1 for none; shape (templates,).
    """

    counts: I64
    account_queue: I64
    template_queue: I64


def queues(seed: int, *, number: int = 4, accounts: int = 40, templates: int = 12, mean: float = 15.0) -> Usage:
    """Queues with templates of their own, in proportions of their own, dealt to their accounts at random."""
    rng = np.random.default_rng(seed)
    counts = np.zeros((number * accounts, number * templates), np.int64)
    for queue in range(number):
        rates = mean * rng.dirichlet(np.full(templates, 3.0))
        rows, columns = block(queue, accounts), block(queue, templates)
        counts[rows, columns] = rng.poisson(rates, (accounts, templates))
    return Usage(counts, np.repeat(np.arange(number), accounts), np.repeat(np.arange(number), templates))


def block(number: int, size: int) -> slice:
    return slice(number * size, (number + 1) * size)


def products(seed: int, *, templates: int = 150, users: int = 6, curious: float = 0.05) -> Usage:
    """Unrelated products, each with users of its own, a few of whom try a second one."""
    rng = np.random.default_rng(seed)
    accounts = templates * users
    counts = np.zeros((accounts, templates), np.int64)
    counts[np.arange(accounts), np.repeat(np.arange(templates), users)] = rng.geometric(0.1, accounts)
    for account in np.flatnonzero(rng.random(accounts) < curious):
        counts[account, rng.integers(templates)] += rng.integers(1, 4)
    return Usage(counts, np.full(accounts, -1), np.full(templates, -1))


def shared_tasks(seed: int, number: int, common: float) -> Usage:
    """Queues whose accounts also work through 15 templates of a public task set, `common` requests each."""
    usage = queues(seed, number=number, accounts=30)
    tasks = np.random.default_rng(seed + 1).poisson(common / 15, (len(usage.counts), 15))
    return Usage(
        np.hstack([usage.counts, tasks]), usage.account_queue, np.append(usage.template_queue, np.full(15, -1))
    )


def campaigns_with_cover(seed: int, *, number: int, pool: int, outsiders: int = 300) -> Usage:
    """Campaigns that send as many requests of one public collection of `pool` templates as of their own tasks.

    `outsiders` among the 1,500 ordinary accounts keep to one template of the collection each.
    """
    rng = np.random.default_rng(seed)
    usage = with_ordinary(seed, queues(seed, number=number), ordinary=1_500, common=40, mix=0.2, stray=0.0003)
    members = 40 * number
    cover = np.zeros((len(usage.counts), pool), np.int64)
    cover[:members] = rng.poisson(15.0 / pool, (members, pool))
    others = np.arange(members, members + outsiders)
    cover[others, rng.integers(pool, size=outsiders)] = rng.integers(1, 6, outsiders)
    return Usage(
        np.hstack([usage.counts, cover]), usage.account_queue, np.append(usage.template_queue, np.full(pool, -1))
    )


def beside(one: Usage, other: Usage) -> Usage:
    """Two worlds that share neither accounts nor templates; queues of the second are numbered on."""
    (a, b), (c, d) = one.counts.shape, other.counts.shape
    counts = np.zeros((a + c, b + d), np.int64)
    counts[:a, :b], counts[a:, b:] = one.counts, other.counts
    shift = int(one.template_queue.max(initial=-1)) + 1
    return Usage(
        counts,
        np.concatenate([one.account_queue, np.where(other.account_queue < 0, -1, other.account_queue + shift)]),
        np.concatenate([one.template_queue, np.where(other.template_queue < 0, -1, other.template_queue + shift)]),
    )


def with_ordinary(seed: int, base: Usage, *, ordinary: int, common: int, mix: float, stray: float = 0.002) -> Usage:
    """The queues among ordinary accounts and common templates.

    Args:
        seed: of the draws.
        base: the queues.
        ordinary: accounts of no queue; every twentieth is heavy.
        common: templates that everybody uses.
        mix: share of common requests among those of queue accounts.
        stray: share of an ordinary account's requests that happen to be a queue's template.
    """
    rng = np.random.default_rng(seed)
    members, own = base.counts.shape
    counts = np.zeros((members + ordinary, own + common), np.int64)
    counts[:members, :own] = base.counts
    popularity = rng.dirichlet(np.full(common, 0.5))
    benign = rng.poisson(base.counts.sum(axis=1) * mix / (1 - mix))
    volume = np.concatenate([benign, rng.geometric(0.04, ordinary)])
    volume[members::20] = 2_000
    counts[:, own:] = rng.multinomial(volume, popularity)
    counts[members:, :own] = rng.multinomial(rng.binomial(volume[members:], stray), np.full(own, 1 / own))
    return Usage(
        counts,
        np.concatenate([base.account_queue, np.full(ordinary, -1)]),
        np.concatenate([base.template_queue, np.full(common, -1)]),
    )
