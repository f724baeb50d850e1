"""From rows to shipped weights: vocabulary, fit, quantisation, model card."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.errors import OutputError
from revenuer.fingerprint.capability import CapabilityModel
from revenuer.schema import CAPABILITIES
from revenuer.text.features import FeatureTable
from revenuer.text.tokens import Tokens, tokenize
from revenuer.training.corpus import read_corpora
from revenuer.training.fit import Penalty, class_weights, features, fit, lexicon_arrays, prior_weights, vocabulary
from revenuer.training.texts import elicitation_rows, task_rows

__all__ = ["ModelCard", "Recipe", "fit_model", "gather", "train"]

_ASKING_SOURCES: Final = ("trace_reconstruction_gsm8k",)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Every choice that training makes; the defaults are those of the shipped weights."""

    per_source: int = 1000
    per_family: int = 300
    size: int = 12_000
    least_rows: int = 6
    least_sources: int = 2
    penalty: Penalty = field(default_factory=Penalty)
    temperature: float = 1.0


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What the shipped weights were made of."""

    seed: int
    rows: int
    sources: dict[str, dict[str, Any]]
    recipe: dict[str, Any]
    metrics: dict[str, Any]


def gather(corpora: Path | None, recipe: Recipe, seed: int) -> tuple[pa.Table, npt.NDArray[np.bool_]]:
    """The rows to train on, and which of them ask for hidden reasoning."""
    honest, asked = elicitation_rows(recipe.per_family, seed)
    tables = [task_rows(recipe.per_family, seed), honest]
    flags = [False] * len(tables[0]) + asked
    if corpora is not None:
        rows = read_corpora(corpora, per_source=recipe.per_source, seed=seed)
        tables.append(rows)
        flags += [source in _ASKING_SOURCES for source in rows["source"].to_pylist()]
    return pa.concat_tables(tables), np.array(flags)


def _tokens(rows: pa.Table) -> tuple[Tokens, Tokens]:
    return tokenize(rows["prompt"].combine_chunks()), tokenize(rows["system"].combine_chunks())


def _quantise(weights: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    scale = np.abs(weights).max(axis=0) / 127
    return np.round(weights / scale).astype(np.int8), scale.astype(np.float32)


def fit_model(rows: pa.Table, asked: npt.NDArray[np.bool_], recipe: Recipe) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a model file, trained on `rows`."""
    prompt, system = _tokens(rows)
    sources, labels = rows["source"].to_pylist(), rows["capability"].to_pylist()
    grams, idf = vocabulary(
        prompt, sources, size=recipe.size, least_rows=recipe.least_rows, least_sources=recipe.least_sources
    )
    lexicon, concepts = lexicon_arrays()
    x = features(prompt, system, FeatureTable.build(grams, idf, lexicon, concepts))
    prior = prior_weights(len(grams))
    y = np.zeros((len(labels), len(CAPABILITIES)))
    y[np.arange(len(labels)), [CAPABILITIES.index(label) for label in labels]] = 1
    w = class_weights(list(zip(labels, sources, strict=True)))
    main, bias = fit(x, y, w, prior[:, :-1], grams=len(grams), penalty=recipe.penalty)
    w = class_weights(list(zip(asked.astype(str), sources, strict=True)))
    one, one_bias = fit(x, asked[:, None].astype(float), w, prior[:, -1:], grams=len(grams), penalty=recipe.penalty)
    weights, scale = _quantise(np.hstack([main, one]))
    scale[:-1] /= np.float32(recipe.temperature)
    bias /= recipe.temperature
    return {
        "grams": grams, "idf": idf, "lexicon": lexicon, "concepts": concepts, "weights": weights, "scale": scale,
        "bias": np.concatenate([bias, one_bias]).astype(np.float32),
    }  # fmt: skip


def _card(rows: pa.Table, recipe: Recipe, seed: int, metrics: dict[str, Any]) -> ModelCard:
    groups = Counter(zip(*(rows[c].to_pylist() for c in ("source", "licence", "capability")), strict=True))
    sources: dict[str, dict[str, Any]] = {}
    for (source, licence, capability), n in sorted(groups.items()):
        entry = sources.setdefault(source, {"licence": licence, "rows": {}})
        entry["rows"][capability] = n
    return ModelCard(seed, len(rows), sources, asdict(recipe), metrics)


def train(corpora: Path | None, out: Path, seed: int = 0, recipe: Recipe | None = None) -> ModelCard:
    """Train the capability model and write `capability.npz` and `card.json` into `out`.

    Args:
        corpora: folder with `extraction.parquet` and `ordinary.parquet`; without it the project's own texts must do.
        out: folder to write into.
        seed: same corpora and same seed give the same bytes.
        recipe: other choices than those of the shipped weights.

    Raises:
        InputError: the corpora cannot be read.
        OutputError: `out` cannot be written to.
    """
    recipe = recipe or Recipe()
    rows, asked = gather(corpora, recipe, seed)
    arrays = fit_model(rows, asked, recipe)
    card = _card(rows, recipe, seed, {})
    try:
        out.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(out / "capability.npz", **arrays)  # type: ignore[arg-type]
        (out / "card.json").write_text(json.dumps(asdict(card), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot be written: {error}", file=str(out)) from error
    CapabilityModel.load(out)
    return card
