"""Results of the ladder as one figure a step, and as a page of Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from revenuer.evaluate.measures import proportion
from running import MIB, table

__all__ = ["missing", "page", "steps"]

Result = dict[str, Any]

RATES: dict[str, tuple[str | int, ...]] = {
    "accounts, 5+": ("accounts", "detection", 0, "recall"),
    "accounts, 1+": ("accounts", "detection", 1, "recall"),
    "campaigns": ("campaigns", "recall"),
    "legitimate flagged": ("accounts", "false_positive_rate"),
    "exchange recall": ("exchanges", "recall"),
    "exchange precision": ("exchanges", "precision"),
}
BY_ARCHETYPE = ("accounts", "detection", 0, "by_archetype")
SETTINGS = ("accounts", "rate", "days", "mix", "paraphrase", "frames", "prefix", "cover", "infrastructure", "content")


def at(document: Result, path: Sequence[str | int]) -> Any:
    """What stands at a path of keys."""
    value: Any = document
    for step in path:
        value = value[step]
    return value


def pooled(rates: Sequence[Result]) -> Result:
    """Cases of several worlds as one rate, with its exact interval."""
    rate = proportion(sum(one["hits"] for one in rates), sum(one["total"] for one in rates))
    return {"hits": rate.hits, "total": rate.total, "value": rate.value, "low": rate.low, "high": rate.high}


def steps(results: Sequence[Result]) -> list[Result]:
    """One entry for each factor and value, in the order of the results: rates pooled over its worlds."""
    grouped: dict[tuple[str, str], list[Result]] = {}
    for one in results:
        if "failed" in one:
            continue
        grouped.setdefault((one["rung"]["factor"], one["rung"]["value"]), []).append(one)
    return [_step(key, group) for key, group in grouped.items()]


def missing(results: Sequence[Result]) -> list[str]:
    """Rungs that could not be scanned, and why."""
    return [f"{_name(one['rung'])}: {one['failed']}" for one in results if "failed" in one]


def _step(key: tuple[str, str], group: list[Result]) -> Result:
    kinds = {kind for one in group for kind in at(one, BY_ARCHETYPE)}
    order = sorted(kinds, key=lambda kind: (len(kind), kind))
    return {
        "factor": key[0],
        "value": key[1],
        **{name: group[0]["rung"][name] for name in SETTINGS},
        "worlds": len(group),
        "exchanges": sum(one["inputs"]["exchanges"] for one in group),
        "rates": {name: pooled([at(one, path) for one in group]) for name, path in RATES.items()},
        "archetypes": {
            kind: pooled([at(one, BY_ARCHETYPE)[kind] for one in group if kind in at(one, BY_ARCHETYPE)])
            for kind in order
        },
        "accused": sorted({one["label"] for document in group for one in document["accounts"]["groups_accused"]}),
        "wall": round(sum(one["scan"]["wall"] for one in group), 1),
        "peak": max(one["scan"]["peak"] for one in group),
    }


def number(value: float | None) -> str:
    """Rates below a hundredth in powers of ten, others with three places."""
    if value is None:
        return "-"
    return f"{value:.1e}" if 0 < value < 0.01 else f"{value:.3f}"


def cell(rate: Result) -> str:
    """A rate with its interval and its cases."""
    if not rate["total"]:
        return "-"
    return f"{number(rate['value'])} [{number(rate['low'])}, {number(rate['high'])}] of {rate['total']:,}"


def _world(step: Result) -> str:
    """Where the step stands: what its campaigns are like."""
    hidden = [f"{step['frames']:g} of frames in wordings"] * bool(step["frames"]) + ["prefixes"] * step["prefix"]
    cover = [f"{step['cover']} cover"] if step["cover"] else []
    parts = [f"{step['accounts']:,} x {step['rate']:g} a day x {step['days']:g} d", f"mix {step['mix']:g}"]
    parts += [f"paraphrase {step['paraphrase']:g}", *hidden, *cover, step["infrastructure"], step["content"]]
    return ", ".join(parts)


def page(document: Result) -> str:
    """The whole page: conditions, picture, one table of figures, one by archetype, one of the smallest campaigns."""
    lines = ["# The ladder", "", INTRODUCTION, ""]
    lines += [f"* {name}: {value}" for name, value in document["conditions"].items()]
    lines += [f"* not scanned: {told}" for told in document["missing"]]
    lines += ["", "![Accounts found and legitimate accounts flagged along every factor](ladder.svg)", ""]
    told = document["steps"]
    head = ["step", *RATES, "accused labels"]
    rows = [[_name(s), *map(cell, s["rates"].values()), ", ".join(s["accused"]) or "none"] for s in told]
    lines += [
        table(head, rows, markdown=True),
        "",
        "## By archetype",
        "",
        "Accounts with five or more extraction exchanges.",
        "",
    ]
    kinds = list(dict.fromkeys(kind for s in told for kind in s["archetypes"]))
    rows = [[_name(s), *(cell(s["archetypes"][k]) if k in s["archetypes"] else "-" for k in kinds)] for s in told]
    lines += [table(["step", *kinds], rows, markdown=True), "", "## The worlds", ""]
    rows = [
        [_name(s), _world(s), str(s["worlds"]), f"{s['exchanges']:,}", f"{s['wall']:.0f}", f"{s['peak'] / MIB:,.0f}"]
        for s in told
    ]
    head = ["step", "campaigns", "worlds", "exchanges", "scan s", "peak MiB"]
    lines += [table(head, rows, markdown=True), ""]
    return "\n".join(lines + _smallest(document["smallest"]))


def _name(step: Result) -> str:
    return f"{step['factor']} {step['value']}".strip()


def _smallest(found: Sequence[Result]) -> list[str]:
    if not found:
        return []
    rows = [[f"{one['harvest']:g}", one["told"], one["tried"]] for one in found]
    head = ["extraction exchanges an account", "smallest campaign found", "tried: accounts (share found)"]
    return ["## The smallest campaign that is found", "", SMALLEST, "", table(head, rows, markdown=True), ""]


INTRODUCTION = """\
Written by `make ladder` (`benchmarks/ladder.py`); the [simulator](simulate.md) makes the worlds. One factor at a time leaves the base,
in which half of an attack account's traffic is cover, half of the requests are said anew, nothing is shared, and each of four campaigns
(A2, A4, A6, A12) has 300 accounts at six requests a day. Every world also holds all of L1 to L24 and an ordinary majority. *5+* counts
accounts with five or more extraction exchanges, *1+* those with any. Intervals are exact (Clopper and Pearson) and take accounts as independent;
accounts of one campaign stand or fall together, so that the true uncertainty is larger. *Accused labels*: legitimate groups of which
three or more accounts stand in one campaign that was found."""

SMALLEST = """\
A campaign counts as found where, over the four archetypes, a mean of four fifths of the accounts that harvested at all are flagged. Half of
their traffic is cover and nothing is shared. Accounts are doubled until it is found; the search stops at the first size that is."""
