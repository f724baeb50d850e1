"""The table of `peers.py`: rates pooled over worlds, and one variant of each method."""

from __future__ import annotations

from typing import Any

from revenuer.evaluate.measures import proportion

Result = dict[str, Any]
RATE = 1e-3  # of a clean world's accounts that a calibrated threshold flags at most
RATES = ("accounts", "false", "campaigns", "precise", "exchanges")


def pooled(rows: list[Result], rate: str) -> Result:
    """Hits, total, value and interval of a rate over seeds."""
    found = proportion(sum(row[rate]["hits"] for row in rows), sum(row[rate]["total"] for row in rows))
    return {"hits": found.hits, "total": found.total, "value": found.value, "low": found.low, "high": found.high}


def summary(rows: list[Result]) -> list[Result]:
    """One row a world, method, variant and threshold, pooled over seeds."""
    groups: dict[tuple[str, ...], list[Result]] = {}
    for row in rows:
        groups.setdefault((row["world"], row["method"], row["variant"], row["threshold"]), []).append(row)
    return [
        dict(zip(("world", "method", "variant", "threshold"), key, strict=True))
        | {rate: pooled(group, rate) for rate in RATES}
        | {"seconds": sum(row["seconds"] for row in group) / len(group), "seeds": len(group)}
        | {"at_best": at_best(group)}
        | {"workloads_flagged": sorted({name for row in group for name in row["workloads_flagged"]})}
        for key, group in groups.items()
    ]


def at_best(rows: list[Result]) -> float | None:
    """Recall at a thousandth of the judged worlds' own legitimate accounts, over the accounts of all worlds."""
    seen = [row["at_best"] for row in rows if row["at_best"]["recall"] is not None]
    positives = sum(one["positives"] for one in seen)
    return sum(one["recall"] * one["positives"] for one in seen) / positives if positives else None


def best_of(rows: list[Result]) -> dict[str, list[Result]]:
    """By world: of each method and kind of threshold the variant that does best."""
    chosen: dict[str, dict[tuple[str, str], Result]] = {}
    for row in rows:
        world, key = chosen.setdefault(row["world"], {}), (row["method"], row["threshold"])
        if key not in world or merit(row) > merit(world[key]):
            world[key] = row
    return {name: list(world.values()) for name, world in chosen.items()}


def merit(row: Result) -> tuple[bool, float]:
    """Whether the realised rate is compatible with the calibrated one, then recall less false-positive rate (Youden)."""
    found, false = row["accounts"]["value"] or 0.0, row["false"]["value"] or 0.0
    return row["false"]["low"] <= RATE, float(found - false)


def number(value: float) -> str:
    """Two figures below a hundredth, three places above."""
    return f"{value:.1e}" if 0 < value < 0.01 else f"{value:.3f}"


def cell(rate: Result, *, links: bool = True) -> str:
    """A rate with its interval."""
    if not links or rate["value"] is None:
        return "-"
    return f"{number(rate['value'])} [{number(rate['low'])}, {number(rate['high'])}]"


HEAD = (
    "method",
    "threshold",
    "accounts found, 5+",
    "at best",
    "legitimate flagged",
    "campaigns found",
    "found ones true",
    "exchange F1",
    "workloads hit",
    "s",
)


def line(row: Result) -> list[str]:
    """One row of the table."""
    links = row["precise"]["total"] > 0
    return [
        f"{row['method']}: {row['variant']}",
        row["threshold"],
        cell(row["accounts"]),
        "-" if row["at_best"] is None else number(row["at_best"]),
        cell(row["false"]),
        cell(row["campaigns"], links=links),
        cell(row["precise"]),
        number(f1(row["exchanges"])),
        str(len(row["workloads_flagged"])),
        f"{row['seconds']:.0f}",
    ]


def f1(overlap: Result) -> float:
    """F1 from the pooled overlap of marked and true exchanges, J: 2 J / (1 + J)."""
    shared = float(overlap["value"] or 0.0)
    return 2 * shared / (1 + shared)
