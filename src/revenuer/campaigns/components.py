"""One community or several: accounts of one queue use its templates in the same proportions.

Two campaigns that work through the same public tasks share item templates and so end up in one community. Their
accounts differ all the same in the templates that are their own. A mixture of multinomials over templates, split in
two as long as the halves hardly overlap, takes them apart; templates may then belong to both.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from revenuer.linkage.templates import Templates

__all__ = ["components"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

# Bhattacharyya coefficient of two template distributions below which they are two queues.
OVERLAP: Final = 0.55
LEAST_ACCOUNTS: Final = 4
MOST_REQUESTS: Final = 10
ROUNDS: Final = 30
SMOOTHING: Final = 0.05


def components(templates: Templates, own: I64, members: I64) -> list[I64]:
    """Split the accounts of a community into queues.

    Args:
        templates: with their edges.
        own: indices of the community's templates, sorted.
        members: indices of its accounts, sorted.

    Returns:
        arrays of account indices, sorted; largest first.
    """
    column = _places(own, len(templates))[templates.edge_template]
    row = _places(members, int(templates.edge_account.max(initial=0)) + 1)[templates.edge_account]
    held = (column >= 0) & (row >= 0)
    requests = np.minimum(templates.edge_exchanges[held], MOST_REQUESTS).astype(np.float64)
    usage = sparse.csr_matrix((requests, (row[held], column[held])), shape=(len(members), len(own)))
    parts = _split(usage, np.flatnonzero(np.diff(usage.indptr) > 0))
    return sorted((members[part] for part in parts), key=lambda part: (-len(part), int(part.min(initial=0))))


def _places(chosen: I64, size: int) -> I64:
    place = np.full(max(size, int(chosen.max(initial=-1)) + 1), -1)
    place[chosen] = np.arange(len(chosen))
    return place


def _split(usage: sparse.csr_matrix, rows: I64) -> list[I64]:
    """Bisect while the halves are two queues."""
    if len(rows) < 2 * LEAST_ACCOUNTS or usage.shape[1] < 2:
        return [rows]
    half = _bisect(usage[rows])
    one, other = rows[half], rows[~half]
    if min(len(one), len(other)) < LEAST_ACCOUNTS or _overlap(usage[one], usage[other]) >= OVERLAP:
        return [rows]
    return _split(usage, one) + _split(usage, other)


def _overlap(one: sparse.csr_matrix, other: sparse.csr_matrix) -> float:
    """Bhattacharyya coefficient of the pooled template distributions of two sets of accounts."""
    p = np.asarray(one.sum(axis=0)).ravel()
    q = np.asarray(other.sum(axis=0)).ravel()
    return float(np.sqrt(p / p.sum() * q / q.sum()).sum())


def _bisect(usage: sparse.csr_matrix) -> npt.NDArray[np.bool_]:
    """Two-component mixture of multinomials by EM, started from the leading direction of variation."""
    share = _direction(usage)
    for _ in range(ROUNDS):
        weights = np.stack([share, 1.0 - share])
        theta = np.asarray(weights @ usage) + SMOOTHING
        theta /= theta.sum(axis=1, keepdims=True)
        prior = np.log(weights.sum(axis=1) + 1e-9)
        odds = np.asarray(usage @ (np.log(theta[0]) - np.log(theta[1]))) + prior[0] - prior[1]
        updated = 1.0 / (1.0 + np.exp(-np.clip(odds, -40.0, 40.0)))
        if np.abs(updated - share).max() < 1e-4:
            break
        share = updated
    return share > 0.5


def _direction(usage: sparse.csr_matrix) -> F64:
    """Which side of the mean an account lies on, along the main axis of the unit-length usage rows, in 0.05-0.95."""
    lengths = np.sqrt(np.asarray(usage.multiply(usage).sum(axis=1)).ravel())
    unit = sparse.diags_array(1.0 / np.maximum(lengths, 1e-9)) @ usage
    mean = np.asarray(unit.mean(axis=0)).ravel()
    axis = np.ones(usage.shape[1]) / np.sqrt(usage.shape[1])
    axis = axis * np.linspace(1.0, 1.5, len(axis))  # not orthogonal to anything by symmetry
    for _ in range(ROUNDS):
        side = unit @ axis - mean @ axis
        axis = np.asarray(unit.T @ side) - mean * side.sum()
        axis /= max(np.linalg.norm(axis), 1e-12)
    side = np.asarray(unit @ axis - mean @ axis)
    return np.where(side > 0, 0.95, 0.05)
