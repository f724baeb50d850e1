"""Detection from easy to hard, one factor of a campaign at a time: the rungs, their worlds, and what a scan makes of them.

Usage: `python benchmarks/ladder.py [--seeds 9301] [--factors accounts rate] [--corpora DIR] [--out docs]`; it writes
`ladder.json`, `ladder.md` and `ladder.svg` there. Each rung is a world of a few campaigns of one size beside every legitimate
workload and an ordinary majority of twice their traffic. All start from one base: half of an account's traffic is cover, half of
the requests are said anew, nothing is shared, 300 accounts a campaign at six requests a day, full text.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ladder_picture import picture
from ladder_rungs import Rung, rungs
from ladder_tables import page, steps
from running import checked, conditions, measured
from running import world as made
from smallest import smallest

__all__ = ["Rung", "result", "rungs", "world"]

Result = dict[str, Any]
FOUND = 1
HERE = Path(__file__).parent


def world(rung: Rung, place: Path, *, corpora: Path | None = None, fresh: bool = False) -> Path:
    """The traffic of a rung below `place`, made if it is not there; rungs with the same arguments share it."""
    options = (*rung.arguments(), *(("--corpora", str(corpora)) if corpora else ()))
    key = hashlib.sha256(repr(options).encode()).hexdigest()[:10]
    return made(place, f"{'-'.join(rung.attacks)}-{key}", options, fresh=fresh)


def result(rung: Rung, place: Path, *, corpora: Path | None = None, fresh: bool = False) -> Result:
    """Evaluation of a scan of the rung's world, with the rung under `rung` and the cost of the scan under `scan`."""
    traffic = world(rung, place, corpora=corpora, fresh=fresh)
    findings = place / f"{traffic.name}.{rung.content}.findings"
    shutil.rmtree(findings, ignore_errors=True)
    load = round(os.getloadavg()[0], 2)
    run = checked(measured("scan", traffic, "--out", findings, "--content", rung.content, "--quiet"), 0, FOUND)
    told = checked(measured("evaluate", findings, "--truth", traffic / "truth", "--json"))
    document: Result = json.loads(told.output)
    shutil.rmtree(findings)
    document["rung"] = {**asdict(rung), "exchanges": rung.exchanges}
    document["scan"] = {"wall": round(run.wall, 1), "cpu": round(run.cpu, 1), "peak": run.peak, "load": load}
    print(f"{rung.factor} {rung.value} {'+'.join(rung.attacks)}: scanned in {run.wall:.0f} s", file=sys.stderr)
    return document


def climbed(asked: Sequence[Rung], place: Path, *, corpora: Path | None = None, fresh: bool = False) -> list[Result]:
    """Results of all rungs; a world that several of them stand on is scanned once for each content mode."""
    kept: dict[tuple[tuple[str, ...], str], Result] = {}
    results = []
    for rung in asked:
        key = rung.arguments(), rung.content
        if key not in kept:
            kept[key] = result(rung, place, corpora=corpora, fresh=fresh)
        results.append({**kept[key], "rung": {**asdict(rung), "exchanges": rung.exchanges}})
    return results


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    factors = list(dict.fromkeys(rung.factor for rung in rungs()))
    parser.add_argument("--seeds", type=int, nargs="+", default=[9301])
    parser.add_argument("--factors", nargs="+", default=factors, choices=factors, help="which part of the ladder")
    parser.add_argument("--corpora", type=Path, help="texts for the worlds (default: the built-in generator)")
    parser.add_argument("--cache", type=Path, default=HERE / "work", help="where worlds are kept")
    parser.add_argument("--fresh", action="store_true", help="make worlds anew")
    parser.add_argument("--without-smallest", action="store_true", help="do not search for the smallest campaign")
    parser.add_argument("--out", type=Path, default=HERE.parent / "docs", help="directory for the results")
    return parser.parse_args()


def main() -> None:
    """Climb, search, write."""
    arguments = parsed()
    how = {"corpora": arguments.corpora, "fresh": arguments.fresh}
    told = conditions()
    asked = [rung for seed in arguments.seeds for rung in rungs(seed) if rung.factor in arguments.factors]
    results = climbed(asked, arguments.cache, **how)
    found = []
    if not arguments.without_smallest:
        base = replace(rungs(arguments.seeds[0])[0], factor="smallest")
        found = smallest(base, lambda rung: result(rung, arguments.cache, **how))
    told["texts"] = "corpora" if arguments.corpora else "built-in generator"
    told["seeds"] = ", ".join(map(str, arguments.seeds))
    arguments.out.mkdir(parents=True, exist_ok=True)
    table = steps(results)
    document = {"conditions": told, "steps": table, "smallest": found}
    (arguments.out / "ladder.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    (arguments.out / "ladder.svg").write_text(picture(table), encoding="utf-8")
    (arguments.out / "ladder.md").write_text(page(document), encoding="utf-8")
    print(page(document))


if __name__ == "__main__":
    main()
