"""Time and memory of a scan against the size of the traffic.

Usage: `python benchmarks/scale.py [--sizes 60000 250000 1000000] [--corpora DIR] [--json FILE]`. Worlds are simulated once
into the cache. Each scan is a process of its own; its figures are the operating system's, imports included. One scan of a
small world goes first, so that compiling kernels is not measured.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import statistics
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from running import MIB, Run, checked, conditions, input_bytes, measured, table, world

SIZES = (60_000, 250_000, 1_000_000)
SMALL = 2_000
FOUND = 1
COSTS = {"wall": "wall", "cpu": "CPU", "peak": "peak memory"}


@dataclass(frozen=True)
class Row:
    """One size: the fastest of its runs."""

    exchanges: int
    bytes: int
    load: float
    wall: float
    cpu: float
    peak: int
    stages: dict[str, float]


def options(arguments: argparse.Namespace, size: int) -> list[str | Path]:
    """Arguments of `simulate` for one size; accounts grow with the exchanges."""
    corpora = ["--corpora", arguments.corpora] if arguments.corpora else []
    return [arguments.scenario, "--seed", str(arguments.seed), "--exchanges", str(size), *corpora]


def traffic_of(arguments: argparse.Namespace, size: int) -> Path:
    """The world of one size."""
    name = f"{arguments.scenario}-{size}-seed{arguments.seed}" + ("-corpora" if arguments.corpora else "")
    return world(arguments.cache, name, options(arguments, size), fresh=arguments.fresh)


def scanned(traffic: Path, memory: str) -> Run:
    """One scan; its findings are thrown away."""
    out = traffic.with_name(f"{traffic.name}.findings")
    shutil.rmtree(out, ignore_errors=True)
    run = checked(measured("scan", traffic, "--out", out, "--memory", memory, "--json", "--verbose"), 0, FOUND)
    shutil.rmtree(out, ignore_errors=True)
    return run


def row(arguments: argparse.Namespace, size: int) -> Row:
    """Scan one size as often as asked, and keep the fastest."""
    traffic = traffic_of(arguments, size)
    load = os.getloadavg()[0]
    runs = [scanned(traffic, arguments.memory) for _ in range(arguments.repeat)]
    best = min(runs, key=lambda run: run.wall)
    read = json.loads(best.output)["exchanges"]
    return Row(read, input_bytes(traffic), load, best.wall, best.cpu, best.peak, best.stages)


def exponent(rows: list[Row], cost: str) -> float:
    """Slope of log cost on log exchanges by least squares; NaN for one size."""
    if len(rows) < 2:
        return math.nan
    sizes = [math.log(one.exchanges) for one in rows]
    return statistics.linear_regression(sizes, [math.log(getattr(one, cost)) for one in rows]).slope


def show(rows: list[Row], *, markdown: bool) -> str:
    """Sizes, then stages, then growth."""
    head = ["exchanges", "input MiB", "load before", "wall s", "CPU s", "peak MiB", "exchanges / s"]
    sizes = [
        [
            f"{one.exchanges:,}",
            f"{one.bytes / MIB:,.0f}",
            f"{one.load:.2f}",
            f"{one.wall:.1f}",
            f"{one.cpu:.1f}",
            f"{one.peak / MIB:,.0f}",
            f"{one.exchanges / one.wall:,.0f}",
        ]
        for one in rows
    ]
    names = list(dict.fromkeys(stage for one in rows for stage in one.stages))
    stages = [[name, *(f"{one.stages.get(name, 0.0):.1f}" for one in rows)] for name in names]
    growth = [f"{words} ~ N^{exponent(rows, cost):.2f}" for cost, words in COSTS.items()]
    parts = [
        table(head, sizes, markdown=markdown),
        table(["wall s by stage", *(f"{one.exchanges:,}" for one in rows)], stages, markdown=markdown),
        f"growth: {', '.join(growth)}",
    ]
    return "\n\n".join(parts)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N")
    parser.add_argument("--scenario", default="all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpora", type=Path, help="texts for the worlds (default: the built-in generator)")
    parser.add_argument("--cache", type=Path, default=Path("work/benchmarks"), help="where worlds are kept")
    parser.add_argument("--fresh", action="store_true", help="simulate anew what the cache holds")
    parser.add_argument("--memory", default="4GB", help="as of `revenuer scan`")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each size; the fastest counts")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--markdown", action="store_true")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    arguments = parsed()
    told = conditions()
    scanned(traffic_of(arguments, SMALL), arguments.memory)
    rows = []
    for size in sorted(arguments.sizes):
        rows.append(row(arguments, size))
        print(f"{rows[-1].exchanges:,} exchanges: {rows[-1].wall:.1f} s", file=sys.stderr)
    texts = "corpora" if arguments.corpora else "built-in generator"
    print(f"scenario {arguments.scenario}, seed {arguments.seed}, texts: {texts}, scan --memory {arguments.memory}")
    print("\n".join(f"{name}: {value}" for name, value in told.items()), end="\n\n")
    print(show(rows, markdown=arguments.markdown))
    if arguments.json:
        growth = {cost: exponent(rows, cost) for cost in COSTS}
        run = {"scenario": arguments.scenario, "seed": arguments.seed, "texts": texts, "memory": arguments.memory}
        document = {"conditions": told | run, "rows": [asdict(one) for one in rows], "exponents": growth}
        arguments.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
