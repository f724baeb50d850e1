"""Which of a few exchanges only hold out the frame that they are an instance of: who reports a request does not make it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.engine import Engine
from revenuer.fingerprint.elicitation import own_words
from revenuer.fingerprint.frames import FrameLibrary
from revenuer.sources import Part, Quarantine, Traffic, narrowed, read_part
from revenuer.text.keyed import Key, keyed
from revenuer.text.match import match
from revenuer.text.tokens import hash_strings, tokenize

__all__ = ["QUOTED", "QuoteReader", "read_quotes"]

I64 = npt.NDArray[np.int64]

QUOTED: Final = pa.schema([("read", pa.int64()), ("quoted", pa.bool_())])
_USED: Final = frozenset({"prompt"})


@dataclass(frozen=True, slots=True)
class QuoteReader:
    """The kernel that looks at the chosen exchanges of a batch and lets go of their texts.

    Attributes:
        wanted: sorted hashes of exchange ids.
        frames: of prompts, mined under `key`.
        key: under which hashes of text stand; None: under none.
    """

    wanted: I64
    frames: FrameLibrary
    key: Key | None

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`QUOTED` of one batch."""
        draws = hash_strings(batch.column("exchange_id"))
        at = np.minimum(np.searchsorted(self.wanted, draws), len(self.wanted) - 1)
        held = np.flatnonzero(self.wanted[at] == draws)
        texts = batch.column("prompt").take(pa.array(held))
        own = pa.array(own_words(texts.to_pylist()), pa.string())
        whole, rest = self._frames(texts), self._frames(own)
        columns = [pa.array(draws[held]), pa.array((whole >= 0) & (rest != whole))]
        return pa.record_batch(columns, schema=QUOTED)

    def _frames(self, texts: pa.Array) -> npt.NDArray[np.int32]:
        return match(keyed(tokenize(texts), self.key), self.frames.index, self.frames.weights).frame


def read_quotes(engine: Engine, traffic: Traffic, reader: QuoteReader) -> ir.Table:
    """Which of the chosen exchanges quote, as `QUOTED`, one row an exchange id.

    Args:
        engine: runs the pass.
        traffic: where the texts are.
        reader: chooses and reads; at least one exchange is wanted.
    """
    rows = engine.map("read_quotes", narrowed(traffic.exchange_parts(), _USED), _read, reader, QUOTED)
    # an id that stands in the traffic with several texts says nothing
    return engine.persist("quoted", rows.distinct(on="read", keep=None))


def _read(part: Part) -> Iterator[pa.RecordBatch]:
    return read_part(part, Quarantine())
