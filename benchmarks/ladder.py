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
from functools import cache
from pathlib import Path
from typing import Any

import revenuer
from ladder_picture import picture
from ladder_rungs import Rung, rungs
from ladder_tables import missing, page, steps
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
    """What became of a rung: its evaluation with the cost of the scan under `scan`, or why there is none under `failed`.

    Kept beside the world for as long as the package's code and data stay the same, so that a ladder that was interrupted goes on.
    """
    traffic = world(rung, place, corpora=corpora, fresh=fresh)
    kept = place / f"{traffic.name}.{rung.content}.{code()}.json"
    if kept.exists() and not fresh:
        document: Result = json.loads(kept.read_text(encoding="utf-8"))
    else:
        document = scanned(traffic, rung.content)
        if "failed" not in document:
            kept.write_text(json.dumps(document), encoding="utf-8")
    told = document.get("failed") or f"scanned in {document['scan']['wall']:.0f} s"
    print(f"{rung.factor} {rung.value} {'+'.join(rung.attacks)}: {told}", file=sys.stderr)
    return {**document, "rung": {**asdict(rung), "exchanges": rung.exchanges}}


@cache
def code() -> str:
    """What the package's files are, in ten digits."""
    files = sorted(
        path for path in Path(revenuer.__file__).parent.rglob("*") if path.suffix in {".py", ".npz", ".json"}
    )
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:10]


def scanned(traffic: Path, content: str) -> Result:
    """Evaluation of a scan; one that fails is told, and the ladder goes on."""
    findings = traffic.with_name(f"{traffic.name}.{content}.findings")
    shutil.rmtree(findings, ignore_errors=True)
    load = round(os.getloadavg()[0], 2)
    run = measured("scan", traffic, "--out", findings, "--content", content, "--quiet")
    if run.code not in {0, FOUND}:
        return {"failed": f"exit code {run.code}: {run.errors or run.output}".strip()}
    told = checked(measured("evaluate", findings, "--truth", traffic / "truth", "--json"))
    document: Result = json.loads(told.output)
    shutil.rmtree(findings)
    return {**document, "scan": {"wall": round(run.wall, 1), "cpu": round(run.cpu, 1), "peak": run.peak, "load": load}}


def climbed(asked: Sequence[Rung], place: Path, *, corpora: Path | None = None, fresh: bool = False) -> list[Result]:
    """Results of all rungs; a world that several of them stand on is made and scanned once for each content mode."""
    results: list[Result] = []
    for rung in asked:
        seen = any(rung.arguments() == one.arguments() for one in asked[: len(results)])
        results.append(result(rung, place, corpora=corpora, fresh=fresh and not seen))
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
    base = replace(rungs(arguments.seeds[0])[0], factor="smallest")
    found = [] if arguments.without_smallest else smallest(base, lambda rung: result(rung, arguments.cache, **how))
    told["texts"] = "corpora" if arguments.corpora else "built-in generator"
    told["seeds"] = ", ".join(map(str, arguments.seeds))
    arguments.out.mkdir(parents=True, exist_ok=True)
    table = steps(results)
    document = {"conditions": told, "steps": table, "smallest": found, "missing": missing(results)}
    (arguments.out / "ladder.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    (arguments.out / "ladder.svg").write_text(picture(table), encoding="utf-8")
    (arguments.out / "ladder.md").write_text(page(document), encoding="utf-8")
    print(page(document))


if __name__ == "__main__":
    main()
