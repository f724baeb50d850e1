"""Fingerprints of requests whose text is not read: the form of a request for its template, its size for its content.

A harvester's harness sends everything with one client, one limit and one temperature; that form of a request is what
its accounts have in common, and a weak tie, since honest clients have forms too. What fills the form is known by its
size alone: sizes become points on a few random circles (random Fourier features: Rahimi and Recht 2007, "Random
features for large-scale kernel machines"), so that the cosine of two sketches falls from 1 for equal sizes to about 0
for sizes that have nothing to do with each other, and the tests of exchangeability run on them as on sketches of text.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from revenuer.fingerprint.exchange import binary, facts, fingerprints
from revenuer.schema import CAPABILITIES
from revenuer.text.match import SKETCH_UNIT, SKETCH_WIDTH
from revenuer.text.tokens import I64

__all__ = ["SIZES", "metadata_fingerprints", "size_sketches"]

F64 = npt.NDArray[np.float64]

# What is known of the content of a request without its text.
SIZES: Final = ("input_tokens", "output_tokens", "images")
# Natural logarithm of the ratio of two sizes at which they are no longer alike: five to three.
BANDWIDTH: Final = 0.5
_OTHER: Final = CAPABILITIES.index("other")
_PRIME: Final = np.int64(31)


def _frequencies() -> F64:
    """Shape (SIZES, circles): how fast each size goes round each circle; the same for every scan."""
    return np.random.default_rng(0x517E).normal(size=(len(SIZES), SKETCH_WIDTH // 2)) / BANDWIDTH


_FREQUENCIES: Final = _frequencies()


def metadata_fingerprints(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The kernel that turns batches of `schema.EXCHANGES` into `FINGERPRINTS` without looking at a text.

    Frames, system prompts and items are 0, none is known; scores of the text are null, unknown; the capability is
    `other`. `manner` is the form of the request and `sketch` stands for its sizes.
    """
    columns = facts(batch)
    none, unknown = pa.array(np.zeros(len(batch), np.int64)), pa.nulls(len(batch), pa.float32())
    columns |= dict.fromkeys(("prompt_frame", "system_frame", "system_text", "item", "free"), none)
    columns |= dict.fromkeys(("extraction", "elicitation"), unknown)
    columns |= dict.fromkeys(("exemplar", "system_exemplar"), pa.nulls(len(batch), pa.string()))
    columns |= dict.fromkeys(("capability", "served", "second"), pa.array(np.full(len(batch), _OTHER, np.int8)))
    columns |= dict.fromkeys(("served_votes", "second_votes"), pa.array(np.zeros(len(batch), np.int8)))
    columns["holds"] = pa.nulls(len(batch), pa.int32())
    columns["manner"] = pa.array(_forms(columns))
    columns["sketch"] = binary(size_sketches(columns))
    return fingerprints(columns)


def _forms(columns: dict[str, pa.Array]) -> I64:
    """Client, sampling settings and tools of a request as one hash; 0 where the client is not known."""
    client = columns["client"].to_numpy()
    tools = pc.fill_null(columns["tools"], -1).to_numpy().astype(np.int64)
    return np.where(client != 0, (columns["settings"].to_numpy() * _PRIME + client) * _PRIME + tools + 2, 0)


def size_sketches(columns: dict[str, pa.Array]) -> npt.NDArray[np.int8]:
    """Sketches of the sizes of requests, shape (rows, SKETCH_WIDTH), of unit length x 127.

    Args:
        columns: `SIZES`, numbers of each request; one that is not known counts as 0, for all requests alike where a
            source does not have it.
    """
    logs = [np.log1p(pc.fill_null(columns[name], 0).to_numpy().astype(np.float64)) for name in SIZES]
    # summed by hand: a product of matrices may round otherwise in a batch of another size
    turned = sum((log[:, None] * row for log, row in zip(logs, _FREQUENCIES, strict=True)), np.zeros((1, 1)))
    points = np.concatenate([np.cos(turned), np.sin(turned)], axis=1) / np.sqrt(SKETCH_WIDTH / 2)
    sketches: npt.NDArray[np.int8] = np.rint(SKETCH_UNIT * points).astype(np.int8)
    return sketches
