"""How often a scan accuses where there is nothing to find, on many small worlds without a campaign.

Usage: `python benchmarks/nulls.py [--worlds 200] [--seed 7000] [--exchanges 9000] [--scenario legitimate] [--jobs 1]
[--json | --markdown]`. Worlds come in pairs: the first is scanned by itself, the second with the first as its clean
reference. Everything that a scan names here is false, so the false-discovery proportion of a world is 1 if it names
anything, and its mean over worlds is the share of worlds in which it does. Intervals are those of Clopper and Pearson.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
from scipy.special import smirnov

from revenuer.campaigns.evalue import NULL_COUNT, NULL_SUM
from revenuer.control import benjamini_hochberg, calibrated_e, clopper_pearson, e_bh
from revenuer.scanning import scan
from revenuer.simulate import simulate
from running import conditions, table

F64 = npt.NDArray[np.float64]

LEVEL = 0.05
# A mean is shown with the 2.5 % and 97.5 % quantiles over worlds drawn anew.
DRAWS = 2_000


@dataclass(frozen=True)
class World:
    """What a scan of a world without a campaign said.

    Attributes:
        seed: of the world; `accounts` is how many it has.
        reference: whether it was held against another world.
        campaigns: called; `flagged` is how many accounts.
        queues: log10 e-value of each queue.
        p: of all accounts.
        alarm: p-value of the population alarm, if there was one.
    """

    seed: int
    accounts: int
    reference: bool
    campaigns: int
    flagged: int
    queues: list[float]
    p: list[float]
    alarm: float | None


def scanned(traffic: Path, seed: int, reference: Path | None, place: Path) -> World:
    """Scan one world."""
    place.mkdir()
    result = scan(traffic, place, reference=reference, threads=1, memory="2GB", seed=seed)
    control = result.summary.control
    assert control is not None
    p = pq.read_table(place / "accounts.parquet", columns=["p_value"])["p_value"].to_pylist()
    alarm = control.alarm.p_value if control.alarm else None
    queues = list(control.queue_log10_e)
    return World(seed, len(p), reference is not None, len(result.campaigns), result.flagged_accounts, queues, p, alarm)


def pair(seed: int, scenario: str, exchanges: int) -> list[World]:
    """Two worlds: the first by itself, the second against the first."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "first", Path(folder) / "second"
        simulate(scenario, first, seed=seed, exchanges=exchanges)
        simulate(scenario, second, seed=seed + 1, exchanges=exchanges)
        return [
            scanned(first, seed, None, Path(folder) / "alone"),
            scanned(second, seed + 1, first, Path(folder) / "held"),
        ]


def worlds(arguments: argparse.Namespace) -> Iterator[World]:
    """All worlds, in the order of their seeds."""
    one = partial(pair, scenario=arguments.scenario, exchanges=arguments.exchanges)
    seeds = range(arguments.seed, arguments.seed + arguments.worlds, 2)
    if arguments.jobs == 1:
        for seed in seeds:
            yield from one(seed)
        return
    with ProcessPoolExecutor(arguments.jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        for found in pool.map(one, seeds):
            yield from found


def share(hits: int, total: int) -> str:
    """A share with its interval."""
    low, high = clopper_pearson(hits, total)
    return f"{hits}/{total} = {hits / max(total, 1):.4f} [{low:.4f}, {high:.4f}]"


def of_worlds(held: Sequence[World], holds: Callable[[World], bool]) -> str:
    """Share of worlds in which something holds."""
    return share(sum(map(holds, held)), len(held)) if held else "-"


def e_values(world: World) -> F64:
    """E-values of a world's queues."""
    return np.asarray(10.0 ** np.array(world.queues, np.float64))


def shipped(world: World) -> F64:
    """The same as a scan calibrates them."""
    return calibrated_e(e_values(world), NULL_SUM, NULL_COUNT)


def mean_e(held: Sequence[World], e: Callable[[World], F64]) -> str:
    """Mean e-value of a queue, with an interval over worlds drawn anew: queues of one world are not independent."""
    sums, counts = (np.array([part(e(one)) for one in held], np.float64) for part in (np.sum, len))
    drawn = np.random.default_rng(0).integers(len(held), size=(DRAWS, len(held)))
    means = sums[drawn].sum(axis=1) / np.maximum(counts[drawn].sum(axis=1), 1.0)
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{sums.sum() / max(counts.sum(), 1.0):.3g} [{low:.3g}, {high:.3g}]"


def calibrated_rate(held: Sequence[World], level: float) -> str:
    """Share of worlds that e-BH accuses when the queues of all others calibrate its e-values."""
    total, count = sum(float(e_values(one).sum()) for one in held), sum(len(one.queues) for one in held)

    def accused(one: World) -> bool:
        ratios = e_values(one)
        return bool(e_bh(calibrated_e(ratios, total - float(ratios.sum()), count - len(ratios)), level).any())

    return of_worlds(held, accused)


def distance(p: F64) -> float:
    """How far the distribution of p-values rises above the uniform one: 0 or less were all of them valid."""
    ordered = np.sort(p)
    return float((np.arange(1, len(p) + 1) / len(p) - ordered).max())


def uniformity(held: Sequence[World]) -> list[list[str]]:
    """Rows on the p-values of accounts; those of one world depend on each other, so intervals are too narrow."""
    p = np.concatenate([np.array(one.p) for one in held]) if held else np.ones(0)
    if not len(p):
        return []
    rows = [[f"accounts with p <= {t}", share(int((p <= t).sum()), len(p))] for t in (0.001, 0.01, 0.05, 0.1)]
    gap = distance(p)
    apart = [one for one in held if smirnov(len(one.p), max(distance(np.array(one.p)), 0.0)) <= 0.01]
    rows.append(["one-sided Kolmogorov-Smirnov distance, all accounts", f"{gap:.4f}"])
    rows.append(["worlds that it rejects at 0.01", share(len(apart), len(held))])
    return rows


def report(held: Sequence[World], level: float) -> dict[str, list[list[str]]]:
    """All tables, by their heads."""
    alone, against = ([one for one in held if one.reference is which] for which in (False, True))
    queues = [e for one in held for e in one.queues]
    told = {
        "accusations": [
            ["worlds with a campaign", of_worlds(held, lambda one: one.campaigns > 0)],
            ["worlds with a flagged account", of_worlds(held, lambda one: one.flagged > 0)],
            ["accounts flagged", share(sum(one.flagged for one in held), sum(one.accounts for one in held))],
        ],
        "e-values of queues": [
            ["queues", f"{len(queues)}, {len(queues) / len(held):.1f} a world"],
            ["mean e-value (at most 1 if likelihoods are right)", mean_e(held, e_values)],
            ["greatest", f"{10.0 ** max(queues, default=-np.inf):.3g}"],
            ["queues with e >= 20 (at most 0.05)", share(sum(e >= np.log10(20.0) for e in queues), len(queues))],
            [
                f"worlds that e-BH at {level} accuses",
                of_worlds(held, lambda one: bool(e_bh(e_values(one), level).any())),
            ],
            ["the same, ratios calibrated on the other worlds", calibrated_rate(held, level)],
            ["mean as a scan calibrates them (unless by these very worlds)", mean_e(held, shipped)],
            [
                f"worlds that e-BH at {level} then accuses",
                of_worlds(held, lambda one: bool(e_bh(shipped(one), level).any())),
            ],
            ["sum and number of ratios, for the calibration", f"{sum(10.0**e for e in queues):.6g}, {len(queues)}"],
        ],
        "population alarm, with a reference": [
            [f"worlds with an alarm at {t}", of_worlds(against, lambda one, t=t: (one.alarm or 1.0) <= t)]  # type: ignore[misc]
            for t in (0.01, 0.05)
        ]
        + [["worlds in which BH at 0.05 names an account", of_worlds(against, names_anybody)]],
        "p-values with a reference": uniformity(against),
        "p-values without": uniformity(alone),
    }
    return {head: rows for head, rows in told.items() if rows}


def names_anybody(one: World) -> bool:
    """Whether p-values alone would name an account."""
    return bool(benjamini_hochberg(np.array(one.p), LEVEL).any())


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=200, help="an even number, since they come in pairs")
    parser.add_argument("--seed", type=int, default=7_000, help="of the first world; the others count on")
    parser.add_argument("--exchanges", type=int, default=9_000, help="of each world")
    parser.add_argument("--scenario", default="legitimate", help="one without a campaign: legitimate, ordinary, L1 ...")
    parser.add_argument("--level", type=float, default=LEVEL, help="of e-BH")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="every world, for programs")
    form.add_argument("--markdown", action="store_true", help="tables for docs/results.md")
    arguments = parser.parse_args()
    if arguments.worlds < 2 or arguments.worlds % 2:
        parser.error("--worlds: expected an even number")
    return arguments


def main() -> None:
    """Simulate, scan, count, print."""
    arguments, begun = parsed(), time.perf_counter()
    held = []
    for one in worlds(arguments):
        held.append(one)
        print(f"world {one.seed}: {one.campaigns} campaigns, {one.flagged} flagged", file=sys.stderr)
    told = {**conditions(), "seconds": round(time.perf_counter() - begun)}
    if arguments.json:
        print(json.dumps({"conditions": told, "worlds": [asdict(one) for one in held]}))
        return
    print(
        f"{len(held)} worlds '{arguments.scenario}' of {arguments.exchanges:,} exchanges, seeds from {arguments.seed}"
    )
    print("\n".join(f"{name}: {value}" for name, value in told.items()))
    for head, rows in report(held, arguments.level).items():
        print(f"\n{table([head, 'measured [95 %]'], rows, markdown=arguments.markdown)}")


if __name__ == "__main__":
    main()
