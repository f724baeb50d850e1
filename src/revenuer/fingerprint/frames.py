"""Frames: the constant parts of prompts whose slots vary, mined from the traffic itself.

Shingles that many texts hold, in runs, are sketched and grouped; what most texts of a group share is the *core* of a
frame; a text is an instance of the frame if it contains most of the core. Mining reads a sample of fixed size, so its
cost does not grow with the traffic; matching reads everything once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from revenuer.text.breadth import account_bits, broad_parts, either, spread
from revenuer.text.keyed import Key, keyed
from revenuer.text.match import TOKEN_BITS, Index, build_index, count_tokens, match, token_weights
from revenuer.text.minhash import group_sketches, set_signatures, sketches
from revenuer.text.own import count_own, empty_own, own_shingles
from revenuer.text.shingles import add_tables, count_documents, empty_table, frequent_shingles, shared_shingles
from revenuer.text.tokens import I64, U64, Tokens, hash_strings, take, tokenize

__all__ = [
    "FIELDS",
    "SAMPLE",
    "SKETCHES",
    "Census",
    "FrameLibrary",
    "Frequencies",
    "census_of",
    "distinct_texts",
    "empty_libraries",
    "extended",
    "library_of",
    "mine",
    "sampled",
    "sketch_batch",
    "unframed",
]

# How many exchanges mining reads. At twelve texts of a million, a frame is found from 12 exchanges in a million on.
SAMPLE: Final = 1_000_000
LEAST_TEXTS: Final = 12
LEAST_RUN: Final = 3
# What fewer accounts share cannot be a campaign's, which has five owners at least.
LEAST_ACCOUNTS: Final = 5
# A group smaller than this is a coincidence of common phrases.
LEAST_GROUP: Final = 8
JACCARD: Final = 0.6
SAME_CORE: Final = 0.7
IN_CORE: Final = 0.6
GROUP_TEXTS: Final = 48
MOST_FRAMES: Final = 60_000

FIELDS: Final = ("prompt", "system")
SKETCHES: Final = pa.schema(
    [
        ("field", pa.int8()),
        ("copies", pa.int64()),
        ("accounts", pa.int64()),
        ("shingles", pa.list_(pa.int64())),
    ]
)


@dataclass(slots=True)
class Frequencies:
    """How many texts of the sample hold each shingle and each token; folded over the sample.

    Attributes:
        shingles: one table a field, from `empty_table`.
        tokens: shape (2**TOKEN_BITS,), uint32, of the prompts.
        own: how many prompts of an account hold a shingle, from `empty_own`.
        texts: prompts counted.
    """

    shingles: tuple[npt.NDArray[np.uint8], ...]
    tokens: npt.NDArray[np.uint32]
    own: npt.NDArray[np.uint8]
    texts: int

    @classmethod
    def zero(cls) -> Frequencies:
        """No text counted yet."""
        return cls(tuple(empty_table() for _ in FIELDS), np.zeros(1 << TOKEN_BITS, np.uint32), empty_own(), 0)

    def __add__(self, other: Frequencies) -> Frequencies:
        tables = tuple(add_tables(a, b) for a, b in zip(self.shingles, other.shingles, strict=True))
        own = add_tables(self.own, other.own)
        return Frequencies(tables, self.tokens + other.tokens, own, self.texts + other.texts)


class Census(NamedTuple):
    """Distinct texts of a column and the row each stands for.

    Attributes:
        texts: the distinct values, nulls left out.
        rows: shape (rows,), int64: index into `texts`, -1 for null.
        copies: shape (texts,), int64: how many rows hold each.
    """

    texts: pa.Array
    rows: I64
    copies: I64


@dataclass(frozen=True, slots=True)
class FrameLibrary:
    """The frames of one field.

    Attributes:
        ids: shape (frames,), int64; a frame's id is a function of its core alone.
        cores: the shingles of each frame's core.
        index: the cores, findable by shingle.
        weights: token weights for content sketches.
        own: what accounts say in all their texts, from `own_shingles`; empty where that was not counted.
    """

    ids: I64
    cores: Tokens
    index: Index
    weights: npt.NDArray[np.float32]
    own: npt.NDArray[np.uint8]


def sampled(batch: pa.RecordBatch, share: float) -> pa.RecordBatch:
    """The rows whose id hashes into the first `share` of the range: the same rows on every engine and every run."""
    if share >= 1.0:
        return batch
    hashes = hash_strings(batch.column("exchange_id")).view(np.uint64)
    return batch.filter(pa.array(hashes < np.uint64(share * 2.0**64)))


def distinct_texts(column: pa.Array) -> Census:
    """Distinct texts of a column that repeats itself, as system prompts do."""
    coded = column.dictionary_encode()
    rows = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    copies = np.bincount(rows[rows >= 0], minlength=len(coded.dictionary)).astype(np.int64)
    return Census(coded.dictionary, rows, copies)


def census_of(batch: pa.RecordBatch, state: Frequencies, key: Key | None = None) -> None:
    """Fold a sampled batch into the frequencies, its hashes under a key if there is one."""
    prompts = keyed(tokenize(batch.column("prompt")), key)
    count_documents(prompts, state.shingles[0])
    count_tokens(prompts, state.tokens)
    count_own(prompts, hash_strings(batch.column("account_id")), state.own)
    state.texts += batch.num_rows
    systems = distinct_texts(batch.column("system"))
    count_documents(keyed(tokenize(systems.texts), key), state.shingles[1], systems.copies)


def sketch_batch(batch: pa.RecordBatch, frequencies: Frequencies, key: Key | None = None) -> pa.RecordBatch:
    """The distinct sets of frequent shingles of a sampled batch, with their sketches, as `SKETCHES`."""
    systems = distinct_texts(batch.column("system"))
    prompts = keyed(tokenize(batch.column("prompt")), key)
    ones = np.ones(batch.num_rows, np.int64)
    bits = account_bits(hash_strings(batch.column("account_id")))
    of_systems = either(bits, systems.rows, len(systems.copies))
    parts = [
        _sketch_field(0, prompts, ones, bits, frequencies.shingles[0]),
        _sketch_field(1, keyed(tokenize(systems.texts), key), systems.copies, of_systems, frequencies.shingles[1]),
    ]
    return pa.concat_batches(parts)


def _sketch_field(
    field: int, tokens: Tokens, copies: I64, accounts: U64, table: npt.NDArray[np.uint8]
) -> pa.RecordBatch:
    frequent = frequent_shingles(tokens, table, least=LEAST_TEXTS, run=LEAST_RUN)
    signatures = set_signatures(frequent)
    kept, first, inverse = np.unique(signatures, return_index=True, return_inverse=True)
    total = np.bincount(inverse, weights=copies, minlength=len(kept)).astype(np.int64)
    by = either(accounts, inverse, len(kept))
    held = kept != 0
    sets = take(frequent, first[held])
    return pa.record_batch(
        [
            pa.array(np.full(len(sets.offsets) - 1, field, np.int8)),
            pa.array(total[held]),
            pa.array(by[held].view(np.int64)),
            pa.ListArray.from_arrays(pa.array(sets.offsets.astype(np.int32)), pa.array(sets.hashes.view(np.int64))),
        ],
        schema=SKETCHES,
    )


def mine(rows: pa.Table, frequencies: Frequencies) -> dict[str, FrameLibrary]:
    """Group the sketches of the sample into frames, one library for each of `FIELDS`.

    Args:
        rows: `SKETCHES`, from all batches.
        frequencies: of the whole sample.
    """
    weights, own = token_weights(frequencies.tokens, frequencies.texts), own_shingles(frequencies.own)
    libraries = {}
    for code, field in enumerate(FIELDS):
        chosen = rows.filter(pc.equal(rows["field"], code))
        libraries[field] = library_of(_cores(chosen), weights, own)
    return libraries


def library_of(cores: Tokens, weights: npt.NDArray[np.float32], own: npt.NDArray[np.uint8]) -> FrameLibrary:
    """The library of these cores."""
    return FrameLibrary(set_signatures(cores).view(np.int64), cores, build_index(cores), weights, own)


def unframed(batch: pa.RecordBatch, libraries: dict[str, FrameLibrary], key: Key | None = None) -> pa.RecordBatch:
    """The batch without the prompts and system prompts that are instances of a known frame: null in their place."""
    columns = {name: batch.column(name) for name in batch.schema.names}
    for field in FIELDS:
        known = distinct_texts(columns[field])
        frames = match(keyed(tokenize(known.texts), key), libraries[field].index, libraries[field].weights).frame
        framed = np.r_[frames >= 0, False][known.rows]
        columns[field] = pc.if_else(pa.array(framed), pa.scalar(None, columns[field].type), columns[field])
    return pa.record_batch(list(columns.values()), schema=batch.schema)


def extended(library: FrameLibrary, cores: Tokens) -> FrameLibrary:
    """The library with those of the cores that are none of its own behind its own."""
    old = len(library.ids)
    both = Tokens(
        np.concatenate([library.cores.hashes, cores.hashes]),
        np.concatenate([library.cores.offsets, cores.offsets[1:] + library.cores.offsets[-1]]),
    )
    leads = group_sketches(sketches(both), threshold=SAME_CORE)
    place = np.arange(len(leads))
    held = place[(place < old) | (leads == place)][: max(MOST_FRAMES, old)]
    return library_of(take(both, held), library.weights, library.own) if len(held) > old else library


def empty_libraries() -> dict[str, FrameLibrary]:
    """Libraries without a frame, of traffic whose text is not read."""
    none = Tokens(np.zeros(0, np.uint64), np.zeros(1, np.int64))
    return {field: library_of(none, np.zeros(1 << TOKEN_BITS, np.float32), np.zeros(0, np.uint8)) for field in FIELDS}


def _cores(rows: pa.Table) -> Tokens:
    """The cores of the frames of one field, most frequent first."""
    if rows.num_rows == 0:
        return Tokens(np.zeros(0, np.uint64), np.zeros(1, np.int64))
    sets = _sets(rows["shingles"])
    sets = broad_parts(
        sets, spread(sets, rows["accounts"].to_numpy().view(np.uint64)), least=LEAST_ACCOUNTS, run=LEAST_RUN
    )
    signatures, first, copies = _distinct_sets(sets, rows["copies"].to_numpy())
    order = np.lexsort((signatures, -copies))
    leaders = np.empty(len(order), np.int64)
    leaders[order] = order[group_sketches(sketches(take(sets, first[order])), threshold=JACCARD)]
    cores, weight = _shared_by_most(leaders, copies, sets, first, order)
    ranked = np.lexsort((set_signatures(cores), -weight))[:MOST_FRAMES]
    cores = take(cores, ranked)
    leads = group_sketches(sketches(cores), threshold=SAME_CORE)
    return take(cores, np.flatnonzero(leads == np.arange(len(leads))))


def _distinct_sets(sets: Tokens, copies: I64) -> tuple[I64, I64, I64]:
    """One entry a set: its signature, a row that has it, copies over all rows."""
    signatures, first, inverse = np.unique(set_signatures(sets).view(np.int64), return_index=True, return_inverse=True)
    return signatures, first, np.bincount(inverse, weights=copies).astype(np.int64)


def _sets(column: pa.ChunkedArray) -> Tokens:
    """Lists of shingles as sets; they are the largest thing that mining holds, so that they are copied once at the most."""
    lists = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    if isinstance(lists, pa.ChunkedArray):
        lists = lists.chunk(0)
    return Tokens(lists.values.to_numpy().view(np.uint64), lists.offsets.to_numpy().astype(np.int64))


def _shared_by_most(leaders: I64, copies: I64, sets: Tokens, rows: I64, order: I64) -> tuple[Tokens, I64]:
    """The shingles that `IN_CORE` of each group's texts hold, groups of fewer than `LEAST_GROUP` left out.

    Args:
        leaders: of the group of each text, shape (texts,).
        copies: how often each text occurs, shape (texts,).
        sets: shingles.
        rows: which of the sets is that of each text, shape (texts,).
        order: of the texts, most important first.

    Returns:
        the cores, and the weight of each: texts of its group.
    """
    size = np.bincount(leaders, weights=copies, minlength=len(leaders))
    members = order[size[leaders[order]] >= LEAST_GROUP]
    members = members[_rank_within(leaders[members]) < GROUP_TEXTS]
    members = members[np.argsort(leaders[members], kind="stable")]
    names, first = np.unique(leaders[members], return_index=True)
    cores = shared_shingles(take(sets, rows[members]), copies[members], np.r_[first, len(members)], IN_CORE)
    enough = np.flatnonzero(np.diff(cores.offsets) >= LEAST_RUN)
    return take(cores, enough), size[names[enough]].astype(np.int64)


def _starts(*columns: npt.NDArray[np.generic]) -> I64:
    """Where a new run of equal rows begins, over columns of one length; no rows have no runs."""
    changed = np.ones(len(columns[0]), np.bool_)
    if len(changed):
        changed[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return np.flatnonzero(changed)


def _rank_within(groups: I64) -> I64:
    """The place of each element among those of its group, in the order given."""
    at = np.argsort(groups, kind="stable")
    ordered = groups[at]
    starts = _starts(ordered)
    lengths = np.diff(np.r_[starts, len(ordered)])
    rank = np.empty(len(groups), np.int64)
    rank[at] = np.arange(len(groups)) - np.repeat(starts, lengths)
    return rank
