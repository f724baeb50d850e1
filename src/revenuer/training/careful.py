"""From rows to the head of the careful model: sentence vectors, fit, and its weight beside the fast model."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import optimize

from revenuer.errors import OutputError
from revenuer.fingerprint.careful import FILE, CarefulModel
from revenuer.fingerprint.encoder import WIDTH, Encoder, encoder, request_vectors
from revenuer.schema import CAPABILITIES
from revenuer.training.figures import groups, label_numbers
from revenuer.training.fit import class_weights, fit
from revenuer.training.leave_out import Predictions, Round, predict, source_rounds
from revenuer.training.train import Data, Recipe, gather, targets

__all__ = ["careful_arrays", "fit_head", "left_out_logits", "mixture", "row_vectors", "train_careful"]

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# How strongly weights are drawn to 0. Tried: 0.05, 0.1, 0.2, 0.4, 1, 3; it hardly matters between 0.05 and 0.4.
RIDGE: Final = 0.1
ITERATIONS: Final = 100
# A sentence vector says what a text is about. Whether it asks for the reasoning as well is a few words of many, which an
# average over words loses: of these three the careful model knows the subject alone, and the fast one tells them apart.
ONE_SUBJECT: Final = [CAPABILITIES.index(name) for name in ("reasoning", "cot_elicitation", "trace_reconstruction")]
FOLDS: Final = 4
# A head of 512 numbers a class needs fewer rows than 15,000 words do, and a vector costs more than a bag of words.
SMALLER: Final = Recipe(per_source=400, per_family=120)
_NAMES: Final = [CAPABILITIES[number] for number in ONE_SUBJECT]


def row_vectors(data: Data, encode: Encoder, prompts: list[str] | None = None) -> F32:
    """Sentence vectors of the rows, shape (rows, WIDTH), their texts replaced by `prompts` where given."""
    told = prompts if prompts is not None else [text or "" for text in data.rows["prompt"].to_pylist()]
    return request_vectors(encode, told, [text or "" for text in data.rows["system"].to_pylist()])


def fit_head(data: Data, vectors: F32, kept: Bools) -> dict[str, npt.NDArray[Any]]:
    """Weights, scale and bias of a head, trained on the rows where `kept`, shape (rows,), is true."""
    truth = targets(data)[kept]
    truth[:, ONE_SUBJECT[0]] = truth[:, ONE_SUBJECT].sum(axis=1)
    truth[:, ONE_SUBJECT[1:]] = 0
    labels = np.where(np.isin(data.labels[kept], _NAMES), _NAMES[0], data.labels[kept])
    shares = class_weights(list(zip(labels, data.sources[kept], strict=True)))
    none, pull = np.zeros((WIDTH, len(CAPABILITIES))), np.full(WIDTH, RIDGE)
    x = vectors[kept].astype(np.float64)
    found, bias = fit(x, truth, shares, none, strength=pull, iterations=ITERATIONS)
    found[:, ONE_SUBJECT], bias[ONE_SUBJECT] = found[:, ONE_SUBJECT[:1]], bias[ONE_SUBJECT[0]]
    scale = np.maximum(np.abs(found).max(axis=0), 1e-9) / 127
    return {
        "weights": np.round(found / scale).astype(np.int8),
        "scale": scale.astype(np.float32),
        "bias": bias.astype(np.float32),
    }


def left_out_logits(data: Data, vectors: F32, rounds: list[Round], tested: F32 | None = None) -> F32:
    """Logits of every row by a head that saw no row of its round; of the vectors `tested` where those are given."""
    logits = np.zeros((len(data.rows), len(CAPABILITIES)), np.float32)
    for one in rounds:
        head = model_of(fit_head(data, vectors, ~one.held))
        logits[one.held] = head.of_vectors((vectors if tested is None else tested)[one.held])
    return logits


def model_of(arrays: dict[str, npt.NDArray[Any]]) -> CarefulModel:
    """A head that was just fitted, alone."""
    return CarefulModel(arrays["weights"], arrays["scale"], arrays["bias"], np.array([0, 1], np.float32))


def mixture(data: Data, fast: Predictions, careful: F32, rows: Bools) -> F32:
    """Shape (2,): what each model's logits weigh, so that the truth of `rows`, left out by both, is most likely.

    Stacking (Wolpert 1992) with two weights. Texts of others and texts from the project's own rules weigh the same.
    """
    kinds, weights = groups(data), np.zeros(len(rows))
    for part in (kinds.public | kinds.labelled, kinds.own):
        chosen = rows & part & (fast.round >= 0)
        if chosen.any():
            shares = class_weights(list(zip(data.labels[chosen], data.sources[chosen], strict=True)))
            weights[chosen] += shares / shares.sum()
    used = np.flatnonzero(weights)
    both = np.stack([fast.logits[used], careful[used]]).astype(np.float64)
    truth, share = label_numbers(data)[used], weights[used]

    def loss(mix: F64) -> float:
        z = np.tensordot(mix, both, axes=1)
        z -= z.max(axis=1, keepdims=True)
        return float(share @ (np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), truth]))

    found = optimize.minimize(loss, np.array([0.8, 0.4]), method="L-BFGS-B", bounds=[(0.0, 3.0)] * 2)
    return np.asarray(found.x, np.float32).round(3)


def careful_arrays(data: Data, recipe: Recipe, encode: Encoder) -> dict[str, npt.NDArray[Any]]:
    """The arrays of the file `careful.npz`: the head of all rows, and the mixture of heads that left sources out."""
    vectors = row_vectors(data, encode)
    rounds = source_rounds(data, recipe, FOLDS)
    everything = np.ones(len(data.rows), bool)
    mix = mixture(data, predict(data, rounds), left_out_logits(data, vectors, rounds), everything)
    return fit_head(data, vectors, everything) | {"mix": mix}


def train_careful(
    corpora: Path | None,
    out: Path,
    seed: int = 0,
    recipe: Recipe = SMALLER,
    *,
    labels: Sequence[Path] = (),
    cache: Path | None = None,
) -> CarefulModel:
    """Train the careful model's head on rows that may be trained on, and write `careful.npz` into the folder `out`.

    Args:
        corpora: as `train.train` takes them; `labels` likewise.
        out: folder of the weights.
        seed: same corpora and same seed give the same bytes.
        recipe: how many rows of each source.
        labels: files of the provider's own labels.
        cache: folder in which vectors outlast the process.

    Raises:
        InputError: corpora or labels cannot be read.
        MissingExtraError: the extra `encoder` is not installed.
        OutputError: `out` cannot be written to.
    """
    encode, packed = encoder(cache), io.BytesIO()
    data = gather(corpora, recipe, seed, labels=labels)
    np.savez_compressed(packed, **careful_arrays(data, recipe, encode))  # type: ignore[arg-type]
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / FILE).write_bytes(packed.getvalue())
    except OSError as error:
        raise OutputError(f"cannot be written: {error}", file=str(out)) from error
    return CarefulModel.load(out)
