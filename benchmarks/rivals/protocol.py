"""MMD as its authors test it, windows of one stream without accounts: shows that it is computed as they compute it."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq

from rivals.embed import Encoder
from rivals.mmd import POOL, REFERENCE, Discrepancy, benign_quantile
from rivals.traffic import Traffic

SIZES = (100, 200, 500)
MIXES = (0.0, 0.05, 0.1, 0.25, 0.5, 1.0)  # share of the window that is extraction
WINDOWS = 200

Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]


def harvested(traffic: Traffic) -> Flags:
    """Which requests (n) truly serve extraction."""
    truth = pq.read_table(traffic.place / "truth" / "exchanges.parquet", columns=["exchange_id", "extraction"])
    known = dict(zip(truth["exchange_id"].to_pylist(), truth["extraction"].to_pylist(), strict=True))
    return np.array([known[one] for one in traffic.exchanges["exchange_id"].to_pylist()], dtype=np.bool_)


def as_published(encoder: Encoder, traffic: Traffic) -> dict[int, dict[float, float]]:
    """Share of windows that raise an alarm, by size of the window and share of extraction in it.

    As in the paper the clean sample, the draws behind the threshold and the windows' ordinary requests are different
    requests of one population: here the ordinary requests of this world, drawn from all accounts at once.
    """
    rows, bad = encoder.vectors(traffic), harvested(traffic)
    generator = np.random.default_rng(0)
    attack, ordinary = np.flatnonzero(bad), generator.permutation(np.flatnonzero(~bad))
    measure = Discrepancy.fit(rows[ordinary[:REFERENCE]])
    pool, benign = rows[ordinary[REFERENCE : REFERENCE + POOL]], ordinary[REFERENCE + POOL :]
    sizes = [n for n in SIZES if n <= min(len(attack), len(benign))]
    limits = dict(zip(sizes, benign_quantile(measure, pool, np.array(sizes), 1).tolist(), strict=True))
    across = measure.across(rows)

    def alarm(n: int, few: int) -> bool:
        parts = [generator.choice(attack, few, replace=False), generator.choice(benign, n - few, replace=False)]
        window = np.concatenate(parts)
        return bool(measure.of(rows[window], across[window]) > limits[n])

    return {
        n: {mix: float(np.mean([alarm(n, round(mix * n)) for _ in range(WINDOWS)])) for mix in MIXES} for n in sizes
    }
