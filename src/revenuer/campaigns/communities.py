"""Templates that one pool of accounts works through: agglomerated while accounts use them as one queue.

Accounts fed from one queue split their requests over its templates as random draws would: two requests, one of each of
two groups, then fall on one account as often as two of one group do. Accounts of two queues, customers with products of
their own, and a harvest inside a larger public group fall apart by that, whatever their sizes. All that the statistic
needs are sums that add up when groups merge, so the cost does not depend on how many accounts share a template.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt
from scipy import sparse

from revenuer.linkage.templates import Templates

__all__ = ["communities"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
U64 = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

# How often two requests of two groups fall on one account, against two of the more concentrated one: 1 for one queue,
# 0 for two; from here they are one.
ONE_QUEUE: Final = 0.5
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
    total = np.asarray(usage.sum(axis=0), np.float64).ravel()
    labels = _agglomerate(_Groups(cross, own, total, np.ones(len(own), np.bool_), _bits(cross > 0.0)))
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


class _Groups(NamedTuple):
    """Sums over accounts for groups of templates: pairs between two, pairs within one, requests; and which are left.

    `near` has a bit for each pair of groups with an account in common: hardly one in twenty, and only those are looked at.
    """

    cross: F64
    own: F64
    total: F64
    alive: Bools
    near: U64


def _bits(held: Bools) -> U64:
    """The columns that hold of each row as bits, shape (rows, words)."""
    words = -(-held.shape[1] // 64)
    padded = np.zeros((len(held), 64 * words), np.bool_)
    padded[:, : held.shape[1]] = held
    return np.packbits(padded, axis=1, bitorder="little").view(np.uint64)


@nb.njit(cache=True)
def _merit(groups: _Groups, i: int, j: int) -> float:
    """How well two groups fit as one queue, 0 if they do not: the margin in standard errors of the pairs."""
    cross, own = groups.cross[i, j], groups.own[i] + groups.own[j]
    pairs = own + 2.0 * cross
    if cross <= 0.0 or pairs < LEAST_PAIRS:
        return 0.0
    apart = max(_concentration(groups, i), _concentration(groups, j))
    together = cross / (groups.total[i] * groups.total[j])
    if together < ONE_QUEUE * apart or apart <= 0.0:
        return 0.0
    return float(min(together / apart, 1.0) * np.sqrt(min(pairs, 1e4)))


@nb.njit(cache=True)
def _concentration(groups: _Groups, k: int) -> float:
    """How probable it is, at the least, that two requests of a group are of one account."""
    own, total = groups.own[k], groups.total[k]
    return float(max(own - 2.0 * np.sqrt(own), 0.0) / (total * total))


@nb.njit(cache=True)
def _best_of(groups: _Groups, k: int) -> tuple[float, int]:
    """The merit of a group's best partner, and which; (0, -1) for none."""
    best, partner = 0.0, -1
    for word in range(groups.near.shape[1]):
        bits = groups.near[k, word]
        m = 64 * word
        while bits:
            if bits & np.uint64(1) and groups.alive[m] and m != k:
                merit = _merit(groups, k, m)
                if merit > best:
                    best, partner = merit, m
            bits >>= np.uint64(1)
            m += 1
    return best, partner


@nb.njit(cache=True)
def _absorb(groups: _Groups, label: I64, i: int, j: int) -> None:
    """Merge group `j` into group `i`."""
    groups.own[i] += groups.own[j] + 2.0 * groups.cross[i, j]
    groups.total[i] += groups.total[j]
    groups.alive[j] = False
    word, bit = i // 64, np.uint64(1) << np.uint64(i % 64)
    for k in range(groups.near.shape[1]):
        groups.near[i, k] |= groups.near[j, k]
    for k in range(len(label)):
        if label[k] == j:
            label[k] = i
        groups.cross[i, k] += groups.cross[j, k]
        groups.cross[k, i] = groups.cross[i, k]
        groups.cross[j, k] = groups.cross[k, j] = 0.0
        if groups.cross[k, i] > 0.0:
            groups.near[k, word] |= bit
    groups.cross[i, i] = 0.0


@nb.njit(cache=True)
def _agglomerate(groups: _Groups) -> I64:
    """Merge the best pair until none is left; returns the group of each template."""
    n = len(groups.own)
    label, best, partner = np.arange(n), np.zeros(n), np.full(n, -1)
    for k in range(n):
        best[k], partner[k] = _best_of(groups, k)
    while True:
        i = int(np.argmax(best))
        if best[i] <= 0.0:
            return label
        i, j = min(i, partner[i]), max(i, partner[i])
        _absorb(groups, label, i, j)
        best[j] = 0.0
        best[i], partner[i] = _best_of(groups, i)
        for k in range(n):
            if not groups.alive[k] or k == i:
                continue
            if partner[k] == i or partner[k] == j:
                best[k], partner[k] = _best_of(groups, k)
                continue
            merit = _merit(groups, i, k)
            if merit > best[k]:
                best[k], partner[k] = merit, i
