"""How often one may come: token buckets in memory, one a caller."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

__all__ = ["Buckets"]

# A bucket is two floats and a name; whoever floods us with names drops the buckets that were used longest ago.
MOST_BUCKETS: Final = 100_000


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Buckets:
    """Token buckets: one holds a minute's worth and fills up evenly. Any number of threads may ask.

    Args:
        most: buckets that are kept.
    """

    def __init__(self, most: int = MOST_BUCKETS) -> None:
        self._most = most
        self._guard = threading.Lock()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, name: str, per_minute: int, now: float) -> float:
        """Take a token.

        Args:
            name: of the bucket.
            per_minute: how many it holds, and how many it gets a minute; at least 1.
            now: seconds, of a clock that does not go back.

        Returns:
            Seconds until there is one; 0: it was there and is taken.
        """
        rate = per_minute / 60
        with self._guard:
            bucket = self._buckets.pop(name, None) or _Bucket(per_minute, now)
            self._buckets[name] = bucket
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
            bucket.left = min(float(per_minute), bucket.left + max(0.0, now - bucket.at) * rate)
            bucket.at = now
            if bucket.left < 1:
                return (1 - bucket.left) / rate
            bucket.left -= 1
            return 0.0
