"""The maximum mean discrepancy of an account's windows against clean traffic (arXiv 2606.05725)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rivals.embed import Vectors
from rivals.reading import Background, Floats, Ints, Judge, Reading, Strata
from rivals.traffic import Traffic

REFERENCE = 1_500  # clean requests that every window is compared with
POOL = 2_500  # clean requests that benign windows are drawn from
DRAWS = 1_000
BANDWIDTHS = (0.25, 0.5, 1.0, 2.0)  # of the median squared distance between clean requests
LEAST = 5  # requests that make a window
WINDOW = 1_500
SHORT = 20
QUANTILE = 0.95


@dataclass(frozen=True)
class Discrepancy:
    """Unbiased MMD^2 against a fixed clean sample, with the sum of four Gaussian kernels.

    Attributes:
        clean: unit vectors of the clean sample.
        scale: median squared distance within it.
        within: mean kernel between two different clean requests.
    """

    clean: Vectors
    scale: float
    within: float

    @classmethod
    def fit(cls, clean: Vectors) -> Discrepancy:
        """The clean sample's own part, once."""
        apart = ~np.eye(len(clean), dtype=bool)
        scale = float(np.median((2 - 2 * clean @ clean.T)[apart]))
        return cls(clean, scale, float(cls(clean, scale, 0.0).kernel(clean, clean)[apart].mean()))

    def kernel(self, a: Vectors, b: Vectors) -> Vectors:
        """Mean of the kernels between rows of unit vectors (a, b)."""
        squared = np.maximum(2 - 2 * (a @ b.T), 0) / self.scale
        parts = [np.exp(-squared / (2 * width)) for width in BANDWIDTHS]
        return np.asarray(sum(parts) / len(parts), dtype=np.float32)

    def across(self, rows: Vectors) -> Floats:
        """Mean kernel of each row with the clean sample."""
        parts = [self.kernel(rows[i : i + POOL], self.clean).mean(axis=1) for i in range(0, len(rows), POOL)]
        return np.concatenate(parts).astype(np.float64)

    def of(self, rows: Vectors, across: Floats) -> float:
        """MMD^2 of a window of two or more rows."""
        n = len(rows)
        own = (float(self.kernel(rows, rows).sum(dtype=np.float64)) - n) / (n * (n - 1))
        return own + self.within - 2 * float(across.mean())


def benign_quantile(measure: Discrepancy, pool: Vectors, sizes: Ints, seed: int) -> Floats:
    """The 95th percentile of MMD^2 over 1,000 windows of each size drawn from clean requests."""
    generator = np.random.default_rng(seed)
    kernel, across = measure.kernel(pool, pool), measure.across(pool)
    found = []
    for n in sizes:
        drawn = np.zeros((DRAWS, len(pool)), dtype=np.float32)
        for row in drawn:
            row[generator.choice(len(pool), n, replace=False)] = 1
        own = ((drawn @ kernel) * drawn).sum(axis=1, dtype=np.float64)
        values = (own - n) / (n * (n - 1)) + measure.within - 2 * (drawn @ across) / n
        found.append(float(np.quantile(values, QUANTILE)))
    return np.array(found)


def windows(start: int, end: int, length: int) -> list[tuple[int, int]]:
    """The newest requests of an account in windows of this length; a shorter first one where it has `LEAST` or more."""
    ends = range(end, start, -length)
    cut = [(max(start, last - length), last) for last in ends]
    return [one for one in cut if one[1] - one[0] >= LEAST]


@dataclass(frozen=True)
class Windows:
    """Windows of a traffic: the account, the requests and the MMD^2 of each."""

    account: Ints
    size: Ints
    value: Floats

    @classmethod
    def of(cls, measure: Discrepancy, traffic: Traffic, vectors: Vectors, length: int) -> Windows:
        """All windows of every account."""
        across = measure.across(vectors)
        rows = [
            (int(i), last - first, measure.of(vectors[first:last], across[first:last]))
            for i in np.flatnonzero(traffic.sizes >= LEAST)
            for first, last in windows(int(traffic.starts[i]), int(traffic.starts[i + 1]), length)
        ]
        return cls(*(np.array(part) for part in zip(*rows, strict=True)))

    def worst(self, traffic: Traffic, value: Floats) -> Floats:
        """The highest value over each account's windows; minus infinity for accounts without one."""
        found = np.full(len(traffic.ids), -np.inf)
        np.maximum.at(found, self.account, value)
        return found


def fitted(background: Background, length: int) -> tuple[Discrepancy, Strata, Floats, Floats]:
    """The measure, its strata, and the published limit on MMD^2 at the logarithm of some sizes."""
    vectors = background.encoder.vectors(background.reference)
    order = np.random.default_rng(0).permutation(len(vectors))
    measure, pool = Discrepancy.fit(vectors[order[:REFERENCE]]), vectors[order[REFERENCE : REFERENCE + POOL]]
    sizes = np.unique(np.round(np.geomspace(LEAST, min(length, len(pool) // 2), 12)).astype(np.int64))
    clean = Windows.of(measure, background.reference, vectors, length)
    return measure, Strata.fit(clean.value, clean.size), np.log(sizes), benign_quantile(measure, pool, sizes, 1)


def on_windows(background: Background, length: int, name: str) -> Judge:
    """Both thresholds on windows of one length."""
    measure, strata, sizes, limits = fitted(background, length)

    def judge(traffic: Traffic) -> list[Reading]:
        seen = Windows.of(measure, traffic, background.encoder.vectors(traffic), length)
        beyond = seen.value - np.interp(np.log(seen.size), sizes, limits)
        standard = strata.standard(seen.value, seen.size)
        return [
            Reading(f"{name}, 95 % of benign draws", seen.worst(traffic, beyond), published=0.0),
            Reading(f"{name}, its tail", seen.worst(traffic, standard)),
            Reading(f"{name}, both tails", seen.worst(traffic, np.abs(standard))),
        ]

    return judge


def mmd(background: Background) -> Judge:
    """All that an account sent, up to the longest published window."""
    return on_windows(background, WINDOW, "all requests")


def mmd_windows(background: Background) -> Judge:
    """The worst of an account's windows of twenty successive requests."""
    return on_windows(background, SHORT, "windows of 20")
