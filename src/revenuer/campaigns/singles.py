"""Accounts of which one task of a campaign is seen: taken in where its counts let one expect them, not where strangers stray.

A campaign that deals few of its tasks word for word gives some of its accounts one, as many as follow from those with two, three
and four. Strangers who come by a task send one each as well, but their number follows from nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from revenuer.campaigns.queues import Queue
from revenuer.linkage.templates import KINDS, Templates

__all__ = ["expected_once", "with_singles"]

I64 = npt.NDArray[np.int64]

# Share of the accounts with one task that is to be expected, from which each is more probably of the campaign than not.
EXPECTED: Final = 0.5
# No single task makes it surer than this that its account belongs.
SUREST: Final = 0.9


def expected_once(twice: int, thrice: int, four_times: int) -> float:
    """The least number of accounts to expect that were dealt one task, from how many were dealt two, three and four.

    Where accounts are dealt Poisson numbers of tasks, whose means may differ in any way, (k + 1) times the accounts with k + 1 over
    those with k does not fall with k (Cauchy-Schwarz; Chao 1987, "Estimating the population size for capture-recapture data
    with unequal catchability", for those with none). What it is for one is therefore at most what it is for two and three
    together. One account more with three is assumed than is seen, so that few do not make many.
    """
    return 2.0 * twice * (twice + thrice) / (3.0 * (thrice + 1) + 4.0 * four_times)


def with_singles(templates: Templates, queues: list[Queue], sure: list[I64]) -> list[Queue]:
    """The same queues, each with the accounts that send one of its tasks and are to be expected.

    Args:
        templates: with their edges.
        queues: the campaigns, with all other members.
        sure: for each the accounts that send a task of it that is hardly anybody else's, and mean it.
    """
    tied = np.unique(np.concatenate([queue.accounts for queue in queues]))
    joined = []
    for queue, users in zip(queues, sure, strict=True):
        sent, tasks = _sent(templates, queue, users)
        once, twice, thrice, four_times = (int((sent == times).sum()) for times in (1, 2, 3, 4))
        share = expected_once(twice, thrice, four_times) / max(once, 1)
        # where one task is no accident two different ones are none; several times one task is a habit
        new = np.setdiff1d(users[(sent == 1) | (tasks > 1)], tied) if share >= EXPECTED else users[:0]
        tied = np.union1d(tied, new)
        joined.append(_with(queue, new, min(share, SUREST)))
    return joined


def _sent(templates: Templates, queue: Queue, users: I64) -> tuple[I64, I64]:
    """Requests of each user under tasks that are hardly anybody else's, and how many tasks; a manner is no wording."""
    tasks = queue.templates[queue.private]
    tasks = tasks[templates.kind[tasks] != KINDS.index("manner")]
    inside = np.isin(templates.edge_template, tasks)
    account = templates.edge_account[inside]
    size = int(users.max(initial=-1)) + 1
    made = np.bincount(account, weights=templates.edge_exchanges[inside], minlength=size)
    return made[users].astype(np.int64), np.bincount(account, minlength=size)[users]


def _with(queue: Queue, new: I64, posterior: float) -> Queue:
    accounts = np.concatenate([queue.accounts, new])
    order = np.argsort(accounts)
    return replace(
        queue,
        accounts=accounts[order],
        posterior=np.concatenate([queue.posterior, np.full(len(new), posterior)])[order],
        once=new,
    )
