"""The temperature of the logits, found on rows whose source the model had not seen, and tested on others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize

from revenuer.fingerprint.capability import Scores
from revenuer.training.figures import Groups, groups, label_numbers, source_weights, with_interval
from revenuer.training.leave_out import Predictions
from revenuer.training.reliability import reliability
from revenuer.training.train import Data

__all__ = ["calibrated", "calibration_figures", "temperature"]

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def temperature(data: Data, found: Predictions, rows: Bools) -> float:
    """The divisor of the logits under which the truth of `rows` is most likely; over 1: the model was too sure.

    Texts of others and texts from the project's own rules weigh the same: on its own the first would fit the habits of few
    sources, and the second a style that no traffic has.
    """
    kinds = groups(data)
    weights = np.zeros(len(rows))
    for part in (kinds.public | kinds.labelled, kinds.own):
        if (rows & part).any():
            shares = source_weights(data, rows & part)
            weights += shares / shares.sum()
    used = weights > 0
    logits, truth, weights = found.logits[used].astype(np.float64), label_numbers(data)[used], weights[used]

    def loss(log_t: float) -> float:
        z = logits / np.exp(log_t)
        z -= z.max(axis=1, keepdims=True)
        likely = z[np.arange(len(z)), truth] - np.log(np.exp(z).sum(axis=1))
        return float(-weights @ likely)

    return float(np.exp(optimize.minimize_scalar(loss, bounds=(-2, 2), method="bounded").x))


def calibrated(data: Data, found: Predictions) -> tuple[Predictions, list[float]]:
    """Predictions calibrated round by round with the temperature of the other rounds: no row had a part in its own."""
    each = [temperature(data, found, found.round != k) for k in range(int(found.round.max()) + 1)]
    logits = found.logits / np.array(each, np.float32)[found.round][:, None]
    return replace(found, logits=logits), each


def calibration_figures(data: Data, found: Predictions) -> dict[str, Any]:
    """Calibration error of the likeliest capability over all rows and over texts of others, with what the diagram draws."""
    kinds: Groups = groups(data)
    parts = {"all": kinds.public | kinds.own | kinds.labelled, "public": kinds.public}
    return {name: _reliability(data, found, rows) for name, rows in parts.items() if rows.any()}


def _reliability(data: Data, found: Predictions, rows: Bools) -> dict[str, Any]:
    said, right = _said(found, rows, label_numbers(data))

    def error(weights: F64) -> float:
        used = weights > 0
        return float(reliability(said[used], right[used], weights[used])["error"]) if used.any() else float("nan")

    weights = source_weights(data, rows)[rows]
    figure = with_interval(error, weights, data.sources[rows])
    return reliability(said, right, weights) | {"interval": figure["interval"]}


def _said(found: Predictions, rows: Bools, truth: npt.NDArray[np.int64]) -> tuple[F32, F64]:
    probabilities = Scores.from_logits(found.logits[rows], found.elicitation[rows]).probabilities
    right = (probabilities.argmax(axis=1) == truth[rows]).astype(np.float64)
    return probabilities.max(axis=1), right
