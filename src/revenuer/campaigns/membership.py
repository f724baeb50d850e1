"""Which account belongs to a queue: EM over accounts and templates, for one queue against the population.

An account of a queue makes some share of its exchanges for it, the rest like everybody else; templates have one
distribution in the queue and another in the population. Both, and the members, are learnt together. A request of a
template that outsiders hardly ever send speaks loudly, one that everybody sends not at all, whatever group it was found
in; and traffic that the queue does not explain is weighed against the share that the account would have to have.

Queues do not compete for accounts while they are learnt: what accounts have in common beside their tasks, the cover
that several campaigns take from one public source say, must not take them away from the queue whose tasks they do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse, special

from revenuer.linkage.templates import KINDS, Templates

__all__ = [
    "LEAST_REQUESTS",
    "LEAST_USERS",
    "Membership",
    "Usage",
    "compete",
    "converge",
    "own_templates",
    "spread_evidence",
    "usage_of",
]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

ROUNDS: Final = 10
# Repeats of one template by one account are not independent: they count up to this often.
MOST_REQUESTS: Final = 3
# A template speaks for a queue only if this many of its members use it: fewer are somebody's own.
LEAST_USERS: Final = 4
# Member rate over population rate from which a template is the queue's own.
OWN_TEMPLATE: Final = 20.0
# Requests of a template that outsiders are taken to have made beside those seen: the few that are seen of a rare
# template say little about how rare it is.
UNSEEN: Final = 2.0
# Share of a template's requests that members make, from which it can be the queue's own.
PURE: Final = 0.3
# Natural log of member rate over population rate: one template's voice goes no further, however rare it is elsewhere.
LOUDEST: Final = 8.0
# The manner of a bare task is a weak tie: it goes no further than this.
LOUDEST_MANNER: Final = 4.0
# Shares of its exchanges that a member may make for its queue.
SHARES: Final = (0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 0.95)
LEAST_REQUESTS: Final = 2
# Concentration of a customer's habit: most of them keep to one or two templates.
HABIT: Final = 0.3


@dataclass(frozen=True, slots=True)
class Usage:
    """Who uses which template how often.

    Attributes:
        rows: requests, shape (accounts, templates); `columns` is the same by template.
        total: requests of each template, shape (templates,).
        exchanges: all exchanges of each account, shape (accounts,).
        loudest: natural log of the most that a template can say, shape (templates,).
    """

    rows: sparse.csr_matrix
    columns: sparse.csc_matrix
    total: F64
    exchanges: F64
    loudest: F64


@dataclass(frozen=True, slots=True)
class Membership:
    """The members of a queue and its own templates.

    Attributes:
        accounts: indices, sorted.
        posterior: probability of membership, aligned with `accounts`.
        own: indices of its own templates, sorted.
        rate: requests of each own template per exchange of a member, shape (own,).
        base: the same for non-members.
        purity: share of all requests of each own template that members make.
    """

    accounts: I64
    posterior: F64
    own: I64
    rate: F64
    base: F64
    purity: F64

    @property
    def lift(self) -> F64:
        """Member rate over population rate of the own templates."""
        ratio: F64 = self.rate / self.base
        return ratio


def usage_of(templates: Templates, exchanges: I64) -> Usage:
    """Lay out the edges for `converge`."""
    shape = (len(exchanges), len(templates))
    place = (templates.edge_account, templates.edge_template)
    rows = sparse.csr_matrix((templates.edge_exchanges.astype(np.float64), place), shape=shape)
    loudest = np.where(templates.kind == KINDS.index("manner"), LOUDEST_MANNER, LOUDEST)
    total = np.asarray(rows.sum(axis=0)).ravel()
    return Usage(rows, rows.tocsc(), total, exchanges.astype(np.float64), loudest)


def converge(usage: Usage, start: I64) -> Membership:
    """Learn a queue from the accounts to start from (indices, sorted)."""
    members, posterior = start, np.ones(len(start))
    seen: set[bytes] = set()
    for _ in range(ROUNDS):
        if members.tobytes() in seen or not len(members):
            break
        seen.add(members.tobytes())
        members, odds = _members(usage, own_templates(usage, members), len(members))
        posterior = special.expit(odds)
    return Membership(members, posterior, *own_templates(usage, members))


def compete(usage: Usage, starts: list[I64]) -> list[Membership]:
    """Learn several queues side by side: each account falls to the one that explains it best.

    Queues that share a published task set would otherwise draw in each other's accounts by it, and their tasks after
    them, until they are one.
    """
    members, posteriors = starts, [np.ones(len(start)) for start in starts]
    for _ in range(ROUNDS):
        claims = [_members(usage, own_templates(usage, held), len(held)) for held in members]
        dealt, posteriors = _deal(claims)
        stable = all(np.array_equal(old, new) for old, new in zip(members, dealt, strict=True))
        members = dealt
        if stable:
            break
    return [Membership(m, p, *own_templates(usage, m)) for m, p in zip(members, posteriors, strict=True)]


def _deal(claims: list[tuple[I64, F64]]) -> tuple[list[I64], list[F64]]:
    """Each account to the claim with the highest odds, ties to the first; members and posteriors of each claim."""
    if not claims:
        return [], []
    account = np.concatenate([accounts for accounts, _odds in claims])
    odds = np.concatenate([odds for _accounts, odds in claims])
    claim = np.repeat(np.arange(len(claims)), [len(accounts) for accounts, _odds in claims])
    order = np.lexsort((claim, -odds, account))
    best = order[np.r_[True, account[order][1:] != account[order][:-1]]] if len(order) else order
    members, posteriors = [], []
    for number in range(len(claims)):
        held = best[claim[best] == number]
        members.append(account[held])
        posteriors.append(special.expit(odds[held]))
    return members, posteriors


def own_templates(usage: Usage, members: I64) -> tuple[I64, F64, F64, F64]:
    """The own templates of a set of accounts, their rates inside and outside, and the share of them that is inside."""
    held, _row = _gathered(usage.rows, members)
    column = usage.rows.indices[held]
    users = np.bincount(column)
    used = np.flatnonzero(users)
    made, users = np.bincount(column, weights=usage.rows.data[held])[used], users[used]
    n = usage.exchanges[members].sum()
    rate = made / max(n, 1.0)
    base = (usage.total[used] - made + UNSEEN) / max(usage.exchanges.sum() - n, 1.0)
    seen = usage.total[used] + UNSEEN
    own = np.flatnonzero(
        (users >= min(LEAST_USERS, max(len(members), 1))) & (rate >= OWN_TEMPLATE * base) & (made >= PURE * seen)
    )
    return used[own].astype(np.int64), rate[own], base[own], made[own] / seen[own]


def _gathered(matrix: sparse.csr_matrix | sparse.csc_matrix, chosen: I64) -> tuple[I64, I64]:
    """Where the entries of the chosen rows (of CSC: columns) stand, and the place of each one's row among the chosen."""
    starts, ends = matrix.indptr[chosen].astype(np.int64), matrix.indptr[chosen + 1].astype(np.int64)
    lengths = ends - starts
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.repeat(starts, lengths) + within, np.repeat(np.arange(len(chosen)), lengths)


class _Heard(NamedTuple):
    """Requests of a queue's own templates, one entry an account and template, by template.

    Attributes:
        row: position of the account among those looked at; `column` of the template among the queue's own.
        n: how many, as far as they count.
        rows: how many accounts there are.
    """

    row: I64
    column: I64
    n: F64
    rows: int

    def summed(self, worth: F64 | None = None) -> F64:
        """Requests of each account, each times the worth of its template if that is given."""
        weights = self.n if worth is None else self.n * worth[self.column]
        return np.bincount(self.row, weights=weights, minlength=self.rows).astype(np.float64)


def _members(usage: Usage, owned: tuple[I64, F64, F64, F64], size: int) -> tuple[I64, F64]:
    """Accounts more probably of the queue than not, sorted, and the natural log of the odds."""
    own, rate, base, _purity = owned
    if not len(own):
        return np.zeros(0, np.int64), np.zeros(0)
    excess = rate - base
    lift = np.minimum(excess / np.clip(excess.sum(), 1e-9, 0.98) / base, np.exp(usage.loudest[own]))
    held, column = _gathered(usage.columns, own)
    account, made = usage.columns.indices[held], usage.columns.data[held]
    sent = np.bincount(account, weights=made, minlength=len(usage.exchanges))
    often = sent >= LEAST_REQUESTS
    users, enough = np.flatnonzero(often), often[account]
    place = np.cumsum(often) - 1
    heard = _Heard(place[account[enough]], column[enough], np.minimum(made[enough], MOST_REQUESTS), len(users))
    # an account's other exchanges are thinned as those of its own templates are: it is heard as a smaller account
    thinned = heard.summed() / sent[users]
    others = np.maximum(usage.exchanges[users] - sent[users], 0.0) * thinned
    odds = _mixture(heard, lift, others) + np.log((size + 1.0) / len(usage.exchanges))
    kept = odds > 0.0
    return users[kept], odds[kept]


def _mixture(heard: _Heard, lift: F64, others: F64) -> F64:
    """Log likelihood ratio of accounts, averaged over `SHARES`.

    Args:
        heard: requests of the own templates.
        lift: how much likelier each is in the queue's own exchanges than in the population's, shape (own,).
        others: the accounts' other exchanges, shape (accounts,).
    """
    # what of a queue's own exchanges carries no template of its own is small and like everybody's
    each = [heard.summed(np.log1p(share * (lift - 1.0))) + others * np.log1p(-0.9 * share) for share in SHARES]
    averaged: F64 = np.logaddexp.reduce(each, axis=0) - np.log(len(SHARES))
    return averaged


def spread_evidence(templates: Templates, own: I64, share: F64, members: I64) -> F64:
    """Natural log likelihood ratio of each member's requests being dealt by the queue rather than its own habit.

    Requests that a queue deals fall on its templates in the queue's proportions, whichever account they are dealt to;
    a customer who uses one of them by coincidence keeps to it. The first is a multinomial, the second a
    Dirichlet-multinomial of the same mean that concentrates on few templates (concentration `HABIT`; Minka 2000,
    "Estimating a Dirichlet distribution").

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
    # a conversation under one template is one request that was dealt, however long it goes on
    opens = np.maximum(1.0 - templates.followups[templates.edge_template[held]], 0.05)
    n, at, p = np.maximum(templates.edge_exchanges[held] * opens, 1.0), at[held], share[to[held]]
    dealt = n * np.log(p)
    habit = special.gammaln(n + HABIT * p) - special.gammaln(HABIT * p)
    k = np.bincount(at, weights=n, minlength=len(members))
    difference = np.bincount(at, weights=dealt - habit, minlength=len(members))
    ratio: F64 = difference + special.gammaln(k + HABIT) - special.gammaln(HABIT)
    return ratio
