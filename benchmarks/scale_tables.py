"""The tables of `scale.py`: sizes, stages, growth."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from running import MIB, table

COSTS = {"wall": "wall", "cpu": "CPU", "peak": "peak memory", "read": "bytes read"}
FROM = 250_000  # exchanges: below, what every scan costs once weighs too much to tell growth


@dataclass(frozen=True)
class Row:
    """One size.

    Attributes:
        size: exchanges asked for.
        exchanges: exchanges scanned.
        input, read, written: bytes of the traffic, and bytes that the scan moved.
        load: of the machine before.
        wall, cpu: seconds.
        peak: bytes, all processes together.
        stages, stages_cpu: seconds of each stage.
        campaigns, flagged: what was found.
    """

    size: int
    exchanges: int
    input: int
    read: int
    written: int
    load: float
    wall: float
    cpu: float
    peak: int
    stages: dict[str, float]
    stages_cpu: dict[str, float]
    campaigns: int
    flagged: int


def exponent(sizes: Sequence[int], costs: Sequence[float]) -> float:
    """Slope of log cost on log exchanges by least squares; NaN for one size or a cost of nothing."""
    if len(sizes) < 2 or min(costs) <= 0:
        return math.nan
    return statistics.linear_regression([math.log(n) for n in sizes], [math.log(cost) for cost in costs]).slope


def growths(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """The exponent of each cost over all sizes, and over the large ones."""
    ranges = {"all": list(rows), f"from {FROM:,}": [one for one in rows if one.size >= FROM]}
    return {
        name: {cost: exponent([one.exchanges for one in some], [getattr(one, cost) for one in some]) for cost in COSTS}
        for name, some in ranges.items()
    }


def show(rows: Sequence[Row], *, markdown: bool) -> str:
    """Sizes, then stages, then growth."""
    parts = [
        _sizes(rows, markdown=markdown),
        _stages("wall s by stage", rows, [one.stages for one in rows], markdown=markdown),
        _stages("CPU s by stage", rows, [one.stages_cpu for one in rows], markdown=markdown),
        *(f"growth, {name}: {_told(found)}" for name, found in growths(rows).items()),
    ]
    return "\n\n".join(parts)


def _sizes(rows: Sequence[Row], *, markdown: bool) -> str:
    head = ["exchanges", "input MiB", "read MiB", "written MiB", "load before", "wall s", "CPU s", "peak MiB", "exchanges / s", "CPU us / exchange", "campaigns", "flagged"]  # fmt: skip
    lines = [
        [
            f"{one.exchanges:,}", f"{one.input / MIB:,.0f}", f"{one.read / MIB:,.0f}", f"{one.written / MIB:,.0f}", f"{one.load:.2f}",
            f"{one.wall:,.1f}", f"{one.cpu:,.1f}", f"{one.peak / MIB:,.0f}", f"{one.exchanges / one.wall:,.0f}",
            f"{one.cpu / one.exchanges * 1e6:,.0f}", f"{one.campaigns:,}", f"{one.flagged:,}",
        ]
        for one in rows
    ]  # fmt: skip
    return table(head, lines, markdown=markdown)


def _stages(head: str, rows: Sequence[Row], costs: Sequence[Mapping[str, float]], *, markdown: bool) -> str:
    """Seconds of each stage at each size, and how they grow."""
    sizes = [one.exchanges for one in rows]
    names = dict.fromkeys(stage for cost in costs for stage in cost)
    lines = [
        [
            name,
            *(f"{cost.get(name, 0.0):,.1f}" for cost in costs),
            _number(exponent(sizes, [cost.get(name, 0.0) for cost in costs])),
        ]
        for name in names
    ]
    return table([head, *(f"{size:,}" for size in sizes), "growth"], lines, markdown=markdown)


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"N^{value:.2f}"


def _told(found: Mapping[str, float]) -> str:
    return ", ".join(f"{words} ~ {_number(found[cost])}" for cost, words in COSTS.items())
