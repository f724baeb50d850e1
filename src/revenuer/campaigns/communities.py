"""Templates that one pool of accounts works through: agglomerated while accounts use them as one queue.

Accounts fed from one queue split their requests over its templates as random draws would; the accounts of two queues,
and customers with products of their own, keep to one. So two groups of templates belong together if the group tells
nothing about the account: if the intra-class correlation of the group within accounts is small. All that the statistic
needs are sums that add up when groups merge, so the cost does not depend on how many accounts share a template.
"""

from __future__ import annotations

from typing import Final

import numba as nb
import numpy as np
import numpy.typing as npt
from scipy import sparse

from revenuer.linkage.templates import Templates

__all__ = ["communities"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# Intra-class correlation below which two groups are one queue: 0 for one, 1 for two.
ONE_QUEUE: Final = 0.4
# Pairs of requests of one account that a merge must rest on.
LEAST_PAIRS: Final = 10.0
# A heavy account speaks no louder than this many requests of one template.
MOST_REQUESTS: Final = 10
# The matrix of groups is dense; beyond this many templates the least used are left out.
MOST_TEMPLATES: Final = 5_000


def communities(templates: Templates, chosen: I64, accounts: int) -> list[I64]:
    """Partition the chosen templates into groups of common use.

    Args:
        templates: with their edges.
        chosen: indices of the templates to partition.
        accounts: how many accounts there are.

    Returns:
        arrays of template indices, sorted, by number of exchanges.
    """
    if len(chosen) > MOST_TEMPLATES:
        order = np.lexsort((chosen, -templates.accounts[chosen]))
        chosen = np.sort(chosen[order[:MOST_TEMPLATES]])
    if not len(chosen):
        return []
    usage = _usage(templates, chosen, accounts)
    cross = np.asarray((usage.T @ usage).todense())
    own = np.asarray(usage.multiply(usage - _ones_like(usage)).sum(axis=0)).ravel()
    np.fill_diagonal(cross, 0.0)
    total = np.asarray(usage.sum(axis=0)).ravel()
    labels = _agglomerate(cross, own, total, ONE_QUEUE, LEAST_PAIRS)
    groups = [chosen[labels == label] for label in np.unique(labels)]
    return sorted(groups, key=lambda group: (-templates.exchanges[group].sum(), group[0]))


def _usage(templates: Templates, chosen: I64, accounts: int) -> sparse.csc_matrix:
    """Requests of each account in each chosen template, heavy use capped; shape (accounts, chosen)."""
    place = np.full(len(templates), -1)
    place[chosen] = np.arange(len(chosen))
    column = place[templates.edge_template]
    held = column >= 0
    requests = np.minimum(templates.edge_exchanges[held], MOST_REQUESTS).astype(np.float64)
    return sparse.csc_matrix((requests, (templates.edge_account[held], column[held])), shape=(accounts, len(chosen)))


def _ones_like(matrix: sparse.csc_matrix) -> sparse.csc_matrix:
    ones = matrix.copy()
    ones.data[:] = 1.0
    return ones


@nb.njit(cache=True)
def _merit(cross: float, own: float, total: F64, i: int, j: int, limit: float, least: float) -> float:
    """How well two groups fit as one queue, 0 if they do not: the margin in standard errors of the pairs."""
    pairs = own + 2.0 * cross
    if cross <= 0.0 or pairs < least:
        return 0.0
    both = total[i] + total[j]
    by_chance = (total[i] * total[i] + total[j] * total[j]) / (both * both)
    correlation = (own / pairs - by_chance) / max(1.0 - by_chance, 1e-9)
    if correlation >= limit:
        return 0.0
    return float((1.0 - correlation) * np.sqrt(min(pairs, 1e4)) * (1.0 - by_chance))


@nb.njit(cache=True)
def _agglomerate(cross: F64, own: F64, total: F64, limit: float, least: float) -> I64:
    """Merge the best pair until none is left; returns the group of each template."""
    n = own.shape[0]
    label = np.arange(n)
    alive = np.ones(n, np.bool_)
    best = np.zeros(n)
    partner = np.full(n, -1)
    for i in range(n):
        for j in range(n):
            if i != j:
                merit = _merit(cross[i, j], own[i] + own[j], total, i, j, limit, least)
                if merit > best[i]:
                    best[i], partner[i] = merit, j
    while True:
        i = int(np.argmax(best))
        if best[i] <= 0.0:
            return label
        j = partner[i]
        i, j = min(i, j), max(i, j)
        own[i] += own[j] + 2.0 * cross[i, j]
        total[i] += total[j]
        alive[j] = False
        best[j] = 0.0
        for k in range(n):
            if label[k] == j:
                label[k] = i
            cross[i, k] += cross[j, k]
            cross[k, i] = cross[i, k]
            cross[j, k] = cross[k, j] = 0.0
        cross[i, i] = 0.0
        best[i], partner[i] = 0.0, -1
        for k in range(n):
            if not alive[k] or k == i:
                continue
            merit = _merit(cross[i, k], own[i] + own[k], total, i, k, limit, least)
            if merit > best[i]:
                best[i], partner[i] = merit, k
            if partner[k] == i or partner[k] == j:
                best[k], partner[k] = 0.0, -1
                for m in range(n):
                    if alive[m] and m != k:
                        other = _merit(cross[k, m], own[k] + own[m], total, k, m, limit, least)
                        if other > best[k]:
                            best[k], partner[k] = other, m
            elif merit > best[k]:
                best[k], partner[k] = merit, i
