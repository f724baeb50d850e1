"""False discovery rates: how many of many findings may be named so that the expected false share stays at q."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["benjamini_hochberg", "benjamini_yekutieli", "e_bh"]

F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def benjamini_hochberg(p: F64, q: float) -> Bools:
    """Which hypotheses to reject (Benjamini and Hochberg 1995), shape of `p`.

    Valid for independent p-values and for positively dependent ones, as conformal p-values against one calibration set
    are (Bates et al. 2023).
    """
    m = len(p)
    order = np.argsort(p, kind="stable")
    return _first(order, np.flatnonzero(p[order] <= q * np.arange(1, m + 1) / max(m, 1)))


def benjamini_yekutieli(p: F64, q: float) -> Bools:
    """The same under any dependence (Benjamini and Yekutieli 2001): q is divided by 1 + 1/2 + ... + 1/m."""
    return benjamini_hochberg(p, q / max(float((1.0 / np.arange(1, len(p) + 1)).sum()), 1.0))


def e_bh(e: F64, q: float) -> Bools:
    """Which hypotheses to reject by e-values under any dependence (Wang and Ramdas 2022), shape of `e`.

    Args:
        e: e-values, at least 0, infinity allowed: under its null hypothesis the mean of each is 1 at most.
        q: bound of the expected share of false rejections.
    """
    m = len(e)
    order = np.argsort(-e, kind="stable")
    return _first(order, np.flatnonzero(e[order] * np.arange(1, m + 1) * q >= m))


def _first(order: npt.NDArray[np.intp], passing: npt.NDArray[np.intp]) -> Bools:
    """The best ones up to the last that passes its own bound."""
    rejected = np.zeros(len(order), np.bool_)
    if len(passing):
        rejected[order[: passing[-1] + 1]] = True
    return rejected
