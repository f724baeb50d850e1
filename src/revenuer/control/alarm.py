"""Population alarm: whether more accounts are unusual than honest traffic explains, and how many more.

Far fewer unusual accounts are needed to know *that* a campaign is there than to know *who* is in it. The statistic is
higher criticism (Donoho and Jin 2004) over conformal p-values: the greatest excess of small p-values over what is
expected, in standard deviations. Two null distributions are simulated and the worse one counts:

* accounts that can change places one by one: the exact law of conformal p-values, an urn (Marandon et al. 2024);
* clusters of accounts, such as the customers of one product, that come and go together: the calibration accounts, drawn
  anew by cluster with Poisson weights, both in their own role and in that of the traffic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["Alarm", "population_alarm"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

DRAWS: Final = 499
LEVEL: Final = 0.01
# Thresholds of p that are looked at: so many up to the widest, from the one that this many calibration clusters pass:
# with fewer, drawing them anew does not tell how much their number varies.
POINTS: Final = 40
WIDEST: Final = 0.5
LEAST_TAIL: Final = 20
CHUNK: Final = 50


@dataclass(frozen=True, slots=True)
class Alarm:
    """What the population of accounts says.

    Attributes:
        statistic: greatest excess of unusual accounts, in standard deviations.
        p_value: chance of as great an excess in traffic like the calibration set; at least 1 / (draws + 1).
        level: bound of the chance of a false alarm.
        raised: whether `p_value` is at most `level`.
        size: accounts in excess at the threshold where they are most, a floor of a campaign's size: accounts that look
            ordinary are not in it. `low` is a bound that holds over all thresholds with confidence 1 - level, `high`
            the other end at that threshold alone.
        threshold: of the p-value, where the excess is greatest.
        clusters: how many clusters the calibration accounts make.
    """

    statistic: float
    p_value: float
    level: float
    raised: bool
    size: float
    low: float
    high: float
    threshold: float
    clusters: int


def population_alarm(
    p: F64,
    strata: I64,
    calibration_p: F64,
    calibration_strata: I64,
    clusters: I64,
    *,
    level: float = LEVEL,
    seed: int,
    draws: int = DRAWS,
) -> Alarm | None:
    """Test whether unusual accounts are more than expected.

    Args:
        p: conformal p-values of the accounts, shape (accounts,).
        strata: of the accounts, from 0.
        calibration_p: `clean_p_values` of the calibration accounts, shape (calibration,).
        calibration_strata: of the calibration accounts.
        clusters: of each calibration account, any whole number: those that stand or fall together share it.
        level: bound of the chance of a false alarm.
        seed: of the simulated null distributions.
        draws: from each.

    Returns:
        None where there are too few calibration accounts, or none to test.
    """
    judged = np.isin(strata, calibration_strata)
    p, strata = p[judged], strata[judged]
    narrowest = _narrowest(calibration_p, clusters)
    if not len(p) or narrowest > WIDEST / 2:
        return None
    grid = np.geomspace(narrowest, WIDEST, POINTS)
    size = max(int(strata.max()), int(calibration_strata.max())) + 1
    tested, known = np.bincount(strata, minlength=size), np.bincount(calibration_strata, minlength=size)
    steps = np.floor(grid * (known[:, None] + 1) + 1e-9)  # p-values possible at or below each threshold
    expected = tested @ (steps / (known[:, None] + 1))
    excess = (p[:, None] <= grid + 1e-12).sum(axis=0) - expected
    rng = np.random.default_rng(seed)
    weight = np.divide(tested, known, out=np.zeros(size), where=known > 0)[calibration_strata]
    members = _Members.of(calibration_p, weight, clusters, grid)
    urn = _urn(rng, tested, known, steps, draws) - expected
    drawn = members.drawn(rng, min(len(p) / len(calibration_p), 1.0), len(p), draws)
    spread = np.maximum(np.maximum(urn.std(axis=0), drawn.std(axis=0)), 1e-9)
    return _verdict(
        excess, spread, (urn / spread).max(axis=1), (drawn / spread).max(axis=1), grid, level, members.count
    )


def _narrowest(calibration_p: F64, clusters: I64) -> float:
    """The least p-value that accounts of `LEAST_TAIL` clusters reach; infinite where there are not so many."""
    order = np.lexsort((calibration_p, clusters))
    _, first = np.unique(clusters[order], return_index=True)
    best = np.sort(calibration_p[order][first])
    return float(best[LEAST_TAIL - 1]) if len(best) >= LEAST_TAIL else np.inf


def _verdict(excess: F64, spread: F64, urn: F64, drawn: F64, grid: F64, level: float, clusters: int) -> Alarm:
    """Hold the observed excess against both null distributions of its maximum."""
    at = int(np.argmax(excess / spread))
    statistic = float(excess[at] / spread[at])
    p_value = max((1.0 + float((null >= statistic).sum())) / (1.0 + len(null)) for null in (urn, drawn))
    bound = max(float(np.quantile(null, 1.0 - level, method="higher")) for null in (urn, drawn))
    low = float(((excess - bound * spread) / (1.0 - grid)).max())
    high = float((excess[at] + bound * spread[at]) / (1.0 - grid[at]))
    size = float(excess[at] / (1.0 - grid[at]))
    return Alarm(
        statistic,
        p_value,
        level,
        p_value <= level,
        max(size, 0.0),
        max(low, 0.0),
        max(high, 0.0),
        float(grid[at]),
        clusters,
    )


def _urn(rng: np.random.Generator, tested: I64, known: I64, steps: F64, draws: int) -> F64:
    """Counts of p-values at or below each threshold if accounts can change places, shape (draws, thresholds).

    Between n ordered calibration scores lie n + 1 gaps with Dirichlet(1, ..., 1) masses; gaps between two thresholds are
    taken together.
    """
    counts = np.zeros((draws, steps.shape[1]))
    for accounts, n, step in zip(tested, known, steps, strict=True):
        if not accounts or not n:
            continue
        gaps = np.diff(step, prepend=0.0, append=n + 1.0)
        mass = rng.standard_gamma(np.broadcast_to(gaps, (draws, len(gaps))))
        made = rng.multinomial(accounts, mass / mass.sum(axis=1, keepdims=True))
        counts += np.cumsum(made, axis=1)[:, :-1]
    return counts


@dataclass(frozen=True, slots=True)
class _Members:
    """Weighted calibration accounts of each cluster: at or below each threshold, and, in the last column, in all.

    Attributes:
        rows: shape (rows, thresholds + 1).
        copies: how many clusters have each row, shape (rows,).
    """

    rows: F64
    copies: I64

    @property
    def count(self) -> int:
        return int(self.copies.sum())

    @classmethod
    def of(cls, p: F64, weight: F64, clusters: I64, grid: F64) -> _Members:
        """Clusters of one account, most of them, are alike wherever weight and cell are, and are counted."""
        cell = np.searchsorted(grid + 1e-12, p)
        _, place, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
        single = sizes[place] == 1
        alike, copies = np.unique(np.stack([weight[single], cell[single]]), axis=1, return_counts=True)
        _, group = np.unique(place[~single], return_inverse=True)
        held = np.zeros((alike.shape[1] + int(group.max(initial=-1)) + 1, len(grid) + 1))
        held[np.arange(alike.shape[1]), alike[1].astype(np.int64)] = alike[0]
        np.add.at(held, (alike.shape[1] + group, cell[~single]), weight[~single])
        counts = np.concatenate([copies, np.ones(len(held) - len(copies), np.int64)])
        return cls(np.cumsum(held, axis=1), counts.astype(np.int64))

    def drawn(self, rng: np.random.Generator, rate: float, accounts: int, draws: int) -> F64:
        """Excess of two independent drawings of the clusters, one as traffic and one as calibration.

        Args:
            rng: source of randomness.
            rate: expected copies of a cluster in the traffic: at most 1, so that traffic larger than the calibration
                set has larger clusters rather than more of them.
            accounts: of the traffic.
            draws: how many pairs.
        """
        found = [self._pair(rng, rate, accounts, min(CHUNK, draws - begun)) for begun in range(0, draws, CHUNK)]
        return np.concatenate(found)

    def _pair(self, rng: np.random.Generator, rate: float, accounts: int, draws: int) -> F64:
        as_traffic, as_calibration = (
            rng.poisson(copies * self.copies, (draws, len(self.copies))) @ self.rows for copies in (rate, 1.0)
        )
        shares = [drawn[:, :-1] / np.maximum(drawn[:, -1:], 1e-9) for drawn in (as_traffic, as_calibration)]
        gap: F64 = accounts * (shares[0] - shares[1])
        return gap
