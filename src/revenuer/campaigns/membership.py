"""Which account belongs to which queue: EM over accounts and templates.

An account of a queue makes some share of its exchanges for it, the rest like everybody else; templates have one
distribution in the queue and another in the population. Both, and the memberships, are learnt together. A request of a
template that outsiders hardly ever send speaks loudly, one that everybody sends not at all, whatever group it was found
in; and traffic that the queue does not explain is weighed against the share that the account would have to have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse, special

from revenuer.linkage.templates import KINDS, Templates

__all__ = ["Membership", "assign", "spread_evidence", "start_from"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

ROUNDS: Final = 12
# Repeats of one template by one account are not independent: they count up to this often.
MOST_REQUESTS: Final = 3
# A template speaks for a queue only if this many of its members use it: fewer are somebody's own.
LEAST_USERS: Final = 4
# Natural log of member rate over population rate from which a template is the queue's own.
OWN_TEMPLATE: Final = 2.0
# One template's voice goes no further than this, however rare it is elsewhere.
LOUDEST: Final = 7.0
# The manner of a bare task is a weak tie: it goes no further than this.
LOUDEST_MANNER: Final = 2.0
# Shares of its exchanges that a member may make for its queue.
SHARES: Final = (0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 0.95)
LEAST_REQUESTS: Final = 2
# Concentration of a customer's habit: most of them keep to one or two templates.
HABIT: Final = 0.3


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

    def own(self, number: int) -> I64:
        """The templates that are a queue's own, sorted."""
        return np.flatnonzero(np.log(self.rates[number] / self.base) > OWN_TEMPLATE)


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
    queue = np.full(accounts, -1)
    for number, members in enumerate(start):
        queue[members] = number
    posterior = (queue >= 0).astype(np.float64)
    rates, base = _rates(counts, queue, exchanges, queues)
    loudest = np.where(templates.kind == KINDS.index("manner"), LOUDEST_MANNER, LOUDEST)
    for _ in range(ROUNDS):
        updated, posterior = _deal(counts, rates, base, queue, exchanges, loudest=loudest)
        stable = bool((updated == queue).all())
        queue = updated
        rates, base = _rates(counts, queue, exchanges, queues)
        if stable:
            break
    return Membership(queue, posterior, rates, base)


def start_from(templates: Templates, groups: list[I64], accounts: int, *, least: int = 3) -> list[I64]:
    """For each group of templates, the accounts that use it most of all groups, `least` requests at the least."""
    if not groups:
        return []
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


def spread_evidence(templates: Templates, own: I64, share: F64, members: I64) -> F64:
    """Natural log likelihood ratio of each member's requests being dealt by the queue rather than its own habit.

    A queue deals its templates out by their shares; a customer who uses one of them by coincidence keeps to it. The
    first is a multinomial, the second a Dirichlet-multinomial of the same mean that concentrates on few templates
    (concentration `HABIT`; Minka 2000, "Estimating a Dirichlet distribution").

    Args:
        templates: with their edges.
        own: the queue's own templates.
        share: of the queue's requests that each has, shape (own,), sums to 1.
        members: indices of the accounts.

    Returns:
        shape (members,), zero for a queue of one template.
    """
    column = np.full(len(templates), -1)
    column[own] = np.arange(len(own))
    row = np.full(int(templates.edge_account.max(initial=0)) + 1, -1)
    row[members] = np.arange(len(members))
    at, to = row[templates.edge_account], column[templates.edge_template]
    held = (at >= 0) & (to >= 0)
    n, at, p = templates.edge_exchanges[held].astype(np.float64), at[held], share[to[held]]
    dealt = n * np.log(p)
    habit = special.gammaln(n + HABIT * p) - special.gammaln(HABIT * p)
    k = np.bincount(at, weights=n, minlength=len(members))
    difference = np.bincount(at, weights=dealt - habit, minlength=len(members))
    ratio: F64 = difference + special.gammaln(k + HABIT) - special.gammaln(HABIT)
    return ratio


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


def _deal(
    counts: sparse.csr_matrix, rates: F64, base: F64, queue: I64, exchanges: I64, *, loudest: F64
) -> tuple[I64, F64]:
    """The most probable queue of each account and its posterior.

    Only pairs of an account and a queue whose own templates it uses are looked at, so the cost is that of the edges.
    """
    accounts, queues = len(exchanges), len(rates)
    own = sparse.csr_matrix((np.log(rates / base) > OWN_TEMPLATE).T.astype(np.float64))
    made = sparse.csr_matrix(counts @ own)
    made.sort_indices()
    if not made.nnz:
        return np.full(accounts, -1), np.zeros(accounts)
    row = np.repeat(np.arange(accounts), np.diff(made.indptr))
    others = np.maximum(exchanges[row] - made.data, 0.0)
    size = np.bincount(queue[queue >= 0], minlength=queues) + 1.0
    evidence = _mixture(counts, own, _lift(rates, base, own, loudest), others) + np.log(size / accounts)[made.indices]
    evidence = np.where(made.data >= LEAST_REQUESTS, evidence, -np.inf)
    order = np.lexsort((made.indices, -evidence, row))
    first = order[np.r_[True, row[order][1:] != row[order][:-1]]]
    member = first[evidence[first] > 0.0]
    updated, posterior = np.full(accounts, -1), np.zeros(accounts)
    updated[row[member]] = made.indices[member]
    posterior[row[member]] = 1.0 / (1.0 + np.exp(-np.minimum(evidence[member], 500.0)))
    return updated, posterior


def _lift(rates: F64, base: F64, own: sparse.csr_matrix, loudest: F64) -> F64:
    """How much likelier each own template is in the queue's own exchanges than in the population's, as `own` stores it."""
    template = np.repeat(np.arange(own.shape[0]), np.diff(own.indptr))
    excess = rates[own.indices, template] - base[template]
    served = np.clip(np.bincount(own.indices, weights=excess, minlength=len(rates)), 1e-9, 0.98)
    lift: F64 = np.minimum(excess / served[own.indices] / base[template], np.exp(loudest[template]))
    return lift


def _mixture(counts: sparse.csr_matrix, own: sparse.csr_matrix, lift: F64, others: F64) -> F64:
    """Log likelihood ratio of each pair of account and queue, averaged over `SHARES`; as `counts @ own` stores them."""
    heard = counts.copy()
    heard.data = np.minimum(heard.data, MOST_REQUESTS)
    total = np.full(len(others), -np.inf)
    for share in SHARES:
        voice = own.copy()
        voice.data = np.log1p(share * (lift - 1.0))
        said = sparse.csr_matrix(heard @ voice)
        said.sort_indices()
        # what of a queue's own exchanges carries no template of its own is small and like everybody's
        total = np.logaddexp(total, said.data + others * np.log1p(-0.9 * share))
    averaged: F64 = total - np.log(len(SHARES))
    return averaged
