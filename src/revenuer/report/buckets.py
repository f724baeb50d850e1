"""Counts per time bucket, brought to a number of buckets that a picture and a table can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from revenuer.report.words import parsed

__all__ = ["Buckets", "bucketed"]


@dataclass(frozen=True, slots=True)
class Buckets:
    """`counts[i][j]`: series i in the bucket that begins at `edges[j]` and ends at `edges[j + 1]`."""

    edges: tuple[datetime, ...]
    counts: tuple[tuple[int, ...], ...]

    @property
    def width(self) -> str:
        """The width of a bucket in words: `6 hours`, `2 days`."""
        hours = round((self.edges[1] - self.edges[0]).total_seconds() / 3600)
        count, unit = (hours // 24, "day") if hours % 24 == 0 else (hours, "hour")
        return unit if count == 1 else f"{count} {unit}s"

    @property
    def rows(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """When each bucket begins, in words, and its count in every series."""
        days = all((at.hour, at.minute) == (0, 0) for at in self.edges)
        begins = [at.strftime("%Y-%m-%d" if days else "%Y-%m-%d %H:%M") for at in self.edges[:-1]]
        return tuple(zip(begins, zip(*self.counts, strict=True), strict=True))


def bucketed(start: str, hours: float, series: Sequence[Sequence[int]], most: int) -> Buckets | None:
    """At most `most` buckets, neighbours summed; none where the start is no time or there is nothing to count.

    Args:
        start: RFC 3339, when the first bucket begins.
        hours: width of a bucket.
        series: counts per bucket; a shorter series is filled with zeros.
        most: greatest number of buckets.
    """
    begin, length = parsed(start), max((len(counts) for counts in series), default=0)
    if begin is None or length == 0 or not 0 < hours < 24 * 366:
        return None
    step = _step(length, hours, most)
    size = -(-length // step)
    try:
        edges = tuple(begin + timedelta(hours=hours * step * i) for i in range(size + 1))
    except OverflowError:
        return None
    summed = tuple(tuple(sum(counts[i * step : (i + 1) * step]) for i in range(size)) for counts in series)
    return Buckets(edges, summed)


def _step(length: int, hours: float, most: int) -> int:
    # Prefer widths a reader has a word for: 2, 3, 6, 12 hours, whole days.
    least = -(-length // most)
    wanted = (step for step in range(least, least + 48) if hours * step in {1, 2, 3, 6, 12} or hours * step % 24 == 0)
    return next(wanted, least)
