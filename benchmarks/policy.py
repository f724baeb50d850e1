"""The policy that is shipped, enforced on simulated worlds that are scanned again and again: harvest cut, friction of honest traffic.

    python benchmarks/policy.py --cache FOLDER [--seeds 9601] [--corpora CORPORA] [--days 4 6 8 10 12] [--markdown]

A scan at the end of each day named sees all traffic, sign-ups, releases and bans up to then, and is recorded in one state (`--state`),
so that campaigns keep their ids; the policy acts on what comes after. Worlds and findings stay in the cache. The hold-out stays on, under a fixed key; people confirm campaigns of at least 0.95 and agree at once, or
after `--agreeing` hours. Printed twice: if nobody verifies who has to, and if everybody has after `--verifying` hours, harvesters too.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from revenuer.control import clopper_pearson
from revenuer.response import Cut, Friction, Judged, default_policy, judge, replay
from running import checked, conditions, measured, table, world

CONFIRMED = 0.95
# What a scan may know at the end of a day: the column of each file that says since when.
KNOWN_SINCE = {"accounts": "created_at", "releases": "released_at", "enforcement": "ts"}
HEAD = (
    "",
    "found after day",
    "harvest since",
    "cut [95 %]",
    "of it by closed accounts",
    "whole harvest",
    "cut",
    "passed",
)


def scanned(traffic: Path, findings: Path, days: Sequence[int]) -> list[Path]:
    """The findings at the end of each day, scanned where they are not in the cache, one after another into one state."""
    missing = [day for day in days if not (findings / f"F{day:02d}").exists()]
    rows = pq.read_table(traffic / "exchanges") if missing else None
    for day in missing:
        part = findings / f"T{day:02d}"
        shutil.rmtree(part, ignore_errors=True)
        until_day(traffic, rows, part, day)
        kept = ("--out", findings / f"F{day:02d}", "--state", findings / "cases.db")
        checked(measured("scan", part, *kept, "--careful", "off", "--quiet"), 0, 1)
        shutil.rmtree(part)
    return [findings / f"F{day:02d}" for day in days]


def until_day(traffic: Path, rows: Any, part: Path, day: int) -> None:
    """Write the traffic as it stood at the end of a day."""
    (part / "exchanges").mkdir(parents=True)
    begin = pc.min(rows["ts"]).as_py().replace(hour=0, minute=0, second=0, microsecond=0)
    until = begin + timedelta(days=day)
    early = rows.filter(pc.less(rows["ts"], pa.scalar(until, rows.schema.field("ts").type)))
    pq.write_table(early, part / "exchanges" / "part-00000.parquet", row_group_size=50_000)
    shutil.copy(traffic / "consents.parquet", part)
    for name, column in KNOWN_SINCE.items():
        known = pq.read_table(traffic / f"{name}.parquet")
        limit = pa.scalar(until, known.schema.field(column).type)
        pq.write_table(known.filter(pc.less(known[column], limit)), part / f"{name}.parquet")


def cut_row(label: str, cuts: Sequence[Cut], since: Sequence[int]) -> tuple[str, ...]:
    """An archetype over all worlds."""
    came, stopped, closed = (sum(getattr(one.later, name) for one in cuts) for name in ("came", "stopped", "closed"))
    whole, whole_cut = (sum(getattr(one.whole, name) for one in cuts) for name in ("came", "stopped"))
    passed = sum((Counter(one.later.passed) for one in cuts), Counter[str]())
    told = ", ".join(f"{why} {number:,}" for why, number in passed.most_common()) or "-"
    days = [
        "-" if one.found_at is None else str(round((one.found_at - begin) / 86_400e6))
        for one, begin in zip(cuts, since, strict=True)
    ]
    low, high = clopper_pearson(stopped, came)
    share = f"{stopped / max(came, 1):.1%} [{low:.1%}-{high:.1%}]"
    rest = (f"{closed / max(came, 1):.0%}", f"{whole:,}", f"{whole_cut / max(whole, 1):.1%}", told)
    return (label, ", ".join(days), f"{came:,}", share, *rest)


def friction_row(label: str, rows: Sequence[Friction]) -> tuple[str, ...]:
    """A kind of honest accounts over all worlds."""
    accounts, came, met, shut = (
        sum(getattr(one, name) for one in rows) for name in ("accounts", "exchanges", "met", "suspended")
    )
    low, high = clopper_pearson(met, came)
    return label, f"{accounts:,}", f"{came:,}", f"{met:,}", f"{low:.4%}-{high:.4%}", f"{shut:,}"


def mixed_row(cut: Cut) -> tuple[str, ...]:
    """Exchanges of a campaign's accounts that are no harvest."""
    return cut.label, f"{cut.other_met:,} of {cut.other:,}"


def report(judged: Sequence[Judged], begun: Sequence[int], *, markdown: bool) -> None:
    """Print the tables."""
    labels = list(dict.fromkeys(cut.label for one in judged for cut in one.campaigns))
    by_label = [[cut for one in judged for cut in one.campaigns if cut.label == label] for label in labels]
    cuts = [cut_row(label, cuts, begun) for label, cuts in zip(labels, by_label, strict=True)]
    print(table(HEAD, cuts, markdown=markdown), end="\n\n")
    kinds = list(dict.fromkeys(row.label for one in judged for row in one.workloads))
    rows = [friction_row(kind, [row for one in judged for row in one.workloads if row.label == kind]) for kind in kinds]
    rows.append(friction_row("all honest", [one.honest for one in judged]))
    head = ("honest", "accounts", "exchanges", "met", "95 %", "suspended")
    print(table(head, rows, markdown=markdown), end="\n\n")
    others = [mixed_row(cut) for one in judged for cut in one.campaigns]
    print(table(("other traffic of campaigns", "met"), others, markdown=markdown))


def prepared(asked: argparse.Namespace, seed: int) -> tuple[Path, list[Path]]:
    """A world and its findings, from the cache or made."""
    texts = ["--corpora", asked.corpora] if asked.corpora else []
    traffic = world(asked.cache, f"w{seed}", ["all", "--seed", str(seed), "--exchanges", str(asked.exchanges), *texts])
    # by its days, since a state must see them in their order
    findings = asked.cache / f"s{seed}-{'-'.join(map(str, sorted(asked.days)))}"
    findings.mkdir(exist_ok=True)
    return traffic, scanned(traffic, findings, sorted(asked.days))


def replayed(
    asked: argparse.Namespace, places: Sequence[tuple[int, Path, list[Path]]], verifying: float | None
) -> tuple[list[Judged], list[int]]:
    """What the policy did to each world, and when each began."""
    how: dict[str, Any] = {
        "key": "benchmark",
        "confirmed": CONFIRMED,
        "agreeing": asked.agreeing,
        "verifying": verifying,
    }
    judged, begun = [], []
    for seed, traffic, scans in places:
        result = replay(default_policy(), traffic, scans, **how)
        begun.append(result.since - min(asked.days) * 86_400_000_000)
        judged.append(judge(result, traffic, traffic / "truth"))
        print(f"seed {seed}: {result.rungs}, {result.reasons}, over budget {result.days_over}", file=sys.stderr)
    return judged, begun


def main() -> None:
    """Make what is missing, replay, print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cache", type=Path, required=True)
    options.add_argument("--seeds", type=int, nargs="+", default=[9601])
    options.add_argument("--exchanges", type=int, default=250_000)
    options.add_argument("--corpora", type=Path)
    options.add_argument("--days", type=int, nargs="+", default=[4, 6, 8, 10, 12])
    options.add_argument("--agreeing", type=float, default=0.0)
    options.add_argument("--verifying", type=float, default=24.0)
    options.add_argument("--markdown", action="store_true")
    asked = options.parse_args()
    places = [(seed, *prepared(asked, seed)) for seed in asked.seeds]
    for verifying in (None, asked.verifying):
        print(
            "Nobody verifies." if verifying is None else f"Everybody verifies, after {verifying:g} hours.", end="\n\n"
        )
        report(*replayed(asked, places, verifying), markdown=asked.markdown)
    print(conditions(), file=sys.stderr)


if __name__ == "__main__":
    main()
