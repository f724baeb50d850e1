"""Rates with exact intervals, ranking and clustering figures, in numpy and scipy.special alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, stdtrit

__all__ = [
    "Bools",
    "Codes",
    "Estimate",
    "Floats",
    "Proportion",
    "adjusted_rand",
    "average_precision",
    "f1_of",
    "mean_estimate",
    "proportion",
    "rates_by_group",
    "roc_auc",
    "total_variation",
    "tpr_at_fpr",
]

Bools = NDArray[np.bool_]
Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

_TAIL: Final = 0.025  # each side of a two-sided 95 % interval


@dataclass(frozen=True, slots=True)
class Proportion:
    """`hits` of `total`, with the two-sided 95 % interval from `low` to `high`; `value` is null when `total` is 0."""

    hits: int
    total: int
    value: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over `n` shares with its Student 95 % interval; all null when there are too few values."""

    n: int
    mean: float | None
    low: float | None
    high: float | None


def proportion(hits: int, total: int) -> Proportion:
    """`hits / total` with the exact interval of Clopper and Pearson (1934)."""
    if total == 0:
        return Proportion(0, 0, None, 0.0, 1.0)
    low = 0.0 if hits == 0 else float(betaincinv(hits, total - hits + 1, _TAIL))
    high = 1.0 if hits == total else float(betaincinv(hits + 1, total - hits, 1 - _TAIL))
    return Proportion(hits, total, hits / total, low, high)


def rates_by_group(hit: Bools, group: Codes, names: Sequence[str]) -> dict[str, Proportion]:
    """The rate of `hit` (n) within each `group` (n codes into `names`, -1: none); groups without rows are left out."""
    inside = group >= 0
    totals = np.bincount(group[inside], minlength=len(names))
    hits = np.bincount(group[inside & hit], minlength=len(names))
    return {name: proportion(int(hits[i]), int(totals[i])) for i, name in enumerate(names) if totals[i]}


def mean_estimate(values: Floats) -> Estimate:
    """Mean of `values` (n, each from 0 to 1) and its interval by Student's t, cut at 0 and 1.

    Needs two values for the interval, one for the mean.
    """
    n = len(values)
    if n < 2:
        mean = float(values[0]) if n else None
        return Estimate(n, mean, None, None)
    mean = float(values.mean())
    half = float(stdtrit(n - 1, 1 - _TAIL)) * float(values.std(ddof=1)) / float(np.sqrt(n))
    return Estimate(n, mean, max(0.0, mean - half), min(1.0, mean + half))


def f1_of(hits: int, misses: int, false_alarms: int) -> Proportion:
    """F1 with an exact interval.

    F1 = 2J / (1 + J) rises with J = hits / (hits + misses + false alarms), a plain proportion: the interval of J is
    carried over. `hits` and `total` are those of J.
    """
    j = proportion(hits, hits + misses + false_alarms)
    value = None if j.value is None else 2 * j.value / (1 + j.value)
    return Proportion(j.hits, j.total, value, 2 * j.low / (1 + j.low), 2 * j.high / (1 + j.high))


def _cumulative(positive: Floats, negative: Floats) -> tuple[Codes, Codes]:
    """Counts of positives and negatives at or above each distinct score, from the highest score down."""
    scores = np.concatenate([positive, negative])
    distinct, where = np.unique(scores, return_inverse=True)
    above = np.bincount(where[: len(positive)], minlength=len(distinct))[::-1].cumsum()
    false = np.bincount(where[len(positive) :], minlength=len(distinct))[::-1].cumsum()
    return above.astype(np.int64), false.astype(np.int64)


def roc_auc(positive: Floats, negative: Floats) -> float | None:
    """Chance that a positive scores above a negative, ties counting half; null when either side is empty."""
    if not len(positive) or not len(negative):
        return None
    above, false = _cumulative(positive, negative)
    area = np.trapezoid(np.concatenate([[0], above]), np.concatenate([[0], false]))
    return float(area) / (len(positive) * len(negative))


def average_precision(positive: Floats, negative: Floats) -> float | None:
    """Mean over positives of the precision at their score (step-wise, no interpolation); null without positives."""
    if not len(positive):
        return None
    above, false = _cumulative(positive, negative)
    gained = np.diff(above, prepend=0)
    return float((gained * (above / (above + false))).sum() / len(positive))


def tpr_at_fpr(positive: Floats, negative: Floats, limit: float) -> float | None:
    """Largest share of positives at or above a threshold that lets through at most `limit` of the negatives."""
    if not len(positive) or not len(negative):
        return None
    above, false = _cumulative(positive, negative)
    allowed = above[false <= limit * len(negative)]
    return float(allowed[-1]) / len(positive) if len(allowed) else 0.0


def total_variation(p: dict[str, float], q: dict[str, float]) -> float:
    """Distance of two shares by name: 0 the same, 1 nothing in common.

    Half the summed absolute difference; where one of them leaves part of the whole unsaid, that part counts in full.
    """
    differences = [p.get(name, 0.0) - q.get(name, 0.0) for name in sorted(p.keys() | q.keys())]
    return max(sum(d for d in differences if d > 0), -sum(d for d in differences if d < 0), 0.0)


def _pairs(counts: Codes) -> float:
    n = counts.astype(np.float64)
    return float((n * (n - 1) / 2).sum())


def adjusted_rand(truth: Codes, found: Codes) -> float | None:
    """Adjusted Rand index (Hubert and Arabie 1985) of two partitions (n codes each); -1 in `found` stands alone.

    1: the same partition; 0: no better than chance. An item that was assigned nowhere is its own cluster, so that
    missing accounts do not look like a cluster of their own. Null when there is nothing to compare.
    """
    if not len(truth):
        return None
    inside = found >= 0
    joint = np.unique(np.stack([truth[inside], found[inside]]), axis=1, return_counts=True)[1]
    both = _pairs(joint)
    a = _pairs(np.unique(truth, return_counts=True)[1])
    b = _pairs(np.unique(found[inside], return_counts=True)[1])
    total = _pairs(np.array([len(truth)], dtype=np.int64))
    expected = a * b / total if total else 0.0
    ceiling = (a + b) / 2
    return 1.0 if ceiling == expected else (both - expected) / (ceiling - expected)
