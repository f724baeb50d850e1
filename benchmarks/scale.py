"""Cost of a scan against the size of the traffic.

Usage: `python benchmarks/scale.py [--sizes 60000 250000 1000000 4000000 16000000] [--results FILE] [--markdown] [--json FILE]`.
Worlds are simulated once into the cache, with prompts of 1 kB on average and 64 exchanges an account, so that 16 million come from
250,000 accounts. Each scan is a process of its own; its figures are the operating system's, for the process and its descendants,
imports included. One scan of a small world goes first, so that compiling kernels is not measured. Every size that has been measured
is appended to the results at once; a later run with the same settings takes it from there, so that sizes may be measured at
different times. `--again` measures anew.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ledger import keep, kept
from running import Run, checked, conditions, input_bytes, measured, world
from scale_tables import Row, growths, show

SIZES = (60_000, 250_000, 1_000_000)
SMALL = 2_000
FOUND = 1
HERE = Path(__file__).parent


def settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """What a figure depends on besides the size and the machine."""
    return {
        "scenario": arguments.scenario,
        "seed": arguments.seed,
        "texts": "corpora" if arguments.corpora else "built-in generator",
        "per_account": arguments.per_account,
        "prompt_bytes": arguments.prompt_bytes,
        "memory": arguments.memory,
        "threads": arguments.threads,
    }


def options(arguments: argparse.Namespace, size: int) -> list[str | Path]:
    """Arguments of `simulate` for one size; accounts grow with the exchanges."""
    given = {
        "--seed": arguments.seed,
        "--exchanges": size,
        "--per-account": arguments.per_account,
        "--prompt-bytes": arguments.prompt_bytes,
        "--corpora": arguments.corpora,
    }
    told = [part for name, value in given.items() if value for part in (name, str(value))]
    return [arguments.scenario, *told]


def traffic_of(arguments: argparse.Namespace, size: int) -> Path:
    """The world of one size."""
    parts = [arguments.scenario, size, f"seed{arguments.seed}", arguments.per_account, arguments.prompt_bytes]
    name = "-".join(str(part) for part in [*parts, "corpora" if arguments.corpora else ""] if part)
    return world(arguments.cache, name, options(arguments, size), fresh=arguments.fresh)


def scanned(arguments: argparse.Namespace, traffic: Path) -> Run:
    """One scan; its findings are thrown away."""
    out = traffic.with_name(f"{traffic.name}.findings")
    shutil.rmtree(out, ignore_errors=True)
    threads = ("--threads", str(arguments.threads)) if arguments.threads else ()
    command = ("scan", traffic, "--out", out, "--memory", arguments.memory, *threads, "--json", "--verbose")
    run = checked(measured(*command), 0, FOUND)
    shutil.rmtree(out, ignore_errors=True)
    return run


def row(arguments: argparse.Namespace, size: int) -> Row:
    """Scan one size as often as asked, and keep the run of the least processor time."""
    traffic = traffic_of(arguments, size)
    load = os.getloadavg()[0]
    best = min((scanned(arguments, traffic) for _ in range(arguments.repeat)), key=lambda run: run.cpu)
    seen = json.loads(best.output)
    found = Row(
        size, seen["exchanges"], input_bytes(traffic), best.read, best.written, load, best.wall, best.cpu, best.peak,
        best.stages, best.stages_cpu, len(seen["campaigns"]), seen["flagged_accounts"],
    )  # fmt: skip
    if arguments.drop:
        shutil.rmtree(traffic)
    return found


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N")
    parser.add_argument("--scenario", default="all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-account", type=int, default=64, help="exchanges of an account, as of `simulate`")
    parser.add_argument("--prompt-bytes", type=int, default=1_000, help="as of `simulate`; 0: as the texts have it")
    parser.add_argument("--corpora", type=Path, help="texts for the worlds (default: the built-in generator)")
    parser.add_argument("--cache", type=Path, default=HERE / "work", help="where worlds are kept")
    parser.add_argument("--fresh", action="store_true", help="simulate anew what the cache holds")
    parser.add_argument("--drop", action="store_true", help="delete a world when it has been scanned")
    parser.add_argument("--memory", default="4GB", help="as of `revenuer scan`")
    parser.add_argument("--threads", type=int, help="as of `revenuer scan`")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each size; the one of least CPU time counts")
    parser.add_argument("--results", type=Path, default=HERE / "work" / "scale.jsonl", metavar="FILE")
    parser.add_argument("--again", action="store_true", help="measure anew what the results hold")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--markdown", action="store_true")
    return parser.parse_args()


def main() -> None:
    """Measure what is missing and print everything."""
    arguments = parsed()
    asked, told = settings(arguments), conditions()
    known = [] if arguments.again else kept(arguments.results, asked)
    rows = {one["size"]: Row(**one) for one in known}
    missing = [size for size in sorted(set(arguments.sizes)) if size not in rows]
    if missing:
        scanned(arguments, traffic_of(arguments, SMALL))
    for size in missing:
        rows[size] = row(arguments, size)
        keep(arguments.results, asked, asdict(rows[size]))
        print(f"{size:,} exchanges: {rows[size].wall:.1f} s", file=sys.stderr)
    shown = [rows[size] for size in sorted(set(arguments.sizes))]
    print("\n".join(f"{name}: {value}" for name, value in (told | asked).items()), end="\n\n")
    print(show(shown, markdown=arguments.markdown))
    if arguments.json:
        document = {"conditions": told | asked, "rows": [asdict(one) for one in shown], "growth": growths(shown)}
        arguments.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
