"""Lines of the verifier's benchmark as shares with exact intervals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from revenuer.control import clopper_pearson

__all__ = ["tables"]

Row = dict[str, Any]
LEVELS: Final = (0.05, 0.01, 0.001)
FOUND: Final = 0.01


def tables(lines: list[Row]) -> Iterator[Row]:
    """Innocents that were accused at each level, students that were found; what the mark costs stands in lines of its own."""
    for arm in ("calibration", "innocents"):
        yield from _accused([line for line in lines if line["arm"] == arm])
    yield from (line for line in lines if line["arm"] == "loss")
    for arm in ("power", "networks", "canaries"):
        own = [line for line in lines if line["arm"] == arm]
        for which in sorted({_which(line) for line in own}):
            yield from _found([line for line in own if _which(line) == which])


def _which(line: Row) -> tuple[float, str]:
    return line["fraction"], line.get("scheme", "")


def _accused(lines: list[Row]) -> Iterator[Row]:
    for kind in lines[0]["p"] if lines else ():
        p = np.array([line["p"][kind] for line in lines])
        for level in LEVELS:
            yield {"arm": lines[0]["arm"], "kind": kind, "level": level, **_share("accused", p <= level)}


def _found(lines: list[Row]) -> Iterator[Row]:
    first = lines[0]
    told: Row = {name: first[name] for name in ("arm", "scheme", "fraction") if name in first}
    means: Row = {name: _mean([one[name] for one in lines]) for name in ("said as served", "first") if name in first}
    for kind in first["p"]:
        row = {**told, "kind": kind, **_share("found", np.array([one["p"][kind] for one in lines]) <= FOUND)}
        middle: Row = (
            {"median_z": round(float(np.median([one["z"][kind] for one in lines])), 2)} if "z" in first else {}
        )
        yield {**row, **middle, **means}


def _share(name: str, hits: Any) -> Row:
    count, of = int(hits.sum()), len(hits)
    low, high = clopper_pearson(count, of)
    return {"of": of, name: count, "share": count / of, "low": low, "high": high}


def _mean(of: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(float(np.mean([one[name] for one in of])), 3) for name in of[0]}
