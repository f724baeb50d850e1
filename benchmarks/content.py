"""What a scan finds, and whom it accuses wrongly, when it may read the text, sketches of it, or none of it.

Usage: `python benchmarks/content.py [--corpora DIR] [--seeds 9201 9202 9203] [--exchanges 40000] [--accounts 2400]
[--worlds all legitimate ...] [--markdown]`. The same worlds in every mode; a scan each, a process of its own. `sketch` is
measured without a key and, as `sketch, keyed`, with one. Worlds, findings and evaluations are kept in the cache; `--fresh`
scans anew. Intervals are those of Clopper and Pearson over the accounts of all seeds, as if they were independent.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

from detection import FOUND, Result, at, cell, number, pooled
from running import MIB, checked, conditions, measured, table, world

MODES: dict[str, tuple[str, ...]] = {
    "full": ("--content", "full"),
    "sketch": ("--content", "sketch"),
    "sketch, keyed": ("--content", "sketch"),
    "none": ("--content", "none"),
}
KEY_VARIABLE = "REVENUER_SKETCH_KEY"
# More or less what each scenario is: everything, nobody guilty, or one campaign among ordinary traffic.
DEFAULT_WORLDS = ("all", "legitimate", "A1", "A3", "A5")


def result(arguments: argparse.Namespace, name: str, seed: int, mode: str) -> Result:
    """Evaluation of one world in one mode, with the cost of its scan under `scan`; from the cache if it is there."""
    size = ("--exchanges", str(arguments.exchanges), "--accounts", str(arguments.accounts), "--seed", str(seed))
    more = ("--corpora", str(arguments.corpora)) if arguments.corpora else ()
    mix = () if name == "legitimate" else ("--benign-mix", str(arguments.benign_mix))
    label = f"content-{name}-{arguments.exchanges}-{arguments.accounts}-{arguments.benign_mix}-seed{seed}"
    label += "-corpora" if more else ""
    traffic = world(arguments.cache, label, (name, *size, *mix, *more))
    kept = arguments.cache / f"{label}.{mode.replace(', ', '-')}.json"
    if kept.exists() and not arguments.fresh:
        return dict(json.loads(kept.read_text(encoding="utf-8")))
    findings = kept.with_suffix(".findings")
    shutil.rmtree(findings, ignore_errors=True)
    os.environ[KEY_VARIABLE] = f"benchmark {seed}" if mode == "sketch, keyed" else ""
    run = checked(measured("scan", traffic, "--out", findings, "--quiet", *MODES[mode]), 0, FOUND)
    told = checked(measured("evaluate", findings, "--truth", traffic / "truth", "--json"))
    document: Result = json.loads(told.output)
    document["scan"] = {"wall": run.wall, "cpu": run.cpu, "peak": run.peak}
    kept.write_text(json.dumps(document), encoding="utf-8")
    shutil.rmtree(findings, ignore_errors=True)
    print(f"{label}, {mode}: scanned in {run.wall:.0f} s", file=sys.stderr)
    return document


def row(documents: list[Result], mode: str) -> list[str]:
    """What one mode achieved on a world, over all seeds."""

    def over(*path: str | int) -> str:
        return pooled([at(document, *path) for document in documents])

    campaigns = [at(document, "campaigns", "recall") for document in documents]
    f1 = [at(document, "exchanges", "f1", "value") for document in documents]
    mean = [value for value in f1 if value is not None]
    return [
        mode,
        over("accounts", "detection", 0, "recall"),
        over("accounts", "false_positive_rate"),
        " ".join(sorted({one["label"] for found in documents for one in found["accounts"]["groups_accused"]})) or "-",
        " ".join(map(cell, campaigns)),
        number(sum(mean) / len(mean)) if mean else "-",
        f"{sum(document['scan']['cpu'] for document in documents) / len(documents):.1f}",
        f"{max(document['scan']['peak'] for document in documents) / MIB:,.0f}",
    ]


HEAD = (
    "content",
    "accounts found, 5+ [95 %]",
    "legitimate flagged [95 %]",
    "groups accused",
    "campaigns found",
    "exchange F1",
    "CPU s",
    "peak MiB",
)


def show(arguments: argparse.Namespace, name: str) -> str:
    """The table of one world."""
    rows = [row([result(arguments, name, seed, mode) for seed in arguments.seeds], mode) for mode in MODES]
    return f"{'### ' if arguments.markdown else ''}{name}\n\n{table(HEAD, rows, markdown=arguments.markdown)}"


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[9201, 9202, 9203])
    parser.add_argument("--worlds", nargs="+", default=list(DEFAULT_WORLDS), metavar="SCENARIO")
    parser.add_argument("--exchanges", type=int, default=40_000)
    parser.add_argument("--accounts", type=int, default=2_400)
    parser.add_argument("--benign-mix", type=float, default=0.5)
    parser.add_argument("--corpora", type=Path, help="texts for the worlds (default: the built-in generator)")
    parser.add_argument("--cache", type=Path, default=Path("work/benchmarks"), help="where worlds are kept")
    parser.add_argument("--fresh", action="store_true", help="scan anew what the cache holds")
    parser.add_argument("--markdown", action="store_true", help="tables for docs/privacy.md")
    return parser.parse_args()


def main() -> None:
    """Simulate, scan in every mode, evaluate, print."""
    arguments = parsed()
    texts = "corpora" if arguments.corpora else "built-in generator"
    print(
        f"{arguments.exchanges:,} exchanges, {arguments.accounts:,} accounts, benign mix {arguments.benign_mix}, "
        f"seeds {arguments.seeds}, texts: {texts}"
    )
    print("\n".join(f"{name}: {value}" for name, value in conditions().items()))
    for name in arguments.worlds:
        print(f"\n{show(arguments, name)}")


if __name__ == "__main__":
    main()
