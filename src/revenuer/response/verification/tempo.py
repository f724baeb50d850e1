"""How fast sign-ups come on one key, held against what that key has been used to.

A scan statistic over windows of an hour, a day and a week. The key's own rate is what came before those windows, fading with
a half-life of two months, drawn towards the rate of an average key (one sign-up's worth: a gamma prior), and stretched by
how busy everybody is just now, so that the day of a release is nobody's burst. Of a gamma-distributed rate the count in a
window is negative binomial, and P(X >= x) = I_{w / (w + b)}(x, a); the least of three windows is taken three times.
The surprise, -log10 of that chance, is then only a bin: how common such a surprise is among the provider's own sign-ups
says the base, so that a wrong rate model costs power and accuses nobody. The mean number of honest sign-ups between
two as surprising (the average run length) is one over the base's share of that bin and those above.
"""

from __future__ import annotations

from math import exp, log, log10
from typing import Final

from scipy.special import betainc

__all__ = ["SURPRISES", "WINDOWS", "Rate", "surprise", "surprise_bin"]

HOUR: Final = 3_600_000_000
WINDOWS: Final = (1, 24, 168)  # hours
FADE: Final = 60 * 24 / log(2.0)  # hours; a half-life of 60 days
# Upper ends of the bins of surprise, in decades.
SURPRISES: Final = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0)
LEAST: Final = 1e-300


class Rate:
    """Sign-ups on one key by the hour, and those before the longest window, faded."""

    __slots__ = ("_hours", "_slow", "_slow_at")

    def __init__(self) -> None:
        self._hours: dict[int, int] = {}
        self._slow, self._slow_at = 0.0, 0

    def add(self, at: int) -> None:
        """One more at this microsecond; times never go back."""
        hour = at // HOUR
        self._hours[hour] = self._hours.get(hour, 0) + 1
        self._settle(hour)

    def within(self, at: int, hours: int) -> int:
        """How many came in the last hours, the begun one included."""
        first = at // HOUR - hours
        return sum(n for hour, n in self._hours.items() if hour >= first)

    def before(self, at: int) -> float:
        """How many came before the longest window, faded."""
        self._settle(at // HOUR)
        return self._slow * exp(-max(at // HOUR - self._slow_at, 0) / FADE)

    def _settle(self, hour: int) -> None:
        for old in [one for one in self._hours if one < hour - WINDOWS[-1]]:
            self._slow = self._slow * exp(-max(old - self._slow_at, 0) / FADE) + self._hours.pop(old)
            self._slow_at = max(old, self._slow_at)


def surprise(key: Rate | None, everybody: Rate, keys: int, begun: int, at: int) -> float:
    """Decades of surprise at one more sign-up on a key; 0 for a key that is new.

    Args:
        key: sign-ups on it so far; None for none.
        everybody: all sign-ups so far that have a key of this kind.
        keys: how many different keys they have.
        begun: microsecond of the first of them.
        at: now.
    """
    if key is None:
        return 0.0
    length = max((at - begun) / HOUR - WINDOWS[-1], 0.0)
    lived = max(FADE * (1.0 - exp(-length / FADE)), 1.0)  # hours that the faded counts stand for
    usual = everybody.before(at)
    # hours that an average key takes for one sign-up; while there is no past, the windows themselves have to do
    hours = keys * lived / usual if usual else keys * WINDOWS[-1] / max(everybody.within(at, WINDOWS[-1]), 1)
    shape, rate = 1.0 + key.before(at), hours + lived
    least = 1.0
    for window in WINDOWS:
        count = key.within(at, window)
        if count:
            busy = (everybody.within(at, window) + 1.0) / (usual * window / lived + 1.0) if usual else 1.0
            stretched = window * max(busy, 1.0)
            least = min(least, float(betainc(count, shape, stretched / (stretched + rate))))
    return max(0.0, -log10(max(least * len(WINDOWS), LEAST)))


def surprise_bin(decades: float) -> int:
    """The bin of a surprise."""
    return sum(decades >= end for end in SURPRISES)
