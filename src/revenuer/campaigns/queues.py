"""From templates to queues: who works through one list of tasks together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from revenuer.behaviour import Profiles
from revenuer.campaigns.communities import communities
from revenuer.campaigns.components import components
from revenuer.campaigns.membership import LEAST_USERS, Membership, assign, start_from
from revenuer.linkage.templates import Templates

__all__ = ["Queue", "find_queues"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

LEAST_ENTITIES: Final = 4
LEAST_ACCOUNTS: Final = 4
# Natural log of member rate over population rate from which a template is the queue's own.
OWN_TEMPLATE: Final = 1.0
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


def find_queues(templates: Templates, profiles: Profiles) -> list[Queue]:
    """All queues, largest first; most of them are innocent."""
    accounts = len(profiles)
    chosen = np.flatnonzero(templates.entities >= LEAST_ENTITIES)
    groups = communities(templates, chosen, accounts)
    start = _enough(start_from(templates, groups, accounts))
    dealt = assign(templates, start, profiles.exchanges)
    start = _enough([part for members, own in _own(templates, dealt) for part in components(templates, own, members)])
    dealt = assign(templates, start, profiles.exchanges)
    start = _enough(_merge_alike(templates, dealt))
    dealt = assign(templates, start, profiles.exchanges)
    queues = [_queue(templates, dealt, number) for number in range(len(start))]
    kept = [queue for queue in queues if len(queue.accounts) >= LEAST_ACCOUNTS and len(queue.templates)]
    return sorted(kept, key=lambda queue: (-int(queue.requests.sum()), int(queue.accounts[0])))


def _enough(parts: list[I64]) -> list[I64]:
    return [part for part in parts if len(part) >= LEAST_ACCOUNTS]


def _own(templates: Templates, dealt: Membership) -> list[tuple[I64, I64]]:
    """Members and own templates of each queue."""
    return [
        (np.flatnonzero(dealt.queue == number), np.flatnonzero(np.log(dealt.rates[number] / dealt.base) > OWN_TEMPLATE))
        for number in range(len(dealt.rates))
    ]


def _merge_alike(templates: Templates, dealt: Membership) -> list[I64]:
    """Join queues whose members use templates in about the same proportions."""
    parts = _own(templates, dealt)
    shares = np.zeros((len(parts), len(templates)))
    for number, (_, own) in enumerate(parts):
        shares[number, own] = dealt.rates[number, own] - dealt.base[own]
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1e-12)
    root = sparse.csr_matrix(np.sqrt(shares))
    alike = sparse.csr_matrix((root @ root.T).multiply(root @ root.T > SAME_QUEUE))
    _, label = sparse.csgraph.connected_components(alike, directed=False)
    return [np.flatnonzero(np.isin(dealt.queue, np.flatnonzero(label == one))) for one in np.unique(label)]


def _queue(templates: Templates, dealt: Membership, number: int) -> Queue:
    members = np.flatnonzero(dealt.queue == number)
    inside = dealt.queue[templates.edge_account] == number
    column = templates.edge_template[inside]
    requests = np.bincount(column, weights=templates.edge_exchanges[inside], minlength=len(templates)).astype(np.int64)
    users = np.bincount(column, minlength=len(templates))
    ratio = dealt.rates[number] / dealt.base
    own = np.flatnonzero((np.log(ratio) > OWN_TEMPLATE) & (users >= min(LEAST_USERS, len(members))))
    own = own[np.lexsort((own, -requests[own]))]
    return Queue(members, dealt.posterior[members], own, 1.0 - 1.0 / ratio[own], requests[own])
