"""Reading texts once more for the words of a few: bags of chosen exchanges, and how every exchange sounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse

from revenuer.engine import Engine
from revenuer.fingerprint.frames import distinct_texts
from revenuer.sources import Part, Quarantine, Traffic, narrowed, read_part
from revenuer.text.buckets import BUCKETS, bucket_rows, weighed
from revenuer.text.keyed import Key, keyed
from revenuer.text.tokens import hash_strings, tokenize

__all__ = ["BAGS", "FEATURES", "VOICES", "Voices", "bags", "matrix", "sound"]

I64 = npt.NDArray[np.int64]
F32 = npt.NDArray[np.float32]

# Words of the prompt, and apart from them words of the system prompt.
FEATURES: Final = 2 * BUCKETS
_READ: Final = frozenset({"prompt", "system"})

BAGS: Final = pa.schema([("draw", pa.int64()), ("words", pa.list_(pa.int32()))])
VOICES: Final = pa.schema([("spoken", pa.int64()), ("voice", pa.int16()), ("said", pa.float32())])


def bags(engine: Engine, traffic: Traffic, wanted: I64, key: Key | None) -> pa.Table:
    """The words of chosen exchanges, as `BAGS`, sorted by `draw`.

    Args:
        engine: runs the pass.
        traffic: where the texts are.
        wanted: sorted hashes of exchange ids.
        key: under which hashes of text stand.
    """

    def kernel(batch: pa.RecordBatch) -> pa.RecordBatch:
        draws = hash_strings(batch.column("exchange_id"))
        at = np.minimum(np.searchsorted(wanted, draws), max(len(wanted) - 1, 0))
        held = np.flatnonzero(wanted[at] == draws) if len(wanted) else np.zeros(0, np.int64)
        rows = _words(batch.take(pa.array(held)), key)
        words = pa.ListArray.from_arrays(pa.array(rows.indptr.astype(np.int32)), pa.array(rows.indices))
        return pa.record_batch([pa.array(draws[held]), words], schema=BAGS)

    rows = engine.map("bags", narrowed(traffic.exchange_parts(), _READ), _read, kernel, BAGS)
    return engine.collect(rows.distinct()).sort_by("draw")


def matrix(words: pa.Array) -> sparse.csr_matrix:
    """Lists of bucket numbers as rows of unit length, shape (texts, FEATURES)."""
    lists = words.combine_chunks() if isinstance(words, pa.ChunkedArray) else words
    if isinstance(lists, pa.ChunkedArray):
        lists = pa.concat_arrays(lists.chunks)
    indices, ends = lists.flatten().to_numpy(), np.cumsum(np.r_[0, lists.value_lengths().to_numpy()])
    return _unit(sparse.csr_matrix((np.ones(len(indices), np.float32), indices, ends), shape=(len(lists), FEATURES)))


class Voices:
    """The kernel that tells which of several voices each exchange sounds most like, and how much; nothing where it is none."""

    def __init__(self, weights: F32, intercepts: F32, key: Key | None) -> None:
        """Take weights of shape (FEATURES, voices) and intercepts of shape (voices,)."""
        self._weights, self._intercepts, self._key = np.ascontiguousarray(weights), intercepts, key
        self._known = weights.any(axis=1)

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`VOICES` of one batch: of the exchanges that sound more like a voice than like anybody else."""
        words = _words(batch, self._key)
        said = weighed(words.indptr, words.indices, self._known, self._weights) + self._intercepts
        voice = said.argmax(axis=1)
        loudest = said[np.arange(len(said)), voice]
        heard = np.flatnonzero(loudest > 0.0)
        draws = hash_strings(batch.column("exchange_id").take(pa.array(heard)))
        columns = [
            pa.array(draws),
            pa.array(voice[heard].astype(np.int16)),
            pa.array(loudest[heard].astype(np.float32)),
        ]
        return pa.record_batch(columns, schema=VOICES)


def sound(engine: Engine, traffic: Traffic, voices: Voices) -> ir.Table:
    """How exchanges sound, as `VOICES`."""
    return engine.map("voices", narrowed(traffic.exchange_parts(), _READ), _read, voices, VOICES)


def _read(part: Part) -> Iterator[pa.RecordBatch]:
    return read_part(part, Quarantine())


def _words(batch: pa.RecordBatch, key: Key | None) -> sparse.csr_matrix:
    """Which buckets each row's prompt and system prompt hold, shape (rows, FEATURES)."""
    prompts = _bags(batch.column("prompt"), 0, key)
    systems = distinct_texts(batch.column("system"))
    # an empty text stands last, where the row -1 of an unknown system prompt finds it
    texts = pa.concat_arrays([systems.texts, pa.array([""], systems.texts.type)])
    both: sparse.csr_matrix = sparse.hstack([prompts, _bags(texts, 1, key)[systems.rows]], format="csr")
    return both


def _bags(texts: pa.Array, salt: int, key: Key | None) -> sparse.csr_matrix:
    buckets, ends = bucket_rows(keyed(tokenize(texts), key), salt)
    return sparse.csr_matrix((np.ones(len(buckets), np.float32), buckets, ends), shape=(len(ends) - 1, BUCKETS))


def _unit(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    """The same rows, each of unit length."""
    held = np.diff(rows.indptr)
    scaled = rows.copy()
    scaled.data = np.repeat(1.0 / np.sqrt(np.maximum(held, 1)), held).astype(np.float32)
    return scaled
