"""PRADA and SEAT, account by account, on vectors of text."""

from __future__ import annotations

import numpy as np
from scipy.stats import shapiro

from rivals.embed import Vectors
from rivals.reading import Background, Floats, Ints, Judge, Reading, Strata, tails
from rivals.traffic import Traffic

WINDOW = 1_500  # newest requests of an account that are read, as many as the longest published window
PRADA_LEAST = 100  # distances that the paper waits for
PRADA_TRIED = 10  # distances from which the calibrated variants try
PRADA_DELTA = 0.95
SEAT_PAIRS = 50
SEAT_TRIED = 3
SEAT_RATE = 1e-4  # of pairs of requests of different clean accounts that count as near
SAMPLE = 1_500


def least_distances(rows: Vectors) -> Floats:
    """Distance of each request to the nearest of the growing set, as PRADA (Juuti et al. 2019) defines it, one class.

    A request joins the set when it is farther from it than the set's threshold, the mean less the standard deviation
    of the distances with which its members joined; the threshold never falls.
    """
    members, joined, threshold = [0], [0.0], 0.0
    distances = np.zeros(max(len(rows) - 1, 0))
    for i in range(1, len(rows)):
        near = float(np.sqrt(max(0.0, 2 - 2 * float((rows[members] @ rows[i]).max()))))
        distances[i - 1] = near
        if near > threshold:
            members.append(i)
            joined.append(near)
            threshold = max(threshold, float(np.mean(joined) - np.std(joined)))
    return distances


def normality(distances: Floats) -> float:
    """Shapiro and Wilk's W of distances, those beyond three standard deviations left out; NaN where it is undefined."""
    kept = distances[np.abs(distances - distances.mean()) <= 3 * distances.std()]
    return float(shapiro(kept).statistic) if len(kept) >= 3 and np.ptp(kept) > 1e-9 else float("nan")


def prada_statistic(traffic: Traffic, vectors: Vectors) -> Floats:
    """W of each account with enough requests; NaN for the others."""
    statistic = np.full(len(traffic.ids), np.nan)
    for i in np.flatnonzero(traffic.sizes > PRADA_TRIED):
        rows = vectors[max(traffic.starts[i], traffic.starts[i + 1] - WINDOW) : traffic.starts[i + 1]]
        statistic[i] = normality(least_distances(rows))
    return statistic


def prada(background: Background) -> Judge:
    """Distances between successive requests that are not normal: W below .95 of 100 or more, and calibrated from 10."""
    clean = prada_statistic(background.reference, background.encoder.vectors(background.reference))
    strata = Strata.fit(clean, background.reference.sizes)

    def judge(traffic: Traffic) -> list[Reading]:
        statistic = prada_statistic(traffic, background.encoder.vectors(traffic))
        enough = np.isfinite(statistic) & (traffic.sizes > PRADA_LEAST)
        as_published = Reading("W < 0.95", np.where(enough, 1 - statistic, -np.inf), published=1 - PRADA_DELTA)
        return [as_published, *tails("W", strata.standard(statistic, traffic.sizes), high=False)]

    return judge


def near_cosine(vectors: Vectors, account: Ints, seed: int = 0) -> float:
    """The cosine that a share `SEAT_RATE` of pairs of requests of different clean accounts reach."""
    chosen = np.random.default_rng(seed).choice(len(vectors), min(SAMPLE, len(vectors)), replace=False)
    cosines = vectors[chosen] @ vectors[chosen].T
    apart = account[chosen][:, None] != account[chosen][None, :]
    return float(np.quantile(cosines[apart], 1 - SEAT_RATE))


def near_pairs(traffic: Traffic, vectors: Vectors, cosine: float) -> Floats:
    """Pairs of requests of one account that are that near; NaN for accounts with few requests."""
    pairs = np.full(len(traffic.ids), np.nan)
    for i in np.flatnonzero(traffic.sizes >= SEAT_TRIED):
        rows = vectors[max(traffic.starts[i], traffic.starts[i + 1] - WINDOW) : traffic.starts[i + 1]]
        near = rows @ rows.T >= cosine
        pairs[i] = (int(near.sum()) - int(near.trace())) / 2  # a text without known words is not near itself
    return pairs


def seat(background: Background) -> Judge:
    """Near pairs within an account (Zhang et al. 2021): fifty of them, and calibrated by volume."""
    reference = background.reference
    vectors = background.encoder.vectors(reference)
    cosine = near_cosine(vectors, reference.account)
    strata = Strata.fit(np.log1p(near_pairs(reference, vectors, cosine)), reference.sizes)

    def judge(traffic: Traffic) -> list[Reading]:
        pairs = near_pairs(traffic, background.encoder.vectors(traffic), cosine)
        as_published = Reading("50 near pairs", np.where(np.isfinite(pairs), pairs, -np.inf), published=SEAT_PAIRS)
        return [as_published, *tails("near pairs", strata.standard(np.log1p(pairs), traffic.sizes), high=True)]

    return judge
