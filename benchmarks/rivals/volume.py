"""Limits on how much an account may ask."""

from __future__ import annotations

import numpy as np

from rivals.reading import Background, Floats, Judge, Reading
from rivals.traffic import Traffic

HOUR, DAY = 3_600, 86_400
PER_HOUR = 100.0  # the lower of the counts that a vendor's published rules alert at


def busiest(traffic: Traffic, seconds: int) -> Floats:
    """Most requests of each account in one clock interval of that many seconds."""
    pair = np.stack([traffic.account, traffic.seconds // seconds])
    (account, _), count = np.unique(pair, axis=1, return_counts=True)
    found = np.zeros(len(traffic.ids))
    np.maximum.at(found, account, count)
    return found


def volume(_background: Background) -> Judge:
    """Requests in the busiest hour, in the busiest day, and in all."""
    return lambda traffic: [
        Reading("busiest hour", busiest(traffic, HOUR), published=PER_HOUR),
        Reading("busiest day", busiest(traffic, DAY)),
        Reading("all requests", traffic.sizes.astype(np.float64)),
    ]
