"""Reading a few exchanges closely: the careful model and the fast one together vote on what each would train."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.engine import Engine
from revenuer.fingerprint.capability import CapabilityModel
from revenuer.fingerprint.careful import CarefulModel
from revenuer.fingerprint.exchange import SYSTEM_TOKENS, replayed, structure
from revenuer.fingerprint.frames import distinct_texts
from revenuer.fingerprint.votes import votes
from revenuer.sources import Part, Quarantine, Traffic, narrowed, read_part
from revenuer.text.tokens import hash_strings, take, tokenize

__all__ = ["CLOSE_VOTES", "CloseReader", "read_closely"]

I64 = npt.NDArray[np.int64]

CLOSE_VOTES: Final = pa.schema(
    [
        ("read", pa.int64()),
        ("close", pa.int8()),
        ("close_votes", pa.int8()),
        ("close_second", pa.int8()),
        ("close_second_votes", pa.int8()),
    ]
)
_USED: Final = frozenset({"prompt", "system", "turn", "tools", "images", "reasoning_refs"})


@dataclass(frozen=True, slots=True)
class CloseReader:
    """The kernel that reads the chosen exchanges of a batch and lets go of their texts.

    Attributes:
        wanted: sorted hashes of exchange ids.
        fast: the model of every exchange; `careful` the one of few.
    """

    wanted: I64
    fast: CapabilityModel
    careful: CarefulModel

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`CLOSE_VOTES` of one batch."""
        draws = hash_strings(batch.column("exchange_id"))
        at = np.minimum(np.searchsorted(self.wanted, draws), len(self.wanted) - 1)
        held = np.flatnonzero(self.wanted[at] == draws)
        rows = batch.take(pa.array(held))
        systems = distinct_texts(rows.column("system"))
        heads = take(tokenize(systems.texts), systems.rows, most=SYSTEM_TOKENS)
        fast = self.fast.score(tokenize(rows.column("prompt")), heads, structure(rows)).logits
        careful = self.careful.score(_texts(rows.column("prompt")), _texts(rows.column("system")))
        said = votes(self.careful.fused(fast, careful), np.zeros_like(fast), replayed(rows))
        return pa.record_batch([pa.array(draws[held]), *(pa.array(column) for column in said)], schema=CLOSE_VOTES)


def _texts(column: pa.Array) -> list[str]:
    return [text or "" for text in column.to_pylist()]


def read_closely(engine: Engine, traffic: Traffic, reader: CloseReader) -> ir.Table:
    """What the chosen exchanges would train, as `CLOSE_VOTES`, one row an exchange id.

    Args:
        engine: runs the pass.
        traffic: where the texts are.
        reader: chooses and reads; at least one exchange is wanted.

    Raises:
        MissingExtraError: the extra `encoder` is not installed.
    """
    parts = narrowed(traffic.exchange_parts(), _USED)
    rows = engine.map("read_closely", parts, _read, reader, CLOSE_VOTES)
    # an id that stands in the traffic with several texts is read once
    return engine.persist("close_votes", rows.distinct(on="read", keep=None))


def _read(part: Part) -> Iterator[pa.RecordBatch]:
    return read_part(part, Quarantine())
