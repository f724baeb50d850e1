"""Which account belongs to which queue: EM over accounts and templates.

A member of a queue sends each template at the queue's rate, everybody else at the population's; both rates are learnt
together with the memberships. A request of a template that outsiders hardly ever send speaks loudly, one that
everybody sends not at all, whatever group it was found in. Much other traffic speaks against membership, with a cap:
a proxy's account carries a great deal of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from revenuer.linkage.templates import Templates

__all__ = ["Membership", "assign", "start_from"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

ROUNDS: Final = 12
# Repeats of one template by one account are not independent: they count up to this often.
MOST_REQUESTS: Final = 3
# A template speaks for a queue only if this many of its members use it: fewer are somebody's own.
LEAST_USERS: Final = 4
# Natural-log bounds: of one template's voice, and of what other traffic can take away.
LOUDEST: Final = 7.0
MOST_PENALTY: Final = 5.0
LEAST_REQUESTS: Final = 2


@dataclass(frozen=True, slots=True)
class Membership:
    """Accounts dealt to queues.

    Attributes:
        queue: index of the queue, -1 for none; shape (accounts,).
        posterior: probability of belonging to that queue, 0 for none; shape (accounts,).
        rates: requests of each template per exchange of a member, shape (queues, templates).
        base: the same for non-members, shape (templates,).
    """

    queue: I64
    posterior: F64
    rates: F64
    base: F64


def assign(templates: Templates, start: list[I64], exchanges: I64) -> Membership:
    """Deal accounts to queues.

    Args:
        templates: with their edges.
        start: for each queue, the accounts to start from (indices); an account may appear in one only.
        exchanges: all exchanges of each account, shape (accounts,).
    """
    accounts, queues = len(exchanges), len(start)
    counts = sparse.csr_matrix(
        (templates.edge_exchanges.astype(np.float64), (templates.edge_account, templates.edge_template)),
        shape=(accounts, len(templates)),
    )
    heard = counts.copy()
    heard.data = np.minimum(heard.data, MOST_REQUESTS)
    queue = np.full(accounts, -1)
    for number, members in enumerate(start):
        queue[members] = number
    posterior = (queue >= 0).astype(np.float64)
    rates, base = _rates(counts, queue, exchanges, queues)
    for _ in range(ROUNDS):
        updated, posterior = _deal(heard, rates, base, queue, exchanges)
        stable = bool((updated == queue).all())
        queue = updated
        rates, base = _rates(counts, queue, exchanges, queues)
        if stable:
            break
    return Membership(queue, posterior, rates, base)


def start_from(templates: Templates, groups: list[I64], accounts: int, *, least: int = 3) -> list[I64]:
    """For each group of templates, the accounts that use it most of all groups, `least` requests at the least."""
    of = np.full(len(templates), -1)
    for number, group in enumerate(groups):
        of[group] = number
    held = of[templates.edge_template] >= 0
    requests = np.minimum(templates.edge_exchanges[held], 10).astype(np.float64)
    place = (templates.edge_account[held], of[templates.edge_template[held]])
    usage = sparse.csr_matrix((requests, place), shape=(accounts, len(groups)))
    most = np.asarray(usage.max(axis=1).todense()).ravel()
    best = np.asarray(usage.argmax(axis=1)).ravel()
    return [np.flatnonzero((best == number) & (most >= least)) for number in range(len(groups))]


def _rates(counts: sparse.csr_matrix, queue: I64, exchanges: I64, queues: int) -> tuple[F64, F64]:
    """Requests of each template per exchange, of the members of each queue and of everybody else."""
    outside = queue < 0
    inside = np.flatnonzero(~outside)
    deal = sparse.csr_matrix((np.ones(len(inside)), (queue[inside], inside)), shape=(queues, len(queue)))
    base = (np.asarray(counts[outside].sum(axis=0)).ravel() + 0.5) / max(exchanges[outside].sum(), 1)
    members = np.asarray((deal @ counts).todense())
    users = np.asarray((deal @ (counts > 0).astype(np.float64)).todense())
    made = np.maximum(np.bincount(queue[inside], weights=exchanges[inside], minlength=queues), 1.0)
    rates = np.where(users >= LEAST_USERS, members / made[:, None], base)
    return np.maximum(rates, 0.5 * base), base


def _deal(heard: sparse.csr_matrix, rates: F64, base: F64, queue: I64, exchanges: I64) -> tuple[I64, F64]:
    """The most probable queue of each account and its posterior."""
    voice = np.clip(np.log(rates / base), -1.0, LOUDEST)
    expected = np.maximum(rates - base, 0.0)
    expected = (expected * (voice > 1.0)).sum(axis=1)
    evidence = np.asarray(heard @ voice.T) - np.minimum(exchanges[:, None] * expected[None, :], MOST_PENALTY)
    size = np.bincount(queue[queue >= 0], minlength=len(rates)) + 1.0
    evidence += np.log(size / len(exchanges))
    requests = np.asarray(heard @ (voice.T > 1.0))
    evidence = np.where(requests >= LEAST_REQUESTS, evidence, -np.inf)
    best = evidence.argmax(axis=1) if len(rates) else np.zeros(len(exchanges), np.int64)
    top = evidence[np.arange(len(best)), best] if len(rates) else np.full(len(exchanges), -np.inf)
    posterior = 1.0 / (1.0 + np.exp(-np.clip(top, -500.0, 500.0)))
    member = posterior > 0.5
    return np.where(member, best, -1), np.where(member, posterior, 0.0)
