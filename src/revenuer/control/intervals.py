"""Intervals for a proportion."""

from __future__ import annotations

import math

from scipy.special import betaincinv, ndtri

__all__ = ["clopper_pearson", "wilson"]


def clopper_pearson(hits: int, total: int, *, level: float = 0.95) -> tuple[float, float]:
    """The exact two-sided interval (Clopper and Pearson 1934), within 0 and 1; everything where `total` is 0."""
    tail = (1.0 - level) / 2.0
    low = float(betaincinv(hits, total - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, total - hits, 1.0 - tail)) if hits < total else 1.0
    return low, high


def wilson(hits: float, total: float, *, level: float = 0.95) -> tuple[float, float]:
    """The score interval (Wilson 1927): narrower than the exact one, and right on average only."""
    if not total:
        return 0.0, 1.0
    z = float(ndtri(0.5 + level / 2.0))
    share, shrink = hits / total, 1.0 + z * z / total
    middle = (share + z * z / (2.0 * total)) / shrink
    half = z / shrink * math.sqrt(share * (1.0 - share) / total + (z / (2.0 * total)) ** 2)
    return max(0.0, middle - half), min(1.0, middle + half)
