"""Models that have not seen what they are tested on: whole sources, or whole templates, are left out in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.fingerprint.capability import CapabilityModel, Scores
from revenuer.fingerprint.frames import Frequencies, census_of, mine, sketch_batch
from revenuer.schema import CAPABILITIES
from revenuer.text.match import match
from revenuer.text.ngrams import phrase_hashes
from revenuer.text.tokens import Tokens
from revenuer.training.corpus import trainable
from revenuer.training.train import Data, Recipe, fit_model, fit_rows

__all__ = [
    "Predictions",
    "Round",
    "folds",
    "frames",
    "leave_sources_out",
    "predict",
    "source_rounds",
    "template_rounds",
]

F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Round(NamedTuple):
    """A model, and the rows that it has not seen, shape (rows,)."""

    held: Bools
    model: CapabilityModel


@dataclass(frozen=True, slots=True)
class Predictions:
    """Scores of rows by models that had not seen their source or template; arrays are as long as the rows.

    Attributes:
        logits: shape (rows, capabilities).
        capability: the likeliest.
        extraction: as in `Scores`; `elicitation` likewise.
        round: number of the round that scored the row, the last where several did; -1 where none did.
    """

    logits: F32
    capability: I64
    extraction: F32
    elicitation: F32
    round: I64

    def scores(self, rows: Bools) -> Scores:
        """The scores of some rows."""
        return Scores.from_logits(self.logits[rows], self.elicitation[rows])


def folds(data: Data, n: int) -> list[frozenset[str]]:
    """Sources to leave out together: dealt out class by class, so that a class loses one source at a time.

    Sources whose licence keeps them out of training stand in every fold.
    """
    closed = set(data.sources[~_open(data)])
    out: list[set[str]] = [set(closed) for _ in range(n)]
    named = sorted({(c, s) for c, s in zip(data.labels, data.sources, strict=True) if s not in closed})
    placed: set[str] = set()
    for _, source in named:
        if source not in placed:
            out[len(placed) % n].add(source)
            placed.add(source)
    return [frozenset(fold) for fold in out]


def source_rounds(data: Data, recipe: Recipe, n: int) -> list[Round]:
    """Each source is left out once; those of closed licences always."""
    return [
        Round(np.array([source in fold for source in data.sources]), _model(fit_model(data, recipe, fold)))
        for fold in folds(data, n)
    ]


def template_rounds(data: Data, recipe: Recipe, n: int, seed: int = 0) -> list[Round]:
    """Each template of each source is left out once, while other templates of the source stay in.

    Rows of a source have one template if they are of one frame, or, outside frames, open with the same three tokens.
    Rows of closed licences are neither trained on nor scored.
    """
    frame, trained = frames(data), _open(data)
    wording = np.where(frame >= 0, frame, phrase_hashes(data.prompt).view(np.int64))
    source = np.unique(data.sources.astype(str), return_inverse=True)[1]
    template = np.unique(np.stack([source, frame >= 0, wording]), axis=1, return_inverse=True)[1].ravel()
    turn = np.random.default_rng(seed).permutation(int(template.max()) + 1)[template] % n
    return [Round(trained & (turn == k), _model(fit_rows(data, recipe, trained & (turn != k)))) for k in range(n)]


def frames(data: Data) -> I64:
    """The frame that each row is an instance of, mined from the rows themselves; -1 for none."""
    texts = [data.rows[name].combine_chunks() for name in ("prompt", "system")]
    batch = pa.record_batch([*texts, pa.nulls(len(texts[0]), pa.string())], names=["prompt", "system", "account_id"])
    counted = Frequencies.zero()
    census_of(batch, counted)
    library = mine(pa.Table.from_batches([sketch_batch(batch, counted)]), counted)["prompt"]
    return match(data.prompt, library.index, library.weights).frame.astype(np.int64)


def predict(data: Data, rounds: Sequence[Round], prompt: Tokens | None = None) -> Predictions:
    """Score every row by the model of its round, its text replaced by `prompt` where that is given."""
    n = len(data.rows)
    logits, number = np.zeros((n, len(CAPABILITIES)), np.float32), np.full(n, -1, np.int64)
    extraction, elicitation = np.zeros(n, np.float32), np.zeros(n, np.float32)
    for k, one in enumerate(rounds):
        scores = one.model.score(data.prompt if prompt is None else prompt, data.system)
        for kept, new in ((logits, scores.logits), (extraction, scores.extraction), (elicitation, scores.elicitation)):
            kept[one.held] = new[one.held]
        number[one.held] = k
    return Predictions(logits, logits.argmax(axis=1), extraction, elicitation, number)


def leave_sources_out(data: Data, recipe: Recipe, n: int = 4) -> Predictions:
    """Score every row by a model that was trained without its source; see `source_rounds`."""
    return predict(data, source_rounds(data, recipe, n))


def _open(data: Data) -> Bools:
    pairs = zip(data.rows["source"].to_pylist(), data.rows["licence"].to_pylist(), strict=True)
    return np.array([trainable(source, licence) for source, licence in pairs])


def _model(arrays: dict[str, npt.NDArray[np.generic]]) -> CapabilityModel:
    return CapabilityModel._from_arrays(arrays)  # noqa: SLF001 - the reader of the same file
