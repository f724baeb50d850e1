"""From rows to shipped weights: vocabulary, fit, quantisation, model card."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.errors import OutputError
from revenuer.fingerprint.capability import CapabilityModel
from revenuer.schema import CAPABILITIES
from revenuer.text.ngrams import FeatureTable
from revenuer.text.tokens import Tokens, tokenize
from revenuer.training.card import card_page
from revenuer.training.corpus import SAME_TEMPLATE, read_corpora
from revenuer.training.diagram import diagram
from revenuer.training.fit import (
    Counts,
    Penalty,
    class_weights,
    count_ngrams,
    features,
    fit,
    prior_weights,
    strength,
    vocabulary,
)
from revenuer.training.labels import label_rows
from revenuer.training.lexicon import lexicon_arrays
from revenuer.training.texts import elicitation_rows, noise_rows, task_rows

__all__ = [
    "WEIGHTS",
    "Data",
    "ModelCard",
    "Recipe",
    "fit_model",
    "fit_rows",
    "gather",
    "prepare",
    "targets",
    "train",
]

WEIGHTS: Final = "capability.npz"

# Sources outside the project whose texts ask for hidden reasoning.
_ASKING_SOURCES: Final = ("trace_reconstruction_gsm8k",)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Every choice that training makes; the defaults are those of the shipped weights."""

    per_source: int = 1000
    per_family: int = 300
    size: int = 12_000
    least_rows: int = 6
    least_sources: int = 4
    penalty: Penalty = field(default_factory=Penalty)
    asked_penalty: Penalty = field(default_factory=Penalty)
    temperature: float = 0.6
    iterations: int = 60


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What the shipped weights were made of."""

    seed: int
    rows: int
    sources: dict[str, dict[str, Any]]
    recipe: dict[str, Any]
    metrics: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Data:
    """Rows ready to train on.

    Attributes:
        rows: columns of `corpus.ROWS`.
        asked: shape (rows,), whether the text asks for hidden reasoning.
        told: shape (rows,), whether `asked` is known.
        prompt: their tokens; `system` likewise.
        counts: the n-grams of each source.
        sources: shape (rows,), where each row is from.
        labels: shape (rows,), the capability of each, the first where several hold.
    """

    rows: pa.Table
    asked: npt.NDArray[np.bool_]
    told: npt.NDArray[np.bool_]
    prompt: Tokens
    system: Tokens
    counts: Mapping[str, Counts]
    sources: npt.NDArray[np.object_]
    labels: npt.NDArray[np.object_]


def prepare(rows: pa.Table, asked: Sequence[bool | None]) -> Data:
    """Tokenise rows and count their n-grams, once for every fit on a part of them.

    Args:
        rows: columns of `corpus.ROWS`.
        asked: of each row whether it asks for hidden reasoning; None: not known.
    """
    told, flags = np.array([flag is not None for flag in asked]), np.array([flag is True for flag in asked])
    prompt, system = (tokenize(rows[name].combine_chunks()) for name in ("prompt", "system"))
    sources = np.array([SAME_TEMPLATE.get(source, source) for source in rows["source"].to_pylist()], object)
    labels = np.asarray(rows["capability"].to_pylist(), object)
    return Data(rows, flags, told, prompt, system, count_ngrams(prompt, list(sources)), sources, labels)


def gather(
    corpora: Path | None, recipe: Recipe, seed: int, *, allowed_only: bool = True, labels: Sequence[Path] = ()
) -> Data:
    """The rows to train on, ready.

    Args:
        corpora: folder with `extraction.parquet` and `ordinary.parquet`; None: none.
        recipe: how many rows of each source.
        seed: draws and makes them.
        allowed_only: leave rows out whose licence keeps them out of training.
        labels: files of the provider's own labels; all their rows are taken.

    Raises:
        InputError: corpora or labels cannot be read.
    """
    honest, asked = elicitation_rows(recipe.per_family, seed)
    tasks, also = task_rows(recipe.per_family, seed)
    noise = noise_rows(recipe.per_family, seed)
    tables = [tasks, honest, noise]
    flags: list[bool | None] = [*also, *asked, *[False] * len(noise)]
    if corpora is not None:
        rows = read_corpora(corpora, per_source=recipe.per_source, seed=seed, allowed_only=allowed_only)
        tables.append(rows)
        flags += [source in _ASKING_SOURCES for source in rows["source"].to_pylist()]
    if labels:
        rows, marked = label_rows(labels)
        tables.append(rows)
        flags += marked
    return prepare(pa.concat_tables(tables), flags)


def _quantise(weights: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    scale = np.abs(weights).max(axis=0) / 127
    return np.round(weights / scale).astype(np.int8), scale.astype(np.float32)


def targets(data: Data) -> npt.NDArray[np.float64]:
    """Shape (rows, capabilities): 1 for what holds, shared out evenly where several do."""
    y = np.zeros((len(data.labels), len(CAPABILITIES)))
    for row, (label, also) in enumerate(zip(data.labels, data.rows["also"].to_pylist(), strict=True)):
        held = [CAPABILITIES.index(name) for name in (label, *(also or ()))]
        y[row, held] = 1 / len(held)
    return y


def fit_model(data: Data, recipe: Recipe, leave_out: frozenset[str] = frozenset()) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a model file, trained on all sources but those of `leave_out`."""
    kept = np.array([source not in leave_out for source in data.sources])
    counts = [counts for source, counts in data.counts.items() if source not in leave_out]
    return _fitted(data, recipe, kept, counts)


def fit_rows(data: Data, recipe: Recipe, kept: npt.NDArray[np.bool_]) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a model file, trained on the rows where `kept`, shape (rows,), is true, their n-grams included."""
    counts = count_ngrams(data.prompt, list(np.where(kept, data.sources, "")))
    return _fitted(data, recipe, kept, [of_source for source, of_source in counts.items() if source])


def _fitted(
    data: Data, recipe: Recipe, kept: npt.NDArray[np.bool_], counts: Sequence[Counts]
) -> dict[str, npt.NDArray[Any]]:
    grams, idf, spread = vocabulary(
        counts,
        int(kept.sum()),
        size=recipe.size,
        least_rows=recipe.least_rows,
        least_sources=recipe.least_sources,
    )
    lexicon, concepts = lexicon_arrays()
    x = features(data.prompt, data.system, FeatureTable.build(grams, idf, lexicon, concepts))[kept]
    sources, labels = data.sources[kept], data.labels[kept]
    prior = prior_weights(len(grams))
    w = class_weights(list(zip(labels, sources, strict=True)))
    pull, steps = strength(spread, recipe.penalty), recipe.iterations
    main, bias = fit(x, targets(data)[kept], w, prior[:, :-1], strength=pull, iterations=steps)
    told, pull = data.told[kept], strength(spread, recipe.asked_penalty)
    sources, asked = sources[told], data.asked[kept][told]
    # tasks in frames that ask come from many families and are one way of asking
    ways = np.where(
        asked & np.array([s.startswith("own:") and ":asked:" not in s for s in sources]), "own:framed", sources
    )
    w = class_weights(list(zip(asked.astype(str), ways, strict=True)))
    one, one_bias = fit(x[told], asked[:, None].astype(float), w, prior[:, -1:], strength=pull, iterations=steps)
    weights, scale = _quantise(np.hstack([main, one]))
    scale[:-1] /= np.float32(recipe.temperature)
    return {
        "grams": grams,
        "idf": idf,
        "lexicon": lexicon,
        "concepts": concepts,
        "weights": weights,
        "scale": scale,
        "bias": np.concatenate([bias / recipe.temperature, one_bias]).astype(np.float32),
    }


def _card(data: Data, recipe: Recipe, seed: int, metrics: dict[str, Any]) -> ModelCard:
    groups = Counter(zip(*(data.rows[c].to_pylist() for c in ("source", "licence", "capability")), strict=True))
    sources: dict[str, dict[str, Any]] = {}
    for (source, licence, capability), n in sorted(groups.items()):
        sources.setdefault(source, {"licence": licence, "rows": {}})["rows"][capability] = n
    return ModelCard(seed, len(data.rows), sources, asdict(recipe), metrics)


def train(
    corpora: Path | None,
    out: Path,
    seed: int = 0,
    recipe: Recipe | None = None,
    *,
    labels: Sequence[Path] = (),
    metrics: dict[str, Any] | None = None,
) -> ModelCard:
    """Train the capability model and write `capability.npz`, `card.json` and `model-card.md` into `out`.

    With `metrics` their temperature calibrates the model, and `reliability.svg` is drawn as well.

    Args:
        corpora: folder with `extraction.parquet` and `ordinary.parquet`; without it the project's own texts must do.
        out: folder to write into.
        seed: same corpora and same seed give the same bytes.
        recipe: other choices than those of the shipped weights.
        labels: files of the provider's own labels.
        metrics: figures of `measure.measure` to put on the card.

    Raises:
        InputError: corpora or labels cannot be read.
        OutputError: `out` cannot be written to.
    """
    recipe, metrics = recipe or Recipe(), metrics or {}
    if metrics:
        recipe = replace(recipe, temperature=recipe.temperature * metrics["calibration"]["temperature"])
    data = gather(corpora, recipe, seed, labels=labels)
    card = _card(data, recipe, seed, metrics)
    files = {
        WEIGHTS: _packed(fit_model(data, recipe)),
        "card.json": (json.dumps(asdict(card), indent=1, sort_keys=True) + "\n").encode(),
        "model-card.md": card_page(asdict(card)).encode(),
    }
    if metrics:
        files["reliability.svg"] = diagram(metrics["reliability"]).encode()
    _write(files, out)
    CapabilityModel.load(out)
    return card


def _packed(arrays: dict[str, npt.NDArray[Any]]) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def _write(files: Mapping[str, bytes], out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (out / name).write_bytes(content)
    except OSError as error:
        raise OutputError(f"cannot be written: {error}", file=str(out)) from error
