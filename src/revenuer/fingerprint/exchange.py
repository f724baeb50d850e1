"""One exchange to one fingerprint: everything later steps use, and no text but one exemplar a frame and batch.

Identifiers become 64-bit hashes (0 for "not known"), prompts become frame, item, sketch and scores. What a fingerprint
holds is enough for behaviour, linkage and campaigns, so prompts need not be kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from revenuer.fingerprint.capability import STRUCTURE, CapabilityModel
from revenuer.fingerprint.elicitation import asked_elicitation
from revenuer.fingerprint.frames import FrameLibrary, distinct_texts
from revenuer.fingerprint.votes import votes
from revenuer.text.keyed import Key, keyed, keyed_hashes
from revenuer.text.match import SKETCH_WIDTH, Matches, match
from revenuer.text.networks import hash_networks
from revenuer.text.slots import slot_tokens
from revenuer.text.tokens import HEAD_BYTES, I64, TAIL_BYTES, Tokens, hash_strings, take, tokenize

__all__ = [
    "EXEMPLAR_CHARACTERS",
    "FINGERPRINTS",
    "SYSTEM_TOKENS",
    "Fingerprinter",
    "binary",
    "facts",
    "fingerprints",
    "replayed",
    "structure",
    "wordless",
]

# The model reads the head of a system prompt: what it asks for stands there, its bulk is reference.
SYSTEM_TOKENS: Final = 192
EXEMPLAR_CHARACTERS: Final = 4_000
# Text score from which a task without a frame is taken for one.
BARE_TASK: Final = 0.55
LEAST_SLOT: Final = 6  # tokens; fewer say nothing of a task
# Characters to a token on average, from which a text is no words: of 114,000 public prompts three have as many.
LONGEST_WORD: Final = 20

FINGERPRINTS: Final = pa.schema(
    [
        ("exchange_id", pa.string()),
        ("draw", pa.int64()),
        ("ts", pa.timestamp("us", tz="UTC")),
        ("account_id", pa.string()),
        ("account", pa.int64()),
        ("org", pa.int64()),
        ("credential", pa.int64()),
        ("end_user", pa.int64()),
        ("session", pa.int64()),
        ("turn", pa.int32()),
        ("pathway", pa.string()),
        ("model", pa.string()),
        ("ip", pa.int64()),
        ("net", pa.int64()),
        ("client", pa.int64()),
        ("settings", pa.int64()),
        ("system_text", pa.int64()),
        ("system_frame", pa.int64()),
        ("prompt_frame", pa.int64()),
        ("manner", pa.int64()),
        ("item", pa.int64()),
        ("free", pa.int32()),
        ("sketch", pa.binary()),
        ("prompt_bytes", pa.int32()),
        ("input_tokens", pa.int32()),
        ("output_tokens", pa.int32()),
        ("tools", pa.int32()),
        ("images", pa.int32()),
        ("thinking", pa.bool_()),
        ("status", pa.string()),
        ("capability", pa.int8()),
        ("holds", pa.int32()),  # a bit for each capability that the text asks for; null: not read
        ("served", pa.int8()),
        ("served_votes", pa.int8()),
        ("second", pa.int8()),
        ("second_votes", pa.int8()),
        ("extraction", pa.float32()),
        ("elicitation", pa.float32()),
        ("issued", pa.int64()),
        ("refs", pa.list_(pa.int64())),
        ("exemplar", pa.string()),
        ("system_exemplar", pa.string()),
    ]
)

_KEPT: Final = (
    "exchange_id",
    "ts",
    "account_id",
    "turn",
    "pathway",
    "model",
    "input_tokens",
    "output_tokens",
    "tools",
    "images",
    "thinking",
    "status",
)


@dataclass(frozen=True, slots=True)
class Fingerprinter:
    """The kernel that turns batches of `schema.EXCHANGES` into `FINGERPRINTS`.

    Attributes:
        prompts: frames of prompts, mined under `key`; `systems` likewise of system prompts.
        model: scores the text.
        key: under which all hashes of text stand; None: under none.
        exemplars: whether a text of each frame is kept, to be shown with its slots masked.
    """

    prompts: FrameLibrary
    systems: FrameLibrary
    model: CapabilityModel
    key: Key | None = None
    exemplars: bool = True

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Fingerprint one batch."""
        columns = facts(batch)
        columns |= self._text(batch, columns["draw"].to_numpy(), columns["account"].to_numpy())
        columns["manner"] = pa.array(_manner(columns))
        return fingerprints(columns)

    def _text(self, batch: pa.RecordBatch, draws: I64, accounts: I64) -> dict[str, pa.Array]:
        prompts = tokenize(batch.column("prompt"))
        library = self.prompts
        found = match(keyed(prompts, self.key), library.index, library.weights, accounts=accounts, own=library.own)
        systems = distinct_texts(batch.column("system"))
        system_tokens = tokenize(systems.texts)
        of_system = match(keyed(system_tokens, self.key), self.systems.index, self.systems.weights)
        heads = take(system_tokens, systems.rows, most=SYSTEM_TOKENS)
        kinds = structure(batch)
        scores = self.model.score(prompts, heads, kinds, wordless(batch, prompts))
        asked = asked_elicitation(self.model, batch.column("prompt"), scores.elicitation, heads)
        frames = _names(found.frame, self.prompts.ids)
        system_frames = _spread(_names(of_system.frame, self.systems.ids), systems.rows)
        return {
            "prompt_frame": pa.array(frames),
            "system_frame": pa.array(system_frames),
            "system_text": pa.array(_spread(keyed_hashes(hash_strings(systems.texts), self.key), systems.rows)),
            "item": pa.array(found.item.view(np.int64)),
            "free": pa.array(found.free),
            "sketch": binary(found.sketch),
            "capability": pa.array(scores.probabilities.argmax(axis=1).astype(np.int8)),
            "holds": pa.array(_bits(replace(scores, elicitation=asked).holding())),
            **self._votes(prompts, found, kinds, scores.logits, replayed(batch)),
            "extraction": pa.array(scores.extraction),
            "elicitation": pa.array(asked),
            "exemplar": self._exemplars(batch.column("prompt"), frames, draws),
            "system_exemplar": self._exemplars(batch.column("system"), system_frames, draws),
        }

    def _votes(
        self,
        prompts: Tokens,
        found: Matches,
        kinds: npt.NDArray[np.float32],
        logits: npt.NDArray[np.float32],
        again: npt.NDArray[np.bool_],
    ) -> dict[str, pa.Array]:
        filled = np.flatnonzero((found.frame >= 0) & (found.free >= LEAST_SLOT))
        empty = Tokens(np.zeros(0, np.uint64), np.zeros(len(filled) + 1, np.int64))
        of_slots = np.zeros_like(logits)
        of_slots[filled], _ = self.model.judge(slot_tokens(prompts, found.inside, filled), empty, kinds[filled])
        cast = votes(logits, of_slots, again)
        return {name: pa.array(column) for name, column in cast._asdict().items()}

    def _exemplars(self, texts: pa.Array, frames: I64, draws: I64) -> pa.Array:
        return _exemplars(texts, frames, draws) if self.exemplars else pa.nulls(len(texts), pa.string())


def facts(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    """The columns of `FINGERPRINTS` that owe nothing to the text of a request."""
    return {name: batch.column(name) for name in _KEPT} | _identifiers(batch)


def fingerprints(columns: dict[str, pa.Array]) -> pa.RecordBatch:
    """The columns as a batch of `FINGERPRINTS`."""
    return pa.record_batch([columns[field.name].cast(field.type) for field in FINGERPRINTS], schema=FINGERPRINTS)


def _identifiers(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    refs = batch.column("reasoning_refs")
    hashed = pa.array(hash_strings(refs.flatten()))
    lengths = pc.fill_null(pc.list_value_length(refs), 0).to_numpy(zero_copy_only=False)
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
    client = hash_strings(batch.column("user_agent")) * np.int64(31) + hash_strings(batch.column("tls_fingerprint"))
    return {
        "draw": pa.array(hash_strings(batch.column("exchange_id"))),
        "account": pa.array(hash_strings(batch.column("account_id"))),
        "org": pa.array(hash_strings(batch.column("org_id"))),
        "credential": pa.array(hash_strings(batch.column("credential_id"))),
        "end_user": pa.array(hash_strings(batch.column("end_user_id"))),
        "session": pa.array(hash_strings(batch.column("session_id"))),
        "ip": pa.array(hash_strings(batch.column("ip"))),
        "net": pa.array(hash_networks(batch.column("ip"))),
        "client": pa.array(client),
        "settings": pa.array(_settings(batch)),
        "prompt_bytes": pc.binary_length(batch.column("prompt")),
        "issued": pa.array(hash_strings(batch.column("reasoning_issued"))),
        "refs": pa.ListArray.from_arrays(offsets, hashed),
    }


def _manner(columns: dict[str, pa.Array]) -> I64:
    """How a bare task is put: by which client, with which settings, for which capability; 0 for everything else.

    Instruction sets are harvested item by item without any frame around them. What such requests have in common is the
    harness that sends them. Only openings that read like an extraction task count: a manner is a weak tie, and the
    population's rate of it says how weak.
    """
    turn = pc.fill_null(columns["turn"], 0).to_numpy(zero_copy_only=False)
    bare = (columns["prompt_frame"].to_numpy() == 0) & (columns["system_text"].to_numpy() == 0) & (turn == 0)
    task = columns["extraction"].to_numpy() >= BARE_TASK
    mixed = columns["settings"].to_numpy() * np.int64(31) + columns["client"].to_numpy()
    mixed = mixed * np.int64(31) + columns["served"].to_numpy().astype(np.int64) + 1
    return np.where(bare & task & (columns["client"].to_numpy() != 0), mixed, 0)


def _settings(batch: pa.RecordBatch) -> I64:
    """A hash of the sampling settings a request chose; alike settings of many accounts are a weak tie."""
    words = [pc.cast(batch.column(name), pa.string()) for name in ("temperature", "max_tokens", "thinking")]
    return hash_strings(pc.binary_join_element_wise(*words, "|", null_handling="replace", null_replacement=""))


def structure(batch: pa.RecordBatch) -> npt.NDArray[np.float32]:
    """The model's structural columns, shape (rows, len(STRUCTURE)); NaN where not known."""
    columns = [
        pc.cast(batch.column(name), pa.float32(), safe=False).to_numpy(zero_copy_only=False).astype(np.float32)
        for name in STRUCTURE
    ]
    return np.stack(columns, axis=1)


def _bits(held: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Each row of flags as one number: bit i is column i."""
    return held @ (np.int32(1) << np.arange(held.shape[1], dtype=np.int32))


def replayed(batch: pa.RecordBatch) -> npt.NDArray[np.bool_]:
    """Whether a request opens a conversation and yet sends a reasoning block back; agents at work do, within a turn."""
    lengths = pc.fill_null(pc.list_value_length(batch.column("reasoning_refs")), 0).to_numpy(zero_copy_only=False)
    turn = pc.fill_null(batch.column("turn"), 1).to_numpy(zero_copy_only=False)
    tools = pc.fill_null(batch.column("tools"), 0).to_numpy(zero_copy_only=False)
    replayed: npt.NDArray[np.bool_] = (lengths > 0) & (turn == 0) & (tools == 0)
    return replayed


def wordless(batch: pa.RecordBatch, prompts: Tokens) -> npt.NDArray[np.bool_]:
    """Which exchanges hold no words: nothing at all, or marks, or strings such as base64, hashes and keys.

    Shape (rows,). Where a system prompt, tools or images come along the request may be about those, and is left alone.
    """
    tokens = np.diff(prompts.offsets)
    read = np.minimum(pc.fill_null(pc.utf8_length(batch.column("prompt")), 0).to_numpy(), HEAD_BYTES + TAIL_BYTES)
    alone = pc.fill_null(pc.binary_length(batch.column("system")), 0).to_numpy() == 0
    for name in ("tools", "images"):
        alone &= pc.fill_null(batch.column(name), 0).to_numpy() == 0
    found: npt.NDArray[np.bool_] = alone & (read >= LONGEST_WORD * tokens)
    return found


def _names(indices: npt.NDArray[np.int32], ids: I64) -> I64:
    """Frame ids from frame indices; 0 for none."""
    return np.concatenate([ids, np.zeros(1, np.int64)])[indices]


def _spread(values: I64, rows: I64) -> I64:
    """The value of each row's distinct text; 0 where the row has none."""
    return np.concatenate([values, np.zeros(1, np.int64)])[rows]


def binary(sketch: npt.NDArray[np.int8]) -> pa.Array:
    """Content sketches, shape (rows, SKETCH_WIDTH), as the column `sketch`."""
    offsets = np.arange(len(sketch) + 1, dtype=np.int32) * SKETCH_WIDTH
    buffers = [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(np.ascontiguousarray(sketch).tobytes())]
    return pa.Array.from_buffers(pa.binary(), len(sketch), buffers)


def _exemplars(texts: pa.Array, frames: I64, draws: I64) -> pa.Array:
    """The text itself at the row of each frame that has the least draw in the batch, null elsewhere.

    The least over all batches is then the same however the traffic is cut into batches.
    """
    framed = np.flatnonzero(frames)
    order = framed[np.lexsort((draws[framed], frames[framed]))]
    _, first = np.unique(frames[order], return_index=True)
    chosen = order[first]
    place = np.full(len(frames), -1)
    place[chosen] = np.arange(len(chosen))
    shown = pc.utf8_slice_codeunits(texts.take(pa.array(chosen)), 0, EXEMPLAR_CHARACTERS)
    return shown.take(pa.array(place, mask=place < 0))
