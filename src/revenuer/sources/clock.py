"""Times that cannot be: before there was anything to log, or far behind the end of the traffic.

A scan gives the same findings whenever it runs, so it does not ask what time it is. A broken clock shows as a few rows
after a long silence: `SILENCE_DAYS` without a single exchange and then at most one row in twenty (or a single row, in a
small log), or `LONG_SILENCE_DAYS` and then fewer than half. Years of steady traffic hold no such silence and lose nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

__all__ = ["DAY", "EARLIEST", "LATEST", "LONG_SILENCE_DAYS", "SILENCE_DAYS", "latest_plausible", "micros"]

DAY: Final = 86_400_000_000
SILENCE_DAYS: Final = 180
LONG_SILENCE_DAYS: Final = 730


def micros(time: datetime) -> int:
    """Microseconds since 1970 of a time that knows its zone, exactly."""
    delta = time - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


EARLIEST: Final = micros(datetime(2015, 1, 1, tzinfo=UTC))
LATEST: Final = micros(datetime(2100, 1, 1, tzinfo=UTC)) - 1


def latest_plausible(days: Mapping[int, int]) -> int:
    """The last microsecond that a row of the traffic may carry.

    Args:
        days: day since 1970 to exchanges on it, over the whole traffic.
    """
    counts = Counter({day: n for day, n in days.items() if EARLIEST <= day * DAY <= LATEST})
    tail = total = counts.total()
    active = sorted(counts)
    for day, following in pairwise(active):
        tail -= counts[day]
        few = tail <= max(1, total // 20) or following - day > LONG_SILENCE_DAYS
        if following - day > SILENCE_DAYS and few and 2 * tail < total:
            return (day + 1) * DAY - 1
    return LATEST
