"""Antidistillation sampling: reasoning from which a student learns the wrong thing. Experimental, and off without a permit.

Savani et al. 2025 (arXiv 2504.13146). A proxy student's weights are moved a little along the gradient of its loss on the task,
both ways; a token that becomes likelier one way than the other is one that, when learnt, raises the loss.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from revenuer.errors import ConfigError
from revenuer.provenance.permits import DegraderPermit

__all__ = ["AntidistillationSampler"]

Floats = npt.NDArray[np.floating]
Flags = npt.NDArray[np.bool_]
_HALVINGS = 20


@dataclass(frozen=True)
class AntidistillationSampler:
    """Logits to sample reasoning from.

    Args:
        permit: leave to do so.
        weight: of the penalty, lambda.
        nudge: how far the proxies stand from their middle, epsilon.
        least_entropy: nats; where the model is surer of its token than this, it keeps it.
        most_divergence: nats; cap on the divergence of a token's distribution from the model's own.

    Raises:
        ConfigError: the permit is for something else, or a number cannot be.
    """

    permit: DegraderPermit
    weight: float
    nudge: float
    least_entropy: float
    most_divergence: float

    def __post_init__(self) -> None:
        if self.permit.degrader != "antidistillation":
            raise ConfigError(f"the permit is for {self.permit.degrader}, not for antidistillation")
        if self.weight < 0 or self.nudge <= 0 or self.least_entropy < 0 or self.most_divergence <= 0:
            raise ConfigError("antidistillation: weight and entropy from 0 on, nudge and divergence above 0")

    def logits(self, teacher: Floats, plus: Floats, minus: Floats, *, reasoning: Flags) -> Floats:
        """What to sample the next token of each row from.

        Args:
            teacher: the model's logits after temperature, (rows, vocabulary).
            plus: those of the proxy that stands along the gradient, (rows, vocabulary).
            minus: those of the proxy that stands against it, (rows, vocabulary).
            reasoning: rows whose next token is reasoning, (rows,); all others (answers, code, calls of tools) are returned as
                they came.

        Raises:
            ConfigError: shapes that do not fit.
        """
        if not teacher.shape == plus.shape == minus.shape == (len(reasoning), teacher.shape[-1]):
            raise ConfigError("antidistillation: model and proxies have to share one vocabulary and one batch")
        own = _log_softmax(teacher)
        unsure = -(np.exp(own) * np.where(np.isfinite(own), own, 0.0)).sum(1) >= self.least_entropy
        rows = np.flatnonzero(reasoning & unsure)
        served = teacher.copy()
        if len(rows):
            penalty = (_log_softmax(plus[rows]) - _log_softmax(minus[rows])) / (2.0 * self.nudge)
            served[rows] = self._within(own[rows], penalty)
        return served

    def _within(self, own: Floats, penalty: Floats) -> Floats:
        """Log-probabilities tilted by as much of the weight as the cap on divergence leaves."""
        low, high = np.zeros((len(own), 1)), np.full((len(own), 1), self.weight)
        tilted = own + high * penalty
        if (over := _divergence(tilted, own) > self.most_divergence).any():
            # Divergence from where a tilt begins rises with the tilt, so halving finds the largest that is allowed.
            for _ in range(_HALVINGS):
                middle = (low + high) / 2.0
                far = _divergence(own + middle * penalty, own)[:, None] > self.most_divergence
                low, high = np.where(far, low, middle), np.where(far, middle, high)
            tilted = np.where(over[:, None], own + low * penalty, tilted)
        return tilted


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits.astype(np.float64) - logits.max(1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(1, keepdims=True)))


def _divergence(tilted: Floats, own: Floats) -> Floats:
    """Kullback-Leibler divergence of tilted rows from the model's own, nats, (rows,)."""
    made = _log_softmax(tilted)
    ratio = np.subtract(made, own, where=np.isfinite(made), out=np.zeros_like(made))
    return np.asarray((np.exp(made) * ratio).sum(1))
