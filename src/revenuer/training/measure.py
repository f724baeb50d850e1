"""How good the model is on what it has never seen, in figures that cannot flatter it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from revenuer.schema import CAPABILITIES
from revenuer.text.tokens import tokenize
from revenuer.training.calibrate import calibrated, calibration_figures, temperature
from revenuer.training.figures import (
    accuracy,
    area_under_curve,
    f1_figure,
    groups,
    label_numbers,
    macro_f1,
    source_weights,
    with_interval,
)
from revenuer.training.fit import class_weights
from revenuer.training.leave_out import (
    Predictions,
    folds,
    frames,
    leave_sources_out,
    predict,
    source_rounds,
    template_rounds,
)
from revenuer.training.nothing import nothing_figures
from revenuer.training.reliability import caught_at
from revenuer.training.several import pair_figures, set_figures
from revenuer.training.train import Data, Recipe, gather

__all__ = ["Predictions", "area_under_curve", "folds", "leave_sources_out", "macro_f1", "measure", "report"]

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_BALANCED: Final = (5.0, 6.0)  # natural log of the characters that a balanced text is cut to: 150 to 400
_ORDINARY_FLAGGED: Final = 0.005  # share of ordinary public rows that may score above a threshold
_FOLDS: Final = 4
_LEAST_OF_FRAME: Final = 4  # rows; fewer are no frame to speak of


def measure(
    corpora: Path | None, seed: int = 0, recipe: Recipe | None = None, *, labels: Sequence[Path] = ()
) -> dict[str, Any]:
    """Leave sources out, then templates; each time on the texts as they are and on balanced ones.

    A balanced text is cut to a random 150 to 400 characters, in lower case, without punctuation, line breaks or markup: what
    is left to tell by is words. Texts that are shorter stay so.

    Raises:
        InputError: corpora or labels cannot be read.
    """
    recipe = replace(recipe or Recipe(), per_source=400, per_family=120)
    return report(gather(corpora, recipe, seed, allowed_only=False, labels=labels), recipe, seed)


def report(data: Data, recipe: Recipe, seed: int = 0) -> dict[str, Any]:
    """All figures on rows that were gathered; those of closed licences are scored and never trained on."""
    plain = tokenize(_balanced(data.rows["prompt"], seed))
    rounds = source_rounds(data, recipe, _FOLDS)
    raw = predict(data, rounds)
    natural, each = calibrated(data, raw)
    wordings = template_rounds(data, recipe, _FOLDS, seed)
    return {
        "by_source": {
            "natural": _figures(data, natural),
            "balanced": _figures(data, predict(data, rounds, plain)),
            "frames": _frame_figures(data, natural),
        },
        "by_template": {
            "natural": _figures(data, predict(data, wordings)),
            "balanced": _figures(data, predict(data, wordings, plain)),
        },
        "calibration": {
            "temperature": round(temperature(data, raw, np.ones(len(data.rows), bool)), 3),
            "of_each_round": [round(value, 3) for value in each],
        },
        "reliability": calibration_figures(data, natural),
        "elicitation": _elicitation(data, natural),
        "several": {"single": set_figures(data, natural), "pairs": pair_figures(data, rounds, seed)},
        "nothing": nothing_figures(data, rounds, seed),
        "languages": _languages(data, natural),
        "sources": {source: _source(data, natural, data.sources == source) for source in sorted(set(data.sources))},
    }


def _balanced(texts: pa.ChunkedArray, seed: int) -> pa.Array:
    lengths = np.exp(np.random.default_rng(seed).uniform(*_BALANCED, len(texts))).astype(int)
    words = pc.replace_substring_regex(pc.utf8_lower(texts), r"[\pP\pS\s]+", " ")
    return pa.array([text[:length] for text, length in zip(words.to_pylist(), lengths, strict=True)])


def _figures(data: Data, found: Predictions) -> dict[str, Any]:
    """Macro-F1 and AUC of `extraction`: genuine and proxy rows together and apart, own rows, the provider's labels."""
    g = groups(data)
    f1 = {
        "public": f1_figure(data, found, g.public),
        "genuine": f1_figure(data, found, g.genuine | g.ordinary, g.genuine),
        "proxy": f1_figure(data, found, g.proxy | g.ordinary, g.proxy),
        "own": f1_figure(data, found, g.own),
        "labels": f1_figure(data, found, g.labelled),
    }
    auc = {
        "public": _auc(data, found, g.genuine | g.proxy, g.ordinary),
        "genuine": _auc(data, found, g.genuine, g.ordinary),
        "proxy": _auc(data, found, g.proxy, g.ordinary),
        "against_evaluation": _auc(data, found, g.genuine | g.proxy, g.evaluation),
    }
    return {"macro_f1": _there(f1), "extraction": _there(auc)}


def _there(figures: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: figure for name, figure in figures.items() if figure}


def _auc(data: Data, found: Predictions, positive: Bools, negative: Bools) -> dict[str, Any]:
    """AUC of `extraction`; {} where either side has no rows."""
    positive, negative = positive & (found.round >= 0), negative & (found.round >= 0)
    if not (positive.any() and negative.any()):
        return {}
    score = found.extraction

    def value(weights: F64) -> float:
        if not (weights[positive].any() and weights[negative].any()):
            return float("nan")
        return area_under_curve(score[positive], score[negative], weights[positive], weights[negative])

    weights = source_weights(data, positive | negative)
    return with_interval(value, weights, data.sources)


def _frame_figures(data: Data, found: Predictions) -> dict[str, Any]:
    """Macro-F1 over frames, each named by the mean of the logits of its rows."""
    frame, truth, g = frames(data), label_numbers(data), groups(data)
    result = {}
    for name, rows in (("public", g.public), ("own", g.own)):
        keys = [(data.sources[i], frame[i], truth[i]) for i in np.flatnonzero(rows & (frame >= 0))]
        place = {key: number for number, key in enumerate(sorted(set(keys)))}
        at = np.array([place[key] for key in keys], np.int64)
        held = np.flatnonzero(np.bincount(at, minlength=len(place)) >= _LEAST_OF_FRAME)
        if not len(held):
            continue
        sums = np.zeros((len(place), len(CAPABILITIES)))
        np.add.at(sums, at, found.logits[rows & (frame >= 0)])
        named = [list(place)[number] for number in held]
        true, said = np.array([key[2] for key in named]), sums[held].argmax(axis=1)
        weights = class_weights([(str(key[2]), key[0]) for key in named])
        result[name] = {"macro_f1": round(macro_f1(true, said, weights), 3), "frames": len(held)}
    return result


def _elicitation(data: Data, found: Predictions) -> dict[str, Any]:
    """How often families never seen score above one half, asked and honest; and the AUC between them."""
    score, g = found.elicitation, groups(data)
    families = sorted({str(s) for s in data.sources if str(s).startswith(("own:asked", "own:honest"))})
    above = {f: round(float(np.mean(score[data.sources == f] > 0.5)), 3) for f in families}
    asked, honest = (
        np.isin(data.sources.astype(str), [f for f in families if kind in f]) for kind in (":asked:", ":honest:")
    )
    weights = source_weights(data, asked) + source_weights(data, honest)
    auc = area_under_curve(score[asked], score[honest], weights[asked], weights[honest])
    figures: dict[str, Any] = {"auc_asked_against_honest": round(auc, 3), "families_above_half": above}
    if g.ordinary.any():
        silent = g.public & ~data.asked
        figures["public_rows_above_half"] = round(float(np.mean(score[silent] > 0.5)), 4)
        figures["at_half_a_percent_of_ordinary_rows"] = caught_at(
            score[asked], score[g.ordinary & ~data.asked], _ORDINARY_FLAGGED, weights[asked]
        )
    return figures


def _languages(data: Data, found: Predictions) -> dict[str, Any]:
    """Accuracy by language and source, where sources state one: a source in several languages is the fair comparison."""
    lang = np.array([name or "" for name in data.rows["lang"].to_pylist()])
    right = found.capability == label_numbers(data)
    result: dict[str, dict[str, Any]] = {}
    for name, source in sorted({(name, str(s)) for name, s in zip(lang, data.sources, strict=True) if name}):
        rows = (lang == name) & (data.sources == source)
        mean = round(float(found.extraction[rows].mean()), 3)
        result.setdefault(name, {})[source] = accuracy(right[rows]) | {"extraction_mean": mean}
    return result


def _source(data: Data, found: Predictions, rows: Bools) -> dict[str, Any]:
    common, counts = np.unique(found.capability[rows], return_counts=True)
    probabilities = found.scores(rows).probabilities
    return accuracy(label_numbers(data)[rows] == found.capability[rows]) | {
        "capability": str(data.labels[rows][0]),
        "said": round(float(probabilities.max(axis=1).mean()), 3),
        "most_found": {
            CAPABILITIES[c]: round(n / rows.sum(), 2) for n, c in sorted(zip(counts, common, strict=True))[:-4:-1]
        },
        "extraction_mean": round(float(found.extraction[rows].mean()), 3),
        "elicitation_above_half": round(float(np.mean(found.elicitation[rows] > 0.5)), 3),
    }
