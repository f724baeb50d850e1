"""How sure the share of exchanges that serve extraction is: an interval from the scores of single exchanges."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

__all__ = ["LEAST_DOUBT", "share_interval"]

F64 = npt.NDArray[np.float64]

# Both bounds are set by `benchmarks/shares.py` so that 95 % of intervals hold the truth in simulated worlds.
# Error that scores of one account have in common: standard deviation in natural log-odds.
COMMON_ERROR: Final = 1.0
# No score is surer than this, upwards: of exchanges that nothing ties to the campaign some serve it all the same.
LEAST_DOUBT: Final = 0.05
LEVEL: Final = 0.95


def share_interval(expected: F64, variance: F64, doubt: F64, exchanges: F64) -> tuple[F64, F64]:
    """A 95 % interval of the share of exchanges that serve extraction; all arrays have one shape.

    The number is a sum of unlike Bernoulli trials (Poisson-binomial), whose variance is the sum of s (1 - s). Scores of
    one account err together, since they come from the same templates: an error of `COMMON_ERROR` in log-odds, common to
    all, moves the sum by that times the variance, to first order. A Beta distribution of this mean and variance gives
    the bounds. Not included: that the campaign is none, or that the account does not belong to it, which is what its
    risk says; and traffic unlike the simulated one that set the common error.

    Args:
        expected: sum of scores.
        variance: sum of s (1 - s) over the scores s.
        doubt: the same with every score held at `LEAST_DOUBT` or more from 0 and 1; for the upper bound.
        exchanges: how many were made, at least 1.
    """
    mean = (np.minimum(expected, exchanges) + 0.5) / (exchanges + 1.0)
    share = np.minimum(expected / exchanges, 1.0)
    tail = (1.0 - LEVEL) / 2.0
    low, high = _bound(mean, variance, exchanges, tail), _bound(mean, doubt, exchanges, 1.0 - tail)
    return np.minimum(low, share), np.maximum(high, share)


def _bound(mean: F64, variance: F64, exchanges: F64, quantile: float) -> F64:
    """A quantile of the Beta distribution of this mean and of the spread that independent and common error make."""
    spread = (variance + (COMMON_ERROR * variance) ** 2) / exchanges**2
    room = mean * (1.0 - mean)
    # a Beta distribution is at most as wide as two points at 0 and 1; one of no spread has no bounds
    weight = room / np.clip(spread, 1e-9, 0.9 * room) - 1.0
    return np.asarray(betaincinv(mean * weight, (1.0 - mean) * weight, quantile), np.float64)
