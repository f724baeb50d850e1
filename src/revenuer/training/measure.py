"""How good the model is on sources it has never seen: whole sources and whole families are left out in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import optimize

from revenuer.fingerprint.capability import CapabilityModel, Scores
from revenuer.schema import CAPABILITIES
from revenuer.text.tokens import tokenize
from revenuer.training.corpus import trainable
from revenuer.training.fit import class_weights
from revenuer.training.reliability import caught_at, reliability
from revenuer.training.train import Data, Recipe, fit_model, gather

__all__ = [
    "Predictions",
    "area_under_curve",
    "best_temperature",
    "folds",
    "leave_sources_out",
    "macro_f1",
    "measure",
    "report",
]

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

_BALANCED: Final = (5.0, 6.0)  # natural log of the characters that a length-balanced text is cut to: 150 to 400

_ORDINARY_FLAGGED: Final = 0.005  # share of ordinary public rows that may score above a threshold

_DRAWS: Final = 200
_FOLDS: Final = 4


@dataclass(frozen=True, slots=True)
class Predictions:
    """Scores of rows whose source the model had not seen; arrays are as long as the rows."""

    logits: F32
    capability: npt.NDArray[np.int64]
    extraction: F32
    elicitation: F32


def folds(data: Data, n: int) -> list[frozenset[str]]:
    """Sources to leave out together: dealt out class by class, so that a class loses one source at a time.

    Sources whose licence keeps them out of training stand in every fold.
    """
    licences = dict(zip(data.sources, data.rows["licence"].to_pylist(), strict=True))
    closed = {s for s, licence in licences.items() if not trainable(s, licence)}
    out: list[set[str]] = [set(closed) for _ in range(n)]
    named = sorted({(c, s) for c, s in zip(data.labels, data.sources, strict=True) if s not in closed})
    placed: set[str] = set()
    for _, source in named:
        if source not in placed:
            out[len(placed) % n].add(source)
            placed.add(source)
    return [frozenset(fold) for fold in out]


def _model(arrays: dict[str, Any]) -> CapabilityModel:
    return CapabilityModel._from_arrays(arrays)  # noqa: SLF001 - the reader of the same file


def leave_sources_out(data: Data, recipe: Recipe, n: int = 5, *, cut_seed: int | None = None) -> Predictions:
    """Score every row by a model that was trained without its source.

    Args:
        data: rows; those of closed licences are scored and never trained on.
        recipe: how to train.
        n: how many models.
        cut_seed: cut every text to a random length between 150 and 400 characters first, so that length tells nothing.
    """
    prompt = data.prompt if cut_seed is None else tokenize(_cut(data.rows["prompt"], cut_seed))
    logits = np.zeros((len(data.rows), len(CAPABILITIES)), np.float32)
    extraction, elicitation = np.zeros(len(data.rows), np.float32), np.zeros(len(data.rows), np.float32)
    for fold in folds(data, n):
        scores = _model(fit_model(data, recipe, fold)).score(prompt, data.system)
        rows = np.array([source in fold for source in data.sources])
        logits[rows] = scores.logits[rows]
        extraction[rows] = scores.extraction[rows]
        elicitation[rows] = scores.elicitation[rows]
    return Predictions(logits, logits.argmax(axis=1), extraction, elicitation)


def _cut(texts: pa.ChunkedArray, seed: int) -> pa.Array:
    rng = np.random.default_rng(seed)
    lengths = np.exp(rng.uniform(*_BALANCED, len(texts))).astype(int)
    return pa.array([text[:length] for text, length in zip(texts.to_pylist(), lengths, strict=True)])


def macro_f1(truth: Sequence[str], found: npt.NDArray[np.int64], weights: F64) -> float:
    """Mean over the capabilities present of the weighted F1."""
    labels = np.array([CAPABILITIES.index(label) for label in truth])
    scores = []
    for label in np.unique(labels):
        hit = weights[(labels == label) & (found == label)].sum()
        scores.append(2 * hit / (weights[labels == label].sum() + weights[found == label].sum()))
    return float(np.mean(scores))


def area_under_curve(positive: F32, negative: F32, w_positive: F64, w_negative: F64) -> float:
    """P(a positive scores above a negative), ties half, rows weighted (Mann-Whitney)."""
    order = np.argsort(negative, kind="stable")
    sorted_scores, cumulated = negative[order], np.concatenate([[0], np.cumsum(w_negative[order])])
    below = cumulated[np.searchsorted(sorted_scores, positive, "left")]
    not_above = cumulated[np.searchsorted(sorted_scores, positive, "right")]
    return float(w_positive @ (below + not_above) / 2 / w_positive.sum() / w_negative.sum())


def best_temperature(data: Data, found: Predictions) -> float:
    """The divisor of the logits under which unseen public sources are most likely; over 1: they were too sure."""
    rows = ~np.array(data.rows["evaluation"].to_pylist())
    rows &= np.array([not str(source).startswith("own:") for source in data.sources])
    weights = _source_weights(data)[rows]
    truth = np.array([CAPABILITIES.index(label) for label in data.labels[rows]])

    def loss(log_t: float) -> float:
        z = found.logits[rows].astype(np.float64) / np.exp(log_t)
        z -= z.max(axis=1, keepdims=True)
        likely = z[np.arange(len(z)), truth] - np.log(np.exp(z).sum(axis=1))
        return float(-weights @ likely)

    return float(np.exp(optimize.minimize_scalar(loss, bounds=(-2, 2), method="bounded").x))


def _source_weights(data: Data) -> F64:
    """Classes weigh the same, and sources within them."""
    return class_weights(list(zip(data.labels, data.sources, strict=True)))


@dataclass(frozen=True, slots=True)
class _Groups:
    """Which rows are what; every field is a boolean array as long as the rows."""

    public: npt.NDArray[np.bool_]
    own: npt.NDArray[np.bool_]
    extraction: npt.NDArray[np.bool_]
    genuine: npt.NDArray[np.bool_]
    evaluation: npt.NDArray[np.bool_]


def _groups(data: Data) -> _Groups:
    evaluation = np.array(data.rows["evaluation"].to_pylist())
    own = np.array([str(source).startswith("own:") for source in data.sources])
    extraction = np.array(data.rows["extraction"].to_pylist()) & ~evaluation
    proxy = np.array(data.rows["proxy"].to_pylist())
    return _Groups(~evaluation & ~own, own, extraction, extraction & ~proxy, evaluation)


def extraction_auc(
    data: Data, found: Predictions, positive: npt.NDArray[np.bool_], negative: npt.NDArray[np.bool_]
) -> dict[str, Any]:
    """AUC of `extraction` and its 95 % interval over which sources there happen to be (bootstrap of sources)."""
    weights, rng = _source_weights(data), np.random.default_rng(0)

    def value(of_positive: F64, of_negative: F64) -> float:
        e = found.extraction
        return area_under_curve(e[positive], e[negative], of_positive, of_negative)

    names, place = np.unique(data.sources.astype(str), return_inverse=True)
    draws = []
    for _ in range(_DRAWS):
        times = rng.poisson(1.0, len(names))[place] * weights
        if times[positive].any() and times[negative].any():
            draws.append(value(times[positive], times[negative]))
    low, high = np.quantile(draws, [0.025, 0.975])
    return {
        "auc": round(value(weights[positive], weights[negative]), 3),
        "interval": [round(float(low), 3), round(float(high), 3)],
        "sources": [len(set(data.sources[positive])), len(set(data.sources[negative]))],
    }


def elicitation_figures(data: Data, found: Predictions) -> dict[str, Any]:
    """How often families never seen score above one half, asked and honest; and the AUC between them."""
    families = sorted({str(s) for s in data.sources if str(s).startswith(("own:asked", "own:honest"))})
    above = {f: round(float(np.mean(found.elicitation[data.sources == f] > 0.5)), 3) for f in families}
    asked, honest = (
        np.isin(data.sources.astype(str), [f for f in families if kind in f]) for kind in (":asked", ":honest")
    )
    weights = _source_weights(data)
    public = _groups(data).public & ~data.asked
    auc = area_under_curve(found.elicitation[asked], found.elicitation[honest], weights[asked], weights[honest])
    ordinary = public & ~_groups(data).extraction
    caught = caught_at(found.elicitation[asked], found.elicitation[ordinary], _ORDINARY_FLAGGED, weights[asked])
    return {
        "auc_asked_against_honest": round(auc, 3),
        "at_half_a_percent_of_ordinary_rows": caught,
        "public_rows_above_half": round(float(np.mean(found.elicitation[public] > 0.5)), 4),
        "families_above_half": above,
    }


def report(data: Data, found: Predictions) -> dict[str, Any]:
    """Figures of `leave_sources_out`, together and per source; evaluation rows stand apart."""
    g, weights = _groups(data), _source_weights(data)

    def f1(rows: npt.NDArray[np.bool_]) -> float:
        return round(macro_f1(list(data.labels[rows]), found.capability[rows], weights[rows]), 3)

    ordinary = g.public & ~g.extraction
    return {
        "macro_f1": {"public": f1(g.public), "own": f1(g.own), "classes": len(set(data.labels[g.public]))},
        "extraction": {
            "public": extraction_auc(data, found, g.public & g.extraction, ordinary),
            "public_genuine": extraction_auc(data, found, g.public & g.genuine, ordinary),
            "public_proxy": extraction_auc(data, found, g.public & g.extraction & ~g.genuine, ordinary),
            "against_evaluation": extraction_auc(data, found, g.public & g.extraction, g.evaluation),
        },
        "elicitation": elicitation_figures(data, found),
        "reliability": {
            "public": _reliability(data, found, g.public),
            "all": _reliability(data, found, g.public | g.own),
        },
        "calibration": {"temperature": round(best_temperature(data, found), 3)},
        "sources": {source: _source(data, found, data.sources == source) for source in sorted(set(data.sources))},
    }


def _reliability(data: Data, found: Predictions, rows: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Of the likeliest capability."""
    of_rows = Scores.from_logits(found.logits[rows], found.elicitation[rows]).probabilities
    truth = np.array([CAPABILITIES.index(label) for label in data.labels[rows]])
    right = (of_rows.argmax(axis=1) == truth).astype(np.float64)
    return reliability(of_rows.max(axis=1), right, _source_weights(data)[rows])


def measure(
    corpora: Path | None, seed: int = 0, recipe: Recipe | None = None, *, labels: Sequence[Path] = ()
) -> dict[str, Any]:
    """Leave whole sources out, at natural length and with every text cut to a random 150 to 400 characters.

    Raises:
        InputError: the corpora cannot be read.
    """
    recipe = replace(recipe or Recipe(), per_source=400, per_family=120)
    data = gather(corpora, recipe, seed, allowed_only=False, labels=labels)
    natural = report(data, leave_sources_out(data, recipe, _FOLDS))
    cut = report(data, leave_sources_out(data, recipe, _FOLDS, cut_seed=seed))
    return natural | {"length_balanced": {name: cut[name] for name in ("macro_f1", "extraction")}}


def _source(data: Data, found: Predictions, rows: npt.NDArray[np.bool_]) -> dict[str, Any]:
    labels = np.array([CAPABILITIES.index(label) for label in data.labels[rows]])
    common, counts = np.unique(found.capability[rows], return_counts=True)
    return {
        "capability": str(data.labels[rows][0]),
        "rows": int(rows.sum()),
        "accuracy": round(float(np.mean(labels == found.capability[rows])), 3),
        "most_found": {
            CAPABILITIES[c]: round(n / rows.sum(), 2) for n, c in sorted(zip(counts, common, strict=True))[:-4:-1]
        },
        "extraction_mean": round(float(found.extraction[rows].mean()), 3),
        "elicitation_above_half": round(float(np.mean(found.elicitation[rows] > 0.5)), 3),
    }
