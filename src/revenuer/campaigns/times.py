"""Microseconds since 1970 in and out of Arrow and words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["DAY", "HOUR", "micros", "rfc3339"]

HOUR: Final = 3_600_000_000
DAY: Final = 24 * HOUR


def micros(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """A timestamp column as microseconds since 1970, UTC."""
    values: npt.NDArray[np.int64] = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy()
    return values


def rfc3339(at: int) -> str:
    """A moment as RFC 3339 with whole seconds, UTC."""
    return datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
