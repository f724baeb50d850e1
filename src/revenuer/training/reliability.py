"""Whether a probability comes true as often as it says, and what a threshold set on ordinary texts catches."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["caught_at", "reliability"]

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

_BINS: Final = 10


def reliability(said: F32, true: F64, weights: F64) -> dict[str, Any]:
    """Expected calibration error (Naeini, Cooper and Hauskrecht 2015) over ten bins of equal width.

    Args:
        said: shape (n,), probabilities.
        true: shape (n,), 1 where what was said came true.
        weights: shape (n,), how much each row counts.

    Returns:
        `error`, and `bins` of [mean said, share true, share of the weight], those without rows left out.
    """
    place = np.minimum((said * _BINS).astype(np.int64), _BINS - 1)
    bins = []
    for number in np.unique(place):
        held = place == number
        means = [float(np.average(values[held], weights=weights[held])) for values in (said, true)]
        bins.append([*means, float(weights[held].sum() / weights.sum())])
    error = sum(share * abs(mean - truth) for mean, truth, share in bins)
    return {"error": round(error, 3), "bins": [[round(value, 3) for value in row] for row in bins]}


def caught_at(asking: F32, ordinary: F32, rate: float, weights: F64) -> dict[str, float]:
    """What share of asking texts (weighted) scores above the threshold that `rate` of ordinary texts exceed at most."""
    threshold = np.sort(ordinary)[::-1][int(rate * len(ordinary))]
    caught = weights[asking > threshold].sum() / weights.sum()
    return {"threshold": round(float(threshold), 3), "caught": round(float(caught), 3)}
