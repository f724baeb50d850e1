"""Conformal p-values: how an account ranks among accounts that are known, or assumed, to be honest.

A p-value is valid if the account, were it honest, could change places with any calibration account of its stratum.
Nothing else is assumed of the scores. Method: Vovk, Gammerman and Shafer (2005), with strata "Mondrian"; for many
accounts against one calibration set, Bates et al. (2023, arXiv 2104.08279).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["calibration_conditional", "clean_p_values", "conformal_p_values", "resolution"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


def resolution(calibration: int) -> float:
    """The smallest p-value that a stratum with so many calibration accounts can give."""
    return 1.0 / (calibration + 1)


def conformal_p_values(
    scores: F64, strata: I64, calibration: F64, calibration_strata: I64, *, seed: int | None = None
) -> F64:
    """P-values (1 + number of calibration scores at or above) / (1 + calibration scores), within strata.

    Args:
        scores: large is suspicious, shape (accounts,).
        strata: of the accounts, at least 0.
        calibration: scores of honest accounts, shape (calibration,).
        calibration_strata: of the calibration accounts.
        seed: break ties at random, which makes the p-values exactly uniform; without it ties count against suspicion,
            which makes them larger than uniform where scores repeat.

    Returns:
        Shape (accounts,), in (0, 1]; 1 in a stratum without calibration.
    """
    p = np.ones(len(scores))
    luck = np.random.default_rng(seed).random(len(scores)) if seed is not None else np.ones(len(scores))
    for stratum in np.unique(strata):
        inside = strata == stratum
        known = np.sort(calibration[calibration_strata == stratum])
        above = len(known) - np.searchsorted(known, scores[inside], "right")
        equal = len(known) - np.searchsorted(known, scores[inside], "left") - above
        p[inside] = (above + luck[inside] * (equal + 1.0)) / (len(known) + 1.0)
    return p


def clean_p_values(scores: F64, strata: I64) -> F64:
    """P-values of the calibration accounts themselves, each against the others of its stratum; ties count as above.

    They are uniform by construction, whatever the accounts did: nothing follows from them for the whole population.
    """
    p = np.empty(len(scores))
    for stratum in np.unique(strata):
        inside = strata == stratum
        known = np.sort(scores[inside])
        p[inside] = (len(known) - np.searchsorted(known, scores[inside], "left")) / len(known)
    return p


def calibration_conditional(p: F64, calibration: int, *, delta: float = 0.1) -> F64:
    """P-values that hold for this very calibration set, not on average over such sets, but for a chance of `delta`.

    The adjustment by the generalised Simes inequality with k = n / 2 (Bates et al., section 3.2): simultaneous upper
    bounds on the order statistics of n uniforms. P-values near 0 grow by about 2 ln(1 / delta).

    Args:
        p: conformal p-values with conservative ties from `calibration` scores, shape (accounts,).
        calibration: how many calibration scores, n.
        delta: chance that the calibration set is one for which the bounds fail.
    """
    if calibration < 2:
        return np.ones(len(p))
    n, k = calibration, calibration // 2
    # b of the i-th smallest is 1 - (delta * prod_{l<k} (n + 1 - i - l) / (n - l)) ** (1 / k); 1 once a factor is 0
    rank = np.clip(np.rint(p * (n + 1)).astype(np.int64), 1, n + 1)
    place = np.arange(n, k - 1, -1, dtype=np.float64)  # n + 1 - i for i = 1 ... n + 1 - k
    logs = (np.log(delta) + _log_falling(place, k) - _log_falling(np.array([float(n)]), k)) / k
    bounds = np.concatenate([-np.expm1(logs), np.ones(n + 1 - len(place))])
    adjusted: F64 = np.maximum(bounds[rank - 1], p)
    return adjusted


def _log_falling(top: F64, k: int) -> F64:
    """Logarithm of top * (top - 1) * ... * (top - k + 1)."""
    from scipy.special import gammaln  # noqa: PLC0415 - half a second that a scan without calibration need not spend

    logs: F64 = gammaln(top + 1.0) - gammaln(top - k + 1.0)
    return logs
