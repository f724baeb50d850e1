"""Channel `probing`: a group that first tries many ways and is refused, and then sends the one that works.

Read are openings that ask for a kind of thing worth training on. A red team is refused as often at its end as at its
beginning, a customer at neither; one who learns what is allowed is one owner, and here several must be refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
from ibis import _

from revenuer.engine import Engine
from revenuer.findings import Evidence
from revenuer.linkage.rates import evidence_of_p, fewer_later, positions

__all__ = ["Phases", "find_phases", "probing_evidence"]

I64 = npt.NDArray[np.int64]

STRONGEST: Final = 2.0
# The same frames early and late: what is refused may simply be what is asked.
STRONGEST_ALONE: Final = 0.5
TASK: Final = 0.5
# Equal parts that a group's life is cut into, and the parts that may be its early phase.
PARTS: Final = 20
EARLY: Final = tuple(range(1, 11))
LEAST_REFUSED: Final = 8
LEAST_EACH: Final = 15
LEAST_REFUSED_OWNERS: Final = 4
# Share of the early refusals that one owner may have had, and how often more than everybody the group is refused.
LARGEST_OWNER: Final = 0.5
ABOVE: Final = 3.0
# How many times as often two later requests are alike as two early ones.
NARROWER: Final = 1.5
REFUSED: Final = "refused"


@dataclass(frozen=True, slots=True)
class Phases:
    """Openings of each group that read like tasks, by part of its life.

    Attributes:
        number: of the group, shape (cells,), sorted; one cell a group, part and frame.
        part: of the group's life, from 0 to `PARTS` - 1.
        frame: of the prompt, 0 for none.
        n: openings; `refused` of them were refused.
        refused_number: of the group, shape (refusals,), sorted; one entry a group, part and owner that was refused.
        refused_part, refused_owner, refused_n: its part, the owner, and how many refusals.
        everybody: such openings in the whole traffic, and those of them that were refused.
    """

    number: I64
    part: I64
    frame: I64
    n: I64
    refused: I64
    refused_number: I64
    refused_part: I64
    refused_owner: I64
    refused_n: I64
    everybody: tuple[int, int]


def find_phases(engine: Engine, rows: ir.Table, grouped: ir.Table) -> Phases:
    """Count openings by part of each group's life.

    Args:
        engine: runs the aggregation.
        rows: fingerprints, for what everybody is refused.
        grouped: as `group_rows` gives it.
    """
    everybody = engine.collect(_tasks(rows).agg(n=_.count(), refused=(_.status == REFUSED).sum()))
    tasks = _tasks(grouped).mutate(second=_.ts.epoch_seconds())
    spans = tasks.group_by(of="number").agg(begin=_.second.min(), length=_.second.max() - _.second.min() + 1)
    tasks = tasks.inner_join(spans, tasks.number == spans.of)
    part = ((tasks.second - tasks.begin) * PARTS / tasks.length).floor().cast("int64")
    tasks = engine.persist("phases", tasks.mutate(part=part, was_refused=_.status == REFUSED))
    cells = engine.collect(
        tasks.group_by("number", "part", frame=_.prompt_frame).agg(n=_.count(), refused=_.was_refused.sum())
    ).sort_by([(name, "ascending") for name in ("number", "part", "frame")])
    who = engine.collect(tasks.filter(tasks.was_refused).group_by("number", "part", "owner").agg(n=_.count())).sort_by(
        [(name, "ascending") for name in ("number", "part", "owner")]
    )
    return Phases(
        number=cells["number"].to_numpy(),
        part=cells["part"].to_numpy(),
        frame=cells["frame"].to_numpy(),
        n=cells["n"].to_numpy(),
        refused=cells["refused"].to_numpy(),
        refused_number=who["number"].to_numpy(),
        refused_part=who["part"].to_numpy(),
        refused_owner=who["owner"].to_numpy(),
        refused_n=who["n"].to_numpy(),
        everybody=(everybody["n"][0].as_py(), everybody["refused"][0].as_py() or 0),
    )


def _tasks(rows: ir.Table) -> ir.Table:
    opens = (rows.turn.fill_null(0) == 0) & (rows.extraction >= TASK)
    return rows.filter(opens & rows.status.notnull())


@dataclass(frozen=True, slots=True)
class _Cut:
    """Two phases of a group: chance of the difference, and (refused, openings) of each."""

    chance: float
    part: int
    early: tuple[int, int]
    later: tuple[int, int]


def probing_evidence(phases: Phases, number: int) -> Evidence | None:
    """Whether a group was refused much at first and little later, while its requests became alike.

    Fisher's exact test on refusals of the best cut, the p-value multiplied by the cuts tried and made an e-value.

    Args:
        phases: of all groups.
        number: of the group.
    """
    held = positions(phases.number, np.array([number]))
    part, n, refused = phases.part[held], phases.n[held], phases.refused[held]
    cuts = [cut for one in EARLY if (cut := _cut(part, n, refused, one)) is not None]
    if not cuts:
        return None
    best = min(cuts, key=lambda cut: (cut.chance, cut.part))
    rest = phases.everybody[1] - int(refused.sum()), phases.everybody[0] - int(n.sum())
    usual = (rest[0] + 0.5) / (rest[1] + 1.0)
    many, largest = _refused_owners(phases, number, best.part)
    if best.early[0] < ABOVE * usual * best.early[1] or many < LEAST_REFUSED_OWNERS or largest > LARGEST_OWNER:
        return None
    first, then = (_alike(phases.frame[held], n, part < best.part), _alike(phases.frame[held], n, part >= best.part))
    most = STRONGEST if then >= NARROWER * first and then > 0.0 else STRONGEST_ALONE
    strength = min(evidence_of_p(min(1.0, best.chance * len(cuts))), most)
    if strength <= 0.0:
        return None
    fact = (
        f"in the first {best.part / PARTS:.0%} of the group's time {best.early[0]} of {best.early[1]} tasks put by it are "
        f"refused, to {many} owners, and {best.later[0]} of {best.later[1]} later (of everybody else's {usual:.1%}); two of its "
        f"tasks are worded alike in {first:.0%} of cases at first, and in {then:.0%} later"
    )
    return Evidence("probing", fact, strength, many)


def _cut(part: I64, n: I64, refused: I64, at: int) -> _Cut | None:
    before = part < at
    early = int(refused[before].sum()), int(n[before].sum())
    later = int(refused[~before].sum()), int(n[~before].sum())
    if early[0] < LEAST_REFUSED or min(early[1], later[1]) < LEAST_EACH:
        return None
    return _Cut(fewer_later(early, later), at, early, later)


def _refused_owners(phases: Phases, number: int, at: int) -> tuple[int, float]:
    """How many owners were refused before part `at`, and the largest share that one had of these refusals."""
    held = positions(phases.refused_number, np.array([number]))
    held = held[phases.refused_part[held] < at]
    by_owner = np.unique(phases.refused_owner[held], return_inverse=True)[1]
    counts = np.bincount(by_owner, weights=phases.refused_n[held])
    return len(counts), float(counts.max() / counts.sum()) if len(counts) else 1.0


def _alike(frame: I64, n: I64, rows: npt.NDArray[np.bool_]) -> float:
    """Probability that two requests use one frame (Simpson); requests without a frame are like no other."""
    named = rows & (frame != 0)
    counts = np.bincount(np.unique(frame[named], return_inverse=True)[1], weights=n[named])
    total = float(n[rows].sum())
    return float((counts * (counts - 1)).sum() / max(total * (total - 1), 1.0))
