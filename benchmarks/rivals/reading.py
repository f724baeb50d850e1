"""What a method says of accounts, and how its thresholds are set without looking at an attack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rivals.embed import Encoder
from rivals.traffic import Traffic

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEAST_STRATUM = 100  # accounts of the clean reference that a stratum of volume must have
FLOOR = 0.05  # of the spread over all strata: the least spread of one


@dataclass(frozen=True)
class Reading:
    """Scores of n accounts under one variant of a method.

    Attributes:
        variant: its name in the table.
        score: higher is worse; minus infinity where the method cannot say anything.
        published: the threshold (inclusive) of its authors; null where they give none.
        groups: for methods that link: labels (n, -1: none) of the groups among accounts scored at a threshold or above.
    """

    variant: str
    score: Floats
    published: float | None = None
    groups: Callable[[float], Ints] | None = None


@dataclass(frozen=True)
class Background:
    """What a method may learn from: traffic known to be clean, and how text becomes vectors."""

    reference: Traffic
    encoder: Encoder


Judge = Callable[[Traffic], list[Reading]]


def calibrated(clean: Floats, rate: float) -> float:
    """The lowest threshold that flags at most `rate` of clean accounts (scores of n), ties with the next one included."""
    allowed = int(rate * len(clean))
    return float(np.nextafter(np.sort(clean)[len(clean) - 1 - allowed], np.inf))


@dataclass(frozen=True)
class Strata:
    """Mean and spread of a statistic by volume: its null depends on how many requests it was computed from."""

    edges: Ints
    mean: Floats
    spread: Floats

    @classmethod
    def fit(cls, value: Floats, size: Ints) -> Strata:
        """From a clean reference: `value` (n, NaN: not computed) and `size` (n requests), in strata of a factor of two."""
        held = np.isfinite(value)
        value, size = value[held], size[held]
        edges = [0]
        for edge in 2 ** np.arange(1, 15):
            if (size >= edge).sum() >= LEAST_STRATUM and ((size >= edges[-1]) & (size < edge)).sum() >= LEAST_STRATUM:
                edges.append(int(edge))
        level = np.searchsorted(edges, size, side="right") - 1
        parts = [value[level == i] for i in range(len(edges))]
        least = FLOOR * float(value.std()) + 1e-12
        mean = np.array([part.mean() for part in parts])
        spread = np.array([max(float(part.std()), least) for part in parts])
        return cls(np.array(edges), mean, spread)

    def standard(self, value: Floats, size: Ints) -> Floats:
        """How many spreads `value` (n) lies above its stratum's mean; NaN stays NaN."""
        level = np.searchsorted(self.edges, size, side="right") - 1
        return np.asarray((value - self.mean[level]) / self.spread[level], dtype=np.float64)


def tails(name: str, standard: Floats, *, high: bool) -> list[Reading]:
    """The readings of a standardised statistic (n): in the direction of its authors, and in both."""
    one = standard if high else -standard
    return [
        Reading(f"{name}, its tail", np.where(np.isnan(one), -np.inf, one)),
        Reading(f"{name}, both tails", np.where(np.isnan(one), -np.inf, np.abs(one))),
    ]
