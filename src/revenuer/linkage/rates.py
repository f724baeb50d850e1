"""What a count is worth as evidence: log10 e-values and likelihood ratios that several channels use."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import stats

__all__ = ["binomial_gain", "evidence_of_p", "fewer_later", "positions"]

I64 = npt.NDArray[np.int64]


def evidence_of_p(p: float) -> float:
    """Log10 of an e-value made of a p-value: 1 / (2 sqrt(p)), never below 1.

    A p-value is no likelihood ratio; this calibrator has an expectation of one under the null (Vovk and Wang 2021,
    "E-values: calibration, combination and applications"), of 1.25 since values below one are dropped: the lack of a
    sign is no evidence against a campaign.
    """
    return max(0.0, -0.5 * math.log10(max(p, 1e-300)) - math.log10(2.0))


def binomial_gain(hits: int, total: int, base: float) -> float:
    """Log10 binomial likelihood of the observed share over that of `base`; 0 where the share is no larger."""
    share = min(max(hits / max(total, 1), 1e-6), 1 - 1e-6)
    base = min(max(base, 1e-6), 1 - 1e-6)
    if share <= base:
        return 0.0
    return hits * math.log10(share / base) + (total - hits) * math.log10((1 - share) / (1 - base))


def fewer_later(early: tuple[int, int], later: tuple[int, int]) -> float:
    """Fisher's exact p-value that (hits, total) of the early phase exceed those of the later one by chance."""
    hits = early[0] + later[0]
    return float(stats.hypergeom.sf(early[0] - 1, early[1] + later[1], hits, early[1]))


def positions(ordered: I64, wanted: I64) -> I64:
    """Where the wanted values stand in a sorted array, shape (rows,): its cost does not grow with the array."""
    starts, ends = np.searchsorted(ordered, wanted), np.searchsorted(ordered, wanted, "right")
    lengths = ends - starts
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    rows: I64 = np.repeat(starts, lengths) + within
    return rows
