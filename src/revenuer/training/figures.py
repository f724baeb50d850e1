"""Figures on predictions, each with an interval over which sources there happen to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import stats

from revenuer.schema import CAPABILITIES
from revenuer.training.corpus import OWN_LABELS
from revenuer.training.fit import class_weights
from revenuer.training.leave_out import Predictions
from revenuer.training.train import Data

__all__ = [
    "Groups",
    "accuracy",
    "area_under_curve",
    "f1_figure",
    "groups",
    "label_numbers",
    "macro_f1",
    "source_weights",
    "with_interval",
]

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_DRAWS: Final = 200


@dataclass(frozen=True, slots=True)
class Groups:
    """Which rows are what; every field has shape (rows,).

    Attributes:
        public: texts of others, but for public evaluations.
        own: texts that the project makes.
        labelled: the provider's own labels.
        ordinary: public rows of the rest of life.
        genuine: public rows made by prompting a model so as to train another; `proxy` those that have the shape only.
        evaluation: public evaluations.
    """

    public: Bools
    own: Bools
    labelled: Bools
    ordinary: Bools
    genuine: Bools
    proxy: Bools
    evaluation: Bools


def groups(data: Data) -> Groups:
    """Sort the rows."""
    names = [str(source) for source in data.sources]
    own = np.array([name.startswith("own:") for name in names])
    labelled = np.array([name.startswith(OWN_LABELS) for name in names])
    evaluation, extraction, proxy = (
        np.array(data.rows[name].to_pylist(), bool) for name in ("evaluation", "extraction", "proxy")
    )
    public = ~evaluation & ~own & ~labelled
    return Groups(
        public=public,
        own=own,
        labelled=labelled,
        ordinary=public & ~extraction,
        genuine=public & extraction & ~proxy,
        proxy=public & extraction & proxy,
        evaluation=evaluation,
    )


def label_numbers(data: Data) -> I64:
    """Shape (rows,): the number of each row's capability."""
    numbers = {name: number for number, name in enumerate(CAPABILITIES)}
    return np.array([numbers[label] for label in data.labels], np.int64)


def source_weights(data: Data, rows: Bools) -> F64:
    """Shape (rows,): among the rows chosen classes weigh the same, and sources within them; 0 for the others."""
    weights = np.zeros(len(rows))
    weights[rows] = class_weights(list(zip(data.labels[rows], data.sources[rows], strict=True)))
    return weights


def macro_f1(truth: I64, found: I64, weights: F64, over: Sequence[int] | None = None) -> float:
    """Mean of the weighted F1 over the capabilities present, or over those given; all arrays have one length."""
    size = len(CAPABILITIES)
    true, said = (np.bincount(numbers, weights, size) for numbers in (truth, found))
    hit = np.bincount(truth, weights * (truth == found), size)
    chosen = np.unique(truth[weights > 0]) if over is None else np.asarray(over)
    return float(np.mean(2 * hit[chosen] / np.maximum(true[chosen] + said[chosen], 1e-300)))


def area_under_curve(positive: F32, negative: F32, w_positive: F64, w_negative: F64) -> float:
    """P(a positive scores above a negative), ties half, rows weighted (Mann-Whitney)."""
    order = np.argsort(negative, kind="stable")
    sorted_scores, cumulated = negative[order], np.concatenate([[0], np.cumsum(w_negative[order])])
    below = cumulated[np.searchsorted(sorted_scores, positive, "left")]
    not_above = cumulated[np.searchsorted(sorted_scores, positive, "right")]
    return float(w_positive @ (below + not_above) / 2 / w_positive.sum() / w_negative.sum())


def with_interval(value: Callable[[F64], float], weights: F64, sources: npt.NDArray[np.object_]) -> dict[str, Any]:
    """`value` of the weights, and its 95 % interval over which sources there happen to be (Poisson bootstrap of sources).

    Args:
        value: a figure, given how much each row counts; NaN where it has none.
        weights: shape (rows,), 0 for rows that are no part of it.
        sources: shape (rows,).
    """
    names, place = np.unique(sources.astype(str), return_inverse=True)
    rng = np.random.default_rng(0)
    drawn = np.array([value(rng.poisson(1.0, len(names))[place] * weights) for _ in range(_DRAWS)])
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return {
        "value": round(value(weights), 3),
        "interval": [round(float(low), 3), round(float(high), 3)],
        "sources": len(np.unique(place[weights > 0])),
    }


def f1_figure(data: Data, found: Predictions, rows: Bools, over: Bools | None = None) -> dict[str, Any]:
    """Macro-F1 of some rows, over the capabilities that the rows `over` have; {} where there are no rows."""
    rows = rows & (found.round >= 0)
    if not rows.any():
        return {}
    truth, said, sources = label_numbers(data)[rows], found.capability[rows], data.sources[rows]
    classes = np.unique(label_numbers(data)[rows if over is None else rows & over])
    if not len(classes):
        return {}

    def value(weights: F64) -> float:
        seen = classes[np.isin(classes, truth[weights > 0])]
        return macro_f1(truth, said, weights, seen.tolist()) if len(seen) else float("nan")

    return with_interval(value, source_weights(data, rows)[rows], sources) | {"classes": len(classes)}


def accuracy(right: Bools) -> dict[str, Any]:
    """Share of rows that are right, with a 95 % interval (Wilson 1927) that takes rows for independent."""
    bounds = stats.binomtest(int(right.sum()), len(right)).proportion_ci(method="wilson")
    return {
        "rows": len(right),
        "accuracy": round(float(right.mean()), 3),
        "interval": [round(float(bounds.low), 3), round(float(bounds.high), 3)],
    }
