"""How good the careful model is on sources that it has never seen: beside the fast one, by itself and fused with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.fingerprint.capability import CapabilityModel
from revenuer.fingerprint.encoder import Encoder, encoder
from revenuer.schema import CAPABILITIES
from revenuer.text.tokens import tokenize
from revenuer.training.calibrate import calibration_figures
from revenuer.training.careful import SMALLER, fit_head, left_out_logits, mixture, model_of, row_vectors
from revenuer.training.figures import f1_figure, groups, label_numbers, macro_f1, with_interval
from revenuer.training.fit import class_weights
from revenuer.training.leave_out import Predictions, Round, folds, frames, predict, source_rounds
from revenuer.training.train import Data, Recipe, fit_model, gather

__all__ = ["frame_numbers", "measure_careful"]

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_FOLDS: Final = 4
_CUT: Final = (5.0, 6.0)  # natural log of the characters that a text is cut to: 150 to 400
_OF_FRAME: Final = 20  # rows that speak for a frame
_LEAST_OF_TEMPLATE: Final = 4
_SHARES: Final = (0.25, 0.5, 1.0)


def measure_careful(corpora: Path, seed: int = 0, *, cache: Path | None = None, curve: bool = True) -> dict[str, Any]:
    """Leave sources out in four rounds, and score their rows with the fast model, the careful one, and both.

    The weights of the two are chosen on the rows of the other rounds: no row had a part in its own figure.

    Args:
        corpora: folder with `extraction.parquet` and `ordinary.parquet`.
        seed: draws rows, cuts and frames.
        cache: folder in which vectors outlast the process.
        curve: whether to train on shares of sources and of families as well.

    Raises:
        InputError: the corpora cannot be read.
        MissingExtraError: the extra `encoder` is not installed.
    """
    recipe = SMALLER
    data, encode = gather(corpora, recipe, seed, allowed_only=False), encoder(cache)
    vectors, rounds = row_vectors(data, encode), source_rounds(data, recipe, _FOLDS)
    fast, careful = predict(data, rounds), left_out_logits(data, vectors, rounds)
    fused, mixes = _fused(data, fast, careful, fast, careful)
    frame = frame_numbers(data, seed)
    found = {"fast": fast, "careful": _with_logits(fast, careful), "fused": fused}
    result = {
        "rows": len(data.rows),
        "frames": len(np.unique(frame)),
        "mixture": mixture(data, fast, careful, np.ones(len(data.rows), bool)).tolist(),
        "mixture_of_each_round": [mix.tolist() for mix in mixes],
        "natural": {name: _figures(data, one, frame) for name, one in found.items()},
        "cut": _cut_figures(data, encode, seed, fitted=(vectors, rounds, fast, careful), frame=frame),
        "calibration": calibration_figures(data, fused),
        "classes": {name: _classes(data, one) for name, one in found.items()},
    }
    return result | ({"curve": _curve(data, vectors, recipe, seed)} if curve else {})


def _with_logits(found: Predictions, logits: F32) -> Predictions:
    """The same rounds with other logits."""
    return replace(found, logits=logits, capability=logits.argmax(axis=1))


def frame_numbers(data: Data, seed: int) -> I64:
    """The frame of each row, shape (rows,): up to 20 rows of one source that share capability and template.

    The template is the frame mined from the rows themselves where there is one, else the opening of the system prompt;
    rows without either are pooled with others of their source, as bare tasks of one queue are.
    """
    mined = frames(data)
    systems = [(text or "")[:200] for text in data.rows["system"].to_pylist()]
    keys = [
        f"{source}|{label}|{f'frame {frame}' if frame >= 0 else system}"
        for source, label, frame, system in zip(data.sources, data.labels, mined, systems, strict=True)
    ]
    group = np.unique(keys, return_inverse=True)[1]
    order = np.lexsort((np.random.default_rng(seed).permutation(len(keys)), group))
    starts = np.r_[0, np.cumsum(np.bincount(group))][:-1]
    rank = np.empty(len(keys), np.int64)
    rank[order] = np.arange(len(keys)) - starts[group[order]]
    return np.unique(np.stack([group, rank // _OF_FRAME]), axis=1, return_inverse=True)[1].ravel()


def _fused(
    data: Data, fast: Predictions, careful: F32, tested: Predictions, tested_careful: F32
) -> tuple[Predictions, list[F32]]:
    """Both models together on the logits `tested`, the mixture of each round learnt from the others."""
    logits, mixes = np.zeros_like(careful), []
    for number in range(int(fast.round.max()) + 1):
        mix, rows = mixture(data, fast, careful, fast.round != number), fast.round == number
        logits[rows] = mix[0] * tested.logits[rows] + mix[1] * tested_careful[rows]
        mixes.append(mix)
    return _with_logits(tested, logits), mixes


def _figures(data: Data, found: Predictions, frame: I64) -> dict[str, Any]:
    kinds = groups(data)
    parts = {"public": kinds.public, "own": kinds.own}
    return {
        "per_exchange": {name: f1_figure(data, found, rows) for name, rows in parts.items()},
        "per_frame": {name: _of_frames(data, found, rows, frame) for name, rows in parts.items()},
        "per_template": {
            name: _of_frames(data, found, rows & _templated(data, frame), frame) for name, rows in parts.items()
        },
    }


def _templated(data: Data, frame: I64) -> Bools:
    """Rows of a mined frame of which there are several: rows pooled by their source alone stand aside."""
    several: Bools = (frames(data) >= 0) & (np.bincount(frame)[frame] >= _LEAST_OF_TEMPLATE)
    return several


def _of_frames(data: Data, found: Predictions, rows: Bools, frame: I64) -> dict[str, Any]:
    """Macro-F1 over frames, each named by the mean of the logits of its rows; intervals over sources."""
    if not rows.any():
        return {}
    _, first, place = np.unique(frame[rows], return_index=True, return_inverse=True)
    sums = np.zeros((len(first), len(CAPABILITIES)))
    np.add.at(sums, place, found.logits[rows])
    truth, sources = label_numbers(data)[rows][first], data.sources[rows][first]
    said, weights = sums.argmax(axis=1), class_weights(list(zip(truth.astype(str), sources, strict=True)))
    classes = np.unique(truth)

    def value(drawn: F64) -> float:
        seen = classes[np.isin(classes, truth[drawn > 0])]
        return macro_f1(truth, said, drawn, seen.tolist()) if len(seen) else float("nan")

    return with_interval(value, weights, sources) | {"frames": len(first), "classes": len(classes)}


def _cut_figures(
    data: Data, encode: Encoder, seed: int, *, fitted: tuple[F32, list[Round], Predictions, F32], frame: I64
) -> dict[str, Any]:
    """The same with every text cut to a random 150 to 400 characters, so that length tells nothing."""
    vectors, rounds, fast, careful = fitted
    lengths = np.exp(np.random.default_rng(seed).uniform(*_CUT, len(data.rows))).astype(int)
    texts = data.rows["prompt"].to_pylist()
    cut = [text[:length] for text, length in zip(texts, lengths, strict=True)]
    short = predict(data, rounds, tokenize(pa.array(cut)))
    alone = left_out_logits(data, vectors, rounds, row_vectors(data, encode, cut))
    fused, _ = _fused(data, fast, careful, short, alone)
    found = {"fast": short, "careful": _with_logits(short, alone), "fused": fused}
    return {name: _figures(data, one, frame) for name, one in found.items()}


def _classes(data: Data, found: Predictions) -> dict[str, float]:
    """F1 of each capability on texts of others."""
    rows = groups(data).public
    truth, said, weights = label_numbers(data)[rows], found.capability[rows], _weights(data, rows)
    return {CAPABILITIES[c]: round(macro_f1(truth, said, weights, [c]), 3) for c in np.unique(truth).tolist()}


def _curve(data: Data, vectors: F32, recipe: Recipe, seed: int) -> dict[str, list[list[float]]]:
    """Macro-F1 of both models together on texts of others, by the share of sources, or of own families, trained on."""
    names = {
        "sources": _drawn([s for s in set(data.sources) if not str(s).startswith("own:")], seed),
        "families": _drawn([s for s in set(data.sources) if str(s).startswith("own:")], seed),
    }
    return {
        kind: [[share, _with_fewer(data, vectors, recipe, drawn[int(share * len(drawn)) :])] for share in _SHARES]
        for kind, drawn in names.items()
    }


def _drawn(sources: Sequence[str], seed: int) -> list[str]:
    ordered = sorted(sources)
    return [ordered[at] for at in np.random.default_rng(seed).permutation(len(ordered))]


def _with_fewer(data: Data, vectors: F32, recipe: Recipe, absent: Sequence[str]) -> float:
    """Macro-F1 of public rows when these sources are left out of every round."""
    rounds, careful = [], np.zeros((len(data.rows), len(CAPABILITIES)), np.float32)
    missing = np.isin(data.sources.astype(str), list(absent))
    for fold in folds(data, _FOLDS):
        held = np.isin(data.sources.astype(str), list(fold))
        arrays = fit_model(data, recipe, fold | set(absent))
        rounds.append(Round(held, CapabilityModel._from_arrays(arrays)))  # noqa: SLF001 - the reader of the same file
        careful[held] = model_of(fit_head(data, vectors, ~held & ~missing)).of_vectors(vectors[held])
    fast = predict(data, rounds)
    fused, _ = _fused(data, fast, careful, fast, careful)
    rows, truth = groups(data).public, label_numbers(data)
    return round(macro_f1(truth[rows], fused.capability[rows], _weights(data, rows)), 3)


def _weights(data: Data, rows: Bools) -> F64:
    """Of the chosen rows: classes weigh the same, and sources within them."""
    return class_weights(list(zip(data.labels[rows], data.sources[rows], strict=True)))
