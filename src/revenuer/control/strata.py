"""Strata of accounts: alike in plan and volume, and with enough honest accounts to be compared with."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["LEAST_CALIBRATION", "merge_strata"]

I64 = npt.NDArray[np.int64]

# Calibration accounts below which a stratum is merged with its neighbours: no p-value below 0.01 could come out of it.
LEAST_CALIBRATION: Final = 100


def merge_strata(calibration: I64, *, least: int = LEAST_CALIBRATION) -> I64:
    """A partition of the cells of plan by volume in which each part holds `least` calibration accounts or more.

    Small plans of one volume go together, then bands of volume with their neighbours. The choice sees only how many
    calibration accounts a cell holds, never a score, and so leaves p-values within the parts valid as far as the
    accounts of a part can change places.

    Args:
        calibration: calibration accounts of each cell, shape (plans, bands), bands in order.
        least: fewest of a part, unless there are fewer in all.

    Returns:
        The number of each cell's part, from 0, shape (plans, bands).
    """
    parts = np.full(calibration.shape, -1, np.int64)
    waiting: list[tuple[int, int]] = []
    held, last = 0, 0
    for band in range(calibration.shape[1]):
        for plan in range(calibration.shape[0]):
            if calibration[plan, band] >= least:
                parts[plan, band] = last
                last += 1
            else:
                waiting.append((plan, band))
                held += int(calibration[plan, band])
        if held >= least:
            _assign(parts, waiting, last)
            waiting, held, last = [], 0, last + 1
    _assign(parts, waiting, max(last - 1, 0))
    return parts


def _assign(parts: I64, cells: list[tuple[int, int]], part: int) -> None:
    for plan, band in cells:
        parts[plan, band] = part
