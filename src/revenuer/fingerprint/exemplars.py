"""Texts of the templates that findings show, read again where fingerprints were kept without any text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _

from revenuer.engine import Engine
from revenuer.fingerprint.exchange import EXEMPLAR_CHARACTERS
from revenuer.sources import Part, Quarantine, Traffic, narrowed, read_part
from revenuer.text.tokens import hash_strings

__all__ = ["TEXT_OF", "read_exemplars"]

I64 = npt.NDArray[np.int64]

# Which text an instance of each kind of template is taken from.
TEXT_OF: Final = {"prompt_frame": "prompt", "system_frame": "system"}
_SHOWN: Final = pa.schema([("draw", pa.int64()), *((text, pa.string()) for text in TEXT_OF.values())])


def read_exemplars(
    engine: Engine, traffic: Traffic, rows: ir.Table, wanted: Mapping[str, I64]
) -> dict[str, dict[int, str]]:
    """The text of the instance of each frame whose exchange id has the least hash: the one that a scan without a cache shows.

    Args:
        engine: runs the pass.
        traffic: where the texts are.
        rows: fingerprints.
        wanted: ids of frames by the kind of template, a key of `TEXT_OF`.

    Returns:
        text by frame, by kind.
    """
    first = {kind: _least(engine, rows, kind, ids) for kind, ids in wanted.items() if len(ids)}
    draws = np.unique(np.concatenate([np.zeros(0, np.int64), *(draws for _ids, draws in first.values())]))
    if not len(draws):
        return {}

    def kernel(batch: pa.RecordBatch) -> pa.RecordBatch:
        own = hash_strings(batch.column("exchange_id"))
        held = batch.filter(pa.array(np.isin(own, draws)))
        texts = [pc.utf8_slice_codeunits(held.column(text), 0, EXEMPLAR_CHARACTERS) for text in TEXT_OF.values()]
        return pa.record_batch([pa.array(hash_strings(held.column("exchange_id"))), *texts], schema=_SHOWN)

    parts = narrowed(traffic.exchange_parts(), frozenset(TEXT_OF.values()))
    table = engine.collect(engine.map("exemplars", parts, _read, kernel, _SHOWN))
    table = table.sort_by([(name, "ascending") for name in _SHOWN.names])
    names, at = np.unique(table["draw"].to_numpy(), return_index=True)
    return {
        kind: dict(
            zip(ids.tolist(), table[TEXT_OF[kind]].take(at[np.searchsorted(names, least)]).to_pylist(), strict=True)
        )
        for kind, (ids, least) in first.items()
    }


def _least(engine: Engine, rows: ir.Table, kind: str, ids: I64) -> tuple[I64, I64]:
    """The frames that have instances, and the least draw of each."""
    chosen = engine.table(f"again_{kind}", pa.table({"shown": ids}))
    found = rows.join(chosen, rows[kind] == chosen.shown).group_by("shown").agg(draw=_.draw.min())
    table = engine.collect(found.order_by("shown"))
    return table["shown"].to_numpy(), table["draw"].to_numpy()


def _read(part: Part) -> Iterator[pa.RecordBatch]:
    return read_part(part, Quarantine())
