"""How much of the harvest a scan finds, and whom it accuses wrongly, on simulated worlds of several seeds.

Usage: `python benchmarks/detection.py --corpora DIR [--seeds 9101 9102 9103] [--exchanges 250000] [--careful off] [--markdown]`. Worlds:
every archetype and workload with half of the attackers' traffic benign and infrastructure shared; with infrastructure
disjoint and half of the frames in several wordings, with half, four fifths and nineteen twentieths of it benign; and a
world without attacks. Worlds, findings and evaluations are kept in the cache; `--fresh` makes them anew. Pooled
intervals are those of Clopper and Pearson over the cases of all seeds, as if cases were independent.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from revenuer.evaluate.measures import proportion
from running import MIB, checked, conditions, measured, table, world

# Nothing shared but the tasks, and half of the frames in several wordings.
HIDDEN = ("all", "--infrastructure", "disjoint", "--paraphrase-frames", "0.5")
WORLDS: dict[str, tuple[str, ...]] = {
    "shared": ("all", "--benign-mix", "0.5", "--infrastructure", "shared"),
    "half": (*HIDDEN, "--benign-mix", "0.5"),
    "most": (*HIDDEN, "--benign-mix", "0.8"),
    "nearly all": (*HIDDEN, "--benign-mix", "0.95"),
    "legitimate": ("legitimate",),
}
Result = dict[str, Any]
FOUND = 1


def result(arguments: argparse.Namespace, name: str, seed: int) -> Result:
    """Evaluation of one world, with the cost of its scan under `scan`; from the cache if it is there."""
    size = ("--exchanges", str(arguments.exchanges), "--accounts", str(arguments.accounts), "--seed", str(seed))
    corpora = ("--corpora", str(arguments.corpora)) if arguments.corpora else ()
    label = f"{name}-{arguments.exchanges}-{arguments.accounts}-seed{seed}" + ("-corpora" if corpora else "")
    kept = arguments.cache / f"{label}.json"
    if kept.exists() and not arguments.fresh:
        return dict(json.loads(kept.read_text(encoding="utf-8")))
    traffic = world(arguments.cache, label, (*WORLDS[name], *size, *corpora), fresh=arguments.fresh)
    findings = arguments.cache / f"{label}.findings"
    shutil.rmtree(findings, ignore_errors=True)
    load = round(os.getloadavg()[0], 2)
    run = checked(measured("scan", traffic, "--out", findings, "--quiet", "--careful", arguments.careful), 0, FOUND)
    told = checked(measured("evaluate", findings, "--truth", traffic / "truth", "--json"))
    document: Result = json.loads(told.output)
    document["scan"] = {"wall": run.wall, "cpu": run.cpu, "peak": run.peak, "load": load}
    kept.write_text(json.dumps(document), encoding="utf-8")
    print(f"{label}: scanned in {run.wall:.0f} s", file=sys.stderr)
    return document


def number(value: float | None) -> str:
    """Four places for rates below a hundredth, three above."""
    if value is None:
        return "-"
    return f"{value:.1e}" if 0 < value < 0.01 else f"{value:.3f}"


def cell(rate: Result | None) -> str:
    """Hits, total and rate of one seed."""
    return f"{rate['hits']}/{rate['total']} {number(rate['value'])}" if rate and rate["total"] else "-"


def pooled(rates: list[Result | None]) -> str:
    """The same over all seeds, with its interval."""
    seen = [rate for rate in rates if rate]
    rate = proportion(sum(one["hits"] for one in seen), sum(one["total"] for one in seen))
    if not rate.total:
        return "-"
    return f"{rate.hits}/{rate.total} {number(rate.value)} [{number(rate.low)}, {number(rate.high)}]"


def at(document: Result, *path: str | int) -> Any:
    """What stands at a path of keys; None where any step is missing."""
    value: Any = document
    for step in path:
        if value is None or (isinstance(value, dict) and step not in value):
            return None
        value = value[step]
    return value


RATES: dict[str, tuple[str | int, ...]] = {
    "accounts found, 5+ extraction exchanges": ("accounts", "detection", 0, "recall"),
    "accounts found, 1+": ("accounts", "detection", 1, "recall"),
    "legitimate accounts flagged": ("accounts", "false_positive_rate"),
    "flagged accounts that extract": ("accounts", "precision"),
    "exchange precision": ("exchanges", "precision"),
    "exchange recall": ("exchanges", "recall"),
    "capability right, of extraction exchanges": ("exchanges", "capability", "accuracy"),
    "campaigns found": ("campaigns", "recall"),
    "found campaigns that are campaigns": ("campaigns", "precision"),
    "pivots found": ("campaigns", "pivots", "found"),
    "successions found": ("campaigns", "successions", "found"),
}


def groups(document: Result) -> str:
    """Workloads with a flagged account, and how many."""
    flagged = document["accounts"]["groups_flagged"]
    return ", ".join(f"{label} ({n})" for label, n in flagged.items()) or "none"


def accused(document: Result) -> str:
    """Legitimate labels of which three or more accounts stand in one found campaign, and how many."""
    found = document["accounts"]["groups_accused"]
    return ", ".join(f"{one['label']} ({one['accounts']})" for one in found) or "none"


FIGURES: dict[str, Callable[[Result], str]] = {
    "recall, mean over campaigns": lambda d: number(at(d, "accounts", "detection", 0, "campaign_mean", "mean")),
    "exchange F1": lambda d: number(at(d, "exchanges", "f1", "value")),
    "capability profile, distance (mean over campaigns)": lambda d: number(
        at(d, "campaigns", "capability_error", "mean")
    ),
    "campaigns in fragments; merges": lambda d: f"{d['campaigns']['fragmented']}; {d['campaigns']['merges']}",
    "untrue pivots; successions": lambda d: (
        f"{at(d, 'campaigns', 'pivots', 'spurious')}; {at(d, 'campaigns', 'successions', 'spurious')}"
    ),
    "campaigns named": lambda d: str(len(d["campaigns"]["found_campaigns"])),
    "workloads with a flagged account": groups,
    "labels with 3+ accounts in one campaign": accused,
    "scan wall s (load before)": lambda d: f"{d['scan']['wall']:.0f} ({d['scan']['load']})",
    "scan peak MiB": lambda d: f"{d['scan']['peak'] / MIB:,.0f}",
}


def summary(documents: list[Result]) -> list[list[str]]:
    """One row a measure, one column a seed, the last pooled."""
    rows = []
    for words, path in RATES.items():
        rates = [at(document, *path) for document in documents]
        if any(rate and rate["total"] for rate in rates):
            rows.append([words, *map(cell, rates), pooled(rates)])
    return rows + [[words, *map(told, documents), ""] for words, told in FIGURES.items()]


def by_label(documents: list[Result], *path: str | int) -> list[list[str]]:
    """One row a label of a mapping from label to rate."""
    found = [at(document, *path) or {} for document in documents]
    labels = sorted({label for one in found for label in one}, key=lambda label: (label[:1], len(label), label))
    return [
        [label, *(cell(one.get(label)) for one in found), pooled([one.get(label) for one in found])] for label in labels
    ]


def show(name: str, documents: list[Result], seeds: list[int], *, markdown: bool) -> str:
    """All tables of one world."""
    columns = [*(f"seed {seed}" for seed in seeds), "pooled [95 %]"]
    tables = {
        "measure": summary(documents),
        "accounts found, 5+": by_label(documents, "accounts", "detection", 0, "by_archetype"),
        "exchanges found": by_label(documents, "exchanges", "by_archetype"),
        "legitimate accounts flagged": by_label(documents, "accounts", "false_positives"),
    }
    told = [table([head, *columns], rows, markdown=markdown) for head, rows in tables.items() if rows]
    title = f"{'### ' if markdown else ''}{name}: revenuer simulate {' '.join(WORLDS[name])}"
    return "\n\n".join([title, *told])


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[9101, 9102, 9103])
    parser.add_argument("--worlds", nargs="+", default=list(WORLDS), choices=list(WORLDS))
    parser.add_argument("--exchanges", type=int, default=250_000)
    parser.add_argument("--accounts", type=int, default=15_000)
    parser.add_argument("--corpora", type=Path, help="texts for the worlds (default: the built-in generator)")
    parser.add_argument(
        "--cache", type=Path, default=Path("work/benchmarks"), help="where worlds and findings are kept"
    )
    parser.add_argument(
        "--careful", choices=("auto", "on", "off"), default="off", help="the careful model (default: off)"
    )
    parser.add_argument("--fresh", action="store_true", help="make anew what the cache holds")
    parser.add_argument("--markdown", action="store_true", help="tables for docs/results.md")
    return parser.parse_args()


def main() -> None:
    """Simulate, scan, evaluate, print."""
    arguments = parsed()
    told = conditions()
    texts = "corpora" if arguments.corpora else "built-in generator"
    print(
        f"{arguments.exchanges:,} exchanges, {arguments.accounts:,} accounts, seeds {arguments.seeds}, texts: {texts}"
    )
    print("\n".join(f"{name}: {value}" for name, value in told.items()))
    for name in arguments.worlds:
        documents = [result(arguments, name, seed) for seed in arguments.seeds]
        print(f"\n{show(name, documents, arguments.seeds, markdown=arguments.markdown)}")


if __name__ == "__main__":
    main()
