"""Traffic to fingerprints: sample, mine frames, then read everything once."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.engine import Engine, Kernel, Reader
from revenuer.errors import InputError
from revenuer.fingerprint.cache import Cache, Frames, KeepingReader
from revenuer.fingerprint.capability import CapabilityModel
from revenuer.fingerprint.exchange import FINGERPRINTS, Fingerprinter
from revenuer.fingerprint.exemplars import read_exemplars
from revenuer.fingerprint.frames import (
    SAMPLE,
    SKETCHES,
    FrameLibrary,
    Frequencies,
    census_of,
    empty_libraries,
    extended,
    mine,
    sampled,
    sketch_batch,
    unframed,
)
from revenuer.fingerprint.metadata import metadata_fingerprints
from revenuer.schema import EXCHANGES
from revenuer.sources import Part, Quarantine, Traffic, narrowed, read_part
from revenuer.text.keyed import Key

__all__ = ["Fingerprints", "fingerprint"]

OnStage = Callable[[str, int, int], None]
Libraries = dict[str, FrameLibrary]

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
        reread: texts of frames by kind, see `read_exemplars`; None where the rows hold them, or nobody may see them.
    """

    rows: ir.Table
    libraries: Libraries
    quarantine: Quarantine
    reread: Callable[[Mapping[str, npt.NDArray[np.int64]]], dict[str, dict[int, str]]] | None = None


def _counted(part: Part) -> Generator[pa.RecordBatch, None, Quarantine]:
    """Read a part and return what was wrong with its rows."""
    quarantine = Quarantine()
    yield from read_part(part, quarantine)
    return quarantine


def _read(part: Part) -> Iterator[pa.RecordBatch]:
    return read_part(part, Quarantine())


def fingerprint(
    engine: Engine,
    traffic: Traffic,
    model: CapabilityModel,
    on_stage: OnStage,
    *,
    key: Key | None = None,
    cache: Cache | None = None,
) -> Fingerprints:
    """Fingerprint every exchange of the traffic, from as much of its text as `traffic.content` allows.

    Args:
        engine: runs the passes.
        traffic: with `full` text and exemplars are used, with `sketch` text alone, with `none` neither.
        model: scores text.
        on_stage: told the stage, the parts done and the parts in all.
        key: under which all hashes of text stand.
        cache: keeps fingerprints for the next scan, opened for this model, mode and key; None: nothing is kept.

    Raises:
        InputError: a file cannot be read, or a bad row under `strict`.
    """
    parts = narrowed(traffic.exchange_parts(), _USED)
    reader: Reader[Part] = _counted
    if cache is None:
        libraries = _frames_of(engine, traffic, parts, on_stage, key)
        kernel = _maker(traffic, libraries, model, key, exemplars=True)
    else:
        libraries = _frames_kept(engine, traffic, parts, on_stage, key, cache)
        reader = KeepingReader(cache, _maker(traffic, libraries, model, key, exemplars=False))
        kernel = _as_it_is
    counted: list[Quarantine] = []
    rows = engine.map(
        "fingerprints",
        parts,
        reader,
        kernel,
        FINGERPRINTS,
        on_part=lambda done, of: on_stage("fingerprint", done, of),
        on_told=counted.append,
    )
    quarantine = sum(counted, Quarantine())
    if traffic.strict:
        _refuse_repeats(engine, rows)
    rows = _without_repeats(engine, rows, quarantine)
    reread = None if cache is None or traffic.content != "full" else partial(read_exemplars, engine, traffic, rows)
    return Fingerprints(rows, libraries, quarantine, reread)


def _maker(
    traffic: Traffic, libraries: Libraries, model: CapabilityModel, key: Key | None, *, exemplars: bool
) -> Kernel:
    """What makes fingerprints; with `exemplars` false no text is among them, whatever the mode."""
    if traffic.content == "none":
        return metadata_fingerprints
    shown = exemplars and traffic.content == "full"
    return Fingerprinter(libraries["prompt"], libraries["system"], model, key, shown)


def _as_it_is(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch


def _frames_of(engine: Engine, traffic: Traffic, parts: list[Part], on_stage: OnStage, key: Key | None) -> Libraries:
    """Frames mined from the whole traffic."""
    if traffic.content == "none":
        return empty_libraries()
    share = _share(_rows(parts))
    return _mined(engine, narrowed(parts, _MINED), on_stage, key, lambda batch: sampled(batch, share))


def _frames_kept(
    engine: Engine, traffic: Traffic, parts: list[Part], on_stage: OnStage, key: Key | None, cache: Cache
) -> Libraries:
    """The frames of the cache, with those of new files; mined anew where there are none or the traffic has outgrown them."""
    cache.kept.sweep(parts)
    known, rows = cache.frames(), _rows(parts)
    new = [part for part in parts if not cache.kept.has(part)]
    if known is None or known.outgrown(_rows(new)):
        libraries = _frames_of(engine, traffic, parts, on_stage, key)
        cache.begin(libraries, rows)
        return libraries
    held, share = known.libraries, _share(rows)
    if not new or traffic.content == "none":
        return held
    chosen = narrowed(new, _MINED)
    found = _mined(engine, chosen, on_stage, key, lambda batch: unframed(sampled(batch, share), held, key))
    libraries = {field: extended(library, found[field].cores) for field, library in held.items()}
    cache.extend(Frames(libraries, known.rows, known.since + _rows(new)))
    return libraries


def _rows(parts: list[Part]) -> int:
    return sum(part.rows for part in parts)


def _share(rows: int) -> float:
    return min(1.0, SAMPLE / max(rows, 1))


def _mined(engine: Engine, parts: list[Part], on_stage: OnStage, key: Key | None, choose: Kernel) -> Libraries:
    """The frames of the chosen rows, one library a field."""
    frequencies: Frequencies = engine.fold(
        parts,
        _read,
        lambda batch, state: census_of(choose(batch), state, key),
        Frequencies.zero,
        Frequencies.__add__,
        on_part=lambda done, of: on_stage("count shingles", done, of),
    )
    sketched = engine.map(
        "sketches",
        parts,
        _read,
        lambda batch: sketch_batch(choose(batch), frequencies, key),
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
