"""Traffic to fingerprints: sample, mine frames, then read everything once."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Final

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from revenuer.engine import Engine, Kernel
from revenuer.errors import InputError
from revenuer.fingerprint.capability import CapabilityModel
from revenuer.fingerprint.exchange import FINGERPRINTS, Fingerprinter
from revenuer.fingerprint.frames import (
    SAMPLE,
    SKETCHES,
    FrameLibrary,
    Frequencies,
    census_of,
    empty_libraries,
    mine,
    sampled,
    sketch_batch,
)
from revenuer.fingerprint.metadata import metadata_fingerprints
from revenuer.schema import EXCHANGES
from revenuer.sources import Part, Quarantine, Traffic, narrowed, read_part
from revenuer.text.keyed import Key

__all__ = ["Fingerprints", "fingerprint"]

OnStage = Callable[[str, int, int], None]

# What mining reads, beside what is required of every row; and what fingerprints are made of.
_MINED: Final = frozenset({"prompt", "system"})
_USED: Final = frozenset(EXCHANGES.names) - {"response"}


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """The fingerprinted traffic.

    Attributes:
        rows: `FINGERPRINTS`, one row an exchange id.
        libraries: the frames of each field.
        quarantine: what was wrong with the rows read.
    """

    rows: ir.Table
    libraries: dict[str, FrameLibrary]
    quarantine: Quarantine


def _counted(part: Part) -> Generator[pa.RecordBatch, None, Quarantine]:
    """Read a part and return what was wrong with its rows."""
    quarantine = Quarantine()
    yield from read_part(part, quarantine)
    return quarantine


def _read(part: Part) -> Iterator[pa.RecordBatch]:
    return read_part(part, Quarantine())


def fingerprint(
    engine: Engine, traffic: Traffic, model: CapabilityModel, on_stage: OnStage, *, key: Key | None = None
) -> Fingerprints:
    """Fingerprint every exchange of the traffic, from as much of its text as `traffic.content` allows.

    Args:
        engine: runs the passes.
        traffic: with `full` text and exemplars are used, with `sketch` text alone, with `none` neither.
        model: scores text.
        on_stage: told the stage, the parts done and the parts in all.
        key: under which all hashes of text stand.

    Raises:
        InputError: a file cannot be read, or a bad row under `strict`.
    """
    parts = traffic.exchange_parts()
    libraries = empty_libraries()
    kernel: Kernel = metadata_fingerprints
    if traffic.content != "none":
        libraries = _mined(engine, narrowed(parts, _MINED), on_stage, key)
        kernel = Fingerprinter(libraries["prompt"], libraries["system"], model, key, traffic.content == "full")
    counted: list[Quarantine] = []
    rows = engine.map(
        "fingerprints",
        narrowed(parts, _USED),
        _counted,
        kernel,
        FINGERPRINTS,
        on_part=lambda done, of: on_stage("fingerprint", done, of),
        on_told=counted.append,
    )
    quarantine = sum(counted, Quarantine())
    if traffic.strict:
        _refuse_repeats(engine, rows)
    return Fingerprints(_without_repeats(engine, rows, quarantine), libraries, quarantine)


def _mined(engine: Engine, parts: list[Part], on_stage: OnStage, key: Key | None) -> dict[str, FrameLibrary]:
    """The frames of a sample, one library a field."""
    share = min(1.0, SAMPLE / max(sum(part.rows for part in parts), 1))
    frequencies: Frequencies = engine.fold(
        parts,
        _read,
        lambda batch, state: census_of(sampled(batch, share), state, key),
        Frequencies.zero,
        Frequencies.__add__,
        on_part=lambda done, of: on_stage("count shingles", done, of),
    )
    sketched = engine.map(
        "sketches",
        parts,
        _read,
        lambda batch: sketch_batch(sampled(batch, share), frequencies, key),
        SKETCHES,
        on_part=lambda done, of: on_stage("sketch prompts", done, of),
    )
    libraries = mine(engine.collect(sketched), frequencies)
    on_stage("mine frames", 1, 1)
    return libraries


def _refuse_repeats(engine: Engine, rows: ir.Table) -> None:
    """Raise for the first exchange id, in alphabetical order, that occurs more than once."""
    counted = rows.group_by("draw").agg(copies=ibis._.count(), id=ibis._.exchange_id.min())
    repeated = engine.collect(counted.filter(ibis._.copies > 1).order_by("id").limit(1))
    if repeated.num_rows:
        copies, name = repeated["copies"][0].as_py(), repeated["id"][0].as_py()
        raise InputError(f"{name!r} occurs {copies} times", file="exchanges", column="exchange_id")


def _without_repeats(engine: Engine, rows: ir.Table, quarantine: Quarantine) -> ir.Table:
    """Keep the earliest exchange of each id, ties broken by content; count the others."""
    repeated = rows.group_by("draw").agg(copies=ibis._.count()).filter(ibis._.copies > 1)
    extra = engine.collect(repeated.agg(rows=(ibis._.copies - 1).sum()))["rows"][0].as_py()
    if not extra:
        return rows
    quarantine.reject("exchanges: exchange_id repeated", int(extra))
    order = [rows.ts, rows.account_id, rows.item, rows.prompt_bytes, rows.sketch]
    ranked = rows.mutate(place=ibis.row_number().over(group_by=rows.draw, order_by=order))
    return engine.persist("distinct_fingerprints", ranked.filter(ranked.place == 0).drop("place"))
