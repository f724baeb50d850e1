"""From templates to queues: who works through one list of tasks together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from revenuer.behaviour import Profiles
from revenuer.campaigns.communities import communities
from revenuer.campaigns.components import components
from revenuer.campaigns.membership import LEAST_REQUESTS, LEAST_USERS, Membership, assign, spread_evidence, start_from
from revenuer.linkage.partition import queue_evidence
from revenuer.linkage.templates import Requests, Templates

__all__ = ["LEAST_ENTITIES", "Queue", "find_queues", "suspects", "without"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

LEAST_ENTITIES: Final = 4
LEAST_ACCOUNTS: Final = 4
# Log10 likelihood ratio of a queue below which a template is plainly its users' own product and links nobody.
PLAINLY_INNOCENT: Final = -0.7
# Natural log likelihood ratio below which a member keeps to a template by habit: a hundred and fifty to one.
BY_HABIT: Final = -5.0
# Owners from which a template is looked at so: what fewer use draws in nobody, and one template of theirs is little.
WIDELY_USED: Final = 12
# Member rate over population rate, and text score, from which a template is clearly a task of the queue.
CLEARLY_OWN: Final = 25.0
TASK: Final = 0.5
# Member rate over population rate from which a template is unknown outside the queue, and how improbable it may be that
# a member was dealt none of those.
UNKNOWN_OUTSIDE: Final = 300.0
LEAST_LUCK: Final = 0.02
# Permutations of that test, which is run on every template and only has to see the plain cases.
QUICK: Final = 8
# Overlap of template distributions (Bhattacharyya) from which two queues are one.
SAME_QUEUE: Final = 0.75


@dataclass(frozen=True, slots=True)
class Queue:
    """Accounts that work through one list of tasks, whoever they are and whatever for.

    Attributes:
        accounts: indices into the profiles, sorted.
        posterior: of each account's membership, aligned with `accounts`.
        templates: indices of the templates that are the queue's own, most requests first.
        purity: share of the members' requests of each template that exceeds the population's rate.
        requests: of members, for each template.
    """

    accounts: I64
    posterior: F64
    templates: I64
    purity: F64
    requests: I64


def suspects(templates: Templates, requests: Requests, *, seed: int) -> I64:
    """Templates that several owners use and that are not plainly the product of customers with habits of their own.

    A template that accounts of a proxy share with the genuine customers behind them, a published persona say, would
    otherwise draw every user of it into the proxy's queue.
    """
    chosen = np.flatnonzero(templates.entities >= LEAST_ENTITIES)
    kept = [
        template
        for template in chosen
        if templates.entities[template] < WIDELY_USED
        or queue_evidence(requests.test(requests.of(np.array([template])), seed=seed, permutations=QUICK))
        > PLAINLY_INNOCENT
    ]
    return np.array(kept, np.int64)


def find_queues(templates: Templates, chosen: I64, profiles: Profiles) -> list[Queue]:
    """All queues that work through the chosen templates, largest first; most of them are innocent."""
    accounts = len(profiles)
    usable = templates.only(chosen)
    groups = communities(usable, chosen, accounts)
    start = _enough(start_from(usable, groups, accounts))
    dealt = assign(usable, start, profiles.exchanges)
    start = _enough([part for members, own in _own(dealt) for part in components(usable, own, members)])
    dealt = assign(usable, start, profiles.exchanges)
    start = _enough(_merge_alike(usable, dealt))
    dealt = assign(usable, start, profiles.exchanges)
    start = _enough([part for number in range(len(start)) for part in _apart(usable, dealt, number)])
    dealt = assign(usable, start, profiles.exchanges)
    queues = [_queue(usable, dealt, number) for number in range(len(start))]
    kept = [queue for queue in queues if len(queue.accounts) >= LEAST_ACCOUNTS and len(queue.templates)]
    return sorted(kept, key=lambda queue: (-int(queue.requests.sum()), int(queue.accounts[0])))


def without(queue: Queue, excluded: npt.NDArray[np.bool_]) -> Queue:
    """The queue less the accounts for which `excluded` (shape (accounts,)) holds."""
    kept = ~excluded[queue.accounts]
    return replace(queue, accounts=queue.accounts[kept], posterior=queue.posterior[kept])


def _enough(parts: list[I64]) -> list[I64]:
    return [part for part in parts if len(part) >= LEAST_ACCOUNTS]


def _own(dealt: Membership) -> list[tuple[I64, I64]]:
    """Members and own templates of each queue."""
    return [(np.flatnonzero(dealt.queue == number), dealt.own(number)) for number in range(len(dealt.rates))]


def _merge_alike(templates: Templates, dealt: Membership) -> list[I64]:
    """Join queues whose members use templates in about the same proportions."""
    parts = _own(dealt)
    shares = np.zeros((len(parts), len(templates)))
    for number, (_, own) in enumerate(parts):
        shares[number, own] = dealt.rates[number, own] - dealt.base[own]
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1e-12)
    root = sparse.csr_matrix(np.sqrt(shares))
    alike = sparse.csr_matrix((root @ root.T).multiply(root @ root.T > SAME_QUEUE))
    _, label = sparse.csgraph.connected_components(alike, directed=False)
    return [np.flatnonzero(np.isin(dealt.queue, np.flatnonzero(label == one))) for one in np.unique(label)]


def _dealt_to(templates: Templates, dealt: Membership, number: int) -> I64:
    """Members who send the queue's tasks, and send them as the queue deals them and not one of them by habit.

    Only templates that are clearly the queue's and read like tasks are counted: what a proxy's customers send through
    its accounts is theirs, with habits and all.
    """
    members, own = np.flatnonzero(dealt.queue == number), dealt.own(number)
    excess = dealt.rates[number] - dealt.base
    clear = (dealt.rates[number] >= CLEARLY_OWN * dealt.base) & (templates.extraction >= TASK)
    tasks = own[clear[own]]
    if not len(tasks) or not len(members):
        return members[:0]
    share = excess[tasks] / excess[tasks].sum()
    ratio = spread_evidence(templates, tasks, share, members)
    sent = _sent(templates, tasks, len(dealt.queue))[members]
    hidden = dealt.rates[number, tasks] >= UNKNOWN_OUTSIDE * dealt.base[tasks]
    unknown = _sent(templates, tasks[hidden], len(dealt.queue))[members]
    # whoever is dealt many tasks is dealt some that nobody outside knows
    luck = np.where(unknown > 0, 1.0, (1.0 - share[hidden].sum()) ** sent)
    return members[(ratio > BY_HABIT) & (sent >= LEAST_REQUESTS) & (luck >= LEAST_LUCK)]


def _sent(templates: Templates, chosen: I64, accounts: int) -> F64:
    """Requests of the chosen templates by each account."""
    inside = np.isin(templates.edge_template, chosen)
    made = templates.edge_exchanges[inside].astype(np.float64)
    return np.bincount(templates.edge_account[inside], weights=made, minlength=accounts).astype(np.float64)


def _apart(templates: Templates, dealt: Membership, number: int) -> list[I64]:
    """A queue's members, and those who were drawn in but use its templates in other proportions: a queue of their own."""
    kept = _dealt_to(templates, dealt, number)
    return [kept, np.setdiff1d(np.flatnonzero(dealt.queue == number), kept)]


def _queue(templates: Templates, dealt: Membership, number: int) -> Queue:
    members = _dealt_to(templates, dealt, number)
    inside = np.isin(templates.edge_account, members)
    column = templates.edge_template[inside]
    requests = np.bincount(column, weights=templates.edge_exchanges[inside], minlength=len(templates)).astype(np.int64)
    users = np.bincount(column, minlength=len(templates))
    ratio = dealt.rates[number] / dealt.base
    own = dealt.own(number)
    own = own[users[own] >= min(LEAST_USERS, len(members))]
    own = own[np.lexsort((own, -requests[own]))]
    return Queue(members, dealt.posterior[members], own, 1.0 - 1.0 / ratio[own], requests[own])
